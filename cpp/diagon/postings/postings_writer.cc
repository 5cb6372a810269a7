#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include "diagon/postings/norms.h"
#include "diagon/postings/postings.h"
#include "diagon/util/bits.h"

namespace diagon::postings {
namespace {

using codec::kBlock;

struct Pair {
  uint32_t freq;
  uint8_t norm;
};

// The largest frequency of each norm seen in a block, from which its impacts follow.
class ImpactSet {
 public:
  void add(uint32_t freq, uint8_t norm) {
    if (!bits::test(seen_.data(), norm)) {
      bits::set(seen_.data(), norm);
      best_[norm] = freq;
    } else {
      best_[norm] = std::max(best_[norm], freq);
    }
  }
  // Appends kImpacts pairs. `average_length` decides only which pairs are joined.
  void write(float average_length, std::vector<uint8_t>& freqs, std::vector<uint8_t>& norms) const {
    std::array<Pair, 256> kept;
    size_t count = 0;
    uint32_t top = 0;
    bits::for_each(seen_.data(), seen_.size(), [&](size_t norm) {
      if (best_[norm] <= top) return;  // a shorter document has as many
      top = best_[norm];
      kept[count++] = {top, static_cast<uint8_t>(norm)};
    });
    while (count > kImpacts) join_nearest(kept.data(), count, average_length);
    for (size_t i = 0; i < kImpacts; ++i) {
      const Pair& pair = kept[std::min(i, count - 1)];
      freqs.push_back(static_cast<uint8_t>(std::min<uint32_t>(pair.freq, kAnyFreq)));
      norms.push_back(pair.norm);
    }
  }
  void clear() { seen_ = {}; }

 private:
  // Of BM25, up to a factor.
  static float value(uint32_t freq, uint8_t norm, float average_length) {
    const auto f = static_cast<float>(freq);
    const auto length = static_cast<float>(decode_length(norm));
    return f / (f + 1.2f * (0.25f + 0.75f * length / average_length));
  }

  // Joins two neighbours to (higher frequency, smaller norm): those with which the bound of the
  // block rises least, and of these those whose own bounds do.
  static void join_nearest(Pair* pairs, size_t& count, float average_length) {
    float best_value = 0;
    for (size_t i = 0; i < count; ++i)
      best_value = std::max(best_value, value(pairs[i].freq, pairs[i].norm, average_length));
    size_t best = 0;
    std::pair<float, float> least{2.0f, 2.0f};
    for (size_t i = 0; i + 1 < count; ++i) {
      const float joined = value(pairs[i + 1].freq, pairs[i].norm, average_length);
      const float before = std::max(value(pairs[i].freq, pairs[i].norm, average_length),
                                    value(pairs[i + 1].freq, pairs[i + 1].norm, average_length));
      const std::pair<float, float> rise{std::max(joined - best_value, 0.0f), joined - before};
      if (rise < least) {
        least = rise;
        best = i;
      }
    }
    pairs[best].freq = pairs[best + 1].freq;
    --count;
    for (size_t i = best + 1; i < count; ++i) pairs[i] = pairs[i + 1];
  }

