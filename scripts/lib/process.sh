# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Processes that outlive the script that started them. After common.sh.
#
# $RUN_DIR/processes has a line "NAME PID START" for each. START is the process's start time as the kernel counts
# it: a process id that was given to somebody else meanwhile has another one, so nobody else's process is ended.

_PROCESSES=$RUN_DIR/processes

# Sets PROCESS_START, the start time of a living process; fails when there is none. A zombie is not alive.
_process_look() {
  local stat fields
  PROCESS_START=
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 1
  # The second field is the name in parentheses and may hold anything.
  stat=${stat##*) }
  # shellcheck disable=SC2206 # a state letter and numbers
  fields=($stat)
  [ "${fields[0]}" != Z ] && [ "${fields[0]}" != X ] && PROCESS_START=${fields[19]}
}

# Start time of a living process; fails when there is none.
process_start_time() {
  _process_look "$1" && printf '%s' "$PROCESS_START"
}

# process_alive NAME; PROCESS_PID becomes its id.
process_alive() {
  local name pid start
  PROCESS_PID=
  [ -f "$_PROCESSES" ] || return 1
  while read -r name pid start; do
    if [ "$name" = "$1" ] && _process_look "$pid" && [ "$PROCESS_START" = "$start" ]; then
      PROCESS_PID=$pid
      return 0
    fi
  done <"$_PROCESSES"
  return 1
}

# processes_ended NAME...: those that are not alive, a line each.
processes_ended() {
  local -A alive=()
  local name pid start
  if [ -f "$_PROCESSES" ]; then
    while read -r name pid start; do
      if _process_look "$pid" && [ "$PROCESS_START" = "$start" ]; then alive[$name]=1; fi
    done <"$_PROCESSES"
  fi
  for name in "$@"; do
    if [ -z "${alive[$name]:-}" ]; then printf '%s\n' "$name"; fi
  done
}

# The names of all processes ever noted in this run, in order.
process_names() {
  if [ -f "$_PROCESSES" ]; then cut -d ' ' -f 1 "$_PROCESSES"; fi
}

# process_spawn NAME LOG COMMAND...: in a session of its own, so that Ctrl-C and the terminal's end spare it.
process_spawn() {
  local name=$1 log=$2 pid
  shift 2
  (
    # Whoever starts a cluster holds this lock; the cluster must not.
    if [ -n "${RUN_LOCK:-}" ]; then exec {RUN_LOCK}>&-; fi
    exec setsid "$@"
  ) </dev/null >"$log" 2>&1 &
  pid=$!
  _process_look "$pid" || PROCESS_START=gone
  printf '%s %s %s\n' "$name" "$pid" "$PROCESS_START" >>"$_PROCESSES"
}

_process_gone() {
  ! process_alive "$1"
}

# process_stop NAME: SIGTERM, and SIGKILL when that is ignored for five seconds. Succeeds when nothing is left.
process_stop() {
  process_alive "$1" || return 0
  kill -TERM "$PROCESS_PID" 2>/dev/null || true
  if wait_until 5 _process_gone "$1"; then return 0; fi
  if process_alive "$1"; then kill -KILL "$PROCESS_PID" 2>/dev/null || true; fi
  wait_until 2 _process_gone "$1"
}

# Everything that was noted, the last one first; then the notes.
process_stop_all() {
  local names=() i
  mapfile -t names < <(process_names)
  # The nodes get their signal together, so that many of them end as fast as one.
  for i in "${names[@]}"; do
    case $i in anvil | simulator) ;; *) if process_alive "$i"; then kill -TERM "$PROCESS_PID" 2>/dev/null || true; fi ;; esac
  done
  for ((i = ${#names[@]} - 1; i >= 0; i--)); do process_stop "${names[i]}" || return 1; done
  rm -f "$_PROCESSES"
}

# port_owner PORT: "NAME (process PID)" of who listens there; fails when nobody does.
port_owner() {
  local line
  IFS= read -r line < <(ss -Hltnp "sport = :$1") || return 1
  if [[ $line =~ users:\(\(\"([^\"]*)\",pid=([0-9]+) ]]; then
    printf '%s (process %s)' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
  else
    printf 'a process that this user cannot see'
  fi
}

# require_free_port PORT STATUS HINT
require_free_port() {
  local owner
  if owner=$(port_owner "$1"); then die "$2" "port $1 is in use by $owner${3:+; $3}"; fi
}

# ports_taken FIRST LAST: those of them that somebody listens on, a line each.
ports_taken() {
  ss -Hltn "sport >= :$1 and sport <= :$2" | awk '{ count = split($4, part, ":"); print part[count] }' | sort -nu
}

# require_free_ports FIRST LAST STATUS HINT
require_free_ports() {
  local port
  for port in $(ports_taken "$1" "$2"); do require_free_port "$port" "$3" "$4"; done
}

# Whether the port is the caller's to take: nobody listens there and, among those that share the folder PORT_CLAIMS (tests
# that run at once), nobody else was given it who is yet to listen.
_port_is_free() {
  if port_owner "$1" >/dev/null; then return 1; fi
  if [ ! -d "${PORT_CLAIMS:-}" ]; then return; fi
  mkdir -- "$PORT_CLAIMS/$1" 2>/dev/null
}

# free_ports COUNT: the first of that many in a row, below the range that the kernel hands out by itself.
free_ports() {
  local first i
  while :; do
    first=$((20000 + (RANDOM * 32768 + RANDOM) % 10000))
    for ((i = 0; i < $1; i++)); do
      _port_is_free "$((first + i))" || continue 2
    done
    printf '%s' "$first"
    return
  done
}

free_port() {
  free_ports 1
}
