#include "diagon/index/manifest.h"

#include <algorithm>

#include "diagon/directory/folder.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::index {

using directory::FileKind;

Manifest read_manifest(const std::string& folder) {
  const std::string path = folder + "/" + kManifestName;
  if (!directory::exists(path))
    throw Error(ErrorCode::kNotFound, folder + ": not an index (it has no file `manifest`)");
  const auto file = directory::MappedFile::open(path, FileKind::kManifest, nullptr);
  ByteReader in(file->touch(0, file->size()), file->size(), path);
  Manifest m;
  m.index_id = file->id();
  m.generation = in.varint();
  m.next_segment = in.varint();
  const uint64_t count = in.varint();
  for (uint64_t i = 0; i < count; ++i) {
    ManifestSegment s;
    s.number = in.varint();
    std::memcpy(s.id.data(), in.raw(s.id.size()), s.id.size());
    s.max_doc = in.varint32();
    s.live_count = in.varint32();
    s.live_generation = in.varint();
    if (s.number >= m.next_segment || s.live_count > s.max_doc)
      throw_corrupt(path, "a segment's entry contradicts itself");
    m.segments.push_back(s);
  }
  m.user_data = std::string(in.string());
  if (in.remaining() != 0) throw_corrupt(path, "it goes on after its end");
  return m;
}

void write_manifest(const std::string& folder, const Manifest& m) {
  ByteWriter out;
  out.varint(m.generation);
  out.varint(m.next_segment);
  out.varint(m.segments.size());
  for (const ManifestSegment& s : m.segments) {
    out.varint(s.number);
    out.raw(s.id.data(), s.id.size());
    out.varint(s.max_doc);
    out.varint(s.live_count);
    out.varint(s.live_generation);
  }
  out.string(m.user_data);
  const std::string path = folder + "/" + kManifestName;
  const std::string beside = path + ".tmp";
  directory::FileWriter file(beside, FileKind::kManifest, m.index_id);
  file.append(out.bytes());
  file.finish();
  directory::sync_file(beside);
  directory::rename_file(beside, path);
  directory::sync_folder(folder);
}

}  // namespace diagon::index
