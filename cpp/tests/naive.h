// A search engine as plain as it can be: it looks at every document. What the real one finds must
// equal what this one finds, and scores to the bit.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>
#include <vector>

#include "diagon/index/snapshot.h"
#include "diagon/postings/norms.h"
#include "diagon/search/query.h"
#include "diagon/search/similarity.h"
#include "diagon/termdict/automaton.h"
#include "tests/documents.h"
#include "tests/naive_phrase.h"

namespace diagon::testing {

class Naive {
 public:
  struct Result {
    bool match = false;
    double score = 0;
  };
  // A user's function: whether its leaf is true for the document at hand.
  using Udf = std::function<bool(uint32_t leaf)>;

  // Documents' sources are numbers, indices into `docs`, which must outlive this.
  Naive(std::shared_ptr<const index::Snapshot> snapshot, const std::vector<Doc>& docs)
      : snapshot_(std::move(snapshot)), fields_(all_fields()) {
    for (size_t s = 0; s < snapshot_->size(); ++s) {
      const index::SegmentReader& reader = *snapshot_->segment(s).reader;
      segments_.emplace_back();
      for (DocId d = 0; d < reader.max_doc(); ++d)
        add(segments_.back(), docs.at(std::stoul(source_of(reader, d))));
    }
    for (const auto& field : fields_) tables_[field.id] = search::make_norm_table(stats_[field.id]);
  }

  const index::Snapshot& snapshot() const { return *snapshot_; }
  const Doc& doc(size_t segment, DocId d) const { return *segments_[segment][d].doc; }
  bool is_live(size_t segment, DocId d) const { return snapshot_->segment(segment).is_live(d); }
  const index::FieldStats& stats(FieldId field) { return stats_[field]; }

  Result evaluate(const search::Query& query, size_t segment, DocId d, const Udf& udf = {}) const {
    return evaluate(query, segments_[segment][d], 1.0f, udf);
  }

 private:
  struct View {
    const Doc* doc;
    std::map<FieldId, std::unordered_map<std::string, std::set<uint32_t>>> positions;
    std::map<FieldId, std::unordered_map<std::string, uint32_t>> freqs;
  };

  void add(std::vector<View>& segment, const Doc& doc) {
    View view{&doc, {}, {}};
    view.positions[kIdField][doc.id].insert(0);
    view.freqs[kIdField][doc.id] = 1;
    for (const auto& [field, list] : doc.tokens)
      for (const auto& [term, position] : list) {
        view.positions[field][term].insert(position);
        const bool counts = fields_[field].postings == schema::PostingsKind::kFreqsPositions;
        uint32_t& freq = view.freqs[field][term];
        freq = counts ? freq + 1 : 1;
      }
    for (const auto& [field, terms] : view.freqs) {
      ++stats_[field].doc_count;
      for (const auto& [term, freq] : terms) {
        stats_[field].sum_total_term_freq += freq;
        ++doc_freqs_[{field, term}];
      }
    }
    segment.push_back(std::move(view));
  }

  static uint32_t freq(const View& view, FieldId field, const std::string& term) {
    const auto terms = view.freqs.find(field);
    if (terms == view.freqs.end()) return 0;
    const auto at = terms->second.find(term);
    return at == terms->second.end() ? 0 : at->second;
  }

  static uint32_t phrase_freq(const View& view, const search::Query& query) {
    for (const std::string& term : query.terms)
      if (freq(view, query.field, term) == 0) return 0;
    const auto& positions = view.positions.at(query.field);
    uint32_t count = 0;
    for (const uint32_t p : positions.at(query.terms[0])) {
      const int64_t start = int64_t{p} - query.positions[0];
      bool all = start >= 0;
      for (size_t t = 0; t < query.terms.size() && all; ++t)
        all = positions.at(query.terms[t])
                  .contains(static_cast<uint32_t>(start + query.positions[t]));
      count += all ? 1 : 0;
    }
    return count;
  }

  static float sloppy_freq(const View& view, const search::Query& query) {
    NaivePhrase phrase;
    phrase.slop = query.slop;
    for (size_t t = 0; t < query.terms.size(); ++t) {
      if (query.slots[t] == phrase.slots.size())
        phrase.slots.push_back({query.positions[t], {}, {}});
      NaivePhrase::Slot& slot = phrase.slots.back();
      slot.terms.insert(query.terms[t]);
      if (freq(view, query.field, query.terms[t]) == 0) continue;
      const auto& at = view.positions.at(query.field).at(query.terms[t]);
      slot.positions.insert(at.begin(), at.end());
    }
    return phrase.frequency();
  }

