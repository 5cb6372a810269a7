// Verifies a whole index, and drops what is damaged of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diagon/index/manifest.h"
#include "diagon/index/segment_check.h"
#include "diagon/util/error.h"

namespace diagon::index {

// What was found about one segment of the commit.
struct SegmentReport {
  ManifestSegment entry;
  SegmentCounts counts;
  std::string damage;  // what is wrong, with the file; empty: nothing
  // Live documents whose `_id` another live document has, too, which stands later. Ascending.
  std::vector<DocId> duplicates;
  bool sound() const noexcept { return damage.empty() && duplicates.empty(); }
};

struct IndexReport {
  Manifest manifest;
  std::vector<SegmentReport> segments;  // as in the manifest
  bool sound() const noexcept;
};

// Reads all of the latest commit, also while a writer is at work: checksums, structures, live
// documents, and whether each `_id` is that of one live document only. Damage of a segment is in
// the report. Throws kNotFound (no index), kCorrupt (the manifest itself), kIo, kUnsupportedFormat.
IndexReport check_index(const std::string& folder);

struct RepairReport {
  IndexReport found;
  uint64_t lost_docs = 0;  // live documents that are gone, duplicates not counted
  // The folder that keeps what was dropped, in the index's own; empty: nothing was damaged, and
  // nothing was done.
  std::string aside;
};

// Drops damaged segments, and all but the last of live documents with the same `_id`, by a new
// commit. Nothing is destroyed: the files of dropped segments, and the manifest that named them,
// stay in a folder beside. A crash leaves the index as it was or repaired. Throws what check_index
// throws, and kLocked while a writer is open.
//
// A segment whose file of live documents is damaged is dropped as a whole: which of its documents
// were deleted or replaced can't be told, and to bring all of them back would give wrong answers.
RepairReport repair_index(const std::string& folder);

}  // namespace diagon::index
