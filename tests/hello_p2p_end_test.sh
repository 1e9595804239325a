#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SIGTERM at any moment of hello_p2p's life, while the node, the guest agent or neither answers: it is gone within
# two seconds, and what it said last about the contract is so. SEED repeats a run, RUNS makes it longer.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

SEED=${SEED:-$((SRANDOM % 100000))}
RUNS=${RUNS:-4}
RANDOM=$SEED
LIMIT_MS=2000

# below N: a number from 0 to N-1 in NUMBER.
below() { NUMBER=$(((RANDOM << 15 | RANDOM) % $1)); }

# Most happens at the beginning of a life.
pause_somewhere() {
  local most=(1 150 1000)
  below 3 && below "${most[NUMBER]}"
  sleep "$(printf '0.%03d' "$NUMBER")"
}

# What disturbs, and what ends that again.
disturb() {
  case $1 in
    node) process_freeze anvil ;;
    guest) process_freeze simulator ;;
    mining) cast rpc --rpc-url "$RPC" evm_setAutomine false >/dev/null ;;
  esac
}

soothe() {
  local name
  for name in anvil simulator; do process_thaw "$name"; done
  cast rpc --rpc-url "$RPC" evm_setAutomine true >/dev/null
  # What the node has received, and a frozen one still has to read, gets its block.
  cast rpc --rpc-url "$RPC" evm_mine >/dev/null
  cast rpc --rpc-url "$RPC" evm_mine >/dev/null
}

_ended() { ! process_start_time "$1" >/dev/null; }

# ends PID TWICE: sends SIGTERM; STATUS and MS become the exit status and what it took.
ends() {
  local begin
  begin=$(now_ms)
  kill -TERM "$1" 2>/dev/null || true
  if [ "$2" = 1 ]; then kill -TERM "$1" 2>/dev/null || true; fi
  if ! wait_until 5 _ended "$1"; then
    kill -KILL "$1"
    fail "still runs after 5 s"
  fi
  MS=$(($(now_ms) - begin)) STATUS=0
  wait "$1" || STATUS=$?
}

# what_was_said NAME: WORD is withdrawn, listed, nothing, unknown, or silence.
what_was_said() {
  local log=$RUN_DIR/$1.log
  WORD=silence
  if grep -q 'withdrawn: the contract does not list this node$' "$log"; then WORD=withdrawn; fi
  if grep -q 'ended: the contract lists this node' "$log"; then WORD=listed; fi
  if grep -q 'ended: no registration was sent' "$log"; then WORD=nothing; fi
  if grep -q 'the contract may list this node' "$log"; then WORD=unknown; fi
}

# expect_consistent NAME INSTANCE WITHDRAW
expect_consistent() {
  local url
  url=$(listed_url "$2")
  what_was_said "$1"
  case $WORD in
    withdrawn | nothing) [ -z "$url" ] || fail "it is listed" ;;
    listed) [ -n "$url" ] || fail "it is not listed" ;;
    unknown) ;;
    # Before it could catch the signal, which then ended it; or the last resort of the two seconds.
    silence) { [ "$STATUS" = 143 ] && [ -z "$url" ]; } || [ "$STATUS" = 1 ] || fail "it said nothing" ;;
  esac
  if [ "$3" = 1 ] && [ "$STATUS" = 0 ]; then [ "$WORD" = withdrawn ] || fail "status 0, and not withdrawn"; fi
  if [ "$WORD" = withdrawn ] || [ "$WORD" = listed ]; then [ "$STATUS" -le 1 ] || fail "status $STATUS"; fi
}

# one DISTURBANCE NUMBER: one life.
one() {
  local name=$1$2 options=() withdraw twice pid
  below 2 && withdraw=$NUMBER
  below 4 && twice=$((NUMBER == 0))
  if [ "$withdraw" = 1 ]; then options=(--withdraw); fi
  instance_admitted "$name"
  "$HELLO_P2P" "$CONTRACT" --port 0 --rpc-url "$RPC" --guest "$GUEST/i/$name" --poll-interval 100 "${options[@]}" \
    2>"$RUN_DIR/$name.log" &
  pid=$!
  pause_somewhere
  disturb "$1"
  pause_somewhere
  ends "$pid" "$twice"
  soothe
  expect_consistent "$name" "$INSTANCE" "$withdraw"
  echo "$name: withdraw $withdraw, twice $twice: status $STATUS after $MS ms, said: $WORD"
  [ "$MS" -le "$LIMIT_MS" ] || fail "it took $MS ms"
}

lives() {
  local i
  trap soothe EXIT
  for ((i = 0; i < RUNS; i++)); do
    one "$1" "$i" || fail "run $i of '$1', SEED=$SEED: $(tail -n 5 "$RUN_DIR/$1$i.log")"
  done
}

anvil_start
simulator_start
contract_deploy
echo "seed $SEED"

test_case "SIGTERM at any moment (seed $SEED)" lives calm
test_case "SIGTERM at any moment, the node stops (seed $SEED)" lives node
test_case "SIGTERM at any moment, the guest agent stops (seed $SEED)" lives guest
test_case "SIGTERM at any moment, no block comes (seed $SEED)" lives mining
test_end
