# SPDX-License-Identifier: MIT
"""Making, closing and forgetting objects; loading the library."""

import asyncio
import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import unittest
from pathlib import Path
from unittest import mock

from _dstack_cluster import library
from dstack_cluster import CallerError
from support import CONTRACT, GUEST, ROOT, RPC, make, stop, until


def descriptors():
    """How many are open."""
    return len(os.listdir("/proc/self/fd"))


def threads():
    """How many there are, those of C included."""
    return len(os.listdir("/proc/self/task"))


def no_more_than(before):
    """Whether descriptors and threads are back. Of those before, one may still have been about to end."""
    return all(now <= then for now, then in zip((descriptors(), threads()), before))


def run(program, *arguments, **environment):
    """A Python of its own; returns its exit status and standard error."""
    clean = {**os.environ, **environment}
    begin = time.monotonic()
    command = [sys.executable, "-Wignore::DeprecationWarning", *arguments, "-c", textwrap.dedent(program)]
    done = subprocess.run(command, env=clean, stderr=subprocess.PIPE, text=True, timeout=60)
    return done.returncode, done.stderr, time.monotonic() - begin


PROLOGUE = f"""
import asyncio, atexit, gc, logging, os, sys, threading, time
@atexit.register
def last():  # registered first, called last
    from _dstack_cluster.handle import _open
    assert not _open, _open
    end = time.monotonic() + 5
    while os.listdir("/proc/self/task") != [str(os.getpid())]:
        assert time.monotonic() < end, os.listdir("/proc/self/task")
logging.getLogger("dstack_cluster").addHandler(logging.NullHandler())
from dstack_cluster import *
def make(**options):
    return DStackP2PSDK({CONTRACT!r}, "http://localhost/lines", **dict(
        dict(rpc_url={RPC!r}, guest_endpoint={GUEST!r} + "/i/lines", poll_interval_ms=10), **options))
async def watching(sdk):
    task = asyncio.ensure_future(sdk.monitor_peers())
    while sdk.status().age_ms is None:
        await asyncio.sleep(0.01)
    return task
"""


class Life(unittest.IsolatedAsyncioTestCase):
    """Life"""

    async def test_context_manager(self):
        """`async with` closes, whatever happens inside"""
        with self.assertRaises(KeyError):
            async with make("lines") as sdk:
                await sdk.get_peers()
                raise KeyError
        self.assertTrue(sdk._handle.is_closed)

    async def test_several(self):
        """several objects work at the same time"""
        sdks = [make("lines") for _ in range(8)]
        lists = await asyncio.gather(*(sdk.get_peers() for sdk in sdks))
        self.assertEqual(lists, [[]] * 8)
        tasks = [asyncio.ensure_future(sdk.monitor_peers()) for sdk in sdks]
        await until(lambda: all(sdk.status().age_ms is not None for sdk in sdks))
        await asyncio.gather(*(sdk.close() for sdk in sdks), *tasks)

    async def test_many(self):
        """one object takes many calls at the same time"""
        async with make("lines") as sdk:
            lists = await asyncio.gather(*(sdk.get_peers() for _ in range(50)))
            self.assertEqual(lists, [[]] * 50)

    async def test_no_leak(self):
        """descriptors and threads are back after a hundred objects that called and watched"""
        await self.use()
        gc.collect()
        before = descriptors(), threads()
        for _ in range(100):
            await self.use()
        gc.collect()
        await until(lambda: no_more_than(before))

    async def use(self):
        """One object's life."""
        sdk = make("lines")
        task = asyncio.ensure_future(sdk.monitor_peers())
        await sdk.get_peers()
        await sdk.close()
        await task

    async def test_close_while_starting(self):
        """close() at any moment of watching's beginning"""
        for turn in range(30):
            sdk = make("lines")
            task = asyncio.ensure_future(sdk.monitor_peers())
            await asyncio.sleep(0.0002 * turn)
            await sdk.close()
            await stop(task)

    async def test_close_is_cancelled(self):
        """close() closes, also when it is cancelled"""
        sdk = make("lines")
        await sdk.get_peers()
        closing = asyncio.ensure_future(sdk.close())
        await asyncio.sleep(0)
        await stop(closing)
        self.assertTrue(sdk._handle.is_closed)

    async def test_forgotten(self):
        """an object that nobody closed warns, and leaves nothing behind"""
        before = descriptors(), threads()
        sdk = make("lines")
        await sdk.get_peers()
        with self.assertWarnsRegex(ResourceWarning, "unclosed <DStackP2PSDK of contract 0x"):
            del sdk
            gc.collect()
            # The thread that made the call may be the last to let go of the object.
            await until(lambda: no_more_than(before))

    async def test_forgotten_unused(self):
        """the same without any call"""
        before = descriptors(), threads()
        with self.assertWarns(ResourceWarning):
            del [make("lines")][0]
            gc.collect()
        self.assertTrue(no_more_than(before))

    async def test_failed_constructor(self):
        """an object that could not be made leaves nothing behind, and does not warn"""
        before = descriptors()
        for _ in range(10):
            with self.assertRaises(Exception):
                make("lines", contract="0x12")
        gc.collect()
        self.assertEqual(descriptors(), before)


