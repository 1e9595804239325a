#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The Python binding on a real chain and simulator, its wheel, and its example among C nodes:   tests/python/run.sh [TEST...]
#
# BUILD_DIR chooses the build, PYTHON the interpreter. With a sanitized build the library runs inside Python, too.
# No *_test.sh: `check.sh python` runs it.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"

PYTHON=${PYTHON:-python3}
export -n PYTHON # the wheel may need another one to be built
readonly BINDING=$ROOT/bindings/python
export PYTHONDONTWRITEBYTECODE=1

# RUN: Python with the build's library; one that is sanitized needs its runtime before Python's own, and Python keeps memory
# until its end.
RUN=(env DSTACK_P2P_LIBRARY="$BUILD_DIR/src/libdstack-p2p.so.1" PYTHONPATH="$BINDING")
if is_sanitized; then
  RUN+=(LD_PRELOAD="$("${CC:-gcc}" -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 TEST_SLOW=5)
fi
RUN+=("$PYTHON")

# unit_tests [TEST...]: their own lines and counts.
unit_tests() {
  local name
  for name in lines records watch joins leaves pending; do instance_admitted "$name" >/dev/null; done
  instance poor
  owner_sends 'mintNodeAccess(address,string)' 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "$INSTANCE"
  TEST_CONTRACT=$CONTRACT TEST_RPC=$RPC TEST_GUEST=$GUEST "${RUN[@]}" "$ROOT/tests/python/main.py" "$@"
}

# ---- The example, among C nodes

# node_start NAME PORT [OPTION...]: hello_p2p.py for the instance NAME, which is admitted.
node_start() {
  local name=$1 port=$2
  shift 2
  process_spawn "$name" "$RUN_DIR/$name.log" "${RUN[@]}" "$ROOT/examples/python/hello_p2p.py" "$CONTRACT" \
    --port "$port" --rpc-url "$RPC" --guest "$GUEST/i/$name" --poll-interval 200 "$@"
}

# greets PORT OTHER-PORT: the node on PORT has an answer of the other one, and was greeted by it.
greets() {
  hello_get "$1" /peers 2>/dev/null | jq -e ".peer_info[] | select(.connection_url == \"http://localhost:$2\") |
    (.response.message | startswith(\"Hello from \")) and .greeted_us_at != null" >/dev/null
}

all_greet() {
  local one other
  for one in "$@"; do
    for other in "$@"; do
      [ "$one" = "$other" ] || greets "$one" "$other" || return 1
    done
  done
}

# fields PORT PATH: the names in an answer, nested ones too.
fields() {
  hello_get "$1" "$2" | jq -c '[paths | map(if type == "number" then 0 else . end)] | unique'
}

example_among_c_nodes() {
  local path one=$FIRST two=$((FIRST + 1)) three=$((FIRST + 2)) name
  for name in c-one c-two snake; do instance_admitted "$name"; done
  hello_start c-one "$one"
  node_start snake "$two" --withdraw
  hello_start c-two "$three"
  wait_until 30 all_greet "$one" "$two" "$three" || fail "$(hello_get "$one" /peers; hello_get "$two" /peers)"
  hello_wait_healthy "$two"
  for path in /info /peers /hello /health; do
    [ "$(fields "$one" "$path")" = "$(fields "$two" "$path")" ] ||
      fail "$path differs: $(hello_get "$one" "$path") $(hello_get "$two" "$path")"
  done
  expect_json ".connection_url == \"http://localhost:$two\" and .peers_count == 2 and .registered and .chain_id == 31337" \
    "$(hello_get "$two" /info)"
}

# peers_of PORT COUNT
peers_of() {
  hello_get "$1" /peers | jq -e ".peers | length == $2" >/dev/null
}

example_sees_leaving() {
  process_alive c-two
  kill -TERM "$PROCESS_PID"
  expect_end c-two 5
  # Its registration stands; its owner ends that.
  instance c-two
  owner_sends 'banInstance(string)' "$INSTANCE"
  wait_until 20 peers_of $((FIRST + 1)) 1 || fail "$(hello_get $((FIRST + 1)) /peers)"
}

example_withdraws() {
  process_alive snake
  kill -TERM "$PROCESS_PID"
  expect_end snake 5
  expect_text "$(cat "$RUN_DIR/snake.log")" 'withdrawn: the contract does not list this node'
  instance snake
  [ "$(listed_url "$INSTANCE")" = "" ]
  wait_until 20 peers_of "$FIRST" 0
}

example_refuses() {
  local port example=("${RUN[@]}" "$ROOT/examples/python/hello_p2p.py")
  port=$(free_port)
  expect_status 42 "${example[@]}" "$CONTRACT" --port "$port" --rpc-url "$RPC" --guest "$GUEST/i/nobody"
  expect_text "$ERR" 'holds no NFT'
  expect_status 11 "${example[@]}" 0x123 --port "$port"
  expect_status 3 "${example[@]}" "$CONTRACT" --port "${GUEST##*:}"
  expect_status 2 "${example[@]}" "$CONTRACT" --port 70000
  expect_status 2 "${example[@]}" "$CONTRACT" --port "$port" --chain-id 0
}

# Requests that are none, and a node that is waiting for its guest agent.
example_serves() {
  local port
  port=$(free_port)
  node_start patient "$port" --guest "$RUN_DIR/nothing.sock"
  wait_until 10 hello_get "$port" /info
  expect_json '.instance_id == null and (.registered | not)' "$(hello_get "$port" /info)"
  expect_json '.status == "unavailable" and (.reason | contains("guest agent"))' "$(hello_get "$port" /health)"
  [ "$(hello_get "$port" /hello -o /dev/null -w '%{http_code}')" = 503 ]
  [ "$(hello_get "$port" /nothing -o /dev/null -w '%{http_code}')" = 404 ]
  [ "$(hello_get "$port" /info -X POST -o /dev/null -w '%{http_code}')" = 405 ]
  [ "$(hello_get "$port" /info -I | tr -d '\r' | sed -n 1p)" = 'HTTP/1.1 200 OK' ]
  printf 'nonsense\r\n\r\n' | timeout 5 curl -sS --max-time 5 "telnet://127.0.0.1:$port" | grep -q '400 Bad Request'
  if hello_get "$port" "/info?$(printf '%020000d' 0)" -f; then fail "a head of 20 kB was taken"; fi
  hello_get "$port" /info >/dev/null
  process_alive patient
  kill -TERM "$PROCESS_PID"
  expect_end patient 5
  ! log_has patient Traceback
}

anvil_start
simulator_start
contract_deploy
status=0
unit_tests "$@" || status=1
if [ $# = 0 ]; then
  FIRST=$(free_ports 3)
  test_case 'hello_p2p.py: finds, greets and is greeted by C nodes, with the same answers' example_among_c_nodes
  test_case 'hello_p2p.py: sees a node leave' example_sees_leaving
  test_case 'hello_p2p.py: withdraws and ends on SIGTERM' example_withdraws
  test_case 'hello_p2p.py: says why it cannot start' example_refuses
  test_case 'hello_p2p.py: serves while it waits, and refuses what is no request' example_serves
fi
test_end && [ "$status" = 0 ]
