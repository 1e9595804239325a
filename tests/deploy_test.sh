#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Production step by step: the commands of deploy/README.md as they stand there, and those of deploy/docker-compose.yml,
# on a chain that is not the local one, under a KMS whose root is not the public one.
# shellcheck source=tests/lib.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
# shellcheck source=tests/other_kms.sh
. "$(dirname -- "${BASH_SOURCE[0]}")/other_kms.sh"

readonly CHAIN=1337 GUIDE=$ROOT/deploy/README.md COMPOSE=$ROOT/deploy/docker-compose.yml
# The nodes, and those that come with another KMS.
readonly OLD=(one two three) NEW=(four five six) COUNT=3

# What the guide leaves to the reader.
export BASE_DOMAIN=gateway.invalid APP=00112233445566778899aabbccddeeff00112233
export COMPOSE_HASH=0x1111111111111111111111111111111111111111111111111111111111111111
# The second of anvil's accounts.
export NEW_OWNER=0x70997970C51812dc3A010C7d01b50e0d17dc79C8
readonly NEW_OWNER_KEY=59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d

# dstack-p2p ARGUMENT...: as in the guide; nobody is there to answer, and the VM's commands find its guest agent.
dstack-p2p() {
  local -a more=()
  case $1 in
    kms-root | identity | doctor) more=(--guest "$VM") ;;
    peers | verify | wait | watch | status) ;;
    *) more=(--yes) ;;
  esac
  "$DSTACK_P2P" "$@" "${more[@]}"
}

# commands SECTION: the commands of a section of the guide, without what is said of them.
commands() {
  awk -v head="## $1. " 'index($0, head) == 1 { within = 1; next } /^## / { within = 0 } within' "$GUIDE" |
    sed -nE 's/^ {4,}(dstack-p2p .*)$/\1/p' | sed -E 's/ +#.*//'
}

