// The writer's merges: which are started, and how their results take the place of what they read.
#include <algorithm>

#include "diagon/index/index_writer.h"
#include "diagon/util/bits.h"
#include "diagon/util/error.h"

namespace diagon::index {
namespace {

constexpr std::chrono::seconds kLongestRetryDelay{60};
// How long a wait may last before it looks around again.
constexpr std::chrono::milliseconds kWait{1000};

// Clears the merged documents of those that were live in `before` and are not any more. `now`: null
// if the segment is gone with all of its documents.
void carry_deletes(const LiveSegment& before, const LiveSegment* now, const DocOrder& order,
                   size_t input, std::vector<uint64_t>& live) {
  if (now != nullptr && now->live == before.live) return;
  const DocId max_doc = before.reader->max_doc();
  std::vector<uint64_t> gone(bits::words_for(max_doc));
  bits::fill(gone.data(), gone.size(), max_doc);
  for (size_t w = 0; w < gone.size(); ++w) {
    if (before.live) gone[w] &= (*before.live)[w];
    if (now != nullptr && now->live) gone[w] &= ~(*now->live)[w];
  }
  bits::for_each(gone.data(), gone.size(), [&](size_t doc) {
    bits::clear(live.data(), order.target(input, static_cast<DocId>(doc)));
  });
}

}  // namespace

void IndexWriter::tend_merges() {
  try {
    install_finished();
    drop_dead_segments();
    merges_behind_ = schedule_merges();
  } catch (const std::exception& e) {
    // What the caller asked for is done; merges are started the next time.
    merges_behind_ = false;
    monitor_->failed(Error(ErrorCode::kInternal, std::string("merges: ") + e.what()));
  }
  collect_unused_files();
}

void IndexWriter::install_finished() {
  if (finished_.empty()) finished_ = scheduler_.take_finished();
  for (; !finished_.empty(); finished_.pop_back()) install(finished_.back());
}

void IndexWriter::install(FinishedMerge& finished) {
  if (!finished.error) {
    try {
      install_segment(finished);
    } catch (const std::exception& e) {
      finished.error = Error(ErrorCode::kOutOfMemory, std::string("a merge: ") + e.what());
      monitor_->failed(*finished.error);
    }
  }
  being_made_.erase(finished.job.number);
  if (finished.error) {
    note_merge_failure(finished);
  } else {
    merge_failures_ = 0;
  }
}

void IndexWriter::install_segment(FinishedMerge& finished) {
  const MergeJob& job = finished.job;
  const DocOrder& order = *finished.order;
  std::vector<uint64_t> live(bits::words_for(order.size()));
  bits::fill(live.data(), live.size(), order.size());
  std::set<uint64_t> inputs;
  for (size_t i = 0; i < job.inputs.size(); ++i) {
    const uint64_t number = job.inputs[i].reader->number();
    inputs.insert(number);
    const auto at = std::find_if(segments_.begin(), segments_.end(),
                                 [&](const Segment& s) { return s.entry.number == number; });
    carry_deletes(job.inputs[i], at == segments_.end() ? nullptr : &at->segment, order, i, live);
  }
  Segment fresh;
  fresh.entry.number = job.number;
  fresh.entry.id = job.id;
  fresh.entry.max_doc = order.size();
  fresh.synced = true;
  fresh.segment.reader = finished.reader;
  fresh.segment.live_count = static_cast<DocId>(bits::count(live.data(), live.size()));
  if (fresh.segment.live_count != order.size()) {
    fresh.segment.live = std::make_shared<const std::vector<uint64_t>>(std::move(live));
    fresh.live_dirty = true;
  }

  // It stands where the first of them stood.
  std::vector<Segment> next;
  next.reserve(segments_.size() + 1);
  bool placed = false;
  bool forced = false;
  for (const Segment& s : segments_) {
    if (!inputs.contains(s.entry.number)) {
      next.push_back(s);
      continue;
    }
    if (!placed) next.push_back(fresh);
    placed = true;
    files_.retire(s.segment.reader);
    forced |= forced_ && forced_->segments.contains(s.entry.number);
  }
  if (!placed) files_.retire(fresh.segment.reader);  // all that it was made of is gone
  // What has been expunged is done with; what another merge made may have deleted documents.
  if (forced && (forced_->merge.expunge_percent < 0 || !forced_->made.contains(job.number)))
    forced_->segments.insert(job.number);
  segments_.swap(next);
}

void IndexWriter::note_merge_failure(const FinishedMerge& finished) {
  const Error& error = *finished.error;
  const bool damaged = error.code() == ErrorCode::kCorrupt;
  if (!damaged) merges_after_ = Clock::now() + retry_delay(merge_failures_++);
  for (const LiveSegment& input : finished.job.inputs) {
    const uint64_t number = input.reader->number();
    for (Segment& s : segments_) {
      if (s.entry.number != number) continue;
      s.merging = false;
      // Others can be merged all the same.
      if (damaged) s.merge_after = Clock::now() + retry_delay(s.merge_failures++);
    }
    if (forced_ && forced_->segments.contains(number)) forced_->error = error;
  }
}

IndexWriter::Clock::duration IndexWriter::retry_delay(uint32_t failures) const noexcept {
  const auto delay =
      std::chrono::milliseconds(uint64_t{options_.merges.retry_ms} << std::min(failures, 20u));
  return std::min<Clock::duration>(delay, kLongestRetryDelay);
}

std::vector<SegmentSize> IndexWriter::sizes_of(const std::vector<size_t>& places) const {
  const auto now = Clock::now();
  std::vector<SegmentSize> sizes;
  for (const size_t place : places) {
    const Segment& s = segments_[place];
    const bool forced = forced_ && forced_->segments.contains(s.entry.number);
    sizes.push_back({s.segment.reader->bytes_on_disk(), s.entry.max_doc, s.segment.live_count,
                     s.merging || now < s.merge_after || forced});
  }
  return sizes;
}

bool IndexWriter::schedule_merges() {
  if (!options_.merges.background || !sync_failure_.empty() || Clock::now() < merges_after_)
    return false;
  std::vector<size_t> places(segments_.size());
  for (size_t i = 0; i < places.size(); ++i) places[i] = i;
  for (const MergeChoice& choice : find_merges(sizes_of(places), options_.merges.policy)) {
    if (scheduler_.pending() >= options_.merges.max_pending) return true;
    uint64_t docs = 0;
    for (const size_t i : choice) docs += segments_[i].segment.live_count;
    const uint32_t least = options_.merges.reorder_min_docs;
    start_merge(choice, places, least != 0 && docs >= least);
  }
  return false;
}

uint64_t IndexWriter::start_merge(const MergeChoice& choice, const std::vector<size_t>& places,
                                  bool reorder) {
  MergeJob job;
  const uint64_t number = job.number = manifest_.next_segment++;
  job.id = directory::random_segment_id();
  job.options.reorder = reorder;
  for (const size_t i : choice) job.inputs.push_back(segments_[places[i]].segment);
  being_made_.insert(job.number);
  scheduler_.submit(std::move(job));
  for (const size_t i : choice) segments_[places[i]].merging = true;
  return number;
}

void IndexWriter::stall_while_behind(std::unique_lock<std::mutex>& lock) {
  if (!merges_behind_) return;
  const auto start = Clock::now();
  const auto end = start + std::chrono::milliseconds(options_.merges.max_stall_ms);
  uint64_t seen = 0;
  while (merges_behind_ && Clock::now() < end) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    lock.unlock();
    seen = monitor_->wait(seen, left);
    lock.lock();
    tend_merges();
  }
  const auto stalled =
      std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
  monitor_->update([&](MergeStats& stats) {
    ++stats.stalls;
    stats.stalled_ms += static_cast<uint64_t>(stalled);
  });
}

