#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The cluster owner's commands of dstack-p2p, each on a real chain with the real contract, and with wrong input.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# anvil's second account; its first one signs where no key is given.
readonly OTHER_KEY=0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d
readonly OTHER=0x70997970C51812dc3A010C7d01b50e0d17dc79C8 OWNER=0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266
readonly STRANGER=0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC
readonly A=59df8036b824b0aac54f8998b9e1fb2a0cfc5d3a B=2b4a7e1cf0a1d25b8c7f09bb7a52d1e4ba86c33f
readonly C=00000000000000000000000000000000000000c1 D=00000000000000000000000000000000000000d1
readonly ZEROS=0x00000000000000000000000000000000000000e1
readonly HASH=3f1c9d2ab64e07f5a18bc9d04e7720d5c6a1b3f8e95d4407b2c86a19ed05f7c3

# does ARGUMENT...: a command that succeeds.
does() {
  expect_status 0 timeout 30 "$DSTACK_P2P" "$@"
}

# refuses STATUS PART-OF-SENTENCE ARGUMENT...: one that fails, with nothing on standard output.
refuses() {
  local status=$1 part=$2
  shift 2
  expect_status "$status" timeout 30 "$DSTACK_P2P" "$@"
  [ -z "$OUT" ] || fail "output although it failed: $OUT"
  expect_text "$ERR" "$part"
}

# as_other COMMAND ARGUMENT...: with the second account's key.
as_other() {
  local verb=$1
  shift
  PRIVATE_KEY=$OTHER_KEY "$verb" "$@"
}

# holds VALUE SIGNATURE ARGUMENT...: what a view of the contract answers.
holds() {
  local value=$1 answer
  shift
  answer=$(cast call --rpc-url "$RPC" "$CONTRACT" "$@")
  [ "${answer%% *}" = "$value" ] || fail "$* is $answer, not $value"
}

nonce_of() {
  cast nonce --rpc-url "$RPC" "$1"
}

# ---- One call each

switches() {
  local command=$1 view=$2
  does "$command" on
  holds true "$view()(bool)"
  does "$command" off
  holds false "$view()(bool)"
}

switches_are_set() {
  switches set-bound-urls instanceBoundUrls
  switches set-paused registrationPaused
  switches set-any-device allowAnyDevice
  switches set-require-tcb requireTcbUpToDate
  switches set-require-nft requireNftAtBoot
  does set-dev-mode off
  holds false 'devMode()(bool)'
  does set-dev-mode on
  holds true 'devMode()(bool)'
}

apps_and_domains() {
  does allow-app "${OTHER#0x}" "$STRANGER" --json
  expect_json '[.transactions[].call] == ["allowApp('"${OTHER#0x}"')", "allowApp('"$STRANGER"')"]' "$OUT"
  holds true 'isAppIdAllowed(address)(bool)' "$OTHER"
  does disallow-app "$OTHER"
  expect_text "$ERR" 'leaves the list until it has registered again'
  holds false 'isAppIdAllowed(address)(bool)' "$OTHER"
  holds true 'isAppIdAllowed(address)(bool)' "$STRANGER"
  does add-domain a.example b-1.example
  holds true 'isBaseDomainAllowed(string)(bool)' b-1.example
  does remove-domain a.example
  holds false 'isBaseDomainAllowed(string)(bool)' a.example
  does status --domain a.example --app "$STRANGER" --json
  expect_json '(.domain == {base_domain: "a.example", allowed: false}) and .app.allowed' "$OUT"
}

hashes() {
  does add-compose-hash "0x$HASH"
  holds true 'allowedComposeHashes(bytes32)(bool)' "0x$HASH"
  does remove-compose-hash "$HASH"
  holds false 'allowedComposeHashes(bytes32)(bool)' "0x$HASH"
  does add-device "$HASH"
  holds true 'allowedDeviceIds(bytes32)(bool)' "0x$HASH"
  does remove-device "$HASH"
  holds false 'allowedDeviceIds(bytes32)(bool)' "0x$HASH"
}

root_and_lease() {
  local root
  root=$(cast call --rpc-url "$RPC" "$CONTRACT" 'kmsRootAddress()(address)')
  does set-kms-root "$OTHER"
  expect_text "$ERR" 'leaves the list until it has registered again'
  holds "$OTHER" 'kmsRootAddress()(address)'
  does set-kms-root "$root"
  does set-lease 24h
  holds 86400 'leaseDuration()(uint64)'
  does set-lease 0
  holds 0 'leaseDuration()(uint64)'
}

