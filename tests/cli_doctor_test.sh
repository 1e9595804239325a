#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dstack-p2p doctor: all is well, then each fault alone, with its remedy.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
export LANG=C.UTF-8 LC_ALL=

# The defaults of a call; an option given to it wins over the environment.
export RPC_URL CONTRACT_ADDRESS DSTACK_SIMULATOR_ENDPOINT

as() {
  instance "$1"
  RPC_URL=$RPC CONTRACT_ADDRESS=$CONTRACT DSTACK_SIMULATOR_ENDPOINT=$ENDPOINT
}

# well ARGUMENT...: nothing that is needed is missing.
well() {
  expect_status 0 "$DSTACK_P2P" doctor --json "$@"
  expect_json 'all(.ok != false)' "$OUT"
}

# wrong CHECK REMEDY ARGUMENT...: this check fails, and no other.
wrong() {
  local check=$1 remedy=$2
  shift 2
  expect_status 1 "$DSTACK_P2P" doctor --json "$@"
  expect_json "[.[] | select(.ok == false) | .check] == [\"$check\"]" "$OUT"
  expect_text "$(jq -r ".[] | select(.check == \"$check\") | .remedy" <<<"$OUT")" "$remedy"
  [ -z "$ERR" ] || fail "standard error: $ERR"
}

# advises CHECK REMEDY ARGUMENT...: all works, and this could be better.
advises() {
  local check=$1 remedy=$2
  shift 2
  well "$@"
  expect_text "$(jq -r ".[] | select(.check == \"$check\") | .remedy" <<<"$OUT")" "$remedy"
}

skips() {
  expect_json "[.[] | select(.check == \"$1\") | .ok] == [null]" "$OUT"
}

detail() {
  jq -r ".[] | select(.check == \"$1\") | .detail" <<<"$OUT"
}

all_is_well() {
  local before
  as alice
  before=$(cast nonce --rpc-url "$RPC" "$ADDRESS")
  well "$GUEST"
  expect_json '(map(select(.remedy != null)) | length) == 0' "$OUT"
  expect_json 'map(select(.ok == null).check) == ["cache_file"]' "$OUT"
  expect_json 'all(has("check") and has("ok") and has("detail") and has("remedy"))' "$OUT"
  expect_text "$(detail instance_id)" "$INSTANCE"
  expect_text "$(detail rpc)" "takes batches, answers a transaction with its receipt"
  expect_text "$(detail registration)" "none yet"
  [ "$(cast nonce --rpc-url "$RPC" "$ADDRESS")" = "$before" ]
  "$DSTACK_P2P" register "$GUEST" >/dev/null
  well "$GUEST" --chain-id 31337
  expect_text "$(detail registration)" "$GUEST"
  expect_text "$(detail evidence)" "1 peer, and the evidence of each holds"
  advises registration "register with the new one" "$GUEST/Version"
  "$DSTACK_P2P" withdraw
  # Without a URL there is nothing to say about it.
  well
  skips url
  skips url_reachable
}

shows_it_to_people() {
  as alice
  expect_status 0 "$DSTACK_P2P" doctor "$GUEST"
  expect_text "$OUT" "✓ guest agent "
  expect_text "$OUT" "- cache file     none is configured"
  LC_ALL=C expect_status 1 "$DSTACK_P2P" doctor http://127.0.0.1:1
  expect_text "$OUT" "ok   guest agent"
  expect_text "$OUT" "FAIL url reachable"
  expect_text "$OUT" "start the application"
  if [[ $OUT == *$'\e'* ]]; then fail "colours without a terminal"; fi
  at_terminal '' "$DSTACK_P2P" doctor "$GUEST"
  expect_text "$OUT" $'\e[32m✓\e[0m guest agent'
  NO_COLOR=1 at_terminal '' "$DSTACK_P2P" doctor "$GUEST"
  expect_text "$OUT" "✓ guest agent"
  if [[ $OUT == *$'\e'* ]]; then fail "colours in spite of NO_COLOR"; fi
}

refuses_misuse() {
  as alice
  expect_status 2 "$DSTACK_P2P" doctor one two
  expect_status 2 "$DSTACK_P2P" doctor --port 80
  expect_status "$(error_code CONNECTION_URL)" "$DSTACK_P2P" doctor 'http://a b'
  expect_status "$(error_code CONTRACT_ADDRESS)" "$DSTACK_P2P" doctor --contract 0x12
  [ -z "$OUT" ]
}

# ---- who is asked

