// A boolean combination of scorers.
#pragma once

#include <vector>

#include "diagon/search/query.h"
#include "diagon/search/scorer.h"

namespace diagon::search {

class BoolScorer final : public Scorer {
 public:
  struct Child {
    Occur occur;
    ScorerPtr scorer;
  };
  // In clause order, which is the order in which scores are added. At least one child that isn't
  // kMustNot.
  BoolScorer(std::vector<Child> children, uint32_t minimum_should_match, bool with_scores);

  uint64_t cost() const noexcept override { return cost_; }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override;

 private:
  bool scoring(const Child& child) const noexcept {
    return child.occur == Occur::kMust || child.occur == Occur::kShould;
  }

  std::vector<Child> children_;
  std::vector<size_t> required_;    // must and filter, cheapest first
  std::vector<size_t> optional_;    // should
  std::vector<size_t> prohibited_;  // must_not
  uint32_t minimum_should_match_;
  bool with_scores_;
  uint64_t cost_ = 0;
  std::vector<uint64_t> optional_bits_;  // kWindowWords for each of optional_
  std::vector<double> sums_;             // kWindowDocs, for this node's own sum
};

// Bits that are set in at least `minimum` of the `count` sets of `words` words, which stand
// `stride` words apart, ANDed into `acc`. REQUIRES: minimum >= 1.
void and_at_least(uint32_t minimum, const uint64_t* sets, size_t count, size_t stride, size_t words,
                  uint64_t* acc) noexcept;

}  // namespace diagon::search
