// Values of documents and parameters: their types, and how they are read out of a batch.
//
// Names are pasted from the words of the declarations: for a field of type `f64` the macros use
// diagon_field_type_f64 (its column), diagon_value_type_f64 (what the function gets),
// diagon_read_type_f64 and so on. A word that there isn't becomes a name that there isn't, which is
// what the compiler then says: unknown type name 'diagon_field_type_int'.
#ifndef DIAGON_UDF_VALUES_H
#define DIAGON_UDF_VALUES_H

#include "diagon_udf_abi.h"

// ---- Columns ----

// A string: UTF-8, not ended by a zero byte.
typedef struct diagon_str {
  const char *data;
  uint32_t size;
} diagon_str;

// A list of strings; diagon_str_at reads one.
typedef struct diagon_str_list {
  const int32_t *offsets;
  const char *bytes;
  const uint32_t *indices;  // into the offsets, or NULL: in order
  uint32_t size;
} diagon_str_list;

DIAGON_INLINE diagon_str diagon_str_at(diagon_str_list list, uint32_t index) {
  const uint32_t place = list.indices ? list.indices[index] : index;
  const int32_t from = list.offsets[place];
  const diagon_str item = {list.bytes + from, (uint32_t)(list.offsets[place + 1] - from)};
  return item;
}

// Bit of a document in a column's validity; all are there if it has none.
DIAGON_INLINE bool diagon_has_value(const uint64_t *validity, uint32_t index) {
  return !validity || (validity[index / 64] >> (index % 64) & 1);
}

DIAGON_INLINE const uint64_t *diagon_validity(const diagon_column *raw) {
  return raw->validity ? (const uint64_t *)diagon_at(raw->validity) : NULL;
}

// For a type of numbers: its lists, its columns, and how values are read out of them.
#define DIAGON_FIXED_WIDTH(name, c_type)                                                      \
  typedef struct diagon_##name##_list {                                                       \
    const c_type *items;                                                                      \
    uint32_t size;                                                                            \
  } diagon_##name##_list;                                                                     \
  typedef struct diagon_field_type_##name {                                                   \
    const c_type *values;                                                                     \
    const uint64_t *validity;                                                                 \
  } diagon_field_type_##name;                                                                 \
  typedef struct diagon_field_type_##name##_list {                                            \
    const int32_t *offsets;                                                                   \
    const c_type *items;                                                                      \
  } diagon_field_type_##name##_list;                                                          \
  DIAGON_INLINE void diagon_open_type_##name(diagon_field_type_##name *column,                \
                                             const diagon_column *raw) {                      \
    column->values = (const c_type *)diagon_at(raw->values);                                  \
    column->validity = diagon_validity(raw);                                                  \
  }                                                                                           \
  DIAGON_INLINE c_type diagon_read_type_##name(const diagon_field_type_##name *column,        \
                                               uint32_t index) {                              \
    return column->values[index];                                                             \
  }                                                                                           \
  DIAGON_INLINE void diagon_open_type_##name##_list(diagon_field_type_##name##_list *column,  \
                                                    const diagon_column *raw) {               \
    column->offsets = (const int32_t *)diagon_at(raw->offsets);                               \
    column->items =                                                                           \
        (const c_type *)diagon_at(((const diagon_column *)diagon_at(raw->child))->values);    \
  }                                                                                           \
  DIAGON_INLINE diagon_##name##_list diagon_read_type_##name##_list(                          \
      const diagon_field_type_##name##_list *column, uint32_t index) {                        \
    const int32_t from = column->offsets[index];                                              \
    const diagon_##name##_list list = {column->items + from,                                  \
                                       (uint32_t)(column->offsets[index + 1] - from)};        \
    return list;                                                                              \
  }                                                                                           \
  DIAGON_INLINE diagon_##name##_list diagon_list_param_##name(const diagon_param *raw) {      \
    const diagon_column *items = (const diagon_column *)diagon_at((uint32_t)raw->value);      \
    const diagon_##name##_list list = {(const c_type *)diagon_at(items->values), items->len}; \
    return list;                                                                              \
  }

// A copy of 64 values, which a loop over all of them may read as it likes.
#define DIAGON_BLOCK_OF(name, c_type)                                                           \
  typedef struct diagon_block_type_##name {                                                     \
    c_type values[64];                                                                          \
  } diagon_block_type_##name;                                                                   \
  DIAGON_INLINE void diagon_view_type_##name(diagon_field_type_##name *column,                  \
                                             diagon_block_type_##name *block, uint32_t first) { \
    __builtin_memcpy(block->values, column->values + first, sizeof block->values);              \
    column->values = block->values;                                                             \
    if (column->validity) column->validity += first / 64;                                       \
  }

DIAGON_FIXED_WIDTH(f64, double)
DIAGON_FIXED_WIDTH(i64, int64_t)
DIAGON_FIXED_WIDTH(bool, bool)
DIAGON_BLOCK_OF(f64, double)
DIAGON_BLOCK_OF(i64, int64_t)
DIAGON_BLOCK_OF(bool, bool)

