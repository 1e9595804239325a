#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dstack-p2p watch: what it prints, renders, signals and runs while nodes join, move and leave, and the chain is away.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly REGISTER=$BUILD_DIR/examples/example_peers
# Changes of the long run; more of them show leaks more clearly.
readonly CHANGES=${CHANGES:-30}
# From here no guest agent is found, unless a test names one.
mkdir "$RUN_DIR/empty"
cd "$RUN_DIR/empty"

# ---- Helpers ----

# moves NAME URL: the instance NAME, which is admitted, is listed with another URL.
moves() {
  DSTACK_SIMULATOR_ENDPOINT=$GUEST/i/$1 "$REGISTER" "$CONTRACT" "$2" >"$RUN_DIR/register.log" 2>&1 ||
    fail "$(cat "$RUN_DIR/register.log")"
}

# joins NAME URL
joins() {
  instance_admitted "$1" >"$RUN_DIR/admit.log"
  moves "$1" "$2"
}

# leaves NAME
leaves() {
  instance "$1"
  owner_sends 'revokeNodeAccess(string)' "$INSTANCE"
}

# watch_start NAME ARGUMENT...: its output is $RUN_DIR/NAME.out, its complaints NAME.log; sets WATCH, its process id.
watch_start() {
  local name=$1
  shift
  if [[ " $* " != *" --debounce "* ]]; then set -- "$@" --debounce 50ms; fi
  # shellcheck disable=SC2016 # for the shell that becomes the program
  process_spawn "$name" "$RUN_DIR/$name.log" bash -c 'exec "${@:2}" >"$1"' _ "$RUN_DIR/$name.out" "$DSTACK_P2P" watch \
    "$@"
  process_alive "$name"
  WATCH=$PROCESS_PID
}

# watch_end NAME SECONDS STATUS [SIGNAL]: a signal, and the end within so many seconds, with that status.
watch_end() {
  local status=0
  process_alive "$1" || fail "it has ended already: $(cat "$RUN_DIR/$1.log")"
  kill "-${4:-TERM}" "$WATCH"
  expect_end "$1" "$2"
  wait "$WATCH" || status=$?
  [ "$status" = "$3" ] || fail "status $status"
}

# has FILE TEXT [COUNT]: so many lines with it, at least one without a count.
has() {
  local count
  count=$(grep -cF -- "$2" "$RUN_DIR/$1" 2>/dev/null || true)
  if [ -n "${3:-}" ]; then [ "$count" = "$3" ]; else [ "${count:-0}" != 0 ]; fi
}

# await FILE TEXT [COUNT]
await() {
  wait_until 10 has "$@" || fail "no '$2' (${3:-}) in $1: $(cat "$RUN_DIR/$1" 2>&1)"
}

is_text() { [ "$(cat "$1" 2>/dev/null)" = "$2" ]; }

# await_text FILE TEXT: all of the file.
await_text() {
  wait_until 10 is_text "$@" || fail "not '$2': $(cat "$1" 2>&1)"
}

# ---- Lines ----

