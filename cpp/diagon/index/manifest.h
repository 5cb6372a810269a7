// The list of an index's segments at one commit: the file that makes a commit true.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diagon/directory/file.h"
#include "diagon/util/types.h"

namespace diagon::index {

inline constexpr const char* kManifestName = "manifest";

struct ManifestSegment {
  uint64_t number = 0;
  directory::SegmentId id{};
  DocId max_doc = 0;
  DocId live_count = 0;
  uint64_t live_generation =
      0;  // 0: no documents are deleted, and there is no file of live documents
};

struct Manifest {
  directory::SegmentId index_id{};
  uint64_t generation = 0;    // rises with each commit
  uint64_t next_segment = 1;  // numbers are never used again
  std::vector<ManifestSegment> segments;
  std::string user_data;  // Rust's: the mapping
};

// Throws kNotFound if the folder is not an index.
Manifest read_manifest(const std::string& folder);
// Writes beside, syncs, renames over the old one, syncs the folder: after it returns the commit
// survives a power cut, and if it throws the old manifest is still in force (or, when the last sync
// failed, either may be after a power cut).
void write_manifest(const std::string& folder, const Manifest& manifest);

}  // namespace diagon::index
