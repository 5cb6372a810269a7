#include "diagon/index/bisection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <set>

#include "tests/helpers.h"

namespace diagon::index {
namespace {

// Documents of `groups` topics, one after another or mixed: each has words of its own topic and
// some of all.
ForwardIndex topics(uint32_t docs, uint32_t groups, uint32_t seed) {
  std::mt19937 generator(seed);
  const auto random = [&] { return static_cast<uint32_t>(generator()); };
  ForwardIndex index;
  constexpr uint32_t kWords = 40;
  index.term_count = kWords * (groups + 1);
  for (uint32_t d = 0; d < docs; ++d) {
    const uint32_t topic = random() % groups;
    std::set<uint32_t> terms;
    for (int i = 0; i < 10; ++i) terms.insert(kWords * topic + random() % kWords);
    for (int i = 0; i < 3; ++i) terms.insert(kWords * groups + random() % kWords);
    index.terms.insert(index.terms.end(), terms.begin(), terms.end());
    index.starts.push_back(static_cast<uint32_t>(index.terms.size()));
  }
  return index;
}

std::vector<DocId> identity(uint32_t n) {
  std::vector<DocId> docs(n);
  std::iota(docs.begin(), docs.end(), 0U);
  return docs;
}

std::vector<DocId> places_of(const std::vector<DocId>& order) {
  std::vector<DocId> places(order.size());
  for (DocId place = 0; place < order.size(); ++place) places[order[place]] = place;
  return places;
}

TEST(Bisection, IsAPermutationThatCostsLess) {
  for (const uint32_t docs : {1u, 2u, 31u, 64u, 65u, 1000u, 5000u}) {
    SCOPED_TRACE(docs);
    const ForwardIndex index = topics(docs, 8, docs);
    const auto order = bisect(index, {}, CancelFlag());
    auto sorted = order;
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(sorted, identity(docs));
    const double before = log_gap_cost(index, identity(docs));
    const double after = log_gap_cost(index, places_of(order));
    EXPECT_LE(after, before);
    if (docs >= 1000) {
      EXPECT_LT(after, 0.7 * before);
    }
  }
}

// Its naive twin: documents sorted by their topics, which it is not told.
TEST(Bisection, FindsWhatIsAlike) {
  constexpr uint32_t kDocs = 4096;
  const ForwardIndex index = topics(kDocs, 8, 1);
  const auto topic = [&](DocId d) { return index.terms[index.starts[d]] / 40; };
  auto best = identity(kDocs);
  std::stable_sort(best.begin(), best.end(), [&](DocId a, DocId b) { return topic(a) < topic(b); });
  const double ideal = log_gap_cost(index, places_of(best));
  const double found = log_gap_cost(index, places_of(bisect(index, {}, CancelFlag())));
  EXPECT_LT(found, 1.1 * ideal);
}

TEST(Bisection, ThreadsChangeNothing) {
  const ForwardIndex index = topics(3000, 5, 2);
  EXPECT_EQ(bisect(index, {.threads = 1}, CancelFlag()),
            bisect(index, {.threads = 2}, CancelFlag()));
}

TEST(Bisection, DocumentsWithoutTerms) {
  ForwardIndex index;
  index.starts.assign(101, 0);
  EXPECT_EQ(bisect(index, {}, CancelFlag()), identity(100));
  EXPECT_TRUE(bisect(ForwardIndex(), {}, CancelFlag()).empty());
}

TEST(Bisection, StopsWhenAsked) {
  CancelFlag stop;
  stop.cancel();
  for (const uint32_t threads : {1u, 2u})
    EXPECT_EQ(
        diagon::testing::code_of([&] { bisect(topics(500, 3, 3), {.threads = threads}, stop); }),
        ErrorCode::kCancelled);
}

}  // namespace
}  // namespace diagon::index
