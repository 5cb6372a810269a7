// The sorted terms of each field of a segment, and where their postings are.
//
// Terms stand in blocks of 32, each written as the length shared with its neighbour and the rest; a
// table of the blocks' offsets is searched by bisection on their first terms. Order is that of
// unsigned bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diagon/directory/file.h"
#include "diagon/postings/postings.h"
#include "diagon/util/bytes.h"

namespace diagon::termdict {

// Of one field; kept in the segment's meta file.
struct FieldTermsMeta {
  uint64_t term_count = 0;
  uint64_t offset = 0;  // of the field's table of blocks, into the terms file
  uint64_t bytes = 0;   // of the table
  uint64_t sum_doc_freq = 0;
  uint64_t sum_total_term_freq = 0;
  uint32_t doc_count = 0;  // documents with at least one term
};

class TermDictWriter {
 public:
  explicit TermDictWriter(directory::FileWriter& file);
  void begin_field();
  // REQUIRES: term greater than the one before, at most kMaxTermBytes.
  void add(std::string_view term, const postings::TermMeta& meta);
  // `doc_count` as in FieldTermsMeta; the rest is summed up here.
  FieldTermsMeta end_field(uint32_t doc_count);

 private:
  void flush_block();
  directory::FileWriter& file_;
  FieldTermsMeta field_;
  std::vector<uint64_t> block_keys_;
  std::vector<uint64_t> block_offsets_;
  ByteWriter block_;
  uint32_t in_block_ = 0;
  std::string last_term_;
  postings::TermMeta last_meta_;
};

// The terms of one field. Const methods may be called from several threads at once.
class FieldTerms {
 public:
  FieldTerms(std::shared_ptr<const directory::MappedFile> file, const FieldTermsMeta& meta);
  const FieldTermsMeta& meta() const noexcept { return meta_; }
  // Throws kCorrupt.
  std::optional<postings::TermMeta> lookup(std::string_view term) const;
  // How many terms are less, and whether the term itself is there. Throws kCorrupt.
  std::pair<uint64_t, bool> rank(std::string_view term) const;
  // Appends term number `i`, in their order, to `out`. Throws kCorrupt, also if there are not so
  // many: numbers of terms come from other files.
  void append_term(uint64_t i, std::string& out) const;

  // Walks over terms in order. Used by one thread; `terms` must outlive it.
  class Iterator {
   public:
    // Stands before the first term >= `from`.
    Iterator(const FieldTerms& terms, std::string_view from);
    // False at the end.
    bool next();
    // Goes on to before the first term >= `target`. REQUIRES: next() returned true, and `target` is
    // greater than term().
    void seek(std::string_view target);
    // REQUIRES: next() returned true.
    std::string_view term() const noexcept { return term_; }
    // How many terms are less. REQUIRES: as term().
    uint64_t number() const noexcept;
    const postings::TermMeta& meta() const noexcept { return meta_; }

   private:
    // False at the end of the last block.
    bool read_entry();
    void read_to(std::string_view target);
    const FieldTerms& terms_;
    uint64_t block_ = 0;  // the next one to open
    uint32_t left_in_block_ = 0;
    bool started_ = false;  // a term was read
    bool pending_ = false;  // the entry that the constructor stopped at is to be returned first
    const uint8_t* at_ = nullptr;
    const uint8_t* end_ = nullptr;
    std::string term_;
    postings::TermMeta meta_;
  };

 private:
  uint64_t block_count() const noexcept;
  // The terms in block b: 32, in the last block the rest.
  uint32_t terms_in_block(uint64_t b) const noexcept;
  // The bytes of block b.
  std::string_view block_bytes(uint64_t b) const;
  // The first term of block b.
  std::string_view first_term(uint64_t b) const;
  // The last block whose first term is <= `term`; 0 if there is none. REQUIRES: block_count() != 0.
  uint64_t find_block(std::string_view term) const;

  std::shared_ptr<const directory::MappedFile> file_;
  FieldTermsMeta meta_;
  const uint8_t* keys_ = nullptr;     // the table: 8 bytes a block
  const uint8_t* offsets_ = nullptr;  // 8 bytes a block, and the end
};

}  // namespace diagon::termdict
