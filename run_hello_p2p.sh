#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/scripts/lib/common.sh"
# shellcheck source=scripts/lib/build.sh
. "$ROOT/scripts/lib/build.sh"
# shellcheck source=scripts/lib/guest.sh
. "$ROOT/scripts/lib/guest.sh"
# shellcheck source=scripts/lib/state.sh
. "$ROOT/scripts/lib/state.sh"

usage() {
  cat <<'TEXT'
usage: run_hello_p2p.sh NAME PORT [hello_p2p option...]

Runs one hello_p2p node in the foreground: finds the instance NAME at the guest agent, mints its NFT if it has
none, funds its address if it has too little, registers it and serves on PORT. The output goes to
hello_NAME.log as well. Stop it with Ctrl-C.

NAME is 1 to 32 of a-z, 0-9 and -: the instance at the simulator, which makes it when it is first asked for. A
real guest agent has one instance; the name is then only a name.

Environment (what is not set comes from the cluster that test_p2p_cluster.sh has started, if one is up):
  CONTRACT_ADDRESS           the membership contract
  RPC_URL                    the Ethereum node (http://localhost:8545)
  DSTACK_SIMULATOR_ENDPOINT  the guest agent: socket path or http://host:port (./simulator/dstack.sock)
  HOST_PRIVATE_KEY           the operator's key, which mints and funds (on chain 31337 anvil's first account)
  FUND_AMOUNT                what an instance with less than half of it is given (on chain 31337 0.05ether,
                             elsewhere nothing)
  PRIVATE_KEY(_FILE)         pays for the node's gas instead
  BUILD_DIR                  use this build as it is (build/release, brought up to date)

Exit status: hello_p2p's own (see its --help); before it starts: 2 misuse, 1 setup or build failed, else the
number of the error as in hello_p2p --help.
TEXT
}

parse() {
  case ${1:-} in -h | --help) usage && exit ;; esac
  if [ $# -lt 2 ]; then die 2 "NAME and PORT are expected; see --help"; fi
  is_instance_name "$1" || die 2 "NAME takes 1 to 32 of a-z, 0-9 and -, not '$1'"
  is_number "$2" 1 65535 || die 2 "PORT takes a number from 1 to 65535, not '$2'"
  NAME=$1 PORT=$((10#$2))
}

# The first of: the environment, the usual socket of a real guest agent, the simulator.
find_guest() {
  local socket
  GUEST=${DSTACK_SIMULATOR_ENDPOINT:-}
  for socket in /var/run/dstack.sock /run/dstack.sock /var/run/dstack/dstack.sock /run/dstack/dstack.sock; do
    if [ -z "$GUEST" ] && [ -S "$socket" ]; then GUEST=$socket; fi
  done
  GUEST=$(guest_endpoint_of "${GUEST:-$SIMULATOR_DIR/dstack.sock}" "$NAME")
}

find_chain() {
  local urls=${RPC_URL:-http://localhost:8545}
  CONTRACT=${CONTRACT_ADDRESS:-}
  if [ -z "$CONTRACT" ]; then
    die_of CONTRACT_ADDRESS "CONTRACT_ADDRESS is not set and no cluster is up; ./test_p2p_cluster.sh starts one"
  fi
  chain_open "$urls" || die_of RPC_UNREACHABLE "no Ethereum node answers at $urls"
  require_contract "$CONTRACT"
}

identify() {
  local identity
  identity=$("$HELLO_P2P" --identity --guest "$GUEST") || exit
  INSTANCE=$(jq -r .instance_id <<<"$identity")
  ADDRESS=$(jq -r .instance_address <<<"$identity")
}

# What is said last is on the screen and in the log before the prompt is.
let_tee_finish() {
  local status=$?
  exec >/dev/null 2>&1
  wait "$TEE" || true
  exit "$status"
}

main() {
  parse "$@"
  shift 2
  mkdir -p "$LOG_DIR"
  # Ctrl-C goes to the whole foreground group: tee stays for what hello_p2p says at its end.
  exec > >(exec tee -i "$LOG_DIR/hello_$NAME.log") 2>&1
  TEE=$!
  trap let_tee_finish EXIT
  cluster_state_load || true
  ensure_ready
  # shellcheck source=scripts/lib/chain.sh
  . "$ROOT/scripts/lib/chain.sh"
  # shellcheck source=scripts/lib/admission.sh
  . "$ROOT/scripts/lib/admission.sh"
  find_chain
  find_guest
  identify
  admit "$INSTANCE" "$ADDRESS"
  # The node needs neither the operator's key nor more of the environment than it was given.
  unset HOST_PRIVATE_KEY
  exec "$HELLO_P2P" "$CONTRACT" --port "$PORT" --rpc-url "${RPC_URL:-$RPC}" --guest "$GUEST" "$@"
}

main "$@"
