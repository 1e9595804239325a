#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# run_hello_p2p.sh, test_p2p_cluster.sh and scripts/setup.sh.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

CLUSTER=$ROOT/test_p2p_cluster.sh
RUN=$ROOT/run_hello_p2p.sh

# A cluster's own folder, below ours.
new_run_dir() {
  OWN_RUN_DIR=$RUN_DIR/$1
  mkdir -p "$OWN_RUN_DIR"
}

cluster() {
  RUN_DIR=$OWN_RUN_DIR "$CLUSTER" "$@"
}

# Nothing that was started with a folder's processes file is alive any more.
expect_nothing_left() {
  local name pid start
  [ -f "$OWN_RUN_DIR/processes" ] || return 0
  while read -r name pid start; do
    if [ "$(process_start_time "$pid")" = "$start" ]; then fail "$name is still alive"; fi
  done <"$OWN_RUN_DIR/processes"
}

# expect_run STATUS ARGUMENT...: run_hello_p2p.sh ends with that; OUT is all of what it and hello_p2p said: tee may be the
# last to end.
expect_run() {
  local wanted=$1 status=0
  shift
  OUT=$("$RUN" "$@" 2>&1) || status=$?
  [ "$status" = "$wanted" ] || fail "exit status $status instead of $wanted: $* ($OUT)"
}

# holder_of INSTANCE: who holds its NFT.
holder_of() {
  contract_call "$CONTRACT" 'ownerOf(uint256)(address)' "0x$1"
}

# ---- misuse

run_refuses_misuse() {
  local arguments
  for arguments in '' 'a' 'A 8080' 'a_b 8080' 'a b' 'a 0' 'a 65536' 'a -1' "$(printf 'x%032d' 0) 8080" '../a 8080'; do
    # shellcheck disable=SC2086 # one or two arguments
    expect_status 2 "$RUN" $arguments
    expect_text "$ERR" "run_hello_p2p.sh: "
  done
  expect_status 0 "$RUN" --help
  expect_text "$OUT" "usage: run_hello_p2p.sh NAME PORT"
}

cluster_refuses_misuse() {
  local argument
  new_run_dir misuse
  for argument in 0 -1 x 1001 --nonsense ''; do
    expect_status 2 cluster "$argument"
  done
  expect_status 2 cluster 2 3
  BASE_PORT=80x expect_status 2 cluster 2
  BASE_PORT=65535 expect_status 2 cluster 2
  expect_status 0 cluster --help
  expect_text "$OUT" "usage: test_p2p_cluster.sh"
}

run_needs_a_contract() {
  new_run_dir none
  RUN_DIR=$OWN_RUN_DIR RPC_URL=$RPC expect_run "$(error_code CONTRACT_ADDRESS)" lonely "$(free_port)"
  expect_text "$OUT" "CONTRACT_ADDRESS is not set"
  export RUN_DIR=$OWN_RUN_DIR RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST
  CONTRACT_ADDRESS=0x12 expect_run "$(error_code CONTRACT_ADDRESS)" lonely "$(free_port)"
  CONTRACT_ADDRESS=0x00000000000000000000000000000000000000aa expect_run "$(error_code NO_CONTRACT)" lonely "$(free_port)"
  export CONTRACT_ADDRESS=$CONTRACT
  RPC_URL=http://127.0.0.1:1 expect_run "$(error_code RPC_UNREACHABLE)" lonely "$(free_port)"
  HOST_PRIVATE_KEY=zz expect_run "$(error_code PRIVATE_KEY)" lonely "$(free_port)"
  expect_text "$OUT" "HOST_PRIVATE_KEY is malformed"
  [[ $OUT != *zz* ]]
}

# ---- run_hello_p2p.sh

