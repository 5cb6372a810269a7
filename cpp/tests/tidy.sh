#!/usr/bin/env bash
# Checks the engine's sources with clang-tidy 14 and the checks of .clang-tidy.
#
#   cpp/tests/tidy.sh [FILE...]      files relative to cpp/, such as diagon/codec/bitpack.cc; all if none is given
#
# Needs clang-tidy, zstd.h, and for diagon/bridge the headers that a build of the crate generates. Options are environment
# variables:
#
#   CLANG_TIDY=clang-tidy   the program
#   ZSTD_INCLUDE=FOLDER     where zstd.h is. Found in Cargo's registry if not given
#   BRIDGE_INCLUDE=FOLDER   where cxx has put its headers. Those of the latest build if not given
#   JOBS=2                  files at a time
set -euo pipefail

cpp=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=$(realpath -m "${CARGO_TARGET_DIR:-$cpp/../target}")
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
  mapfile -t files < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' sources.list)
fi

if [[ -z ${BRIDGE_INCLUDE:-} ]]; then
  # A build script's output is written at each of its runs, the headers only when they change.
  latest=$(ls -t "$target"/*/build/diagon-*/output 2>/dev/null | head -n 1) || true
  BRIDGE_INCLUDE=${latest%/output}/out/cxxbridge/include
  if [[ " ${files[*]}" = *" diagon/bridge/"* && ! -f $BRIDGE_INCLUDE/rust/cxx.h ]]; then
    echo "the bridge's headers are missing: run 'cargo check', or set BRIDGE_INCLUDE" >&2
    exit 2
  fi
fi

check() {
  "${CLANG_TIDY:-clang-tidy}" --quiet --config-file=../.clang-tidy "$1" -- \
    -std=c++20 -I"$PWD" -isystem "$ZSTD_INCLUDE" -isystem "$BRIDGE_INCLUDE" 2> >(grep -v 'warnings\? generated' >&2)
}
export -f check
export ZSTD_INCLUDE BRIDGE_INCLUDE CLANG_TIDY=${CLANG_TIDY:-clang-tidy}
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "${JOBS:-2}" bash -c 'check "$1"' check
