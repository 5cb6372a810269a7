// AVX-512: bit-packed numbers, and running sums of bit-packed gaps, sixteen at a time.
#if defined(__x86_64__)

// GCC 12 takes the "undefined" vectors of its own header for mistakes.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include <array>
#include <utility>

#include "diagon/kernels/kernels.h"
#include "diagon/kernels/parts.h"

#define DIAGON_AVX512 [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl")]]

namespace diagon::kernels {
namespace {

// Four rows of four numbers each. A row is `bits` bits of each of four lanes of 32 bits; word w of
// all lanes is the 16 bytes at 16 w (docs/format.md, "Packed blocks").
constexpr uint32_t kRows = 4;
constexpr uint32_t kGroups = kBatch / 16;

struct RowPlace {
  uint32_t word;
  uint32_t shift;
  bool in_two_words;
};

template <uint32_t kBits>
constexpr RowPlace place(uint32_t row) {
  const uint32_t bit = row * kBits;
  return {bit / 32, bit % 32, bit % 32 + kBits > 32};
}

// Bits of the 16 numbers that belong to row `row` of a group.
constexpr __mmask16 of_row(uint32_t row) { return static_cast<__mmask16>(0xf << (4 * row)); }

DIAGON_AVX512 [[gnu::always_inline]] inline __m512i by_row(uint32_t a, uint32_t b, uint32_t c,
                                                           uint32_t d) noexcept {
  const auto at = [](uint32_t v) { return static_cast<int>(v); };
  return _mm512_setr_epi32(at(a), at(a), at(a), at(a), at(b), at(b), at(b), at(b), at(c), at(c),
                           at(c), at(c), at(d), at(d), at(d), at(d));
}

DIAGON_AVX512 [[gnu::always_inline]] inline __m128i load_word(const uint8_t* in,
                                                              uint32_t word) noexcept {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(in + 16 * word));
}

template <uint32_t kBits, uint32_t kGroup>
DIAGON_AVX512 [[gnu::always_inline]] inline __m512i unpack_group(const uint8_t* in) noexcept {
  constexpr std::array<RowPlace, kRows> kRow = {
      place<kBits>(kRows * kGroup), place<kBits>(kRows * kGroup + 1),
      place<kBits>(kRows * kGroup + 2), place<kBits>(kRows * kGroup + 3)};
  __m512i low = _mm512_broadcast_i32x4(load_word(in, kRow[0].word));
  if constexpr (kRow[1].word != kRow[0].word)
    low = _mm512_mask_broadcast_i32x4(low, of_row(1) | of_row(2) | of_row(3),
                                      load_word(in, kRow[1].word));
  if constexpr (kRow[2].word != kRow[1].word)
    low = _mm512_mask_broadcast_i32x4(low, of_row(2) | of_row(3), load_word(in, kRow[2].word));
  if constexpr (kRow[3].word != kRow[2].word)
    low = _mm512_mask_broadcast_i32x4(low, of_row(3), load_word(in, kRow[3].word));
  __m512i v =
      _mm512_srlv_epi32(low, by_row(kRow[0].shift, kRow[1].shift, kRow[2].shift, kRow[3].shift));
  if constexpr (kRow[0].in_two_words || kRow[1].in_two_words || kRow[2].in_two_words ||
                kRow[3].in_two_words) {
    // What a row that ends in its word gets from here lies above its bits.
    __m512i high = _mm512_setzero_si512();
    if constexpr (kRow[0].in_two_words)
      high = _mm512_mask_broadcast_i32x4(high, of_row(0), load_word(in, kRow[0].word + 1));
    if constexpr (kRow[1].in_two_words)
      high = _mm512_mask_broadcast_i32x4(high, of_row(1), load_word(in, kRow[1].word + 1));
    if constexpr (kRow[2].in_two_words)
      high = _mm512_mask_broadcast_i32x4(high, of_row(2), load_word(in, kRow[2].word + 1));
    if constexpr (kRow[3].in_two_words)
      high = _mm512_mask_broadcast_i32x4(high, of_row(3), load_word(in, kRow[3].word + 1));
    v = _mm512_or_si512(v, _mm512_sllv_epi32(high, by_row(32 - kRow[0].shift, 32 - kRow[1].shift,
                                                          32 - kRow[2].shift, 32 - kRow[3].shift)));
  }
  if constexpr (kBits != 32)
    v = _mm512_and_si512(v, _mm512_set1_epi32(static_cast<int>((uint64_t{1} << kBits) - 1)));
  return v;
}

// Running sums of sixteen gaps, on top of `base`; `base` then becomes that of the next sixteen.
DIAGON_AVX512 [[gnu::always_inline]] inline void sum_group(__m512i gaps, __m512i& base,
                                                           uint32_t* out) noexcept {
  const __m512i zero = _mm512_setzero_si512();
  __m512i v = gaps;
  v = _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 15));
  v = _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 14));
  v = _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 12));
  v = _mm512_add_epi32(v, _mm512_alignr_epi32(v, zero, 8));
  _mm512_storeu_si512(out, _mm512_add_epi32(v, base));
  // Each group waits for one addition of the one before, not for its sums.
  const __m512i total = _mm512_permutexvar_epi32(_mm512_set1_epi32(15), v);
  base = _mm512_add_epi32(base, _mm512_add_epi32(total, _mm512_set1_epi32(16)));
}