run_in_foreground() {
  local port log=$OWN_RUN_DIR/hello_front.log
  port=$(free_port)
  process_spawn front "$RUN_DIR/front.out" env RUN_DIR="$OWN_RUN_DIR" CONTRACT_ADDRESS="$CONTRACT" RPC_URL="$RPC" \
    DSTACK_SIMULATOR_ENDPOINT="$1" "$RUN" front "$port" --poll-interval 200
  hello_wait_healthy "$port"
  process_alive front
  [ "$(readlink -f "/proc/$PROCESS_PID/exe")" = "$(readlink -f "$HELLO_P2P")" ] || fail "the shell is still there"
  if tr '\0' '\n' <"/proc/$PROCESS_PID/environ" | grep '^HOST_PRIVATE_KEY='; then fail "the node knows the key"; fi
  # Ctrl-C, as a terminal does it: to the whole group.
  kill -INT -- "-$PROCESS_PID"
  expect_end front 2
  wait_until 5 grep "SIGINT: ending" "$log"
  # tee may be the last to end.
  wait_until 5 cmp -s "$log" "$RUN_DIR/front.out" || diff "$log" "$RUN_DIR/front.out"
}

run_finds_the_instance() {
  new_run_dir front
  run_in_foreground "$GUEST"
  grep 'minted the NFT' "$OWN_RUN_DIR/hello_front.log"
  # The second time, over the socket, nothing is missing.
  run_in_foreground "$GUEST_SOCKET"
  if grep -E 'minted|funded' "$OWN_RUN_DIR/hello_front.log"; then fail "it is admitted already"; fi
  expect_status 0 "$HELLO_P2P" --identity --guest "$GUEST/i/front"
  [ "$(holder_of "$(jq -r .instance_id <<<"$OUT")")" = 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 ]
}

run_takes_its_exit_status() {
  export RUN_DIR=$OWN_RUN_DIR CONTRACT_ADDRESS=$CONTRACT RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST
  expect_run 3 front "${RPC##*:}"
  expect_text "$OUT" "is in use by anvil"
  expect_run 2 front "$(free_port)" --nonsense
  expect_run "$(error_code WRONG_CHAIN)" front "$(free_port)" --chain-id 5
}

run_lets_a_sponsor_pay() {
  local port
  port=$(free_port)
  instance sponsored
  PRIVATE_KEY=$ANVIL_KEY process_spawn sponsored "$RUN_DIR/sponsored.log" env RUN_DIR="$OWN_RUN_DIR" \
    CONTRACT_ADDRESS="$CONTRACT" RPC_URL="$RPC" DSTACK_SIMULATOR_ENDPOINT="$GUEST" "$RUN" sponsored "$port"
  hello_wait_healthy "$port"
  [ "$(cast balance --rpc-url "$RPC" "$ADDRESS")" = 0 ]
  process_stop sponsored
}

# The operator's key must not show in any process's command line.
key_stays_hidden() {
  local key=59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d port
  port=$(free_port)
  # The watcher itself has the key in a file only.
  printf '%s\n' "$key" >"$RUN_DIR/key"
  (while [ -f "$RUN_DIR/key" ]; do cat /proc/[0-9]*/cmdline 2>/dev/null; done | tr '\0' '\n' |
    grep -a -f "$RUN_DIR/key" >"$RUN_DIR/seen") &
  local watcher=$!
  # Anvil's second account; it is no owner, so minting is refused, after all that touches the key.
  HOST_PRIVATE_KEY=0x$key RUN_DIR=$OWN_RUN_DIR CONTRACT_ADDRESS=$CONTRACT RPC_URL=$RPC \
    DSTACK_SIMULATOR_ENDPOINT=$GUEST expect_run "$(error_code REVERTED)" hidden "$port"
  rm "$RUN_DIR/key"
  wait "$watcher" || true
  [ ! -s "$RUN_DIR/seen" ] || fail "the key was seen: $(cat "$RUN_DIR/seen")"
  expect_text "$OUT" "could not be minted: "
  expect_text "$OUT" "OwnableUnauthorizedAccount (account 0x70997970C51812dc3A010C7d01b50e0d17dc79C8)"
  [[ $OUT != *$key* ]]
}

