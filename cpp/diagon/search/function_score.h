// How a score is made of a query's score and of functions of a document's values.
//
// A function's value is a number >= 0, or NaN where the document has none that can be a score: a
// missing value, a logarithm below 0. NaN goes through every combination up to the root, where it
// fails the search if the document is a hit; so a failure never depends on what was skipped.
#pragma once

#include <cfloat>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "diagon/util/types.h"

namespace diagon::search {

// How the values of several functions become one factor.
enum class ScoreMode : uint8_t { kMultiply, kSum, kAvg, kFirst, kMax, kMin };
// How factor and query score become the score.
enum class BoostMode : uint8_t { kMultiply, kReplace, kSum, kAvg, kMax, kMin };

enum class FunctionKind : uint8_t {
  kWeight,      // 1
  kFieldValue,  // the field's smallest value, times `factor`, through `modifier`
  kRandom,      // [0, 1) by `seed` and the field's value, or the document's number without a field
  kDecay,       // 1 at `origin`, falling with the distance; 1 without a value
  kUdf,         // what a user's function, leaf number `leaf`, says
};
// What a user's function said of a document.
enum class UdfState : uint8_t {
  kExcluded,    // it failed: the document doesn't match
  kScored,      // its value
  kNotApplied,  // it failed: the document matches, whatever the minimum, as if there were no
                // function
};
enum class Modifier : uint8_t {
  kNone,
  kLog,
  kLog1p,
  kLog2p,
  kLn,
  kLn1p,
  kLn2p,
  kSquare,
  kSqrt,
  kReciprocal,
};
enum class DecayShape : uint8_t { kGauss, kExp, kLinear };
// Which of several values counts, or what is made of them.
enum class MultiValueMode : uint8_t { kMin, kMax, kSum, kAvg, kMedian };

// No field: see FunctionKind::kRandom.
inline constexpr FieldId kNoField = UINT32_MAX;

// Numbers are finite, the weight not negative, the scale above 0, the decay in (0, 1), the bound
// not negative or infinite. (Large members first, so that they leave no gaps.)
struct FunctionSpec {
  double weight = 1;  // a factor of the value
  // kFieldValue
  double factor = 1;
  double missing = 0;
  // kRandom
  uint64_t seed = 0;
  // kDecay; lengths of points in metres, origins in degrees
  double origin = 0, scale = 1, offset = 0, decay = 0.5;
  double origin_lon = 0;
  // kUdf
  double bound = INFINITY;  // no value is above it

  std::string field_name;    // for messages
  uint32_t filter = 0;       // the query's clause that says for which documents; 0: for all
  FieldId field = kNoField;  // kDecay over points: of the latitudes
  FieldId lon_field = kNoField;
  uint32_t leaf = 0;  // kUdf

  FunctionKind kind = FunctionKind::kWeight;
  Modifier modifier = Modifier::kNone;  // kFieldValue
  bool has_missing = false;
  DecayShape shape = DecayShape::kGauss;       // kDecay
  MultiValueMode mode = MultiValueMode::kMin;  // over the distances
  bool is_geo = false;
  bool wants_score = false;    // kUdf: it is given the query's score
  bool may_fail_open = false;  // kUdf: where it fails it may count as if it did not apply
};

struct FunctionScore {
  ScoreMode score_mode = ScoreMode::kMultiply;
  BoostMode boost_mode = BoostMode::kMultiply;
  double max_boost = FLT_MAX;  // the factor is cut to it; >= 0
  bool has_min_score = false;
  float min_score = 0;  // documents with lower scores don't match
  // script_score: the boost is a factor of the functions' values, not of the query's score.
  bool boosts_functions = false;
  // Where no function applies, the score is the query's, times the only function's weight.
  bool keeps_score = false;
  std::vector<FunctionSpec> functions;

  bool needs_query_score() const noexcept;
  bool has_udf() const noexcept;
  bool passes(double score) const noexcept { return static_cast<float>(score) >= min_score; }
};

// Collects a document's factor, function by function in their order.
class Factor {
 public:
  void add(ScoreMode mode, double value, double weight) noexcept;
  // 1 if no function applied.
  double get(ScoreMode mode) const noexcept;

 private:
  double value_ = 1;
  double weights_ = 0;
  bool any_ = false;
};

// The score; never above FLT_MAX. REQUIRES: there are functions.
double combine(const FunctionScore& spec, double query_score, double factor) noexcept;
// The same where no function applies, with keeps_score.
double kept_score(double query_score, double weight) noexcept;

// Whether a function counts for a document.
enum class Applies : uint8_t { kNo, kMaybe, kYes };
struct FunctionBound {
  double value = 0;  // at most; infinite if it may be NaN
  Applies applies = Applies::kMaybe;
  double weight = 1;
};
// A score that isn't exceeded, if the query's score is at most `query_score`. REQUIRES: a bound for
// each function.
double combine_bound(const FunctionScore& spec, double query_score,
                     std::span<const FunctionBound> bounds) noexcept;

// More than any roundings of a bound, and less than a float can tell.
inline double with_slack(double bound) noexcept { return bound * (1 + 1e-13); }

}  // namespace diagon::search
