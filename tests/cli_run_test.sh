#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dstack-p2p run: the sidecar on a real chain, from its start to its end.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# sidecar NAME ARGUMENT...: runs it for the instance NAME in the background; its log is $RUN_DIR/NAME.log.
sidecar() {
  local name=$1
  shift
  process_spawn "$name" "$RUN_DIR/$name.log" "$DSTACK_P2P" run "http://$name:1" --rpc-url "$RPC" \
    --contract "$CONTRACT" --guest "$GUEST/i/$name" --poll-interval 200ms "$@"
}

# serving NAME: sets AT to where it serves, once it does.
serving() {
  wait_until 20 log_has "$1" "serving at " || fail "it does not serve: $(cat "$RUN_DIR/$1.log")"
  AT=$(sed -n 's/^dstack-p2p: serving at //p' "$RUN_DIR/$1.log")
}

is_registered() {
  log_has "$1" "dstack-p2p: registered: "
}

registered() {
  wait_until 20 is_registered "$1" || fail "not registered: $(cat "$RUN_DIR/$1.log")"
}

get() {
  curl -sS --max-time 5 "http://$AT$1" "${@:2}"
}

is_healthy() {
  get /health 2>/dev/null | jq -e '.status == "ok"' >/dev/null 2>&1
}

# ended NAME STATUS SECONDS [SIGNAL]: sends the signal, and waits for the end with this status.
ended() {
  local status=0 wanted=$2 pid
  [[ $wanted =~ ^[0-9]+$ ]] || wanted=$(error_code "$wanted")
  pid=$(awk -v name="$1" '$1 == name { pid = $2 } END { print pid }' "$_PROCESSES")
  if [ -n "${4:-}" ]; then kill -"$4" "$pid"; fi
  expect_end "$1" "$3"
  wait "$pid" || status=$?
  [ "$status" = "$wanted" ] || fail "$1 ended with $status instead of $wanted: $(cat "$RUN_DIR/$1.log")"
}

# fails STATUS PART-OF-SENTENCE ARGUMENT...
fails() {
  local status=$1 part=$2
  shift 2
  RPC_URL=$RPC DSTACK_SIMULATOR_ENDPOINT=$GUEST/i/x expect_status "$status" timeout 20 "$DSTACK_P2P" run \
    --contract "$CONTRACT" "$@"
  expect_text "$ERR" "$part"
  [ -z "$OUT" ]
}

refuses_misuse() {
  local address
  fails "$(error_code CONNECTION_URL)" "no connection URL"
  for address in 9100 :9100 127.0.0.1 127.0.0.1: localhost:80 127.0.0.1:70000 127.0.0.1:-1 127.0.0.1:80x ::1:80 '[::1]' \
    '[127.0.0.1]x:80' http://127.0.0.1:80; do
    fails 2 "--serve takes an address" http://x:1 --serve "$address"
  done
  fails 2 "--serve takes a socket's path" http://x:1 --serve unix:
  fails 2 "--serve takes a socket's path" http://x:1 --serve "unix:/$(printf '%0200d' 0)"
  for address in 0.0.0.0:9100 '[::]:9100' 192.0.2.1:80; do
    fails 2 "is no loopback address: --serve-anywhere" http://x:1 --serve "$address"
  done
  fails 18 "cannot serve at 192.0.2.1:80" http://x:1 --serve 192.0.2.1:80 --serve-anywhere
  fails 18 "cannot serve at ${GUEST#http://}" http://x:1 --serve "${GUEST#http://}"
  fails 2 "--serve-anywhere is for --serve" http://x:1 --serve-anywhere
  fails 2 "--retry takes a time" http://x:1 --retry soon
  fails 2 "--withdraw-timeout takes a time" http://x:1 --withdraw-timeout 2h
  fails 2 "--poll-interval takes 10ms" http://x:1 --poll-interval 9ms
}

# ---- a life

