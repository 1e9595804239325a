#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Writes the manual pages of dstack-p2p and its completions, made of the tables of its commands (cli/) and of the
# hand-written parts in man/*.part:
#   scripts/gen_manual.sh           writes man/dstack-p2p*.1 and completions/
#   scripts/gen_manual.sh --check   shows how they differ from what is there, and fails when they do
# They are committed, so that packages need not run what they build. BUILD_DIR chooses the build.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# The first build that is there; one is made when there is none.
choose_build() {
  local name
  for name in asan dev; do
    if [ -f "build/$name/build.ninja" ]; then
      echo "build/$name"
      return
    fi
  done
  cmake --preset dev >&2
  echo build/dev
}

generate() {
  local build=${BUILD_DIR:-}
  if [ -z "$build" ]; then build=$(choose_build); fi
  cmake --build "$build" --target dstack-p2p-manual >"$work/log" 2>&1 || {
    cat "$work/log" >&2
    return 1
  }
  mkdir -p "$work/new/man" "$work/new/completions"
  "$build/cli/manual/dstack-p2p-manual" man "$work/new"
}

# What is committed of it, hand-written pages aside.
collect() {
  mkdir -p "$work/old/man" "$work/old/completions"
  cp man/dstack-p2p.1 man/dstack-p2p-*.1 "$work/old/man" 2>/dev/null || true
  cp completions/* "$work/old/completions" 2>/dev/null || true
}

generate
if [ "${1-}" = --check ]; then
  collect
  diff -ru "$work/old" "$work/new" || {
    echo "gen_manual.sh: the manual is not what the commands say: run scripts/gen_manual.sh" >&2
    exit 1
  }
else
  mkdir -p completions
  rm -f man/dstack-p2p.1 man/dstack-p2p-*.1 completions/*
  cp "$work"/new/man/* man/
  cp "$work"/new/completions/* completions/
fi
