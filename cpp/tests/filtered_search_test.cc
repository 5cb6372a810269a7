#include "diagon/search/filtered_search.h"

#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({9000, 4200, 1, 70}, 41, 5);
  return shared;
}

struct Found {
  std::vector<Hit> hits;
  uint64_t count = 0;
  uint64_t asked = 0;
};

// Answers each batch by the rule of the leaves; `negated`: those that stand under must_not.
Found run(const std::shared_ptr<const Query>& query, uint32_t leaves, uint32_t negated, uint32_t k,
          uint64_t count_up_to, uint32_t wanted) {
  const auto prepared = corpus().prepare(query, k > 0);
  EXPECT_EQ(FilteredSearch::functions(*prepared), leaves);
  FilteredSearch search(prepared, k, count_up_to, Interrupt());
  std::vector<DocId> docs(kBatchCapacity);
  for (uint32_t s = 0; s < prepared->snapshot().size(); ++s) {
    search.enter(s);
    std::vector<uint8_t> passed;
    StreamState state = StreamState::kMore;
    DocId last = 0;
    while (true) {
      const uint32_t count = search.next(passed, wanted, docs, state);
      EXPECT_LE(count, kBatchCapacity);
      passed.clear();
      for (uint32_t i = 0; i < count; ++i) {
        EXPECT_TRUE(docs[i] >= last);
        last = docs[i] + 1;
        bool in = true;
        for (uint32_t leaf = 0; leaf < leaves; ++leaf)
          in &= udf_value(leaf, s, docs[i]) != ((negated >> leaf & 1) != 0);
        passed.push_back(in ? 1 : 0);
      }
      if (count == 0 && state == StreamState::kExhausted) break;
    }
  }
  Found found;
  found.count = search.count();
  found.asked = search.candidates();
  found.hits = search.take_hits();
  return found;
}

