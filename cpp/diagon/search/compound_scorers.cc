#include "diagon/search/compound_scorers.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "diagon/search/weight.h"
#include "diagon/util/error.h"

namespace diagon::search {

void check_compound(const Query& query) {
  const bool factor_ok = query.factor >= 0 && std::isfinite(query.factor);
  switch (query.kind) {
    case QueryKind::kDisMax:
      if (!factor_ok || query.factor > 1) throw_invalid("a tie breaker must be from 0 to 1");
      break;
    case QueryKind::kBoosting:
      if (!factor_ok) throw_invalid("a negative boost must be a finite number and not negative");
      if (query.clauses.size() != 2) throw_invalid("boosting needs two queries");
      break;
    case QueryKind::kFunctionScore: {
      if (query.function_score == nullptr || query.clauses.empty())
        throw_invalid("a function score needs a query");
      for (const FunctionSpec& function : query.function_score->functions)
        if (function.filter >= query.clauses.size() || !(function.weight >= 0) ||
            !std::isfinite(function.weight) || !(function.scale > 0) || !(function.decay > 0) ||
            !(function.decay < 1))
          throw_invalid("a function of a function score is out of its range");
      for (const FunctionSpec& function : query.function_score->functions)
        if (!(function.bound >= 0)) throw_invalid("the bound of a function must not be negative");
      if (query.function_score->keeps_score && query.function_score->functions.size() != 1)
        throw_invalid("only one function can leave the query's score as it is");
      break;
    }
    default:
      break;
  }
}

// --- dis_max ---

DisMaxScorer::DisMaxScorer(std::vector<ScorerPtr> clauses, float tie_breaker, bool with_scores)
    : clauses_(std::move(clauses)),
      tie_breaker_(tie_breaker),
      matched_(clauses_.size() * kWindowWords) {
  if (!with_scores) return;
  scores_.resize(kWindowDocs);
  sums_.resize(kWindowDocs);
}

uint64_t DisMaxScorer::cost() const noexcept {
  uint64_t sum = 0;
  for (const ScorerPtr& clause : clauses_) sum += clause->cost();
  return sum;
}

DocId DisMaxScorer::lower_bound(DocId target) {
  DocId first = kNoMoreDocs;
  for (const ScorerPtr& clause : clauses_) first = std::min(first, clause->lower_bound(target));
  return first;
}

void DisMaxScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  const uint32_t words = window.words();
  uint64_t any[kWindowWords] = {};
  for (size_t c = 0; c < clauses_.size(); ++c) {
    uint64_t* matched = &matched_[c * kWindowWords];
    clauses_[c]->match(window, mask, matched);
    for (uint32_t w = 0; w < words; ++w) any[w] |= matched[w];
  }
  std::memcpy(out, any, words * sizeof(uint64_t));
}

void DisMaxScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  const uint32_t words = window.words();
  bits::for_each(docs, words, [&](size_t i) { sums_[i] = {}; });
  for (size_t c = 0; c < clauses_.size(); ++c) {
    uint64_t both[kWindowWords];
    for (uint32_t w = 0; w < words; ++w) both[w] = docs[w] & matched_[c * kWindowWords + w];
    bits::for_each(both, words, [&](size_t i) { scores_[i] = 0; });
    clauses_[c]->add_scores(window, both, scores_.data());
    bits::for_each(both, words, [&](size_t i) { sums_[i].add(scores_[i]); });
  }
  bits::for_each(docs, words, [&](size_t i) { scores[i] += sums_[i].get(tie_breaker_); });
}

double DisMaxScorer::max_score(DocId from, DocId to) {
  BestAndOthers bound;
  for (const ScorerPtr& clause : clauses_) bound.add(clause->max_score(from, to));
  // The others may be added up in another order than here.
  return with_slack(bound.get(tie_breaker_));
}

DocId DisMaxScorer::max_score_end(DocId from) {
  DocId end = kNoMoreDocs;
  for (const ScorerPtr& clause : clauses_) end = std::min(end, clause->max_score_end(from));
  return end;
}

// --- boosting ---

