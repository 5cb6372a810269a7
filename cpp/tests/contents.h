// What an index holds, for tests that look for lost documents.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "diagon/directory/folder.h"
#include "diagon/index/manifest.h"
#include "diagon/index/snapshot.h"
#include "tests/documents.h"

namespace diagon::testing {

using Contents = std::map<std::string, std::string>;  // id -> source

// A document that all queries for "all" find.
inline Doc plain_doc(const std::string& id, const std::string& source) {
  Doc doc;
  doc.id = id;
  doc.source = source;
  doc.text(kBody, {"all", source});
  doc.keyword(kTag, source);
  doc.numbers[kYear] = {source.size()};
  return doc;
}

// All live documents. Throws kInternal where one is there twice, or is not found by its `_id`, or
// the counts are of another number of documents.
inline Contents contents(const index::Snapshot& snapshot) {
  const auto require = [](bool fact, const std::string& otherwise) {
    if (!fact) throw Error(ErrorCode::kInternal, otherwise);
  };
  Contents out;
  for (size_t s = 0; s < snapshot.size(); ++s) {
    const index::LiveSegment& segment = snapshot.segment(s);
    DocId live = 0;
    for (DocId d = 0; d < segment.reader->max_doc(); ++d) {
      if (!segment.is_live(d)) continue;
      ++live;
      const std::string id(segment.reader->doc_id(d));
      require(out.emplace(id, source_of(*segment.reader, d)).second, id + " is there twice");
      require(snapshot.find_id(id) == std::pair(s, d), id + " is found elsewhere");
    }
    require(live == segment.live_count, "a segment's live documents are not as many as it says");
  }
  require(snapshot.live_count() == out.size(), "the snapshot has not as many as it says");
  return out;
}

inline std::set<std::string> files_in(const std::string& folder) {
  const auto names = directory::list(folder);
  return {names.begin(), names.end()};
}

// The names that the folder needs for its commit, and the lock's.
inline std::set<std::string> files_of_commit(const std::string& folder) {
  std::set<std::string> names = {index::kManifestName, index::kLockName};
  const auto put = [&](const std::string& path) {
    names.insert(std::filesystem::path(path).filename().string());
  };
  for (const index::ManifestSegment& s : index::read_manifest(folder).segments) {
    for (const char* extension : index::kSegmentExtensions)
      put(index::segment_file(folder, s.number, extension));
    if (s.live_generation != 0) put(index::live_file(folder, s.number, s.live_generation));
  }
  return names;
}

// Merges as soon as there are four segments, whatever their size.
inline index::WriterMergeOptions eager_merges() {
  index::WriterMergeOptions merges;
  merges.policy = {.segments_per_tier = 2, .floor_segment_bytes = 1};
  merges.retry_ms = 0;
  return merges;
}

}  // namespace diagon::testing
