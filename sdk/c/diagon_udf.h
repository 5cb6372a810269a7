/* Write functions for the Diagon search engine in C11 or C++17: a plain function of one document's
   values and the query's parameters. The macros make of it the manifest, the exports and the loop
   over a batch of documents. README.md has all that can be written.

     #include "diagon_udf.h"

     #define AFFORDABLE(FIELD, PARAM) \
       FIELD(f64, price)              \
       FIELD(str_list, tags)          \
       PARAM(f64, budget)

     DIAGON_FILTER(affordable, "1.0.0", "price is within budget", AFFORDABLE) {
       return doc.price <= params.budget && !diagon_list_has(doc.tags, "sold-out");
     }

   The function is then an ordinary one, bool affordable(struct affordable_doc, struct
   affordable_params), which a native test can call. What the engine calls is affordable_batch. */
#ifndef DIAGON_UDF_H
#define DIAGON_UDF_H

#include "diagon_udf_abi.h"
#include "diagon_udf_answers.h"
#include "diagon_udf_manifest.h"
#include "diagon_udf_values.h"

// ---- What the engine knows of a document beside its fields ----

#define DIAGON_INPUT_MEMBER_none
#define DIAGON_INPUT_MEMBER_score float score;
#define DIAGON_INPUT_MEMBER_doc_id uint32_t doc_id;
#define DIAGON_INPUT_MEMBER_id diagon_str id;
#define DIAGON_INPUT_MEMBERS(a, b, c, ...) \
  DIAGON_INPUT_MEMBER_##a DIAGON_INPUT_MEMBER_##b DIAGON_INPUT_MEMBER_##c

#define DIAGON_INPUT_COLUMN_none
#define DIAGON_INPUT_COLUMN_score const float *score;
#define DIAGON_INPUT_COLUMN_doc_id const uint32_t *doc_id;
#define DIAGON_INPUT_COLUMN_id diagon_field_type_str id;
#define DIAGON_INPUT_COLUMNS(a, b, c, ...) \
  DIAGON_INPUT_COLUMN_##a DIAGON_INPUT_COLUMN_##b DIAGON_INPUT_COLUMN_##c

#define DIAGON_INPUT_OPEN_none
#define DIAGON_INPUT_OPEN_score                                \
  DIAGON_NATIVELY(diagon_native_input(batch->scores, "score")) \
  columns.score = (const float *)diagon_at(batch->scores);
#define DIAGON_INPUT_OPEN_doc_id                                 \
  DIAGON_NATIVELY(diagon_native_input(batch->doc_ids, "doc_id")) \
  columns.doc_id = (const uint32_t *)diagon_at(batch->doc_ids);
#define DIAGON_INPUT_OPEN_id                             \
  DIAGON_NATIVELY(diagon_native_input(batch->ids, "id")) \
  diagon_open_type_str(&columns.id, (const diagon_column *)diagon_at(batch->ids));
#define DIAGON_INPUT_OPENS(a, b, c, ...) \
  DIAGON_INPUT_OPEN_##a DIAGON_INPUT_OPEN_##b DIAGON_INPUT_OPEN_##c

#define DIAGON_INPUT_READ_none
#define DIAGON_INPUT_READ_score doc.score = columns->score[index];
#define DIAGON_INPUT_READ_doc_id doc.doc_id = columns->doc_id[index];
#define DIAGON_INPUT_READ_id doc.id = diagon_read_type_str(&columns->id, index);
#define DIAGON_INPUT_READS(a, b, c, ...) \
  DIAGON_INPUT_READ_##a DIAGON_INPUT_READ_##b DIAGON_INPUT_READ_##c

#define DIAGON_INPUT_VIEW_none
#define DIAGON_INPUT_VIEW_score own.score += first;
#define DIAGON_INPUT_VIEW_doc_id own.doc_id += first;
#define DIAGON_INPUT_VIEW_id diagon_view_ids(&own.id, first);
#define DIAGON_INPUT_VIEWS(a, b, c, ...) \
  DIAGON_INPUT_VIEW_##a DIAGON_INPUT_VIEW_##b DIAGON_INPUT_VIEW_##c

DIAGON_INLINE void diagon_view_ids(diagon_field_type_str *ids, uint32_t first) {
  if (ids->all.indices)
    ids->all.indices += first;
  else
    ids->all.offsets += first;
}

