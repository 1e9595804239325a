#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dstack-p2p verify and kms-root: on a real chain with registered instances, against nodes that lie, and from saved files.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/other_kms.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/other_kms.sh"

readonly OTHER_ROOT=0x52908400098527886E0F7030069857D2E4169EE7
SAVED=$RUN_DIR/audit.json

# publish NAME URL: lists the instance NAME, and leaves it there.
publish() {
  instance_admitted "$1"
  hello_start "$1" 0 --url "$2"
  wait_until 20 grep -q 'INFO  registered$' "$RUN_DIR/$1.log"
  process_stop "$1"
  [ "$(listed_url "$INSTANCE")" = "$2" ]
}

# Some thousand blocks lie between the first registration and the others.
populate() {
  publish alice https://alice.example:8443/x
  cast rpc --rpc-url "$RPC" anvil_mine 0xbb8 >/dev/null
  publish bob http://bob.example
  publish carol http://carol.example
}

# verify STATUS OPTION...: with the guest agent's root; at the node LIAR if that is set.
verify() {
  local status=$1
  shift
  expect_status "$status" "$DSTACK_P2P" verify --contract "$CONTRACT" --rpc-url "${LIAR:-$RPC}" --guest "$GUEST/i/alice" "$@"
}

# offline STATUS OPTION...: where there is neither a node nor a guest agent.
offline() {
  local status=$1
  shift
  expect_status "$status" env RPC_URL=http://127.0.0.1:1 DSTACK_SIMULATOR_ENDPOINT="$RUN_DIR/no.sock" "$DSTACK_P2P" verify "$@"
}

# ---- verify ----

proves_all() {
  verify 0
  [ "$(grep -c "^proven"$'\t' <<<"$OUT")" = 3 ]
  expect_text "$ERR" "3 of 3 peers are proven: contract $CONTRACT on chain 31337"
  expect_text "$ERR" "$ROOT20, of this node's own key"
  [ "$(awk -F'\t' 'NR == 1 { print $2 }' <<<"$OUT")" = "$(instance_of alice)" ]
  [ "$(awk -F'\t' 'NR == 1 { print $3, $7, NF }' <<<"$OUT")" = "https://alice.example:8443/x $ROOT20 10" ]
}

instance_of() { "$HELLO_P2P" --identity --guest "$GUEST/i/$1" | jq -r .instance_id; }

names_the_transaction() {
  local row block transaction
  verify 0
  row=$(grep "$(instance_of bob)" <<<"$OUT")
  read -r block transaction < <(awk -F'\t' '{ print $9, $10 }' <<<"$row")
  [ "$(cast receipt --rpc-url "$RPC" "$transaction" blockNumber)" = "$block" ]
}

shows_people_a_block_each() {
  local command="'$DSTACK_P2P' verify --contract $CONTRACT --rpc-url $RPC --kms-root $ROOT20 2>/dev/null"
  at_terminal '' bash -c "$command"
  expect_text "$OUT" "KMS root  $ROOT20"
  expect_text "$OUT" $'\033[32mproven'
  NO_COLOR=1 at_terminal '' bash -c "$command"
  [[ $OUT != *$'\033['* ]] || fail "coloured: $OUT"
}

takes_a_root() {
  verify 0 --kms-root "$ROOT20" --app-ids "$APP"
  expect_text "$ERR" "as given"
  [[ $ERR != *"any app"* ]]
}

refuses_another_root() {
  verify 1 --kms-root "$OTHER_ROOT"
  [ "$(grep -c '^other_root' <<<"$OUT")" = 3 ]
  expect_text "$ERR" "3 of 3 peers are not proven: $(instance_of alice) (its certificate is by another KMS root)"
  expect_text "$ERR" "the contract trusts another KMS root, as the node says: $ROOT20"
}

refuses_another_app() {
  verify 1 --app-ids 00112233445566778899aabbccddeeff00112233
  [ "$(grep -c '^other_app' <<<"$OUT")" = 3 ]
}

