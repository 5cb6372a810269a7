// Users' functions that score, as functions of a function_score; and those whose values are sort
// keys.
#include <bit>
#include <cmath>

#include "diagon/search/sort_collector.h"
#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

Corpus& corpus() {
  static Corpus shared({5000, 700, 1}, 31, 5);
  return shared;
}

// What a function says of a document.
double value_of(DocId doc) { return static_cast<double>(doc % 13) / 2; }
UdfState state_of(DocId doc) {
  if (doc % 11 == 3) return UdfState::kExcluded;
  return doc % 11 == 5 ? UdfState::kNotApplied : UdfState::kScored;
}

FunctionSpec function(uint32_t leaf, double weight = 1, bool wants_score = false) {
  FunctionSpec spec;
  spec.kind = FunctionKind::kUdf;
  spec.leaf = leaf;
  spec.weight = weight;
  spec.wants_score = wants_score;
  return spec;
}

std::shared_ptr<FunctionScore> score(std::vector<FunctionSpec> functions, BoostMode mode) {
  auto spec = std::make_shared<FunctionScore>();
  spec->functions = std::move(functions);
  spec->boost_mode = mode;
  return spec;
}

MutableQuery scored(MutableQuery inner, std::shared_ptr<const FunctionScore> spec,
                    float boost = 1.0f) {
  auto q = with(make(QueryKind::kFunctionScore, 0, boost), Occur::kMust, std::move(inner));
  q->function_score = std::move(spec);
  return q;
}

MutableQuery word(const char* text) { return term(kBody, text); }

// Answers the leaves in their order; leaf 0 is a function. Checks the scores that it is given.
struct Asked {
  std::vector<Hit> hits;
  uint64_t functions = 0;  // documents that functions were asked about
};

Asked ask(const std::shared_ptr<const Query>& query, uint32_t leaves, bool with_scores,
          const Query* given = nullptr, float bar = -1) {
  const auto prepared = corpus().prepare(query, with_scores);
  Asked asked;
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  for (uint32_t s = 0; s < prepared->snapshot().size(); ++s) {
    HitStream stream(prepared, s, leaves, Interrupt());
    if (bar >= 0) stream.set_bar(bar);
    StreamState state = StreamState::kMore;
    while (state == StreamState::kMore) {
      stream.next_batch(2, 700, state);
      // Functions last, those with lower numbers first.
      for (uint32_t leaf = leaves; leaf-- > 1;) {
        const uint32_t count = stream.needed(leaf, docs, {});
        std::vector<uint8_t> values;
        for (uint32_t i = 0; i < count; ++i) values.push_back(udf_value(leaf, s, docs[i]) ? 1 : 0);
        stream.resolve(leaf, values);
      }
      const uint32_t count = stream.needed(0, docs, scores);
      std::vector<double> values;
      std::vector<uint8_t> states;
      for (uint32_t i = 0; i < count; ++i) {
        values.push_back(value_of(docs[i]));
        states.push_back(static_cast<uint8_t>(state_of(docs[i])));
        if (given != nullptr) {
          const auto r =
              corpus().naive->evaluate(*given, s, docs[i], [](uint32_t) { return true; });
          EXPECT_EQ(scores[i], static_cast<float>(r.score));
        }
      }
      if (count != 0) stream.resolve_scores(0, values, states);
      asked.functions += count;
      const uint32_t accepted = stream.accepted(docs, scores);
      for (uint32_t i = 0; i < accepted; ++i) asked.hits.push_back({s, docs[i], scores[i]});
    }
  }
  return asked;
}

// Live documents of a query without functions, with what `combine` makes of their scores; NaN:
// none.
template <typename Combine>
std::vector<Hit> expected(const Query& query, Combine combine) {
  std::vector<Hit> hits;
  for (const Hit& hit : exhaustive(*corpus().naive, query, true)) {
    const auto r =
        corpus().naive->evaluate(query, hit.segment, hit.doc, [](uint32_t) { return true; });
    const double made = combine(hit, r.score);
    if (!std::isnan(made)) hits.push_back({hit.segment, hit.doc, static_cast<float>(made)});
  }
  return hits;
}

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