prints_changes() {
  watch_start lines
  await lines.out $'\tpresent\t'
  joins bob http://bob:1
  await lines.out $'\tjoined\t'
  moves bob http://bob:2
  await lines.out $'\tchanged\t'
  leaves bob
  await lines.out $'\tleft\t'
  watch_end lines 3 0
  [ "$(cut -f 2,4- "$RUN_DIR/lines.out")" = "present	http://alice:1
joined	http://bob:1
changed	http://bob:2	http://bob:1
left	http://bob:2" ] || fail "$(cat "$RUN_DIR/lines.out")"
  grep -qvP '^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\t[a-z]+\t[0-9a-f]{40}\t' "$RUN_DIR/lines.out" && fail "odd lines"
  [ ! -s "$RUN_DIR/lines.log" ] || fail "$(cat "$RUN_DIR/lines.log")"
}

prints_json_lines() {
  watch_start json --json
  await json.out '"kind": "snapshot"'
  joins carol http://carol:1
  moves carol http://carol:2
  await json.out '"kind": "changed"'
  leaves carol
  await json.out '"kind": "left"'
  watch_end json 3 0 INT
  expect_json '[.[].kind] == ["snapshot", "joined", "changed", "left"]' "$(jq -s . "$RUN_DIR/json.out")"
  expect_json '.[0].count == 1 and .[0].peers[0].host == "alice" and (.[0].version > 0)' "$(jq -s . "$RUN_DIR/json.out")"
  expect_json '.[2].peer.url == "http://carol:2" and .[2].previous.url == "http://carol:1" and .[1].previous == null' \
    "$(jq -s . "$RUN_DIR/json.out")"
  expect_json '.[1].version + 1 == .[2].version and .[1].count == 2 and .[3].count == 1 and (.[3].block > .[1].block)' \
    "$(jq -s . "$RUN_DIR/json.out")"
}

is_coloured_on_a_terminal() {
  TERM=xterm process_spawn terminal "$RUN_DIR/terminal" script -qefc "exec $DSTACK_P2P watch" /dev/null
  await terminal present
  process_alive terminal
  WATCH=$PROCESS_PID
  joins dora http://dora:1
  await terminal $'  \e[32mjoined \e[0m  '
  leaves dora
  await terminal $'  \e[31mleft   \e[0m  '
  pkill -TERM -P "$WATCH"
  expect_end terminal 3
  wait "$WATCH" || fail "$?"
}

leaves_itself_out() {
  watch_start others --exclude-self --guest "$GUEST/i/alice" --exec 'cat >>'"$RUN_DIR/others.json"
  await others.json '"count": 0'
  moves alice http://alice:2
  joins erin http://erin:1
  await others.json '"count": 1'
  moves alice http://alice:1
  leaves erin
  await others.out left
  watch_end others 3 0
  [ "$(cut -f 2 "$RUN_DIR/others.out" | xargs)" = "joined left" ] || fail "$(cat "$RUN_DIR/others.out")"
  expect_status 20 "$DSTACK_P2P" watch --exclude-self
  [ "$OUT" = "" ]
}

# A reader that goes away ends it, at the next line; one that does not read does not keep it from ending.
minds_its_reader() {
  local status=0
  mkfifo "$RUN_DIR/reader"
  "$DSTACK_P2P" watch >"$RUN_DIR/reader" 2>"$RUN_DIR/reader.log" &
  local pid=$!
  head -n 1 <"$RUN_DIR/reader" >/dev/null
  moves alice http://alice:3
  wait "$pid" || status=$?
  [ "$status" = 6 ] || fail "$status"
  [ ! -s "$RUN_DIR/reader.log" ] || fail "$(cat "$RUN_DIR/reader.log")"
  moves alice http://alice:1
  # Nor is what a template makes offered again and again.
  echo '{#peers}{url}{/peers}' >"$RUN_DIR/reader.in"
  status=0
  timeout 20 "$DSTACK_P2P" watch --template "$RUN_DIR/reader.in" --output - 2>"$RUN_DIR/reader.log" > >(exec true) || status=$?
  [ "$status" = 6 ] || fail "$status: $(cat "$RUN_DIR/reader.log")"
  python3 - "$DSTACK_P2P" <<'PYTHON'
import os, subprocess, sys, time
out, into = os.pipe()
os.set_blocking(into, False)
try:
    while True: os.write(into, b"x" * 4096)
except BlockingIOError:
    os.set_blocking(into, True)
watch = subprocess.Popen([sys.argv[1], "watch"], stdout=into)
time.sleep(1.5)
assert watch.poll() is None
watch.terminate()
assert watch.wait(5) == 0, watch.returncode
PYTHON
}

# ---- Commands ----

runs_the_command() {
  # shellcheck disable=SC2016 # for the command's shell
  watch_start exec --exec 'cat >>'"$RUN_DIR/exec.json; "'echo "$DSTACK_P2P_EVENT $DSTACK_P2P_COUNT $DSTACK_P2P_VERSION" >>'"$RUN_DIR/exec.env"
  await exec.env 'start 1 '
  joins frank http://frank:1
  await exec.env 'change 2 '
  leaves frank
  await exec.env 'change 1 '
  await exec.log 'ended with status 0' 3
  watch_end exec 3 0
  expect_json 'length == 3 and ([.[].count] == [1, 2, 1]) and (.[1].peers | map(.url) | index("http://frank:1"))' \
    "$(jq -s . "$RUN_DIR/exec.json")"
  [ "$(jq .version "$RUN_DIR/exec.json" | xargs)" = "$(cut -d ' ' -f 3 "$RUN_DIR/exec.env" | xargs)" ]
  # The same document as the command peers prints.
  "$DSTACK_P2P" peers --json | jq 'del(.block, .block_time)' >"$RUN_DIR/peers.json"
  jq -s '.[2] | del(.block, .block_time)' "$RUN_DIR/exec.json" | cmp - "$RUN_DIR/peers.json"
}

# While one runs, several changes: one more run, with the last of them.
runs_one_at_a_time() {
  # shellcheck disable=SC2016 # for the command's shell
  watch_start one --exec 'mkdir '"$RUN_DIR/lock && jq -r '.peers[].url' >>$RUN_DIR/one.urls && echo . >>$RUN_DIR/one.urls
    while [ -e $RUN_DIR/hold ]; do sleep 0.05; done; rmdir $RUN_DIR/lock" --exit-on-failure --debounce 0
  await one.urls . 1
  await one.log 'ended with status 0' 1
  touch "$RUN_DIR/hold"
  moves alice http://alice:10
  await one.urls http://alice:10
  for port in 11 12 13; do moves alice "http://alice:$port"; done
  await one.out http://alice:13
  rm "$RUN_DIR/hold"
  await one.log 'ended with status 0' 3
  moves alice http://alice:1
  await one.log 'ended with status 0' 4
  watch_end one 3 0
  [ "$(grep -v '^[.]' "$RUN_DIR/one.urls" | xargs)" = "http://alice:1 http://alice:10 http://alice:13 http://alice:1" ] ||
    fail "$(cat "$RUN_DIR/one.urls")"
}

waits_for_calm() {
  watch_start calm --exec 'echo run >>'"$RUN_DIR/calm.runs" --debounce 2s
  await calm.runs run 1
  for port in 21 22 23; do moves alice "http://alice:$port"; done
  moves alice http://alice:1
  await calm.runs run 2
  watch_end calm 3 0
  [ "$(grep -c changed "$RUN_DIR/calm.out")" = 4 ] || fail "$(cat "$RUN_DIR/calm.out")"
  has calm.runs run 2
}

is_clean_for_the_command() {
  # Descriptors, signals and secrets as a program would want to find them. It does not read its input.
  PRIVATE_KEY=0x$(printf '1%.0s' {1..64}) HOST_PRIVATE_KEY=x watch_start clean --exec "
    ls /proc/self/fd | xargs >$RUN_DIR/clean.fds
    grep -E '^Sig(Blk|Ign)' /proc/self/status >$RUN_DIR/clean.signals
    env >$RUN_DIR/clean.env; echo finished >>$RUN_DIR/clean.env" 7>"$RUN_DIR/inherited"
  await clean.env finished
  await clean.log 'ended with status 0'
  # ls has one for the folder it lists.
  [ "$(cat "$RUN_DIR/clean.fds")" = "0 1 2 3" ] || fail "$(cat "$RUN_DIR/clean.fds")"
  grep -qP 'SigBlk:\t0+$' "$RUN_DIR/clean.signals" || fail "$(cat "$RUN_DIR/clean.signals")"
  # SIGPIPE is the thirteenth.
  [ $((0x$(awk '/SigIgn/ { print $2 }' "$RUN_DIR/clean.signals") & 0x1000)) = 0 ] || fail "$(cat "$RUN_DIR/clean.signals")"
  if grep PRIVATE_KEY "$RUN_DIR/clean.env"; then fail "a secret"; fi
  if tr '\0' '\n' <"/proc/$WATCH/environ" | grep 11111; then fail "the key can be read from outside"; fi
  watch_end clean 3 0
}

reports_failures() {
  watch_start failing --exec 'exit 7'
  await failing.log 'ended with status 7'
  moves alice http://alice:2
  await failing.log 'ended with status 7' 2
  moves alice http://alice:1
  watch_end failing 3 0
  expect_status 5 "$DSTACK_P2P" watch --exec 'exit 7' --exit-on-failure
  expect_text "$ERR" 'ended with status 7'
  expect_status 5 "$DSTACK_P2P" watch --json --once --exec 'echo noise; kill -9 $$'
  expect_json '.kind == "command" and .status == null and .signal == 9 and .timed_out == false' "$(tail -n 1 <<<"$OUT")"
  [ "$ERR" = noise ] || fail "$ERR"
}

ends_slow_commands() {
  watch_start slow --exec 'sleep 1000 & echo $! >>'"$RUN_DIR/slow.pids; sleep 1000" --exec-timeout 300ms
  await slow.log 'was ended by signal 15, after --exec-timeout'
  moves alice http://alice:2
  await slow.log 'was ended by signal 15, after --exec-timeout' 2
  moves alice http://alice:1
  watch_end slow 3 0
  while read -r pid; do
    if process_start_time "$pid"; then fail "$pid runs still"; fi
  done <"$RUN_DIR/slow.pids"
}

_zombie() { [ "$(cut -d ' ' -f 3 "/proc/$1/stat" 2>/dev/null)" = Z ]; }

# A command that ignores SIGTERM, with a child that does: SIGKILL after 5 s, or at once at a second signal.
takes_commands_along() {
  local command pid
  # shellcheck disable=SC2016
  command='trap "" TERM; sh -c "trap \"\" TERM; sleep 1000" & echo $! >'"$RUN_DIR/stubborn.pid; sleep 1000"
  watch_start stubborn --exec "$command"
  wait_until 10 test -s "$RUN_DIR/stubborn.pid"
  pid=$(cat "$RUN_DIR/stubborn.pid")
  kill -TERM "$WATCH"
  sleep 0.5
  process_alive stubborn || fail "it did not wait for its command"
  watch_end stubborn 2 0 INT
  if process_start_time "$pid"; then fail "the command's child runs still"; fi
  watch_start polite --exec 'sleep 1000'
  wait_until 10 pgrep -P "$WATCH" >/dev/null
  watch_end polite 2 0
}

leaves_nothing_behind() {
  local before port
  watch_start long --exec 'true' --debounce 0
  await long.log 'ended with status 0'
  before=$(ls "/proc/$WATCH/fd")
  for ((port = 1; port <= CHANGES; port++)); do moves alice "http://alice:1$port"; done
  await long.out "http://alice:1$CHANGES"$'\t'
  moves alice http://alice:1
  await long.out $'http://alice:1\t'
  wait_until 5 no_children_of "$WATCH" || fail "$(ps -o pid,stat,args --ppid "$WATCH")"
  [ "$(ls "/proc/$WATCH/fd")" = "$before" ] || fail "descriptors: $before; $(ls -l "/proc/$WATCH/fd")"
  [ "$(grep -c 'ended with status 0' "$RUN_DIR/long.log")" -gt $((CHANGES / 2)) ] || fail "$(wc -l "$RUN_DIR/long.log")"
  watch_end long 3 0
}

no_children_of() { [ "$(pgrep -c -P "$1")" = 0 ]; }

# ---- Signals ----

# A program that counts its signals.
listener_start() {
  # shellcheck disable=SC2016
  process_spawn listener "$RUN_DIR/listener.log" env --default-signal=HUP bash -c 'trap "echo HUP" HUP; trap "echo USR1" USR1; echo ready
    while :; do sleep 0.1; done'
  await listener.log ready
  process_alive listener
  LISTENER=$PROCESS_PID
  echo "$LISTENER" >"$RUN_DIR/listener.pid"
}

sends_signals() {
  listener_start
  watch_start signals --signal HUP --pid-file "$RUN_DIR/listener.pid"
  await listener.log HUP 1
  moves alice http://alice:2
  await listener.log HUP 2
  rm "$RUN_DIR/listener.pid"
  moves alice http://alice:3
  await signals.log 'no signal was sent: '
  await signals.log 'No such file'
  echo "12 monkeys" >"$RUN_DIR/listener.pid"
  moves alice http://alice:4
  await signals.log 'holds no process id' 1
  echo 2147483647 >"$RUN_DIR/listener.pid"
  moves alice http://alice:5
  await signals.log 'No such process'
  printf ' %s\r\n' "$LISTENER" >"$RUN_DIR/listener.pid"
  moves alice http://alice:1
  await listener.log HUP 3
  for content in -1 0 1e3 '' "$WATCH" 99999999999999999999; do
    printf %s "$content" >"$RUN_DIR/other.pid"
    expect_status 0 "$DSTACK_P2P" watch --once --signal SIGUSR1 --pid-file "$RUN_DIR/other.pid"
    if [ "$content" != "$WATCH" ]; then expect_text "$ERR" 'holds no process id'; fi
  done
  # USR1 is the end of a program that does not expect it.
  expect_end signals 3
  process_stop listener
}

# While the command cannot be started: with so small a stack its environment is too large for it.
signals_once_for_a_list() {
  local much
  much=$(head -c 100000 /dev/zero | tr '\0' x)
  listener_start
  MUCH=$much MORE=$much watch_start tries --signal USR1 --pid-file "$RUN_DIR/listener.pid" --exec true
  await tries.log 'ended with status 0' 1
  prlimit --pid "$WATCH" --stack=262144:
  moves alice http://alice:2
  await tries.log 'cannot be started' 2
  prlimit --pid "$WATCH" --stack=8388608:
  await tries.log 'ended with status 0' 2
  moves alice http://alice:1
  await tries.log 'ended with status 0' 3
  await listener.log USR1 3
  watch_end tries 3 0
  process_stop listener
}

# ---- Templates ----

# hostile peers beside alice
renders_configurations() {
  joins grace 10.0.0.2:5432
  joins mallory 'http://x;}include"/etc/passwd'
  joins nobody nowhere
  cat >"$RUN_DIR/nginx.in" <<'TEMPLATE'
upstream app {{
{#peers}
    server {host_port};
{/peers}
{^peers}
    server 127.0.0.1:1 down;
{/peers}
}}
TEMPLATE
  watch_start nginx --template "$RUN_DIR/nginx.in" --output "$RUN_DIR/nginx.conf"
  await_text "$RUN_DIR/nginx.conf" "upstream app {
    server alice:1;
    server 10.0.0.2:5432;
}"
  await nginx.log 'is left out of' 2
  await nginx.log 'its {host_port} is missing' 2
  [ "$(stat -c %a "$RUN_DIR/nginx.conf")" = 644 ]
  leaves grace
  await_text "$RUN_DIR/nginx.conf" "upstream app {
    server alice:1;
}"
  # Who was left out is not told again.
  has nginx.log 'is left out of' 2
  # shellcheck disable=SC2010
  if ls -a "$RUN_DIR" | grep '^[.]nginx'; then fail "temporary files"; fi
  watch_end nginx 3 0
  printf '{"urls": [{#peers}{url|json}{^last}, {/last}{/peers}]}' | sed 's/^{/{{/; s/}$/}}/' >"$RUN_DIR/json.in"
  expect_status 0 "$DSTACK_P2P" watch --once --template "$RUN_DIR/json.in" --output -
  expect_json '(.urls | sort) == ["http://alice:1", "http://x;}include\"/etc/passwd", "nowhere"]' "$OUT"
  leaves mallory
  leaves nobody
}

