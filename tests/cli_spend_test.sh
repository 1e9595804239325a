#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How dstack-p2p spends: what it asks before, at a terminal and without one, and what it says when it is interrupted.
# On a chain that is not 31337, where ether may be worth something.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# anvil's first account.
readonly OWNER=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 ROOT_ADDRESS=0x1000000000000000000000000000000000000001
readonly A=59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a

# node NAME OPTION...: an Ethereum node; sets RPC_URL.
node() {
  local name=$1 port
  shift
  port=$(free_port)
  anvil_spawn "$name" "$port" "$@"
  wait_until 20 rpc_answers "http://127.0.0.1:$port" || die 1 "anvil does not answer"
  export RPC_URL=http://127.0.0.1:$port
}

nonce() {
  cast nonce --rpc-url "$RPC_URL" "$OWNER"
}

# asked INPUT STATUS ARGUMENT...: the tool at a terminal, where INPUT is typed when it asks; OUT is what that shows.
asked() {
  local input=$1 wanted=$2 status=0
  shift 2
  at_terminal "$input" "$DSTACK_P2P" "$@" || status=$?
  [ "$status" = "$wanted" ] || fail "exit status $status instead of $wanted: $* ($OUT)"
}

# ---- The question

asks_and_is_told() {
  local answer before
  for answer in y yes Y YES; do
    before=$(nonce)
    asked "$answer\n" 0 ban "$A"
    expect_text "$OUT" "ban $A: they leave the list"
    expect_text "$OUT" "1 transaction on chain 1337 by $OWNER, which has"
    expect_text "$OUT" 'Go on? [y/N]'
    expect_text "$OUT" '1 of 1 in a block'
    expect_text "$OUT" "banInstance($A): 0x"
    [ "$(nonce)" = "$((before + 1))" ] || fail "not sent after '$answer'"
  done
}

takes_no_for_an_answer() {
  local answer before
  before=$(nonce)
  for answer in 'n\n' 'no\n' '\n' 'yess\n' 'y y\n' '\04' 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n'; do
    asked "$answer" 3 ban "$A"
    expect_text "$OUT" 'not confirmed; nothing was sent'
  done
  [ "$(nonce)" = "$before" ] || fail "something was sent"
}

says_what_is_dangerous() {
  asked 'n\n' 3 set-kms-root "$OWNER"
  expect_text "$OUT" "root $OWNER: every registered node leaves the list until it has registered again"
  asked 'n\n' 3 set-dev-mode off
  expect_text "$OUT" 'every registered node leaves the list'
  asked 'n\n' 3 set-dev-mode on
  [[ $OUT != *"every registered node"* ]] || fail "a loosening is no tightening: $OUT"
  asked 'n\n' 3 transfer-ownership "$ROOT_ADDRESS"
  expect_text "$OUT" 'that account alone governs the cluster'
  asked 'n\n' 3 fund "$ROOT_ADDRESS" --amount 0.01ether
  expect_text "$OUT" "pay 0.01 ether to each of 1 account: $ROOT_ADDRESS"
}

needs_no_question_with_yes() {
  local before
  before=$(nonce)
  expect_status 0 "$DSTACK_P2P" unban "$A" --yes
  expect_text "$ERR" "lift the ban of $A"
  expect_text "$ERR" "1 transaction on chain 1337 by $OWNER, which has"
  [ "$(nonce)" = "$((before + 1))" ] || fail "not sent"
}

sends_nothing_without_a_terminal() {
  local before
  before=$(nonce)
  expect_status 3 "$DSTACK_P2P" ban "$A"
  [ -z "$OUT" ] || fail "output: $OUT"
  expect_text "$ERR" 'There is no terminal to ask at: --yes says yes'
  expect_status 3 "$DSTACK_P2P" ban "$A" --json
  expect_json '.error.code == 3' "$ERR"
  echo yes >"$RUN_DIR/yes"
  expect_status 3 "$DSTACK_P2P" ban "$A" <"$RUN_DIR/yes"
  [ "$(nonce)" = "$before" ] || fail "something was sent"
}

