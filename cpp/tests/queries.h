// Queries, a corpus for them, and random ones of every kind.
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "diagon/search/query.h"
#include "diagon/search/weight.h"
#include "tests/automata.h"
#include "tests/documents.h"
#include "tests/helpers.h"
#include "tests/naive.h"

namespace diagon::testing {

using search::Clause;
using search::Occur;
using search::Query;
using search::QueryKind;
using search::QueryPtr;
using MutableQuery = std::unique_ptr<Query>;

inline MutableQuery make(QueryKind kind, FieldId field = 0, float boost = 1.0f) {
  auto q = std::make_unique<Query>();
  q->kind = kind;
  q->field = field;
  q->boost = boost;
  return q;
}
inline MutableQuery term(FieldId field, const std::string& word, float boost = 1.0f) {
  auto q = make(QueryKind::kTerm, field, boost);
  q->terms = {word};
  return q;
}
inline MutableQuery term_set(FieldId field, const std::vector<std::string>& words) {
  auto q = make(QueryKind::kTermSet, field);
  q->terms = words;
  return q;
}
inline MutableQuery phrase(FieldId field, const std::vector<std::string>& words,
                           std::vector<uint32_t> positions = {}) {
  auto q = make(QueryKind::kPhrase, field);
  q->terms = words;
  for (uint32_t i = 0; positions.size() < words.size(); ++i) positions.push_back(i);
  q->positions = std::move(positions);
  return q;
}
// Alternatives are parted by "|".
inline MutableQuery sloppy(FieldId field, const std::vector<std::string>& places, uint32_t slop,
                           const std::vector<uint32_t>& positions = {}) {
  auto q = make(QueryKind::kSloppyPhrase, field);
  q->slop = slop;
  for (uint32_t s = 0; s < places.size(); ++s) {
    std::stringstream words(places[s]);
    for (std::string word; std::getline(words, word, '|');) {
      q->terms.push_back(word);
      q->slots.push_back(s);
      q->positions.push_back(positions.empty() ? s : positions[s]);
    }
  }
  return q;
}
// Terms that begin with the words' letters, of which "*" is any number of any byte.
inline MutableQuery multi_term(FieldId field, const std::string& pattern) {
  auto q = make(QueryKind::kMultiTerm, field);
  q->automaton = wildcard_automaton(pattern);
  return q;
}
inline MutableQuery range_i64(FieldId field, int64_t lo, int64_t hi) {
  auto q = make(QueryKind::kRangeI64, field);
  q->lo_i64 = lo;
  q->hi_i64 = hi;
  return q;
}
inline MutableQuery range_f64(FieldId field, double lo, double hi) {
  auto q = make(QueryKind::kRangeF64, field);
  q->lo_f64 = lo;
  q->hi_f64 = hi;
  return q;
}
// Bounds as "[a", "(a", "b]", "b)"; an empty string is open.
inline MutableQuery range_str(FieldId field, const std::string& lo, const std::string& hi) {
  auto q = make(QueryKind::kRangeStr, field);
  q->has_lo = !lo.empty();
  q->has_hi = !hi.empty();
  if (q->has_lo) q->include_lo = lo[0] == '[';
  if (q->has_lo) q->lo_str = lo.substr(1);
  if (q->has_hi) q->include_hi = hi.back() == ']';
  if (q->has_hi) q->hi_str = hi.substr(0, hi.size() - 1);
  return q;
}
inline MutableQuery constant(MutableQuery inner, float boost = 1.0f) {
  auto q = make(QueryKind::kConstant, 0, boost);
  q->clauses.push_back({Occur::kFilter, std::move(inner)});
  return q;
}
inline MutableQuery udf(uint32_t leaf, float boost = 1.0f) {
  auto q = make(QueryKind::kUdf, 0, boost);
  q->leaf = leaf;
  return q;
}
inline MutableQuery boolean(uint32_t minimum_should_match = 0, float boost = 1.0f) {
  auto q = make(QueryKind::kBool, 0, boost);
  q->minimum_should_match = minimum_should_match;
  return q;
}
inline MutableQuery with(MutableQuery q, Occur occur, MutableQuery clause) {
  q->clauses.push_back({occur, std::move(clause)});
  return q;
}

// An index in a folder of its own, and its twin.
struct Corpus {
  // A segment for each of `sizes`; `delete_percent` of the documents are deleted again.
  Corpus(const std::vector<uint32_t>& sizes, uint32_t seed, uint32_t delete_percent)
      : random(seed) {
    const auto writer = open_writer(folder.path());
    for (size_t s = 0; s < sizes.size(); ++s) {
      const size_t begin = docs.size();
      // Columns of every second segment have several values in some documents.
      for (uint32_t d = 0; d < sizes[s]; ++d) docs.push_back(make_doc(d, s % 2 == 0));
      add(*writer, {docs.begin() + static_cast<ptrdiff_t>(begin), docs.end()});
      writer->refresh();
    }
    for (const Doc& doc : docs)
      if (random() % 100 < delete_percent) writer->delete_document(doc.id);
    snapshot = writer->refresh();
    naive = std::make_unique<Naive>(snapshot, docs);
  }