// ---- What is computed once a batch ----

#define DIAGON_ONCE_PARAMETER(mode, type, function) DIAGON_ONCE_PARAMETER_##mode(type)
#define DIAGON_ONCE_PARAMETER_without(type)
#define DIAGON_ONCE_PARAMETER_with(type) , const type *once
#define DIAGON_ONCE_ARGUMENT(mode, type, function) DIAGON_ONCE_ARGUMENT_##mode
#define DIAGON_ONCE_ARGUMENT_without
#define DIAGON_ONCE_ARGUMENT_with , once
#define DIAGON_ONCE_PASSED(mode, type, function) DIAGON_ONCE_PASSED_##mode
#define DIAGON_ONCE_PASSED_without
#define DIAGON_ONCE_PASSED_with , &once
#define DIAGON_ONCE_COMPUTED(mode, type, function) DIAGON_ONCE_COMPUTED_##mode(type, function)
#define DIAGON_ONCE_COMPUTED_without(type, function)
#define DIAGON_ONCE_COMPUTED_with(type, function) const type once = function(params);
#define DIAGON_ONCE_DECLARED(ident, mode, type, function) \
  DIAGON_ONCE_DECLARED_##mode(ident, type, function)
#define DIAGON_ONCE_DECLARED_without(ident, type, function)
#define DIAGON_ONCE_DECLARED_with(ident, type, function) \
  static type function(struct ident##_params params);

// ---- What the macros make of a function ----

// Members of the structs, and statements that fill them, for one field or parameter.
#define DIAGON_MEMBER_strict(type) diagon_value_##type
#define DIAGON_MEMBER_filled(type) diagon_value_##type
#define DIAGON_MEMBER_optional(type) diagon_optional_##type
#define DIAGON_ENTRY_MEMBER(type, ...) DIAGON_ENTRY_MEMBER_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_ENTRY_MEMBER_(type, ident, ...) \
  DIAGON_PASTE(DIAGON_MEMBER_, DIAGON_MODE(__VA_ARGS__))(type) ident;

#define DIAGON_FIELD_COLUMN(type, ...) DIAGON_FIELD_COLUMN_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_FIELD_COLUMN_(type, ident, ...) diagon_field_##type ident;

#define DIAGON_FIELD_OPEN(type, ...) DIAGON_FIELD_OPEN_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_FIELD_OPEN_(type, ident, ...)                                                  \
  DIAGON_NATIVELY(                                                                            \
      diagon_native_field(batch, raw, #type, DIAGON_QUOTE(DIAGON_MODE(__VA_ARGS__)), #ident)) \
  diagon_open_##type(&columns.ident, raw++);

#define DIAGON_READ_strict(type) diagon_read_##type
#define DIAGON_READ_filled(type) diagon_read_##type
#define DIAGON_READ_optional(type) diagon_read_optional_##type
#define DIAGON_FIELD_READ(type, ...) DIAGON_FIELD_READ_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_FIELD_READ_(type, ident, ...) \
  doc.ident = DIAGON_PASTE(DIAGON_READ_, DIAGON_MODE(__VA_ARGS__))(type)(&columns->ident, index);

#define DIAGON_PARAM_READ_strict(type) diagon_param_##type
#define DIAGON_PARAM_READ_filled(type) diagon_param_##type
#define DIAGON_PARAM_READ_optional(type) diagon_optional_param_##type
#define DIAGON_PARAM_READ(type, ...) DIAGON_PARAM_READ_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_PARAM_READ_(type, ident, ...)                                                  \
  DIAGON_NATIVELY(                                                                            \
      diagon_native_param(batch, raw, #type, DIAGON_QUOTE(DIAGON_MODE(__VA_ARGS__)), #ident)) \
  params.ident = DIAGON_PASTE(DIAGON_PARAM_READ_, DIAGON_MODE(__VA_ARGS__))(type)(raw++);

// Four vectors at a time. Where that can't be done nothing is wrong: the function is not made for
// it.
#ifdef __clang__
#define DIAGON_INTERLEAVED _Pragma("clang loop interleave_count(4)")
#pragma clang diagnostic ignored "-Wpass-failed"
#else
#define DIAGON_INTERLEAVED
#endif

// Only where a field is strict does it matter where its values are missing.
#define DIAGON_STRICT_WORD_strict(type, ident) word &= diagon_word_##type(&columns->ident, index);
#define DIAGON_STRICT_WORD_filled(type, ident)
#define DIAGON_STRICT_WORD_optional(type, ident)
#define DIAGON_FIELD_WORD(type, ...) DIAGON_FIELD_WORD_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_FIELD_WORD_(type, ident, ...) \
  DIAGON_PASTE(DIAGON_STRICT_WORD_, DIAGON_MODE(__VA_ARGS__))(type, ident)

#define DIAGON_STRICT_MISSES_strict(type, ident) misses |= diagon_misses_##type(&columns->ident);
#define DIAGON_STRICT_MISSES_filled(type, ident)
#define DIAGON_STRICT_MISSES_optional(type, ident)
#define DIAGON_FIELD_MISSES(type, ...) DIAGON_FIELD_MISSES_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_FIELD_MISSES_(type, ident, ...) \
  DIAGON_PASTE(DIAGON_STRICT_MISSES_, DIAGON_MODE(__VA_ARGS__))(type, ident)

// Whether all fields and the answer are numbers of a fixed width: then 64 documents at a time are
// worth a loop of their own.
#define DIAGON_SHAPE_type_f64
#define DIAGON_SHAPE_type_i64
#define DIAGON_SHAPE_type_bool
#define DIAGON_SHAPE_type_str , varying
#define DIAGON_SHAPE_type_f64_list , varying
#define DIAGON_SHAPE_type_i64_list , varying
#define DIAGON_SHAPE_type_bool_list , varying
#define DIAGON_SHAPE_type_str_list , varying
#define DIAGON_SHAPE_type_optional_f64 , varying
#define DIAGON_SHAPE_type_optional_i64 , varying
#define DIAGON_SHAPE_type_optional_bool , varying
#define DIAGON_SHAPE_type_optional_str , varying
#define DIAGON_SHAPE_filter
#define DIAGON_SHAPE_score
#define DIAGON_FIELD_SHAPE(type, ...) DIAGON_SHAPE_type_##type
#define DIAGON_SHAPE(kind, LIST) \
  DIAGON_PICK(LIST(DIAGON_FIELD_SHAPE, DIAGON_NOTHING) DIAGON_SHAPE_##kind, fixed, none)

#define DIAGON_FIELD_BLOCK(type, ...) DIAGON_FIELD_BLOCK_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_FIELD_BLOCK_(type, ident, ...) diagon_block_##type ident;
#define DIAGON_FIELD_VIEW(type, ...) DIAGON_FIELD_VIEW_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_FIELD_VIEW_(type, ident, ...) diagon_view_##type(&own.ident, &block.ident, first);

#define DIAGON_STRUCTS(ident, LIST, ...)                                  \
  struct ident##_columns {                                                \
    LIST(DIAGON_FIELD_COLUMN, DIAGON_NOTHING)                             \
    DIAGON_CALL(DIAGON_INPUT_COLUMNS, DIAGON_INPUTS(__VA_ARGS__))         \
    char diagon_end;                                                      \
  };                                                                      \
  struct ident##_doc {                                                    \
    LIST(DIAGON_ENTRY_MEMBER, DIAGON_NOTHING)                             \
    DIAGON_CALL(DIAGON_INPUT_MEMBERS, DIAGON_INPUTS(__VA_ARGS__))         \
    bool *diagon_failed; /* where diagon_error says so */                 \
  };                                                                      \
  struct ident##_params {                                                 \
    LIST(DIAGON_NOTHING, DIAGON_ENTRY_MEMBER)                             \
    char diagon_end;                                                      \
  };                                                                      \
  DIAGON_INLINE void ident##_check(const struct ident##_params *params) { \
    LIST(DIAGON_ENTRY_CHECK, DIAGON_ENTRY_CHECK)                          \
    DIAGON_EACH_STATEMENT(diagon_unknown_function_word_, __VA_ARGS__)     \
    (void)params;                                                         \
  }

// From the batch to the structs.
#define DIAGON_READERS(ident, LIST, ...)                                                         \
  DIAGON_INLINE struct ident##_columns ident##_open(const diagon_batch *batch) {                 \
    struct ident##_columns columns;                                                              \
    const diagon_column *const first = (const diagon_column *)diagon_at(batch->columns);         \
    const diagon_column *raw = first;                                                            \
    LIST(DIAGON_FIELD_OPEN, DIAGON_NOTHING)                                                      \
    DIAGON_NATIVELY(diagon_native_end("fields", (size_t)(raw - first), batch->column_count))     \
    DIAGON_CALL(DIAGON_INPUT_OPENS, DIAGON_INPUTS(__VA_ARGS__))                                  \
    (void)raw;                                                                                   \
    columns.diagon_end = 0;                                                                      \
    return columns;                                                                              \
  }                                                                                              \
  DIAGON_INLINE struct ident##_params ident##_read_params(const diagon_batch *batch) {           \
    struct ident##_params params;                                                                \
    const diagon_param *const first = (const diagon_param *)diagon_at(batch->params);            \
    const diagon_param *raw = first;                                                             \
    LIST(DIAGON_NOTHING, DIAGON_PARAM_READ)                                                      \
    DIAGON_NATIVELY(diagon_native_end("parameters", (size_t)(raw - first), batch->param_count))  \
    (void)raw;                                                                                   \
    params.diagon_end = 0;                                                                       \
    return params;                                                                               \
  }                                                                                              \
  DIAGON_INLINE struct ident##_doc ident##_read(const struct ident##_columns *columns,           \
                                                uint32_t index, bool *failed) {                  \
    struct ident##_doc doc;                                                                      \
    LIST(DIAGON_FIELD_READ, DIAGON_NOTHING)                                                      \
    DIAGON_CALL(DIAGON_INPUT_READS, DIAGON_INPUTS(__VA_ARGS__))                                  \
    (void)columns, (void)index;                                                                  \
    doc.diagon_failed = failed;                                                                  \
    return doc;                                                                                  \
  }                                                                                              \
  DIAGON_INLINE bool ident##_misses(const struct ident##_columns *columns) {                     \
    bool misses = false;                                                                         \
    LIST(DIAGON_FIELD_MISSES, DIAGON_NOTHING)                                                    \
    (void)columns;                                                                               \
    return misses;                                                                               \
  }                                                                                              \
  DIAGON_INLINE uint64_t ident##_word(const struct ident##_columns *columns, uint32_t index) {   \
    uint64_t word = ~(uint64_t)0;                                                                \
    LIST(DIAGON_FIELD_WORD, DIAGON_NOTHING)                                                      \
    (void)columns, (void)index;                                                                  \
    return word;                                                                                 \
  }                                                                                              \
  /* The first document, of those from `from` on, whose bit is not as in `other`; else `len`. */ \
  static inline __attribute__((unused)) uint32_t ident##_next(                                   \
      const struct ident##_columns *columns, uint32_t from, uint32_t len, uint64_t other) {      \
    uint64_t mask = ~(uint64_t)0 << (from % 64);                                                 \
    for (uint32_t index = from / 64; index * 64 < len; index++, mask = ~(uint64_t)0) {           \
      const uint64_t word = (ident##_word(columns, index) ^ other) & mask;                       \
      if (word) {                                                                                \
        const uint32_t found = index * 64 + (uint32_t)__builtin_ctzll(word);                     \
        return found < len ? found : len;                                                        \
      }                                                                                          \
    }                                                                                            \
    return len;                                                                                  \
  }

