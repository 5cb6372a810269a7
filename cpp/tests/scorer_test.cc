// Every kind of scorer against the naive engine: which documents match, their scores, and the
// bounds.
#include "diagon/search/scorer.h"

#include <cmath>

#include "diagon/search/bool_scorer.h"
#include "tests/queries.h"

namespace diagon::search {
namespace {

using namespace diagon::testing;  // NOLINT(google-build-using-namespace)

constexpr double kInfinity = std::numeric_limits<double>::infinity();

Corpus& corpus() {
  static Corpus shared({9500, 700, 64, 1, 129}, 1, 7);
  return shared;
}

using Expected = std::vector<Naive::Result>;

Expected expected_of(const Query& query, size_t segment) {
  Expected out;
  for (DocId d = 0; d < corpus().snapshot->segment(segment).reader->max_doc(); ++d)
    out.push_back(corpus().naive->evaluate(query, segment, d));
  return out;
}

std::vector<uint64_t> random_mask(const Window& window, std::mt19937& random) {
  std::vector<uint64_t> mask(window.words());
  switch (random() % 4) {
    case 0:  // all
      bits::fill(mask.data(), mask.size(), window.size);
      break;
    case 1:  // a few
      for (size_t n = random() % 20; n != 0; --n) bits::set(mask.data(), random() % window.size);
      break;
    case 2:  // a stretch
      bits::set_range(mask.data(), random() % window.size, window.size);
      break;
    default:
      for (uint32_t i = 0; i < window.size; ++i)
        if (random() % 2 == 0) bits::set(mask.data(), i);
  }
  return mask;
}

// One window: matches, and scores of some of them.
void check_window(Scorer& scorer, const Window& window, const Expected& expected, bool with_scores,
                  std::mt19937& random) {
  std::vector<uint64_t> mask = random_mask(window, random);
  std::vector<uint64_t> found(window.words(), 0xdead);
  if (random() % 2 == 0) {
    found = mask;
    scorer.match(window, found.data(), found.data());
  } else {
    scorer.match(window, mask.data(), found.data());
  }
  std::vector<uint64_t> want(window.words());
  for (uint32_t i = 0; i < window.size; ++i)
    if (bits::test(mask.data(), i) && expected[window.base + i].match) bits::set(want.data(), i);
  ASSERT_EQ(found, want) << "window at " << window.base;
  if (!with_scores) return;
  for (int round = 0; round < 2; ++round) {  // a second time, of others
    std::vector<uint64_t> asked(window.words());
    for (size_t w = 0; w < asked.size(); ++w)
      asked[w] = random() % 2 == 0 ? found[w] : found[w] & random();
    std::vector<double> scores(kWindowDocs, 0.25);
    scorer.add_scores(window, asked.data(), scores.data());
    for (uint32_t i = 0; i < kWindowDocs; ++i) {
      const bool was_asked = i < window.size && bits::test(asked.data(), i);
      const double score = 0.25 + (was_asked ? expected[window.base + i].score : 0);
      ASSERT_EQ(scores[i], score) << "document " << window.base + i;
    }
  }
}

// From front to end, with skips.
void check_pass(Scorer& scorer, const Expected& expected, bool with_scores, std::mt19937& random) {
  const DocId max_doc = static_cast<DocId>(expected.size());
  DocId position = 0;
  while (position < max_doc) {
    if (random() % 2 == 0) {
      const DocId bound = scorer.lower_bound(position);
      ASSERT_GE(bound, position);
      for (DocId d = position; d < std::min(bound, max_doc); ++d)
        ASSERT_FALSE(expected[d].match) << d << " skipped from " << position;
      if (bound >= max_doc) {
        ASSERT_EQ(bound, kNoMoreDocs);
        return;
      }
      position = bound;
    }
    Window window{position & ~DocId{63}, 0};
    const DocId left = max_doc - window.base;
    window.size = std::min(
        left, random() % 4 == 0 ? 64 * (1 + static_cast<DocId>(random() % 64)) : kWindowDocs);
    check_window(scorer, window, expected, with_scores, random);
    if (::testing::Test::HasFatalFailure()) return;
    position = window.end();
    if (random() % 5 == 0) position += static_cast<DocId>(random() % 3000);
  }
}

void check_bounds(Scorer& scorer, const Expected& expected, std::mt19937& random) {
  const DocId max_doc = static_cast<DocId>(expected.size());
  for (int round = 0; round < 12; ++round) {
    const DocId from = static_cast<DocId>(random() % max_doc);
    const DocId end = scorer.max_score_end(from);
    ASSERT_GT(end, from);
    const DocId to = round % 2 == 0 ? std::min(end, max_doc)
                                    : from + 1 + static_cast<DocId>(random() % (max_doc - from));
    const double bound = scorer.max_score(from, to);
    for (DocId d = from; d < to; ++d) {
      if (expected[d].match) {
        ASSERT_LE(expected[d].score, bound) << "document " << d << " of " << from << " to " << to;
      }
    }
  }
}

void check(MutableQuery query, uint32_t seed) {
  std::mt19937 random(seed);
  const std::shared_ptr<const Query> shared = std::move(query);
  const auto scored = corpus().prepare(shared, true);
  const auto plain = corpus().prepare(shared, false);
  for (size_t s = 0; s < corpus().snapshot->size(); ++s) {
    SCOPED_TRACE("segment " + std::to_string(s));
    const Expected expected = expected_of(*shared, s);
    for (int pass = 0; pass < 2; ++pass) {
      check_pass(*scored->scorer(scored->root(), s), expected, true, random);
      check_pass(*plain->scorer(plain->root(), s), expected, false, random);
    }
    const ScorerPtr scorer = scored->scorer(scored->root(), s);
    check_bounds(*scorer, expected, random);
    uint64_t count = 0;
    for (const Naive::Result& r : expected) count += r.match ? 1 : 0;
    EXPECT_LE(count, scorer->cost());
    if (::testing::Test::HasFatalFailure()) return;
  }
}

TEST(Scorer, Terms) {
  for (const char* word : {"w0", "w1", "w7", "w33", "w59", "early", "rare0", "rare3", "unknown"}) {
    SCOPED_TRACE(word);
    for (const FieldId field : {kBody, kTitle, kCode}) check(term(field, word, 1.5f), 1);
  }
  check(term(kTag, "t5"), 2);
  check(term(kLabel, "l2", 3.0f), 2);
  check(term(kIdField, "id9499"), 2);
  check(term(77, "x"), 2);
}

TEST(Scorer, TermSets) {
  check(term_set(kBody, {"w3", "rare1", "unknown"}), 3);
  check(term_set(kTag, {"t1", "t2", "t3"}), 3);
  check(term_set(kIdField, {"id1", "id5000", "id9600"}), 3);
  check(term_set(kBody, {}), 3);
  check(term_set(77, {"x"}), 3);
}

TEST(Scorer, Phrases) {
  check(phrase(kBody, {"w0", "w1"}), 4);
  check(phrase(kBody, {"w2", "w0", "w1"}), 4);
  check(phrase(kBody, {"w0", "w0"}), 4);
  check(phrase(kBody, {"w0", "w0", "w0"}), 4);
  check(phrase(kBody, {"w1", "w3"}, {4, 2}), 4);
  check(phrase(kBody, {"w1", "w0"}, {0, 0}), 4);
  check(phrase(kBody, {"w0", "w1"}, {3, 9}), 4);
  check(phrase(kBody, {"w5", "unknown"}), 4);
  check(phrase(kCode, {"w0", "w2"}), 4);
  check(phrase(kTitle, {"w2", "early"}), 4);
  check(phrase(77, {"a", "b"}), 4);
}

TEST(Scorer, Ranges) {
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (const auto& [lo, hi] : std::vector<std::pair<int64_t, int64_t>>{
           {kMin, kMax}, {-50, 20}, {0, 0}, {60, kMax}, {kMin, -99}, {5, 4}, {1000, 2000}})
    check(range_i64(kYear, lo, hi), 5);
  check(range_i64(kFlag, 1, 1), 5);
  check(range_i64(kFlag, 0, 5), 5);
  check(range_i64(77, 0, 5), 5);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (const auto& [lo, hi] : std::vector<std::pair<double, double>>{{-kInfinity, kInfinity},
                                                                     {0.0, 0.0},
                                                                     {-0.0, -0.0},
                                                                     {0.0, -0.0},
                                                                     {-0.0, 3.25},
                                                                     {-2.5, 0.0},
                                                                     {kInfinity, kInfinity},
                                                                     {-kInfinity, -8.5},
                                                                     {0.1, 0.9},
                                                                     {3, 2},
                                                                     {1e300, kInfinity},
                                                                     {nan, 1},
                                                                     {1, nan}}) {
    check(range_f64(kPrice, lo, hi), 6);
    check(range_f64(kWeight, lo, hi), 6);
  }
  for (const auto& [lo, hi] : std::vector<std::pair<std::string, std::string>>{{"[t12", "t15]"},
                                                                               {"(t12", "t15)"},
                                                                               {"[t120", "t15x]"},
                                                                               {"", "t3)"},
                                                                               {"(t9", ""},
                                                                               {"[t9", ""},
                                                                               {"", ""},
                                                                               {"[t5", "t5]"},
                                                                               {"[t5", "t5)"},
                                                                               {"[z", ""},
                                                                               {"", "a]"}})
    check(range_str(kTag, lo, hi), 7);
}

TEST(Scorer, RangesOfTerms) {
  for (const FieldId field : {kBody, kTitle, kLabel, kCode, kIdField})
    for (const auto& [lo, hi] : std::vector<std::pair<std::string, std::string>>{{"[w1", "w2]"},
                                                                                 {"(w1", "w2)"},
                                                                                 {"", "w10)"},
                                                                                 {"[w5", ""},
                                                                                 {"(l1", "l3]"},
                                                                                 {"", ""},
                                                                                 {"[w3", "w1]"},
                                                                                 {"[x", ""},
                                                                                 {"[id12", "id2)"}})
      check(range_str(field, lo, hi), 13);
}

TEST(Scorer, MultiTerms) {
  for (const FieldId field : {kBody, kTag, kLabel, kCode, kIdField, FieldId{77}})
    for (const char* pattern :
         {"*", "w*", "w1*", "*1", "rare*", "t*2", "l*", "id1*7*", "early", "none*"})
      check(multi_term(field, pattern), 14);
  // So few documents that they are kept as a list, with some in two of the terms.
  check(multi_term(kIdField, "id123*"), 14);
  auto boosted = multi_term(kTag, "t1*");
  boosted->boost = 0.3f;
  check(std::move(boosted), 14);
}

TEST(Scorer, SloppyPhrases) {
  for (uint32_t slop = 0; slop < 5; ++slop) {
    SCOPED_TRACE(slop);
    check(sloppy(kBody, {"w0", "w1"}, slop), 15);
    check(sloppy(kBody, {"w1", "w0", "w2"}, slop, {0, 2, 3}), 15);
    check(sloppy(kBody, {"w0", "w0"}, slop), 15);
    check(sloppy(kBody, {"w0", "w1", "w0"}, slop), 15);
    check(sloppy(kBody, {"w3", "w0|w1|unknown"}, slop), 15);
    check(sloppy(kBody, {"w0|w2", "w1", "w0|w5"}, slop), 15);
    check(sloppy(kTitle, {"w0", "w1|w2", "w2|w3"}, slop), 15);
    check(sloppy(kCode, {"w0", "early|w1"}, slop), 15);
    check(sloppy(kBody, {"w0", "unknown"}, slop), 15);
    check(sloppy(kBody, {"early", "rare3"}, slop), 15);
    check(sloppy(77, {"w0", "w1"}, slop), 15);
  }
}

TEST(Scorer, TermsWithAnotherDocumentFrequency) {
  auto q = term(kBody, "w3");
  q->doc_freq = 2500;
  check(std::move(q), 16);
  q = term(kBody, "rare1", 0.5f);
  q->doc_freq = 1;
  check(std::move(q), 16);
}

TEST(Scorer, Exists) {
  for (FieldId field = 0; field < 10; ++field) check(make(QueryKind::kExists, field, 2.0f), 8);
  check(make(QueryKind::kExists, 77), 8);
}

TEST(Scorer, Constants) {
  check(make(QueryKind::kMatchAll, 0, 0.1f), 9);
  check(make(QueryKind::kMatchNone), 9);
  check(constant(phrase(kBody, {"w0", "w1"}), 0.3f), 9);
}

TEST(Scorer, Booleans) {
  using enum Occur;
  check(with(with(boolean(), kMust, term(kBody, "w1")), kMust, term(kBody, "w8")), 10);
  check(with(with(boolean(), kMustNot, term(kBody, "w1")), kShould, term(kBody, "w8")), 10);
  check(with(boolean(), kMustNot, term(kBody, "w1")), 10);
  check(boolean(), 10);
  check(boolean(1), 10);
  check(with(with(boolean(0, 2.5f), kFilter, term(kTag, "t1")), kShould, term(kBody, "w0", 0.1f)),
        10);
  for (uint32_t minimum = 0; minimum < 7; ++minimum) {
    auto q = boolean(minimum);
    for (const char* word : {"w0", "w2", "w5", "w9", "early"})
      q = with(std::move(q), kShould, term(kBody, word, 0.7f));
    check(std::move(q), 11);
  }
  // More clauses than a counter of few bits holds.
  auto many = boolean(40);
  for (int i = 0; i < 100; ++i)
    many = with(
        std::move(many), kShould,
        i % 2 == 0 ? term(kBody, "w" + std::to_string(i % 12)) : range_i64(kYear, i - 100, 100));
  check(std::move(many), 12);
}

TEST(Scorer, RandomTrees) {
  for (uint32_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    check(QueryMaker(seed).tree(1 + seed % 4), seed);
    if (HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace diagon::search
