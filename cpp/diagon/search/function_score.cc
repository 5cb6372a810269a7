#include "diagon/search/function_score.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace diagon::search {
namespace {

double bound_of_factor(const FunctionScore& spec, std::span<const FunctionBound> bounds) noexcept {
  double product = 1;
  double sum = 0;
  double sure_weights = 0;
  double most = 0;                                         // of all that may apply
  double first = 0;                                        // up to the first that surely does
  double least = std::numeric_limits<double>::infinity();  // of those that surely do
  double most_unweighted = 0;
  bool sure = false;
  for (size_t i = 0; i < bounds.size(); ++i) {
    const FunctionBound& bound = bounds[i];
    if (bound.applies == Applies::kNo) continue;
    const double weight = bound.weight;
    product *= bound.applies == Applies::kYes ? bound.value : std::max(1.0, bound.value);
    sum += bound.value;
    most = std::max(most, bound.value);
    if (weight > 0) most_unweighted = std::max(most_unweighted, bound.value / weight);
    if (!sure) first = std::max(first, bound.value);
    if (bound.applies == Applies::kYes) {
      sure = true;
      sure_weights += weight;
      least = std::min(least, bound.value);
    }
  }
  // Where none applies, the factor is 1.
  const double none = sure ? 0.0 : 1.0;
  switch (spec.score_mode) {
    case ScoreMode::kMultiply:
      return product;
    case ScoreMode::kSum:
      return std::max(sum, sure_weights > 0 ? 0.0 : 1.0);
    case ScoreMode::kAvg:
      // A mean is not above the largest of its values.
      return std::max(most_unweighted, sure_weights > 0 ? 0.0 : 1.0);
    case ScoreMode::kFirst:
      return std::max(first, none);
    case ScoreMode::kMax:
      return std::max(most, none);
    case ScoreMode::kMin:
      return sure ? least : std::max(most, 1.0);
  }
  return std::numeric_limits<double>::infinity();
}

}  // namespace

bool FunctionScore::needs_query_score() const noexcept {
  return functions.empty() || boost_mode != BoostMode::kReplace || keeps_score ||
         std::ranges::any_of(functions, &FunctionSpec::wants_score);
}

bool FunctionScore::has_udf() const noexcept {
  return std::ranges::any_of(functions,
                             [](const FunctionSpec& f) { return f.kind == FunctionKind::kUdf; });
}

void Factor::add(ScoreMode mode, double value, double weight) noexcept {
  switch (mode) {
    case ScoreMode::kMultiply:
      value_ *= value;
      break;
    case ScoreMode::kSum:
    case ScoreMode::kAvg:
      value_ = any_ ? value_ + value : value;
      weights_ += weight;
      break;
    case ScoreMode::kFirst:
      if (!any_) value_ = value;
      break;
    case ScoreMode::kMax:
      if (!any_ || value > value_ || std::isnan(value)) value_ = value;
      break;
    case ScoreMode::kMin:
      if (!any_ || value < value_ || std::isnan(value)) value_ = value;
      break;
  }
  any_ = true;
}

double Factor::get(ScoreMode mode) const noexcept {
  if (mode != ScoreMode::kSum && mode != ScoreMode::kAvg) return value_;
  if (weights_ == 0) return std::isnan(value_) ? value_ : 1.0;
  return mode == ScoreMode::kAvg ? value_ / weights_ : value_;
}

double kept_score(double query_score, double weight) noexcept {
  return std::min(query_score * weight, double{FLT_MAX});
}

double combine(const FunctionScore& spec, double query_score, double factor) noexcept {
  if (spec.boost_mode == BoostMode::kReplace) query_score = 0;
  if (std::isnan(query_score) || std::isnan(factor))
    return std::numeric_limits<double>::quiet_NaN();
  factor = std::min(factor, spec.max_boost);
  double score = 0;
  switch (spec.boost_mode) {
    case BoostMode::kMultiply:
      score = query_score * factor;
      break;
    case BoostMode::kReplace:
      score = factor;
      break;
    case BoostMode::kSum:
      score = query_score + factor;
      break;
    case BoostMode::kAvg:
      score = (query_score + factor) / 2;
      break;
    case BoostMode::kMax:
      score = std::max(query_score, factor);
      break;
    case BoostMode::kMin:
      score = std::min(query_score, factor);
      break;
  }
  return std::min(score, double{FLT_MAX}) + 0.0;  // never -0
}

double combine_bound(const FunctionScore& spec, double query_score,
                     std::span<const FunctionBound> bounds) noexcept {
  if (spec.functions.empty()) return query_score;
  for (const FunctionBound& bound : bounds)
    // It may be NaN, which is above every bar.
    if (bound.applies != Applies::kNo && std::isinf(bound.value)) return bound.value;
  if (!std::isfinite(query_score)) return std::numeric_limits<double>::infinity();
  const double bound = combine(spec, query_score, with_slack(bound_of_factor(spec, bounds)));
  if (!spec.keeps_score) return with_slack(bound);
  return with_slack(std::max(bound, kept_score(query_score, bounds[0].weight)));
}

}  // namespace diagon::search
