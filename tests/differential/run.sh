#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The same rules in C, in Solidity and in a third form, on generated cases:   tests/differential/run.sh
#
# Connection URLs and base domains: the library, the contract and a grammar in regular expressions, with Node's WHATWG
# parser as a second opinion. Registrations: hashes, messages, signers and the verdict, by the library and the contract.
# DIFFERENTIAL_SEED chooses other cases, BUILD_DIR the build. The cases stay in build/differential/.
#
# No *_test.sh: `check.sh differential` runs it.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

SEED=${DIFFERENTIAL_SEED:-1}
TEXTS=100000
REGISTRATIONS=10000
# Where contracts/test/differential/ reads.
CASES=$ROOT/build/differential

# logged NAME COMMAND...: what it prints is shown at the end, and by the case when it fails.
logged() {
  local log=$CASES/$1.log
  shift
  if "$@" >"$log" 2>&1; then return; fi
  cat "$log"
  return 1
}

# expect_count FILE HEAD COUNT: the file holds as many cases, besides its first HEAD lines.
expect_count() {
  local lines
  lines=$(wc -l <"$CASES/$1")
  [ "$((lines - $2))" = "$3" ] || fail "$1 holds $lines lines"
}

expect_log() {
  grep -qF -- "$2" "$CASES/$1.log" || fail "'$2' is not in $1.log: $(cat "$CASES/$1.log")"
}

# How many texts urls.json holds.
vectors() {
  jq '[.dev, .production, .instance_bound, .base_domains | .accept, .reject | length] | add' \
    "$ROOT/tests/vectors/urls.json"
}

grammar_and_whatwg() {
  logged grammar node "$ROOT/tests/differential/urls.mjs" "$CASES" "$SEED" "$TEXTS"
  expect_count urls-generated.txt 1 "$TEXTS"
  expect_count urls-vectors.txt 1 "$(vectors)"
}

urls_in_c() {
  logged urls-c "$BUILD_DIR/tests/differential/differential_urls" "$CASES"/urls-{vectors,generated}.txt
  expect_log urls-c "$((TEXTS + $(vectors))) texts: "
}

# compare_in_solidity NAME: the tests of contracts/test/differential/NAME.t.sol.
compare_in_solidity() {
  cd "$ROOT/contracts"
  FOUNDRY_PROFILE=differential logged "$1-solidity" forge test -vv --match-path "test/differential/$1.t.sol"
}

urls_in_solidity() {
  compare_in_solidity Urls
  expect_log Urls-solidity "urls-vectors.txt: compared $(vectors)"
  expect_log Urls-solidity "urls-generated.txt: compared $TEXTS"
}

registrations_in_c() {
  "$BUILD_DIR/tests/differential/differential_registrations" "$SEED" "$REGISTRATIONS" \
    >"$CASES/registrations.txt" 2>"$CASES/registrations-c.log" || fail "$(cat "$CASES/registrations-c.log")"
  expect_count registrations.txt 0 "$REGISTRATIONS"
}

registrations_in_solidity() {
  compare_in_solidity Registrations
  expect_log Registrations-solidity "registrations.txt: compared $REGISTRATIONS"
}

echo "seed $SEED (DIFFERENTIAL_SEED)"
rm -rf -- "$CASES"
mkdir -p "$CASES"
test_case "the grammar agrees with urls.json, with the named rules and with WHATWG" grammar_and_whatwg
test_case "the C library agrees about every text" urls_in_c
test_case "the contract's library agrees about every text" urls_in_solidity
test_case "the C library accepts what was signed, and nothing that was changed" registrations_in_c
test_case "the contract agrees about every registration" registrations_in_solidity
grep -hE '^ *[0-9]+ (texts|registrations)|WHATWG leaves|: compared ' "$CASES"/*.log | sed 's/^ */  /'
test_end
