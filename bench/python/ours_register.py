# SPDX-License-Identifier: MIT
"""The three lines:   ours_register.py CONTRACT URL     (RPC_URL, DSTACK_SIMULATOR_ENDPOINT)"""

import asyncio
import sys

from dstack_cluster import DStackP2PSDK


async def main() -> None:
    sdk = DStackP2PSDK(sys.argv[1], sys.argv[2])
    await sdk.register()
    print(*await sdk.get_peers(), sep="\n")


asyncio.run(main())