minting_rules() {
  does set-config --max-nodes 20 --mint-price 0.5ether
  does set-config --public-minting on
  does status --json
  expect_json '.max_nodes == 20 and .mint_price == "500000000000000000" and .public_minting' "$OUT"
  does set-config --mint-price 340282366920938463463.374607431768211455ether
  does status --json
  expect_json '.mint_price == "340282366920938463463374607431768211455" and .max_nodes == 20' "$OUT"
  does set-config --max-nodes 0 --public-minting off --mint-price 0
  holds 0 'mintPrice()(uint256)'
  refuses 2 'nothing to set' set-config
  refuses 2 '--public-minting' set-config --public-minting yes
  refuses 2 '--max-nodes' set-config --max-nodes 1099511627776
  refuses 2 '--mint-price' set-config --mint-price 1.5wei
}

# ---- NFTs

nfts() {
  does mint "$A" "$B" --to "$OTHER" --json
  expect_json '.minted == ["'$A'", "'$B'"] and .held_already == [] and (.transactions | length) == 2' "$OUT"
  holds "$OTHER" 'ownerOf(uint256)(address)' "0x$A"
  refuses 48 InstanceHoldsTicket mint "$A"
  does mint "$A" "$C" --if-needed --json
  expect_json '.minted == ["'$C'"] and .held_already == ["'$A'"]' "$OUT"
  holds "$OWNER" 'ownerOf(uint256)(address)' "0x$C"
  does mint "$A" --if-needed
  expect_text "$ERR" "$A has an NFT already"
  expect_text "$ERR" 'nothing is to be done'
  [ -z "$OUT" ] || fail "output: $OUT"
  as_other refuses 49 'NotTicketHolder' reassign "$C" "$D"
  as_other does reassign "$A" "$D"
  does status --instance "$D" --json
  expect_json '.instance | .nft and .holder == "'$OTHER'" and (.banned | not) and .peer == null' "$OUT"
  does ban "$D"
  does status --instance "$D" --json
  expect_json .instance.banned "$OUT"
  does unban "$D"
  does revoke "$B" "$C" "$D"
  does status --json
  expect_json '.total_supply == 0' "$OUT"
  refuses 42 InstanceHoldsNoTicket revoke "$B"
}

paid_nfts() {
  local receiver=0x00000000000000000000000000000000000000C1
  does set-config --public-minting on --mint-price 0.01ether
  as_other does mint "$A" "$B"
  expect_text "$ERR" 'at 0.01 ether each'
  holds "$OTHER" 'ownerOf(uint256)(address)' "0x$A"
  # The owner pays as everybody does.
  does mint "$C"
  does status --json
  expect_json '.fees == "30000000000000000"' "$OUT"
  as_other refuses 49 OwnableUnauthorizedAccount withdraw-fees
  does withdraw-fees "$receiver" --json
  expect_json '.fees == "30000000000000000" and .to == "'$receiver'"' "$OUT"
  [ "$(cast balance --rpc-url "$RPC" $receiver)" = 30000000000000000 ] || fail "the fees did not arrive"
  does withdraw-fees
  expect_text "$ERR" 'nothing is to be done'
  does set-config --public-minting off --mint-price 0
  does revoke "$A" "$B" "$C"
}

# Each could be minted when it was asked for; together they are too many.
what_fails_half_way_is_told() {
  does set-config --max-nodes 1
  expect_text "$ERR" '1 node at most'
  refuses 48 'ClusterIsFull (maxNodes 1)' mint "$A" "$B"
  expect_text "$ERR" "mintNodeAccess($A): done, 0x"
  expect_text "$ERR" "mintNodeAccess($B): refused, 0x"
  does revoke "$A"
  refuses 48 ClusterIsFull mint "$A" "$B" --json
  expect_json '.transactions | map(.state) == ["done", "refused"] and .[1].gas_used > 0' "$(tail -n 1 <<<"$ERR")"
  does revoke "$A"
  does set-config --max-nodes 0
}

# ---- Accounts

balance_of_owner() {
  cast balance --rpc-url "$RPC" "$OWNER"
}

