#include "diagon/index/slice_pool.h"

#include <gtest/gtest.h>

#include <random>

namespace diagon::index {
namespace {

std::vector<uint32_t> read(const SlicePool& pool, const SlicePool::Stream& stream, size_t count) {
  SlicePool::Reader reader(pool, stream);
  std::vector<uint32_t> out;
  for (size_t i = 0; i < count; ++i) out.push_back(reader.varint());
  return out;
}

TEST(SlicePool, StreamsGrowSideBySide) {
  std::mt19937 random(1);
  SlicePool pool;
  std::vector<SlicePool::Stream> streams(40);
  std::vector<std::vector<uint32_t>> twins(streams.size());
  for (int i = 0; i < 60000; ++i) {
    // The first streams are long, the last ones short.
    const size_t s = random() % (1 + random() % streams.size());
    const uint32_t value = static_cast<uint32_t>(random()) >> (random() % 32);
    pool.append_varint(streams[s], value);
    twins[s].push_back(value);
  }
  for (size_t s = 0; s < streams.size(); ++s)
    EXPECT_EQ(read(pool, streams[s], twins[s].size()), twins[s]) << s;
  EXPECT_GT(pool.ram_bytes(), 100000U);
}

TEST(SlicePool, EveryLengthUpToManySlices) {
  for (size_t length : {0, 1, 7, 8, 9, 27, 28, 29, 500, 12000, 40000}) {
    SlicePool pool;
    SlicePool::Stream stream;
    std::vector<uint32_t> twin;
    for (size_t i = 0; i < length; ++i) {
      pool.append_varint(stream, static_cast<uint32_t>(i % 100));
      twin.push_back(static_cast<uint32_t>(i % 100));
    }
    EXPECT_EQ(read(pool, stream, length), twin) << length;
  }
}

TEST(SlicePool, ExtremeNumbers) {
  SlicePool pool;
  SlicePool::Stream stream;
  const std::vector<uint32_t> twin = {0, 127, 128, 16383, 16384, UINT32_MAX, 1u << 28, 1u << 31};
  for (const uint32_t v : twin) pool.append_varint(stream, v);
  EXPECT_EQ(read(pool, stream, twin.size()), twin);
}

TEST(SlicePool, ClearBeginsAnew) {
  SlicePool pool;
  SlicePool::Stream old;
  for (uint32_t i = 0; i < 1000; ++i) pool.append_varint(old, i);
  pool.clear();
  EXPECT_EQ(pool.ram_bytes(), 0U);
  SlicePool::Stream stream;
  pool.append_varint(stream, 5);
  EXPECT_EQ(read(pool, stream, 1), (std::vector<uint32_t>{5}));
}

}  // namespace
}  // namespace diagon::index
