// Queries that are refused, statistics, and the formula of scores.
#include "diagon/search/weight.h"

#include <cmath>

#include "diagon/search/bool_scorer.h"
#include "tests/queries.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({300, 50}, 3, 0);
  return shared;
}

ErrorCode refused(MutableQuery query, bool with_scores = true) {
  const std::shared_ptr<const Query> shared = std::move(query);
  return code_of([&] {
    const auto prepared = corpus().prepare(shared, with_scores);
    (void)prepared->scorer(prepared->root(), 0);
  });
}

TEST(Weight, RefusesBoosts) {
  for (const float boost : {-1.0f, std::numeric_limits<float>::infinity(), std::nanf("")})
    EXPECT_EQ(refused(make(QueryKind::kMatchAll, 0, boost)), ErrorCode::kInvalidArgument);
  // Each is finite, but not their product.
  EXPECT_EQ(refused(with(boolean(0, 1e30f), Occur::kMust, term(kBody, "w0", 1e30f))),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(term(kBody, "rare0", 3e38f)), ErrorCode::kInvalidArgument);
  EXPECT_NO_THROW(corpus().prepare(term(kBody, "rare0", 3e38f), false));
  EXPECT_NO_THROW(corpus().prepare(term(kBody, "rare0", 0.0f)));
}

TEST(Weight, RefusesShapes) {
  EXPECT_EQ(refused(make(QueryKind::kTerm, kBody)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(make(QueryKind::kConstant)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(phrase(kBody, {"w0"})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(phrase(kBody, {"w0", "w1"}, {0, 1, 2})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(phrase(kTag, {"t0", "t1"})), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(range_i64(kPrice, 0, 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(range_i64(kTag, 0, 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(range_f64(kYear, 0, 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(range_str(kYear, "[a", "b]")), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(make(QueryKind::kMultiTerm, kBody)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(sloppy(kBody, {"w0|w1"}, 1)), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused(sloppy(kTag, {"t0", "t1"}, 1)), ErrorCode::kInvalidArgument);
  for (const std::vector<uint32_t>& slots :
       {std::vector<uint32_t>{0}, {1, 2}, {0, 2}, {1, 0}, {0, 1, 2}}) {
    auto q = sloppy(kBody, {"w0", "w1"}, 1);
    q->slots = slots;
    EXPECT_EQ(refused(std::move(q)), ErrorCode::kInvalidArgument);
  }
  EXPECT_EQ(refused(udf(0)), ErrorCode::kInternal);
}

TEST(Weight, RefusesDepth) {
  const auto nested = [](uint32_t depth) {
    MutableQuery q = make(QueryKind::kMatchAll);
    for (uint32_t i = 0; i < depth; ++i) q = with(boolean(), Occur::kMust, std::move(q));
    return q;
  };
  EXPECT_NO_THROW(corpus().prepare(nested(kMaxDepth)));
  EXPECT_EQ(refused(nested(kMaxDepth + 1)), ErrorCode::kInvalidArgument);
}

TEST(Weight, StatisticsAreOfAllSegments) {
  for (FieldId field = 0; field < all_fields().size(); ++field) {
    const index::FieldStats stats = corpus().snapshot->field_stats(field);
    const index::FieldStats& twin = corpus().naive->stats(field);
    EXPECT_EQ(stats.doc_count, twin.doc_count) << field;
    EXPECT_EQ(stats.sum_total_term_freq, twin.sum_total_term_freq) << field;
  }
  EXPECT_EQ(corpus().snapshot->doc_freq(kIdField, "id0"), 1U);
  EXPECT_EQ(corpus().snapshot->doc_freq(kBody, "unknown"), 0U);
  EXPECT_EQ(corpus().snapshot->doc_freq(77, "unknown"), 0U);
}

TEST(Weight, SearchesAnEmptySnapshot) {
  const auto empty =
      std::make_shared<const index::Snapshot>(std::vector<index::LiveSegment>(), "", 0);
  EXPECT_NO_THROW(PreparedQuery(empty, term(kBody, "w0"), true));
}

TEST(Similarity, Formula) {
  // Numbers of Lucene's BM25Similarity: log(1 + (5 - 2 + 0.5) / (2 + 0.5)).
  EXPECT_FLOAT_EQ(idf(2, 5), 0.87546873f);
  EXPECT_FLOAT_EQ(idf(1, 1), 0.28768207f);
  const auto table = make_norm_table({4, 40});
  for (const uint32_t length : {0U, 1U, 10U, 40U})
    EXPECT_FLOAT_EQ((*table)[length],
                    1.0f / (1.2f * (0.25f + 0.75f * static_cast<float>(length) / 10.0f)));
  // weight * freq / (freq + k1 * ...)
  EXPECT_FLOAT_EQ(bm25(2.0f, 3.0f, (*table)[10]), 2.0f * 3.0f / (3.0f + 1.2f));
}

TEST(Similarity, DamagedStatisticsGiveNumbers) {
  for (const index::FieldStats stats :
       {index::FieldStats{0, 0}, index::FieldStats{7, 0}, index::FieldStats{0, 7},
        index::FieldStats{1, UINT64_MAX}}) {
    const auto table = make_norm_table(stats);
    for (const float norm : *table) EXPECT_FALSE(std::isnan(bm25(1, 1, norm)));
  }
  EXPECT_FALSE(std::isnan(idf(100, 3)));
}

TEST(Bool, AtLeastCountsBits) {
  std::mt19937 random(4);
  for (const size_t count : {0, 1, 2, 3, 9, 70, 300}) {
    std::vector<uint64_t> sets(count * 5);
    for (uint64_t& word : sets) word = uint64_t{random()} << 32 | random();
    for (uint32_t minimum = 1; minimum<count + 3; minimum += count> 20 ? 13 : 1) {
      uint64_t acc[3] = {~uint64_t{0}, random(), 0};
      uint64_t want[3] = {};
      for (size_t i = 0; i < 192; ++i) {
        uint32_t n = 0;
        for (size_t s = 0; s < count; ++s) n += bits::test(&sets[s * 5], i) ? 1 : 0;
        if (n >= minimum && bits::test(acc, i)) bits::set(want, i);
      }
      and_at_least(minimum, sets.data(), count, 5, 3, acc);
      EXPECT_TRUE(std::equal(acc, acc + 3, want)) << minimum << " of " << count;
    }
  }
}

}  // namespace
}  // namespace diagon::search