# What receipts say comes to what is gone, as what was asked about would: the value is in it.
receipts_add_up() {
  local before one=0x00000000000000000000000000000000000000D1 two=0x00000000000000000000000000000000000000D2
  before=$(balance_of_owner)
  does fund "$one" "$two" --amount 0.003ether --json
  expect_json '.transactions | all(.value == "3000000000000000")' "$OUT"
  python3 -c 'import json, sys
assert sum(int(it["cost"]) for it in json.loads(sys.argv[3])["transactions"]) == int(sys.argv[1]) - int(sys.argv[2])' \
    "$before" "$(balance_of_owner)" "$OUT" || fail "before $before, after $(balance_of_owner): $OUT"
  does fund "$one" --amount 0.003ether
  [[ $OUT =~ ^payment\ to\ $one:.*,\ 0\.0030[0-9]+\ ether\ with\ the\ value\ of\ 0\.003\ ether$ ]] || fail "$OUT"
}

accounts_are_funded() {
  local one=0x00000000000000000000000000000000000000A1 two=0x00000000000000000000000000000000000000A2
  does fund "$one" --amount 0.01ether
  does fund "$one" "$two" --amount 0.02ether --below 0.01ether --json
  expect_json '.funded == ["'$two'"] and .has_enough == ["'$one'"] and .amount == "20000000000000000"' "$OUT"
  [ "$(cast balance --rpc-url "$RPC" $two)" = 20000000000000000 ] || fail "not funded"
  does fund "$one" "$two" --amount 1gwei --below 0.01ether
  expect_text "$ERR" "$one has enough: 0.01 ether"
  refuses 51 '--max-cost' fund "$one" --amount 1ether
  does fund "$one" --amount 1ether --max-cost 1.1ether
  refuses 2 '--amount is missing' fund "$one"
  refuses 2 'above 0' fund "$one" --amount 0
  refuses 2 'zero address' fund 0x0000000000000000000000000000000000000000 --amount 1wei
  refuses 2 'given twice' fund "$one" "$one" --amount 1wei
}

ownership_changes_hands() {
  does transfer-ownership "$OTHER"
  expect_text "$ERR" 'that account alone governs'
  refuses 49 OwnableUnauthorizedAccount accept-ownership
  does transfer-ownership 0x0000000000000000000000000000000000000000
  as_other refuses 49 OwnableUnauthorizedAccount accept-ownership
  does transfer-ownership "$OTHER"
  does status --json
  expect_json '.owner == "'$OWNER'" and .pending_owner == "'$OTHER'"' "$OUT"
  as_other does accept-ownership
  refuses 49 OwnableUnauthorizedAccount ban "$A"
  as_other does transfer-ownership "$OWNER"
  does accept-ownership
  holds "$OWNER" 'owner()(address)'
}

# ---- Peers

peers_come_and_go() {
  instance one
  does mint "$INSTANCE" --to "$OWNER"
  does fund "$ADDRESS" --amount 0.04ether
  hello_start one "$(free_port)"
  peer_is_listed "$INSTANCE" || fail "not listed: $(cat "$RUN_DIR/one.log")"
  process_stop one
  does status --json --instance "$INSTANCE"
  expect_json '.peers == 1 and .peer_slots == 1 and .instance.nft and (.instance.peer.url | startswith("http://localhost:"))
    and .instance.peer.expires_at == null and .instance.last_anchor > 0' "$OUT"
  does status --instance "$INSTANCE"
  expect_text "$OUT" $'  expires\tnever'
  does deactivate "$INSTANCE"
  does status --json
  expect_json '.peers == 0 and .peer_slots == 0' "$OUT"
  does revoke "$INSTANCE"
}

peer_is_listed() {
  wait_until 20 _is_listed "$1"
}

_is_listed() {
  [ -n "$(listed_url "$1")" ]
}

