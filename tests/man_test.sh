#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The man pages are well-formed, and those of hello_p2p and dstack-simulator tell the options that --help tells.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# Of the formatter and of the macros.
has_no_warnings() {
  expect_status 0 groff -ww -mandoc -Tutf8 "$1"
  [ -z "$ERR" ] || fail "groff: $ERR"
  expect_status 0 env LC_ALL=C.UTF-8 MANWIDTH=80 man --warnings --encoding=UTF-8 --local-file "$1"
  [ -z "$ERR" ] || fail "man: $ERR"
  # What a macro did not know as an argument is printed as it stands.
  if grep -nE '^(.* )?(Ar|Fl|Ns|Cm|Pa) [A-Za-z.-]' <<<"$OUT"; then fail 'a macro is printed'; fi
}

# The whole words that begin with two dashes, outside the examples.
options_of() {
  grep -oE -- '(^|[ ,\[])--[a-z][a-z-]*' | grep -oE -- '--[a-z-]+' | sort -u
}

# options_agree PROGRAM PAGE
options_agree() {
  local help page
  help=$("$1" --help | options_of)
  page=$(LC_ALL=C MANWIDTH=1000 man --local-file "$2" | sed '/^EXAMPLES/,$d' | options_of)
  diff <(echo "$help") <(echo "$page") || fail "--help (<) and $2 (>) differ"
}

for page in "$ROOT"/man/*.1; do
  test_case "${page##*/} is well-formed" has_no_warnings "$page"
done
test_case "hello_p2p's page has its options" options_agree "$HELLO_P2P" "$ROOT/man/hello_p2p.1"
test_case "dstack-simulator's page has its options" options_agree "$SIMULATOR" "$ROOT/man/dstack-simulator.1"
test_end
