#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dstack-p2p deploy: in development and in production, what it refuses, how it goes on after a failure; and that it
# yields what the deployment script does.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# anvil's first account.
readonly OWNER=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 ROOT_ADDRESS=0x1000000000000000000000000000000000000001
readonly PUBLIC_ROOT=0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf PUBLIC_APP=0x5bb4FF9A3837357F19dC176407a5709c62eB6C56
readonly GATEWAY=dstack-pha-prod7.phala.network
LONG_DOMAIN=$(printf 'a%.0s' {1..60}).$(printf 'b%.0s' {1..60}).$(printf 'c%.0s' {1..60}).example
readonly LONG_DOMAIN

# node NAME CHAIN OPTION...: an Ethereum node; sets RPC and RPC_URL.
node() {
  local name=$1 chain=$2 port
  shift 2
  port=$(free_port)
  anvil_spawn "$name" "$port" --chain-id "$chain" "$@"
  wait_until 20 rpc_answers "http://127.0.0.1:$port" || die 1 "anvil does not answer"
  chain_open "http://127.0.0.1:$port"
  export RPC_URL=$RPC
}

# deploy OPTION...: sets CONTRACT and OUT, the JSON.
deploy() {
  expect_status 0 timeout 60 "$DSTACK_P2P" deploy --yes --json "$@"
  CONTRACT=$(jq -r .contract <<<"$OUT")
}

refuses() {
  local status=$1 part=$2 before
  shift 2
  before=$(cast nonce --rpc-url "$RPC" "$OWNER")
  expect_status "$status" timeout 60 "$DSTACK_P2P" deploy "$@"
  [ -z "$OUT" ] || fail "output although it failed: $OUT"
  expect_text "$ERR" "$part"
  [ "$before" = "$(cast nonce --rpc-url "$RPC" "$OWNER")" ] || fail "something was sent"
}

# state_of CONTRACT: all of its settings, without what says where and when it is.
state_of() {
  "$DSTACK_P2P" status --contract "$1" --json --app "$PUBLIC_APP" --domain "$GATEWAY" | jq -S 'del(.contract, .block)'
}

# script_deploys [NAME=VALUE]...: the same with the deployment script; prints the address.
script_deploys() {
  local record=$RUN_DIR/broadcast/DeployDstackMembershipNFT.s.sol/$CHAIN_NUMBER/run-latest.json
  (cd "$ROOT/contracts" && env "$@" RPC_URL="$RPC" FOUNDRY_BROADCAST="$RUN_DIR/broadcast" \
    forge script script/DeployDstackMembershipNFT.s.sol --broadcast) >"$RUN_DIR/deploy.log" 2>&1 ||
    fail "the script fails: $(tail -n 5 "$RUN_DIR/deploy.log")"
  cast to-check-sum-address "$(jq -r '.transactions[0].contractAddress' "$record")"
}

# same_as_script CONTRACT: the code, and all that is in it.
same_as_script() {
  local ours=$1 theirs=$2
  [ "$(state_of "$ours")" = "$(state_of "$theirs")" ] ||
    fail "not the same: $(diff <(state_of "$ours") <(state_of "$theirs"))"
  [ "$(cast code --rpc-url "$RPC" "$ours")" = "$(cast code --rpc-url "$RPC" "$theirs")" ] || fail "other code"
}

# ---- As the script does

development_as_the_script() {
  expect_status 0 "$DSTACK_P2P" deploy
  [[ $OUT =~ ^0x[0-9a-fA-F]{40}$ ]] || fail "not an address alone: $OUT"
  CONTRACT=$OUT
  expect_text "$ERR" "anvil's first account signs"
  expect_text "$ERR" "owner     $OWNER"
  expect_text "$ERR" 'dev mode: any URL passes'
  same_as_script "$CONTRACT" "$(script_deploys)"
  state=$(state_of "$CONTRACT")
  expect_json '.owner == "'$OWNER'" and .kms_root == "'$PUBLIC_ROOT'" and .dev_mode and .app.allowed and .policy_epoch == 0' "$state"
}

production_as_the_script() {
  PRIVATE_KEY=$ANVIL_KEY deploy --production --kms-root "$ROOT_ADDRESS" --app-id "${PUBLIC_APP#0x}" \
    --base-domains "a.example, $GATEWAY"
  expect_json '.owner == "'$OWNER'" and .kms_root == "'$ROOT_ADDRESS'" and .app_id == "'$PUBLIC_APP'" and .chain_id == 8453
    and .base_domains == ["a.example", "'$GATEWAY'"] and .lease_seconds == 86400 and .renewal_gas_per_year == 46720000
    and (.transactions | length) == 7 and all(.transactions[]; .state == "done")' "$OUT"
  same_as_script "$CONTRACT" "$(script_deploys PRODUCTION=true BASE_DOMAINS="a.example,$GATEWAY" "PRIVATE_KEY=$ANVIL_KEY" \
    KMS_ROOT_ADDRESS=$ROOT_ADDRESS APP_ID=$PUBLIC_APP)"
  state=$(state_of "$CONTRACT")
  expect_json '(.dev_mode | not) and .bound_urls and .domain.allowed and .app.allowed and .lease_seconds == 86400' "$state"
}

