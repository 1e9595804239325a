#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Branch coverage of src/ by the tests, without what needs the contract as it is deployed (gas) or takes long (invariants):
#   test/coverage.sh        a table, the branches that no test took, and `1 passed, 0 failed` from 95 % on
# Compiled without the optimizer, so it has a folder of its own. Branches in assembly are counted, and never seen as taken.
set -euo pipefail

readonly LEAST=95

unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
# shellcheck source=scripts/env.sh disable=SC1091
. ../scripts/env.sh
folder=$PWD/../build/coverage
mkdir -p "$folder"
export FOUNDRY_OUT=$folder/out FOUNDRY_CACHE_PATH=$folder/cache
# Without forge's count of tests: they are those of `forge test`, and check.sh would add them up twice.
forge coverage --ir-minimum --no-match-coverage '(test|script|node_modules)/' --no-match-contract 'GasTest|UrlStorage|Invariant|Deploy' \
  --report summary --report lcov --report-file "$folder/lcov.info" | grep -v '^Ran '

awk -F '[:,]' '
  /^SF:/ { file = $2 }
  /^BRDA:/ { all++; if ($5 == "0" || $5 == "-") print "not taken: " file ":" $2; else taken++ }
  END { printf "%d of %d branches taken, %.1f %%\n", taken, all, 100 * taken / all }' "$folder/lcov.info" |
  tee "$folder/branches.txt"
percent=$(awk 'END { print int($(NF - 1)) }' "$folder/branches.txt")
if ((percent >= LEAST)); then
  echo "1 passed, 0 failed"
else
  echo "0 passed, 1 failed"
  exit 1
fi
