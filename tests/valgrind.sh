#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs test programs under Valgrind:   tests/valgrind.sh [PATTERN]
# Those of build/dev whose names match the pattern; by default all that need no chain. Nothing is suppressed.
# Ends with `N passed, N failed`.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

# Live tests need anvil, failures_test has an allocator of its own, two look at the process's memory, and one waits
# for so much at once that a tenth of the speed is too little.
readonly LEFT_OUT='^(cluster_(contract|live)|failures_test|interop|bad_input_huge|secrets|chaos_sockets)'

# Name and program of each test, one a line.
tests() {
  ctest --test-dir build/dev --show-only=json-v1 |
    jq -r '.tests[] | select(.command | length == 1) | "\(.name) \(.command[0])"'
}

check() {
  valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,possible \
    --num-callers=20 "$1" > build/valgrind.log 2>&1 < /dev/null
}

passed=0 failed=0
while read -r name program; do
  if [ -n "${1-}" ]; then
    [[ $name =~ $1 ]] || continue
  elif [[ $name =~ $LEFT_OUT ]]; then
    continue
  fi
  if check "$program"; then
    echo "ok $name"
    passed=$((passed + 1))
  else
    echo "not ok $name"
    tail -n 60 build/valgrind.log | sed 's/^/#   /'
    failed=$((failed + 1))
  fi
done < <(tests)
echo "$passed passed, $failed failed"
((failed == 0))
