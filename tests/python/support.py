# SPDX-License-Identifier: MIT
"""What the tests share. run.sh has started a chain and a simulator, deployed the contract and admitted the instances."""

import asyncio
import contextlib
import json
import os
import time
import urllib.request
from pathlib import Path

from dstack_cluster import DStackP2PSDK

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = os.environ["TEST_CONTRACT"]
RPC = os.environ["TEST_RPC"]
GUEST = os.environ["TEST_GUEST"]
RUN_DIR = Path(os.environ["RUN_DIR"])
# Sanitizers slow things down.
SLOW = int(os.environ.get("TEST_SLOW", "1"))


def guest(name):
    """Where the simulator serves an instance."""
    return f"{GUEST}/i/{name}"


def make(name, url=None, **options):
    """An object for an instance; those of run.sh are admitted."""
    options = {"rpc_url": RPC, "guest_endpoint": guest(name), "poll_interval_ms": 100, **options}
    return DStackP2PSDK(options.pop("contract", CONTRACT), url or f"http://localhost/{name}", **options)


def rpc(method, *parameters):
    """One call of the node."""
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
    request = urllib.request.Request(RPC, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)["result"]


async def until(condition, seconds=20.0):
    """Waits until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise AssertionError("it did not come true in time")
        await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def silent_server():
    """Takes connections and never answers. Yields its URL, and the list of who connected."""
    seen = []

    class Silent(asyncio.Protocol):
        def connection_made(self, transport):
            seen.append(transport)

    server = await asyncio.get_running_loop().create_server(Silent, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen
    finally:
        server.close()
        for transport in seen:
            transport.close()


class Ticker:
    """Measures how long the event loop stood still at most, in seconds."""

    async def __aenter__(self):
        self.longest = 0.0
        self._task = asyncio.ensure_future(self._tick())
        await asyncio.sleep(0)
        return self

    async def _tick(self):
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.001)
            now = time.monotonic()
            self.longest = max(self.longest, now - last)
            last = now

    async def __aexit__(self, *_):
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task


async def stop(task):
    """Cancels a task and waits for it."""
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
