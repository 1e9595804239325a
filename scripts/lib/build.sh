# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sets up and builds what a launcher needs. After common.sh.

# BUILD_DIR names a build that is used as it is; without it build/release is brought up to date.
BINARIES=${BUILD_DIR:-$ROOT/build/release}
case $BINARIES in /*) ;; *) BINARIES=$PWD/$BINARIES ;; esac
HELLO_P2P=$BINARIES/apps/hello_p2p/hello_p2p
DSTACK_P2P=$BINARIES/cli/dstack-p2p
# shellcheck disable=SC2034 # used by those who source this
SIMULATOR=$BINARIES/simulator/dstack-simulator

_build() {
  (
    cd "$ROOT" || exit
    [ -f build/release/build.ninja ] || cmake --preset release || exit
    cmake --build --preset release --target hello_p2p dstack-p2p dstack-simulator
  )
}

_ensure_built() {
  local log=$RUN_DIR/build.log lock file status=0
  if [ -n "${BUILD_DIR:-}" ]; then
    for file in "$HELLO_P2P" "$DSTACK_P2P"; do
      if [ ! -x "$file" ]; then die 1 "BUILD_DIR holds no ${file##*/}: $file"; fi
    done
    return
  fi
  # Two launchers at once must not build in the same folder.
  exec {lock}>"$RUN_DIR/build.lock"
  flock "$lock"
  if [ ! -x "$HELLO_P2P" ] || [ ! -x "$DSTACK_P2P" ]; then echo "$PROGRAM: building (log: $log)" >&2; fi
  _build >"$log" 2>&1 || status=$?
  exec {lock}>&-
  if [ "$status" != 0 ]; then
    tail -n 20 "$log" >&2
    die 1 "the build failed; the whole log is $log"
  fi
}

# Afterwards hello_p2p, dstack-p2p, the simulator, anvil, jq and curl can be used.
ensure_ready() {
  mkdir -p "$RUN_DIR"
  "$ROOT/scripts/setup.sh" --launch >&2 || exit
  _ensure_built
  # shellcheck source=scripts/env.sh
  . "$ROOT/scripts/env.sh" || exit
}
