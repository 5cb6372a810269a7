// The terms of the documents in RAM: term → posting streams. Used by one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "diagon/index/slice_pool.h"
#include "diagon/util/types.h"

namespace diagon::index {

class TermTable {
 public:
  struct Entry {
    uint64_t head = 0;  // the term's first 8 bytes (termdict::term_key)
    FieldId field = 0;
    uint32_t len = 0;
    uint64_t offset = 0;  // of the term's bytes
    // The document being added to; it is written to the stream when the next one comes.
    DocId last_doc = 0;
    uint32_t last_freq = 0;  // 0: no document yet
    uint32_t last_position = 0;
    DocId previous_doc = 0;  // the one written to the stream before; gaps count from it
    uint32_t doc_freq = 0;
    SlicePool::Stream docs;       // varints: gap, and the frequency where positions are kept
    SlicePool::Stream positions;  // varints: gaps within a document
  };
  // What a term is found by. Making the keys of many terms first lets their places be fetched from
  // memory before they are needed.
  struct Key {
    FieldId field = 0;
    uint32_t hash = 0;
    uint64_t head = 0;
    std::string_view term;
  };

  TermTable();

  Key key(FieldId field, std::string_view term) const noexcept;
  // Asks for the memory that finding the key will read: first its slot, then, a while later, the
  // entry in it.
  void prefetch_slot(const Key& key) const noexcept {
    if (!slots_.empty()) __builtin_prefetch(&slots_[key.hash & (slots_.size() - 1)]);
  }
  void prefetch_entry(const Key& key) const noexcept {
    if (slots_.empty()) return;
    const Slot& slot = slots_[key.hash & (slots_.size() - 1)];
    if (slot.entry != 0) __builtin_prefetch(&entries_[slot.entry - 1]);
  }

  // Null if no document has the term.
  const Entry* find(const Key& key) const noexcept;
  // Adds an occurrence. REQUIRES: documents ascending; positions ascending within a document and
  // field.
  void add(const Key& key, DocId doc, uint32_t position, bool with_positions);

  size_t size() const noexcept { return entries_.size(); }
  std::string_view term(const Entry& entry) const noexcept {
    return {bytes_.data() + entry.offset, entry.len};
  }
  // The terms of a field in the order of unsigned bytes.
  std::vector<const Entry*> sorted(FieldId field) const;
  // Appends a term's postings to the arrays; `freqs` and `positions` stay as they are without
  // positions.
  void read(const Entry& entry, bool with_positions, std::vector<DocId>& docs,
            std::vector<uint32_t>& freqs, std::vector<uint32_t>& positions) const;

  size_t ram_bytes() const noexcept;
  void clear();

 private:
  // Places are given by the lowest bits of the hash; the rest of it tells most others apart.
  struct Slot {
    uint32_t entry = 0;  // index + 1 into entries_, 0 = free
    uint32_t hash = 0;
  };
  struct Sorted;
  Entry& find_or_insert(const Key& key);
  bool is(const Entry& entry, const Key& key) const noexcept;
  void sort(std::span<Sorted> terms, size_t depth) const;
  void rehash();
  void finish_doc(Entry& entry, bool with_positions);

  std::vector<Entry> entries_;
  std::vector<Slot> slots_;  // open addressing
  std::vector<char> bytes_;
  SlicePool pool_;
  uint64_t seed_;  // of the hash, so that nobody can choose terms that collide
};

}  // namespace diagon::index
