// How an array of numbers stands in its file: see numeric.h and docs/format.md.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "diagon/docvalues/numeric.h"
#include "diagon/util/bytes.h"

namespace diagon::docvalues {

// A block's header: minimum, maximum, then its data's offset from the array's start (a multiple of
// 8) plus a code for the width.
inline constexpr uint64_t kHeaderBytes = 24;
inline constexpr uint64_t kCodeMask = 7;
inline constexpr std::array<uint32_t, 5> kWidths = {0, 1, 2, 4, 8};

struct BlockHeader {
  int64_t min;
  uint64_t offset;
  uint32_t code;
};

inline BlockHeader header_at(const uint8_t* headers, uint64_t block) noexcept {
  const uint8_t* at = headers + kHeaderBytes * block;
  const auto place = load<uint64_t>(at + 16);
  return {load<int64_t>(at), place & ~kCodeMask, static_cast<uint32_t>(place & kCodeMask)};
}

template <typename T>
int64_t value_at(const uint8_t* data, size_t i, int64_t min) noexcept {
  return static_cast<int64_t>(static_cast<uint64_t>(min) + load<T>(data + i * sizeof(T)));
}

inline uint32_t values_in(uint64_t block, uint64_t count) noexcept {
  return static_cast<uint32_t>(std::min<uint64_t>(kColumnBlock, count - block * kColumnBlock));
}

}  // namespace diagon::docvalues
