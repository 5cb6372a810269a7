// What Rust sees of the engine. The only room that knows rust/cxx.h; documented in
// src/bridge/ffi.rs, where it is declared.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "diagon/bridge/error.h"
#include "diagon/index/check.h"
#include "diagon/index/document.h"
#include "diagon/index/index_writer.h"
#include "diagon/index/snapshot.h"
#include "diagon/search/filtered_search.h"
#include "diagon/search/gather.h"
#include "diagon/search/hit_stream.h"
#include "diagon/search/query.h"
#include "diagon/search/sort_search.h"
#include "diagon/search/top_docs.h"
#include "diagon/search/weight.h"
#include "diagon/termdict/automaton.h"
#include "diagon/util/interrupt.h"
#include "rust/cxx.h"

namespace diagon::bridge {

// Shared structs, defined by the generated header.
struct Filled;
struct Extent;
struct TopSummary;
struct MergeSettings;
struct MergeCounts;
struct SegmentCheck;
struct IndexCheck;
struct ScoringFunction;
struct SortKey;

// Handles. cxx has no pointer to const, so each holds one; the writer's can be used by several
// threads at once, for which cxx has only references to const.
struct IndexWriter {
  std::unique_ptr<index::IndexWriter> rep;
};
struct Snapshot {
  std::shared_ptr<const index::Snapshot> rep;
};
struct MergeMonitor {
  std::shared_ptr<const index::MergeMonitor> rep;
};
struct Cancel {
  std::shared_ptr<const CancelFlag> rep;
};
struct QueryNode {
  search::Query rep;
  std::shared_ptr<search::FunctionScore> functions;  // rep.function_score, while it is built
};

// With the tree that it was made of, in one piece: allocating is much of what a short query costs.
struct Prepared : std::enable_shared_from_this<Prepared> {
  Prepared(const Snapshot& snapshot, std::unique_ptr<QueryNode> query, bool with_scores)
      : query(std::move(query)),
        rep(snapshot.rep, {std::shared_ptr<void>(), &this->query->rep}, with_scores) {}

