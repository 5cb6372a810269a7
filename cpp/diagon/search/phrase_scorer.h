// The documents in which terms stand at given distances, scored by BM25 with the number of such
// places as frequency.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "diagon/postings/postings.h"
#include "diagon/search/scorer.h"
#include "diagon/search/similarity.h"

namespace diagon::search {

class PhraseScorer final : public Scorer {
 public:
  struct Term {
    postings::PostingsCursor cursor;
    uint32_t position;  // in the phrase
  };
  // REQUIRES: two terms or more. `weight` = boost * sum of the terms' idf.
  PhraseScorer(std::vector<Term> terms, std::shared_ptr<const NormTable> table,
               const uint8_t* norms, float weight, bool with_scores);

  uint64_t cost() const noexcept override;
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override;

 private:
  // Of a document that has all terms; `indices`: its place in each term's block.
  uint32_t phrase_freq();

  std::vector<Term> terms_;  // rarest first
  std::vector<uint32_t> indices_;
  std::shared_ptr<const NormTable> table_;
  const uint8_t* norms_;
  float weight_;
  bool with_scores_;
  std::vector<uint32_t> freqs_;
  std::vector<uint32_t> starts_;  // scratch: where the phrase may begin
  std::vector<postings::Impact> impacts_;
};

}  // namespace diagon::search
