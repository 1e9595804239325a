#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""hello_p2p in Python: a node among those of apps/hello_p2p, with the same answers. Needs the standard library and
dstack_cluster only.

Registers this dstack instance in the membership contract, watches the cluster, greets each peer, and serves /hello,
/info, /peers and /health. Ends on SIGTERM or SIGINT; the exit status is 0, or the code of why it could not register or
withdraw.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
from typing import List

from dstack_cluster import DStackP2PError, DStackP2PSDK
from hello_http import is_private, serve
from hello_node import Node

WITHDRAW_SECONDS = 2.0

log = logging.getLogger("hello_p2p")


async def be_member(node: Node, sdk: DStackP2PSDK) -> None:
    """From unknown to registered to cancelled."""
    node.instance_id = (await sdk.identity()).instance_id
    log.info("instance %s, contract %s, publishing %s", sdk.instance_id, sdk.contract_address, sdk.connection_url)
    # Outside dev mode the contract takes names only: whoever publishes a private address is among others of the kind.
    node.private_peers = is_private(sdk.connection_url or "")
    node.reason = "registering"
    await sdk.register()
    node.reason = None
    log.info("registered")
    async for change in sdk.changes():
        node.on_change(change)


async def until_signal(member: "asyncio.Task[None]") -> bool:
    """Waits for SIGTERM, SIGINT or the member's failure; True when it was a signal."""
    signalled = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, signalled.set)
    waiting = asyncio.ensure_future(signalled.wait())
    await asyncio.wait({member, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return signalled.is_set()


async def join(node: Node, sdk: DStackP2PSDK, withdraw: bool) -> None:
    """Is a member until a signal, and leaves in order. Raises why it could not."""
    member = asyncio.ensure_future(be_member(node, sdk))
    if not await until_signal(member):
        await member
    log.info("ending")
    member.cancel()
    await asyncio.gather(member, return_exceptions=True)  # what failed just now is of no use any more
    if withdraw:
        await asyncio.wait_for(sdk.withdraw(), WITHDRAW_SECONDS)
        log.info("withdrawn: the contract does not list this node")


def parse(arguments: List[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    parser.add_argument("contract", nargs="?", help="the DstackMembershipNFT's address (CONTRACT_ADDRESS)")
    parser.add_argument("--port", type=int, default=8080, help="port to serve on (8080); 0 takes a free one")
    parser.add_argument("--listen", default="127.0.0.1", help="address to serve on (127.0.0.1)")
    parser.add_argument("--url", help="connection URL to publish (CONNECTION_URL, else http://localhost:PORT)")
    parser.add_argument("--rpc-url", help="Ethereum nodes, comma-separated (RPC_URL, else http://localhost:8545)")
    parser.add_argument("--chain-id", type=int, help="the chain to be on (CHAIN_ID, else any)")
    parser.add_argument("--guest", help="guest agent: path or URL (DSTACK_SIMULATOR_ENDPOINT, else the usual)")
    parser.add_argument("--poll-interval", type=int, default=2000, help="how often to ask for changes, in ms (2000)")
    parser.add_argument("--withdraw", action="store_true", help="withdraw from the cluster at the end")
    parser.add_argument("-v", "--verbose", action="store_true", help="log more")
    options = parser.parse_args(arguments)
    if not 0 <= options.port <= 65535:
        parser.error(f"--port takes a number from 0 to 65535, not {options.port}")
    return options


async def run(options: argparse.Namespace) -> int:
    """Serves, is a member, and tells the exit status. Listening comes first: when the port is taken, nothing is on chain."""
    node = Node(options.poll_interval / 1000)
    views = {"/hello": node.hello, "/info": node.info, "/peers": node.peers, "/health": node.health}
    try:
        server = await serve(options.listen, options.port, views)
    except OSError as error:
        log.error("cannot listen on %s port %d: %s", options.listen, options.port, error)
        return 3
    port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    log.info("serving on %s port %d", options.listen, port)
    try:
        async with DStackP2PSDK(
            options.contract,
            options.url or os.environ.get("CONNECTION_URL") or f"http://localhost:{port}",
            rpc_url=options.rpc_url,
            chain_id=options.chain_id,
            guest_endpoint=options.guest,
            poll_interval_ms=options.poll_interval,
        ) as node.sdk:
            try:
                await join(node, node.sdk, options.withdraw)
            finally:
                server.close()
                node.end()
        return 0
    except DStackP2PError as error:
        log.error("%s", error.message)
        return int(error.code)
    except (TypeError, ValueError) as error:
        log.error("%s", error)
        return 2
    except asyncio.TimeoutError:
        log.error("not withdrawn in time: the contract may list this node")
        return 1
    finally:
        server.close()


def main() -> int:
    """The program."""
    options = parse(sys.argv[1:])
    level = logging.DEBUG if options.verbose else logging.INFO
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    return asyncio.run(run(options))


if __name__ == "__main__":
    sys.exit(main())
