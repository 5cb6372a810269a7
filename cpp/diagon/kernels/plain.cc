// Plain C++: for every processor, and what the other versions are compared with.
#include <algorithm>
#include <bit>
#include <cstring>

#include "diagon/kernels/kernels.h"
#include "diagon/kernels/parts.h"

namespace diagon::kernels {
namespace {

float bm25(float weight, float freq, float norm_inverse) noexcept {
  return weight - weight / (1.0f + freq * norm_inverse);
}

void score(const uint32_t* docs, const uint32_t* freqs, uint32_t n, const uint8_t* norms,
           const float* table, float weight, float* scores) noexcept {
  for (uint32_t i = 0; i < n; ++i)
    scores[i] = bm25(weight, static_cast<float>(freqs[i]), table[norms[docs[i]]]);
}

void bounds(const uint8_t* freqs, const uint8_t* norms, uint32_t blocks, const float* table,
            float weight, float* out) noexcept {
  for (uint32_t b = 0; b < blocks; ++b) {
    float best = 0;
    for (uint32_t p = b * kImpactPairs; p < (b + 1) * kImpactPairs; ++p) {
      const float score = freqs[p] == kAnyFreq
                              ? weight
                              : bm25(weight, static_cast<float>(freqs[p]), table[norms[p]]);
      best = std::max(best, score);
    }
    out[b] = best;
  }
}

uint32_t at_least(const float* scores, uint32_t n, float bar, uint16_t* out) noexcept {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; ++i) {
    out[count] = static_cast<uint16_t>(i);
    count += scores[i] >= bar ? 1 : 0;
  }
  return count;
}

uint32_t count_set(const uint32_t* docs, uint32_t n, const uint64_t* bits) noexcept {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; ++i)
    count += static_cast<uint32_t>(bits[docs[i] / 64] >> (docs[i] % 64) & 1);
  return count;
}

uint64_t popcount(const uint64_t* words, size_t n) noexcept {
  uint64_t count = 0;
  for (size_t w = 0; w < n; ++w) count += static_cast<uint64_t>(std::popcount(words[w]));
  return count;
}

uint32_t intersect(const uint32_t* a, uint32_t na, const uint32_t* b, uint32_t nb, uint16_t* in_a,
                   uint16_t* in_b) noexcept {
  uint32_t count = 0;
  uint32_t i = 0;
  uint32_t j = 0;
  while (i < na && j < nb) {
    const uint32_t x = a[i];
    const uint32_t y = b[j];
    in_a[count] = static_cast<uint16_t>(i);
    in_b[count] = static_cast<uint16_t>(j);
    count += x == y ? 1 : 0;
    i += x <= y ? 1 : 0;
    j += y <= x ? 1 : 0;
  }
  return count;
}

uint32_t count_common(const uint32_t* a, uint32_t na, const uint32_t* b, uint32_t nb) noexcept {
  uint16_t in_a[kBatch + 16];
  uint16_t in_b[kBatch + 16];
  return intersect(a, na, b, nb, in_a, in_b);
}

template <typename T>
void range(const uint8_t* values, size_t n, T lo, T hi, uint64_t* out) noexcept {
  for (size_t w = 0; w < n / 64; ++w) {
    uint64_t word = 0;
    for (size_t i = 0; i < 64; ++i) {
      T value;
      std::memcpy(&value, values + (w * 64 + i) * sizeof(T), sizeof(T));
      word |= uint64_t{value >= lo && value <= hi} << i;
    }
    out[w] = word;
  }
}

}  // namespace

uint32_t frequent_plain(const uint32_t* docs, const uint32_t* freqs, uint32_t n, uint32_t least,
                        uint32_t* out_docs, uint32_t* out_freqs) noexcept {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; ++i) {
    out_docs[count] = docs[i];
    out_freqs[count] = freqs[i];
    count += freqs[i] >= least ? 1 : 0;
  }
  return count;
}

uint32_t keep_sums_plain(uint32_t* docs, double* sums, uint32_t n, double least) noexcept {
  uint32_t count = 0;
  for (uint32_t i = 0; i < n; ++i) {
    docs[count] = docs[i];
    const double sum = sums[count] = sums[i];
    count += sum >= least ? 1 : 0;
  }
  return count;
}

const Kernels kPlain = {"plain",        score,           bounds,          at_least,
                        frequent_plain, keep_sums_plain, count_set,       popcount,
                        intersect,      count_common,    nullptr,         nullptr,
                        range<uint8_t>, range<uint16_t>, range<uint32_t>, range<uint64_t>};

}  // namespace diagon::kernels
