#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dstack-p2p peers and wait: what they print, to whom, and with which status they end.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly REGISTER=$BUILD_DIR/examples/example_peers
# From here no guest agent is found, unless a test names one.
mkdir "$RUN_DIR/empty"
cd "$RUN_DIR/empty"

# registered NAME URL: an instance that is listed; sets INSTANCE, ADDRESS and ENDPOINT.
registered() {
  instance_admitted "$1"
  DSTACK_SIMULATOR_ENDPOINT=$ENDPOINT "$REGISTER" "$CONTRACT" "$2" >"$RUN_DIR/register.log" 2>&1 ||
    fail "$(cat "$RUN_DIR/register.log")"
}

# on_terminal COLUMNS COMMAND...: OUT is what a terminal shows.
on_terminal() {
  local columns=$1
  shift
  at_terminal '' bash -c "stty cols $columns; $*"
}

# failing STATUS PART ARGUMENT...: nothing on standard output, the reason on standard error.
failing() {
  local status=$1 part=$2
  shift 2
  expect_status "$status" "$DSTACK_P2P" "$@"
  [ "$OUT" = "" ] || fail "on standard output: $OUT"
  expect_text "$ERR" "$part"
}

# ---- peers ----

prints_nothing_of_nobody() {
  expect_status 0 "$DSTACK_P2P" peers
  [ "$OUT" = "" ]
  expect_status 0 "$DSTACK_P2P" peers --format '{url}'
  [ "$OUT" = "" ]
  expect_status 0 "$DSTACK_P2P" peers --json
  expect_json '.count == 0 and .peers == [] and .version == 0' "$OUT"
}

lists_them() {
  registered alpha https://alpha.example:8443/x
  echo "$INSTANCE $ADDRESS $ENDPOINT" >"$RUN_DIR/alpha"
  registered beta 10.0.0.2:5432
  echo "$INSTANCE $ADDRESS $ENDPOINT" >"$RUN_DIR/beta"
  registered gamma 'postgres://u:p@[::1]/db'
  # shellcheck disable=SC2016 # nobody is to run it
  registered delta '$(id)"\;{}'
}

prints_fields_with_tabs() {
  local id rest
  read -r id rest <"$RUN_DIR/alpha"
  expect_status 0 "$DSTACK_P2P" peers
  [ "$(wc -l <<<"$OUT")" = 4 ] || fail "$OUT"
  grep -qP "^$id\thttps://alpha.example:8443/x\t[0-9]{10}\t0\tfalse\$" <<<"$OUT" || fail "$OUT"
}

prints_json() {
  local id address rest
  read -r id address rest <"$RUN_DIR/alpha"
  expect_status 0 "$DSTACK_P2P" peers --json
  expect_json 'keys == (["version", "block", "block_time", "checked", "left_out", "self_known", "count", "peers"] | sort)' "$OUT"
  expect_json '.version == 4 and .count == 4 and .block > 4 and .block_time > 1600000000' "$OUT"
  expect_json '.checked == false and .left_out == 0 and .self_known == false' "$OUT"
  expect_json "[.peers[] | select(.instance_id == \"$id\")] == [{instance_id: \"$id\", url: \"https://alpha.example:8443/x\",
    host: \"alpha.example\", port: 8443, address: \"$address\", registered_at: .peers[0].registered_at, expires_at: 0,
    is_self: false}]" "$(jq '.peers[].registered_at = .peers[0].registered_at' <<<"$OUT")"
  expect_json '[.peers[] | select(.host == "::1")] | length == 1 and .[0].port == 5432' "$OUT"
  # shellcheck disable=SC2016
  expect_json '[.peers[] | select(.host == null)] | length == 1 and .[0].port == null and .[0].url == "$(id)\"\\;{}"' "$OUT"
}

