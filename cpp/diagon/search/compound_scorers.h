// Scorers that change the scores of others: dis_max, boosting and function_score.
#pragma once

#include <cmath>
#include <memory>
#include <vector>

#include "diagon/search/query.h"
#include "diagon/search/score_function.h"
#include "diagon/search/scorer.h"

namespace diagon::search {

// Throws kInvalidArgument for a kDisMax, kBoosting or kFunctionScore of another shape than query.h
// says.
void check_compound(const Query& query);

// A score of the best clause and of the others, which come in any order.
class BestAndOthers {
 public:
  void add(double score) noexcept {
    if (score < best_) {
      others_ += score;
    } else {
      others_ += best_;
      best_ = score;
    }
  }
  double get(float tie_breaker) const noexcept {
    // Bounds may be infinite, and infinity times 0 is no number.
    return std::isinf(best_) ? best_ : best_ + others_ * tie_breaker;
  }

 private:
  double best_ = 0;
  double others_ = 0;
};

// Documents of any clause.
class DisMaxScorer final : public Scorer {
 public:
  // In clause order.
  DisMaxScorer(std::vector<ScorerPtr> clauses, float tie_breaker, bool with_scores);

  uint64_t cost() const noexcept override;
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override;

 private:
  std::vector<ScorerPtr> clauses_;
  float tie_breaker_;
  std::vector<uint64_t> matched_;  // kWindowWords for each clause
  std::vector<double> scores_;     // of one clause
  std::vector<BestAndOthers> sums_;
};

// Documents of one query; those of another one have `factor` times the score.
class BoostingScorer final : public Scorer {
 public:
  BoostingScorer(ScorerPtr positive, ScorerPtr negative, float factor, bool with_scores);

  uint64_t cost() const noexcept override { return positive_->cost(); }
  DocId lower_bound(DocId target) override { return positive_->lower_bound(target); }
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override { return positive_->max_score_end(from); }

 private:
  ScorerPtr positive_, negative_;
  double factor_;
  bool with_scores_;
  std::vector<uint64_t> demoted_;
  std::vector<double> scores_;
};

class FunctionScoreScorer final : public Scorer {
 public:
  // `filters`: one for each function, null for none. `with_scores`: somebody asks for scores, or
  // there is a minimum.
  FunctionScoreScorer(std::shared_ptr<const FunctionScore> spec, ScorerPtr query,
                      std::vector<ScoreFunction> functions, std::vector<ScorerPtr> filters,
                      bool with_scores);

  uint64_t cost() const noexcept override;
  DocId lower_bound(DocId target) override { return query_->lower_bound(target); }
  // Throws kInvalidArgument if a document without a score is to be compared with the minimum.
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override;

 private:
  void score(const Window& window, const uint64_t* docs);

  std::shared_ptr<const FunctionScore> spec_;
  ScorerPtr query_;
  std::vector<ScoreFunction> functions_;
  std::vector<ScorerPtr> filters_;
  bool with_scores_;
  std::vector<uint64_t> filtered_;  // kWindowWords for each function with a filter
  std::vector<double> scores_;      // of the window's documents
  std::vector<Factor> factors_;
  std::vector<DocId> docs_;
  std::vector<double> values_;  // of docs_
  std::vector<FunctionBound> bounds_;
};

// Says that a document has no score which its query's `min_score` could be compared with.
[[noreturn]] void throw_no_score_to_compare(std::vector<ScoreFunction>& functions, DocId doc);

}  // namespace diagon::search