without_a_guest_agent() {
  as alice
  wrong guest_agent "mount the guest agent's socket" "$GUEST" --guest "$RUN_DIR/nobody.sock"
  skips key_chain
  skips nft
  expect_json 'map(select(.check == "contract"))[0].ok' "$OUT"
  process_spawn nameless "$RUN_DIR/nameless.log" "$SIMULATOR" --dir "$RUN_DIR/nameless" --no-instance-id
  wait_until 10 test -S "$RUN_DIR/nameless/dstack.sock"
  wrong instance_id "take no_instance_id out" "$GUEST" --guest "$RUN_DIR/nameless/dstack.sock"
  process_stop nameless
}

without_a_chain() {
  as alice
  wrong rpc "check the URL and its API key" "$GUEST" --rpc-url http://127.0.0.1:1
  skips chain
  skips contract
  skips gas
  wrong chain "the right --chain-id" "$GUEST" --chain-id 1
  expect_text "$(detail chain)" "the node is on chain 31337, and it has to be 1"
  skips contract
  advises rpc "check the URL" "$GUEST" --rpc-url "$RPC,http://user:secret@127.0.0.1:1/key"
  if grep -q 'secret\|/key' <<<"$OUT"; then fail "credentials are shown"; fi
  advises subscription "looked at every 2 s" "$GUEST" --rpc-url "$RPC,ws://127.0.0.1:1"
}

nodes_that_disagree() {
  local other port
  as alice
  port=$(free_port)
  other=http://127.0.0.1:$port
  anvil_spawn other "$port" --chain-id 4242
  wait_until 20 rpc_answers "$other"
  wrong chain "nodes of one chain only" "$GUEST" --rpc-url "$RPC,$other"
  wrong contract "the address that it has on this chain" "$GUEST" --rpc-url "$other"
  expect_json 'map(select(.check == "chain_pinned"))[0].remedy | contains("--chain-id")' "$OUT"
  cast rpc --rpc-url "$other" anvil_setChainId 31337 >/dev/null
  cast rpc --rpc-url "$other" anvil_mine 0x64 >/dev/null
  advises chain "keep up first" "$GUEST" --rpc-url "$RPC,$other"
  process_stop other
}

# ---- the contract, and what it says

without_the_contract() {
  as alice
  wrong contract "the address that it has on this chain" "$GUEST" --contract "$ADDRESS"
  skips kms_root
  cast rpc --rpc-url "$RPC" anvil_setCode 0x00000000000000000000000000000000000000aa 0x60006000fd >/dev/null
  wrong contract "the address of a DstackMembershipNFT" "$GUEST" --contract 0x00000000000000000000000000000000000000aa
  unset CONTRACT_ADDRESS
  wrong contract "give --contract" "$GUEST"
}

what_the_contract_refuses() {
  as alice
  owner_sends 'setKmsRootAddress(address)' 0x00000000000000000000000000000000000000aa
  wrong kms_root "set-kms-root 0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf" "$GUEST"
  owner_sends 'setKmsRootAddress(address)' 0xA7F6043C29f9cc1d9D6aCF554c53E0c6792AaEAf
  owner_sends 'disallowApp(address)' 0x5bb4ff9a3837357f19dc176407a5709c62eb6c56
  wrong app "allow-app 5bb4ff9a3837357f19dc176407a5709c62eb6c56" "$GUEST"
  owner_sends 'allowApp(address)' 0x5bb4ff9a3837357f19dc176407a5709c62eb6c56
  owner_sends 'banInstance(string)' "$INSTANCE"
  wrong banned "unban $INSTANCE" "$GUEST"
  owner_sends 'unbanInstance(string)' "$INSTANCE"
  owner_sends 'setRegistrationPaused(bool)' true
  wrong paused "resumes registration" "$GUEST"
  owner_sends 'setRegistrationPaused(bool)' false
  well "$GUEST"
  as uninvited
  cast rpc --rpc-url "$RPC" anvil_setBalance "$ADDRESS" 0xde0b6b3a7640000 >/dev/null
  wrong nft "mint $INSTANCE" "$GUEST"
}

urls_in_production() {
  as alice
  owner_sends 'setDevMode(bool)' false
  wrong url "add-domain" "$GUEST"
  expect_text "$(detail url)" "production mode"
  owner_sends 'setDevMode(bool)' true
}

gas() {
  as alice
  cast rpc --rpc-url "$RPC" anvil_setBalance "$ADDRESS" 0x1 >/dev/null
  wrong gas "send ether to $ADDRESS" "$GUEST"
  owner_sends 'setLeaseDuration(uint64)' 86400
  cast rpc --rpc-url "$RPC" anvil_setBalance "$ADDRESS" "$(cast to-hex 600000000000000)" >/dev/null
  advises gas "send ether to $ADDRESS" "$GUEST"
  cast rpc --rpc-url "$RPC" anvil_setBalance "$ADDRESS" "$(cast to-hex 50000000000000000)" >/dev/null
  well "$GUEST"
  expect_text "$(detail gas)" "renewals, which is"
  owner_sends 'setLeaseDuration(uint64)' 0
  wrong gas "raise --max-cost" "$GUEST" --max-cost 1gwei
  wrong gas "raise --max-fee-per-gas" "$GUEST" --max-fee-per-gas 1wei
}

