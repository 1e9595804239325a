#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Starts and verifies whole clusters, measures them and prints a table:   bench/cluster.sh [N...]     (100)
# Release build; chain, simulator and folder of its own; stopped at the end. What it says of a machine that does
# something else as well is said by the load.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
RUN_DIR=$(mktemp -d "${TMPDIR:-/tmp}/p2p-XXXXXX")
for part in common process; do
  # shellcheck source=/dev/null
  . "scripts/lib/$part.sh"
done
unset CONTRACT_ADDRESS RPC_URL DSTACK_SIMULATOR_ENDPOINT PRIVATE_KEY PRIVATE_KEY_FILE HOST_PRIVATE_KEY

_clean_up() {
  local status=$?
  ./test_p2p_cluster.sh stop >/dev/null || status=1
  rm -rf -- "$RUN_DIR"
  exit "$status"
}
trap _clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# seconds_of FIRST LAST: the sum of the steps from the one to the other, as the output tells them.
seconds_of() {
  awk -v first="$1" -v last="$2" '
    index($0, first) { within = 1 }
    within && $NF == "s" { sum += $(NF - 1) }
    index($0, last) { within = 0 }
    END { printf "%.1f", sum }' "$RUN_DIR/out"
}

# Proportional set sizes of the nodes in KiB, smallest first.
node_sizes() {
  local name pid
  while read -r name pid _; do
    case $name in node*) awk '$1 == "Pss:" { print $2 }' "/proc/$pid/smaps_rollup" 2>/dev/null || true ;; esac
  done <"$RUN_DIR/processes" | sort -n
}

mib() { awk -v kib="$1" 'BEGIN { printf "%.1f", kib / 1024 }'; }

# measure N: a row. A check that does not hold ends it all, with what was said.
measure() {
  local load total
  local -a sizes
  load=$(cut -d ' ' -f 1 /proc/loadavg)
  if ! BASE_PORT=$(free_ports "$(($1 + 1))") ./test_p2p_cluster.sh "$1" >"$RUN_DIR/out" 2>&1; then
    cat "$RUN_DIR/out" >&2
    die 1 "a cluster of $1 could not be measured"
  fi
  total=$(awk '/all checks held/ { print $(NF - 1) }' "$RUN_DIR/out")
  mapfile -t sizes < <(node_sizes)
  [ "${#sizes[@]}" = "$1" ] || die 1 "${#sizes[@]} of $1 nodes could be measured"
  echo "| $1 | $total | $(seconds_of "starting $1 nodes" "was greeted by all") | $(mib "${sizes[$(($1 / 2))]}")" \
    "| $(mib "${sizes[-1]}") | $load |"
  ./test_p2p_cluster.sh stop >/dev/null
}

if [ $# = 0 ]; then set -- 100; fi
for count in "$@"; do is_number "$count" 1 1000 || die 2 "numbers of nodes are expected, 1 to 1000, not '$count'"; done
echo '| nodes | whole run, s | of this forming, s | PSS a node, MiB: median | largest | load before |'
echo '|---|---|---|---|---|---|'
for count in "$@"; do measure "$count"; done
