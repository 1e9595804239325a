#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hello_p2p among peers that are hostile, broken or away: what they publish and answer harms nobody.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

# One peer for each misdeed of misbehave.py, before the node under test comes.
HOSTILE=(body headers drip silent redirect control c1 bidi raw html number huge twice deep long error status)

publish_hostile_peers() {
  local deed
  for deed in "${HOSTILE[@]}"; do hello_publish "$deed" "http://127.0.0.1:$BAD/$deed"; done
  hello_publish nobody "http://127.0.0.1:1"
  hello_publish noname "http://no-such-host.invalid/"
  hello_publish postgres "postgres://user:pass@127.0.0.1:5432/db"
  hello_publish user "http://user:pass@127.0.0.1:$BAD/good"
  hello_publish file "file:///etc/passwd"
  hello_publish query "http://127.0.0.1:$BAD/good?a=b#c"
  hello_publish slash "http://127.0.0.1:$BAD/good//"
}

start_among_them() {
  instance_admitted good
  GOOD_ID=$INSTANCE
  GOOD=$(free_port)
  hello_start good "$GOOD"
  hello_wait_healthy "$GOOD"
  instance_admitted victim
  VICTIM=$(free_port)
  # The environment offers a proxy, which must not be asked for anything.
  http_proxy=http://127.0.0.1:$BAD https_proxy=http://127.0.0.1:$BAD ALL_PROXY=http://127.0.0.1:$BAD no_proxy='' NO_PROXY='' \
    hello_start victim "$VICTIM"
  hello_wait_healthy "$VICTIM"
}

# peer_of URL: what the victim says about it.
peer_of() {
  hello_get "$VICTIM" /peers | jq --arg url "$1" '.peer_info[] | select(.connection_url == $url)'
}

_has_outcome() {
  peer_of "$1" | jq -e '.error or .response' >/dev/null
}

_good_answered() { peer_of "http://localhost:$GOOD" | jq -e '.response' >/dev/null; }

greets_the_good_one_meanwhile() {
  wait_until 3 _good_answered
  expect_json ".response.message == \"Hello from $GOOD_ID!\"" "$(peer_of "http://localhost:$GOOD")"
}

# outcome URL-OR-DEED JQ-EXPRESSION
outcome() {
  local url=$1
  case $url in *:*) ;; *) url=http://127.0.0.1:$BAD/$url ;; esac
  wait_until 15 _has_outcome "$url" || fail "no outcome for $url"
  expect_json "$2" "$(peer_of "$url")"
}

bounds_answers() {
  outcome body '.error == "the answer is too long"'
  outcome headers '.error == "the answer is too long"'
  outcome drip '.error | contains("timed out")'
  outcome silent '.error | contains("timed out")'
  outcome long '.response.message | length == 256'
}

parses_strictly() {
  outcome html '.error == "the answer is not JSON"'
  outcome deep '.error == "the answer is not JSON"'
  outcome twice '.error == "the answer is not JSON"'
  outcome number '.error == "the answer has no message"'
  outcome huge '.error == "the answer is not JSON"'
  outcome raw '.error == "the answer is not JSON"'
}

follows_no_redirect() {
  outcome redirect '.error == "HTTP status 302"'
  outcome error '.error == "HTTP status 500"'
  # Nobody asked for where the redirection leads to.
  [ "$(grep -c '^/good/hello$' "$RUN_DIR/bad.log")" = 0 ]
}

lets_no_control_byte_through() {
  outcome control '.response.message == "?]0;owned??[31m?fake line"'
  outcome c1 '.response.message == "?2J??1m?? and ?"'
  outcome bidi '.response.message == "???gpj.exe??????"'
  outcome status '.error or .response'
  hello_get "$VICTIM" /peers >"$RUN_DIR/peers.json"
  if LC_ALL=C grep '[^ -~]' "$RUN_DIR/peers.json" "$RUN_DIR/victim.log"; then fail "these lines"; fi
  if grep '^fake line' "$RUN_DIR/victim.log"; then fail "a peer wrote this line"; fi
}