# Three that never renew, with leases that end.
expired_peers_are_pruned() {
  local name ids=()
  does set-lease 1h
  for name in x y z; do
    instance_admitted "$name"
    hello_start "$name" "$(free_port)"
    peer_is_listed "$INSTANCE" || fail "not listed: $(cat "$RUN_DIR/$name.log")"
    process_stop "$name"
    ids+=("$INSTANCE")
  done
  does prune
  expect_text "$ERR" 'nothing is to be done'
  does prune --json
  expect_json '. == {instances: [], transactions: []}' "$OUT"
  does prune --dry-run --json
  expect_json '. == {dry_run: true, instances: [], transactions: []}' "$OUT"
  cast rpc --rpc-url "$RPC" evm_increaseTime 3601 >/dev/null
  cast rpc --rpc-url "$RPC" evm_mine >/dev/null
  does status --json
  expect_json '.peers == 0 and .peer_slots == 3 and .lease_seconds == 3600' "$OUT"
  does prune "${ids[1]}" "$A" --json
  expect_json '(.transactions | length) == 1' "$OUT"
  does prune --dry-run --json
  expect_json '(.transactions | length) == 1' "$OUT"
  does prune --json
  expect_json "(.instances | sort) == ([\"${ids[0]}\", \"${ids[2]}\"] | sort)" "$OUT"
  does status --json
  expect_json '.peer_slots == 0' "$OUT"
  does set-lease 0
}

# They are live while the gas is estimated, and have run out in the block; each one's place is taken by another.
expiring_peers_are_pruned() {
  local name time ids=()
  does set-lease 1h
  for name in x y z u v w; do
    if [ "$name" = u ]; then does set-lease 2h; fi
    instance_admitted "$name"
    does register "http://$name:1" --guest "$ENDPOINT"
    ids+=("$INSTANCE")
  done
  time=$(cast block latest --field timestamp --rpc-url "$RPC")
  cast rpc --rpc-url "$RPC" evm_setNextBlockTimestamp $((time + 3601)) >/dev/null
  does prune "${ids[@]:0:3}"
  does status --json
  expect_json '.peer_slots == 3' "$OUT"
  does set-lease 0
  does revoke "${ids[@]:3}"
}

# ---- What is wrong

# An option that is given as "$NOTHING" must not be looked for elsewhere: a node or a root that nobody meant.
empty_values() {
  local before
  before=$(nonce_of "$OWNER")
  for option in --rpc-url --chain-id --private-key-file --max-cost --kms-root --config; do
    refuses 2 "$option is given an empty value" deploy "$option" ''
    refuses 2 "$option is given an empty value" deploy "$option="
  done
  refuses 2 '--contract is given an empty value' ban "$A" -c ''
  [ "$before" = "$(nonce_of "$OWNER")" ] || fail "something was sent"
}

# Nothing is asked for and nothing is sent; a command line that is wrong needs no node.
wrong_arguments() {
  local before
  before=$(nonce_of "$OWNER")
  export RPC_URL=http://127.0.0.1:1
  for command in mint revoke deactivate ban unban prune; do
    refuses 2 '40 lowercase hex digits' "$command" "0x$A"
    refuses 2 '40 lowercase hex digits' "$command" 0000000000000000000000000000000000000000
    refuses 2 "'$A' is given twice" "$command" "$A" "$B" "$A"
  done
  refuses 2 '40 lowercase hex digits' reassign "$A" "${B^^}"
  refuses 2 'something is missing' reassign "$A"
  for command in allow-app disallow-app; do
    refuses 2 '40 hex digits' "$command" "${OTHER}0"
    refuses 2 'is given twice' "$command" "$OTHER" "${OTHER#0x}"
  done
  for command in add-domain remove-domain; do refuses 2 'two labels or more' "$command" https://a.example; done
  for command in add-compose-hash remove-compose-hash add-device remove-device; do
    refuses 2 '64 hex digits' "$command" "${HASH}0"
    [[ $ERR != *"$HASH"* ]] || fail "what may be a private key is told back: $ERR"
  done
  for command in set-dev-mode set-bound-urls set-paused set-any-device set-require-tcb set-require-nft; do
    refuses 2 'is on or off' "$command" true
    refuses 2 'more than it takes' "$command" on off
    refuses 2 'something is missing' "$command"
  done
  for command in set-kms-root transfer-ownership withdraw-fees; do refuses 2 'checksum' "$command" "${OTHER/7099/709A}"; done
  for command in set-kms-root withdraw-fees; do
    refuses 2 'zero address' "$command" 0x0000000000000000000000000000000000000000
  done
  refuses 2 'takes a time' set-lease 1w
  refuses 2 'whole seconds' set-lease 1500ms
  refuses 2 '--to is' mint "$A" --to "$A"
  refuses 2 '--instance is' status --instance "0x$A"
  refuses 2 '--domain is' status --domain example
  refuses 2 '--app is' status --app app
  refuses 2 'there is no option --kms-root' set-kms-root "$OTHER" --kms-root "$OTHER"
  refuses 2 "not 'zzz'" ban zzz --json
  expect_json '.error.code == 2' "$ERR"
  export RPC_URL=$RPC
  [ "$before" = "$(nonce_of "$OWNER")" ] || fail "something was sent"
}

