// The only one that changes an index: adds, replaces and deletes documents, makes them visible,
// makes them durable.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "diagon/directory/folder.h"
#include "diagon/index/buffers.h"
#include "diagon/index/document.h"
#include "diagon/index/file_refs.h"
#include "diagon/index/manifest.h"
#include "diagon/index/merge_policy.h"
#include "diagon/index/merge_scheduler.h"
#include "diagon/index/snapshot.h"

namespace diagon::index {

// Locked while a writer is open.
inline constexpr const char* kLockName = "write.lock";

struct WriterMergeOptions {
  // Merges are made in the background as the policy says. Without, only those that are asked for.
  bool background = true;
  MergePolicy policy;
  // Merges in the background of so many documents or more put them into an order of similarity;
  // 0: none does.
  uint32_t reorder_min_docs = 0;
  // Merges at a time, 1 to 16.
  uint32_t threads = 1;
  // When so many merges are running or wait for a thread and more are due, adding documents waits
  // for one to finish,
  uint32_t max_pending = 6;
  // but at most so long for each segment that is flushed.
  uint32_t max_stall_ms = 10'000;
  // After a failure no merge is begun for so long; twice as long after each further one, up to a
  // minute.
  uint32_t retry_ms = 1000;
};

struct WriterOptions {
  // RAM for documents that are not a segment yet; a segment is flushed when it is full. At most 2
  // GiB. Threads that add while it is flushed, or committed, may fill as much again, and wait then.
  uint64_t ram_buffer_bytes = 64u << 20;
  // Documents are collected in so many buffers, each of which becomes a segment, so that as many
  // threads can add at once; 1 to 64.
  uint32_t buffers = 1;
  WriterMergeOptions merges;
};

// Merges that a caller asks for.
struct ForcedMerge {
  // Segments that may be left, of those that are there when it begins. Not 0.
  uint32_t max_segments = 1;
  // Puts the documents of each of them into an order of similarity.
  bool reorder = false;
  // In place of the above: writes those segments anew in which over so many percent of the
  // documents are deleted; negative: not.
  int32_t expunge_percent = -1;
};

// Any number of threads may use it at once. One per folder, by a lock. Adding and deleting
// documents waits for nothing but other threads that do so, until the RAM buffer is full; all else
// is done by one thread at a time. What a thread adds or deletes while another one refreshes or
// commits may be in it, document by document, or not.
//
// Segments are merged in the background by threads of the writer's own; it takes up what they have
// made when it flushes, refreshes or commits, and starts new merges then. What was deleted from a
// segment while it was merged is deleted from the merged one. A merge that fails changes nothing
// and is tried again later; `monitor` tells.
//
// After an exception the writer goes on from where it was: what `add` refused was not added, what a
// flush could not write is still in the buffer. After a failed `commit` the earlier commit is in
// force; only a new commit that succeeds replaces it. After a failed fsync no commit can succeed
// any more: what came after the last one is lost, as after a power cut, and the index must be
// opened again. The same after memory ran out in the middle of a document.
class IndexWriter {
 public:
  // Opens an index, or makes an empty one in a folder that is missing or empty. Removes files that
  // a crash left over, but for an unfinished manifest, which the next commit replaces. Throws
  // kLocked, kNotFound (a folder with other files), kCorrupt, kIo.
  static std::unique_ptr<IndexWriter> open(const std::string& folder, const WriterOptions& options);

  // Makes a field known. Field numbers come in order, 0 first; a number that is known must come
  // with the same structures. Norms need frequencies. Throws kInvalidArgument.
  void define_field(const schema::Field& field);
  size_t field_count() const { return fields()->size(); }

  // Adds documents; each replaces the one of the same `_id`. Throws kInvalidArgument, kTooLarge;
  // none is added then. After any other exception (memory ran out in the middle of a document)
  // nothing can be flushed any more.
  void add_to_buffer(const DocumentBatch& batch);
  // Flushes if the RAM buffer is full. Throws what stopped it, such as kIo, or kCorrupt for an
  // older segment from which documents had to be deleted: all stays in RAM, and is tried again at
  // the next call.
  void flush_if_full();
  // Both.
  void add_documents(const DocumentBatch& batch) {
    add_to_buffer(batch);
    flush_if_full();
  }
  // Deletes the document of that `_id` if there is one; throws as flush_if_full.
  void delete_document(std::string_view id);

  // Makes everything up to now visible in the snapshot that it returns; not durable.
  std::shared_ptr<const Snapshot> refresh();
  // Makes everything up to now durable, with `user_data` (the mapping), and returns the snapshot of
  // it.
  std::shared_ptr<const Snapshot> commit(const std::string& user_data);