class Loops(unittest.TestCase):
    """Loops"""

    def test_one_after_another(self):
        """an object may be used by one event loop after another"""
        sdk = make("lines")

        async def use():
            self.assertEqual(await sdk.get_peers(), [])
            task = asyncio.ensure_future(sdk.monitor_peers())
            await until(lambda: sdk.status().age_ms is not None)
            await stop(task)

        asyncio.run(use())
        asyncio.run(use())
        asyncio.run(sdk.close())

    def test_interrupted(self):
        """Ctrl-C ends what a property waits for, and the next call does not wait for that"""
        sdk = make("lines", guest_endpoint="/nothing.sock", guest_wait_ms=15000)
        before = signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with self.assertRaises(KeyboardInterrupt):
                sdk.instance_id
        finally:
            signal.signal(signal.SIGALRM, before)
        begin = time.monotonic()
        self.assertEqual(asyncio.run(sdk.get_peers()), [])
        self.assertLess(time.monotonic() - begin, 10)
        asyncio.run(sdk.close())

    def test_other_loop(self):
        """a loop neither shares nor closes what another one watches with, and says so at once"""
        sdk = make("lines")
        loop = asyncio.new_event_loop()
        watching = loop.create_task(sdk.monitor_peers())
        loop.run_until_complete(until(lambda: sdk.status().age_ms is not None))
        for call in (sdk.monitor_peers, sdk.close):
            with self.assertRaisesRegex(CallerError, "another event loop watches"):
                asyncio.run(call())
        loop.run_until_complete(sdk.close())
        self.assertIsNone(loop.run_until_complete(watching))
        loop.close()

    def test_abandoned_loop(self):
        """a loop that was closed with watching under way does not hinder the next one, nor does what is left of it"""
        sdk, lists = make("lines"), []
        self.abandon(sdk)

        async def use():
            task = asyncio.ensure_future(sdk.monitor_peers(lists.append))
            await until(lambda: lists == [[]])
            gc.collect()
            async with make("joins") as other:
                await other.register()
                try:
                    await until(lambda: lists == [[], ["http://localhost/joins"]])
                finally:
                    await other.withdraw()
            await stop(task)
            await sdk.close()

        asyncio.run(use())

    def abandon(self, sdk):
        """Closes a loop and leaves it to the garbage collector, with all that was in it."""
        loop = asyncio.new_event_loop()
        loop.create_task(sdk.monitor_peers())
        loop.run_until_complete(until(lambda: sdk.status().age_ms is not None))
        for task in asyncio.all_tasks(loop):
            task._log_destroy_pending = False
        loop.close()


class Exit(unittest.TestCase):
    """Exit"""

    def ends(self, program, part="", *arguments):
        """Expects a clean end, in time, and what it says."""
        status, errors, seconds = run(PROLOGUE + textwrap.dedent(program), *arguments)
        self.assertEqual((status, part in errors), (0, True), errors)
        if not part:
            self.assertEqual(errors, "")
        self.assertLess(seconds, 20)

    def test_watching(self):
        """the interpreter ends while an object watches and logs"""
        self.ends(
            """
            logging.basicConfig(level=logging.DEBUG, stream=open(os.devnull, "w"))
            sdk = make()
            loop = asyncio.new_event_loop()
            loop.run_until_complete(watching(sdk))
            for task in asyncio.all_tasks(loop):
                task._log_destroy_pending = False
            loop.close()
            """
        )

    def test_waiting(self):
        """the interpreter ends while a call waits for minutes"""
        self.ends(
            """
            sdk = make(guest_endpoint="/nothing.sock")
            async def main():
                try:
                    await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(sdk.register())), 0.3)
                except asyncio.TimeoutError:
                    pass
            loop = asyncio.new_event_loop()
            loop.run_until_complete(main())
            for task in asyncio.all_tasks(loop):
                task._log_destroy_pending = False
            """
        )

    def test_interrupt(self):
        """asyncio.run() ends a call by itself"""
        self.ends(
            """
            async def main():
                sdk = make(guest_endpoint="/nothing.sock")
                task = asyncio.ensure_future(sdk.register())
                await asyncio.sleep(0.2)
            asyncio.run(main())
            import _dstack_cluster.handle
            while _dstack_cluster.handle._open:
                gc.collect()
                time.sleep(0.01)
            """,
            "ResourceWarning: unclosed <DStackP2PSDK",
            "-Wd",
        )

    def test_fork(self):
        """a forked child leaves the parent's object alone, and is told so"""
        self.ends(
            """
            async def in_child(sdk):
                for call in (sdk.get_peers, sdk.identity, sdk.monitor_peers):
                    try:
                        await call()
                    except CallerError as error:
                        assert "before a fork" in error.message, error
                    else:
                        assert False, call
                await sdk.close()
            async def main():
                async with make() as sdk:
                    task = await watching(sdk)
                    ready, done = threading.Event(), threading.Event()
                    def hold():  # as a thread may that is about to make a call; it is not there in the child
                        with sdk._handle._lock:
                            ready.set()
                            done.wait()
                    holder = threading.Thread(target=hold)
                    holder.start()
                    ready.wait()
                    child = os.fork()
                    if child == 0:
                        asyncio.events._set_running_loop(None)
                        asyncio.run(in_child(sdk))
                        atexit.unregister(last)
                        atexit._run_exitfuncs()
                        os._exit(0)
                    assert os.waitpid(child, 0)[1] == 0
                    done.set()
                    holder.join()
                    assert await sdk.get_peers() == []
                    assert sdk.status().running
            asyncio.run(main())
            """
        )