// A column of strings is the list of all of them, and which are there.
typedef struct diagon_field_type_str {
  diagon_str_list all;
  const uint64_t *validity;
} diagon_field_type_str;

typedef struct diagon_field_type_str_list {
  const int32_t *offsets;
  diagon_str_list items;
} diagon_field_type_str_list;

DIAGON_INLINE diagon_str_list diagon_strings(const diagon_column *raw) {
  diagon_str_list all = {NULL, NULL, NULL, raw->len};
  if (raw->flags & DIAGON_FLAG_DICTIONARY) {
    all.indices = (const uint32_t *)diagon_at(raw->values);
    raw = (const diagon_column *)diagon_at(raw->child);
  }
  all.offsets = (const int32_t *)diagon_at(raw->offsets);
  all.bytes = (const char *)diagon_at(raw->values);
  return all;
}

DIAGON_INLINE void diagon_open_type_str(diagon_field_type_str *column, const diagon_column *raw) {
  column->all = diagon_strings(raw);
  column->validity = diagon_validity(raw);
}

DIAGON_INLINE diagon_str diagon_read_type_str(const diagon_field_type_str *column, uint32_t index) {
  return diagon_str_at(column->all, index);
}

DIAGON_INLINE void diagon_open_type_str_list(diagon_field_type_str_list *column,
                                             const diagon_column *raw) {
  column->offsets = (const int32_t *)diagon_at(raw->offsets);
  column->items = diagon_strings((const diagon_column *)diagon_at(raw->child));
}

DIAGON_INLINE diagon_str_list diagon_read_type_str_list(const diagon_field_type_str_list *column,
                                                        uint32_t index) {
  const int32_t from = column->offsets[index];
  diagon_str_list list = column->items;
  list.size = (uint32_t)(column->offsets[index + 1] - from);
  if (list.indices)
    list.indices += from;
  else
    list.offsets += from;
  return list;
}

// ---- Parameters ----

DIAGON_INLINE bool diagon_param_type_bool(const diagon_param *raw) { return raw->value != 0; }
DIAGON_INLINE int64_t diagon_param_type_i64(const diagon_param *raw) { return (int64_t)raw->value; }
DIAGON_INLINE int32_t diagon_param_type_i32(const diagon_param *raw) { return (int32_t)raw->value; }
DIAGON_INLINE double diagon_param_type_f64(const diagon_param *raw) {
  double value;
  __builtin_memcpy(&value, &raw->value, sizeof value);
  return value;
}
DIAGON_INLINE float diagon_param_type_f32(const diagon_param *raw) {
  return (float)diagon_param_type_f64(raw);
}
DIAGON_INLINE diagon_str diagon_param_type_str(const diagon_param *raw) {
  const diagon_str value = {(const char *)diagon_at((uint32_t)raw->value), raw->len};
  return value;
}
DIAGON_INLINE diagon_str_list diagon_list_param_str(const diagon_param *raw) {
  return diagon_strings((const diagon_column *)diagon_at((uint32_t)raw->value));
}

// ---- Values that may be missing ----

// For each type: the type of a value, of an optional one, and how optional parameters are read.
#define DIAGON_TYPE(name, c_type, read_param)                                      \
  typedef c_type diagon_value_type_##name;                                         \
  typedef struct diagon_optional_##name {                                          \
    bool present;                                                                  \
    c_type value;                                                                  \
  } diagon_optional_##name;                                                        \
  typedef diagon_optional_##name diagon_optional_type_##name;                      \
  typedef diagon_optional_##name diagon_value_type_optional_##name;                \
  DIAGON_INLINE diagon_optional_##name diagon_some_##name(c_type value) {          \
    const diagon_optional_##name some = {true, value};                             \
    return some;                                                                   \
  }                                                                                \
  DIAGON_INLINE diagon_optional_##name diagon_none_##name(void) {                  \
    diagon_optional_##name none;                                                   \
    __builtin_memset(&none, 0, sizeof none);                                       \
    return none;                                                                   \
  }                                                                                \
  DIAGON_INLINE diagon_optional_##name diagon_optional_param_type_##name(          \
      const diagon_param *raw) {                                                   \
    return raw->type ? diagon_some_##name(read_param(raw)) : diagon_none_##name(); \
  }

DIAGON_TYPE(bool, bool, diagon_param_type_bool)
DIAGON_TYPE(i32, int32_t, diagon_param_type_i32)
DIAGON_TYPE(i64, int64_t, diagon_param_type_i64)
DIAGON_TYPE(f32, float, diagon_param_type_f32)
DIAGON_TYPE(f64, double, diagon_param_type_f64)
DIAGON_TYPE(str, diagon_str, diagon_param_type_str)

// Lists of parameters; those of 32 bits arrive as 64.
#define DIAGON_LIST_TYPE(name, c_type, read_param) \
  DIAGON_TYPE(name, c_type, read_param)            \
  DIAGON_INLINE c_type diagon_param_type_##name(const diagon_param *raw) { return read_param(raw); }

