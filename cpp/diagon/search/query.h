// What is searched for: an immutable tree, the same for every segment and snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "diagon/search/function_score.h"
#include "diagon/util/types.h"

namespace diagon::termdict {
class Automaton;
}

namespace diagon::search {

enum class Occur : uint8_t { kMust = 0, kFilter = 1, kShould = 2, kMustNot = 3 };

enum class QueryKind : uint8_t {
  kMatchAll,
  kMatchNone,
  kTerm,       // documents with `terms[0]`; scored by BM25
  kTermSet,    // documents with any of `terms`; constant score
  kMultiTerm,  // documents with any term that `automaton` accepts; constant score
  kPhrase,     // `terms[i]` at position p + positions[i] for some p; scored by BM25
  // As kPhrase, but terms with the same `slots[i]` are alternatives, and need only stand within
  // `slop` of their positions (see sloppy_frequency.h).
  kSloppyPhrase,
  kRangeI64,  // a value in [lo_i64, hi_i64]; constant score
  kRangeF64,  // a value in [lo_f64, hi_f64]; constant score
  kRangeStr,  // a string in the range; constant score
  kExists,    // any value; constant score
  kConstant,  // the documents of clauses[0], each with score `boost`
  kBool,
  kDisMax,         // of any of `clauses`; the best score, and `factor` times the others
  kBoosting,       // the documents of clauses[0]; `factor` times the score for those of clauses[1]
  kFunctionScore,  // the documents of clauses[0], scored by `function_score`, whose functions have
                   // the further clauses as filters
  kUdf,            // decided by a user's function, leaf number `leaf`; constant score
};

struct Query;
using QueryPtr = std::unique_ptr<const Query>;

struct Clause {
  Occur occur;
  QueryPtr query;
};

struct Query {
  QueryKind kind = QueryKind::kMatchNone;
  float boost = 1.0f;  // finite, >= 0; multiplies the scores of everything below
  FieldId field = 0;
  std::vector<std::string> terms;
  std::vector<uint32_t> positions;
  std::vector<uint32_t> slots;  // kSloppyPhrase: of each term, from 0, ascending without gaps
  uint32_t slop = 0;
  uint64_t doc_freq = 0;  // kTerm: what it is scored with; 0: its own
  std::shared_ptr<const termdict::Automaton> automaton;
  int64_t lo_i64 = 0, hi_i64 = 0;
  double lo_f64 = 0, hi_f64 = 0;
  // Further closed ranges: a value in any of them will do. Those with lo > hi are empty.
  std::vector<std::pair<int64_t, int64_t>> more_i64;
  std::vector<std::pair<double, double>> more_f64;
  // kRangeStr: bounds that are absent are open.
  bool has_lo = false, has_hi = false, include_lo = false, include_hi = false;
  std::string lo_str, hi_str;
  std::vector<Clause> clauses;
  uint32_t minimum_should_match = 0;
  uint32_t leaf = 0;
  float factor = 0;  // kDisMax: in [0, 1]; kBoosting: finite, >= 0
  std::shared_ptr<const FunctionScore> function_score;
};

// Depth of a tree at most; deeper ones are refused, since the tree is walked recursively.
inline constexpr uint32_t kMaxDepth = 128;

}  // namespace diagon::search
