#include <algorithm>
#include <cassert>

#include "diagon/postings/postings.h"

namespace diagon::postings {
namespace {

using codec::kBlock;

constexpr uint64_t kEntry = 5;  // bytes of an offset in the skip table

uint64_t entry(const uint8_t* table, uint64_t i) noexcept {
  const uint8_t* at = table + kEntry * i;
  return load<uint32_t>(at) | static_cast<uint64_t>(at[4]) << 32;
}

uint64_t entry_before(const uint8_t* table, uint64_t i) noexcept {
  return i == 0 ? 0 : entry(table, i - 1);
}

}  // namespace

PostingsCursor::PostingsCursor(std::shared_ptr<const directory::MappedFile> postings,
                               std::shared_ptr<const directory::MappedFile> positions,
                               const TermMeta& meta, bool has_freqs, DocId max_doc)
    : postings_(std::move(postings)),
      positions_(std::move(positions)),
      meta_(meta),
      has_freqs_(has_freqs),
      max_doc_(std::min(max_doc, kNoMoreDocs)) {
  if (meta_.doc_freq == 0 || meta_.doc_freq > max_doc_)
    corrupt("a term in more documents than there are, or in none");
  block_count_ = meta_.doc_freq / kBlock + (meta_.doc_freq % kBlock != 0 ? 1 : 0);
  if (block_count_ == 1) {
    open_single();
  } else {
    open_skip_table();
  }
}

void PostingsCursor::open_single() {
  has_positions_ = meta_.positions_bytes != 0;
  const uint8_t* bytes = postings_->touch(meta_.postings_offset, meta_.postings_bytes);
  ByteReader in(bytes, static_cast<size_t>(meta_.postings_bytes), postings_->path());
  decode_docs(in, UINT32_MAX, meta_.doc_freq);
  only_last_doc_ = docs_[meta_.doc_freq - 1];
  if (in.remaining() != 0) corrupt("bytes after a block");
}

void PostingsCursor::open_skip_table() {
  const uint64_t n = block_count_;
  const uint8_t flags = *postings_->touch(meta_.postings_offset, 1);
  has_positions_ = (flags & kFlagPositions) != 0;
  if (flags != ((has_freqs_ ? kFlagFreqs : 0) | (has_positions_ ? kFlagPositions : 0)))
    corrupt("a term's flags");
  const uint64_t impacts = has_freqs_ ? kImpacts * n : 0;
  const uint64_t position_entries = has_positions_ ? n : 0;
  const uint64_t table = 1 + 4 * n + kEntry * (n + position_entries) + 2 * impacts;
  if (table > meta_.postings_bytes) corrupt("a skip table past the end of its term");
  last_docs_ = postings_->touch(meta_.postings_offset, table) + 1;
  data_ends_ = last_docs_ + 4 * n;
  const uint8_t* next = data_ends_ + kEntry * n;
  if (has_positions_) position_ends_ = next;
  next += kEntry * position_entries;
  if (has_freqs_) {
    impact_freqs_ = next;
    impact_norms_ = next + impacts;
  }
  data_offset_ = meta_.postings_offset + table;
  data_bytes_ = meta_.postings_bytes - table;
  if (load<DocId>(last_docs_ + 4 * (n - 1)) >= max_doc_)
    corrupt("a document past the segment's last");
}

bool PostingsCursor::seek(DocId target) {
  const uint32_t block = find_block(target);
  if (block == block_count_) {
    block_ = block_count_;
    return false;
  }
  if (block != block_) decode_block(block);
  return true;
}

bool PostingsCursor::next_block() {
  if (block_ == block_count_) return false;
  const uint32_t next = block_ + 1;  // 0 at the start
  if (next == block_count_) {
    block_ = block_count_;
    return false;
  }
  decode_block(next);
  return true;
}

uint32_t PostingsCursor::find_block(DocId target) const {
  if (block_count_ == 1) return target <= only_last_doc_ ? 0 : 1;
  const auto last_doc = [this](uint32_t block) {
    return load<DocId>(last_docs_ + size_t{4} * block);
  };
  uint32_t from = 0;
  uint32_t to = block_count_;
  if (block_ < block_count_) {
    if (target > last_doc(block_)) {
      // Gallop: the wanted block is mostly near.
      from = block_ + 1;
      uint32_t step = 1;
      while (to - from > step && last_doc(from + step - 1) < target) {
        from += step;
        step *= 2;
      }
      to = std::min(to, from + step);
    } else {
      if (block_ == 0 || target > last_doc(block_ - 1)) return block_;
      to = block_;
    }
  }
  // The first block of [from, to) that reaches the target, else `to`.
  uint32_t len = to - from;
  while (len != 0) {
    const uint32_t half = len / 2;
    const bool right = last_doc(from + half) < target;
    from = right ? from + half + 1 : from;
    len = right ? len - half - 1 : half;
  }
  return from;
}

DocId PostingsCursor::block_last_doc(uint32_t block) const {
  assert(block < block_count_);
  if (block_count_ == 1) return only_last_doc_;
  const auto last = load<DocId>(last_docs_ + size_t{4} * block);
  if (last >= max_doc_) corrupt("a document past the segment's last");
  return last;
}

void PostingsCursor::decode_block(uint32_t block) {
  if (block_count_ == 1) {  // decoded at construction
    block_ = 0;
    size_ = meta_.doc_freq;
    return;
  }
  block_ = block_count_;  // if decoding throws
  const uint64_t from = entry_before(data_ends_, block);
  const uint64_t to = entry(data_ends_, block);
  if (from > to || to > data_bytes_) corrupt("a block out of its term");
  const uint8_t* bytes = postings_->touch(data_offset_ + from, to - from);
  ByteReader in(bytes, static_cast<size_t>(to - from), postings_->path());
  const DocId base = block == 0 ? UINT32_MAX : block_last_doc(block - 1);
  const uint32_t count =
      block + 1 < block_count_ ? kBlock : meta_.doc_freq - (block_count_ - 1) * kBlock;
  decode_docs(in, base, count);
  if (in.remaining() != 0) corrupt("bytes after a block");
  if (docs_[count - 1] != load<DocId>(last_docs_ + size_t{4} * block))
    corrupt("a block's last document is not the skip table's");
  size_ = count;
  block_ = block;
}

void PostingsCursor::decode_docs(ByteReader& in, DocId base, uint32_t count) {
  positions_open_ = false;
  if (count == kBlock) {
    decode_full(in, base);
  } else {
    decode_tail(in, base, count);
  }
}

void PostingsCursor::decode_full(ByteReader& in, DocId base) {
  const uint32_t doc_bits = in.u8();
  if (doc_bits > 32) corrupt("the width of documents");
  codec::unpack_increasing(in.raw(codec::packed_bytes(doc_bits)), doc_bits, base, docs_);
  // 128 gaps of up to 23 bits on top of 31 bits do not wrap around; wider ones might.
  bool increasing = true;
  if (doc_bits > 23) {
    auto previous = static_cast<int32_t>(base);  // -1 at the start
    for (const DocId doc : docs_) {
      increasing &= static_cast<int32_t>(doc) > previous;  // so none is negative, either
      previous = static_cast<int32_t>(doc);
    }
  }
  if (!increasing || docs_[kBlock - 1] >= max_doc_) corrupt("documents that do not increase");
  if (!has_freqs_) return;
  freq_bits_ = in.u8();
  if (freq_bits_ > 31) corrupt("the width of frequencies");
  freqs_at_ = in.raw(codec::packed_bytes(freq_bits_));
  freqs_decoded_ = false;
}

void PostingsCursor::decode_tail(ByteReader& in, DocId base, uint32_t count) {
  uint64_t next = static_cast<DocId>(base + 1);
  if (!has_freqs_) {
    for (uint32_t i = 0; i < count; ++i) {
      next += in.varint32();
      docs_[i] = static_cast<DocId>(next++);
      if (next > max_doc_) corrupt("a document past the segment's last");
    }
    return;
  }
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t code = in.varint32();
    next += code >> 1;
    docs_[i] = static_cast<DocId>(next++);
    if (next > max_doc_) corrupt("a document past the segment's last");
    freqs_[i] = 1;
    if ((code & 1) == 0) {
      const uint32_t more = in.varint32();
      if (more > kMaxFreq - 2) corrupt("a frequency");
      freqs_[i] = more + 2;
    }
  }
  freqs_decoded_ = true;
}

