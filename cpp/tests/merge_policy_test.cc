#include "diagon/index/merge_policy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "tests/helpers.h"

namespace diagon::index {
namespace {

constexpr uint64_t kMiB = 1 << 20;

SegmentSize segment(uint64_t bytes, DocId docs = 1000, DocId deleted = 0) {
  return {bytes, docs, docs - deleted, false};
}

uint64_t live_bytes(const SegmentSize& s) { return s.bytes * s.live_docs / s.max_doc; }

// What holds for any answer.
void check_merges(const std::vector<SegmentSize>& segments, const MergePolicy& policy,
                  const std::vector<MergeChoice>& merges) {
  std::set<size_t> seen;
  for (const MergeChoice& merge : merges) {
    ASSERT_FALSE(merge.empty());
    EXPECT_TRUE(std::is_sorted(merge.begin(), merge.end()));
    EXPECT_LE(merge.size(), policy.segments_per_tier);
    uint64_t bytes = 0;
    uint64_t deleted = 0;
    for (const size_t i : merge) {
      ASSERT_LT(i, segments.size());
      EXPECT_TRUE(seen.insert(i).second) << "in two merges";
      EXPECT_FALSE(segments[i].busy);
      bytes += live_bytes(segments[i]);
      deleted += segments[i].max_doc - segments[i].live_docs;
    }
    if (merge.size() == 1) {
      EXPECT_GT(deleted, 0U);
    } else {
      EXPECT_LE(bytes, policy.max_merged_bytes);
    }
  }
}

SegmentSize merged(const std::vector<SegmentSize>& segments, const MergeChoice& merge) {
  SegmentSize out;
  for (const size_t i : merge) {
    out.bytes += live_bytes(segments[i]);
    out.max_doc += segments[i].live_docs;
  }
  out.live_docs = out.max_doc;
  return out;
}

void apply(std::vector<SegmentSize>& segments, const std::vector<MergeChoice>& merges) {
  std::vector<SegmentSize> next;
  std::set<size_t> gone;
  for (const MergeChoice& merge : merges) {
    next.push_back(merged(segments, merge));
    gone.insert(merge.begin(), merge.end());
  }
  for (size_t i = 0; i < segments.size(); ++i)
    if (!gone.contains(i)) next.push_back(segments[i]);
  segments = std::move(next);
}

TEST(MergePolicy, FewSegmentsStay) {
  const MergePolicy policy;
  EXPECT_TRUE(find_merges({}, policy).empty());
  EXPECT_TRUE(find_merges(std::vector(10, segment(100)), policy).empty());
  EXPECT_TRUE(find_merges(std::vector(1, segment(100, 1000, 100)), policy).empty());
}

TEST(MergePolicy, SmallSegmentsAreMergedAllAtOnce) {
  const MergePolicy policy;
  const auto merges = find_merges(std::vector(11, segment(kMiB / 100)), policy);
  ASSERT_EQ(merges.size(), 1U);
  EXPECT_EQ(merges[0].size(), 10U);
}

TEST(MergePolicy, PrefersEvenSizes) {
  const MergePolicy policy;
  std::vector<SegmentSize> segments(10, segment(20 * kMiB));
  segments.push_back(segment(1000 * kMiB));
  segments.push_back(segment(1000 * kMiB));
  segments.insert(segments.end(), 10, segment(20 * kMiB));
  for (const MergeChoice& merge : find_merges(segments, policy))
    for (const size_t i : merge) EXPECT_LT(segments[i].bytes, 1000 * kMiB);
}

TEST(MergePolicy, DeletedDocumentsAreASufficientReason) {
  const MergePolicy policy;
  // Few segments, many deleted.
  std::vector<SegmentSize> segments = {segment(100 * kMiB, 1000, 300),
                                       segment(100 * kMiB, 1000, 300), segment(100 * kMiB)};
  auto merges = find_merges(segments, policy);
  check_merges(segments, policy, merges);
  EXPECT_TRUE(merges.empty());  // 20 percent are allowed
  segments[0].live_docs = 400;
  merges = find_merges(segments, policy);
  check_merges(segments, policy, merges);
  ASSERT_EQ(merges.size(), 1U);
  EXPECT_EQ(merges[0].front(), 0U);
  // A large segment is written again for its deleted documents only.
  segments = {segment(4096 * kMiB, 1000, 500)};
  EXPECT_EQ(find_merges(segments, policy), (std::vector<MergeChoice>{{0}}));
  segments[0].live_docs = 900;
  EXPECT_TRUE(find_merges(segments, policy).empty());
}

TEST(MergePolicy, BusySegmentsAreLeftAlone) {
  const MergePolicy policy;
  std::vector<SegmentSize> segments(25, segment(100));
  for (size_t i = 0; i < 20; ++i) segments[i].busy = true;
  EXPECT_TRUE(find_merges(segments, policy).empty());
  segments.resize(40, segment(100));
  const auto merges = find_merges(segments, policy);
  EXPECT_FALSE(merges.empty());
  check_merges(segments, policy, merges);
}

TEST(MergePolicy, RandomSegments) {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    MergePolicy policy;
    policy.segments_per_tier = static_cast<uint32_t>(2 + random() % 12);
    policy.floor_segment_bytes = 1 + random() % 1000;
    policy.max_merged_bytes = policy.floor_segment_bytes * (1 + random() % 5000);
    policy.max_deleted_percent = static_cast<uint32_t>(5 + random() % 96);
    policy.check();
    std::vector<SegmentSize> segments(random() % 100);
    for (SegmentSize& s : segments) {
      s = segment(random() % (uint64_t{1} << (random() % 24)),
                  static_cast<DocId>(1 + random() % 1000));
      s.live_docs = static_cast<DocId>(1 + random() % s.max_doc);
      s.busy = random() % 8 == 0;
    }
    check_merges(segments, policy, find_merges(segments, policy));
    // It comes to an end.
    for (SegmentSize& s : segments) s.busy = false;
    int steps = 0;
    for (;; ++steps) {
      ASSERT_LT(steps, 200);
      const auto merges = find_merges(segments, policy);
      check_merges(segments, policy, merges);
      if (merges.empty()) break;
      apply(segments, merges);
    }
  }
}

// A million flushes of one size: each byte is written a logarithmic number of times, and there are
// never many segments.
TEST(MergePolicy, WritesLogarithmically) {
  const MergePolicy policy{
      .segments_per_tier = 10, .floor_segment_bytes = 1000, .max_merged_bytes = 1'000'000'000};
  std::vector<SegmentSize> segments;
  double flushed = 0;
  double written = 0;
  size_t most = 0;
  for (int flush = 0; flush < 20'000; ++flush) {
    segments.push_back(segment(1000, 10));
    flushed += 1000;
    for (;;) {
      const auto merges = find_merges(segments, policy);
      if (merges.empty()) break;
      for (const MergeChoice& merge : merges)
        written += static_cast<double>(merged(segments, merge).bytes);
      apply(segments, merges);
    }
    most = std::max(most, segments.size());
  }
  EXPECT_LE(written, flushed * std::ceil(std::log10(20'000) + 1));
  EXPECT_LE(most, 60U);
}

TEST(MergePolicy, ForcedMergesLeaveSoMany) {
  std::mt19937 random(2);
  for (size_t n = 1; n < 30; ++n) {
    std::vector<SegmentSize> segments;
    for (size_t i = 0; i < n; ++i) segments.push_back(segment(1 + random() % 10'000));
    for (size_t most = 1; most < 35; ++most) {
      const MergeChoice merge = find_forced_merge(segments, most);
      if (n <= most) {
        EXPECT_TRUE(merge.empty());
        continue;
      }
      EXPECT_EQ(n - merge.size() + 1, most);
      // None that is left out is smaller.
      uint64_t largest = 0;
      for (const size_t i : merge) largest = std::max(largest, segments[i].bytes);
      for (size_t i = 0; i < n; ++i)
        EXPECT_TRUE(segments[i].bytes >= largest ||
                    std::find(merge.begin(), merge.end(), i) != merge.end());
    }
  }
}

TEST(MergePolicy, ExpungingTakesWhatHasDeletes) {
  const MergePolicy policy;
  const std::vector<SegmentSize> segments = {segment(100, 100, 11), segment(100, 100, 10),
                                             segment(100, 100, 0), segment(4000 * kMiB, 100, 20),
                                             segment(3000 * kMiB, 100, 12)};
  std::set<size_t> taken;
  for (const MergeChoice& merge : find_expunging_merges(segments, 10, policy))
    taken.insert(merge.begin(), merge.end());
  EXPECT_EQ(taken, (std::set<size_t>{0, 3, 4}));
  EXPECT_EQ(find_expunging_merges(segments, 10, policy).size(), 2U);  // 5 GiB at most
}

TEST(MergePolicy, RefusesOptions) {
  const auto refused = [](const MergePolicy& policy) {
    EXPECT_EQ(diagon::testing::code_of([&] { policy.check(); }), ErrorCode::kInvalidArgument);
  };
  refused({.segments_per_tier = 1});
  refused({.segments_per_tier = 1001});
  refused({.floor_segment_bytes = 0});
  refused({.floor_segment_bytes = 2, .max_merged_bytes = 1});
  refused({.max_deleted_percent = 4});
  refused({.max_deleted_percent = 101});
}

}  // namespace
}  // namespace diagon::index
