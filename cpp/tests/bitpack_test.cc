#include "diagon/codec/bitpack.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace diagon::codec {
namespace {

std::vector<uint32_t> random_block(uint32_t bits, std::mt19937& random) {
  std::vector<uint32_t> values(kBlock);
  for (uint32_t& v : values) v = bits == 0 ? 0 : static_cast<uint32_t>(random()) >> (32 - bits);
  return values;
}

class Width : public ::testing::TestWithParam<uint32_t> {};

TEST_P(Width, RoundTripsLikeTheScalarTwin) {
  const uint32_t bits = GetParam();
  std::mt19937 random(bits);
  for (int round = 0; round < 20; ++round) {
    const auto values = random_block(bits, random);
    // Of the exact size, so that a sanitizer sees a byte too much.
    std::vector<uint8_t> packed(packed_bytes(bits), 0xaa);
    std::vector<uint8_t> twin(packed_bytes(bits), 0x55);
    pack(values.data(), bits, packed.data());
    pack_scalar(values.data(), bits, twin.data());
    EXPECT_EQ(packed, twin);
    std::vector<uint32_t> got(kBlock, 7);
    unpack(packed.data(), bits, got.data());
    EXPECT_EQ(got, values);
    got.assign(kBlock, 7);
    unpack_scalar(packed.data(), bits, got.data());
    EXPECT_EQ(got, values);
  }
}

TEST_P(Width, AnyBytesDecodeLikeTheScalarTwin) {
  const uint32_t bits = GetParam();
  std::mt19937 random(bits + 100);
  std::vector<uint8_t> bytes(packed_bytes(bits));
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  std::vector<uint32_t> got(kBlock), twin(kBlock);
  unpack(bytes.data(), bits, got.data());
  unpack_scalar(bytes.data(), bits, twin.data());
  EXPECT_EQ(got, twin);
  for (const uint32_t add : {1U, 4000000000U}) {
    std::vector<uint32_t> lanes(kBlock);
    unpack_plus(bytes.data(), bits, add, got.data());
    unpack_plus_lanes(bytes.data(), bits, add, lanes.data());
    for (uint32_t& value : twin) value += add;
    EXPECT_EQ(got, twin);
    EXPECT_EQ(lanes, twin);
    for (uint32_t& value : twin) value -= add;
  }
}

TEST_P(Width, SumsGaps) {
  const uint32_t bits = GetParam();
  std::mt19937 random(bits + 200);
  for (const uint32_t base : {UINT32_MAX, 0U, 12345U}) {
    const auto gaps = random_block(bits, random);
    std::vector<uint8_t> packed(packed_bytes(bits));
    pack(gaps.data(), bits, packed.data());
    std::vector<uint32_t> got(kBlock), lanes(kBlock), expected(kBlock);
    unpack_increasing_lanes(packed.data(), bits, base, lanes.data());
    unpack_increasing(packed.data(), bits, base, got.data());
    uint32_t last = base;
    for (uint32_t i = 0; i < kBlock; ++i) expected[i] = last = last + gaps[i] + 1;
    EXPECT_EQ(got, expected);
    EXPECT_EQ(lanes, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Width, ::testing::Range(0U, 33U));

TEST(Bitpack, BitsNeeded) {
  const uint32_t values[] = {0, 1, 5, 255, UINT32_MAX};
  EXPECT_EQ(bits_needed(values, 0), 0U);
  EXPECT_EQ(bits_needed(values, 1), 0U);
  EXPECT_EQ(bits_needed(values, 2), 1U);
  EXPECT_EQ(bits_needed(values, 3), 3U);
  EXPECT_EQ(bits_needed(values, 4), 8U);
  EXPECT_EQ(bits_needed(values, 5), 32U);
}

}  // namespace
}  // namespace diagon::codec
