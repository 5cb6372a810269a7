#!/bin/sh
# Mistakes in declarations: the compiler has to stop, and to name what is wrong.
#   mistakes.sh COMPILER OPTION…
set -u
failed=0

# expect_of WHAT TEXT: what the compiler says of a source.
expect_of() {
  said=$(printf '#include "diagon_udf.h"\n%s\n' "$2" | "$compiler" $options -I.. -fsyntax-only -Wall -Wextra -Werror - 2>&1)
  if [ $? -eq 0 ]; then
    echo "mistakes: accepted: $2"
    failed=1
  elif ! printf '%s' "$said" | grep -q -e "$1"; then
    printf 'mistakes: "%s" is not said of: %s\n%s\n' "$1" "$2" "$said"
    failed=1
  fi
}

# expect WHAT ARGUMENTS WORDS: what it says of a filter with these arguments, and words of the function.
expect() {
  expect_of "$1" "#define ARGUMENTS(FIELD, PARAM) $2
DIAGON_FILTER(f, \"1.0.0\", \"f\", ARGUMENTS$3) { return 1; }"
}

# accept ARGUMENTS: it says nothing of a filter with these.
accept() {
  if ! printf '#include "diagon_udf.h"\n#define ARGUMENTS(FIELD, PARAM) %s\nDIAGON_FILTER(f, "1.0.0", "f", ARGUMENTS) { return 1; }\n' "$1" |
    "$compiler" $options -I.. -fsyntax-only -Wall -Wextra -Wpedantic -Werror -; then
    echo "mistakes: not accepted: $1"
    failed=1
  fi
}

compiler=$1
shift
case " $* " in *" c++ "*) options="$*" ;; *) options="$* -x c" ;; esac

expect "diagon_field_type_int" 'FIELD(int, n)' ''
expect "diagon_value_type_f16" 'PARAM(f16, n)' ''
expect "diagon_unknown_word_defualt" 'FIELD(f64, n, defualt(0))' ''
expect "diagon_unknown_function_word_puer" 'FIELD(f64, n)' ', puer'
expect "a number has to be a number" 'FIELD(f64, n, default("1"))' ''
expect "has to be a whole number" 'FIELD(i64, n, default(0.5))' ''
expect "has to be a whole number" 'PARAM(i32, n, default(1.0))' ''
expect "has to be true or false" 'FIELD(bool, n, default(2))' ''
expect "has to be a string" 'FIELD(str, n, default(1))' ''
expect "double" 'PARAM(f64_list, n, default(1, "a"))' ''
expect "optional or has a default, not both" 'FIELD(f64, n, default(0), optional)' ''
expect "optional or has a default, not both" 'PARAM(f64, n, optional, default(0))' ''
expect "nope" 'FIELD(f64, n, from_param(nope)) PARAM(str, field)' ''
expect "from_param names a parameter: a str" 'FIELD(f64, n, from_param(field)) PARAM(i64, field)' ''
expect "from_param names a parameter: a str" 'FIELD(f64, n, from_param(field)) PARAM(str, field, optional)' ''
expect "of a bool_list is empty" 'PARAM(bool_list, n, default(true))' ''
expect "DIAGON_INPUT_COLUMN_scores" 'FIELD(f64, n)' ', inputs(scores)'
expect "diagon_read_optional_type_f64_list" 'FIELD(f64_list, n, optional)' ''
expect "duplicate\|redeclaration" 'FIELD(f64, n) FIELD(i64, n)' ''
expect "a number has to be a number" 'FIELD(f64, n)' ', max_score("1")'

all="a function has a name, a version, a description and a list"
expect_of "$all" 'DIAGON_FILTER(f, "1.0.0", DIAGON_NO_ARGUMENTS) { return 1; }'
expect_of "$all" 'DIAGON_FILTER(f, "1.0.0", "f") { return 1; }'
expect_of "$all" 'DIAGON_FILTER(f, "1.0.0", "f", inputs(score)) { return 1; }'
expect_of "$all" 'DIAGON_VALUE(f64, f, "1.0.0", "f", name("g"), impure) { return 1; }'

# Only clang looks into what is written.
if "$compiler" --version | grep -q clang; then
  for number in .5 -.5 5. 1.0f 010 -010 0x10 0b1 10L '(1)' '2*3' LIMIT; do
    expect "has to be written as in JSON" "FIELD(f64, n, default($number))" ''
    expect "has to be written as in JSON" "PARAM(f64_list, n, default($number))" ''
  done
  expect "has to be written as in JSON" 'PARAM(i64, n, default(010))' ''
  expect "has to be written as in JSON" 'PARAM(i64_list, n, default(1, 10L))' ''
  expect "has to be written as in JSON" 'FIELD(f64, n)' ', max_score(1.)'
  expect "has to be written as in JSON" 'FIELD(f64, n)' ', limit(query_ms, 0x10)'
  for number in 0 -0 7 -12 0.5 -10.25 1e3 2.5E-3 1e+9; do
    accept "FIELD(f64, n, default($number)) PARAM(f64_list, m, default($number, 1, $number))"
  done
  accept 'FIELD(i64, n, default(10)) PARAM(f64_list, m, default())'
fi

[ $failed -eq 0 ] && echo "mistakes: ok"
exit $failed
