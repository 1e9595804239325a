#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# contract.sh FOLDER: compiles the contract there, and writes FOLDER/contract.txt for tests/cluster/fixture.c: the path
# of anvil, the contract's creation code in hex, and the code of what fills it with peers. Exit status 77 (skipped)
# without the EVM toolchain.
set -euo pipefail

folder=$1
root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)

mkdir -p "$folder"
rm -f "$folder/contract.txt"
# shellcheck source=/dev/null
if ! . "$root/scripts/env.sh"; then
  echo "SKIP: the EVM toolchain is not installed"
  exit 77
fi
# A folder of its own: builds in contracts/ may run at the same time. Warnings are for the contract's own checks.
export FOUNDRY_OUT=$folder/out FOUNDRY_CACHE_PATH=$folder/cache FOUNDRY_DENY=never
(cd "$root/contracts" && forge build --quiet src/DstackMembershipNFT.sol test/utils/FillHarness.sol)
code=$(jq -r .bytecode.object "$folder/out/DstackMembershipNFT.sol/DstackMembershipNFT.json")
filler=$(jq -r .deployedBytecode.object "$folder/out/FillHarness.sol/FillHarness.json")
printf '%s\n%s\n%s\n' "$(command -v anvil)" "${code#0x}" "$filler" >"$folder/contract.txt.new"
mv "$folder/contract.txt.new" "$folder/contract.txt"
