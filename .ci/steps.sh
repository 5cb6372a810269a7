# The steps of .ci/run and .ci/full: functions `step_NAME`, and what each of them is.

# Everywhere the same, so that nothing is compiled twice.
export DIAGON_DENY_WARNINGS=1
export SHARDS=${SHARDS:-2} # of the C++ tests, at once
# The folders of tests are in memory if there is room, and programs can be run there: they sync files all the time.
runs_in() {
  local program
  program=$(mktemp -p "$1" 2>/dev/null) && printf '#!/bin/sh\n' >"$program" && chmod +x "$program" && "$program" 2>/dev/null
  local result=$?
  rm -f "$program"
  return $result
}
if [[ -z ${TMPDIR:-} && $(df --output=avail /dev/shm 2>/dev/null | tail -n 1) -gt 4000000 ]] && runs_in /dev/shm; then
  export TMPDIR=/dev/shm
fi

declare -A what=(
  [format]="formatters"
  [lint]="clippy, also without default features"
  [tidy]="clang-tidy"
  [docs]="documentation"
  [test]="the README's test command"
  [guests]="all languages: SDKs, and example functions from source behave like the prebuilt ones"
  [allocation]="no allocation in the engine's inner loops (not seen under a sanitizer)"
  [asan]="the C++ tests, with the address and undefined behaviour sanitizers"
  [tsan-short]="readers, writer and checks at once, with the thread sanitizer"
  [fuzz-short]="the fuzzers, a short round"
  [readme]="the README's first command"
  [tsan]="the C++ tests, with the thread sanitizer"
  [asan-bridge]="the Rust tests, with the engine under the address and undefined behaviour sanitizers"
  [cuts]="1,000 power cuts without merges and as many with them; every system call fails once"
  [kills]="200 writers killed at random"
  [flips]="10,000 flipped bits, and half as much other damage"
  [property]="property tests, many cases"
  [fuzz]="the fuzzers, two minutes each"
  [coverage-cpp]="line coverage of the engine (gcov), with the tests of allocations"
  [coverage-rust]="line coverage of the crate (llvm-cov)"
  [benches]="the benchmarks, each once"
  [compare]="the comparison with another engine builds"
)

# Lines that the tests must reach, in percent.
coverage=80

# zstd comes with the crate's dependencies.
need_engine_tests() {
  need_apt libgtest-dev
  cargo fetch --quiet
}

