// Native tests of functions: the memory and the host, and batches as the engine lays them out.
// Include it in one file of a test program, which also includes the functions. One batch is made at
// a time:
//
//   const double prices[] = {3, 7, 0};
//   diagon_test_begin(3);                    // documents
//   diagon_test_f64(prices, "110");          // a field; the third document has none
//   diagon_test_param_f64(5);                // a parameter
//   assert(diagon_test_run(affordable_batch));
//   assert(diagon_test_verdict(0) == 1);
//
// Fields and parameters are added in the order of the function's list. Where the batch isn't as the
// engine would make it (a type, a number of fields, a value that is missing though the field has a
// default), diagon_test_run is false and diagon_test.message names the field or parameter.
#ifndef DIAGON_UDF_TEST_H
#define DIAGON_UDF_TEST_H

#ifdef __wasm__
#error "diagon_udf_test.h is for native tests"
#endif

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diagon_udf.h"

enum {
  DIAGON_TEST_MEMORY = 16 << 20,
  DIAGON_TEST_ENTRIES = 32,  // fields, and parameters
  DIAGON_TEST_BATCH = 1 << 20,
  DIAGON_TEST_MESSAGE = 256
};

static struct {
  __attribute__((aligned(64))) unsigned char memory[DIAGON_TEST_MEMORY];
  uint32_t grown;     // pages beyond the first
  uint32_t withheld;  // pages that a test doesn't let the functions have
  uint32_t free;      // where the next buffer of the batch goes
  uint32_t at;        // the batch
  uint32_t logged;    // lines
  bool running;
  jmp_buf failed;
  char message[DIAGON_TEST_MESSAGE];
  char log[DIAGON_TEST_MESSAGE];
} diagon_test;

// ---- The memory and the host ----

DIAGON_EXTERN_C unsigned char *diagon_native_memory(void) { return diagon_test.memory; }
DIAGON_EXTERN_C uint32_t diagon_memory_end(void) { return (1 + diagon_test.grown) * DIAGON_PAGE; }
DIAGON_EXTERN_C bool diagon_memory_grow(uint32_t pages) {
  const uint32_t left = DIAGON_TEST_MEMORY / DIAGON_PAGE - 1 - diagon_test.grown;
  if (pages + (uint64_t)diagon_test.withheld > left) return false;
  diagon_test.grown += pages;
  return true;
}

static void diagon_test_keep(char *to, const char *text, uint32_t size) {
  if (size >= DIAGON_TEST_MESSAGE) size = DIAGON_TEST_MESSAGE - 1;
  memcpy(to, text, size);
  to[size] = 0;
}

DIAGON_EXTERN_C void diagon_host_log(int32_t level, const char *text, uint32_t size) {
  (void)level;
  diagon_test.logged++;
  diagon_test_keep(diagon_test.log, text, size);
}

DIAGON_EXTERN_C void diagon_host_fail(const char *text, uint32_t size) {
  diagon_test_keep(diagon_test.message, text, size);
  if (diagon_test.running) longjmp(diagon_test.failed, 1);
  fprintf(stderr, "diagon_fail: %s\n", diagon_test.message);
  abort();
}

// ---- Whether the batch is what the function reads ----

