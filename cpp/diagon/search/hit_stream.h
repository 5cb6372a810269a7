// Batches of candidates of one segment, for a caller that decides UDF leaves: the pull protocol.
//
//   while next_batch() says so:
//     for each leaf:
//       needed(leaf) -> documents; the caller evaluates them
//       resolve(leaf, values)
//     accepted() -> documents and scores
//     set_bar(), if the caller wants better ones only
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "diagon/search/competitive.h"
#include "diagon/search/truth_tree.h"
#include "diagon/search/weight.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

enum class StreamState : uint8_t {
  kMore = 0,         // there may be more candidates: the budget is used up, or the batch is full
  kExhausted = 1,    // these are the last
  kInterrupted = 2,  // cancelled, or the deadline passed; the batch is empty
};

// Which leaf a caller may ask about next: all leaves must be asked or be needed by no document
// before accepted().
class HitStream {
 public:
  // Throws kInvalidArgument, kCorrupt; kCancelled and kTimeout if it is interrupted while postings
  // are collected.
  HitStream(std::shared_ptr<const PreparedQuery> prepared, size_t segment, uint32_t leaf_count,
            Interrupt interrupt);

  // Collects candidates until the batch is full or `budget` windows of 4,096 documents (at least 1)
  // were looked at. Returns the number of candidates, at most min(capacity, kBatchCapacity). Throws
  // kCorrupt. `best`: of this segment, if only what can be among the best is wanted.
  uint32_t next_batch(uint32_t budget, uint32_t capacity, StreamState& state,
                      Competitive* best = nullptr);

  // The candidates that `leaf` can still change, ascending, into the front of `docs` (room for
  // kBatchCapacity). With `scores` (same room, or empty) also their scores without this leaf; for a
  // function of a function_score: those of the query that it scores.
  // Returns how many. Throws kInvalidArgument for an unknown leaf.
  uint32_t needed(uint32_t leaf, std::span<uint32_t> docs, std::span<float> scores);
  // The leaf's values (0 or 1) for the documents of the latest needed(leaf), in their order.
  // Throws kInvalidArgument if the number differs.
  void resolve(uint32_t leaf, std::span<const uint8_t> values);

  // The same for a leaf that is a function of a function_score: a value, finite and not negative,
  // and a state for each document. Throws kInvalidArgument, also for a leaf that isn't one.
  void resolve_scores(uint32_t leaf, std::span<const double> values,
                      std::span<const uint8_t> states);

  // The batch's documents that match, ascending, with their scores (0 if prepared without).
  // Throws kInvalidArgument if a leaf is still to be asked, or a hit has no score
  // (function_score.h).
  uint32_t accepted(std::span<uint32_t> docs, std::span<float> scores);

  // From now on, candidates whose score can't be above `bar` may be left out (they lose ties to
  // earlier documents). Bars must not fall.
  void set_bar(float bar) noexcept {
    bar_ = bar;
    has_bar_ = true;
  }

  // Candidates handed out so far, and windows looked at.
  uint64_t candidates() const noexcept { return candidates_; }
  uint64_t windows() const noexcept { return windows_; }

 private:
  // Throws kInvalidArgument unless `leaf` was just asked about, and `count` is the number of its
  // documents.
  void check_answer(uint32_t leaf, size_t count) const;
  bool next_window(Competitive* best);
  void take(uint32_t capacity);
  // Takes out what can't be among the best any more since the window was looked at.
  void narrow_rest(Competitive& best);
  void drop_below_bar();
  // No bar is above what is no number (see function_score.h).
  bool competitive(double bound) const noexcept {
    return !has_bar_ || !(static_cast<float>(bound) <= bar_);
  }

  std::shared_ptr<const PreparedQuery> prepared_;
  size_t segment_number_;
  const index::LiveSegment& segment_;
  TruthTree tree_;
  Interrupt interrupt_;
  DocId max_doc_;
  uint32_t leaf_count_;
  DocId position_ = 0;  // the next document to look at
  bool has_bar_ = false;
  float bar_ = 0;
  uint64_t candidates_ = 0, windows_ = 0;

  // The window whose candidates are handed out.
  Window window_;
  std::vector<uint16_t> numbers_;  // of its candidates
  size_t taken_ = 0;

  // The batch.
  std::vector<DocId> docs_;
  BatchBits dropped_;
  uint32_t asked_leaf_ = UINT32_MAX;
  BatchBits asked_;
  std::vector<UdfState> states_;  // of a function's values
};

}  // namespace diagon::search