TEST(UdfScore, ReplacesAndMultiplies) {
  const auto inner = word("w2");
  for (const auto& [mode, name] :
       {std::pair(BoostMode::kReplace, "replace"), std::pair(BoostMode::kMultiply, "multiply")}) {
    SCOPED_TRACE(name);
    const std::shared_ptr<const Query> query =
        scored(word("w2"), score({function(0, 2.5, true)}, mode));
    const auto want = expected(*inner, [&](const Hit& hit, double own) {
      if (state_of(hit.doc) == UdfState::kExcluded) return kNone;
      const double factor =
          state_of(hit.doc) == UdfState::kNotApplied ? 1 : value_of(hit.doc) * 2.5;
      return mode == BoostMode::kReplace ? factor : own * factor;
    });
    expect_same(ask(query, 1, true, inner.get()).hits, want);
  }
}

// As script_score: the boost is the function's, the query's score is kept where it does not apply.
TEST(UdfScore, KeepsTheScore) {
  const auto spec = score({function(0, 1, true)}, BoostMode::kReplace);
  spec->boosts_functions = true;
  spec->keeps_score = true;
  const std::shared_ptr<const Query> query = scored(word("w2"), spec, 3.0f);
  const auto inner = word("w2");
  const auto want = expected(*inner, [&](const Hit& hit, double own) {
    if (state_of(hit.doc) == UdfState::kExcluded) return kNone;
    return state_of(hit.doc) == UdfState::kNotApplied ? own * 3 : value_of(hit.doc) * 3;
  });
  expect_same(ask(query, 1, true, inner.get()).hits, want);
}

TEST(UdfScore, MinimumAndNegation) {
  const auto minimum = [] {
    const auto spec = score({function(0)}, BoostMode::kReplace);
    spec->has_min_score = true;
    spec->min_score = 3;
    return spec;
  };
  const auto reaches = [](DocId doc) {
    return state_of(doc) == UdfState::kNotApplied ||
           (state_of(doc) == UdfState::kScored && value_of(doc) >= 3);
  };
  const auto inner = word("w1");
  // Also where nobody wants a score.
  for (const bool with_scores : {true, false}) {
    const std::shared_ptr<const Query> query = scored(word("w1"), minimum());
    const auto want = expected(*inner, [&](const Hit& hit, double) {
      if (!reaches(hit.doc)) return kNone;
      if (!with_scores) return 0.0;
      return state_of(hit.doc) == UdfState::kNotApplied ? 1 : value_of(hit.doc);
    });
    expect_same(ask(query, 1, with_scores).hits, want);
  }
  const std::shared_ptr<const Query> without =
      with(with(boolean(), Occur::kMust, word("w1")), Occur::kMustNot,
           scored(make(QueryKind::kMatchAll), minimum()));
  const auto want =
      expected(*inner, [&](const Hit& hit, double own) { return reaches(hit.doc) ? kNone : own; });
  expect_same(ask(without, 1, true).hits, want);
}

// A function is asked about what filters beside it and its own filter have left, and only where its
// score counts.
TEST(UdfScore, IsAskedWhereItCounts) {
  auto spec = score({function(0)}, BoostMode::kSum);
  const auto count = [](const Asked& asked) { return asked.functions; };
  const auto beside = [&](Occur occur) -> std::shared_ptr<const Query> {
    return with(with(boolean(), Occur::kFilter, udf(1)), occur, scored(word("w1"), spec));
  };
  const auto inner = word("w1");
  uint64_t left = 0;
  for (const Hit& hit : exhaustive(*corpus().naive, *inner, true))
    left += udf_value(1, hit.segment, hit.doc) ? 1 : 0;
  EXPECT_EQ(count(ask(beside(Occur::kMust), 2, true)), left);
  EXPECT_EQ(count(ask(beside(Occur::kFilter), 2, true)), 0U);
  EXPECT_EQ(count(ask(beside(Occur::kMust), 2, false)), 0U);

  const auto filtered = score({function(0)}, BoostMode::kSum);
  filtered->functions[0].filter = 1;
  auto query = scored(word("w1"), filtered);
  query->clauses.push_back({Occur::kFilter, udf(1)});
  const std::shared_ptr<const Query> shared = std::move(query);
  const Asked asked = ask(shared, 2, true);
  EXPECT_EQ(asked.functions, left);
  const auto want = expected(*inner, [&](const Hit& hit, double own) {
    if (!udf_value(1, hit.segment, hit.doc)) return own + 1;
    if (state_of(hit.doc) == UdfState::kExcluded) return kNone;
    return own + (state_of(hit.doc) == UdfState::kNotApplied ? 1 : value_of(hit.doc));
  });
  expect_same(asked.hits, want);
}