bool IndexWriter::advance_merges() {
  const std::lock_guard guard(mutex_);
  tend_merges();
  return scheduler_.pending() == 0 && !merges_behind_;
}

bool IndexWriter::wait_for_merges(std::chrono::milliseconds most) {
  const auto end = Clock::now() + most;
  for (uint64_t seen = 0; !advance_merges();) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    if (left.count() <= 0) return false;
    seen = monitor_->wait(seen, std::min(left, kWait));
  }
  return true;
}

void IndexWriter::begin_forced_merge(const ForcedMerge& merge) {
  if (merge.max_segments == 0) throw_invalid("a merge must leave one segment at least");
  if (merge.expunge_percent > 100) throw_invalid("over 100 percent of documents cannot be deleted");
  const std::lock_guard guard(mutex_);
  if (!sync_failure_.empty())
    throw Error(ErrorCode::kIo, sync_failure_ + " (in an earlier commit; open the index again)");
  flush();
  Forced forced{merge, {}, {}, std::nullopt};
  for (const Segment& s : segments_) forced.segments.insert(s.entry.number);
  forced_ = std::move(forced);
}

std::vector<size_t> IndexWriter::places_of(const std::set<uint64_t>& numbers) const {
  std::vector<size_t> places;
  for (size_t i = 0; i < segments_.size(); ++i)
    if (numbers.contains(segments_[i].entry.number)) places.push_back(i);
  return places;
}

