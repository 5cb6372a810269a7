// The documents of one term, scored by BM25.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "diagon/index/segment_reader.h"
#include "diagon/postings/postings.h"
#include "diagon/search/scorer.h"
#include "diagon/search/similarity.h"
#include "diagon/util/recycled.h"

namespace diagon::search {

// How the documents of a term, or of a phrase, are scored in a segment.
struct TermScoring {
  std::shared_ptr<const NormTable> table;  // null: without scores
  const uint8_t* norms = nullptr;          // null: every document has norm 1
  float weight = 0;                        // boost * idf

  float operator()(DocId doc, float freq) const noexcept {
    return bm25(weight, freq, (*table)[norms == nullptr ? 1 : norms[doc]]);
  }
  float operator()(DocId doc, uint32_t freq) const noexcept {
    return (*this)(doc, static_cast<float>(freq));
  }
  // scores[i] = of docs[i]. REQUIRES: n <= 128, room for 128.
  void score(const DocId* docs, const uint32_t* freqs, uint32_t n, float* scores) const noexcept;
  // Of each block of the term, a bound of the scores.
  std::vector<float> bounds(postings::PostingsCursor& cursor) const;
};

class TermScorer final : public Scorer, public Recycled<TermScorer> {
 public:
  // `make_cursor()` returns the cursor.
  template <typename MakeCursor>
  TermScorer(MakeCursor&& make_cursor, TermScoring scoring)
      : cursor_(make_cursor()), scoring_(std::move(scoring)) {}

  uint64_t cost() const noexcept override { return cursor_.doc_freq(); }
  DocId lower_bound(DocId target) override;
  void match(const Window& window, const uint64_t* mask, uint64_t* out) override;
  uint32_t refine(DocId* docs, uint32_t n) override;
  void add_scores(const Window& window, const uint64_t* docs, double* scores) override;
  double max_score(DocId from, DocId to) override;
  DocId max_score_end(DocId from) override;

  // For those who walk over blocks themselves.
  postings::PostingsCursor& cursor() noexcept { return cursor_; }
  const TermScoring& scoring() const noexcept { return scoring_; }
  // One bound a block; computed at the first call. REQUIRES: with scores.
  std::span<const float> bounds();
  // Documents of a block with a lower frequency than this have a lower score than `score`.
  uint32_t least_freq(uint32_t block, float score) const noexcept;
  // The best score of any document in [from, to).
  float bound(DocId from, DocId to);

 private:
  bool with_scores() const noexcept { return scoring_.table != nullptr; }
  void match_dense(const Window& window, const uint64_t* mask, uint64_t* out);
  void match_sparse(const Window& window, const uint64_t* mask, uint64_t* out);

  postings::PostingsCursor cursor_;
  TermScoring scoring_;
  std::vector<uint32_t> freqs_;  // of the window's documents, where they matched
  std::vector<float> bounds_;
};

// For each block of `lead` a bound of the other term's scores in the range of documents that the
// block is in; `bounds`: of the other's blocks.
std::vector<float> bounds_beside(const postings::PostingsCursor& lead,
                                 const postings::PostingsCursor& other,
                                 std::span<const float> bounds);

// The index of the first of `count` ascending documents that is >= target; count if none.
uint32_t find_doc(const DocId* docs, uint32_t count, DocId target) noexcept;

// Keeps those of `n` ascending documents (at most 128) that the term has. Of each, its number in
// the input goes to `kept`, and, if it is not null, its frequency to `freqs`; both have room for
// 128 and 16 more. Returns how many.
uint32_t intersect(postings::PostingsCursor& cursor, DocId* docs, uint32_t n, uint16_t* kept,
                   uint32_t* freqs);
// How many of them the term has.
uint32_t count_common(postings::PostingsCursor& cursor, const DocId* docs, uint32_t n);

}  // namespace diagon::search