surroundings_are_wrong() {
  (
    unset CONTRACT_ADDRESS
    refuses 11 'no contract address' ban "$A"
    refuses 11 'no contract address' status
    refuses 11 'contract address' ban "$A" --contract 0x12
  )
  refuses 40 'no contract answers' status --contract "$STRANGER"
  refuses 40 'no contract answers' ban "$A" --contract "$STRANGER"
  # Code that answers a word of zeros to everything.
  cast rpc --rpc-url "$RPC" anvil_setCode "$ZEROS" 0x60206000f3 >/dev/null
  refuses 41 "$ZEROS: " status --contract "$ZEROS"
  refuses 41 "$ZEROS: " set-config --contract "$ZEROS" --max-nodes 1
  refuses 30 'cannot reach' status --rpc-url http://127.0.0.1:1
  refuses 13 'no private key to sign with' ban "$A" --chain-id 1
  as_other refuses 35 chain ban "$A" --chain-id 1
  PRIVATE_KEY=0x12 refuses 13 'private key' ban "$A"
  as_other refuses 49 'banInstance' ban "$A" --json
  expect_json '.error.code == 49 and .error.name == "NOT_AUTHORISED"' "$ERR"
  expect_status 6 bash -c "\"\$1\" status >/dev/full" - "$DSTACK_P2P"
  # Not what has been opened since in its place.
  expect_status 6 bash -c "\"\$1\" status >&-" - "$DSTACK_P2P"
  expect_text "$ERR" 'Bad file descriptor'
  # What is done is told all the same, or it would be done again.
  expect_status 6 bash -c "\"\$1\" unban $A >/dev/full" - "$DSTACK_P2P"
  expect_text "$ERR" "unbanInstance($A): done, 0x"
  expect_status 6 bash -c "\"\$1\" unban $A --json >/dev/full" - "$DSTACK_P2P"
  expect_json '.transactions[0].state == "done"' "$(tail -n 1 <<<"$ERR")"
  for option in --help --version; do
    expect_status 6 bash -c "\"\$1\" $option >/dev/full" - "$DSTACK_P2P"
    expect_text "$ERR" 'the output cannot be written: No space left'
  done
  # Where the value comes from.
  CHAIN_ID=0x1 refuses 2 'CHAIN_ID takes a number' status
  DSTACK_P2P_EVIDENCE=yes refuses 2 'DSTACK_P2P_EVIDENCE takes auto' peers
}

# Times and numbers beyond 2^63 - 1, which JSON would show as negative.
lies_are_refused() {
  local lie
  for lie in '"timestamp": "0x="timestamp": "0xffffffff' '"number": "0x="number": "0xfffffffffffffff'; do
    process_spawn liar "$RUN_DIR/liar.log" python3 "$ROOT/tests/cli_lying_node.py" "$RPC" "$lie"
    wait_until 20 grep -q '^ready: ' "$RUN_DIR/liar.log"
    for command in status prune 'peers --evidence off'; do
      # shellcheck disable=SC2086 # a command and its options
      refuses 32 'block has no number, time or hash' $command --json --rpc-url "$(sed -n 's/^ready: //p' "$RUN_DIR/liar.log")"
    done
    process_stop liar
  done
}

# ---- Dry runs, ceilings

dry_runs_send_nothing() {
  local before
  before=$(nonce_of "$OWNER")
  does ban "$A" "$B" --dry-run
  expect_text "$OUT" "banInstance($A)"
  expect_text "$OUT" 'dry run, nothing was sent: 2 transactions on chain 31337'
  does ban "$A" --dry-run --json
  expect_json '.dry_run and .chain_id == 31337 and .from == "'$OWNER'" and (.most_cost | test("^[0-9]+$")) and .gas > 21000
    and .ceiling == "50000000000000000"
    and (.transactions | length) == 1 and .transactions[0].to == "'"$CONTRACT"'" and
    (.transactions[0].data | startswith("0x85abe81b")) and .transactions[0].gas_limit > 21000' "$OUT"
  # Anybody's account, with no key at all; what it may not do is found out.
  does ban "$A" --dry-run --from "$OWNER" --json
  as_other refuses 49 OwnableUnauthorizedAccount ban "$A" --dry-run
  refuses 49 OwnableUnauthorizedAccount ban "$A" --dry-run --from "$STRANGER"
  refuses 2 '--from is for --dry-run' ban "$A" --from "$OWNER"
  refuses 2 '--from takes' ban "$A" --dry-run --from "$A"
  [ "$before" = "$(nonce_of "$OWNER")" ] || fail "something was sent"
}

