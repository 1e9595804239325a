#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# hello_p2p's page in a headless Chromium: a real cluster that changes, hostile peers, a lost connection, keyboard,
# phone, contrast; and a hundred nodes from a record.
# shellcheck disable=SC2016 # JavaScript
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

browser() { python3 -S -E "$ROOT/tests/page/browser.py" "$RUN_DIR/session" "$@"; }

# expect_js EXPRESSION: is true, in time; what is slow is the machine.
expect_js() { browser wait 30 "$1" || fail "$(browser js 'document.body.innerText' | head -c 6000)"; }

# text ID: what an element shows, as an expression.
text() { printf 'document.getElementById("%s").innerText' "$1"; }

browser_start() {
  local port
  port=$(free_port)
  process_spawn driver "$RUN_DIR/driver.log" chromedriver --port="$port"
  wait_until 20 curl -fsS --max-time 2 -o /dev/null "http://127.0.0.1:$port/status" 2>/dev/null
  browser start "$port" "$RUN_DIR/profile"
}

# What the console got, but for the network's own words on a connection that was cut, and what the browser says of a page of
# its own: that the network is slow, on a machine that is.
expect_quiet_console() {
  browser log >"$RUN_DIR/console"
  if grep -vE '^(SEVERE network|[A-Z]+ [a-z]+ chrome://)' "$RUN_DIR/console"; then fail "these lines"; fi
}

# ---- a cluster that changes

shows_this_node() {
  browser open "http://127.0.0.1:$PORT_A/"
  expect_js "$(text instance) === '$ID_A'"
  expect_js "$(text link) === 'live' && $(text health) === 'healthy'"
  expect_js "$(text url) === 'http://localhost:$PORT_A' && $(text contract) === '$CONTRACT' && $(text chain) === '31337'"
  expect_js "/^0x[0-9a-fA-F]{40}\$/.test($(text address))"
  expect_js "$(text registered) === 'yes' && $(text keeper) === 'yes' && $(text lease) === 'does not end'"
  expect_js "$(text age) === 'just now' && $(text checked) === 'all peers are checked'"
  expect_js "$(text count) === '2 nodes'"
}

shows_greetings() {
  expect_js 'document.querySelectorAll("#peers tbody tr").length === 1'
  expect_js "document.querySelector('#peers tbody').innerText.includes('Hello from $ID_B!')"
  expect_js 'document.querySelector("#mesh path.own").getAttribute("d").split("M").length === 3'
}

# The second-hand part: B and C greeted each other, and both say so.
shows_who_joins() {
  hello_start c "$PORT_C" --withdraw
  expect_js "$(text count) === '3 nodes'"
  expect_js "$(text changes).includes('joined') && $(text changes).includes('http://localhost:$PORT_C')"
  expect_js "document.querySelector('#peers tbody').innerText.includes('Hello from $ID_C!')"
  expect_js "document.querySelectorAll('#mesh .node').length === 3"
  expect_js 'document.querySelector("#mesh path.told").getAttribute("d").split("M").length === 3'
  browser js "document.querySelector('#mesh .node[data-id=\"$ID_B\"]').dispatchEvent(new MouseEvent('click', {bubbles: true}))"
  expect_js "$(text chosen).includes('http://localhost:$PORT_B') && $(text chosen).includes('says ${ID_B:0:6}')"
  expect_js "$(text chosen).includes('says ${ID_C:0:6}')"
}

shows_who_leaves() {
  process_stop c
  expect_js "$(text count) === '2 nodes' && $(text changes).includes('left')"
  expect_js "document.querySelectorAll('#mesh .node').length === 2"
  expect_js "!document.querySelector('#peers tbody').innerText.includes('$ID_C')"
}

_b_is() { expect_js "document.querySelector('#mesh .node[data-id=\"$ID_B\"]').classList.contains('$1')"; }