# Options, and the environment's names, which are the script's.
settings_come_from_everywhere() {
  local file=$RUN_DIR/deploy.conf
  printf 'KMS_ROOT_ADDRESS=%s\nPRODUCTION=true\nBASE_DOMAINS=%s\n' "$ROOT_ADDRESS" "$GATEWAY" >"$file"
  PRIVATE_KEY=$ANVIL_KEY deploy --config "$file" --lease 12h --bound-urls off
  state=$(state_of "$CONTRACT")
  expect_json '(.dev_mode | not) and (.bound_urls | not) and .lease_seconds == 43200 and .policy_epoch == 1' "$state"
  PRODUCTION=false KMS_ROOT_ADDRESS=$ROOT_ADDRESS PRIVATE_KEY=$ANVIL_KEY deploy --lease 1h
  state=$(state_of "$CONTRACT")
  expect_json '.dev_mode and .lease_seconds == 3600 and (.app.allowed | not)' "$state"
}

# ---- What is refused

rules_of_other_chains() {
  refuses 13 'no private key' --kms-root "$ROOT_ADDRESS" --yes
  export PRIVATE_KEY=$ANVIL_KEY
  refuses 2 '--kms-root is required on chain 8453' --yes
  refuses 2 'public development root' --kms-root "$PUBLIC_ROOT" --yes
  refuses 2 'public development root' --kms-root "${PUBLIC_ROOT,,}" --yes
  refuses 3 'no terminal to ask' --kms-root "$ROOT_ADDRESS"
  refuses 2 '--base-domains is required' --production --kms-root "$ROOT_ADDRESS" --yes
  refuses 2 'two labels or more' --base-domains "$GATEWAY,.example" --kms-root "$ROOT_ADDRESS" --yes
  refuses 2 'takes no value' --production=maybe --kms-root "$ROOT_ADDRESS" --yes
  PRODUCTION=maybe refuses 2 'neither true nor false' --kms-root "$ROOT_ADDRESS" --yes
}

ceilings_hold_for_all_together() {
  export PRIVATE_KEY=$ANVIL_KEY
  refuses 51 '--max-cost' --kms-root "$ROOT_ADDRESS" --yes --max-cost 0.001ether
  refuses 50 '--max-fee-per-gas' --kms-root "$ROOT_ADDRESS" --yes --max-fee-per-gas 1wei
  refuses 13 'private key' --kms-root "$ROOT_ADDRESS" --yes --private-key-file "$RUN_DIR/none"
  refuses 30 'cannot reach' --kms-root "$ROOT_ADDRESS" --yes --rpc-url http://127.0.0.1:1
}

# ---- What it costs

# Its calls' gas is a constant, since a node cannot estimate what calls a contract that is not there yet.
gas_is_as_expected() {
  local quoted used
  local -a options=(--production --kms-root "$ROOT_ADDRESS" --app-id "$PUBLIC_APP" --base-domains "a.b,$GATEWAY,x.$GATEWAY,$LONG_DOMAIN")
  export PRIVATE_KEY=$ANVIL_KEY
  expect_status 0 "$DSTACK_P2P" deploy --dry-run --json "${options[@]}"
  quoted=$OUT
  expect_json '(.transactions | length) == 9 and .transactions[0].to == null and ([.transactions[1:][].to] | unique | length) == 1' "$quoted"
  deploy "${options[@]}"
  [ "$(jq -r '.transactions[1].to' <<<"$quoted")" = "$CONTRACT" ] || fail "another address than foreseen"
  # A limit is a quarter more than what is expected, and that is what is used, or up to 2 % more.
  used=$(jq -c '[.transactions[].gas_used]' <<<"$OUT")
  jq -e --argjson used "$used" '[.transactions[].gas_limit / 1.25] as $expected |
    all(range($used | length); $expected[.] >= $used[.] - 1 and $expected[.] <= $used[.] * 1.02)' <<<"$quoted" >/dev/null ||
    fail "$(jq -c '[.transactions[].gas_limit / 1.25]' <<<"$quoted") is not what was used: $used"
}

dry_runs_send_nothing() {
  local before
  before=$(cast nonce --rpc-url "$RPC" "$OWNER")
  expect_status 0 "$DSTACK_P2P" deploy --dry-run --from "$OWNER" --kms-root "$ROOT_ADDRESS" --lease 1h
  expect_text "$OUT" $'DstackMembershipNFT\n  to     a new contract'
  expect_text "$OUT" 'dry run, nothing was sent: 2 transactions on chain 8453'
  [ "$before" = "$(cast nonce --rpc-url "$RPC" "$OWNER")" ] || fail "something was sent"
}

# ---- Half way

