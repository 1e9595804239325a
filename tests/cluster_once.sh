#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# cluster_once.sh [N]: the whole cluster, verified and ended, beside whatever runs already: its own chain, simulator,
# ports and folder. Ends with `N passed, N failed`, a check being one.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/p2p-XXXXXX")
unset RPC_URL DSTACK_SIMULATOR_ENDPOINT CONTRACT_ADDRESS HOST_PRIVATE_KEY PRIVATE_KEY PRIVATE_KEY_FILE
# shellcheck source=scripts/lib/common.sh
. "$root/scripts/lib/common.sh"
# shellcheck source=scripts/lib/process.sh
. "$root/scripts/lib/process.sh"
trap 'rm -rf -- "$RUN_DIR"' EXIT

main() {
  local count=${1:-3} status=0 checks
  BASE_PORT=$(free_ports "$((count + 1))") "$root/test_p2p_cluster.sh" "$count" --once 2>&1 |
    tee "$RUN_DIR/output" || status=$?
  checks=$(grep -c '^  ✓ ' "$RUN_DIR/output" || true)
  printf '%s passed, %s failed\n' "$checks" "$((status == 0 ? 0 : 1))"
  return "$status"
}

main "$@"
