#include "diagon/search/conjunction_scores.h"

#include <algorithm>

namespace diagon::search {

ConjunctionScores::ConjunctionScores(const PreparedQuery& prepared, size_t segment,
                                     std::span<const Weight* const> clauses,
                                     const Interrupt& interrupt) {
  parts_.reserve(clauses.size());
  for (const Weight* clause : clauses) {
    Part part;
    if (clause->has_udf) {
      part.constant = clause->boost;
    } else if (clause->query->kind == QueryKind::kTerm) {
      part.term = prepared.term_scorer(*clause, segment);
      if (part.term == nullptr) continue;  // then there are no documents to be scored
    } else {
      part.scorer = prepared.scorer(*clause, segment, interrupt);
      window_scores_.resize(kWindowDocs);
    }
    parts_.push_back(std::move(part));
  }
}

void ConjunctionScores::add_term(TermScorer& term, const DocId* docs, uint32_t n, double* sums) {
  DocId found[kernels::kBatch + 16];
  uint16_t kept[kernels::kBatch + 16];
  uint32_t freqs[kernels::kBatch + 16];
  float scores[kernels::kBatch];
  std::copy_n(docs, n, found);
  const uint32_t common = intersect(term.cursor(), found, n, kept, freqs);
  term.scoring().score(found, freqs, common, scores);
  for (uint32_t i = 0; i < common; ++i) sums[kept[i]] += scores[i];
}

void ConjunctionScores::add_windows(Scorer& scorer, const DocId* docs, uint32_t n, double* sums) {
  for (uint32_t from = 0; from < n;) {
    const DocId base = docs[from] & ~DocId{63};
    uint32_t to = from + 1;
    while (to < n && docs[to] - base < kWindowDocs) ++to;
    const Window window{base, docs[to - 1] - base + 1};
    uint64_t words[kWindowWords] = {};
    for (uint32_t i = from; i < to; ++i) {
      bits::set(words, docs[i] - base);
      window_scores_[docs[i] - base] = 0;
    }
    scorer.match(window, words, words);
    scorer.add_scores(window, words, window_scores_.data());
    for (; from < to; ++from) sums[from] += window_scores_[docs[from] - base];
  }
}

void ConjunctionScores::score(const DocId* docs, uint32_t n, double* sums) {
  std::fill_n(sums, n, 0.0);
  for (const Part& part : parts_) {
    if (part.term != nullptr) {
      add_term(*part.term, docs, n, sums);
    } else if (part.scorer != nullptr) {
      add_windows(*part.scorer, docs, n, sums);
    } else {
      for (uint32_t i = 0; i < n; ++i) sums[i] += part.constant;
    }
  }
}

double ConjunctionScores::max_score(DocId from, DocId to) {
  double sum = 0;
  for (const Part& part : parts_) {
    if (part.term != nullptr) {
      sum += part.term->bound(from, to);
    } else {
      sum += part.scorer != nullptr ? part.scorer->max_score(from, to) : part.constant;
    }
  }
  return sum;
}

DocId ConjunctionScores::max_score_end(DocId from) {
  DocId end = kNoMoreDocs;
  for (const Part& part : parts_) {
    if (part.term != nullptr) end = std::min(end, part.term->max_score_end(from));
    if (part.scorer != nullptr) end = std::min(end, part.scorer->max_score_end(from));
  }
  return end;
}

}  // namespace diagon::search
