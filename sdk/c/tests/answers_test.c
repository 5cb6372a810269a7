// Answers that are missing, errors, failures, strings, and memory that runs out.
#include <math.h>

#include "check.h"

#define NUMBER(FIELD, PARAM) FIELD(f64, x)

// ---- Optional answers ----

DIAGON_VALUE(optional_f64, half, "1.0.0", "half", NUMBER) {
  return doc.x > 1 ? diagon_some_f64(doc.x / 2) : diagon_none_f64();
}
DIAGON_VALUE(optional_i64, whole, "1.0.0", "whole", NUMBER) {
  return doc.x > 1 ? diagon_some_i64((int64_t)doc.x) : diagon_none_i64();
}
DIAGON_VALUE(optional_bool, large, "1.0.0", "large", NUMBER) {
  return doc.x > 1 ? diagon_some_bool(doc.x > 3) : diagon_none_bool();
}
DIAGON_VALUE(optional_str, word, "1.0.0", "word", NUMBER) {
  return doc.x > 1 ? diagon_some_str(diagon_text(doc.x > 3 ? "many" : "few")) : diagon_none_str();
}

// Documents 0: missing, 1: no answer, 2 and 3: an answer.
static void make_numbers(void) {
  const double x[] = {0, 1, 3, 5};
  diagon_test_begin(4);
  diagon_test_f64(x, "0111");
}

static void answers_may_be_missing(void) {
  int32_t (*const functions[])(uint32_t) = {half_batch, whole_batch, large_batch, word_batch};
  for (size_t i = 0; i < 4; i++) {
    make_numbers();
    CHECK(diagon_test_run(functions[i]));
    CHECK(diagon_test_missing(0) && diagon_test_missing(1));
    CHECK(!diagon_test_missing(2) && !diagon_test_missing(3));
    if (i == 0) CHECK(diagon_test_number(2) == 1.5 && diagon_test_number(3) == 2.5);
    if (i == 1) CHECK(diagon_test_integer(2) == 3 && diagon_test_integer(3) == 5);
    if (i == 2) CHECK(!diagon_test_truth(2) && diagon_test_truth(3));
    if (i == 3) CHECK(is_text(diagon_test_text(2), "few") && is_text(diagon_test_text(3), "many"));
    if (i == 3) CHECK(is_text(diagon_test_text(0), "") && is_text(diagon_test_text(1), ""));
  }
}

// ---- Errors in a document ----

#define ERROR_BODY                                                \
  {                                                               \
    if (doc.x == 3) return diagon_error(doc, "three is no good"); \
    return doc.x > 1;                                             \
  }
DIAGON_FILTER(no_three, "1.0.0", "no three", NUMBER)
ERROR_BODY
DIAGON_SCORE(no_three_score, "1.0.0", "no three", NUMBER)
ERROR_BODY
DIAGON_VALUE(f64, no_three_f64, "1.0.0", "no three", NUMBER)
ERROR_BODY
DIAGON_VALUE(i64, no_three_i64, "1.0.0", "no three", NUMBER)
ERROR_BODY
DIAGON_VALUE(bool, no_three_bool, "1.0.0", "no three", NUMBER)
ERROR_BODY
DIAGON_VALUE(str, no_three_str, "1.0.0", "no three", NUMBER) {
  if (doc.x == 3) diagon_error_str(doc, diagon_text("three is no good"));
  return diagon_text("fine");
}

// In batches of 4, and of 100, of which 64 are answered at once.
static void says_errors(void) {
  for (uint32_t count = 4; count <= 100; count += 96) {
    double x[100];
    for (uint32_t i = 0; i < count; i++) x[i] = i % 4 == 2 ? 3 : 5;
    int32_t (*const functions[])(uint32_t) = {no_three_batch,      no_three_score_batch,
                                              no_three_f64_batch,  no_three_i64_batch,
                                              no_three_bool_batch, no_three_str_batch};
    for (size_t f = 0; f < 6; f++) {
      diagon_test_begin(count);
      diagon_test_f64(x, NULL);
      CHECK(diagon_test_run(functions[f]));
      CHECK(diagon_test.logged == count / 4 && !strcmp(diagon_test.log, "three is no good"));
      for (uint32_t i = 0; i < count; i++) {
        const bool wrong = i % 4 == 2;
        CHECK(diagon_test_missing(i) == (wrong && f > 2));
        if (f == 0) CHECK(diagon_test_verdict(i) == (wrong ? 2 : 1));
        if (f == 1 || f == 2)
          CHECK(wrong ? isnan(diagon_test_number(i)) : diagon_test_number(i) == 1);
        if (f == 3 && !wrong) CHECK(diagon_test_integer(i) == 1);
        if (f == 4 && !wrong) CHECK(diagon_test_truth(i));
        if (f == 5) CHECK(is_text(diagon_test_text(i), wrong ? "" : "fine"));
      }
    }
  }
  // Of a function that is called by itself there is nobody to tell.
  struct no_three_doc doc;
  memset(&doc, 0, sizeof doc);
  struct no_three_params params;
  memset(&params, 0, sizeof params);
  doc.x = 3;
  CHECK(!no_three(doc, params));
}

// ---- Failures ----

struct checked {
  double x;
};
#define CHECKED(FIELD, PARAM) \
  FIELD(f64, x)               \
  PARAM(f64, limit)
DIAGON_FILTER(checked_filter, "1.0.0", "checked", CHECKED, once(struct checked, check_limit)) {
  return doc.x < once->x;
}
static struct checked check_limit(struct checked_filter_params params) {
  if (!(params.limit >= 0)) diagon_fail("limit has to be 0 or more");
  const struct checked made = {params.limit};
  return made;
}