DIAGON_LIST_TYPE(bool_list, diagon_bool_list, diagon_list_param_bool)
DIAGON_LIST_TYPE(i32_list, diagon_i64_list, diagon_list_param_i64)
DIAGON_LIST_TYPE(i64_list, diagon_i64_list, diagon_list_param_i64)
DIAGON_LIST_TYPE(f32_list, diagon_f64_list, diagon_list_param_f64)
DIAGON_LIST_TYPE(f64_list, diagon_f64_list, diagon_list_param_f64)
DIAGON_LIST_TYPE(str_list, diagon_str_list, diagon_list_param_str)

// How fields are read, and in which of 64 documents they are there.
#define DIAGON_SINGLE_FIELD(name)                                                        \
  DIAGON_INLINE uint64_t diagon_word_type_##name(const diagon_field_type_##name *column, \
                                                 uint32_t word) {                        \
    return column->validity ? column->validity[word] : ~(uint64_t)0;                     \
  }                                                                                      \
  DIAGON_INLINE bool diagon_misses_type_##name(const diagon_field_type_##name *column) { \
    return column->validity != NULL;                                                     \
  }                                                                                      \
  DIAGON_INLINE diagon_optional_##name diagon_read_optional_type_##name(                 \
      const diagon_field_type_##name *column, uint32_t index) {                          \
    const diagon_optional_##name value = {diagon_has_value(column->validity, index),     \
                                          diagon_read_type_##name(column, index)};       \
    return value;                                                                        \
  }

DIAGON_SINGLE_FIELD(bool)
DIAGON_SINGLE_FIELD(i64)
DIAGON_SINGLE_FIELD(f64)
DIAGON_SINGLE_FIELD(str)

// A list is never missing.
#define DIAGON_LIST_FIELD(name)                                                          \
  DIAGON_INLINE uint64_t diagon_word_type_##name(const diagon_field_type_##name *column, \
                                                 uint32_t word) {                        \
    (void)column, (void)word;                                                            \
    return ~(uint64_t)0;                                                                 \
  }                                                                                      \
  DIAGON_INLINE bool diagon_misses_type_##name(const diagon_field_type_##name *column) { \
    (void)column;                                                                        \
    return false;                                                                        \
  }

DIAGON_LIST_FIELD(bool_list)
DIAGON_LIST_FIELD(i64_list)
DIAGON_LIST_FIELD(f64_list)
DIAGON_LIST_FIELD(str_list)

// ---- Strings ----

// The string of a C string. Of a literal the length is known when it is compiled.
DIAGON_INLINE diagon_str diagon_text(const char *text) {
  uint32_t size = 0;
  if (__builtin_constant_p(__builtin_strlen(text)))
    size = (uint32_t)__builtin_strlen(text);
  else
    while (text[size]) size++;
  const diagon_str str = {text, size};
  return str;
}

DIAGON_INLINE bool diagon_same_bytes(const char *a, const char *b, uint32_t size) {
  uint64_t x = 0, y = 0;
  if (size >= 8) {
    for (uint32_t at = 0; at + 8 <= size; at += 8) {
      __builtin_memcpy(&x, a + at, 8), __builtin_memcpy(&y, b + at, 8);
      if (x != y) return false;
    }
    __builtin_memcpy(&x, a + size - 8, 8), __builtin_memcpy(&y, b + size - 8, 8);
    return x == y;
  }
  // The first bytes and the last ones, which may overlap.
  uint64_t z = 0, w = 0;
  if (size >= 4) {
    __builtin_memcpy(&x, a, 4), __builtin_memcpy(&y, b, 4);
    __builtin_memcpy(&z, a + size - 4, 4), __builtin_memcpy(&w, b + size - 4, 4);
  } else if (size >= 2) {
    __builtin_memcpy(&x, a, 2), __builtin_memcpy(&y, b, 2);
    __builtin_memcpy(&z, a + size - 2, 2), __builtin_memcpy(&w, b + size - 2, 2);
  } else if (size == 1) {
    return *a == *b;
  }
  return x == y && z == w;
}

DIAGON_INLINE bool diagon_equal(diagon_str a, diagon_str b) {
  return a.size == b.size && diagon_same_bytes(a.data, b.data, a.size);
}

DIAGON_INLINE bool diagon_starts_with(diagon_str text, diagon_str prefix) {
  return text.size >= prefix.size && diagon_same_bytes(text.data, prefix.data, prefix.size);
}

DIAGON_INLINE bool diagon_list_has_str(diagon_str_list list, diagon_str wanted) {
  for (uint32_t i = 0; i < list.size; i++)
    if (diagon_equal(diagon_str_at(list, i), wanted)) return true;
  return false;
}

DIAGON_INLINE bool diagon_list_has(diagon_str_list list, const char *wanted) {
  return diagon_list_has_str(list, diagon_text(wanted));
}

#endif
