# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# A contract with many peers, for the benchmarks. After tests/lib.sh and anvil_start.

readonly OWNER_KEY=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80

peer_count() {
  cast call --rpc-url "$RPC" "$CONTRACT" 'peerCount()(uint256)' | cut -d ' ' -f 1
}

# fill COUNT: until the contract has so many peers. contracts/test/utils/FillHarness.sol stands in for it meanwhile.
fill() {
  local have step=2500 code
  have=$(peer_count)
  cast send --rpc-url "$RPC" --private-key "$OWNER_KEY" "$CONTRACT" 'addBaseDomain(string)' \
    dstack-pha-prod7.phala.network > /dev/null
  code=$(cast code --rpc-url "$RPC" "$CONTRACT")
  chain anvil_setCode "$CONTRACT" "$(jq -r .deployedBytecode.object contracts/out/FillHarness.sol/FillHarness.json)"
  for (( ; have < $1; have += step)); do
    cast send --rpc-url "$RPC" --private-key "$OWNER_KEY" --gas-limit 1000000000 "$CONTRACT" 'fill(uint256,uint256)' \
      "$have" $(($1 - have < step ? $1 - have : step)) > /dev/null
  done
  chain anvil_setCode "$CONTRACT" "$code"
}

chain() {
  cast rpc --rpc-url "$RPC" "$@" > /dev/null
}

# fill_begin: a contract of its own, with nobody in it yet, and blocks that large pages fit into.
fill_begin() {
  contract_deploy
  (cd contracts && forge build --quiet test/utils/FillHarness.sol)
  chain evm_setBlockGasLimit 0x100000000
}
