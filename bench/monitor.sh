#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How soon a monitor tells what happened, on a real chain:   bench/monitor.sh [ROUNDS]
# Release build. Prints the median and the worst of the rounds.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh
. scripts/env.sh

readonly ROUNDS=${1:-5} TESTS=build/release/tests/cluster
out=$(mktemp)
trap 'rm -f "$out"' EXIT

cmake --preset release > /dev/null
cmake --build --preset release > /dev/null
(cd build/release && ctest -R '^cluster_contract$' > /dev/null)

for ((i = 0; i < ROUNDS; i++)); do
  OUTAGE_MS=30000 "$TESTS/cluster_live_subscription_test"
  "$TESTS/cluster_live_restart_test"
  "$TESTS/cluster_live_bad_line_test"
done >> "$out" 2>&1

# row NAME PATTERN: the numbers that the pattern captures, median and worst.
row() {
  sed -nE "s/$2/\1/p" "$out" | sort -n | awk -v name="$1" '
    { value[NR] = $1 }
    END { printf "| %s | %s | %s |\n", name, value[int((NR + 1) / 2)], value[NR] }'
}

echo "| $ROUNDS rounds | median | worst |"
echo "|---|---|---|"
row "told by subscription, after the receipt, ms (median of 40 changes)" 'told ([0-9.]+) ms after the receipt in the median.*'
row "the latest of 40, ms" 'told .* in the median, ([0-9.]+) ms at most'
row "told by polling every 20 ms, ms" 'told ([0-9.]+) ms after the receipt by polling.*'
row "after an outage of the WebSocket of 30 s, ms" 'told ([0-9]+) ms after the line was back'
row "right after a node's restart with its state, s" 'right ([0-9.]+) s after the node came back'
row "100 registrations over a bad line, s" '100 registrations in ([0-9.]+) s.*'