static __attribute__((format(printf, 1, 2))) void diagon_test_refuse(const char *format, ...) {
  char text[DIAGON_TEST_MESSAGE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  diagon_host_fail(text, (uint32_t)strlen(text));
}

// Types by their number (of lists 4 more), as diagon_test_… and diagon_test_param_… call them.
static const char *const diagon_test_types[] = {
    "absent", "bool", "i64", "f64", "str", "bool_list", "i64_list", "f64_list", "str_list"};

// The same of a declared type such as `type_i32_list`; what has 32 bits arrives as 64.
static const char *diagon_test_arrives_as(const char *declared) {
  const char *const name = declared + strlen("type_");
  if (!strcmp(name, "i32")) return "i64";
  if (!strcmp(name, "f32")) return "f64";
  if (!strcmp(name, "i32_list")) return "i64_list";
  if (!strcmp(name, "f32_list")) return "f64_list";
  return name;
}

DIAGON_EXTERN_C void diagon_native_field(const diagon_batch *batch, const diagon_column *column,
                                         const char *type, const char *mode, const char *name) {
  const char *const wanted = diagon_test_arrives_as(type);
  const diagon_column *const columns = (const diagon_column *)diagon_at(batch->columns);
  if (column - columns >= (ptrdiff_t)batch->column_count)
    diagon_test_refuse("field `%s`: the test has no diagon_test_%s for it", name, wanted);
  const bool list = column->type == 16;
  const diagon_column *const items =
      list ? (const diagon_column *)diagon_at(column->child) : column;
  const char *const given = diagon_test_types[items->type + (list ? 4 : 0)];
  if (strcmp(given, wanted) != 0)
    diagon_test_refuse("field `%s` takes diagon_test_%s, not diagon_test_%s", name, wanted, given);
  if (!strcmp(mode, "filled") && column->validity)
    diagon_test_refuse("field `%s` has a default, which the engine fills in: none is missing",
                       name);
}

DIAGON_EXTERN_C void diagon_native_param(const diagon_batch *batch, const diagon_param *param,
                                         const char *type, const char *mode, const char *name) {
  const char *const wanted = diagon_test_arrives_as(type);
  const diagon_param *const params = (const diagon_param *)diagon_at(batch->params);
  if (param - params >= (ptrdiff_t)batch->param_count)
    diagon_test_refuse("parameter `%s`: the test has no diagon_test_param_%s for it", name, wanted);
  if (!param->type && !strcmp(mode, "optional")) return;
  if (!param->type && !strcmp(mode, "filled"))
    diagon_test_refuse(
        "parameter `%s` has a default, which the engine fills in: it is never absent", name);
  const char *const given = diagon_test_types[param->type < 16 ? param->type : param->type - 12];
  if (strcmp(given, wanted) != 0)
    diagon_test_refuse("parameter `%s` takes diagon_test_param_%s, not diagon_test_param_%s", name,
                       wanted, given);
  if (!strcmp(type, "type_i32") && (int64_t)param->value != (int32_t)param->value)
    diagon_test_refuse("parameter `%s` is an i32, which %lld is too large for", name,
                       (long long)param->value);
}

DIAGON_EXTERN_C void diagon_native_input(uint32_t address, const char *name) {
  if (!address) diagon_test_refuse("input `%s`: the test has no diagon_test_%ss", name, name);
}

DIAGON_EXTERN_C void diagon_native_end(const char *what, size_t read, uint32_t given) {
  if (read != given)
    diagon_test_refuse("the test has %u %s, the function %u", given, what, (unsigned)read);
}

// ---- A batch ----

DIAGON_INLINE diagon_batch *diagon_test_batch(void) {
  return (diagon_batch *)diagon_at(diagon_test.at);
}

// What a test can't do at all ends it.
static void diagon_test_expect(bool fine, const char *else_what) {
  if (fine) return;
  fprintf(stderr, "diagon_test: %s\n", else_what);
  abort();
}

// Room in the batch, at a multiple of 64; what the engine leaves unset is no zero here.
static uint32_t diagon_test_room(size_t bytes) {
  const uint32_t at = (diagon_test.free + 63) & ~(uint32_t)63;
  diagon_test_expect(at + bytes <= diagon_test.at + DIAGON_TEST_BATCH, "the batch is too large");
  diagon_test.free = at + (uint32_t)bytes;
  return at;
}

static __attribute__((unused)) uint32_t diagon_test_copy(const void *from, size_t bytes) {
  const uint32_t at = diagon_test_room(bytes);
  if (bytes) memcpy(diagon_at(at), from, bytes);
  return at;
}

// Begins a batch of so many documents.
DIAGON_INLINE void diagon_test_begin(uint32_t documents) {
  const uint32_t start = diagon_reserve(DIAGON_TEST_BATCH + 63);
  diagon_test.at = (start + 63) & ~(uint32_t)63;
  diagon_test.free = diagon_test.at;
  memset(diagon_at(start), 0xAA, DIAGON_TEST_BATCH + 63);
  const uint32_t batch = diagon_test_room(sizeof(diagon_batch));
  diagon_batch *const made = (diagon_batch *)diagon_at(batch);
  memset(made, 0, sizeof *made);
  made->abi = 1;
  made->len = documents;
  made->columns = diagon_test_room(DIAGON_TEST_ENTRIES * sizeof(diagon_column));
  made->params = diagon_test_room(DIAGON_TEST_ENTRIES * sizeof(diagon_param));
  const size_t out = documents * sizeof(int64_t) + sizeof(diagon_column);
  made->out = diagon_test_room(out);
  memset(diagon_at(made->out), 0, out);
  const size_t bits = (documents + 63) / 64 * 8;
  made->out_validity = diagon_test_room(bits);
  memset(diagon_at(made->out_validity), 0xFF, bits);
  diagon_test.logged = 0;
  diagon_test.log[0] = diagon_test.message[0] = 0;
}

static diagon_column *diagon_test_column(uint32_t type) {
  diagon_batch *const batch = diagon_test_batch();
  diagon_test_expect(batch->column_count < DIAGON_TEST_ENTRIES, "there are too many fields");
  diagon_column *const column = (diagon_column *)diagon_at(batch->columns) + batch->column_count++;
  memset(column, 0, sizeof *column);
  column->type = type;
  column->len = batch->len;
  return column;
}

// The bits of "1101": which documents have a value. None missing: no bits. Where one is missing,
// the engine has a zero, of so many bytes.
static void diagon_test_there(diagon_column *column, const char *there, size_t width) {
  diagon_test_expect(!there || (strspn(there, "01") == column->len && !there[column->len]),
                     "which values are there is said by a 0 or 1 for each document");
  if (!there || !strchr(there, '0')) {
    column->flags = 1;
    return;
  }
  column->flags = strchr(there, '1') ? 0 : 2;
  const size_t words = (column->len + 63) / 64;
  column->validity = diagon_test_room(words * 8);
  uint64_t *const bits = (uint64_t *)diagon_at(column->validity);
  memset(bits, 0, words * 8);
  for (uint32_t i = 0; i < column->len; i++)
    if (there[i] == '1')
      bits[i / 64] |= (uint64_t)1 << (i % 64);
    else
      memset((char *)diagon_at(column->values) + i * width, 0, width);
}

// Strings one behind the other; NULL is empty.
static void diagon_test_strings(diagon_column *column, const char *const *texts, uint32_t count) {
  column->offsets = diagon_test_room((count + 1) * sizeof(int32_t));
  int32_t *const offsets = (int32_t *)diagon_at(column->offsets);
  offsets[0] = 0;
  for (uint32_t i = 0; i < count; i++)
    offsets[i + 1] = offsets[i] + (texts[i] ? (int32_t)strlen(texts[i]) : 0);
  column->values = diagon_test_room((size_t)offsets[count]);
  char *const bytes = (char *)diagon_at(column->values);
  for (uint32_t i = 0; i < count; i++)
    if (texts[i]) memcpy(bytes + offsets[i], texts[i], strlen(texts[i]));
}

// Which documents have a string: those whose text isn't NULL.
static void diagon_test_texts_there(diagon_column *column, const char *const *texts) {
  char *const there = (char *)malloc(column->len + 1);
  if (!there) abort();
  for (uint32_t i = 0; i < column->len; i++) there[i] = texts[i] ? '1' : '0';
  there[column->len] = 0;
  diagon_test_there(column, there, 0);  // an empty string needs no zero
  free(there);
}

// A list field: how many items each document has, and all items.
static diagon_column *diagon_test_list(uint32_t type, const uint32_t *sizes) {
  diagon_column *const column = diagon_test_column(16);
  column->flags = 1;
  column->offsets = diagon_test_room((column->len + 1) * sizeof(int32_t));
  int32_t *const offsets = (int32_t *)diagon_at(column->offsets);
  offsets[0] = 0;
  for (uint32_t i = 0; i < column->len; i++) offsets[i + 1] = offsets[i] + (int32_t)sizes[i];
  column->child = diagon_test_room(sizeof(diagon_column));
  diagon_column *const child = (diagon_column *)diagon_at(column->child);
  memset(child, 0, sizeof *child);
  child->type = type;
  child->flags = 1;
  child->len = (uint32_t)offsets[column->len];
  return child;
}

static diagon_param *diagon_test_param(uint32_t type, uint64_t value) {
  diagon_batch *const batch = diagon_test_batch();
  diagon_test_expect(batch->param_count < DIAGON_TEST_ENTRIES, "there are too many parameters");
  diagon_param *const param = (diagon_param *)diagon_at(batch->params) + batch->param_count++;
  memset(param, 0, sizeof *param);
  param->type = type;
  param->value = value;
  return param;
}

static diagon_column *diagon_test_list_param(uint32_t type, uint32_t count) {
  const uint32_t at = diagon_test_room(sizeof(diagon_column));
  diagon_test_param(16 + type, at)->len = count;
  diagon_column *const items = (diagon_column *)diagon_at(at);
  memset(items, 0, sizeof *items);
  items->type = type;
  items->flags = 1;
  items->len = count;
  return items;
}

// diagon_test_f64(values, there), diagon_test_f64_list(sizes, items),
// diagon_test_param_f64_list(items, count), and the same of the other types. There: "1101", or NULL
// if no value is missing.
#define DIAGON_TEST_TYPE(name, number, c_type)                                               \
  DIAGON_INLINE void diagon_test_##name(const c_type *values, const char *there) {           \
    diagon_column *const column = diagon_test_column(number);                                \
    column->values = diagon_test_copy(values, column->len * sizeof *values);                 \
    diagon_test_there(column, there, sizeof *values);                                        \
  }                                                                                          \
  DIAGON_INLINE void diagon_test_##name##_list(const uint32_t *sizes, const c_type *items) { \
    diagon_column *const child = diagon_test_list(number, sizes);                            \
    child->values = diagon_test_copy(items, child->len * sizeof *items);                     \
  }                                                                                          \
  DIAGON_INLINE void diagon_test_param_##name##_list(const c_type *items, uint32_t count) {  \
    diagon_test_list_param(number, count)->values =                                          \
        diagon_test_copy(items, count * sizeof *items);                                      \
  }

