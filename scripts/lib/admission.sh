# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Lets instances in: their NFTs, and ether for their gas. After chain.sh; RPC, CHAIN_NUMBER and CONTRACT are set.

# What a call of dstack-p2p takes: instances, and as its --max-cost, in wei.
readonly _ADMIT_MAX=256 _COST_MAX=18.4e18
# The most that the gas for one of them may cost: 0.05 ether.
readonly _GAS_WEI=5e16

# _wei AMOUNT EXTRA FACTOR: about (AMOUNT + EXTRA wei) * FACTOR, up to _COST_MAX; fails when the amount is malformed.
_wei() {
  [[ $1 =~ ^([0-9]{1,27}(\.[0-9]{1,18})?)\ ?(ether|eth|ETH|gwei|wei|)$ ]] || return 1
  awk -v number="${BASH_REMATCH[1]}" -v unit="${BASH_REMATCH[3]}" -v extra="$2" -v factor="$3" \
    -v most="$_COST_MAX" 'BEGIN {
      wei = (number * (unit == "wei" ? 1 : unit == "gwei" ? 1e9 : 1e18) + extra) * factor
      printf "%.0fwei", wei < most ? wei : most
    }'
}

# Sets PRICE, of an NFT.
_find_price() {
  p2p status --contract "$CONTRACT" && PRICE=$(jq -r .mint_price <<<"$ANSWER")wei
}

# _mint INSTANCE...: what they lack. The tickets go to the operator, who thereby keeps the say over them; the nodes
# need none.
_mint() {
  operator mint --contract "$CONTRACT" --if-needed --max-cost "$(_wei "$PRICE" "$_GAS_WEI" $#)" "$@"
}

# Whom nobody funds: with PRIVATE_KEY or PRIVATE_KEY_FILE that account pays for the gas. Else sets AMOUNT, which on a
# local chain is 0.05ether, elsewhere only what is asked for.
_needs_no_funds() {
  if [ -n "${PRIVATE_KEY:-}${PRIVATE_KEY_FILE:-}" ]; then return; fi
  AMOUNT=${FUND_AMOUNT:-}
  if [ -z "$AMOUNT" ] && [ "$CHAIN_NUMBER" = "$LOCAL_CHAIN" ]; then AMOUNT=0.05ether; fi
  [ -z "$AMOUNT" ] || [ "$(_wei "$AMOUNT" 0 1)" = 0wei ]
}

# _fund ADDRESS...: AMOUNT for those that have less than half of it, which is left for long: a registration costs far
# less.
_fund() {
  operator fund --amount "$AMOUNT" --below "$(_wei "$AMOUNT" 0 0.5)" --max-cost "$(_wei "$AMOUNT" "$_GAS_WEI" $#)" "$@"
}

# _in_parts AMOUNT COMMAND ITEM...: as many at a time as a call takes that gives each of them so much.
_in_parts() {
  local command=$2 size
  size=$(_wei "$1" "$_GAS_WEI" 1) || return
  size=$(awk -v each="${size%wei}" -v most="$_ADMIT_MAX" -v cost="$_COST_MAX" '
    BEGIN { size = int(cost / each); print size < most ? size : most }')
  shift 2
  while [ $# -gt 0 ]; do
    "$command" "${@:1:size}" || return
    shift "$((size < $# ? size : $#))"
  done
}

# admit_all IDENTITIES: a file of what hello_p2p --identity prints. Succeeds when all of them can register; else some
# may still lack something, and admit says what.
admit_all() {
  local -a instances addresses
  mapfile -t instances < <(jq -r .instance_id "$1")
  mapfile -t addresses < <(jq -r .instance_address "$1")
  has_operator && _find_price && _in_parts "$PRICE" _mint "${instances[@]}" || return
  _needs_no_funds || _in_parts "$AMOUNT" _fund "${addresses[@]}"
}

# ---- One, with a word about it

_require_nft() {
  p2p status --contract "$CONTRACT" --instance "$1" || die $? "$PROBLEM"
  jq -e .instance.nft <<<"$ANSWER" >/dev/null || die_of NO_NFT "instance $1 holds no NFT on chain $CHAIN_NUMBER: set" \
    "HOST_PRIVATE_KEY to the operator's key, or mint it with: dstack-p2p mint --contract $CONTRACT $1"
}

# _cannot STATUS SENTENCE...: what the tool's failure means to the launcher.
_cannot() {
  local status=$1
  shift
  case $status in
    "$(error_code PRIVATE_KEY)") die "$status" "HOST_PRIVATE_KEY is malformed: 64 hex digits are expected" ;;
    "$(error_code NOT_AUTHORISED)") die_of REVERTED "$*" ;;
    *) die "$status" "$*" ;;
  esac
}

_mint_one() {
  local status=0
  _find_price || die $? "$PROBLEM"
  _mint "$1" || status=$?
  # Somebody else may have minted it meanwhile.
  if [ "$status" = "$(error_code REVERTED)" ]; then
    status=0
    _mint "$1" || status=$?
  fi
  if [ "$status" != 0 ]; then _cannot "$status" "the NFT for instance $1 could not be minted: $PROBLEM"; fi
  jq -r '.holder as $holder | .minted[] | "minted the NFT of instance \(.) for \($holder)"' <<<"$ANSWER"
}

_fund_one() {
  local status=0
  if ! _wei "$AMOUNT" 0 1 >/dev/null; then die_of CONFIG "FUND_AMOUNT is malformed: '$AMOUNT'"; fi
  _fund "$1" || status=$?
  if [ "$status" = "$(error_code PRIVATE_KEY)" ] && ! has_operator; then
    die_of NO_FUNDS "$1 has too little: set HOST_PRIVATE_KEY to fund it, or PRIVATE_KEY to pay for its gas"
  fi
  if [ "$status" != 0 ]; then die_of NO_FUNDS "$1 could not be funded with $AMOUNT: $PROBLEM"; fi
  jq -r --arg amount "$AMOUNT" '.funded[] | "funded \(.) with \($amount)"' <<<"$ANSWER"
}

# admit INSTANCE ADDRESS: what is missing for the instance to register.
admit() {
  if has_operator; then _mint_one "$1"; else _require_nft "$1"; fi
  _needs_no_funds || _fund_one "$2"
}
