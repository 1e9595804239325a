#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Changes the contract in one small place after the other; each time a test must fail.   run.sh --help
set -euo pipefail

here=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=scripts/env.sh disable=SC1091
. "$here/../../../scripts/env.sh"
exec python3 "$here/mutate.py" "$@"