# It had answered, and stays a member.
shows_who_is_gone() {
  _b_is ok
  process_stop b
  _b_is failed
  expect_js "document.querySelector('#peers tbody').innerText.includes('Failed to connect')"
  hello_start b "$PORT_B"
  _b_is ok
}

announces_changes() {
  expect_js 'document.querySelector("#changes").getAttribute("role") === "log"'
  expect_js 'document.querySelector("#changes").getAttribute("aria-live") === "polite"'
  expect_js '!document.querySelector("#changes").hasAttribute("aria-busy")'
  expect_js 'document.querySelectorAll("#changes > ol:not([role]) > li").length >= 2'
}

# ---- strangers

shows_hostile_peers_as_text() {
  local url="http://127.0.0.1:1/<img/src=x/onerror=document.title=3>"
  hello_publish markup "http://127.0.0.1:$BAD/markup"
  hello_publish url "$url"
  hello_publish script "javascript:document.title=4//<script>"
  expect_js "document.querySelector('#peers tbody').innerText.includes('$url')"
  expect_js "document.querySelector('#peers tbody').innerText.includes('<img src=x onerror=document.title=1><script>')"
  expect_js "document.querySelector('#peers tbody').innerText.includes('javascript:document.title=4')"
  expect_js "$(text changes).includes('javascript:document.title=4')"
  expect_js 'document.querySelectorAll("img, iframe, object, [onerror], body script").length === 0'
  expect_js '[...document.querySelectorAll("a")].every((a) => ["http:", "https:"].includes(a.protocol))'
  expect_js '[...document.querySelectorAll("#peers a, #changes a")].every((a) => a.rel.includes("noopener"))'
  browser js '[...document.querySelectorAll("#mesh .node")].at(-1).dispatchEvent(new MouseEvent("click", {bubbles: true}))'
  expect_js "$(text chosen).includes('It greeted')"
  expect_js "document.title.endsWith('hello_p2p')"
}

shows_what_failed() {
  expect_js 'document.querySelectorAll("#mesh .node.failed").length === 2'
  expect_js "$(text mesh-note) === '3 of 4 peers have not said whom they greeted.'"
}

# ---- without a mouse, on a phone, at night

# Both the node on the circle and the row's button.
serves_the_keyboard() {
  browser js 'document.activeElement.blur()'
  browser keys '{Tab}'
  expect_js 'document.activeElement.className === "skip"'
  browser keys '{Tab}'
  expect_js "document.activeElement.dataset.id === '$ID_A'"
  browser keys '{Right}'
  expect_js 'document.activeElement === document.querySelectorAll("#mesh .node")[1]'
  expect_js 'getComputedStyle(document.activeElement.querySelector(".ring")).stroke !== "none"'
  expect_js 'document.querySelector("#mesh").classList.contains("has-hot")'
  browser keys '{End}{Left}{Home}{Right}{Enter}'
  expect_js "$(text chosen).includes(document.activeElement.dataset.id)"
  browser keys '{Escape}'
  expect_js "$(text chosen) === ''"
  browser js 'document.querySelector("#peers tbody button").focus()'
  browser keys '{Enter}'
  expect_js "$(text chosen).includes(document.activeElement.innerText)"
  expect_js 'getComputedStyle(document.activeElement).outlineStyle === "solid"'
}

_narrow() {
  browser screen 360 740
  expect_js 'document.documentElement.clientWidth === 360'
  expect_js 'document.documentElement.scrollWidth <= 360'
}

fits_a_phone() {
  _narrow
  expect_js 'getComputedStyle(document.querySelector("#peers td"), "::before").content.includes("Instance")'
  browser screen 1280 900
}

# _contrasts SCHEME: GROUND becomes the page's colour.
_contrasts() {
  local found
  browser media "prefers-color-scheme=$1"
  found=$(browser js "$(grep -v '^//' "$ROOT/tests/page/contrast.js")")
  [ "$found" = '[]' ] || fail "$1: $found"
  GROUND=$(browser js 'getComputedStyle(document.body).backgroundColor')
}

