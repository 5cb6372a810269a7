// Fields, lists, parameters and inputs of every type arrive as they were sent.
#include "check.h"

// ---- Single values and lists ----

#define EVERYTHING(FIELD, PARAM) \
  FIELD(bool, b)                 \
  FIELD(i64, i)                  \
  FIELD(f64, f)                  \
  FIELD(str, s)                  \
  FIELD(bool, ob, optional)      \
  FIELD(i64, oi, optional)       \
  FIELD(f64, of, optional)       \
  FIELD(str, os, optional)       \
  FIELD(bool_list, bs)           \
  FIELD(i64_list, is)            \
  FIELD(f64_list, fs)            \
  FIELD(str_list, ss)

// What the function saw of each document.
static struct everything_doc *seen;
static uint32_t seen_count;
static void see(const void *doc);

DIAGON_FILTER(everything, "1.0.0", "everything", EVERYTHING) {
  see(&doc);
  return true;
}

static void see(const void *doc) { memcpy(&seen[seen_count++], doc, sizeof *seen); }

static void reads_fields(void) {
  const bool b[] = {true, false, true};
  const int64_t i[] = {INT64_MIN, -1, INT64_MAX};
  const double f[] = {-0.5, 1e300, 3};
  const char *const s[] = {"", "Grüße", "a\xF0\x9F\x98\x80"};
  const char *const os[] = {"x", NULL, ""};
  const uint32_t sizes[] = {2, 0, 3};
  const bool bs[] = {true, false, false, true, true};
  const int64_t is[] = {1, 2, -3, 4, 5};
  const double fs[] = {1.5, 2.5, 3.5, 4.5, 5.5};
  const char *const ss[] = {"one", "", "three", "four", "five"};
  struct everything_doc docs[3];
  seen = docs;
  seen_count = 0;

  diagon_test_begin(3);
  diagon_test_bool(b, NULL);
  diagon_test_i64(i, NULL);
  diagon_test_f64(f, NULL);
  diagon_test_str(s);
  diagon_test_bool(b, "101");
  diagon_test_i64(i, "010");
  diagon_test_f64(f, "000");
  diagon_test_str(os);
  diagon_test_bool_list(sizes, bs);
  diagon_test_i64_list(sizes, is);
  diagon_test_f64_list(sizes, fs);
  diagon_test_str_list(sizes, ss);
  CHECK(diagon_test_run(everything_batch));

  CHECK(seen_count == 3);
  for (uint32_t d = 0, item = 0; d < 3; item += sizes[d], d++) {
    CHECK(docs[d].b == b[d] && docs[d].i == i[d] && docs[d].f == f[d] && is_text(docs[d].s, s[d]));
    CHECK(docs[d].ob.present == (d != 1) && docs[d].oi.present == (d == 1));
    CHECK(!docs[d].of.present && docs[d].os.present == (d != 1));
    CHECK(docs[d].bs.size == sizes[d] && docs[d].is.size == sizes[d]);
    CHECK(docs[d].fs.size == sizes[d] && docs[d].ss.size == sizes[d]);
    for (uint32_t k = 0; k < sizes[d]; k++) {
      CHECK(docs[d].bs.items[k] == bs[item + k] && docs[d].is.items[k] == is[item + k]);
      CHECK(docs[d].fs.items[k] == fs[item + k]);
      CHECK(is_text(diagon_str_at(docs[d].ss, k), ss[item + k]));
    }
  }
  CHECK(docs[0].ob.value && docs[1].oi.value == -1 && is_text(docs[0].os.value, "x"));
  CHECK(diagon_list_has(docs[2].ss, "five") && !diagon_list_has(docs[2].ss, "fiv"));
  CHECK(!diagon_list_has(docs[1].ss, "one") && diagon_list_has(docs[0].ss, ""));
}

// ---- Strings by number ----

#define NAMED(FIELD, PARAM) FIELD(str, name)
DIAGON_FILTER(named, "1.0.0", "named", NAMED) { return diagon_equal(doc.name, diagon_text("two")); }

static void reads_dictionaries(void) {
  const char *const distinct[] = {"one", "two"};
  const uint32_t indices[] = {1, 0, 1, 1};
  diagon_test_begin(4);
  diagon_test_str_dictionary(distinct, 2, indices, "1101");
  CHECK(diagon_test_run(named_batch));
  CHECK(diagon_test_verdict(0) == 1 && diagon_test_verdict(1) == 0);
  CHECK(diagon_test_verdict(2) == 0 && diagon_test_verdict(3) == 1);
}

// ---- Parameters ----

