# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The packages in a clean root, $WORK/clean, where nothing is installed that they do not ask for. After roots.sh.

# inside COMMAND...: there, as somebody who may do nothing special.
inside() {
  root_run "$WORK/clean" --offline --user nobody env HOME=/tmp "$@"
}

# loads PROGRAM, loads_not PATTERN PROGRAM: what the loader finds for it.
loads() {
  inside ldd "$1"
}

loads_not() {
  if loads "$2" | grep -E "$1"; then return 1; fi
}

# packages_install NAME...: those that were built, and from the archive what they depend on.
packages_install() {
  local name files=()
  for name in "$@"; do files+=("/packages/${name}_${VERSION}_$(dpkg --print-architecture).deb"); done
  mkdir -p "$WORK/clean/packages"
  cp "$WORK"/first/*.deb "$WORK/clean/packages/"
  root_apt "$WORK/clean" install "${files[@]}"
}

# Each program of the package starts, tells the version, and has its page.
programs_start() {
  local program
  for program in $(programs); do
    inside "$program" --version > "$WORK/version"
    grep -F "$VERSION" "$WORK/version"
    [ -f "$WORK/clean/usr/share/man/man1/${program##*/}.1.gz" ]
  done
}

programs() {
  root_run "$WORK/clean" dpkg -L dstack-p2p | grep '^/usr/bin/'
}

# Whatever they load is there, and hello_p2p takes the library's package.
programs_load() {
  local program
  for program in $(programs); do
    loads_not 'not found' "$program"
  done
  loads /usr/bin/hello_p2p | grep -F 'libdstack-p2p.so.1 => /lib'
}

# The simulator plays a guest agent, and hello_p2p asks it who it is.
identity_is_told() {
  # shellcheck disable=SC2016 # expanded inside
  inside sh -euc '
    cd /tmp
    mkfifo ready
    dstack-simulator --dir /tmp/simulator > ready & simulator=$!
    read -r line < ready
    echo "$line"
    hello_p2p --identity --guest /tmp/simulator/dstack.sock
    kill "$simulator"
    wait "$simulator"
    rm ready' | tee "$WORK/identity"
  grep -E '"instance_id": "[0-9a-f]{40}"' "$WORK/identity"
  grep -E '"instance_address": "0x[0-9a-fA-F]{40}"' "$WORK/identity"
}

# A program of a user's, as in tests/install. It ends with a sentence: it was linked and runs.
_runs() {
  local out
  out=$(inside "$@" 2>&1) && return 1
  echo "$out"
  [[ $out == *'no contract address'* ]]
}

_in_consumer() {
  inside sh -euc "cd /tmp/consumer; $1"
}

consumer_is_there() {
  cp -r tests/install "$WORK/clean/tmp/consumer"
  chown -R nobody: "$WORK/clean/tmp/consumer"
}

# shellcheck disable=SC2016 # expanded inside
builds_with_pkg_config() {
  # The system's own folders are not named: they would come before those that a program names itself.
  _in_consumer 'pkg-config --libs dstack-p2p; test "$(echo $(pkg-config --libs dstack-p2p))" = -ldstack-p2p'
  _in_consumer 'cc -Wall -Werror consumer.c -o shared $(pkg-config --cflags --libs dstack-p2p)'
  loads /tmp/consumer/shared | grep -F 'libdstack-p2p.so.1 =>'
  _runs /tmp/consumer/shared
}

# Our library static, the system's shared.
# shellcheck disable=SC2016
builds_static_with_pkg_config() {
  _in_consumer 'cc -Wall -Werror consumer.c -o static -l:libdstack-p2p.a $(pkg-config --cflags dstack-p2p) \
    $(pkg-config --libs $(pkg-config --print-requires-private dstack-p2p)) -lwslay -pthread'
  loads_not libdstack-p2p /tmp/consumer/static
  _runs /tmp/consumer/static
}

builds_with_find_package() {
  _in_consumer 'cmake -S . -B cmake && cmake --build cmake'
  loads /tmp/consumer/cmake/consumer | grep -F 'libdstack-p2p.so.1 =>'
  loads_not libdstack-p2p /tmp/consumer/cmake/consumer_static
  _runs /tmp/consumer/cmake/consumer
  _runs /tmp/consumer/cmake/consumer_static
}

# Files and folders, but those that package tools and the tests keep for themselves.
_files_now() {
  (cd "$WORK/clean" && find . -mindepth 1 \( -path ./proc -o -path ./dev -o -path ./tmp -o -path ./packages -o \
    -path ./var/cache -o -path ./var/lib/apt -o -path ./var/log -o -path './var/lib/dpkg/*-old' \) -prune -o -print) |
    LC_ALL=C sort
}

# In a root of its own: what they brought is gone with them, and so is what was there for them only.
leaves_nothing() {
  rm -rf "$WORK/clean"
  root_base "$WORK/clean"
  _files_now > "$WORK/before"
  packages_install libdstack-p2p1 libdstack-p2p-dev dstack-p2p
  root_apt "$WORK/clean" purge libdstack-p2p1 libdstack-p2p-dev dstack-p2p
  root_apt "$WORK/clean" autoremove --purge
  _files_now > "$WORK/after"
  diff "$WORK/before" "$WORK/after"
}
