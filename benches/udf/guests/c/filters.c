// The two filters of benches/udf that others have written by hand, as an author writes them.
#include "diagon_udf.h"

#define THREE_COLUMNS(FIELD, PARAM) \
  FIELD(f64, price, default(0))     \
  FIELD(i64, ts, default(0))        \
  FIELD(i64, stock, default(0))     \
  PARAM(f64, max_price)             \
  PARAM(i64, since)                 \
  PARAM(i64, least)

DIAGON_FILTER(three_columns, "1.0.0", "cheap, recent and in stock", THREE_COLUMNS) {
  return doc.price <= params.max_price && doc.ts >= params.since && doc.stock >= params.least;
}

#define PREFIX(FIELD, PARAM)    \
  FIELD(str, name, default("")) \
  PARAM(str, prefix)

DIAGON_FILTER(prefix, "1.0.0", "the name begins with a prefix", PREFIX) {
  return diagon_starts_with(doc.name, params.prefix);
}
