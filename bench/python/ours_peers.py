# SPDX-License-Identifier: MIT
"""Prints the peers' URLs:   ours_peers.py CONTRACT     (RPC_URL)"""

import asyncio
import sys

from dstack_cluster import DStackP2PSDK, Evidence


async def main() -> None:
    # web3.py's side takes the node's word, too.
    sdk = DStackP2PSDK(sys.argv[1], evidence=Evidence.OFF)
    print(*await sdk.get_peers(), sep="\n")


asyncio.run(main())
