# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What a cluster looks like, its logs and its end. After all other parts; NODES and FIRST_PORT are set, ALL and CHECKS
# for the table.
# shellcheck disable=SC2153,SC2016 # what is set elsewhere; jq's variables

# Rows after which the table's head is repeated.
readonly TABLE_ROWS=25

# _tick RESULT WIDTH: centred; printf's own padding would count bytes.
_tick() {
  local mark=' '
  case $1 in
    ok) mark=$GREEN✓$PLAIN ;;
    '') ;;
    *) mark=$RED✗$PLAIN ;;
  esac
  printf ' %*s%s%*s' "$((($2 - 1) / 2))" '' "$mark" "$(($2 / 2))" ''
}

_print_table_head() {
  local check
  printf '\n%s%-8s' "$BOLD" node
  for check in "${CHECKS[@]}"; do printf ' %s' "$check"; done
  printf '  %-22s  %s%s\n' url instance "$PLAIN"
}

_print_table() {
  local node check row=0
  for node in "${ALL[@]}"; do
    if [ $((row++ % TABLE_ROWS)) = 0 ]; then _print_table_head; fi
    printf 'node%-4s' "$node"
    for check in "${CHECKS[@]}"; do _tick "${RESULT[$check,$node]:-}" "${#check}"; done
    printf '  %-22s  %s\n' "http://localhost:$((FIRST_PORT + node - 1))" "${NODE_ID[$node]:-?}"
  done
}

_print_process() {
  local state="${RED}✗ ended${PLAIN}" detail=
  if process_alive "$1"; then state="${GREEN}✓ up${PLAIN}" detail="process $PROCESS_PID"; fi
  printf '  %-10s %s  %s  %s\n' "$1" "$state" "$detail" "${2:-}"
}

# _describe NODE...: sets HEALTHY and DETAIL.
_describe() {
  local node text
  nodes_get /health "$@"
  while read -r node text; do
    if [ "$text" = ok ]; then HEALTHY[$node]=1; else DETAIL[$node]=$text; fi
  done < <(answers_tell '"\($node) \(if .status == "ok" then "ok" else .reason end)"')
  nodes_get /info "${!HEALTHY[@]}"
  while read -r node text; do
    DETAIL[$node]=$text
  done < <(answers_tell '"\($node) \(.peers_count) peers, up \(.uptime) s"')
}

cluster_status() {
  local node name status=0
  local -a all
  local -A HEALTHY=() DETAIL=()
  if ! cluster_state_load; then die 1 "no cluster is up; '$0' starts one"; fi
  echo "contract $CONTRACT_ADDRESS, node $RPC_URL, guest agent $DSTACK_SIMULATOR_ENDPOINT"
  for name in anvil simulator; do
    if process_names | grep -x "$name" >/dev/null; then _print_process "$name"; fi
  done
  mapfile -t all < <(seq "$NODES")
  _describe "${all[@]}"
  for node in "${all[@]}"; do
    if [ -n "${HEALTHY[$node]:-}" ]; then
      _print_process "node$node" "$(node_url "$node")  healthy, ${DETAIL[$node]:-but silent}"
    else
      status=1
      _print_process "node$node" "$(node_url "$node")  not healthy: ${DETAIL[$node]:-does not answer}"
    fi
  done
  return "$status"
}

cluster_logs() {
  local node files=()
  if ! cluster_state_load; then die 1 "no cluster is up; '$0' starts one"; fi
  for ((node = 1; node <= NODES; node++)); do files+=("$(_node_log "$node")"); done
  if [ -t 1 ]; then exec tail -n 20 -F -- "${files[@]}"; fi
  tail -n 50 -- "${files[@]}"
}

cluster_stop() {
  local count=0 name
  local -a names ended
  mapfile -t names < <(process_names)
  mapfile -t ended < <(processes_ended "${names[@]}")
  count=$((${#names[@]} - ${#ended[@]}))
  process_stop_all || die 1 "not everything could be ended; '$0 status' shows what is left"
  cluster_state_forget
  if [ "$count" = 0 ]; then echo "nothing is up"; else echo "ended $count processes"; fi
}
