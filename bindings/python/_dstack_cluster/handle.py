# SPDX-License-Identifier: MIT
"""One handle of the C library, and the two threads that work with it.

The library wants one thread at a time on a handle: `calls` is that thread. What it allows from any thread and what never
waits for a network is done where it is wanted, under a lock that keeps the handle from being freed meanwhile; `lists` copies
the monitor's lists, which may be long, and waits for the monitor's end.
"""

import asyncio
import atexit
import ctypes
import os
import threading
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import Any, Callable, Generic, Iterator, Optional, Set, TypeVar

from .codes import Code, LogLevel
from .errors import DStackP2PError, error_of
from .interface import CStatus
from .library import lib
from .options import Options
from .records import PeerList, Status, status_of, take_list
from .worker import Worker, settle

T = TypeVar("T")

_open: Set["Handle"] = set()


class _Call(Generic[T]):
    """One call on a handle."""

    future: "Future[T]"

    def __init__(self, work: Callable[[int], T]) -> None:
        self.work = work
        self.unwanted = False


class Handle:
    """Owns a dstack_p2p. Held by its threads and by the list of open ones, never by the user: a DStackP2PSDK that is
    collected closes it."""

    def __init__(self, contract: Optional[bytes], url: Optional[bytes], options: Options) -> None:
        self._options = options  # the function that C logs to has to stay
        self._pointer: int = lib.dstack_p2p_new_with_options(contract, url, ctypes.byref(options.c)) or 0
        if not self._pointer:
            raise error_of(Code.NO_MEMORY, "out of memory")
        if lib.dstack_p2p_errcode(self._pointer):
            error = self.error()
            lib.dstack_p2p_free(self._pointer)
            raise error
        # Reentrant: the garbage collector may call shutdown() anywhere.
        self._lock = threading.RLock()
        self._closed = False
        self._process = os.getpid()
        self._current: Optional["_Call[Any]"] = None
        self._freed: "Future[None]" = Future()
        self._calls = Worker("dstack-p2p-calls")
        self._lists = Worker("dstack-p2p-lists")
        _open.add(self)

    @property
    def is_closed(self) -> bool:
        """Whether shutdown() was called, or this is a forked child: there are no threads, and the handle is the parent's."""
        return self._closed or os.getpid() != self._process

    def closed_error(self) -> DStackP2PError:
        """What every call fails with then."""
        why = "is closed" if self._closed else "was made before a fork, by the parent process"
        return error_of(Code.STATE, f"the object {why}: make a new DStackP2PSDK")

    @contextmanager
    def _open_pointer(self) -> Iterator[int]:
        """The handle, which is not freed meanwhile. In a child the lock may be held by a thread that is not there."""
        if self.is_closed:
            raise self.closed_error()
        with self._lock:
            if self._closed:
                raise self.closed_error()
            yield self._pointer

    # ---- Calls that may block

    def submit(self, work: Callable[[int], T]) -> "_Call[T]":
        """Has something done with the handle. Never waits."""
        call = _Call(work)
        with self._open_pointer():
            call.future = self._calls.submit(lambda: self._make(call))
        return call

    def _make(self, call: "_Call[T]") -> T:
        with self._open_pointer() as pointer:
            if call.unwanted:
                raise error_of(Code.CANCELLED, "cancelled before it began")
            self._current = call
        try:
            return call.work(pointer)
        finally:
            with self._lock:
                self._current = None
                if call.unwanted and not self._closed:
                    lib.dstack_p2p_resume(self._pointer)

    def _interrupt(self, call: "_Call[T]") -> None:
        """Ends this call, and no other one that may have begun meanwhile."""
        with self._lock:
            call.unwanted = True
            if self._current is call and not self._closed:
                lib.dstack_p2p_cancel(self._pointer)

    async def call(self, work: Callable[[int], T]) -> T:
        """The same for a coroutine. When that is cancelled the call is, too, and CancelledError is raised once it has come
        back: at once. A transaction that may have left is the CancelledError's cause."""
        call = self.submit(work)
        waiting = asyncio.wrap_future(call.future)
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError as cancelled:
            if not call.future.cancel():
                self._interrupt(call)
                with suppress(asyncio.CancelledError):  # another one; this one is raised
                    await settle(waiting)
                self._keep_cause(cancelled, waiting)
            raise

    def _keep_cause(self, cancelled: asyncio.CancelledError, call: "asyncio.Future[Any]") -> None:
        """What left before a call was cancelled is not undone; somebody may want to know."""
        error = None if call.cancelled() else call.exception()
        if isinstance(error, DStackP2PError) and error.code == Code.UNCONFIRMED:
            self._options.tell(LogLevel.WARNING, f"a call was cancelled: {error.message}")
            cancelled.__cause__ = error

    def wait(self, work: Callable[[int], T]) -> T:
        """The same for who has no event loop. An interrupt ends the call, too."""
        call = self.submit(work)
        try:
            return call.future.result()
        except BaseException:
            self._interrupt(call)
            raise

    def error(self) -> DStackP2PError:
        """What the last call on the handle failed with. Inside a call only."""
        message: bytes = lib.dstack_p2p_errmsg(self._pointer)
        return error_of(lib.dstack_p2p_errcode(self._pointer), message.decode("utf-8", "replace"))

    def take(self, pointer: Optional[int]) -> PeerList:
        """The list that a call returned, or what it failed with. Inside a call only."""
        if not pointer:
            raise self.error()
        return take_list(pointer)

    def text(self, function: str) -> Optional[str]:
        """What a function returns that never blocks, or of which it is known by now that it does not."""
        value: Optional[bytes] = getattr(lib, function)(self._pointer)
        return None if value is None else value.decode("utf-8", "replace")

    # ---- From any thread

    def status(self) -> Status:
        """The monitor's state."""
        raw = CStatus()
        with self._open_pointer() as pointer:
            lib.dstack_p2p_monitor_status(pointer, ctypes.byref(raw))
        return status_of(raw)

    def chain_id(self) -> int:
        """0 while it is not known."""
        with self._open_pointer() as pointer:
            return int(lib.dstack_p2p_chain_id(pointer))

    def monitor_fd(self) -> int:
        """The descriptor that tells of new lists."""
        with self._open_pointer() as pointer:
            return int(lib.dstack_p2p_monitor_fd(pointer))

    def _monitor_list(self) -> Optional[PeerList]:
        with self._lock:
            pointer = None if self._closed else lib.dstack_p2p_monitor_peers(self._pointer)
        return take_list(pointer) if pointer else None

    def _monitor_stop(self) -> None:
        lib.dstack_p2p_monitor_stop(self._pointer)

    def read_monitor(self) -> "Future[Optional[PeerList]]":
        """The monitor's last list."""
        with self._open_pointer():
            return self._lists.submit(self._monitor_list)

    def stop_monitor(self) -> "Optional[Future[None]]":
        """Stops the monitor; None when shutdown() does so."""
        with self._lock:
            return None if self._closed else self._lists.submit(self._monitor_stop)

    # ---- The end

    def shutdown(self) -> None:
        """Ends everything and frees the handle. Never waits for a call; join() does. Any thread, also the garbage
        collector's. In a forked child nothing is done."""
        if self.is_closed:
            return
        with self._lock:
            if self._closed:
                return
            self._closed = True
            lib.dstack_p2p_cancel(self._pointer)
            lib.dstack_p2p_monitor_cancel(self._pointer)
            self._lists.finish(lambda: None)
            self._calls.finish(self._free)

    def _free(self) -> None:
        self._lists.join()
        lib.dstack_p2p_free(self._pointer)
        _open.discard(self)
        self._freed.set_result(None)

    def join(self) -> None:
        """Waits until the handle is freed and its threads have ended. After shutdown()."""
        self._calls.join()

    async def joined(self) -> None:
        """The same for a coroutine."""
        if os.getpid() == self._process:
            await settle(asyncio.wrap_future(self._freed))
            self.join()  # which has nothing left to do


@atexit.register
def _close_all() -> None:
    """No thread of C's may ask for the interpreter when it is gone: the log function would."""
    # list() copies at once: a thread that has just freed a handle may take that out meanwhile.
    handles = [handle for handle in list(_open) if handle._process == os.getpid()]
    for handle in handles:
        handle.shutdown()
    for handle in handles:
        handle.join()