writes_only_what_is_new() {
  local inode
  echo '{#peers}{url}{/peers}' >"$RUN_DIR/new.in"
  echo 'old' >"$RUN_DIR/real"
  ln -s real "$RUN_DIR/new"
  chmod 640 "$RUN_DIR/real"
  watch_start new --template "$RUN_DIR/new.in" --output "$RUN_DIR/new" --exec 'true'
  await_text "$RUN_DIR/new" http://alice:1
  [ -L "$RUN_DIR/new" ] || fail "the link is gone"
  [ "$(stat -c %a "$RUN_DIR/real")" = 640 ] || fail "$(stat "$RUN_DIR/real")"
  inode=$(stat -c %i "$RUN_DIR/real")
  watch_end new 3 0
  expect_status 0 "$DSTACK_P2P" watch --once --template "$RUN_DIR/new.in" --output "$RUN_DIR/new"
  [ "$(stat -c %i "$RUN_DIR/real")" = "$inode" ] || fail "written though nothing is new"
  expect_status 0 "$DSTACK_P2P" watch --once --template "$RUN_DIR/new.in" --output "$RUN_DIR/new" --mode 0600
  [ "$(stat -c %a "$RUN_DIR/real")" = 600 ] || fail "$(stat "$RUN_DIR/real")"
}

