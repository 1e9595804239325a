#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hello_p2p with everything wrong that can be: each fault has its exit status and a sentence that names it, and no
# transaction is sent. The node and the guest agent are fake ones; BUILD_DIR chooses the build (build/dev).
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

FAKE_NODE=$BUILD_DIR/tests/support/fake_node
CONTRACT=0x5FbDB2315678afecb367f032d93F642f64180aa3
INSTANCE=1691ed1b47506cad7d08834668691d88246f5b1f
# No key of anybody's.
KEY=8f3c5a17e92b64d0c7815e3fa9d24b6078e1c35f9a02d47b6c813e5af9207d4b
SEEN=$RUN_DIR/statuses
STARTED=0

# world FAULT...: a fake node with its guest agent; sets WORLD, RPC and GUEST_SOCKET.
world() {
  local fault options=()
  for fault in "$@"; do options+=(--fault "$fault"); done
  STARTED=$((STARTED + 1))
  WORLD=world-$BASHPID-$STARTED
  process_spawn "$WORLD" "$RUN_DIR/$WORLD.log" "$FAKE_NODE" "${options[@]}"
  wait_until 20 grep -q '^ready: ' "$RUN_DIR/$WORLD.log" || fail "the fake node does not start: $(cat "$RUN_DIR/$WORLD.log")"
  read -r _ RPC GUEST_SOCKET <"$RUN_DIR/$WORLD.log"
}

# world_ends [SENDS]: ends it; it was handed no transaction, or so many.
world_ends() {
  process_stop "$WORLD"
  grep -qx "sends: ${1:-0}" "$RUN_DIR/$WORLD.log" || fail "not ${1:-0} transactions: $(cat "$RUN_DIR/$WORLD.log")"
}

# refuses ERROR PART-OF-SENTENCE ARGUMENT...: against the world, or what the arguments name instead.
refuses() {
  local name=$1 part=$2 last
  shift 2
  expect_status "$(error_code "$name")" timeout 30 "$HELLO_P2P" --port 0 --rpc-url "$RPC" --guest "$GUEST_SOCKET" \
    --guest-wait 0 "$@"
  last=$(tail -n 1 <<<"$ERR")
  [[ $last == "hello_p2p: "* ]] || fail "the last line is: $last"
  expect_text "$last" "$part"
  [[ $ERR != *[^[:print:][:space:]]* ]] || fail "control bytes in: $ERR"
}

# fault ERROR PART-OF-SENTENCE FAULT...: the world is broken so, and the rest is well.
fault() {
  local name=$1 part=$2
  shift 2
  world "$@"
  refuses "$name" "$part" "$CONTRACT"
  world_ends
}

# case_of NAME-OF-CASE FUNCTION ERROR ARGUMENT...: also notes which status the kind of fault gave.
case_of() {
  local title=$1 function=$2 name=$3
  shift 2
  test_case "$title" "$function" "$@"
  echo "$(error_code "$name") $name" >>"$SEEN"
}

# ---- the tests' own tools

# All of what follows would pass if the healthy world failed.
registers_in_a_healthy_world() {
  local port
  world healthy
  port=$(free_port)
  process_spawn healthy "$RUN_DIR/healthy.log" "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" \
    --guest "$GUEST_SOCKET"
  hello_wait_healthy "$port"
  process_stop healthy
  world_ends 1
}

refuses_unknown_faults() {
  expect_status 2 "$FAKE_NODE" --fault no-such-fault
  expect_text "$ERR" "no-such-fault"
}

# ---- the caller

contract_malformed() {
  local text
  world healthy
  for text in 0x123 hello 0x5FbDB2315678afecb367f032d93F642f64180AA3 0x5FbDB2315678afecb367f032d93F642f64180a \
    0x0000000000000000000000000000000000000000; do
    refuses "$1" "contract address" "$text"
  done
  CONTRACT_ADDRESS=0xdead refuses "$1" "0xdead"
  world_ends
}

url_malformed() {
  world healthy
  refuses "$1" "empty" "$CONTRACT" --url ''
  refuses "$1" "visible ASCII" "$CONTRACT" --url 'http://a b'
  refuses "$1" "visible ASCII" "$CONTRACT" --url "http://$(printf '%0250d' 0)"
  CONNECTION_URL=$'http://a\tb' refuses "$1" "visible ASCII" "$CONTRACT"
  world_ends
}

key_malformed() {
  local dir=$RUN_DIR/keys
  mkdir -p "$dir"
  world healthy
  PRIVATE_KEY='' refuses "$1" "PRIVATE_KEY is empty" "$CONTRACT"
  PRIVATE_KEY=${KEY}ab refuses "$1" "PRIVATE_KEY is not a private key of 64 hex digits" "$CONTRACT"
  PRIVATE_KEY=$(printf '%064d' 0) refuses "$1" "zero or not below" "$CONTRACT"
  refuses "$1" "No such file" "$CONTRACT" --private-key-file "$dir/none"
  refuses "$1" "Is a directory" "$CONTRACT" --private-key-file "$dir"
  printf '%s%s' "$KEY" "$(printf '%0300d' 0)" >"$dir/long"
  refuses "$1" "longer than a key" "$CONTRACT" --private-key-file "$dir/long"
  mkfifo "$dir/fifo"
  refuses "$1" "empty" "$CONTRACT" --private-key-file "$dir/fifo"
  world_ends
}