// The best hits and their number are those of an exhaustive search; with a limit to the count, the
// hits still are.
void check(MutableQuery query, uint32_t leaves, uint32_t negated = 0) {
  const std::shared_ptr<const Query> shared = std::move(query);
  const auto all = exhaustive(*corpus().naive, *shared, true);
  for (const uint32_t k : {1U, 10U, 20'000U})
    for (const uint32_t wanted : {1U, 128U, 5'000U}) {
      SCOPED_TRACE(::testing::Message() << "k " << k << ", wanted " << wanted);
      const Found whole = run(shared, leaves, negated, k, UINT64_MAX, wanted);
      EXPECT_EQ(whole.count, all.size());
      expect_same(whole.hits, best(all, k));
      const Found some = run(shared, leaves, negated, k, 0, wanted);
      EXPECT_LE(some.count, all.size());
      EXPECT_LE(some.asked, whole.asked);
      expect_same(some.hits, best(all, k));
      if (::testing::Test::HasFatalFailure()) return;
    }
  const Found count = run(shared, leaves, negated, 0, UINT64_MAX, 1'000);
  EXPECT_EQ(count.count, all.size());
  EXPECT_TRUE(count.hits.empty());
}

TEST(FilteredSearch, Conjunctions) {
  using enum Occur;
  const auto w = [](const char* word, float boost = 1.0f) { return term(kBody, word, boost); };
  const auto both = [](Occur occur, MutableQuery q, Occur also, MutableQuery other) {
    return with(with(boolean(), occur, std::move(q)), also, std::move(other));
  };
  check(udf(0), 1);
  check(udf(0, 0.0f), 1);
  check(both(kMust, w("w3"), kFilter, udf(0)), 1);
  check(both(kMust, w("w3"), kMust, udf(0, 0.3f)), 1);
  check(both(kMust, w("w2"), kMustNot, udf(0)), 1, 1);
  check(both(kMust, udf(0, 2.0f), kMust, w("w1", 40.0f)), 1);
  check(both(kMust, w("nowhere"), kFilter, udf(0)), 1);
  check(both(kFilter, udf(0), kFilter, udf(1)), 2);
  check(both(kFilter, udf(0), kMustNot, udf(1)), 2, 2);
  check(both(kMustNot, w("w1"), kFilter, udf(0)), 1);
  check(with(both(kMust, w("w1"), kMust, w("w4")), kFilter, udf(0)), 1);
  check(with(both(kMust, w("w1"), kMustNot, w("w0")), kFilter, udf(0)), 1);
  check(with(both(kMust, w("w1"), kFilter, range_i64(kYear, 1980, 2005)), kFilter, udf(0)), 1);
  check(with(both(kMust, phrase(kBody, {"w0", "w1"}), kMust, w("w2")), kFilter, udf(0)), 1);
  check(with(both(kMust, with(boolean(1), kShould, w("w5")), kMust, w("w0")), kMustNot, udf(0)), 1,
        1);
}

TEST(FilteredSearch, RandomConjunctions) {
  for (uint32_t seed = 0; seed < 25; ++seed) {
    SCOPED_TRACE(seed);
    QueryMaker maker(400 + seed);
    auto q = boolean();
    const uint32_t natives = 1 + seed % 3;
    for (uint32_t i = 0; i < natives; ++i)
      q = with(std::move(q), i == 0 ? Occur::kMust : static_cast<Occur>((seed + i) % 2 * 3),
               maker.tree(seed % 2));
    q = with(std::move(q), Occur::kFilter, udf(0));
    check(std::move(q), 1);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(FilteredSearch, OtherShapes) {
  using enum Occur;
  const auto functions = [](MutableQuery query) {
    const std::shared_ptr<const Query> shared = std::move(query);
    return FilteredSearch::functions(*corpus().prepare(shared, true));
  };
  const auto w = [] { return term(kBody, "w1"); };
  EXPECT_EQ(functions(w()), 0U);
  EXPECT_EQ(functions(with(boolean(), kMust, w())), 0U);
  EXPECT_EQ(functions(with(with(boolean(), kMust, w()), kShould, udf(0))), 0U);
  EXPECT_EQ(functions(with(boolean(1), kShould, udf(0))), 0U);
  EXPECT_EQ(functions(with(with(boolean(), kMust, w()), kFilter, constant(udf(0)))), 0U);
  const std::shared_ptr<const Query> other = w();
  EXPECT_EQ(diagon::testing::code_of(
                [&] { FilteredSearch search(corpus().prepare(other, true), 1, 0, Interrupt()); }),
            ErrorCode::kInvalidArgument);
}

TEST(FilteredSearch, ArgumentsAndInterruption) {
  const std::shared_ptr<const Query> query = udf(0);
  std::vector<DocId> docs(kBatchCapacity);
  StreamState state = StreamState::kMore;
  const auto refused = [](auto&& call) {
    EXPECT_EQ(diagon::testing::code_of(call), ErrorCode::kInvalidArgument);
  };
  FilteredSearch search(corpus().prepare(query, true), 3, UINT64_MAX, Interrupt());
  refused([&] { search.next({}, 10, docs, state); });  // before a segment
  refused([&] { search.enter(99); });
  search.enter(0);
  const uint32_t count = search.next({}, 10, docs, state);
  ASSERT_GE(count, 10U);
  refused([&] { search.next({}, 10, docs, state); });
  const std::vector<uint8_t> passed(count, 1);
  std::vector<DocId> few(10);
  refused([&] { search.next(passed, 10, few, state); });
  search.next(passed, 10, docs, state);
  EXPECT_EQ(search.count(), count);

  const auto flag = std::make_shared<CancelFlag>();
  FilteredSearch stopped(corpus().prepare(query, true), 3, UINT64_MAX,
                         Interrupt(flag, Interrupt::Clock::time_point::max()));
  stopped.enter(0);
  flag->cancel();
  EXPECT_EQ(stopped.next({}, 10, docs, state), 0U);
  EXPECT_EQ(state, StreamState::kInterrupted);
}

}  // namespace
}  // namespace diagon::search
