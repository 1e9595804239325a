#!/usr/bin/env bash
# Compares the compiled contract with abi.txt, both ways: functions, events and constructor, with the names of their
# parameters. ERC-721, ERC-165 and Ownable2Step come on top of abi.txt, and nothing else does.
set -euo pipefail

contracts=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
cd "$contracts"
# shellcheck source=scripts/env.sh disable=SC1091
. ../scripts/env.sh
forge build --skip test --skip script >/dev/null

# The human-readable form of an artifact's ABI. Of structs only Peer has a name there.
readable() {
  jq -r '
    def type: if (.type | startswith("tuple") | not) then .type
      elif (.internalType | test("\\.Peer(\\[\\])?$")) then "Peer" + .type[5:]
      else "(" + (.components | map("\(type) \(.name)") | join(", ")) + ")" + .type[5:] end;
    def one: type + (if .indexed then " indexed" else "" end) + (if .name == "" then "" else " " + .name end);
    def list: map(one) | join(", ");
    .abi[]
    | if .type == "constructor" then "constructor(\(.inputs | list))"
      elif .type == "event" then "event \(.name)(\(.inputs | list))"
      elif .type == "function" then
        "function \(.name)(\(.inputs | list))"
        + (if .stateMutability == "nonpayable" then "" else " " + .stateMutability end)
        + (if (.outputs | length) == 0 then "" else " returns (\(.outputs | list))" end)
      else empty end' "$@"
}

# The fields of Peer are compared on their own, since the form above only names it.
peer() {
  jq -r '[.. | objects | select(.internalType? // "" | endswith(".Peer"))][0].components
    | "struct Peer { " + (map("\(.type) \(.name); ") | join("") | sub("; $"; " ")) + "}"' "$1"
}

# What comes on top. Our renounceOwnership always reverts, so it is pure, which Ownable2Step's is not.
inherited() {
  # One artifact of each: forge builds ERC721 with either of the two compiler profiles, or with both.
  readable "$(compgen -G 'out/ERC721.sol/ERC721*.json' | head -n 1)" out/Ownable2Step.sol/Ownable2Step.json |
    sed 's/^function renounceOwnership()$/& pure/' | grep -v '^constructor'
}

compiled=$(
  readable out/DstackMembershipNFT.sol/DstackMembershipNFT.json
  peer out/DstackMembershipNFT.sol/DstackMembershipNFT.json
)
expected=$(
  grep -v '^\(#.*\)\?$' abi.txt | sed -E 's/^[SD] //; s/ *#.*$//'
  inherited
)
diff -u <(LC_ALL=C sort -u <<<"$expected") <(LC_ALL=C sort -u <<<"$compiled") ||
  { echo "abi_test.sh: the contract (+) is not what abi.txt says (-)" >&2; exit 1; }
echo "abi_test.sh: the contract is what abi.txt says"
