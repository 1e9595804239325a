#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hello_p2p on a real chain: misuse, what fails at start, serving, and its end in every phase.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# ---- misuse

refuses_misuse() {
  expect_status 2 "$HELLO_P2P"
  expect_text "$ERR" "hello_p2p: the contract address is missing"
  [ -z "$OUT" ]
  expect_status 2 "$HELLO_P2P" "$CONTRACT" "$CONTRACT"
  expect_status 2 "$HELLO_P2P" "$CONTRACT" --nonsense
  local port
  for port in -1 65536 80a '' 0x50 ' 80' 99999999999999999999; do
    expect_status 2 "$HELLO_P2P" "$CONTRACT" --port "$port"
    expect_text "$ERR" "--port takes a number"
  done
  expect_status 2 "$HELLO_P2P" "$CONTRACT" --chain-id 0
  expect_status 2 "$HELLO_P2P" "$CONTRACT" --poll-interval 9
  expect_status 2 "$HELLO_P2P" "$CONTRACT" --private-peers maybe
  expect_text "$ERR" "--private-peers takes 'allow' or 'deny'"
}

helps() {
  expect_status 0 "$HELLO_P2P" --help
  expect_text "$OUT" "usage: hello_p2p CONTRACT"
  expect_text "$OUT" "42  the instance holds no NFT"
  expect_text "$OUT" "/hello, /info, /peers, /health, /events and /metrics"
  [ -z "$ERR" ]
  expect_status 0 "$HELLO_P2P" --version
  expect_text "$OUT" "hello_p2p "
}

tells_identity() {
  expect_status 0 "$HELLO_P2P" --identity --guest "$GUEST_SOCKET"
  # The instance, app and key of dstack's public development simulator.
  expect_json '.instance_id == "1691ed1b47506cad7d08834668691d88246f5b1f"' "$OUT"
  expect_json '.app_id == "5bb4ff9a3837357f19dc176407a5709c62eb6c56"' "$OUT"
  expect_json '.instance_address == "0x3EFa45845852b7bF2E8C881Dd46548A9BeD73442"' "$OUT"
  expect_json '.payer_address == .instance_address' "$OUT"
  PRIVATE_KEY=$ANVIL_KEY expect_status 0 "$HELLO_P2P" --identity --guest "$GUEST_SOCKET"
  expect_json '.payer_address == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"' "$OUT"
}

# ---- what fails at start

# fails STATUS-OR-ERROR PART-OF-SENTENCE ARGUMENT...: at once, in one sentence, leaving the port free.
fails() {
  local status=$1 part=$2 begin
  [[ $status =~ ^[0-9]+$ ]] || status=$(error_code "$status")
  shift 2
  begin=$(now_ms)
  expect_status "$status" timeout 30 "$HELLO_P2P" --port "$PORT" "$@"
  expect_text "$ERR" "hello_p2p: "
  expect_text "$(tail -n 1 <<<"$ERR")" "$part"
  [ "$(($(now_ms) - begin))" -lt 15000 ] || fail "it took too long"
  if port_owner "$PORT"; then fail "something listens on $PORT"; fi
}

fails_listening() {
  fails 3 "--listen takes a numeric address" "$CONTRACT" --listen nowhere
  fails 3 "cannot listen on 192.0.2.1" "$CONTRACT" --listen 192.0.2.1
}

fails_when_port_is_taken() {
  local nonce
  instance_admitted taken
  nonce=$(cast nonce --rpc-url "$RPC" "$ADDRESS")
  expect_status 3 "$HELLO_P2P" "$CONTRACT" --port "${GUEST##*:}" --rpc-url "$RPC" --guest "$GUEST/i/taken"
  expect_text "$ERR" "port ${GUEST##*:} is in use by dstack-simulato"
  expect_text "$ERR" "(process "
  [ "$(listed_url "$INSTANCE")" = "" ]
  [ "$(cast nonce --rpc-url "$RPC" "$ADDRESS")" = "$nonce" ]
}