  std::array<uint64_t, 4> seen_{};
  std::array<uint32_t, 256> best_;  // valid where `seen_`
};

void put_packed(ByteWriter& out, const uint32_t* values) {
  const uint32_t width = codec::bits_needed(values, kBlock);
  std::array<uint8_t, codec::packed_bytes(32)> packed;
  codec::pack(values, width, packed.data());
  out.u8(static_cast<uint8_t>(width));
  out.raw(packed.data(), codec::packed_bytes(width));
}

// `previous`: the document before the first one.
void put_full_block(ByteWriter& out, const DocId* docs, const uint32_t* freqs, DocId previous) {
  std::array<uint32_t, kBlock> values;
  for (uint32_t i = 0; i < kBlock; ++i) {
    values[i] = docs[i] - previous - 1;
    previous = docs[i];
  }
  put_packed(out, values.data());
  if (freqs == nullptr) return;
  for (uint32_t i = 0; i < kBlock; ++i) values[i] = freqs[i] - 1;
  put_packed(out, values.data());
}

void put_tail_block(ByteWriter& out, std::span<const DocId> docs, const uint32_t* freqs,
                    DocId previous) {
  for (size_t i = 0; i < docs.size(); ++i) {
    const uint32_t gap = docs[i] - previous - 1;
    previous = docs[i];
    if (freqs == nullptr) {
      out.varint(gap);
    } else if (freqs[i] == 1) {
      out.varint(gap << 1 | 1);
    } else {
      out.varint(gap << 1);
      out.varint(freqs[i] - 2);
    }
  }
}

// The positions of documents with these frequencies, as gaps within each document: whole blocks
// packed, the rest as varints.
void put_positions(ByteWriter& out, std::span<const uint32_t> freqs,
                   std::span<const uint32_t> positions) {
  std::array<uint32_t, kBlock> gaps;
  uint32_t fill = 0;
  size_t at = 0;
  for (const uint32_t freq : freqs) {
    uint32_t previous = 0;
    for (uint32_t i = 0; i < freq; ++i) {
      gaps[fill++] = positions[at] - previous;
      previous = positions[at++];
      if (fill == kBlock) {
        put_packed(out, gaps.data());
        fill = 0;
      }
    }
  }
  for (uint32_t i = 0; i < fill; ++i) out.varint(gaps[i]);
}

void put_u40(ByteWriter& out, uint64_t value) {
  if (value >> 40 != 0) throw Error(ErrorCode::kTooLarge, "a term's postings take over 1 TiB");
  out.fixed(static_cast<uint32_t>(value));
  out.u8(static_cast<uint8_t>(value >> 32));
}

}  // namespace

PostingsWriter::PostingsWriter(directory::FileWriter& postings, directory::FileWriter* positions)
    : postings_(postings), positions_(positions) {}

TermMeta PostingsWriter::write(std::span<const DocId> docs, std::span<const uint32_t> freqs,
                               std::span<const uint32_t> positions,
                               std::span<const uint8_t> norms) {
  assert(!docs.empty() && (freqs.empty() || freqs.size() == docs.size()));
  assert(norms.empty() || norms.size() == docs.size());
  assert(positions.empty() || positions_ != nullptr);
  const bool has_freqs = !freqs.empty();
  const bool has_positions = !positions.empty();
  const size_t blocks = (docs.size() + kBlock - 1) / kBlock;

  TermMeta meta;
  meta.doc_freq = static_cast<uint32_t>(docs.size());
  meta.total_term_freq = docs.size();
  if (has_freqs) {
    meta.total_term_freq = 0;
    for (const uint32_t freq : freqs) {
      if (freq > kMaxFreq)
        throw Error(ErrorCode::kTooLarge, "a term over 2^31 times in a document");
      meta.total_term_freq += freq;
    }
  }
  assert(!has_positions || positions.size() == meta.total_term_freq);

  last_docs_.clear();
  data_ends_.clear();
  position_ends_.clear();
  impact_freqs_.clear();
  impact_norms_.clear();
  skips_.clear();
  data_.clear();
  pos_.clear();
  ImpactSet impacts;
  size_t position = 0;
  DocId previous = UINT32_MAX;
  for (size_t from = 0; from < docs.size(); from += kBlock) {
    const size_t count = std::min<size_t>(kBlock, docs.size() - from);
    const uint32_t* block_freqs = has_freqs ? freqs.data() + from : nullptr;
    if (count == kBlock) {
      put_full_block(data_, docs.data() + from, block_freqs, previous);
    } else {
      put_tail_block(data_, docs.subspan(from, count), block_freqs, previous);
    }
    previous = docs[from + count - 1];
    last_docs_.push_back(previous);
    data_ends_.push_back(data_.size());
    if (has_freqs && blocks > 1) {
      impacts.clear();
      for (size_t i = from; i < from + count; ++i)
        impacts.add(freqs[i], norms.empty() ? uint8_t{1} : norms[i]);
      impacts.write(average_length_, impact_freqs_, impact_norms_);
    }
    if (has_positions) {
      size_t occurrences = 0;
      for (size_t i = from; i < from + count; ++i) occurrences += freqs[i];
      put_positions(pos_, freqs.subspan(from, count), positions.subspan(position, occurrences));
      position += occurrences;
      position_ends_.push_back(pos_.size());
    }
  }

  meta.postings_offset = postings_.offset();
  if (blocks > 1) {
    skips_.u8(
        static_cast<uint8_t>((has_freqs ? kFlagFreqs : 0) | (has_positions ? kFlagPositions : 0)));
    skips_.raw(last_docs_.data(), last_docs_.size() * sizeof(DocId));
    for (const uint64_t end : data_ends_) put_u40(skips_, end);
    for (const uint64_t end : position_ends_) put_u40(skips_, end);
    skips_.raw(impact_freqs_.data(), impact_freqs_.size());
    skips_.raw(impact_norms_.data(), impact_norms_.size());
    postings_.append(skips_.bytes());
  }
  postings_.append(data_.bytes());
  meta.postings_bytes = postings_.offset() - meta.postings_offset;
  if (has_positions) {
    meta.positions_offset = positions_->offset();
    meta.positions_bytes = pos_.size();
    positions_->append(pos_.bytes());
  }
  return meta;
}

}  // namespace diagon::postings