bool IndexWriter::advance_forced_merge() {
  const std::lock_guard guard(mutex_);
  install_finished();
  if (!forced_) return true;
  if (forced_->error) {
    const Error error = *forced_->error;
    forced_.reset();
    throw Error(error);
  }
  drop_dead_segments();
  const std::vector<size_t> places = places_of(forced_->segments);
  const auto is_merging = [&](size_t place) { return segments_[place].merging; };
  const auto is_unfinished = [&](uint64_t number) { return being_made_.contains(number); };
  if (std::any_of(places.begin(), places.end(), is_merging) ||
      std::any_of(forced_->made.begin(), forced_->made.end(), is_unfinished))
    return false;
  if (forced_->merge.expunge_percent >= 0) {
    start_expunging(places);
    if (!forced_->segments.empty()) return false;
  } else if (start_forced(places)) {
    return false;
  }
  forced_.reset();
  return true;
}

void IndexWriter::start_expunging(const std::vector<size_t>& places) {
  std::vector<SegmentSize> sizes = sizes_of(places);
  for (SegmentSize& size : sizes) size.busy = false;
  const auto percent = static_cast<uint32_t>(forced_->merge.expunge_percent);
  std::set<uint64_t> rewritten;
  for (const MergeChoice& choice : find_expunging_merges(sizes, percent, options_.merges.policy)) {
    for (const size_t i : choice) rewritten.insert(segments_[places[i]].entry.number);
    forced_->made.insert(start_merge(choice, places, false));
  }
  forced_->segments = std::move(rewritten);
}

bool IndexWriter::start_forced(const std::vector<size_t>& places) {
  const ForcedMerge& merge = forced_->merge;
  const MergeChoice choice = find_forced_merge(sizes_of(places), merge.max_segments);
  if (!choice.empty()) {
    forced_->made.insert(start_merge(choice, places, merge.reorder));
    return true;
  }
  bool started = false;
  for (size_t i = 0; i < places.size(); ++i) {
    const Segment& s = segments_[places[i]];
    if (forced_->made.contains(s.entry.number)) continue;
    const bool has_deletes = s.segment.live_count != s.entry.max_doc;
    if (!merge.reorder && !(merge.max_segments == 1 && has_deletes)) continue;
    forced_->made.insert(start_merge({i}, places, merge.reorder));
    started = true;
  }
  return started;
}

void IndexWriter::force_merge(const ForcedMerge& merge) {
  begin_forced_merge(merge);
  for (uint64_t seen = 0; !advance_forced_merge();) seen = monitor_->wait(seen, kWait);
}

void IndexWriter::drop_dead_segments() {
  for (const Segment& s : segments_)
    if (s.segment.live_count == 0) files_.retire(s.segment.reader);
  std::erase_if(segments_, [](const Segment& s) { return s.segment.live_count == 0; });
}

void IndexWriter::sweep_files() {
  try {
    std::set<uint64_t> in_use = being_made_;
    for (const Segment& s : segments_) in_use.insert(s.entry.number);
    files_.sweep(in_use);
  } catch (const Error& e) {
    monitor_->failed(e);
  } catch (const std::exception& e) {
    monitor_->failed(Error(ErrorCode::kInternal, std::string("removing files: ") + e.what()));
  }
}

void IndexWriter::collect_files() noexcept {
  const std::lock_guard guard(mutex_);
  collect_unused_files();
}

void IndexWriter::collect_unused_files() noexcept {
  try {
    files_.collect();
  } catch (const Error& e) {
    monitor_->failed(e);
  } catch (const std::exception& e) {
    monitor_->failed(Error(ErrorCode::kInternal, std::string("removing files: ") + e.what()));
  }
}

}  // namespace diagon::index
