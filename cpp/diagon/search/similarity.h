// BM25 as Lucene computes it (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25
// and Beyond", 2009; k1 = 1.2, b = 0.75, no factor k1 + 1), in the same single-precision steps, so
// that scores agree.
#pragma once

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

}  // namespace diagon::search
