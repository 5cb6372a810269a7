// A filter: documents that cost at most what the query says, and are not sold out.
#include "diagon_udf.h"

// Its fields and parameters. A document without a price is not asked about, and so doesn't match;
// of one without tags the list is empty.
#define ARGUMENTS(FIELD, PARAM) \
  FIELD(f64, price)             \
  FIELD(str_list, tags)         \
  PARAM(f64, budget)

DIAGON_FILTER({{ident}}, "1.0.0", "price is within budget, and not sold out", ARGUMENTS,
              name("{{name}}")) {
  return doc.price <= params.budget && !diagon_list_has(doc.tags, "sold-out");
}
