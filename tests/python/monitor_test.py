# SPDX-License-Identifier: MIT
"""Watching while other nodes come and go, on a real chain."""

import asyncio
import unittest

from dstack_cluster import CallerError, ChangeKind, Code, Keep
from support import make, rpc, stop, until

JOINS, LEAVES = "http://localhost/joins", "http://localhost/leaves"


class Lists(list):
    """What a callback was given; sorted, because who joined within one second is listed by instance id."""

    def add(self, peers):
        self.append(sorted(peers))


class Monitor(unittest.IsolatedAsyncioTestCase):
    """Monitor"""

    async def asyncSetUp(self):
        self.joins, self.leaves = make("joins"), make("leaves")
        await self.leaves.register()

    async def asyncTearDown(self):
        for sdk in (self.joins, self.leaves):
            await sdk.withdraw()
            await sdk.close()

    async def watch(self, sdk, callback, **options):
        """Has it watch in a task, and waits for the first list."""
        task = asyncio.ensure_future(sdk.monitor_peers(callback, **options))
        await until(lambda: sdk.status().age_ms is not None)
        return task

    async def test_callback(self):
        """a callback sees the first list and each new one"""
        lists = Lists()
        async with make("watch") as sdk:
            task = await self.watch(sdk, lists.add)
            await until(lambda: lists == [[LEAVES]])
            await self.joins.register()
            await until(lambda: lists[1:] == [[JOINS, LEAVES]])
            await self.leaves.withdraw()
            await until(lambda: lists[2:] == [[JOINS]])
            status = sdk.status()
            self.assertTrue(status.running and status.code == Code.OK and status.peers == 1)
            await stop(task)
            self.assertTrue(task.cancelled())
            self.assertFalse(asyncio.get_running_loop().remove_reader(sdk._handle.monitor_fd()))
            self.assertFalse(sdk.status().running)

    async def test_async_callback(self):
        """an async callback is awaited; what passes meanwhile is not piled up, the last list comes"""
        lists, go = Lists(), asyncio.Event()

        async def callback(peers):
            lists.add(peers)
            await go.wait()

        async with make("watch") as sdk:
            task = await self.watch(sdk, callback)
            await until(lambda: lists)
            await self.joins.register()
            await until(lambda: sdk.status().peers == 2)
            await self.joins.withdraw()
            await until(lambda: sdk.status().peers == 1)
            await self.leaves.withdraw()
            await until(lambda: sdk.status().peers == 0)
            self.assertEqual(lists, [[LEAVES]])
            go.set()
            await until(lambda: lists == [[LEAVES], []])
            await stop(task)

    async def test_exclude_self(self):
        """exclude_self leaves this node out, and is not called for its own changes"""
        all_lists, others = Lists(), Lists()
        async with make("watch") as sdk:
            await sdk.identity()
            tasks = [await self.watch(sdk, all_lists.add), await self.watch(sdk, others.add, exclude_self=True)]
            await until(lambda: all_lists == [[LEAVES]] and others == [[LEAVES]])
            await sdk.register()
            await until(lambda: all_lists[1:] == [[LEAVES, "http://localhost/watch"]])
            await self.joins.register()
            await until(lambda: others[1:] == [[JOINS, LEAVES]])
            for task in tasks:
                await stop(task)
            await sdk.withdraw()

    async def test_changes(self):
        """changes come one by one, with the peer and the whole list"""
        async with make("watch") as sdk:
            changes = sdk.changes()
            first = await changes.__anext__()
            self.assertEqual((first.kind, first.peer, first.previous), (ChangeKind.SNAPSHOT, None, None))
            self.assertEqual(first.peers.urls(), [LEAVES])
            self.assertEqual(sdk.status().changes, 0)
            await self.joins.register()
            joined = await changes.__anext__()
            self.assertEqual((joined.kind, joined.peer.connection_url), (ChangeKind.JOINED, JOINS))
            self.assertEqual(sorted(joined.peers.urls()), [JOINS, LEAVES])
            self.assertGreater(joined.peers.version, first.peers.version)
            async with make("joins", "http://localhost/moved") as moved:
                await moved.register()
            changed = await changes.__anext__()
            self.assertEqual(changed.kind, ChangeKind.CHANGED)
            self.assertEqual(changed.previous.connection_url, JOINS)
            self.assertEqual(changed.peer.connection_url, "http://localhost/moved")
            await self.leaves.withdraw()
            left = await changes.__anext__()
            self.assertEqual((left.kind, left.peer.connection_url), (ChangeKind.LEFT, LEAVES))
            await changes.aclose()
            status = sdk.status()
            self.assertEqual((status.running, status.changes, status.peers, status.left_out), (False, 3, 1, 0))
            self.assertEqual((status.version, status.checked), (left.peers.version, True))
            self.assertIn(status.transport, ("poll", "subscription"))

    async def test_late_listener(self):
        """who listens later gets the list at once; the monitor ends with the last one"""
        first, second = Lists(), Lists()
        async with make("watch") as sdk:
            one = await self.watch(sdk, first.add)
            await until(lambda: first)
            two = asyncio.ensure_future(sdk.monitor_peers(second.add))
            await until(lambda: second == [[LEAVES]])
            await stop(one)
            self.assertTrue(sdk.status().running)
            await self.joins.register()
            await until(lambda: second[1:] == [[JOINS, LEAVES]])
            self.assertEqual(first, [[LEAVES]])
            await stop(two)
            self.assertFalse(sdk.status().running)
            # And again, after the end.
            again = await self.watch(sdk, first.add)
            await until(lambda: first[1:] == [[JOINS, LEAVES]])
            await stop(again)

    async def test_stop_and_start_at_once(self):
        """watching that begins while an earlier one ends is not disturbed by it"""
        async with make("watch") as sdk:
            for _ in range(10):
                lists = Lists()
                task = asyncio.ensure_future(sdk.monitor_peers(lists.add))
                await asyncio.sleep(0)
                task.cancel()
                after = asyncio.ensure_future(sdk.monitor_peers(lists.add))
                await until(lambda: lists)
                self.assertEqual(lists, [[LEAVES]])
                await stop(after)
                self.assertTrue(task.done())

    async def test_callback_fails(self):
        """an exception of the callback ends the watching and reaches who awaits it"""

        def sync(_peers):
            raise KeyError("a mistake")

        async def later(_peers):
            await asyncio.sleep(0)
            raise KeyError("a mistake")

        async with make("watch") as sdk:
            for callback in (sync, later):
                with self.assertRaisesRegex(KeyError, "a mistake"):
                    await sdk.monitor_peers(callback)
                self.assertFalse(sdk.status().running)
            self.assertEqual(await sdk.get_peers(), [LEAVES])

    async def test_no_callback(self):
        """what cannot be called is refused at once, not with the first list"""
        async with make("watch", rpc_url="http://127.0.0.1:1") as sdk:
            with self.assertRaisesRegex(TypeError, "takes a function, not list"):
                await sdk.monitor_peers([])
            self.assertFalse(sdk.status().running)

    async def test_callback_calls(self):
        """a callback may use the object"""
        seen = []
        async with make("watch") as sdk:

            async def callback(_peers):
                seen.append(await sdk.get_peers())
                await sdk.close()

            await sdk.monitor_peers(callback)
        self.assertEqual(seen, [[LEAVES]])

    async def test_close_ends_it(self):
        """close() ends watching without an error"""
        async with make("watch") as sdk:
            task = await self.watch(sdk, None)
            changes = sdk.changes()
            await changes.__anext__()
            await sdk.close()
            self.assertIsNone(await task)
            self.assertEqual([change async for change in changes], [])

    async def test_node_away(self):
        """while the node is away the status tells why, and nothing is raised"""
        lists = Lists()
        async with make("watch", rpc_url="http://127.0.0.1:1") as sdk:
            task = asyncio.ensure_future(sdk.monitor_peers(lists.add))
            await until(lambda: sdk.status().failures >= 2)
            self.assertFalse(task.done())
            status = sdk.status()
            self.assertEqual(status.code, Code.RPC_UNREACHABLE)
            self.assertIn("127.0.0.1:1", status.message)
            self.assertIsNone(status.age_ms)
            self.assertEqual(lists, [])
            await stop(task)

    async def test_keeps_registration(self):
        """a running monitor keeps the registration up; Keep.OFF does not"""
        async with make("watch") as sdk, make("watch", keep=Keep.OFF) as other:
            await sdk.register()
            tasks = [await self.watch(sdk, None), await self.watch(other, None)]
            await until(lambda: sdk.status().keeping and sdk.status().registered)
            self.assertEqual(sdk.status().keep_code, Code.OK)
            await other.register()
            self.assertFalse(other.status().keeping)
            for task in tasks:
                await stop(task)
            await sdk.withdraw()

    async def test_failing_start(self):
        """what cannot be watched is an error, each time"""
        async with make("watch", contract=None) as sdk:
            for _ in range(2):
                with self.assertRaises(CallerError) as caught:
                    await sdk.monitor_peers(print)
                self.assertEqual(caught.exception.code, Code.CONTRACT_ADDRESS)

    async def test_busy_object(self):
        """lists arrive while a call waits"""
        lists = Lists()
        async with make("watch") as sdk:
            await sdk.identity()
            task = await self.watch(sdk, lists.add)
            await until(lambda: lists)
            rpc("evm_setAutomine", False)
            try:
                waiting = asyncio.ensure_future(sdk.register())
                await until(lambda: int(rpc("txpool_status")["pending"], 16) == 1)
                self.assertTrue(sdk.status().running)
            finally:
                rpc("evm_setAutomine", True)
                rpc("evm_mine")
            await waiting
            await until(lambda: lists[-1] == [LEAVES, "http://localhost/watch"])
            await stop(task)
            await sdk.withdraw()