needs_a_root() {
  expect_status 20 "$DSTACK_P2P" verify --contract "$CONTRACT" --rpc-url "$RPC" --guest "$RUN_DIR/no.sock"
  expect_text "$ERR" "give it with --kms-root"
  [ -z "$OUT" ]
  expect_status 0 "$DSTACK_P2P" verify --contract "$CONTRACT" --rpc-url "$RPC" --guest "$RUN_DIR/no.sock" --trust-contract
  expect_text "$ERR" "only the node's word"
}

prints_json() {
  verify 0 --json
  expect_json '.proven == 3 and .not_proven == 0 and .chain_id == 31337 and .kms_root_from == "guest_agent"' "$OUT"
  expect_json ".contract == \"$CONTRACT\" and .kms_root == \"$ROOT20\" and .contract_kms_root == \"$ROOT20\"" "$OUT"
  expect_json '[.peers[].verdict] == ["proven", "proven", "proven"]' "$OUT"
  expect_json '.peers[0].url == "https://alice.example:8443/x"' "$OUT"
  expect_json '.peers[1].event.app_signature | length == 2 + 2 * 73' "$OUT"
  [ -z "$ERR" ]
}

anchors_are_blocks() {
  local number hash
  verify 0 --json
  read -r number hash < <(jq -r '.peers[2].anchor | "\(.number) \(.hash)"' <<<"$OUT")
  [ "$(cast block --rpc-url "$RPC" "$number" --json | jq -r .hash)" = "$hash" ]
}

fails_without_a_node() {
  expect_status 30 "$DSTACK_P2P" verify --contract "$CONTRACT" --rpc-url http://127.0.0.1:1 --kms-root "$ROOT20" --json
  [ -z "$OUT" ]
  expect_json '.error.name == "RPC_UNREACHABLE"' "$ERR"
}

fails_without_a_contract() {
  expect_status 11 "$DSTACK_P2P" verify --rpc-url "$RPC" --kms-root "$ROOT20"
  expect_status 40 "$DSTACK_P2P" verify --contract "$OTHER_ROOT" --rpc-url "$RPC" --kms-root "$ROOT20"
  expect_status 14 "$DSTACK_P2P" verify --contract "$CONTRACT" --rpc-url "$RPC" --kms-root 0x12
}

# ---- Nodes that lie ----

# lie NAME WORD=OTHER...: sets LIAR to such a node's URL.
lie() {
  local name=$1
  shift
  process_spawn "$name" "$RUN_DIR/$name.log" python3 "$ROOT/tests/cli_lying_node.py" "$RPC" "$@"
  wait_until 20 grep -q '^ready: ' "$RUN_DIR/$name.log"
  LIAR=$(sed -n 's/^ready: //p' "$RUN_DIR/$name.log")
}

hex_of() { printf '%s' "$1" | od -An -tx1 | tr -d ' \n'; }

sees_a_url_in_the_list_alone() {
  # Without log entries to go with it.
  lie mallory "$(hex_of http://bob.example)=$(hex_of http://bad.example)" logs=
  verify 1
  [ "$(grep -c '^no_event' <<<"$OUT")" = 3 ]
  expect_text "$OUT" http://bad.example
  expect_status 0 "$DSTACK_P2P" peers --contract "$CONTRACT" --rpc-url "$LIAR" --guest "$GUEST/i/alice"
  [ -z "$OUT" ]
}

sees_a_url_in_both() {
  lie trent "$(hex_of http://bob.example)=$(hex_of http://bad.example)"
  verify 1 --save "$RUN_DIR/lie.json"
  [ "$(grep -c '^proven' <<<"$OUT")" = 2 ]
  expect_text "$(grep http://bad.example <<<"$OUT")" other_signer
  expect_text "$ERR" "1 of 3 peers are not proven: $(instance_of bob) (its statement is not signed by"
  # What was saved says the same, and keeps the evidence of the lie.
  offline 1 --offline "$RUN_DIR/lie.json" --kms-root "$ROOT20"
  expect_text "$ERR" "1 of 3 peers are not proven: $(instance_of bob)"
}

