// A query made ready for one snapshot: statistics looked up once, then one tree of scorers a
// segment.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "diagon/index/snapshot.h"
#include "diagon/search/phrase_scorer.h"
#include "diagon/search/query.h"
#include "diagon/search/score_function.h"
#include "diagon/search/scorer.h"
#include "diagon/search/similarity.h"
#include "diagon/search/term_scorer.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

// One node of the prepared tree. Immutable after `prepare`.
struct Weight {
  const Query* query = nullptr;
  float boost = 1.0f;   // the product of all boosts from the root to here
  bool scored = false;  // somebody asks for its score: a parent, or its own minimum
  bool has_udf = false;
  // kTerm, kPhrase, kSloppyPhrase: boost * idf, the norm table, and per segment where the terms are
  // (segment-major; doc_freq 0: absent).
  float term_weight = 0;
  std::shared_ptr<const NormTable> norm_table;
  std::vector<postings::TermMeta> metas;
  std::vector<Weight> children;  // as query->clauses

  // Whether clause `i`'s score takes part in this one's.
  bool takes_score_of(size_t i) const noexcept;

  const postings::TermMeta& meta(size_t segment, size_t term) const {
    return metas[segment * query->terms.size() + term];
  }
};

// Immutable; used by any number of threads. Keeps query and snapshot alive.
class PreparedQuery {
 public:
  // `with_scores`: whether anybody will ask for scores. Throws kInvalidArgument for a tree deeper
  // than kMaxDepth, for a boost that is negative or not finite, also when multiplied with those
  // above it, and for a query of another shape than query.h says; kCorrupt.
  PreparedQuery(std::shared_ptr<const index::Snapshot> snapshot, std::shared_ptr<const Query> query,
                bool with_scores);

  const index::Snapshot& snapshot() const noexcept { return *snapshot_; }
  const Weight& root() const noexcept { return root_; }
  bool with_scores() const noexcept { return with_scores_; }

  // A scorer for a subtree without UDFs. Some kinds read many postings at once, and stop when
  // `interrupt` says so. Throws kCorrupt, kCancelled, kTimeout. REQUIRES: !weight.has_udf.
  ScorerPtr scorer(const Weight& weight, size_t segment, const Interrupt& interrupt = {}) const;
  // Of a kTerm, or a kPhrase; null if the segment has none of its documents. Throw kCorrupt.
  std::unique_ptr<TermScorer> term_scorer(const Weight& weight, size_t segment) const;
  std::unique_ptr<PhraseScorer> phrase_scorer(const Weight& weight, size_t segment) const;
  // Of a kFunctionScore, in their order. Throws kInvalidArgument.
  std::vector<ScoreFunction> score_functions(const Weight& weight, size_t segment) const;

  // For a hit whose score is no number: throws kInvalidArgument, saying which function of which
  // field gave none.
  [[noreturn]] void throw_no_score(size_t segment, DocId doc) const;

 private:
  // One table for all of the query's terms in a field.
  using NormTables = std::vector<std::pair<FieldId, std::shared_ptr<const NormTable>>>;
  Weight prepare(const Query& query, float boost, bool scored, uint32_t depth,
                 NormTables& tables) const;
  void prepare_terms(Weight& weight, NormTables& tables) const;
  ScorerPtr term_set_scorer(const Weight& weight, size_t segment, const Interrupt& interrupt) const;
  ScorerPtr multi_term_scorer(const Weight& weight, size_t segment,
                              const Interrupt& interrupt) const;
  ScorerPtr sloppy_phrase_scorer(const Weight& weight, size_t segment) const;
  // The documents with a term of a kRangeStr, for fields without a column of terms.
  ScorerPtr term_range_scorer(const Weight& weight, size_t segment,
                              const Interrupt& interrupt) const;
  TermScoring scoring(const Weight& weight, size_t segment) const;
  ScorerPtr range_scorer(const Weight& weight, size_t segment, const Interrupt& interrupt) const;
  ScorerPtr exists_scorer(const Weight& weight, size_t segment, const Interrupt& interrupt) const;
  ScorerPtr bool_scorer(const Weight& weight, size_t segment, const Interrupt& interrupt) const;
  // kDisMax, kBoosting, kFunctionScore.
  ScorerPtr compound_scorer(const Weight& weight, size_t segment, const Interrupt& interrupt) const;

  std::shared_ptr<const index::Snapshot> snapshot_;
  std::shared_ptr<const Query> query_;
  bool with_scores_;
  Weight root_;
};

}  // namespace diagon::search
