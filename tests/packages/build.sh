# SPDX-License-Identifier: MIT
# shellcheck shell=bash
# The packages, built as Debian does from what a checkout holds. After roots.sh.

# packages_source DIR: this tree's files without what is built, as a checkout by anybody.
packages_source() {
  local file
  mkdir -p "$1" && git ls-files -z --cached --others --exclude-standard |
    while IFS= read -r -d '' file; do if [ -e "$file" ]; then printf '%s\0' "$file"; fi; done |
    tar --no-recursion --owner=0 --group=0 --null -T - -cf - | tar -C "$1" -xf -
}

# packages_build ROOT FOLDER USER NUMBER VARIABLE=VALUE... : builds in FOLDER of ROOT, without a network, as USER with
# that number; the packages are in FOLDER then. The variable UMASK is the umask.
packages_build() {
  local root=$1 folder=$2 user=$3 number=$4
  shift 4
  packages_source "$root$folder/dstack-p2p" &&
    root_run "$root" useradd --uid "$number" --no-create-home --home-dir "$folder" "$user" &&
    chown -R "$number:$number" "$root$folder" || return
  # shellcheck disable=SC2016 # expanded inside
  root_run "$root" --offline --host "of-$user" --user "$user" env "$@" HOME="$folder" USER="$user" LOGNAME="$user" \
    sh -c 'umask "$UMASK" && cd "$0/dstack-p2p" && chmod -R u=rwX,go= . && umask &&
      find . -exec touch --no-dereference --date="$CHECKED_OUT" {} + && dpkg-buildpackage -us -uc -b' "$folder"
}