has_contrast() {
  local light
  _contrasts light
  light=$GROUND
  _contrasts dark
  [ "$GROUND" != "$light" ] || fail "both schemes are the same"
}

_animation() {
  browser js '(() => {
    const node = document.querySelectorAll("#mesh .node")[1];
    node.classList.add("new");
    return getComputedStyle(node.querySelector(".mark")).animationName;
  })()'
}

obeys_reduced_motion() {
  browser media prefers-reduced-motion=no-preference
  [ "$(_animation)" = '"arrive"' ]
  browser media prefers-reduced-motion=reduce
  [ "$(_animation)" = '"none"' ]
}

# ---- the connection

says_that_the_connection_is_lost() {
  process_stop a
  expect_js "$(text link) === 'connection lost' && !document.getElementById('lost').hidden"
  expect_js "$(text lost).startsWith('The connection to this node is lost. What you see is from ')"
  expect_js "$(text health) === 'health not known'"
  hello_start a "$PORT_A"
  expect_js "$(text link) === 'live' && document.getElementById('lost').hidden"
  expect_js "$(text changes).includes('lost') && $(text changes).includes('back')"
  expect_js "$(text health) === 'healthy' && $(text instance) === '$ID_A'"
  expect_quiet_console
}

# No end of the connection tells it: the node is only silent.
notices_silence() {
  process_freeze a
  expect_js "$(text link) === 'connection lost'"
  process_thaw a
  expect_js "$(text link) === 'live'"
}

says_that_it_is_no_member() {
  owner_sends 'banInstance(string)' "$ID_A"
  expect_js "$(text count) === '4 nodes beside this one, which is not listed'"
  expect_js "$(text health) === 'not healthy' && $(text problem).includes('banned') && $(text registered) === 'no'"
  expect_js "$(text lease) === 'none' && $(text changes).includes('this node')"
}

# ---- a hundred nodes

start_record() {
  local policy
  policy=$(hello_get "$PORT_A" / -I | tr -d '\r' | sed -n 's/^Content-Security-Policy: //p')
  process_spawn record "$RUN_DIR/record.log" python3 "$ROOT/tests/page/recorded.py" --nodes 100 --policy "$policy"
  wait_until 10 test -s "$RUN_DIR/record.log"
  RECORD=$(head -n 1 "$RUN_DIR/record.log")
}

# Neither labels nor nodes overlap.
_legible() {
  expect_js '(() => {
    const size = document.querySelector("#mesh").getBoundingClientRect(), nodes = [...document.querySelectorAll("#mesh .node")];
    const labels = nodes.filter((node) => node.lastChild.textContent);
    const at = (node) => node.getAttribute("transform").match(/[\d.]+/g).map(Number);
    const apart = (all) => Math.min(...all.map((node, i) => Math.hypot(at(node)[0] - at(all.at(i - 1))[0], at(node)[1] - at(all.at(i - 1))[1])));
    const inside = labels.every((node) => {
      const box = node.lastChild.getBoundingClientRect();
      return box.left >= 0 && box.right <= innerWidth && box.top >= size.top - 2 && box.bottom <= size.bottom + 2;
    });
    return inside && labels.length > 15 && apart(labels) >= 12 && apart(nodes) > 2 * nodes[1].children[2].r.baseVal.value;
  })()'
}

shows_a_hundred() {
  browser open "http://127.0.0.1:$RECORD/"
  expect_js "$(text count) === '100 nodes' && document.querySelectorAll('#mesh .node').length === 100"
  expect_js 'document.querySelectorAll("#peers tbody tr").length === 99'
  _legible
  browser js 'document.querySelectorAll("#mesh .node")[31].focus()'
  expect_js 'document.querySelector("#mesh path.lit").getAttribute("d").split("M").length > 80'
  browser js 'document.activeElement.blur()'
}