sees_a_changed_certificate() {
  local certificate other
  certificate=$(jq -r '.peers[0].event.kms_signature[2:]' "$SAVED")
  other=${certificate:0:40}$(printf '%x' $((0x${certificate:40:1} ^ 1)))${certificate:41}
  # In log entries it lies in words of 32 bytes, one after the other.
  lie victor "${certificate:0:64}=${other:0:64}"
  verify 1
  [ "$(grep -cE '^(other_root|no_certificate)' <<<"$OUT")" = 3 ]
}

sees_another_anchor() {
  local hash
  hash=$(jq -r '.peers[0].anchor.hash' "$SAVED")
  lie oscar "$hash=0x$(printf 'ab%.0s' {1..32})"
  verify 1
  [ "$(grep -c '^proven' <<<"$OUT")" = 2 ]
  expect_text "$(grep "$(instance_of alice)" <<<"$OUT")" other_signer
}

searches_in_ranges() {
  lie walter range=100
  verify 0
  expect_text "$ERR" "3 of 3 peers are proven"
}

# ---- Files ----

saves() {
  (umask 022 && verify 0 --save "$SAVED")
  [ "$(stat -c %a "$SAVED")" = 644 ]
  (umask 077 && verify 0 --save "$RUN_DIR/own.json")
  [ "$(stat -c %a "$RUN_DIR/own.json")" = 600 ]
  [ -z "$(find "$RUN_DIR" -name '.*.json.*')" ]
  verify 6 --save "$RUN_DIR/no/such/folder/x"
  [ -z "$OUT" ]
  # A device or a pipe stays what it is, and a link leads to the file.
  mkfifo "$RUN_DIR/pipe"
  verify 6 --save "$RUN_DIR/pipe"
  expect_text "$ERR" 'it is no file'
  [ -p "$RUN_DIR/pipe" ]
  echo old >"$RUN_DIR/linked.json"
  ln -s linked.json "$RUN_DIR/link.json"
  verify 0 --save "$RUN_DIR/link.json"
  [ -L "$RUN_DIR/link.json" ]
  cmp "$RUN_DIR/linked.json" "$SAVED"
  # Also to where nothing is yet.
  ln -s later.json "$RUN_DIR/early.json"
  verify 0 --save "$RUN_DIR/early.json"
  [ -L "$RUN_DIR/early.json" ]
  cmp "$RUN_DIR/later.json" "$SAVED"
}

checks_a_file() {
  offline 0 --offline "$SAVED" --kms-root "$ROOT20"
  [ "$(grep -c '^proven' <<<"$OUT")" = 3 ]
  expect_text "$ERR" "as given"
  offline 0 --offline "$SAVED"
  expect_text "$ERR" "which is the file's own claim"
  offline 0 --offline "$SAVED" --json
  expect_json '.warning.message | contains("the file'"'"'s own claim")' "$ERR"
  offline 0 --offline "$SAVED" --kms-root "$ROOT20" --json
  expect_json '.proven == 3 and .kms_root_from == "option"' "$OUT"
  jq -c . "$SAVED" >"$RUN_DIR/compact.json"
  offline 0 --offline "$RUN_DIR/compact.json" --kms-root "$ROOT20"
  offline 0 --offline /dev/stdin --kms-root "$ROOT20" --contract "$CONTRACT" --chain-id 31337 <"$SAVED"
}

checks_it_against_what_is_given() {
  offline 1 --offline "$SAVED" --kms-root "$OTHER_ROOT"
  [ "$(grep -c '^other_root' <<<"$OUT")" = 3 ]
  offline 1 --offline "$SAVED" --app-ids 00112233445566778899aabbccddeeff00112233
  offline 1 --offline "$SAVED" --contract "$OTHER_ROOT"
  expect_text "$ERR" "the file is about the contract $CONTRACT, not $OTHER_ROOT"
  [ -z "$OUT" ]
  offline 1 --offline "$SAVED" --chain-id 1
  expect_text "$ERR" "the file is about chain 31337, not 1"
}

# tampered STATUS SENTENCE JQ-PROGRAM: what becomes of the file after a change.
tampered() {
  jq "$3" "$SAVED" >"$RUN_DIR/tampered.json"
  offline "$1" --offline "$RUN_DIR/tampered.json" --kms-root "$ROOT20"
  expect_text "$ERR" "$2"
  [ "$1" = 1 ] || [ -z "$OUT" ]
}