#define PARAMETERS(FIELD, PARAM) \
  PARAM(bool, b)                 \
  PARAM(i32, i, default(3))      \
  PARAM(i64, l)                  \
  PARAM(f32, g)                  \
  PARAM(f64, d)                  \
  PARAM(str, s, name("text"))    \
  PARAM(i64, there, optional)    \
  PARAM(str, absent, optional)   \
  PARAM(bool_list, bs)           \
  PARAM(i32_list, is)            \
  PARAM(f64_list, ds)            \
  PARAM(str_list, ss)            \
  PARAM(f32_list, no_list, optional)

static struct parameters_params *parameters_seen;
static void see_parameters(const void *params);
DIAGON_FILTER(parameters, "1.0.0", "parameters", PARAMETERS) {
  see_parameters(&params);
  return true;
}
static void see_parameters(const void *params) {
  memcpy(parameters_seen, params, sizeof *parameters_seen);
}

static void reads_parameters(void) {
  struct parameters_params got;
  parameters_seen = &got;
  const bool bs[] = {false, true};
  const int64_t is[] = {-7};
  const double ds[] = {0.25, 0.5, 0.75};
  const char *const ss[] = {"é", ""};
  diagon_test_begin(1);
  diagon_test_param_bool(true);
  diagon_test_param_i64(-5);
  diagon_test_param_i64(INT64_MIN);
  diagon_test_param_f64(0.5);
  diagon_test_param_f64(-1e-300);
  diagon_test_param_str("text");
  diagon_test_param_i64(0);
  diagon_test_param_absent();
  diagon_test_param_bool_list(bs, 2);
  diagon_test_param_i64_list(is, 1);
  diagon_test_param_f64_list(ds, 3);
  diagon_test_param_str_list(ss, 2);
  diagon_test_param_absent();
  CHECK(diagon_test_run(parameters_batch));
  CHECK(got.b && got.i == -5 && got.l == INT64_MIN && got.g == 0.5F && got.d == -1e-300);
  CHECK(is_text(got.s, "text"));
  CHECK(got.there.present && got.there.value == 0 && !got.absent.present);
  CHECK(got.bs.size == 2 && !got.bs.items[0] && got.bs.items[1]);
  CHECK(got.is.size == 1 && got.is.items[0] == -7);
  CHECK(got.ds.size == 3 && got.ds.items[2] == 0.75);
  CHECK(got.ss.size == 2 && is_text(diagon_str_at(got.ss, 0), "é"));
  CHECK(is_text(diagon_str_at(got.ss, 1), "") && !got.no_list.present);
}

// ---- Inputs, and what is computed once ----

struct bounds {
  double low, high;
};
static int computed;

#define RANKED(FIELD, PARAM) \
  FIELD(f64, price)          \
  PARAM(f64, middle)
DIAGON_SCORE(ranked, "1.0.0", "ranked", RANKED, inputs(score, doc_id, id),
             once(struct bounds, make_bounds)) {
  const bool within = doc.price >= once->low && doc.price <= once->high;
  return doc.score + doc.doc_id + (double)doc.id.size + (within ? 1000 : 0);
}
static struct bounds make_bounds(struct ranked_params params) {
  computed++;
  const struct bounds made = {params.middle - 1, params.middle + 1};
  return made;
}

// Seventy documents: 64 at once, six by themselves.
static void reads_inputs(void) {
  enum { COUNT = 70 };
  double price[COUNT];
  float scores[COUNT];
  uint32_t doc_ids[COUNT];
  const char *ids[COUNT];
  for (uint32_t i = 0; i < COUNT; i++) {
    price[i] = i;
    scores[i] = (float)i / 2;
    doc_ids[i] = 10 * i;
    ids[i] = i % 2 ? "odd" : "even";
  }
  diagon_test_begin(COUNT);
  diagon_test_f64(price, NULL);
  diagon_test_param_f64(66);
  diagon_test_scores(scores);
  diagon_test_doc_ids(doc_ids);
  diagon_test_ids(ids);
  computed = 0;
  CHECK(diagon_test_run(ranked_batch));
  CHECK(computed == 1);
  for (uint32_t i = 0; i < COUNT; i++) {
    const double near = i >= 65 && i <= 67 ? 1000 : 0;
    CHECK(diagon_test_number(i) == i / 2.0 + 10 * i + (i % 2 ? 3 : 4) + near);
  }
}

// ---- Neither fields nor parameters ----

DIAGON_VALUE(i64, nothing, "1.0.0", "nothing", DIAGON_NO_ARGUMENTS, impure) { return 42; }

static void needs_nothing(void) {
  diagon_test_begin(65);
  CHECK(diagon_test_run(nothing_batch));
  CHECK(diagon_test_integer(0) == 42 && diagon_test_integer(64) == 42 && !diagon_test_missing(64));
}

int main(void) {
  reads_fields();
  reads_dictionaries();
  reads_parameters();
  reads_inputs();
  needs_nothing();
  puts("types: ok");
  return 0;
}
