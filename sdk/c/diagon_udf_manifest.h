// The words that fields, parameters and functions are declared with, and the manifest that is made
// of them.
//
// The manifest is JSON in a custom section of the module. Only assembly can put it there: a
// `section` attribute makes data that is loaded into memory. So each piece of JSON is an `.ascii`
// of the assembler, and what a list needs between its items an assembler macro: at its first use it
// writes nothing and becomes one that writes a comma.
//
// A word `default(0)` is told apart by pasting: for each purpose P there is a macro P_default(…),
// which is empty if the word has nothing to say about P. Words that are chosen among expand to a
// comma and the choice, and DIAGON_PICK takes the first choice.
#ifndef DIAGON_UDF_MANIFEST_H
#define DIAGON_UDF_MANIFEST_H

// What ends the list of words: there are always eight.
#define DIAGON_END end, end, end, end, end, end, end, end, end
#define DIAGON_EACH(purpose, a, b, c, d, e, f, g, h, ...) \
  purpose##a purpose##b purpose##c purpose##d purpose##e purpose##f purpose##g purpose##h
#define DIAGON_EACH_STATEMENT(purpose, a, b, c, d, e, f, g, h, ...) \
  purpose##a;                                                       \
  purpose##b;                                                       \
  purpose##c;                                                       \
  purpose##d;                                                       \
  purpose##e;                                                       \
  purpose##f;                                                       \
  purpose##g;                                                       \
  purpose##h;
#define DIAGON_PICK(...) DIAGON_PICK_(__VA_ARGS__)
#define DIAGON_PICK_(nothing, picked, ...) picked
#define DIAGON_PICK_SECOND(...) DIAGON_PICK_SECOND_(__VA_ARGS__)
#define DIAGON_PICK_SECOND_(nothing, picked, second, ...) second
#define DIAGON_PASTE(a, b) DIAGON_PASTE_(a, b)
#define DIAGON_PASTE_(a, b) a##b
#define DIAGON_QUOTE(...) DIAGON_QUOTE_(__VA_ARGS__)
#define DIAGON_QUOTE_(...) #__VA_ARGS__
// Calls a macro with what has become its arguments.
#define DIAGON_CALL(macro, arguments) macro arguments
#define DIAGON_CALL_WITH(macro, first, arguments) \
  DIAGON_CALL_WITH_(macro, first, DIAGON_OPENED arguments)
#define DIAGON_CALL_WITH_(macro, ...) macro(__VA_ARGS__)
#define DIAGON_OPENED(...) __VA_ARGS__
#define DIAGON_NOTHING(...)

#ifdef __cplusplus
#define DIAGON_ASSERT static_assert
#else
#define DIAGON_ASSERT _Static_assert
#endif

// What stands where the list should, if it or the description was forgotten: a word or the end.
#define DIAGON_NO_LIST_name(text) , missing
#define DIAGON_NO_LIST_impure , missing
#define DIAGON_NO_LIST_max_score(number) , missing
#define DIAGON_NO_LIST_limit(key, number) , missing
#define DIAGON_NO_LIST_inputs(...) , missing
#define DIAGON_NO_LIST_once(type, function) , missing
#define DIAGON_NO_LIST_end , missing
#define DIAGON_LIST_given
#define DIAGON_LIST_missing \
  DIAGON_ASSERT(0, "a function has a name, a version, a description and a list, in this order");