refuses_changed_files() {
  tampered 2 "peer 1: 'verdict' is not what the evidence says" '.peers[1].url = "http://bad.example"'
  tampered 1 "1 of 3 peers are not proven" \
    '.peers[1].url = "http://bad.example" | .peers[1].verdict = "other_signer" | .proven = 2 | .not_proven = 1'
  tampered 2 "peer 0: 'instance_id' is not 40 lowercase hex digits" '.peers[0].instance_id |= ascii_upcase'
  tampered 2 "peer 2, event: 'app_signature' is not 0x and 146 lowercase hex digits" '.peers[2].event.app_signature += "00"'
  tampered 2 "peer 2, event: 'kms_signature' is missing" 'del(.peers[2].event.kms_signature)'
  tampered 2 "peer 1, anchor: 'number' is not the one in app_signature" '.peers[1].anchor.number += 1'
  tampered 2 "peer 1: 'more' is no member of it" '.peers[1].more = 1'
  tampered 2 "peer 3: 'instance_id' is an earlier peer's too" '.peers += [.peers[0]] | .proven = 4'
  tampered 2 "'proven' is not the number of them" '.peers |= .[1:]'
  tampered 2 "'chain_id' is no whole number" '.chain_id = "31337"'
  tampered 2 "peer 0: 'verdict' is not what the evidence says" '.chain_id = 1'
  tampered 2 "'contract' is no address with its EIP-55 checksum" '.contract |= ascii_downcase'
  tampered 2 "it is no audit" '.format = "dstack-p2p-audit-2"'
}

refuses_what_is_no_audit() {
  offline 2 --offline "$RUN_DIR/none.json"
  expect_text "$ERR" "cannot be read: No such file"
  printf '{"format":"dstack-p2p-audit-1","format":"x"}' >"$RUN_DIR/twice.json"
  offline 2 --offline "$RUN_DIR/twice.json"
  expect_text "$ERR" "it is no JSON"
  : >"$RUN_DIR/empty.json"
  offline 2 --offline "$RUN_DIR/empty.json"
  offline 2 --offline "$RUN_DIR"
  truncate -s 65M "$RUN_DIR/large.json"
  offline 2 --offline "$RUN_DIR/large.json"
  expect_text "$ERR" "is longer than 67108864 bytes"
  offline 2 --offline "$SAVED" --save "$RUN_DIR/x.json"
  offline 2 --offline "$SAVED" extra
}

# ---- kms-root ----

tells_the_root() {
  expect_status 0 "$DSTACK_P2P" kms-root --guest "$GUEST/i/alice"
  [ "$OUT" = "$ROOT20" ]
  [ -z "$ERR" ]
  expect_status 0 "$DSTACK_P2P" kms-root --guest "$GUEST/i/alice" --json
  expect_json ".guest_agent == \"$ROOT20\"" "$OUT"
  expect_status 20 "$DSTACK_P2P" kms-root --guest "$RUN_DIR/no.sock"
  [ -z "$OUT" ]
}

# root STATUS OPTION...
root() {
  local status=$1
  shift
  expect_status "$status" "$DSTACK_P2P" kms-root --contract "$CONTRACT" --rpc-url "$RPC" "$@"
}

compares_roots() {
  root 0 --guest "$GUEST" --compare
  [ "$(cut -f 1-3 <<<"$OUT")" = "guest agent"$'\t'"$ROOT20"$'\t'same$'\n'contract$'\t'"$ROOT20"$'\t'same ]
  root 0 --guest "$GUEST" --peers
  [ "$(grep -c "^peer"$'\t'"$ROOT20"$'\t'same <<<"$OUT")" = 3 ]
  root 0 --guest "$GUEST" --peers --json
  expect_json '.same and (.peers | length == 3 and all(.same and .proven))' "$OUT"
  root 20 --guest "$RUN_DIR/no.sock" --compare
}