# Only the key that is named pays there, no more than what is asked for, and nothing is confirmed.
run_on_another_chain() {
  local port key=$ANVIL_KEY
  port=$(free_port)
  new_run_dir elsewhere
  anvil_spawn elsewhere "$port" --chain-id 4242
  wait_until 20 chain_open "http://127.0.0.1:$port" || fail "anvil does not answer"
  instance elsewhere
  HOST_PRIVATE_KEY=$key KMS_ROOT_ADDRESS=0x1000000000000000000000000000000000000001 contract_deploy
  export RUN_DIR=$OWN_RUN_DIR CONTRACT_ADDRESS=$CONTRACT RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST
  expect_run "$(error_code NO_NFT)" elsewhere "$(free_port)"
  expect_text "$OUT" "instance $INSTANCE holds no NFT on chain 4242: set HOST_PRIVATE_KEY"
  export HOST_PRIVATE_KEY=$key
  FUND_AMOUNT=lots expect_run "$(error_code CONFIG)" elsewhere "$(free_port)"
  expect_text "$OUT" "minted the NFT of instance $INSTANCE for "
  expect_text "$OUT" "FUND_AMOUNT is malformed: 'lots'"
  # The contract's root is not the simulator's: so far it comes, and nobody was funded on the way.
  expect_run "$(error_code WRONG_KMS_ROOT)" elsewhere "$(free_port)"
  [ "$(cast balance --rpc-url "$RPC" "$ADDRESS")" = 0 ]
  FUND_AMOUNT=0.5gwei expect_run "$(error_code WRONG_KMS_ROOT)" elsewhere "$(free_port)"
  expect_text "$OUT" "funded $ADDRESS with 0.5gwei"
  [ "$(cast balance --rpc-url "$RPC" "$ADDRESS")" = 500000000 ]
  FUND_AMOUNT=1gwei expect_run "$(error_code WRONG_KMS_ROOT)" elsewhere "$(free_port)"
  [[ $OUT != *funded* ]] || fail "it had half of it: $OUT"
  FUND_AMOUNT=1ether HOST_PRIVATE_KEY='' expect_run "$(error_code NO_FUNDS)" elsewhere "$(free_port)"
  expect_text "$OUT" "set HOST_PRIVATE_KEY to fund it, or PRIVATE_KEY to pay for its gas"
}

run_uses_a_single_instance() {
  local port
  # This endpoint serves one instance, as a real guest agent does.
  port=$(free_port)
  process_spawn single "$RUN_DIR/single.log" env RUN_DIR="$OWN_RUN_DIR" CONTRACT_ADDRESS="$CONTRACT" RPC_URL="$RPC" \
    DSTACK_SIMULATOR_ENDPOINT="$GUEST/i/solo" "$RUN" whatever "$port"
  hello_wait_healthy "$port"
  instance solo
  expect_json ".instance_id == \"$INSTANCE\"" "$(hello_get "$port" /info)"
  process_stop single
}

# Where else cd looks, and that options come first, are habits of the caller's shell.
run_minds_no_habits() {
  local port
  port=$(free_port)
  cd "$ROOT"
  process_spawn habits "$RUN_DIR/habits.log" env CDPATH=. POSIXLY_CORRECT=1 RUN_DIR="$OWN_RUN_DIR" \
    CONTRACT_ADDRESS="$CONTRACT" RPC_URL="$RPC" DSTACK_SIMULATOR_ENDPOINT="$GUEST" ./run_hello_p2p.sh habits "$port"
  hello_wait_healthy "$port"
  process_stop habits
  bash -c 'CDPATH=. && . scripts/env.sh'
}

# ---- test_p2p_cluster.sh

