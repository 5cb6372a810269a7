// Queries of a common, flat shape - a term, several terms of which any or all must match, a phrase,
// each of the latter also with filters - answered by blocks of postings in place of windows.
//
// *The best hits*: every block has a bound of the scores in it, from its impacts. Of a single term,
// they are looked at best bound first, and the search ends at the first one whose bound can't beat
// the k-th best score. Where blocks of several terms belong together, a few of the most promising
// ones come first, so that the k-th best score rises fast; then the others follow in their order,
// so that no block is decoded twice, but for those whose bounds can't beat it. (Lucene's and PISA's
// block-max algorithms - Ding and Suel, "Faster top-k document retrieval using block-max indexes",
// 2011; Mallia et al., 2017 - go through documents in order and skip.) In a union the terms drive
// one after another, the one with the highest bound first, until those that are left can't make a
// hit any more (MaxScore; Turtle and Flood, 1995); what can still be a hit is looked up in the
// terms that have not driven yet, by intersection of sorted arrays.
//
// *The count* is found from documents alone: apart from the best hits for a union, without reading
// anything where the dictionary knows it, and else on the way, scoring only in blocks that can
// still have one of the best.
//
// Sums of scores are exact here in any order, which `sums_are_exact` makes sure of, so that these
// give to the bit what the scorers by windows give.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "diagon/index/snapshot.h"
#include "diagon/kernels/kernels.h"
#include "diagon/search/candidates.h"
#include "diagon/search/phrase_scorer.h"
#include "diagon/search/term_scorer.h"
#include "diagon/search/top_hits.h"
#include "diagon/search/weight.h"
#include "diagon/util/interrupt.h"
#include "diagon/util/recycled.h"

namespace diagon::search {

// A block of a term, with a bound of what is in it.
struct BlockBound {
  float bound;
  uint32_t block;
  DocId first;  // no document of the block is before it
};

// One segment's part of a search.
class BlockSearch {
 public:
  virtual ~BlockSearch() = default;
  BlockSearch(const BlockSearch&) = delete;
  BlockSearch& operator=(const BlockSearch&) = delete;

  // Puts the best hits into `top`, and adds the number of hits to `count`: where that is above
  // `enough`, it may become any number above it, up to the true one. Stops early if `interrupt`
  // says so.
  virtual Stop search(TopHits& top, uint64_t enough, uint64_t& count,
                      const Interrupt& interrupt) = 0;
  // Blocks that were looked at.
  uint64_t looked_at() const noexcept { return looked_at_; }

 protected:
  BlockSearch(const index::LiveSegment& segment, uint32_t number)
      : segment_(segment), number_(number) {}
  bool live(DocId doc) const noexcept {
    return segment_.live == nullptr || bits::test(segment_.live->data(), doc);
  }
  uint32_t keep_live(DocId* docs, uint32_t n) const noexcept;
  // Polls now and then.
  Stop poll(const Interrupt& interrupt) noexcept {
    const Stop stop = looked_at_ % 16 == 0 ? interrupt.poll() : Stop::kNo;
    looked_at_ += stop == Stop::kNo ? 1 : 0;
    return stop;
  }

  // Calls `visit(block, true)` for those that can have one of the best hits, and `visit(block,
  // false)`, for as long as `counting()` says so, for the others. `one_term`: no block of another
  // term belongs to these, so that they can be taken in any order.
  template <typename Visit, typename Counting>
  Stop walk(std::vector<BlockBound>& blocks, bool one_term, const TopHits& top,
            const Interrupt& interrupt, Counting&& counting, Visit&& visit) {
    return one_term && top.wanted() != 0 ? walk_best_first(blocks, top, interrupt, counting, visit)
                                         : walk_in_order(blocks, top, interrupt, counting, visit);
  }

  // Blocks that are looked at before the others.
  static constexpr uint32_t kSeeds = 4;

  const index::LiveSegment& segment_;
  uint32_t number_;

 private:
  static bool later(const BlockBound& a, const BlockBound& b) noexcept {
    return a.bound != b.bound ? a.bound < b.bound : a.block > b.block;
  }
  bool admits(const BlockBound& block, const TopHits& top) const noexcept {
    return top.wanted() != 0 && top.admits(block.bound, number_, block.first);
  }

  template <typename Visit, typename Counting>
  Stop walk_best_first(std::vector<BlockBound>& blocks, const TopHits& top,
                       const Interrupt& interrupt, Counting& counting, Visit& visit) {
    // A heap, not sorted, since most are never asked for.
    std::ranges::make_heap(blocks, later);
    while (!blocks.empty() && admits(blocks.front(), top)) {
      if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
      std::ranges::pop_heap(blocks, later);
      visit(blocks.back().block, true);
      blocks.pop_back();
    }
    if (!counting()) return Stop::kNo;
    std::ranges::sort(blocks, {}, &BlockBound::block);
    for (const BlockBound& next : blocks) {
      if (!counting()) break;
      if (const Stop stop = poll(interrupt); stop != Stop::kNo) return stop;
      visit(next.block, false);
    }
    return Stop::kNo;
  }