BoostingScorer::BoostingScorer(ScorerPtr positive, ScorerPtr negative, float factor,
                               bool with_scores)
    : positive_(std::move(positive)),
      negative_(std::move(negative)),
      factor_(factor),
      with_scores_(with_scores) {
  if (!with_scores) return;
  demoted_.resize(kWindowWords);
  scores_.resize(kWindowDocs);
}

void BoostingScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  positive_->match(window, mask, out);
  if (with_scores_) negative_->match(window, out, demoted_.data());
}

void BoostingScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  bits::for_each(docs, window.words(), [&](size_t i) { scores_[i] = 0; });
  positive_->add_scores(window, docs, scores_.data());
  bits::for_each(docs, window.words(), [&](size_t i) {
    scores[i] += bits::test(demoted_.data(), i) ? scores_[i] * factor_ : scores_[i];
  });
}

double BoostingScorer::max_score(DocId from, DocId to) {
  const double bound = positive_->max_score(from, to);
  return std::max(bound, bound * factor_);
}

// --- function_score ---

FunctionScoreScorer::FunctionScoreScorer(std::shared_ptr<const FunctionScore> spec, ScorerPtr query,
                                         std::vector<ScoreFunction> functions,
                                         std::vector<ScorerPtr> filters, bool with_scores)
    : spec_(std::move(spec)),
      query_(std::move(query)),
      functions_(std::move(functions)),
      filters_(std::move(filters)),
      with_scores_(with_scores) {
  if (!with_scores) return;
  filtered_.resize(functions_.size() * kWindowWords);
  scores_.resize(kWindowDocs);
  factors_.resize(kWindowDocs);
  docs_.reserve(kWindowDocs);
  values_.resize(kWindowDocs);
  bounds_.resize(functions_.size());
}

uint64_t FunctionScoreScorer::cost() const noexcept {
  // With a minimum every document is scored: what others decide comes first.
  constexpr uint64_t kLast = uint64_t{1} << 48;
  return spec_->has_min_score ? query_->cost() + kLast : query_->cost();
}

void FunctionScoreScorer::match(const Window& window, const uint64_t* mask, uint64_t* out) {
  query_->match(window, mask, out);
  if (!with_scores_) return;
  const uint32_t words = window.words();
  for (size_t f = 0; f < functions_.size(); ++f)
    if (filters_[f] != nullptr)
      filters_[f]->match(window, out, &filtered_[f * kWindowWords]);
    else
      std::memcpy(&filtered_[f * kWindowWords], out, words * sizeof(uint64_t));
  if (!spec_->has_min_score) return;
  score(window, out);
  bits::for_each(out, words, [&](size_t i) {
    if (std::isnan(scores_[i]))
      throw_no_score_to_compare(functions_, window.base + static_cast<DocId>(i));
    if (!spec_->passes(scores_[i])) bits::clear(out, i);
  });
}

void FunctionScoreScorer::score(const Window& window, const uint64_t* docs) {
  const uint32_t words = window.words();
  bits::for_each(docs, words, [&](size_t i) { scores_[i] = 0; });
  if (spec_->needs_query_score()) query_->add_scores(window, docs, scores_.data());
  if (functions_.empty()) return;
  bits::for_each(docs, words, [&](size_t i) { factors_[i] = {}; });
  for (size_t f = 0; f < functions_.size(); ++f) {
    docs_.clear();
    const uint64_t* filtered = &filtered_[f * kWindowWords];
    for (uint32_t w = 0; w < words; ++w) {
      for (uint64_t both = docs[w] & filtered[w]; both != 0; both &= both - 1)
        docs_.push_back(window.base + w * 64 + static_cast<DocId>(std::countr_zero(both)));
    }
    functions_[f].evaluate(docs_, values_.data());
    for (size_t i = 0; i < docs_.size(); ++i)
      factors_[docs_[i] - window.base].add(spec_->score_mode, values_[i], functions_[f].weight());
  }
  bits::for_each(docs, words, [&](size_t i) {
    scores_[i] = combine(*spec_, scores_[i], factors_[i].get(spec_->score_mode));
  });
}

void FunctionScoreScorer::add_scores(const Window& window, const uint64_t* docs, double* scores) {
  if (!spec_->has_min_score) score(window, docs);
  bits::for_each(docs, window.words(), [&](size_t i) { scores[i] += scores_[i]; });
}