# Links stay, also those that lead nowhere yet, as after a start from an empty /run.
follows_links() {
  mkdir "$RUN_DIR/links" "$RUN_DIR/links/run"
  echo '{#peers}{url}{/peers}' >"$RUN_DIR/links/in"
  ln -s run/here "$RUN_DIR/links/absent"
  ln -s "$RUN_DIR/links/absent" "$RUN_DIR/links/chain"
  ln -s gone/here "$RUN_DIR/links/lost"
  ln -s loop "$RUN_DIR/links/loop"
  expect_status 0 "$DSTACK_P2P" watch --once --template "$RUN_DIR/links/in" --output "$RUN_DIR/links/chain"
  is_text "$RUN_DIR/links/run/here" http://alice:1 || fail "$(ls -lR "$RUN_DIR/links")"
  for link in chain absent; do [ -L "$RUN_DIR/links/$link" ] || fail "$(ls -lR "$RUN_DIR/links")"; done
  expect_status 6 "$DSTACK_P2P" watch --once --template "$RUN_DIR/links/in" --output "$RUN_DIR/links/lost"
  expect_text "$ERR" 'gone/here cannot be written: No such file'
  expect_status 6 "$DSTACK_P2P" watch --once --template "$RUN_DIR/links/in" --output "$RUN_DIR/links/loop"
  expect_text "$ERR" 'cannot be written: Too many levels of symbolic links'
  cd "$RUN_DIR/links"
  rm run/here
  expect_status 0 "$DSTACK_P2P" watch --once --template in --output absent
  is_text run/here http://alice:1 || fail "$(ls -lR)"
}

