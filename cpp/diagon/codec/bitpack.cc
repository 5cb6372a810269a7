#include "diagon/codec/bitpack.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "diagon/kernels/kernels.h"

namespace diagon::codec {
namespace {

// Four lanes. GCC and Clang lower these operations to the target's 128-bit vectors (SSE2 and NEON
// are part of the base instruction sets), or to plain integers where there are none.
using Lanes = uint32_t __attribute__((vector_size(16)));

constexpr uint32_t kRows = kBlock / 4;

[[gnu::always_inline]] inline Lanes load_lanes(const void* at) noexcept {
  Lanes v;
  std::memcpy(&v, at, sizeof(v));
  return v;
}

[[gnu::always_inline]] inline void store_lanes(void* at, Lanes v) noexcept {
  std::memcpy(at, &v, sizeof(v));
}

template <uint32_t kBits>
constexpr uint32_t kMask = kBits == 32 ? UINT32_MAX : (uint32_t{1} << kBits) - 1;

// Row `kRow` (four neighbours) of a block: bits [kRow * kBits, (kRow + 1) * kBits) of each lane.
template <uint32_t kBits, uint32_t kRow>
[[gnu::always_inline]] inline Lanes unpack_row(const uint8_t* in) noexcept {
  constexpr uint32_t kWord = kRow * kBits / 32;
  constexpr uint32_t kShift = kRow * kBits % 32;
  Lanes v = load_lanes(in + 16 * kWord) >> kShift;
  if constexpr (kShift + kBits > 32) v |= load_lanes(in + 16 * (kWord + 1)) << (32 - kShift);
  if constexpr (kShift + kBits != 32) v &= kMask<kBits>;
  return v;
}

template <uint32_t kBits, uint32_t... kRow>
[[gnu::always_inline]] inline void unpack_rows(const uint8_t* in, uint32_t* values,
                                               std::integer_sequence<uint32_t, kRow...>) noexcept {
  (store_lanes(values + 4 * kRow, unpack_row<kBits, kRow>(in)), ...);
}

template <uint32_t kBits>
void unpack_block(const uint8_t* in, uint32_t* values) noexcept {
  if constexpr (kBits == 0) {
    std::memset(values, 0, kBlock * sizeof(uint32_t));
  } else {
    unpack_rows<kBits>(in, values, std::make_integer_sequence<uint32_t, kRows>());
  }
}

// Sums of a row's gaps (each plus one) on top of the last number of the row before; returns the
// row's last number in all lanes.
[[gnu::always_inline]] inline Lanes sum_row(Lanes gaps, Lanes last, uint32_t* values) noexcept {
  const Lanes zero = {0, 0, 0, 0};
  Lanes v = gaps + 1;
  v += __builtin_shufflevector(v, zero, 4, 0, 1, 2);
  v += __builtin_shufflevector(v, zero, 4, 4, 0, 1);
  v += last;
  store_lanes(values, v);
  return __builtin_shufflevector(v, v, 3, 3, 3, 3);
}

template <uint32_t kBits, uint32_t... kRow>
[[gnu::always_inline]] inline void increase_rows(
    const uint8_t* in, uint32_t base, uint32_t* values,
    std::integer_sequence<uint32_t, kRow...>) noexcept {
  Lanes last = {base, base, base, base};
  ((last = sum_row(unpack_row<kBits, kRow>(in), last, values + 4 * kRow)), ...);
}

template <uint32_t kBits>
void increase_block(const uint8_t* in, uint32_t base, uint32_t* values) noexcept {
  if constexpr (kBits == 0) {
    for (uint32_t i = 0; i < kBlock; ++i) values[i] = base + 1 + i;
  } else {
    increase_rows<kBits>(in, base, values, std::make_integer_sequence<uint32_t, kRows>());
  }
}

template <uint32_t kBits, uint32_t kRow>
[[gnu::always_inline]] inline void pack_row(const uint32_t* values, Lanes& word,
                                            uint8_t* out) noexcept {
  constexpr uint32_t kWord = kRow * kBits / 32;
  constexpr uint32_t kShift = kRow * kBits % 32;
  const Lanes v = load_lanes(values + 4 * kRow);
  if constexpr (kShift == 0) {
    word = v;
  } else {
    word |= v << kShift;
  }
  if constexpr (kShift + kBits >= 32) store_lanes(out + 16 * kWord, word);
  if constexpr (kShift + kBits > 32) word = v >> (32 - kShift);
}

template <uint32_t kBits, uint32_t... kRow>
[[gnu::always_inline]] inline void pack_rows(const uint32_t* values, uint8_t* out,
                                             std::integer_sequence<uint32_t, kRow...>) noexcept {
  Lanes word = {0, 0, 0, 0};
  (pack_row<kBits, kRow>(values, word, out), ...);
}

template <uint32_t kBits>
void pack_block(const uint32_t* values, uint8_t* out) noexcept {
  if constexpr (kBits != 0) {
    pack_rows<kBits>(values, out, std::make_integer_sequence<uint32_t, kRows>());
  }
}

// One entry a width.
struct Codec {
  void (*pack)(const uint32_t*, uint8_t*) noexcept;
  void (*unpack)(const uint8_t*, uint32_t*) noexcept;
  void (*increase)(const uint8_t*, uint32_t, uint32_t*) noexcept;
};

template <uint32_t... kBits>
constexpr std::array<Codec, sizeof...(kBits)> all_codecs(
    std::integer_sequence<uint32_t, kBits...>) {
  return {Codec{pack_block<kBits>, unpack_block<kBits>, increase_block<kBits>}...};
}

constexpr auto kCodecs = all_codecs(std::make_integer_sequence<uint32_t, 33>());

}  // namespace

uint32_t bits_needed(const uint32_t* values, uint32_t count) noexcept {
  uint32_t all = 0;
  for (uint32_t i = 0; i < count; ++i) all |= values[i];
  return static_cast<uint32_t>(std::bit_width(all));
}

void pack(const uint32_t* values, uint32_t bits, uint8_t* out) noexcept {
  kCodecs[bits].pack(values, out);
}

void unpack(const uint8_t* in, uint32_t bits, uint32_t* values) noexcept {
  unpack_plus(in, bits, 0, values);
}

void unpack_plus(const uint8_t* in, uint32_t bits, uint32_t add, uint32_t* values) noexcept {
  static const auto wider = kernels::best().unpack;
  if (wider != nullptr) {
    wider(in, bits, add, values);
  } else {
    unpack_plus_lanes(in, bits, add, values);
  }
}

void unpack_plus_lanes(const uint8_t* in, uint32_t bits, uint32_t add, uint32_t* values) noexcept {
  kCodecs[bits].unpack(in, values);
  if (add == 0) return;
  for (uint32_t i = 0; i < kBlock; ++i) values[i] += add;
}

void unpack_increasing(const uint8_t* in, uint32_t bits, uint32_t base, uint32_t* values) noexcept {
  static const auto wider = kernels::best().increase;
  if (wider != nullptr) {
    wider(in, bits, base, values);
  } else {
    unpack_increasing_lanes(in, bits, base, values);
  }
}

void unpack_increasing_lanes(const uint8_t* in, uint32_t bits, uint32_t base,
                             uint32_t* values) noexcept {
  kCodecs[bits].increase(in, base, values);
}

void pack_scalar(const uint32_t* values, uint32_t bits, uint8_t* out) noexcept {
  std::fill_n(out, packed_bytes(bits), uint8_t{0});
  for (uint32_t i = 0; i < kBlock; ++i) {
    for (uint32_t b = 0; b < bits; ++b) {
      const uint32_t bit = i / 4 * bits + b;  // in the lane
      const uint32_t byte = 16 * (bit / 32) + 4 * (i % 4) + bit % 32 / 8;
      if ((values[i] >> b & 1) != 0) out[byte] = static_cast<uint8_t>(out[byte] | 1u << bit % 8);
    }
  }
}

void unpack_scalar(const uint8_t* in, uint32_t bits, uint32_t* values) noexcept {
  for (uint32_t i = 0; i < kBlock; ++i) {
    values[i] = 0;
    for (uint32_t b = 0; b < bits; ++b) {
      const uint32_t bit = i / 4 * bits + b;
      const uint32_t byte = 16 * (bit / 32) + 4 * (i % 4) + bit % 32 / 8;
      values[i] |= static_cast<uint32_t>(in[byte] >> bit % 8 & 1) << b;
    }
  }
}

}  // namespace diagon::codec