ceilings_hold() {
  local before poor=0x00000000000000000000000000000000000000B1
  before=$(nonce_of "$OWNER")
  refuses 51 '--max-cost sets that ceiling' ban "$A" --max-cost 1gwei
  refuses 50 '--max-fee-per-gas sets that ceiling' ban "$A" --max-fee-per-gas 1wei
  # A dry run tells what it would cost where it could not be paid.
  expect_status 51 "$DSTACK_P2P" ban "$A" --max-cost 1gwei --dry-run
  expect_text "$OUT" 'dry run, nothing was sent'
  expect_status 52 "$DSTACK_P2P" fund "$OTHER" --amount 1wei --dry-run --from "$poor"
  [ "$before" = "$(nonce_of "$OWNER")" ] || fail "something was sent"
}

# ---- Output

status_is_readable() {
  does status
  expect_text "$OUT" $'dev mode\ton'
  expect_text "$OUT" $'offered to\tnone'
  at_terminal '' "$DSTACK_P2P" status
  [[ $OUT == *$'\e'* ]] || fail "no colours at a terminal: $OUT"
  [[ $OUT =~ WHAT[^A-Z]*VALUE ]] || fail "no head: $OUT"
  NO_COLOR=1 at_terminal '' "$DSTACK_P2P" status
  [[ $OUT != *$'\e'* ]] || fail "colours although NO_COLOR is set"
}

reports_are_readable() {
  does set-paused off
  [[ $OUT =~ ^setRegistrationPaused\(off\):\ 0x[0-9a-f]{64}\ in\ block\ [0-9]+,\ [0-9]+\ gas,\ 0\.[0-9]+\ ether$ ]] ||
    fail "not a report: $OUT"
  does set-paused off --json
  expect_json '.transactions[0] | .state == "done" and .gas_used > 21000 and .block > 0 and (.cost | test("^[0-9]+$"))' "$OUT"
  [ -z "$ERR" ] || fail "words beside JSON: $ERR"
}

anvil_start
simulator_start
export RPC_URL=$RPC
CONTRACT=$("$DSTACK_P2P" deploy 2>"$RUN_DIR/deploy.log") || die 1 "no contract: $(cat "$RUN_DIR/deploy.log")"
export CONTRACT_ADDRESS=$CONTRACT

test_case "switches are set" switches_are_set
test_case "apps and base domains are allowed, and no longer" apps_and_domains
test_case "compose hashes and devices are added and removed" hashes
test_case "the root and the lease are set" root_and_lease
test_case "the rules of minting are set, and what is not given stays" minting_rules
test_case "NFTs are minted, moved, burnt; instances are banned" nfts
test_case "NFTs that cost something are paid for, and the fees are taken out" paid_nfts
test_case "what fails half way is told" what_fails_half_way_is_told
test_case "accounts are funded, those that need it" accounts_are_funded
test_case "receipts add up to what it cost" receipts_add_up
test_case "ownership changes hands in two steps" ownership_changes_hands
test_case "a peer is shown, and taken off the list" peers_come_and_go
test_case "peers whose lease has run out are found and removed" expired_peers_are_pruned
test_case "peers whose lease runs out meanwhile are removed" expiring_peers_are_pruned
test_case "a wrong argument is refused before anything is asked" wrong_arguments
test_case "an option with an empty value is a mistake" empty_values
test_case "wrong surroundings have a status each" surroundings_are_wrong
test_case "numbers that no chain has are refused" lies_are_refused
test_case "a dry run sends nothing" dry_runs_send_nothing
test_case "ceilings hold" ceilings_hold
test_case "the status is for people, programs and terminals" status_is_readable
test_case "so are reports" reports_are_readable
test_end
