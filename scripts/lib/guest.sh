# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The guest agent: one instance, or a simulator with many. After common.sh.

# guest_get ENDPOINT PATH: the answer's body; fails unless the status is 2xx.
guest_get() {
  case $1 in
    http://* | https://*) curl -fsS --max-time 5 --max-filesize 1000000 "${1%/}$2" ;;
    *) curl -fsS --max-time 5 --max-filesize 1000000 --unix-socket "$1" "http://localhost$2" ;;
  esac 2>/dev/null
}

guest_answers() {
  guest_get "$1" /Info | jq -e '.app_id' >/dev/null 2>&1
}

# guest_has_instances ENDPOINT NAME: whether it is a simulator that knows (from now on) the instance NAME.
guest_has_instances() {
  guest_get "$1" "/i/$2/Info" | jq -e '.instance_id' >/dev/null 2>&1
}

# guest_instances_begin ENDPOINT NAME...: asks the simulator for all of them at once; from then on it serves them.
guest_instances_begin() {
  local endpoint=${1%/} name
  local -a socket=()
  shift
  case $endpoint in http://* | https://*) ;; *) socket=(--unix-socket "$endpoint") endpoint=http://localhost ;; esac
  for name in "$@"; do printf 'url = "%s/i/%s/Info"\noutput = "/dev/null"\n' "$endpoint" "$name"; done |
    curl -fsS --parallel --max-time 30 "${socket[@]}" -K - 2>/dev/null
}

# guest_instance_endpoint ENDPOINT NAME: where a simulator serves the instance NAME.
guest_instance_endpoint() {
  case $1 in
    http://* | https://*) printf '%s/i/%s' "${1%/}" "$2" ;;
    *) printf '%s/%s/dstack.sock' "$(dirname -- "$1")" "$2" ;;
  esac
}

# guest_endpoint_of ENDPOINT NAME: where the instance NAME is served; a single instance is served at ENDPOINT.
guest_endpoint_of() {
  if guest_has_instances "$1" "$2"; then guest_instance_endpoint "$1" "$2"; else printf '%s' "$1"; fi
}