# Interrupted while it asks. The terminal turns ^C into the signal.
ends_when_interrupted_at_the_question() {
  local before
  before=$(nonce)
  asked '\03' 3 ban "$A"
  [ "$(nonce)" = "$before" ] || fail "something was sent"
}

# The address depends on the account's nonce, which somebody else uses up while it asks.
# shellcheck disable=SC2094 # the screen is read while it is written
creates_no_contract_elsewhere() {
  local status=0 before
  : >"$RUN_DIR/deploy.screen"
  {
    wait_until 20 grep -q 'Go on' "$RUN_DIR/deploy.screen" &&
      cast send --rpc-url "$RPC_URL" --private-key "$ANVIL_KEY" "$ROOT_ADDRESS" --value 1 >/dev/null && echo y
  } | timeout 30 script -qfec "exec $(printf '%q ' "$DSTACK_P2P" deploy --kms-root "$ROOT_ADDRESS")" /dev/null \
    >"$RUN_DIR/deploy.screen" || status=$?
  [ "$status" = 17 ] || fail "exit status $status: $(cat "$RUN_DIR/deploy.screen")"
  expect_text "$(cat "$RUN_DIR/deploy.screen")" 'would get another address; nothing was sent'
  before=$(nonce)
  asked 'y\n' 0 deploy --kms-root "$ROOT_ADDRESS"
  expect_text "$OUT" "$(cast compute-address --nonce "$before" "$OWNER" | grep -o '0x.*')"
}

refuses_the_public_root() {
  expect_status 2 "$DSTACK_P2P" set-kms-root 0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf --yes
  expect_text "$ERR" 'public development root'
}

needs_a_key() {
  (
    unset PRIVATE_KEY_FILE
    expect_status 13 "$DSTACK_P2P" ban "$A" --yes
    expect_text "$ERR" 'no private key to sign with'
    expect_status 0 "$DSTACK_P2P" ban "$A" --dry-run --from "$OWNER"
  )
}

# ---- Many

shows_how_far_it_is() {
  local ids=() i
  for i in $(seq 40); do ids+=("$(printf '%040x' $((4096 + i)))"); done
  asked '' 0 mint "${ids[@]}" --yes
  expect_text "$OUT" '40 of 40 in a block'
  expect_status 0 "$DSTACK_P2P" revoke "${ids[@]}" --yes --json
  expect_json '.transactions | length == 40 and all(.state == "done")' "$OUT"
}

# ---- A node that makes no blocks

unconfirmed_pid() {
  [ "$(cast rpc --rpc-url "$RPC_URL" txpool_status | jq -r '.pending')" = "$1" ]
}

# Waits for a block that does not come, until it is interrupted; what was sent may be mined all the same.
tells_what_was_sent_when_interrupted() {
  local pid status=0
  node idle --chain-id 1338 --no-mining
  "$DSTACK_P2P" fund "$ROOT_ADDRESS" 0x00000000000000000000000000000000000000B1 --amount 1gwei --yes "$@" \
    >"$RUN_DIR/out" 2>"$RUN_DIR/err" &
  pid=$!
  wait_until 20 unconfirmed_pid 0x2 || fail "nothing was sent: $(cat "$RUN_DIR/err")"
  kill -INT "$pid"
  wait "$pid" || status=$?
  [ "$status" = 53 ] || fail "exit status $status: $(cat "$RUN_DIR/err")"
  [ ! -s "$RUN_DIR/out" ] || fail "output: $(cat "$RUN_DIR/out")"
  ERR=$(cat "$RUN_DIR/err")
  cast rpc --rpc-url "$RPC_URL" evm_mine >/dev/null
  # The hashes that were told are those of what is now in a block.
  mapfile -t hashes < <(grep -oE '0x[0-9a-f]{64}' <<<"$ERR" | sort -u)
  [ "${#hashes[@]}" = 2 ] || fail "not two hashes: $ERR"
  for hash in "${hashes[@]}"; do
    [ "$(cast receipt --rpc-url "$RPC_URL" "$hash" status)" = "1 (success)" ] ||
      [ "$(cast receipt --rpc-url "$RPC_URL" --json "$hash" | jq -r .status)" = 0x1 ] || fail "no receipt of $hash"
  done
  process_stop idle
}

