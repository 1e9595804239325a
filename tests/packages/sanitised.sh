# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# Sanitised: a package tells nothing of who built it where, carries nothing that only the build needed, and its
# programs are hardened. $WORK/unpacked has the unpacked packages, a folder each.

# Programs and shared libraries of ours.
_binaries() {
  find "$WORK/unpacked" \( -path '*/usr/bin/*' -o -name 'libdstack-p2p.so.*' \) -type f
}

# tells_nobody PATTERN: folders, users and hosts of the builds; nor do debug symbols and compressed files tell.
tells_nobody() {
  local file told=0
  while IFS= read -r -d '' file; do
    if case $file in *.gz) zcat "$file" ;; *) cat "$file" ;; esac | grep -aoE ".{0,40}($1).{0,40}"; then
      echo "^ ${file#"$WORK/unpacked/"}"
      told=1
    fi
  done < <(find "$WORK/unpacked" -type f -print0)
  [ "$told" = 0 ]
}

# No debug information outside the packages for it, no run paths, no instrumentation.
has_no_leftovers() {
  local file left=0
  while IFS= read -r file; do
    if readelf -SdW "$file" | grep -E ' \.(z?debug|gnu\.lto)_|RPATH|RUNPATH' ||
      nm "$file" 2> /dev/null | grep -E ' __(asan|ubsan|tsan|gcov|llvm_prof)' ||
      nm -D "$file" 2> /dev/null | grep -E ' __(asan|ubsan|tsan|gcov|llvm_prof)'; then
      echo "^ ${file#"$WORK/unpacked/"}"
      left=1
    fi
  done < <(_binaries && find "$WORK/unpacked" -name 'libdstack-p2p.a')
  [ "$left" = 0 ]
}

# shellcheck disable=SC2016 # an instruction
# Position-independent, stack protector, fortified, relocations read-only, bound at the start. Control flow
# integrity needs start files for it, which Debian 12's C library does not have.
is_hardened() {
  local file
  while IFS= read -r file; do
    hardening-check --nocfprotection "$file"
  done < <(_binaries)
  [ "$(_binaries | wc -l)" -ge 3 ]
  # Frames that are larger than a page are probed page by page; gcc tells with this instruction on amd64.
  [ "$(dpkg --print-architecture)" != amd64 ] ||
    objdump -d "$WORK"/unpacked/*/usr/lib/*/libdstack-p2p.so.* | grep -cE 'or[lq] +\$0x0,\(%[re]sp'
}

# Owned by root, nothing that others can write or that runs as somebody else, no time but the changelog's.
has_plain_files() {
  local package time
  time=$(date -u -d "@$(dpkg-parsechangelog -S Timestamp)" '+%F %R')
  for package in "$WORK"/first/*.deb; do
    TZ=UTC0 dpkg-deb -c "$package" | awk -v name="${package##*/}" -v time="$time" '
      $2 != "root/root" || $1 !~ /^(drwxr-xr-x|-rw-r--r--|-rwxr-xr-x|lrwxrwxrwx)$/ || $4 " " $5 != time {
        print name ": " $0
        bad = 1
      }
      END { exit bad }'
  done
}