// The loop over documents that are all to be asked about. The answers lie apart from everything
// that is read, and the columns are a copy of the loop's own, so that nothing has to be read again
// after an answer is written.
#define DIAGON_LOOP(kind, ident, ...)                                                            \
  static inline void ident##_each(                                                               \
      const struct ident##_columns *columns,                                                     \
      struct ident##_params params DIAGON_CALL(DIAGON_ONCE_PARAMETER, DIAGON_ONCE(__VA_ARGS__)), \
      diagon_answers *answers, diagon_slot_##kind *DIAGON_RESTRICT slots, uint32_t from,         \
      uint32_t until) {                                                                          \
    const struct ident##_columns own = *columns;                                                 \
    for (uint32_t index = from; index < until; index++) {                                        \
      bool failed = false;                                                                       \
      const diagon_answer_##kind answer =                                                        \
          ident(ident##_read(&own, index, &failed),                                              \
                params DIAGON_CALL(DIAGON_ONCE_ARGUMENT, DIAGON_ONCE(__VA_ARGS__)));             \
      diagon_put_##kind(slots, answers, index, answer, failed);                                  \
    }                                                                                            \
  }

#define DIAGON_RUN_varying(kind, ident, LIST, ...)                                               \
  DIAGON_INLINE void ident##_run(                                                                \
      const struct ident##_columns *columns,                                                     \
      struct ident##_params params DIAGON_CALL(DIAGON_ONCE_PARAMETER, DIAGON_ONCE(__VA_ARGS__)), \
      diagon_answers *answers, diagon_slot_##kind *slots, uint32_t from, uint32_t until) {       \
    ident##_each(columns, params DIAGON_CALL(DIAGON_ONCE_ARGUMENT, DIAGON_ONCE(__VA_ARGS__)),    \
                 answers, slots, from, until);                                                   \
  }