once_with_its_own() {
  new_run_dir once
  BASE_PORT=$(free_ports 3) expect_status 0 cluster 2 --once
  expect_text "$OUT" "all checks held"
  expect_text "$OUT" "2 different attested identities on chain"
  expect_text "$OUT" "each node lists exactly the 1 others"
  expect_text "$OUT" "all see that it has withdrawn"
  [[ $OUT != *✗* && $OUT != *$'\e'* && $OUT != *$'\r'* ]]
  [ -s "$OWN_RUN_DIR/hello_node1.log" ]
  expect_nothing_left
  expect_status 1 cluster status
}

# More than a few, so that the batches and the parallel questions are more than one each.
eight_at_once() {
  local node
  new_run_dir eight
  BASE_PORT=$(free_ports 9) expect_status 0 cluster 8
  expect_text "$OUT" "8 different attested identities on chain"
  expect_text "$OUT" "each node lists exactly the 7 others"
  expect_text "$OUT" "all checks held"
  [ "$(grep -c '^node[1-8] ' <<<"$OUT")" = 8 ]
  for node in 1 2 3 4 5 6 7 8; do
    process_of "node$node"
    [ "$(readlink -f "/proc/$PID/exe")" = "$(readlink -f "$HELLO_P2P")" ] || fail "node$node is no process of its own"
    if tr '\0' '\n' <"/proc/$PID/environ" | grep '^HOST_PRIVATE_KEY='; then fail "node$node knows the key"; fi
  done
  expect_status 0 cluster status
  [ "$(grep -c 'healthy, 7 peers' <<<"$OUT")" = 8 ]
  expect_status 0 cluster stop
  expect_text "$OUT" "ended 10 processes"
  expect_nothing_left
}

# process_of NAME: sets PID, from the notes of the cluster.
process_of() {
  PID=$(awk -v name="$1" '$1 == name { print $2 }' "$OWN_RUN_DIR/processes")
  [ -n "$PID" ]
}

# Deployed, minted and funded with that key: together, and for the late node.
lets_in_by_another_owner() {
  local owner=0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf node
  new_run_dir owner
  export HOST_PRIVATE_KEY=0x0000000000000000000000000000000000000000000000000000000000000001
  cast rpc --rpc-url "$RPC" anvil_setBalance "$owner" 0xde0b6b3a7640000 >/dev/null
  contract_deploy
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST CONTRACT_ADDRESS=$CONTRACT BASE_PORT=$(free_ports 3) \
    expect_status 0 cluster 2 --once
  expect_text "$OUT" "all checks held"
  for node in node1 node2 node3; do
    instance "$node"
    [ "$(holder_of "$INSTANCE")" = "$owner" ] || fail "the NFT of $node is not held by $owner"
  done
  grep "minted the NFT of instance $INSTANCE for $owner" "$OWN_RUN_DIR/hello_node3.log"
  expect_nothing_left
}

# More than the tool takes, or pays for, in one call.
lets_in_in_parts() {
  local i
  contract_deploy
  owner_sends 'setClusterConfig(uint256,bool,uint256)' 0 false 1000000000000000000
  for ((i = 1; i <= 40; i++)); do
    printf '{"instance_id": "%040x", "instance_address": "0x%040x"}\n' "$i" "$((i + 100000))"
  done >"$RUN_DIR/identities"
  FUND_AMOUNT=2ether admit_all "$RUN_DIR/identities"
  [ "$(contract_call "$CONTRACT" 'totalSupply()(uint256)')" = 40 ]
  for i in 1 20 40; do
    [ "$(cast balance --ether --rpc-url "$RPC" "0x$(printf '%040x' "$((i + 100000))")")" = 2.000000000000000000 ]
  done
  # Half of it is enough.
  FUND_AMOUNT=4ether admit_all "$RUN_DIR/identities"
  [ "$(cast balance --ether --rpc-url "$RPC" "0x$(printf '%040x' 100040)")" = 2.000000000000000000 ]
  FUND_AMOUNT=lots admit_all "$RUN_DIR/identities" && fail "no such amount"
  HOST_PRIVATE_KEY=zz admit_all "$RUN_DIR/identities" && fail "no such key"
  expect_text "$PROBLEM" "HOST_PRIVATE_KEY is not a private key"
}

