#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dstack-p2p identity, register and withdraw, on a real chain.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# node COMMAND ARGUMENT...: with the chain, the contract and the instance at hand.
node() {
  "$DSTACK_P2P" "$@" --rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT"
}

# fails STATUS-OR-ERROR PART-OF-SENTENCE COMMAND...: nothing on standard output.
fails() {
  local status=$1 part=$2
  [[ $status =~ ^[0-9]+$ ]] || status=$(error_code "$status")
  shift 2
  expect_status "$status" "$@"
  expect_text "$ERR" "$part"
  [ -z "$OUT" ] || fail "standard output: $OUT"
}

nonce() {
  cast nonce --rpc-url "$RPC" "$ADDRESS"
}

# ---- identity

identity_needs_no_chain() {
  instance alice
  expect_status 0 "$DSTACK_P2P" identity --json --guest "$ENDPOINT" --rpc-url http://127.0.0.1:1
  [ -z "$ERR" ]
  expect_json ".instance_id == \"$INSTANCE\" and .instance_address == \"$ADDRESS\"" "$OUT"
  # What hello_p2p prints has the same names; the root is the one of dstack's public simulator.
  expect_json ". | contains($("$HELLO_P2P" --identity --guest "$ENDPOINT"))" "$OUT"
  expect_json '.kms_root == "0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf" and (has("contract") | not)' "$OUT"
  expect_status 0 "$DSTACK_P2P" identity --guest "$ENDPOINT"
  expect_text "$OUT" "instance id       $INSTANCE"
}

identity_knows_who_pays() {
  instance alice
  printf '%s\n' "$ANVIL_KEY" >"$RUN_DIR/key"
  chmod 600 "$RUN_DIR/key"
  expect_status 0 "$DSTACK_P2P" identity --json --guest "$ENDPOINT" -k "$RUN_DIR/key"
  expect_json '.payer_address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"' "$OUT"
  if grep -qi "${ANVIL_KEY#0x}" <<<"$OUT$ERR"; then fail "the key is shown"; fi
}

identity_with_contract() {
  instance stranger
  expect_status 0 node identity --json
  expect_json ".contract | .address == \"$CONTRACT\" and .chain_id == 31337 and .kms_root_matches and .app_allowed" "$OUT"
  expect_json '.contract | (.has_nft or .banned or .paused | not) and .registration == null' "$OUT"
  instance_admitted alice
  node register http://alice:1 >/dev/null
  expect_status 0 node identity --json
  expect_json '.contract.has_nft and .contract.registration.url == "http://alice:1"' "$OUT"
  expect_status 0 node identity
  expect_text "$OUT" "registration      http://alice:1"
  expect_text "$OUT" "the same"
}

identity_fails() {
  instance alice
  fails 2 "more than it takes" "$DSTACK_P2P" identity nonsense
  fails GUEST_UNREACHABLE "cannot reach the guest agent" "$DSTACK_P2P" identity --guest "$RUN_DIR/nobody.sock"
  fails RPC_UNREACHABLE "cannot" "$DSTACK_P2P" identity --guest "$ENDPOINT" --contract "$CONTRACT" --rpc-url http://127.0.0.1:1
  fails NO_CONTRACT "no contract" "$DSTACK_P2P" identity --guest "$ENDPOINT" --contract "$ADDRESS" --rpc-url "$RPC"
  fails CONTRACT_ADDRESS "0x12" "$DSTACK_P2P" identity --guest "$ENDPOINT" --contract 0x12
  expect_status "$(error_code GUEST_UNREACHABLE)" "$DSTACK_P2P" identity --json --guest "$RUN_DIR/nobody.sock"
  expect_json '.error.name == "GUEST_UNREACHABLE"' "$ERR"
  [ -z "$OUT" ]
}

# ---- register and withdraw

