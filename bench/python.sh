#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# "import plus three lines" in Python against the same with web3.py:   bench/python.sh [RUNS]     (15)
# Both in one virtual environment under build/, which pip fills from PyPI (bench/python/requirements.txt). Release build;
# a chain, a simulator and a contract of its own; commands timed in turn, so that a ratio compares the same seconds. On a
# machine that does nothing else, please.
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

readonly OWNER_KEY=$ANVIL_KEY
readonly BIN=$BUILD_DIR/bench HERE=$ROOT/bench/python
readonly VENV=$ROOT/build/bench-python
readonly PY=$VENV/bin/python

# The environment, made once; the wheel is always this checkout's.
environment() {
  if ! cmp -s "$HERE/requirements.txt" "$VENV/installed"; then
    /usr/bin/python3 -m venv --clear "$VENV"
    "$PY" -m pip install -q --disable-pip-version-check -r "$HERE/requirements.txt"
    cp "$HERE/requirements.txt" "$VENV/installed"
  fi
  "$PY" -m pip install -q --disable-pip-version-check --no-index --no-deps --force-reinstall \
    "$(bindings/python/build_wheel.sh "$RUN_DIR/wheel")"
}

# row NAME OURS THEIRS: a line of the table.
row() {
  local a b ratio a_mib b_mib
  read -r a b ratio a_mib b_mib <<< "$("$BIN/bench_pair" "$RUNS" "$2" "$3")"
  echo "| $1 | $a | $b | $ratio | $a_mib | $b_mib |"
}

chain() {
  cast rpc --rpc-url "$RPC" "$@" > /dev/null
}

# fill FROM TO: gives the contract peers; contracts/test/utils/FillHarness.sol stands in for it meanwhile.
fill() {
  local code
  cast send --rpc-url "$RPC" --private-key "$OWNER_KEY" "$CONTRACT" 'addBaseDomain(string)' \
    dstack-pha-prod7.phala.network > /dev/null
  code=$(cast code --rpc-url "$RPC" "$CONTRACT")
  chain anvil_setCode "$CONTRACT" "$(jq -r .deployedBytecode.object contracts/out/FillHarness.sol/FillHarness.json)"
  cast send --rpc-url "$RPC" --private-key "$OWNER_KEY" --gas-limit 1000000000 "$CONTRACT" 'fill(uint256,uint256)' \
    "$1" "$2" > /dev/null
  chain anvil_setCode "$CONTRACT" "$code"
}

# The SDK's whole call, guest agent and checks included, against sending what is given.
registration() {
  local calls=$RUN_DIR/calls
  instance_admitted theirs > /dev/null
  "$BIN/bench_statements" "$RPC" "$CONTRACT" "$INSTANCE" $((RUNS + 1)) > "$calls"
  instance_admitted ours > /dev/null
  # shellcheck disable=SC2016 # $RUN and $((...)) are for the command's shell
  row 'register, then the list' \
    "DSTACK_SIMULATOR_ENDPOINT=$ENDPOINT exec $PY $HERE/ours_register.py $CONTRACT"' http://localhost:$((10000 + RUN))' \
    "PRIVATE_KEY=$OWNER_KEY exec $PY $HERE/web3_register.py $CONTRACT \$(sed -n \$((RUN + 1))p $calls)"
}

reading() {
  local count have=0
  contract_deploy
  (cd contracts && forge build --quiet test/utils/FillHarness.sol)
  chain evm_setBlockGasLimit 0x100000000
  for count in 10 1000; do
    fill "$have" $((count - have))
    have=$count
    row "read $count peers" "exec $PY $HERE/ours_peers.py $CONTRACT" "exec $PY $HERE/web3_peers.py $CONTRACT"
    cmp <("$PY" "$HERE/ours_peers.py" "$CONTRACT" | sort) <("$PY" "$HERE/web3_peers.py" "$CONTRACT" | sort)
  done
}

environment
anvil_start
simulator_start
contract_deploy
export RPC_URL=$RPC
echo "$RUNS runs each, medians; $(nproc) processors; $("$PY" --version); $("$PY" -m pip freeze | grep '^web3=='); $(date -I)"
echo
echo '| process start to the end | dstack_cluster, ms | web3.py, ms | ratio | dstack_cluster, peak MiB | web3.py, peak MiB |'
echo '|---|---|---|---|---|---|'
row 'import' "exec $PY -c 'import asyncio, dstack_cluster'" "exec $PY -c 'import web3'"
registration
reading