prints_formats() {
  expect_status 0 "$DSTACK_P2P" peers --format '{host}|{port}|{host_port}'
  [ "$(sort <<<"$OUT")" = $'10.0.0.2|5432|10.0.0.2:5432\n::1|5432|[::1]:5432\nalpha.example|8443|alpha.example:8443\n||' ] ||
    fail "$OUT"
  expect_status 0 "$DSTACK_P2P" peers -f '{{{is_self}}}\t{count}\\{#last}\nend{/last}'
  [ "$OUT" = $'{false}\t4\\\n{false}\t4\\\n{false}\t4\\\n{false}\t4\\\nend' ] || fail "$OUT"
  # A shell gets back what was published.
  expect_status 0 "$DSTACK_P2P" peers -f "printf '%s\\\\n' {url|shell}"
  bash -c "$OUT" | sort >"$RUN_DIR/words"
  "$DSTACK_P2P" peers -f '{url}' | sort | cmp - "$RUN_DIR/words"
}

knows_itself() {
  local id address endpoint
  read -r id address endpoint <"$RUN_DIR/beta"
  expect_status 0 "$DSTACK_P2P" peers --guest "$endpoint" --json
  expect_json ".checked and .self_known and ([.peers[] | select(.is_self) | .instance_id] == [\"$id\"])" "$OUT"
  # Also where the list needs no guest agent.
  expect_status 0 "$DSTACK_P2P" peers --guest "$endpoint" --evidence off -f '{is_self}'
  [ "$(grep -c true <<<"$OUT")" = 1 ]
  expect_status 0 "$DSTACK_P2P" peers --guest "$endpoint" --exclude-self --json
  expect_json ".count == 3 and all(.peers[]; .instance_id != \"$id\")" "$OUT"
}

asks_who_it_is_before_it_leaves_itself_out() {
  failing 20 'not known which peer is this node' peers --exclude-self
  failing 20 '"name": "GUEST_UNREACHABLE"' peers --exclude-self --json --guest "$RUN_DIR/none.sock"
}

is_a_table_on_a_terminal() {
  local id rest
  read -r id rest <"$RUN_DIR/alpha"
  on_terminal 200 "$DSTACK_P2P" peers --guest "${GUEST}/i/alpha"
  expect_text "$OUT" $'\e[1mINSTANCE'
  grep -qP "$id  https://alpha.example:8443/x +[0-9]+[smh] +for ever  self *$" <<<"$OUT" || fail "$OUT"
  on_terminal 200 NO_COLOR=1 "$DSTACK_P2P" peers
  [[ $OUT == INSTANCE* ]] || fail "coloured: $OUT"
}

fits_the_terminal() {
  local columns
  for columns in 60 80 100; do
    on_terminal "$columns" NO_COLOR=1 "$DSTACK_P2P" peers
    awk -v columns="$columns" 'length($0) > columns { exit 1 }' <<<"$OUT" || fail "$columns: $OUT"
    [ "$(wc -l <<<"$OUT")" = 5 ] || fail "$OUT"
  done
  on_terminal 60 NO_COLOR=1 "$DSTACK_P2P" peers
  expect_text "$OUT" ..
}

refuses_wrong_input() {
  failing 2 'there is no field {ulr}; there are: instance_id, url, host' peers --format '{ulr}'
  failing 2 "is no field; for a brace write {{" peers --format 'a { b'
  failing 2 'there is no filter |html' peers --format '{url|html}'
  failing 2 'exclude each other' peers --format '{url}' --json
  failing 2 "'extra' is more than it takes" peers extra
  failing 2 'there is no option --bogus' peers --bogus
  failing 11 'contract' peers --contract 0x12
  failing 30 '127.0.0.1:1' peers --rpc-url http://127.0.0.1:1
  failing 40 'no contract answers' peers --contract 0x00000000000000000000000000000000000000aa
  failing 35 'chain' peers --chain-id 1
  failing 20 'KMS root' peers --evidence required
  expect_status 30 "$DSTACK_P2P" peers --json --rpc-url http://127.0.0.1:1
  [ "$OUT" = "" ]
  expect_json '.error.code == 30 and .error.name == "RPC_UNREACHABLE"' "$ERR"
}

# The library's warnings too, line by line.
warns_in_json() {
  local line
  expect_status 35 "$DSTACK_P2P" peers --json --chain-id 5
  [ "$(wc -l <<<"$ERR")" -ge 2 ] || fail "$ERR"
  while read -r line; do expect_json 'has("warning") or has("error")' "$line"; done <<<"$ERR"
  expect_json '.warning.message | contains("not on chain 5")' "$(head -n 1 <<<"$ERR")"
}

