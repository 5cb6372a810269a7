// The documents with a value (number or ordinal) in a closed range of a column's stored integers.
#pragma once

#include <memory>
#include <vector>

#include "diagon/docvalues/column.h"
#include "diagon/index/segment_reader.h"
#include "diagon/search/simple_scorers.h"

namespace diagon::search {

// Closed, not empty.
struct Interval {
  int64_t lo = 0;
  int64_t hi = 0;
};

// Sorts them and joins those that overlap or touch.
std::vector<Interval> merged(std::vector<Interval> intervals);

class RangeScorer final : public ConstantScorerBase {
 public:
  // Documents with a stored value in one of the intervals. REQUIRES: at least one, as merged()
  // returns them; the column is not of kind kStrings.
  RangeScorer(std::shared_ptr<const index::SegmentReader> segment,
              const docvalues::ColumnReader& column, std::vector<Interval> intervals, float score);

  uint64_t cost() const noexcept override { return cost_; }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  uint32_t refine(DocId* docs, uint32_t n) override;

 private:
  // The first interval that doesn't end before the value; the end if all do.
  std::vector<Interval>::const_iterator interval_at(int64_t value) const noexcept;
  bool contains(int64_t value) const noexcept;
  bool may_match(uint64_t block) const noexcept;
  void match_block(uint64_t block, const Window& window, uint64_t* found);
  void match_multi(const Window& window, const uint64_t* mask, uint64_t* out);

  std::shared_ptr<const index::SegmentReader> segment_;  // keeps the column alive
  const docvalues::ColumnReader& column_;
  std::vector<Interval> intervals_;
  int64_t lo_, hi_;  // of the first and of the last
  uint64_t cost_;
  uint64_t decoded_ = UINT64_MAX;  // the block in values_
  std::unique_ptr<int64_t[]> values_;
};

}  // namespace diagon::search
