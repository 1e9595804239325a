# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# What the launchers and tests share: folders, messages, waiting. Sourced, after `set -euo pipefail`.

# How shells and tools read what they are given is not the caller's to say; options may follow arguments.
unset CDPATH BASH_ENV ENV POSIXLY_CORRECT

ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
# A run's process ids, state and logs. Tests point RUN_DIR elsewhere, so that they never meet a live cluster.
DEFAULT_RUN_DIR=$ROOT/run
RUN_DIR=${RUN_DIR:-$DEFAULT_RUN_DIR}
case $RUN_DIR in /*) ;; *) RUN_DIR=$PWD/$RUN_DIR ;; esac
export RUN_DIR
# shellcheck disable=SC2034 # used by those who source this
if [ "$RUN_DIR" = "$DEFAULT_RUN_DIR" ]; then
  LOG_DIR=$ROOT SIMULATOR_DIR=$ROOT/simulator
else
  LOG_DIR=$RUN_DIR SIMULATOR_DIR=$RUN_DIR/simulator
fi
PROGRAM=${0##*/}

# Local addresses are never asked through a proxy.
export no_proxy="localhost,127.0.0.1,::1${no_proxy:+,$no_proxy}"
export NO_PROXY=$no_proxy

# One that can be written over and coloured.
TERMINAL=
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ]; then TERMINAL=1; fi
if [ -n "$TERMINAL" ] && [ -z "${NO_COLOR:-}" ]; then
  GREEN=$'\e[32m' RED=$'\e[31m' DIM=$'\e[2m' BOLD=$'\e[1m' PLAIN=$'\e[0m'
else
  # shellcheck disable=SC2034 # used by those who source this
  GREEN='' RED='' DIM='' BOLD='' PLAIN=''
fi

# die STATUS SENTENCE...
die() {
  local status=$1
  shift
  printf '%s: %s\n' "$PROGRAM" "$*" >&2
  exit "$status"
}

# error_code NAME: the exit status that stands for one of the SDK's errors.
error_code() {
  sed -n "s/^ *X($1, \([0-9]*\),.*/\1/p" "$ROOT/include/dstack_p2p.h"
}

# die_of NAME SENTENCE...: with the exit status of one of the SDK's errors.
die_of() {
  local status
  status=$(error_code "$1")
  shift
  die "${status:-1}" "$@"
}

now_ms() {
  local microseconds=${EPOCHREALTIME/[.,]/}
  printf '%s' "$((microseconds / 1000))"
}

# seconds_since MS: "1.2 s"
seconds_since() {
  local ms=$(($(now_ms) - $1))
  printf '%d.%d s' "$((ms / 1000))" "$((ms % 1000 / 100))"
}

# A step of work: announced on a terminal while it lasts, then one line with its outcome and duration.
step_begin() {
  STEP_TEXT=$1 STEP_MS=$(now_ms)
  if [ -n "$TERMINAL" ]; then printf '  %s… %s%s' "$DIM" "$STEP_TEXT" "$PLAIN"; fi
}

# step_progress TEXT: only on a terminal
step_progress() {
  if [ -n "$TERMINAL" ]; then
    printf '\r\e[K  %s… %s  %s  %s%s' "$DIM" "$STEP_TEXT" "$1" "$(seconds_since "$STEP_MS")" "$PLAIN"
  fi
}

_step_end() {
  if [ -n "$TERMINAL" ]; then printf '\r\e[K'; fi
  printf '  %s %s%s  %s%s%s\n' "$1" "$STEP_TEXT" "${2:+  $2}" "$DIM" "$(seconds_since "$STEP_MS")" "$PLAIN"
}

step_ok() { _step_end "$GREEN✓$PLAIN" "${1:-}"; }
step_failed() { _step_end "$RED✗$PLAIN" "${1:-}"; }

# wait_until SECONDS COMMAND...: until the command succeeds; fails when the time is over.
wait_until() {
  local until_ms=$(($(now_ms) + $1 * 1000))
  shift
  until "$@"; do
    if [ "$(now_ms)" -ge "$until_ms" ]; then return 1; fi
    sleep 0.1
  done
}

# is_number TEXT MIN MAX
is_number() {
  [[ $1 =~ ^[0-9]{1,9}$ ]] && [ "$((10#$1))" -ge "$2" ] && [ "$((10#$1))" -le "$3" ]
}

# The instance names of the simulator.
is_instance_name() {
  [[ $1 =~ ^[a-z0-9-]{1,32}$ ]]
}