  template <typename Accepts>
  static bool any_term(const View& view, FieldId field, Accepts accepts) {
    const auto terms = view.freqs.find(field);
    return terms != view.freqs.end() &&
           std::any_of(terms->second.begin(), terms->second.end(),
                       [&](const auto& term) { return accepts(term.first); });
  }

  Result scored(const View& view, const search::Query& query, float boost, float freq) const {
    if (freq == 0) return {};
    double idf = 0;
    for (const std::string& term : query.terms) {
      const auto at = doc_freqs_.find({query.field, term});
      const uint64_t own = at == doc_freqs_.end() ? 0 : at->second;
      idf +=
          search::idf(query.doc_freq == 0 ? own : query.doc_freq, stats_.at(query.field).doc_count);
    }
    uint8_t norm = 1;
    if (fields_[query.field].norms) {
      const auto length = view.doc->lengths.find(query.field);
      norm = length == view.doc->lengths.end() ? 0 : postings::encode_length(length->second);
    }
    return {true,
            search::bm25(boost * static_cast<float>(idf), freq, (*tables_.at(query.field))[norm])};
  }

  bool exists(const View& view, FieldId field) const {
    if (field == kIdField) return true;
    if (field >= fields_.size()) return false;
    if (fields_[field].column != schema::ColumnKind::kNone)
      return view.doc->numbers.contains(field) || view.doc->strings.contains(field);
    if (fields_[field].norms) return view.doc->lengths.contains(field);
    return view.doc->tokens.contains(field);
  }

  template <typename Inside>
  static bool any_number(const View& view, FieldId field, Inside inside) {
    const auto at = view.doc->numbers.find(field);
    return at != view.doc->numbers.end() &&
           std::any_of(at->second.begin(), at->second.end(), inside);
  }

  static bool string_in_range(const View& view, const search::Query& q) {
    return any_term(view, q.field, [&](const std::string& s) {
      return (!q.has_lo || (q.include_lo ? s >= q.lo_str : s > q.lo_str)) &&
             (!q.has_hi || (q.include_hi ? s <= q.hi_str : s < q.hi_str));
    });
  }

  // Functions of the tests: weights, squares of the smallest value, and straight lines.
  static double function_value(const search::FunctionSpec& f, const View& view) {
    std::vector<double> values;
    if (const auto at = view.doc->numbers.find(f.field); at != view.doc->numbers.end())
      for (const uint64_t bits : at->second)
        values.push_back(static_cast<double>(static_cast<int64_t>(bits)));
    switch (f.kind) {
      case search::FunctionKind::kFieldValue: {
        if (values.empty() && !f.has_missing) return std::numeric_limits<double>::quiet_NaN();
        const double v =
            (values.empty() ? f.missing : *std::min_element(values.begin(), values.end())) *
            f.factor;
        return f.weight * (v * v);
      }
      case search::FunctionKind::kDecay: {
        double distance = values.empty() ? 0 : std::numeric_limits<double>::infinity();
        for (const double v : values) distance = std::min(distance, std::abs(v - f.origin));
        const double scale = f.scale / (1 - f.decay);
        return f.weight * std::max(0.0, (scale - distance) / scale);
      }
      default:
        return f.weight;
    }
  }

  Result function_score(const search::Query& q, const View& view, float boost,
                        const Udf& udf) const {
    const search::FunctionScore& spec = *q.function_score;
    Result result = evaluate(*q.clauses[0].query, view, boost, udf);
    if (!result.match) return {};
    std::vector<double> values;
    for (const search::FunctionSpec& f : spec.functions)
      if (f.filter == 0 || evaluate(*q.clauses[f.filter].query, view, boost, udf).match)
        values.push_back(function_value(f, view));
    double factor = 1;
    if (!values.empty()) {
      factor = values[0];
      for (size_t i = 1; i < values.size(); ++i) {
        if (spec.score_mode == search::ScoreMode::kMultiply) factor *= values[i];
        if (spec.score_mode == search::ScoreMode::kMax) factor = std::max(factor, values[i]);
        if (spec.score_mode == search::ScoreMode::kMin) factor = std::min(factor, values[i]);
      }
    }
    if (!spec.functions.empty()) {
      factor = std::min(factor, spec.max_boost);
      switch (spec.boost_mode) {
        case search::BoostMode::kMultiply:
          result.score *= factor;
          break;
        case search::BoostMode::kReplace:
          result.score = factor;
          break;
        default:
          result.score += factor;
      }
    }
    if (spec.has_min_score && static_cast<float>(result.score) < spec.min_score) return {};
    return result;
  }

