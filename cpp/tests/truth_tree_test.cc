// What needed() says, against all possible worlds: a leaf is needed for a document if and only if
// what is still open leaves two worlds that differ in this leaf alone and in the outcome.
#include "diagon/search/truth_tree.h"

#include <optional>

#include "tests/udf_driver.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

constexpr uint32_t kMostLeaves = 4;

Corpus& corpus() {
  static Corpus shared({150, 40}, 11, 10);
  return shared;
}

// Of one document.
using Known = std::vector<std::optional<bool>>;

struct Worlds {
  const Query& query;
  size_t segment;
  bool with_scores;
  uint32_t leaves;

  // Not a number for a document that doesn't match.
  double outcome(DocId doc, uint32_t values) const {
    const auto r = corpus().naive->evaluate(
        query, segment, doc, [&](uint32_t leaf) { return (values >> leaf & 1) != 0; });
    return !r.match ? -1 : with_scores ? r.score : 0;
  }
  bool possible(const Known& known, uint32_t values) const {
    for (uint32_t leaf = 0; leaf < leaves; ++leaf)
      if (known[leaf] && *known[leaf] != ((values >> leaf & 1) != 0)) return false;
    return true;
  }
  bool needed(DocId doc, const Known& known, uint32_t leaf) const {
    if (known[leaf]) return false;
    for (uint32_t values = 0; values < 1u << leaves; ++values)
      if ((values >> leaf & 1) == 0 && possible(known, values) &&
          outcome(doc, values) != outcome(doc, values | 1u << leaf))
        return true;
    return false;
  }
  bool candidate(DocId doc) const {
    for (uint32_t values = 0; values < 1u << leaves; ++values)
      if (outcome(doc, values) >= 0) return true;
    return false;
  }
};

void check_segment(const std::shared_ptr<const PreparedQuery>& prepared, const Worlds& worlds,
                   std::mt19937& random) {
  const size_t segment = worlds.segment;
  const DocId max_doc = corpus().snapshot->segment(segment).reader->max_doc();
  HitStream stream(prepared, segment, worlds.leaves, Interrupt());
  StreamState state{};
  const uint32_t size = stream.next_batch(100, kBatchCapacity, state);
  ASSERT_EQ(state, StreamState::kExhausted);
  uint32_t candidates = 0;
  for (DocId d = 0; d < max_doc; ++d)
    candidates += corpus().naive->is_live(segment, d) && worlds.candidate(d) ? 1 : 0;
  ASSERT_EQ(size, candidates);
  std::vector<Known> known(max_doc, Known(worlds.leaves));
  std::vector<uint32_t> docs(kBatchCapacity);
  std::vector<float> scores(kBatchCapacity);
  for (uint32_t step = 0; step < 2 * worlds.leaves; ++step) {
    const uint32_t leaf = static_cast<uint32_t>(random() % worlds.leaves);
    const uint32_t count = stream.needed(leaf, docs, {});
    std::vector<DocId> want;
    for (DocId d = 0; d < max_doc; ++d)
      if (corpus().naive->is_live(segment, d) && worlds.needed(d, known[d], leaf))
        want.push_back(d);
    ASSERT_EQ(std::vector<DocId>(docs.begin(), docs.begin() + count), want)
        << "leaf " << leaf << " in step " << step;
    std::vector<uint8_t> values;
    for (const DocId d : want) {
      known[d][leaf] = udf_value(leaf, segment, d);
      values.push_back(*known[d][leaf] ? 1 : 0);
    }
    stream.resolve(leaf, values);
  }
}

void check(MutableQuery query, uint32_t leaves, uint32_t seed) {
  std::mt19937 random(seed);
  const std::shared_ptr<const Query> shared = std::move(query);
  for (const bool with_scores : {true, false})
    for (size_t s = 0; s < corpus().snapshot->size(); ++s)
      check_segment(corpus().prepare(shared, with_scores), {*shared, s, with_scores, leaves},
                    random);
}

