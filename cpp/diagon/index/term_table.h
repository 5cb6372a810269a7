// The terms of the documents in RAM: term → posting streams. Used by one thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "diagon/index/slice_pool.h"
#include "diagon/util/types.h"

namespace diagon::index {

class TermTable {
 public:
  struct Entry {
    uint64_t hash = 0;
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

  // Adds an occurrence. REQUIRES: documents ascending; positions ascending within a document and
  // field.
  void add(FieldId field, std::string_view term, DocId doc, uint32_t position, bool with_positions);

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
  Entry& find_or_insert(FieldId field, std::string_view term);
  void rehash();
  void finish_doc(Entry& entry, bool with_positions);

  std::vector<Entry> entries_;
  std::vector<uint32_t> slots_;  // open addressing; index + 1 into entries_, 0 = free
  std::vector<char> bytes_;
  SlicePool pool_;
};

}  // namespace diagon::index