  // Begins merges that are asked for, in place of any that were asked for before. Flushes. Throws
  // kInvalidArgument; kIo as add_documents.
  void begin_forced_merge(const ForcedMerge& merge);
  // Takes up merges that are finished and starts those that are next. True once all is done; else
  // something will change in `monitor`. Throws the error of a merge that failed, which ends it:
  // what was merged before stays so.
  bool advance_forced_merge();
  // Both, to the end. The result is visible after a refresh and durable after a commit.
  void force_merge(const ForcedMerge& merge);
  // Takes up merges that are finished and starts those that are due. True if none is left to wait
  // for.
  bool advance_merges();
  // Waits for merges in the background, at most that long. True if none is left.
  bool wait_for_merges(std::chrono::milliseconds most);
  // Removes files that were kept for snapshots that are gone now. Failures are told by `monitor`.
  void collect_files() noexcept;
  std::shared_ptr<const MergeMonitor> monitor() const noexcept { return monitor_; }

  // What the last commit carried. Not while another thread commits.
  const std::string& user_data() const noexcept { return manifest_.user_data; }
  // Documents that are not a segment yet.
  uint32_t buffered_docs() const noexcept { return buffers_.doc_count() + taken_docs_; }
  // Of what is not a segment yet, roughly.
  uint64_t ram_bytes() const noexcept { return buffers_.ram_bytes() + taken_bytes_; }

 private:
  using Clock = std::chrono::steady_clock;
  using Fields = std::shared_ptr<const std::vector<schema::Field>>;
  struct Segment {
    ManifestSegment entry;
    LiveSegment segment;
    bool synced = false;            // its files are on disk
    bool live_dirty = false;        // its live documents have changed since they were written
    bool merging = false;           // a merge reads it
    uint32_t merge_failures = 0;    // of merges that found it damaged
    Clock::time_point merge_after;  // not before
  };
  // A buffer on its way to a segment.
  struct Taken {
    TakenBuffer held;
    Segment fresh;  // without a reader if no document lives
    std::exception_ptr failure;
  };
  // Merges that were asked for and are not done yet.
  struct Forced {
    ForcedMerge merge;
    std::set<uint64_t> segments;  // that it is about
    std::set<uint64_t> made;      // by its merges, finished or not
    std::optional<Error> error;
  };

  IndexWriter(std::string folder, const WriterOptions& options);
  Fields fields() const;
  bool is_full() const noexcept { return ram_bytes() >= options_.ram_buffer_bytes; }

  // The others are called with `mutex_` held.
  void create_or_load();

  // In index_writer_flush.cc:
  void flush();
  void take(size_t place);
  void write_taken();
  bool start_writing(std::vector<std::jthread>& threads, Taken& taken);
  void write_segment(Taken& taken) noexcept;
  void remove_unfinished(uint64_t number) noexcept;
  void take_up(Taken& taken);
  void apply_deletes(const TakenBuffer& held);
  void write_commit(Manifest& next);
  std::shared_ptr<const Snapshot> snapshot() const;

  // In index_writer_merges.cc:
  void tend_merges();
  void install_finished();
  void install(FinishedMerge& finished);
  void install_segment(FinishedMerge& finished);
  void note_merge_failure(const FinishedMerge& finished);
  // Starts merges that are due; true if more are due than may be pending.
  bool schedule_merges();
  // Returns the number of the segment that is made.
  uint64_t start_merge(const MergeChoice& choice, const std::vector<size_t>& places, bool reorder);
  // Waits without the lock.
  void stall_while_behind(std::unique_lock<std::mutex>& lock);
  Clock::duration retry_delay(uint32_t failures) const noexcept;
  std::vector<SegmentSize> sizes_of(const std::vector<size_t>& places) const;
  std::vector<size_t> places_of(const std::set<uint64_t>& numbers) const;
  void start_expunging(const std::vector<size_t>& places);
  bool start_forced(const std::vector<size_t>& places);
  void drop_dead_segments();
  void sweep_files();
  void collect_unused_files() noexcept;

  std::string folder_;
  WriterOptions options_;
  directory::FolderLock lock_;
  Buffers buffers_;
  mutable std::mutex fields_mutex_;
  Fields fields_ = std::make_shared<std::vector<schema::Field>>();

  std::mutex mutex_;   // of all that follows
  Manifest manifest_;  // of the last commit, but for next_segment, which runs ahead
  // Of the latest commit that was tried. One that failed may be in force all the same, so that the
  // next one must not write over its files.
  uint64_t last_generation_ = 0;
  // Why no later commit can be trusted; empty: it can.
  std::string sync_failure_;
  std::vector<Segment> segments_;
  // What is being flushed, and what could not be.
  std::vector<Taken> taken_;
  std::atomic<uint32_t> taken_docs_{0};   // documents in it
  std::atomic<uint64_t> taken_bytes_{0};  // of RAM that it takes
  FileRefs files_;
  std::shared_ptr<MergeMonitor> monitor_ = std::make_shared<MergeMonitor>();
  std::set<uint64_t> being_made_;        // numbers of segments that merges write
  std::vector<FinishedMerge> finished_;  // merges that are to be taken up
  std::optional<Forced> forced_;
  uint32_t merge_failures_ = 0;     // in a row
  Clock::time_point merges_after_;  // no merge in the background before
  bool merges_behind_ = false;      // more are due than may be pending
  MergeScheduler scheduler_;        // last, so that it stops before the rest goes
};

}  // namespace diagon::index
