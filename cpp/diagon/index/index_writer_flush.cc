// How buffers become segments.
#include <algorithm>
#include <thread>

#include "diagon/index/index_writer.h"
#include "diagon/util/bits.h"
#include "diagon/util/error.h"
#include "diagon/util/signals.h"

namespace diagon::index {

void IndexWriter::flush_if_full() {
  if (!is_full()) return;
  std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock) {
    // Another thread flushes: there is as much room again until it has done.
    if (ram_bytes() / 2 < options_.ram_buffer_bytes) return;
    lock.lock();
  }
  if (!is_full()) return;  // another thread has flushed meanwhile
  install_finished();
  write_taken();
  if (is_full()) take(buffers_.largest());
  write_taken();
  tend_merges();
  stall_while_behind(lock);
}

void IndexWriter::flush() {
  install_finished();
  write_taken();
  for (size_t place = 0; place < buffers_.count(); ++place) take(place);
  write_taken();
  tend_merges();
}

void IndexWriter::take(size_t place) {
  Taken& taken = taken_.emplace_back();
  try {
    if (buffers_.take(place, taken.held)) {
      taken_docs_ += taken.held.buffer.doc_count();
      taken_bytes_ += taken.held.ram_bytes;
      return;
    }
  } catch (...) {
    taken_.pop_back();
    throw;
  }
  taken_.pop_back();
}

// Writes what is there to be written, also what an earlier flush could not.
void IndexWriter::write_taken() {
  if (taken_.empty()) return;
  for (Taken& taken : taken_) {
    // It may be written already, and waits for deletes that could not be applied.
    if (taken.held.buffer.live_count() == 0 || taken.fresh.segment.reader) continue;
    taken.fresh.entry.number = manifest_.next_segment++;
    taken.fresh.entry.id = directory::random_segment_id();
    taken.fresh.entry.max_doc = taken.held.buffer.doc_count();
  }
  {
    std::vector<std::jthread> threads;
    for (size_t i = 1; i < taken_.size(); ++i)
      if (!start_writing(threads, taken_[i])) write_segment(taken_[i]);
    write_segment(taken_.front());
  }
  std::exception_ptr failure;
  for (Taken& taken : taken_) {
    try {
      if (taken.failure) std::rethrow_exception(taken.failure);
      take_up(taken);
      taken_docs_ -= taken.held.buffer.doc_count();
      taken_bytes_ -= taken.held.ram_bytes;
      taken.held = {};
    } catch (...) {
      failure = std::current_exception();
    }
  }
  std::erase_if(taken_, [](const Taken& taken) {
    return taken.held.buffer.doc_count() == 0 && taken.held.deletes.empty();
  });
  if (failure) std::rethrow_exception(failure);
}

bool IndexWriter::start_writing(std::vector<std::jthread>& threads, Taken& taken) {
  const SignalsBlocked blocked;
  try {
    threads.emplace_back([this, &taken] { write_segment(taken); });
    return true;
  } catch (const std::exception&) {  // no thread is to be had
    return false;
  }
}

// Called by several threads at once.
void IndexWriter::write_segment(Taken& taken) noexcept {
  const Buffer& buffer = taken.held.buffer;
  Segment& fresh = taken.fresh;
  taken.failure = nullptr;
  if (buffer.live_count() == 0 || fresh.segment.reader) return;
  try {
    buffer.write(folder_, fresh.entry.number, fresh.entry.id, *fields());
    fresh.segment.live_count = buffer.live_count();
    if (buffer.has_deletes()) {
      fresh.segment.live = std::make_shared<const std::vector<uint64_t>>(buffer.live_bits());
      fresh.live_dirty = true;
    }
    fresh.segment.reader = SegmentReader::open(folder_, fresh.entry.number, fresh.entry.id);
  } catch (...) {
    taken.failure = std::current_exception();
    remove_unfinished(fresh.entry.number);
  }
}

// What is left is removed by the next sweep.
void IndexWriter::remove_unfinished(uint64_t number) noexcept {
  try {
    remove_segment(folder_, number);
  } catch (const Error& e) {
    try {
      monitor_->failed(e);
    } catch (...) {  // memory has run out, as the flush that failed tells
    }
  } catch (...) {
  }
}

void IndexWriter::take_up(Taken& taken) {
  segments_.reserve(segments_.size() + 1);
  apply_deletes(taken.held);  // to the segments that are older than the buffer
  if (taken.fresh.segment.reader) segments_.push_back(std::move(taken.fresh));
}

void IndexWriter::apply_deletes(const TakenBuffer& held) {
  if (segments_.empty()) return;
  std::vector<std::string_view> ids = held.buffer.ids();
  ids.insert(ids.end(), held.deletes.begin(), held.deletes.end());
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

}  // namespace diagon::index