# tells_no_key ENVIRONMENT-OR-OPTION...: it fails, and no line it writes holds a part of the key.
tells_no_key() {
  local told=$RUN_DIR/told
  if timeout 30 env "$@" >"$told" 2>&1; then fail "it did not fail: $*"; fi
  [ -s "$told" ] || fail "it said nothing: $*"
  ! grep -q "${KEY:0:8}\|${KEY:20:8}\|${KEY:56:8}" "$told" || fail "told: $(cat "$told")"
}

# Wrong or right, wherever it was given.
key_is_never_told() {
  local here=(-v --port 0 --guest-wait 0)
  world no-balance
  here+=(--rpc-url "$RPC" --guest "$GUEST_SOCKET")
  tells_no_key PRIVATE_KEY="${KEY}ab" "$HELLO_P2P" "$CONTRACT" "${here[@]}"
  tells_no_key PRIVATE_KEY="$KEY" "$HELLO_P2P" "$CONTRACT" "${here[@]}"
  tells_no_key CHAIN_ID="$KEY" "$HELLO_P2P" "$CONTRACT" "${here[@]}"
  tells_no_key PRIVATE_KEY_FILE="0x$KEY" "$HELLO_P2P" "$CONTRACT" "${here[@]}"
  tells_no_key CONTRACT_ADDRESS="0x$KEY" "$HELLO_P2P" "${here[@]}"
  tells_no_key RPC_URL="$KEY" "$HELLO_P2P" "$CONTRACT" --port 0
  world_ends
}

configuration_malformed() {
  world healthy
  refuses "$1" "RPC URL number 1" "$CONTRACT" --rpc-url localhost:8545
  refuses "$1" "RPC URL number 2" "$CONTRACT" --rpc-url "$RPC,ftp://localhost"
  refuses "$1" "more than 8 RPC URLs" "$CONTRACT" --rpc-url "$RPC,$RPC,$RPC,$RPC,$RPC,$RPC,$RPC,$RPC,$RPC"
  CHAIN_ID=mainnet refuses "$1" "CHAIN_ID is not a positive decimal number: 'mainnet'" "$CONTRACT"
  refuses "$1" "guest agent's endpoint" "$CONTRACT" --guest ftp://localhost
  world_ends
}

credentials_are_never_told() {
  world 502
  refuses RPC_ANSWER "HTTP 502" "$CONTRACT" -v --rpc-url "http://me:hunter2secret@${RPC#http://}/v3/apikey77"
  [[ $ERR != *hunter2secret* && $ERR != *apikey77* ]] || fail "told: $ERR"
  world_ends
}

# ---- the guest agent

guest_missing() {
  world healthy
  refuses "$1" "$RUN_DIR/nothing.sock" "$CONTRACT" --guest "$RUN_DIR/nothing.sock"
  world_ends
}

# The socket's file outlives an agent that crashed.
guest_refusing() {
  python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$RUN_DIR/stale.sock"
  world healthy
  refuses "$1" "$RUN_DIR/stale.sock" "$CONTRACT" --guest "$RUN_DIR/stale.sock"
  world_ends
}

# ---- the node

node_refusing() {
  local port
  port=$(free_port)
  world healthy
  refuses "$1" "127.0.0.1:$port" "$CONTRACT" --rpc-url "http://127.0.0.1:$port"
  expect_text "$ERR" "set RPC_URL"
  world_ends
}

other_chain() {
  world healthy
  refuses "$1" "is on chain 31337, not on chain 1;" "$CONTRACT" --chain-id 1
  CHAIN_ID=8453 refuses "$1" "not on chain 8453" "$CONTRACT"
  world_ends
}

second_node_takes_over() {
  local port first
  port=$(free_port)
  first=$(free_port)
  world healthy
  process_spawn second "$RUN_DIR/second.log" "$HELLO_P2P" "$CONTRACT" --port "$port" \
    --rpc-url "http://127.0.0.1:$first,$RPC" --guest "$GUEST_SOCKET"
  hello_wait_healthy "$port"
  process_stop second
  world_ends 1
}

# ---- the contract and the payment

no_nft() {
  world no-nft
  refuses "$1" "instance $INSTANCE holds no NFT" "$CONTRACT"
  expect_text "$ERR" "dstack-p2p mint --contract $CONTRACT $INSTANCE"
  world_ends
}

other_kms_root() {
  world other-kms-root
  refuses "$1" 0x00000000219ab540356cBB839Cbe05303d7705Fa "$CONTRACT"
  expect_text "$ERR" 0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf
  world_ends
}

url_refused() {
  world production
  refuses "$1" "production mode" "$CONTRACT"
  refuses "$1" "base domain app.example.com" "$CONTRACT" --url https://node.app.example.com
  world_ends
}