const uint32_t* PostingsCursor::freqs() {
  if (!freqs_decoded_) decode_freqs();
  return freqs_;
}

void PostingsCursor::decode_freqs() {
  if (!has_freqs_ || freq_bits_ == 0) {
    std::fill_n(freqs_, kBlock, 1U);
  } else {
    codec::unpack_plus(freqs_at_, freq_bits_, 1, freqs_);
  }
  freqs_decoded_ = true;
}

std::span<const uint32_t> PostingsCursor::positions(uint32_t i) {
  assert(i < size_);
  if (!positions_open_) open_positions();
  uint32_t from = position_starts_[i];
  const uint32_t to = position_starts_[i + 1];
  const uint32_t packed = position_starts_[size_] / kBlock * kBlock;
  position_values_.resize(to - from);
  uint32_t* out = position_values_.data();
  uint64_t position = 0;
  const auto add = [&](const uint32_t* gaps, uint32_t count) {
    for (uint32_t p = 0; p < count; ++p) {
      position += gaps[p];
      *out++ = static_cast<uint32_t>(position);
    }
  };
  while (from < std::min(to, packed)) {
    if (from / kBlock != pack_) decode_pack(from / kBlock);
    const uint32_t count = std::min(to, (from / kBlock + 1) * kBlock) - from;
    add(pack_values_ + from % kBlock, count);
    from += count;
  }
  if (from < to) {
    if (!tail_decoded_) decode_position_tail();
    add(tail_values_.data() + (from - packed), to - from);
  }
  if (position > UINT32_MAX) throw_corrupt(positions_->path(), "positions that do not ascend");
  return position_values_;
}

