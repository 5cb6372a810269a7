#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "diagon/directory/folder.h"
#include "diagon/index/check.h"
#include "diagon/index/index_writer.h"
#include "diagon/index/snapshot.h"
#include "diagon/util/bits.h"

namespace diagon::index {
namespace {

using directory::exists;

// A folder's name that is still free.
std::string free_name(const std::string& folder, uint64_t generation) {
  const std::string stem = folder + "/damaged-" + std::to_string(generation);
  std::string name = stem;
  for (int i = 2; exists(name); ++i) name = stem + "-" + std::to_string(i);
  return name;
}

// The files of a segment that there are.
std::vector<std::string> files_of(const std::string& folder, const ManifestSegment& segment) {
  std::vector<std::string> files;
  for (const char* extension : kSegmentExtensions)
    files.push_back(segment_file(folder, segment.number, extension));
  if (segment.live_generation != 0)
    files.push_back(live_file(folder, segment.number, segment.live_generation));
  std::erase_if(files, [](const std::string& file) { return !exists(file); });
  return files;
}

// Gives a file a second name in the folder `aside`, or where the file system has no links a copy.
// The first name stays, so that the earlier commit is whole until the new one is in force.
void keep(const std::string& file, const std::string& aside) {
  namespace fs = std::filesystem;
  const std::string kept = aside + "/" + fs::path(file).filename().string();
  std::error_code error;
  fs::create_hard_link(file, kept, error);
  if (!error) return;
  if (!fs::copy_file(file, kept, error) || error) throw_io(file, "copy", error.value());
  directory::sync_file(kept);
}

// Writes live documents without the duplicates.
void drop_duplicates(const std::string& folder, const SegmentReport& report, uint64_t generation,
                     ManifestSegment& entry) {
  std::vector<uint64_t> live(bits::words_for(entry.max_doc));
  bits::fill(live.data(), live.size(), entry.max_doc);
  if (entry.live_generation != 0)
    live = *read_live(live_file(folder, entry.number, entry.live_generation), entry);
  for (const DocId doc : report.duplicates) bits::clear(live.data(), doc);
  entry.live_count = static_cast<DocId>(bits::count(live.data(), live.size()));
  entry.live_generation = generation;
  const std::string path = live_file(folder, entry.number, generation);
  write_live(path, entry.id, live, entry.max_doc);
  directory::sync_file(path);
}

}  // namespace

RepairReport repair_index(const std::string& folder) {
  RepairReport report;
  const std::string manifest = folder + "/" + kManifestName;
  // Without a manifest this is no index, and gets no lock file.
  if (!exists(manifest)) read_manifest(folder);
  const directory::FolderLock lock(folder + "/" + kLockName);
  report.found = check_index(folder);
  if (report.found.sound()) return report;

  const std::string aside = free_name(folder, report.found.manifest.generation);
  directory::create_folder(aside);
  keep(manifest, aside);
  Manifest next = report.found.manifest;
  next.segments.clear();
  ++next.generation;
  std::vector<std::string> dropped;
  for (const SegmentReport& segment : report.found.segments) {
    if (!segment.damage.empty()) {
      report.lost_docs += segment.entry.live_count;
      for (const std::string& file : files_of(folder, segment.entry)) {
        keep(file, aside);
        dropped.push_back(file);
      }
      continue;
    }
    ManifestSegment entry = segment.entry;
    if (!segment.duplicates.empty()) {
      if (entry.live_generation != 0) {
        const std::string live = live_file(folder, entry.number, entry.live_generation);
        keep(live, aside);
        dropped.push_back(live);
      }
      drop_duplicates(folder, segment, next.generation, entry);
    }
    if (entry.live_count != 0) next.segments.push_back(entry);
  }
  directory::sync_folder(aside);
  directory::sync_folder(folder);
  write_manifest(folder, next);
  // In force: now the first names may go.
  for (const std::string& file : dropped) directory::remove_file(file);
  report.aside = aside;
  return report;
}

}  // namespace diagon::index
