# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The chain, and what the operator does with it: by dstack-p2p. After common.sh, build.sh and ensure_ready.

readonly LOCAL_CHAIN=31337
# The most that deploying may cost: some 5 million gas.
readonly _DEPLOY_MAX_COST=0.5ether

# chain_number URL: the chain of the Ethereum node that is there; fails when none is.
chain_number() {
  local hex
  hex=$(curl -fsS --max-time 5 --max-filesize 1000000 -H 'Content-Type: application/json' \
    -d '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}' "$1" 2>/dev/null |
    jq -er '.result | strings | select(test("^0x[0-9a-fA-F]{1,16}$"))' 2>/dev/null) || return 1
  printf '%u' "$hex"
}

# rpc_answers URL: whether an Ethereum node is there.
rpc_answers() {
  chain_number "$1" >/dev/null
}

# chain_open URLS: sets RPC (the first that answers of a comma-separated list) and CHAIN_NUMBER.
chain_open() {
  local url urls
  IFS=, read -r -a urls <<<"$1"
  for url in "${urls[@]}"; do
    if CHAIN_NUMBER=$(chain_number "$url"); then
      RPC=$url
      return
    fi
  done
  return 1
}

# anvil_spawn NAME PORT [OPTION...]: an Ethereum node. It leaves the states of old blocks behind on the disk, 120 kB each:
# in the run's folder they go with it.
anvil_spawn() {
  local name=$1 port=$2
  shift 2
  process_spawn "$name" "$RUN_DIR/$name.log" anvil --host 127.0.0.1 --port "$port" --silent \
    --cache-path "$RUN_DIR/$name.states" "$@"
}

# p2p COMMAND ARGUMENT...: dstack-p2p at RPC, without a key and without what a configuration file says. Sets ANSWER,
# the JSON that it prints; when it fails, with the status of that, PROBLEM, a sentence.
p2p() {
  local status=0 complaint=$RUN_DIR/p2p.$BASHPID
  ANSWER=$(
    # Who pays for the nodes' gas is not who acts here. A command line could be read by anybody.
    unset PRIVATE_KEY PRIVATE_KEY_FILE
    if [ -n "${_OPERATES:-}" ] && [ -n "${HOST_PRIVATE_KEY:-}" ]; then export PRIVATE_KEY=$HOST_PRIVATE_KEY; fi
    unset HOST_PRIVATE_KEY
    RPC_URL=$RPC exec "$DSTACK_P2P" "$@" --json --config /dev/null 2>"$complaint"
  ) || status=$?
  PROBLEM=$(jq -r .error.message "$complaint" 2>/dev/null) || PROBLEM=$(cat "$complaint")
  rm -f -- "$complaint"
  return "$status"
}

# operator COMMAND ARGUMENT...: the same as the operator, with HOST_PRIVATE_KEY; without it the tool takes anvil's first
# account on a local chain. It never asks: what it may spend is bounded by --max-cost.
operator() {
  local _OPERATES=1 status=0
  p2p "$@" --yes || status=$?
  PROBLEM=${PROBLEM/#PRIVATE_KEY /HOST_PRIVATE_KEY }
  return "$status"
}

has_operator() {
  [ -n "${HOST_PRIVATE_KEY:-}" ] || [ "$CHAIN_NUMBER" = "$LOCAL_CHAIN" ]
}

# require_contract ADDRESS
require_contract() {
  local status=0
  if ! [[ $1 =~ ^0x[0-9a-fA-F]{40}$ ]]; then die_of CONTRACT_ADDRESS "CONTRACT_ADDRESS is malformed: '$1'"; fi
  p2p status --contract "$1" || status=$?
  case $status in
    0) ;;
    "$(error_code NO_CONTRACT)") die "$status" "no contract code at $1 on chain $CHAIN_NUMBER" ;;
    "$(error_code OTHER_CONTRACT)") die "$status" "the contract at $1 does not answer like a DstackMembershipNFT" ;;
    *) die "$status" "$PROBLEM" ;;
  esac
}

# deploy_contract: sets CONTRACT; fails with PROBLEM.
deploy_contract() {
  operator deploy --max-cost "$_DEPLOY_MAX_COST" || return
  # shellcheck disable=SC2034 # used by those who source this
  CONTRACT=$(jq -r .contract <<<"$ANSWER")
}
