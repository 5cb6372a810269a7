#include "diagon/index/merge_policy.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "diagon/util/error.h"

namespace diagon::index {
namespace {

// Bytes that stay.
uint64_t live_bytes(const SegmentSize& s) {
  return static_cast<uint64_t>(static_cast<double>(s.bytes) * s.live_docs / s.max_doc);
}

uint64_t deleted_docs(const SegmentSize& s) { return s.max_doc - s.live_docs; }

bool has_more_deleted_than(const SegmentSize& s, uint32_t percent) {
  return deleted_docs(s) * 100 > uint64_t{percent} * s.max_doc;
}

// The largest first; of equal ones, the earlier.
MergeChoice by_size(std::span<const SegmentSize> segments, MergeChoice choice) {
  std::stable_sort(choice.begin(), choice.end(), [&](size_t a, size_t b) {
    return live_bytes(segments[a]) > live_bytes(segments[b]);
  });
  return choice;
}

MergeChoice all_of(std::span<const SegmentSize> segments) {
  MergeChoice all(segments.size());
  std::iota(all.begin(), all.end(), size_t{0});
  return all;
}

class Tiers {
 public:
  Tiers(std::span<const SegmentSize> segments, const MergePolicy& policy)
      : segments_(segments), policy_(policy) {
    uint64_t docs = 0;
    for (const SegmentSize& s : segments) {
      docs += s.max_doc;
      if (!s.busy) deleted_ += deleted_docs(s);
    }
    allowed_deleted_ = docs * policy.max_deleted_percent / 100;
    leave_out_large();
    allowed_ = allowed_segments();
    std::erase_if(eligible_, [&](size_t i) { return segments_[i].busy; });
  }

  std::vector<MergeChoice> find() {
    std::vector<MergeChoice> merges;
    while (eligible_.size() > allowed_ || deleted_ > allowed_deleted_) {
      MergeChoice best = find_best();
      if (best.empty()) break;
      for (const size_t i : best) {
        deleted_ -= deleted_docs(segments_[i]);
        std::erase(eligible_, i);
      }
      std::sort(best.begin(), best.end());
      merges.push_back(std::move(best));
    }
    return merges;
  }

 private:
  // Segments of over half the largest size stay as they are, unless too much of them is deleted.
  void leave_out_large() {
    for (const size_t i : by_size(segments_, all_of(segments_))) {
      const SegmentSize& s = segments_[i];
      const bool worth_it =
          deleted_ > allowed_deleted_ && has_more_deleted_than(s, policy_.max_deleted_percent);
      if (live_bytes(s) <= policy_.max_merged_bytes / 2 || worth_it) eligible_.push_back(i);
    }
  }

  // As many of each size as a tier may have, from the smallest on.
  size_t allowed_segments() const {
    double left = 0;
    uint64_t least = policy_.max_merged_bytes;
    for (const size_t i : eligible_) {
      left += static_cast<double>(live_bytes(segments_[i]));
      least = std::min(least, live_bytes(segments_[i]));
    }
    const auto most = static_cast<double>(policy_.max_merged_bytes);
    auto level = static_cast<double>(std::max(least, policy_.floor_segment_bytes));
    const double tier = policy_.segments_per_tier;
    double allowed = 0;
    while (left / level >= tier && level < most) {
      allowed += tier;
      left -= tier * level;
      level = std::min(most, level * tier);
    }
    allowed += std::ceil(left / level);
    return static_cast<size_t>(std::max(allowed, tier));
  }

  MergeChoice find_best() const {
    const bool only_deletes = eligible_.size() <= allowed_;
    MergeChoice best;
    double best_score = 0;
    for (size_t start = 0; start < eligible_.size(); ++start) {
      bool hit_limit = false;
      const MergeChoice candidate = collect(start, hit_limit);
      if (!is_worth_it(candidate, only_deletes)) continue;
      const double s = score(candidate, hit_limit);
      if (best.empty() || s < best_score) {
        best = candidate;
        best_score = s;
      }
    }
    return best;
  }

