#include "diagon/search/top_docs.h"

#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({9000, 5000, 100, 1}, 13, 5);
  return shared;
}

// Returns how many windows skipping saved.
uint64_t check(MutableQuery query) {
  const std::shared_ptr<const Query> shared = std::move(query);
  const auto prepared = corpus().prepare(shared);
  const auto all = exhaustive(*corpus().naive, *shared, true);
  uint64_t saved = 0;
  for (const uint32_t k : {1, 10, 100}) {
    const auto want = best(all, k);
    uint64_t windows = 0;
    for (const uint64_t up_to : {UINT64_MAX, uint64_t{3000}, uint64_t{100}, uint64_t{0}}) {
      TopDocsOptions options;
      options.k = k;
      options.count_up_to = up_to;
      const TopDocs top = search_top(*prepared, options, Interrupt());
      expect_same(top.hits, want);
      EXPECT_LE(top.count, all.size());
      if (top.count <= up_to) {
        EXPECT_EQ(top.count, all.size());
      }
      EXPECT_EQ(top.stop, Stop::kNo);
      if (up_to == UINT64_MAX) windows = top.windows;
      if (top.windows < windows) saved += windows - top.windows;
    }
  }
  return saved;
}

TEST(TopDocs, Terms) {
  for (const char* word : {"w0", "w2", "w20", "early", "rare0", "unknown"})
    check(term(kBody, word));
}

TEST(TopDocs, DemandsWhatThereIsNot) {
  // One of no optional clauses, and two of one.
  EXPECT_EQ(check(with(boolean(1), Occur::kMust, term(kBody, "w0"))), 0U);
  EXPECT_EQ(check(with(boolean(2), Occur::kShould, term(kBody, "w0"))), 0U);
}

TEST(TopDocs, FindsWhatScoresNothing) {
  for (const float other : {0.0f, 1.0f})
    check(with(with(boolean(1), Occur::kShould, term(kBody, "w3", 0.0f)), Occur::kShould,
               term(kBody, "w9", other)));
}

TEST(TopDocs, SkipsWhatCannotGetIn) {
  // After the first documents only the "early" ones have high scores.
  EXPECT_GT(check(with(with(boolean(), Occur::kShould, term(kBody, "early", 50.0f)), Occur::kShould,
                       term(kBody, "rare2"))),
            0U);
  EXPECT_GT(check(make(QueryKind::kMatchAll)), 0U);
}

TEST(TopDocs, RandomTrees) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    check(QueryMaker(500 + seed).tree(1 + seed % 3));
    if (HasFatalFailure()) return;
  }
}

TEST(TopDocs, AMinimumOfClausesThatAreNotThere) {
  check(with(boolean(1), Occur::kMust, term(kBody, "w0")));
  check(with(boolean(1), Occur::kFilter, term(kBody, "w0")));
}

TEST(TopDocs, CountsOnly) {
  const std::shared_ptr<const Query> q = term(kBody, "w1");
  const auto all = exhaustive(*corpus().naive, *q, false);
  TopDocsOptions options;
  options.k = 0;
  for (const bool with_scores : {true, false}) {
    options.count_up_to = UINT64_MAX;
    const auto prepared = corpus().prepare(q, with_scores);
    TopDocs top = search_top(*prepared, options, Interrupt());
    EXPECT_EQ(top.count, all.size());
    EXPECT_TRUE(top.hits.empty());
    const uint64_t windows = top.windows;
    options.count_up_to = 10;
    top = search_top(*prepared, options, Interrupt());
    EXPECT_GT(top.count, 10U);
    EXPECT_LE(top.count, all.size());
    EXPECT_LT(top.windows, windows);
  }
}

TEST(TopDocs, MinScore) {
  const std::shared_ptr<const Query> q =
      with(with(boolean(1), Occur::kShould, term(kBody, "w1")), Occur::kShould, term(kBody, "w5"));
  const auto prepared = corpus().prepare(q);
  const auto all = exhaustive(*corpus().naive, *q, true);
  std::vector<Hit> sorted = best(all, all.size());
  for (const size_t keep : {size_t{0}, size_t{1}, size_t{50}, all.size() / 2, all.size() - 1}) {
    TopDocsOptions options;
    options.has_min_score = true;
    options.min_score = sorted[keep].score;
    std::vector<Hit> want;
    for (const Hit& hit : all)
      if (hit.score >= options.min_score) want.push_back(hit);
    for (const uint32_t k : {0, 10}) {
      options.k = k;
      const TopDocs top = search_top(*prepared, options, Interrupt());
      EXPECT_EQ(top.count, want.size());
      expect_same(top.hits, best(want, k));
    }
  }
}

TEST(TopDocs, Interruption) {
  const std::shared_ptr<const Query> q = term(kBody, "w0");
  const auto prepared = corpus().prepare(q);
  const auto flag = std::make_shared<CancelFlag>();
  const Interrupt never(flag, Interrupt::Clock::time_point::max());
  EXPECT_EQ(search_top(*prepared, {}, never).stop, Stop::kNo);
  const Interrupt far(nullptr, Interrupt::Clock::now() + std::chrono::hours(1));
  EXPECT_EQ(search_top(*prepared, {}, far).stop, Stop::kNo);
  flag->cancel();
  TopDocs top = search_top(*prepared, {}, never);
  EXPECT_EQ(top.stop, Stop::kCancelled);
  EXPECT_EQ(top.windows, 0U);
  EXPECT_EQ(top.count, 0U);
  top = search_top(*prepared, {}, Interrupt(nullptr, Interrupt::Clock::now()));
  EXPECT_EQ(top.stop, Stop::kTimedOut);
  EXPECT_TRUE(top.hits.empty());
}

// Postings that are collected into a bit set before the first window are work, too.
TEST(TopDocs, InterruptionWhileCollecting) {
  const auto flag = std::make_shared<CancelFlag>();
  flag->cancel();
  const Interrupt cancelled(flag, Interrupt::Clock::time_point::max());
  const Interrupt late(nullptr, Interrupt::Clock::now());
  using enum Occur;
  std::vector<MutableQuery> queries;
  queries.push_back(term_set(kBody, {"w0", "w1"}));
  queries.push_back(make(QueryKind::kExists, kLabel));
  queries.push_back(constant(with(boolean(), kMust, make(QueryKind::kExists, kCode))));
  for (MutableQuery& q : queries) {
    const std::shared_ptr<const Query> shared = std::move(q);
    const auto prepared = corpus().prepare(shared);
    EXPECT_EQ(search_top(*prepared, {}, cancelled).stop, Stop::kCancelled);
    EXPECT_EQ(search_top(*prepared, {}, late).stop, Stop::kTimedOut);
    EXPECT_EQ(search_top(*prepared, {}, Interrupt()).stop, Stop::kNo);
    EXPECT_EQ(code_of([&] { HitStream(prepared, 0, 0, cancelled); }), ErrorCode::kCancelled);
    EXPECT_EQ(code_of([&] { HitStream(prepared, 0, 0, late); }), ErrorCode::kTimeout);
  }
}

TEST(TopDocs, OrderOfHits) {
  EXPECT_TRUE(better({1, 1, 2.0f}, {0, 0, 1.0f}));
  EXPECT_TRUE(better({0, 9, 1.0f}, {1, 1, 1.0f}));
  EXPECT_TRUE(better({1, 1, 1.0f}, {1, 2, 1.0f}));
  EXPECT_FALSE(better({1, 1, 1.0f}, {1, 1, 1.0f}));
}

}  // namespace
}  // namespace diagon::search
