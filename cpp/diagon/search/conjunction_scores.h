// The scores of documents that match all clauses of a conjunction: the sum of what the clauses
// give, in double precision, in clause order.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "diagon/kernels/kernels.h"
#include "diagon/search/scorer.h"
#include "diagon/search/term_scorer.h"
#include "diagon/search/weight.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

// One segment's. Used by one thread.
class ConjunctionScores {
 public:
  // `clauses`: those whose scores count, in clause order; functions give their boost. Throws
  // kCorrupt, kCancelled, kTimeout.
  ConjunctionScores(const PreparedQuery& prepared, size_t segment,
                    std::span<const Weight* const> clauses, const Interrupt& interrupt);

  // sums[i] = of docs[i], which are ascending and match all clauses. REQUIRES: n <= kBatch.
  void score(const DocId* docs, uint32_t n, double* sums);
  // No document in [from, to) has a higher score. REQUIRES: from < to.
  double max_score(DocId from, DocId to);
  // As Scorer::max_score_end.
  DocId max_score_end(DocId from);

 private:
  struct Part {
    std::unique_ptr<TermScorer> term;
    ScorerPtr scorer;     // of other clauses
    double constant = 0;  // of neither
  };
  void add_term(TermScorer& term, const DocId* docs, uint32_t n, double* sums);
  void add_windows(Scorer& scorer, const DocId* docs, uint32_t n, double* sums);

  std::vector<Part> parts_;
  std::vector<double> window_scores_;
};

}  // namespace diagon::search
