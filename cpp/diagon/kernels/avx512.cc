// AVX-512 (F, BW, DQ, VL, VPOPCNTDQ): sixteen documents at a time.
#if defined(__x86_64__)

// GCC 12 takes the "undefined" vectors of its own header for mistakes.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <immintrin.h>

#include <algorithm>

#include "diagon/kernels/kernels.h"
#include "diagon/kernels/parts.h"

#define DIAGON_AVX512 \
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq,avx2,bmi,bmi2,popcnt")]]

namespace diagon::kernels {
namespace {

// With fewer documents than this, each is looked up by itself.
constexpr uint32_t kFewDocs = 3;

DIAGON_AVX512 inline __mmask16 first(uint32_t left) noexcept {
  return static_cast<__mmask16>(left >= 16 ? 0xffff : (1u << left) - 1);
}

DIAGON_AVX512 inline __m512 bm25(__m512 weight, __m512i freq, __m512 norm_inverse) noexcept {
  const __m512 x =
      _mm512_add_ps(_mm512_set1_ps(1.0f), _mm512_mul_ps(_mm512_cvtepu32_ps(freq), norm_inverse));
  return _mm512_sub_ps(weight, _mm512_div_ps(weight, x));
}

DIAGON_AVX512 void score(const uint32_t* docs, const uint32_t* freqs, uint32_t n,
                         const uint8_t* norms, const float* table, float weight,
                         float* scores) noexcept {
  // Two plain loads a document: gathers are slower, much so on AMD's processors.
  alignas(64) float inverse[kBatch];
  for (uint32_t i = 0; i < n; ++i) inverse[i] = table[norms[docs[i]]];
  const __m512 w = _mm512_set1_ps(weight);
  for (uint32_t i = 0; i < n; i += 16) {
    const __mmask16 mask = first(n - i);
    const __m512i freq = _mm512_maskz_loadu_epi32(mask, freqs + i);
    _mm512_storeu_ps(scores + i, bm25(w, freq, _mm512_maskz_load_ps(mask, inverse + i)));
  }
}

DIAGON_AVX512 void bounds(const uint8_t* freqs, const uint8_t* norms, uint32_t blocks,
                          const float* table, float weight, float* out) noexcept {
  const __m512 w = _mm512_set1_ps(weight);
  constexpr uint32_t kBlocks = kBatch / kImpactPairs;
  alignas(64) float inverse[kBatch];
  for (uint32_t b = 0; b < blocks; b += 4) {
    // As above: no gathers.
    if (b % kBlocks == 0)
      for (uint32_t i = 0; i < std::min(blocks - b, kBlocks) * kImpactPairs; ++i)
        inverse[i] = table[norms[b * kImpactPairs + i]];
    const __mmask16 mask = first((blocks - b) * kImpactPairs);
    const __m512i freq = _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, freqs + b * kImpactPairs));
    __m512 best = bm25(w, freq, _mm512_maskz_load_ps(mask, inverse + b % kBlocks * kImpactPairs));
    best = _mm512_mask_mov_ps(best, _mm512_cmpeq_epi32_mask(freq, _mm512_set1_epi32(kAnyFreq)), w);
    best = _mm512_max_ps(best, _mm512_permute_ps(best, 0b10110001));
    best = _mm512_max_ps(best, _mm512_permute_ps(best, 0b01001110));
    _mm_mask_storeu_ps(out + b, static_cast<__mmask8>(first(std::min(blocks - b, 4u))),
                       _mm512_castps512_ps128(_mm512_maskz_compress_ps(0x1111, best)));
  }
}

// Stores the numbers, from `from` on, of those that are kept.
DIAGON_AVX512 inline void store_numbers(uint16_t* out, __mmask16 kept, uint32_t from) noexcept {
  const __m512i iota = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  const __m512i numbers = _mm512_add_epi32(iota, _mm512_set1_epi32(static_cast<int>(from)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out),
                      _mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32(kept, numbers)));
}

