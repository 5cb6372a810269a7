// BM25 as Lucene computes it (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25
// and Beyond", 2009; k1 = 1.2, b = 0.75, no factor k1 + 1), in the same single-precision steps, so
// that scores agree.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>

#include "diagon/index/snapshot.h"

namespace diagon::search {

inline constexpr float kK1 = 1.2f;
inline constexpr float kB = 0.75f;

// log(1 + (N - n + 0.5) / (n + 0.5)). REQUIRES: doc_freq <= doc_count.
float idf(uint64_t doc_freq, uint64_t doc_count) noexcept;

// 1 / (k1 * (1 - b + b * length / average length)) for each encoded length of a field.
using NormTable = std::array<float, 256>;
std::shared_ptr<const NormTable> make_norm_table(const index::FieldStats& stats);

// Grows with freq, falls with the norm (also after rounding, so that bounds from impacts hold
// exactly).
inline float bm25(float weight, float freq, float norm_inverse) noexcept {
  return weight - weight / (1.0f + freq * norm_inverse);
}

// What freq * norm_inverse is at least where bm25() is at least `score`: solved for it, less what
// roundings can add. That is a share of it, an amount where it is small beside the 1, and, where it
// is large, more the nearer the score comes to the weight. REQUIRES: 0 < score < weight.
inline float least_product(float weight, float score) noexcept {
  const float product = score / (weight - score);
  return std::max(0.0f, product - product * (1e-4f + product * 0x1p-22f) - 0x1p-21f);
}

}  // namespace diagon::search
