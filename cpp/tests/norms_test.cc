#include "diagon/postings/norms.h"

#include <gtest/gtest.h>

namespace diagon::postings {
namespace {

TEST(Norms, LosslessUpToForty) {
  for (uint32_t length = 0; length <= 40; ++length) {
    EXPECT_EQ(encode_length(length), length);
    EXPECT_EQ(decode_length(static_cast<uint8_t>(length)), length);
  }
}

// Values of Lucene's SmallFloat.byte4ToInt.
TEST(Norms, EqualsLucene) {
  EXPECT_EQ(encode_length(41), 40);
  EXPECT_EQ(decode_length(41), 42U);
  EXPECT_EQ(decode_length(48), 56U);
  EXPECT_EQ(decode_length(49), 60U);
  EXPECT_EQ(decode_length(56), 88U);
  EXPECT_EQ(encode_length(100), 57);
  EXPECT_EQ(decode_length(57), 96U);
  EXPECT_EQ(decode_length(255), 2013265944U);
  EXPECT_EQ(encode_length(0x7fffffff), 255);
}

TEST(Norms, MonotoneAndAtMostTheLength) {
  for (uint32_t norm = 0; norm < 256; ++norm) {
    const uint32_t length = decode_length(static_cast<uint8_t>(norm));
    EXPECT_EQ(encode_length(length), norm);
    if (norm == 0) continue;
    EXPECT_GT(length, decode_length(static_cast<uint8_t>(norm - 1)));
    EXPECT_EQ(encode_length(length - 1), norm - 1);
  }
}

}  // namespace
}  // namespace diagon::postings
