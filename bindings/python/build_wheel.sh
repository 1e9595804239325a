#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
set -euo pipefail
# Makes the wheel with the library inside, without a network. The same sources and tools give the same bytes.

unset CDPATH
ROOT=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)

usage() {
  cat << 'TEXT'
usage: bindings/python/build_wheel.sh [DIRECTORY]

Builds the library (build/release) and makes dstack_cluster-VERSION-py3-none-PLATFORM.whl in DIRECTORY (build/python).
Prints its path. The library needs what it was linked with on the machine that uses it: see README.md.

Environment:
  BUILD_DIR          use the library of this build as it is
  PYTHON             a Python with setuptools and wheel (the first of python3 and /usr/bin/python3 that has both)
  SOURCE_DATE_EPOCH  the time of the files inside (that of the last commit)
TEXT
}

die() {
  echo "build_wheel.sh: $*" >&2
  exit 1
}

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 /usr/bin/python3}; do
    if "$candidate" -c 'import setuptools, wheel' 2> /dev/null; then
      PYTHON=$candidate
      return
    fi
  done
  die "no Python with setuptools and wheel: scripts/setup.sh installs them"
}

# Sets LIBRARY.
find_library() {
  local build=${BUILD_DIR:-}
  if [ -z "$build" ]; then
    build=$ROOT/build/release
    (cd "$ROOT" && cmake --preset release && cmake --build --preset release --target dstack_p2p) >&2
  fi
  LIBRARY=$build/src/libdstack-p2p.so.1
  [ -f "$LIBRARY" ] || die "BUILD_DIR holds no library: $LIBRARY"
}

# stage DIRECTORY: what goes into the wheel, with modes and without the rest of the folder.
stage() {
  local here=$ROOT/bindings/python
  install -d -m 755 "$1/_dstack_cluster" "$1/dstack_cluster-stubs"
  install -m 644 "$here"/{dstack_cluster.py,pyproject.toml,setup.py,README.md} "$1"
  install -m 644 "$here"/_dstack_cluster/{*.py,py.typed} "$1/_dstack_cluster"
  # A module of one file has no place for py.typed (PEP 561); its stubs are the module itself.
  install -m 644 "$here/dstack_cluster.py" "$1/dstack_cluster-stubs/__init__.pyi"
  install -m 644 "$ROOT/LICENSE" "$1"
  strip --strip-unneeded -o "$1/_dstack_cluster/libdstack-p2p.so.1" "$LIBRARY"
  chmod 644 "$1/_dstack_cluster/libdstack-p2p.so.1"
}

make_wheel() {
  local work
  work=$(mktemp -d)
  # shellcheck disable=SC2064 # this folder
  trap "rm -rf -- '$work'" EXIT
  umask 022
  stage "$work/source"
  export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$ROOT" log -1 --format=%ct 2> /dev/null || echo 315532800)}
  (cd "$work/source" && "$PYTHON" -W ignore setup.py --quiet bdist_wheel --dist-dir "$work/dist") > "$work/log" 2>&1 || {
    cat "$work/log" >&2
    die "the wheel could not be made"
  }
  mkdir -p "$1"
  cp "$work"/dist/*.whl "$1"
  (cd "$work/dist" && printf '%s\n' *.whl) | sed "s|^|$1/|"
}

main() {
  case ${1-} in
    -h | --help) usage && exit ;;
    -*) usage >&2 && exit 2 ;;
  esac
  find_python
  find_library
  make_wheel "${1:-$ROOT/build/python}"
}

main "$@"
