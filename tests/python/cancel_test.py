# SPDX-License-Identifier: MIT
"""Cancelling at once, and an event loop that never stands still."""

import asyncio
import time
import unittest

from dstack_cluster import CallerError, Code, DStackP2PError, LogLevel, PaymentError
from support import Ticker, make, rpc, silent_server, stop, until

# Seconds, far from both sides: a busy machine, and the minutes that are left to what is ended, or the four seconds that a call
# would hold up the event loop.
AT_ONCE = 2.5
STANDSTILL = 2.0


class Cancel(unittest.IsolatedAsyncioTestCase):
    """Cancel"""

    async def ended_at_once(self, task, arrived):
        """Cancels it once it has got to where it waits."""
        await until(lambda: arrived)
        begin = time.monotonic()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertLess(time.monotonic() - begin, AT_ONCE)

    async def test_register(self):
        """register() and identity() against a guest agent that does not answer"""
        async with silent_server() as (url, seen), make("lines", guest_endpoint=url) as sdk:
            for call in (sdk.register, sdk.identity, sdk.withdraw):
                seen.clear()
                await self.ended_at_once(asyncio.ensure_future(call()), seen)

    async def test_register_without_guest(self):
        """register() while it waits for a guest agent that is not there"""
        async with make("lines", guest_endpoint="/nothing.sock") as sdk:
            task = asyncio.ensure_future(sdk.register())
            await asyncio.sleep(0.2)
            self.assertFalse(task.done())
            await self.ended_at_once(task, [1])

    async def test_get_peers(self):
        """get_peers() against a node that hangs; the object goes on to work"""
        async with silent_server() as (url, seen), make("lines", rpc_url=url, rpc_timeout_ms=60000) as sdk:
            await sdk.identity()
            for _ in range(3):
                seen.clear()
                await self.ended_at_once(asyncio.ensure_future(sdk.get_peers()), seen)
            self.assertRegex((await sdk.identity()).instance_id, "^[0-9a-f]{40}$")

    async def test_timeout(self):
        """asyncio.wait_for()"""
        async with silent_server() as (url, _), make("lines", guest_endpoint=url) as sdk:
            begin = time.monotonic()
            with self.assertRaises(asyncio.TimeoutError):
                await asyncio.wait_for(sdk.register(), 0.2)
            self.assertLess(time.monotonic() - begin, 0.2 + AT_ONCE)

    async def test_only_that_call(self):
        """cancelling one call leaves those behind it alone, and one that waits for its turn is never made"""
        async with silent_server() as (url, seen), make("lines", guest_endpoint=url) as sdk:
            first = asyncio.ensure_future(sdk.register())
            await until(lambda: seen)
            second, third = asyncio.ensure_future(sdk.register()), asyncio.ensure_future(sdk.withdraw())
            await asyncio.sleep(0.05)
            await self.ended_at_once(second, [1])
            self.assertFalse(first.done())
            seen.clear()
            await self.ended_at_once(first, [1])
            await until(lambda: seen)
            self.assertFalse(third.done())
            await stop(third)

    async def test_again_and_again(self):
        """a cancellation that crosses the call's end hits nobody else"""
        async with make("lines") as sdk:
            for turn in range(200):
                task = asyncio.ensure_future(sdk.get_peers())
                await asyncio.sleep(0.00002 * turn)
                task.cancel()
                with self.assertRaises(asyncio.CancelledError):
                    await task
                    raise asyncio.CancelledError  # it was done before
                self.assertEqual(await sdk.get_peers(), [])

    async def test_twice(self):
        """a second cancellation does not get ahead of the call's end"""
        async with silent_server() as (url, seen), make("lines", guest_endpoint=url) as sdk:
            task = asyncio.ensure_future(sdk.register())
            await until(lambda: seen)
            task.cancel()
            await asyncio.sleep(0)
            await self.ended_at_once(task, [1])
            self.assertRaises(CallerError, lambda: sdk.instance_id)

    async def test_sent(self):
        """a transaction that may have left is the cause of the CancelledError, however often the task is cancelled"""
        async with make("pending") as sdk:
            rpc("evm_setAutomine", False)
            try:
                with self.assertLogs("dstack_cluster", "WARNING") as logs:
                    await self.cancelled_in_flight(sdk)
                self.assertIn("0x", logs.output[-1])
            finally:
                rpc("evm_setAutomine", True)
                rpc("evm_mine")
            await sdk.register()
            self.assertEqual(await sdk.get_peers(), ["http://localhost/pending"])
            await sdk.withdraw()

    async def test_sent_is_told(self):
        """that goes to who wants the log lines"""
        lines = []
        async with make("pending", log=lambda level, line: lines.append((level, line))) as sdk:
            rpc("evm_setAutomine", False)
            try:
                await self.cancelled_in_flight(sdk)
            finally:
                rpc("evm_setAutomine", True)
                rpc("evm_mine")
            await sdk.withdraw()
        self.assertEqual([level for level, line in lines if "a call was cancelled: the transaction 0x" in line], [LogLevel.WARNING])

    async def cancelled_in_flight(self, sdk):
        """The coroutine that makes the call sees the reason; a task's own CancelledError is asyncio's affair."""
        caught = []

        async def register():
            try:
                await sdk.register()
            except asyncio.CancelledError as error:
                caught.append(error.__cause__)
                raise

        task = asyncio.ensure_future(register())
        await until(lambda: int(rpc("txpool_status")["pending"], 16) == 1)
        task.cancel()
        await asyncio.sleep(0)
        await self.ended_at_once(task, [1])
        self.assertIsInstance(caught[0], PaymentError)
        self.assertEqual(caught[0].code, Code.UNCONFIRMED)
        self.assertRegex(caught[0].message, "0x[0-9a-f]{64}")

    async def test_close_ends_calls(self):
        """close() ends calls of other tasks, with an error of theirs"""
        async with silent_server() as (url, seen):
            sdk = make("lines", guest_endpoint=url)
            tasks = [asyncio.ensure_future(sdk.register()), asyncio.ensure_future(sdk.get_peers())]
            await until(lambda: seen)
            begin = time.monotonic()
            await sdk.close()
            errors = await asyncio.gather(*tasks, return_exceptions=True)
            self.assertLess(time.monotonic() - begin, AT_ONCE)
            self.assertTrue(all(isinstance(error, DStackP2PError) for error in errors), errors)
            self.assertEqual([error.code for error in errors], [Code.CANCELLED, Code.STATE])

    async def test_loop_goes_on(self):
        """the event loop goes on while calls wait, start, end, and are cancelled"""
        async with silent_server() as (url, seen), Ticker() as ticker:
            stuck = make("lines", guest_endpoint=url)
            slow = make("lines", rpc_url=url, rpc_timeout_ms=4000)
            tasks = [asyncio.ensure_future(stuck.register()), asyncio.ensure_future(stuck.monitor_peers())]
            tasks.append(asyncio.ensure_future(slow.monitor_peers()))
            with self.assertRaises(DStackP2PError):
                await slow.get_peers()
            async with make("lines") as sdk:
                await sdk.register()
                self.assertEqual(len(await sdk.get_peers()), 1)
                await sdk.withdraw()
            for task in tasks:
                await stop(task)
            for sdk in (stuck, slow):
                await sdk.close()
            self.assertTrue(seen)
        self.assertLess(ticker.longest, STANDSTILL)