fails_on_bad_configuration() {
  fails CONTRACT_ADDRESS "0x123" 0x123
  fails CONNECTION_URL "URL" "$CONTRACT" --url "$(printf 'http://a/%0300d' 0)"
  PRIVATE_KEY=zz fails PRIVATE_KEY "private key" "$CONTRACT"
  fails PRIVATE_KEY "/no/such/file" "$CONTRACT" --private-key-file /no/such/file
  DSTACK_GATEWAY_DOMAIN=$(printf 'a%0300d.example' 0) fails CONFIG "DSTACK_GATEWAY_DOMAIN" "$CONTRACT" --guest "$GUEST"
}

fails_without_guest() {
  fails GUEST_UNREACHABLE "$RUN_DIR/nothing.sock" "$CONTRACT" --rpc-url "$RPC" --guest "$RUN_DIR/nothing.sock" --guest-wait 0
}

fails_without_node() {
  local here=(--guest "$GUEST/i/taken")
  fails RPC_UNREACHABLE "127.0.0.1:1" "$CONTRACT" "${here[@]}" --rpc-url http://127.0.0.1:1
  fails RPC_TIMEOUT "127.0.0.1:$BAD" "$CONTRACT" "${here[@]}" --rpc-url "http://127.0.0.1:$BAD/silent"
  fails RPC_ANSWER "502 Bad Gateway" "$CONTRACT" "${here[@]}" --rpc-url "http://127.0.0.1:$BAD/html"
  fails RPC_ANSWER "" "$CONTRACT" "${here[@]}" --rpc-url "http://127.0.0.1:$BAD/body"
  fails WRONG_CHAIN "31337" "$CONTRACT" "${here[@]}" --rpc-url "$RPC" --chain-id 1
}

fails_at_the_contract() {
  local here=(--rpc-url "$RPC" --guest "$GUEST/i/stranger")
  instance stranger
  fails NO_CONTRACT "no contract" 0x00000000000000000000000000000000000000aa "${here[@]}"
  fails NO_NFT "$INSTANCE" "$CONTRACT" "${here[@]}"
  expect_text "$ERR" "dstack-p2p mint"
  owner_sends 'mintNodeAccess(address,string)' 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "$INSTANCE"
  fails NO_FUNDS "$ADDRESS" "$CONTRACT" "${here[@]}"
}

# ---- serving

health_tells_why() {
  local port late=$RUN_DIR/late.sock body
  port=$(free_port)
  instance_admitted late
  process_spawn late "$RUN_DIR/late.log" "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" --guest "$late"
  wait_until 10 hello_get "$port" /info
  body=$(hello_get "$port" /health -o /dev/null -w '%{http_code}')
  [ "$body" = 503 ]
  expect_json '.reason | contains("guest agent")' "$(hello_get "$port" /health)"
  expect_json '.registered == false and .instance_id == null' "$(hello_get "$port" /info)"
  [ "$(hello_get "$port" /hello -o /dev/null -w '%{http_code}')" = 503 ]
  # The agent comes to life, and so does the node.
  guest_get "$GUEST" /i/late/Info >/dev/null
  ln -s "$RUN_DIR/simulator/late/dstack.sock" "$late"
  hello_wait_healthy "$port"
  [ "$(hello_get "$port" /health -o /dev/null -w '%{http_code}')" = 200 ]
  expect_json ".registered and .instance_id == \"$INSTANCE\"" "$(hello_get "$port" /info)"
  process_stop late
}

answers_info() {
  local info
  info=$(hello_get "$PORT_A" /info)
  expect_json ".instance_id == \"$ID_A\" and .connection_url == \"http://localhost:$PORT_A\"" "$info"
  expect_json ".contract == \"$CONTRACT\" and .chain_id == 31337 and .registered and .uptime >= 0" "$info"
  expect_json '.peers_count == 1' "$info"
}

answers_hello() {
  local hello
  hello=$(hello_get "$PORT_A" "/hello?from=$ID_B")
  expect_json ".message == \"Hello from $ID_A!\" and .peers_known == 1" "$hello"
  expect_json '.timestamp > 1600000000' "$hello"
}

ignores_a_bad_sender() {
  local from
  for from in '' garbage "${ID_B}0" '%00' '%1b%5b31m' "${ID_B^^}" "$(printf '%04000d' 0)" "x&from=$ID_B&from=y"; do
    expect_json '.message' "$(hello_get "$PORT_A" "/hello?from=$from")"
  done
  expect_json '.message' "$(hello_get "$PORT_A" '/hello')"
  expect_json '.message' "$(hello_get "$PORT_A" '/hello?from')"
}

