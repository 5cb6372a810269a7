#!/usr/bin/env bash
# Builds the guests that `cargo bench --bench udf` measures beside the hand-written ones.
#
#   benches/udf/guests/build.sh [LANGUAGE…]     all of them if none is named
set -euo pipefail
cd "$(dirname "$0")/../../.."

[ $# -gt 0 ] || set -- rust c assemblyscript go
diagon=${DIAGON:-$PWD/target/release/diagon}
[ -x "$diagon" ] || cargo build --release
mkdir -p target/guests/bench
for language in "$@"; do
  CARGO_TARGET_DIR=$PWD/target/guests \
    "$diagon" udf build --project "benches/udf/guests/$language" --output "target/guests/bench/$language.wasm"
done
