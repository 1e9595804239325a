# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Starts and verifies a cluster. After all other parts; NODES, FIRST_PORT and ONCE are set.
# shellcheck disable=SC2153

readonly START_S=120 VERIFY_S=${VERIFY_SECONDS:-60}

# The node after the last one is the late one.
_node_name() { printf 'node%s' "$1"; }
_node_log() { printf '%s/hello_%s.log' "$LOG_DIR" "$(_node_name "$1")"; }

# cluster_give_up SENTENCE...: could not be started; nothing stays behind but the logs.
cluster_give_up() {
  step_failed
  printf '%s: %s\n' "$PROGRAM" "$*" >&2
  exit 1
}

# The last lines of a log, for cluster_give_up.
_show_log() {
  printf '%s\n' "--- $1" >&2
  tail -n "${2:-8}" "$1" >&2 || true
}

_clean_up() {
  local status=$? pid
  trap '' INT TERM
  if [ -n "${CLUSTER_STARTING:-}" ]; then
    process_stop_all || true
    # A signal between a process's start and its note must not leave it behind: it is our child still.
    for pid in $(jobs -pr); do kill -TERM "$pid" 2>/dev/null || true; done
    cluster_state_forget
  fi
  # What a command in the background has come to may be in $? instead of what a signal's trap exits with.
  exit "${INTERRUPTED:-$status}"
}

_interrupted() {
  INTERRUPTED=$1
  if [ -n "$TERMINAL" ]; then echo; fi
  echo "$PROGRAM: interrupted; ending what was started" >&2
  exit "$1"
}

_any_alive() {
  local name
  for name in $(process_names); do
    if process_alive "$name"; then return 0; fi
  done
  return 1
}

_claim() {
  exec {RUN_LOCK}>"$RUN_DIR/lock"
  flock -n "$RUN_LOCK" || die 1 "another $PROGRAM is starting a cluster right now"
  if _any_alive; then
    die 1 "a cluster is up already: '$0 status' shows it, '$0 stop' ends it"
  fi
  cluster_state_forget
  rm -f "$_PROCESSES"
}

_start_anvil() {
  local port=8545
  if [ "$RUN_DIR" != "$DEFAULT_RUN_DIR" ] || port_owner "$port" >/dev/null; then port=$(free_port); fi
  # The nodes' ports are free as yet.
  while ((port >= FIRST_PORT && port <= FIRST_PORT + NODES)); do port=$(free_port); done
  anvil_spawn anvil "$port"
  if ! wait_until 15 rpc_answers "http://127.0.0.1:$port"; then
    _show_log "$RUN_DIR/anvil.log"
    cluster_give_up "anvil does not answer on port $port"
  fi
  chain_open "http://127.0.0.1:$port"
}

_find_chain() {
  step_begin "Ethereum node"
  if [ -n "${RPC_URL:-}" ]; then
    chain_open "$RPC_URL" || cluster_give_up "no Ethereum node answers at RPC_URL: $RPC_URL"
    step_ok "$RPC, chain $CHAIN_NUMBER"
  elif [ "$RUN_DIR" = "$DEFAULT_RUN_DIR" ] && chain_open http://localhost:8545; then
    step_ok "$RPC, chain $CHAIN_NUMBER, already running"
  else
    _start_anvil
    step_ok "$RPC, chain $CHAIN_NUMBER, started (anvil)"
  fi
}

_start_simulator() {
  process_spawn simulator "$RUN_DIR/simulator.log" "$SIMULATOR" --dir "$SIMULATOR_DIR"
  if ! wait_until 15 guest_answers "$GUEST"; then
    _show_log "$RUN_DIR/simulator.log"
    cluster_give_up "the simulator does not answer at $GUEST"
  fi
}

_find_guest() {
  step_begin "guest agent"
  GUEST=${DSTACK_SIMULATOR_ENDPOINT:-}
  if [ -n "$GUEST" ]; then
    guest_answers "$GUEST" || cluster_give_up "no guest agent answers at DSTACK_SIMULATOR_ENDPOINT: $GUEST"
  else
    GUEST=$SIMULATOR_DIR/dstack.sock
    if guest_answers "$GUEST"; then STEP_TEXT+=" (already running)"; else _start_simulator; fi
  fi
  # The nodes may be started from another folder.
  case $GUEST in http://* | https://* | /*) ;; *) GUEST=$PWD/$GUEST ;; esac
  if [ "$NODES" -gt 0 ] && ! guest_has_instances "$GUEST" "$(_node_name 1)"; then
    cluster_give_up "the guest agent at $GUEST serves a single instance, and one instance is one peer: it cannot" \
      "play $NODES nodes and a late one. Use dstack-simulator, or run ./run_hello_p2p.sh NAME PORT once in each CVM."
  fi
  step_ok "$GUEST"
}

