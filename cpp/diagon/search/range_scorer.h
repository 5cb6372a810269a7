// The documents with a value (number or ordinal) in a closed range of a column's stored integers.
#pragma once

#include <memory>

#include "diagon/docvalues/column.h"
#include "diagon/index/segment_reader.h"
#include "diagon/search/simple_scorers.h"

namespace diagon::search {

class RangeScorer final : public ConstantScorerBase {
 public:
  // Documents with a stored value in [lo, hi]. REQUIRES: lo <= hi; the column is not of kind
  // kStrings.
  RangeScorer(std::shared_ptr<const index::SegmentReader> segment,
              const docvalues::ColumnReader& column, int64_t lo, int64_t hi, float score);

  uint64_t cost() const noexcept override { return cost_; }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;

 private:
  void match_block(uint64_t block, const Window& window, uint64_t* found);
  void match_multi(const Window& window, const uint64_t* mask, uint64_t* out);

  std::shared_ptr<const index::SegmentReader> segment_;  // keeps the column alive
  const docvalues::ColumnReader& column_;
  int64_t lo_, hi_;
  uint64_t cost_;
  uint64_t decoded_ = UINT64_MAX;  // the block in values_
  std::unique_ptr<int64_t[]> values_;
};

}  // namespace diagon::search