tells_so_in_json() {
  tells_what_was_sent_when_interrupted --json
  expect_json '.error.code == 53' "$(head -n 1 <<<"$ERR")"
  expect_json '.transactions | length == 2 and all(.state == "unconfirmed" and (.hash | length) == 66)' \
    "$(tail -n 1 <<<"$ERR")"
}

waits_no_longer_than_told() {
  node idle --chain-id 1338 --no-mining
  expect_status 53 timeout 30 "$DSTACK_P2P" fund "$ROOT_ADDRESS" --amount 1gwei --yes --confirm-timeout 500ms
  expect_text "$ERR" 'sent, and not seen in a block, 0x'
  process_stop idle
}

# ---- Fees that are too low

# dear_block GWEI: the next block asks for that, whoever waits.
dear_block() {
  cast rpc --rpc-url "$RPC_URL" anvil_setNextBlockBaseFeePerGas "$(($1 * 1000000000))" >/dev/null
  cast rpc --rpc-url "$RPC_URL" evm_mine >/dev/null
}

said() { grep -q -- "$1" "$RUN_DIR/err"; }

# pay_late OPTION...: two payments that wait in the pool while gas becomes dearer; sets PAYING.
pay_late() {
  node idle --chain-id 1338 --no-mining
  "$DSTACK_P2P" fund "$ROOT_ADDRESS" 0x00000000000000000000000000000000000000B3 --amount 1gwei --yes "$@" \
    >"$RUN_DIR/out" 2>"$RUN_DIR/err" &
  PAYING=$!
  wait_until 20 unconfirmed_pid 0x2 || fail "nothing was sent: $(cat "$RUN_DIR/err")"
}

# dear_until TEXT: dear blocks, until it is said what is done about them.
dear_until() {
  local blocks
  for ((blocks = 0; blocks < 40; blocks++)); do
    dear_block 20
    if wait_until 1 said "$1"; then return; fi
  done
  fail "not said: $1: $(cat "$RUN_DIR/err")"
}

replaces_what_is_stuck() {
  local status=0
  pay_late --json
  dear_until 'replaced with higher fees, up to .* gwei -> .* gwei per gas'
  dear_block 20
  wait "$PAYING" || status=$?
  [ "$status" = 0 ] || fail "exit status $status: $(cat "$RUN_DIR/err")"
  expect_json '.transactions | length == 2 and all(.state == "done" and (.cost | tonumber) > 20000000000 * 21000)' \
    "$(cat "$RUN_DIR/out")"
  # Each once.
  [ "$(nonce)" = 2 ] || fail "$(nonce)"
  [ "$(cast balance --rpc-url "$RPC_URL" "$ROOT_ADDRESS")" = 1000000000 ] || fail "paid twice"
  process_stop idle
}

# Interrupted then, it tells all the versions: any of them may be mined.
tells_every_version() {
  local status=0
  pay_late
  dear_until 'replaced with higher fees'
  kill -INT "$PAYING"
  wait "$PAYING" || status=$?
  [ "$status" = 53 ] || fail "exit status $status: $(cat "$RUN_DIR/err")"
  [ "$(grep -cE '^    or, with other fees, 0x[0-9a-f]{64}$' "$RUN_DIR/err")" -ge 2 ] || fail "$(cat "$RUN_DIR/err")"
  process_stop idle
}

# It is waited for all the same; anvil drops what a block was too dear for.
replaces_nothing_beyond_the_ceiling() {
  local status=0
  pay_late "$@"
  dear_until 'in none of 3 blocks, and not replaced with higher fees: .*ceiling of .* (max_fee_per_[a-z]*)$'
  [ "$(grep -c 'in none of' "$RUN_DIR/err")" = 1 ] || fail "told again and again: $(cat "$RUN_DIR/err")"
  kill -INT "$PAYING"
  wait "$PAYING" || status=$?
  [ "$status" = 53 ] || fail "exit status $status: $(cat "$RUN_DIR/err")"
  process_stop idle
}