no_funds() {
  world no-balance
  refuses "$1" "0x3EFa45845852b7bF2E8C881Dd46548A9BeD73442 has 0 ether" "$CONTRACT"
  expect_text "$ERR" "needs up to 0.000"
  world_ends
}

reverted() {
  world reverts
  refuses "$1" "the transaction failed in block" "$CONTRACT"
  world_ends 1
}

# ---- the port

port_in_use() {
  world healthy
  local port=${RPC##*:}
  expect_status 3 "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" --guest "$GUEST_SOCKET"
  expect_text "$ERR" "hello_p2p: "
  expect_text "$ERR" "port $port is in use by fake_node"
  world_ends
}

# One status for each kind, apart from success, misuse, the port, and what shells and signals give.
statuses_are_distinct() {
  local kinds
  kinds=$(sort -u "$SEEN" | wc -l)
  [ "$kinds" -ge 24 ] || fail "only $kinds kinds: $(sort -u "$SEEN")"
  [ "$(sort -u "$SEEN" | cut -d ' ' -f 1 | uniq -d)" = "" ] || fail "$(sort -u "$SEEN")"
  cut -d ' ' -f 1 "$SEEN" | while read -r status; do [ "$status" -ge 10 ] && [ "$status" -lt 126 ]; done
}

[ -x "$FAKE_NODE" ] || die 1 "BUILD_DIR holds no fake_node: $FAKE_NODE"

test_case "a healthy node and agent: registers" registers_in_a_healthy_world
test_case "fake_node knows its faults" refuses_unknown_faults

case_of "contract address malformed" contract_malformed CONTRACT_ADDRESS
case_of "connection URL malformed" url_malformed CONNECTION_URL
case_of "private key malformed" key_malformed PRIVATE_KEY
test_case "no private key in any line" key_is_never_told
case_of "configuration malformed" configuration_malformed CONFIG
test_case "no credentials of RPC_URL in any line" credentials_are_never_told

case_of "guest agent: no socket" guest_missing GUEST_UNREACHABLE
case_of "guest agent: a stale socket" guest_refusing GUEST_UNREACHABLE
case_of "guest agent: 400" fault GUEST_REFUSED "the path is too long (HTTP 400)" guest-400
case_of "guest agent: half a body" fault GUEST_ANSWER "is not whole" guest-half
case_of "guest agent: HTML" fault GUEST_ANSWER "not a JSON object" guest-html
case_of "guest agent: 100 MB" fault GUEST_ANSWER "larger than 1024 KiB" guest-huge
case_of "guest agent: no instance id" fault NO_INSTANCE_ID "no instance id" no-instance-id
case_of "guest agent: a broken key chain" fault KEY_CHAIN "key chain is broken" guest-bad-signature
case_of "guest agent: no KMS signature" fault NO_KMS_SIGNATURE "no KMS signature" no-kms-signature

case_of "node: refuses the connection" node_refusing RPC_UNREACHABLE
case_of "node: silent" fault RPC_TIMEOUT "did not answer within 10000 ms" slow
case_of "node: HTML" fault RPC_ANSWER "not JSON" html
case_of "node: broken JSON" fault RPC_ANSWER "not JSON" broken-json
case_of "node: an answer to another request" fault RPC_ANSWER "another request" foreign-id
case_of "node: 100 MB" fault RPC_ANSWER "larger than 16 MiB" huge
case_of "node: half an answer" fault RPC_ANSWER "is not whole" half
case_of "node: HTTP 502" fault RPC_ANSWER "HTTP 502" 502
case_of "node: a JSON-RPC error" fault RPC_ERROR "the database is gone" error
case_of "node: HTTP 401" fault RPC_ERROR "HTTP 401" 401
case_of "node: HTTP 429" fault RPC_LIMITED "HTTP 429" 429
case_of "node: -32005" fault RPC_LIMITED "limit exceeded" limited
case_of "node: another chain" other_chain WRONG_CHAIN
test_case "node: the second takes over" second_node_takes_over

case_of "contract: no code" fault NO_CONTRACT "$CONTRACT" no-code
case_of "contract: other code" fault OTHER_CONTRACT "$CONTRACT" other-code
case_of "contract: no NFT" no_nft NO_NFT
case_of "contract: banned" fault BANNED "instance $INSTANCE is banned" banned
case_of "contract: paused" fault PAUSED "paused registration" paused
case_of "contract: app not allowed" fault APP_NOT_ALLOWED "allowApp(0x5bb4ff9a3837357f19dc176407a5709c62eb6c56)" app-not-allowed
case_of "contract: another KMS root" other_kms_root WRONG_KMS_ROOT
case_of "contract: URL refused" url_refused URL_REFUSED
case_of "contract: reverts" reverted REVERTED
case_of "payment: no funds" no_funds NO_FUNDS
case_of "payment: fees above the ceiling" fault FEE_CEILING "ceiling of 500 gwei" dear

test_case "port in use" port_in_use
test_case "exit statuses are distinct" statuses_are_distinct
test_end