lives_and_withdraws() {
  local code
  instance_admitted alice
  expect_status 0 "$DSTACK_P2P" run http://alice:1 --dry-run --json --rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT"
  expect_json '.dry_run and .needed' "$OUT"
  [ "$(listed_url "$INSTANCE")" = "" ]
  sidecar alice --serve 127.0.0.1:0
  serving alice
  registered alice
  wait_until 10 is_healthy || fail "not healthy: $(get /health)"
  [ "$(listed_url "$INSTANCE")" = http://alice:1 ]
  expect_json ".peers[0] | .instance_id == \"$INSTANCE\" and .url == \"http://alice:1\" and .host == \"alice\" and .port == 1" "$(get /peers)"
  expect_json ".checked and .count == 1 and .left_out == 0 and .self_known and .version > 0 and .block > 0 and .block_time > 0" "$(get /peers)"
  expect_json ".peers[0] | .address == \"$ADDRESS\" and .is_self and .registered_at > 0 and .expires_at == 0" "$(get /peers)"
  get /metrics | promtool check metrics
  get /metrics | grep -x 'dstack_p2p_peers 1' >/dev/null
  get /metrics | grep -x 'dstack_p2p_registered 1' >/dev/null
  get /metrics -I | grep -i '^content-type: text/plain; version=0.0.4' >/dev/null
  code=$(get / -o /dev/null -w '%{http_code}')
  [ "$code" = 404 ]
  code=$(get /health -X POST -d x -o /dev/null -w '%{http_code}')
  [ "$code" = 405 ]
  log_has alice "watching: 0 in the cluster" || log_has alice "watching: 1 in the cluster"
  ended alice 0 10 TERM
  log_has alice "withdrawn: the contract does not list this node"
  [ "$(listed_url "$INSTANCE")" = "" ]
}

tells_of_others_as_json() {
  instance_admitted bob
  instance_admitted carol
  sidecar bob --json
  wait_until 20 log_has bob '"kind":"registered"' || fail "$(cat "$RUN_DIR/bob.log")"
  "$DSTACK_P2P" register http://carol:1 --rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT" >/dev/null
  wait_until 10 log_has bob '"kind":"joined","'
  wait_until 10 log_has bob http://carol:1
  "$DSTACK_P2P" register http://carol:2 --rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT" >/dev/null
  wait_until 10 log_has bob '"kind":"changed"'
  "$DSTACK_P2P" withdraw --rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT"
  wait_until 10 log_has bob '"kind":"left"'
  ended bob 0 10 INT
  expect_json 'map(.kind) | index("snapshot") != null and .[-1] == "withdrawn"' "$(jq -s . "$RUN_DIR/bob.log")"
  expect_json "map(select(.kind == \"changed\"))[0] | .previous.url == \"http://carol:1\" and .peer.url == \"http://carol:2\"" \
    "$(jq -s . "$RUN_DIR/bob.log")"
  expect_json 'all(.time > 0 and (.message | length) > 0)' "$(jq -s . "$RUN_DIR/bob.log")"
}

# The chain's clock goes on by more than half of the lease, twice.
keeps_the_lease() {
  local round
  instance_admitted dave
  owner_sends 'setLeaseDuration(uint64)' 1000
  sidecar dave --serve 127.0.0.1:0
  serving dave
  registered dave
  for round in 1 2; do
    cast rpc --rpc-url "$RPC" evm_increaseTime 700 >/dev/null
    cast rpc --rpc-url "$RPC" evm_mine >/dev/null
    wait_until 20 renewed dave "$round" || fail "$(cat "$RUN_DIR/dave.log")"
  done
  if grep -qE 'this node (left|changed)' "$RUN_DIR/dave.log"; then fail "the lease ended: $(cat "$RUN_DIR/dave.log")"; fi
  log_has dave 'renewed: the lease ends in 16 min'
  is_healthy
  [ "$(listed_url "$INSTANCE")" = http://dave:1 ]
  get /metrics | grep -E '^dstack_p2p_lease_left_seconds (9[0-9]{2}|1000)[.]' >/dev/null
  # Who is put out is not healthy.
  owner_sends 'banInstance(string)' "$INSTANCE"
  wait_until 10 is_unhealthy || fail "$(get /health)"
  expect_text "$(get /health)" "does not list this node"
  owner_sends 'unbanInstance(string)' "$INSTANCE"
  ended dave 0 10 TERM
  owner_sends 'setLeaseDuration(uint64)' 0
}

# thread_blocks TASK SIGNAL-NUMBER
thread_blocks() {
  local mask
  mask=$(sed -n 's/^SigBlk:\t//p' "$1/status")
  [ $((16#$mask >> ($2 - 1) & 1)) = 1 ]
}

# A signal is for the thread that has the handle, and no other.
signals_come_to_one_thread() {
  local task
  instance_admitted nora
  sidecar nora --serve 127.0.0.1:0
  registered nora
  process_alive nora
  for task in "/proc/$PROCESS_PID/task"/*; do
    [ "${task##*/}" = "$PROCESS_PID" ] || { thread_blocks "$task" 15 && thread_blocks "$task" 2; } ||
      fail "$(cat "$task/comm") takes signals"
  done
  ended nora 0 10 TERM
}

renewed() {
  [ "$(grep -c 'renewed: the lease ends in' "$RUN_DIR/$1.log")" -ge "$2" ]
}

is_unhealthy() {
  [ "$(get /health -o /dev/null -w '%{http_code}')" = 503 ]
}

node_again() {
  anvil_spawn anvil "${RPC##*:}" --state "$RUN_DIR/chain.json"
  wait_until 20 rpc_answers "$RPC" || fail "anvil does not answer"
}

survives_the_nodes_restart() {
  instance_admitted erin
  sidecar erin --serve 127.0.0.1:0
  serving erin
  registered erin
  wait_until 10 is_healthy
  process_stop anvil
  wait_until 10 log_has erin "reading the contract: "
  get /metrics | grep '^dstack_p2p_monitor_failures [1-9]' >/dev/null
  node_again
  wait_until 20 log_has erin "reading the contract: it works again" || fail "$(cat "$RUN_DIR/erin.log")"
  wait_until 10 is_healthy || fail "$(get /health)"
  ended erin 0 10 TERM
  [ "$(listed_url "$INSTANCE")" = "" ]
}

# ---- the start

waits_for_agent_and_node() {
  instance_admitted frank
  process_stop anvil
  process_spawn frank "$RUN_DIR/frank.log" "$DSTACK_P2P" run http://frank:1 --rpc-url "$RPC" --contract "$CONTRACT" \
    --guest "$RUN_DIR/late/frank/dstack.sock" --serve 127.0.0.1:0
  serving frank
  wait_until 10 log_has frank "asking the guest agent is tried again" || fail "$(cat "$RUN_DIR/frank.log")"
  expect_text "$(get /health)" "cannot reach the guest agent"
  process_spawn late "$RUN_DIR/late.log" "$SIMULATOR" --dir "$RUN_DIR/late" --instance frank
  wait_until 20 log_has frank "registering is tried again" || fail "$(cat "$RUN_DIR/frank.log")"
  is_unhealthy
  node_again
  registered frank
  ended frank 0 10 TERM
  process_stop late
}

gives_up_in_time() {
  local begin
  begin=$(now_ms)
  fails "$(error_code GUEST_UNREACHABLE)" "cannot reach the guest agent" http://x:1 --guest "$RUN_DIR/nobody.sock" --retry 0
  fails "$(error_code RPC_UNREACHABLE)" "" http://x:1 --rpc-url http://127.0.0.1:1 --retry 1s
  [ "$(($(now_ms) - begin))" -lt 15000 ]
  fails "$(error_code NO_NFT)" "holds no NFT" http://x:1
  fails "$(error_code NO_NFT)" "holds no NFT" http://x:1 --dry-run
}

ends_before_it_begins() {
  process_spawn early "$RUN_DIR/early.log" "$DSTACK_P2P" run http://early:1 --rpc-url "$RPC" --contract "$CONTRACT" \
    --guest "$RUN_DIR/nobody.sock"
  wait_until 10 log_has early "tried again"
  ended early GUEST_UNREACHABLE 3 TERM
  log_has early "not withdrawn, the contract may list this node"
}

# ---- the end

stays_registered() {
  instance_admitted grace
  sidecar grace --no-withdraw
  registered grace
  ended grace 0 5 TERM
  log_has grace "the contract lists this node until its lease ends"
  [ "$(listed_url "$INSTANCE")" = http://grace:1 ]
}

# A node that hangs: the end is bounded, and the status says that it is not confirmed.
ends_in_time() {
  instance_admitted heidi
  sidecar heidi --withdraw-timeout 1s
  registered heidi
  process_freeze anvil
  ended heidi 4 6 TERM
  process_thaw anvil
  log_has heidi "not withdrawn in time (--withdraw-timeout), the contract may list this node"
  [ "$(listed_url "$INSTANCE")" = http://heidi:1 ]
  # A second signal ends it at once.
  instance_admitted ivan
  sidecar ivan --withdraw-timeout 1h
  registered ivan
  process_freeze anvil
  process_alive ivan
  kill -TERM "$PROCESS_PID"
  wait_until 5 log_has ivan "withdrawing; a second signal ends the program" || fail "$(cat "$RUN_DIR/ivan.log")"
  sleep 0.5 # one that follows at once is taken for the same
  ended ivan 143 3 TERM
  process_thaw anvil
}

# Also another one; and as the first process of a container, which signals end only if it lets them.
is_ended_by_any_second_signal() {
  local name status started pid
  trap 'process_thaw anvil' EXIT
  process_freeze anvil
  for name in other first; do
    local -a wrapper=()
    if [ "$name" = first ]; then
      unshare --pid --fork true || continue # which takes rights
      wrapper=(unshare --pid --fork --kill-child)
    fi
    process_spawn "$name" "$RUN_DIR/$name.log" "${wrapper[@]}" "$DSTACK_P2P" run "http://$name:1" --rpc-url "$RPC" \
      --contract "$CONTRACT" --guest "$GUEST/i/ivan" --rpc-timeout 60s --withdraw-timeout 1h
    wait_until 10 log_has "$name" "publishing" || fail "$(cat "$RUN_DIR/$name.log")"
    process_alive "$name"
    started=$PROCESS_PID pid=$PROCESS_PID status=0
    if [ "$name" = first ]; then pid=$(pgrep -P "$started"); fi
    kill -INT "$pid"
    wait_until 5 log_has "$name" withdrawing
    sleep 0.5
    kill -TERM "$pid"
    expect_end "$name" 3
    wait "$started" || status=$?
    [ "$status" = 143 ] || fail "$name ended with $status: $(cat "$RUN_DIR/$name.log")"
  done
}

# As timeout(1) sends it: to the process, and to its group. Both wait until it goes on, so that they come at once on a busy
# machine, too.
an_echo_is_no_second_signal() {
  instance_admitted olga
  sidecar olga
  registered olga
  process_freeze olga
  kill -TERM "$PROCESS_PID"
  kill -INT "$PROCESS_PID"
  process_thaw olga
  ended olga 0 10
  [ "$(listed_url "$INSTANCE")" = "" ]
}

# A withdrawal that was sent and is in no block yet.
says_what_is_unconfirmed() {
  instance_admitted judy
  sidecar judy --withdraw-timeout 2s
  registered judy
  cast rpc --rpc-url "$RPC" evm_setAutomine false >/dev/null
  ended judy UNCONFIRMED 8 TERM
  cast rpc --rpc-url "$RPC" evm_setAutomine true >/dev/null
  cast rpc --rpc-url "$RPC" evm_mine >/dev/null
}

# ---- the socket

serves_on_a_socket() {
  local path=$RUN_DIR/health.sock
  instance_admitted kim
  python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$path" # nobody listens there
  sidecar kim --serve "unix:$path"
  registered kim
  [ "$(stat -c %a "$path")" = 660 ]
  curl -fsS --unix-socket "$path" http://localhost/peers | jq -e '.count > 0' >/dev/null
  # Another one does not get it, and leaves it alone.
  fails 18 "another process listens there" http://x:1 --serve "unix:$path"
  curl -fsS --unix-socket "$path" http://localhost/metrics >/dev/null
  ended kim 0 10 TERM
  [ ! -e "$path" ]
  echo precious >"$path"
  fails 18 "no socket" http://x:1 --serve "unix:$path"
  [ "$(cat "$path")" = precious ]
  fails 18 "folder" http://x:1 --serve "unix:$RUN_DIR/none/x.sock"
}

tells_the_service_manager() {
  local path=$RUN_DIR/notify.sock
  instance_admitted leo
  python3 - "$path" >"$RUN_DIR/notified" <<'END' &
import socket, sys
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.bind(sys.argv[1])
end.settimeout(30)
for _ in range(2):
    print(end.recv(4096).decode().splitlines()[0], flush=True)
END
  wait_until 10 test -S "$path"
  export NOTIFY_SOCKET=$path
  sidecar leo
  wait_until 20 grep -qx READY=1 "$RUN_DIR/notified"
  is_registered leo
  ended leo 0 10 TERM
  wait_until 5 grep -qx STOPPING=1 "$RUN_DIR/notified"
}

# Clients that say nothing keep nobody else out.
serves_in_a_crowd() {
  instance_admitted mia
  sidecar mia --serve '[::1]:0'
  serving mia
  registered mia
  python3 - "${AT##*:}" <<'END'
import socket, sys
idle = [socket.create_connection(("::1", int(sys.argv[1])), 5) for _ in range(100)]
for silent in idle[:50]:
    silent.sendall(b"GET /health HTTP/1.1\r\n")
end = socket.create_connection(("::1", int(sys.argv[1])), 5)
end.sendall(b"GET /health HTTP/1.0\r\n\r\n")
assert b"200 OK" in end.recv(4096)
END
  get /metrics >/dev/null
  ended mia 0 10 TERM
}

# Whoever reads what it says may have stopped reading: it withdraws and ends all the same.
ends_though_nobody_reads() {
  local json
  instance_admitted nora
  for json in '' --json; do
    # shellcheck disable=SC2086
    python3 - "$DSTACK_P2P" run http://nora:1 --rpc-url "$RPC" --contract "$CONTRACT" --guest "$ENDPOINT" \
      --poll-interval 200ms $json <<'END'
import os, signal, subprocess, sys
out, into = os.pipe()
run = subprocess.Popen(sys.argv[1:], stdout=into, stderr=subprocess.STDOUT)
said = b""
while b"registered: " not in said: said += os.read(out, 4096)
os.set_blocking(into, False)
try:
    while True: os.write(into, b"x")
except BlockingIOError:
    os.set_blocking(into, True)
run.send_signal(signal.SIGTERM)
try:
    assert run.wait(15) == 0, run.returncode
finally:
    run.kill()
END
    [ "$(listed_url "$INSTANCE")" = "" ]
  done
}

RPC=http://127.0.0.1:$(free_port)
node_again
chain_open "$RPC"
simulator_start
contract_deploy

test_case "run refuses misuse, and serves loopback only" refuses_misuse
test_case "run registers, serves, and withdraws" lives_and_withdraws
test_case "run tells of others, as JSON lines" tells_of_others_as_json
test_case "run keeps the lease; who is put out is not healthy" keeps_the_lease
test_case "run survives the node's restart" survives_the_nodes_restart
test_case "run waits for the guest agent and the node" waits_for_agent_and_node
test_case "run gives up in time, and at once where nothing will change" gives_up_in_time
test_case "run that is ended before it knows itself says so" ends_before_it_begins
test_case "run --no-withdraw stays registered" stays_registered
test_case "the end is bounded" ends_in_time
test_case "any second signal ends it, also as the first process" is_ended_by_any_second_signal
test_case "a signal that comes twice at once is one" an_echo_is_no_second_signal
test_case "a withdrawal that is in no block is said to be unconfirmed" says_what_is_unconfirmed
test_case "it ends though nobody reads what it says" ends_though_nobody_reads
test_case "the socket belongs to one process" serves_on_a_socket
test_case "the service manager hears of it" tells_the_service_manager
test_case "silent clients keep nobody out" serves_in_a_crowd
test_case "signals come to one thread" signals_come_to_one_thread
test_end
