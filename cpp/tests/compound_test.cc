#include "diagon/search/compound_scorers.h"
#include "diagon/search/top_docs.h"
#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({6000, 3000, 100}, 17, 5);
  return shared;
}

std::shared_ptr<FunctionScore> functions(std::vector<FunctionSpec> list) {
  auto spec = std::make_shared<FunctionScore>();
  spec->functions = std::move(list);
  return spec;
}

FunctionSpec over(FunctionKind kind, FieldId field) {
  FunctionSpec function;
  function.kind = kind;
  function.field = field;
  function.field_name = "year";
  return function;
}

MutableQuery scored(MutableQuery inner, std::shared_ptr<const FunctionScore> spec) {
  auto q = with(make(QueryKind::kFunctionScore), Occur::kMust, std::move(inner));
  q->function_score = std::move(spec);
  return q;
}

TEST(Compound, RandomTrees) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    const std::shared_ptr<const Query> query = QueryMaker(9000 + seed).compound(1 + seed % 3, 0, 0);
    const auto prepared = corpus().prepare(query);
    const auto all = exhaustive(*corpus().naive, *query, true);
    for (const uint64_t up_to : {UINT64_MAX, uint64_t{0}}) {
      TopDocsOptions options;
      options.count_up_to = up_to;
      expect_same(search_top(*prepared, options, Interrupt()).hits, best(all, 10));
      if (HasFatalFailure()) return;
    }
  }
}

TEST(Compound, RandomTreesWithUdfs) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    QueryMaker maker(700 + seed);
    const std::shared_ptr<const Query> query = maker.compound(1 + seed % 3, 40, 5);
    for (const bool with_scores : {true, false}) {
      const auto prepared = corpus().prepare(query, with_scores);
      Driver driver;
      driver.leaves = maker.udfs();
      expect_same(driver.run(prepared), exhaustive(*corpus().naive, *query, with_scores));
      if (HasFatalFailure()) return;
    }
    Driver ranked;
    ranked.leaves = maker.udfs();
    ranked.k = 10;
    expect_same(best(ranked.run(corpus().prepare(query)), 10),
                best(exhaustive(*corpus().naive, *query, true), 10));
    if (HasFatalFailure()) return;
  }
}

// Years grow with the documents: what is far from the origin can't win.
TEST(Compound, DecaysSkip) {
  FunctionSpec near = over(FunctionKind::kDecay, kYear);
  near.origin = -90;
  near.scale = 5;
  Corpus single({9000}, 5, 0);  // the first segment has several years in some documents
  Corpus plain({1, 9000}, 5, 0);
  uint64_t looked_at[2];
  for (size_t i = 0; i < 2; ++i) {
    const std::shared_ptr<const Query> query =
        scored(make(QueryKind::kMatchAll), functions({near}));
    TopDocsOptions options;
    options.count_up_to = i == 0 ? UINT64_MAX : 0;
    const auto prepared = plain.prepare(query);
    const TopDocs top = search_top(*prepared, options, Interrupt());
    looked_at[i] = top.windows;
    expect_same(top.hits, best(exhaustive(*plain.naive, *query, true), 10));
    const auto multi = single.prepare(query);
    expect_same(search_top(*multi, options, Interrupt()).hits,
                best(exhaustive(*single.naive, *query, true), 10));
  }
  EXPECT_LT(looked_at[1], looked_at[0]);
}

TEST(Compound, AHitWithoutAScoreFailsTheSearch) {
  FunctionSpec value = over(FunctionKind::kFieldValue, kYear);
  value.modifier = Modifier::kSquare;
  const auto spec = functions({value});
  const auto with_minimum = functions({value});
  with_minimum->has_min_score = true;
  auto present = make(QueryKind::kExists, kYear);
  const std::shared_ptr<const Query> fine = scored(std::move(present), spec);
  EXPECT_NO_THROW(search_top(*corpus().prepare(fine), {}, Interrupt()));
  const std::shared_ptr<const Query> failing = scored(make(QueryKind::kMatchAll), spec);
  const std::shared_ptr<const Query> compared = scored(make(QueryKind::kMatchAll), with_minimum);
  for (const auto& query : {failing, compared}) {
    try {
      search_top(*corpus().prepare(query), {}, Interrupt());
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
      EXPECT_NE(std::string(error.what()).find("`year`: the document \"id"), std::string::npos)
          << error.what();
      EXPECT_NE(std::string(error.what()).find("no value"), std::string::npos) << error.what();
    }
  }
  // Who counts needs no scores.
  TopDocsOptions counting;
  counting.k = 0;
  EXPECT_GT(search_top(*corpus().prepare(failing, false), counting, Interrupt()).count, 0U);
}

