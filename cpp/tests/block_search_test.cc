// Flat queries, answered by blocks of postings, against the naive twin.
#include "diagon/search/block_search.h"

#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

// With and without deleted documents: counts go other ways. The first segments have terms of many
// blocks, the others have terms of one, or none.
Corpus& corpus(bool deletes) {
  static Corpus all_live({9000, 3000, 100, 1}, 21, 0);
  static Corpus some_live({6000, 9000, 100, 1}, 22, 10);
  return deletes ? some_live : all_live;
}

class FlatQueries : public ::testing::TestWithParam<std::tuple<bool, uint32_t>> {
 protected:
  uint32_t below(uint32_t n) { return static_cast<uint32_t>(random_() % n); }

  MutableQuery word(bool of_scores = true) {
    const float boost = of_scores && below(3) == 0 ? 0.25f * static_cast<float>(1 + below(20)) : 1;
    switch (below(12)) {
      case 0:
        return term(kBody, "early", boost);
      case 1:
        return term(kBody, "rare" + std::to_string(below(10)), boost);
      case 2:
        return term(kTag, "t" + std::to_string(below(21)), boost);
      case 3:
        return term(kCode, "w" + std::to_string(below(60)), boost);
      default:
        return term(kBody, "w" + std::to_string(below(8) * below(9)), boost);
    }
  }

  void check(MutableQuery query) {
    Corpus& corpus = search::corpus(std::get<0>(GetParam()));
    const std::shared_ptr<const Query> shared = std::move(query);
    const auto all = exhaustive(*corpus.naive, *shared, true);
    const auto prepared = corpus.prepare(shared);
    for (uint32_t s = 0; s < corpus.snapshot->size(); ++s)
      EXPECT_NE(make_block_search(*prepared, s, Interrupt()), nullptr);
    for (const uint32_t k : {0, 1, 10, 100, 20000}) {
      for (const uint64_t up_to : {UINT64_MAX, uint64_t{500}, uint64_t{0}}) {
        if (k == 0 && up_to == 0) continue;  // nothing is asked for
        TopDocsOptions options;
        options.k = k;
        options.count_up_to = up_to;
        const TopDocs top = search_top(*prepared, options, Interrupt());
        expect_same(top.hits, best(all, k));
        EXPECT_LE(top.count, all.size());
        if (top.count <= up_to) {
          EXPECT_EQ(top.count, all.size());
        }
      }
    }
  }

  std::mt19937 random_{std::get<1>(GetParam())};
};

TEST_P(FlatQueries, Any) {
  MutableQuery query = boolean(1);
  for (uint32_t n = 1 + below(6); n > 0; --n)
    query = with(std::move(query), Occur::kShould, word());
  check(std::move(query));
}

TEST_P(FlatQueries, AllOfTwo) {
  // Of terms that are far apart in frequency, too: then the rarer one is scored first.
  check(with(with(boolean(), Occur::kMust, word()), Occur::kMust,
             term(kBody, "w" + std::to_string(below(3)))));
}

TEST_P(FlatQueries, AllAndFilters) {
  MutableQuery query = with(boolean(), Occur::kMust, word());
  for (uint32_t n = below(3); n > 0; --n) query = with(std::move(query), Occur::kMust, word());
  for (uint32_t n = below(3); n > 0; --n)
    query = with(std::move(query), Occur::kFilter,
                 below(2) == 0 ? word(false) : range_i64(kYear, -100, below(200)));
  check(std::move(query));
}

TEST_P(FlatQueries, Phrase) {
  const auto frequent = [&] { return "w" + std::to_string(below(3) * below(3)); };
  check(phrase(kBody, {frequent(), frequent()}));
}

// What is left out by their frequencies are only documents whose scores are too low, also among
// documents that are very long beside the others.
TEST(LeastProduct, IsNeverAboveWhatHasTheScore) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<float> exponent(-8, 1);
  std::uniform_real_distribution<float> weights(0.001f, 40);
  for (int n = 0; n < 500'000; ++n) {
    const float inverse = std::pow(10.0f, exponent(random));
    const auto freq = static_cast<float>(1 + random() % 254);
    const float weight = weights(random);
    const float score = bm25(weight, freq, inverse);
    if (!(score > 0) || !(score < weight)) continue;
    ASSERT_LE(std::ceil(least_product(weight, score) / inverse), freq)
        << inverse << ' ' << freq << ' ' << weight;
  }
}

TEST(PartOf, ScoresThatAreTooLarge) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(part_of(-kInfinity, 1), -kInfinity);
  EXPECT_EQ(part_of(kInfinity, 0), std::numeric_limits<float>::max());
}

INSTANTIATE_TEST_SUITE_P(All, FlatQueries,
                         ::testing::Combine(::testing::Bool(), ::testing::Range(0U, 40U)));

}  // namespace
}  // namespace diagon::search
