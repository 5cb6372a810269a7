#!/usr/bin/env bash
# Checks the engine's sources (without the bridge) with clang-tidy 14 and the checks of .clang-tidy.
#
#   cpp/tests/tidy.sh [FILE...]      files relative to cpp/, such as diagon/codec/bitpack.cc; all if none is given
#
# Needs clang-tidy and zstd.h. Options are environment variables:
#
#   CLANG_TIDY=clang-tidy   the program
#   ZSTD_INCLUDE=FOLDER     where zstd.h is. Found in Cargo's registry if not given
#   JOBS=2                  files at a time
set -euo pipefail

cpp=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$cpp"

if [[ -z ${ZSTD_INCLUDE:-} ]]; then
  for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/zstd-sys-2*/zstd/lib; do
    [[ -f $folder/zstd.h ]] && ZSTD_INCLUDE=$folder
  done
  if [[ -z ${ZSTD_INCLUDE:-} ]]; then
    echo "zstd.h is missing: run 'cargo fetch', or set ZSTD_INCLUDE" >&2
    exit 2
  fi
fi

if [[ $# -gt 0 ]]; then
  files=("$@")
else
  mapfile -t files < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' sources.list | grep -v '^diagon/bridge/')
fi

check() {
  "${CLANG_TIDY:-clang-tidy}" --quiet --config-file=../.clang-tidy "$1" -- \
    -std=c++20 -I"$PWD" -isystem "$ZSTD_INCLUDE" 2> >(grep -v 'warnings\? generated' >&2)
}
export -f check
export ZSTD_INCLUDE CLANG_TIDY=${CLANG_TIDY:-clang-tidy}
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "${JOBS:-2}" bash -c 'check "$1"' check
