#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2034 # what is set here is used in scripts/lib
set -euo pipefail
# shellcheck source=scripts/lib/common.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/scripts/lib/common.sh"
for part in build process guest state checks report cluster; do
  # shellcheck source=/dev/null
  . "$ROOT/scripts/lib/$part.sh"
done

usage() {
  cat <<'TEXT'
usage: test_p2p_cluster.sh [N] [--once]     start N nodes (3) and verify that they find and greet each other
       test_p2p_cluster.sh status           what is up
       test_p2p_cluster.sh logs             the nodes' logs; on a terminal they are followed
       test_p2p_cluster.sh stop             end it; only what was started here

Sets up and builds what is missing. Uses a running Ethereum node and dstack simulator if there are any, else starts
its own; deploys the membership contract; starts the nodes; verifies them; shows that a late node is seen by all,
and its withdrawal, too. The cluster stays up, unless --once is given or it could not be started.

Environment:
  RPC_URL                    the Ethereum node (http://localhost:8545, if one answers there)
  DSTACK_SIMULATOR_ENDPOINT  the simulator: socket path or http://host:port (./simulator/dstack.sock, if it answers)
  CONTRACT_ADDRESS           a membership contract that is deployed already
  BASE_PORT                  the nodes' first port (8080); the late node takes the one after the last
  HOST_PRIVATE_KEY           the operator's key, which deploys, mints and funds (on chain 31337 anvil's first account)
  KMS_ROOT_ADDRESS, APP_ID   for deploying on other chains than 31337
  BUILD_DIR                  use this build as it is (build/release, brought up to date)
  VERIFY_SECONDS             how long a check may take to hold (60)
  RUN_DIR                    process ids, state and logs (./run); elsewhere, what runs already is used only if the
                             variables above name it
  NO_COLOR                   no colours

Exit status: 0 every check held; 1 one did not, or the cluster could not be started; 2 misuse; 3 a port is in use.
TEXT
}

COMMAND=start NODES=3 ONCE=

parse() {
  local count=0 argument
  for argument in "$@"; do
    case $argument in
      -h | --help) usage && exit ;;
      --once) ONCE=1 ;;
      start | status | logs | stop) COMMAND=$argument ;;
      *)
        is_number "$argument" 1 1000 || die 2 "the number of nodes is 1 to 1000, not '$argument'; see --help"
        NODES=$((10#$argument)) count=$((count + 1))
        ;;
    esac
  done
  if [ "$count" -gt 1 ]; then die 2 "one number of nodes is expected; see --help"; fi
  FIRST_PORT=${BASE_PORT:-8080}
  is_number "$FIRST_PORT" 1 "$((65535 - NODES))" || die 2 "BASE_PORT takes a port number, not '$FIRST_PORT'"
  FIRST_PORT=$((10#$FIRST_PORT))
  is_number "${VERIFY_SECONDS:-60}" 1 86400 || die 2 "VERIFY_SECONDS takes a number of seconds, not '$VERIFY_SECONDS'"
}

main() {
  parse "$@"
  mkdir -p "$RUN_DIR" "$LOG_DIR"
  "cluster_$COMMAND"
}

main "$@"