# carry_out SECTION [PATTERN]: each of them; prints what they print.
carry_out() {
  local command
  local -a found=()
  mapfile -t found < <(commands "$1" | grep -E -- "${2:-.}")
  ((${#found[@]})) || fail "the guide has no such command in section $1"
  for command in "${found[@]}"; do
    echo "\$ $command" >&2
    eval "$command" || fail "'$command' ended with $?"
  done
}

# compose FILTER: jq on the compose file, as a parser of YAML reads it.
compose() {
  /usr/bin/python3 -c 'import json, sys, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)' <"$COMPOSE" | jq -re "$@"
}

# of_compose SERVICE: the service's command, an argument a line.
of_compose() {
  compose ".services[\"$1\"].command[]"
}

compose_environment() {
  export DSTACK_P2P_EVIDENCE=required DSTACK_P2P_APP_IDS=$APP DSTACK_GATEWAY_DOMAIN=$BASE_DOMAIN
  # The node's own key pays.
  unset PRIVATE_KEY_FILE
}

chain_starts() {
  local port
  port=$(free_port)
  anvil_spawn anvil "$port" --chain-id "$CHAIN"
  wait_until 20 rpc_answers "http://127.0.0.1:$port" || die 1 "anvil does not answer"
  export RPC_URL=http://127.0.0.1:$port
}

# kms NAME [OPTION...]: a guest agent under a KMS; sets KMS_URL.
kms() {
  process_spawn "kms-$1" "$RUN_DIR/kms-$1.log" "$SIMULATOR" --dir "$RUN_DIR/$1" --listen 127.0.0.1:0 --app-id "$APP" "${@:2}"
  wait_until 20 guest_answers "$RUN_DIR/$1/dstack.sock" || die 1 "the simulator does not answer"
  KMS_URL=$(sed -n 's|^ready: .*\(http://[^ ]*\).*|\1|p' "$RUN_DIR/kms-$1.log")
}

# state NAME: what a case has found out, for those after it.
keep() { printf 'export %s=%q\n' "$1" "$2" >>"$RUN_DIR/found"; }

root_is_told_by_a_vm() {
  carry_out 1 >"$RUN_DIR/root"
  [[ $(cat "$RUN_DIR/root") =~ ^0x[0-9a-fA-F]{40}$ ]]
  keep KMS_ROOT "$(cat "$RUN_DIR/root")"
}

contract_is_deployed() {
  carry_out 2 deploy >"$RUN_DIR/contract"
  export CONTRACT_ADDRESS CHAIN_ID=$CHAIN
  CONTRACT_ADDRESS=$(cat "$RUN_DIR/contract")
  keep CONTRACT_ADDRESS "$CONTRACT_ADDRESS"
  carry_out 2 'status$'
  expect_json ".kms_root == \"$KMS_ROOT\" and (.dev_mode | not) and .bound_urls and .lease_seconds == 86400" \
    "$(dstack-p2p status --json)"
}

app_is_allowed() {
  carry_out 3
  expect_json ".app.allowed" "$(dstack-p2p status --app "$APP" --json)"
}

# identities URL NAME...: of nodes under a KMS; sets INSTANCES and ADDRESSES.
identities() {
  local name identity
  INSTANCES='' ADDRESSES=''
  for name in "${@:2}"; do
    identity=$("$DSTACK_P2P" identity --guest "$1/i/$name" --json)
    INSTANCES+=" $(jq -r .instance_id <<<"$identity")"
    ADDRESSES+=" $(jq -r .instance_address <<<"$identity")"
  done
}

node_says_who_it_is() {
  carry_out 4 identity
  identities "$KMS_URL" "${OLD[@]}"
  keep INSTANCES "${INSTANCES# }"
  keep ADDRESSES "${ADDRESSES# }"
  keep INSTANCE "${INSTANCES##* }"
}

nodes_are_let_in() {
  carry_out 5 'mint|fund'
  expect_json ".instance.nft" "$(dstack-p2p status --instance "$INSTANCE" --json)"
}

# sidecar URL NAME: as the compose file has it, on a port of its own; sets ARGUMENTS.
sidecar() {
  compose_environment
  export DSTACK_SIMULATOR_ENDPOINT=$1/i/$2 DSTACK_P2P_STATE_DIR=$RUN_DIR/state-$2
  mapfile -t ARGUMENTS < <(of_compose membership | sed 's/^127.0.0.1:9464$/127.0.0.1:0/')
  [ "${ARGUMENTS[0]}" = run ] || fail "the sidecar does not run: ${ARGUMENTS[*]}"
}

# sidecars URL NAME...
sidecars() {
  local name
  for name in "${@:2}"; do
    (sidecar "$1" "$name" && process_spawn "node-$name" "$RUN_DIR/$name.log" "$DSTACK_P2P" "${ARGUMENTS[@]}")
  done
}

quorum_is_reached() {
  local -a arguments
  compose_environment
  mapfile -t arguments < <(of_compose quorum)
  expect_status 0 timeout 60 "$DSTACK_P2P" "${arguments[@]}" --guest "$KMS_URL/i/one"
  [ "$(wc -l <<<"$OUT")" = "$COUNT" ]
  expect_text "$OUT" "https://$INSTANCE-8080.$BASE_DOMAIN"
}

vm_is_healthy() {
  local -a arguments
  compose_environment
  mapfile -t arguments < <(of_compose doctor)
  # There is no gateway: one cross is left.
  expect_status 1 "$DSTACK_P2P" "${arguments[@]}" --guest "$KMS_URL/i/one" --json
  expect_json 'map(select(.ok == false).check) == ["url_reachable"]' "$OUT"
  # shellcheck disable=SC2153 # found by an earlier case
  expect_text "$OUT" "${ADDRESSES%% *}"
}

# The container's health check: whether this node is listed.
health_is_membership() {
  local -a arguments
  compose_environment
  mapfile -t arguments < <(compose '.services.membership.healthcheck.test | .[0:2] == ["CMD", "/usr/bin/dstack-p2p"], .[2:][]' |
    sed 's/^10s$/2s/')
  [ "${arguments[0]}" = true ]
  expect_status 0 "$DSTACK_P2P" "${arguments[@]:1}" --guest "$KMS_URL/i/one"
  expect_status 4 "$DSTACK_P2P" "${arguments[@]:1}" --guest "$KMS_URL/i/nobody"
}

# What Docker is known to refuse, or to do otherwise than one would think.
# shellcheck disable=SC2016 # variables of jq's
compose_file_comes_up() {
  # https://github.com/docker/compose/issues/12031
  compose '[.services[] | select(.configs and .read_only)] == []'
  # https://github.com/moby/moby/issues/36334
  compose '[.services[] | select(.pid or (.network_mode // "" | startswith("service:")))] == []'
  # A dependency that fails for good ends `docker compose up`, which dstack runs once at boot.
  compose '.services as $all | [.services[].depends_on // {} | to_entries[] |
    select(.value.condition == "service_completed_successfully") | $all[.key].restart] | length > 0 and all(. == "on-failure")'
  # Docker's SIGKILL comes after withdrawing.
  compose '.services.membership | (.stop_grace_period | rtrimstr("s") | tonumber) >
    (.command as $words | $words[($words | index("--withdraw-timeout")) + 1] | rtrimstr("s") | tonumber)'
  # What has ended counts as ill where dstack asks for health (docs/app-health-checks.md there).
  compose '[.services[] | select(.healthcheck).restart] == ["unless-stopped"]'
  if grep -x 'HEALTHCHECK.*' "$ROOT/deploy/Dockerfile"; then fail "every service would be asked for its health"; fi
}

# What decides who may be a peer stands in the file; what runs is named by its digest.
compose_file_is_measured() {
  compose '[.services[].image | select(contains("@sha256:") | not)] == []'
  compose '[.services[].environment // {} | to_entries[] | select(.value | contains("$")).key] | unique ==
    ["DSTACK_GATEWAY_DOMAIN", "RPC_URL"]'
}

# watches SERVICE [OPTION...]: what it runs, with this test's files.
watches() {
  local -a arguments
  mapfile -t arguments < <(of_compose "$1" | sed "s|^/list.template$|$RUN_DIR/peers/template|; s|^/peers/|$RUN_DIR/peers/|")
  expect_status 0 timeout 60 "$DSTACK_P2P" "${arguments[@]}" "${@:2}" --guest "$KMS_URL/i/one"
  has_the_others
}

has_the_others() {
  [ "$(grep -cxE "https://[0-9a-f]{40}-8080[.]$BASE_DOMAIN" "$RUN_DIR/peers/list")" = $((COUNT - 1)) ]
}

application_gets_its_peers() {
  compose_environment
  mkdir -p "$RUN_DIR/peers"
  compose .configs.list.content >"$RUN_DIR/peers/template"
  watches first-list
  rm "$RUN_DIR/peers/list"
  watches list --once
}

cluster_is_watched() {
  expect_status 0 carry_out 7 'peers|verify'
  [ "$(grep -c "$BASE_DOMAIN" <<<"$OUT")" -ge $((2 * COUNT)) ]
  [ "$(commands 7 | tail -n 1)" = "dstack-p2p watch" ]
  process_spawn watch "$RUN_DIR/watch.log" "$DSTACK_P2P" watch --guest "$KMS_URL/i/one"
  wait_until 20 log_has watch "$BASE_DOMAIN" || fail "nothing to watch: $(cat "$RUN_DIR/watch.log")"
}

# As it stands in a contract that began otherwise.
dev_mode_is_left() {
  CONTRACT_ADDRESS=$(dstack-p2p deploy --kms-root "$KMS_ROOT")
  carry_out 6
  expect_json "(.dev_mode | not) and .bound_urls and .lease_seconds == 86400" "$(dstack-p2p status --json)"
}

lists_so_many() {
  [ "$("$DSTACK_P2P" peers --evidence off | wc -l)" = "$1" ]
}

node_is_revoked() {
  carry_out 8 'revoke|ban'
  lists_so_many $((COUNT - 1))
  expect_json ".instance.banned and (.instance.nft | not)" "$(dstack-p2p status --instance "$INSTANCE" --json)"
}

# New VMs under another KMS take over, old ones leave.
root_is_rotated() {
  local VM=$NEW_KMS_URL left="${INSTANCES% *}"
  carry_out 9 '^dstack-p2p kms-root' >"$RUN_DIR/root"
  export NEW_KMS_ROOT
  NEW_KMS_ROOT=$(cat "$RUN_DIR/root")
  [ "$NEW_KMS_ROOT" != "$KMS_ROOT" ]
  identities "$NEW_KMS_URL" "${NEW[@]}"
  export NEW_INSTANCES=$INSTANCES NEW_ADDRESSES=$ADDRESSES
  carry_out 9 'mint|fund'
  # Too early: it ends, and Docker starts it again.
  (sidecar "$NEW_KMS_URL" "${NEW[0]}" && expect_status 46 timeout 20 "$DSTACK_P2P" "${ARGUMENTS[@]}")
  lists_so_many $((COUNT - 1))
  carry_out 9 set-kms-root
  lists_so_many 0
  sidecars "$NEW_KMS_URL" "${NEW[@]}"
  expect_status 0 carry_out 9 ' wait '
  [ "$(grep -c "$BASE_DOMAIN" <<<"$OUT")" = "$COUNT" ]
  INSTANCES=$left
  carry_out 9 revoke
  lists_so_many "$COUNT"
}

contract_is_handed_over() {
  carry_out 10 transfer-ownership
  export PRIVATE_KEY_FILE=$RUN_DIR/new_owner.key
  carry_out 10 accept-ownership
  expect_json ".owner == \"$NEW_OWNER\"" "$(dstack-p2p status --json)"
}

# Every command of the guide is one that some case carries out.
guide_holds_no_other_command() {
  local section
  for section in 1 2 3 4 5 6 7 8 9 10; do commands "$section"; done | awk '{ print $2 }' | sort -u >"$RUN_DIR/used"
  diff "$RUN_DIR/used" - <<'TEXT'
accept-ownership
add-compose-hash
add-domain
allow-app
ban
deploy
doctor
fund
identity
kms-root
mint
peers
revoke
set-any-device
set-bound-urls
set-dev-mode
set-kms-root
set-lease
status
transfer-ownership
verify
wait
watch
TEXT
}

# A VM is shut down.
node_withdraws() {
  process_alive "node-${NEW[0]}"
  kill -TERM "$PROCESS_PID"
  wait_until 20 _process_gone "node-${NEW[0]}" || fail "it does not end"
  lists_so_many $((COUNT - 1))
}

# All that was sent, in order: the function's selector, "0x" or "contract", and the gas.
transactions() {
  local block last hash call
  last=$(cast block-number --rpc-url "$RPC_URL")
  for ((block = 1; block <= last; block++)); do
    cast block --rpc-url "$RPC_URL" --full --json "$block"
  done | jq -r '.transactions[] | .hash + " " + (if .to then .input[0:10] else "contract" end)' |
    while read -r hash call; do echo "$call $(cast receipt --rpc-url "$RPC_URL" "$hash" gasUsed)"; done
}

# calls FUNCTION: the gas of each, in order; of payments without one.
calls() {
  awk -v call="$(if [ -n "${1:-}" ]; then cast sig "$1"; else echo 0x; fi)" '$1 == call { print $2 }' "$RUN_DIR/transactions"
}

# costs ROW GAS...: that is what the row of the guide says, in thousands, to a percent, and no figure stands there besides.
costs() {
  local figures
  figures=$(sed -n "s/^| $1[^|]*| \([0-9, ]*\) |.*/\1/p" "$GUIDE" | sed 's/, / /g; s/,//g')
  printf '%s\n' "${@:2}" | awk -v figures="$figures" -v row="$1" '
    BEGIN { count = split(figures, figure, " ") }
    { fits = 0; for (i in figure) if ($1 > figure[i] * 990 && $1 < figure[i] * 1010) { fits = 1; met[i] = 1 } }
    !fits { print row ": " $1 " is none of: " figures; bad = 1 }
    END { for (i in figure) if (!met[i]) { print row ": nothing cost " figure[i]; bad = 1 } exit bad || !count }'
}

guide_says_what_it_costs() {
  local -a registered
  transactions >"$RUN_DIR/transactions"
  mapfile -t registered < <(calls 'registerPeer(string,bytes,bytes,bytes,string)')
  # shellcheck disable=SC2046 # a number each
  {
    costs 'deploy' "$(awk 'NR <= 5 { sum += $2 } END { print sum }' "$RUN_DIR/transactions")"
    costs 'allow an app' $(calls 'allowApp(address)')
    costs 'add a compose hash' $(calls 'addComposeHash(bytes32)') $(calls 'setAllowAnyDevice(bool)')
    costs 'mint' $(calls 'mintNodeAccess(address,string)')
    costs 'fund' $(calls)
    costs 'register' "${registered[@]:0:$COUNT}"
    costs 'withdraw' "${registered[-1]}"
    costs 'revoke' "$(calls 'revokeNodeAccess(string)' | sort -n | tail -n 1)"
    costs 'ban' $(calls 'banInstance(string)')
    costs 'rotate the root' $(calls 'setKmsRootAddress(address)')
    costs 'hand over' $(calls 'transferOwnership(address)') $(calls 'acceptOwnership()')
  }
}

# found_case NAME FUNCTION: with what earlier cases have found.
found_case() {
  # shellcheck source=/dev/null
  . "$RUN_DIR/found"
  test_case "$@"
}

[ -x "$DSTACK_P2P" ] || die 1 "BUILD_DIR holds no dstack-p2p: $DSTACK_P2P"
(umask 077 && printf '%s\n' "$ANVIL_KEY" >"$RUN_DIR/owner.key" && printf '%s\n' "$NEW_OWNER_KEY" >"$RUN_DIR/new_owner.key")
export PRIVATE_KEY_FILE=$RUN_DIR/owner.key CHAIN_ID=$CHAIN
touch "$RUN_DIR/found"
chain_starts
other_keys "$RUN_DIR/keys.json"
kms new --appkeys "$RUN_DIR/keys.json"
NEW_KMS_URL=$KMS_URL
kms old
VM=$KMS_URL/i/one
found_case "a VM tells the root" root_is_told_by_a_vm
found_case "the contract is deployed for production" contract_is_deployed
found_case "the app is allowed, or the contract is its auth contract" app_is_allowed
found_case "a node says who it is" node_says_who_it_is
found_case "nodes get tickets and gas" nodes_are_let_in
found_case "the compose file's sidecars run" sidecars "$KMS_URL" "${OLD[@]}"
found_case "the compose file's gate opens once all are there" quorum_is_reached
found_case "doctor finds a node in order" vm_is_healthy
found_case "the health check tells members from others" health_is_membership
found_case "the compose file's application gets its peers" application_gets_its_peers
found_case "the compose file has nothing that Docker refuses" compose_file_comes_up
found_case "the compose file is measured" compose_file_is_measured
found_case "the cluster is listed, verified and watched" cluster_is_watched
found_case "dev mode is left" dev_mode_is_left
found_case "a node is revoked" node_is_revoked
found_case "the root is rotated" root_is_rotated
found_case "the contract is handed over" contract_is_handed_over
found_case "a node withdraws" node_withdraws
found_case "the guide says what it costs" guide_says_what_it_costs
found_case "the guide holds no other command" guide_holds_no_other_command
test_end
