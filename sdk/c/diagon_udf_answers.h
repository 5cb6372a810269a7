// What a function answers, and how it is written where the engine looks for it.
#ifndef DIAGON_UDF_ANSWERS_H
#define DIAGON_UDF_ANSWERS_H

#include "diagon_udf_values.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>
#endif

// ---- Errors and logs ----

enum { DIAGON_DEBUG = 0, DIAGON_INFO = 1, DIAGON_WARN = 2, DIAGON_ERROR = 3 };
// The level of what `diagon_error` says: the engine tells it with the document.
enum { DIAGON_REASON = 4 };

// Writes a line to the log of the search; level is DIAGON_DEBUG to DIAGON_ERROR.
DIAGON_INLINE void diagon_log_str(int level, diagon_str text) {
  diagon_host_log(level, text.data, text.size);
}
DIAGON_INLINE void diagon_log(int level, const char *text) {
  diagon_log_str(level, diagon_text(text));
}

// Ends the call: no document of the batch can be answered, because of the parameters for example.
DIAGON_NORETURN DIAGON_INLINE void diagon_fail_str(diagon_str why) {
  diagon_host_fail(why.data, why.size);
  __builtin_trap();
}
DIAGON_NORETURN DIAGON_INLINE void diagon_fail(const char *why) {
  diagon_fail_str(diagon_text(why));
}

DIAGON_INLINE int diagon_error_at(bool *failed, diagon_str why) {
  // A test that calls the function by itself may leave it NULL.
  if (failed) *failed = true;
  diagon_log_str(DIAGON_REASON, why);
  return 0;
}

// Says that this document can't be answered, and logs why. What the function returns for it is then
// of no account; for short: `return diagon_error(doc, "why");`, where it returns a number or bool.
#define diagon_error(doc, why) diagon_error_at((doc).diagon_failed, diagon_text(why))
#define diagon_error_str(doc, why) diagon_error_at((doc).diagon_failed, why)

// Memory until the batch ends, which may be many documents later. Ends the call if there is no
// more.
static inline __attribute__((unused)) void *diagon_alloc(size_t bytes) {
  const uint64_t used = ((uint64_t)diagon_scratch_used + 15) & ~(uint64_t)15;
  const diagon_region before = diagon_scratch_region;
  if (!diagon_region_fit(&diagon_scratch_region, used + bytes)) diagon_fail("out of memory");
  // What was given out before stays where it is; only the new piece is in the new place.
  const uint32_t at = diagon_scratch_region.start == before.start ? (uint32_t)used : 0;
  diagon_scratch_used = at + (uint32_t)bytes;
  return diagon_at(diagon_scratch_region.start + at);
}

// ---- Answers ----

typedef struct diagon_answers {
  diagon_batch *batch;
  uint64_t *validity;
  // Of strings: how many have a place among the offsets, and how many bytes they have in all.
  uint32_t placed;
  uint32_t used;
} diagon_answers;

// A bit for each document that has an answer; a score or verdict always has one.
DIAGON_INLINE void diagon_missing(diagon_answers *answers, uint32_t index) {
  answers->validity[index / 64] &= ~((uint64_t)1 << (index % 64));
}

// For a kind of function: what a slot of `out` is, and how an answer is written into it.
#define DIAGON_ANSWER(kind, slot, c_type, on_failure)                                          \
  typedef c_type diagon_answer_##kind;                                                         \
  typedef slot diagon_slot_##kind;                                                             \
  DIAGON_INLINE void diagon_put_##kind(diagon_slot_##kind *DIAGON_RESTRICT slots,              \
                                       diagon_answers *answers, uint32_t index, c_type answer, \
                                       bool failed) {                                          \
    slots[index] = (slot)answer;                                                               \
    if (failed) on_failure;                                                                    \
    (void)answers;                                                                             \
  }

DIAGON_ANSWER(filter, uint8_t, bool, slots[index] = 2)
DIAGON_ANSWER(score, double, double, slots[index] = __builtin_nan(""))
DIAGON_ANSWER(type_f64, double, double, slots[index] = __builtin_nan(""))
DIAGON_ANSWER(type_i64, int64_t, int64_t, diagon_missing(answers, index))
DIAGON_ANSWER(type_bool, uint8_t, bool, diagon_missing(answers, index))

