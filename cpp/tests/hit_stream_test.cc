#include "diagon/search/hit_stream.h"

#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({9000, 300, 1}, 7, 5);
  return shared;
}

// Runs the query in many ways; each must give what the naive engine gives.
void check(MutableQuery query, uint32_t leaves, uint32_t seed) {
  const std::shared_ptr<const Query> shared = std::move(query);
  Driver driver;
  driver.leaves = leaves;
  driver.random.seed(seed);
  const auto all = exhaustive(*corpus().naive, *shared, true);
  driver.budget = 1 + seed % 3;
  driver.capacity = seed % 2 == 0 ? kBatchCapacity : 100 + seed;
  const auto scored = corpus().prepare(shared, true);
  expect_same(driver.run(scored), all);
  for (const size_t k : {1, 20}) {
    driver.k = k;
    expect_same(best(driver.run(scored), k), best(all, k));
  }
  driver.k = 0;
  expect_same(driver.run(corpus().prepare(shared, false)),
              exhaustive(*corpus().naive, *shared, false));
}

TEST(HitStream, LeavesInEveryPosition) {
  using enum Occur;
  const auto w = [](const char* word) { return term(kBody, word); };
  check(udf(0), 1, 1);
  check(udf(0, 0.0f), 1, 2);
  check(constant(udf(0), 2.5f), 1, 3);
  check(with(with(boolean(), kMust, w("w3")), kFilter, udf(0)), 1, 4);
  check(with(with(boolean(), kMust, w("w3")), kMust, udf(0, 0.3f)), 1, 5);
  check(with(with(boolean(), kMust, w("w3")), kMustNot, udf(0)), 1, 6);
  check(with(with(boolean(), kMust, w("w3")), kShould, udf(0, 3.0f)), 1, 7);
  check(with(boolean(), kShould, udf(0)), 1, 8);
  check(with(boolean(1), kShould, udf(0)), 1, 9);
  check(with(boolean(2), kShould, udf(0)), 1, 10);
  check(boolean(1), 0, 10);
  check(with(with(boolean(1), kFilter, udf(0)), kMust, w("w3")), 1, 10);  // no optional clause
  check(with(with(with(boolean(2), kShould, w("w0")), kShould, w("w9")), kShould, udf(0)), 1, 11);
  check(with(with(with(boolean(2), kShould, udf(0)), kShould, udf(1)), kShould, w("w1")), 2, 12);
  check(with(boolean(), kMustNot, with(with(boolean(), kMust, w("w1")), kMustNot, udf(0))), 1, 13);
  check(with(with(boolean(), kFilter, w("w1")), kMust,
             constant(with(with(boolean(1), kShould, udf(1)), kShould, w("w2")), 0.7f)),
        2, 14);
  check(with(with(boolean(), kMust, with(with(boolean(), kMust, w("w1")), kMust, udf(0))), kShould,
             with(with(boolean(), kMust, w("w2")), kMust, udf(1, 0.1f))),
        2, 15);
}

TEST(HitStream, NativeQueries) {
  check(term(kBody, "w2"), 0, 20);
  check(term(kBody, "w2", 0.0f), 0, 20);
  check(make(QueryKind::kMatchNone), 0, 21);
  check(with(with(boolean(), Occur::kShould, term(kBody, "w2")), Occur::kMust,
             phrase(kBody, {"w0", "w1"})),
        3, 22);  // leaves that are nowhere
}