DIAGON_AVX512 uint32_t at_least(const float* scores, uint32_t n, float bar,
                                uint16_t* out) noexcept {
  const __m512 b = _mm512_set1_ps(bar);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 16) {
    const __mmask16 mask = first(n - i);
    const __mmask16 found =
        _mm512_mask_cmp_ps_mask(mask, _mm512_maskz_loadu_ps(mask, scores + i), b, _CMP_GE_OQ);
    if (found == 0) continue;
    store_numbers(out + count, found, i);
    count += static_cast<uint32_t>(__builtin_popcount(found));
  }
  return count;
}

DIAGON_AVX512 uint32_t frequent(const uint32_t* docs, const uint32_t* freqs, uint32_t n,
                                uint32_t least, uint32_t* out_docs, uint32_t* out_freqs) noexcept {
  const __m512i l = _mm512_set1_epi32(static_cast<int>(least));
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 16) {
    const __mmask16 mask = first(n - i);
    const __m512i freq = _mm512_maskz_loadu_epi32(mask, freqs + i);
    const __mmask16 kept = _mm512_mask_cmpge_epu32_mask(mask, freq, l);
    if (kept == 0) continue;
    _mm512_storeu_si512(out_docs + count, _mm512_maskz_compress_epi32(
                                              kept, _mm512_maskz_loadu_epi32(mask, docs + i)));
    _mm512_storeu_si512(out_freqs + count, _mm512_maskz_compress_epi32(kept, freq));
    count += static_cast<uint32_t>(__builtin_popcount(kept));
  }
  return count;
}

DIAGON_AVX512 uint32_t keep_sums(uint32_t* docs, double* sums, uint32_t n, double least) noexcept {
  const __m512d l = _mm512_set1_pd(least);
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 8) {
    const __m512d sum = _mm512_loadu_pd(sums + i);
    const __m256i doc = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(docs + i));
    const auto kept = static_cast<__mmask8>(
        _mm512_mask_cmp_pd_mask(static_cast<__mmask8>(first(n - i)), sum, l, _CMP_GE_OQ));
    _mm512_storeu_pd(sums + count, _mm512_maskz_compress_pd(kept, sum));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(docs + count),
                        _mm256_maskz_compress_epi32(kept, doc));
    count += static_cast<uint32_t>(__builtin_popcount(kept));
  }
  return count;
}

DIAGON_AVX512 uint32_t count_set(const uint32_t* docs, uint32_t n, const uint64_t* bits) noexcept {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; i += 16) {
    const uint32_t size = std::min(n - i, 16u);
    const uint32_t from = docs[i] / 32;
    if (docs[i + size - 1] / 32 - from >= 32) {
      for (uint32_t j = i; j < i + size; ++j)
        count += static_cast<uint32_t>(bits[docs[j] / 64] >> (docs[j] % 64) & 1);
      continue;
    }
    // Close together, as those of frequent terms mostly are: 1,024 bits hold what belongs to all.
    const __mmask16 mask = first(size);
    const __m512i doc = _mm512_maskz_loadu_epi32(mask, docs + i);
    const auto* words = reinterpret_cast<const uint32_t*>(bits) + from;
    const __m512i at =
        _mm512_sub_epi32(_mm512_srli_epi32(doc, 5), _mm512_set1_epi32(static_cast<int>(from)));
    const __m512i word =
        _mm512_permutex2var_epi32(_mm512_loadu_si512(words), at, _mm512_loadu_si512(words + 16));
    const __m512i bit = _mm512_rolv_epi32(_mm512_set1_epi32(1), doc);
    count +=
        static_cast<uint32_t>(__builtin_popcount(_mm512_mask_test_epi32_mask(mask, word, bit)));
  }
  return count;
}

DIAGON_AVX512 uint64_t popcount(const uint64_t* words, size_t n) noexcept {
  __m512i sum = _mm512_setzero_si512();
  size_t w = 0;
  for (; w + 8 <= n; w += 8)
    sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_loadu_si512(words + w)));
  const auto rest = static_cast<__mmask8>((1u << (n - w)) - 1);
  sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_maskz_loadu_epi64(rest, words + w)));
  return static_cast<uint64_t>(_mm512_reduce_add_epi64(sum));
}

