#!/usr/bin/env bash
# Runs the deployment script as its users do, against nodes of its own on free ports: as typed, in production mode, with
# what must be refused, and on another chain.
set -euo pipefail

contracts=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$contracts"
# shellcheck source=scripts/env.sh disable=SC1091
. ../scripts/env.sh
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1
unset RPC_URL ETH_RPC_URL PRIVATE_KEY KMS_ROOT_ADDRESS APP_ID PRODUCTION BASE_DOMAINS

work=$(mktemp -d)
nodes=()
cleanup() {
  local node
  for node in "${nodes[@]}"; do kill "$node" 2>/dev/null || true; done
  rm -rf "$work"
}
trap cleanup EXIT

fail() {
  echo "deploy_test.sh: $1" >&2
  [ ! -s "$work/out" ] || cat "$work/out" >&2
  exit 1
}

# node CHAIN_ID: starts a node on a free port, sets `url`. The node itself picks the port.
node() {
  anvil --port 0 --chain-id "$1" --cache-path "$work/states" >"$work/anvil.$1" 2>&1 &
  nodes+=($!)
  local i
  for ((i = 0; i < 100; i++)); do
    url=$(sed -n 's/^Listening on /http:\/\//p' "$work/anvil.$1")
    [ -z "$url" ] || return 0
    sleep 0.1
  done
  fail "anvil does not start"
}

# deploy [NAME=VALUE]...: sets `address`.
deploy() {
  env RPC_URL="$url" "$@" forge script script/DeployDstackMembershipNFT.s.sol --broadcast >"$work/out" 2>&1 ||
    fail "deploying with '$*' fails"
  address=$(sed -n 's/^ *DstackMembershipNFT deployed at \(0x[0-9a-fA-F]\{40\}\)$/\1/p' "$work/out")
  [ -n "$address" ] || fail "no address in the output"
}

# refused SENTENCE [NAME=VALUE]...
refused() {
  local sentence=$1
  shift
  if env RPC_URL="$url" "$@" forge script script/DeployDstackMembershipNFT.s.sol --broadcast >"$work/out" 2>&1; then
    fail "deploying with '$*' succeeds"
  fi
  grep -qF -- "$sentence" "$work/out" || fail "no '$sentence' for '$*'"
}

# expect VALUE SIGNATURE [ARGUMENT]...
expect() {
  local value=$1 answer
  shift
  answer=$(cast call --rpc-url "$url" "$address" "$@")
  [ "$answer" = "$value" ] || fail "$1 is $answer, not $value"
}

key=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d # anvil's second account
root=0x1000000000000000000000000000000000000001
app=0x5bb4FF9A3837357F19dC176407a5709c62eB6C56

node 31337
deploy
expect 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 'owner()(address)'
expect 0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf 'kmsRootAddress()(address)'
expect true 'isAppIdAllowed(address)(bool)' "$app"
expect true 'devMode()(bool)'

deploy PRODUCTION=true BASE_DOMAINS=a.example,b.example "PRIVATE_KEY=$key" "KMS_ROOT_ADDRESS=$root"
expect 0x70997970C51812dc3A010C7d01b50e0d17dc79C8 'owner()(address)'
expect "$root" 'kmsRootAddress()(address)'
expect false 'devMode()(bool)'
expect true 'instanceBoundUrls()(bool)'
expect true 'isBaseDomainAllowed(string)(bool)' b.example
grep -q 'gas for a year of that: [0-9]' "$work/out" || fail "no cost of renewals"
refused 'BASE_DOMAINS is required' PRODUCTION=true
refused 'PRIVATE_KEY is not' PRIVATE_KEY=0xsecret
! grep -q secret "$work/out" || fail "the private key is shown"

node 8453
refused 'PRIVATE_KEY is required on chain 8453'
refused 'KMS_ROOT_ADDRESS is required on chain 8453' "PRIVATE_KEY=$key"
refused "public development root" "PRIVATE_KEY=$key" KMS_ROOT_ADDRESS=0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf
deploy "PRIVATE_KEY=$key" "KMS_ROOT_ADDRESS=$root"
expect false 'isAppIdAllowed(address)(bool)' "$app"
expect true 'isAppIdAllowed(address)(bool)' "$address"

echo "deploy_test.sh: passed"