DIAGON_TEST_TYPE(bool, 1, bool)
DIAGON_TEST_TYPE(i64, 2, int64_t)
DIAGON_TEST_TYPE(f64, 3, double)

// A document whose text is NULL has none.
DIAGON_INLINE void diagon_test_str(const char *const *texts) {
  diagon_column *const column = diagon_test_column(4);
  diagon_test_strings(column, texts, column->len);
  diagon_test_texts_there(column, texts);
}
DIAGON_INLINE void diagon_test_str_list(const uint32_t *sizes, const char *const *items) {
  diagon_column *const child = diagon_test_list(4, sizes);
  diagon_test_strings(child, items, child->len);
}
// The same strings by number: the document's text is distinct[indices[document]].
DIAGON_INLINE void diagon_test_str_dictionary(const char *const *distinct, uint32_t count,
                                              const uint32_t *indices, const char *there) {
  diagon_column *const column = diagon_test_column(4);
  column->values = diagon_test_copy(indices, column->len * sizeof *indices);
  diagon_test_there(column, there, sizeof *indices);
  column->flags |= DIAGON_FLAG_DICTIONARY;
  column->child = diagon_test_room(sizeof(diagon_column));
  diagon_column *const child = (diagon_column *)diagon_at(column->child);
  memset(child, 0, sizeof *child);
  child->type = 4;
  child->len = count;
  diagon_test_strings(child, distinct, count);
}