count_pending() {
  [ "$(cast rpc --rpc-url "$RPC" txpool_status | jq -r '.pending')" = "$1" ]
}

# Interrupted when all was sent and nothing is in a block; then only the first two are.
goes_on_after_an_interruption() {
  local pid status=0 address
  local -a options=(--production --kms-root "$ROOT_ADDRESS" --base-domains "a.example,$GATEWAY" --yes)
  export PRIVATE_KEY=$ANVIL_KEY
  node idle 1338 --no-mining
  "$DSTACK_P2P" deploy "${options[@]}" >"$RUN_DIR/out" 2>"$RUN_DIR/err" &
  pid=$!
  wait_until 20 count_pending 0x6 || fail "not sent: $(cat "$RUN_DIR/err")"
  kill -INT "$pid"
  wait "$pid" || status=$?
  [ "$status" = 53 ] || fail "exit status $status: $(cat "$RUN_DIR/err")"
  [ ! -s "$RUN_DIR/out" ] || fail "output: $(cat "$RUN_DIR/out")"
  address=$(sed -nE 's/^if it gets into a block, the contract is at (0x[0-9a-fA-F]{40})\. Go on with: .*/\1/p' "$RUN_DIR/err")
  [ -n "$address" ] || fail "no word on how to go on: $(cat "$RUN_DIR/err")"
  # All but the first two are lost.
  for hash in $(grep -oE '0x[0-9a-f]{64}$' "$RUN_DIR/err" | tail -n 4); do
    cast rpc --rpc-url "$RPC" anvil_dropTransaction "$hash" >/dev/null
  done
  cast rpc --rpc-url "$RPC" evm_setAutomine true >/dev/null
  cast rpc --rpc-url "$RPC" evm_mine >/dev/null
  expect_status 0 timeout 60 "$DSTACK_P2P" deploy "${options[@]}" --resume "$address" --json
  expect_json '[.transactions[].call] == ["addBaseDomain('$GATEWAY')", "setInstanceBoundUrls(on)", "setDevMode(off)",
    "setLeaseDuration(86400 s)"]' "$OUT"
  state=$(state_of "$address")
  expect_json '(.dev_mode | not) and .bound_urls and .domain.allowed and .lease_seconds == 86400' "$state"
  expect_status 0 "$DSTACK_P2P" deploy "${options[@]}" --resume "$address"
  [ "$OUT" = "$address" ] || fail "not the address: $OUT"
  expect_text "$ERR" 'nothing is to be done'
  expect_status 0 "$DSTACK_P2P" deploy "${options[@]}" --resume "$address" --dry-run --json
  expect_json '.dry_run and .transactions == []' "$OUT"
  process_stop idle
}

# All of it, or nothing.
begins_nothing_that_cannot_be_paid() {
  local poor=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
  local -a options=(--production --kms-root "$ROOT_ADDRESS" --base-domains "$GATEWAY" --yes)
  export PRIVATE_KEY=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
  cast rpc --rpc-url "$RPC" anvil_setBalance $poor 0x38d7ea4c68000 >/dev/null # 0.001 ether
  expect_status 52 timeout 60 "$DSTACK_P2P" deploy "${options[@]}"
  [ -z "$OUT" ] || fail "output: $OUT"
  [ "$(cast nonce --rpc-url "$RPC" $poor)" = 0 ] || fail "something was sent although not all could be paid"
}

resumes_only_what_is_its_own() {
  export PRIVATE_KEY=$ANVIL_KEY
  deploy --kms-root "$ROOT_ADDRESS"
  refuses 46 'trusts the KMS root' --kms-root "$OWNER" --resume "$CONTRACT" --yes
  refuses 40 'no contract answers' --kms-root "$ROOT_ADDRESS" --resume "$OWNER" --yes
  refuses 2 '--resume is' --kms-root "$ROOT_ADDRESS" --resume 0x12 --yes
  PRIVATE_KEY=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d \
    refuses 49 "belongs to $OWNER" --kms-root "$ROOT_ADDRESS" --resume "$CONTRACT" --yes
  # A contract in dev mode becomes one for production.
  deploy --production --base-domains "$GATEWAY" --kms-root "$ROOT_ADDRESS" --resume "$CONTRACT"
  expect_json '(.transactions | length) == 4' "$OUT"
}

node local 31337
test_case "in development it yields what the script does" development_as_the_script
node other 8453
test_case "so it does in production, on another chain" production_as_the_script
test_case "settings come from options, environment and file" settings_come_from_everywhere
test_case "other chains have stricter rules" rules_of_other_chains
test_case "ceilings hold for all transactions together" ceilings_hold_for_all_together
test_case "gas is as expected, and the address as foreseen" gas_is_as_expected
test_case "a dry run sends nothing" dry_runs_send_nothing
test_case "it goes on after an interruption" goes_on_after_an_interruption
test_case "nothing is begun that cannot be paid" begins_nothing_that_cannot_be_paid
test_case "only its own contract is resumed" resumes_only_what_is_its_own
test_end
