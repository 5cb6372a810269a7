// Threads that merge segments in the background.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "diagon/index/merge_monitor.h"
#include "diagon/index/segment_merger.h"
#include "diagon/index/snapshot.h"
#include "diagon/util/interrupt.h"

namespace diagon::index {

// A merge that is to be made. Its inputs stay as they are now; what is deleted of them later, the
// writer carries over.
struct MergeJob {
  uint64_t number = 0;  // of the segment to be made
  directory::SegmentId id{};
  std::vector<LiveSegment> inputs;
  MergeOptions options;
};

struct FinishedMerge {
  MergeJob job;
  // Of a merge that succeeded: its files are synced.
  std::optional<DocOrder> order;
  std::shared_ptr<const SegmentReader> reader;
  // Of one that failed: its files are removed, or left for the next sweep.
  std::optional<Error> error;
};

// Used by one thread, the writer's. Its destructor stops merges that run, which takes them a few
// milliseconds, and forgets the others.
class MergeScheduler {
 public:
  // Starts no thread yet. `threads`: at most so many merges at a time.
  MergeScheduler(std::string folder, uint32_t threads, std::shared_ptr<MergeMonitor> monitor);
  ~MergeScheduler();
  MergeScheduler(const MergeScheduler&) = delete;
  MergeScheduler& operator=(const MergeScheduler&) = delete;

  // Of those that wait, the smallest is next. If no thread can be started, the merge fails.
  void submit(MergeJob job);
  // Merges that were submitted and not taken back yet.
  size_t pending() const noexcept { return pending_; }
  // Takes back those that are finished.
  std::vector<FinishedMerge> take_finished();

 private:
  void run();
  void start_thread();
  FinishedMerge merge(MergeJob job);

  std::string folder_;
  uint32_t max_threads_;
  std::shared_ptr<MergeMonitor> monitor_;
  CancelFlag stop_;
  size_t pending_ = 0;
  std::mutex mutex_;
  std::condition_variable work_;
  // Behind the mutex:
  std::vector<MergeJob> jobs_;
  std::vector<FinishedMerge> finished_;
  bool closing_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace diagon::index
