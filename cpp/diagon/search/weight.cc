#include "diagon/search/weight.h"

#include <algorithm>
#include <cmath>

#include "diagon/search/compound_scorers.h"
#include "diagon/search/postings_union.h"
#include "diagon/search/range_scorer.h"
#include "diagon/search/simple_scorers.h"
#include "diagon/util/error.h"

namespace diagon::search {
namespace {

using docvalues::ColumnReader;
using schema::ColumnKind;

ScorerPtr none() { return std::make_unique<MatchNoneScorer>(); }

ScorerPtr or_none(ScorerPtr scorer) {
  if (scorer == nullptr) return none();
  return scorer;
}

// The stored integers of a column of doubles that stand for values in [lo, hi]; false if there are
// none.
bool stored_range(const ColumnReader& column, double lo, double hi, int64_t& from, int64_t& to) {
  if (!(lo <= hi)) return false;
  if (!column.whole_doubles()) {
    // -0.0 and 0.0 are equal numbers but neighbours in the sortable order.
    from = docvalues::sortable_from_double(lo == 0 ? -0.0 : lo);
    to = docvalues::sortable_from_double(hi == 0 ? 0.0 : hi);
    return true;
  }
  // Whole values are below 2^53 in magnitude, so that clamped bounds lose nothing.
  constexpr double kLimit = 9007199254740992.0;
  from = static_cast<int64_t>(std::ceil(std::clamp(lo, -kLimit, kLimit)));
  to = static_cast<int64_t>(std::floor(std::clamp(hi, -kLimit, kLimit)));
  return from <= to;
}

}  // namespace

PreparedQuery::PreparedQuery(std::shared_ptr<const index::Snapshot> snapshot,
                             std::shared_ptr<const Query> query, bool with_scores)
    : snapshot_(std::move(snapshot)), query_(std::move(query)), with_scores_(with_scores) {
  NormTables tables;
  root_ = prepare(*query_, 1.0f, with_scores, 0, tables);
}

Weight PreparedQuery::prepare(const Query& query, float boost, bool scored, uint32_t depth,
                              NormTables& tables) const {
  if (depth > kMaxDepth) throw_invalid("the query is nested too deeply");
  if (!(query.boost >= 0) || !std::isfinite(query.boost))
    throw_invalid("a boost must be a finite number and not negative");
  Weight weight;
  weight.query = &query;
  weight.boost = boost * query.boost;
  if (!std::isfinite(weight.boost)) throw_invalid("the product of nested boosts is too large");
  if (query.kind == QueryKind::kTerm && query.terms.size() != 1)
    throw_invalid("a term query needs one term");
  if (query.kind == QueryKind::kConstant && query.clauses.size() != 1)
    throw_invalid("a constant score needs one query");
  if (query.clauses.size() > UINT16_MAX)
    throw_invalid("more than 65,535 clauses in one boolean query");
  weight.scored = scored;
  check_compound(query);
  if (query.kind == QueryKind::kFunctionScore) weight.scored |= query.function_score->has_min_score;
  if (query.kind == QueryKind::kMultiTerm && query.automaton == nullptr)
    throw_invalid("a multi-term query needs an automaton");
  if (query.kind == QueryKind::kTerm || query.kind == QueryKind::kPhrase ||
      query.kind == QueryKind::kSloppyPhrase)
    prepare_terms(weight, tables);
  // A function that nobody asks for a score is not called.
  weight.has_udf =
      query.kind == QueryKind::kUdf ||
      (query.kind == QueryKind::kFunctionScore && weight.scored && query.function_score->has_udf());
  weight.children.reserve(query.clauses.size());
  for (size_t i = 0; i < query.clauses.size(); ++i) {
    const bool boosts_functions =
        query.kind == QueryKind::kFunctionScore && query.function_score->boosts_functions;
    weight.children.push_back(prepare(*query.clauses[i].query,
                                      boosts_functions ? 1.0f : weight.boost,
                                      weight.takes_score_of(i), depth + 1, tables));
    weight.has_udf |= weight.children.back().has_udf;
  }
  return weight;
}

void PreparedQuery::prepare_terms(Weight& weight, NormTables& tables) const {
  const Query& query = *weight.query;
  const size_t terms = query.terms.size();
  const size_t segments = snapshot_->size();
  weight.metas.resize(terms * segments);
  for (size_t s = 0; s < segments; ++s) {
    const termdict::FieldTerms* field = snapshot_->segment(s).reader->terms(query.field);
    for (size_t t = 0; field != nullptr && t < terms; ++t) {
      if (const auto meta = field->lookup(query.terms[t])) weight.metas[s * terms + t] = *meta;
    }
  }
  if (!weight.scored) return;
  const index::FieldStats stats = snapshot_->field_stats(query.field);
  double sum = 0;
  for (size_t t = 0; t < terms; ++t) {
    uint64_t doc_freq = 0;
    for (size_t s = 0; s < segments; ++s) doc_freq += weight.metas[s * terms + t].doc_freq;
    if (query.kind == QueryKind::kTerm && query.doc_freq != 0)
      doc_freq = std::min(query.doc_freq, stats.doc_count);
    sum += idf(doc_freq, stats.doc_count);
  }
  weight.term_weight = weight.boost * static_cast<float>(sum);
  if (!std::isfinite(weight.term_weight)) throw_invalid("a boost is too large to score with");
  const auto known = std::ranges::find(tables, query.field, &NormTables::value_type::first);
  if (known != tables.end()) {
    weight.norm_table = known->second;
    return;
  }
  weight.norm_table = make_norm_table(stats);
  tables.emplace_back(query.field, weight.norm_table);
}

ScorerPtr PreparedQuery::scorer(const Weight& weight, size_t segment,
                                const Interrupt& interrupt) const {
  const index::SegmentReader& reader = *snapshot_->segment(segment).reader;
  switch (weight.query->kind) {
    case QueryKind::kMatchAll:
      return std::make_unique<MatchAllScorer>(reader.max_doc(), weight.boost);
    case QueryKind::kMatchNone:
      return none();
    case QueryKind::kTerm:
      return or_none(term_scorer(weight, segment));
    case QueryKind::kTermSet:
      return term_set_scorer(weight, segment, interrupt);
    case QueryKind::kMultiTerm:
      return multi_term_scorer(weight, segment, interrupt);
    case QueryKind::kPhrase:
      return or_none(phrase_scorer(weight, segment));
    case QueryKind::kSloppyPhrase:
      return or_none(sloppy_phrase_scorer(weight, segment));
    case QueryKind::kRangeI64:
    case QueryKind::kRangeF64:
    case QueryKind::kRangeStr:
      return range_scorer(weight, segment, interrupt);
    case QueryKind::kExists:
      return exists_scorer(weight, segment, interrupt);
    case QueryKind::kConstant:
      return std::make_unique<ConstantScorer>(scorer(weight.children.at(0), segment, interrupt),
                                              weight.boost);
    case QueryKind::kBool:
      return bool_scorer(weight, segment, interrupt);
    case QueryKind::kDisMax:
    case QueryKind::kBoosting:
    case QueryKind::kFunctionScore:
      return compound_scorer(weight, segment, interrupt);
    case QueryKind::kUdf:
      break;
  }
  throw Error(ErrorCode::kInternal, "a user-defined function has no native scorer");
}

TermScoring PreparedQuery::scoring(const Weight& weight, size_t segment) const {
  if (!weight.scored) return {};
  return {weight.norm_table, snapshot_->segment(segment).reader->norms(weight.query->field).norms,
          weight.term_weight};
}

std::unique_ptr<TermScorer> PreparedQuery::term_scorer(const Weight& weight, size_t segment) const {
  const postings::TermMeta& meta = weight.meta(segment, 0);
  if (meta.doc_freq == 0) return nullptr;
  const index::SegmentReader& reader = *snapshot_->segment(segment).reader;
  // Made where it stays: a cursor has room for a whole block.
  return std::make_unique<TermScorer>([&] { return reader.postings(weight.query->field, meta); },
                                      scoring(weight, segment));
}

ScorerPtr PreparedQuery::term_set_scorer(const Weight& weight, size_t segment,
                                         const Interrupt& interrupt) const {
  const index::SegmentReader& reader = *snapshot_->segment(segment).reader;
  const termdict::FieldTerms* terms = reader.terms(weight.query->field);
  if (terms == nullptr) return none();
  PostingsUnion docs(reader.max_doc(), interrupt);
  for (const std::string& term : weight.query->terms)
    if (const auto meta = terms->lookup(term))
      docs.add(reader.postings(weight.query->field, *meta));
  return docs.scorer(weight.boost);
}

std::unique_ptr<PhraseScorer> PreparedQuery::phrase_scorer(const Weight& weight,
                                                           size_t segment) const {
  const Query& query = *weight.query;
  if (query.terms.size() < 2 || query.terms.size() != query.positions.size())
    throw_invalid("a phrase needs two terms or more, and a position for each");
  const index::SegmentReader& reader = *snapshot_->segment(segment).reader;
  const index::FieldMeta* field = reader.field(query.field);
  if (field == nullptr) return nullptr;
  if (field->field.postings != schema::PostingsKind::kFreqsPositions)
    throw_invalid("the field `" + field->field.name + "` has no positions; a phrase needs them");
  std::vector<PhraseScorer::Term> terms;
  for (size_t t = 0; t < query.terms.size(); ++t) {
    const postings::TermMeta& meta = weight.meta(segment, t);
    if (meta.doc_freq == 0) return nullptr;
    terms.push_back({reader.postings(query.field, meta), query.positions[t]});
  }
  return std::make_unique<PhraseScorer>(std::move(terms), scoring(weight, segment));
}

ScorerPtr PreparedQuery::range_scorer(const Weight& weight, size_t segment,
                                      const Interrupt& interrupt) const {
  const Query& query = *weight.query;
  const auto& reader = snapshot_->segment(segment).reader;
  const ColumnReader* column = reader->column(query.field);
  if (query.kind == QueryKind::kRangeStr &&
      (column == nullptr || column->kind() == ColumnKind::kStrings ||
       column->kind() == ColumnKind::kTerms))
    return or_none(term_range_scorer(weight, segment, interrupt));
  if (column == nullptr) return none();
  const bool is_string = column->kind() == ColumnKind::kOrdinals;
  const bool is_double = column->kind() == ColumnKind::kF64;
  if (column->kind() == ColumnKind::kStrings || column->kind() == ColumnKind::kTerms ||
      is_string != (query.kind == QueryKind::kRangeStr) ||
      is_double != (query.kind == QueryKind::kRangeF64))
    throw_invalid("a range of another type than the column of field number " +
                  std::to_string(query.field));
  std::vector<Interval> intervals;
  const auto add = [&](int64_t lo, int64_t hi) {
    if (lo <= hi) intervals.push_back({lo, hi});
  };
  if (is_double) {
    const auto add_doubles = [&](double from, double to) {
      int64_t lo = 0;
      int64_t hi = 0;
      if (stored_range(*column, from, to, lo, hi)) add(lo, hi);
    };
    add_doubles(query.lo_f64, query.hi_f64);
    for (const auto& [from, to] : query.more_f64) add_doubles(from, to);
  } else if (is_string) {
    int64_t lo = 0;
    int64_t hi = int64_t{column->string_count()} - 1;
    if (query.has_lo) {
      uint32_t at = column->lower_bound(query.lo_str);
      if (!query.include_lo && at < column->string_count() && column->string(at) == query.lo_str)
        ++at;
      lo = at;
    }
    if (query.has_hi) {
      const uint32_t at = column->lower_bound(query.hi_str);
      const bool equal = at < column->string_count() && column->string(at) == query.hi_str;
      hi = int64_t{at} - (query.include_hi && equal ? 0 : 1);
    }
    add(lo, hi);
  } else {
    add(query.lo_i64, query.hi_i64);
    for (const auto& [lo, hi] : query.more_i64) add(lo, hi);
  }
  if (intervals.empty()) return none();
  return std::make_unique<RangeScorer>(reader, *column, merged(std::move(intervals)), weight.boost);
}

ScorerPtr PreparedQuery::exists_scorer(const Weight& weight, size_t segment,
                                       const Interrupt& interrupt) const {
  const auto& reader = snapshot_->segment(segment).reader;
  const FieldId field = weight.query->field;
  const DocId max_doc = reader->max_doc();
  if (const ColumnReader* column = reader->column(field)) {
    if (column->docs_with_value() == 0) return none();
    if (column->presence() == nullptr)
      return std::make_unique<MatchAllScorer>(max_doc, weight.boost);
    return std::make_unique<BitSetScorer>(column->presence(), reader, max_doc,
                                          column->docs_with_value(), weight.boost);
  }
  const index::NormsView norms = reader->norms(field);
  if (norms.presence != nullptr)
    return std::make_unique<BitSetScorer>(norms.presence, reader, max_doc, norms.docs_with_field,
                                          weight.boost);
  // Neither: the documents of all of the field's terms.
  const termdict::FieldTerms* terms = reader->terms(field);
  if (terms == nullptr) return none();
  PostingsUnion docs(max_doc, interrupt);
  termdict::FieldTerms::Iterator it(*terms, "");
  while (it.next()) docs.add(reader->postings(field, it.meta()));
  return docs.scorer(weight.boost);
}

}  // namespace diagon::search