answers_peers() {
  expect_json ".peers == [\"http://localhost:$PORT_B\"]" "$(hello_get "$PORT_A" /peers)"
  expect_json ".peer_info | length == 1 and .[0].instance_id == \"$ID_B\" and
    .[0].connection_url == \"http://localhost:$PORT_B\"" "$(hello_get "$PORT_A" /peers)"
}

_met() {
  hello_get "$1" /peers | jq -e --arg id "$2" '.peer_info[] | select(.instance_id == $id) |
    .response.message == "Hello from \($id)!" and .last_contact > 0 and .greeted_us_at > 0' >/dev/null
}

nodes_greet_each_other() {
  wait_until 10 _met "$PORT_A" "$ID_B"
  wait_until 10 _met "$PORT_B" "$ID_A"
}

speaks_http() {
  local status path answer
  for path in /nothing /hello/ /Info '/%68ello/..' "/$(printf '%05000d' 0)"; do
    status=$(hello_get "$PORT_A" "$path" --path-as-is -o /dev/null -w '%{http_code}')
    [[ $status = 404 || $status = 414 ]] || fail "$path: $status"
  done
  for path in POST PUT DELETE OPTIONS BREW; do
    [ "$(hello_get "$PORT_A" /info -X "$path" -d x -o /dev/null -w '%{http_code}')" = 405 ] || fail "$path"
  done
  answer=$(hello_get "$PORT_A" /info -X POST -d x -D - -o /dev/null)
  expect_text "$answer" "Allow: GET, HEAD"
  answer=$(hello_get "$PORT_A" /info -I)
  expect_text "$answer" "200 OK"
  expect_text "$answer" "Content-Type: application/json"
  expect_text "$answer" "Content-Length: "
  expect_json '.error == "there are /, /hello, /info, /peers, /health, /events and /metrics"' "$(hello_get "$PORT_A" /nothing)"
  for path in / '/?a=b' /style.css /hello /info /peers /health /events /metrics; do
    [ "$(hello_get "$PORT_A" "$path" -I -o /dev/null -w '%{http_code}')" = 200 ] || fail "HEAD $path"
  done
}

# _value METRICS NAME
_value() { sed -n "s/^$2 //p" <<<"$1"; }

# expect_values TEXT NAME=VALUE...: of metrics.
expect_values() {
  local text=$1 pair
  shift
  for pair in "$@"; do
    [ "$(_value "$text" "dstack_p2p_${pair%%=*}")" = "${pair#*=}" ] || fail "not $pair: $text"
  done
}

_has_no_streams() { [ "$(_value "$(hello_get "$PORT_A" /metrics)" dstack_p2p_hello_event_streams)" = 0 ]; }

answers_metrics() {
  local first second name
  # A stream that was asked for by HEAD is one until its connection is closed.
  wait_until 5 _has_no_streams || fail "open streams: $(hello_get "$PORT_A" /metrics)"
  expect_text "$(hello_get "$PORT_A" /metrics -I)" "Content-Type: text/plain; version=0.0.4"
  first=$(hello_get "$PORT_A" /metrics)
  promtool check metrics <<<"$first"
  expect_values "$first" registered=1 peers=2 lease_left_seconds=+Inf keeper_error_code=0 hello_event_streams=0
  awk -v age="$(_value "$first" dstack_p2p_list_age_seconds)" 'BEGIN { exit !(age >= 0 && age < 10) }' || fail "age: $first"
  awk -v at="$(_value "$first" process_start_time_seconds)" -v now="$(date +%s.%N)" 'BEGIN { exit !(at > now - 600 && at <= now) }' ||
    fail "start: $first"
  expect_json .message "$(hello_get "$PORT_A" "/hello?from=$ID_B")"
  second=$(hello_get "$PORT_A" /metrics)
  for name in hello_greetings_sent hello_greetings_answered hello_greetings_received; do
    [ "$(_value "$second" "dstack_p2p_${name}_total")" -ge 1 ] || fail "$name"
  done
  for name in changes_total rpc_requests_total rpc_failures_total rpc_duration_seconds_count hello_greetings_received_total; do
    [ "$(_value "$second" "dstack_p2p_$name")" -ge "$(_value "$first" "dstack_p2p_$name")" ] || fail "$name"
  done
  [ "$(_value "$second" dstack_p2p_hello_greetings_received_total)" -gt "$(_value "$first" dstack_p2p_hello_greetings_received_total)" ] ||
    fail "no greeting more: $second"
}

