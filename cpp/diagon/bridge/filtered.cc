// Functions as filters beside native clauses.
#include <algorithm>
#include <span>
#include <vector>

#include "diagon/bridge/bridge.h"
#include "diagon/util/error.h"
#include "src/bridge/ffi.rs.h"

namespace diagon::bridge {
namespace {

template <typename T>
std::span<T> span_of(rust::Slice<T> slice) noexcept {
  return {slice.data(), slice.size()};
}

}  // namespace

uint32_t filtered_functions(const Prepared& prepared) noexcept {
  return search::FilteredSearch::functions(prepared.rep);
}

std::unique_ptr<FilteredSearch> filtered_open(const Prepared& prepared, uint32_t k,
                                              uint64_t count_up_to, const Cancel& cancel,
                                              uint64_t timeout_ns) {
  if (k > 0 && !prepared.rep.with_scores()) throw_invalid("the query was prepared without scores");
  const std::shared_ptr<const search::PreparedQuery> shared(prepared.shared_from_this(),
                                                            &prepared.rep);
  return std::make_unique<FilteredSearch>(shared, k, count_up_to, interrupt_of(cancel, timeout_ns));
}

void filtered_enter(FilteredSearch& search, uint32_t segment) { search.enter(segment); }

Filled filtered_next(FilteredSearch& search, rust::Slice<const uint8_t> passed, uint32_t wanted,
                     rust::Slice<uint32_t> docs) {
  auto state = search::StreamState::kMore;
  const uint32_t count = search.next(span_of(passed), wanted, span_of(docs), state);
  return {count, static_cast<uint8_t>(state)};
}

TopSummary filtered_finish(FilteredSearch& search, rust::Slice<uint32_t> segments,
                           rust::Slice<uint32_t> docs, rust::Slice<float> scores) {
  const std::span<uint32_t> out_segments = span_of(segments);
  const std::span<uint32_t> out_docs = span_of(docs);
  const std::span<float> out_scores = span_of(scores);
  if (out_segments.size() != out_docs.size() || out_docs.size() != out_scores.size())
    throw_invalid("buffers of different lengths");
  const std::vector<search::Hit> hits = search.take_hits();
  const size_t count = std::min(hits.size(), out_docs.size());
  for (size_t i = 0; i < count; ++i) {
    out_segments[i] = hits[i].segment;
    out_docs[i] = hits[i].doc;
    out_scores[i] = hits[i].score;
  }
  return {search.count(), search.looked_at(), static_cast<uint32_t>(count), 0};
}

uint64_t filtered_candidates(const FilteredSearch& search) noexcept { return search.candidates(); }

}  // namespace diagon::bridge