  std::shared_ptr<const search::PreparedQuery> prepare(std::shared_ptr<const Query> query,
                                                       bool with_scores = true) const {
    return std::make_shared<const search::PreparedQuery>(snapshot, std::move(query), with_scores);
  }

  // Words "w0" to "w59" by a power law; "early" ones stand in the first documents only; "rare0"
  // to "rare9" in one each.
  std::string word(uint32_t d) {
    if (d < 300 && random() % 20 == 0) return "early";
    const double u = std::uniform_real_distribution<double>(0, 1)(random);
    return "w" + std::to_string(static_cast<int>(60 * u * u * u));
  }

  Doc make_doc(uint32_t d, bool multi) {
    const auto one_in = [&](uint32_t n) { return random() % n == 0; };
    const auto words = [&](uint32_t most) {
      std::vector<std::string> list(random() % most);
      for (std::string& w : list) w = word(d);
      return list;
    };
    const auto values = [&] { return multi ? random() % 4 : random() % 5 == 0 ? 0u : 1u; };
    Doc doc;
    doc.id = "id" + std::to_string(docs.size());
    doc.source = std::to_string(docs.size());
    // Frequencies and lengths change along the way, so that blocks have different bounds.
    if (!one_in(20)) doc.text(kBody, words(d / 1000 % 2 == 0 ? 40 : 6));
    if (docs.size() % 997 == 0)
      doc.tokens[kBody].emplace_back("rare" + std::to_string(docs.size() / 997 % 10), 90);
    for (size_t n = values(); n != 0; --n) doc.keyword(kTag, "t" + std::to_string(random() % 20));
    for (size_t n = values(); n != 0; --n) {
      constexpr double kSpecial[] = {0.0, -0.0, std::numeric_limits<double>::infinity(),
                                     -std::numeric_limits<double>::infinity(),
                                     std::numeric_limits<double>::quiet_NaN()};
      const double v = one_in(10) ? kSpecial[random() % 5]
                                  : std::uniform_real_distribution<double>(-9, 9)(random);
      doc.numbers[kPrice].push_back(std::bit_cast<uint64_t>(v));
    }
    for (size_t n = values(); n != 0; --n)
      doc.numbers[kWeight].push_back(
          std::bit_cast<uint64_t>(static_cast<double>(static_cast<int>(random() % 100) - 50)));
    for (size_t n = values(); n != 0; --n)
      doc.numbers[kYear].push_back(
          static_cast<uint64_t>(int64_t{d} / 50 - 100 + static_cast<int64_t>(random() % 9)));
    if (!one_in(3)) doc.numbers[kFlag].push_back(random() % 2);
    if (!one_in(4)) {
      doc.text(kTitle, words(6));
      std::string all;
      for (const auto& [t, p] : doc.tokens[kTitle]) all += t + " ";
      doc.strings[kTitle].push_back(all);
      if (doc.tokens[kTitle].empty()) doc.tokens.erase(kTitle);
    }
    if (one_in(3)) doc.tokens[kLabel].emplace_back("l" + std::to_string(random() % 5), 0);
    if (one_in(2)) {
      doc.text(kCode, words(5));
      doc.lengths.erase(kCode);
      if (doc.tokens[kCode].empty()) doc.tokens.erase(kCode);
    }
    if (doc.tokens[kBody].empty()) doc.tokens.erase(kBody);
    return doc;
  }

  std::mt19937 random;
  TempFolder folder;
  std::vector<Doc> docs;
  std::shared_ptr<const index::Snapshot> snapshot;
  std::unique_ptr<Naive> naive;
};

// Makes random trees.
class QueryMaker {
 public:
  explicit QueryMaker(uint32_t seed) : random_(seed) {}

  // A query without others inside.
  MutableQuery simple() {
    const auto word = [this] {
      return below(12) == 0 ? std::string("early") : "w" + std::to_string(below(4) * below(16));
    };
    MutableQuery q;
    switch (below(17)) {
      case 0:
        q = make(QueryKind::kMatchAll);
        break;
      case 1:
        q = make(QueryKind::kMatchNone);
        break;
      case 2:
        q = term(kTag, "t" + std::to_string(below(22)));
        break;
      case 3:
        q = term_set(kBody, {word(), word(), "unknown"});
        break;
      case 4:
        q = phrase(kBody, {word(), word()}, {below(2), 1});
        break;
      case 5:
        q = range_i64(kYear, int64_t{below(100)} - 100, int64_t{below(200)} - 100);
        break;
      case 6:
        q = range_f64(below(2) == 0 ? kPrice : kWeight, below(10) - 9.5, below(50) - 9.0);
        break;
      case 7:
        q = range_str(kTag, "[t" + std::to_string(below(20)),
                      "t" + std::to_string(below(20)) + ")");
        break;
      case 8:
        q = make(QueryKind::kExists, 1 + below(9));
        break;
      case 9:
        q = constant(term(kBody, word()));
        break;
      case 10:
        q = multi_term(below(2) == 0 ? kTag : kCode,
                       below(2) == 0 ? "t1*" : "*" + word().substr(1));
        break;
      case 11:
        q = sloppy(kBody, {word() + "|" + word(), word()}, below(3), {0, 1 + below(2)});
        break;
      case 12:
        q = range_str(below(2) == 0 ? kBody : kLabel, "(" + word(), word() + "]");
        break;
      default:
        q = term(below(3) == 0 ? kCode : kBody, word());
    }
    q->boost = boost();
    return q;
  }

