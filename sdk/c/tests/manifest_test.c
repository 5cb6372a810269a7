// Every word that a declaration can have; manifest_test.py has the manifests that have to come of
// it.
#include "diagon_udf.h"

#define EVERYTHING(FIELD, PARAM)                                     \
  FIELD(f64, price, default(0.5))                                    \
  FIELD(i64, stock, default(-1), name("in-stock"))                   \
  FIELD(bool, fresh, default(true))                                  \
  FIELD(str, title, default("\"quoted\" \\ é"), name("_source.a.b")) \
  FIELD(str, chosen, from_param(field), unmapped_ok)                 \
  FIELD(f64, lat, from_param(field), part(lat), optional)            \
  FIELD(bool_list, bools)                                            \
  FIELD(i64_list, integers)                                          \
  FIELD(f64_list, floats)                                            \
  FIELD(str_list, strings)                                           \
  PARAM(str, field, default("location"))                             \
  PARAM(bool, flag, default(false))                                  \
  PARAM(i32, i)                                                      \
  PARAM(i64, l, optional)                                            \
  PARAM(f32, g, default(1e3), name("gee"))                           \
  PARAM(f64_list, weights, default(1, 2.5))                          \
  PARAM(str_list, words, default("a", "b"))                          \
  PARAM(i64_list, none, default())                                   \
  PARAM(i32_list, small)                                             \
  PARAM(f32_list, singles)                                           \
  PARAM(bool_list, flags, optional)

DIAGON_SCORE(everything, "1.2.3-rc.1",
             "all of it: «é» "
             "in two pieces",
             EVERYTHING, name("every-thing"), impure, max_score(10.5), limit(query_ms, 100),
             limit(instances, 2), inputs(score, doc_id, id)) {
  return doc.price;
}

DIAGON_FILTER(plain, "1.0.0", "", DIAGON_NO_ARGUMENTS) { return true; }

DIAGON_VALUE(optional_str, text, "1.0.0", "a value", DIAGON_NO_ARGUMENTS) {
  return diagon_none_str();
}
