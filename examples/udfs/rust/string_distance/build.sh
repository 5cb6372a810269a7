#!/bin/sh
# Builds string_distance.wasm, beside this file.
#
#   rustup target add wasm32-unknown-unknown
#   ./build.sh
#
# Variables of Cargo work as usual. With a compiler that has the sources of the standard library but not the library for
# wasm32 (Debian: rustc-web and rust-web-src), and rustup's linker:
#
#   RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/path/to/rust-lld \
#     CARGO_ARGS=-Zbuild-std=std,panic_abort ./build.sh
set -eu
cd "$(dirname "$0")"
# Paths of the machine that builds don't belong into a module that others run: panics tell them.
RUSTFLAGS="${RUSTFLAGS:-} --remap-path-prefix=$(cd ../../../.. && pwd)=/diagon"
for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
  RUSTFLAGS="$RUSTFLAGS --remap-path-prefix=$sources=/crates"
done
RUSTFLAGS="$RUSTFLAGS -C target-feature=+simd128,+bulk-memory -C link-arg=-zstack-size=65536"
export RUSTFLAGS
# shellcheck disable=SC2086 # several arguments
cargo build --release --target wasm32-unknown-unknown ${CARGO_ARGS:-}
cp "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/string_distance.wasm" .
