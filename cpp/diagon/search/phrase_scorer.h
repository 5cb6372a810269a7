// The documents in which terms stand at given distances, scored by BM25 with the number of such
// places as frequency.
#pragma once

#include <span>
#include <vector>

#include "diagon/postings/postings.h"
#include "diagon/search/scorer.h"
#include "diagon/search/term_scorer.h"

namespace diagon::search {

class PhraseScorer final : public Scorer {
 public:
  struct Term {
    postings::PostingsCursor cursor;
    uint32_t position;  // in the phrase
  };
  // REQUIRES: two terms or more. `scoring.weight` = boost * sum of the terms' idf.
  PhraseScorer(std::vector<Term> terms, TermScoring scoring);

  uint64_t cost() const noexcept override;
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  uint32_t refine(DocId* docs, uint32_t n) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override;

  // For those who walk over blocks themselves: the rarest term.
  postings::PostingsCursor& lead() noexcept { return terms_[0].cursor; }
  const TermScoring& scoring() const noexcept { return scoring_; }
  // Keeps those of at most 128 documents that have all terms; with the frequency of the term that
  // stands in each least often, unless `least` is null.
  uint32_t with_all_terms(DocId* docs, uint32_t n, uint32_t* least);
  // How often the phrase stands in a document. REQUIRES: the document has all terms.
  uint32_t frequency(DocId doc);

 private:
  bool with_scores() const noexcept { return scoring_.table != nullptr; }
  void open_bounds();

  std::vector<Term> terms_;  // rarest first
  TermScoring scoring_;
  std::vector<uint32_t> freqs_;             // of the window's documents, where they matched
  std::vector<uint32_t> starts_;            // scratch: where the phrase may begin
  std::vector<std::vector<float>> bounds_;  // by term and block
};

}  // namespace diagon::search
