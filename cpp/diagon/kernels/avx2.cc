// AVX2: eight documents at a time. Loops without a gain from it are the plain ones.
#if defined(__x86_64__)

#include <immintrin.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "diagon/kernels/kernels.h"
#include "diagon/kernels/parts.h"

#define DIAGON_AVX2 [[gnu::target("avx2,bmi,bmi2,popcnt")]]

namespace diagon::kernels {
namespace {

DIAGON_AVX2 inline __m256i first(uint32_t left) noexcept {
  const __m256i iota = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(static_cast<int>(std::min(left, 8u))), iota);
}

// Frequencies are below 2^31.
DIAGON_AVX2 inline __m256 bm25(__m256 weight, __m256i freq, __m256 norm_inverse) noexcept {
  const __m256 x =
      _mm256_add_ps(_mm256_set1_ps(1.0f), _mm256_mul_ps(_mm256_cvtepi32_ps(freq), norm_inverse));
  return _mm256_sub_ps(weight, _mm256_div_ps(weight, x));
}

DIAGON_AVX2 void score(const uint32_t* docs, const uint32_t* freqs, uint32_t n,
                       const uint8_t* norms, const float* table, float weight,
                       float* scores) noexcept {
  // Two plain loads a document: gathers are slower, much so on AMD's processors.
  alignas(32) float inverse[kBatch];
  for (uint32_t i = 0; i < n; ++i) inverse[i] = table[norms[docs[i]]];
  const __m256 w = _mm256_set1_ps(weight);
  for (uint32_t i = 0; i < n; i += 8) {
    const __m256i mask = first(n - i);
    const __m256i freq = _mm256_maskload_epi32(reinterpret_cast<const int*>(freqs + i), mask);
    _mm256_storeu_ps(scores + i, bm25(w, freq, _mm256_maskload_ps(inverse + i, mask)));
  }
}

DIAGON_AVX2 void bounds(const uint8_t* freqs, const uint8_t* norms, uint32_t blocks,
                        const float* table, float weight, float* out) noexcept {
  const __m256 w = _mm256_set1_ps(weight);
  for (uint32_t b = 0; b < blocks; b += 2) {
    const bool both = b + 1 < blocks;
    uint64_t f = 0;
    uint64_t m = 0;
    std::memcpy(&f, freqs + b * kImpactPairs, both ? 8 : 4);
    std::memcpy(&m, norms + b * kImpactPairs, both ? 8 : 4);
    const __m256i freq = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(f)));
    const __m256i norm = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(m)));
    __m256 best = bm25(w, freq, _mm256_i32gather_ps(table, norm, 4));
    const __m256i any = _mm256_cmpeq_epi32(freq, _mm256_set1_epi32(kAnyFreq));
    best = _mm256_blendv_ps(best, w, _mm256_castsi256_ps(any));
    best = _mm256_max_ps(best, _mm256_permute_ps(best, 0b10110001));
    best = _mm256_max_ps(best, _mm256_permute_ps(best, 0b01001110));
    out[b] = _mm256_cvtss_f32(best);
    if (both) out[b + 1] = _mm_cvtss_f32(_mm256_extractf128_ps(best, 1));
  }
}

DIAGON_AVX2 uint32_t at_least(const float* scores, uint32_t n, float bar, uint16_t* out) noexcept {
  const __m256 b = _mm256_set1_ps(bar);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 8) {
    const __m256i mask = first(n - i);
    const __m256 score = _mm256_maskload_ps(scores + i, mask);
    auto found = static_cast<uint32_t>(_mm256_movemask_ps(
        _mm256_and_ps(_mm256_cmp_ps(score, b, _CMP_GE_OQ), _mm256_castsi256_ps(mask))));
    for (; found != 0; found &= found - 1)
      out[count++] = static_cast<uint16_t>(i + static_cast<uint32_t>(std::countr_zero(found)));
  }
  return count;
}

DIAGON_AVX2 uint32_t count_set(const uint32_t* docs, uint32_t n, const uint64_t* bits) noexcept {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; ++i)
    count += static_cast<uint32_t>(bits[docs[i] / 64] >> (docs[i] % 64) & 1);
  return count;
}

DIAGON_AVX2 uint64_t popcount(const uint64_t* words, size_t n) noexcept {
  uint64_t count = 0;
  for (size_t w = 0; w < n; ++w) count += static_cast<uint64_t>(__builtin_popcountll(words[w]));
  return count;
}

