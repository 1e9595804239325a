#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Sets up, builds and runs every test:   ./check.sh [--full | --deep | SUITE...]     (see --help)
# Prints a line per suite; the whole output of each is kept in build/check/. Ends with `N passed, N failed`.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

readonly LOGS=build/check
readonly ALL=(setup lint contract constants c clang scripts differential fuzz failures install)
readonly LONG=(python coverage packages)
readonly DEEP=(tsan valgrind)

usage() {
  cat << END
usage: ./check.sh [--full | --deep | SUITE...]

Runs all suites but the long ones; with --full the long ones as well; with --deep those that look for races and
for memory, which take their time and an idle machine; or those named:
  setup        what the machine needs (scripts/setup.sh)
  lint         shellcheck, clang-format, forge fmt
  contract     forge build, forge test, gas snapshots, the ABI, storage layout, size, the page on the
               contract, the deployment, what makes the mutants
  constants    generated files match the contract, the header and the tool's commands
  c            C tests under AddressSanitizer and UndefinedBehaviorSanitizer (gcc)
  clang        everything builds with clang and in release mode, warnings are errors
  scripts      tests/*_test.sh: hello_p2p, launchers and whole clusters, with real processes
  differential URLs and registrations: C, Solidity, a grammar and WHATWG on generated cases
  fuzz         every target of fuzz/, 20,000 runs each
  failures     allocations, descriptors and threads refused in turn
  python       the Python binding, its wheel and its example; release and sanitized library (long)
  coverage     branch coverage of the contract (long)
  packages     Debian packages, built twice and used in clean roots; what the image would hold (long; as root)
  tsan         C tests and hello_p2p under ThreadSanitizer (deep)
  valgrind     C tests that need no chain, under Valgrind (deep)
  install      install with DESTDIR, pkg-config and CMake consumers, exported names
END
}

passed=0 failed=0 failures=''

# Sets good and bad, the caller's, from a log.
count_into() {
  read -r good bad < <(awk '
    /^[0-9]+ passed, [0-9]+ failed/ { good += $1; bad += $3 }
    /^Ran [0-9]+ test suites?/ { sub(/.*: /, ""); good += $1; sub(/.*passed, /, ""); bad += $1 }
    /\[  PASSED  \] [0-9]+ test/ { sub(/.*\] /, ""); good += $1 }
    /\[  FAILED  \] [0-9]+ test/ { sub(/.*\] /, ""); bad += $1 }
    END { print good + 0, bad + 0 }' "$1")
}

# A line that names what failed: shell tests, cmocka, forge, Python's unittest; scripts by their status.
readonly FAILED='^(not ok |[[]  FAILED  []] [^0-9]|[[]FAIL|FAIL[: ]|ERROR: |== .*: status [^0])'

# What failed according to a log, a line each.
failed_in() {
  grep -E "$FAILED" "$1" | sort -u || true
}

# The same with the lines that say why, then the end of the log, which tells what none of these forms does.
explain() {
  echo "-- what failed"
  # cmocka says why before it names what.
  awk -v failed="$FAILED" '/^(ok |== |\[       OK)/ { lines = 0 } $0 ~ failed || /^\[  ERROR/ { lines = /^not ok / ? 41 : 12 }
    lines-- > 0 && shown++ < 200' "$1"
  echo "-- the end of $1"
  tail -n 30 "$1"
}

# suite NAME: runs suite_NAME, prints its outcome, adds its counts.
suite() {
  local name=$1 log=$LOGS/$1.log start=$SECONDS status=0 good bad
  printf '%-12s ' "$name"
  "suite_$name" > "$log" 2>&1 < /dev/null || status=$?
  count_into "$log"
  # A suite that fails without a failed test of its own, or counts nothing, is one test itself.
  if ((status != 0 && bad == 0)); then bad=1; fi
  if ((status == 0 && good + bad == 0)); then good=1; fi
  passed=$((passed + good)) failed=$((failed + bad))
  printf '%5d passed %3d failed %4d s\n' "$good" "$bad" $((SECONDS - start))
  if ((bad > 0)); then
    explain "$log" | sed 's/^/    /'
    failures+=$({ failed_in "$log" | grep . || echo "status $status"; } | sed "s/^/failed: $name: /")$'\n'
  fi
}

suite_setup() {
  ./scripts/setup.sh
}

# Each suite joins its commands with &&: bash ignores `set -e` in what is called on the left of ||.
suite_lint() {
  git ls-files '*.sh' .ci/run | xargs shellcheck -x &&
    git ls-files 'src/*.[ch]' 'cli/*.[ch]' 'apps/*.[ch]' 'simulator/*.[ch]' 'tests/*.[ch]' 'bench/*.[ch]' 'examples/*.[ch]' \
      'fuzz/*.[ch]' |
    xargs clang-format --dry-run --Werror &&
    (cd contracts && forge fmt --check)
}

suite_contract() {
  (cd contracts && forge build && FORGE_SNAPSHOT_CHECK=true forge test &&
    test/abi_test.sh && test/layout_test.sh && test/docs_test.sh && test/deploy_test.sh &&
    test/mutation/run.sh --self-test)
}

suite_constants() {
  ./scripts/gen_contract_constants.sh --check &&
    ./scripts/gen_errors_doc.sh --check &&
    ./scripts/gen_manual.sh --check
}

# ctest's own log holds every program's output, which its summary leaves out.
ctest_with() {
  local preset=$1 status=0
  cmake --preset "$preset" && cmake --build --preset "$preset" || return
  ctest --preset "$preset" || status=$?
  cat "build/$preset/Testing/Temporary/LastTest.log"
  return "$status"
}

suite_c() {
  ctest_with asan
}

suite_clang() {
  cmake --preset clang && cmake --build --preset clang &&
    cmake --preset release && cmake --build --preset release
}

# Tests that hold a program against limits of time have the machine to themselves.
readonly ALONE=(tests/hello_p2p_load_test.sh tests/launchers_test.sh)
# Of other suites.
readonly ELSEWHERE=(tests/install_test.sh tests/packages_test.sh)

# run_script TEST: its output goes to a log of its own; seven minutes are several times what any takes.
run_script() {
  local log start=$SECONDS status=0
  log=$LOGS/scripts/$(basename "$1" .sh)
  BUILD_DIR=build/asan timeout -k 30 420 "$1" > "$log" 2>&1 || status=$?
  echo "== $1: status $status, $((SECONDS - start)) s" >> "$log"
  return "$status"
}

# The others mostly wait: three at a time.
suite_scripts() {
  local test status=0 logs=$LOGS/scripts
  export -f run_script
  export LOGS PORT_CLAIMS=$PWD/$LOGS/ports
  rm -rf "$logs" "$PORT_CLAIMS" && mkdir -p "$logs" "$PORT_CLAIMS"
  printf '%s\n' tests/*_test.sh | grep -vxFf <(printf '%s\n' "${ALONE[@]}" "${ELSEWHERE[@]}") |
    xargs -P 3 -I{} bash -c 'run_script {}' || status=1
  for test in "${ALONE[@]}"; do run_script "$test" || status=1; done
  cat "$logs"/*
  return "$status"
}

suite_differential() {
  cmake --preset asan &&
    cmake --build --preset asan --target differential_urls differential_registrations &&
    BUILD_DIR=build/asan tests/differential/run.sh
}

suite_fuzz() {
  fuzz/run.sh
}

suite_failures() {
  cmake --preset dev && cmake --build --preset dev --target failures_test &&
    build/dev/tests/failures/failures_test --every 3
}

suite_python() {
  local preset
  for preset in release asan; do
    cmake --preset "$preset" &&
      cmake --build --preset "$preset" --target dstack_p2p dstack-p2p hello_p2p dstack-simulator &&
      BUILD_DIR=build/$preset tests/python/run.sh || return
  done
}

# Programs must end in time, which ThreadSanitizer's pause before the end would spoil.
suite_tsan() {
  ctest_with tsan &&
    TSAN_OPTIONS=atexit_sleep_ms=0 BUILD_DIR=build/tsan tests/hello_p2p_test.sh
}

suite_valgrind() {
  cmake --preset dev && cmake --build --preset dev && tests/valgrind.sh
}

suite_coverage() {
  contracts/test/coverage.sh
}

suite_install() {
  cmake --preset release && cmake --build --preset release &&
    BUILD_DIR=build/release tests/install_test.sh
}

suite_packages() {
  local status=0
  tests/packages_test.sh || status=1
  deploy/prove_image.sh || status=1
  return "$status"
}

# forge, anvil and cast, once setup has brought them.
tools_on_path() {
  # shellcheck source=scripts/env.sh
  . scripts/env.sh 2> /dev/null || true
}

main() {
  local name suites=("$@")
  case ${1-} in
    -h | --help)
      usage
      return
      ;;
  esac
  if [ "${1-}" = --full ]; then suites=("${ALL[@]}" "${LONG[@]}"); fi
  if [ "${1-}" = --deep ]; then suites=("${DEEP[@]}"); fi
  ((${#suites[@]})) || suites=("${ALL[@]}")
  for name in "${suites[@]}"; do
    if ! declare -F "suite_$name" > /dev/null; then
      echo "check.sh: no suite '$name'" >&2
      usage >&2
      return 2
    fi
  done
  mkdir -p "$LOGS"
  tools_on_path
  for name in "${suites[@]}"; do
    suite "$name"
    tools_on_path
  done
  # Once more where it is seen without looking for it.
  grep . <<< "$failures" || true
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

main "$@"