#define DIAGON_LIST_CHECK(LIST) \
  DIAGON_PASTE(DIAGON_LIST_, DIAGON_PICK(DIAGON_NO_LIST_##LIST, given, none))

// ---- Words of fields and parameters ----

// Whether a document or query without a value is not asked about (strict), sees it (optional) or
// has another one (filled).
#define DIAGON_MODE_default(...) , filled
#define DIAGON_MODE_optional , optional
#define DIAGON_MODE_name(text)
#define DIAGON_MODE_from_param(param)
#define DIAGON_MODE_part(part)
#define DIAGON_MODE_unmapped_ok
#define DIAGON_MODE_end

// The value that `default` gives, in parentheses.
#define DIAGON_DEFAULT_default(...) , (__VA_ARGS__)
#define DIAGON_DEFAULT_optional
#define DIAGON_DEFAULT_name(text)
#define DIAGON_DEFAULT_from_param(param)
#define DIAGON_DEFAULT_part(part)
#define DIAGON_DEFAULT_unmapped_ok
#define DIAGON_DEFAULT_end

// The name in the index or in the query.
#define DIAGON_NAME_default(...)
#define DIAGON_NAME_optional
#define DIAGON_NAME_name(text) , text
#define DIAGON_NAME_from_param(param)
#define DIAGON_NAME_part(part)
#define DIAGON_NAME_unmapped_ok
#define DIAGON_NAME_end

// What stands in the manifest as it is.
#define DIAGON_KEY_default(...)
#define DIAGON_KEY_optional
#define DIAGON_KEY_name(text)
#define DIAGON_KEY_from_param(param) DIAGON_JSON(",\"from_param\":") DIAGON_JSON_TEXT(#param)
#define DIAGON_KEY_part(part) DIAGON_JSON(",\"part\":") DIAGON_JSON_TEXT(#part)
#define DIAGON_KEY_unmapped_ok DIAGON_JSON(",\"optional\":true")
#define DIAGON_KEY_end

// Mistakes that would else show late. A word that isn't known becomes a name that isn't known:
// `diagon_unknown_word_…`.
#define diagon_unknown_word_default(...)
#define diagon_unknown_word_optional
#define diagon_unknown_word_name(text) (void)sizeof("" text)
#define diagon_unknown_word_from_param(param) \
  DIAGON_ASSERT(DIAGON_IS_STR(params->param), \
                "from_param names a parameter: a str that is required or has a default")
#define diagon_unknown_word_part(part)
#define diagon_unknown_word_unmapped_ok
#define diagon_unknown_word_end

// ---- Words of functions ----

#define DIAGON_UDF_NAME_name(text) , text
#define DIAGON_UDF_NAME_impure
#define DIAGON_UDF_NAME_max_score(number)
#define DIAGON_UDF_NAME_limit(key, number)
#define DIAGON_UDF_NAME_inputs(...)
#define DIAGON_UDF_NAME_once(type, function)
#define DIAGON_UDF_NAME_end

#define DIAGON_PURE_name(text)
#define DIAGON_PURE_impure , DIAGON_JSON(",\"pure\":false")
#define DIAGON_PURE_max_score(number)
#define DIAGON_PURE_limit(key, number)
#define DIAGON_PURE_inputs(...)
#define DIAGON_PURE_once(type, function)
#define DIAGON_PURE_end

#define DIAGON_MAX_SCORE_name(text)
#define DIAGON_MAX_SCORE_impure
#define DIAGON_MAX_SCORE_max_score(number) \
  DIAGON_JSON(",\"max_score\":") DIAGON_JSON_NUMBERS(number)
#define DIAGON_MAX_SCORE_limit(key, number)
#define DIAGON_MAX_SCORE_inputs(...)
#define DIAGON_MAX_SCORE_once(type, function)
#define DIAGON_MAX_SCORE_end

#define DIAGON_LIMIT_name(text)
#define DIAGON_LIMIT_impure
#define DIAGON_LIMIT_max_score(number)
#define DIAGON_LIMIT_limit(key, number) \
  DIAGON_JSON_NEXT DIAGON_JSON_TEXT(#key) DIAGON_JSON(":") DIAGON_JSON_NUMBERS(number)
#define DIAGON_LIMIT_inputs(...)
#define DIAGON_LIMIT_once(type, function)
#define DIAGON_LIMIT_end

#define DIAGON_INPUTS_name(text)
#define DIAGON_INPUTS_impure
#define DIAGON_INPUTS_max_score(number)
#define DIAGON_INPUTS_limit(key, number)
#define DIAGON_INPUTS_inputs(...) , (__VA_ARGS__, none, none, none)
#define DIAGON_INPUTS_once(type, function)
#define DIAGON_INPUTS_end

#define DIAGON_ONCE_name(text)
#define DIAGON_ONCE_impure
#define DIAGON_ONCE_max_score(number)
#define DIAGON_ONCE_limit(key, number)
#define DIAGON_ONCE_inputs(...)
#define DIAGON_ONCE_once(type, function) , (with, type, function)
#define DIAGON_ONCE_end

#define diagon_unknown_function_word_name(text) (void)sizeof("" text)
#define diagon_unknown_function_word_impure
#define diagon_unknown_function_word_max_score(number) DIAGON_CHECK_type_f64(number)
#define diagon_unknown_function_word_limit(key, number) DIAGON_CHECK_type_i64(number)
#define diagon_unknown_function_word_inputs(...)
#define diagon_unknown_function_word_once(type, function)
#define diagon_unknown_function_word_end

// ---- Whether a default is of its field's type ----

#ifdef __cplusplus
template <typename T>
struct diagon_kind_of {
  static constexpr bool number = !__is_class(T) && !__is_enum(T);
  static constexpr bool integer = number;
};
template <typename T>
struct diagon_kind_of<T *> {
  static constexpr bool number = false, integer = false;
};
template <typename T>
struct diagon_kind_of<const T> : diagon_kind_of<T> {};
template <>
struct diagon_kind_of<double> {
  static constexpr bool number = true, integer = false;
};
template <>
struct diagon_kind_of<float> : diagon_kind_of<double> {};
template <typename T>
constexpr diagon_kind_of<T> diagon_kind(T) {
  return {};
}
#define DIAGON_IS_STR(value) __is_same(decltype(value), diagon_str)
#define DIAGON_IS_NUMBER(value) decltype(diagon_kind(value))::number
#define DIAGON_IS_INTEGER(value) decltype(diagon_kind(value))::integer
#define DIAGON_IS_TEXT(value) (!decltype(diagon_kind(value))::number)
#else
#define DIAGON_IS_STR(value) _Generic((value), diagon_str : 1, default : 0)
#define DIAGON_IS_NUMBER(value) _Generic((value), char * : 0, const char * : 0, default : 1)
#define DIAGON_IS_INTEGER(value) \
  _Generic((value), char * : 0, const char * : 0, float : 0, double : 0, default : 1)
#define DIAGON_IS_TEXT(value) _Generic((value), char * : 1, const char * : 1, default : 0)
#endif

// Numbers go into the manifest as they are written. A condition has no loop, so it looks at how a
// text begins and ends (of a list, the first and the last item), and for characters that no number
// of JSON has. Only clang can look into a text, and it makes the modules.
#ifdef __clang__
#define DIAGON_IS_DIGIT(c) ((c) >= '0' && (c) <= '9')
#define DIAGON_BEGINS_AS_IN_JSON(text) \
  (DIAGON_IS_DIGIT((text)[0]) && !((text)[0] == '0' && DIAGON_IS_DIGIT((text)[1])))
#define DIAGON_LACKS(text, c) !__builtin_strchr(text, c)
#define DIAGON_IS_AS_IN_JSON(text)                                                   \
  (DIAGON_BEGINS_AS_IN_JSON((text) + ((text)[0] == '-')) &&                          \
   DIAGON_IS_DIGIT((text)[__builtin_strlen(text) - 1]) && DIAGON_LACKS(text, 'x') && \
   DIAGON_LACKS(text, 'X') && DIAGON_LACKS(text, 'b') && DIAGON_LACKS(text, '(') &&  \
   DIAGON_LACKS(text, 'f') && DIAGON_LACKS(text, 'F') && DIAGON_LACKS(text, 'L') &&  \
   DIAGON_LACKS(text, '*') && DIAGON_LACKS(text, '/'))
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wgcc-compat"
DIAGON_INLINE void diagon_number(const char *text)
    __attribute__((diagnose_if((text)[0] && !DIAGON_IS_AS_IN_JSON(text),
                               "the number has to be written as in JSON: 0.5, not .5, 1. or 1.0f; "
                               "10, not 010, 0x0A or 10L",
                               "error")));
DIAGON_INLINE void diagon_number(const char *text) { (void)text; }
#pragma clang diagnostic pop
#else
#define diagon_number(text)
#endif

#define DIAGON_CHECK_type_f64(value) \
  diagon_number(#value);             \
  DIAGON_ASSERT(DIAGON_IS_NUMBER(value), "the default or limit of a number has to be a number");
#define DIAGON_CHECK_type_f32(value) DIAGON_CHECK_type_f64(value)
#define DIAGON_CHECK_type_i64(value)      \
  diagon_number(#value);                  \
  DIAGON_ASSERT(DIAGON_IS_INTEGER(value), \
                "the default or limit of a whole number has to be a whole number");
#define DIAGON_CHECK_type_i32(value) DIAGON_CHECK_type_i64(value)
#define DIAGON_CHECK_type_bool(value)                                       \
  DIAGON_ASSERT(DIAGON_IS_INTEGER(value) && ((value) == 0 || (value) == 1), \
                "the default of a bool has to be true or false");
#define DIAGON_CHECK_type_str(value) \
  DIAGON_ASSERT(DIAGON_IS_TEXT(value), "the default of a str has to be a string");
// The items of a list's default; none is fine.
#define DIAGON_CHECK_type_f64_list(...)      \
  diagon_number(#__VA_ARGS__);               \
  {                                          \
    const double items[] = {0, __VA_ARGS__}; \
    (void)items;                             \
  }
#define DIAGON_CHECK_type_f32_list(...) DIAGON_CHECK_type_f64_list(__VA_ARGS__)
#define DIAGON_CHECK_type_i64_list(...)       \
  diagon_number(#__VA_ARGS__);                \
  {                                           \
    const int64_t items[] = {0, __VA_ARGS__}; \
    (void)items;                              \
  }
#define DIAGON_CHECK_type_i32_list(...) DIAGON_CHECK_type_i64_list(__VA_ARGS__)
#define DIAGON_CHECK_type_bool_list(...) \
  DIAGON_ASSERT(sizeof #__VA_ARGS__ == 1, "the default of a bool_list is empty: default()")
#define DIAGON_CHECK_type_str_list(...)            \
  {                                                \
    const char *const items[] = {"", __VA_ARGS__}; \
    (void)items;                                   \
  }

#define DIAGON_CHECK_strict(type, value)
#define DIAGON_CHECK_optional(type, value)
#define DIAGON_CHECK_filled(type, value) DIAGON_CHECK_##type value

// `default` and `optional` exclude each other: of both, the second one would be lost.
#define DIAGON_ONE_MODE_none
#define DIAGON_ONE_MODE_strict
#define DIAGON_ONE_MODE_filled \
  DIAGON_ASSERT(0, "a field or parameter is optional or has a default, not both");
#define DIAGON_ONE_MODE_optional DIAGON_ONE_MODE_filled

#define DIAGON_MODE(...) DIAGON_PICK(DIAGON_EACH(DIAGON_MODE_, __VA_ARGS__), strict, none)
#define DIAGON_SECOND_MODE(...) \
  DIAGON_PICK_SECOND(DIAGON_EACH(DIAGON_MODE_, __VA_ARGS__), strict, none, none)
#define DIAGON_DEFAULT(...) DIAGON_PICK(DIAGON_EACH(DIAGON_DEFAULT_, __VA_ARGS__), (), none)
#define DIAGON_INPUTS(...) \
  DIAGON_PICK(DIAGON_EACH(DIAGON_INPUTS_, __VA_ARGS__), (none, none, none, none), none)
#define DIAGON_ONCE(...) \
  DIAGON_PICK(DIAGON_EACH(DIAGON_ONCE_, __VA_ARGS__), (without, none, none), none)

#define DIAGON_ENTRY_CHECK(type, ...) DIAGON_ENTRY_CHECK_(type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_ENTRY_CHECK_(type, ident, ...)                     \
  DIAGON_EACH_STATEMENT(diagon_unknown_word_, __VA_ARGS__)        \
  DIAGON_PASTE(DIAGON_ONE_MODE_, DIAGON_SECOND_MODE(__VA_ARGS__)) \
  DIAGON_PASTE(DIAGON_CHECK_, DIAGON_MODE(__VA_ARGS__))(type, DIAGON_DEFAULT(__VA_ARGS__))

// ---- The manifest ----

#ifdef __wasm__

// Pieces of assembly. The text of a string literal goes through the compiler and the assembler, so
// it is quoted twice.
#define DIAGON_JSON(literal) "\t.ascii " #literal "\n"
#define DIAGON_JSON_TEXT(text) "\t.ascii \"\\\"" text "\\\"\"\n"
#define DIAGON_JSON_NUMBERS(...) "\t.ascii \"" #__VA_ARGS__ "\"\n"
#define DIAGON_JSON_QUOTED(...) DIAGON_JSON_QUOTED_(#__VA_ARGS__)
#define DIAGON_JSON_QUOTED_(literal) "\t.ascii " #literal "\n"
#define DIAGON_JSON_LIST(literal)                                                       \
  DIAGON_JSON(literal)                                                                  \
  "\t.macro diagon_next\n\t.purgem diagon_next\n\t.macro diagon_next\n\t.ascii \",\"\n" \
  "\t.endm\n\t.endm\n"
#define DIAGON_JSON_NEXT "\tdiagon_next\n"
#define DIAGON_JSON_LIST_END(literal) "\t.purgem diagon_next\n" DIAGON_JSON(literal)

#define DIAGON_JSON_type_bool DIAGON_JSON("\"bool\"")
#define DIAGON_JSON_type_i32 DIAGON_JSON("\"i32\"")
#define DIAGON_JSON_type_i64 DIAGON_JSON("\"i64\"")
#define DIAGON_JSON_type_f32 DIAGON_JSON("\"f32\"")
#define DIAGON_JSON_type_f64 DIAGON_JSON("\"f64\"")
#define DIAGON_JSON_type_str DIAGON_JSON("\"str\"")
#define DIAGON_JSON_type_bool_list DIAGON_JSON("\"bool\",\"list\":true")
#define DIAGON_JSON_type_i32_list DIAGON_JSON("\"i32\",\"list\":true")
#define DIAGON_JSON_type_i64_list DIAGON_JSON("\"i64\",\"list\":true")
#define DIAGON_JSON_type_f32_list DIAGON_JSON("\"f32\",\"list\":true")
#define DIAGON_JSON_type_f64_list DIAGON_JSON("\"f64\",\"list\":true")
#define DIAGON_JSON_type_str_list DIAGON_JSON("\"str\",\"list\":true")
#define DIAGON_JSON_type_optional_bool DIAGON_JSON_type_bool
#define DIAGON_JSON_type_optional_i64 DIAGON_JSON_type_i64
#define DIAGON_JSON_type_optional_f64 DIAGON_JSON_type_f64
#define DIAGON_JSON_type_optional_str DIAGON_JSON_type_str

// `true` is 1 where <stdbool.h> says so.
#define DIAGON_JSON_TRUTH_0 DIAGON_JSON("false")
#define DIAGON_JSON_TRUTH_1 DIAGON_JSON("true")
#define DIAGON_JSON_TRUTH_false DIAGON_JSON_TRUTH_0
#define DIAGON_JSON_TRUTH_true DIAGON_JSON_TRUTH_1

#define DIAGON_JSON_DEFAULT_type_bool(value) DIAGON_JSON_TRUTH_##value
#define DIAGON_JSON_DEFAULT_type_i32(value) DIAGON_JSON_NUMBERS(value)
#define DIAGON_JSON_DEFAULT_type_i64(value) DIAGON_JSON_NUMBERS(value)
#define DIAGON_JSON_DEFAULT_type_f32(value) DIAGON_JSON_NUMBERS(value)
#define DIAGON_JSON_DEFAULT_type_f64(value) DIAGON_JSON_NUMBERS(value)
#define DIAGON_JSON_DEFAULT_type_str(value) DIAGON_JSON_QUOTED(value)
#define DIAGON_JSON_DEFAULT_type_bool_list(...) DIAGON_JSON_NUMBERS([__VA_ARGS__])
#define DIAGON_JSON_DEFAULT_type_i32_list(...) DIAGON_JSON_NUMBERS([__VA_ARGS__])
#define DIAGON_JSON_DEFAULT_type_i64_list(...) DIAGON_JSON_NUMBERS([__VA_ARGS__])
#define DIAGON_JSON_DEFAULT_type_f32_list(...) DIAGON_JSON_NUMBERS([__VA_ARGS__])
#define DIAGON_JSON_DEFAULT_type_f64_list(...) DIAGON_JSON_NUMBERS([__VA_ARGS__])
#define DIAGON_JSON_DEFAULT_type_str_list(...) DIAGON_JSON_QUOTED([__VA_ARGS__])

#define DIAGON_JSON_FIELD_strict(type, value)
#define DIAGON_JSON_FIELD_optional(type, value)
#define DIAGON_JSON_FIELD_filled(type, value) \
  DIAGON_JSON(",\"default\":") DIAGON_JSON_DEFAULT_##type value
#define DIAGON_JSON_PARAM_strict(type, value) DIAGON_JSON(",\"required\":true")
#define DIAGON_JSON_PARAM_optional(type, value)
#define DIAGON_JSON_PARAM_filled(type, value) DIAGON_JSON_FIELD_filled(type, value)

#define DIAGON_FIELD_ENTRY(type, ...) \
  DIAGON_ENTRY(DIAGON_JSON_FIELD_, type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_PARAM_ENTRY(type, ...) \
  DIAGON_ENTRY(DIAGON_JSON_PARAM_, type_##type, __VA_ARGS__, DIAGON_END)
#define DIAGON_ENTRY(mode_json, type, ident, ...)                                               \
  __asm__(DIAGON_JSON_NEXT DIAGON_JSON("{\"name\":"));                                          \
  __asm__(DIAGON_JSON_TEXT(DIAGON_PICK(DIAGON_EACH(DIAGON_NAME_, __VA_ARGS__), #ident, none))); \
  __asm__(DIAGON_JSON(",\"type\":") DIAGON_JSON_##type);                                        \
  __asm__(DIAGON_EACH(DIAGON_KEY_, __VA_ARGS__) DIAGON_JSON(""));                               \
  __asm__(DIAGON_PASTE(mode_json, DIAGON_MODE(__VA_ARGS__))(type, DIAGON_DEFAULT(__VA_ARGS__))  \
              DIAGON_JSON("}"));

#define DIAGON_JSON_INPUT_none
#define DIAGON_JSON_INPUT_score DIAGON_JSON_NEXT DIAGON_JSON("\"score\"")
#define DIAGON_JSON_INPUT_doc_id DIAGON_JSON_NEXT DIAGON_JSON("\"doc_id\"")
#define DIAGON_JSON_INPUT_id DIAGON_JSON_NEXT DIAGON_JSON("\"id\"")
#define DIAGON_JSON_INPUTS(a, b, c, ...) \
  DIAGON_JSON_INPUT_##a DIAGON_JSON_INPUT_##b DIAGON_JSON_INPUT_##c

#define DIAGON_JSON_KIND_filter DIAGON_JSON("\"filter\"")
#define DIAGON_JSON_KIND_score DIAGON_JSON("\"score\"")
#define DIAGON_JSON_KIND_value(type) DIAGON_JSON("\"value\",\"returns\":") DIAGON_JSON_##type

#define DIAGON_MANIFEST(ident, version, description, kind, LIST, ...)                              \
  __asm__("\t.section .custom_section.diagon.udf,\"\",@\n");                                       \
  __asm__(DIAGON_JSON("{\"abi\":1,\"name\":") DIAGON_JSON_TEXT(                                    \
      DIAGON_PICK(DIAGON_EACH(DIAGON_UDF_NAME_, __VA_ARGS__), #ident, none)));                     \
  __asm__(DIAGON_JSON(",\"version\":") DIAGON_JSON_TEXT(version));                                 \
  __asm__(DIAGON_JSON(",\"description\":") DIAGON_JSON_TEXT(description));                         \
  __asm__(DIAGON_JSON(",\"kind\":") kind DIAGON_JSON(",\"export\":") DIAGON_JSON_TEXT(#ident));    \
  __asm__(DIAGON_PICK(DIAGON_EACH(DIAGON_PURE_, __VA_ARGS__), DIAGON_JSON(",\"pure\":true"), none) \
              DIAGON_EACH(DIAGON_MAX_SCORE_, __VA_ARGS__));                                        \
  __asm__(DIAGON_JSON_LIST(",\"limits\":{") DIAGON_EACH(DIAGON_LIMIT_, __VA_ARGS__)                \
              DIAGON_JSON_LIST_END("}"));                                                          \
  __asm__(DIAGON_JSON_LIST(",\"inputs\":[") DIAGON_CALL(                                           \
      DIAGON_JSON_INPUTS, DIAGON_INPUTS(__VA_ARGS__)) DIAGON_JSON_LIST_END("]"));                  \
  __asm__(DIAGON_JSON_LIST(",\"fields\":["));                                                      \
  LIST(DIAGON_FIELD_ENTRY, DIAGON_NOTHING)                                                         \
  __asm__(DIAGON_JSON_LIST_END("]") DIAGON_JSON_LIST(",\"params\":["));                            \
  LIST(DIAGON_NOTHING, DIAGON_PARAM_ENTRY)                                                         \
  __asm__(DIAGON_JSON_LIST_END("]") DIAGON_JSON("}\n"));

#else
#define DIAGON_MANIFEST(ident, version, description, kind, LIST, ...)
#endif

#endif