  Result evaluate(const search::Query& q, const View& view, float boost, const Udf& udf) const {
    using search::QueryKind;
    boost *= q.boost;
    const auto constant = [boost](bool match) { return Result{match, match ? boost : 0.0}; };
    switch (q.kind) {
      case QueryKind::kMatchAll:
        return constant(true);
      case QueryKind::kMatchNone:
        return {};
      case QueryKind::kTerm:
        return scored(view, q, boost, static_cast<float>(freq(view, q.field, q.terms[0])));
      case QueryKind::kTermSet:
        return constant(std::any_of(q.terms.begin(), q.terms.end(), [&](const std::string& term) {
          return freq(view, q.field, term) != 0;
        }));
      case QueryKind::kMultiTerm:
        return constant(any_term(view, q.field, [&](const std::string& term) {
          uint32_t state = q.automaton->start();
          for (const char c : term) state = q.automaton->next(state, static_cast<uint8_t>(c));
          return q.automaton->accepts(state) != 0;
        }));
      case QueryKind::kPhrase:
        return scored(view, q, boost, static_cast<float>(phrase_freq(view, q)));
      case QueryKind::kSloppyPhrase:
        return scored(view, q, boost, sloppy_freq(view, q));
      case QueryKind::kRangeI64:
        return constant(any_number(view, q.field, [&](uint64_t bits) {
          const int64_t v = static_cast<int64_t>(bits);
          return v >= q.lo_i64 && v <= q.hi_i64;
        }));
      case QueryKind::kRangeF64:
        return constant(any_number(view, q.field, [&](uint64_t bits) {
          const double v = std::bit_cast<double>(bits);
          return v >= q.lo_f64 && v <= q.hi_f64;
        }));
      case QueryKind::kRangeStr:
        return constant(string_in_range(view, q));
      case QueryKind::kExists:
        return constant(exists(view, q.field));
      case QueryKind::kConstant:
        return constant(evaluate(*q.clauses[0].query, view, boost, udf).match);
      case QueryKind::kUdf:
        return constant(udf(q.leaf));
      case QueryKind::kDisMax: {
        Result best;
        double others = 0;
        for (const search::Clause& clause : q.clauses) {
          const Result child = evaluate(*clause.query, view, boost, udf);
          if (!child.match) continue;
          best.match = true;
          others += std::min(best.score, child.score);
          best.score = std::max(best.score, child.score);
        }
        best.score += others * q.factor;
        return best;
      }
      case QueryKind::kBoosting: {
        Result positive = evaluate(*q.clauses[0].query, view, boost, udf);
        if (evaluate(*q.clauses[1].query, view, boost, udf).match) positive.score *= q.factor;
        return positive.match ? positive : Result{};
      }
      case QueryKind::kFunctionScore:
        return function_score(q, view, boost, udf);
      case QueryKind::kBool:
        break;
    }
    Result result{true, 0};
    uint32_t optional = 0;
    for (const search::Clause& clause : q.clauses) {
      const Result child = evaluate(*clause.query, view, boost, udf);
      switch (clause.occur) {
        case search::Occur::kMust:
          result.score += child.score;
          result.match &= child.match;
          break;
        case search::Occur::kFilter:
          result.match &= child.match;
          break;
        case search::Occur::kShould:
          if (child.match) result.score += child.score;
          optional += child.match ? 1 : 0;
          break;
        case search::Occur::kMustNot:
          result.match &= !child.match;
          break;
      }
    }
    result.match &= optional >= q.minimum_should_match;
    return result.match ? result : Result{};
  }

  std::shared_ptr<const index::Snapshot> snapshot_;
  std::vector<schema::Field> fields_;
  std::vector<std::vector<View>> segments_;
  std::map<FieldId, index::FieldStats> stats_;
  std::map<std::pair<FieldId, std::string>, uint64_t> doc_freqs_;
  std::map<FieldId, std::shared_ptr<const search::NormTable>> tables_;
};

}  // namespace diagon::testing