DIAGON_INLINE void diagon_test_param_bool(bool value) { diagon_test_param(1, value); }
// Also for i32.
DIAGON_INLINE void diagon_test_param_i64(int64_t value) { diagon_test_param(2, (uint64_t)value); }
// Also for f32.
DIAGON_INLINE void diagon_test_param_f64(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  diagon_test_param(3, bits);
}
DIAGON_INLINE void diagon_test_param_str(const char *text) {
  const uint32_t at = diagon_test_copy(text, strlen(text));
  diagon_test_param(4, at)->len = (uint32_t)strlen(text);
}
DIAGON_INLINE void diagon_test_param_str_list(const char *const *items, uint32_t count) {
  diagon_test_strings(diagon_test_list_param(4, count), items, count);
}
DIAGON_INLINE void diagon_test_param_absent(void) { diagon_test_param(0, 0); }

DIAGON_INLINE void diagon_test_scores(const float *scores) {
  const uint32_t at = diagon_test_copy(scores, diagon_test_batch()->len * sizeof *scores);
  diagon_test_batch()->scores = at;
}
DIAGON_INLINE void diagon_test_doc_ids(const uint32_t *ids) {
  const uint32_t at = diagon_test_copy(ids, diagon_test_batch()->len * sizeof *ids);
  diagon_test_batch()->doc_ids = at;
}
DIAGON_INLINE void diagon_test_ids(const char *const *ids) {
  const uint32_t at = diagon_test_room(sizeof(diagon_column));
  diagon_column *const column = (diagon_column *)diagon_at(at);
  memset(column, 0, sizeof *column);
  column->type = 4;
  column->len = diagon_test_batch()->len;
  diagon_test_strings(column, ids, column->len);
  diagon_test_batch()->ids = at;
}

