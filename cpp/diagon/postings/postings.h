// The documents of a term: written once, read forwards in blocks of 128.
//
// A term's documents stand in blocks of 128 with bit-packed gaps and frequencies; the last, shorter
// block is made of varints. Before them stands a skip table with, per block, its last document, its
// places in both files and its impacts: four (frequency, norm) pairs of which each document of the
// block is bounded by one. Positions are in a file of their own, per block of documents. A term of
// one block has no table: whoever wants a bound looks at its documents.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "diagon/codec/bitpack.h"
#include "diagon/directory/file.h"
#include "diagon/util/bytes.h"
#include "diagon/util/types.h"

namespace diagon::postings {

// Frequencies are at most this.
inline constexpr uint32_t kMaxFreq = 0x7fffffff;

// What a skip table has, in its first byte.
inline constexpr uint8_t kFlagFreqs = 1;
inline constexpr uint8_t kFlagPositions = 2;

// Where a term's postings are, as the term dictionary keeps it.
struct TermMeta {
  uint32_t doc_freq = 0;         // documents with the term, deleted ones included; >= 1
  uint64_t total_term_freq = 0;  // occurrences; equals doc_freq where frequencies are not kept
  uint64_t postings_offset = 0;  // into the postings file
  uint64_t postings_bytes = 0;
  uint64_t positions_offset = 0;  // into the positions file; 0 without positions
  uint64_t positions_bytes = 0;
};

// A (frequency, norm) pair bounds a score: the score grows with the frequency and falls with the
// norm. So many pairs a block, which is few enough to evaluate those of several blocks at once;
// where a block has more that no other beats in both, neighbours are joined to one that bounds
// both.
inline constexpr uint32_t kImpacts = 4;
// Stands for this and any higher frequency.
inline constexpr uint8_t kAnyFreq = 255;

// Writes terms one after another. Used by one thread.
class PostingsWriter {
 public:
  // `positions` may be null if no field has any. The files must outlive the writer.
  PostingsWriter(directory::FileWriter& postings, directory::FileWriter* positions);

  // How long the field's documents are on average, from here on: what impacts bound best.
  void set_average_length(float tokens) noexcept { average_length_ = tokens; }

  // REQUIRES: docs strictly increasing, not empty; freqs empty (kDocs) or as long as docs, each >=
  // 1; positions empty or of length sum(freqs), ascending within a document; norms: for each
  // document its norm, or empty (then 1).
  TermMeta write(std::span<const DocId> docs, std::span<const uint32_t> freqs,
                 std::span<const uint32_t> positions, std::span<const uint8_t> norms);

 private:
  directory::FileWriter& postings_;
  directory::FileWriter* positions_;
  float average_length_ = 1;
  // Of the term that is being written; `*_ends_` have one entry a block.
  std::vector<DocId> last_docs_;
  std::vector<uint64_t> data_ends_, position_ends_;
  std::vector<uint8_t> impact_freqs_, impact_norms_;  // kImpacts a block
  ByteWriter skips_, data_, pos_;
};

// Walks over a term's blocks. Used by one thread; keeps the files alive.
//
// Starts before the first block. All decoding stays inside the term's bytes; damage throws
// kCorrupt.
class PostingsCursor {
 public:
  // `positions` may be null; then `positions()` must not be called. `has_freqs` as the field was
  // written. `max_doc`: documents from disk that are not below it are damage.
  PostingsCursor(std::shared_ptr<const directory::MappedFile> postings,
                 std::shared_ptr<const directory::MappedFile> positions, const TermMeta& meta,
                 bool has_freqs, DocId max_doc);

  uint32_t doc_freq() const noexcept { return meta_.doc_freq; }
  bool has_freqs() const noexcept { return has_freqs_; }
  uint32_t block_count() const noexcept { return block_count_; }
  // The block that is decoded; block_count() after the end.
  uint32_t block() const noexcept { return block_; }

