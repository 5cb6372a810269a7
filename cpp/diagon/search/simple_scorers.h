// Scorers whose documents all have the same score.
#pragma once

#include <memory>
#include <vector>

#include "diagon/search/scorer.h"

namespace diagon::search {

// Shared by all scorers of a constant score.
class ConstantScorerBase : public Scorer {
 public:
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId, DocId) override { return score_; }
  DocId max_score_end(DocId) override { return kNoMoreDocs; }

 protected:
  explicit ConstantScorerBase(float score) : score_(score) {}

 private:
  double score_;
};

class MatchAllScorer final : public ConstantScorerBase {
 public:
  MatchAllScorer(DocId max_doc, float score) : ConstantScorerBase(score), max_doc_(max_doc) {}
  uint64_t cost() const noexcept override { return max_doc_; }
  DocId lower_bound(DocId target) override { return target < max_doc_ ? target : kNoMoreDocs; }
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;

 private:
  DocId max_doc_;
};

class MatchNoneScorer final : public ConstantScorerBase {
 public:
  MatchNoneScorer() : ConstantScorerBase(0) {}
  uint64_t cost() const noexcept override { return 0; }
  DocId lower_bound(DocId) override { return kNoMoreDocs; }
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  double max_score(DocId, DocId) override { return 0; }
};

// The documents of another scorer.
class ConstantScorer final : public ConstantScorerBase {
 public:
  ConstantScorer(ScorerPtr inner, float score)
      : ConstantScorerBase(score), inner_(std::move(inner)) {}
  uint64_t cost() const noexcept override { return inner_->cost(); }
  DocId lower_bound(DocId target) override { return inner_->lower_bound(target); }
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override {
    inner_->match(window, mask, out);
  }

 private:
  ScorerPtr inner_;
};

// The documents of a bit set over the whole segment.
class BitSetScorer final : public ConstantScorerBase {
 public:
  // `words` has words_for(max_doc) words and is kept alive by `owner` (which may be null if the
  // segment does).
  BitSetScorer(const uint64_t* words, std::shared_ptr<const void> owner, DocId max_doc,
               uint64_t cost, float score)
      : ConstantScorerBase(score),
        words_(words),
        owner_(std::move(owner)),
        max_doc_(max_doc),
        cost_(cost) {}
  uint64_t cost() const noexcept override { return cost_; }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;

 private:
  const uint64_t* words_;
  std::shared_ptr<const void> owner_;
  DocId max_doc_;
  uint64_t cost_;
};

}  // namespace diagon::search
