// Loops that stand in files of their own, or in several versions.
#pragma once

#include <cstdint>

namespace diagon::kernels {

// Kernels::frequent and keep_sums in plain C++.
uint32_t frequent_plain(const uint32_t* docs, const uint32_t* freqs, uint32_t n, uint32_t least,
                        uint32_t* out_docs, uint32_t* out_freqs) noexcept;
uint32_t keep_sums_plain(uint32_t* docs, double* sums, uint32_t n, double least) noexcept;

#if defined(__x86_64__)
// Kernels::increase and unpack.
void increase_avx512(const uint8_t* in, uint32_t bits, uint32_t base, uint32_t* out) noexcept;
void unpack_avx512(const uint8_t* in, uint32_t bits, uint32_t add, uint32_t* out) noexcept;
#endif

}  // namespace diagon::kernels
