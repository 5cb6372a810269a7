#include "diagon/search/range_scorer.h"

#include <algorithm>
#include <cstring>

namespace diagon::search {

using docvalues::kColumnBlock;

std::vector<Interval> merged(std::vector<Interval> intervals) {
  std::ranges::sort(intervals, {}, &Interval::lo);
  size_t kept = 0;
  for (const Interval& next : intervals) {
    Interval* last = kept == 0 ? nullptr : &intervals[kept - 1];
    if (last != nullptr && (last->hi == INT64_MAX || next.lo <= last->hi + 1)) {
      last->hi = std::max(last->hi, next.hi);
    } else {
      intervals[kept++] = next;
    }
  }
  intervals.resize(kept);
  return intervals;
}

RangeScorer::RangeScorer(std::shared_ptr<const index::SegmentReader> segment,
                         const docvalues::ColumnReader& column, std::vector<Interval> intervals,
                         float score)
    : ConstantScorerBase(score),
      segment_(std::move(segment)),
      column_(column),
      intervals_(std::move(intervals)),
      lo_(intervals_.front().lo),
      hi_(intervals_.back().hi),
      cost_(column.docs_with_value()),
      values_(new int64_t[kColumnBlock]) {}

std::vector<Interval>::const_iterator RangeScorer::interval_at(int64_t value) const noexcept {
  return std::ranges::lower_bound(intervals_, value, {}, &Interval::hi);
}

bool RangeScorer::contains(int64_t value) const noexcept {
  const auto at = interval_at(value);
  return at != intervals_.end() && at->lo <= value;
}

bool RangeScorer::may_match(uint64_t block) const noexcept {
  const auto at = interval_at(column_.values().block_min(block));
  return at != intervals_.end() && at->lo <= column_.values().block_max(block);
}

DocId RangeScorer::lower_bound(DocId target) {
  if (target >= column_.max_doc()) return kNoMoreDocs;
  if (column_.multi()) return target;  // values' blocks are not documents' blocks
  const docvalues::NumericReader& values = column_.values();
  const uint64_t first = target / kColumnBlock;
  for (uint64_t b = first; b < values.block_count(); ++b)
    if (may_match(b)) return b == first ? target : static_cast<DocId>(b * kColumnBlock);
  return kNoMoreDocs;
}

void RangeScorer::match_block(uint64_t block, const Window& window, uint64_t* found) {
  const docvalues::NumericReader& values = column_.values();
  const DocId block_begin = static_cast<DocId>(block * kColumnBlock);
  const DocId from = std::max(block_begin, window.base);
  const DocId to = std::min(block_begin + kColumnBlock, window.end());
  if (!may_match(block)) return;
  const Interval& first = *interval_at(values.block_min(block));
  if (values.block_min(block) >= first.lo && values.block_max(block) <= first.hi) {
    bits::set_range(found, from - window.base, to - window.base);
    return;
  }
  if (intervals_.size() == 1) {
    uint64_t words[kColumnBlock / 64];
    values.match_block(block, lo_, hi_, words);
    // Windows and blocks both begin at whole words.
    const size_t skip = (from - block_begin) / 64;
    const size_t count = bits::words_for(to - from);
    uint64_t* out = found + (from - window.base) / 64;
    for (size_t w = 0; w < count; ++w) out[w] = words[skip + w];
    return;
  }
  if (decoded_ != block) {
    values.decode_block(block, values_.get());
    decoded_ = block;
  }
  for (DocId doc = from; doc < to; ++doc)
    if (contains(values_[doc - block_begin])) bits::set(found, doc - window.base);
}

uint32_t RangeScorer::refine(DocId* docs, uint32_t n) {
  if (column_.multi() || intervals_.size() != 1) return Scorer::refine(docs, n);
  n = column_.values().select(docs, n, lo_, hi_);
  if (column_.presence() == nullptr) return n;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < n; ++i) {
    docs[kept] = docs[i];
    kept += bits::test(column_.presence(), docs[i]) ? 1 : 0;
  }
  return kept;
}

void RangeScorer::match_multi(const Window& window, const uint64_t* mask, uint64_t* out) {
  for (uint32_t w = 0; w < window.words(); ++w) {
    uint64_t candidates = mask[w];
    uint64_t found = 0;
    while (candidates != 0) {
      const uint32_t bit = static_cast<uint32_t>(std::countr_zero(candidates));
      candidates &= candidates - 1;
      const auto [from, to] = column_.range(window.base + w * 64 + bit);
      for (uint32_t v = from; v < to; ++v) {
        if (!contains(column_.values().get(v))) continue;
        found |= uint64_t{1} << bit;
        break;
      }
    }
    out[w] = found;
  }
}

void RangeScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  if (column_.multi()) return match_multi(window, mask, out);
  uint64_t found[kWindowWords];
  std::memset(found, 0, window.words() * sizeof(uint64_t));
  for (uint64_t b = window.base / kColumnBlock; b * kColumnBlock < window.end(); ++b) {
    // Blocks without candidates are not decoded.
    const size_t from = std::max<uint64_t>(b * kColumnBlock, window.base) - window.base;
    const size_t to = std::min<uint64_t>((b + 1) * kColumnBlock, window.end()) - window.base;
    uint64_t any = 0;
    for (size_t w = from / 64; w < bits::words_for(to); ++w) any |= mask[w];
    if (any != 0) match_block(b, window, found);
  }
  const uint64_t* presence = column_.presence();
  for (uint32_t w = 0; w < window.words(); ++w)
    out[w] =
        mask[w] & found[w] & (presence == nullptr ? ~uint64_t{0} : presence[window.base / 64 + w]);
}

}  // namespace diagon::search
