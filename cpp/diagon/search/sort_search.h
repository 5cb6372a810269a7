// A sorted search of a query without UDFs, without leaving the engine.
#pragma once

#include "diagon/search/sort_collector.h"
#include "diagon/search/weight.h"
#include "diagon/util/interrupt.h"

namespace diagon::search {

struct SortedRun {
  Stop stop = Stop::kNo;  // whether it was stopped before the end
  uint64_t windows = 0;   // looked at
};

// Puts the hits into `collector`. Throws kCorrupt; kInvalidArgument for a hit without a score
// (function_score.h). REQUIRES: the query has no UDF; it was prepared with scores if the collector
// needs them; both are of the same snapshot.
SortedRun search_sorted(const PreparedQuery& prepared, SortCollector& collector,
                        const Interrupt& interrupt);

}  // namespace diagon::search
