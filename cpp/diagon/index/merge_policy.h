// Which segments to merge: tiered, as Lucene's TieredMergePolicy.
//
// Segments of about one size are merged together, so that there are at most so many of each size
// and each document is written a logarithmic number of times. A merge is chosen by how even its
// segments' sizes are, how many deleted documents it gets rid of, and how small it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "diagon/util/types.h"

namespace diagon::index {

struct MergePolicy {
  // Segments of about one size, and segments that are merged at once. 2 to 1,000.
  uint32_t segments_per_tier = 10;
  // Smaller segments count as being of this size, so that they are merged soon.
  uint64_t floor_segment_bytes = 16u << 20;
  // No merge makes a larger segment, but for one that was asked for.
  uint64_t max_merged_bytes = uint64_t{5} << 30;
  // With more deleted documents among all, segments are merged to get rid of them. 5 to 100.
  uint32_t max_deleted_percent = 20;

  // Throws kInvalidArgument for values out of their range.
  void check() const;
};

struct SegmentSize {
  uint64_t bytes = 0;
  DocId max_doc = 0;
  DocId live_docs = 0;
  bool busy = false;  // is being merged already
};

// Indices of segments, ascending: a merge.
using MergeChoice = std::vector<size_t>;

// The merges that are due, best first; no segment is in two. REQUIRES: live_docs != 0.
std::vector<MergeChoice> find_merges(std::span<const SegmentSize> segments,
                                     const MergePolicy& policy);

// One merge after which there are `max_segments`, of the smallest segments; empty if there are no
// more than that. REQUIRES: none is busy; max_segments != 0.
MergeChoice find_forced_merge(std::span<const SegmentSize> segments, size_t max_segments);

// Merges that rewrite each segment in which over `percent` of the documents are deleted.
std::vector<MergeChoice> find_expunging_merges(std::span<const SegmentSize> segments,
                                               uint32_t percent, const MergePolicy& policy);

}  // namespace diagon::index
