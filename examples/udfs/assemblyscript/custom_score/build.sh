#!/bin/sh
# Builds custom_score.wasm, beside this file.
set -eu
cd "$(dirname "$0")"
[ -d node_modules ] || npm ci --no-audit --no-fund
npm run --silent build
cp build/custom_score.wasm .
