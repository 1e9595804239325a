# SPDX-License-Identifier: MIT
"""What the example makes of peers, where whole nodes would be too slow to show it."""

import asyncio
import sys
import unittest

from dstack_cluster import Peer
from support import ROOT

sys.path.insert(0, str(ROOT / "examples" / "python"))
from hello_node import Greeted, Node  # which is found there only now


class Example(unittest.IsolatedAsyncioTestCase):
    """Example"""

    async def test_wordless(self):
        """hello_p2p.py tells why a peer was not greeted, also where the error has no words"""

        async def end(reader, writer):
            await reader.read(65536)
            writer.close()

        server = await asyncio.start_server(end, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        node = Node(1.0)
        node.instance_id, node.private_peers = "aa" * 20, True
        item = Greeted(Peer("bb" * 20, f"https://127.0.0.1:{port}", "", 0, 0, False), None)
        with self.assertLogs("hello_p2p"):
            self.assertFalse(await node._greet_once(item))
        self.assertRegex(item.error, "[a-z]")
        server.close()