# ---- this machine

own_url() {
  local port
  as alice
  wrong url_reachable "start the application" http://127.0.0.1:1
  wrong url_reachable "start the application" 127.0.0.1:1
  wrong url_reachable "start the application" https://nobody.invalid
  well "${GUEST#http://}"
  expect_text "$(detail url_reachable)" "a TCP connection to 127.0.0.1"
  well "postgres://alice:secret@${GUEST#http://}/db"
  well "unix:/somewhere"
  skips url_reachable
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$RUN_DIR/tls.key" -out "$RUN_DIR/tls.crt" -subj /CN=localhost -days 2 2>/dev/null
  port=$(free_port)
  process_spawn tls "$RUN_DIR/tls.log" python3 -c '
import http.server, ssl, sys
class Failing(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_error(503 if self.path == "/busy" else 404)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Failing)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2] + "/tls.crt", sys.argv[2] + "/tls.key")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()' "$port" "$RUN_DIR"
  wait_until 10 port_owner "$port"
  advises url_reachable "with RA-TLS" "https://127.0.0.1:$port"
  expect_text "$(detail url_reachable)" "HTTP status 404"
  advises url_reachable "the application's log" "https://127.0.0.1:$port/busy"
  wrong url_reachable "start the application" "http://127.0.0.1:$port"
  process_stop tls
}

files() {
  as alice
  : >"$RUN_DIR/file"
  wrong state_dir "--state-dir" "$GUEST" --state-dir "$RUN_DIR/file"
  mkdir -m 777 "$RUN_DIR/open"
  chmod 777 "$RUN_DIR/open"
  wrong state_dir "--state-dir" "$GUEST" --state-dir "$RUN_DIR/open"
  advises cache_file "give the contract and --chain-id" "$GUEST" --cache-file "$RUN_DIR/cache"
  well "$GUEST" --chain-id 31337 --cache-file "$RUN_DIR/cache"
  expect_text "$(detail cache_file)" "is not there yet"
  echo nonsense >"$RUN_DIR/cache"
  advises cache_file "remove it" "$GUEST" --chain-id 31337 --cache-file "$RUN_DIR/cache"
}

# A server that takes connections and says nothing.
silence_start() {
  SILENT=$(free_port)
  process_spawn silence "$RUN_DIR/silence.log" python3 -c '
import socket, sys, time
end = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=64)
time.sleep(120)' "$SILENT"
  wait_until 10 port_owner "$SILENT"
}

ends_in_time() {
  local begin
  as alice
  silence_start
  begin=$(now_ms)
  expect_status 1 "$DSTACK_P2P" doctor --json "http://127.0.0.1:$SILENT" --rpc-timeout 1s --rpc-url "http://127.0.0.1:$SILENT"
  expect_json 'map(select(.ok == false).check) == ["rpc", "url_reachable"]' "$OUT"
  [ "$(($(now_ms) - begin))" -lt 20000 ]
  process_spawn doctor "$RUN_DIR/doctor.log" "$DSTACK_P2P" doctor --json "$GUEST" --rpc-timeout 60s --rpc-url "http://127.0.0.1:$SILENT"
  process_alive doctor
  sleep 1
  kill -TERM "$PROCESS_PID"
  expect_end doctor 2
  grep -q '"CANCELLED"' "$RUN_DIR/doctor.log"
  process_stop silence
}

# Last, for the chain's time does not come back.
clock_is_behind() {
  as alice
  cast rpc --rpc-url "$RPC" evm_increaseTime 600 >/dev/null
  cast rpc --rpc-url "$RPC" evm_mine >/dev/null
  advises clock "set this machine's clock" "$GUEST"
  expect_text "$(detail clock)" "min behind the latest block"
}

anvil_start
simulator_start
contract_deploy
instance_admitted alice

test_case "all is well" all_is_well
test_case "people see ticks and crosses, in colour at a terminal" shows_it_to_people
test_case "doctor refuses misuse" refuses_misuse
test_case "no guest agent, no instance id" without_a_guest_agent
test_case "no chain, the wrong chain, one node of several" without_a_chain
test_case "nodes that disagree" nodes_that_disagree
test_case "no contract, another contract" without_the_contract
test_case "root, app, ban, pause, NFT" what_the_contract_refuses
test_case "a URL that the contract refuses" urls_in_production
test_case "gas: too little, little, ceilings" gas
test_case "the node's own URL" own_url
test_case "state directory and cache file" files
test_case "it ends in time, and at once when it is told to" ends_in_time
test_case "a clock that is behind" clock_is_behind
test_end
