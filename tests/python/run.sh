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

anvil_start
simulator_start
contract_deploy
status=0
unit_tests "$@" || status=1
test_end && [ "$status" = 0 ]