# answers JSON...: as if the nodes 1, 2, ... had answered so.
answers() {
  local node=0 answer
  mkdir -p "$ANSWERS"
  for answer in "$@"; do
    node=$((node + 1))
    printf '%s' "$answer" >"$ANSWERS/$node"
  done
}

# What is wrong with one answer says nothing about another.
checks_judge_each_answer() {
  local FIRST_PORT=1000
  # shellcheck source=scripts/lib/checks.sh
  . "$ROOT/scripts/lib/checks.sh"
  nodes_get() { :; }
  answers '{"status": "unavailable"}' '{"status": "ok"}' '{"status":' 'null' '{"status": "ok"}'
  [ "$(check_healthy 5 1 2 3 4 5 | tr '\n' ' ')" = "2 5 " ]
  answers '{"peers": ["http://localhost:1002", "http://localhost:1001"]}' '{"peers": ["http://localhost:1000"]}' \
    '{"peers": ["http://localhost:1000", "http://localhost:1001", "http://localhost:1002"]}' '' '{"peers": 1}'
  [ "$(check_lists 3 1 2 3)" = 1 ]
  answers "$(answered_by a a 1)" "$(answered_by a b 1)" "$(answered_by a a null)" '{"peer_info": []}' \
    "$(answered_by a a 1 | jq '.peer_info[0].error = "x"')"
  [ "$(check_answered 2 1 2 3 4 5)" = 1 ]
  answers '{"peer_info": [{"greeted_us_at": 1}]}' '{"peer_info": [{"greeted_us_at": null}]}' '{}' '[]' 'x'
  [ "$(check_greeted 2 1 2 3 4 5)" = 1 ]
  check_all health check_healthy 2 1 2 && fail "nobody is healthy"
  [ "$(failed_nodes health 1 2 | tr '\n' ' ')" = "1 2 " ]
}

# answered_by ID NAME TIME: a peer's record in /peers.
answered_by() {
  printf '{"peer_info": [{"instance_id": "%s", "response": {"message": "Hello from %s!"}, "last_contact": %s}]}' "$@"
}

stays_up() {
  local first
  new_run_dir up
  first=$(free_ports 4)
  echo "$first" >"$RUN_DIR/up.port"
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST CONTRACT_ADDRESS=$FRESH BASE_PORT=$first expect_status 0 cluster 2
  expect_text "$OUT" "$FRESH"
  expect_text "$OUT" "all checks held"
  hello_is_healthy "$first"
  expect_status 0 cluster status
  expect_text "$OUT" "node2"
  expect_text "$OUT" "healthy, 1 peers"
  at_terminal '' env RUN_DIR="$OWN_RUN_DIR" "$CLUSTER" status
  expect_text "$OUT" $'\e[32m✓ up'
  at_terminal '' env RUN_DIR="$OWN_RUN_DIR" TERM=dumb "$CLUSTER" status
  [[ $OUT != *$'\e'* ]] || fail "codes on a dumb terminal: $OUT"
  expect_status 0 cluster logs
  expect_text "$OUT" "hello_node2.log"
  expect_status 1 cluster 2
  expect_text "$ERR" "a cluster is up already"
}

another_one_joins() {
  local port
  new_run_dir up
  port=$(($(cat "$RUN_DIR/up.port") + 3))
  # Chain, contract and guest agent come from the cluster that is up.
  process_spawn joiner "$RUN_DIR/joiner.out" env RUN_DIR="$OWN_RUN_DIR" "$RUN" joiner "$port" --withdraw
  hello_wait_healthy "$port"
  wait_until 5 _lists "$port" 2
  process_stop joiner
}

_lists() { hello_get "$1" /peers | jq -e ".peers | length == $2" >/dev/null; }

status_tells_what_ended() {
  local pid
  new_run_dir up
  pid=$(awk '$1 == "node2" { print $2 }' "$OWN_RUN_DIR/processes")
  kill -KILL "$pid"
  sleep 0.2
  expect_status 1 cluster status
  expect_text "$OUT" "✗ ended"
}

