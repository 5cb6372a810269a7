// One term in a block of the dictionary, as bytes. Private to this room.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "diagon/postings/postings.h"
#include "diagon/util/bytes.h"
#include "diagon/util/types.h"

namespace diagon::termdict {

inline constexpr uint32_t kTermBlock = 32;

// Which numbers follow an entry's term.
inline constexpr uint8_t kSingle = 1;         // doc_freq is 1 and left out
inline constexpr uint8_t kEachOnce = 2;       // total_term_freq is doc_freq and left out
inline constexpr uint8_t kPostingsGap = 4;    // the postings don't follow those of the term before
inline constexpr uint8_t kPositions = 8;      // there are positions
inline constexpr uint8_t kPositionsGap = 16;  // they don't follow those of the term before
inline constexpr uint8_t kAllFlags = 31;

inline uint64_t postings_end(const postings::TermMeta& meta) noexcept {
  return meta.postings_offset + meta.postings_bytes;
}
inline uint64_t positions_end(const postings::TermMeta& meta) noexcept {
  return meta.positions_offset + meta.positions_bytes;
}

// A term's first 8 bytes as a number of the same order, with zeros for those that are missing.
inline uint64_t term_key(std::string_view term) noexcept {
  const auto* at = reinterpret_cast<const uint8_t*>(term.data());
  const size_t len = term.size();
  if (len >= 8) return __builtin_bswap64(load<uint64_t>(at));
  // Two loads of a fixed size, which may overlap.
  if (len >= 4)
    return __builtin_bswap64(load<uint32_t>(at) | uint64_t{load<uint32_t>(at + len - 4)}
                                                      << 8 * (len - 4));
  if (len >= 2)
    return __builtin_bswap64(load<uint16_t>(at) | uint64_t{load<uint16_t>(at + len - 2)}
                                                      << 8 * (len - 2));
  return len == 0 ? 0 : uint64_t{*at} << 56;
}

// What is left of an entry's term after the bytes that it shares with the one before.
struct TermPart {
  uint32_t shared;
  std::string_view rest;
};

inline TermPart read_term(ByteReader& in, const std::string& file) {
  const uint32_t shared = in.varint32();
  const std::string_view rest = in.string();
  if (shared > kMaxTermBytes || rest.size() > kMaxTermBytes - shared)
    throw_corrupt(file, "a term over the longest length");
  return {shared, rest};
}

// Reads the numbers after the term; `meta` holds those of the term before it, zeros at a block's
// start.
inline void read_meta(ByteReader& in, const std::string& file, postings::TermMeta& meta) {
  const uint8_t flags = in.u8();
  if (flags > kAllFlags) throw_corrupt(file, "a term's flags");
  const uint64_t postings_from = postings_end(meta);
  const uint64_t positions_from = positions_end(meta);
  uint64_t doc_freq = 1;
  if ((flags & kSingle) == 0) doc_freq = in.varint() + 2;
  if (doc_freq < 1 || doc_freq > kNoMoreDocs) throw_corrupt(file, "a term's number of documents");
  meta.doc_freq = static_cast<uint32_t>(doc_freq);
  meta.total_term_freq = doc_freq;
  if ((flags & kEachOnce) == 0) {
    const uint64_t more = in.varint();
    if (more > UINT64_MAX / 2) throw_corrupt(file, "a term's number of occurrences");
    meta.total_term_freq += more + 1;
  }
  meta.postings_bytes = in.varint();
  meta.postings_offset = postings_from;
  if ((flags & kPostingsGap) != 0)
    meta.postings_offset += static_cast<uint64_t>(unzigzag(in.varint()));
  meta.positions_bytes = 0;
  meta.positions_offset = 0;
  if ((flags & kPositions) != 0) {
    meta.positions_bytes = in.varint();
    meta.positions_offset = positions_from;
  }
  if ((flags & kPositionsGap) != 0)
    meta.positions_offset += static_cast<uint64_t>(unzigzag(in.varint()));
}

}  // namespace diagon::termdict
