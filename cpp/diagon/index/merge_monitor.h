// What merging in the background is doing: for a host to look at, and to wait for.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>

#include "diagon/util/error.h"

namespace diagon::index {

// Counts are since the writer was opened.
struct MergeStats {
  uint64_t running = 0;    // merges at work now
  uint64_t queued = 0;     // merges that wait for a thread
  uint64_t merges = 0;     // that succeeded
  uint64_t documents = 0;  // that they wrote
  uint64_t bytes = 0;      // that they wrote
  uint64_t failures = 0;   // of merges, and of removing files; each is tried again
  uint64_t stalls = 0;     // times that indexing waited for merges
  uint64_t stalled_ms = 0;
  bool has_error = false;  // the latest failure, until a merge succeeds
  ErrorCode error_code = ErrorCode::kInternal;
  std::string error;
};

// All methods may be called from any thread.
class MergeMonitor {
 public:
  MergeStats stats() const;
  // Waits until something has changed since `seen` (0: since ever), at most that long. Returns what
  // to give as `seen` next time.
  uint64_t wait(uint64_t seen, std::chrono::milliseconds most) const;

  // For those that merge.
  template <typename Change>
  void update(Change&& change) {
    {
      const std::lock_guard guard(mutex_);
      change(stats_);
      ++version_;
    }
    changed_.notify_all();
  }
  void failed(const Error& error) noexcept;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  MergeStats stats_;
  uint64_t version_ = 1;
};

}  // namespace diagon::index
