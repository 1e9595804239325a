#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Measures what bench/README.md reports and prints its tables:   bench/run.sh [RUNS]
# Release builds; a chain, a simulator and a contract of its own; commands timed in turn, so that a ratio
# compares the same seconds. On a machine that does nothing else, please.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
readonly RUNS=${1:-15}
export BUILD_DIR=build/bench

cmake -B "$BUILD_DIR" -G Ninja -DCMAKE_BUILD_TYPE=Release -DDSTACK_P2P_BUILD_BENCH=ON \
  -DDSTACK_P2P_BUILD_TESTS=OFF > /dev/null
cmake --build "$BUILD_DIR" > "$BUILD_DIR/build.log" || { tail -n 30 "$BUILD_DIR/build.log"; exit 1; }
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=bench/fill.sh
. bench/fill.sh

readonly OWNER=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
readonly BIN=$BUILD_DIR/bench
# Peers in a page: CLUSTER_PAGE_MAX in src/cluster/paging.h.
readonly PAGE=2000

# pair A B: sets A_MS, B_MS, RATIO, A_MIB, B_MIB.
pair() {
  local figures
  figures=$("$BIN/bench_pair" "$RUNS" "$1" "$2")
  read -r A_MS B_MS RATIO A_MIB B_MIB <<< "$figures"
}

# kib PID FIELD: a field of the process's memory.
kib() {
  awk -v field="$2:" '$1 == field {print $2}' "/proc/$1/smaps_rollup"
}

round_trips() {
  instance_admitted trips > /dev/null
  export DSTACK_SIMULATOR_ENDPOINT=$ENDPOINT
  echo '| | RPC round trips | goal |'
  echo '|---|---|---|'
  echo "| cold registration | $("$BIN/bench_register" "$CONTRACT" http://localhost:1) | 2 |"
  echo "| already registered | $("$BIN/bench_register" "$CONTRACT" http://localhost:1) | 1 |"
  echo
}

# The SDK's whole call, guest agent and checks included, against sending a transaction that is given.
registration() {
  local calls=$RUN_DIR/calls
  instance_admitted theirs > /dev/null
  "$BIN/bench_statements" "$RPC" "$CONTRACT" "$INSTANCE" $((RUNS + 1)) > "$calls"
  instance_admitted ours > /dev/null
  export DSTACK_SIMULATOR_ENDPOINT=$ENDPOINT
  # shellcheck disable=SC2016 # $RUN and $((...)) are for the command's shell
  pair "exec $BIN/bench_register $CONTRACT"' http://localhost:$((10000 + RUN))' \
    "exec cast send --rpc-url $RPC --private-key $OWNER_KEY $CONTRACT \$(sed -n \$((RUN + 1))p $calls)"
  echo '| process start to registered | ms | ratio | peak MiB |'
  echo '|---|---|---|---|'
  echo "| SDK: guest agent, checks, transaction | $A_MS | $RATIO | $A_MIB |"
  echo "| cast send, calldata given | $B_MS | 1 | $B_MIB |"
  echo
}

# requests COUNT: curl's arguments that fetch the bytes of the list, in the SDK's pages.
requests() {
  local offset args=()
  for ((offset = 0; offset < $1; offset += PAGE)); do
    printf '{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"%s","data":"%s"},"latest"]}' "$CONTRACT" \
      "$(cast calldata 'getPeers(uint256,uint256)' "$offset" "$PAGE")" > "$RUN_DIR/request-$offset"
    args+=(-sS -H Content-Type:application/json --data "@$RUN_DIR/request-$offset" "$RPC" --next)
  done
  unset 'args[-1]'
  echo "${args[@]}"
}

# peers COUNT: the list with so many peers in the contract. cast takes it in one call, while that works.
peers() {
  pair "exec $BIN/bench_peers $CONTRACT" "exec curl $(requests "$1")"
  local line="| $1 | $A_MS | $B_MS | $RATIO | $A_MIB |"
  if (($1 > 1000)); then
    echo "$line | |"
    return
  fi
  pair "exec $BIN/bench_peers $CONTRACT" \
    "exec cast call --rpc-url $RPC $CONTRACT 'getPeers(uint256,uint256)((bytes20,address,uint64,uint64,string)[],uint256,uint256)' 0 1000"
  echo "$line $RATIO | $B_MIB |"
}

reading() {
  local count
  fill_begin
  echo '| peers | SDK, process start to printed list, ms | curl, undecoded, ms | ratio to curl | SDK peak MiB | ratio to cast call | cast peak MiB |'
  echo '|---|---|---|---|---|---|---|'
  for count in 10 100 1000 10000 50000; do
    fill "$count"
    peers "$count"
  done
  echo
}

# Registered peers with their evidence, checked and not.
evidence() {
  contract_deploy
  "$BIN/bench_evidence" "$RPC" "$CONTRACT" "$OWNER" 1000 "$RUNS"
}

memory() {
  local port pid
  contract_deploy
  instance_admitted idle > /dev/null
  port=$(free_port)
  process_spawn idle "$RUN_DIR/idle.log" "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" --guest "$ENDPOINT"
  wait_until 20 curl -fs -o /dev/null "http://localhost:$port/health"
  # Idle: it has polled a few times.
  sleep 10
  process_alive idle
  pid=$PROCESS_PID
  echo '| idle hello_p2p | MiB | goal |'
  echo '|---|---|---|'
  echo "| resident (Rss) | $(awk "BEGIN {printf \"%.1f\", $(kib "$pid" Rss) / 1024}") | 12 |"
  echo "| proportional (Pss) | $(awk "BEGIN {printf \"%.1f\", $(kib "$pid" Pss) / 1024}") | |"
  echo "| private | $(awk "BEGIN {printf \"%.1f\", ($(kib "$pid" Private_Dirty) + $(kib "$pid" Private_Clean)) / 1024}") | |"
  echo
}

sizes() {
  local file
  echo '| stripped | KiB |'
  echo '|---|---|'
  for file in src/libdstack-p2p.so.1.0.0 apps/hello_p2p/hello_p2p cli/dstack-p2p simulator/dstack-simulator; do
    strip -o "$RUN_DIR/stripped" "$BUILD_DIR/$file"
    echo "| $(basename "$file") | $(($(stat -c %s "$RUN_DIR/stripped") / 1024)) |"
  done
  echo
}

echo "$RUNS runs each, medians; $(nproc) processors; $(date -I)"
echo
anvil_start
simulator_start
contract_deploy
export RPC_URL=$RPC
round_trips
registration
sizes
memory
evidence
reading
