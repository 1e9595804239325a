# SPDX-License-Identifier: MIT
"""Threads that make calls for an event loop, and waiting for them."""

import asyncio
import threading
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, Callable, Optional, Tuple, TypeVar

from .codes import Code
from .errors import error_of

T = TypeVar("T")
_Job = Tuple["Future[Any]", Callable[[], Any]]


def _perform(future: "Future[Any]", work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        result = work()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)
    finally:
        del future, work  # an exception's traceback refers to this frame


class Worker:
    """A thread that does one thing after the other, in the order they were handed in. It starts with the first one, and
    does not keep the interpreter from ending: whoever owns it does, see handle.py."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._queue: "SimpleQueue[Optional[_Job]]" = SimpleQueue()
        self._thread: Optional[threading.Thread] = None

    def submit(self, work: Callable[[], T]) -> "Future[T]":
        """Has something done. Calls of this and of finish() must not overlap."""
        if self._thread is None:
            self._start()
        future: "Future[T]" = Future()
        self._queue.put((future, work))
        return future

    def _start(self) -> None:
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        try:
            thread.start()
        except RuntimeError as error:
            raise error_of(Code.SYSTEM, f"cannot start a thread: {error}") from None
        self._thread = thread

    def _run(self) -> None:
        while True:
            job = self._queue.get()
            if job is None:
                return
            _perform(*job)
            del job  # what it holds may be for the garbage collector

    def finish(self, last: Callable[[], None]) -> None:
        """Has a last thing done, after which the thread ends. Does not wait; without a thread it is done here."""
        if self._thread is None:
            last()
            return
        self._queue.put((Future(), last))
        self._queue.put(None)

    def join(self) -> None:
        """Waits for the end. Not in the thread itself."""
        if self._thread is not None:
            self._thread.join()


async def settle(future: "asyncio.Future[T]") -> None:
    """Waits for what is known to end soon, however often the caller is cancelled meanwhile; raises CancelledError
    afterwards if it was. What it ended with is the future's."""
    cancelled: Optional[asyncio.CancelledError] = None
    while not future.done():
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError as error:
            cancelled = error
    if not future.cancelled():
        future.exception()  # so that nobody complains that it was not looked at
    if cancelled is not None:
        raise cancelled
