#include "diagon/bridge/bridge.h"

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "diagon/util/error.h"
#include "src/bridge/ffi.rs.h"

namespace diagon::bridge {
namespace {

using search::Occur;
using search::Query;
using search::QueryKind;

// rust::Slice's own accessors are calls into Rust; a span is made of it once a call.
template <typename T>
std::span<T> span_of(rust::Slice<T> slice) noexcept {
  return {slice.data(), slice.size()};
}

std::string string_of(rust::Slice<const uint8_t> bytes) {
  const std::span<const uint8_t> s = span_of(bytes);
  return std::string(reinterpret_cast<const char*>(s.data()), s.size());
}

rust::Slice<const uint8_t> slice_of(const std::string& s) noexcept {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

std::unique_ptr<QueryNode> node(QueryKind kind, uint32_t field, float boost) {
  auto query = std::make_unique<QueryNode>();
  query->rep.kind = kind;
  query->rep.field = field;
  query->rep.boost = boost;
  return query;
}

const index::LiveSegment& segment_of(const Snapshot& snapshot, uint32_t segment) {
  if (segment >= snapshot.rep->size()) throw_invalid("no such segment");
  return snapshot.rep->segment(segment);
}

}  // namespace

Interrupt interrupt_of(const Cancel& cancel, uint64_t timeout_ns) {
  auto deadline = Interrupt::Clock::time_point::max();
  // Ten years and more are no deadline.
  if (timeout_ns < uint64_t{10} * 365 * 86400 * 1'000'000'000)
    deadline = Interrupt::Clock::now() + std::chrono::nanoseconds(timeout_ns);
  return Interrupt(cancel.rep, deadline);
}

// --- writer ---

std::unique_ptr<IndexWriter> writer_open(rust::Str folder, uint64_t ram_buffer_bytes,
                                         uint32_t buffers, const MergeSettings& merges) {
  index::WriterOptions options;
  options.ram_buffer_bytes = ram_buffer_bytes;
  options.buffers = buffers;
  options.merges.background = merges.background;
  options.merges.policy = {merges.segments_per_tier, merges.floor_segment_bytes,
                           merges.max_merged_bytes, merges.max_deleted_percent};
  options.merges.reorder_min_docs = merges.reorder_min_docs;
  options.merges.threads = merges.threads;
  options.merges.max_pending = merges.max_pending;
  options.merges.max_stall_ms = merges.max_stall_ms;
  options.merges.retry_ms = merges.retry_ms;
  return std::make_unique<IndexWriter>(
      IndexWriter{index::IndexWriter::open(std::string(folder), options)});
}

void writer_define_field(const IndexWriter& writer, uint32_t id, rust::Str name, uint8_t postings,
                         bool norms, uint8_t column) {
  if (postings > 2 || column > 6) throw_invalid("an unknown kind of postings or column");
  writer.rep->define_field({id, std::string(name), static_cast<schema::PostingsKind>(postings),
                            norms, static_cast<schema::ColumnKind>(column)});
}

void writer_add(const IndexWriter& writer, rust::Slice<const uint8_t> bytes,
                rust::Slice<const index::Token> tokens,
                rust::Slice<const index::FieldLength> lengths,
                rust::Slice<const index::NumericValue> numerics,
                rust::Slice<const index::StringValue> strings,
                rust::Slice<const index::DocSpan> docs) {
  writer.rep->add_to_buffer({span_of(bytes), span_of(tokens), span_of(lengths), span_of(numerics),
                             span_of(strings), span_of(docs)});
}

void writer_flush_if_full(const IndexWriter& writer) { writer.rep->flush_if_full(); }

void writer_delete(const IndexWriter& writer, rust::Slice<const uint8_t> id) {
  writer.rep->delete_document(string_of(id));
}

std::shared_ptr<Snapshot> writer_refresh(const IndexWriter& writer) {
  return std::make_shared<Snapshot>(Snapshot{writer.rep->refresh()});
}

std::shared_ptr<Snapshot> writer_commit(const IndexWriter& writer,
                                        rust::Slice<const uint8_t> user_data) {
  return std::make_shared<Snapshot>(Snapshot{writer.rep->commit(string_of(user_data))});
}

rust::Slice<const uint8_t> writer_user_data(const IndexWriter& writer) noexcept {
  return slice_of(writer.rep->user_data());
}

uint64_t writer_buffered_docs(const IndexWriter& writer) noexcept {
  return writer.rep->buffered_docs();
}

void writer_begin_forced_merge(const IndexWriter& writer, uint32_t max_segments, bool reorder,
                               int32_t expunge_percent) {
  writer.rep->begin_forced_merge({max_segments, reorder, expunge_percent});
}

bool writer_advance_forced_merge(const IndexWriter& writer) {
  return writer.rep->advance_forced_merge();
}

bool writer_advance_merges(const IndexWriter& writer) { return writer.rep->advance_merges(); }

void writer_collect_files(const IndexWriter& writer) noexcept { writer.rep->collect_files(); }

// --- merges ---

std::shared_ptr<MergeMonitor> writer_merge_monitor(const IndexWriter& writer) {
  return std::make_shared<MergeMonitor>(MergeMonitor{writer.rep->monitor()});
}

MergeCounts merge_counts(const MergeMonitor& monitor, rust::Vec<uint8_t>& error) {
  const index::MergeStats stats = monitor.rep->stats();
  if (stats.has_error) {
    const std::string text =
        std::to_string(static_cast<unsigned>(stats.error_code)) + ":" + stats.error;
    extend_bytes(error, slice_of(text));
  }
  return {stats.running,  stats.queued, stats.merges,     stats.documents, stats.bytes,
          stats.failures, stats.stalls, stats.stalled_ms, stats.has_error};
}

uint64_t merge_wait(const MergeMonitor& monitor, uint64_t seen, uint32_t most_ms) {
  return monitor.rep->wait(seen, std::chrono::milliseconds(most_ms));
}

// --- snapshot ---

std::shared_ptr<Snapshot> snapshot_open(rust::Str folder) {
  return std::make_shared<Snapshot>(Snapshot{index::Snapshot::open(std::string(folder))});
}

uint32_t snapshot_segments(const Snapshot& snapshot) noexcept {
  return static_cast<uint32_t>(snapshot.rep->size());
}

uint32_t snapshot_max_doc(const Snapshot& snapshot, uint32_t segment) {
  return segment_of(snapshot, segment).reader->max_doc();
}

void snapshot_segment_id(const Snapshot& snapshot, uint32_t segment, rust::Slice<uint8_t> id) {
  const directory::SegmentId& found = segment_of(snapshot, segment).reader->id();
  if (id.size() != found.size()) throw_invalid("a segment's number has 16 bytes");
  std::ranges::copy(found, id.begin());
}

uint64_t snapshot_live_docs(const Snapshot& snapshot) noexcept {
  return snapshot.rep->live_count();
}

uint64_t snapshot_generation(const Snapshot& snapshot) noexcept {
  return snapshot.rep->generation();
}

rust::Slice<const uint8_t> snapshot_user_data(const Snapshot& snapshot) noexcept {
  return slice_of(snapshot.rep->user_data());
}

void snapshot_verify(const Snapshot& snapshot) { snapshot.rep->verify_all(); }

bool snapshot_find_id(const Snapshot& snapshot, rust::Slice<const uint8_t> id, uint32_t& segment,
                      uint32_t& doc) {
  const auto found = snapshot.rep->find_id(string_of(id));
  if (!found) return false;
  segment = static_cast<uint32_t>(found->first);
  doc = found->second;
  return true;
}

void snapshot_source(const Snapshot& snapshot, uint32_t segment, uint32_t doc,
                     rust::Vec<uint8_t>& out) {
  const index::SegmentReader& reader = *segment_of(snapshot, segment).reader;
  if (doc >= reader.max_doc()) throw_invalid("no such document");
  std::vector<uint8_t> source;
  reader.stored().get(doc, source);
  extend_bytes(out, {source.data(), source.size()});
}

rust::String snapshot_stored_file(const Snapshot& snapshot, uint32_t segment) {
  return rust::String::lossy(segment_of(snapshot, segment).reader->stored().path());
}

void snapshot_doc_ids(const Snapshot& snapshot, rust::Slice<const uint32_t> segments,
                      rust::Slice<const uint32_t> docs, rust::Vec<uint8_t>& out,
                      rust::Vec<uint32_t>& ends) {
  if (segments.size() != docs.size()) throw_invalid("a segment is needed for each document");
  std::string ids;
  std::vector<size_t> id_ends;
  for (size_t i = 0; i < docs.size(); ++i) {
    const index::SegmentReader& reader = *segment_of(snapshot, segments[i]).reader;
    if (docs[i] >= reader.max_doc()) throw_invalid("no such document");
    reader.doc_ids({&docs[i], 1}, ids, id_ends);
  }
  if (ids.size() > UINT32_MAX - out.size())
    throw Error(ErrorCode::kTooLarge, "more than 4 GiB of ids");
  for (const size_t end : id_ends) ends.push_back(static_cast<uint32_t>(out.size() + end));
  extend_bytes(out, {reinterpret_cast<const uint8_t*>(ids.data()), ids.size()});
}

// --- query ---

std::unique_ptr<QueryNode> query_match_all(float boost) {
  return node(QueryKind::kMatchAll, 0, boost);
}

std::unique_ptr<QueryNode> query_match_none() { return node(QueryKind::kMatchNone, 0, 1.0f); }

std::unique_ptr<QueryNode> query_term(uint32_t field, rust::Slice<const uint8_t> term,
                                      float boost) {
  auto query = node(QueryKind::kTerm, field, boost);
  query->rep.terms.push_back(string_of(term));
  return query;
}

std::unique_ptr<QueryNode> query_term_set(uint32_t field, float boost) {
  return node(QueryKind::kTermSet, field, boost);
}

std::unique_ptr<QueryNode> query_phrase(uint32_t field, float boost) {
  return node(QueryKind::kPhrase, field, boost);
}

void query_push_term(QueryNode& query, rust::Slice<const uint8_t> term, uint32_t position) {
  query.rep.terms.push_back(string_of(term));
  query.rep.positions.push_back(position);
  if (query.rep.kind == QueryKind::kSloppyPhrase)
    query.rep.slots.push_back(query.rep.slots.empty() ? 0 : query.rep.slots.back() + 1);
}

std::unique_ptr<QueryNode> query_range_i64(uint32_t field, int64_t lo, int64_t hi, float boost) {
  auto query = node(QueryKind::kRangeI64, field, boost);
  query->rep.lo_i64 = lo;
  query->rep.hi_i64 = hi;
  return query;
}

std::unique_ptr<QueryNode> query_range_f64(uint32_t field, double lo, double hi, float boost) {
  auto query = node(QueryKind::kRangeF64, field, boost);
  query->rep.lo_f64 = lo;
  query->rep.hi_f64 = hi;
  return query;
}

void query_push_range_i64(QueryNode& query, int64_t lo, int64_t hi) {
  query.rep.more_i64.emplace_back(lo, hi);
}

void query_push_range_f64(QueryNode& query, double lo, double hi) {
  query.rep.more_f64.emplace_back(lo, hi);
}

std::unique_ptr<QueryNode> query_range_str(uint32_t field, float boost) {
  return node(QueryKind::kRangeStr, field, boost);
}

void query_set_lower(QueryNode& query, rust::Slice<const uint8_t> bound, bool include) {
  query.rep.has_lo = true;
  query.rep.include_lo = include;
  query.rep.lo_str = string_of(bound);
}

void query_set_upper(QueryNode& query, rust::Slice<const uint8_t> bound, bool include) {
  query.rep.has_hi = true;
  query.rep.include_hi = include;
  query.rep.hi_str = string_of(bound);
}

std::unique_ptr<QueryNode> query_exists(uint32_t field, float boost) {
  return node(QueryKind::kExists, field, boost);
}

std::unique_ptr<QueryNode> query_constant(std::unique_ptr<QueryNode> inner, float boost) {
  auto query = node(QueryKind::kConstant, 0, boost);
  query_push_clause(*query, static_cast<uint8_t>(Occur::kFilter), std::move(inner));
  return query;
}

std::unique_ptr<QueryNode> query_udf(uint32_t leaf, float boost) {
  auto query = node(QueryKind::kUdf, 0, boost);
  query->rep.leaf = leaf;
  return query;
}

std::unique_ptr<QueryNode> query_bool(uint32_t minimum_should_match, float boost) {
  auto query = node(QueryKind::kBool, 0, boost);
  query->rep.minimum_should_match = minimum_should_match;
  return query;
}

void query_push_clause(QueryNode& query, uint8_t occur, std::unique_ptr<QueryNode> clause) {
  if (occur > 3 || clause == nullptr) throw_invalid("an unknown kind of clause");
  query.rep.clauses.push_back(
      {static_cast<Occur>(occur), std::make_unique<const Query>(std::move(clause->rep))});
}

// --- search ---

std::shared_ptr<Cancel> cancel_new() {
  return std::make_shared<Cancel>(Cancel{std::make_shared<const CancelFlag>()});
}

void cancel_set(const Cancel& cancel) noexcept { cancel.rep->cancel(); }

std::shared_ptr<Prepared> prepare(const Snapshot& snapshot, std::unique_ptr<QueryNode> query,
                                  bool with_scores) {
  if (query == nullptr) throw_invalid("no query");
  return std::make_shared<Prepared>(snapshot, std::move(query), with_scores);
}

TopSummary search_top(const Prepared& prepared, uint64_t count_up_to, bool has_min_score,
                      float min_score, const Cancel& cancel, uint64_t timeout_ns,
                      rust::Slice<uint32_t> segments, rust::Slice<uint32_t> docs,
                      rust::Slice<float> scores) {
  const std::span<uint32_t> out_segments = span_of(segments);
  const std::span<uint32_t> out_docs = span_of(docs);
  const std::span<float> out_scores = span_of(scores);
  if (out_segments.size() != out_docs.size() || out_docs.size() != out_scores.size())
    throw_invalid("buffers of different lengths");
  if (prepared.rep.root().has_udf) throw_invalid("the query has UDF leaves");
  search::TopDocsOptions options;
  options.k = static_cast<uint32_t>(out_docs.size());
  options.count_up_to = count_up_to;
  options.has_min_score = has_min_score;
  options.min_score = min_score;
  if ((options.k > 0 || has_min_score) && !prepared.rep.with_scores())
    throw_invalid("the query was prepared without scores");
  const search::TopDocs top =
      search::search_top(prepared.rep, options, interrupt_of(cancel, timeout_ns));
  for (size_t i = 0; i < top.hits.size(); ++i) {
    out_segments[i] = top.hits[i].segment;
    out_docs[i] = top.hits[i].doc;
    out_scores[i] = top.hits[i].score;
  }
  return {top.count, top.windows, static_cast<uint32_t>(top.hits.size()),
          static_cast<uint8_t>(top.stop)};
}

std::unique_ptr<HitStream> stream_open(const Prepared& prepared, uint32_t segment,
                                       uint32_t leaf_count, const Cancel& cancel,
                                       uint64_t timeout_ns) {
  if (segment >= prepared.rep.snapshot().size()) throw_invalid("no such segment");
  const std::shared_ptr<const search::PreparedQuery> shared(prepared.shared_from_this(),
                                                            &prepared.rep);
  return std::make_unique<HitStream>(shared, segment, leaf_count, interrupt_of(cancel, timeout_ns));
}

Filled stream_next(HitStream& stream, uint32_t budget, uint32_t capacity) {
  auto state = search::StreamState::kMore;
  const uint32_t count = stream.next_batch(budget, capacity, state);
  return {count, static_cast<uint8_t>(state)};
}

uint32_t stream_needed(HitStream& stream, uint32_t leaf, rust::Slice<uint32_t> docs,
                       rust::Slice<float> scores) {
  return stream.needed(leaf, span_of(docs), span_of(scores));
}

void stream_resolve(HitStream& stream, uint32_t leaf, rust::Slice<const uint8_t> values) {
  stream.resolve(leaf, span_of(values));
}

void stream_resolve_scores(HitStream& stream, uint32_t leaf, rust::Slice<const double> values,
                           rust::Slice<const uint8_t> states) {
  stream.resolve_scores(leaf, span_of(values), span_of(states));
}

uint32_t stream_accepted(HitStream& stream, rust::Slice<uint32_t> docs, rust::Slice<float> scores) {
  return stream.accepted(span_of(docs), span_of(scores));
}

void stream_set_bar(HitStream& stream, float bar) noexcept { stream.set_bar(bar); }
uint64_t stream_candidates(const HitStream& stream) noexcept { return stream.candidates(); }
uint64_t stream_windows(const HitStream& stream) noexcept { return stream.windows(); }

// --- columns ---

std::unique_ptr<Gatherer> gatherer_open(const Snapshot& snapshot, uint32_t segment, uint32_t field,
                                        uint8_t value_type, bool list, bool has_fallback,
                                        rust::Slice<const uint8_t> fallback) {
  if (value_type > 3) throw_invalid("an unknown type of values");
  const std::string bytes = string_of(fallback);
  return std::make_unique<Gatherer>(segment_of(snapshot, segment).reader, field,
                                    static_cast<search::GatherType>(value_type), list,
                                    has_fallback ? &bytes : nullptr);
}

Extent gatherer_measure(Gatherer& gatherer, rust::Slice<const uint32_t> docs) {
  const search::GatherExtent extent = gatherer.measure(span_of(docs));
  return {extent.items, extent.bytes};
}

uint32_t gatherer_dictionary_size(const Gatherer& gatherer) noexcept {
  return gatherer.dictionary_size();
}

void gatherer_ordinals(Gatherer& gatherer, rust::Slice<const uint32_t> docs,
                       rust::Slice<uint32_t> out) {
  gatherer.ordinals(span_of(docs), span_of(out));
}

void gatherer_read_dictionary(Gatherer& gatherer) noexcept { gatherer.read_dictionary(); }

uint32_t gatherer_write(Gatherer& gatherer, rust::Slice<const uint32_t> docs,
                        rust::Slice<uint8_t> offsets, rust::Slice<uint8_t> child_offsets,
                        rust::Slice<uint8_t> values, rust::Slice<uint8_t> validity) {
  return gatherer.write(span_of(docs), {span_of(offsets), span_of(child_offsets), span_of(values),
                                        span_of(validity)});
}

// --- for tests ---

void throw_for_test(uint32_t which) {
  constexpr uint32_t kCodes = 11;
  if (which >= 1 && which <= kCodes) throw Error(static_cast<ErrorCode>(which), "a test");
  if (which == kCodes + 1) throw std::bad_alloc();
  if (which == kCodes + 2) throw std::runtime_error("a test");
  if (which == kCodes + 4) panic_for_test();
  throw 42;
}

}  // namespace diagon::bridge
