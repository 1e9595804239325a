# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The chain and the operator's account. After common.sh, build.sh and ensure_ready.

readonly LOCAL_CHAIN=31337
# The key of anvil's first account is printed at its start and in its manual: public, for local chains only.
readonly ANVIL_KEY=0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80

# What could make cast sign as somebody else or ask another node than the one named here.
unset ETH_FROM ETH_KEYSTORE ETH_KEYSTORE_ACCOUNT ETH_PASSWORD ETH_RPC_URL CHAIN

# rpc_answers URL: whether an Ethereum node is there.
rpc_answers() {
  curl -fsS --max-time 5 --max-filesize 1000000 -H 'Content-Type: application/json' \
    -d '{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":[]}' "$1" 2>/dev/null |
    jq -e '.result | strings | startswith("0x")' >/dev/null 2>&1
}

# chain_open URLS: sets RPC (the first that answers of a comma-separated list) and CHAIN_NUMBER.
chain_open() {
  local url urls
  IFS=, read -r -a urls <<<"$1"
  for url in "${urls[@]}"; do
    if rpc_answers "$url"; then
      RPC=$url
      CHAIN_NUMBER=$(cast chain-id --rpc-url "$RPC")
      return
    fi
  done
  return 1
}

# contract_call ADDRESS SIGNATURE ARGUMENT...
contract_call() {
  cast call --rpc-url "$RPC" "$@"
}

# require_contract ADDRESS
require_contract() {
  if ! [[ $1 =~ ^0x[0-9a-fA-F]{40}$ ]]; then die_of CONTRACT_ADDRESS "CONTRACT_ADDRESS is malformed: '$1'"; fi
  if [ "$(cast code --rpc-url "$RPC" "$1")" = 0x ]; then die_of NO_CONTRACT "no contract code at $1 on chain $CHAIN_NUMBER"; fi
}

_hex_to_bytes() {
  local hex
  read -r hex
  # shellcheck disable=SC2001 # the shell's own replacement cannot repeat what it found
  printf '%b' "$(sed 's/../\\x&/g' <<<"$hex")"
}

# _keystore DIR: writes the key on standard input as DIR/key (a version 3 keystore) with the password in
# DIR/password. cast takes a private key on its command line only, where any user can read it with ps; so it gets a
# keystore. The initialisation vector is the second half of the derived key because that is how openssl derives it.
_keystore() {
  local dir=$1 salt vector cipher mac
  local -a openssl=(openssl enc -aes-128-ctr -pbkdf2 -iter 1000 -md sha256 -pass "file:$dir/password")
  head -c 24 /dev/urandom | base64 -w 0 >"$dir/password"
  salt=$(head -c 8 /dev/urandom | od -An -v -tx1 | tr -d ' \n')
  cipher=$(_hex_to_bytes | "${openssl[@]}" -S "$salt" | od -An -v -tx1 | tr -d ' \n')
  vector=$("${openssl[@]}" -S "$salt" -P | sed -n 's/^iv *=//p' | tr A-F a-f)
  mac=$(printf '0x%s%s' "$vector" "$cipher" | cast keccak)
  cat >"$dir/key" <<JSON
{"version": 3, "id": "00000000-0000-4000-8000-000000000000", "crypto": {
  "cipher": "aes-128-ctr", "cipherparams": {"iv": "$vector"}, "ciphertext": "$cipher", "mac": "${mac#0x}",
  "kdf": "pbkdf2", "kdfparams": {"c": 1000, "dklen": 32, "prf": "hmac-sha256", "salt": "$salt"}}}
JSON
}

# operator_open: makes the operator's account usable: HOST_PRIVATE_KEY, or on a local chain anvil's first account.
# Sets OPERATOR, its address. Fails, without a word, when there is no key.
operator_open() {
  local key=${HOST_PRIVATE_KEY:-}
  if [ -n "${OPERATOR:-}" ]; then return; fi
  if [ -z "$key" ] && [ "$CHAIN_NUMBER" = "$LOCAL_CHAIN" ]; then key=$ANVIL_KEY; fi
  if [ -z "$key" ]; then return 1; fi
  if ! [[ $key =~ ^(0x)?[0-9a-fA-F]{64}$ ]]; then die_of PRIVATE_KEY "HOST_PRIVATE_KEY is malformed: 64 hex digits are expected"; fi
  OPERATOR_DIR=$(umask 077 && mktemp -d)
  (umask 077 && printf '%s\n' "${key#0x}" | _keystore "$OPERATOR_DIR")
  OPERATOR=$(cast wallet address --keystore "$OPERATOR_DIR/key" --password-file "$OPERATOR_DIR/password")
}

# To be called at the end, and before exec.
operator_close() {
  if [ -n "${OPERATOR_DIR:-}" ]; then rm -rf -- "$OPERATOR_DIR"; fi
  OPERATOR='' OPERATOR_DIR=''
}

# operator_send ARGUMENT...: cast send; prints cast's complaint when it fails.
operator_send() {
  local answer
  if ! answer=$(cast send --json --rpc-url "$RPC" --keystore "$OPERATOR_DIR/key" \
    --password-file "$OPERATOR_DIR/password" "$@" 2>&1); then
    printf '%s\n' "$answer" >&2
    return 1
  fi
  jq -e '.status == "0x1"' <<<"$answer" >/dev/null
}

# wei_below A B: whether A < B; they do not fit the shell's integers.
wei_below() {
  if [ "${#1}" != "${#2}" ]; then [ "${#1}" -lt "${#2}" ]; else [[ $1 < $2 ]]; fi
}

# deploy_contract: deploys with the operator's key; sets CONTRACT. forge's output goes to $RUN_DIR/deploy.log.
deploy_contract() {
  local key=${HOST_PRIVATE_KEY:-} record
  if [ -z "$key" ] && [ "$CHAIN_NUMBER" = "$LOCAL_CHAIN" ]; then key=$ANVIL_KEY; fi
  record=$RUN_DIR/broadcast/DeployDstackMembershipNFT.s.sol/$CHAIN_NUMBER/run-latest.json
  rm -f "$record"
  (
    cd "$ROOT/contracts"
    RPC_URL=$RPC PRIVATE_KEY=$key FOUNDRY_BROADCAST=$RUN_DIR/broadcast \
      forge script script/DeployDstackMembershipNFT.s.sol --broadcast
  ) >"$RUN_DIR/deploy.log" 2>&1 || return 1
  CONTRACT=$(jq -r '.transactions[0].contractAddress' "$record")
  CONTRACT=$(cast to-check-sum-address "$CONTRACT")
}
