#include "diagon/index/term_table.h"

#include <algorithm>
#include <functional>

namespace diagon::index {

TermTable::Entry& TermTable::find_or_insert(FieldId field, std::string_view term) {
  if ((entries_.size() + 1) * 2 > slots_.size()) rehash();
  const uint64_t hash =
      std::hash<std::string_view>{}(term) ^ (uint64_t{field} + 1) * 0x9E3779B97F4A7C15u;
  const size_t mask = slots_.size() - 1;
  for (size_t slot = hash & mask;; slot = (slot + 1) & mask) {
    if (slots_[slot] == 0) {
      Entry entry;
      entry.hash = hash;
      entry.field = field;
      entry.len = static_cast<uint32_t>(term.size());
      entry.offset = bytes_.size();
      bytes_.insert(bytes_.end(), term.begin(), term.end());
      entries_.push_back(entry);
      slots_[slot] = static_cast<uint32_t>(entries_.size());
      return entries_.back();
    }
    Entry& entry = entries_[slots_[slot] - 1];
    if (entry.hash == hash && entry.field == field && this->term(entry) == term) return entry;
  }
}

void TermTable::rehash() {
  const size_t size = std::max<size_t>(1024, slots_.size() * 2);
  slots_.assign(size, 0);
  for (size_t i = 0; i < entries_.size(); ++i) {
    size_t slot = entries_[i].hash & (size - 1);
    while (slots_[slot] != 0) slot = (slot + 1) & (size - 1);
    slots_[slot] = static_cast<uint32_t>(i + 1);
  }
}

void TermTable::finish_doc(Entry& entry, bool with_positions) {
  if (entry.last_freq == 0) return;
  pool_.append_varint(entry.docs, entry.last_doc - entry.previous_doc);
  if (with_positions) pool_.append_varint(entry.docs, entry.last_freq);
  entry.previous_doc = entry.last_doc;
  entry.last_freq = 0;
}

void TermTable::add(FieldId field, std::string_view term, DocId doc, uint32_t position,
                    bool with_positions) {
  Entry& entry = find_or_insert(field, term);
  if (entry.last_freq == 0 || entry.last_doc != doc) {
    finish_doc(entry, with_positions);
    entry.last_doc = doc;
    entry.last_position = 0;
    ++entry.doc_freq;
  }
  ++entry.last_freq;
  if (with_positions) {
    pool_.append_varint(entry.positions, position - entry.last_position);
    entry.last_position = position;
  }
}

std::vector<const TermTable::Entry*> TermTable::sorted(FieldId field) const {
  std::vector<const Entry*> out;
  for (const Entry& entry : entries_)
    if (entry.field == field) out.push_back(&entry);
  std::sort(out.begin(), out.end(),
            [this](const Entry* a, const Entry* b) { return term(*a) < term(*b); });
  return out;
}

void TermTable::read(const Entry& entry, bool with_positions, std::vector<DocId>& docs,
                     std::vector<uint32_t>& freqs, std::vector<uint32_t>& positions) const {
  SlicePool::Reader doc_reader(pool_, entry.docs);
  SlicePool::Reader position_reader(pool_, entry.positions);
  DocId doc = 0;
  for (uint32_t i = 0; i < entry.doc_freq; ++i) {
    // The last document is still in the entry.
    const bool pending = i + 1 == entry.doc_freq && entry.last_freq != 0;
    doc = pending ? entry.last_doc : doc + doc_reader.varint();
    docs.push_back(doc);
    if (!with_positions) continue;
    const uint32_t freq = pending ? entry.last_freq : doc_reader.varint();
    freqs.push_back(freq);
    uint32_t position = 0;
    for (uint32_t j = 0; j < freq; ++j) {
      position += position_reader.varint();
      positions.push_back(position);
    }
  }
}

size_t TermTable::ram_bytes() const noexcept {
  return entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(uint32_t) +
         bytes_.capacity() + pool_.ram_bytes();
}

void TermTable::clear() {
  entries_.clear();
  slots_.clear();
  bytes_.clear();
  pool_.clear();
}

}  // namespace diagon::index