// Answers about 64 documents at a time are first as wide as the numbers that they are made of. A
// machine's vectors compare two such numbers to two masks of their width; a compiler that is to
// narrow the masks in the same loop does it one by one.
#define DIAGON_WIDE_ANSWER(kind, c_type, on_failure, narrow)                                       \
  typedef c_type diagon_wide_##kind;                                                               \
  DIAGON_INLINE void diagon_put_wide_##kind(c_type *wide, diagon_answers *answers, uint32_t first, \
                                            uint32_t index, c_type answer, bool failed) {          \
    wide[index] = answer;                                                                          \
    if (failed) on_failure;                                                                        \
    (void)answers, (void)first;                                                                    \
  }                                                                                                \
  DIAGON_INLINE void diagon_narrow_##kind(diagon_slot_##kind *slots, const c_type *wide) {         \
    narrow(slots, wide, sizeof *wide * 64);                                                        \
  }

// 64 numbers from 0 to 2 become bytes.
DIAGON_INLINE void diagon_narrow_bytes(uint8_t *slots, const int64_t *wide, size_t bytes) {
  (void)bytes;
#ifdef __wasm_simd128__
  for (int i = 0; i < 64; i += 16) {
    v128_t quarters[4];
    for (int k = 0; k < 4; k++)
      quarters[k] = wasm_i32x4_shuffle(wasm_v128_load(wide + i + 4 * k),
                                       wasm_v128_load(wide + i + 4 * k + 2), 0, 2, 4, 6);
    const v128_t low = wasm_i16x8_narrow_i32x4(quarters[0], quarters[1]);
    const v128_t high = wasm_i16x8_narrow_i32x4(quarters[2], quarters[3]);
    wasm_v128_store(slots + i, wasm_i8x16_narrow_i16x8(low, high));
  }
#else
  for (int i = 0; i < 64; i++) slots[i] = (uint8_t)wide[i];
#endif
}

DIAGON_WIDE_ANSWER(filter, int64_t, wide[index] = 2, diagon_narrow_bytes)
DIAGON_WIDE_ANSWER(score, double, wide[index] = __builtin_nan(""), __builtin_memcpy)
DIAGON_WIDE_ANSWER(type_f64, double, wide[index] = __builtin_nan(""), __builtin_memcpy)
DIAGON_WIDE_ANSWER(type_i64, int64_t, diagon_missing(answers, first + index), __builtin_memcpy)
DIAGON_WIDE_ANSWER(type_bool, int64_t, diagon_missing(answers, first + index), diagon_narrow_bytes)

#define DIAGON_OPTIONAL_ANSWER(name)                                                           \
  typedef diagon_optional_##name diagon_answer_type_optional_##name;                           \
  typedef diagon_slot_type_##name diagon_slot_type_optional_##name;                            \
  DIAGON_INLINE void diagon_put_type_optional_##name(                                          \
      diagon_slot_type_##name *DIAGON_RESTRICT slots, diagon_answers *answers, uint32_t index, \
      diagon_optional_##name answer, bool failed) {                                            \
    diagon_put_type_##name(slots, answers, index, answer.value, failed);                       \
    if (!answer.present && !failed) diagon_missing(answers, index);                            \
  }

// Strings: `out` is a column, whose values and offsets are the module's own memory.
enum { DIAGON_MAX_STRINGS = 4 << 20 };

typedef diagon_str diagon_answer_type_str;
typedef diagon_column diagon_slot_type_str;

DIAGON_INLINE void diagon_place_strings(diagon_column *column, diagon_answers *answers,
                                        uint32_t until) {
  int32_t *const offsets = (int32_t *)diagon_at(column->offsets);
  while (answers->placed < until) offsets[answers->placed++] = (int32_t)answers->used;
}