// Each of `a` is compared with sixteen of `b` at a time: of `b` those that could hold it.
DIAGON_AVX512 uint32_t intersect(const uint32_t* a, uint32_t na, const uint32_t* b, uint32_t nb,
                                 uint16_t* in_a, uint16_t* in_b) noexcept {
  uint32_t count = 0;
  uint32_t j = 0;
  for (uint32_t i = 0; i < na; ++i) {
    const uint32_t doc = a[i];
    while (j + 16 < nb && b[j + 15] < doc) j += 16;
    const __mmask16 mask = first(nb - j);
    const __mmask16 equal = _mm512_mask_cmpeq_epi32_mask(
        mask, _mm512_maskz_loadu_epi32(mask, b + j), _mm512_set1_epi32(static_cast<int>(doc)));
    in_a[count] = static_cast<uint16_t>(i);
    in_b[count] = static_cast<uint16_t>(j + static_cast<uint32_t>(__builtin_ctz(equal | 0x10000u)));
    count += equal != 0 ? 1 : 0;
  }
  return count;
}

DIAGON_AVX512 uint32_t count_common(const uint32_t* a, uint32_t na, const uint32_t* b,
                                    uint32_t nb) noexcept {
  uint16_t in_a[kBatch + 16];
  uint16_t in_b[kBatch + 16];
  return intersect(a, na, b, nb, in_a, in_b);
}

#define DIAGON_VP2                                          \
  [[gnu::target(                                            \
      "avx512f,avx512bw,avx512dq,avx512vl,avx512vpopcntdq," \
      "avx512vp2intersect,avx2,bmi,bmi2,popcnt")]]

// Sixteen documents from `at` on, which may be past the end, where numbers stand that no document
// has: different ones on both sides.
DIAGON_AVX512 [[gnu::always_inline]] inline __m512i sixteen(const uint32_t* docs, uint32_t n,
                                                            uint32_t at, int none) noexcept {
  if (at + 16 <= n) return _mm512_loadu_si512(docs + at);
  const __mmask16 there = at < n ? first(n - at) : static_cast<__mmask16>(0);
  return _mm512_mask_loadu_epi32(_mm512_set1_epi32(none), there, docs + at);
}

// Sixteen of `a` with thirty-two of `b`, in one instruction for each sixteen; then those on whose
// side the smaller last one is go on.
DIAGON_VP2 uint32_t intersect_vp2(const uint32_t* a, uint32_t na, const uint32_t* b, uint32_t nb,
                                  uint16_t* in_a, uint16_t* in_b) noexcept {
  if (na <= kFewDocs) return intersect(a, na, b, nb, in_a, in_b);
  uint32_t count = 0;
  uint32_t i = 0;
  uint32_t j = 0;
  while (i < na && j < nb) {
    const __m512i va = sixteen(a, na, i, -1);
    __mmask16 ka;
    __mmask16 kb;
    _mm512_2intersect_epi32(va, sixteen(b, nb, j, -2), &ka, &kb);
    __mmask16 more_a;
    __mmask16 more_b;
    _mm512_2intersect_epi32(va, sixteen(b, nb, j + 16, -2), &more_a, &more_b);
    ka = static_cast<__mmask16>(ka | more_a);
    store_numbers(in_a + count, ka, i);
    store_numbers(in_b + count, kb, j);
    store_numbers(in_b + count + static_cast<uint32_t>(__builtin_popcount(kb)), more_b, j + 16);
    count += static_cast<uint32_t>(__builtin_popcount(ka));
    const uint32_t last_a = a[std::min(i + 15, na - 1)];
    const uint32_t last_b = b[std::min(j + 31, nb - 1)];
    i += last_a <= last_b ? 16 : 0;
    j += last_b <= last_a ? 32 : 0;
  }
  return count;
}