_find_contract() {
  step_begin "membership contract"
  if [ -n "${CONTRACT_ADDRESS:-}" ]; then
    CONTRACT=$CONTRACT_ADDRESS
    require_contract "$CONTRACT"
    step_ok "$CONTRACT"
    return
  fi
  if [ "$CHAIN_NUMBER" != "$LOCAL_CHAIN" ] && [ -z "${HOST_PRIVATE_KEY:-}" ]; then
    cluster_give_up "chain $CHAIN_NUMBER is no local one: set HOST_PRIVATE_KEY and KMS_ROOT_ADDRESS, or CONTRACT_ADDRESS"
  fi
  deploy_contract || cluster_give_up "the contract could not be deployed: $PROBLEM"
  step_ok "$CONTRACT, deployed"
}

# _start_node NUMBER [hello_p2p option...]: as a user does it, who has only a name and a port.
_start_node() {
  local node=$1 name
  shift
  name=$(_node_name "$node")
  CONTRACT_ADDRESS=$CONTRACT RPC_URL=${RPC_URL:-$RPC} DSTACK_SIMULATOR_ENDPOINT=$GUEST BUILD_DIR=$BINARIES \
    process_spawn "$name" "$RUN_DIR/$name.out" "$ROOT/run_hello_p2p.sh" "$name" "$(node_port "$node")" "$@"
}

# _start_admitted NODE...: what run_hello_p2p.sh comes to for instances that lack nothing.
_start_admitted() {
  local node name
  for node in "$@"; do
    name=$(_node_name "$node")
    process_spawn "$name" "$(_node_log "$node")" env -u HOST_PRIVATE_KEY "$HELLO_P2P" "$CONTRACT" \
      --port "$(node_port "$node")" --rpc-url "${RPC_URL:-$RPC}" --guest "$(guest_instance_endpoint "$GUEST" "$name")"
  done
}

# _admit_nodes NODE...: whether all of them lack nothing any more.
_admit_nodes() {
  local node name
  local -a names=()
  for node in "$@"; do names+=("$(_node_name "$node")"); done
  guest_instances_begin "$GUEST" "${names[@]}" || return 1
  for name in "${names[@]}"; do printf '%s\0' "$(guest_instance_endpoint "$GUEST" "$name")"; done |
    xargs -0 -n 1 -P "$(nproc)" "$HELLO_P2P" --identity --guest-wait 5 --guest \
      >"$RUN_DIR/identities.json" 2>"$RUN_DIR/identities.log" || return 1
  admit_all "$RUN_DIR/identities.json"
}

