#include "diagon/index/buffers.h"

#include <numeric>

namespace diagon::index {

Buffers::Buffers(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) parts_.push_back(std::make_unique<Part>());
}

void Buffers::Part::note_size() noexcept {
  ram_bytes.store(held.buffer.ram_bytes() + delete_bytes, std::memory_order_relaxed);
  doc_count.store(held.buffer.doc_count(), std::memory_order_relaxed);
}

size_t Buffers::part_of(std::string_view id) const noexcept {
  // Ids that were chosen to collide make one buffer larger than the others, nothing else.
  return parts_.size() == 1 ? 0 : std::hash<std::string_view>{}(id) % parts_.size();
}

void Buffers::add(const DocumentBatch& batch, const std::vector<schema::Field>& fields) {
  check_batch(batch, fields);
  if (parts_.size() > 1) return add_to_all(batch, fields);
  std::vector<uint32_t> all(batch.docs.size());
  std::iota(all.begin(), all.end(), 0);
  Part& part = *parts_[0];
  const std::lock_guard guard(part.mutex);
  part.held.buffer.add(batch, all, fields);
  part.note_size();
}

void Buffers::add_to_all(const DocumentBatch& batch, const std::vector<schema::Field>& fields) {
  std::vector<std::vector<uint32_t>> docs(parts_.size());
  for (uint32_t doc = 0; doc < batch.docs.size(); ++doc)
    docs[part_of(id_of(batch, doc))].push_back(doc);
  std::vector<size_t> left;
  for (size_t place = 0; place < parts_.size(); ++place)
    if (!docs[place].empty()) left.push_back(place);
  // Those first that no other thread is adding to.
  while (!left.empty()) {
    std::unique_lock<std::mutex> guard;
    auto next = left.begin();
    for (; next != left.end(); ++next) {
      guard = std::unique_lock(parts_[*next]->mutex, std::try_to_lock);
      if (guard) break;
    }
    if (next == left.end()) {
      next = left.begin();
      guard = std::unique_lock(parts_[*next]->mutex);
    }
    Part& part = *parts_[*next];
    part.held.buffer.add(batch, docs[*next], fields);
    part.note_size();
    left.erase(next);
  }
}

void Buffers::remove(std::string_view id) {
  constexpr size_t kNode = 64;
  Part& part = *parts_[part_of(id)];
  const std::lock_guard guard(part.mutex);
  part.held.buffer.remove(id);
  if (part.held.deletes.emplace(id).second) part.delete_bytes += id.size() + kNode;
  part.note_size();
}

size_t Buffers::largest() const noexcept {
  size_t place = 0;
  uint64_t most = 0;
  for (size_t i = 0; i < parts_.size(); ++i) {
    const uint64_t bytes = parts_[i]->ram_bytes.load(std::memory_order_relaxed);
    if (bytes <= most) continue;
    most = bytes;
    place = i;
  }
  return place;
}

bool Buffers::take(size_t place, TakenBuffer& taken) {
  Part& part = *parts_[place];
  TakenBuffer empty;
  const std::lock_guard guard(part.mutex);
  part.held.buffer.check_whole();
  if (part.held.buffer.doc_count() == 0 && part.held.deletes.empty()) return false;
  taken = std::move(part.held);
  taken.ram_bytes = part.ram_bytes.load(std::memory_order_relaxed);
  part.held = std::move(empty);
  part.delete_bytes = 0;
  part.note_size();
  return true;
}

uint32_t Buffers::doc_count() const noexcept {
  uint32_t docs = 0;
  for (const auto& part : parts_) docs += part->doc_count.load(std::memory_order_relaxed);
  return docs;
}

uint64_t Buffers::ram_bytes() const noexcept {
  uint64_t bytes = 0;
  for (const auto& part : parts_) bytes += part->ram_bytes.load(std::memory_order_relaxed);
  return bytes;
}

}  // namespace diagon::index
