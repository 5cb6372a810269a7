#!/bin/sh
# Builds json_path.wasm, beside this file.
set -eu
cd "$(dirname "$0")"
go generate ./...
GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -trimpath -ldflags="-s -w" -o json_path.wasm .
