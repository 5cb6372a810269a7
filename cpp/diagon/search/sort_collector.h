// The best hits in an order of sort keys.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "diagon/index/snapshot.h"
#include "diagon/search/competitive.h"
#include "diagon/search/sort.h"
#include "diagon/search/sort_segment.h"

namespace diagon::search {

struct SortOptions {
  uint32_t k = 10;                    // hits wanted
  uint64_t count_up_to = UINT64_MAX;  // hits are counted exactly up to this number
  float min_score = 0;                // hits with lower scores are none; looked at if has_min_score
  bool has_min_score = false;
  bool track_scores = false;  // the highest score is wanted: nothing is skipped
  bool with_scores = false;   // hits keep their scores
};

// Collects the k best hits that come after a given one; among equals those of earlier segments and
// documents, which must come first. Used by one thread; keeps the snapshot alive.
class SortCollector final : public Competitive {
 public:
  // Throws kInvalidArgument without keys, or if `after` has another number of values; empty: from
  // the first hit on.
  SortCollector(std::shared_ptr<const index::Snapshot> snapshot, std::vector<SortKey> keys,
                std::vector<SortValue> after, const SortOptions& options);

  // Whether hits must come with scores.
  bool needs_scores() const noexcept { return needs_scores_; }

  size_t key_count() const noexcept { return keys_.size(); }

  // Goes on with another segment, a later one. Throws kInvalidArgument, kCorrupt.
  void enter(uint32_t segment);
  // The values of a key that is_given, for the documents that are collected next. Throws
  // kInvalidArgument.
  void give(size_t key, const GivenValues& values);
  // Documents of the segment that match, ascending. `scores`: as many, if needs_scores(). Throws
  // kCorrupt; kInvalidArgument if the numbers differ.
  void collect(std::span<const DocId> docs, std::span<const float> scores);

  // Only what can still be among the best, once enough hits are counted.
  DocId lower_bound(DocId target) override;
  void narrow(const Window& window, uint64_t* words) override;
  // Whether a score up to `bound` could be one of the best; true if the score isn't the first key.
  bool admits_score(float bound) const noexcept;
  // Sets `bar` to a score that a hit must be above of, if there is one.
  bool score_bar(float& bar) const noexcept;

  // Hits so far: exact up to `count_up_to`, else a lower bound.
  uint64_t count() const noexcept { return count_; }
  float max_score() const noexcept { return max_score_; }

  // Sorts the hits, best first; nothing can be collected any more. Returns how many.
  uint32_t finish();
  uint32_t segment(uint32_t hit) const noexcept { return entry(hit).segment; }
  DocId doc(uint32_t hit) const noexcept { return entry(hit).doc; }
  float score(uint32_t hit) const noexcept { return entry(hit).score; }
  SortValue value(uint32_t hit, size_t key) const;

 private:
  struct Entry {
    uint32_t segment = 0;
    DocId doc = 0;
    float score = 0;
  };
  // A hit's place in the order, as the current segment has it.
  struct Mark {
    std::vector<int64_t> codes;
    std::vector<std::string> strings;  // by key; of keys that are strings
  };
  const Entry& entry(uint32_t hit) const noexcept { return entries_[heap_[hit]]; }
  bool may_skip() const noexcept;
  // The codes of the first key that can still matter.
  std::pair<int64_t, int64_t> wanted() const noexcept;
  // < 0: the document is better than the mark. `first`: its first code.
  int compare(DocId doc, float score, int64_t first, const Mark& mark);
  bool better(uint32_t a, uint32_t b) const;
  void insert(DocId doc, float score);
  void set_bar();
  int64_t code(size_t key, DocId doc, float score);

  std::shared_ptr<const index::Snapshot> snapshot_;
  std::vector<SortKey> keys_;
  std::vector<SortValue> after_values_;
  SortOptions options_;
  bool needs_scores_;
  uint32_t segment_ = 0;
  std::vector<SegmentKey> segment_keys_;
  Mark after_, bar_;
  uint64_t count_ = 0;
  float max_score_ = 0;
  std::vector<Entry> entries_;
  std::vector<int64_t> codes_;        // of entries, by key, in the entry's segment
  std::vector<std::string> strings_;  // of entries, by key
  std::vector<uint32_t> heap_;        // the worst in front
  std::vector<int64_t> first_codes_;  // of the documents that are collected
};

}  // namespace diagon::search
