// The best hits, and how many there are, of native clauses with functions as filters beside them:
// a conjunction, which needs no three-valued logic. Candidates go out in batches; what comes back
// is which of them all functions let pass. Only those are scored, and of them only those in ranges
// whose bound can still make one of the best hits.
//
//   for each segment: enter()
//     n = next({}, ...)
//     while there are documents or more to come: the caller evaluates them; n = next(passed, ...)
//
// (hit_stream.h does the same for trees of any shape, and is what this is compared with.)
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "diagon/search/conjunction_candidates.h"
#include "diagon/search/conjunction_scores.h"
#include "diagon/search/hit_stream.h"
#include "diagon/search/top_hits.h"

namespace diagon::search {

// Used by one thread.
class FilteredSearch {
 public:
  // How many functions a query has that is one function, or clauses that must or must not match,
  // functions among them. 0 of queries that don't fit.
  static uint32_t functions(const PreparedQuery& prepared) noexcept;

  // `count_up_to`: hits are counted exactly up to there. Throws kInvalidArgument if it doesn't fit.
  FilteredSearch(std::shared_ptr<const PreparedQuery> prepared, uint32_t k, uint64_t count_up_to,
                 Interrupt interrupt);

  // Goes on with a segment. Throws kCorrupt; kCancelled, kTimeout.
  void enter(uint32_t segment);
  // `passed`: one byte for each document of the latest batch, 0 if a function dropped it. Then
  // collects the next batch: at least `wanted` documents, if there are so many, and at most
  // kBatchCapacity. Throws kInvalidArgument if `passed` has another length than the latest batch,
  // `docs` is shorter than kBatchCapacity, or a hit has no score; kCorrupt.
  uint32_t next(std::span<const uint8_t> passed, uint32_t wanted, std::span<DocId> docs,
                StreamState& state);

  // Those of all segments so far, best first; afterwards there is nothing left.
  std::vector<Hit> take_hits() { return std::move(top_).sorted(); }
  uint64_t count() const noexcept { return count_; }
  // Candidates handed out, and blocks or windows they came from.
  uint64_t candidates() const noexcept { return candidates_; }
  uint64_t looked_at() const noexcept { return looked_at_; }

 private:
  void accept(std::span<const uint8_t> passed);
  // Scores those of the ascending documents that can be among the best.
  void rank(std::span<const DocId> docs);
  void rank_pending();
  // Nothing that could still come would change the result.
  bool may_skip() const noexcept { return count_ > count_up_to_ && top_.full(); }
  // Leaves out ranges that can't have one of the best hits. False at the segment's end.
  bool skip_low();

  std::shared_ptr<const PreparedQuery> prepared_;
  uint64_t count_up_to_;
  Interrupt interrupt_;
  TopHits top_;
  uint64_t count_ = 0, candidates_ = 0, looked_at_ = 0;
  // Of the segment.
  uint32_t segment_ = 0;
  std::optional<ConjunctionCandidates> source_;
  std::optional<ConjunctionScores> scores_;
  // The batch.
  std::vector<DocId> docs_;
  uint32_t size_ = 0;
  // Documents that wait to be scored.
  uint32_t pending_ = 0;
  DocId pending_docs_[kernels::kBatch + 16];
};

}  // namespace diagon::search