void PostingsCursor::open_positions() {
  if (positions_ == nullptr || !has_positions_) corrupt("a term without positions");
  uint64_t from = 0;
  uint64_t to = meta_.positions_bytes;
  if (position_ends_ != nullptr) {
    from = entry_before(position_ends_, block_);
    to = entry(position_ends_, block_);
    if (from > to || to > meta_.positions_bytes) corrupt("positions out of their term");
  }
  if (from > UINT64_MAX - meta_.positions_offset) corrupt("positions out of their file");
  position_bytes_ = positions_->touch(meta_.positions_offset + from, to - from);
  position_bytes_end_ = position_bytes_ + (to - from);

  uint64_t total = 0;
  position_starts_[0] = 0;
  if (size_ == kBlock && freq_bits_ <= 24) {
    // Frequencies are stored less one, as gaps are: so running sums of them are decoded as
    // documents are. 128 of so many bits do not wrap around.
    codec::unpack_increasing(freqs_at_, freq_bits_, 0, position_starts_ + 1);
    total = position_starts_[kBlock];
  } else {
    const uint32_t* freqs_of_docs = freqs();
    for (uint32_t i = 0; i < size_; ++i) {
      position_starts_[i] = static_cast<uint32_t>(total);
      total += freqs_of_docs[i];
    }
  }
  // A pack takes a byte at least, as a varint does.
  if (total > UINT32_MAX || total / kBlock + total % kBlock > to - from)
    throw_corrupt(positions_->path(), "fewer positions than occurrences");
  position_starts_[size_] = static_cast<uint32_t>(total);
  packs_.clear();
  pack_ = UINT32_MAX;
  tail_decoded_ = false;
  positions_open_ = true;
}

void PostingsCursor::walk_packs(uint32_t pack) {
  const uint8_t* next = position_bytes_;
  if (!packs_.empty()) next = packs_.back() + 1 + codec::packed_bytes(*packs_.back());
  while (packs_.size() <= pack) {
    const auto left = static_cast<size_t>(position_bytes_end_ - next);
    if (left == 0 || *next > 32 || left - 1 < codec::packed_bytes(*next))
      throw_corrupt(positions_->path(), "the width of positions");
    packs_.push_back(next);
    next += 1 + codec::packed_bytes(*next);
  }
}

void PostingsCursor::decode_pack(uint32_t pack) {
  walk_packs(pack);
  const uint8_t* at = packs_[pack];
  codec::unpack(at + 1, *at, pack_values_);
  pack_ = pack;
}

void PostingsCursor::decode_position_tail() {
  const uint32_t total = position_starts_[size_];
  const uint8_t* tail = position_bytes_;
  if (total >= kBlock) {
    walk_packs(total / kBlock - 1);
    tail = packs_.back() + 1 + codec::packed_bytes(*packs_.back());
  }
  const std::string& path = positions_->path();
  ByteReader in(tail, static_cast<size_t>(position_bytes_end_ - tail), path);
  tail_values_.resize(total % kBlock);
  for (size_t i = 0; i < tail_values_.size();) {
    // Most are of one byte: eight at once.
    constexpr uint64_t kMore = 0x8080808080808080;
    if (tail_values_.size() - i >= 8 && in.remaining() >= 8) {
      const auto bytes = load<uint64_t>(in.here());
      if ((bytes & kMore) == 0) {
        for (size_t b = 0; b < 8; ++b) tail_values_[i + b] = static_cast<uint8_t>(bytes >> (8 * b));
        in.raw(8);
        i += 8;
        continue;
      }
    }
    tail_values_[i++] = in.varint32();
  }
  if (in.remaining() != 0) throw_corrupt(path, "bytes after positions");
  tail_decoded_ = true;
}

void PostingsCursor::corrupt(const char* detail) const { throw_corrupt(postings_->path(), detail); }

}  // namespace diagon::postings
