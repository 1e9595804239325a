#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# interop_test.sh INTEROP: compares the library's encoders and decoders, through the program INTEROP, with cast, for
# pseudo-random inputs. INTEROP_SEED brings a run back. Exit status 77 (skipped) without cast.
set -euo pipefail

interop=$1
root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
# shellcheck source=/dev/null
if ! . "$root/scripts/env.sh"; then
  echo "SKIP: cast is not installed"
  exit 77
fi
unset ETH_RPC_URL ETH_FROM ETH_KEYSTORE ETH_KEYSTORE_ACCOUNT ETH_PASSWORD CHAIN ETH_GAS_LIMIT ETH_GAS_PRICE \
  ETH_PRIORITY_GAS_PRICE

seed=${INTEROP_SEED:-$EPOCHSECONDS}
echo "seed $seed"
counter=0 passed=0 failed=0

# random_bytes LENGTH: sets R to that many bytes of hex with 0x.
random_bytes() {
  counter=$((counter + 1))
  R=$("$interop" random "$((seed * 100000 + counter))" "$1")
}

# random_number MAX: sets R, 0 to MAX (below 2^31).
random_number() {
  random_bytes 4
  R=$((R % ($1 + 1)))
}

# random_wide DIGITS: sets R to a decimal number of up to that many digits, without leading zeros.
random_wide() {
  local digits='' length=$1
  while [ "${#digits}" -lt "$length" ]; do
    random_bytes 7
    digits=$digits$((R))
  done
  R=${digits:0:length}
}

# same NAME EXPECTED ACTUAL
same() {
  if [ "$2" = "$3" ]; then
    echo "ok $1"
    passed=$((passed + 1))
  else
    echo "not ok $1"
    printf '#   cast: %s\n#   ours: %s\n' "$2" "$3"
    failed=$((failed + 1))
  fi
}

test_keccak() {
  local length
  for length in 0 1 31 32 33 135 136 137 271 272 273 1000 4096; do
    random_bytes "$length"
    same "keccak of $length bytes" "$(cast keccak "$R")" "$("$interop" keccak "$R")"
  done
}

