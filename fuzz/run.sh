#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the fuzz targets and runs each from its corpus:   fuzz/run.sh [--runs N] [--seconds S] [TARGET...]
# New inputs are kept in build/fuzz/found/, what ends a target in build/fuzz/findings/. Ends with `N passed, N failed`.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly BUILD=build/fuzz
# A run takes a millisecond at most; anything near these limits is a finding.
readonly LIMITS=(-timeout=10 -rss_limit_mb=1024)

usage() {
  cat << END
usage: fuzz/run.sh [--runs N] [--seconds S] [TARGET...]

Runs the targets, all of them by default, one after the other.
  --runs N     runs of each target (default 20000)
  --seconds S  and no longer than this for each (default: no limit)
Targets: $(targets | tr '\n' ' ')
END
}

targets() {
  sed -n 's/^fuzz_target(\([a-z_0-9]*\).*/\1/p' fuzz/CMakeLists.txt
}

build() {
  { cmake --preset fuzz && cmake --build --preset fuzz; } > "$BUILD.log" 2>&1 && return
  tail -n 40 "$BUILD.log" >&2
  return 1
}

# Answers with many peers are longer than the fuzzer's own limit.
max_len() {
  case $1 in
    rpc_answer | appkeys) echo 16384 ;;
    *) echo 4096 ;;
  esac
}

# fuzz TARGET LOG: its exit status.
fuzz() {
  local target=$1 log=$2 found=$BUILD/found/$1 dictionary=fuzz/dictionaries/$1.dict options=()
  mkdir -p "$found" "$BUILD/findings"
  if [ -f "$dictionary" ]; then options+=("-dict=$dictionary"); fi
  "$BUILD/fuzz/fuzz_$target" "${LIMITS[@]}" "${options[@]}" -runs="$runs" -max_total_time="$seconds" \
    -max_len="$(max_len "$target")" -artifact_prefix="$BUILD/findings/$target-" -print_final_stats=1 \
    "$found" "fuzz/corpus/$target" > "$log" 2>&1 < /dev/null
}

# report TARGET LOG MILLISECONDS: what the run was like.
report() {
  awk -v target="$1" -v ms="$3" '
    / cov: / { sub(/.* cov: /, ""); edges = $1 }
    /number_of_executed_units/ { runs = $2 }
    END { printf "ok   %-16s %8d runs %6d edges %7d a second\n", target, runs, edges, runs * 1000 / ms }' "$2"
}

run_all() {
  local target log start passed=0 failed=0
  for target in "$@"; do
    log=$BUILD/$target.log start=${EPOCHREALTIME/./}
    if fuzz "$target" "$log"; then
      report "$target" "$log" $(((${EPOCHREALTIME/./} - start) / 1000 + 1))
      passed=$((passed + 1))
    else
      echo "FAIL $target: $log"
      tail -n 40 "$log" | sed 's/^/    /'
      failed=$((failed + 1))
    fi
  done
  echo "$passed passed, $failed failed"
  ((failed == 0))
}

runs=20000 seconds=0 names=()
while (($#)); do
  case $1 in
    -h | --help) usage && exit ;;
    --runs) runs=${2:?--runs needs a number} && shift 2 ;;
    --seconds) seconds=${2:?--seconds needs a number} && shift 2 ;;
    -*) usage >&2 && exit 2 ;;
    *) names+=("$1") && shift ;;
  esac
done
((${#names[@]})) || mapfile -t names < <(targets)
mkdir -p "$BUILD"
build
run_all "${names[@]}"
