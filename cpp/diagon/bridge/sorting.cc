// Sorted searches.
#include <span>
#include <string>
#include <utility>

#include "diagon/bridge/bridge.h"
#include "diagon/util/error.h"
#include "src/bridge/ffi.rs.h"

namespace diagon::bridge {
namespace {

template <typename T>
std::span<T> span_of(rust::Slice<T> slice) noexcept {
  return {slice.data(), slice.size()};
}

std::string string_of(rust::Slice<const uint8_t> bytes) {
  const std::span<const uint8_t> s = span_of(bytes);
  return std::string(reinterpret_cast<const char*>(s.data()), s.size());
}

search::SortCollector& open(Sorter& sorter) {
  if (sorter.rep == nullptr) throw_invalid("the sorter was not opened");
  return *sorter.rep;
}

void check_hits(const Sorter& sorter, size_t length) {
  if (length != sorter.hits) throw_invalid("a buffer has not the length of the hits");
}

}  // namespace

std::unique_ptr<Sorter> sorter_new(uint32_t k, uint64_t count_up_to, bool has_min_score,
                                   float min_score, bool track_scores, bool with_scores) {
  auto sorter = std::make_unique<Sorter>();
  sorter->options = {k, count_up_to, min_score, has_min_score, track_scores, with_scores};
  return sorter;
}

void sorter_push_key(Sorter& sorter, const SortKey& key, rust::Slice<const uint8_t> missing_text) {
  if (key.kind > static_cast<uint8_t>(search::SortKind::kGivenString) ||
      key.mode > static_cast<uint8_t>(search::MultiValueMode::kMedian))
    throw_invalid("an unknown kind of sort key");
  search::SortKey pushed;
  pushed.kind = static_cast<search::SortKind>(key.kind);
  pushed.descending = key.descending;
  pushed.field = key.field;
  pushed.mode = static_cast<search::MultiValueMode>(key.mode);
  pushed.missing_first = key.missing_first;
  pushed.has_missing = key.has_missing;
  pushed.missing_i64 = key.missing_i64;
  pushed.missing_f64 = key.missing_f64;
  pushed.missing_string = string_of(missing_text);
  pushed.lon_field = key.lon_field;
  pushed.lat = key.lat;
  pushed.lon = key.lon;
  pushed.unit = key.unit;
  sorter.keys.push_back(std::move(pushed));
}

void sorter_push_after(Sorter& sorter, bool present, int64_t integer, double number,
                       rust::Slice<const uint8_t> text) {
  sorter.after.push_back({present, integer, number, string_of(text)});
}

void sorter_open(Sorter& sorter, const Snapshot& snapshot) {
  sorter.rep = std::make_unique<search::SortCollector>(snapshot.rep, std::move(sorter.keys),
                                                       std::move(sorter.after), sorter.options);
}

void sorter_enter(Sorter& sorter, uint32_t segment) { open(sorter).enter(segment); }

void sorter_give(Sorter& sorter, uint32_t key, rust::Slice<const uint32_t> docs,
                 rust::Slice<const uint8_t> present, rust::Slice<const uint64_t> bits,
                 rust::Str text, rust::Slice<const size_t> ends) {
  open(sorter).give(key, {.docs = span_of(docs),
                          .present = span_of(present),
                          .bits = span_of(bits),
                          .text = {text.data(), text.size()},
                          .ends = span_of(ends)});
}

void sorter_collect(Sorter& sorter, rust::Slice<const uint32_t> docs,
                    rust::Slice<const float> scores) {
  open(sorter).collect(span_of(docs), span_of(scores));
}

TopSummary search_sorted(const Prepared& prepared, Sorter& sorter, const Cancel& cancel,
                         uint64_t timeout_ns) {
  search::SortCollector& collector = open(sorter);
  if (prepared.rep.root().has_udf) throw_invalid("the query has UDF leaves");
  if (collector.needs_scores() && !prepared.rep.with_scores())
    throw_invalid("the query was prepared without scores");
  const search::SortedRun run =
      search::search_sorted(prepared.rep, collector, interrupt_of(cancel, timeout_ns));
  return {collector.count(), run.windows, 0, static_cast<uint8_t>(run.stop)};
}

Filled stream_next_sorted(HitStream& stream, Sorter& sorter, uint32_t budget, uint32_t capacity) {
  search::SortCollector& collector = open(sorter);
  float bar = 0;
  if (collector.score_bar(bar)) stream.set_bar(bar);
  auto state = search::StreamState::kMore;
  const uint32_t count = stream.next_batch(budget, capacity, state, &collector);
  return {count, static_cast<uint8_t>(state)};
}

uint32_t sorter_finish(Sorter& sorter) { return sorter.hits = open(sorter).finish(); }

uint64_t sorter_count(const Sorter& sorter) noexcept {
  return sorter.rep == nullptr ? 0 : sorter.rep->count();
}

float sorter_max_score(const Sorter& sorter) noexcept {
  return sorter.rep == nullptr ? 0 : sorter.rep->max_score();
}

void sorter_hits(const Sorter& sorter, rust::Slice<uint32_t> segments, rust::Slice<uint32_t> docs,
                 rust::Slice<float> scores) {
  const std::span<uint32_t> out_segments = span_of(segments);
  const std::span<uint32_t> out_docs = span_of(docs);
  const std::span<float> out_scores = span_of(scores);
  check_hits(sorter, out_segments.size());
  check_hits(sorter, out_docs.size());
  check_hits(sorter, out_scores.size());
  for (uint32_t i = 0; i < sorter.hits; ++i) {
    out_segments[i] = sorter.rep->segment(i);
    out_docs[i] = sorter.rep->doc(i);
    out_scores[i] = sorter.rep->score(i);
  }
}

void sorter_values(const Sorter& sorter, uint32_t key, rust::Slice<uint8_t> present,
                   rust::Slice<int64_t> integers, rust::Slice<double> doubles,
                   rust::Vec<uint8_t>& text, rust::Vec<uint32_t>& ends) {
  const std::span<uint8_t> out_present = span_of(present);
  const std::span<int64_t> out_integers = span_of(integers);
  const std::span<double> out_doubles = span_of(doubles);
  check_hits(sorter, out_present.size());
  check_hits(sorter, out_integers.size());
  check_hits(sorter, out_doubles.size());
  if (sorter.rep == nullptr || key >= sorter.rep->key_count()) throw_invalid("no such sort key");
  uint64_t end = text.size();
  for (uint32_t i = 0; i < sorter.hits; ++i) {
    const search::SortValue value = sorter.rep->value(i, key);
    out_present[i] = value.present ? 1 : 0;
    out_integers[i] = value.i64;
    out_doubles[i] = value.f64;
    end += value.string.size();
    if (end > UINT32_MAX) throw Error(ErrorCode::kTooLarge, "more than 4 GiB of sort values");
    extend_bytes(text,
                 {reinterpret_cast<const uint8_t*>(value.string.data()), value.string.size()});
    ends.push_back(static_cast<uint32_t>(end));
  }
}

}  // namespace diagon::bridge