  // Decodes the first block whose last document is >= target, which may lie before the current one
  // (then it goes back). False if there is none: the cursor is then after the end, until the next
  // seek.
  bool seek(DocId target);
  // Decodes the next block; false at the end.
  bool next_block();
  // Decodes that block. REQUIRES: block < block_count().
  void open_block(uint32_t block) {
    if (block != block_) decode_block(block);
  }

  // Of the decoded block. REQUIRES: seek or next_block returned true.
  uint32_t size() const noexcept { return size_; }
  const DocId* docs() const noexcept { return docs_; }
  DocId first_doc() const noexcept { return docs_[0]; }
  DocId last_doc() const noexcept { return docs_[size_ - 1]; }
  // Frequencies of the block's documents, decoded at the first call. All 1 where frequencies are
  // not kept.
  const uint32_t* freqs();
  // Positions of document i of the block, ascending; valid until the next call. Only the packs of
  // positions in which they are get decoded.
  std::span<const uint32_t> positions(uint32_t i);

  // Without decoding: the index of the first block whose last document is >= target, or
  // block_count().
  uint32_t find_block(DocId target) const;
  DocId block_last_doc(uint32_t block) const;
  // The pairs of all blocks, kImpacts a block; null for a term of one block, or without
  // frequencies.
  const uint8_t* impact_freqs() const noexcept { return impact_freqs_; }
  const uint8_t* impact_norms() const noexcept { return impact_norms_; }

 private:
  void open_single();
  void open_skip_table();
  void decode_block(uint32_t block);
  // Reads `count` documents after `base` (2^32 - 1 at the start), and their frequencies or where
  // they are.
  void decode_docs(ByteReader& in, DocId base, uint32_t count);
  void decode_full(ByteReader& in, DocId base);
  void decode_tail(ByteReader& in, DocId base, uint32_t count);
  void decode_freqs();
  void open_positions();
  // Walks over the packs up to `pack`, or to the varints behind them.
  void walk_packs(uint32_t pack);
  void decode_pack(uint32_t pack);
  void decode_position_tail();
  [[noreturn]] void corrupt(const char* detail) const;

  std::shared_ptr<const directory::MappedFile> postings_, positions_;
  TermMeta meta_;
  bool has_freqs_;
  DocId max_doc_;
  uint32_t block_count_ = 0;
  uint32_t block_ = UINT32_MAX;
  uint32_t size_ = 0;
  bool freqs_decoded_ = false;
  bool positions_open_ = false;
  bool has_positions_ = false;
  // Of a single block, which is decoded at construction.
  DocId only_last_doc_ = 0;
  // The skip table's columns inside the mapping: 4 bytes a block, then 5 bytes each (see
  // docs/format.md).
  const uint8_t* last_docs_ = nullptr;
  const uint8_t* data_ends_ = nullptr;
  const uint8_t* position_ends_ = nullptr;  // null without positions
  const uint8_t* impact_freqs_ = nullptr;   // null without frequencies
  const uint8_t* impact_norms_ = nullptr;
  uint64_t data_offset_ = 0;  // into the postings file
  uint64_t data_bytes_ = 0;
  const uint8_t* freqs_at_ = nullptr;  // packed, of the decoded block
  uint32_t freq_bits_ = 0;
  alignas(64) DocId docs_[codec::kBlock];
  alignas(64) uint32_t freqs_[codec::kBlock];
  // Of the decoded block, once its positions are open: where each document's begin, and how far the
  // packs are known. A pack is 128 gaps; the rest, fewer than 128, are varints.
  uint32_t position_starts_[codec::kBlock + 1];
  const uint8_t* position_bytes_ = nullptr;
  const uint8_t* position_bytes_end_ = nullptr;
  std::vector<const uint8_t*> packs_;  // of those walked over
  uint32_t pack_ = 0;                  // that is decoded
  alignas(64) uint32_t pack_values_[codec::kBlock];
  bool tail_decoded_ = false;
  std::vector<uint32_t> tail_values_;
  std::vector<uint32_t> position_values_;  // of the latest document
};

}  // namespace diagon::postings
