# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Clean roots: what a fresh Debian 12 has, from the package sources that this machine uses itself.
#
#   roots_begin; root_base DIR; root_build DIR; root_run DIR [OPTION...] COMMAND...
#
# Mounts and processes live in name spaces that end with the command; nothing is left when a script is killed.

readonly ROOTS=build/packages/roots
readonly RELEASE=bookworm

# Devices, mounts and owners of files need root; in a container it takes CAP_SYS_ADMIN as well.
roots_begin() {
  if [ "$(id -u)" != 0 ]; then
    echo "clean roots are made by root only: run this with sudo" >&2
    return 1
  fi
  if ! unshare --mount true 2> /dev/null; then
    echo "clean roots need mounts of their own, which this container forbids: give it CAP_SYS_ADMIN" >&2
    return 1
  fi
  mkdir -p "$ROOTS"
}

# The machine's own package sources, and how it reaches them.
_sources() {
  find /etc/apt -maxdepth 2 -type f -size +0 \( -path /etc/apt/sources.list -o \
    -path '/etc/apt/sources.list.d/*.sources' -o -path '/etc/apt/sources.list.d/*.list' \) | sort
}

_acquire() {
  apt-config dump | grep -E '^Acquire::(http|https|ftp|Check|Retries)[^ ]* "..*";$' || true
}

# A root is fresh when it was made on this day, from the same sources and for the same packages.
_root_key() {
  {
    date +%F
    _sources | xargs cat
    _acquire
    sed -n '/^Build-Depends/,/^[^ ]/p' debian/control
    cat tests/packages/roots.sh
  } | sha256sum | cut -d ' ' -f 1
}

_root_is_fresh() {
  [ -f "$ROOTS/$1.tar" ] && [ "$(cat "$ROOTS/$1.key" 2> /dev/null)" = "$(_root_key)" ]
}

# _root_keep NAME DIR: for the next time.
_root_keep() {
  tar -C "$2" --numeric-owner --one-file-system -cf "$ROOTS/$1.tar.new" . &&
    mv "$ROOTS/$1.tar.new" "$ROOTS/$1.tar" && _root_key > "$ROOTS/$1.key"
}

_root_open() {
  mkdir -p "$2" && tar -C "$2" --numeric-owner -xf "$ROOTS/$1.tar"
}

# root_base DIR: the packages of priority "required", and apt.
root_base() {
  local sources
  mapfile -t sources < <(_sources)
  if ! _root_is_fresh base; then
    _acquire > "$ROOTS/acquire.conf"
    # The package lists stay, for apt inside.
    if ! mmdebstrap --variant=minbase --mode=root --format=tar --aptopt="$ROOTS/acquire.conf" \
      --dpkgopt=force-unsafe-io --skip=cleanup/apt "$RELEASE" "$ROOTS/base.tar.new" "${sources[@]}"; then
      echo "no clean root: mmdebstrap cannot make Debian $RELEASE from the package sources in /etc/apt" >&2
      return 1
    fi
    mv "$ROOTS/base.tar.new" "$ROOTS/base.tar"
    _root_key > "$ROOTS/base.key"
  fi
  _root_open base "$1"
}

# root_build DIR: build-essential and what debian/control asks for, and no other package.
root_build() {
  if _root_is_fresh build; then
    _root_open build "$1"
    return
  fi
  root_base "$1" || return
  mkdir -p "$1/tmp/wanted/debian" && cp debian/control "$1/tmp/wanted/debian/" || return
  root_apt "$1" install build-essential && root_apt "$1" build-dep /tmp/wanted || return
  rm -r "$1/tmp/wanted"
  _root_keep build "$1"
}

# root_apt DIR ARGUMENT...: packages once fetched are kept for the next root.
root_apt() {
  local root=$1
  shift
  mkdir -p build/packages/archives
  root_run "$root" --bind "$PWD/build/packages/archives:/var/cache/apt/archives" \
    env DEBIAN_FRONTEND=noninteractive apt-get -q -y --no-install-recommends \
    -o APT::Sandbox::User=root -o Binary::apt-get::APT::Keep-Downloaded-Packages=true "$@"
}

# root_run DIR [--offline] [--read-only] [--host NAME] [--user NAME[:GROUP]] [--bind FROM:TO]... COMMAND...
root_run() {
  _root_command "$@"
  "${_command[@]}"
}

# root_start OUTPUT DIR ...: the same in the background; ends with the (sub)shell that called it, or by root_stop.
root_start() {
  local output=$1
  shift
  _root_command "$@"
  "${_command[@]}" > "$output" < /dev/null &
  _started=$!
  trap root_stop EXIT
}

# Nothing gentle reaches the first process of a name space.
root_stop() {
  trap - EXIT
  kill -KILL "$_started"
  wait "$_started" || true
}

# Sets _command.
_root_command() {
  local root=$1 user=root host=clean mode=rw offline='' binds=()
  shift
  while :; do
    case $1 in
      --offline) offline=--net && shift ;;
      --read-only) mode=ro && shift ;;
      --host) host=$2 && shift 2 ;;
      --user) user=$2 && shift 2 ;;
      --bind) binds+=("$2") && shift 2 ;;
      *) break ;;
    esac
  done
  # shellcheck disable=SC2206 # the option or nothing
  _command=(env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin unshare --mount --pid --uts --ipc $offline --fork --kill-child
    bash tests/packages/inside.sh "$root" "$mode" "$host" "$user" "${#binds[@]}" "${binds[@]}" "$@")
}
