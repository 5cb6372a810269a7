// A test's batch is as the engine would make it, or it is refused by name.
#include "check.h"

#define MIXED(FIELD, PARAM)      \
  FIELD(f64, price)              \
  FIELD(i64, stock, default(7))  \
  FIELD(str_list, tags)          \
  PARAM(i32, least)              \
  PARAM(f32, factor, default(2)) \
  PARAM(i32_list, years, optional)

DIAGON_FILTER(mixed, "1.0.0", "mixed", MIXED, inputs(score, doc_id, id)) {
  return doc.price * params.factor >= params.least;
}

// What one of the batches below has that it should not, or lacks.
enum mistake {
  NONE,
  PRICE_OF_INTEGERS,
  PRICE_OF_LISTS,
  STOCK_MISSING,
  NO_TAGS,
  TAGS_ARE_SINGLE,
  FIELD_TOO_MANY,
  LEAST_IS_F64,
  LEAST_ABSENT,
  LEAST_IS_LARGE,
  FACTOR_ABSENT,
  YEARS_ARE_SINGLE,
  NO_YEARS,
  PARAM_TOO_MANY,
  NO_SCORES,
  NO_DOC_IDS,
  NO_IDS,
  MISTAKES
};

static const double price[] = {3, 4};
static const int64_t numbers[] = {1, 2};
static const uint32_t sizes[] = {1, 1};
static const char *const texts[] = {"a", "b"};
static const float scores[] = {1, 2};

static void make_fields(enum mistake mistake) {
  if (mistake == PRICE_OF_INTEGERS)
    diagon_test_i64(numbers, NULL);
  else if (mistake == PRICE_OF_LISTS)
    diagon_test_f64_list(sizes, price);
  else
    diagon_test_f64(price, "10");
  diagon_test_i64(numbers, mistake == STOCK_MISSING ? "01" : "11");
  if (mistake == TAGS_ARE_SINGLE)
    diagon_test_str(texts);
  else if (mistake != NO_TAGS)
    diagon_test_str_list(sizes, texts);
  if (mistake == FIELD_TOO_MANY) diagon_test_f64(price, NULL);
}

static void make_params(enum mistake mistake) {
  if (mistake == LEAST_ABSENT)
    diagon_test_param_absent();
  else if (mistake == LEAST_IS_F64)
    diagon_test_param_f64(1);
  else
    diagon_test_param_i64(mistake == LEAST_IS_LARGE ? INT64_C(1) << 40 : -1);
  if (mistake == FACTOR_ABSENT)
    diagon_test_param_absent();
  else
    diagon_test_param_f64(2);
  if (mistake == YEARS_ARE_SINGLE)
    diagon_test_param_i64(1999);
  else if (mistake == PARAM_TOO_MANY)
    diagon_test_param_i64_list(numbers, 2);
  else if (mistake != NO_YEARS)
    diagon_test_param_absent();
  if (mistake == PARAM_TOO_MANY) diagon_test_param_bool(true);
}

static void refuses_what_the_engine_would_not_send(void) {
  static const char *const messages[MISTAKES] = {
      "",
      "field `price` takes diagon_test_f64, not diagon_test_i64",
      "field `price` takes diagon_test_f64, not diagon_test_f64_list",
      "field `stock` has a default, which the engine fills in: none is missing",
      "field `tags`: the test has no diagon_test_str_list for it",
      "field `tags` takes diagon_test_str_list, not diagon_test_str",
      "the test has 4 fields, the function 3",
      "parameter `least` takes diagon_test_param_i64, not diagon_test_param_f64",
      "parameter `least` takes diagon_test_param_i64, not diagon_test_param_absent",
      "parameter `least` is an i32, which 1099511627776 is too large for",
      "parameter `factor` has a default, which the engine fills in: it is never absent",
      "parameter `years` takes diagon_test_param_i64_list, not diagon_test_param_i64",
      "parameter `years`: the test has no diagon_test_param_i64_list for it",
      "the test has 4 parameters, the function 3",
      "input `score`: the test has no diagon_test_scores",
      "input `doc_id`: the test has no diagon_test_doc_ids",
      "input `id`: the test has no diagon_test_ids",
  };
  for (int mistake = NONE; mistake < MISTAKES; mistake++) {
    diagon_test_begin(2);
    make_fields((enum mistake)mistake);
    make_params((enum mistake)mistake);
    if (mistake != NO_SCORES) diagon_test_scores(scores);
    if (mistake != NO_DOC_IDS) diagon_test_doc_ids(sizes);
    if (mistake != NO_IDS) diagon_test_ids(texts);
    const bool fine = diagon_test_run(mixed_batch);
    if (strcmp(diagon_test.message, messages[mistake]) != 0) {
      fprintf(stderr, "\"%s\" instead of \"%s\"\n", diagon_test.message, messages[mistake]);
      exit(1);
    }
    CHECK(fine == (mistake == NONE));
  }
}

// ---- What isn't there is zero, or empty ----

#define SEEN(FIELD, PARAM)       \
  FIELD(f64, price, optional)    \
  FIELD(i64, stock, optional)    \
  FIELD(bool, fresh, optional)   \
  FIELD(str, name, optional)     \
  FIELD(str, numbered, optional) \
  FIELD(f64, bare)

// A missing string by number is the first one: the number is zero.
DIAGON_FILTER(all_zero, "1.0.0", "whatever isn't there is zero", SEEN) {
  return (doc.price.present || doc.price.value == 0) && (doc.stock.present || !doc.stock.value) &&
         (doc.fresh.present || !doc.fresh.value) && (doc.name.present || !doc.name.value.size) &&
         (doc.numbered.present || diagon_equal(doc.numbered.value, diagon_text("first"))) &&
         doc.bare == 5;
}

static void zeroes_what_is_missing(void) {
  const double price[] = {3, 4}, bare[] = {5, 6};
  const bool fresh[] = {true, true};
  const char *const names[] = {NULL, "b"}, *const distinct[] = {"first", "second"};
  const uint32_t indices[] = {99, 1};
  diagon_test_begin(2);
  diagon_test_f64(price, "01");
  diagon_test_i64(numbers, "01");
  diagon_test_bool(fresh, "01");
  diagon_test_str(names);
  diagon_test_str_dictionary(distinct, 2, indices, "01");
  diagon_test_f64(bare, "10");
  CHECK(diagon_test_run(all_zero_batch));
  CHECK(diagon_test_verdict(0) == 1 && diagon_test_verdict(1) == 0);
  // Also where nobody looks.
  const diagon_batch *const batch = diagon_test_batch();
  const diagon_column *const columns = (const diagon_column *)diagon_at(batch->columns);
  const double *const last = (const double *)diagon_at(columns[5].values);
  CHECK(last[0] == 5 && last[1] == 0);
}

int main(void) {
  refuses_what_the_engine_would_not_send();
  zeroes_what_is_missing();
  puts("batches: ok");
  return 0;
}
