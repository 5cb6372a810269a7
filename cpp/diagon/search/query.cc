#include "diagon/search/query.h"

#include <algorithm>

namespace diagon::search {

bool Query::has_udf() const noexcept {
  return kind == QueryKind::kUdf || std::any_of(clauses.begin(), clauses.end(),
                                                [](const Clause& c) { return c.query->has_udf(); });
}

}  // namespace diagon::search
