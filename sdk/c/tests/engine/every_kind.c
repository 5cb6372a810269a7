// Every kind of function, field and parameter through the engine itself: `diagon udf build &&
// diagon udf test`.
#include "diagon_udf.h"

#define OPTIONAL(FIELD, PARAM)                \
  FIELD(str, text, optional)                  \
  FIELD(bool, flag, optional)                 \
  FIELD(i64, count, optional)                 \
  FIELD(f64, price, optional)                 \
  FIELD(i64, day, name("released"), optional) \
  FIELD(str, colour, name("_source.attributes.colour"), optional)

// A bit for each field that is there; a missing one is told apart from false, zero and an empty
// string.
DIAGON_VALUE(i64, present, "1.0.0", "which fields are there", OPTIONAL) {
  return doc.text.present | doc.flag.present << 1 | doc.count.present << 2 |
         doc.price.present << 3 | doc.day.present << 4 | doc.colour.present << 5;
}
DIAGON_VALUE(optional_bool, flag, "1.0.0", "the flag", OPTIONAL) { return doc.flag; }
DIAGON_VALUE(optional_i64, count, "1.0.0", "the count", OPTIONAL) { return doc.count; }
DIAGON_VALUE(optional_str, colour, "1.0.0", "the colour", OPTIONAL) { return doc.colour; }
DIAGON_VALUE(optional_f64, inverse, "1.0.0", "1 / price", OPTIONAL) {
  if (!doc.price.present) return diagon_none_f64();
  if (doc.price.value == 0) {
    diagon_error(doc, "0 has no inverse");
    return diagon_none_f64();
  }
  return diagon_some_f64(1 / doc.price.value);
}

#define STRICT(FIELD, PARAM)       \
  FIELD(str, text)                 \
  FIELD(bool, flag)                \
  PARAM(str, before, default("<")) \
  PARAM(str, after, optional)

DIAGON_VALUE(bool, is_set, "1.0.0", "the flag, where there is a text, too", STRICT) {
  return doc.flag;
}
// The text between two others, in memory of the batch.
DIAGON_VALUE(str, quoted, "1.0.0", "before, text, after", STRICT) {
  const diagon_str after = params.after.present ? params.after.value : diagon_text(">");
  const diagon_str parts[] = {params.before, doc.text, after};
  char *const bytes = (char *)diagon_alloc(parts[0].size + parts[1].size + parts[2].size);
  uint32_t size = 0;
  for (int part = 0; part < 3; part++)
    for (uint32_t at = 0; at < parts[part].size; at++) bytes[size++] = parts[part].data[at];
  const diagon_str made = {bytes, size};
  return made;
}

#define LISTS(FIELD, PARAM) \
  FIELD(str_list, texts)    \
  FIELD(i64_list, counts)   \
  FIELD(f64_list, prices)   \
  FIELD(bool_list, flags)

DIAGON_VALUE(f64, sum, "1.0.0", "of all items; strings by their bytes", LISTS) {
  double sum = 0;
  for (uint32_t i = 0; i < doc.texts.size; i++) sum += diagon_str_at(doc.texts, i).size;
  for (uint32_t i = 0; i < doc.counts.size; i++) sum += (double)doc.counts.items[i];
  for (uint32_t i = 0; i < doc.prices.size; i++) sum += doc.prices.items[i];
  for (uint32_t i = 0; i < doc.flags.size; i++) sum += doc.flags.items[i];
  return sum;
}

#define RANKED(FIELD, PARAM)              \
  FIELD(f64, price)                       \
  PARAM(f64_list, weights, default(1, 2)) \
  PARAM(i32, more, optional)              \
  PARAM(str_list, names, optional)        \
  PARAM(bool, negative, default(false))   \
  PARAM(f32, small, default(0.5))

struct weight {
  double sum;
};
DIAGON_SCORE(ranked, "1.0.0", "weights and inputs", RANKED, inputs(score, doc_id),
             max_score(1000000), limit(query_ms, 5000), once(struct weight, sum_weights)) {
  if (doc.price == 13) return diagon_error(doc, "13 is no price");
  const double score = once->sum * doc.price + 1000 * doc.score;
  return params.negative ? -score : score;
}
static struct weight sum_weights(struct ranked_params params) {
  struct weight made = {params.small};
  for (uint32_t i = 0; i < params.weights.size; i++) made.sum += params.weights.items[i];
  if (params.more.present) made.sum += params.more.value;
  if (params.names.present) made.sum += 100 * params.names.value.size;
  if (made.sum > 500) diagon_fail("the weights are too large");
  return made;
}

#define CHOSEN(FIELD, PARAM)                         \
  FIELD(str, chosen, from_param(field), unmapped_ok) \
  FIELD(f64, lat, name("place.lat"), default(0))     \
  PARAM(str, field, default("text"))                 \
  PARAM(str, wanted)

DIAGON_FILTER(chosen, "1.0.0", "a field that the query names", CHOSEN, name("chosen-field")) {
  return diagon_equal(doc.chosen, params.wanted) && doc.lat >= 0;
}
