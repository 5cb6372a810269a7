// Queries that change scores: dis_max, boosting, function_score.
#include <utility>

#include "diagon/bridge/bridge.h"
#include "diagon/util/error.h"
#include "src/bridge/ffi.rs.h"

namespace diagon::bridge {
namespace {

using search::Occur;
using search::QueryKind;

std::unique_ptr<QueryNode> node(QueryKind kind, float boost) {
  auto query = std::make_unique<QueryNode>();
  query->rep.kind = kind;
  query->rep.boost = boost;
  return query;
}

// A number that crossed as one, as the enum whose last value is `last`.
template <typename Enum>
Enum enum_of(uint8_t number, Enum last) {
  if (number > static_cast<uint8_t>(last)) throw_invalid("an unknown mode of a function score");
  return static_cast<Enum>(number);
}

}  // namespace

std::unique_ptr<QueryNode> query_dis_max(float tie_breaker, float boost) {
  auto query = node(QueryKind::kDisMax, boost);
  query->rep.factor = tie_breaker;
  return query;
}

std::unique_ptr<QueryNode> query_boosting(std::unique_ptr<QueryNode> positive,
                                          std::unique_ptr<QueryNode> negative, float negative_boost,
                                          float boost) {
  auto query = node(QueryKind::kBoosting, boost);
  query->rep.factor = negative_boost;
  query_push_clause(*query, static_cast<uint8_t>(Occur::kMust), std::move(positive));
  query_push_clause(*query, static_cast<uint8_t>(Occur::kFilter), std::move(negative));
  return query;
}

std::unique_ptr<QueryNode> query_function_score(std::unique_ptr<QueryNode> inner,
                                                uint8_t score_mode, uint8_t boost_mode,
                                                double max_boost, float boost) {
  auto query = node(QueryKind::kFunctionScore, boost);
  query_push_clause(*query, static_cast<uint8_t>(Occur::kMust), std::move(inner));
  query->functions = std::make_shared<search::FunctionScore>();
  query->functions->score_mode = enum_of(score_mode, search::ScoreMode::kMin);
  query->functions->boost_mode = enum_of(boost_mode, search::BoostMode::kMin);
  query->functions->max_boost = max_boost;
  query->rep.function_score = query->functions;
  return query;
}

void query_set_min_score(QueryNode& query, float min_score) {
  if (query.functions == nullptr) throw_invalid("only a function score has a minimum");
  query.functions->has_min_score = true;
  query.functions->min_score = min_score;
}

void query_boost_functions(QueryNode& query, bool keeps_score) {
  if (query.functions == nullptr) throw_invalid("only a function score has functions to boost");
  query.functions->boosts_functions = true;
  query.functions->keeps_score = keeps_score;
}

void query_push_function(QueryNode& query, const ScoringFunction& function, rust::Str field_name,
                         std::unique_ptr<QueryNode> filter) {
  if (query.functions == nullptr) throw_invalid("only a function score has functions");
  search::FunctionSpec spec;
  spec.kind = enum_of(function.kind, search::FunctionKind::kUdf);
  spec.weight = function.weight;
  spec.field = function.field;
  spec.field_name = std::string(field_name);
  spec.factor = function.factor;
  spec.modifier = enum_of(function.modifier, search::Modifier::kReciprocal);
  spec.has_missing = function.has_missing;
  spec.missing = function.missing;
  spec.seed = function.seed;
  spec.shape = enum_of(function.shape, search::DecayShape::kLinear);
  spec.mode = enum_of(function.mode, search::MultiValueMode::kMedian);
  spec.origin = function.origin;
  spec.scale = function.scale;
  spec.offset = function.offset;
  spec.decay = function.decay;
  spec.is_geo = function.is_geo;
  spec.lon_field = function.lon_field;
  spec.origin_lon = function.origin_lon;
  spec.leaf = function.leaf;
  spec.bound = function.bound;
  spec.wants_score = function.wants_score;
  spec.may_fail_open = function.may_fail_open;
  if (filter != nullptr) {
    spec.filter = static_cast<uint32_t>(query.rep.clauses.size());
    query_push_clause(query, static_cast<uint8_t>(Occur::kFilter), std::move(filter));
  }
  query.functions->functions.push_back(std::move(spec));
}

}  // namespace diagon::bridge