TEST(TruthTree, AsksForNoMoreThanItNeeds) {
  using enum Occur;
  const auto w = [](const char* word) { return term(kBody, word); };
  // One true clause is enough where nobody scores.
  check(with(boolean(), kFilter, with(with(boolean(1), kShould, w("w0")), kShould, udf(0))), 1, 1);
  check(with(boolean(), kMustNot, with(with(boolean(1), kShould, w("w0")), kShould, udf(0))), 1, 2);
  check(with(boolean(), kFilter, with(with(boolean(1), kShould, udf(1)), kShould, udf(0))), 2, 3);
  // Optional clauses that add nothing.
  check(with(with(boolean(), kMust, w("w0")), kShould, udf(0, 0.0f)), 1, 4);
  check(with(with(boolean(), kMust, w("w0")), kShould, with(boolean(), kFilter, udf(0))), 1, 5);
  check(with(with(boolean(), kMust, w("w0")), kShould, constant(udf(0), 0.0f)), 1, 6);
  check(with(with(boolean(), kFilter, w("w0")), kFilter, with(boolean(), kShould, udf(0))), 1, 7);
  // And some that do.
  check(with(with(boolean(), kMust, w("w0")), kShould, constant(udf(0), 0.5f)), 1, 8);
  check(with(with(boolean(1), kShould, w("w0")), kShould, udf(0)), 1, 9);
  check(with(with(with(boolean(2), kShould, w("w0")), kShould, udf(0)), kShould, udf(1, 0.0f)), 2,
        10);
}

TEST(TruthTree, AsksForTheSakeOfAScore) {
  using enum Occur;
  const auto w = [](const char* word) { return term(kBody, word); };
  const auto demoted = [&](MutableQuery negative, float factor) {
    auto q = make(QueryKind::kBoosting);
    q->factor = factor;
    return with(with(std::move(q), kMust, w("w0")), kFilter, std::move(negative));
  };
  check(demoted(udf(0), 0.5f), 1, 1);
  check(demoted(with(with(boolean(), kMust, w("w1")), kFilter, udf(0)), 0.5f), 1, 2);
  check(with(boolean(), kFilter, demoted(udf(0), 0.5f)), 1, 3);
  const auto best = [&](float tie) {
    auto q = make(QueryKind::kDisMax);
    q->factor = tie;
    return with(with(std::move(q), kShould, w("w0")), kShould, udf(0));
  };
  check(best(0.5f), 1, 4);
  check(with(boolean(), kFilter, best(0.5f)), 1, 5);
  const auto weighted = [&](float min_score) {
    auto spec = std::make_shared<FunctionScore>();
    spec->has_min_score = min_score > 0;
    spec->min_score = min_score;
    spec->boost_mode = BoostMode::kReplace;
    spec->functions.resize(1);
    spec->functions[0].weight = 2;
    spec->functions[0].filter = 1;
    auto q = with(with(make(QueryKind::kFunctionScore), kMust, w("w0")), kFilter, udf(0));
    q->function_score = std::move(spec);
    return q;
  };
  check(weighted(0), 1, 6);
  check(weighted(1.5f), 1, 7);
  check(with(boolean(), kFilter, weighted(0)), 1, 8);
  check(with(boolean(), kFilter, weighted(1.5f)), 1, 9);
}

TEST(TruthTree, RandomTreesInAllWorlds) {
  uint32_t with_leaves = 0;
  for (uint32_t seed = 0; with_leaves < 150; ++seed) {
    SCOPED_TRACE(seed);
    QueryMaker maker(seed);
    // A leaf may be asked for the sake of a score that it turns out not to change, where scores
    // don't just add up.
    maker.compounds = false;
    auto q = maker.tree(1 + seed % 4, 45, kMostLeaves);
    if (maker.udfs() == 0) continue;
    ++with_leaves;
    check(std::move(q), maker.udfs(), seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace diagon::search