# listen_to PORT NAME [CURL OPTION...]: keeps what the stream says in $RUN_DIR/NAME.events.
listen_to() {
  process_spawn "$2" "$RUN_DIR/$2.events" curl -sSN --max-time 120 "${@:3}" "http://127.0.0.1:$1/events"
}

# heard NAME EVENT JQ-EXPRESSION: whether the stream has told such an event.
heard() {
  awk -v name="event: $2" '$0 == name { getline; sub(/^data: /, ""); print }' "$RUN_DIR/$1.events" |
    jq -se --arg id "${INSTANCE:-}" "any($3)" >/dev/null
}

# shellcheck disable=SC2016 # jq's variable
tells_events() {
  local port
  port=$(free_port)
  instance_admitted guest
  listen_to "$PORT_A" listener
  wait_until 5 heard listener state ".self.instance_id == \"$ID_A\" and .count == 1 and (.peers | length) == 1"
  hello_start guest "$port" --withdraw
  wait_until 10 heard listener joined '.instance_id == $id and .count == 2'
  wait_until 10 heard listener greeted '.instance_id == $id and .response.message == "Hello from \($id)!"'
  wait_until 10 heard listener greeted_us '.instance_id == $id and .greeted_us_at > 0'
  wait_until 10 heard listener told '.instance_id == $id and (.greeted | length) == 4'
  wait_until 10 heard listener status '.healthy and .registered'
  process_stop guest
  wait_until 10 heard listener left '.instance_id == $id and .count == 1'
  process_stop listener
}

# Who looks at the page since before the guest agent answered need not wait for the chain to see who this is.
# shellcheck disable=SC2016 # jq's variable
tells_identity_before_registration() {
  local port agent=$RUN_DIR/early.sock
  port=$(free_port)
  instance early
  process_spawn early "$RUN_DIR/early.log" "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url http://127.0.0.1:1 \
    --retry 3600 --guest "$agent"
  wait_until 10 hello_get "$port" /info
  listen_to "$port" watcher
  wait_until 5 heard watcher state '.self.instance_id == null and .self.connection_url == null'
  ln -s "$RUN_DIR/simulator/early/dstack.sock" "$agent"
  wait_until 10 heard watcher state ".self.instance_id == \$id and .self.connection_url == \"http://localhost:$port\""
  expect_json '.registered | not' "$(hello_get "$port" /info)"
  process_stop early
  wait_until 5 _process_gone watcher
}

# Where the first listener ended the next one goes on.
tells_what_was_missed() {
  local last
  last=$(sed -n 's/^id: //p' "$RUN_DIR/listener.events" | tail -n 4 | head -n 1)
  listen_to "$PORT_A" again -H "Last-Event-ID: $last"
  wait_until 5 heard again status .healthy
  if grep -q 'event: state' "$RUN_DIR/again.events"; then fail "it began with the state"; fi
  expect_text "$(head -n 1 "$RUN_DIR/again.events")" "id: ${last%-*}-$((${last#*-} + 1))"
  process_stop again
}

_streams() { [ "$(_value "$(hello_get "$PORT_A" /metrics)" dstack_p2p_hello_event_streams)" = "$1" ]; }

limits_streams() {
  local i answer
  for ((i = 0; i < 32; i++)); do listen_to "$PORT_A" "stream$i"; done
  wait_until 10 _streams 32
  answer=$(hello_get "$PORT_A" /events -D - -o /dev/null)
  expect_text "$answer" "503 Service Unavailable"
  expect_text "$answer" "Retry-After: 5"
  for ((i = 0; i < 32; i++)); do process_stop "stream$i"; done
  # Whoever went away is noticed at once, not at the next heartbeat.
  wait_until 5 _streams 0
}

