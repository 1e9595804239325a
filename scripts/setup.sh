#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
set -euo pipefail
# Installs what is missing and nothing else: Debian packages, and npm's part in contracts/node_modules. What is there
# already, from wherever, is kept. Asks for root only when a package is missing.

unset CDPATH
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

usage() {
  cat <<'TEXT'
usage: scripts/setup.sh [--launch]

Installs what is missing to build, check and run everything; with --launch only what the launchers need
(run_hello_p2p.sh and test_p2p_cluster.sh). Debian 12 and its relatives; elsewhere it says what to install.
Does nothing, in well below a second, when nothing is missing.
TEXT
}

has_command() { command -v "$1" >/dev/null; }
has_library() { has_command pkg-config && pkg-config --exists "$1"; }
has_python() { /usr/bin/python3 -c "import $1" 2>/dev/null; }
has_file() { [ -e "$1" ]; }
has_fuzzer() { has_command clang && compgen -G "$(clang -print-resource-dir)/lib/*/*fuzzer*.a" >/dev/null; }

# What is needed: a test, and the Debian package that makes it succeed.
LAUNCH=(
  'has_command cc:gcc'
  'has_file /usr/include/stdio.h:libc6-dev'
  'has_command cmake:cmake'
  'has_command ninja:ninja-build'
  'has_command pkg-config:pkg-config'
  'has_library libcurl:libcurl4-openssl-dev'
  'has_library jansson:libjansson-dev'
  'has_library libsecp256k1:libsecp256k1-dev'
  'has_library nettle:nettle-dev'
  'has_file /usr/include/wslay/wslay.h:libwslay-dev'
  'has_library libmicrohttpd:libmicrohttpd-dev'
  'has_library libcrypto:libssl-dev'
  'has_library cmocka:libcmocka-dev'
  'has_command openssl:openssl'
  'has_command jq:jq'
  'has_command curl:curl'
  'has_command ss:iproute2'
  'has_file /etc/ssl/certs/ca-certificates.crt:ca-certificates'
)
DEVELOP=(
  'has_command clang:clang'
  'has_fuzzer:libclang-rt-14-dev'
  'has_command clang-format:clang-format'
  'has_command shellcheck:shellcheck'
  'has_command git:git'
  'has_command ps:procps'
  'has_command python3:python3'
  'has_python yaml:python3-yaml'
  'has_python setuptools:python3-setuptools'
  'has_python wheel:python3-wheel'
  'has_python ensurepip:python3-venv'
  'has_command mypy:mypy'
  'has_command make:make'
  'has_command valgrind:valgrind'
  'has_command chromium:chromium'
  'has_command chromedriver:chromium-driver'
  'has_command promtool:prometheus'
  'has_command man:man-db'
  'has_command groff:groff-base'
  'has_command col:bsdextrautils'
  'has_command mandoc:mandoc'
  'has_command zsh:zsh'
  'has_command mmdebstrap:mmdebstrap'
  'has_command lintian:lintian'
  'has_command hardening-check:devscripts'
  'has_command diffoscope:diffoscope-minimal'
)

# missing_packages TEST:PACKAGE...
missing_packages() {
  local row
  for row in "$@"; do
    # The test is a function and its argument.
    # shellcheck disable=SC2086
    ${row%%:*} || printf '%s\n' "${row##*:}"
  done
}

# Node 18 or newer with npm; whichever there is, is kept: Debian's npm package would conflict with others.
missing_node() {
  local major
  if ! has_command node; then
    printf 'nodejs\n'
    has_command npm || printf 'npm\n'
    return
  fi
  major=$(node -p 'process.versions.node.split(".")[0]')
  if [ "$major" -lt 18 ]; then
    echo "setup.sh: Node $(node --version) is too old: install Node 18 or newer" >&2
    return 1
  fi
  if has_command npm; then return; fi
  if dpkg-query -S "$(readlink -f "$(command -v node)")" >/dev/null 2>&1; then
    printf 'npm\n'
  else
    echo "setup.sh: $(command -v node) has no npm beside it: install npm the way Node was installed" >&2
    return 1
  fi
}

# install_as_root PACKAGE...: in one call, so that a password is asked for once.
install_as_root() {
  local sudo=sudo
  if [ "$(id -u)" = 0 ]; then
    sudo=
  elif ! has_command sudo; then
    echo "setup.sh: this needs root, and there is no sudo. As root: apt-get update && apt-get install --no-install-recommends $*" >&2
    return 1
  fi
  # shellcheck disable=SC2016 # expanded inside
  $sudo env DEBIAN_FRONTEND=noninteractive sh -c \
    'apt-get update -q && exec apt-get install -q -y --no-install-recommends "$@"' apt-get "$@"
}

install_packages() {
  if ! has_command apt-get; then
    echo "setup.sh: this is no Debian. Install what these Debian packages bring: $*" >&2
    return 1
  fi
  echo "setup.sh: installing $*" >&2
  install_as_root "$@"
}

# The note that npm leaves in node_modules is newer than the lock once it was installed from it.
npm_is_current() {
  local note=$ROOT/contracts/node_modules/.package-lock.json
  [ -f "$note" ] && ! [ "$note" -ot "$ROOT/contracts/package-lock.json" ]
}

install_npm() {
  local lock
  # Two launchers at once: the second one finds it done.
  exec {lock}<"$ROOT/contracts/package-lock.json"
  flock "$lock"
  if npm_is_current; then return; fi
  echo "setup.sh: npm ci in contracts/" >&2
  # Whatever the caller's environment (NODE_ENV=production) leaves out elsewhere.
  (cd "$ROOT/contracts" && npm ci --no-progress --include=dev --include=optional)
  touch "$ROOT/contracts/node_modules/.package-lock.json"
}

main() {
  local packages=() rows=("${LAUNCH[@]}" "${DEVELOP[@]}") node
  case ${1:-} in
    '') ;;
    --launch) rows=("${LAUNCH[@]}") ;;
    -h | --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
  esac
  mapfile -t packages < <(missing_packages "${rows[@]}")
  node=$(missing_node)
  # shellcheck disable=SC2206 # package names have no spaces
  packages+=($node)
  if [ "${#packages[@]}" -gt 0 ]; then install_packages "${packages[@]}"; fi
  npm_is_current || install_npm
}

main "$@"