// Of 64 documents all values are copied first. A function that looks at one value only if another
// one lets it (`&&`, `if`) may then be asked about several documents at once: what it wouldn't have
// looked at is there, too.
#define DIAGON_RUN_fixed(kind, ident, LIST, ...)                                                  \
  struct ident##_block {                                                                          \
    LIST(DIAGON_FIELD_BLOCK, DIAGON_NOTHING)                                                      \
    char diagon_end;                                                                              \
  };                                                                                              \
  static __attribute__((noinline)) void ident##_each_of_64(                                       \
      const struct ident##_columns *columns,                                                      \
      struct ident##_params params DIAGON_CALL(DIAGON_ONCE_PARAMETER, DIAGON_ONCE(__VA_ARGS__)),  \
      diagon_answers *answers, diagon_slot_##kind *DIAGON_RESTRICT slots, uint32_t first) {       \
    struct ident##_block block;                                                                   \
    struct ident##_columns own = *columns;                                                        \
    diagon_wide_##kind wide[64];                                                                  \
    (void)block;                                                                                  \
    LIST(DIAGON_FIELD_VIEW, DIAGON_NOTHING)                                                       \
    DIAGON_CALL(DIAGON_INPUT_VIEWS, DIAGON_INPUTS(__VA_ARGS__))                                   \
    DIAGON_INTERLEAVED                                                                            \
    for (uint32_t index = 0; index < 64; index++) {                                               \
      bool failed = false;                                                                        \
      const diagon_answer_##kind answer =                                                         \
          ident(ident##_read(&own, index, &failed),                                               \
                params DIAGON_CALL(DIAGON_ONCE_ARGUMENT, DIAGON_ONCE(__VA_ARGS__)));              \
      diagon_put_wide_##kind(wide, answers, first, index, answer, failed);                        \
    }                                                                                             \
    diagon_narrow_##kind(slots + first, wide);                                                    \
  }                                                                                               \
  DIAGON_INLINE void ident##_run(                                                                 \
      const struct ident##_columns *columns,                                                      \
      struct ident##_params params DIAGON_CALL(DIAGON_ONCE_PARAMETER, DIAGON_ONCE(__VA_ARGS__)),  \
      diagon_answers *answers, diagon_slot_##kind *slots, uint32_t from, uint32_t until) {        \
    while (from < until) {                                                                        \
      const uint32_t end = from / 64 * 64 + 64;                                                   \
      if (from % 64 == 0 && end <= until)                                                         \
        ident##_each_of_64(columns,                                                               \
                           params DIAGON_CALL(DIAGON_ONCE_ARGUMENT, DIAGON_ONCE(__VA_ARGS__)),    \
                           answers, slots, from);                                                 \
      else                                                                                        \
        ident##_each(columns, params DIAGON_CALL(DIAGON_ONCE_ARGUMENT, DIAGON_ONCE(__VA_ARGS__)), \
                     answers, slots, from, end < until ? end : until);                            \
      from = end;                                                                                 \
    }                                                                                             \
  }

