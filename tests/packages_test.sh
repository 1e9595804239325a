#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds the Debian packages twice in a clean root, compares them, looks into them, and installs and uses them in
# another one. As root; takes two minutes. Packages and roots are kept in build/packages (see docs/packaging.md).
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

for part in check roots build sanitised installed; do
  # shellcheck source=/dev/null
  . "tests/packages/$part.sh"
done

VERSION=$(dpkg-parsechangelog -S Version)
# Not below $TMPDIR, which may be too small for a root.
readonly WORK=build/packages/work VERSION
readonly FIRST=/srv/p2p-first-folder SECOND=/home/p2p-other/second/folder
trap 'rm -rf "$WORK"' EXIT

# versions_agree: of the packages and of the project.
versions_agree() {
  echo "debian/changelog $VERSION"
  grep -E "^#define DSTACK_P2P_VERSION \"$VERSION\"" include/dstack_p2p.h
  grep -E "^project\(dstack-p2p VERSION $VERSION " CMakeLists.txt
}

symbols_are_listed() {
  sed -n 's/^ \(.*\)@Base .*/\1/p' debian/libdstack-p2p1.symbols | diff tests/install/exported.txt -
}

# From a checkout in which somebody has built, tested and run things: no file but those that git has.
source_is_what_git_has() {
  local litter
  packages_source "$WORK/source/checkout"
  (cd "$WORK/source/checkout" && find . ! -type d | LC_ALL=C sort) > "$WORK/source/files"
  for litter in .git build contracts/{broadcast,cache,out,node_modules} obj-x86_64-linux-gnu run/nodes tests/__pycache__; do
    mkdir -p "$WORK/source/checkout/$litter"
    echo 'somebody was here' > "$WORK/source/checkout/$litter/file"
  done
  (cd "$WORK/source" && dpkg-source -b checkout)
  tar -C "$WORK/source" -tf "$WORK/source/dstack-p2p_$VERSION.tar.xz" | sed -n 's|^checkout/\(.*[^/]\)$|./\1|p' |
    LC_ALL=C sort | diff "$WORK/source/files" -
}

# With its unit tests; in the morning of a day, so to speak, ...
builds() {
  root_build "$WORK/build"
  packages_build "$WORK/build" "$FIRST" p2p-first-user 1234 UMASK=022 TZ=UTC0 LC_ALL=C.UTF-8 \
    CHECKED_OUT=2020-02-20 DEB_BUILD_OPTIONS=parallel=2 | tee "$WORK/first.log"
  mkdir -p "$WORK/first"
  mv "$WORK/build$FIRST"/*.* "$WORK/first/"
  grep -E '^100% tests passed, 0 tests failed out of [0-9]{2,}' "$WORK/first.log"
}

# ... and in the evening of the next, by somebody else, elsewhere, from a later checkout, without tests.
builds_again() {
  packages_build "$WORK/build" "$SECOND" p2p-second-user 4321 UMASK=077 TZ=XXX-14 LC_ALL=C \
    CHECKED_OUT=2033-03-30 DEB_BUILD_OPTIONS='nocheck parallel=1'
  mkdir -p "$WORK/second"
  mv "$WORK/build$SECOND"/*.* "$WORK/second/"
}

are_identical() {
  local package different=0
  diff <(cd "$WORK/first" && ls ./*.deb) <(cd "$WORK/second" && ls ./*.deb)
  for package in "$WORK"/first/*.deb; do
    if ! cmp "$package" "$WORK/second/${package##*/}"; then
      diffoscope --max-report-size 4000 "$package" "$WORK/second/${package##*/}" || true
      different=1
    fi
  done
  [ "$different" = 0 ]
}

# Nothing is left unsaid but hints for those who upload to Debian.
is_lintian_clean() {
  lintian --allow-root --info --fail-on error,warning,info "$WORK"/first/*.changes
}

unpack() {
  local package
  for package in "$WORK"/first/*.deb; do
    mkdir -p "$WORK/unpacked/${package##*/}"
    dpkg-deb --extract "$package" "$WORK/unpacked/${package##*/}"
  done
}

look_into_them() {
  unpack
  check 'lintian has nothing to say' is_lintian_clean
  check 'they tell nobody who built them, and where' \
    tells_nobody 'p2p-first|p2p-second|p2p-other'
  check 'nothing is left in them that only the build needed' has_no_leftovers
  check 'programs and library are hardened' is_hardened
  check 'files have plain owners, modes and times' has_plain_files
}

use_them() {
  check 'every program has what it loads' programs_load
  check 'every program starts and has a man page' programs_start
  check 'hello_p2p asks the simulator who it is' identity_is_told
}

# What it needs itself the development package must bring along.
consumer_tools_install() {
  root_apt "$WORK/clean" install gcc libc6-dev make cmake
  packages_install libdstack-p2p-dev
  consumer_is_there
}

build_against_them() {
  check 'a program builds with pkg-config' builds_with_pkg_config
  check 'a program builds with pkg-config, our library static' builds_static_with_pkg_config
  check 'programs build with find_package, shared and static' builds_with_find_package
}

install_them() {
  check 'a clean root is made' root_base "$WORK/clean"
  holds || return 0
  check 'the programs install in it' packages_install libdstack-p2p1 dstack-p2p
  if holds; then use_them; fi
  check 'the development package installs beside a compiler and CMake' consumer_tools_install
  if holds; then build_against_them; fi
  check 'removing them leaves nothing' leaves_nothing
}

main() {
  roots_begin
  rm -rf "$WORK" build/packages/debs
  mkdir -p "$WORK"
  check 'versions agree' versions_agree
  check 'the symbols file lists what the library exports' symbols_are_listed
  check 'the source package holds what git does' source_is_what_git_has
  check 'the packages build in a clean root, without a network' builds
  if holds; then
    look_into_them
    check 'they build a second time' builds_again
    if holds; then check 'both builds are identical, byte for byte' are_identical; fi
    install_them
    mv "$WORK/first" build/packages/debs
  fi
  checks_end
}

main
