#include "diagon/util/recycled.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace diagon {
namespace {

struct Base {
  virtual ~Base() = default;
};
struct Large final : Base, Recycled<Large, 2> {
  alignas(64) uint32_t values[500];
};

bool aligned(const Large& large) { return reinterpret_cast<uintptr_t>(large.values) % 64 == 0; }

TEST(Recycled, MemoryComesAgainAndIsNeverSharedBetweenLivingObjects) {
  std::set<const void*> seen;
  for (int round = 0; round < 10; ++round) {
    std::vector<std::unique_ptr<Base>> living;
    std::set<const void*> now;
    for (int i = 0; i < 5; ++i) {
      auto large = std::make_unique<Large>();
      EXPECT_TRUE(aligned(*large));
      EXPECT_TRUE(now.insert(large.get()).second);
#ifndef __SANITIZE_ADDRESS__
      if (round > 0 && i < 2) {
        EXPECT_TRUE(seen.contains(large.get()));
      }
#endif
      living.push_back(std::move(large));  // dropped through its base
    }
    living.clear();
    seen.merge(now);
  }
}

TEST(Recycled, ObjectsGoFromThreadToThread) {
  auto first = std::make_unique<Large>();
  std::unique_ptr<Large> second;
  std::thread([&] {
    first = nullptr;
    second = std::make_unique<Large>();
    second->values[0] = 7;
  }).join();
  EXPECT_EQ(second->values[0], 7U);
  EXPECT_TRUE(aligned(*second));
}

}  // namespace
}  // namespace diagon
