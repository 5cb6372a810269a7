#include "diagon/index/snapshot.h"

#include <map>

#include "diagon/util/bits.h"
#include "diagon/util/bytes.h"
#include "diagon/util/error.h"

namespace diagon::index {
namespace {

LiveSegment with_live(const std::string& folder, const ManifestSegment& s,
                      std::shared_ptr<const SegmentReader> reader) {
  LiveSegment segment;
  segment.reader = std::move(reader);
  if (segment.reader->max_doc() != s.max_doc)
    throw_corrupt(folder + "/" + kManifestName, "a segment has another number of documents");
  if (s.live_generation != 0)
    segment.live = read_live(live_file(folder, s.number, s.live_generation), s);
  else if (s.live_count != s.max_doc)
    throw_corrupt(folder + "/" + kManifestName, "deleted documents without a list of them");
  segment.live_count = s.live_count;
  return segment;
}

// What is open already, by segment: an attempt that failed need not begin anew.
using OpenReaders = std::map<directory::SegmentId, std::shared_ptr<const SegmentReader>>;

std::vector<LiveSegment> open_segments(const std::string& folder, const Manifest& manifest,
                                       OpenReaders& readers) {
  std::vector<LiveSegment> segments;
  for (const ManifestSegment& s : manifest.segments) {
    std::shared_ptr<const SegmentReader>& reader = readers[s.id];
    if (!reader) reader = SegmentReader::open(folder, s.number, s.id);
    segments.push_back(with_live(folder, s, reader));
  }
  return segments;
}

}  // namespace

LiveSegment open_segment(const std::string& folder, const ManifestSegment& s) {
  return with_live(folder, s, SegmentReader::open(folder, s.number, s.id));
}

bool LiveSegment::is_live(DocId doc) const noexcept {
  return !live || bits::test(live->data(), doc);
}

Snapshot::Snapshot(std::vector<LiveSegment> segments, std::string user_data, uint64_t generation)
    : segments_(std::move(segments)), user_data_(std::move(user_data)), generation_(generation) {}

std::shared_ptr<const Snapshot> Snapshot::open(const std::string& folder) {
  OpenReaders readers;
  for (int attempt = 1;; ++attempt) {
    Manifest manifest = read_manifest(folder);
    try {
      std::vector<LiveSegment> segments = open_segments(folder, manifest, readers);
      return std::make_shared<const Snapshot>(std::move(segments), std::move(manifest.user_data),
                                              manifest.generation);
    } catch (const Error& e) {
      // A writer may have committed and removed files since the manifest was read; else a file is
      // really gone.
      if (e.code() != ErrorCode::kNotFound || attempt == kOpenAttempts) throw;
      if (read_manifest(folder).generation == manifest.generation)
        throw_corrupt(folder, std::string("a file of the index is missing: ") + e.what());
    }
  }
}

uint64_t Snapshot::live_count() const noexcept {
  uint64_t n = 0;
  for (const LiveSegment& s : segments_) n += s.live_count;
  return n;
}

uint64_t Snapshot::max_doc() const noexcept {
  uint64_t n = 0;
  for (const LiveSegment& s : segments_) n += s.reader->max_doc();
  return n;
}

FieldStats Snapshot::field_stats(FieldId field) const noexcept {
  FieldStats stats;
  for (const LiveSegment& s : segments_) {
    if (const termdict::FieldTerms* terms = s.reader->terms(field)) {
      stats.doc_count += terms->meta().doc_count;
      stats.sum_total_term_freq += terms->meta().sum_total_term_freq;
    }
  }
  return stats;
}

uint64_t Snapshot::doc_freq(FieldId field, std::string_view term) const {
  uint64_t n = 0;
  for (const LiveSegment& s : segments_) {
    const termdict::FieldTerms* terms = s.reader->terms(field);
    if (terms == nullptr) continue;
    if (const auto meta = terms->lookup(term)) n += meta->doc_freq;
  }
  return n;
}

std::optional<std::pair<size_t, DocId>> Snapshot::find_id(std::string_view id) const {
  std::vector<DocId> docs;
  for (size_t i = segments_.size(); i-- > 0;) {
    docs.clear();
    segments_[i].reader->find_id(id, docs);
    for (const DocId doc : docs)
      if (segments_[i].is_live(doc)) return std::pair(i, doc);
  }
  return std::nullopt;
}

void Snapshot::verify_all() const {
  for (const LiveSegment& s : segments_) s.reader->verify_all();
}

void write_live(const std::string& path, const directory::SegmentId& id,
                const std::vector<uint64_t>& live, DocId max_doc) {
  directory::FileWriter file(path, directory::FileKind::kLive, id);
  ByteWriter out;
  out.fixed<uint64_t>(max_doc);
  file.append(out.bytes());
  file.append(live.data(), live.size() * sizeof(uint64_t));
  file.finish();
}

std::shared_ptr<const std::vector<uint64_t>> read_live(const std::string& path,
                                                       const ManifestSegment& segment) {
  const auto file = directory::MappedFile::open(path, directory::FileKind::kLive, &segment.id);
  const size_t words = bits::words_for(segment.max_doc);
  if (file->size() != 8 + words * 8) throw_corrupt(path, "it has not one bit a document");
  const uint8_t* at = file->touch(0, file->size());
  if (load<uint64_t>(at) != segment.max_doc) throw_corrupt(path, "it is of another segment");
  auto live = std::make_shared<std::vector<uint64_t>>(words);
  if (words != 0) std::memcpy(live->data(), at + 8, words * 8);
  if (segment.max_doc % 64 != 0 && (live->back() >> (segment.max_doc % 64)) != 0)
    throw_corrupt(path, "it has bits past its end");
  if (bits::count(live->data(), words) != segment.live_count)
    throw_corrupt(path, "it has another number of documents than the manifest says");
  return live;
}

}  // namespace diagon::index