// It is not asked about what a function rules out, though the native part lets it through.
TEST(Compound, OnlyHitsMustHaveAScore) {
  FunctionSpec value = over(FunctionKind::kFieldValue, kYear);
  value.modifier = Modifier::kSquare;
  auto q = with(with(boolean(), Occur::kMust, udf(0)), Occur::kMust,
                scored(make(QueryKind::kMatchAll), functions({value})));
  const std::shared_ptr<const Query> query = std::move(q);
  HitStream stream(corpus().prepare(query), 0, 1, Interrupt());
  StreamState state = StreamState::kMore;
  const uint32_t size = stream.next_batch(4, kBatchCapacity, state);
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  ASSERT_EQ(stream.needed(0, docs, {}), size);
  std::vector<uint8_t> values;
  uint32_t with_year = 0;
  for (uint32_t i = 0; i < size; ++i) {
    values.push_back(corpus().naive->doc(0, docs[i]).numbers.contains(kYear) ? 1 : 0);
    with_year += values.back();
  }
  ASSERT_LT(with_year, size);
  stream.resolve(0, values);
  EXPECT_EQ(stream.accepted(docs, scores), with_year);
}

TEST(Compound, ShapesThatAreRefused) {
  const auto refused = [](MutableQuery query) {
    const std::shared_ptr<const Query> shared = std::move(query);
    EXPECT_EQ(code_of([&] { corpus().prepare(shared); }), ErrorCode::kInvalidArgument);
  };
  auto tie = make(QueryKind::kDisMax);
  tie->factor = 1.5f;
  refused(std::move(tie));
  refused(make(QueryKind::kBoosting));
  refused(make(QueryKind::kFunctionScore));
  FunctionSpec function;
  function.filter = 1;
  refused(scored(make(QueryKind::kMatchAll), functions({function})));
  function = over(FunctionKind::kFieldValue, kTag);
  const std::shared_ptr<const Query> strings =
      scored(make(QueryKind::kMatchAll), functions({function}));
  const auto prepared = corpus().prepare(strings);
  EXPECT_EQ(code_of([&] { search_top(*prepared, {}, Interrupt()); }), ErrorCode::kInvalidArgument);
}

TEST(Compound, Factors) {
  const auto factor = [](ScoreMode mode, std::vector<std::pair<double, double>> values) {
    Factor f;
    for (const auto& [value, weight] : values) f.add(mode, value, weight);
    return f.get(mode);
  };
  using enum ScoreMode;
  for (const ScoreMode mode : {kMultiply, kSum, kAvg, kFirst, kMax, kMin})
    EXPECT_EQ(factor(mode, {}), 1);
  EXPECT_EQ(factor(kSum, {{2, 1}, {3, 1}}), 5);
  EXPECT_EQ(factor(kAvg, {{2, 1}, {6, 3}}), 2);
  EXPECT_EQ(factor(kAvg, {{0, 0}}), 1);
  EXPECT_EQ(factor(kFirst, {{2, 1}, {3, 1}}), 2);
  EXPECT_TRUE(std::isnan(factor(kMax, {{std::nan(""), 1}, {3, 1}})));
  FunctionScore spec;
  spec.max_boost = 2;
  spec.functions.resize(1);
  EXPECT_EQ(combine(spec, 3, 5), 6);
  spec.boost_mode = BoostMode::kReplace;
  EXPECT_EQ(combine(spec, std::nan(""), 1), 1);
  spec.boost_mode = BoostMode::kMin;
  EXPECT_TRUE(std::isnan(combine(spec, std::nan(""), 1)));
  EXPECT_EQ(combine(spec, INFINITY, INFINITY), 2);
}

}  // namespace
}  // namespace diagon::search
