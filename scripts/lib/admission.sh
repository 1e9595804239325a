# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Lets an instance in: its NFT, and ether for its gas. After chain.sh; RPC, CHAIN_NUMBER and CONTRACT are set.

_holds_nft() {
  local token
  token=$(contract_call "$CONTRACT" 'instanceToToken(string)(uint256)' "$1") || die_of OTHER_CONTRACT \
    "the contract at $CONTRACT does not answer like a DstackMembershipNFT"
  [ "${token%% *}" != 0 ]
}

# _mint INSTANCE: the ticket goes to the operator, who thereby keeps the say over it; the node needs none.
_mint() {
  local price
  operator_open || die_of NO_NFT "instance $1 holds no NFT on chain $CHAIN_NUMBER: set HOST_PRIVATE_KEY to the operator's" \
    "key, or mint it with: cast send $CONTRACT 'mintNodeAccess(address,string)' <holder> $1"
  price=$(contract_call "$CONTRACT" 'mintPrice()(uint256)')
  if ! operator_send --value "${price%% *}" "$CONTRACT" 'mintNodeAccess(address,string)' "$OPERATOR" "$1"; then
    # Somebody else may have minted it meanwhile.
    _holds_nft "$1" || die_of REVERTED "the NFT for instance $1 could not be minted by $OPERATOR"
  fi
  echo "minted the NFT of instance $1 for $OPERATOR"
}

# _fund ADDRESS: up to FUND_AMOUNT (0.05ether on a local chain; elsewhere only when it is set).
_fund() {
  local amount=${FUND_AMOUNT:-} balance wanted
  if [ -z "$amount" ] && [ "$CHAIN_NUMBER" = "$LOCAL_CHAIN" ]; then amount=0.05ether; fi
  if [ -z "$amount" ]; then return; fi
  wanted=$(cast to-wei "${amount%ether}") || die_of CONFIG "FUND_AMOUNT is malformed: '$amount'"
  balance=$(cast balance --rpc-url "$RPC" "$1")
  # Half of it is left for long: a registration costs far less.
  if ! wei_below "$balance" "$(cast to-wei "${amount%ether}" | awk '{ printf "%.0f", $1 / 2 }')"; then return; fi
  operator_open || die_of NO_FUNDS "$1 has $balance wei only: set HOST_PRIVATE_KEY to fund it, or PRIVATE_KEY to pay for its gas"
  operator_send --value "$wanted" "$1" || die_of NO_FUNDS "$OPERATOR could not fund $1 with $amount"
  echo "funded $1 with $amount"
}

# admit INSTANCE ADDRESS: what is missing for the instance to register. With PRIVATE_KEY or PRIVATE_KEY_FILE that
# account pays for the gas, and ADDRESS needs nothing.
admit() {
  local lock
  # One transaction of the operator's at a time: two launchers would race for the account's nonce.
  exec {lock}>"$RUN_DIR/operator.lock"
  flock "$lock"
  if ! _holds_nft "$1"; then _mint "$1"; fi
  if [ -z "${PRIVATE_KEY:-}${PRIVATE_KEY_FILE:-}" ]; then _fund "$2"; fi
  exec {lock}>&-
}