class Key(unittest.TestCase):
    """Key"""

    def test_environment(self):
        """PRIVATE_KEY is taken out of the environment, and of Python's copy of it"""
        program = PROLOGUE + textwrap.dedent(
            """
            async def main():
                async with make() as sdk:
                    assert "PRIVATE_KEY" not in os.environ
                    assert (await sdk.identity()).payer_address == "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A"
                    assert 32 * b"11" not in open("/proc/self/environ", "rb").read()
            asyncio.run(main())
            """
        )
        status, errors, _ = run(program, PRIVATE_KEY="11" * 32)
        self.assertEqual((status, errors), (0, ""))


class Library(unittest.TestCase):
    """Library"""

    def test_missing(self):
        """without the library the import says what was tried"""
        status, errors, _ = run("import dstack_cluster", DSTACK_P2P_LIBRARY="/no/such/library.so")
        self.assertEqual(status, 1)
        self.assertIn("ImportError: dstack_cluster needs the C library of dstack-p2p. Tried: /no/such/library.so", errors)
        self.assertIn("(DSTACK_P2P_LIBRARY): /no/such/library.so: cannot open shared object file", errors)

    def test_wheel_lacks(self):
        """what a wheel's library is linked with, and this machine lacks, is named, and how to get it"""
        with tempfile.TemporaryDirectory() as folder:
            modules = Path(folder) / "_dstack_cluster"
            shutil.copytree(ROOT / "bindings" / "python" / "_dstack_cluster", modules)
            lacking = Path(folder) / "libnowhere.so.1"
            for path, *linked in [(lacking,), (modules / library.SONAME, lacking)]:
                command = ["cc", "-shared", "-Wl,--no-as-needed", f"-Wl,-soname,{path.name}", "-o", path, *linked]
                subprocess.run(command, check=True)
            lacking.unlink()
            program = f"import sys; sys.path.insert(0, {folder!r}); import _dstack_cluster.library"
            status, errors, _ = run(program, DSTACK_P2P_LIBRARY="", LD_PRELOAD="")
        self.assertEqual(status, 1)
        self.assertIn("(inside the wheel): libnowhere.so.1: cannot open shared object file", errors)
        self.assertIn(f"apt install {library.DEBIAN_PACKAGES}\n", errors)
        self.assertIn(f"apt install {library.DEBIAN_PACKAGES}`", (ROOT / "bindings" / "python" / "README.md").read_text())

    def test_other(self):
        """another library is refused, with the reason"""
        status, errors, _ = run("import dstack_cluster", DSTACK_P2P_LIBRARY="libc.so.6")
        self.assertEqual(status, 1)
        self.assertRegex(errors, "libc.so.6 .*undefined symbol: dstack_p2p_version")

    def test_older(self):
        """an older library is refused"""
        status, errors, _ = run(
            """
            import _dstack_cluster.version
            _dstack_cluster.version.__version__ = "0.1.1"
            import dstack_cluster
            """
        )
        self.assertEqual(status, 1)
        self.assertIn("its version is 0.1.0, at least 0.1.1 is needed", errors)

    def test_checkout(self):
        """in a checkout the build tree's library is found, after the system's"""
        status, errors, _ = run(
            f"""
            import sys
            sys.path.insert(0, {str(ROOT / "bindings" / "python")!r})
            from pathlib import Path
            import _dstack_cluster
            from _dstack_cluster.library import candidates
            print([why for _, why in candidates()], file=sys.stderr)
            """,
            DSTACK_P2P_LIBRARY="",
        )
        self.assertIn("the system's", errors)
        self.assertIn("the build tree's", errors)
        self.assertTrue(status in (0, 1))

    def test_shallow(self):
        """a copy of the modules near the root of the file system looks for the system's library, and nowhere else"""
        with mock.patch.object(library, "_HERE", Path("/app/_dstack_cluster")):
            with mock.patch.dict(os.environ, DSTACK_P2P_LIBRARY=""):
                self.assertEqual(list(library.candidates()), [(library.SONAME, "the system's")])