static void fails_with_a_message(void) {
  const double x[] = {1};
  for (int bad = 0; bad < 2; bad++) {
    diagon_test_begin(1);
    diagon_test_f64(x, NULL);
    diagon_test_param_f64(bad ? -1 : 2);
    CHECK(diagon_test_run(checked_filter_batch) == !bad);
    CHECK(!strcmp(diagon_test.message, bad ? "limit has to be 0 or more" : ""));
  }
}

static void logs(void) {
  diagon_test_begin(0);
  diagon_log(DIAGON_INFO, "one");
  CHECK(!strcmp(diagon_test.log, "one"));
  diagon_log_str(DIAGON_WARN, diagon_text("two"));
  CHECK(!strcmp(diagon_test.log, "two") && diagon_test.logged == 2);
}

// ---- Strings that are made, and memory ----

#define REPEATED(FIELD, PARAM) \
  FIELD(str, text)             \
  PARAM(i64, times)
DIAGON_VALUE(str, repeated, "1.0.0", "repeated", REPEATED) {
  const size_t size = (size_t)params.times * doc.text.size;
  char *const bytes = (char *)diagon_alloc(size);
  for (size_t at = 0; at < size; at += doc.text.size)
    memcpy(bytes + at, doc.text.data, doc.text.size);
  const diagon_str made = {bytes, (uint32_t)size};
  return made;
}

static void make_repeated(int64_t times) {
  const char *const texts[] = {"ab", NULL, "xyz", ""};
  diagon_test_begin(4);
  diagon_test_str(texts);
  diagon_test_param_i64(times);
}

static void returns_strings(void) {
  const int64_t times[] = {0, 1, 30000, 100000, 3, 700000, 1};
  for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
    make_repeated(times[i]);
    CHECK(diagon_test_run(repeated_batch));
    CHECK(diagon_test_text(0).size == 2 * (uint64_t)times[i] && diagon_test_text(1).size == 0);
    CHECK(diagon_test_text(2).size == 3 * (uint64_t)times[i] && diagon_test_text(3).size == 0);
    CHECK(diagon_test_missing(1) && !diagon_test_missing(0) && !diagon_test_missing(3));
    for (uint32_t at = 0; at < diagon_test_text(2).size; at++)
      CHECK(diagon_test_text(2).data[at] == "xyz"[at % 3]);
    for (uint32_t at = 0; at < diagon_test_text(0).size; at++)
      CHECK(diagon_test_text(0).data[at] == "ab"[at % 2]);
  }
}

// Three of these are too many, two aren't.
static char megabytes[3 << 19];
DIAGON_VALUE(str, long_text, "1.0.0", "long text", NUMBER) {
  const diagon_str text = {megabytes, sizeof megabytes};
  return text;
}

static void bounds_strings(void) {
  const double x[] = {1, 2, 3};
  for (uint32_t count = 2; count <= 3; count++) {
    diagon_test_begin(count);
    diagon_test_f64(x, NULL);
    CHECK(diagon_test_run(long_text_batch) == (count == 2));
    CHECK(!strcmp(diagon_test.message, count == 2 ? "" : "strings of more than 4 MiB"));
  }
}

static void runs_out_of_memory(void) {
  make_repeated(1);
  CHECK(diagon_test_run(repeated_batch));
  diagon_test.withheld = DIAGON_TEST_MEMORY / DIAGON_PAGE;
  make_repeated(2000000);
  CHECK(!diagon_test_run(repeated_batch) && !strcmp(diagon_test.message, "out of memory"));
  CHECK(diagon_reserve(1) != 0);
  CHECK(diagon_reserve(8 << 20) == 0);
  diagon_test.withheld = 0;
  make_repeated(1);
  CHECK(diagon_test_run(repeated_batch));
  CHECK(is_text(diagon_test_text(2), "xyz"));
}

// Pieces of scratch memory don't overlap, wherever they are.
static void gives_memory_out(void) {
  diagon_scratch_used = 0;
  unsigned char *pieces[50];
  for (int i = 0; i < 50; i++) {
    pieces[i] = (unsigned char *)diagon_alloc((size_t)i * 100);
    CHECK((uintptr_t)pieces[i] % 16 == 0);
    memset(pieces[i], i, (size_t)i * 100);
    // Something else takes the next page, so that the region can't grow in place.
    if (i % 10 == 0) CHECK(diagon_memory_grow(1));
  }
  for (int i = 0; i < 50; i++)
    for (int at = 0; at < i * 100; at++) CHECK(pieces[i][at] == i);
}

// ---- Strings that are compared ----

static void compares_strings(void) {
  const char text[] = "0123456789abcdefghijklmnopqrstuvwxyz";
  char other[sizeof text];
  for (uint32_t size = 0; size < sizeof text; size++) {
    // Copies of the very size, so that reading further is seen.
    char *const a = (char *)malloc(size + 1), *const b = (char *)malloc(size ? size : 1);
    CHECK(a && b);
    memcpy(a, text, size + 1);
    memcpy(b, text, size);
    const diagon_str left = {a, size}, right = {b, size}, longer = {a, size + 1};
    CHECK(diagon_equal(left, right) && diagon_starts_with(longer, right));
    CHECK(!diagon_equal(longer, right) && !diagon_starts_with(right, longer));
    for (uint32_t at = 0; at < size; at++) {
      memcpy(other, text, sizeof text);
      other[at] ^= 0x20;
      const diagon_str differs = {other, size};
      CHECK(!diagon_equal(differs, right) && !diagon_starts_with(longer, differs));
    }
    free(a);
    free(b);
  }
}

int main(void) {
  answers_may_be_missing();
  says_errors();
  fails_with_a_message();
  logs();
  returns_strings();
  bounds_strings();
  runs_out_of_memory();
  gives_memory_out();
  compares_strings();
  puts("answers: ok");
  return 0;
}
