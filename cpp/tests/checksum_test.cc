#include "diagon/codec/checksum.h"

#include <gtest/gtest.h>

#include <random>
#include <string_view>
#include <vector>

namespace diagon::codec {
namespace {

// The check value of the algorithm's catalogue entry, and examples of RFC 3720, B.4.
TEST(Checksum, KnownValues) {
  const std::string_view digits = "123456789";
  EXPECT_EQ(crc32c(0, digits.data(), digits.size()), 0xe3069283U);
  EXPECT_EQ(crc32c_scalar(0, digits.data(), digits.size()), 0xe3069283U);
  std::vector<uint8_t> bytes(32, 0);
  EXPECT_EQ(crc32c(0, bytes.data(), bytes.size()), 0x8a9136aaU);
  bytes.assign(32, 0xff);
  EXPECT_EQ(crc32c(0, bytes.data(), bytes.size()), 0x62a8ab43U);
  EXPECT_EQ(crc32c(0, nullptr, 0), 0U);
}

TEST(Checksum, EqualsItsTwinAtEveryLengthAndAlignment) {
  std::mt19937 random(1);
  std::vector<uint8_t> bytes(200);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(random());
  for (size_t from = 0; from < 16; ++from) {
    for (size_t len = 0; from + len <= bytes.size(); ++len) {
      const uint32_t whole = crc32c(0, bytes.data() + from, len);
      EXPECT_EQ(whole, crc32c_scalar(0, bytes.data() + from, len));
      const uint32_t half = crc32c(0, bytes.data() + from, len / 3);
      EXPECT_EQ(whole, crc32c(half, bytes.data() + from + len / 3, len - len / 3));
    }
  }
}

}  // namespace
}  // namespace diagon::codec