step_format() {
  need_apt clang-format
  cargo fmt --all -- --check
  rustfmt --check --edition 2024 fuzz/fuzz_targets/*.rs
  # Not the templates: their placeholders are no C.
  git ls-files 'cpp/*.h' 'cpp/*.cc' 'fuzz/cpp/*' 'sdk/c/*.[hc]' 'examples/udfs/c/*.[hc]' 'benches/udf/guests/c/*.c' |
    grep -E '\.(h|c|cc)$' | grep -v /template/ | xargs clang-format --dry-run --Werror
}

step_lint() {
  cargo clippy --workspace --exclude diagon-compare --all-targets -- -D warnings
  cargo clippy --no-default-features --lib -- -D warnings
  cargo clippy --no-default-features --features udf --lib -- -D warnings
}

step_tidy() {
  need_apt clang-tidy
  cargo check --quiet # generates the bridge's headers
  cpp/tests/tidy.sh
}

step_docs() {
  RUSTDOCFLAGS="-D warnings" cargo doc --workspace --exclude diagon-compare --no-deps --document-private-items --quiet
}

step_test() {
  need_guest_toolchains
  DIAGON_ALL_TOOLCHAINS=1 cargo test --workspace --exclude diagon-compare
}

step_guests() { .ci/guests; }

step_allocation() {
  need_engine_tests
  cpp/tests/run.sh target/cpp-tests --gtest_filter='Allocation*'
}

step_asan() {
  need_engine_tests
  SANITIZE=address,undefined cpp/tests/run.sh target/cpp-tests-asan
}

step_tsan-short() {
  need_engine_tests
  ONLY="concurrency_test check_test buffers_test" SANITIZE=thread cpp/tests/run.sh target/cpp-tests-tsan-short \
    --gtest_filter='Concurrency*:Buffers*:Check.WhileAWriterCommits'
}

# The same inputs for every change; .ci/full looks for others.
step_fuzz-short() { DIAGON_FUZZ_SEED=1 .ci/fuzz 10; }

step_readme() {
  cargo build --release
  cargo run --release --quiet -- quickstart --dir target/quickstart
  cargo run --release --quiet -- quickstart --dir target/quickstart | tail -n 3
}

step_tsan() {
  need_engine_tests
  SANITIZE=thread cpp/tests/run.sh target/cpp-tests-tsan
}

# The guests' address space leaves no room for the pool of instances, which falls back by itself. The sanitizers' library comes
# first in the test programs alone; a compiler that loads it crashes.
step_asan-bridge() {
  local host runner
  host=$(rustc -vV | sed -n 's/^host: //p')
  runner=CARGO_TARGET_$(tr 'a-z-' 'A-Z_' <<<"$host")_RUNNER
  env "$runner=env LD_PRELOAD=$(g++ -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0" \
    cargo test --features asan --test property --test damage --test exactness --test lies --test check --test compat \
    --test crash --test flips --test traps --test merging --test multi_term --test bulk --test concurrency \
    --test scripts --test source_columns --test dictionary --test result_cache
}

step_cuts() {
  need_engine_tests
  DIAGON_POWER_CUTS=1000 SANITIZE=address,undefined cpp/tests/run.sh target/cpp-tests-asan \
    --gtest_filter='PowerCut*:Fault*:RepairCrash*:*MergeFailure*:MergeErrors*'
}

# Optimized, with all assertions: the dependencies are those of the other tests.
long_test() { CARGO_PROFILE_DEV_OPT_LEVEL=2 cargo test "$@"; }

step_kills() { DIAGON_CRASHES=200 long_test --test crash; }

step_flips() { DIAGON_FLIPS=10000 long_test --test flips; }

step_property() {
  PROPTEST_CASES=2000 long_test --test property --test merging
  PROPTEST_CASES=2000 long_test --lib
  # Each of these cases is a corpus of 9,000 documents.
  PROPTEST_CASES=60 long_test --test skipping
}

step_fuzz() { .ci/fuzz 120; }

step_coverage-cpp() {
  need_apt lcov
  need_engine_tests
  COVERAGE=1 cpp/tests/run.sh target/cpp-tests-coverage
  lcov --quiet --capture --directory target/cpp-tests-coverage --include "*/cpp/diagon/*" \
    --output-file target/cpp-coverage.info
  lcov --summary target/cpp-coverage.info --fail-under-lines "$coverage"
}

step_coverage-rust() {
  rustup component add llvm-tools
  local tools data=$PWD/target/coverage programs first
  tools=$(rustc --print target-libdir)/../bin
  rm -rf "$data"
  mkdir -p "$data"
  export RUSTC_WORKSPACE_WRAPPER=$PWD/.ci/coverage-rustc LLVM_PROFILE_FILE=$data/%m-%p.profraw
  cargo test --lib --bins --tests
  programs=$(cargo test --lib --bins --tests --no-run --message-format=json --quiet |
    sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' | sort -u)
  "$tools/llvm-profdata" merge --sparse --output="$data/all.profdata" "$data"/*.profraw
  first=$(head -n 1 <<<"$programs")
  "$tools/llvm-cov" report --instr-profile="$data/all.profdata" --ignore-filename-regex='(/tests/|/tests\.rs|_tests\.rs)' \
    "$first" $(tail -n +2 <<<"$programs" | sed 's/^/--object=/') "$PWD/src" | tee "$data/report"
  awk -v least="$coverage" '$1 == "TOTAL" {
    sub("%", "", $10)
    printf "lines: %s%% of %d\n", $10, $8
    found = $10 + 0 >= least + 0
  } END { exit !found }' "$data/report"
}

step_benches() { cargo bench -p diagon --bench '*' -- --test; }

step_compare() { cargo clippy -p diagon-compare -- -D warnings; }
