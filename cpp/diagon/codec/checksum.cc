#include "diagon/codec/checksum.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

#include "diagon/util/bytes.h"

namespace diagon::codec {
namespace {

// The polynomial 0x1EDC6F41 with its bits reversed.
constexpr uint32_t kPolynomial = 0x82f63b78;

using Tables = std::array<std::array<uint32_t, 256>, 8>;

// Table k advances a byte that is followed by k more ("slicing by 8", Kounavis and Berry, 2005).
constexpr Tables make_tables() {
  Tables t{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    t[0][i] = crc;
  }
  for (size_t k = 1; k < 8; ++k) {
    for (size_t i = 0; i < 256; ++i) t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 0xff];
  }
  return t;
}

constexpr Tables kTables = make_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(uint32_t crc, const void* data,
                                                        size_t len) noexcept {
  const auto* at = static_cast<const uint8_t*>(data);
  uint64_t state = ~crc;
  for (; len >= 8; at += 8, len -= 8) state = _mm_crc32_u64(state, load<uint64_t>(at));
  auto narrow = static_cast<uint32_t>(state);
  for (; len != 0; ++at, --len) narrow = _mm_crc32_u8(narrow, *at);
  return ~narrow;
}
#endif

using Crc = uint32_t (*)(uint32_t, const void*, size_t) noexcept;

Crc best() noexcept {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("sse4.2")) return crc32c_sse42;
#endif
  return crc32c_scalar;
}

}  // namespace

uint32_t crc32c(uint32_t crc, const void* data, size_t len) noexcept {
  static const Crc chosen = best();
  return chosen(crc, data, len);
}

uint32_t crc32c_scalar(uint32_t crc, const void* data, size_t len) noexcept {
  const auto* at = static_cast<const uint8_t*>(data);
  crc = ~crc;
  for (; len >= 8; at += 8, len -= 8) {
    const uint64_t word = load<uint64_t>(at) ^ crc;
    crc = 0;
    for (size_t k = 0; k < 8; ++k) crc ^= kTables[7 - k][word >> (8 * k) & 0xff];
  }
  for (; len != 0; ++at, --len) crc = (crc >> 8) ^ kTables[0][(crc ^ *at) & 0xff];
  return ~crc;
}

}  // namespace diagon::codec