test_rlp() {
  local length i list items
  for length in 0 1 2 54 55 56 57 255 256 257 3000; do
    random_bytes "$length"
    same "RLP list of one item of $length bytes" "$(cast to-rlp "[\"$R\"]")" "$("$interop" rlp "$R")"
  done
  for length in 0x00 0x01 0x7f 0x80 0xff 0x0000; do
    same "RLP list of $length" "$(cast to-rlp "[\"$length\"]")" "$("$interop" rlp "$length")"
  done
  for i in {1..12}; do
    list='' items=()
    for ((; ${#items[@]} < i; )); do
      random_number 70
      random_bytes "$R"
      items+=("$R")
      list="$list${list:+,}\"$R\""
    done
    same "RLP list of $i items" "$(cast to-rlp "[$list]")" "$("$interop" rlp "${items[@]}")"
  done
  same "RLP of the empty list" "$(cast to-rlp '[]')" "$("$interop" rlp)"
  for i in {1..12}; do
    random_wide "$((i * 3))"
    # An integer is the byte string of its digits, without leading zeros.
    list=$(cast to-hex "$R")
    list=${list#0x}
    if [ "$((${#list} % 2))" = 1 ]; then list=0$list; fi
    same "RLP of the number $R" "$(cast to-rlp "\"0x$list\"")" "$("$interop" rlp-number "$R")"
  done
}

test_keys() {
  local i key
  for i in {1..12}; do
    random_bytes 32
    key=$R
    same "address $i" "$(cast wallet address --private-key "$key")" "$("$interop" address "$key")"
    random_bytes 32
    same "signature $i" "$(cast wallet sign --no-hash --private-key "$key" "$R")" "$("$interop" sign "$key" "$R")"
  done
}

# One type-2 transaction: byte for byte, and as cast reads it.
test_transaction() {
  local length=$1 key chain nonce tip fee gas to value data raw hash
  random_bytes 32
  key=$R
  random_number 2000000000
  chain=$((R + 1))
  random_number 70000
  nonce=$R
  random_wide 10
  tip=$R
  random_wide 13
  fee=$R
  random_number 30000000
  gas=$R
  random_bytes 20
  to=$R
  if [ "$((length % 2))" = 0 ]; then value=0; else random_wide 21 && value=$R; fi
  random_bytes "$length"
  data=$R
  { read -r raw && read -r hash; } < <("$interop" tx "$key" "$chain" "$nonce" "$tip" "$fee" "$gas" "$to" "$value" "$data")
  # Everything is given, so that the node's address is never used.
  same "transaction with $length bytes of data" "$(cast mktx --private-key "$key" --chain "$chain" --nonce "$nonce" \
    --priority-gas-price "$tip" --gas-price "$fee" --gas-limit "$gas" --value "$value" --rpc-url http://127.0.0.1:1 \
    "$to" "$data")" "$raw"
  same "its hash" "$(cast keccak "$raw")" "$hash"
  same "its signer, nonce and data as cast reads them" \
    "$(cast wallet address --private-key "$key" | tr A-F a-f) $(cast to-hex "$nonce") $data" \
    "$(cast decode-transaction "$raw" | jq -r '(if type == "string" then fromjson else . end) | [.signer, .nonce, .input] | join(" ")' | tr A-F a-f)"
}

test_transactions() {
  local length
  for length in 0 1 2 31 32 55 56 57 255 256 600 601; do test_transaction "$length"; done
}

test_calls() {
  local i number address bytes text
  for i in 0 1 5 31 32 33 64 100 256; do
    random_number 2000000000
    number=$R
    random_bytes 20
    address=$R
    random_bytes "$i"
    bytes=$R
    random_bytes "$i"
    text=t${R#0x}
    same "call with $i bytes" "$(cast calldata 'f(uint256,address,bytes,string)' "$number" "$address" "$bytes" "$text")" \
      "$("$interop" call "$(cast sig 'f(uint256,address,bytes,string)')" "n:$number" "a:$address" "b:$bytes" "s:$text")"
    same "call with $i bytes twice" "$(cast calldata 'g(bytes,uint64,bytes)' "$bytes" "$number" "$bytes")" \
      "$("$interop" call "$(cast sig 'g(bytes,uint64,bytes)')" "b:$bytes" "n:$number" "b:$bytes")"
  done
}

# getPeers as the contract returns it, with so many peers.
test_page() {
  local count=$1 total=$(($1 + 7)) i list='' expected id address registered expires url
  expected="$total 42"
  for ((i = 0; i < count; i++)); do
    random_bytes 20
    id=$R
    random_bytes 20
    address=$(cast to-check-sum-address "$R")
    random_number 2000000000
    registered=$R
    random_number 2000000000
    expires=$R
    random_number 120
    random_bytes "$R"
    url=http://$i.${R#0x}
    list="$list${list:+,}($id,$address,$registered,$expires,$url)"
    expected="$expected
$id $address $registered $expires $url"
  done
  same "page of $count peers" "$expected" "$("$interop" page \
    "$(cast abi-encode 'f((bytes20,address,uint64,uint64,string)[],uint256,uint256)' "[$list]" "$total" 42)")"
}

test_reverts() {
  local i number bytes
  for i in {1..6}; do
    random_number 2000000000
    number=$R
    same "Error with a text" "the contract refused: Error (reason 'reason $number')" \
      "$("$interop" revert "$(cast calldata 'Error(string)' "reason $number")")"
    same "an error with numbers" "the contract refused: AnchorNotNewer (anchor $number, lastAnchor $((number + i)))" \
      "$("$interop" revert "$(cast calldata 'AnchorNotNewer(uint64,uint64)' "$number" "$((number + i))")")"
    random_bytes 20
    bytes=$R
    same "an error with a text and bytes20" \
      "the contract refused: UrlNotBoundToInstance (label 'l$number', instanceId $bytes)" \
      "$("$interop" revert "$(cast calldata 'UrlNotBoundToInstance(string,bytes20)' "l$number" "$bytes")")"
    same "an error with addresses" \
      "the contract refused: KmsSignerMismatch (expected $(cast to-check-sum-address "$bytes"), actual 0x0000000000000000000000000000000000000001)" \
      "$("$interop" revert "$(cast calldata 'KmsSignerMismatch(address,address)' "$bytes" \
        0x0000000000000000000000000000000000000001)")"
  done
}

test_keccak
test_rlp
test_keys
test_transactions
test_calls
for peers in 0 1 2 3 10; do test_page "$peers"; done
test_reverts

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
