// Whether the structures of a segment agree with each other: what checksums can't tell.
#pragma once

#include <cstdint>
#include <string>

#include "diagon/index/segment_reader.h"

namespace diagon::index {

// What a check has read.
struct SegmentCounts {
  uint64_t bytes = 0;  // of the files' payloads
  uint64_t terms = 0;
  uint64_t postings = 0;  // pairs of a term and a document
  uint64_t positions = 0;
  uint64_t values = 0;  // of columns
  uint64_t stored_bytes = 0;
};

// Reads all of the segment: the checksum of each block of each file, then every term, posting,
// position, norm, value and stored document, and compares those that say the same twice. Throws
// kCorrupt, with the file, at the first thing that is wrong. `folder` is for messages. Thread-safe.
SegmentCounts check_segment(const std::string& folder, const SegmentReader& segment);

}  // namespace diagon::index