  std::unique_ptr<QueryNode> query;  // not null
  search::PreparedQuery rep;
};

struct Sorter {
  search::SortOptions options;
  std::vector<search::SortKey> keys;
  std::vector<search::SortValue> after;
  std::unique_ptr<search::SortCollector> rep;  // once it is opened
  uint32_t hits = 0;                           // once it is finished
};
struct Automaton {
  std::shared_ptr<const termdict::Automaton> rep;
};

using FilteredSearch = search::FilteredSearch;
using HitStream = search::HitStream;
using Gatherer = search::Gatherer;

// A search's reasons to stop; `timeout_ns` counts from now.
Interrupt interrupt_of(const Cancel& cancel, uint64_t timeout_ns);

// --- writer ---
std::unique_ptr<IndexWriter> writer_open(rust::Str folder, uint64_t ram_buffer_bytes,
                                         uint32_t buffers, const MergeSettings& merges);
void writer_define_field(const IndexWriter& writer, uint32_t id, rust::Str name, uint8_t postings,
                         bool norms, uint8_t column);
void writer_add(const IndexWriter& writer, rust::Slice<const uint8_t> bytes,
                rust::Slice<const index::Token> tokens,
                rust::Slice<const index::FieldLength> lengths,
                rust::Slice<const index::NumericValue> numerics,
                rust::Slice<const index::StringValue> strings,
                rust::Slice<const index::DocSpan> docs);
void writer_flush_if_full(const IndexWriter& writer);
void writer_delete(const IndexWriter& writer, rust::Slice<const uint8_t> id);
std::shared_ptr<Snapshot> writer_refresh(const IndexWriter& writer);
std::shared_ptr<Snapshot> writer_commit(const IndexWriter& writer,
                                        rust::Slice<const uint8_t> user_data);
rust::Slice<const uint8_t> writer_user_data(const IndexWriter& writer) noexcept;
uint64_t writer_buffered_docs(const IndexWriter& writer) noexcept;
void writer_begin_forced_merge(const IndexWriter& writer, uint32_t max_segments, bool reorder,
                               int32_t expunge_percent);
bool writer_advance_forced_merge(const IndexWriter& writer);
bool writer_advance_merges(const IndexWriter& writer);
void writer_collect_files(const IndexWriter& writer) noexcept;

// --- merges ---
std::shared_ptr<MergeMonitor> writer_merge_monitor(const IndexWriter& writer);
MergeCounts merge_counts(const MergeMonitor& monitor, rust::Vec<uint8_t>& error);
uint64_t merge_wait(const MergeMonitor& monitor, uint64_t seen, uint32_t most_ms);

// --- snapshot ---
std::shared_ptr<Snapshot> snapshot_open(rust::Str folder);
uint32_t snapshot_segments(const Snapshot& snapshot) noexcept;
uint32_t snapshot_max_doc(const Snapshot& snapshot, uint32_t segment);
void snapshot_segment_id(const Snapshot& snapshot, uint32_t segment, rust::Slice<uint8_t> id);
uint64_t snapshot_live_docs(const Snapshot& snapshot) noexcept;
uint64_t snapshot_generation(const Snapshot& snapshot) noexcept;
rust::Slice<const uint8_t> snapshot_user_data(const Snapshot& snapshot) noexcept;
void snapshot_verify(const Snapshot& snapshot);
bool snapshot_find_id(const Snapshot& snapshot, rust::Slice<const uint8_t> id, uint32_t& segment,
                      uint32_t& doc);
void snapshot_source(const Snapshot& snapshot, uint32_t segment, uint32_t doc,
                     rust::Vec<uint8_t>& out);
rust::String snapshot_stored_file(const Snapshot& snapshot, uint32_t segment);
void snapshot_doc_ids(const Snapshot& snapshot, rust::Slice<const uint32_t> segments,
                      rust::Slice<const uint32_t> docs, rust::Vec<uint8_t>& out,
                      rust::Vec<uint32_t>& ends);

// --- check ---
IndexCheck check_index(rust::Str folder);
IndexCheck repair_index(rust::Str folder);

// --- patterns over terms ---
std::shared_ptr<Automaton> automaton_new(rust::Slice<const uint8_t> classes, uint32_t class_count,
                                         rust::Slice<const uint32_t> transitions,
                                         rust::Slice<const uint8_t> accepts, uint32_t start);
void expand_terms(const Snapshot& snapshot, uint32_t field, const Automaton& automaton,
                  uint32_t most, uint32_t word_chars, const Cancel& cancel, uint64_t timeout_ns,
                  rust::Vec<uint8_t>& terms, rust::Vec<uint32_t>& ends,
                  rust::Vec<uint64_t>& doc_freqs, rust::Vec<float>& similarities);

// --- query ---
std::unique_ptr<QueryNode> query_match_all(float boost);
std::unique_ptr<QueryNode> query_match_none();
std::unique_ptr<QueryNode> query_term(uint32_t field, rust::Slice<const uint8_t> term, float boost);
std::unique_ptr<QueryNode> query_term_set(uint32_t field, float boost);
std::unique_ptr<QueryNode> query_phrase(uint32_t field, float boost);
void query_push_term(QueryNode& query, rust::Slice<const uint8_t> term, uint32_t position);
void query_set_doc_freq(QueryNode& query, uint64_t doc_freq) noexcept;
std::unique_ptr<QueryNode> query_sloppy_phrase(uint32_t field, uint32_t slop, float boost);
void query_push_alternative(QueryNode& query, rust::Slice<const uint8_t> term);
std::unique_ptr<QueryNode> query_multi_term(uint32_t field, const Automaton& automaton,
                                            float boost);
std::unique_ptr<QueryNode> query_range_i64(uint32_t field, int64_t lo, int64_t hi, float boost);
std::unique_ptr<QueryNode> query_range_f64(uint32_t field, double lo, double hi, float boost);
void query_push_range_i64(QueryNode& query, int64_t lo, int64_t hi);
void query_push_range_f64(QueryNode& query, double lo, double hi);
std::unique_ptr<QueryNode> query_range_str(uint32_t field, float boost);
void query_set_lower(QueryNode& query, rust::Slice<const uint8_t> bound, bool include);
void query_set_upper(QueryNode& query, rust::Slice<const uint8_t> bound, bool include);
std::unique_ptr<QueryNode> query_exists(uint32_t field, float boost);
std::unique_ptr<QueryNode> query_constant(std::unique_ptr<QueryNode> inner, float boost);
std::unique_ptr<QueryNode> query_udf(uint32_t leaf, float boost);
std::unique_ptr<QueryNode> query_bool(uint32_t minimum_should_match, float boost);
void query_push_clause(QueryNode& query, uint8_t occur, std::unique_ptr<QueryNode> clause);
std::unique_ptr<QueryNode> query_dis_max(float tie_breaker, float boost);
std::unique_ptr<QueryNode> query_boosting(std::unique_ptr<QueryNode> positive,
                                          std::unique_ptr<QueryNode> negative, float negative_boost,
                                          float boost);
std::unique_ptr<QueryNode> query_function_score(std::unique_ptr<QueryNode> inner,
                                                uint8_t score_mode, uint8_t boost_mode,
                                                double max_boost, float boost);
void query_set_min_score(QueryNode& query, float min_score);
void query_boost_functions(QueryNode& query, bool keeps_score);
void query_push_function(QueryNode& query, const ScoringFunction& function, rust::Str field_name,
                         std::unique_ptr<QueryNode> filter);

// --- search ---
std::shared_ptr<Cancel> cancel_new();
void cancel_set(const Cancel& cancel) noexcept;
std::shared_ptr<Prepared> prepare(const Snapshot& snapshot, std::unique_ptr<QueryNode> query,
                                  bool with_scores);
TopSummary search_top(const Prepared& prepared, uint64_t count_up_to, bool has_min_score,
                      float min_score, const Cancel& cancel, uint64_t timeout_ns,
                      rust::Slice<uint32_t> segments, rust::Slice<uint32_t> docs,
                      rust::Slice<float> scores);
std::unique_ptr<HitStream> stream_open(const Prepared& prepared, uint32_t segment,
                                       uint32_t leaf_count, const Cancel& cancel,
                                       uint64_t timeout_ns);
Filled stream_next(HitStream& stream, uint32_t budget, uint32_t capacity);
uint32_t stream_needed(HitStream& stream, uint32_t leaf, rust::Slice<uint32_t> docs,
                       rust::Slice<float> scores);
void stream_resolve_scores(HitStream& stream, uint32_t leaf, rust::Slice<const double> values,
                           rust::Slice<const uint8_t> states);
void stream_resolve(HitStream& stream, uint32_t leaf, rust::Slice<const uint8_t> values);
uint32_t stream_accepted(HitStream& stream, rust::Slice<uint32_t> docs, rust::Slice<float> scores);
void stream_set_bar(HitStream& stream, float bar) noexcept;
uint64_t stream_candidates(const HitStream& stream) noexcept;
uint64_t stream_windows(const HitStream& stream) noexcept;

// --- functions as filters ---
uint32_t filtered_functions(const Prepared& prepared) noexcept;
std::unique_ptr<FilteredSearch> filtered_open(const Prepared& prepared, uint32_t k,
                                              uint64_t count_up_to, const Cancel& cancel,
                                              uint64_t timeout_ns);
void filtered_enter(FilteredSearch& search, uint32_t segment);
Filled filtered_next(FilteredSearch& search, rust::Slice<const uint8_t> passed, uint32_t wanted,
                     rust::Slice<uint32_t> docs);
TopSummary filtered_finish(FilteredSearch& search, rust::Slice<uint32_t> segments,
                           rust::Slice<uint32_t> docs, rust::Slice<float> scores);
uint64_t filtered_candidates(const FilteredSearch& search) noexcept;

// --- sorting ---
std::unique_ptr<Sorter> sorter_new(uint32_t k, uint64_t count_up_to, bool has_min_score,
                                   float min_score, bool track_scores, bool with_scores);
void sorter_push_key(Sorter& sorter, const SortKey& key, rust::Slice<const uint8_t> missing_text);
void sorter_push_after(Sorter& sorter, bool present, int64_t integer, double number,
                       rust::Slice<const uint8_t> text);
void sorter_open(Sorter& sorter, const Snapshot& snapshot);
void sorter_enter(Sorter& sorter, uint32_t segment);
void sorter_give(Sorter& sorter, uint32_t key, rust::Slice<const uint32_t> docs,
                 rust::Slice<const uint8_t> present, rust::Slice<const uint64_t> bits,
                 rust::Str text, rust::Slice<const size_t> ends);
void sorter_collect(Sorter& sorter, rust::Slice<const uint32_t> docs,
                    rust::Slice<const float> scores);
TopSummary search_sorted(const Prepared& prepared, Sorter& sorter, const Cancel& cancel,
                         uint64_t timeout_ns);
Filled stream_next_sorted(HitStream& stream, Sorter& sorter, uint32_t budget, uint32_t capacity);
uint32_t sorter_finish(Sorter& sorter);
uint64_t sorter_count(const Sorter& sorter) noexcept;
float sorter_max_score(const Sorter& sorter) noexcept;
void sorter_hits(const Sorter& sorter, rust::Slice<uint32_t> segments, rust::Slice<uint32_t> docs,
                 rust::Slice<float> scores);
void sorter_values(const Sorter& sorter, uint32_t key, rust::Slice<uint8_t> present,
                   rust::Slice<int64_t> integers, rust::Slice<double> doubles,
                   rust::Vec<uint8_t>& text, rust::Vec<uint32_t>& ends);

// --- columns ---
std::unique_ptr<Gatherer> gatherer_open(const Snapshot& snapshot, uint32_t segment, uint32_t field,
                                        uint8_t value_type, bool list, bool has_fallback,
                                        rust::Slice<const uint8_t> fallback);
Extent gatherer_measure(Gatherer& gatherer, rust::Slice<const uint32_t> docs);
uint32_t gatherer_dictionary_size(const Gatherer& gatherer) noexcept;
void gatherer_ordinals(Gatherer& gatherer, rust::Slice<const uint32_t> docs,
                       rust::Slice<uint32_t> out);
void gatherer_read_dictionary(Gatherer& gatherer) noexcept;
uint32_t gatherer_write(Gatherer& gatherer, rust::Slice<const uint32_t> docs,
                        rust::Slice<uint8_t> offsets, rust::Slice<uint8_t> child_offsets,
                        rust::Slice<uint8_t> values, rust::Slice<uint8_t> validity);

// --- for tests ---
// Throws, in turn: an Error of each code, std::bad_alloc, std::runtime_error, an int.
void throw_for_test(uint32_t which);

}  // namespace diagon::bridge
