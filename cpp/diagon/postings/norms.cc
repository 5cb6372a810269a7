#include "diagon/postings/norms.h"

#include <algorithm>
#include <bit>

namespace diagon::postings {
namespace {

// A float of 3 bits of mantissa, as SmallFloat.longToInt4: below 8 the value itself, else the shift
// plus one and the three bits after the leading one.
constexpr uint32_t float_from_int(uint32_t i) {
  const auto width = static_cast<uint32_t>(std::bit_width(i));
  if (width < 4) return i;
  const uint32_t shift = width - 4;
  return (shift + 1) << 3 | (i >> shift & 7);
}

constexpr uint32_t int_from_float(uint32_t f) {
  if (f < 8) return f;
  return ((f & 7) | 8) << ((f >> 3) - 1);
}

// The codes that the floats leave over stand for the smallest lengths.
constexpr uint32_t kFree = 255 - float_from_int(0x7fffffff);
static_assert(kFree == 24);

constexpr std::array<uint32_t, 256> make_lengths() {
  std::array<uint32_t, 256> lengths{};
  for (uint32_t norm = 0; norm < 256; ++norm)
    lengths[norm] = norm < kFree ? norm : kFree + int_from_float(norm - kFree);
  return lengths;
}

constexpr auto kLengths = make_lengths();

}  // namespace

uint8_t encode_length(uint32_t length) noexcept {
  return static_cast<uint8_t>(length < kFree ? length : kFree + float_from_int(length - kFree));
}

uint32_t decode_length(uint8_t norm) noexcept { return kLengths[norm]; }

float average_length(std::span<const uint8_t> norms) noexcept {
  if (norms.empty()) return 1;
  uint64_t sum = 0;
  for (const uint8_t norm : norms) sum += decode_length(norm);
  return std::max(1.0f, static_cast<float>(sum) / static_cast<float>(norms.size()));
}

}  // namespace diagon::postings