# On an operator's machine, where there is no guest agent.
compares_without_a_guest_agent() {
  mkdir "$RUN_DIR/empty"
  cd "$RUN_DIR/empty"
  root 0 --peers
  [ "$(grep -c "^contract"$'\t'"$ROOT20"$'\t'same <<<"$OUT")" = 1 ]
  [ "$(grep -c "^peer"$'\t'"$ROOT20"$'\t'same <<<"$OUT")" = 3 ]
  expect_text "$ERR" "no guest agent here"
  root 0 --peers --json
  expect_json '.guest_agent == null and .same' "$OUT"
}

# A guest agent whose keys are by another KMS.
other_kms() {
  other_keys "$RUN_DIR/keys.json"
  process_spawn other "$RUN_DIR/other.log" "$SIMULATOR" --dir "$RUN_DIR/other" --appkeys "$RUN_DIR/keys.json"
  wait_until 20 guest_answers "$RUN_DIR/other/dstack.sock"
}

sees_another_kms() {
  local other
  other_kms
  other=$("$DSTACK_P2P" kms-root --guest "$RUN_DIR/other/dstack.sock")
  [ "$other" != "$ROOT20" ]
  root 1 --guest "$RUN_DIR/other/dstack.sock" --compare
  expect_text "$ERR" "the contract trusts $ROOT20, and this node's key is certified by $other"
  root 1 --guest "$RUN_DIR/other/dstack.sock" --peers
  [ "$(grep -c "^peer"$'\t'"$ROOT20"$'\t'other <<<"$OUT")" = 3 ]
  expect_text "$ERR" "3 of 3 peers are certified by another root, 0 are not proven"
}

sees_a_rotation() {
  owner_sends 'setKmsRootAddress(address)' "$OTHER_ROOT"
  root 1 --guest "$GUEST" --compare --json
  expect_json ".contract == \"$OTHER_ROOT\" and (.same | not)" "$OUT"
  verify 0
  expect_text "$ERR" "0 of 0 peers are proven"
  expect_text "$ERR" "the contract trusts another KMS root, as the node says: $OTHER_ROOT"
}

[ -x "$DSTACK_P2P" ] || die 1 "BUILD_DIR holds no dstack-p2p: $DSTACK_P2P"
anvil_start
simulator_start
contract_deploy
ROOT20=$("$DSTACK_P2P" kms-root --guest "$GUEST/i/alice")
APP=$(guest_get "$GUEST" /Info | jq -r .app_id)
test_case "instances register" populate

test_case "verify proves all peers against this node's own root" proves_all
test_case "verify names block and transaction of each event" names_the_transaction
test_case "verify shows a terminal a block for each peer" shows_people_a_block_each
test_case "verify takes a KMS root and app ids" takes_a_root
test_case "verify finds nobody proven under another root" refuses_another_root
test_case "verify finds nobody proven of another app" refuses_another_app
test_case "verify needs a root, or to be told to trust the contract" needs_a_root
test_case "verify prints JSON" prints_json
test_case "verify's anchors are blocks of the chain" anchors_are_blocks
test_case "verify fails without a node" fails_without_a_node
test_case "verify fails without a contract, and with a malformed root" fails_without_a_contract
test_case "verify --save writes a file, whole or not at all" saves
test_case "verify --offline checks a file without node and guest agent" checks_a_file
test_case "verify --offline checks against what is given" checks_it_against_what_is_given
test_case "verify --offline refuses files that were changed" refuses_changed_files
test_case "verify --offline refuses what is no audit" refuses_what_is_no_audit
test_case "a peer that only the list of a lying node has is not proven" sees_a_url_in_the_list_alone
test_case "a peer whose URL a node changed everywhere is not proven" sees_a_url_in_both
test_case "a changed certificate is by another root" sees_a_changed_certificate
test_case "another anchor block does not make it true" sees_another_anchor
test_case "the events are found in small ranges" searches_in_ranges
test_case "kms-root tells this node's" tells_the_root
test_case "kms-root compares with the contract and the peers" compares_roots
test_case "kms-root compares the contract with the peers where there is no guest agent" compares_without_a_guest_agent
test_case "kms-root sees that a node is of another KMS" sees_another_kms
test_case "a rotation of the contract's root is seen" sees_a_rotation
test_end