// Each of `a` is compared with eight of `b` at a time: of `b` those that could hold it.
DIAGON_AVX2 uint32_t intersect(const uint32_t* a, uint32_t na, const uint32_t* b, uint32_t nb,
                               uint16_t* in_a, uint16_t* in_b) noexcept {
  uint32_t count = 0;
  uint32_t j = 0;
  for (uint32_t i = 0; i < na; ++i) {
    const uint32_t doc = a[i];
    while (j + 8 < nb && b[j + 7] < doc) j += 8;
    const __m256i mask = first(nb - j);
    const __m256i equal = _mm256_and_si256(
        mask, _mm256_cmpeq_epi32(_mm256_maskload_epi32(reinterpret_cast<const int*>(b + j), mask),
                                 _mm256_set1_epi32(static_cast<int>(doc))));
    const auto found = static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(equal)));
    in_a[count] = static_cast<uint16_t>(i);
    in_b[count] = static_cast<uint16_t>(j + static_cast<uint32_t>(std::countr_zero(found | 256u)));
    count += found != 0 ? 1 : 0;
  }
  return count;
}

DIAGON_AVX2 uint32_t count_common(const uint32_t* a, uint32_t na, const uint32_t* b,
                                  uint32_t nb) noexcept {
  uint16_t in_a[kBatch + 16];
  uint16_t in_b[kBatch + 16];
  return intersect(a, na, b, nb, in_a, in_b);
}

// Unsigned v >= lo is max(v, lo) == v.
DIAGON_AVX2 void range8(const uint8_t* values, size_t n, uint8_t lo, uint8_t hi,
                        uint64_t* out) noexcept {
  const __m256i from = _mm256_set1_epi8(static_cast<char>(lo));
  const __m256i to = _mm256_set1_epi8(static_cast<char>(hi));
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t part = 0; part < 2; ++part) {
      const __m256i v =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + w * 64 + part * 32));
      const __m256i in = _mm256_and_si256(_mm256_cmpeq_epi8(_mm256_max_epu8(v, from), v),
                                          _mm256_cmpeq_epi8(_mm256_min_epu8(v, to), v));
      word |= uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(in))} << (part * 32);
    }
    out[w] = word;
  }
}

DIAGON_AVX2 inline __m256i inside16(const uint8_t* at, __m256i from, __m256i to) noexcept {
  const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
  return _mm256_and_si256(_mm256_cmpeq_epi16(_mm256_max_epu16(v, from), v),
                          _mm256_cmpeq_epi16(_mm256_min_epu16(v, to), v));
}

DIAGON_AVX2 void range16(const uint8_t* values, size_t n, uint16_t lo, uint16_t hi,
                         uint64_t* out) noexcept {
  const __m256i from = _mm256_set1_epi16(static_cast<int16_t>(lo));
  const __m256i to = _mm256_set1_epi16(static_cast<int16_t>(hi));
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t part = 0; part < 2; ++part) {
      const uint8_t* at = values + w * 128 + part * 64;
      // The packing works in halves of 128 bits: put them in order again.
      const __m256i bytes = _mm256_permute4x64_epi64(
          _mm256_packs_epi16(inside16(at, from, to), inside16(at + 32, from, to)), 0b11011000);
      word |= uint64_t{static_cast<uint32_t>(_mm256_movemask_epi8(bytes))} << (part * 32);
    }
    out[w] = word;
  }
}

DIAGON_AVX2 void range32(const uint8_t* values, size_t n, uint32_t lo, uint32_t hi,
                         uint64_t* out) noexcept {
  const __m256i from = _mm256_set1_epi32(static_cast<int>(lo));
  const __m256i to = _mm256_set1_epi32(static_cast<int>(hi));
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t part = 0; part < 8; ++part) {
      const __m256i v =
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + w * 256 + part * 32));
      const __m256i in = _mm256_and_si256(_mm256_cmpeq_epi32(_mm256_max_epu32(v, from), v),
                                          _mm256_cmpeq_epi32(_mm256_min_epu32(v, to), v));
      word |= uint64_t{static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(in)))}
              << (part * 8);
    }
    out[w] = word;
  }
}

DIAGON_AVX2 void range64(const uint8_t* values, size_t n, uint64_t lo, uint64_t hi,
                         uint64_t* out) noexcept {
  // Signed comparisons of numbers with the highest bit flipped are unsigned ones.
  const __m256i flip = _mm256_set1_epi64x(INT64_MIN);
  const __m256i from = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<int64_t>(lo)), flip);
  const __m256i to = _mm256_xor_si256(_mm256_set1_epi64x(static_cast<int64_t>(hi)), flip);
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t part = 0; part < 16; ++part) {
      const __m256i v = _mm256_xor_si256(
          _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + w * 512 + part * 32)), flip);
      const __m256i out_of =
          _mm256_or_si256(_mm256_cmpgt_epi64(from, v), _mm256_cmpgt_epi64(v, to));
      const auto bits = static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(out_of)));
      word |= uint64_t{~bits & 15} << (part * 4);
    }
    out[w] = word;
  }
}

}  // namespace

// What needs compression has no better version without AVX-512.
const Kernels kAvx2 = {"avx2",         score,           bounds,    at_least,
                       frequent_plain, keep_sums_plain, count_set, popcount,
                       intersect,      count_common,    nullptr,   nullptr,
                       range8,         range16,         range32,   range64};

}  // namespace diagon::kernels

#endif