stops() {
  new_run_dir up
  expect_status 0 cluster stop
  expect_text "$OUT" "ended 1 processes"
  expect_nothing_left
  # What was there before is still there.
  rpc_answers "$RPC"
  guest_answers "$GUEST"
  expect_status 0 cluster stop
  expect_text "$OUT" "nothing is up"
  expect_status 1 cluster status
  expect_status 1 cluster logs
}

# anvil writes the states of old blocks to the disk, and leaves them there.
leaves_no_states() {
  local url
  new_run_dir states
  BASE_PORT=$(free_ports 2) expect_status 0 cluster 1
  url=$(sed -n 's/^RPC_URL=//p' "$OWN_RUN_DIR/cluster")
  cast rpc --rpc-url "$url" anvil_mine 0x300 >/dev/null
  wait_until 20 compgen -G "$OWN_RUN_DIR/anvil.states/*/*" >/dev/null || fail "it writes none, or elsewhere"
  expect_status 0 cluster stop
  [ ! -e "$OWN_RUN_DIR/anvil.states" ] || fail "left behind: $(du -sh "$OWN_RUN_DIR/anvil.states")"
}

# A process that got a dead one's id is not ours.
stop_spares_strangers() {
  local pid
  new_run_dir strangers
  sleep 60 &
  pid=$!
  echo "node1 $pid 12345" >"$OWN_RUN_DIR/processes"
  expect_status 0 cluster stop
  expect_text "$OUT" "nothing is up"
  kill -0 "$pid"
  kill "$pid"
}

