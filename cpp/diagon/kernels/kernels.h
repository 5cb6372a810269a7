// The innermost loops, in the version that suits the processor: plain C++ everywhere, AVX2 and
// AVX-512 on x86-64 where the processor has them. All versions give the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace diagon::kernels {

// Arrays of documents and what belongs to them have at most this many entries.
inline constexpr uint32_t kBatch = 128;

// One (frequency, norm) pair of a block's impacts takes a byte in each of two arrays.
inline constexpr uint32_t kImpactPairs = 4;
// A frequency of so many or more, in a pair.
inline constexpr uint8_t kAnyFreq = 255;

// See Kernels::count_set.
inline constexpr size_t kReadableWords = 17;

struct Kernels {
  const char* name;

  // scores[i] = BM25 of document docs[i] with frequency freqs[i]:
  //   weight - weight / (1 + freq * table[norms[doc]])
  // REQUIRES: n <= kBatch. Entries past n are written, too, up to the next multiple of 16; their
  // documents are not looked at.
  void (*score)(const uint32_t* docs, const uint32_t* freqs, uint32_t n, const uint8_t* norms,
                const float* table, float weight, float* scores) noexcept;
  // bounds[b] = the best score of the pairs [4 b, 4 b + 4); `weight` if a frequency is kAnyFreq.
  void (*bounds)(const uint8_t* freqs, const uint8_t* norms, uint32_t blocks, const float* table,
                 float weight, float* bounds) noexcept;
  // The numbers of the entries that are >= bar, ascending; returns how many. REQUIRES: n <= kBatch;
  // room for kBatch + 16 numbers.
  uint32_t (*at_least)(const float* scores, uint32_t n, float bar, uint16_t* out) noexcept;
  // Those documents whose frequency is >= least, and their frequencies; returns how many. REQUIRES:
  // n <= kBatch; room for kBatch + 16 in both.
  uint32_t (*frequent)(const uint32_t* docs, const uint32_t* freqs, uint32_t n, uint32_t least,
                       uint32_t* out_docs, uint32_t* out_freqs) noexcept;
  // Keeps, in place, the documents whose sum is >= least; returns how many. REQUIRES: n <= kBatch;
  // room for kBatch + 16 in both.
  uint32_t (*keep_sums)(uint32_t* docs, double* sums, uint32_t n, double least) noexcept;
  // How many of the ascending documents are set in `bits`. REQUIRES: n <= kBatch; `bits` is
  // readable for kReadableWords from the first document's word on.
  uint32_t (*count_set)(const uint32_t* docs, uint32_t n, const uint64_t* bits) noexcept;
  // Set bits of an array.
  uint64_t (*popcount)(const uint64_t* words, size_t n) noexcept;
  // Documents that stand in both ascending arrays: their numbers in `a` and in `b`; returns how
  // many. REQUIRES: na, nb <= kBatch; room for kBatch + 16 numbers; `b` is readable up to kBatch.
  uint32_t (*intersect)(const uint32_t* a, uint32_t na, const uint32_t* b, uint32_t nb,
                        uint16_t* in_a, uint16_t* in_b) noexcept;
  // How many documents stand in both. REQUIRES: as above.
  uint32_t (*count_common)(const uint32_t* a, uint32_t na, const uint32_t* b, uint32_t nb) noexcept;
  // 128 documents from packed gaps: out[i] = out[i - 1] + 1 + gap i, before the first stands
  // `base`. Null: codec's own loops, of four at a time, are the best for this processor.
  void (*increase)(const uint8_t* in, uint32_t bits, uint32_t base, uint32_t* out) noexcept;
  // 128 packed numbers, each plus `add`. Null as above.
  void (*unpack)(const uint8_t* in, uint32_t bits, uint32_t add, uint32_t* out) noexcept;
  // Bit i of `out` = lo <= values[i] <= hi, for unsigned values of 1, 2, 4 or 8 bytes. REQUIRES: n
  // is a multiple of 64.
  void (*range8)(const uint8_t* values, size_t n, uint8_t lo, uint8_t hi, uint64_t* out) noexcept;
  void (*range16)(const uint8_t* values, size_t n, uint16_t lo, uint16_t hi,
                  uint64_t* out) noexcept;
  void (*range32)(const uint8_t* values, size_t n, uint32_t lo, uint32_t hi,
                  uint64_t* out) noexcept;
  void (*range64)(const uint8_t* values, size_t n, uint64_t lo, uint64_t hi,
                  uint64_t* out) noexcept;
};

// The best for this processor, chosen once. May be called from any thread.
const Kernels& best() noexcept;
// All that this processor can run, the plain one first: tests compare the others with it.
std::span<const Kernels* const> all() noexcept;

// The versions.
extern const Kernels kPlain;
#if defined(__x86_64__)
extern const Kernels kAvx2;
extern const Kernels kAvx512;
extern const Kernels kAvx512Vp2;  // with VP2INTERSECT
#endif

}  // namespace diagon::kernels
