#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# For roots.sh, in name spaces of its own:   inside.sh ROOT rw|ro HOST USER NUMBER FROM:TO... COMMAND...
# Mounts what programs expect and runs the command in the root.
set -euo pipefail

root=$1 mode=$2 host=$3 user=$4 number=$5
shift 5

hostname "$host"
ip link set lo up
mkdir -p "$root/proc" "$root/dev/shm"
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
while ((number > 0)); do
  mount --bind "${1%%:*}" "$root${1#*:}"
  number=$((number - 1))
  shift
done
mount -o remount,bind,"$mode" "$root"
case $user in *:*) ;; *) user=$user: ;; esac
# This shell stays, as the first process there: when it is ended from outside, the kernel ends all others. What has
# changed its user does not hear of that itself.
chroot --userspec="$user" --groups='' "$root" "$@" || exit
