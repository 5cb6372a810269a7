// Operations on arrays of 64-bit words seen as bit sets: bit i is words[i / 64] >> (i % 64) & 1.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace diagon::bits {

inline constexpr size_t words_for(size_t bit_count) noexcept { return (bit_count + 63) / 64; }

inline bool test(const uint64_t* words, size_t i) noexcept { return words[i >> 6] >> (i & 63) & 1; }
inline void set(uint64_t* words, size_t i) noexcept { words[i >> 6] |= uint64_t{1} << (i & 63); }
inline void clear(uint64_t* words, size_t i) noexcept {
  words[i >> 6] &= ~(uint64_t{1} << (i & 63));
}

inline size_t count(const uint64_t* words, size_t word_count) noexcept {
  size_t n = 0;
  for (size_t w = 0; w < word_count; ++w) n += static_cast<size_t>(std::popcount(words[w]));
  return n;
}

inline bool any(const uint64_t* words, size_t word_count) noexcept {
  uint64_t all = 0;
  for (size_t w = 0; w < word_count; ++w) all |= words[w];
  return all != 0;
}

// Sets bits [0, bit_count) and clears the rest of the words.
inline void fill(uint64_t* words, size_t word_count, size_t bit_count) noexcept {
  for (size_t w = 0; w < word_count; ++w) {
    const size_t from = w * 64;
    words[w] = bit_count >= from + 64 ? ~uint64_t{0}
               : bit_count > from     ? (uint64_t{1} << (bit_count - from)) - 1
                                      : 0;
  }
}

// Sets bits [from, to).
inline void set_range(uint64_t* words, size_t from, size_t to) noexcept {
  if (from >= to) return;
  const size_t first = from >> 6;
  const size_t last = (to - 1) >> 6;
  const uint64_t head = ~uint64_t{0} << (from & 63);
  const uint64_t tail = ~uint64_t{0} >> (63 - ((to - 1) & 63));
  if (first == last) {
    words[first] |= head & tail;
    return;
  }
  words[first] |= head;
  for (size_t w = first + 1; w < last; ++w) words[w] = ~uint64_t{0};
  words[last] |= tail;
}

// Calls `visit(i)` for each set bit in ascending order.
template <typename Visit>
inline void for_each(const uint64_t* words, size_t word_count, Visit&& visit) {
  for (size_t w = 0; w < word_count; ++w) {
    uint64_t word = words[w];
    while (word != 0) {
      visit(w * 64 + static_cast<size_t>(std::countr_zero(word)));
      word &= word - 1;
    }
  }
}

}  // namespace diagon::bits