says_when_it_cannot_print() {
  local status=0
  "$DSTACK_P2P" peers >/dev/full 2>"$RUN_DIR/err" || status=$?
  [ "$status" = 6 ] || fail "$status"
  grep -q 'cannot be written' "$RUN_DIR/err"
}

# Who only reads needs no key, and may not be allowed to read it.
needs_no_key() {
  export PRIVATE_KEY_FILE=$RUN_DIR/no-such.key PRIVATE_KEY=none
  expect_status 0 "$DSTACK_P2P" peers
  expect_status 0 "$DSTACK_P2P" status
  expect_status 0 "$DSTACK_P2P" kms-root --guest "$GUEST/i/alpha"
  # shellcheck disable=SC2016
  expect_status 0 "$DSTACK_P2P" watch --once --json --exec 'echo "$PRIVATE_KEY_FILE,$PRIVATE_KEY"'
  expect_text "$ERR" "$RUN_DIR/no-such.key,"
  expect_status 13 "$DSTACK_P2P" identity
  expect_status 13 "$DSTACK_P2P" withdraw
}

# ---- wait ----

waits_for_nobody_who_is_there() {
  local begin
  begin=$(now_ms)
  expect_status 0 "$DSTACK_P2P" wait --min 4 --timeout 10 --format '{url}'
  [ "$(wc -l <<<"$OUT")" = 4 ] || fail "$OUT"
  expect_status 0 "$DSTACK_P2P" wait --json
  expect_json '.count == 4' "$OUT"
  # Nor for a guest agent that nobody needs.
  expect_status 0 "$DSTACK_P2P" wait --evidence off --guest "$RUN_DIR/none.sock"
  [ "$ERR" = "" ] || fail "$ERR"
  [ $(($(now_ms) - begin)) -lt 8000 ] || fail "it waited"
}

tells_people_how_far_it_is() {
  on_terminal 100 "$DSTACK_P2P" wait --min 6 --timeout 500ms || true
  expect_text "$OUT" '5 of 6 are there
dstack-p2p wait: 5 of 6 peers are there after 500ms'
}

waits_until_there_are_enough() {
  local pid
  "$DSTACK_P2P" wait --min 5 --timeout 20 --format '{url}' >"$RUN_DIR/waited" &
  pid=$!
  registered epsilon http://epsilon:1
  wait "$pid" || fail "$?"
  [ "$(wc -l <"$RUN_DIR/waited")" = 5 ]
  grep -qx http://epsilon:1 "$RUN_DIR/waited"
}

gives_up_and_says_why() {
  failing 4 '5 of 6 peers are there after 500ms' wait --min 6 --timeout 500ms
  failing 4 '5 of 6 peers are there after 1s' wait --min 6 --timeout 1
  failing 4 '4 of 5 other peers are there' wait --min 5 --timeout 500ms --exclude-self --guest "$GUEST/i/alpha"
  failing 4 'no list of peers after 500ms: ' wait --timeout 500ms --rpc-url http://127.0.0.1:1
  expect_text "$ERR" 127.0.0.1:1
  instance nobody
  failing 4 'this node is not among them' wait --for-self --timeout 500ms --guest "$ENDPOINT"
  failing 20 'not known which peer' wait --exclude-self --timeout 500ms --guest "$RUN_DIR/none.sock"
  expect_status 4 "$DSTACK_P2P" wait --json --min 6 --timeout 500ms
  expect_json '.error.code == 4' "$ERR"
}

# One that takes the connection and says nothing.
is_not_held_up_by_a_silent_agent() {
  local port
  port=$(free_port)
  process_spawn silent "$RUN_DIR/silent.log" python3 -c 'import socket, sys, time
end = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
time.sleep(60)' "$port"
  wait_until 10 log_has silent ready
  failing 20 'the guest agent has not answered after 1s' wait --for-self --timeout 1 --guest "http://127.0.0.1:$port"
  # Which peer is this node does not matter here.
  expect_status 0 "$DSTACK_P2P" wait --min 5 --timeout 8 --evidence off --guest "http://127.0.0.1:$port"
  process_stop silent
}

