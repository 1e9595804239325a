# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# check NAME COMMAND...: one test. It must not be part of a condition, where bash ignores `set -e`; ask holds instead:
# whether the last one passed. checks_end: the outcome.

_passed=0 _failed=0 _status=0

check() {
  local name=$1 log
  shift
  log=$(mktemp)
  set +e
  (
    set -e
    "$@"
  ) > "$log" 2>&1
  _status=$?
  set -e
  if [ "$_status" = 0 ]; then
    _passed=$((_passed + 1))
    echo "ok $name"
  else
    _failed=$((_failed + 1))
    echo "not ok $name"
    tail -n 60 "$log" | sed 's/^/    /'
  fi
  rm -f "$log"
}

holds() {
  [ "$_status" = 0 ]
}

checks_end() {
  echo "$_passed passed, $_failed failed"
  [ "$_failed" = 0 ]
}
