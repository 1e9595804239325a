#!/bin/sh
# SPDX-License-Identifier: MIT
# Collects the image's files where the packages are installed:   image_root.sh FOLDER
# Run by the Dockerfile; a Debian without anything else has what this needs.
set -eu

root=$1
user=65532
mkdir "$root"

# put FILE: as the same path, links followed; the loader's old paths are links in /.
put() {
  path=$(readlink -f "$(dirname "$1")")/$(basename "$1")
  [ ! -e "$root$path" ] || return 0
  mkdir -p "$root${path%/*}"
  cp -L "$path" "$root$path"
  echo "$1" >> "$root/.files"
}

# The simulator's keys are public: it has no business where real ones are.
programs() {
  dpkg -L dstack-p2p | grep '^/usr/bin/' | grep -v '/dstack-simulator$'
}

# Paths that a program loads, its loader among them.
loads() {
  ldd "$1" | sed -n 's|^.*[[:space:]]\(/[^ ]*\) (0x[0-9a-f]*)$|\1|p'
}

for link in lib lib64; do
  [ ! -L "/$link" ] || ln -s "usr/$link" "$root/$link"
done
for program in $(programs); do
  put "$program"
  for library in $(loads "$program"); do put "$library"; done
done
cp -L --parents /etc/ssl/certs/ca-certificates.crt "$root"

# Whose files these are, for those who look for known holes (as distroless images do), and their licences.
packages=$(while read -r file; do dpkg -S "$file" 2> /dev/null || dpkg -S "${file#/usr}"; done < "$root/.files" |
  sed 's/: .*//; s/:.*//' | sort -u)
mkdir -p "$root/var/lib/dpkg/status.d"
for package in $packages ca-certificates; do
  dpkg-query -s "$package" > "$root/var/lib/dpkg/status.d/$package"
  cp -L --parents "/usr/share/doc/$package/copyright" "$root"
done
rm "$root/.files"

mkdir -p "$root/etc" "$root/tmp" "$root/run" "$root/var/lib/dstack-p2p"
ln -s /run "$root/var/run"
printf 'root:x:0:0:root:/:/sbin/nologin\np2p:x:%s:%s:p2p:/var/lib/dstack-p2p:/sbin/nologin\n' "$user" "$user" \
  > "$root/etc/passwd"
printf 'root:x:0:\np2p:x:%s:\n' "$user" > "$root/etc/group"
printf 'hosts: files dns\n' > "$root/etc/nsswitch.conf"
chmod -R u=rwX,go=rX "$root"
chmod 1777 "$root/tmp"
chmod 700 "$root/var/lib/dstack-p2p"
chown "$user:$user" "$root/var/lib/dstack-p2p"
# The packages' own time is the changelog's.
find "$root" -exec touch --no-dereference --reference=/usr/bin/hello_p2p {} +
