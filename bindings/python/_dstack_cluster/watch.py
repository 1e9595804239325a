# SPDX-License-Identifier: MIT
"""The monitor of a handle for those who listen on one event loop: it runs while anybody does."""

import asyncio
from typing import Optional, Set

from .handle import Handle
from .library import lib
from .records import PeerList
from .worker import settle


class Listener:
    """Sees the last list, not each one: whoever is slow misses what has passed meanwhile, and nothing piles up."""

    def __init__(self, latest: Optional[PeerList]) -> None:
        self._latest = latest
        self._error: Optional[BaseException] = None
        self._ended = False
        self._news = asyncio.Event()
        if latest is not None:
            self._news.set()

    def put(self, peers: PeerList) -> None:
        """A new list."""
        self._latest = peers
        self._news.set()

    def end(self, error: Optional[BaseException] = None) -> None:
        """No more lists; with what next() is to raise."""
        self._ended, self._error = True, error
        self._news.set()

    async def next(self) -> Optional[PeerList]:
        """Waits for a list that was not returned yet; None at the end."""
        await self._news.wait()
        if self._error is not None:
            raise self._error
        if self._ended:
            return None
        self._news.clear()
        return self._latest


class Watch:
    """To be made and used on one running loop."""

    def __init__(self, handle: Handle) -> None:
        self.loop = asyncio.get_running_loop()
        self._handle = handle
        self._listeners: Set[Listener] = set()
        self._latest: Optional[PeerList] = None
        self._task: Optional["asyncio.Task[None]"] = None

    @property
    def is_watching(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners)

    def join(self) -> Listener:
        """Starts to listen, and the monitor with the first one who does."""
        if not self._listeners:
            self._latest = None
            self._task = self.loop.create_task(self._run(self._task))
        listener = Listener(self._latest)
        self._listeners.add(listener)
        return listener

    async def leave(self, listener: Listener) -> None:
        """Ends listening, and the monitor with the last one who does."""
        if listener in self._listeners:
            self._listeners.remove(listener)
            if not self._listeners:
                await self._end()

    async def close(self) -> None:
        """Ends listening for all: they see the end of the lists."""
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()
        await self._end()

    async def _end(self) -> None:
        # Where the loop was closed nothing can be waited for; the next watch stops the monitor, or the end does.
        if self._task is not None and not self.loop.is_closed():
            self._task.cancel()
            await settle(self._task)

    async def _run(self, before: Optional["asyncio.Task[None]"]) -> None:
        """From the monitor's start to its end, after that of an earlier one."""
        try:
            if before is not None:
                await settle(before)
            await self._watch()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            for listener in self._listeners:
                listener.end(error)
            self._listeners.clear()

    async def _watch(self) -> None:
        try:
            await self._handle.call(self._start)
            while True:
                await self._readable()
                peers = await asyncio.wrap_future(self._handle.read_monitor())
                if peers is not None:
                    self._publish(peers)
        finally:
            # What is left of a closed loop comes here with the garbage, when the monitor may be another loop's.
            stopping = None if self.loop.is_closed() else self._handle.stop_monitor()
            if stopping is not None:
                await settle(asyncio.wrap_future(stopping))

    def _start(self, pointer: int) -> None:
        lib.dstack_p2p_monitor_stop(pointer)  # that of a loop which was closed
        if lib.dstack_p2p_monitor_start(pointer, None, None):
            raise self._handle.error()

    async def _readable(self) -> None:
        fd = self._handle.monitor_fd()
        event = asyncio.Event()
        self.loop.add_reader(fd, event.set)
        try:
            await event.wait()
        finally:
            self.loop.remove_reader(fd)

    def _publish(self, peers: PeerList) -> None:
        self._latest = peers
        for listener in self._listeners:
            listener.put(peers)
