// Every version of a loop gives the bits of the plain one.
#include "diagon/kernels/kernels.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>
#include <vector>

namespace diagon::kernels {
namespace {

class KernelVersions : public ::testing::Test {
 protected:
  // Calls `run(version, random)` with the same numbers for each version, and compares the results.
  template <typename Run>
  void same(Run&& run) {
    ASSERT_EQ(all()[0], &kPlain);
    for (uint32_t seed = 0; seed < 300; ++seed) {
      std::mt19937 random(seed);
      const auto expected = run(kPlain, random);
      for (const Kernels* version : all()) {
        std::mt19937 again(seed);
        EXPECT_EQ(run(*version, again), expected) << version->name << ", seed " << seed;
      }
    }
  }

  static uint32_t below(std::mt19937& random, uint32_t n) {
    return static_cast<uint32_t>(random() % n);
  }
  static std::vector<uint32_t> ascending(std::mt19937& random, uint32_t n, uint32_t gap) {
    std::vector<uint32_t> docs;
    for (uint32_t doc = 0; docs.size() < n; doc += 1 + below(random, gap)) docs.push_back(doc);
    return docs;
  }
};

TEST_F(KernelVersions, TheBestIsTheLast) { EXPECT_EQ(&best(), all()[all().size() - 1]); }

TEST_F(KernelVersions, Frequent) {
  same([](const Kernels& run, std::mt19937& random) {
    const uint32_t n = below(random, kBatch + 1);
    const std::vector<uint32_t> docs = ascending(random, n, 50);
    std::vector<uint32_t> freqs(n);
    for (uint32_t& freq : freqs) freq = 1 + below(random, 6);
    const uint32_t least = below(random, 8);
    std::vector<uint32_t> kept(kBatch + 16), kept_freqs(kBatch + 16);
    const uint32_t count =
        run.frequent(docs.data(), freqs.data(), n, least, kept.data(), kept_freqs.data());
    EXPECT_EQ(count, std::ranges::count_if(freqs, [&](uint32_t freq) { return freq >= least; }));
    kept.resize(count);
    kept_freqs.resize(count);
    return std::pair(kept, kept_freqs);
  });
}

TEST_F(KernelVersions, KeepSums) {
  same([](const Kernels& run, std::mt19937& random) {
    const uint32_t n = below(random, kBatch + 1);
    std::vector<uint32_t> docs = ascending(random, n, 50);
    std::vector<double> sums(kBatch + 16);
    for (uint32_t i = 0; i < n; ++i) sums[i] = below(random, 20);
    docs.resize(kBatch + 16);
    const double least = below(random, 22);
    const auto expected =
        std::count_if(sums.begin(), sums.begin() + n, [&](double sum) { return sum >= least; });
    const uint32_t count = run.keep_sums(docs.data(), sums.data(), n, least);
    EXPECT_EQ(count, expected);
    docs.resize(count);
    sums.resize(count);
    return std::pair(docs, sums);
  });
}

TEST_F(KernelVersions, Score) {
  same([](const Kernels& run, std::mt19937& random) {
    const uint32_t n = below(random, kBatch + 1);
    const std::vector<uint32_t> docs = ascending(random, n, 50);
    std::vector<uint32_t> freqs(n);
    for (uint32_t& freq : freqs)
      freq = random() % 2 == 0 ? 1 + below(random, 9)
                               : 1 + static_cast<uint32_t>(random() % 0x7ffffffe);
    std::vector<uint8_t> norms(docs.empty() ? 1 : docs.back() + 1);
    for (uint8_t& norm : norms) norm = static_cast<uint8_t>(random());
    std::vector<float> table(256);
    for (float& entry : table) entry = 1.0f / static_cast<float>(1 + random() % 1000);
    std::vector<float> scores(kBatch);
    run.score(docs.data(), freqs.data(), n, norms.data(), table.data(),
              static_cast<float>(random() % 100) / 7, scores.data());
    scores.resize(n);
    return scores;
  });
}

TEST_F(KernelVersions, Bounds) {
  same([](const Kernels& run, std::mt19937& random) {
    const uint32_t blocks = below(random, 20);
    std::vector<uint8_t> freqs(blocks * kImpactPairs);
    std::vector<uint8_t> norms(blocks * kImpactPairs);
    for (uint8_t& freq : freqs)
      freq = random() % 9 == 0 ? kAnyFreq : static_cast<uint8_t>(1 + random() % 254);
    for (uint8_t& norm : norms) norm = static_cast<uint8_t>(random());
    std::vector<float> table(256);
    for (float& entry : table) entry = 1.0f / static_cast<float>(1 + random() % 1000);
    std::vector<float> bounds(blocks + 1, -1.0f);  // the last one must stay
    run.bounds(freqs.data(), norms.data(), blocks, table.data(), 3.25f, bounds.data());
    return bounds;
  });
}

TEST_F(KernelVersions, AtLeast) {
  same([](const Kernels& run, std::mt19937& random) {
    const uint32_t n = below(random, kBatch + 1);
    std::vector<float> scores(n);
    for (float& score : scores) score = static_cast<float>(random() % 10);
    std::vector<uint16_t> found(kBatch + 16);
    const float bar = random() % 9 == 0 ? -std::numeric_limits<float>::infinity()
                                        : static_cast<float>(random() % 11);
    found.resize(run.at_least(scores.data(), n, bar, found.data()));
    return found;
  });
}

TEST_F(KernelVersions, CountSetAndPopcount) {
  same([](const Kernels& run, std::mt19937& random) {
    // Of all densities: close together, or sixteen of them over more than 1,024 bits.
    const std::vector<uint32_t> docs =
        ascending(random, below(random, kBatch + 1), 1u << random() % 9);
    const size_t words = (docs.empty() ? 0 : docs.back() / 64) + kReadableWords;
    std::vector<uint64_t> bits(words);
    for (uint64_t& word : bits) word = uint64_t{random()} << 32 | random();
    const uint32_t count =
        run.count_set(docs.data(), static_cast<uint32_t>(docs.size()), bits.data());
    EXPECT_EQ(count, std::ranges::count_if(docs, [&](uint32_t doc) {
                return (bits[doc / 64] >> doc % 64 & 1) != 0;
              }));
    return std::pair(count, run.popcount(bits.data(), bits.size()));
  });
}

TEST_F(KernelVersions, IntersectEqualsSets) {
  same([](const Kernels& run, std::mt19937& random) {
    const uint32_t na = below(random, kBatch + 1);
    const uint32_t nb = below(random, kBatch + 1);
    const std::vector<uint32_t> a = ascending(random, na, 1 + below(random, 9));
    std::vector<uint32_t> b = ascending(random, nb, 1 + below(random, 9));
    // What is past the end does not count, also if it stands in both.
    while (b.size() < kBatch)
      b.push_back(a.empty() ? static_cast<uint32_t>(random()) : a[below(random, na)]);
    std::vector<uint16_t> in_a(kBatch + 16);
    std::vector<uint16_t> in_b(kBatch + 16);
    const uint32_t n = run.intersect(a.data(), na, b.data(), nb, in_a.data(), in_b.data());
    in_a.resize(n);
    in_b.resize(n);
    EXPECT_EQ(run.count_common(a.data(), na, b.data(), nb), n);
    const std::set<uint32_t> all_b(b.begin(), b.begin() + nb);
    EXPECT_EQ(n, std::ranges::count_if(a, [&](uint32_t doc) { return all_b.contains(doc); }));
    for (uint32_t i = 0; i < n; ++i) EXPECT_EQ(a[in_a[i]], b[in_b[i]]);
    return std::pair(in_a, in_b);
  });
}

template <typename T>
std::vector<uint64_t> in_range(void (*range)(const uint8_t*, size_t, T, T, uint64_t*) noexcept,
                               std::mt19937& random) {
  const size_t n = 64 * (1 + random() % 16);
  std::vector<T> values(n);
  const bool small = random() % 2 == 0;
  const auto value = [&] {
    return static_cast<T>(small ? uint64_t{random() % 16} : uint64_t{random()} << 32 | random());
  };
  for (T& v : values) v = value();
  std::vector<uint64_t> out(n / 64);
  const T a = value();
  const T b = value();
  range(reinterpret_cast<const uint8_t*>(values.data()), n, std::min(a, b), std::max(a, b),
        out.data());
  for (size_t i = 0; i < n; ++i)
    EXPECT_EQ(out[i / 64] >> (i % 64) & 1,
              values[i] >= std::min(a, b) && values[i] <= std::max(a, b));
  return out;
}

TEST_F(KernelVersions, Ranges) {
  same([](const Kernels& run, std::mt19937& r) { return in_range<uint8_t>(run.range8, r); });
  same([](const Kernels& run, std::mt19937& r) { return in_range<uint16_t>(run.range16, r); });
  same([](const Kernels& run, std::mt19937& r) { return in_range<uint32_t>(run.range32, r); });
  same([](const Kernels& run, std::mt19937& r) { return in_range<uint64_t>(run.range64, r); });
}

}  // namespace
}  // namespace diagon::kernels
