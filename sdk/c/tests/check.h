// What the tests of the SDK share.
#ifndef CHECK_H
#define CHECK_H

#include "diagon_udf_test.h"

// As assert, but also where NDEBUG is set.
#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition); \
      exit(1);                                                                \
    }                                                                         \
  } while (0)

// Numbers that look like any others, the same ones each time.
static inline uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static inline bool is_text(diagon_str text, const char *expected) {
  return diagon_equal(text, diagon_text(expected));
}

#endif
