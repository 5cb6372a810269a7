// The only one that changes an index: adds, replaces and deletes documents, makes them visible,
// makes them durable.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "diagon/directory/folder.h"
#include "diagon/index/buffer.h"
#include "diagon/index/document.h"
#include "diagon/index/manifest.h"
#include "diagon/index/snapshot.h"

namespace diagon::index {

// Locked while a writer is open.
inline constexpr const char* kLockName = "write.lock";

struct WriterOptions {
  // RAM for documents that are not a segment yet; a segment is flushed when it is full. At most 2
  // GiB.
  uint64_t ram_buffer_bytes = 64u << 20;
};

// Used by one thread at a time. One per folder, by a lock.
//
// After an exception the writer goes on from where it was: what `add` refused was not added, what a
// flush could not write is still in the buffer. After a failed `commit` the earlier commit is in
// force; only a new commit that succeeds replaces it. After a failed fsync no commit can succeed
// any more: what came after the last one is lost, as after a power cut, and the index must be
// opened again. The same after memory ran out in the middle of a document.
class IndexWriter {
 public:
  // Opens an index, or makes an empty one in a folder that is missing or empty. Removes files that
  // a crash left over. Throws kLocked, kNotFound (a folder with other files), kCorrupt, kIo.
  static std::unique_ptr<IndexWriter> open(const std::string& folder, const WriterOptions& options);

  // Makes a field known. Field numbers come in order, 0 first; a number that is known must come
  // with the same structures. Norms need frequencies. Throws kInvalidArgument.
  void define_field(const schema::Field& field);
  size_t field_count() const noexcept { return fields_.size(); }

  // Adds documents; each replaces the one of the same `_id`. All of a batch or, with an exception,
  // none. Throws kInvalidArgument, kTooLarge; kIo if a full buffer could not be flushed (the
  // documents are then added all the same and the flush is tried again later).
  void add_documents(const DocumentBatch& batch);
  // Deletes the document of that `_id` if there is one. Throws kIo as add_documents.
  void delete_document(std::string_view id);

  // Makes everything up to now visible in the snapshot that it returns; not durable.
  std::shared_ptr<const Snapshot> refresh();
  // Makes everything up to now durable, with `user_data` (the mapping), and returns the snapshot of
  // it.
  std::shared_ptr<const Snapshot> commit(const std::string& user_data);

  // What the last commit carried.
  const std::string& user_data() const noexcept { return manifest_.user_data; }
  // Documents that are not a segment yet.
  uint32_t buffered_docs() const noexcept { return buffer_.doc_count(); }
  uint64_t ram_bytes() const noexcept { return buffer_.ram_bytes() + delete_bytes_; }

 private:
  struct Segment {
    ManifestSegment entry;
    LiveSegment segment;
    bool synced = false;      // its files are on disk
    bool live_dirty = false;  // its live documents have changed since they were written
  };

  IndexWriter(std::string folder, const WriterOptions& options);
  void create_or_load();
  void flush();
  void apply_deletes();
  void note_delete(std::string_view id);
  void flush_if_full();
  void remove_unreferenced() const;
  void write_commit(Manifest& next);
  std::shared_ptr<const Snapshot> snapshot() const;

  std::string folder_;
  WriterOptions options_;
  directory::FolderLock lock_;
  Manifest manifest_;  // of the last commit, but for next_segment, which runs ahead
  // Of the latest commit that was tried. One that failed may be in force all the same, so that the
  // next one must not write over its files.
  uint64_t last_generation_ = 0;
  // Why no later commit can be trusted; empty: it can.
  std::string sync_failure_;
  std::vector<Segment> segments_;
  std::vector<schema::Field> fields_;
  Buffer buffer_;
  std::unordered_set<std::string>
      deletes_;              // ids to delete from the segments, also those of replaced documents
  size_t delete_bytes_ = 0;  // of RAM they take, roughly
};

}  // namespace diagon::index
