#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Holds docs/contract.md against the contract: it names every function, and no test that does not exist.
set -euo pipefail

unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
page=../docs/contract.md
status=0

# complain WHAT
complain() {
  echo "docs_test.sh: $page $1" >&2
  status=1
}

while read -r name; do
  grep -qF -- "\`$name\`" "$page" || complain "does not name the function $name"
done < <(sed -nE 's/^([SD] )?function ([A-Za-z0-9]+)\(.*/\2/p' abi.txt | sort -u)

# quoted PATTERN: what stands between backquotes in the page and matches.
quoted() {
  grep -oE "\`$1\`" "$page" | tr -d '\140' | sort -u
}

# Whole names, and what stands for the end of one behind "…".
while read -r name; do
  grep -qrE -- "function ${name}\(" test || complain "names the test $name, which does not exist"
done < <(quoted '(test|testFuzz|invariant)_[A-Za-z0-9_]+')
while read -r end; do
  grep -qrE -- "function test[A-Za-z0-9_]*${end#…}\(" test || complain "names a test $end, which does not exist"
done < <(quoted '…[A-Za-z0-9]+')

((status == 0)) && echo "docs_test.sh: $page names what there is"
exit "$status"
