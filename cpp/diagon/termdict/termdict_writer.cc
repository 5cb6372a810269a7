#include <algorithm>
#include <cassert>

#include "diagon/termdict/entry.h"
#include "diagon/termdict/termdict.h"

namespace diagon::termdict {

TermDictWriter::TermDictWriter(directory::FileWriter& file) : file_(file) {}

void TermDictWriter::begin_field() {
  field_ = {};
  block_keys_.clear();
  block_offsets_.clear();
  block_.clear();
  in_block_ = 0;
  last_term_.clear();
}

void TermDictWriter::add(std::string_view term, const postings::TermMeta& meta) {
  assert(term.size() <= kMaxTermBytes && meta.doc_freq >= 1);
  assert(meta.total_term_freq >= meta.doc_freq);
  assert(field_.term_count == 0 || term > last_term_);
  if (in_block_ == kTermBlock) flush_block();
  size_t shared = 0;
  if (in_block_ == 0) {
    block_keys_.push_back(term_key(term));
    last_meta_ = {};
  } else {
    const size_t most = std::min(term.size(), last_term_.size());
    while (shared < most && term[shared] == last_term_[shared]) ++shared;
  }
  block_.varint(shared);
  block_.string(term.substr(shared));

  const bool has_positions = meta.positions_bytes != 0;
  const uint64_t postings_gap = meta.postings_offset - postings_end(last_meta_);
  const uint64_t positions_gap =
      has_positions ? meta.positions_offset - positions_end(last_meta_) : 0;
  uint8_t flags = 0;
  if (meta.doc_freq == 1) flags |= kSingle;
  if (meta.total_term_freq == meta.doc_freq) flags |= kEachOnce;
  if (postings_gap != 0) flags |= kPostingsGap;
  if (has_positions) flags |= kPositions;
  if (positions_gap != 0) flags |= kPositionsGap;
  block_.u8(flags);
  if ((flags & kSingle) == 0) block_.varint(meta.doc_freq - 2);
  if ((flags & kEachOnce) == 0) block_.varint(meta.total_term_freq - meta.doc_freq - 1);
  block_.varint(meta.postings_bytes);
  if ((flags & kPostingsGap) != 0) block_.varint(zigzag(static_cast<int64_t>(postings_gap)));
  if (has_positions) block_.varint(meta.positions_bytes);
  if ((flags & kPositionsGap) != 0) block_.varint(zigzag(static_cast<int64_t>(positions_gap)));

  last_term_.assign(term);
  last_meta_ = meta;
  ++in_block_;
  ++field_.term_count;
  field_.sum_doc_freq += meta.doc_freq;
  field_.sum_total_term_freq += meta.total_term_freq;
}

FieldTermsMeta TermDictWriter::end_field(uint32_t doc_count) {
  if (in_block_ != 0) flush_block();
  field_.doc_count = doc_count;
  if (!block_offsets_.empty()) {
    block_offsets_.push_back(file_.offset());
    file_.align(8);
  }
  field_.offset = file_.offset();
  file_.append(block_keys_.data(), block_keys_.size() * sizeof(uint64_t));
  file_.append(block_offsets_.data(), block_offsets_.size() * sizeof(uint64_t));
  field_.bytes = file_.offset() - field_.offset;
  return field_;
}

void TermDictWriter::flush_block() {
  block_offsets_.push_back(file_.offset());
  file_.append(block_.bytes());
  block_.clear();
  in_block_ = 0;
}

}  // namespace diagon::termdict
