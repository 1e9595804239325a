#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Carries out deploy/Dockerfile's stages in clean roots of Debian 12, without Docker, and runs the programs in what
# would be the image: as its user, read-only, with nothing else. As root; takes a minute. Ends with `N passed, N failed`.
set -euo pipefail
unset CDPATH
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

for part in packages/check packages/roots packages/build image/dockerfile; do
  # shellcheck source=/dev/null
  . "tests/$part.sh"
done

readonly WORK=build/packages/image
readonly IMAGE=$WORK/image INSTALLED=$WORK/installed SHARED=$WORK/shared
trap 'rm -rf "$WORK"' EXIT

# in_image [OPTION...] PROGRAM...: as Docker would start it, with a guest agent's socket folder at /run.
in_image() {
  root_run "$IMAGE" --read-only --user "$(cat "$IMAGE.USER")" --bind /dev:/dev --bind "$SHARED:/run" "$@"
}

programs() {
  (cd "$IMAGE" && find usr/bin -type f -printf '/%p\n')
}

version() {
  dpkg-parsechangelog -S Version
}

# Programs, libraries and data: no shell, nothing that lends rights, nothing that its user can write but two folders.
holds_nothing_else() {
  (cd "$IMAGE" && find . -type f ! -path './usr/lib*/*.so*' ! -path './usr/share/doc/*/copyright' \
    ! -path './var/lib/dpkg/status.d/*' | LC_ALL=C sort) | tee "$WORK/files"
  diff - "$WORK/files" < <({
    printf '%s\n' ./etc/group ./etc/nsswitch.conf ./etc/passwd ./etc/ssl/certs/ca-certificates.crt
    cd "$INSTALLED" && find ./usr/bin -name 'dstack-p2p*' -o -name hello_p2p
  } | LC_ALL=C sort)
  find "$IMAGE" -perm /6000 -o ! -type l ! -perm -1000 -perm /0022 > "$WORK/risky"
  diff /dev/null "$WORK/risky"
  [ "$(cd "$IMAGE" && find . -user 65532)" = ./var/lib/dstack-p2p ]
}

# The loader itself lists what it loads; a program without one of its libraries fails here.
needs_nothing_else() {
  local program
  for program in $(programs); do
    in_image --offline /lib64/ld-linux-x86-64.so.2 --list "$program" | tee "$WORK/loads"
    if grep 'not found' "$WORK/loads"; then return 1; fi
  done
}

programs_start() {
  local program
  for program in $(programs); do
    in_image --offline "$program" --version | tee "$WORK/version"
    grep -F "$(version)" "$WORK/version"
  done
}

# simulator_start: in the root where the packages are installed; its folder is the image's /run.
simulator_start() {
  local line
  rm -f "$WORK/ready"
  mkfifo "$WORK/ready"
  root_start "$WORK/ready" "$INSTALLED" --user 65532:65532 --bind "$SHARED:/mnt" dstack-simulator --dir /mnt
  read -r -t 20 line < "$WORK/ready"
  echo "$line"
  [[ $line == ready:* ]]
}

# The guest agent is where dstack mounts it, /var/run/dstack.sock.
asks_the_guest_agent() {
  simulator_start
  in_image --offline /usr/bin/hello_p2p --identity | tee "$WORK/identity"
  jq -e '.instance_id | test("^[0-9a-f]{40}$")' "$WORK/identity"
  root_stop
}

# A server with a certificate that no authority has signed; it serves as long as it can be written to. Sets PORT.
server_start() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$WORK/key" -out "$WORK/certificate" -days 1 \
    -subj /CN=node -addext subjectAltName=IP:127.0.0.1 2> /dev/null
  rm -f "$WORK/open"
  mkfifo "$WORK/open"
  openssl s_server -accept 127.0.0.1:0 -key "$WORK/key" -cert "$WORK/certificate" > "$WORK/server" 2>&1 \
    <> "$WORK/open" &
  server=$!
  until PORT=$(sed -n 's/^ACCEPT 127.0.0.1:\([0-9]*\)$/\1/p' "$WORK/server") && [ -n "$PORT" ]; do kill -0 "$server"; done
}

# It is refused for its certificate, and not because there are none to compare it with.
checks_certificates() {
  local server PORT
  simulator_start
  server_start
  in_image /usr/bin/hello_p2p --port 0 --rpc-url "https://127.0.0.1:$PORT" \
    0x5FbDB2315678afecb367f032d93F642f64180aa3 > "$WORK/out" 2>&1 || true
  kill "$server"
  root_stop
  cat "$WORK/out" "$WORK/server"
  grep -i 'self.signed certificate' "$WORK/out"
}

# What the container starts.
starts_what_is_there() {
  [ -x "$IMAGE$(jq -r '.[0]' "$IMAGE.ENTRYPOINT")" ]
}

comes_out_the_same() {
  root_run "$INSTALLED" /image_root.sh /again
  diff <(_archive "$INSTALLED/image") <(_archive "$INSTALLED/again")
}

_archive() {
  tar -C "$1" --sort=name --numeric-owner -cf - . | sha256sum
}

sizes() {
  echo "sizes (MB): the image $(du -sm --apparent-size "$IMAGE" | cut -f 1)," \
    "programs and library $(cd "$IMAGE" && find . \( -path './usr/bin/*' -o -name 'libdstack*' \) -type f -printf '%s\n' |
      awk '{ sum += $1 } END { printf "%.1f", sum / 1e6 }')," \
    "Debian with the packages $(du -sm --apparent-size "$INSTALLED/usr" | cut -f 1)"
}

main() {
  roots_begin
  rm -rf "$WORK"
  mkdir -p "$SHARED"
  chown 65532:65532 "$SHARED"
  check "the Dockerfile's stages are carried out" dockerfile_run deploy/Dockerfile "$WORK"
  if holds; then
    check "its version is the packages'" grep -F "image.version=\"$(version)\"" "$IMAGE.LABEL"
    check "its user has a number, which is not root's" grep -xE '[1-9][0-9]*:[1-9][0-9]*' "$IMAGE.USER"
    check 'it comes out the same again' comes_out_the_same
    check 'it holds the programs, what they load, and nothing else' holds_nothing_else
    check 'the loader finds everything in it' needs_nothing_else
    check 'its programs start as its user, read-only' programs_start
    check 'what it starts is there' starts_what_is_there
    check 'hello_p2p asks the guest agent' asks_the_guest_agent
    check 'TLS works, with the authorities of Debian' checks_certificates
    sizes
  fi
  checks_end
}

main
