// The best hits found so far.
#pragma once

#include <algorithm>
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

struct Better {
  bool operator()(const Hit& a, const Hit& b) const noexcept { return better(a, b); }
};

// A heap of the k best hits, the worst of them in front. Hits may come in any order.
class TopHits {
 public:
  explicit TopHits(uint32_t k) : k_(k) {}

  void add(const Hit& hit) {
    if (hits_.size() < k_) {
      hits_.push_back(hit);
      std::push_heap(hits_.begin(), hits_.end(), Better());
    } else if (k_ > 0 && better(hit, hits_.front())) {
      std::pop_heap(hits_.begin(), hits_.end(), Better());
      hits_.back() = hit;
      std::push_heap(hits_.begin(), hits_.end(), Better());
    }
  }
  // Hits below this score can't get in any more.
  float bar() const noexcept {
    return full() ? hits_.front().score : -std::numeric_limits<float>::infinity();
  }
  // Whether a hit with at most this score, at this document or a later one, could still get in.
  bool admits(float bound, uint32_t segment, DocId from) const noexcept {
    return !full() || (k_ > 0 && better({segment, from, bound}, hits_.front()));
  }
  bool full() const noexcept { return hits_.size() == k_; }

  std::vector<Hit> sorted() && {
    std::sort(hits_.begin(), hits_.end(), Better());
    return std::move(hits_);
  }

 private:
  size_t k_;
  std::vector<Hit> hits_;
};

}  // namespace diagon::search