TEST(UdfScore, ABoundRulesDocumentsOut) {
  const auto bounded = score({function(0)}, BoostMode::kReplace);
  bounded->functions[0].bound = 6;
  const std::shared_ptr<const Query> query = scored(word("w1"), bounded);
  EXPECT_EQ(ask(query, 1, true, nullptr, 6.0f).functions, 0U);
  EXPECT_GT(ask(query, 1, true, nullptr, 5.9f).functions, 0U);
  const std::shared_ptr<const Query> open =
      scored(word("w1"), score({function(0)}, BoostMode::kReplace));
  EXPECT_EQ(ask(open, 1, true, nullptr, 1e30f).functions,
            exhaustive(*corpus().naive, *word("w1"), true).size());
}

TEST(UdfScore, AnswersThatAreRefused) {
  const std::shared_ptr<const Query> query =
      with(with(boolean(), Occur::kMust, scored(word("w1"), score({function(0)}, BoostMode::kSum))),
           Occur::kFilter, udf(1));
  HitStream stream(corpus().prepare(query), 0, 2, Interrupt());
  StreamState state = StreamState::kMore;
  stream.next_batch(1, 10, state);
  std::vector<uint32_t> docs(kBatchCapacity);
  const auto refused = [&](auto&& call) {
    EXPECT_EQ(diagon::testing::code_of(call), ErrorCode::kInvalidArgument);
  };
  const size_t filtered = stream.needed(1, docs, {});
  ASSERT_GT(filtered, 0U);
  const std::vector<double> numbers(filtered, 1);
  const std::vector<uint8_t> states(filtered, 1);
  refused([&] { stream.resolve_scores(1, numbers, states); });
  stream.resolve(1, std::vector<uint8_t>(filtered, 1));
  const size_t count = stream.needed(0, docs, {});
  ASSERT_EQ(count, filtered);
  refused([&] { stream.resolve(0, states); });
  refused([&] { stream.resolve_scores(0, std::vector<double>(count + 1, 1), states); });
  refused([&] { stream.resolve_scores(0, numbers, std::vector<uint8_t>(count - 1, 1)); });
  refused([&] { stream.resolve_scores(0, numbers, std::vector<uint8_t>(count, 3)); });
  for (const double wrong : {-1.0, kNone, std::numeric_limits<double>::infinity()})
    refused([&] { stream.resolve_scores(0, std::vector<double>(count, wrong), states); });
  stream.resolve_scores(0, numbers, states);
  std::vector<float> scores(kBatchCapacity);
  EXPECT_EQ(stream.accepted(docs, scores), count);
}

TEST(UdfScore, QueriesThatAreRefused) {
  const auto refused = [](const std::shared_ptr<FunctionScore>& spec, uint32_t leaves = 2) {
    const std::shared_ptr<const Query> query = scored(word("w1"), spec);
    EXPECT_EQ(diagon::testing::code_of(
                  [&] { HitStream stream(corpus().prepare(query), 0, leaves, Interrupt()); }),
              ErrorCode::kInvalidArgument);
  };
  auto spec = score({function(0)}, BoostMode::kSum);
  spec->functions[0].bound = -1;
  refused(spec);
  spec = score({function(0), function(1)}, BoostMode::kSum);
  spec->keeps_score = true;
  refused(spec);
  refused(score({function(0), function(0)}, BoostMode::kSum));
  refused(score({function(2)}, BoostMode::kSum));
}

// --- values as sort keys ---

SortKey given(SortKind kind, bool descending, bool missing_first) {
  SortKey key;
  key.kind = kind;
  key.descending = descending;
  key.missing_first = missing_first;
  return key;
}

