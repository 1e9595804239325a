# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a cluster has to show. After common.sh. A check looks at one node, whose number it is given, once; nodes are
# numbered from 1. FIRST_PORT, CONTRACT and RPC are set.

declare -A NODE_ID=() NODE_ADDRESS=() RESULT=()

node_port() { printf '%s' "$((FIRST_PORT + $1 - 1))"; }
node_url() { printf 'http://localhost:%s' "$(node_port "$1")"; }

# node_get NUMBER PATH
node_get() {
  curl -fsS --max-time 3 --max-filesize 50000000 "http://127.0.0.1:$(node_port "$1")$2" 2>/dev/null
}

check_healthy() {
  node_get "$1" /health | jq -e '.status == "ok"' >/dev/null 2>&1
}

# Sets NODE_ID and NODE_ADDRESS: who it says it is, and the key that the contract has verified for that id.
check_identity() {
  local id address
  id=$(node_get "$1" /info | jq -er '.instance_id') || return 1
  address=$(cast call --json --rpc-url "$RPC" "$CONTRACT" \
    'getPeer(string)((bytes20,address,uint64,uint64,string))' "$id" 2>/dev/null |
    jq -er --arg id "0x$id" --arg url "$(node_url "$1")" '.[0] | select(.[0] == $id and .[4] == $url) | .[1]') ||
    return 1
  NODE_ID[$1]=$id NODE_ADDRESS[$1]=$address
}

# check_distinct COUNT: that many different identities. Not a check of one node.
check_distinct() {
  local count
  count=$(printf '%s\n' "${NODE_ID[@]}" | sort -u | wc -l)
  [ "$count" = "$1" ] || return 1
  count=$(printf '%s\n' "${NODE_ADDRESS[@]}" | sort -u | wc -l)
  [ "$count" = "$1" ]
}

# check_lists NUMBER COUNT: the node lists exactly the others of the nodes 1 to COUNT.
check_lists() {
  local i expected=()
  for ((i = 1; i <= $2; i++)); do
    if [ "$i" != "$1" ]; then expected+=("$(node_url "$i")"); fi
  done
  node_get "$1" /peers | jq -e '(.peers | sort) == ($ARGS.positional | sort)' --args -- "${expected[@]}" \
    >/dev/null 2>&1
}

# check_answered NUMBER COUNT: all others have answered its hello, each in its own name.
check_answered() {
  node_get "$1" /peers | jq -e --argjson count "$(($2 - 1))" '[.peer_info[] | select(
    .response.message == "Hello from \(.instance_id)!" and .last_contact != null and (has("error") | not))] |
    length == $count' >/dev/null 2>&1
}

# check_greeted NUMBER COUNT: all others have said hello to it.
check_greeted() {
  node_get "$1" /peers | jq -e --argjson count "$(($2 - 1))" \
    '[.peer_info[] | select(.greeted_us_at != null)] | length == $count' >/dev/null 2>&1
}

# check_all NAME COMMAND... -- NODES...: COMMAND NODE ARGUMENTS for every node; RESULT[NAME,NODE] tells. What has
# held once is not asked again. Succeeds when it has held for all.
check_all() {
  local name=$1 command=$2 arguments=() good=0 node
  shift 2
  while [ "$1" != -- ]; do arguments+=("$1") && shift; done
  shift
  for node in "$@"; do
    if [ "${RESULT[$name,$node]:-}" = ok ] || "$command" "$node" "${arguments[@]}"; then
      RESULT[$name,$node]=ok good=$((good + 1))
    else
      RESULT[$name,$node]=failed
    fi
  done
  step_progress "$good of $#"
  [ "$good" = "$#" ]
}
