#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What an operator would take instead of `dstack-p2p peers`:   bench/tools.sh [RUNS [COUNT...]]
# Process start to printed list, against cast, ethers and viem (npm, bench/others); release build, in turn, medians.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
readonly RUNS=${1:-15}
COUNTS=("${@:2}")
((${#COUNTS[@]})) || COUNTS=(10 100 1000 10000)
export BUILD_DIR=build/bench

cmake -B "$BUILD_DIR" -G Ninja -DCMAKE_BUILD_TYPE=Release -DDSTACK_P2P_BUILD_BENCH=ON \
  -DDSTACK_P2P_BUILD_TESTS=OFF > /dev/null
cmake --build "$BUILD_DIR" > "$BUILD_DIR/build.log" || { tail -n 30 "$BUILD_DIR/build.log"; exit 1; }
(cd bench/others && npm ci --no-progress > /dev/null)
# shellcheck source=tests/lib.sh
. tests/lib.sh
# shellcheck source=bench/fill.sh
. bench/fill.sh

readonly PAGE=2000
readonly PEERS='getPeers(uint256,uint256)((bytes20,address,uint64,uint64,string)[],uint256,uint256)'

# cast_calls COUNT: a call per page, as a shell would make them.
cast_calls() {
  local offset
  printf 'true'
  for ((offset = 0; offset < $1; offset += PAGE)); do
    printf " && cast call --rpc-url %s %s '%s' %s %s" "$RPC" "$CONTRACT" "$PEERS" "$offset" "$PAGE"
  done
}

# The others print the same peers, in whatever order, before anything is timed.
same_lists() {
  local ours
  ours=$("${TOOL[@]}" --format '{instance_id}\t{url}' | sort)
  [ "$(wc -l <<< "$ours")" = "$1" ] || fail "not $1 peers"
  diff <(echo "$ours") <(node bench/others/ethers.mjs "$RPC" "$CONTRACT" | sort) > /dev/null || fail "ethers differs"
  diff <(echo "$ours") <(node bench/others/viem.mjs "$RPC" "$CONTRACT" | sort) > /dev/null || fail "viem differs"
}

# compare COMMAND: sets OURS_MS, RATIO (theirs to ours), OURS_MIB, MIB.
compare() {
  read -r _ OURS_MS RATIO MIB OURS_MIB < <("$BUILD_DIR/bench/bench_pair" "$RUNS" "$1" "exec ${TOOL[*]}")
}

row() {
  local cast cast_mib ethers ethers_mib
  fill "$1"
  same_lists "$1"
  compare "$(cast_calls "$1")"
  cast=$RATIO cast_mib=$MIB
  compare "exec node bench/others/ethers.mjs $RPC $CONTRACT"
  ethers=$RATIO ethers_mib=$MIB
  compare "exec node bench/others/viem.mjs $RPC $CONTRACT"
  echo "| $1 | $OURS_MS | $cast | $ethers | $RATIO | $OURS_MIB | $cast_mib | $ethers_mib | $MIB |"
}

anvil_start
fill_begin
# What is read was put there without registrations, and has no evidence.
readonly TOOL=("$BUILD_DIR/cli/dstack-p2p" peers --contract "$CONTRACT" --rpc-url "$RPC" --evidence off)
echo "$RUNS runs each, medians; $(nproc) processors; $(date -I)"
echo
echo '| peers | dstack-p2p, ms | cast, times that | ethers | viem | dstack-p2p, peak MiB | cast | ethers | viem |'
echo '|---|---|---|---|---|---|---|---|---|'
for count in "${COUNTS[@]}"; do row "$count"; done