registers_once_and_withdraws() {
  local before
  instance_admitted bob
  expect_status 0 node register http://bob:1
  [ "$OUT" = http://bob:1 ]
  expect_text "$ERR" "registered in block"
  [ "$(listed_url "$INSTANCE")" = http://bob:1 ]
  before=$(nonce)
  expect_status 0 node register http://bob:1 --json
  expect_json '.registered and (.sent | not) and .url == "http://bob:1" and .expires_at == 0' "$OUT"
  CONNECTION_URL=http://bob:1 expect_status 0 node register
  expect_text "$ERR" "registered already, nothing was sent"
  [ "$(nonce)" = "$before" ]
  expect_status 0 node withdraw --json
  expect_json '(.registered | not) and .sent and .url == null' "$OUT"
  [ "$(listed_url "$INSTANCE")" = "" ]
  before=$(nonce)
  expect_status 0 node withdraw
  expect_text "$ERR" "not registered, nothing was sent"
  [ -z "$OUT" ]
  [ "$(nonce)" = "$before" ]
}

dry_runs_send_nothing() {
  local before
  instance_admitted carol
  before=$(nonce)
  expect_status 0 env DSTACK_P2P_STATE_DIR="$RUN_DIR/untouched" "$DSTACK_P2P" register http://carol:1 --dry-run --json \
    --rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT"
  expect_json '.dry_run and .needed and .gas > 100000 and (.most_cost | tonumber) >= (.expected_cost | tonumber)' "$OUT"
  expect_json ".from == \"$ADDRESS\" and (.most_cost | tonumber) > 0 and .balance == \"50000000000000000\"" "$OUT"
  expect_json '.ceiling == "50000000000000000"' "$OUT"
  [ ! -e "$RUN_DIR/untouched" ]
  expect_status 0 node withdraw -n
  expect_text "$OUT" "no transaction is needed: it is not registered"
  [ "$(nonce)" = "$before" ]
  [ "$(listed_url "$INSTANCE")" = "" ]
  expect_status 0 node register http://carol:1
  expect_status 0 node register http://carol:1 -n
  expect_text "$OUT" "no transaction is needed: it is registered with this URL"
  expect_status 0 node withdraw -n --json
  expect_json '.needed and .url == null' "$OUT"
  [ "$(listed_url "$INSTANCE")" = http://carol:1 ]
}

urls_of_the_gateway() {
  local way suffix
  instance_admitted dave
  export DSTACK_GATEWAY_DOMAIN=prod7.example.com
  for way in 'passthrough s' 'gateway ' 'grpc g'; do
    read -r way suffix <<<"$way"
    expect_status 0 node register --port 5432 --tls "$way" --dry-run --json
    expect_json ".url == \"https://$INSTANCE-5432$suffix.prod7.example.com\"" "$OUT"
  done
  # What is on the command line wins over the environment.
  CONNECTION_URL=http://inherited:1 expect_status 0 node register -p 80 --gateway-domain other.example.com -n --json
  expect_json ".url == \"https://$INSTANCE-80s.other.example.com\"" "$OUT"
}

# In production mode the contract takes the gateway's URL, and refuses others before anything is spent.
production_mode() {
  local before
  instance_admitted erin
  owner_sends 'addBaseDomain(string)' prod7.example.com
  owner_sends 'setInstanceBoundUrls(bool)' true
  owner_sends 'setDevMode(bool)' false
  before=$(nonce)
  fails URL_REFUSED "production mode" node register http://erin:1
  fails URL_REFUSED "base domain other.example.com" node register --port 1 --gateway-domain other.example.com
  fails URL_REFUSED "refuses the connection URL" node register http://erin:1 --dry-run
  [ "$(nonce)" = "$before" ]
  expect_status 0 node register --port 5432 --gateway-domain prod7.example.com
  [ "$OUT" = "https://$INSTANCE-5432s.prod7.example.com" ]
  [ "$(listed_url "$INSTANCE")" = "$OUT" ]
  expect_status 0 node withdraw
  owner_sends 'setDevMode(bool)' true
}

refuses_misuse() {
  instance bob
  fails CONNECTION_URL "no connection URL" node register
  fails CONNECTION_URL "visible ASCII" node register ''
  fails CONNECTION_URL "visible ASCII" node register "http://a/$(printf '%0300d' 0)"
  fails 2 "give one of them" node register http://bob:1 --port 80
  fails 2 "--port takes a number" node register --port 0
  fails 2 "--port needs the gateway's domain" node register --port 80
  fails 2 "--tls is for --port" node register http://bob:1 --tls grpc
  fails 2 "--tls takes passthrough, gateway or grpc" node register --port 80 --gateway-domain a.example.com --tls both
  local domain
  for domain in localhost a_b.com 'a b.com' https://a.com "$(printf 'a%.0s' {1..300}).com"; do
    fails 2 "makes no URL" node register --port 80 --gateway-domain "$domain"
  done
  fails 2 "more than it takes" node withdraw bob
  fails CONTRACT_ADDRESS "no contract address" "$DSTACK_P2P" register http://a:1 --guest "$ENDPOINT"
}

refuses_in_time() {
  instance penniless
  owner_sends 'mintNodeAccess(address,string)' 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "$INSTANCE"
  fails NO_FUNDS "has 0 ether" node register http://a:1
  fails NO_FUNDS "has 0 ether" node register http://a:1 --dry-run
  instance uninvited
  fails NO_NFT "holds no NFT" node register http://a:1 --dry-run
  instance_admitted bob
  fails SPEND_CEILING "ceiling of 0.00001 ether" node register http://b:1 --max-cost 0.00001ether
  fails SPEND_CEILING "--max-cost sets that ceiling" node register http://b:1 --max-cost 0.00001ether
  fails FEE_CEILING "--max-fee-per-gas sets that ceiling" node register http://b:1 --max-fee-per-gas 1wei
  fails WRONG_CHAIN "chain" node register http://b:1 --chain-id 1
  # What waits already, its tip at the ceiling, is replaced with a higher tip only.
  cast rpc --rpc-url "$RPC" evm_setAutomine false >/dev/null
  fails UNCONFIRMED "in no block" node register http://b:1 --confirm-timeout 1 --max-priority-fee-per-gas 1gwei
  fails FEE_CEILING "--max-priority-fee-per-gas sets that ceiling" node register http://b:2 --max-priority-fee-per-gas 1gwei
  cast rpc --rpc-url "$RPC" evm_setAutomine true >/dev/null
  cast rpc --rpc-url "$RPC" evm_mine >/dev/null
}

# It is done all the same, and paid for.
tells_what_it_did_where_it_can() {
  local status=0
  instance_admitted gail
  node register http://gail:1 --json >/dev/full 2>"$RUN_DIR/told" || status=$?
  [ "$status" = 6 ] || fail "exit status $status: $(cat "$RUN_DIR/told")"
  expect_json '.registered and .sent and .url == "http://gail:1"' "$(tail -n 1 "$RUN_DIR/told")"
}

# ---- the question, on a chain where money may be worth something

asks_before_spending() {
  local before o
  instance_admitted frank
  o=(--rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT")
  cast rpc --rpc-url "$RPC" anvil_setChainId 4242 >/dev/null
  before=$(nonce)
  fails 3 "--yes says yes" node register http://frank:1
  expect_text "$ERR" "chain 4242"
  expect_status 3 at_terminal 'n\n' "$DSTACK_P2P" register http://frank:1 "${o[@]}"
  at_terminal 'n\n' "$DSTACK_P2P" register http://frank:1 "${o[@]}" || true
  expect_text "$OUT" "at most 0.000"
  expect_text "$OUT" "Go on? [y/N]"
  expect_text "$OUT" "not confirmed; nothing was sent"
  [ "$(nonce)" = "$before" ]
  at_terminal 'y\n' "$DSTACK_P2P" register http://frank:1 "${o[@]}"
  expect_text "$OUT" "http://frank:1"
  [ "$(nonce)" = "$((before + 1))" ]
  # Nothing is asked where nothing is spent.
  expect_status 0 node register http://frank:1
  fails 3 "withdraw: a transaction" node withdraw
  expect_status 0 node withdraw --yes
  [ "$(nonce)" = "$((before + 2))" ]
  cast rpc --rpc-url "$RPC" anvil_setChainId 31337 >/dev/null
}

# ---- an interruption ends what blocks

is_interrupted_at_once() {
  local begin signal
  instance alice
  for signal in INT TERM; do
    process_spawn "wait$signal" "$RUN_DIR/wait.log" "$DSTACK_P2P" register http://a:1 --rpc-url "$RPC" \
      --contract "$CONTRACT" --guest "$RUN_DIR/later.sock" --guest-wait 1h
    wait_until 20 grep -q 'waiting for the guest agent' "$RUN_DIR/wait.log"
    process_alive "wait$signal"
    kill -"$signal" "$PROCESS_PID"
    expect_end "wait$signal" 2
    expect_text "$(cat "$RUN_DIR/wait.log")" "cancelled"
  done
}

anvil_start
simulator_start
contract_deploy

test_case "identity asks the guest agent only" identity_needs_no_chain
test_case "identity tells who pays, and no key" identity_knows_who_pays
test_case "identity with a contract tells what that says" identity_with_contract
test_case "identity fails with a status of its own" identity_fails
test_case "register sends once, withdraw likewise" registers_once_and_withdraws
test_case "a dry run sends nothing and leaves nothing behind" dry_runs_send_nothing
test_case "--port makes the gateway's URL" urls_of_the_gateway
test_case "production mode takes the gateway's URL and refuses others" production_mode
test_case "what was done and cannot be printed is told" tells_what_it_did_where_it_can
test_case "register and withdraw refuse misuse" refuses_misuse
test_case "what cannot be paid, or is not let in, is refused before it is sent" refuses_in_time
test_case "on other chains it asks before it spends" asks_before_spending
test_case "a signal ends what blocks" is_interrupted_at_once
test_end
