# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a running cluster consists of, in $RUN_DIR/cluster: lines NAME=VALUE. After common.sh.

_STATE=$RUN_DIR/cluster

# cluster_state_save NAME...: the shell variables of these names.
cluster_state_save() {
  local name
  for name in "$@"; do printf '%s=%s\n' "$name" "${!name}"; done >"$_STATE"
}

# Sets what the cluster has and the environment has not: CONTRACT_ADDRESS, RPC_URL, DSTACK_SIMULATOR_ENDPOINT, and
# NODES, FIRST_PORT. Fails when there is no cluster.
cluster_state_load() {
  local name value
  [ -f "$_STATE" ] || return 1
  while IFS='=' read -r name value; do
    case $name in
      CONTRACT_ADDRESS | RPC_URL | DSTACK_SIMULATOR_ENDPOINT)
        if [ -z "${!name:-}" ]; then printf -v "$name" '%s' "$value"; fi
        ;;
      NODES | FIRST_PORT) printf -v "$name" '%s' "$value" ;;
    esac
  done <"$_STATE"
}

cluster_state_forget() {
  rm -rf -- "$_STATE" "$RUN_DIR/anvil.states"
}