  // The most promising ones come first, so that the bar rises; the others in their order, so that
  // blocks of other terms, which reach over several of these, are decoded once.
  template <typename Visit, typename Counting>
  Stop walk_in_order(std::vector<BlockBound>& blocks, const TopHits& top,
                     const Interrupt& interrupt, Counting& counting, Visit& visit) {
    const auto look = [&](const BlockBound& next) {
      const bool admitted = admits(next, top);
      if (!admitted && !counting()) return Stop::kNo;
      const Stop stop = poll(interrupt);
      if (stop == Stop::kNo) visit(next.block, admitted);
      return stop;
    };
    if (top.wanted() != 0 && !top.full() && blocks.size() >= kSeeds * kSeeds) {
      const auto rest = blocks.begin() + kSeeds;
      std::ranges::partial_sort(
          blocks, rest, [](const BlockBound& a, const BlockBound& b) { return later(b, a); });
      for (auto seed = blocks.begin(); seed != rest; ++seed)
        if (const Stop stop = look(*seed); stop != Stop::kNo) return stop;
      blocks.erase(blocks.begin(), rest);
      std::ranges::sort(blocks, {}, &BlockBound::block);
    }
    for (const BlockBound& next : blocks)
      if (const Stop stop = look(next); stop != Stop::kNo) return stop;
    return Stop::kNo;
  }

  uint64_t looked_at_ = 0;
};

// Documents with any of the terms; the score is the sum.
class UnionSearch final : public BlockSearch, public Recycled<UnionSearch, 1> {
 public:
  UnionSearch(const index::LiveSegment& segment, uint32_t number,
              std::vector<std::unique_ptr<TermScorer>> terms);
  Stop search(TopHits& top, uint64_t enough, uint64_t& count, const Interrupt& interrupt) override;

 private:
  Stop best(TopHits& top, const Interrupt& interrupt);
  Stop count(uint64_t enough, uint64_t& count, const Interrupt& interrupt);
  Stop count_in_both(postings::PostingsCursor& rare, postings::PostingsCursor& frequent,
                     const Interrupt& interrupt, uint64_t& common);
  // The documents of the term at `driver` in the order that no term behind it has.
  Stop drive(size_t driver, TopHits& top, const Interrupt& interrupt);
  // Looks the candidates up in the terms before the driver, highest bound first, while they can
  // still get in.
  void finish(size_t driver, TopHits& top);

  std::vector<std::unique_ptr<TermScorer>> terms_;  // most frequent first
  std::vector<size_t> order_;                       // of terms_, by their greatest bound
  std::vector<double> rest_;  // [i]: sum of the greatest bounds of the first i in that order
  Candidates candidates_;
  uint64_t bounds_looked_at_ = 0;
};

// Documents with all of the terms and in all of the filters; the score is the sum over the scored
// terms.
class AllSearch final : public BlockSearch, public Recycled<AllSearch, 1> {
 public:
  struct Term {
    std::unique_ptr<TermScorer> scorer;
    bool scored;
    std::vector<uint32_t> freqs = {};  // of the matches, if they are scored
  };
  // REQUIRES: one term or more.
  AllSearch(const index::LiveSegment& segment, uint32_t number, std::vector<Term> terms,
            std::vector<ScorerPtr> filters);
  Stop search(TopHits& top, uint64_t enough, uint64_t& count, const Interrupt& interrupt) override;

 private:
  // What matches waits here to be scored, many at a time.
  static constexpr uint32_t kMatches = 2 * kernels::kBatch;

  // `others`: a bound of the other terms' scores in the lead's block.
  // Puts the block's documents that all terms have, and, while hits are counted, all filters, to
  // the matches, if it is admitted; returns how many hits there are, if they are counted.
  uint32_t match_first(uint32_t block, bool admitted, double others, TopHits& top);
  void score_matches(TopHits& top);
  // Puts those of the block that can still get in to the candidates.
  void score_first(uint32_t block, double others, TopHits& top);
  // Looks the candidates up in the other terms, while they can still get in, and then in the
  // filters.
  void finish(TopHits& top);
  void keep_filtered(DocId* docs, uint32_t& n);

  std::vector<Term> terms_;         // rarest first
  std::vector<ScorerPtr> filters_;  // by cost
  std::vector<double> rest_;        // [t]: sum of the greatest bounds of terms behind t
  bool counting_ = false;
  uint32_t matches_ = 0;
  DocId docs_[kMatches];
  Candidates candidates_;
};

// Documents with a phrase.
class PhraseSearch final : public BlockSearch {
 public:
  PhraseSearch(const index::LiveSegment& segment, uint32_t number,
               std::unique_ptr<PhraseScorer> phrase);
  Stop search(TopHits& top, uint64_t enough, uint64_t& count, const Interrupt& interrupt) override;

 private:
  std::unique_ptr<PhraseScorer> phrase_;
};

// Whether scores with these weights sum up exactly in double precision, in any order. A score is a
// multiple of 2^-24 times its weight's power of two, and not above the weight: 25 bits; so that 53
// bits hold sums of up to 256 if the weights are within a factor of 2^20.
bool sums_are_exact(std::span<const float> weights) noexcept;

// The search of a flat query in a segment, or null if it has another shape. Throws kCorrupt,
// kCancelled, kTimeout.
std::unique_ptr<BlockSearch> make_block_search(const PreparedQuery& prepared, uint32_t segment,
                                               const Interrupt& interrupt);

}  // namespace diagon::search
