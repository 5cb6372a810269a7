// The documents in which terms stand at given distances, scored by BM25 with the number of such
// places as frequency.
#pragma once

#include <span>
#include <vector>

#include "diagon/kernels/kernels.h"
#include "diagon/postings/postings.h"
#include "diagon/search/scorer.h"
#include "diagon/search/term_scorer.h"

namespace diagon::search {

class PhraseScorer final : public Scorer {
 public:
  struct Term {
    postings::PostingsCursor cursor;
    uint32_t position;  // in the phrase
    uint32_t at = 0;    // the current document's place in the cursor's block
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
  // Of each of its blocks a bound of the phrase's scores. REQUIRES: with scores.
  std::vector<float> lead_bounds();
  // Calls `visit(document)` for each of at most 128 ascending documents that has all terms. Inside
  // the call, and only there, the cursors stand at the document, so that the two below can be
  // asked.
  template <typename Visit>
  void each_with_all_terms(const DocId* docs, uint32_t n, Visit&& visit) {
    descend(0, docs, n, visit);
  }
  // How often the phrase stands in the document; or, if nobody wants to know more, whether.
  uint32_t frequency(bool only_whether);
  // It stands there this often at most: as the term that is there least often.
  uint32_t most_frequent();

 private:
  bool with_scores() const noexcept { return scoring_.table != nullptr; }
  void open_bounds();

  // Documents that have the first terms.
  struct Level {
    DocId docs[kernels::kBatch];
    uint16_t up[kernels::kBatch + 16];  // where each is in the level before
    uint16_t at[kernels::kBatch + 16];  // and in the block of this level's term
  };
  // Intersects them with a block of the next term at a time, so that no block is decoded twice.
  template <typename Visit>
  void descend(size_t level, const DocId* docs, uint32_t n, Visit& visit) {
    if (level == terms_.size()) {
      for (uint32_t i = 0; i < n; ++i) {
        uint32_t at = i;
        for (size_t t = level; t-- > 0; at = levels_[t].up[at]) terms_[t].at = levels_[t].at[at];
        visit(docs[i]);
      }
      return;
    }
    for (uint32_t from = 0; from < n;) {
      uint32_t found = 0;
      const uint32_t to = intersect_block(level, docs, from, n, found);
      if (to == 0) return;
      if (found != 0) descend(level + 1, levels_[level].docs, found, visit);
      from = to;
    }
  }
  // Fills the level with those of docs[from, end) that are in the term's block, and returns where
  // the next block goes on; 0 if the term has no more.
  uint32_t intersect_block(size_t level, const DocId* docs, uint32_t from, uint32_t end,
                           uint32_t& found);

  std::vector<Term> terms_;    // rarest first
  std::vector<Level> levels_;  // as terms_
  TermScoring scoring_;
  std::vector<uint32_t> freqs_;             // of the window's documents, where they matched
  std::vector<uint32_t> starts_;            // scratch: where the phrase may begin
  std::vector<std::vector<float>> bounds_;  // by term and block
};

}  // namespace diagon::search
