// The best hits found so far.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "diagon/util/types.h"

namespace diagon::search {

struct Hit {
  uint32_t segment = 0;
  DocId doc = 0;
  float score = 0;
};

// Better hits first: higher scores, then earlier segments, then earlier documents.
inline bool better(const Hit& a, const Hit& b) noexcept {
  if (a.score != b.score) return a.score > b.score;
  if (a.segment != b.segment) return a.segment < b.segment;
  return a.doc < b.doc;
}

// A heap of the k best hits, the worst of them in front. Hits may come in any order.
class TopHits {
 public:
  explicit TopHits(uint32_t k) : k_(k) {}

  void add(const Hit& hit) {
    const Entry entry{key(hit.score, hit.segment), hit.doc};
    if (entries_.size() < k_) {
      entries_.push_back(entry);
      std::push_heap(entries_.begin(), entries_.end(), Before());
    } else if (k_ > 0 && Before()(entry, entries_.front())) {
      std::pop_heap(entries_.begin(), entries_.end(), Before());
      entries_.back() = entry;
      std::push_heap(entries_.begin(), entries_.end(), Before());
    } else {
      return;
    }
    if (full()) bar_ = score(entries_.front().key);
  }
  // Hits below this score can't get in any more.
  float bar() const noexcept { return bar_; }
  // Whether a hit with at most this score, at this document or a later one, could still get in.
  bool admits(float bound, uint32_t segment, DocId from) const noexcept {
    // A bound that is no number says nothing.
    return !full() || std::isnan(bound) ||
           (k_ > 0 && Before()({key(bound, segment), from}, entries_.front()));
  }
  bool full() const noexcept { return entries_.size() == k_; }
  size_t wanted() const noexcept { return k_; }

  std::vector<Hit> sorted() && {
    std::sort(entries_.begin(), entries_.end(), Before());
    std::vector<Hit> hits;
    for (const Entry& entry : entries_)
      hits.push_back({~static_cast<uint32_t>(entry.key), entry.doc, score(entry.key)});
    return hits;
  }

 private:
  // Score and segment in one number, higher for better hits, so that comparisons are cheap.
  struct Entry {
    uint64_t key;
    DocId doc;
  };
  struct Before {
    bool operator()(const Entry& a, const Entry& b) const noexcept {
      return a.key != b.key ? a.key > b.key : a.doc < b.doc;
    }
  };
  static constexpr uint32_t kSign = 0x80000000;
  static uint64_t key(float score, uint32_t segment) noexcept {
    const auto bits = std::bit_cast<uint32_t>(score + 0.0f);  // -0 is 0
    const uint32_t ordered = (bits & kSign) != 0 ? ~bits : bits | kSign;
    return uint64_t{ordered} << 32 | static_cast<uint32_t>(~segment);
  }
  static float score(uint64_t key) noexcept {
    const auto ordered = static_cast<uint32_t>(key >> 32);
    return std::bit_cast<float>((ordered & kSign) != 0 ? ordered & ~kSign : ~ordered);
  }

  size_t k_;
  std::vector<Entry> entries_;
  float bar_ = -std::numeric_limits<float>::infinity();
};

}  // namespace diagon::search
