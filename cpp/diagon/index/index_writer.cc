#include "diagon/index/index_writer.h"

#include "diagon/util/error.h"

namespace diagon::index {
namespace {

constexpr uint64_t kMaxRamBuffer = 2ull << 30;
constexpr uint32_t kMaxBuffers = 64;
constexpr uint32_t kMaxMergeThreads = 16;

[[noreturn]] void throw_foreign(const std::string& folder, const std::string& name) {
  throw Error(ErrorCode::kNotFound,
              folder + ": not an index, and not empty (it has `" + name + "`)");
}

// The manifest is there before the first segment: it was lost. What it named must not be taken for
// leftovers.
[[noreturn]] void throw_lost(const std::string& folder, const std::string& name) {
  throw Error(ErrorCode::kCorrupt,
              folder + ": the manifest is missing, but there are segments (`" + name + "`)");
}

std::string prepared(const std::string& folder) {
  directory::create_folder(folder);
  if (!directory::exists(folder + "/" + kManifestName)) {
    const std::string unfinished = std::string(kManifestName) + ".tmp";
    for (const std::string& name : directory::list(folder)) {
      uint64_t segment = 0;
      if (parse_segment_file(name, segment)) throw_lost(folder, name);
      if (name != kLockName && name != unfinished) throw_foreign(folder, name);
    }
  }
  return folder;
}

}  // namespace

std::unique_ptr<IndexWriter> IndexWriter::open(const std::string& folder,
                                               const WriterOptions& options) {
  if (options.ram_buffer_bytes == 0 || options.ram_buffer_bytes > kMaxRamBuffer)
    throw_invalid("the writer's RAM buffer must be between 1 byte and 2 GiB");
  if (options.buffers == 0 || options.buffers > kMaxBuffers)
    throw_invalid("the writer's buffers must be 1 to 64");
  options.merges.policy.check();
  if (options.merges.threads == 0 || options.merges.threads > kMaxMergeThreads)
    throw_invalid("the threads for merges must be 1 to 16");
  if (options.merges.max_pending == 0)
    throw_invalid("at least one merge must be allowed to be pending");
  std::unique_ptr<IndexWriter> writer(new IndexWriter(prepared(folder), options));
  const std::lock_guard guard(writer->mutex_);
  writer->create_or_load();
  return writer;
}

IndexWriter::IndexWriter(std::string folder, const WriterOptions& options)
    : folder_(std::move(folder)),
      options_(options),
      lock_(folder_ + "/" + kLockName),
      buffers_(options.buffers),
      files_(folder_),
      scheduler_(folder_, options.merges.threads, monitor_) {}

void IndexWriter::create_or_load() {
  if (!directory::exists(folder_ + "/" + kManifestName)) {
    manifest_.index_id = directory::random_segment_id();
    write_manifest(folder_, manifest_);
  }
  manifest_ = read_manifest(folder_);
  last_generation_ = manifest_.generation;
  const auto committed = Snapshot::open(folder_);
  for (size_t i = 0; i < manifest_.segments.size(); ++i) {
    Segment s;
    s.entry = manifest_.segments[i];
    s.segment = committed->segment(i);
    s.synced = true;
    segments_.push_back(std::move(s));
  }
  files_.committed(manifest_);
  files_.sweep({});  // what a crash left over
}

IndexWriter::Fields IndexWriter::fields() const {
  const std::lock_guard guard(fields_mutex_);
  return fields_;
}

void IndexWriter::define_field(const schema::Field& field) {
  const std::lock_guard guard(mutex_);
  const Fields before = fields();
  if (field.id < before->size()) {
    const schema::Field& known = (*before)[field.id];
    if (known.name != field.name || known.postings != field.postings ||
        known.norms != field.norms || known.column != field.column)
      throw_invalid("the field `" + field.name + "` is defined already, in another way");
    return;
  }
  if (field.id != before->size())
    throw_invalid("the number of the field `" + field.name + "` is not the next one");
  if (field.id == kIdField && (field.postings != schema::PostingsKind::kDocs ||
                               field.column != schema::ColumnKind::kTerms || field.norms))
    throw_invalid("the field `_id` must have documents as postings and strings as a column");
  // Bounds of scores are kept as pairs of a frequency and a norm.
  if (field.norms && field.postings != schema::PostingsKind::kFreqsPositions)
    throw_invalid("the field `" + field.name + "` has norms but no frequencies");
  for (const Segment& s : segments_) {
    const FieldMeta* meta = s.segment.reader->field(field.id);
    if (meta != nullptr &&
        (meta->field.name != field.name || meta->field.postings != field.postings ||
         meta->field.norms != field.norms || meta->field.column != field.column))
      throw_invalid("the field `" + field.name + "` is defined in another way in the index");
  }
  auto after = std::make_shared<std::vector<schema::Field>>(*before);
  after->push_back(field);
  const std::lock_guard fields_guard(fields_mutex_);
  fields_ = std::move(after);
}

void IndexWriter::add_to_buffer(const DocumentBatch& batch) {
  const Fields known = fields();
  if (known->empty()) throw_invalid("no field is defined");
  buffers_.add(batch, *known);
}

void IndexWriter::delete_document(std::string_view id) {
  buffers_.remove(id);
  flush_if_full();
}

std::shared_ptr<const Snapshot> IndexWriter::snapshot() const {
  std::vector<LiveSegment> segments;
  for (const Segment& s : segments_)
    if (s.segment.live_count != 0) segments.push_back(s.segment);
  return std::make_shared<const Snapshot>(std::move(segments), manifest_.user_data,
                                          manifest_.generation);
}

std::shared_ptr<const Snapshot> IndexWriter::refresh() {
  const std::lock_guard guard(mutex_);
  flush();
  return snapshot();
}

std::shared_ptr<const Snapshot> IndexWriter::commit(const std::string& user_data) {
  const std::lock_guard guard(mutex_);
  if (!sync_failure_.empty())
    throw Error(ErrorCode::kIo, sync_failure_ + " (in an earlier commit; open the index again)");
  flush();
  Manifest next = manifest_;
  next.segments.clear();
  next.generation = ++last_generation_;
  next.user_data = user_data;
  try {
    write_commit(next);
  } catch (const directory::SyncError& e) {
    sync_failure_ = e.what();
    throw;
  }
  manifest_ = std::move(next);
  files_.committed(manifest_);
  drop_dead_segments();
  for (Segment& s : segments_) {
    s.synced = true;
    s.live_dirty = false;
  }
  sweep_files();
  return snapshot();
}

void IndexWriter::write_commit(Manifest& next) {
  for (Segment& s : segments_) {
    if (s.segment.live_count == 0) continue;  // nothing left of it
    s.entry.live_count = s.segment.live_count;
    if (s.live_dirty) {
      s.entry.live_generation = next.generation;
      const std::string path = live_file(folder_, s.entry.number, next.generation);
      write_live(path, s.entry.id, *s.segment.live, s.entry.max_doc);
      directory::sync_file(path);
    }
    if (!s.synced)
      for (const char* extension : kSegmentExtensions)
        directory::sync_file(segment_file(folder_, s.entry.number, extension));
    next.segments.push_back(s.entry);
  }
  // The names of the new files must be durable before a manifest that needs them can be.
  directory::sync_folder(folder_);
  files_.trying(next);
  write_manifest(folder_, next);
}

}  // namespace diagon::index
