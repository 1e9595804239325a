# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# For tests/*_test.sh: real processes on free ports in a folder of their own, which goes with them at the end.
#
#   . "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
#   test_case "what should hold" function [argument...]
#   test_end
#
# A case runs in a subshell under `set -e`: the first command that fails, fails it. BUILD_DIR chooses the build.

set -euo pipefail

unset CDPATH
_TESTS_ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
BUILD_DIR=$(cd -- "$_TESTS_ROOT" && cd -- "${BUILD_DIR:-build/dev}" && pwd)
export BUILD_DIR
# Short, because the paths of unix sockets are.
RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/p2p-XXXXXX")
# Whatever the caller's environment holds must not reach the programs.
unset CONTRACT_ADDRESS CONNECTION_URL RPC_URL CHAIN_ID PRIVATE_KEY PRIVATE_KEY_FILE HOST_PRIVATE_KEY FUND_AMOUNT BASE_PORT \
  KMS_ROOT_ADDRESS APP_ID PRODUCTION BASE_DOMAINS NOTIFY_SOCKET NO_COLOR COLUMNS LINES "${!DSTACK_@}" "${!XDG_@}"
# Nor what the caller wants of Pythons; PYTHON says which one.
for _name in "${!PYTHON@}"; do [ "$_name" = PYTHON ] || unset "$_name"; done
# Nor what is configured at home.
export HOME=$RUN_DIR
umask 022

# What could make cast sign as somebody else or ask another node than the one named here.
unset CHAIN "${!ETH_@}" "${!FOUNDRY_@}"
# What script(1) starts its command with: not every shell ends itself for the command it is given.
export SHELL=/bin/sh

export DSTACK_P2P_STATE_DIR=$RUN_DIR/state
# The key of anvil's first account is printed at its start and in its manual: public, for local chains only.
readonly ANVIL_KEY=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80

for _part in common build process guest chain admission; do
  # shellcheck source=/dev/null
  . "$_TESTS_ROOT/scripts/lib/$_part.sh"
done
# shellcheck source=scripts/env.sh
. "$ROOT/scripts/env.sh"

_PASSED=0 _FAILED=0

_tests_clean_up() {
  local status=$?
  trap '' INT TERM
  process_stop_all || true
  if [ -n "${KEEP_RUN_DIR:-}" ]; then echo "kept: $RUN_DIR"; else rm -rf -- "$RUN_DIR"; fi
  exit "$status"
}
trap _tests_clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# test_case NAME FUNCTION ARGUMENT...
test_case() {
  local name=$1 status=0 log=$RUN_DIR/case.log
  shift
  # Not part of a condition, where `set -e` would be off.
  set +e
  (
    set -e
    "$@"
  ) >"$log" 2>&1 </dev/null
  status=$?
  set -e
  if [ "$status" = 0 ]; then
    echo "ok $name"
    _PASSED=$((_PASSED + 1))
  else
    echo "not ok $name"
    sed 's/^/#   /' "$log" | tail -n 40
    _FAILED=$((_FAILED + 1))
  fi
}

test_end() {
  echo "$_PASSED passed, $_FAILED failed"
  [ "$_FAILED" = 0 ]
}

# fail SENTENCE...: ends the case.
fail() {
  echo "FAILED: $*"
  exit 1
}

# expect_status STATUS COMMAND...: OUT is its standard output, ERR its standard error.
expect_status() {
  local wanted=$1 status=0
  shift
  "$@" >"$RUN_DIR/out" 2>"$RUN_DIR/err" || status=$?
  OUT=$(cat "$RUN_DIR/out") ERR=$(cat "$RUN_DIR/err")
  [ "$status" = "$wanted" ] || fail "exit status $status instead of $wanted: $* (out: $OUT; err: $ERR)"
}

# expect_text TEXT PART: TEXT contains PART.
expect_text() {
  [[ $1 == *"$2"* ]] || fail "'$2' is not in: $1"
}

# expect_json JQ-EXPRESSION JSON
expect_json() {
  # Of nothing at all jq says that everything holds.
  [ -n "$2" ] || fail "there is no JSON of which to hold: $1"
  jq -e "$1" >/dev/null <<<"$2" || fail "$1 does not hold for: $2"
}