keeps_the_owner() {
  [ "$(id -u)" = 0 ] || return 0
  echo '{#peers}{url}{/peers}' >"$RUN_DIR/owner.in"
  echo old >"$RUN_DIR/owned"
  chown 12345:54321 "$RUN_DIR/owned"
  expect_status 0 "$DSTACK_P2P" watch --once --template "$RUN_DIR/owner.in" --output "$RUN_DIR/owned"
  [ "$(stat -c %u:%g "$RUN_DIR/owned")" = 12345:54321 ] || fail "$(stat "$RUN_DIR/owned")"
  [ "$(cat "$RUN_DIR/owned")" = http://alice:1 ]
}

# Template, signal, command: each finds done what comes before it; no signal where nothing was written, but at the
# start: the output is there already after a kill that came before the signal.
does_things_in_order() {
  listener_start
  echo '{#peers}{host}{/peers}' >"$RUN_DIR/order.in"
  watch_start order --template "$RUN_DIR/order.in" --output "$RUN_DIR/order.conf" --signal USR1 \
    --pid-file "$RUN_DIR/listener.pid" --exec "cat $RUN_DIR/order.conf >>$RUN_DIR/order.seen"
  await order.seen alice 1
  await listener.log USR1 1
  moves alice http://alice:2
  await order.seen alice 2
  moves alice http://alys:1
  await order.seen alys 1
  await listener.log USR1 2
  moves alice http://alice:1
  await listener.log USR1 3
  watch_end order 3 137 KILL
  watch_start order --template "$RUN_DIR/order.in" --output "$RUN_DIR/order.conf" --signal USR1 \
    --pid-file "$RUN_DIR/listener.pid"
  await listener.log USR1 4
  watch_end order 3 0
  process_stop listener
}

# What cannot be written is not lost: it is written when it can be.
tries_again() {
  mkdir "$RUN_DIR/folder"
  echo '{#peers}{url}{/peers}' >"$RUN_DIR/again.in"
  watch_start again --template "$RUN_DIR/again.in" --output "$RUN_DIR/folder/sub/again"
  await again.log 'cannot be written: No such file'
  mkdir "$RUN_DIR/folder/sub"
  await_text "$RUN_DIR/folder/sub/again" http://alice:1
  watch_end again 3 0
  expect_status 6 "$DSTACK_P2P" watch --once --template "$RUN_DIR/again.in" --output "$RUN_DIR/none/x"
  expect_status 6 "$DSTACK_P2P" watch --exit-on-failure --template "$RUN_DIR/again.in" --output /dev/null
  expect_text "$ERR" 'it is no file'
}

# ---- Once ----

does_it_once() {
  expect_status 0 "$DSTACK_P2P" watch --once
  [ "$(wc -l <<<"$OUT")" = 1 ] || fail "$OUT"
  expect_status 0 "$DSTACK_P2P" watch --once --json --exec 'cat >&2'
  expect_json '.count == 1' "$ERR"
  expect_json '[.[].kind] == ["snapshot", "command"]' "$(jq -s . <<<"$OUT")"
  # What was not done is no success.
  watch_start never --once --rpc-url http://127.0.0.1:1
  await never.log 'cannot be refreshed'
  watch_end never 3 16
}

# ---- The chain is away ----

# A chain that is kept over its process's end.
chain_start() {
  anvil_spawn anvil "$1" --state "$RUN_DIR/chain.json"
  wait_until 20 rpc_answers "http://127.0.0.1:$1" || die 1 "anvil does not answer"
  chain_open "http://127.0.0.1:$1"
}

outlives_outages() {
  watch_start outage --exec 'jq .count >>'"$RUN_DIR/outage.counts"
  await outage.counts 1
  process_stop anvil
  await outage.log 'the peer list cannot be refreshed'
  chain_start "$PORT"
  joins heidi http://heidi:1
  await outage.counts 2
  leaves heidi
  await outage.counts 1 2
  watch_end outage 3 0
  [ "$(xargs <"$RUN_DIR/outage.counts")" = "1 2 1" ] || fail "$(cat "$RUN_DIR/outage.counts")"
  # Told once, not at each try.
  has outage.log 'cannot be refreshed' 1 || fail "$(cat "$RUN_DIR/outage.log")"
}

# It takes connections, and says nothing.
starts_while_the_chain_hangs() {
  process_freeze anvil
  watch_start early --rpc-timeout 1
  await early.log 'cannot be refreshed'
  [ ! -s "$RUN_DIR/early.out" ] || fail "$(cat "$RUN_DIR/early.out")"
  process_thaw anvil
  await early.out present
  watch_end early 3 0
}

# ---- Misuse ----

# refused PART ARGUMENT...
refused() {
  local part=$1
  shift
  expect_status 2 "$DSTACK_P2P" watch "$@"
  [ "$OUT" = "" ] || fail "$OUT"
  expect_text "$ERR" "$part"
}

refuses_wrong_input() {
  printf 'a\n{#peers}\n{hots}\n{/peers}\n' >"$RUN_DIR/wrong.in"
  printf 'a\n{#peers}\n' >"$RUN_DIR/open.in"
  head -c 1100000 /dev/zero | tr '\0' a >"$RUN_DIR/huge.in"
  refused 'wrong.in: line 3: there is no field {hots}' --template "$RUN_DIR/wrong.in" --output -
  refused 'open.in: line 2: the section {#peers} is not ended' --template "$RUN_DIR/open.in" --output -
  refused 'more than' --template "$RUN_DIR/huge.in" --output -
  refused 'No such file' --template "$RUN_DIR/none.in" --output -
  refused 'Is a directory' --template "$RUN_DIR" --output -
  refused 'belong together' --template "$RUN_DIR/open.in"
  refused 'belong together' --output x
  refused 'would both print' --json --template "$RUN_DIR/open.in" --output -
  refused '--mode is for --output' --mode 644
  refused '--mode takes an octal mode' --template "$RUN_DIR/open.in" --output x --mode 1777
  refused '--mode takes an octal mode' --template "$RUN_DIR/open.in" --output x --mode rw
  refused 'belong together' --signal HUP
  refused 'belong together' --pid-file x
  refused '--signal takes one of: HUP' --signal KILL --pid-file x
  refused '--exec is given an empty value' --exec ''
  refused '--exec-timeout is for --exec' --exec-timeout 5
  refused '--debounce takes a time' --debounce soon
  refused 'more than it takes' something
  expect_status 11 "$DSTACK_P2P" watch --contract 0x12
}

PORT=$(free_port)
chain_start "$PORT"
simulator_start
contract_deploy
export RPC_URL=$RPC CONTRACT_ADDRESS=$CONTRACT
joins alice http://alice:1
test_case "a line for each change" prints_changes
test_case "a JSON line for each change" prints_json_lines
test_case "columns and colours on a terminal" is_coloured_on_a_terminal
test_case "this node can be left out" leaves_itself_out
test_case "readers that go away, and that do not read" minds_its_reader
test_case "the command gets the list, at the start and on changes" runs_the_command
test_case "one command at a time, and the last list at the end" runs_one_at_a_time
test_case "a burst of changes leads to one run" waits_for_calm
test_case "the command's descriptors, signals and environment" is_clean_for_the_command
test_case "a command that fails" reports_failures
test_case "a command that takes too long" ends_slow_commands
test_case "a command that runs at the end" takes_commands_along
test_case "$CHANGES changes: no zombie, no descriptor more" leaves_nothing_behind
test_case "signals" sends_signals
test_case "one signal for a list, however often its command is tried" signals_once_for_a_list
test_case "a configuration, among hostile peers" renders_configurations
test_case "the output: links, modes, and nothing twice" writes_only_what_is_new
test_case "the output: links that lead nowhere yet" follows_links
test_case "the output's owner" keeps_the_owner
test_case "template, signal, command" does_things_in_order
test_case "what cannot be written is written later" tries_again
test_case "once" does_it_once
test_case "the chain goes away, and comes back" outlives_outages
test_case "the chain hangs at the start" starts_while_the_chain_hangs
test_case "wrong input" refuses_wrong_input
test_end