  // A tree. With a `udf_percent`, so many of its leaves are a user's function, numbered from 0; no
  // more than `most_udfs`.
  MutableQuery tree(uint32_t depth, uint32_t udf_percent = 0, uint32_t most_udfs = 0) {
    if (below(100) < udf_percent && udfs_ < most_udfs) return udf(udfs_++, boost());
    if (depth == 0 || below(6) == 0) return simple();
    if (below(8) == 0) return constant(tree(depth - 1, udf_percent, most_udfs), boost());
    if (compounds && below(4) == 0) return compound(depth, udf_percent, most_udfs);
    auto q = boolean(0, boost());
    const uint32_t clauses = 1 + below(4);
    uint32_t optional = 0;
    for (uint32_t i = 0; i < clauses; ++i) {
      const Occur occur = kOccurs[below(std::size(kOccurs))];
      optional += occur == Occur::kShould ? 1 : 0;
      q = with(std::move(q), occur, tree(depth - 1, udf_percent, most_udfs));
    }
    // Now and then more than there are clauses, or than a user would ask for.
    q->minimum_should_match = below(20) == 0  ? optional + 1
                              : optional == 0 ? 0
                                              : below(optional + 1);
    return q;
  }
  // Whether trees have queries that change the scores of others.
  bool compounds = true;
  // Such a query.
  MutableQuery compound(uint32_t depth, uint32_t udf_percent, uint32_t most_udfs) {
    const auto inner = [&] { return tree(depth - 1, udf_percent, most_udfs); };
    const uint32_t kind = below(3);
    if (kind == 0) {
      auto q = make(QueryKind::kDisMax, 0, boost());
      q->factor = static_cast<float>(below(3)) / 2;
      for (uint32_t i = 0; i < 1 + below(3); ++i) q = with(std::move(q), Occur::kShould, inner());
      return q;
    }
    auto q = make(kind == 1 ? QueryKind::kBoosting : QueryKind::kFunctionScore, 0, boost());
    q = with(std::move(q), Occur::kMust, inner());
    if (kind == 1) {
      q->factor = static_cast<float>(below(5)) / 2;
      return with(std::move(q), Occur::kFilter, inner());
    }
    using search::ScoreMode;
    constexpr ScoreMode kScoreModes[] = {ScoreMode::kMultiply, ScoreMode::kMax, ScoreMode::kMin};
    auto spec = std::make_shared<search::FunctionScore>();
    spec->score_mode = kScoreModes[below(3)];
    spec->boost_mode = static_cast<search::BoostMode>(below(3));
    if (below(3) == 0) spec->max_boost = 2;
    spec->has_min_score = below(3) == 0;
    spec->min_score = static_cast<float>(below(4)) / 2;
    for (uint32_t i = below(4); i != 0; --i) {
      search::FunctionSpec function;
      function.kind = std::array{search::FunctionKind::kWeight, search::FunctionKind::kFieldValue,
                                 search::FunctionKind::kDecay}[below(3)];
      function.weight = static_cast<double>(below(5)) / 2;
      function.field = kYear;
      function.factor = 0.125;
      function.modifier = search::Modifier::kSquare;
      function.has_missing = true;
      function.missing = 3;
      function.shape = search::DecayShape::kLinear;
      function.origin = static_cast<double>(below(150)) - 100;
      function.scale = 1 + below(30);
      if (below(2) == 0) {
        q = with(std::move(q), Occur::kFilter, inner());
        function.filter = static_cast<uint32_t>(q->clauses.size() - 1);
      }
      spec->functions.push_back(function);
    }
    q->function_score = std::move(spec);
    return q;
  }
  uint32_t udfs() const { return udfs_; }
  uint32_t below(size_t n) { return static_cast<uint32_t>(random_() % n); }

 private:
  static constexpr Occur kOccurs[] = {Occur::kMust,   Occur::kMust,   Occur::kFilter,
                                      Occur::kShould, Occur::kShould, Occur::kMustNot};
  float boost() {
    constexpr float kBoosts[] = {1.0f, 1.0f, 2.0f, 0.5f, 0.0f, 1.375f};
    return kBoosts[random_() % std::size(kBoosts)];
  }
  std::mt19937 random_;
  uint32_t udfs_ = 0;
};

}  // namespace diagon::testing
