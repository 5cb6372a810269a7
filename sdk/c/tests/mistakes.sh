#!/bin/sh
# Mistakes in declarations: the compiler has to stop, and to name what is wrong.
#   mistakes.sh COMPILER OPTION…
set -u
failed=0

# expect WHAT ARGUMENTS WORDS: what the compiler says of a filter with these arguments, and words of the function.
expect() {
  said=$(printf '#include "diagon_udf.h"\n#define ARGUMENTS(FIELD, PARAM) %s\nDIAGON_FILTER(f, "1.0.0", "f", ARGUMENTS%s) { return 1; }\n' \
    "$2" "$3" | "$compiler" $options -I.. -fsyntax-only -Wall -Wextra -Werror - 2>&1)
  if [ $? -eq 0 ]; then
    echo "mistakes: accepted: $2 $3"
    failed=1
  elif ! printf '%s' "$said" | grep -q -e "$1"; then
    printf 'mistakes: "%s" is not said of: %s %s\n%s\n' "$1" "$2" "$3" "$said"
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
expect "data" 'FIELD(f64, n, from_param(field)) PARAM(i64, field)' ''
expect "diagon_read_optional_type_f64_list" 'FIELD(f64_list, n, optional)' ''
expect "duplicate\|redeclaration" 'FIELD(f64, n) FIELD(i64, n)' ''
expect "a number has to be a number" 'FIELD(f64, n)' ', max_score("1")'

[ $failed -eq 0 ] && echo "mistakes: ok"
exit $failed