dials_http_only() {
  outcome "postgres://user:pass@127.0.0.1:5432/db" '.error | contains("not an http")'
  outcome "http://user:pass@127.0.0.1:$BAD/good" '.error | contains("not an http")'
  outcome "file:///etc/passwd" '.error | contains("not an http")'
  outcome "http://127.0.0.1:$BAD/good?a=b#c" '.error | contains("not an http")'
  outcome "http://127.0.0.1:$BAD/good//" '.response.message == "Hello from nobody!"'
  outcome "http://127.0.0.1:1" '.error | contains("connect")'
  outcome "http://no-such-host.invalid/" '.error | contains("resolve")'
}

asks_no_proxy() {
  # A proxy is asked with a whole URL, or with CONNECT and a host.
  if grep "^[^/]" <(tail -n +2 "$RUN_DIR/bad.log"); then fail "a proxy was asked"; fi
}

# Says of each peer why it is not connected to, and connects to none: those that did not answer included.
_all_kept_out() {
  hello_get "$1" /peers | jq -e '[.peer_info[] | select(.connection_url | test("^http://(127|localhost)")) | .error] |
    length >= 18 and all(. != null and (contains("not a public one") or contains("not an http")))' >/dev/null
}

keeps_off_private_addresses() {
  local port before
  port=$(free_port)
  instance_admitted strict
  # Nobody else greets meanwhile.
  process_freeze victim
  process_freeze good
  before=$(wc -l <"$RUN_DIR/bad.log")
  hello_start strict "$port" --url https://node.example.com --listen 127.0.0.1
  hello_wait_healthy "$port"
  wait_until 15 _all_kept_out "$port" || fail "$(hello_get "$port" /peers)"
  [ "$(wc -l <"$RUN_DIR/bad.log")" = "$before" ] || fail "$(tail -n 5 "$RUN_DIR/bad.log")"
  log_has strict "peers at private addresses are not greeted"
  process_stop strict
}

continues() {
  local name
  for name in victim good; do process_thaw "$name"; done
}

_more() { [ "$(grep -c '^/html/hello' "$RUN_DIR/bad.log")" -gt "$BEFORE" ]; }

tries_again() {
  BEFORE=$(grep -c '^/html/hello' "$RUN_DIR/bad.log")
  wait_until 20 _more
}

# That it stays small, too, is seen in a release build: hello_p2p_load_test.sh.
stays_healthy() { hello_is_healthy "$VICTIM"; }

_gone() { [ "$(peer_of "http://localhost:$GOOD")" = "" ]; }

forgets_who_left() {
  process_alive good
  owner_sends 'revokeNodeAccess(string)' "$GOOD_ID"
  wait_until 10 _gone
}

ends_among_them() {
  process_alive victim
  kill -TERM "$PROCESS_PID"
  expect_end victim 2
}

anvil_start
simulator_start
contract_deploy
process_spawn bad "$RUN_DIR/bad.log" python3 "$ROOT/tests/hello_p2p/misbehave.py"
wait_until 10 test -s "$RUN_DIR/bad.log"
BAD=$(head -n 1 "$RUN_DIR/bad.log")

test_case "hostile URLs can be listed" publish_hostile_peers
start_among_them >/dev/null
test_case "a good peer is greeted while others hang" greets_the_good_one_meanwhile
test_case "answers are bounded in size and time" bounds_answers
test_case "answers are parsed strictly" parses_strictly
test_case "redirects are not followed" follows_no_redirect
test_case "no control byte gets into answers and log" lets_no_control_byte_through
test_case "only http and https are dialled" dials_http_only
test_case "proxies of the environment are not asked" asks_no_proxy
test_case "with a public URL, no connection to private addresses" keeps_off_private_addresses
continues
test_case "a peer that failed is tried again" tries_again
test_case "the node stays healthy" stays_healthy
test_case "a revoked peer is forgotten" forgets_who_left
test_case "ends within 2 s among hanging peers" ends_among_them
test_end
