#include "diagon/index/index_writer.h"

#include "diagon/util/bits.h"
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

void IndexWriter::add_documents(const DocumentBatch& batch) {
  const Fields known = fields();
  if (known->empty()) throw_invalid("no field is defined");
  buffers_.add(batch, *known);
  flush_if_full();
}

void IndexWriter::delete_document(std::string_view id) {
  buffers_.remove(id);
  flush_if_full();
}

void IndexWriter::flush_if_full() {
  if (!is_full()) return;
  std::unique_lock lock(mutex_);
  if (!is_full()) return;  // another thread has flushed meanwhile
  install_finished();
  if (taken_) write_taken();
  if (take(buffers_.largest())) write_taken();
  tend_merges();
  stall_while_behind(lock);
}

bool IndexWriter::take(size_t place) {
  TakenBuffer taken;
  if (!buffers_.take(place, taken)) return false;
  taken_docs_ = taken.buffer.doc_count();
  taken_.emplace(std::move(taken));
  return true;
}

void IndexWriter::apply_deletes() {
  if (segments_.empty()) return;
  std::vector<std::string_view> ids = taken_->buffer.ids();
  ids.insert(ids.end(), taken_->deletes.begin(), taken_->deletes.end());
  std::vector<DocId> docs;
  for (Segment& s : segments_) {
    std::vector<DocId> gone;
    for (const std::string_view id : ids) {
      docs.clear();
      s.segment.reader->find_id(id, docs);
      for (const DocId doc : docs)
        if (s.segment.is_live(doc)) gone.push_back(doc);
    }
    if (gone.empty()) continue;
    // Snapshots share the old bits; they are never changed in place.
    const DocId max_doc = s.segment.reader->max_doc();
    auto live = s.segment.live ? std::make_shared<std::vector<uint64_t>>(*s.segment.live)
                               : std::make_shared<std::vector<uint64_t>>(bits::words_for(max_doc));
    if (!s.segment.live) bits::fill(live->data(), live->size(), max_doc);
    for (const DocId doc : gone) bits::clear(live->data(), doc);
    s.segment.live_count = static_cast<DocId>(bits::count(live->data(), live->size()));
    s.segment.live = std::move(live);
    s.live_dirty = true;
  }
}

void IndexWriter::flush() {
  install_finished();
  if (taken_) write_taken();  // which an earlier flush could not
  for (size_t place = 0; place < buffers_.count(); ++place)
    if (take(place)) write_taken();
  tend_merges();
}

void IndexWriter::write_taken() {
  stuck_bytes_ = 0;
  try {
    flush_taken();
  } catch (...) {
    stuck_bytes_ = taken_->buffer.ram_bytes();
    throw;
  }
  taken_.reset();
  taken_docs_ = 0;
}

void IndexWriter::flush_taken() {
  const Buffer& buffer = taken_->buffer;
  Segment fresh;
  const bool any = buffer.live_count() != 0;
  if (any) {
    fresh.entry.number = manifest_.next_segment++;
    fresh.entry.id = directory::random_segment_id();
    fresh.entry.max_doc = buffer.doc_count();
    try {
      buffer.write(folder_, fresh.entry.number, fresh.entry.id, *fields());
      fresh.segment.reader = SegmentReader::open(folder_, fresh.entry.number, fresh.entry.id);
    } catch (...) {
      try {
        remove_segment(folder_, fresh.entry.number);
      } catch (const Error& e) {  // the next sweep removes them
        monitor_->failed(e);
      }
      throw;
    }
    fresh.segment.live_count = buffer.live_count();
    if (buffer.has_deletes()) {
      fresh.segment.live = std::make_shared<const std::vector<uint64_t>>(buffer.live_bits());
      fresh.live_dirty = true;
    }
  }
  segments_.reserve(segments_.size() + 1);
  apply_deletes();  // to the segments that are older than the buffer
  if (any) segments_.push_back(std::move(fresh));
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
