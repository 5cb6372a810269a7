#!/bin/sh
# Builds the module of the benchmark's guests in Go.
set -eu
cd "$(dirname "$0")"
out=$PWD/../../../../target/guests/bench/go.wasm
go generate ./...
mkdir -p "$(dirname "$out")"
GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o "$out" .
