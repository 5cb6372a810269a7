// Evaluates a query over one segment, a window of documents at a time.
//
// A window is up to 4,096 neighbouring documents. A scorer is asked which documents of a window
// match (as bits), and then, if anybody wants to know, for the scores of some of those. So there is
// one virtual call a window, not one a document, and boolean logic is logic on words. (Lucene's
// DenseConjunctionBulkScorer and BooleanScorer work on windows of the same size.)
#pragma once

#include <cstdint>
#include <memory>

#include "diagon/util/bits.h"
#include "diagon/util/types.h"

namespace diagon::search {

inline constexpr uint32_t kWindowDocs = 4096;
inline constexpr uint32_t kWindowWords = kWindowDocs / 64;

// Documents [base, base + size); bit i of a window's words is document base + i. `base` is a
// multiple of 64.
struct Window {
  DocId base = 0;
  uint32_t size = 0;

  uint32_t words() const noexcept { return static_cast<uint32_t>(bits::words_for(size)); }
  DocId end() const noexcept { return base + size; }
};

// Used by one thread. Windows may come in any order.
class Scorer {
 public:
  virtual ~Scorer() = default;
  Scorer(const Scorer&) = delete;
  Scorer& operator=(const Scorer&) = delete;

  // Documents that match, at most; by it conjunctions are ordered.
  virtual uint64_t cost() const noexcept = 0;

  // No document in [target, returned) matches; kNoMoreDocs if none does from target on. Takes time
  // for a block of postings or values, not for the documents in between.
  virtual DocId lower_bound(DocId target) = 0;

  // out = those documents of `mask` that match. `out` may be `mask`. Both have window.words()
  // words; bits past the window's size are 0.
  virtual void match(const Window& window, const uint64_t* mask, uint64_t* out) = 0;

  // Keeps those of `n` ascending documents that match, in order; returns how many. For few
  // documents far from each other, where match() would look at whole windows.
  virtual uint32_t refine(DocId* docs, uint32_t n);

  // scores[i] += the score of document i, for each bit i of `docs`, which all matched in the latest
  // match(). REQUIRES: built with scores; the window is that of the latest match().
  virtual void add_scores(const Window& window, const uint64_t* docs, double* scores) = 0;

  // No document in [from, to) has a higher score. REQUIRES: from < to.
  virtual double max_score(DocId from, DocId to) = 0;
  // Where, after `from`, max_score could change: asking for ranges up to there loses least. > from.
  virtual DocId max_score_end(DocId from) = 0;

 protected:
  Scorer() = default;
};

using ScorerPtr = std::unique_ptr<Scorer>;

}  // namespace diagon::search
