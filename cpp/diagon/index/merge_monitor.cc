#include "diagon/index/merge_monitor.h"

namespace diagon::index {

MergeStats MergeMonitor::stats() const {
  const std::lock_guard guard(mutex_);
  return stats_;
}

uint64_t MergeMonitor::wait(uint64_t seen, std::chrono::milliseconds most) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, most, [&] { return version_ != seen; });
  return version_;
}

void MergeMonitor::failed(const Error& error) noexcept {
  update([&](MergeStats& stats) {
    ++stats.failures;
    stats.has_error = true;
    stats.error_code = error.code();
    try {
      stats.error = error.what();
    } catch (const std::exception&) {
      stats.error.clear();  // no memory for the text
    }
  });
}

}  // namespace diagon::index
