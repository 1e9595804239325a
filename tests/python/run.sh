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
  RUN+=(LD_PRELOAD="$("${CC:-gcc}" -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0)
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
  hello_wait_healthy "$one"
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
  # Without docstrings, too.
  expect_status 0 "${RUN[@]}" -OO "$ROOT/examples/python/hello_p2p.py" --help
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
  printf 'nonsense\r\n\r\n' | timeout 5 curl -sS --max-time 5 "telnet://127.0.0.1:$port" | grep '400 Bad Request' >/dev/null
  if hello_get "$port" "/info?$(printf '%020000d' 0)" -f; then fail "a head of 20 kB was taken"; fi
  hello_get "$port" /info >/dev/null
  # It ends without a complaint while somebody is about to ask.
  exec {slow}<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /he' >&"$slow"
  hello_get "$port" /info >/dev/null
  process_alive patient
  kill -TERM "$PROCESS_PID"
  expect_end patient 5
  ! log_has patient Traceback
}

# ---- The wheel

wheel_is_reproducible() {
  local first second
  first=$(umask 022 && "$BINDING/build_wheel.sh" "$RUN_DIR/wheel")
  second=$(umask 077 && cd / && "$BINDING/build_wheel.sh" "$RUN_DIR/again")
  cmp "$first" "$second"
  [[ $first == "$RUN_DIR"/wheel/dstack_cluster-*-py3-none-linux_*.whl ]] || fail "it is called $first"
}

# venv_with_wheel PYTHON: sets VENV. Where there is no pip the wheel is unpacked, which is all that pip does with it.
venv_with_wheel() {
  VENV=$(mktemp -d "$RUN_DIR/venv-XXXX")
  if "$1" -m venv "$VENV"; then
    "$VENV/bin/pip" install -q --no-index --no-deps --disable-pip-version-check "$RUN_DIR"/wheel/*.whl
  else
    "$1" -m venv --without-pip --clear "$VENV"
    "$1" -m zipfile -e "$RUN_DIR"/wheel/*.whl "$(echo "$VENV"/lib/python3*/site-packages)"
  fi
}

# wheel_works PYTHON: the three lines in an environment of its own, away from the checkout.
wheel_works() {
  venv_with_wheel "$1"
  cd /
  expect_status 0 env -u PYTHONPATH RPC_URL="$RPC" DSTACK_SIMULATOR_ENDPOINT="$GUEST/i/lines" "$VENV/bin/python" -c "
import asyncio, dstack_cluster
async def main():
    async with dstack_cluster.DStackP2PSDK('$CONTRACT', 'http://localhost:8080') as sdk:
        await sdk.register()
        print(await sdk.get_peers())
        await sdk.withdraw()
asyncio.run(main())
print(dstack_cluster.library_path)"
  expect_text "$OUT" "'http://localhost:8080'"
  expect_text "$OUT" "$VENV/lib/python"
  expect_text "$OUT" '_dstack_cluster/libdstack-p2p.so.1'
}

# The wheel's types reach a user's program, and are complete.
types_are_complete() {
  (cd "$BINDING" && mypy --strict dstack_cluster.py _dstack_cluster)
  MYPYPATH=$BINDING mypy --strict --python-version 3.9 "$ROOT"/examples/python/*.py
  venv_with_wheel /usr/bin/python3 # mypy may be older than $PYTHON
  printf '%s\n' 'from dstack_cluster import DStackP2PSDK' 'async def f(sdk: DStackP2PSDK) -> None:' \
    '    reveal_type(await sdk.get_peers())' '    DStackP2PSDK(chain_id="1")' >"$VENV/user.py"
  cd "$VENV"
  expect_status 1 mypy --strict --python-executable "$VENV/bin/python" user.py
  # Newer ones leave "builtins." out.
  expect_text "${OUT//builtins./}" 'Revealed type is "list[str]"'
  expect_text "$OUT" 'Argument "chain_id" to "DStackP2PSDK" has incompatible type "str"'
}

anvil_start
simulator_start
contract_deploy
status=0
unit_tests "$@" || status=1
if [ $# = 0 ]; then
  # A sanitized library is of no use in a wheel.
  if ! is_sanitized; then
    test_case 'wheel: the same sources give the same bytes' wheel_is_reproducible
    test_case "wheel: installs and works, $PYTHON" wheel_works "$PYTHON"
    test_case 'wheel: installs and works, /usr/bin/python3' wheel_works /usr/bin/python3
    test_case 'types are complete, in the checkout and for who installs the wheel' types_are_complete
  fi
  FIRST=$(free_ports 3)
  test_case 'hello_p2p.py: finds, greets and is greeted by C nodes, with the same answers' example_among_c_nodes
  test_case 'hello_p2p.py: sees a node leave' example_sees_leaving
  test_case 'hello_p2p.py: withdraws and ends on SIGTERM' example_withdraws
  test_case 'hello_p2p.py: says why it cannot start' example_refuses
  test_case 'hello_p2p.py: serves while it waits, and refuses what is no request' example_serves
fi
test_end && [ "$status" = 0 ]
