#include "diagon/index/file_refs.h"

#include <algorithm>
#include <optional>

#include "diagon/directory/folder.h"
#include "diagon/index/segment_merger.h"
#include "diagon/index/segment_meta.h"
#include "diagon/util/error.h"

namespace diagon::index {

void FileRefs::add(const Manifest& manifest) {
  for (const ManifestSegment& s : manifest.segments) {
    named_.insert(s.number);
    for (const char* extension : kSegmentExtensions)
      named_files_.insert(segment_file(folder_, s.number, extension));
    if (s.live_generation != 0)
      named_files_.insert(live_file(folder_, s.number, s.live_generation));
  }
}

void FileRefs::trying(const Manifest& manifest) { add(manifest); }

void FileRefs::committed(const Manifest& manifest) {
  named_.clear();
  named_files_.clear();
  add(manifest);
}

void FileRefs::retire(const std::shared_ptr<const SegmentReader>& segment) {
  retired_.push_back({segment->number(), segment});
}

void FileRefs::collect() {
  std::optional<Error> failure;
  std::erase_if(retired_, [&](const Retired& retired) {
    if (!retired.readers.expired() || named_.contains(retired.number)) return false;
    try {
      remove_segment(folder_, retired.number);
      return true;
    } catch (const Error& e) {
      failure = e;
      return false;
    }
  });
  if (failure) throw Error(*failure);
}

void FileRefs::sweep(const std::set<uint64_t>& in_use) {
  std::optional<Error> failure;
  std::erase_if(retired_, [&](const Retired& retired) {
    return retired.readers.expired() && !named_.contains(retired.number);
  });
  for (const std::string& name : directory::list(folder_)) {
    uint64_t number = 0;
    if (!parse_segment_file(name, number)) continue;
    const std::string path = folder_ + "/" + name;
    const bool held = std::any_of(retired_.begin(), retired_.end(), [&](const Retired& retired) {
      return retired.number == number && !retired.readers.expired();
    });
    // Lists of live documents are read when a segment is opened, and not needed after.
    const bool is_live_file = name.ends_with(".live");
    if (named_files_.contains(path) || (!is_live_file && (held || in_use.contains(number))))
      continue;
    try {
      directory::remove_file(path);
    } catch (const Error& e) {
      failure = e;
    }
  }
  if (failure) throw Error(*failure);
}

}  // namespace diagon::index
