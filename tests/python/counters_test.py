# SPDX-License-Identifier: MIT
"""The counters of status(), held against what a relay has counted between the object and the chain."""

import time
import unittest

from dstack_cluster import NodeError
from support import Relay, make

# The bounds of rpc_within that a delay is above, whatever the machine does besides.
DELAY, ABOVE = 0.030, 3  # 5, 10 and 25 ms


class Counters(unittest.IsolatedAsyncioTestCase):
    """Counters"""

    async def test_answered(self):
        """requests are those that were sent, none before the first call; all that were answered are none that failed"""
        async with Relay() as relay, make("lines", rpc_url=relay.url) as sdk:
            status = sdk.status()
            self.assertEqual((status.rpc_requests, status.rpc_failures, status.rpc_time_us, status.changes), (0, 0, 0, 0))
            self.assertEqual(status.rpc_within, (0,) * 11)
            for _ in range(3):
                await sdk.get_peers()
                status = sdk.status()
                self.assertEqual((status.rpc_requests, status.rpc_failures), (relay.requests, 0))
            self.assertEqual(status.rpc_within[-1], relay.requests)
            self.assertEqual(list(status.rpc_within), sorted(status.rpc_within))

    async def test_times(self):
        """what was delayed is in no bound below, and in the sum, which is no more than the time that has passed"""
        async with Relay() as relay, make("lines", rpc_url=relay.url) as sdk:
            relay.delay, begin = DELAY, time.monotonic()
            for _ in range(3):
                await sdk.get_peers()
            passed, status = time.monotonic() - begin, sdk.status()
            self.assertEqual(status.rpc_within[:ABOVE], (0,) * ABOVE)
            self.assertGreaterEqual(status.rpc_time_us, relay.requests * DELAY * 1e6)
            self.assertLessEqual(status.rpc_time_us, passed * 1e6)

    async def test_refused(self):
        """what was refused has failed, each repetition too"""
        async with Relay() as relay, make("lines", rpc_url=relay.url, rpc_timeout_ms=3000) as sdk:
            await sdk.get_peers()
            relay.refusing = True
            with self.assertRaises(NodeError):
                await sdk.get_peers()
            self.assertGreater(relay.refused, 0)
            status = sdk.status()
            self.assertEqual((status.rpc_requests, status.rpc_failures), (relay.requests, relay.refused))