# What a run before has sent, and not seen in a block, is not sent once more.
tops_up_once() {
  local receiver=0x00000000000000000000000000000000000000b2
  node idle --chain-id 1338 --no-mining
  expect_status 53 timeout 30 "$DSTACK_P2P" fund "$receiver" --amount 2gwei --below 1gwei --yes --confirm-timeout 500ms
  expect_status 0 timeout 30 "$DSTACK_P2P" fund "$receiver" --amount 2gwei --below 1gwei --yes --confirm-timeout 500ms
  expect_text "$ERR" "$receiver has enough"
  cast rpc --rpc-url "$RPC_URL" evm_mine >/dev/null
  [ "$(cast balance --rpc-url "$RPC_URL" "$receiver")" = 2000000000 ] || fail "paid twice"
  process_stop idle
}

# The library takes a zero for its default, which is far more.
no_ceiling_is_zero() {
  local before option
  before=$(nonce)
  for option in --max-cost --max-fee-per-gas; do
    expect_status 2 "$DSTACK_P2P" fund "$ROOT_ADDRESS" --amount 1gwei --yes "$option" 0gwei
    expect_text "$ERR" 'above 0'
  done
  expect_status 2 "$DSTACK_P2P" fund "$ROOT_ADDRESS" --amount 1gwei --yes --max-fee-per-gas 30
  expect_text "$ERR" 'with its unit, such as 30gwei'
  expect_status 2 "$DSTACK_P2P" fund "$ROOT_ADDRESS" --amount 1gwei --yes --confirm-timeout 0
  expect_text "$ERR" '--confirm-timeout takes a time above 0'
  [ "$(nonce)" = "$before" ] || fail "something was sent"
}

node main --chain-id 1337
printf '%s\n' "$ANVIL_KEY" >"$RUN_DIR/owner.key"
chmod 600 "$RUN_DIR/owner.key"
export PRIVATE_KEY_FILE=$RUN_DIR/owner.key
CONTRACT_ADDRESS=$("$DSTACK_P2P" deploy --kms-root "$ROOT_ADDRESS" --yes 2>"$RUN_DIR/deploy.log") ||
  die 1 "no contract: $(cat "$RUN_DIR/deploy.log")"
export CONTRACT_ADDRESS
# In the first block after the contract's a removal is estimated with less gas than it uses in the next one.
[ "$(cast block-number --rpc-url "$RPC_URL")" = 1 ] || die 1 "not a new chain"

test_case "asks with the amounts, and a yes is a yes" asks_and_is_told
test_case "anything else is a no" takes_no_for_an_answer
test_case "the question says what it does to others" says_what_is_dangerous
test_case "--yes needs no question" needs_no_question_with_yes
test_case "without a terminal nothing is sent" sends_nothing_without_a_terminal
test_case "an interruption at the question is a no" ends_when_interrupted_at_the_question
test_case "a contract gets the address that was told, or none" creates_no_contract_elsewhere
test_case "the public root is refused" refuses_the_public_root
test_case "there is no default key here" needs_a_key
test_case "many at once, and how far it is" shows_how_far_it_is
test_case "interrupted, it tells what was sent" tells_what_was_sent_when_interrupted
test_case "so it does in JSON" tells_so_in_json
test_case "what is stuck is replaced with higher fees" replaces_what_is_stuck
test_case "interrupted then, it tells every version" tells_every_version
test_case "not beyond the ceiling of a unit of gas" replaces_nothing_beyond_the_ceiling --max-fee-per-gas 5gwei
test_case "nor beyond that of all" replaces_nothing_beyond_the_ceiling --max-cost 0.001ether
test_case "accounts are topped up once" tops_up_once
test_case "a ceiling of 0 is none" no_ceiling_is_zero
test_case "it waits no longer than it is told to" waits_no_longer_than_told
test_end
