# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a cluster has to show. After common.sh, chain.sh and ensure_ready. Nodes are numbered from 1. FIRST_PORT,
# CONTRACT and RPC are set.
#
# A check looks once at the nodes it is given: check_NAME COUNT NODE... prints the number of each node of which it
# holds, in a cluster of the nodes 1 to COUNT. One process asks them all, and one looks at what they answered.
# shellcheck disable=SC2016 # jq's variables

declare -A NODE_ID=() NODE_ADDRESS=() RESULT=()
readonly ANSWERS=$RUN_DIR/answers

node_port() { printf '%s' "$((FIRST_PORT + $1 - 1))"; }
node_url() { printf 'http://localhost:%s' "$(node_port "$1")"; }

# nodes_get PATH NODE...: their answers become the files $ANSWERS/NODE; who does not answer has none.
nodes_get() {
  local path=$1 node
  shift
  mkdir -p "$ANSWERS"
  rm -f -- "$ANSWERS"/*
  for node in "$@"; do
    printf 'url = "http://127.0.0.1:%s%s"\noutput = "%s"\n' "$((FIRST_PORT + node - 1))" "$path" "$node"
  done | (cd -- "$ANSWERS" && curl -s --parallel --max-time 3 --max-filesize 50000000 -K - 2>/dev/null) || true
}

# answers_tell FILTER [JQ OPTION...]: what the filter makes of each answer, as lines of text; nothing of one that is
# no JSON, or of another kind. It knows the answer's node as $node, and a node's URL as url(node).
answers_tell() {
  local filter=$1
  local -a answers
  shift
  mapfile -t answers < <(compgen -G "$ANSWERS/*")
  if [ "${#answers[@]}" = 0 ]; then return; fi
  filter="def url(\$node): \"http://localhost:\(\$first + \$node - 1)\";
    index(\" \") as \$space | (.[:\$space] | tonumber) as \$node | try (.[\$space:] | fromjson | $filter) catch empty"
  # A line for each answer: a torn one must not run into the next.
  awk 'BEGIN { ORS = " " } FNR == 1 { sub(/.*\//, "", FILENAME); printf "\n%s ", FILENAME } { print }' "${answers[@]}" |
    sed 1d | jq -rR --argjson first "$FIRST_PORT" "$@" "$filter"
}

# _nodes_where CONDITION [JQ OPTION...]
_nodes_where() {
  local condition=$1
  shift
  answers_tell "select($condition) | \$node" "$@"
}

check_healthy() {
  nodes_get /health "${@:2}"
  _nodes_where '.status == "ok"'
}

# Prints "NODE ID ADDRESS": who it says it is, and the key that the contract has verified for that id and URL.
check_identity() {
  p2p peers --contract "$CONTRACT" --evidence off || return 0
  # shellcheck disable=SC2153 # set by p2p
  printf '%s\n' "$ANSWER" >"$RUN_DIR/listed.json"
  nodes_get /info "${@:2}"
  answers_tell '.instance_id as $id | $listed[].peers[] | select(.instance_id == $id and .url == url($node)) |
    "\($node) \($id) \(.address)"' --slurpfile listed "$RUN_DIR/listed.json"
}

# check_distinct COUNT: that many different identities. Not a check of single nodes.
check_distinct() {
  local count
  count=$(printf '%s\n' "${NODE_ID[@]}" | sort -u | wc -l)
  [ "$count" = "$1" ] || return 1
  count=$(printf '%s\n' "${NODE_ADDRESS[@]}" | sort -u | wc -l)
  [ "$count" = "$1" ]
}

# The node lists exactly the others.
check_lists() {
  nodes_get /peers "${@:2}"
  _nodes_where '(.peers | sort) == ([range(1; $count + 1) | select(. != $node) | url(.)] | sort)' \
    --argjson count "$1"
}

# All others have answered its hello, each in its own name.
check_answered() {
  nodes_get /peers "${@:2}"
  _nodes_where '[.peer_info[] | select(.response.message == "Hello from \(.instance_id)!" and
    .last_contact != null and (has("error") | not))] | length == $count - 1' --argjson count "$1"
}

# All others have said hello to it.
check_greeted() {
  nodes_get /peers "${@:2}"
  _nodes_where '[.peer_info[] | select(.greeted_us_at != null)] | length == $count - 1' --argjson count "$1"
}

# failed_nodes NAME NODE...: those of which the check NAME has not held.
failed_nodes() {
  local name=$1 node
  shift
  for node in "$@"; do
    if [ "${RESULT[$name,$node]:-}" != ok ]; then printf '%s\n' "$node"; fi
  done
}

# check_all NAME COMMAND COUNT NODE...: the check of every node; RESULT[NAME,NODE] tells. What has held once is not
# asked again. Succeeds when it has held for all.
check_all() {
  local name=$1 command=$2 count=$3 node id address
  local -a open
  shift 3
  mapfile -t open < <(failed_nodes "$name" "$@")
  while read -r node id address; do
    RESULT[$name,$node]=ok
    if [ -n "$id" ]; then NODE_ID[$node]=$id NODE_ADDRESS[$node]=$address; fi
  done < <("$command" "$count" "${open[@]}")
  mapfile -t open < <(failed_nodes "$name" "$@")
  for node in "${open[@]}"; do RESULT[$name,$node]=failed; done
  step_progress "$(($# - ${#open[@]})) of $#"
  [ "${#open[@]}" = 0 ]
}