finds_peers() {
  browser js 'document.getElementById("filter").focus()'
  browser keys 'refused'
  expect_js 'document.querySelectorAll("#peers tbody tr").length === 11'
  expect_js "$(text peers-note) === '11 of 99'"
  browser js '(() => { document.getElementById("filter").value = ""; document.getElementById("filter").dispatchEvent(new Event("input")); })()'
}

shows_a_hundred_on_a_phone() {
  _narrow
  _legible
  browser screen 1280 900
}

# Joined, left and joined in one second are three changes; what the state told before they are told once.
lists_each_change_once() {
  expect_js 'document.querySelectorAll("#changes li").length === 14'
  expect_js '[...document.querySelectorAll("#changes li")].slice(0, 3).map((li) => li.children[1].innerText).join() === "joined,left,joined"'
}

tries_again_after_503() {
  curl -fsS "http://127.0.0.1:$RECORD/down"
  expect_js "$(text link) === 'connection lost' && $(text lost).startsWith('This node sends no events: too many')"
  curl -fsS "http://127.0.0.1:$RECORD/up"
  expect_js "$(text link) === 'live'"
  expect_js 'document.querySelectorAll("#changes li").length === 16' # the connection's end and return
}

_hangs() { [ "$(curl -fsS "http://127.0.0.1:$RECORD/hung")" -gt 0 ]; }

gives_up_what_hangs() {
  curl -fsS "http://127.0.0.1:$RECORD/hang"
  wait_until 30 _hangs
  curl -fsS "http://127.0.0.1:$RECORD/up"
  expect_js "$(text link) === 'live'"
}

anvil_start
simulator_start
contract_deploy
process_spawn bad "$RUN_DIR/bad.log" python3 "$ROOT/tests/hello_p2p/misbehave.py"
wait_until 10 test -s "$RUN_DIR/bad.log"
BAD=$(head -n 1 "$RUN_DIR/bad.log")
PORT_A=$(free_port) PORT_B=$(free_port) PORT_C=$(free_port)
instance_admitted a >/dev/null && ID_A=$INSTANCE
instance_admitted b >/dev/null && ID_B=$INSTANCE
instance_admitted c >/dev/null && ID_C=$INSTANCE
hello_start a "$PORT_A"
hello_start b "$PORT_B"
hello_wait_healthy "$PORT_A"
hello_wait_healthy "$PORT_B"
browser_start

test_case "identity, registration and freshness" shows_this_node
test_case "a peer, its answer, and the greetings" shows_greetings
test_case "a node joins, and nodes say whom they greeted" shows_who_joins
test_case "a node leaves" shows_who_leaves
test_case "a node ends without leaving, and is back" shows_who_is_gone
test_case "the log is a live region" announces_changes
test_case "hostile URLs and answers are text" shows_hostile_peers_as_text
test_case "peers that do not answer" shows_what_failed
test_case "the keyboard reaches nodes and rows" serves_the_keyboard
test_case "a phone, without horizontal scrolling" fits_a_phone
test_case "contrast, light and dark" has_contrast
test_case "reduced motion" obeys_reduced_motion
test_case "no errors and no violations in the console" expect_quiet_console
test_case "the connection is lost, and comes back" says_that_the_connection_is_lost
test_case "a silent node is a lost connection" notices_silence
test_case "a node that is banned is none of the cluster's" says_that_it_is_no_member
start_record
test_case "a hundred nodes" shows_a_hundred
test_case "each change is listed once" lists_each_change_once
test_case "one finds a peer among them" finds_peers
test_case "a hundred nodes on a phone" shows_a_hundred_on_a_phone
test_case "contrast with a hundred nodes" has_contrast
test_case "a stream that is refused is asked for again" tries_again_after_503
test_case "an attempt to connect that hangs is given up" gives_up_what_hangs
test_case "still no errors and no violations in the console" expect_quiet_console
browser stop
test_end