TEST(HitStream, RandomTrees) {
  uint32_t with_leaves = 0;
  for (uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    QueryMaker maker(1000 + seed);
    auto q = maker.tree(1 + seed % 4, 40, 5);
    with_leaves += maker.udfs() != 0 ? 1 : 0;
    check(std::move(q), maker.udfs(), seed);
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(with_leaves, 60U);
}

TEST(HitStream, AnyBudgetAndCapacity) {
  QueryMaker maker(5);
  const std::shared_ptr<const Query> q =
      with(with(boolean(), Occur::kShould, term(kBody, "w4")), Occur::kMust,
           with(with(boolean(1), Occur::kShould, udf(0)), Occur::kShould, term(kBody, "w9")));
  const auto prepared = corpus().prepare(q);
  const auto all = exhaustive(*corpus().naive, *q, true);
  for (const uint32_t capacity : {1, 7, 64, 1000, 1023, 1024})
    for (const uint32_t budget : {1u, 2u, 1024u, UINT32_MAX}) {
      Driver driver;
      driver.leaves = 1;
      driver.capacity = capacity;
      driver.budget = budget;
      expect_same(driver.run(prepared), all);
    }
  // A capacity above the largest is the largest.
  HitStream stream(prepared, 0, 1, Interrupt());
  StreamState state{};
  EXPECT_EQ(stream.next_batch(10, UINT32_MAX, state), kBatchCapacity);
}

TEST(HitStream, ABarSavesWork) {
  const std::shared_ptr<const Query> q =
      with(with(boolean(), Occur::kMust, term(kBody, "w0")), Occur::kFilter, udf(0));
  const auto prepared = corpus().prepare(q);
  Driver free, barred;
  free.leaves = barred.leaves = 1;
  free.budget = barred.budget = 1;
  barred.k = 3;
  const auto all = free.run(prepared);
  expect_same(best(barred.run(prepared), 3), best(all, 3));
  EXPECT_LT(barred.asked, free.asked / 2);
}

TEST(HitStream, ScoresWithoutTheLeaf) {
  const std::shared_ptr<const Query> native = term(kBody, "w1", 2.0f);
  const std::shared_ptr<const Query> q =
      with(with(boolean(), Occur::kMust, term(kBody, "w1", 2.0f)), Occur::kMust, udf(0, 5.0f));
  HitStream stream(corpus().prepare(q), 0, 1, Interrupt());
  StreamState state{};
  const uint32_t size = stream.next_batch(1, kBatchCapacity, state);
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  ASSERT_EQ(stream.needed(0, docs, scores), size);
  for (uint32_t i = 0; i < size; ++i)
    EXPECT_EQ(scores[i], static_cast<float>(corpus().naive->evaluate(*native, 0, docs[i]).score));
}

TEST(HitStream, Interruption) {
  const std::shared_ptr<const Query> q = udf(0);
  const auto prepared = corpus().prepare(q);
  const auto flag = std::make_shared<CancelFlag>();
  HitStream stream(prepared, 0, 1, Interrupt(flag, Interrupt::Clock::time_point::max()));
  StreamState state{};
  EXPECT_EQ(stream.next_batch(1, 10, state), 10U);
  EXPECT_EQ(state, StreamState::kMore);
  flag->cancel();
  // What is left of a window may still come; then it stops.
  while (state == StreamState::kMore) stream.next_batch(5, kBatchCapacity, state);
  EXPECT_EQ(state, StreamState::kInterrupted);
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  EXPECT_EQ(stream.accepted(docs, scores), 0U);
  HitStream late(prepared, 0, 1, Interrupt(nullptr, Interrupt::Clock::now()));
  EXPECT_EQ(late.next_batch(1, 10, state), 0U);
  EXPECT_EQ(state, StreamState::kInterrupted);
}

TEST(HitStream, Misuse) {
  const std::shared_ptr<const Query> q =
      with(with(boolean(), Occur::kMust, udf(0)), Occur::kMust, udf(1));
  const auto prepared = corpus().prepare(q);
  HitStream stream(prepared, 0, 2, Interrupt());
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  std::vector<uint8_t> values(kBatchCapacity);
  StreamState state{};
  const auto refused = [](auto call) { EXPECT_EQ(code_of(call), ErrorCode::kInvalidArgument); };
  EXPECT_EQ(stream.needed(0, docs, {}), 0U);  // before the first batch
  EXPECT_EQ(stream.accepted(docs, scores), 0U);
  refused([&] { stream.next_batch(0, 10, state); });
  refused([&] { stream.next_batch(10, 0, state); });
  ASSERT_EQ(stream.next_batch(1, 100, state), 100U);
  refused([&] { stream.resolve(0, values); });  // without needed
  refused([&] { stream.needed(2, docs, {}); });
  refused([&] { stream.needed(0, std::span(docs).first(99), {}); });
  refused([&] { stream.needed(0, docs, std::span(scores).first(99)); });
  refused([&] { stream.accepted(docs, scores); });  // leaves are open
  ASSERT_EQ(stream.needed(0, docs, {}), 100U);
  refused([&] { stream.resolve(1, std::span(values).first(100)); });
  refused([&] { stream.resolve(0, std::span(values).first(99)); });
  refused([&] { stream.resolve(0, std::span(values).first(101)); });
  stream.resolve(0, std::span(values).first(100));
  refused([&] { stream.resolve(0, std::span(values).first(100)); });  // a second time
  EXPECT_EQ(stream.needed(1, docs, {}), 0U);                          // nobody needs it any more
  refused([&] { stream.accepted(std::span(docs).first(99), scores); });
  refused([&] { stream.accepted(docs, std::span(scores).first(99)); });
  EXPECT_EQ(stream.accepted(docs, scores), 0U);
  stream.next_batch(1, 100, state);
  refused([&] { stream.resolve(1, {}); });  // needed() was for another batch
  // Numbers of leaves.
  refused([&] { HitStream(prepared, 0, 1, Interrupt()); });
  const std::shared_ptr<const Query> twice =
      with(with(boolean(), Occur::kMust, udf(1)), Occur::kMust, udf(1));
  refused([&] { HitStream(corpus().prepare(twice), 0, 2, Interrupt()); });
}

}  // namespace
}  // namespace diagon::search
