// Which documents a function is asked about, and where its answers go: all shapes of missing
// values, batches of many lengths.
#include <math.h>

#include "check.h"

enum { MOST = 300 };

// Two fields that it is strict about, one that it isn't, one with a default: all of fixed width, so
// 64 at a time.
#define NUMBERS(FIELD, PARAM)    \
  FIELD(f64, price)              \
  FIELD(i64, stock)              \
  FIELD(bool, fresh, optional)   \
  FIELD(f64, weight, default(7)) \
  PARAM(f64, limit)

#define NUMBERS_BODY                                                                     \
  {                                                                                      \
    if (doc.price > params.limit) return 0;                                              \
    return doc.stock >= 10 && (!doc.fresh.present || doc.fresh.value) && doc.weight < 8; \
  }

DIAGON_FILTER(numbers, "1.0.0", "numbers", NUMBERS)
NUMBERS_BODY
DIAGON_SCORE(numbers_score, "1.0.0", "numbers", NUMBERS)
NUMBERS_BODY
DIAGON_VALUE(f64, numbers_f64, "1.0.0", "numbers", NUMBERS)
NUMBERS_BODY
DIAGON_VALUE(i64, numbers_i64, "1.0.0", "numbers", NUMBERS)
NUMBERS_BODY
DIAGON_VALUE(bool, numbers_bool, "1.0.0", "numbers", NUMBERS)
NUMBERS_BODY

// The same with a string beside: one document at a time.
#define MIXED(FIELD, PARAM) \
  NUMBERS(FIELD, PARAM)     \
  FIELD(str, name)

DIAGON_FILTER(mixed, "1.0.0", "mixed", MIXED) {
  if (doc.price > params.limit) return false;
  return doc.stock >= 10 && (!doc.fresh.present || doc.fresh.value) && doc.weight < 8 &&
         diagon_starts_with(doc.name, diagon_text("a"));
}

static struct {
  uint32_t count;
  double price[MOST], weight[MOST];
  int64_t stock[MOST];
  bool fresh[MOST];
  const char *name[MOST];
  char price_there[MOST + 1], stock_there[MOST + 1], fresh_there[MOST + 1];
} documents;

// Values are where none is missing; a missing one is 0, as the engine has it. One in `chance` is
// missing; 0: none.
static void make_documents(uint32_t count, uint32_t chance, uint64_t *random) {
  memset(&documents, 0, sizeof documents);
  documents.count = count;
  for (uint32_t i = 0; i < count; i++) {
    const bool price = !chance || next_random(random) % chance;
    const bool stock = !chance || next_random(random) % chance;
    const bool fresh = !chance || next_random(random) % chance;
    documents.price[i] = price ? (double)(next_random(random) % 20) : 0;
    documents.stock[i] = stock ? (int64_t)(next_random(random) % 20) : 0;
    documents.fresh[i] = fresh && next_random(random) % 2;
    documents.weight[i] = next_random(random) % 3 ? 7 : 9;
    documents.name[i] = next_random(random) % 5 ? (next_random(random) % 2 ? "ab" : "ba") : NULL;
    documents.price_there[i] = price ? '1' : '0';
    documents.stock_there[i] = stock ? '1' : '0';
    documents.fresh_there[i] = fresh ? '1' : '0';
  }
}

static void make_batch(void) {
  diagon_test_begin(documents.count);
  diagon_test_f64(documents.price, documents.price_there);
  diagon_test_i64(documents.stock, documents.stock_there);
  diagon_test_bool(documents.fresh, documents.fresh_there);
  diagon_test_f64(documents.weight, NULL);
  diagon_test_param_f64(12);
}

static bool asked(uint32_t i) {
  return documents.price_there[i] == '1' && documents.stock_there[i] == '1';
}

static bool expected(uint32_t i) {
  return documents.price[i] <= 12 && documents.stock[i] >= 10 &&
         (documents.fresh_there[i] == '0' || documents.fresh[i]) && documents.weight[i] < 8;
}

static void check_all_kinds(void) {
  make_batch();
  CHECK(diagon_test_run(numbers_batch));
  for (uint32_t i = 0; i < documents.count; i++)
    CHECK(diagon_test_verdict(i) == (asked(i) && expected(i)));

  make_batch();
  CHECK(diagon_test_run(numbers_score_batch));
  for (uint32_t i = 0; i < documents.count; i++) {
    CHECK(!diagon_test_missing(i));
    CHECK(diagon_test_number(i) == (asked(i) && expected(i)));
  }

  make_batch();
  CHECK(diagon_test_run(numbers_f64_batch));
  for (uint32_t i = 0; i < documents.count; i++) {
    CHECK(diagon_test_missing(i) == !asked(i));
    if (asked(i)) CHECK(diagon_test_number(i) == expected(i));
  }

  make_batch();
  CHECK(diagon_test_run(numbers_i64_batch));
  for (uint32_t i = 0; i < documents.count; i++) {
    CHECK(diagon_test_missing(i) == !asked(i));
    if (asked(i)) CHECK(diagon_test_integer(i) == expected(i));
  }

  make_batch();
  CHECK(diagon_test_run(numbers_bool_batch));
  for (uint32_t i = 0; i < documents.count; i++) {
    CHECK(diagon_test_missing(i) == !asked(i));
    if (asked(i)) CHECK(diagon_test_truth(i) == expected(i));
  }

  make_batch();
  diagon_test_str(documents.name);
  CHECK(diagon_test_run(mixed_batch));
  for (uint32_t i = 0; i < documents.count; i++) {
    const bool there = asked(i) && documents.name[i];
    CHECK(diagon_test_verdict(i) == (there && expected(i) && documents.name[i][0] == 'a'));
  }
}

int main(void) {
  const uint32_t counts[] = {0, 1, 2, 63, 64, 65, 127, 128, 129, 192, 255, 300};
  const uint32_t chances[] = {0, 1, 2, 3, 10, 100, 1000};
  uint64_t random = 88172645463325252;
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
    for (size_t k = 0; k < sizeof chances / sizeof *chances; k++)
      for (int round = 0; round < 5; round++) {
        make_documents(counts[i], chances[k], &random);
        check_all_kinds();
      }
  // Whole words of 64 that are there, missing or mixed, one behind the other.
  for (int words = 0; words < 81; words++) {
    make_documents(256, 0, &random);
    for (uint32_t i = 0; i < 256; i++) {
      const int digit = words / (i < 64 ? 1 : i < 128 ? 3 : i < 192 ? 9 : 27) % 3;
      const bool there = digit == 0 || (digit == 2 && next_random(&random) % 2);
      if (there) continue;
      documents.price[i] = 0;
      documents.price_there[i] = '0';
    }
    check_all_kinds();
  }
  puts("missing values: ok");
  return 0;
}