  // Segments from `start` on, as many as one merge may have, and as large.
  MergeChoice collect(size_t start, bool& hit_limit) const {
    MergeChoice candidate;
    uint64_t bytes = 0;
    uint64_t docs = 0;
    for (size_t at = start; at < eligible_.size(); ++at) {
      if (candidate.size() == policy_.segments_per_tier) break;
      const SegmentSize& s = segments_[eligible_[at]];
      const bool too_large = bytes + live_bytes(s) > policy_.max_merged_bytes;
      if (docs + s.max_doc >= kNoMoreDocs || (too_large && !candidate.empty())) {
        hit_limit = true;
        continue;
      }
      candidate.push_back(eligible_[at]);
      bytes += live_bytes(s);
      docs += s.max_doc;
    }
    return candidate;
  }

  bool is_worth_it(const MergeChoice& candidate, bool only_deletes) const {
    if (candidate.empty()) return false;
    // Alone, a segment is written again only to lose deleted documents.
    if (candidate.size() == 1)
      return has_more_deleted_than(segments_[candidate[0]], policy_.max_deleted_percent);
    return !only_deletes || std::any_of(candidate.begin(), candidate.end(),
                                        [&](size_t i) { return deleted_docs(segments_[i]) != 0; });
  }

  // Less is better: even sizes, then small ones, then many deleted documents.
  double score(const MergeChoice& candidate, bool hit_limit) const {
    double before = 0;
    double after = 0;
    double floored = 0;
    double largest = 0;
    for (const size_t i : candidate) {
      const auto size = static_cast<double>(live_bytes(segments_[i]));
      const double at_least = std::max(size, static_cast<double>(policy_.floor_segment_bytes));
      before += static_cast<double>(segments_[i].bytes);
      after += size;
      floored += at_least;
      largest = std::max(largest, at_least);
    }
    // One that is as large as can be is as good as one of even sizes.
    const double skew = hit_limit ? 1.0 / policy_.segments_per_tier : largest / floored;
    const double kept = before == 0 ? 1 : after / before;
    return skew * std::pow(after + 1, 0.05) * kept * kept;
  }

  std::span<const SegmentSize> segments_;
  const MergePolicy& policy_;
  MergeChoice eligible_;  // the largest first
  uint64_t deleted_ = 0;
  uint64_t allowed_deleted_ = 0;
  size_t allowed_ = 0;
};

}  // namespace

void MergePolicy::check() const {
  if (segments_per_tier < 2 || segments_per_tier > 1000)
    throw_invalid("the segments of a tier must be 2 to 1,000");
  if (floor_segment_bytes == 0 || max_merged_bytes < floor_segment_bytes)
    throw_invalid("the largest merged segment must not be below the smallest size, nor that be 0");
  if (max_deleted_percent < 5 || max_deleted_percent > 100)
    throw_invalid("the deleted documents that are allowed must be 5 to 100 percent");
}

std::vector<MergeChoice> find_merges(std::span<const SegmentSize> segments,
                                     const MergePolicy& policy) {
  return Tiers(segments, policy).find();
}

MergeChoice find_forced_merge(std::span<const SegmentSize> segments, size_t max_segments) {
  if (segments.size() <= max_segments) return {};
  MergeChoice smallest = by_size(segments, all_of(segments));
  smallest.erase(smallest.begin(), smallest.begin() + static_cast<ptrdiff_t>(max_segments - 1));
  std::sort(smallest.begin(), smallest.end());
  return smallest;
}

std::vector<MergeChoice> find_expunging_merges(std::span<const SegmentSize> segments,
                                               uint32_t percent, const MergePolicy& policy) {
  std::vector<MergeChoice> merges;
  uint64_t bytes = 0;
  uint64_t docs = 0;
  for (const size_t i : by_size(segments, all_of(segments))) {
    const SegmentSize& s = segments[i];
    if (s.busy || !has_more_deleted_than(s, percent)) continue;
    const bool full = merges.empty() || merges.back().size() == policy.segments_per_tier ||
                      bytes + live_bytes(s) > policy.max_merged_bytes ||
                      docs + s.max_doc >= kNoMoreDocs;
    if (full) {
      merges.emplace_back();
      bytes = docs = 0;
    }
    merges.back().push_back(i);
    bytes += live_bytes(s);
    docs += s.max_doc;
  }
  for (MergeChoice& merge : merges) std::sort(merge.begin(), merge.end());
  return merges;
}

}  // namespace diagon::index