port_in_use() {
  new_run_dir taken
  BASE_PORT=$((${RPC##*:} - 1)) expect_status 3 cluster 3
  expect_text "$ERR" "port ${RPC##*:} is in use by anvil (process "
  [ ! -f "$OWN_RUN_DIR/processes" ]
}

explains_a_single_instance() {
  new_run_dir single
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST/i/solo BASE_PORT=$(free_ports 4) expect_status 1 cluster 3
  expect_text "$ERR" "serves a single instance"
  expect_nothing_left
}

explains_what_does_not_answer() {
  new_run_dir dead
  RPC_URL=http://127.0.0.1:1 BASE_PORT=$(free_ports 3) expect_status 1 cluster 2
  expect_text "$ERR" "no Ethereum node answers at RPC_URL: http://127.0.0.1:1"
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=/nowhere.sock BASE_PORT=$(free_ports 3) expect_status 1 cluster 2
  expect_text "$ERR" "no guest agent answers"
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST CONTRACT_ADDRESS=0x00000000000000000000000000000000000000aa \
    BASE_PORT=$(free_ports 3) expect_status "$(error_code NO_CONTRACT)" cluster 2
  expect_text "$ERR" "no contract code"
  expect_nothing_left
}

# A member that is none of the nodes: "exactly the others" does not hold.
fails_when_a_check_fails() {
  new_run_dir foreign
  instance_admitted foreign
  hello_start foreign "$(free_port)"
  wait_until 10 log_has foreign "watching"
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST CONTRACT_ADDRESS=$CONTRACT BASE_PORT=$(free_ports 3) VERIFY_SECONDS=3 \
    expect_status 1 cluster 2 --once
  expect_text "$OUT" "✗ each node lists exactly the 1 others"
  expect_text "$OUT" "✗ not all checks held"
  expect_nothing_left
  process_stop foreign
}

fails_when_a_node_fails() {
  local key=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
  new_run_dir poor
  # Nobody holds an NFT here, and this is not the owner's key.
  contract_deploy
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST CONTRACT_ADDRESS=$CONTRACT BASE_PORT=$(free_ports 3) \
    HOST_PRIVATE_KEY=$key expect_status 1 cluster 2
  expect_text "$ERR" "could not be minted"
  expect_text "$ERR" "has ended"
  expect_nothing_left
}

interrupt_cleans_up() {
  local pid status=0
  new_run_dir interrupted
  RUN_DIR=$OWN_RUN_DIR BASE_PORT=$(free_ports 3) setsid "$CLUSTER" 2 >"$RUN_DIR/interrupted.out" 2>&1 &
  pid=$!
  wait_until 60 grep -q '^node1' "$OWN_RUN_DIR/processes"
  kill -TERM "$pid"
  wait "$pid" || status=$?
  [ "$status" = 143 ] || fail "status $status: $(cat "$RUN_DIR/interrupted.out")"
  grep 'interrupted' "$RUN_DIR/interrupted.out"
  [ ! -f "$OWN_RUN_DIR/processes" ]
}

# ---- scripts/setup.sh

# Everything in /usr/bin but what is named, and an apt-get that only tells.
without() {
  local tool
  mkdir "$RUN_DIR/bin"
  ln -s /usr/bin/* "$RUN_DIR/bin/"
  for tool in "$@" apt-get sudo; do rm -f "$RUN_DIR/bin/$tool"; done
  printf '#!/bin/sh\necho "apt-get $*" >>%s\n' "$RUN_DIR/apt" >"$RUN_DIR/bin/apt-get"
  chmod +x "$RUN_DIR/bin/apt-get"
  export PATH=$RUN_DIR/bin
}

setup_is_quick() {
  local begin
  "$ROOT/scripts/setup.sh" --launch
  begin=$(now_ms)
  expect_status 0 "$ROOT/scripts/setup.sh" --launch
  [ "$(($(now_ms) - begin))" -lt 2000 ] || fail "it took $(($(now_ms) - begin)) ms" # 200 on an idle machine
  [ -z "$OUT$ERR" ]
  expect_status 2 "$ROOT/scripts/setup.sh" --nonsense
}

setup_installs_what_is_missing() {
  [ "$(id -u)" = 0 ] || return 0
  without jq ss
  expect_status 0 "$ROOT/scripts/setup.sh" --launch
  expect_text "$(cat "$RUN_DIR/apt")" "apt-get update"
  [ "$(tail -n 1 "$RUN_DIR/apt")" = "apt-get install -q -y --no-install-recommends jq iproute2" ]
}

# Nobody else's shell is to run a part of it.
setup_says_what_root_is_to_do() {
  rm -rf "${RUN_DIR:?}/bin"
  without jq
  rm -f "$RUN_DIR/bin/id" "$RUN_DIR/apt"
  printf '#!/bin/sh\necho 1000\n' >"$RUN_DIR/bin/id"
  chmod +x "$RUN_DIR/bin/id"
  expect_status 1 "$ROOT/scripts/setup.sh" --launch
  [ "${ERR##*As root: }" = "apt-get update && apt-get install --no-install-recommends jq" ] || fail "$ERR"
  [ ! -e "$RUN_DIR/apt" ]
}

setup_says_what_to_install_elsewhere() {
  rm -rf "${RUN_DIR:?}/bin"
  without jq
  rm "$RUN_DIR/bin/apt-get"
  expect_status 1 "$ROOT/scripts/setup.sh" --launch
  expect_text "$ERR" "this is no Debian. Install what these Debian packages bring: jq"
}

# CDPATH, which people have in their shells, lets `cd` go elsewhere, and print where to.
scripts_stay_where_they_are() {
  mkdir -p "$RUN_DIR/elsewhere/scripts" "$RUN_DIR/elsewhere/contracts"
  cd "$ROOT"
  export CDPATH=$RUN_DIR/elsewhere:.
  expect_status 0 bash scripts/setup.sh --launch
  [ -z "$OUT$ERR" ] || fail "it says: $OUT$ERR"
  expect_status 0 bash scripts/gen_errors_doc.sh --check
  # shellcheck source=scripts/env.sh
  (. scripts/env.sh)
}

# Those of other machines' architectures, too.
toolchain_has_hashes() {
  jq -e '.packages | del(.[""]) | map(.integrity // "" | startswith("sha512-")) | length > 10 and all' \
    "$ROOT/contracts/package-lock.json"
}

# npm says nothing when it leaves out an optional package for the Node that it asks for, and programs need none: Debian
# 12's is 18.
toolchain_needs_no_newer_node() {
  jq -e '[.packages[] | select(.optional and .engines)] == []' "$ROOT/contracts/package-lock.json"
}

# npm itself, with packages that need no network, in a checkout of its own.
setup_brings_everything() {
  local contracts=$RUN_DIR/checkout/contracts part
  for part in dev optional; do
    mkdir -p "$contracts/$part"
    printf '{"name": "%s", "version": "1.0.0"}\n' "$part" >"$contracts/$part/package.json"
  done
  echo '{"devDependencies": {"dev": "file:dev"}, "optionalDependencies": {"optional": "file:optional"}}' >"$contracts/package.json"
  (cd "$contracts" && npm install --package-lock-only --offline)
  cp -r "$ROOT/scripts" "$RUN_DIR/checkout/"
  NODE_ENV=production npm_config_omit=optional "$RUN_DIR/checkout/scripts/setup.sh" --launch
  [ -e "$contracts/node_modules/dev/package.json" ]
  [ -e "$contracts/node_modules/optional/package.json" ]
}

anvil_start
simulator_start
contract_deploy
FRESH=$CONTRACT
contract_deploy

test_case "run: misuse is refused" run_refuses_misuse
test_case "cluster: misuse is refused" cluster_refuses_misuse
test_case "run: what is missing is named" run_needs_a_contract
test_case "run: finds, mints, funds, starts, logs, ends" run_finds_the_instance
new_run_dir front
test_case "run: the exit status is hello_p2p's" run_takes_its_exit_status
test_case "run: a sponsor pays" run_lets_a_sponsor_pay
test_case "run: the operator's key shows in no command line" key_stays_hidden
test_case "run: on another chain" run_on_another_chain
test_case "run: a guest agent with a single instance" run_uses_a_single_instance
test_case "run: the caller's shell may have habits" run_minds_no_habits
test_case "cluster: --once with its own node and simulator" once_with_its_own
test_case "cluster: eight at once, each a process of its own" eight_at_once
test_case "cluster: an owner whose key the chain does not hold" lets_in_by_another_owner
test_case "cluster: more than one call takes, or pays for" lets_in_in_parts
test_case "cluster: a check judges each answer by itself" checks_judge_each_answer
test_case "cluster: stays up beside a running node and simulator" stays_up
test_case "cluster: another node joins it" another_one_joins
test_case "cluster: status tells what has ended" status_tells_what_ended
test_case "cluster: stop ends what was started, once" stops
test_case "cluster: its chain leaves nothing on the disk" leaves_no_states
test_case "cluster: stop spares strangers" stop_spares_strangers
test_case "cluster: a port in use is an error that names its owner" port_in_use
test_case "cluster: a single instance is explained" explains_a_single_instance
test_case "cluster: what does not answer is named" explains_what_does_not_answer
test_case "cluster: a failed check is exit status 1" fails_when_a_check_fails
test_case "cluster: a failed node is told and cleaned up" fails_when_a_node_fails
test_case "cluster: an interruption leaves nothing" interrupt_cleans_up
test_case "setup: does nothing, quickly" setup_is_quick
test_case "setup: installs what is missing only" setup_installs_what_is_missing
test_case "setup: without root it says what root is to do" setup_says_what_root_is_to_do
test_case "setup: elsewhere it says what to install" setup_says_what_to_install_elsewhere
test_case "setup: it works in its own checkout, whatever CDPATH says" scripts_stay_where_they_are
test_case "setup: npm takes nothing without its hash" toolchain_has_hashes
test_case "setup: npm leaves no tool out for Debian's Node" toolchain_needs_no_newer_node
test_case "setup: npm brings everything, whatever NODE_ENV says" setup_brings_everything
test_end