// What the engine calls. A run of documents that have all that the function is strict about goes
// through the loop at once.
#define DIAGON_BATCH(kind, ident, ...)                                                        \
  DIAGON_EXTERN_C DIAGON_EXPORT(#ident) int32_t ident##_batch(uint32_t at) {                  \
    diagon_batch *const batch = (diagon_batch *)diagon_at(at);                                \
    diagon_scratch_used = 0;                                                                  \
    const struct ident##_params params = ident##_read_params(batch);                          \
    DIAGON_CALL(DIAGON_ONCE_COMPUTED, DIAGON_ONCE(__VA_ARGS__))                               \
    const struct ident##_columns columns = ident##_open(batch);                               \
    const uint32_t len = batch->len;                                                          \
    diagon_slot_##kind *const slots = (diagon_slot_##kind *)diagon_at(batch->out);            \
    diagon_answers answers = {batch, (uint64_t *)diagon_at(batch->out_validity), 0, 0};       \
    diagon_begin_##kind(slots, &answers);                                                     \
    const bool misses = ident##_misses(&columns);                                             \
    uint32_t from = misses ? ident##_next(&columns, 0, len, 0) : 0;                           \
    while (from < len) {                                                                      \
      const uint32_t until = misses ? ident##_next(&columns, from, len, ~(uint64_t)0) : len;  \
      ident##_run(&columns, params DIAGON_CALL(DIAGON_ONCE_PASSED, DIAGON_ONCE(__VA_ARGS__)), \
                  &answers, slots, from, until);                                              \
      from = misses ? ident##_next(&columns, until, len, 0) : len;                            \
    }                                                                                         \
    for (uint32_t index = 0; misses && index * 64 < len; index++)                             \
      diagon_unasked_##kind(&answers, index, ident##_word(&columns, index));                  \
    diagon_finish_##kind(slots, &answers);                                                    \
    return 0;                                                                                 \
  }

