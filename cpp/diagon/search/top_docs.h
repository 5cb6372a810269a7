// The best hits of a query without UDFs, found without leaving the engine.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "diagon/search/top_hits.h"
#include "diagon/search/weight.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

struct TopDocsOptions {
  uint32_t k = 10;                    // hits wanted; 0: only the count
  uint64_t count_up_to = UINT64_MAX;  // hits are counted exactly up to this number
  float min_score = 0;                // hits with lower scores are none; looked at if has_min_score
  bool has_min_score = false;
};

struct TopDocs {
  std::vector<Hit> hits;  // best first
  uint64_t count = 0;     // exact if <= count_up_to and not stopped; else a lower bound
  Stop stop = Stop::kNo;  // whether it was stopped before the end
  uint64_t windows = 0;   // looked at
};

// Throws kCorrupt; kInvalidArgument for a hit without a score (function_score.h). REQUIRES: the
// query has no UDF; it was prepared with scores if k > 0 or has_min_score.
TopDocs search_top(const PreparedQuery& prepared, const TopDocsOptions& options,
                   const Interrupt& interrupt);

}  // namespace diagon::search
