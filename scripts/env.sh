# shellcheck shell=bash
# Puts forge, anvil and cast on PATH:   . scripts/env.sh     (bash, from any directory)
# The native binaries themselves, because npm's wrapper scripts cost 75 ms a call and leave a child process to kill.
# They come with `npm ci` in contracts/; without them this says so, changes nothing and returns 1.

_dstack_p2p_env() {
  local modules arch tool
  modules=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../contracts" && pwd)/node_modules/@foundry-rs || return 1
  case $(uname -m) in
    x86_64) arch=linux-amd64 ;;
    aarch64 | arm64) arch=linux-arm64 ;;
    *)
      echo "env.sh: npm has no forge, anvil and cast for $(uname -m)" >&2
      return 1
      ;;
  esac
  for tool in forge anvil cast; do
    if [ ! -x "$modules/$tool-$arch/bin/$tool" ]; then
      echo "env.sh: $tool is missing: run 'npm ci' in contracts/" >&2
      return 1
    fi
  done
  for tool in forge anvil cast; do
    case ":$PATH:" in
      *":$modules/$tool-$arch/bin:"*) ;;
      *) PATH="$modules/$tool-$arch/bin:$PATH" ;;
    esac
  done
  export PATH
}

# The status of the last command is that of `. env.sh`.
_dstack_p2p_env
