# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Lets many instances in at once, in a few exchanges with a local chain and by one process. After admission.sh; RPC, CHAIN_NUMBER,
# CONTRACT are set. A shortcut: whom it does not let in, admit does, or says why not.
# shellcheck disable=SC2016 # jq's variables

_BATCH_JQ=$ROOT/scripts/lib/batch.jq
# In its place comes an instance id, which has that many digits.
_BATCH_ID=$(printf '0%.0s' {1..40})

# rpc_batch: the requests on standard input, a JSON array, in one exchange; prints the array of answers.
rpc_batch() {
  curl -fsS --max-time 60 --max-filesize 50000000 -H 'Content-Type: application/json' --data-binary @- "$RPC"
}

_batch_jq() {
  jq -c -L "$ROOT/scripts/lib" --arg contract "$CONTRACT" "$@"
}

# The chain itself signs for the accounts it holds the keys of; none does but a local one.
_operator_unlocked() {
  [ "$CHAIN_NUMBER" = "$LOCAL_CHAIN" ] && operator_open &&
    cast rpc --rpc-url "$RPC" eth_accounts 2>/dev/null | jq -e --arg operator "${OPERATOR,,}" \
      'map(ascii_downcase) | index($operator) != null' >/dev/null
}

# _batch_missing IDENTITIES: who of them lacks what: [{instance_id, instance_address, mint, fund}]
_batch_missing() {
  local least=$_FUND_WEI
  if [ -n "${PRIVATE_KEY:-}${PRIVATE_KEY_FILE:-}" ]; then least=0; fi
  _batch_jq -s --arg ticket "$(cast calldata 'instanceToToken(string)' "$_BATCH_ID")" \
    'include "batch"; questions($ticket)' "$1" | rpc_batch |
    _batch_jq --slurpfile identities "$1" --argjson least "$least" 'include "batch"; missing($least / 2)'
}

# _batch_send MISSING: its transactions, on one connection, each answered when it is in a block, whatever becomes of it
# there. Not in one exchange: anvil 1.7.1 loses some of those that arrive while it mines their predecessor.
_batch_send() {
  local price
  price=$(contract_call "$CONTRACT" 'mintPrice()(uint256)')
  _batch_jq -r --arg operator "$OPERATOR" --arg price "$(cast to-hex "${price%% *}")" \
    --arg fund "$(cast to-hex "$_FUND_WEI")" \
    --arg mint "$(cast calldata 'mintNodeAccess(address,string)' "$OPERATOR" "$_BATCH_ID")" --arg url "$RPC" \
    'include "batch"; transactions | curl_config($url)' <<<"$1" |
    curl -sS --max-time 60 --max-filesize 1000000 -K - >"$RUN_DIR/batch.answers"
}

# admit_all IDENTITIES: a file of what hello_p2p --identity prints. Succeeds when all of them can register; else
# some may still lack something.
admit_all() {
  local lock missing amount=${FUND_AMOUNT:-0.05ether}
  _operator_unlocked || return 1
  _FUND_WEI=$(cast to-wei "${amount%ether}" 2>/dev/null) || return 1
  exec {lock}>"$RUN_DIR/operator.lock"
  flock "$lock"
  missing=$(_batch_missing "$1") || missing=
  if [ -n "$missing" ] && [ "$missing" != '[]' ] && _batch_send "$missing"; then
    missing=$(_batch_missing "$1") || missing=
  fi
  exec {lock}>&-
  [ "$missing" = '[]' ]
}
