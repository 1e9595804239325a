# SPDX-License-Identifier: MIT
"""What the tests share. run.sh has started a chain and a simulator, deployed the contract and admitted the instances."""

import asyncio
import contextlib
import json
import os
import re
import time
import urllib.request
from pathlib import Path

from dstack_cluster import DStackP2PSDK

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = os.environ["TEST_CONTRACT"]
RPC = os.environ["TEST_RPC"]
GUEST = os.environ["TEST_GUEST"]
RUN_DIR = Path(os.environ["RUN_DIR"])


def guest(name):
    """Where the simulator serves an instance."""
    return f"{GUEST}/i/{name}"


def make(name, url=None, **options):
    """An object for an instance; those of run.sh are admitted."""
    options = {"rpc_url": RPC, "guest_endpoint": guest(name), "poll_interval_ms": 100, **options}
    return DStackP2PSDK(options.pop("contract", CONTRACT), url or f"http://localhost/{name}", **options)


def ask_node(body):
    """One request to the node, and its answer."""
    request = urllib.request.Request(RPC, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.read()


def rpc(method, *parameters):
    """One call of the node."""
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    return json.loads(ask_node(json.dumps(call).encode()))["result"]


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


class Relay:
    """Between an object and the chain: counts HTTP requests, delays them, and refuses them when told to."""

    async def __aenter__(self):
        self.requests, self.refused, self.delay, self.refusing = 0, 0, 0.0, False
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=2**20)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self._server.close()

    async def _serve(self, reader, writer):
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)content-length: *(\d+)", head)
                if not head.startswith(b"POST ") or not length:
                    break  # a question whether there is a WebSocket
                body = await self._answer(await reader.readexactly(int(length.group(1))))
                status = b"500 Refused" if self.refusing else b"200 OK"
                writer.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
        except (asyncio.IncompleteReadError, OSError):
            pass  # the other side has ended
        finally:
            writer.close()

    async def _answer(self, body):
        self.requests += 1
        self.refused += self.refusing
        await asyncio.sleep(self.delay)
        if self.refusing:
            return b""
        return await asyncio.get_running_loop().run_in_executor(None, ask_node, body)


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
