#!/bin/sh
# Builds bench_guest.wasm, beside this file. With a compiler that has the sources of the standard library but not the library for
# wasm32 (Debian: rustc-web and rust-web-src), and rustup's linker:
#
#   RUSTC=/usr/bin/rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER=/path/to/rust-lld \
#     CARGO_ARGS=-Zbuild-std=std,panic_abort ./build.sh
set -eu
cd "$(dirname "$0")"
# shellcheck disable=SC2086 # several arguments
cargo build --release --target wasm32-unknown-unknown ${CARGO_ARGS:-}
cp "${CARGO_TARGET_DIR:-target}/wasm32-unknown-unknown/release/bench_guest.wasm" .
