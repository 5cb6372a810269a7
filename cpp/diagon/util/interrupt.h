// How a search or a merge is stopped from outside: a flag and a deadline, polled once a window by
// every loop of the engine.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <utility>

#include "diagon/util/error.h"

namespace diagon {

// Shared by the thread that searches and those that may stop it. Thread-safe.
class CancelFlag {
 public:
  void cancel() const noexcept { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_relaxed); }

 private:
  // Mutable because whoever shares the flag may set it; an atomic, so that const stays safe to call
  // from any thread.
  mutable std::atomic<bool> cancelled_{false};
};

enum class Stop : uint8_t { kNo = 0, kCancelled = 1, kTimedOut = 2 };

// For work that can't hand back what it has: throws kCancelled or kTimeout unless it may go on.
inline void throw_if_stopped(Stop stop) {
  if (stop == Stop::kCancelled) throw Error(ErrorCode::kCancelled, "the search was cancelled");
  if (stop == Stop::kTimedOut) throw Error(ErrorCode::kTimeout, "the search's deadline passed");
}

// For work in the background, which has no deadline.
inline void throw_if_cancelled(const CancelFlag& flag) {
  if (flag.cancelled()) throw Error(ErrorCode::kCancelled, "the merge was stopped");
}

// One search's reasons to stop. Used by one thread.
class Interrupt {
 public:
  using Clock = std::chrono::steady_clock;

  Interrupt() = default;
  // `flag` may be null; `deadline` may be time_point::max().
  Interrupt(std::shared_ptr<const CancelFlag> flag, Clock::time_point deadline)
      : flag_(std::move(flag)), deadline_(deadline) {}

  Stop poll() const noexcept {
    if (flag_ && flag_->cancelled()) return Stop::kCancelled;
    if (deadline_ != Clock::time_point::max() && Clock::now() >= deadline_) return Stop::kTimedOut;
    return Stop::kNo;
  }

 private:
  std::shared_ptr<const CancelFlag> flag_;
  Clock::time_point deadline_ = Clock::time_point::max();
};

}  // namespace diagon