# The first of the nodes that has ended is why the others wait in vain.
_require_alive() {
  local node ended
  local -a names=()
  for node in "$@"; do names+=("node$node"); done
  ended=$(processes_ended "${names[@]}")
  ended=${ended%%$'\n'*}
  if [ -z "$ended" ]; then return; fi
  if [ -n "$TERMINAL" ]; then echo; fi
  _show_log "$(_node_log "${ended#node}")"
  cluster_give_up "$ended has ended"
}

_nodes_check() {
  _require_alive "${@:4}"
  check_all "$@"
}

# _nodes_named NODE...: "node1 node2 …"
_nodes_named() {
  local named
  named=$(printf ' node%s' "${@:1:10}")
  if [ $# -gt 10 ]; then named+=" and $(($# - 10)) more"; fi
  printf '%s' "${named# }"
}

# _verify NAME TEXT COMMAND COUNT NODE...: one step, that must hold for all nodes.
_verify() {
  local name=$1 text=$2
  local -a failed
  shift 2
  CHECKS+=("$name")
  step_begin "$text"
  if wait_until "$VERIFY_S" check_all "$name" "$@"; then
    step_ok
  else
    _require_alive "${@:3}"
    mapfile -t failed < <(failed_nodes "$name" "${@:3}")
    step_failed "not within $VERIFY_S s: $(_nodes_named "${failed[@]}")"
    FAILED=1
  fi
}

_start_nodes() {
  local node
  local -a open
  step_begin "starting $NODES nodes"
  if _admit_nodes "${ALL[@]}"; then
    _start_admitted "${ALL[@]}"
  else
    for node in "${ALL[@]}"; do _start_node "$node"; done
  fi
  CHECKS+=(registered)
  if ! wait_until "$START_S" _nodes_check registered check_healthy "$NODES" "${ALL[@]}"; then
    mapfile -t open < <(failed_nodes registered "${ALL[@]}")
    _show_log "$(_node_log "${open[0]}")"
    cluster_give_up "not all nodes are registered within $START_S s: $(_nodes_named "${open[@]}")"
  fi
  step_ok "registered and healthy"
}

_verify_nodes() {
  _verify identity "$NODES different attested identities on chain" check_identity "$NODES" "${ALL[@]}"
  if ! check_distinct "$NODES"; then
    FAILED=1
    echo "  ${RED}✗$PLAIN two nodes have the same identity"
  fi
  _verify peers "each node lists exactly the $((NODES - 1)) others" check_lists "$NODES" "${ALL[@]}"
  _verify answered "each node was answered by all others" check_answered "$NODES" "${ALL[@]}"
  _verify greeted "each node was greeted by all others" check_greeted "$NODES" "${ALL[@]}"
}

_verify_late_node() {
  local late=$((NODES + 1))
  step_begin "starting a late node"
  _start_node "$late" --withdraw
  if ! wait_until "$START_S" _nodes_check late check_healthy "$late" "$late"; then
    _show_log "$(_node_log "$late")"
    cluster_give_up "the late node is not registered within $START_S s"
  fi
  step_ok "$(node_url "$late")"
  _verify joined "all see the late node, and it sees all" check_lists "$late" "${ALL[@]}" "$late"
  _verify met "all have greeted the late node, and it all" check_answered "$late" "${ALL[@]}" "$late"
  process_stop "$(_node_name "$late")" || true
  _verify left "all see that it has withdrawn" check_lists "$NODES" "${ALL[@]}"
}

_print_end() {
  local result="${GREEN}✓ all checks held${PLAIN}"
  if [ -n "$FAILED" ]; then result="${RED}✗ not all checks held${PLAIN}"; fi
  printf '\n%s  %s nodes, contract %s, chain %s, %s\n' "$result" "$NODES" "$CONTRACT" "$CHAIN_NUMBER" \
    "$(seconds_since "$STARTED_MS")"
  printf '\n  logs    %s … %s, and %s\n' "$(_node_log 1)" "$(_node_log "$NODES")" "$RUN_DIR/*.log"
  if [ -n "$ONCE" ]; then return; fi
  cat <<TEXT
  watch   $0 status          $0 logs
  page    $(node_url 1)/     (in a browser: who is there, and who greets whom)
  peers   CONTRACT_ADDRESS=$CONTRACT RPC_URL=${RPC_URL:-$RPC} \\
            $(printf %q "$DSTACK_P2P") peers        (or watch)
  join    ./run_hello_p2p.sh NAME PORT        (another node, in the foreground)
  stop    $0 stop            (ends the nodes$(_started_too) and forgets this cluster)
TEXT
}

_started_too() {
  if process_alive anvil; then printf ', anvil'; fi
  if process_alive simulator; then printf ', the simulator'; fi
}

_stay_up() {
  # Read by cluster_state_save through their names.
  # shellcheck disable=SC2034
  local CONTRACT_ADDRESS=$CONTRACT RPC_URL=${RPC_URL:-$RPC} DSTACK_SIMULATOR_ENDPOINT=$GUEST
  cluster_state_save NODES FIRST_PORT CONTRACT_ADDRESS RPC_URL DSTACK_SIMULATOR_ENDPOINT
  CLUSTER_STARTING=
}

cluster_start() {
  STARTED_MS=$(now_ms) CHECKS=() FAILED='' ALL=()
  mapfile -t ALL < <(seq "$NODES")
  _claim
  ensure_ready
  for part in chain admission; do
    # shellcheck source=/dev/null
    . "$ROOT/scripts/lib/$part.sh"
  done
  require_free_ports "$FIRST_PORT" "$((FIRST_PORT + NODES))" 3 "BASE_PORT=... chooses other ports"
  CLUSTER_STARTING=1
  trap _clean_up EXIT
  trap '_interrupted 130' INT
  trap '_interrupted 143' TERM
  echo "dstack-p2p: a cluster of $NODES"
  _find_chain
  _find_guest
  _find_contract
  _start_nodes
  _verify_nodes
  _verify_late_node
  _print_table
  _print_end
  if [ -z "$ONCE" ]; then _stay_up; fi
  [ -z "$FAILED" ]
}
