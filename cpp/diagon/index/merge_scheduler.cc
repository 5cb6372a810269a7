#include "diagon/index/merge_scheduler.h"

#include <algorithm>
#include <iterator>
#include <new>
#include <system_error>

#include "diagon/util/error.h"
#include "diagon/util/signals.h"

namespace diagon::index {
namespace {

uint64_t bytes_of(const MergeJob& job) {
  uint64_t bytes = 0;
  for (const LiveSegment& input : job.inputs) bytes += input.reader->bytes_on_disk();
  return bytes;
}

// As an Error, whatever was thrown. REQUIRES: an exception is being handled.
Error current_error() {
  try {
    throw;
  } catch (const Error& e) {
    return e;
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kOutOfMemory, "memory ran out in a merge");
  } catch (const std::exception& e) {
    return Error(ErrorCode::kInternal, std::string("a merge: ") + e.what());
  }
}

}  // namespace

MergeScheduler::MergeScheduler(std::string folder, uint32_t threads,
                               std::shared_ptr<MergeMonitor> monitor)
    : folder_(std::move(folder)), max_threads_(threads), monitor_(std::move(monitor)) {}

MergeScheduler::~MergeScheduler() {
  stop_.cancel();
  {
    const std::lock_guard guard(mutex_);
    closing_ = true;
  }
  work_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void MergeScheduler::submit(MergeJob job) {
  std::optional<Error> failure;
  {
    const std::lock_guard guard(mutex_);
    // There is room for what comes of it, so that nothing can fail once it is made.
    finished_.reserve(pending_ + 1);
    jobs_.push_back(std::move(job));
    ++pending_;
  }
  monitor_->update([](MergeStats& stats) { ++stats.queued; });
  if (threads_.size() < std::min<size_t>(max_threads_, pending_)) {
    try {
      start_thread();
    } catch (const std::exception&) {
      if (threads_.empty()) failure = current_error();
    }
  }
  if (failure) {
    const std::lock_guard guard(mutex_);
    finished_.push_back({std::move(jobs_.back()), std::nullopt, nullptr, failure});
    jobs_.pop_back();
    monitor_->update([](MergeStats& stats) { --stats.queued; });
    monitor_->failed(*failure);
    return;
  }
  work_.notify_one();
}

void MergeScheduler::start_thread() {
  const SignalsBlocked blocked;
  threads_.reserve(threads_.size() + 1);
  threads_.emplace_back([this] { run(); });
}

std::vector<FinishedMerge> MergeScheduler::take_finished() {
  const std::lock_guard guard(mutex_);
  std::vector<FinishedMerge> taken(std::make_move_iterator(finished_.begin()),
                                   std::make_move_iterator(finished_.end()));
  finished_.clear();  // keeps its room
  pending_ -= taken.size();
  return taken;
}

void MergeScheduler::run() {
  for (;;) {
    std::optional<MergeJob> job;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, [this] { return closing_ || !jobs_.empty(); });
      if (closing_) return;
      const auto next = std::min_element(
          jobs_.begin(), jobs_.end(),
          [](const MergeJob& a, const MergeJob& b) { return bytes_of(a) < bytes_of(b); });
      job = std::move(*next);
      jobs_.erase(next);
    }
    monitor_->update([](MergeStats& stats) {
      --stats.queued;
      ++stats.running;
    });
    FinishedMerge finished = merge(std::move(*job));
    const std::optional<Error> error = finished.error;
    const uint64_t docs = finished.order ? finished.order->size() : 0;
    const uint64_t bytes = finished.reader ? finished.reader->bytes_on_disk() : 0;
    // At once for who takes it: the counts are never behind what was taken, and who waits for them
    // to change finds it.
    const std::lock_guard guard(mutex_);
    if (error && error->code() != ErrorCode::kCancelled) monitor_->failed(*error);
    monitor_->update([&](MergeStats& stats) {
      --stats.running;
      if (error) return;
      ++stats.merges;
      stats.documents += docs;
      stats.bytes += bytes;
      stats.has_error = false;
    });
    finished_.push_back(std::move(finished));
  }
}

FinishedMerge MergeScheduler::merge(MergeJob job) {
  FinishedMerge finished;
  finished.job = std::move(job);
  const MergeJob& made = finished.job;
  try {
    DocOrder order =
        merge_segments(folder_, made.number, made.id, made.inputs, made.options, stop_);
    // Now, so that a commit need not wait for it.
    sync_segment(folder_, made.number);
    finished.reader = SegmentReader::open(folder_, made.number, made.id);
    finished.order = std::move(order);
    return finished;
  } catch (...) {
    finished.error = current_error();
  }
  finished.reader = nullptr;
  try {
    remove_segment(folder_, made.number);
  } catch (const Error&) {
    // The files are in the way of nothing; the writer's next sweep removes them.
  }
  return finished;
}

}  // namespace diagon::index