believes_no_cache() {
  local cache=$RUN_DIR/cache
  "$DSTACK_P2P" watch --chain-id "$CHAIN_NUMBER" --cache-file "$cache" >"$RUN_DIR/watched" &
  local pid=$!
  wait_until 10 test -s "$cache"
  kill -TERM "$pid"
  wait "$pid"
  DSTACK_P2P_CACHE_FILE=$cache failing 4 'no list of peers' wait --timeout 1 --chain-id "$CHAIN_NUMBER" --rpc-url http://127.0.0.1:1
  # The same file does for watch.
  # In the foreground, or the signal would come twice, which LeakSanitizer at the end does not always survive.
  timeout --foreground -s TERM --preserve-status 2 "$DSTACK_P2P" watch --chain-id "$CHAIN_NUMBER" --cache-file "$cache" \
    --rpc-url http://127.0.0.1:1 >"$RUN_DIR/watched" 2>/dev/null
  [ "$(grep -c present "$RUN_DIR/watched")" = 5 ] || fail "$(cat "$RUN_DIR/watched")"
}

waits_for_itself() {
  local pid
  instance_admitted zeta
  "$DSTACK_P2P" wait --for-self --timeout 20 --guest "$ENDPOINT" --format '{is_self}' >"$RUN_DIR/waited" &
  pid=$!
  registered zeta http://zeta:1
  wait "$pid" || fail "$?"
  grep -qx true "$RUN_DIR/waited"
}

sleeps_while_it_waits() {
  local ticks
  process_spawn waiter "$RUN_DIR/waiter.log" "$DSTACK_P2P" wait --min 100 --timeout 60
  sleep 3
  process_alive waiter
  # User and system time of all threads, in hundredths of a second.
  ticks=$(awk '{ sub(/.*\) /, ""); print $12 + $13 }' "/proc/$PROCESS_PID/stat")
  is_sanitized || [ "$ticks" -lt 20 ] || fail "$ticks hundredths of a second"
  [ "$ticks" -lt 100 ] || fail "$ticks hundredths of a second"
}

ends_by_a_signal() {
  local pid status=0
  process_alive waiter
  kill -TERM "$PROCESS_PID"
  expect_end waiter 2
  grep -q interrupted "$RUN_DIR/waiter.log"
  "$DSTACK_P2P" wait --min 100 &
  pid=$!
  sleep 0.5
  kill -TERM "$pid"
  wait "$pid" || status=$?
  [ "$status" = 16 ] || fail "$status"
}

wait_refuses_wrong_input() {
  failing 2 '--min takes a number' wait --min some
  failing 2 '--timeout takes a time' wait --timeout never
  failing 2 'above 0' wait --timeout 0
  failing 2 'there is no field' wait --format '{x}'
  failing 2 'more than it takes' wait 3
  failing 11 'contract' wait --contract 0x12
}

anvil_start
simulator_start
contract_deploy
export RPC_URL=$RPC CONTRACT_ADDRESS=$CONTRACT
test_case "nobody is an empty list" prints_nothing_of_nobody
test_case "peers register" lists_them
test_case "elsewhere than on a terminal: fields with tabs" prints_fields_with_tabs
test_case "JSON" prints_json
test_case "formats" prints_formats
test_case "the node's own entry is marked, and left out" knows_itself
test_case "who does not know itself does not leave itself out" asks_who_it_is_before_it_leaves_itself_out
test_case "a table on a terminal" is_a_table_on_a_terminal
test_case "the table fits the terminal" fits_the_terminal
test_case "wrong input of peers" refuses_wrong_input
test_case "output that cannot be written" says_when_it_cannot_print
test_case "warnings are JSON where errors are" warns_in_json
test_case "who only reads needs no key" needs_no_key
test_case "wait: enough are there" waits_for_nobody_who_is_there
test_case "wait: one more comes" waits_until_there_are_enough
test_case "wait: says how far it is on a terminal" tells_people_how_far_it_is
test_case "wait: gives up and says why" gives_up_and_says_why
test_case "wait: a silent guest agent holds nobody up" is_not_held_up_by_a_silent_agent
test_case "wait: a cached list does not count" believes_no_cache
test_case "wait: until this node is listed" waits_for_itself
test_case "wait: does not spin" sleeps_while_it_waits
test_case "wait: ends by a signal" ends_by_a_signal
test_case "wrong input of wait" wait_refuses_wrong_input
test_end