DIAGON_VP2 uint32_t count_common_vp2(const uint32_t* a, uint32_t na, const uint32_t* b,
                                     uint32_t nb) noexcept {
  if (na <= kFewDocs) return count_common(a, na, b, nb);
  uint32_t count = 0;
  uint32_t i = 0;
  uint32_t j = 0;
  while (i < na && j < nb) {
    const __m512i va = sixteen(a, na, i, -1);
    __mmask16 ka;
    __mmask16 kb;
    _mm512_2intersect_epi32(va, sixteen(b, nb, j, -2), &ka, &kb);
    __mmask16 more_a;
    _mm512_2intersect_epi32(va, sixteen(b, nb, j + 16, -2), &more_a, &kb);
    count += static_cast<uint32_t>(__builtin_popcount(static_cast<uint32_t>(ka | more_a)));
    const uint32_t last_a = a[std::min(i + 15, na - 1)];
    const uint32_t last_b = b[std::min(j + 31, nb - 1)];
    i += last_a <= last_b ? 16 : 0;
    j += last_b <= last_a ? 32 : 0;
  }
  return count;
}

// lo <= v <= hi is v - lo <= hi - lo, where what is below lo wraps around to the largest numbers.
DIAGON_AVX512 void range8(const uint8_t* values, size_t n, uint8_t lo, uint8_t hi,
                          uint64_t* out) noexcept {
  const __m512i from = _mm512_set1_epi8(static_cast<char>(lo));
  const __m512i width = _mm512_set1_epi8(static_cast<char>(hi - lo));
  for (size_t w = 0; w < n / 64; ++w) {
    out[w] =
        _mm512_cmple_epu8_mask(_mm512_sub_epi8(_mm512_loadu_si512(values + w * 64), from), width);
  }
}

DIAGON_AVX512 void range16(const uint8_t* values, size_t n, uint16_t lo, uint16_t hi,
                           uint64_t* out) noexcept {
  const __m512i from = _mm512_set1_epi16(static_cast<int16_t>(lo));
  const __m512i width = _mm512_set1_epi16(static_cast<int16_t>(hi - lo));
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t part = 0; part < 2; ++part) {
      const __m512i v = _mm512_loadu_si512(values + w * 128 + part * 64);
      word |= uint64_t{_mm512_cmple_epu16_mask(_mm512_sub_epi16(v, from), width)} << (part * 32);
    }
    out[w] = word;
  }
}

DIAGON_AVX512 void range32(const uint8_t* values, size_t n, uint32_t lo, uint32_t hi,
                           uint64_t* out) noexcept {
  const __m512i from = _mm512_set1_epi32(static_cast<int>(lo));
  const __m512i width = _mm512_set1_epi32(static_cast<int>(hi - lo));
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t part = 0; part < 4; ++part) {
      const __m512i v = _mm512_loadu_si512(values + w * 256 + part * 64);
      word |= uint64_t{_mm512_cmple_epu32_mask(_mm512_sub_epi32(v, from), width)} << (part * 16);
    }
    out[w] = word;
  }
}

DIAGON_AVX512 void range64(const uint8_t* values, size_t n, uint64_t lo, uint64_t hi,
                           uint64_t* out) noexcept {
  const __m512i from = _mm512_set1_epi64(static_cast<int64_t>(lo));
  const __m512i width = _mm512_set1_epi64(static_cast<int64_t>(hi - lo));
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t part = 0; part < 8; ++part) {
      const __m512i v = _mm512_loadu_si512(values + w * 512 + part * 64);
      word |= uint64_t{_mm512_cmple_epu64_mask(_mm512_sub_epi64(v, from), width)} << (part * 8);
    }
    out[w] = word;
  }
}

}  // namespace

const Kernels kAvx512 = {"avx512",  score,        bounds,          at_least,
                         frequent,  keep_sums,    count_set,       popcount,
                         intersect, count_common, increase_avx512, unpack_avx512,
                         range8,    range16,      range32,         range64};
const Kernels kAvx512Vp2 = {
    "avx512-vp2", score,    bounds,        at_least,         frequent,        keep_sums,
    count_set,    popcount, intersect_vp2, count_common_vp2, increase_avx512, unpack_avx512,
    range8,       range16,  range32,       range64};

}  // namespace diagon::kernels

#endif