# It makes two handles, the first one to learn the instance id for its URL; the key pays all the same.
takes_the_key_out_of_its_environment() {
  local port digits=${ANVIL_KEY#0x}
  port=$(free_port)
  instance sponsored
  owner_sends 'mintNodeAccess(address,string)' 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 "$INSTANCE"
  PRIVATE_KEY=$ANVIL_KEY DSTACK_GATEWAY_DOMAIN=app.example.com hello_start sponsored "$port"
  hello_wait_healthy "$port"
  process_alive sponsored
  [ -n "$digits" ]
  if grep -qF "$digits" "/proc/$PROCESS_PID/environ"; then fail "its environment still holds the key"; fi
  if is_sanitized; then return; fi
  [ "$(awk '/^VmLck/ { print $2 }' "/proc/$PROCESS_PID/status")" -gt 0 ] || fail "no page is locked"
}

listens_on_loopback_only() {
  [ "$(ss -Hltn "sport = :$PORT_A" | awk '{ print $4 }')" = "127.0.0.1:$PORT_A" ]
}

publishes_the_gateway_url() {
  local port
  port=$(free_port)
  instance_admitted gate
  DSTACK_GATEWAY_DOMAIN=app.example.com hello_start gate "$port"
  hello_wait_healthy "$port"
  expect_json ".connection_url == \"https://$INSTANCE-$port.app.example.com\"" "$(hello_get "$port" /info)"
  [ "$(listed_url "$INSTANCE")" = "https://$INSTANCE-$port.app.example.com" ]
  log_has gate "--listen"
  kill -TERM "$(process_alive gate && echo "$PROCESS_PID")"
  expect_end gate 2
}

_b_is_listed() { [ "$(listed_url "$ID_B")" = "http://localhost:$PORT_B" ]; }

registers_again_when_removed() {
  owner_sends 'deactivateInstance(string)' "$ID_B"
  wait_until 10 _b_is_listed
  hello_wait_healthy "$PORT_B"
}

_is_banned_a_reason() { hello_get "$1" /health | jq -e '.reason | contains("banned")' >/dev/null; }

# The node goes on, and /health says what its operator has to know.
says_why_it_is_not_listed_any_more() {
  local port
  port=$(free_port)
  instance_admitted banned
  hello_start banned "$port"
  hello_wait_healthy "$port"
  owner_sends 'banInstance(string)' "$INSTANCE"
  wait_until 10 _is_banned_a_reason "$port"
  [ "$(hello_get "$port" /health -o /dev/null -w '%{http_code}')" = 503 ]
  wait_until 5 log_has banned "the registration cannot be kept up: "
  process_stop banned
}

# By the chain's clock most of the ten minutes are left: the node has renewed its lease.
_lease_is_fresh() {
  local expires now
  expires=$(cast call --json --rpc-url "$RPC" "$CONTRACT" 'getPeer(string)((bytes20,address,uint64,uint64,string))' "$INSTANCE" |
    jq -r '.[0][3]')
  now=$(cast block --rpc-url "$RPC" --field timestamp)
  [ "$((expires - now))" -ge 500 ]
}

# Twice a lease of ten minutes, on a chain whose clock leaps over three quarters of it.
renews_its_lease() {
  local port i
  port=$(free_port)
  anvil_spawn clock "$port"
  wait_until 20 chain_open "http://127.0.0.1:$port"
  contract_deploy
  owner_sends 'setLeaseDuration(uint64)' 600
  port=$(free_port)
  instance_admitted lease
  hello_start lease "$port"
  hello_wait_healthy "$port"
  for ((i = 0; i < 3; i++)); do
    cast rpc --rpc-url "$RPC" evm_increaseTime 450 >/dev/null
    cast rpc --rpc-url "$RPC" evm_mine >/dev/null
    wait_until 60 _lease_is_fresh || fail "not renewed after $((450 * (i + 1))) s: $(hello_get "$port" /health)"
  done
  hello_is_healthy "$port"
  process_stop lease
  process_stop clock
}

serves_beside_slow_clients() {
  process_spawn slow "$RUN_DIR/slow.log" python3 "$ROOT/tests/hello_p2p/misbehave.py" --hold "$PORT_A" --count 500
  wait_until 20 grep -q holding "$RUN_DIR/slow.log"
  hello_is_healthy "$PORT_A" || fail "no answer within five seconds"
  process_stop slow
}

# More slow clients than it has descriptors for: those that had their time make room, though they never pause.
makes_room_for_others() {
  local port
  port=$(free_port)
  instance_admitted small
  process_spawn small "$RUN_DIR/small.log" bash -c 'ulimit -n 400 && exec "$@"' bash "$HELLO_P2P" "$CONTRACT" \
    --port "$port" --rpc-url "$RPC" --guest "$GUEST/i/small"
  hello_wait_healthy "$port"
  process_spawn slow "$RUN_DIR/slow.log" python3 "$ROOT/tests/hello_p2p/misbehave.py" --hold "$port" --count 300
  wait_until 20 grep -q holding "$RUN_DIR/slow.log"
  wait_until 25 hello_is_healthy "$port"
  process_stop slow
  process_stop small
}

# ---- the end

# ends_within_2s NAME [SIGNAL]: exit status 0, or what is in the third argument.
_signal() {
  process_alive "$1" || fail "$1 does not run: $(tail -n 3 "$RUN_DIR/$1.log")"
  kill -"${2:-TERM}" "$PROCESS_PID"
  expect_end "$1" 2
}

_waits_for_guest() {
  local port
  port=$(free_port)
  process_spawn "$1" "$RUN_DIR/$1.log" "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" \
    --guest "$RUN_DIR/nothing.sock"
  wait_until 10 log_has "$1" "serving on"
  sleep 0.3
}

ends_while_waiting_for_guest() {
  _waits_for_guest w1
  _signal w1
  _waits_for_guest w2
  _signal w2 INT
}

ends_while_guest_hangs() {
  process_spawn w3 "$RUN_DIR/w3.log" "$HELLO_P2P" "$CONTRACT" --port 0 --rpc-url "$RPC" \
    --guest "http://127.0.0.1:$BAD/silent"
  wait_until 10 log_has w3 "serving on"
  sleep 0.3
  _signal w3
}

ends_while_node_hangs() {
  hello_start w4 0 --rpc-url "http://127.0.0.1:$BAD/silent"
  wait_until 10 log_has w4 "publishing"
  sleep 0.3
  _signal w4
}

ends_while_retrying() {
  hello_start w5 0 --rpc-url http://127.0.0.1:1 --retry 3600
  wait_until 10 log_has w5 "not registered yet"
  _signal w5
}

_ended_with() {
  local pid=$1 status=0
  wait "$pid" || status=$?
  [ "$status" = "$2" ] || fail "exit status $status instead of $2"
}

ends_with_status_0() {
  local port pid
  port=$(free_port)
  instance_admitted plain
  "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" --guest "$GUEST/i/plain" 2>"$RUN_DIR/plain.log" &
  pid=$!
  hello_wait_healthy "$port"
  kill -INT "$pid"
  _ended_with "$pid" 0
  [ "$(listed_url "$INSTANCE")" = "http://localhost:$port" ] || fail "it withdrew without being told"
}

withdraws_when_told() {
  local port pid
  port=$(free_port)
  instance_admitted plain
  "$HELLO_P2P" "$CONTRACT" --port "$port" --rpc-url "$RPC" --guest "$GUEST/i/plain" --withdraw \
    2>"$RUN_DIR/plain.log" &
  pid=$!
  hello_wait_healthy "$port"
  kill -TERM "$pid"
  _ended_with "$pid" 0
  [ "$(listed_url "$INSTANCE")" = "" ] || fail "it is still listed"
}

# The node is frozen, and thawed whatever happens.
_freeze() {
  trap 'process_thaw anvil' EXIT
  process_freeze anvil
}

# One reads, one does not.
ends_with_open_streams() {
  local port
  port=$(free_port)
  instance_admitted streams
  hello_start streams "$port"
  hello_wait_healthy "$port"
  listen_to "$port" reader
  wait_until 5 heard reader status .healthy
  exec {deaf}<>"/dev/tcp/127.0.0.1/$port"
  printf 'GET /events HTTP/1.1\r\nHost: a\r\n\r\n' >&"$deaf"
  _signal streams
  exec {deaf}>&-
  wait_until 5 _process_gone reader
}

ends_when_it_cannot_withdraw() {
  local port
  port=$(free_port)
  instance_admitted frozen
  hello_start frozen "$port" --withdraw
  hello_wait_healthy "$port"
  _freeze
  _signal frozen
}

_a_is_stale() { hello_get "$PORT_A" /health | jq -e '.reason | contains("old")' >/dev/null; }

survives_an_outage() {
  local begin
  _freeze
  wait_until 30 _a_is_stale || fail "it still says it is fresh"
  # It serves what it knew.
  expect_json ".peers | index(\"http://localhost:$PORT_B\")" "$(hello_get "$PORT_A" /peers)"
  expect_json '.message' "$(hello_get "$PORT_A" /hello)"
  process_thaw anvil
  begin=$(now_ms)
  hello_wait_healthy "$PORT_A"
  echo "fresh again after $(($(now_ms) - begin)) ms"
}

_a_knows_b() { hello_get "$PORT_A" /info | jq -e '.peers_count == 1' >/dev/null; }

# In a cluster of their own.
start_two() {
  contract_deploy
  instance_admitted a
  ID_A=$INSTANCE
  instance_admitted b
  ID_B=$INSTANCE
  PORT_A=$(free_port)
  hello_start a "$PORT_A"
  hello_wait_healthy "$PORT_A"
  PORT_B=$(free_port)
  hello_start b "$PORT_B"
  hello_wait_healthy "$PORT_B"
  wait_until 10 _a_knows_b
}

anvil_start
simulator_start
contract_deploy
process_spawn bad "$RUN_DIR/bad.log" python3 "$ROOT/tests/hello_p2p/misbehave.py"
wait_until 10 test -s "$RUN_DIR/bad.log"
BAD=$(head -n 1 "$RUN_DIR/bad.log")
PORT=$(free_port)

test_case "misuse is refused with status 2" refuses_misuse
test_case "--help and --version" helps
test_case "--identity" tells_identity
test_case "an address that cannot be listened on" fails_listening
test_case "a taken port: its owner is named, nothing is on chain" fails_when_port_is_taken
test_case "bad configuration" fails_on_bad_configuration
test_case "no guest agent" fails_without_guest
test_case "no node, a silent one, HTML, endless answers, another chain" fails_without_node
test_case "no contract, no NFT, no funds" fails_at_the_contract
test_case "/health tells why not, and when it is" health_tells_why
start_two >/dev/null
test_case "/info" answers_info
test_case "/hello" answers_hello
test_case "/hello ignores senders that are no instance id" ignores_a_bad_sender
test_case "/peers" answers_peers
test_case "two nodes greet each other" nodes_greet_each_other
test_case "404, 405, HEAD" speaks_http
test_case "/metrics" answers_metrics
test_case "/events" tells_events
test_case "/events goes on where it ended" tells_what_was_missed
test_case "/events tells who this is before it is registered" tells_identity_before_registration
test_case "32 streams, and no more" limits_streams
test_case "listens on 127.0.0.1 only" listens_on_loopback_only
test_case "the gateway's URL" publishes_the_gateway_url
test_case "PRIVATE_KEY pays, and is taken out of the environment" takes_the_key_out_of_its_environment
test_case "registers again when it was removed" registers_again_when_removed
test_case "banned: goes on, and /health tells why" says_why_it_is_not_listed_any_more
test_case "renews its lease" renews_its_lease
test_case "500 slow clients do not keep others waiting" serves_beside_slow_clients
test_case "clients that never end a request make room in time" makes_room_for_others
test_case "ends while it waits for the guest agent" ends_while_waiting_for_guest
test_case "ends while the guest agent hangs" ends_while_guest_hangs
test_case "ends while the node hangs" ends_while_node_hangs
test_case "ends while it retries" ends_while_retrying
test_case "SIGINT: status 0, still a member" ends_with_status_0
test_case "SIGTERM with --withdraw: no member any more" withdraws_when_told
test_case "ends with open streams" ends_with_open_streams
test_case "ends when it cannot withdraw" ends_when_it_cannot_withdraw
test_case "an outage of the node: not fresh, then fresh again" survives_an_outage
test_end
