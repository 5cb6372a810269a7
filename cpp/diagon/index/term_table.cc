#include "diagon/index/term_table.h"

#include <algorithm>
#include <cstring>
#include <random>

#include "diagon/termdict/entry.h"

namespace diagon::index {
namespace {

using termdict::term_key;

// The upper and the lower half of a product of 64 bits each, mixed.
uint64_t fold(uint64_t a, uint64_t b) noexcept {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

TermTable::TermTable()
    : seed_([] {
        static const uint64_t seed = random_seed();
        return seed;
      }()) {}

TermTable::Key TermTable::key(FieldId field, std::string_view term) const noexcept {
  Key key{field, 0, term_key(term), term};
  uint64_t hash =
      fold(key.head ^ seed_, 0x9E3779B97F4A7C15u ^ (uint64_t{field} << 32 | term.size()));
  for (size_t at = 8; at < term.size(); at += 8)
    hash = fold(hash ^ term_key(term.substr(at)), 0xD6E8FEB86659FD93u ^ seed_);
  key.hash = static_cast<uint32_t>(hash ^ hash >> 32);
  return key;
}

bool TermTable::is(const Entry& entry, const Key& key) const noexcept {
  return entry.head == key.head && entry.len == key.term.size() && entry.field == key.field &&
         (entry.len <= 8 ||
          std::memcmp(bytes_.data() + entry.offset + 8, key.term.data() + 8, entry.len - 8) == 0);
}

const TermTable::Entry* TermTable::find(const Key& key) const noexcept {
  if (slots_.empty()) return nullptr;
  const size_t mask = slots_.size() - 1;
  for (size_t at = key.hash & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.entry == 0) return nullptr;
    if (slot.hash == key.hash && is(entries_[slot.entry - 1], key))
      return &entries_[slot.entry - 1];
  }
}

TermTable::Entry& TermTable::find_or_insert(const Key& key) {
  if ((entries_.size() + 1) * 2 > slots_.size()) rehash();
  const size_t mask = slots_.size() - 1;
  for (size_t at = key.hash & mask;; at = (at + 1) & mask) {
    Slot& slot = slots_[at];
    if (slot.entry == 0) {
      Entry entry;
      entry.head = key.head;
      entry.field = key.field;
      entry.len = static_cast<uint32_t>(key.term.size());
      entry.offset = bytes_.size();
      bytes_.insert(bytes_.end(), key.term.begin(), key.term.end());
      entries_.push_back(entry);
      slot = {static_cast<uint32_t>(entries_.size()), key.hash};
      return entries_.back();
    }
    if (slot.hash == key.hash && is(entries_[slot.entry - 1], key)) return entries_[slot.entry - 1];
  }
}

void TermTable::rehash() {
  std::vector<Slot> old(std::max<size_t>(1024, slots_.size() * 2));
  std::swap(old, slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.entry == 0) continue;
    size_t at = slot.hash & mask;
    while (slots_[at].entry != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

void TermTable::finish_doc(Entry& entry, bool with_positions) {
  if (entry.last_freq == 0) return;
  pool_.append_varint(entry.docs, entry.last_doc - entry.previous_doc);
  if (with_positions) pool_.append_varint(entry.docs, entry.last_freq);
  entry.previous_doc = entry.last_doc;
  entry.last_freq = 0;
}

void TermTable::add(const Key& key, DocId doc, uint32_t position, bool with_positions) {
  Entry& entry = find_or_insert(key);
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

struct TermTable::Sorted {
  uint64_t chunk;  // 8 bytes of the term, those that are compared
  const Entry* entry;
};

// By 8 bytes at a time: first those at `depth`; what is equal in these by what comes next. (Bentley
// and Sedgewick, "Fast algorithms for sorting and searching strings", 1997, has it for single
// bytes.)
void TermTable::sort(std::span<Sorted> terms, size_t depth) const {
  std::sort(terms.begin(), terms.end(),
            [](const Sorted& a, const Sorted& b) { return a.chunk < b.chunk; });
  for (size_t from = 0; from < terms.size();) {
    size_t to = from + 1;
    while (to < terms.size() && terms[to].chunk == terms[from].chunk) ++to;
    if (to - from > 1) {
      // Terms that end here differ from others only in zeros, which are more the longer they are.
      const auto first = terms.begin() + static_cast<ptrdiff_t>(from);
      const auto last = terms.begin() + static_cast<ptrdiff_t>(to);
      const auto longer = std::partition(
          first, last, [&](const Sorted& term) { return term.entry->len <= depth + 8; });
      std::sort(first, longer,
                [](const Sorted& a, const Sorted& b) { return a.entry->len < b.entry->len; });
      for (auto at = longer; at != last; ++at)
        at->chunk = term_key(term(*at->entry).substr(depth + 8));
      sort({longer, last}, depth + 8);
    }
    from = to;
  }
}

std::vector<const TermTable::Entry*> TermTable::sorted(FieldId field) const {
  std::vector<Sorted> terms;
  for (const Entry& entry : entries_)
    if (entry.field == field) terms.push_back({entry.head, &entry});
  sort(terms, 0);
  std::vector<const Entry*> out;
  out.reserve(terms.size());
  for (const Sorted& term : terms) out.push_back(term.entry);
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
  return entries_.capacity() * sizeof(Entry) + slots_.capacity() * sizeof(Slot) +
         bytes_.capacity() + pool_.ram_bytes();
}

void TermTable::clear() {
  entries_.clear();
  slots_.clear();
  bytes_.clear();
  pool_.clear();
}

}  // namespace diagon::index