# at_terminal ANSWER COMMAND...: OUT is all that the terminal shows; ANSWER is typed when the command asks.
at_terminal() {
  local answer=$1 status=0
  shift
  OUT=$(python3 "$_TESTS_ROOT/tests/at_terminal.py" "$answer" "$@") || status=$?
  OUT=${OUT//$'\r'/}
  return "$status"
}

is_sanitized() {
  nm -D "$HELLO_P2P" 2>/dev/null | grep -E '__(asan|tsan)_init' >/dev/null
}

# An Ethereum node; sets RPC and CHAIN_NUMBER.
anvil_start() {
  local port
  port=$(free_port)
  anvil_spawn anvil "$port"
  wait_until 20 rpc_answers "http://127.0.0.1:$port" || die 1 "anvil does not answer"
  chain_open "http://127.0.0.1:$port"
}

# simulator_start: many instances; sets GUEST (TCP) and GUEST_SOCKET.
simulator_start() {
  GUEST_SOCKET=$RUN_DIR/simulator/dstack.sock
  process_spawn simulator "$RUN_DIR/simulator.log" "$SIMULATOR" --dir "$RUN_DIR/simulator" --listen 127.0.0.1:0
  wait_until 20 guest_answers "$GUEST_SOCKET" || die 1 "the simulator does not answer"
  GUEST=$(sed -n 's|^ready: .*\(http://[^ ]*\).*|\1|p' "$RUN_DIR/simulator.log")
}

# contract_deploy: sets CONTRACT; its owner is anvil's first account.
contract_deploy() {
  deploy_contract || die 1 "the contract could not be deployed: $PROBLEM"
}

# instance NAME: sets ENDPOINT, INSTANCE and ADDRESS.
instance() {
  local identity
  ENDPOINT=$GUEST/i/$1
  identity=$("$HELLO_P2P" --identity --guest "$ENDPOINT")
  INSTANCE=$(jq -r .instance_id <<<"$identity")
  ADDRESS=$(jq -r .instance_address <<<"$identity")
}

# instance_admitted NAME: the same, with an NFT and ether.
instance_admitted() {
  instance "$1"
  admit "$INSTANCE" "$ADDRESS"
}

# owner_sends SIGNATURE ARGUMENT...: a call of the contract by anvil's first account, its owner.
owner_sends() {
  cast send --json --rpc-url "$RPC" --private-key "$ANVIL_KEY" "$CONTRACT" "$@" | jq -e '.status == "0x1"' >/dev/null
}

# contract_call ADDRESS SIGNATURE ARGUMENT...
contract_call() {
  cast call --rpc-url "$RPC" "$@"
}

# listed_url INSTANCE: the URL that the contract lists for it; "" when it lists none.
listed_url() {
  cast call --json --rpc-url "$RPC" "$CONTRACT" 'getPeer(string)((bytes20,address,uint64,uint64,string))' "$1" |
    jq -r '.[0][4]'
}

# hello_start NAME PORT [OPTION...]: hello_p2p for the instance NAME, which is admitted; its log is $RUN_DIR/NAME.log.
hello_start() {
  local name=$1 port=$2
  shift 2
  process_spawn "$name" "$RUN_DIR/$name.log" "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" \
    --guest "$GUEST/i/$name" --poll-interval 200 "$@"
}

# hello_publish NAME URL: lists the instance NAME with a URL that is not its own, and leaves it there.
hello_publish() {
  instance_admitted "$1"
  hello_start "$1" 0 --url "$2"
  wait_until 20 grep -q 'INFO  registered$' "$RUN_DIR/$1.log"
  process_stop "$1"
  [ "$(listed_url "$INSTANCE")" = "$2" ]
}

# hello_get PORT PATH [CURL OPTION...]
hello_get() {
  local port=$1 path=$2
  shift 2
  curl -sS --max-time 5 "$@" "http://127.0.0.1:$port$path"
}

hello_is_healthy() {
  hello_get "$1" /health 2>/dev/null | jq -e '.status == "ok"' >/dev/null 2>&1
}

hello_wait_healthy() {
  wait_until 20 hello_is_healthy "$1" || fail "not healthy: $(hello_get "$1" /health 2>&1)"
}

# Each of its threads, one of which may have ended meanwhile.
_stands_still() {
  local thread stat
  for thread in "/proc/$1/task"/*; do
    read -r stat <"$thread/stat" || continue
    [[ ${stat##*) } == T* ]] || return
  done
}

# process_freeze NAME: it keeps its connections, and says nothing. On a busy machine it would for a while after the signal.
process_freeze() {
  process_alive "$1"
  kill -STOP "$PROCESS_PID"
  wait_until 5 _stands_still "$PROCESS_PID"
}

# process_thaw NAME: it goes on where it was.
process_thaw() {
  process_alive "$1" && kill -CONT "$PROCESS_PID"
}

# log_has NAME TEXT
log_has() {
  grep -qF -- "$2" "$RUN_DIR/$1.log"
}

# expect_end NAME SECONDS: after a signal; a process that ended is not waited for any longer.
expect_end() {
  local begin
  begin=$(now_ms)
  wait_until "$2" _process_gone "$1" || fail "$1 still runs after $2 s"
  [ "$(($(now_ms) - begin))" -le "$(($2 * 1000))" ] || fail "$1 took more than $2 s"
}
