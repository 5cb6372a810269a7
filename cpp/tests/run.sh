#!/usr/bin/env bash
# Builds the engine (without the bridge) and its C++ tests, and runs them.
#
#   cpp/tests/run.sh BUILD_FOLDER [arguments of GoogleTest, such as --gtest_filter=Postings*]
#
# BUILD_FOLDER keeps the objects; a second run compiles what changed. Use one folder per set of options.
# Needs g++ 12 or newer and GoogleTest (Debian: libgtest-dev). Options are environment variables:
#
#   SANITIZE=address,undefined | thread   compiles with these sanitizers
#   COVERAGE=1                            compiles for gcov; the data lie beside the objects
#   OPTIMIZE=-O2                          level of optimization (-O1)
#   ZSTD_SRC=FOLDER                       zstd's `lib` folder; compiled once. Found in Cargo's registry if not given
#   ZSTD_INCLUDE=FOLDER                   where zstd.h is (ZSTD_SRC)
#   ZSTD_LIB=FILE                         libzstd.a to link, in place of ZSTD_SRC
#   JOBS=2                                compilers at a time
#   SHARDS=1                              processes that share the tests
#   ONLY="concurrency_test check_test"    some of the tests; another folder than all of them
#   BUILD_ONLY=1                          does not run the tests
set -euo pipefail

if [[ $# -lt 1 ]]; then
  sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=$1
shift
mkdir -p "$build"
build=$(cd "$build" && pwd)

if [[ -z ${ZSTD_LIB:-} && -z ${ZSTD_SRC:-} ]]; then
  for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/zstd-sys-2*/zstd/lib; do
    [[ -f $folder/zstd.h ]] && ZSTD_SRC=$folder
  done
  if [[ -z ${ZSTD_SRC:-} ]]; then
    echo "zstd is missing: run 'cargo fetch', or set ZSTD_SRC or ZSTD_LIB" >&2
    exit 2
  fi
fi

instrument=""
if [[ -n ${SANITIZE:-} ]]; then
  instrument="-fsanitize=$SANITIZE -fno-sanitize-recover=all -fno-omit-frame-pointer"
fi
if [[ -n ${COVERAGE:-} ]]; then
  instrument="$instrument --coverage"
fi

make -C "$here" --no-print-directory -j"${JOBS:-2}" \
  BUILD="$build" OPTIMIZE="${OPTIMIZE:--O1}" INSTRUMENT="$instrument" \
  ONLY="${ONLY:-}" ZSTD_SRC="${ZSTD_SRC:-}" ZSTD_LIB="${ZSTD_LIB:-}" ZSTD_INCLUDE="${ZSTD_INCLUDE:-${ZSTD_SRC:-}}"

[[ -z ${BUILD_ONLY:-} ]] || exit 0
shards=${SHARDS:-1}
if [[ $shards -eq 1 ]]; then
  exec "$build/tests/all" "$@"
fi

processes=()
for ((i = 0; i < shards; i++)); do
  GTEST_TOTAL_SHARDS=$shards GTEST_SHARD_INDEX=$i "$build/tests/all" "$@" >"$build/shard-$i.log" 2>&1 &
  processes+=($!)
done
failed=0
for ((i = 0; i < shards; i++)); do
  wait "${processes[$i]}" || failed=1
  cat "$build/shard-$i.log"
done
exit $failed