template <uint32_t kBits, uint32_t... kGroup>
DIAGON_AVX512 [[gnu::always_inline]] inline void increase_groups(
    const uint8_t* in, uint32_t base, uint32_t* out,
    std::integer_sequence<uint32_t, kGroup...>) noexcept {
  // A gap of 0 is a step of one.
  __m512i from =
      _mm512_add_epi32(_mm512_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
                       _mm512_set1_epi32(static_cast<int>(base)));
  (sum_group(unpack_group<kBits, kGroup>(in), from, out + 16 * kGroup), ...);
}

template <uint32_t kBits>
DIAGON_AVX512 void increase_block(const uint8_t* in, uint32_t base, uint32_t* out) noexcept {
  if constexpr (kBits == 0) {
    for (uint32_t i = 0; i < kBatch; ++i) out[i] = base + 1 + i;
  } else {
    increase_groups<kBits>(in, base, out, std::make_integer_sequence<uint32_t, kGroups>());
  }
}

template <uint32_t kBits, uint32_t... kGroup>
DIAGON_AVX512 [[gnu::always_inline]] inline void unpack_groups(
    const uint8_t* in, uint32_t add, uint32_t* out,
    std::integer_sequence<uint32_t, kGroup...>) noexcept {
  const __m512i more = _mm512_set1_epi32(static_cast<int>(add));
  (_mm512_storeu_si512(out + 16 * kGroup, _mm512_add_epi32(unpack_group<kBits, kGroup>(in), more)),
   ...);
}

template <uint32_t kBits>
DIAGON_AVX512 void unpack_block(const uint8_t* in, uint32_t add, uint32_t* out) noexcept {
  if constexpr (kBits == 0) {
    for (uint32_t i = 0; i < kBatch; ++i) out[i] = add;
  } else {
    unpack_groups<kBits>(in, add, out, std::make_integer_sequence<uint32_t, kGroups>());
  }
}

struct Width {
  void (*increase)(const uint8_t*, uint32_t, uint32_t*) noexcept;
  void (*unpack)(const uint8_t*, uint32_t, uint32_t*) noexcept;
};

template <uint32_t... kBits>
constexpr std::array<Width, sizeof...(kBits)> all_widths(
    std::integer_sequence<uint32_t, kBits...>) {
  return {Width{increase_block<kBits>, unpack_block<kBits>}...};
}

constexpr auto kWidths = all_widths(std::make_integer_sequence<uint32_t, 33>());

}  // namespace

void increase_avx512(const uint8_t* in, uint32_t bits, uint32_t base, uint32_t* out) noexcept {
  kWidths[bits].increase(in, base, out);
}

void unpack_avx512(const uint8_t* in, uint32_t bits, uint32_t add, uint32_t* out) noexcept {
  kWidths[bits].unpack(in, add, out);
}

}  // namespace diagon::kernels

#endif