#define DIAGON_FUNCTION(kind, kind_json, ident, version, description, LIST, ...)                  \
  DIAGON_LIST_CHECK(LIST)                                                                         \
  DIAGON_STRUCTS(ident, LIST, __VA_ARGS__)                                                        \
  DIAGON_MANIFEST(ident, version, description, kind_json, LIST, __VA_ARGS__)                      \
  DIAGON_READERS(ident, LIST, __VA_ARGS__)                                                        \
  DIAGON_CALL_WITH(DIAGON_ONCE_DECLARED, ident, DIAGON_ONCE(__VA_ARGS__))                         \
  DIAGON_EXTERN_C int32_t ident##_batch(uint32_t at);                                             \
  DIAGON_INLINE diagon_answer_##kind ident(                                                       \
      struct ident##_doc doc,                                                                     \
      struct ident##_params params DIAGON_CALL(DIAGON_ONCE_PARAMETER, DIAGON_ONCE(__VA_ARGS__))); \
  DIAGON_LOOP(kind, ident, __VA_ARGS__)                                                           \
  DIAGON_PASTE(DIAGON_RUN_, DIAGON_SHAPE(kind, LIST))                                             \
  (kind, ident, LIST, __VA_ARGS__) DIAGON_BATCH(kind, ident, __VA_ARGS__)                         \
      DIAGON_INLINE diagon_answer_##kind                                                          \
      ident(__attribute__((unused)) struct ident##_doc doc,                                       \
            __attribute__((unused)) struct ident##_params params DIAGON_CALL(                     \
                DIAGON_ONCE_PARAMETER, DIAGON_ONCE(__VA_ARGS__)))

// ---- What an author writes ----

// DIAGON_FILTER(name, "version", "description", LIST, words…) { return …; }
#define DIAGON_FILTER(...) DIAGON_FILTER_(__VA_ARGS__, DIAGON_END)
#define DIAGON_FILTER_(ident, version, description, LIST, ...) \
  DIAGON_FUNCTION(filter, DIAGON_JSON_KIND_filter, ident, version, description, LIST, __VA_ARGS__)

// The same for a score, a number from 0.
#define DIAGON_SCORE(...) DIAGON_SCORE_(__VA_ARGS__, DIAGON_END)
#define DIAGON_SCORE_(ident, version, description, LIST, ...) \
  DIAGON_FUNCTION(score, DIAGON_JSON_KIND_score, ident, version, description, LIST, __VA_ARGS__)

// The same for a value, whose type comes first: f64, i64, bool, str, or optional_f64 and so on
// where it may be missing.
#define DIAGON_VALUE(type, ...) DIAGON_VALUE_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_VALUE_(type, ident, version, description, LIST, ...)                      \
  DIAGON_FUNCTION(type, DIAGON_JSON_KIND_value(type), ident, version, description, LIST, \
                  __VA_ARGS__)

// The list of a function that has neither fields nor parameters.
#define DIAGON_NO_ARGUMENTS(FIELD, PARAM)

#endif