double FunctionScoreScorer::max_score(DocId from, DocId to) {
  for (size_t f = 0; f < functions_.size(); ++f)
    bounds_[f] = {functions_[f].bound(from, to),
                  filters_[f] == nullptr ? Applies::kYes : Applies::kMaybe, functions_[f].weight()};
  return combine_bound(*spec_, spec_->needs_query_score() ? query_->max_score(from, to) : 0,
                       bounds_);
}

DocId FunctionScoreScorer::max_score_end(DocId from) {
  DocId end = spec_->needs_query_score() ? query_->max_score_end(from) : kNoMoreDocs;
  for (const ScoreFunction& function : functions_) end = std::min(end, function.bound_end(from));
  return end;
}

// --- of a prepared query ---

bool Weight::takes_score_of(size_t i) const noexcept {
  if (!scored) return false;
  const Occur occur = query->clauses[i].occur;
  switch (query->kind) {
    case QueryKind::kBool:
      return occur == Occur::kMust || occur == Occur::kShould;
    case QueryKind::kDisMax:
      return true;
    case QueryKind::kBoosting:
      return i == 0;
    case QueryKind::kFunctionScore:
      return i == 0 && query->function_score->needs_query_score();
    default:
      return false;
  }
}

std::vector<ScoreFunction> PreparedQuery::score_functions(const Weight& weight,
                                                          size_t segment) const {
  std::vector<ScoreFunction> functions;
  const FunctionScore& score = *weight.query->function_score;
  for (const FunctionSpec& spec : score.functions)
    functions.emplace_back(spec, score.boosts_functions ? weight.boost : 1.0,
                           snapshot_->segment(segment).reader);
  return functions;
}

ScorerPtr PreparedQuery::compound_scorer(const Weight& weight, size_t segment,
                                         const Interrupt& interrupt) const {
  const Query& query = *weight.query;
  const auto child = [&](size_t i) { return scorer(weight.children[i], segment, interrupt); };
  if (query.kind == QueryKind::kDisMax) {
    std::vector<ScorerPtr> clauses;
    for (size_t i = 0; i < weight.children.size(); ++i) clauses.push_back(child(i));
    return std::make_unique<DisMaxScorer>(std::move(clauses), query.factor, weight.scored);
  }
  if (query.kind == QueryKind::kBoosting) {
    ScorerPtr negative = weight.scored ? child(1) : nullptr;
    return std::make_unique<BoostingScorer>(child(0), std::move(negative), query.factor,
                                            weight.scored);
  }
  std::vector<ScoreFunction> functions;
  std::vector<ScorerPtr> filters;
  if (weight.scored) {
    functions = score_functions(weight, segment);
    for (const FunctionSpec& spec : query.function_score->functions)
      filters.push_back(spec.filter == 0 ? nullptr : child(spec.filter));
  }
  return std::make_unique<FunctionScoreScorer>(query.function_score, child(0), std::move(functions),
                                               std::move(filters), weight.scored);
}

namespace {

// The first function of the subtree that has no value for the document.
std::string failure_below(const PreparedQuery& prepared, const Weight& weight, size_t segment,
                          DocId doc) {
  std::string failure;
  if (weight.query->kind == QueryKind::kFunctionScore && weight.scored)
    for (ScoreFunction& function : prepared.score_functions(weight, segment))
      if (failure.empty()) failure = function.failure(doc);
  for (const Weight& child : weight.children)
    if (failure.empty()) failure = failure_below(prepared, child, segment, doc);
  return failure;
}

}  // namespace

void PreparedQuery::throw_no_score(size_t segment, DocId doc) const {
  std::string failure = failure_below(*this, root_, segment, doc);
  if (failure.empty()) failure = "the functions of a document have no product";  // 0 * infinity
  throw_invalid("function_score: " + failure);
}

void throw_no_score_to_compare(std::vector<ScoreFunction>& functions, DocId doc) {
  std::string failure;
  for (ScoreFunction& function : functions)
    if (failure.empty()) failure = function.failure(doc);
  if (failure.empty()) failure = "a document has no score that `min_score` could be compared with";
  throw_invalid("function_score: " + failure);
}

}  // namespace diagon::search
