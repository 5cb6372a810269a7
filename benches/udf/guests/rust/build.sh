#!/bin/sh
# Builds bench_guest.wasm, beside this file.
#
#   rustup target add wasm32-unknown-unknown
#   ./build.sh
#
# Variables of Cargo work as usual, but RUSTFLAGS takes the place of .cargo/config.toml. With a compiler that has the sources of the
# standard library but not the library for wasm32 (Debian: rustc-web and rust-web-src), and rustup's linker:
#
#   RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/path/to/rust-lld \
#     CARGO_ARGS=-Zbuild-std=std,panic_abort ./build.sh
set -eu
cd "$(dirname "$0")"
# Paths of the machine that builds don't belong into a module that others run: panics tell them.
flags="\"--remap-path-prefix=$(cd ../../../.. && pwd)=/diagon\""
for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do
  flags="$flags, \"--remap-path-prefix=$sources=/crates\""
done
# shellcheck disable=SC2086 # several arguments
cargo build --release --target wasm32-unknown-unknown --config "target.wasm32-unknown-unknown.rustflags = [$flags]" ${CARGO_ARGS:-}
cp "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/bench_guest.wasm" .
