// Which of a folder's segment files are still needed, and the removal of the others.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "diagon/index/manifest.h"
#include "diagon/index/segment_reader.h"

namespace diagon::index {

// A segment's files are needed by: the commit in force, a commit that was tried and may be in force
// though it failed, the writer, and snapshots that it gave out. (Whoever else has them mapped keeps
// them so, wherever removing a file only removes its name.) Used by one thread, the writer's.
class FileRefs {
 public:
  explicit FileRefs(std::string folder) : folder_(std::move(folder)) {}

  // A commit is tried: until another one is in force, what it names stays.
  void trying(const Manifest& manifest);
  // The commit in force; forgets those that were tried.
  void committed(const Manifest& manifest);
  // The writer has no more use for a segment. Its files go once nobody else has, either.
  void retire(const std::shared_ptr<const SegmentReader>& segment);

  // Removes the files of retired segments that nobody needs. Throws kIo after it has removed what
  // it could; it tries the others again the next time.
  void collect();
  // Removes all files of segments that nobody needs, also those that a crash left over. `in_use`:
  // numbers of the writer's segments and of those that are being made. Throws as collect().
  void sweep(const std::set<uint64_t>& in_use);

 private:
  struct Retired {
    uint64_t number;
    std::weak_ptr<const SegmentReader> readers;
  };
  void add(const Manifest& manifest);

  std::string folder_;
  std::set<uint64_t> named_;           // segments of commits
  std::set<std::string> named_files_;  // and their files, by full path
  std::vector<Retired> retired_;
};

}  // namespace diagon::index
