// Blocks of 128 unsigned integers at a fixed number of bits each.
//
// The layout is the vertical one of SIMD-BP128 (Lemire and Boytsov, "Decoding billions of integers
// per second through vectorization", 2015): 4 lanes of 32 integers, integer i in lane i % 4, so
// that four neighbours are decoded by one 128-bit operation. A block takes 16 * bits bytes.
#pragma once

#include <cstdint>

namespace diagon::codec {

inline constexpr uint32_t kBlock = 128;

inline constexpr uint32_t packed_bytes(uint32_t bits) noexcept { return 16 * bits; }

// The bits that the largest of `count` values needs: 0 to 32.
uint32_t bits_needed(const uint32_t* values, uint32_t count) noexcept;

// Writes packed_bytes(bits) bytes. REQUIRES: bits <= 32, each of the 128 values < 2^bits.
void pack(const uint32_t* values, uint32_t bits, uint8_t* out) noexcept;

// Reads packed_bytes(bits) bytes and writes 128 values. REQUIRES: bits <= 32. Any bytes are fine.
void unpack(const uint8_t* in, uint32_t bits, uint32_t* values) noexcept;

// The same, each plus `add` (modulo 2^32).
void unpack_plus(const uint8_t* in, uint32_t bits, uint32_t add, uint32_t* values) noexcept;

// unpack, then values[i] += values[i - 1] + 1 with values[-1] = base (all modulo 2^32): strictly
// increasing numbers stored as gaps less one. `base` is the number before the first one, 2^32 - 1
// at the start.
void unpack_increasing(const uint8_t* in, uint32_t bits, uint32_t base, uint32_t* values) noexcept;
// The same two by vectors of four lanes, for processors on which kernels has nothing better.
void unpack_plus_lanes(const uint8_t* in, uint32_t bits, uint32_t add, uint32_t* values) noexcept;
void unpack_increasing_lanes(const uint8_t* in, uint32_t bits, uint32_t base,
                             uint32_t* values) noexcept;

// The twins that tests compare with: plain loops over bits.
void pack_scalar(const uint32_t* values, uint32_t bits, uint8_t* out) noexcept;
void unpack_scalar(const uint8_t* in, uint32_t bits, uint32_t* values) noexcept;

}  // namespace diagon::codec