DIAGON_INLINE void diagon_put_type_str(diagon_column *DIAGON_RESTRICT column,
                                       diagon_answers *answers, uint32_t index, diagon_str answer,
                                       bool failed) {
  diagon_place_strings(column, answers, index + 1);
  if (failed) {
    diagon_missing(answers, index);
    return;
  }
  const uint64_t used = (uint64_t)answers->used + answer.size;
  if (used > DIAGON_MAX_STRINGS) diagon_fail("strings of more than 4 MiB");
  if (!diagon_region_fit(&diagon_answer_region, used)) diagon_fail("out of memory");
  char *const bytes = (char *)diagon_at(diagon_answer_region.start);
  if (column->values != diagon_answer_region.start) {
    if (answers->used) __builtin_memcpy(bytes, diagon_at(column->values), answers->used);
    column->values = diagon_answer_region.start;
  }
  if (answer.size) __builtin_memcpy(bytes + answers->used, answer.data, answer.size);
  answers->used = (uint32_t)used;
}

DIAGON_OPTIONAL_ANSWER(f64)
DIAGON_OPTIONAL_ANSWER(i64)
DIAGON_OPTIONAL_ANSWER(bool)
DIAGON_OPTIONAL_ANSWER(str)

// Of documents that the function isn't asked about a value is missing; a verdict or score is 0, as
// it was from the start.
#define DIAGON_UNASKED_ZERO(kind)                                                   \
  DIAGON_INLINE void diagon_unasked_##kind(diagon_answers *answers, uint32_t index, \
                                           uint64_t word) {                         \
    (void)answers, (void)index, (void)word;                                         \
  }
#define DIAGON_UNASKED_MISSING(kind)                                                \
  DIAGON_INLINE void diagon_unasked_##kind(diagon_answers *answers, uint32_t index, \
                                           uint64_t word) {                         \
    answers->validity[index] &= word;                                               \
  }

DIAGON_UNASKED_ZERO(filter)
DIAGON_UNASKED_ZERO(score)
DIAGON_UNASKED_MISSING(type_f64)
DIAGON_UNASKED_MISSING(type_i64)
DIAGON_UNASKED_MISSING(type_bool)
DIAGON_UNASKED_MISSING(type_str)
DIAGON_UNASKED_MISSING(type_optional_f64)
DIAGON_UNASKED_MISSING(type_optional_i64)
DIAGON_UNASKED_MISSING(type_optional_bool)
DIAGON_UNASKED_MISSING(type_optional_str)

// Before and after the documents. Only strings have to do something.
#define DIAGON_FIXED_ANSWER(kind)                                                               \
  DIAGON_INLINE void diagon_begin_##kind(diagon_slot_##kind *slots, diagon_answers *answers) {  \
    (void)slots, (void)answers;                                                                 \
  }                                                                                             \
  DIAGON_INLINE void diagon_finish_##kind(diagon_slot_##kind *slots, diagon_answers *answers) { \
    (void)slots, (void)answers;                                                                 \
  }

DIAGON_FIXED_ANSWER(filter)
DIAGON_FIXED_ANSWER(score)
DIAGON_FIXED_ANSWER(type_f64)
DIAGON_FIXED_ANSWER(type_i64)
DIAGON_FIXED_ANSWER(type_bool)
DIAGON_FIXED_ANSWER(type_optional_f64)
DIAGON_FIXED_ANSWER(type_optional_i64)
DIAGON_FIXED_ANSWER(type_optional_bool)

DIAGON_INLINE void diagon_begin_type_str(diagon_column *column, diagon_answers *answers) {
  column->offsets = diagon_address(diagon_alloc(((size_t)answers->batch->len + 1) * 4));
  column->values = diagon_answer_region.start;
}
DIAGON_INLINE void diagon_finish_type_str(diagon_column *column, diagon_answers *answers) {
  diagon_place_strings(column, answers, answers->batch->len + 1);
}
DIAGON_INLINE void diagon_begin_type_optional_str(diagon_column *column, diagon_answers *answers) {
  diagon_begin_type_str(column, answers);
}
DIAGON_INLINE void diagon_finish_type_optional_str(diagon_column *column, diagon_answers *answers) {
  diagon_finish_type_str(column, answers);
}

#endif