// ---- Calls and answers ----

// Calls the function with the batch. False if it calls diagon_fail, or the batch is not for it:
// diagon_test.message says what.
static __attribute__((unused)) bool diagon_test_run(int32_t (*function)(uint32_t)) {
  volatile bool fine = false;
  diagon_test.running = true;
  if (!setjmp(diagon_test.failed)) fine = function(diagon_test.at) == 0;
  diagon_test.running = false;
  return fine;
}

// Of a filter: 0 no, 1 yes, 2 error in this document.
DIAGON_INLINE int diagon_test_verdict(uint32_t document) {
  return ((const uint8_t *)diagon_at(diagon_test_batch()->out))[document];
}
// Of a score, or a value of the type f64, i64, bool or str.
DIAGON_INLINE double diagon_test_number(uint32_t document) {
  return ((const double *)diagon_at(diagon_test_batch()->out))[document];
}
DIAGON_INLINE int64_t diagon_test_integer(uint32_t document) {
  return ((const int64_t *)diagon_at(diagon_test_batch()->out))[document];
}
DIAGON_INLINE bool diagon_test_truth(uint32_t document) {
  return diagon_test_verdict(document) != 0;
}
DIAGON_INLINE diagon_str diagon_test_text(uint32_t document) {
  const diagon_column *const column = (const diagon_column *)diagon_at(diagon_test_batch()->out);
  const int32_t *const offsets = (const int32_t *)diagon_at(column->offsets);
  const diagon_str text = {(const char *)diagon_at(column->values) + offsets[document],
                           (uint32_t)(offsets[document + 1] - offsets[document])};
  return text;
}
// Whether a value is missing.
DIAGON_INLINE bool diagon_test_missing(uint32_t document) {
  const uint64_t *const bits = (const uint64_t *)diagon_at(diagon_test_batch()->out_validity);
  return !(bits[document / 64] >> (document % 64) & 1);
}

#endif
