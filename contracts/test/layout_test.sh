#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compares the contract's storage layout and code size with snapshots/storage-layout.txt and snapshots/code-size.txt:
#   test/layout_test.sh            fails, and shows how they differ
#   test/layout_test.sh --update   writes them
# Who reads storage (eth_getProof, the invariant tests) relies on the layout; above 24,576 bytes nothing can be deployed.
set -euo pipefail

contracts=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$contracts"
# shellcheck source=scripts/env.sh disable=SC1091
. ../scripts/env.sh
artifact=out/DstackMembershipNFT.sol/DstackMembershipNFT.json
forge build --skip test --skip script >/dev/null
# An artifact from before foundry.toml asked for the layout: forge does not build again for that.
jq -e .storageLayout "$artifact" >/dev/null || forge build --skip test --skip script --force >/dev/null

# One line a variable and a member of a struct: slot, offset, bytes, name, type. The compiler's numbers for types are
# left out, since they change with any source.
layout() {
  jq -r '.storageLayout
    | .types as $types
    | def line($indent): "\($indent)\(.slot) \(.offset) \($types[.type].numberOfBytes) \(.label) \($types[.type].label)";
      def members($indent): $types[.type] as $t
        | ($t.members // $types[$t.value // ""].members // [])[] | line($indent), members($indent + "  ");
    .storage[] | line(""), members("  ")' "$artifact"
}

size() {
  jq -r '"runtime \(.deployedBytecode.object | (length - 2) / 2)\ncreation \(.bytecode.object | (length - 2) / 2)"' \
    "$artifact"
}

# check NAME COMMAND
check() {
  if [ "$mode" = --update ]; then
    "$2" >"snapshots/$1"
    return
  fi
  diff -u "snapshots/$1" <("$2") || {
    echo "layout_test.sh: the contract (+) is not what snapshots/$1 says (-): test/layout_test.sh --update" >&2
    exit 1
  }
}

mode=${1-}
case $mode in
  '' | --update) ;;
  *) echo "usage: test/layout_test.sh [--update]" >&2 && exit 2 ;;
esac
check storage-layout.txt layout
check code-size.txt size
runtime=$(awk '/^runtime/ { print $2 }' snapshots/code-size.txt)
((runtime <= 24576)) || { echo "layout_test.sh: $runtime bytes are more than can be deployed (24,576)" >&2; exit 1; }
echo "layout_test.sh: storage layout and code size ($runtime bytes) are as committed"
