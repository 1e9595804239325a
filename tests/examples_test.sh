#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The examples, as a reader of the README would run them.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly EXAMPLES=$BUILD_DIR/examples

peers_registers_and_lists() {
  instance_admitted first
  expect_status 0 env RPC_URL="$RPC" DSTACK_SIMULATOR_ENDPOINT="$ENDPOINT" \
    "$EXAMPLES/example_peers" "$CONTRACT" http://localhost:1001
  [ "$OUT" = "" ] || fail "peers before there are any: $OUT"
  instance_admitted second
  expect_status 0 env RPC_URL="$RPC" DSTACK_SIMULATOR_ENDPOINT="$ENDPOINT" \
    "$EXAMPLES/example_peers" "$CONTRACT" http://localhost:1002
  [ "$OUT" = http://localhost:1001 ] || fail "not the other peer: $OUT"
}

peers_says_what_is_wrong() {
  expect_status 11 env RPC_URL="$RPC" CONNECTION_URL=http://localhost:1 "$EXAMPLES/example_peers"
  expect_text "$ERR" 'no contract address'
}

# The loop ends when its standard input does.
watch_prints_changes() {
  local output=$RUN_DIR/watch
  mkfifo "$RUN_DIR/input"
  RPC_URL=$RPC "$EXAMPLES/example_watch" "$CONTRACT" < "$RUN_DIR/input" > "$output" &
  local pid=$!
  exec 9> "$RUN_DIR/input"
  wait_until 10 grep -q '2 peers: http://localhost:100[12] http://localhost:100[12]' "$output"
  instance_admitted third
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$ENDPOINT "$EXAMPLES/example_peers" "$CONTRACT" http://localhost:1003
  wait_until 10 grep -q '3 peers: .*http://localhost:1003' "$output"
  exec 9>&-
  wait "$pid"
}

anvil_start
simulator_start
contract_deploy
test_case 'peers: registers and lists the others' peers_registers_and_lists
test_case 'peers: says what is wrong' peers_says_what_is_wrong
test_case 'watch: prints changes as they come' watch_prints_changes
test_end
