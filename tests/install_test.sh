#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs into an empty root and builds what a user would against it: with pkg-config, with CMake, as C++,
# shared and static. BUILD_DIR is a configured build directory (default build/release).
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

readonly BUILD_DIR=${BUILD_DIR:-build/release}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readonly root=$work/root
passed=0 failed=0

# check NAME COMMAND...: one test.
check() {
  local name=$1
  shift
  if "$@" > "$work/log" 2>&1; then
    passed=$((passed + 1))
    echo "ok $name"
  else
    failed=$((failed + 1))
    echo "not ok $name"
    sed 's/^/    /' "$work/log"
  fi
}

installs() {
  cmake --build "$BUILD_DIR" && DESTDIR=$root cmake --install "$BUILD_DIR" --prefix /usr
}

installs_nothing_else() {
  (cd "$root/usr" && find . -type f -o -type l) | sed "s|$(multiarch)|LIB|" | LC_ALL=C sort > "$work/files"
  diff tests/install/files.txt "$work/files"
}

# The library directory below /usr, "lib/x86_64-linux-gnu" on Debian.
multiarch() {
  (cd "$root/usr" && find lib* -name 'libdstack-p2p.a' -printf '%h\n')
}

exports_only_the_api() {
  nm -D --defined-only "$root/usr/$(multiarch)/libdstack-p2p.so" | awk '{print $3}' | LC_ALL=C sort > "$work/exported"
  grep -oE '\bdstack_p2p_[a-z_]+\(' include/dstack_p2p.h | tr -d '(' | LC_ALL=C sort -u > "$work/mentioned"
  ! comm -23 "$work/exported" "$work/mentioned" | grep . &&
    diff tests/install/exported.txt "$work/exported"
}

# hides_internals FILE: a static library. One in which no name is seen, as nm sees none in what it cannot read, shows nothing.
hides_internals() {
  nm --defined-only --extern-only "$1" |
    awk 'NF == 3 { seen = 1 } NF == 3 && $3 !~ /^dstack_p2p_/ { print $3; bad = 1 } END { exit !seen || bad }'
}

hides_internals_in_static() {
  hides_internals "$root/usr/$(multiarch)/libdstack-p2p.a"
}

# Some distributions build everything so.
hides_internals_with_lto() {
  cmake -S . -B "$work/lto" -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_C_FLAGS=-flto -DDSTACK_P2P_BUILD_TESTS=OFF \
    -DDSTACK_P2P_BUILD_PROGRAMS=OFF && cmake --build "$work/lto" --target dstack_p2p_static &&
    hides_internals "$work/lto/src/libdstack-p2p.a"
}

has_soname() {
  readelf -d "$root/usr/$(multiarch)/libdstack-p2p.so" | grep 'SONAME.*libdstack-p2p\.so\.1\]' >/dev/null
}

versions_agree() {
  local header pc changelog
  header=$(sed -nE 's/#define DSTACK_P2P_VERSION "(.*)"/\1/p' include/dstack_p2p.h)
  pc=$(with_pkg_config --modversion dstack-p2p)
  changelog=$(sed -nE 's/^## ([0-9.]+).*/\1/p' CHANGELOG.md | head -n 1)
  echo "header $header, pkg-config $pc, changelog $changelog"
  [ "$header" = "$pc" ] && [ "$header" = "$changelog" ]
}

with_pkg_config() {
  PKG_CONFIG_PATH=$root/usr/$(multiarch)/pkgconfig pkg-config "$@"
}

# The program fails for want of an address, with that sentence: it was linked and ran.
runs() {
  local output
  output=$(env -u CONTRACT_ADDRESS LD_LIBRARY_PATH="$root/usr/$(multiarch)" "$@" 2>&1) && return 1
  echo "$output"
  [[ $output == *'no contract address'* ]]
}

builds_with_pkg_config() {
  local flags
  flags=$(with_pkg_config --cflags --libs dstack-p2p)
  # shellcheck disable=SC2086 # a list of flags
  "${CC:-cc}" -std=c17 -Wall -Wextra -Wpedantic -Werror tests/install/consumer.c $flags -o "$work/shared" &&
    runs "$work/shared"
}

builds_as_cxx() {
  local flags
  flags=$(with_pkg_config --cflags --libs dstack-p2p)
  # shellcheck disable=SC2086
  "${CXX:-c++}" -x c++ -Wall -Wextra -Wpedantic -Werror tests/install/consumer.c -x none $flags -o "$work/cxx" &&
    runs "$work/cxx"
}

builds_with_cmake() {
  cmake -S tests/install -B "$work/cmake" -DCMAKE_PREFIX_PATH="$root/usr" && cmake --build "$work/cmake" &&
    runs "$work/cmake/consumer" && runs "$work/cmake/consumer_static"
}

# The shared library's users need none of the libraries that it uses, and keep what they have found of them themselves.
asks_nothing_of_others() {
  mkdir "$work/other" && cat > "$work/other/CMakeLists.txt" <<'TEXT' || return
cmake_minimum_required(VERSION 3.25)
project(other LANGUAGES C)
find_package(PkgConfig REQUIRED)
pkg_check_modules(CURL REQUIRED IMPORTED_TARGET nettle)
find_package(dstack-p2p REQUIRED)
get_target_property(mine PkgConfig::CURL INTERFACE_LINK_LIBRARIES)
if(NOT "${CURL_LIBRARIES} ${mine}" MATCHES "^nettle .*nettle")
  message(FATAL_ERROR "CURL is now ${CURL_LIBRARIES}, ${mine}")
endif()
add_executable(other ${CONSUMER})
target_link_libraries(other PRIVATE dstack-p2p::dstack-p2p)
TEXT
  cmake -S "$work/other" -B "$work/other/build" -DCMAKE_PREFIX_PATH="$root/usr" -DCONSUMER="$PWD/tests/install/consumer.c" \
    -DCMAKE_DISABLE_FIND_PACKAGE_wslay=ON && cmake --build "$work/other/build" && runs "$work/other/build/other"
}

check 'installs with DESTDIR' installs
check 'installs what is listed and nothing else' installs_nothing_else
check 'the shared library exports the public interface only' exports_only_the_api
check 'the static library hides its internals' hides_internals_in_static
check 'so does one that is built with -flto' hides_internals_with_lto
check 'the shared library has its soname' has_soname
check 'versions agree' versions_agree
check 'a program builds with pkg-config' builds_with_pkg_config
check 'a C++ program builds' builds_as_cxx
check 'programs build with find_package, shared and static' builds_with_cmake
check "find_package leaves a program's own libraries alone, and asks for no more" asks_nothing_of_others
echo "$passed passed, $failed failed"
((failed == 0))