// Sorts documents 0 to 99 of each segment by what `number` says; it has a value where it is not 0.
template <typename Number>
std::vector<DocId> sorted(SortKey key, uint32_t k, Number number) {
  SortOptions options;
  options.k = k;
  SortCollector collector(corpus().snapshot, {key}, {}, options);
  for (uint32_t s = 0; s < 2; ++s) {
    collector.enter(s);
    for (DocId from = 0; from < 100; from += 25) {
      std::vector<DocId> docs;
      std::vector<uint8_t> present;
      std::vector<uint64_t> bits;
      std::string text;
      std::vector<size_t> ends;
      for (DocId doc = from; doc < from + 25; ++doc) {
        const int64_t n = number(doc + 100 * s);
        docs.push_back(doc);
        present.push_back(n != 0 ? 1 : 0);
        bits.push_back(key.kind == SortKind::kGivenF64
                           ? std::bit_cast<uint64_t>(static_cast<double>(n) / 4)
                           : static_cast<uint64_t>(n));
        if (n != 0) text += std::to_string(5'000'000 + n);
        ends.push_back(text.size());
      }
      const bool strings = key.kind == SortKind::kGivenString;
      collector.give(0, {.docs = docs,
                         .present = present,
                         .bits = strings ? std::span<const uint64_t>() : bits,
                         .text = text,
                         .ends = strings ? ends : std::span<const size_t>()});
      collector.collect(docs, {});
    }
  }
  std::vector<DocId> found;
  const uint32_t hits = collector.finish();
  for (uint32_t i = 0; i < hits; ++i) {
    found.push_back(collector.doc(i) + 100 * collector.segment(i));
    const int64_t n = number(found.back());
    const SortValue value = collector.value(i, 0);
    if (key.kind == SortKind::kGivenString) {
      EXPECT_EQ(value.present, n != 0);
      EXPECT_EQ(value.string, n == 0 ? "" : std::to_string(5'000'000 + n));
    } else if (n != 0 && key.kind == SortKind::kGivenI64) {
      EXPECT_EQ(value.i64, n);
    } else if (n != 0) {
      EXPECT_EQ(value.f64, static_cast<double>(n) / 4);
    }
  }
  return found;
}

TEST(GivenSortKeys, AllKindsAndOrders) {
  const auto number = [](DocId doc) { return int64_t{doc * 7919 % 101} - 50; };
  for (const SortKind kind : {SortKind::kGivenI64, SortKind::kGivenF64, SortKind::kGivenString})
    for (const bool descending : {false, true})
      for (const bool missing_first : {false, true})
        for (const uint32_t k : {7U, 500U}) {
          std::vector<DocId> want(200);
          std::iota(want.begin(), want.end(), 0);
          std::stable_sort(want.begin(), want.end(), [&](DocId a, DocId b) {
            const int64_t x = number(a);
            const int64_t y = number(b);
            if ((x == 0) != (y == 0)) return (x == 0) == missing_first;
            return x != y && x != 0 && (x < y) != descending;
          });
          want.resize(std::min<size_t>(k, want.size()));
          EXPECT_EQ(sorted(given(kind, descending, missing_first), k, number), want);
        }
}

TEST(GivenSortKeys, ArgumentsThatAreRefused) {
  SortCollector collector(
      corpus().snapshot,
      {given(SortKind::kGivenString, false, false), given(SortKind::kDoc, false, false)}, {}, {});
  collector.enter(0);
  const std::vector<DocId> docs = {1, 5};
  const auto refused = [&](size_t key, std::vector<uint8_t> present, std::vector<size_t> ends,
                           std::string_view text) {
    EXPECT_EQ(diagon::testing::code_of([&] {
                collector.give(
                    key,
                    {.docs = docs, .present = present, .bits = {}, .text = text, .ends = ends});
              }),
              ErrorCode::kInvalidArgument);
  };
  refused(1, {1, 1}, {1, 2}, "ab");
  refused(9, {1, 1}, {1, 2}, "ab");
  refused(0, {1}, {1, 2}, "ab");
  refused(0, {1, 1}, {1}, "ab");
  refused(0, {1, 1}, {2, 1}, "ab");
  refused(0, {1, 1}, {1, 3}, "ab");
  // Documents that no value was given for.
  const std::vector<DocId> others = {1, 4};
  EXPECT_EQ(diagon::testing::code_of([&] { collector.collect(others, {}); }),
            ErrorCode::kInvalidArgument);
}

}  // namespace
}  // namespace diagon::search
