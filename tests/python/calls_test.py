# SPDX-License-Identifier: MIT
"""Registering, reading, options and errors, on a real chain."""

import asyncio
import logging
import os
import pickle
import sys
import unittest

from _dstack_cluster.records import changes_between
from dstack_cluster import (
    NO_WAIT,
    CallerError,
    Code,
    ContractError,
    DStackP2PError,
    DStackP2PSDK,
    Evidence,
    GuestAgentError,
    Keep,
    LogLevel,
    NodeError,
    Peer,
    PeerList,
    PaymentError,
)
from support import CONTRACT, RPC, RUN_DIR, guest, make, silent_server

NOBODY = "0x00000000000000000000000000000000000000aa"


class Calls(unittest.IsolatedAsyncioTestCase):
    """Calls"""

    async def fails(self, kind, code, part, call):
        """Expects an error with its class, code and part of its sentence."""
        with self.assertRaises(kind) as caught:
            await call
        error = caught.exception
        self.assertEqual((error.code, error.name), (code, code.name))
        self.assertIn(part, error.message)
        self.assertIn(part, str(error))

    async def test_three_lines(self):
        """three lines, with the environment's node and guest agent"""
        os.environ.update(RPC_URL=RPC, DSTACK_SIMULATOR_ENDPOINT=guest("lines"))
        try:
            sdk = DStackP2PSDK(CONTRACT, "http://localhost:8080")
            await sdk.register()
            peers = await sdk.get_peers()
            self.assertIn("http://localhost:8080", peers)
            self.assertNotIn("http://localhost:8080", await sdk.get_peers(exclude_self=True))
            await sdk.withdraw()
            self.assertNotIn("http://localhost:8080", await sdk.get_peers())
            await sdk.close()
        finally:
            del os.environ["RPC_URL"], os.environ["DSTACK_SIMULATOR_ENDPOINT"]

    async def test_records(self):
        """records hold all fields, the list its version, block and age"""
        async with make("records", "postgres://10.0.1.1:5432/db") as sdk:
            await sdk.register()
            peers = await sdk.get_peer_records()
            own = next(peer for peer in peers if peer.is_self)
            self.assertEqual(own.instance_id, sdk.instance_id)
            self.assertEqual(own.instance_address, sdk.instance_address)
            self.assertEqual((own.connection_url, own.host, own.port), ("postgres://10.0.1.1:5432/db", "10.0.1.1", 5432))
            self.assertGreater(own.registered_at, 1600000000)
            self.assertEqual(own.expires_at, 0)
            self.assertEqual(peers[list(peers).index(own)], own)
            self.assertTrue(peers.version > 0 and peers.block_number > 0 and peers.block_time >= own.registered_at)
            self.assertLess(peers.age_ms, 60000)
            self.assertEqual(peers, await sdk.get_peer_records())
            self.assertIn("PeerList of", repr(peers))
            await sdk.withdraw()

    async def test_own_is_known_without_registering(self):
        """exclude_self works on an object that only reads, where there is a guest agent"""
        async with make("lines", "http://localhost:1") as sdk:
            await sdk.register()
        async with make("lines") as reader:
            self.assertIn("http://localhost:1", await reader.get_peers())
            self.assertNotIn("http://localhost:1", await reader.get_peers(exclude_self=True))
            await reader.withdraw()

    async def test_identity(self):
        """a coroutine asks for the identity, and never blocks on it"""
        async with make("lines") as sdk:
            with self.assertRaises(CallerError) as caught:
                sdk.instance_id
            self.assertEqual(caught.exception.code, Code.STATE)
            self.assertIn("await identity()", caught.exception.message)
            identity = await sdk.identity()
            self.assertRegex(identity.instance_id, "^[0-9a-f]{40}$")
            self.assertRegex(identity.app_id, "^[0-9a-f]{40}$")
            self.assertRegex(identity.kms_root, "^0x[0-9a-fA-F]{40}$")
            self.assertEqual(identity.payer_address, identity.instance_address)
            self.assertEqual(sdk.instance_id, identity.instance_id)
            self.assertEqual((sdk.app_id, sdk.kms_root), (identity.app_id, identity.kms_root))
            self.assertEqual((sdk.instance_address, sdk.payer_address), (identity.instance_address,) * 2)
            self.assertEqual((sdk.contract_address, sdk.connection_url), (CONTRACT, "http://localhost/lines"))
            self.assertIsNone(sdk.chain_id)
            await sdk.get_peers()
            self.assertEqual(sdk.chain_id, 31337)

    async def test_identity_after_refusal(self):
        """a registration that the contract refuses leaves the identity known"""
        async with make("stranger") as sdk:
            await self.fails(ContractError, Code.NO_NFT, "dstack-p2p mint", sdk.register())
            self.assertRegex(sdk.instance_id, "^[0-9a-f]{40}$")

    async def test_node_errors(self):
        """a node that is away, silent, limited in time, or on another chain"""
        async with make("lines", rpc_url="http://127.0.0.1:1", rpc_timeout_ms=1000) as sdk:
            await self.fails(NodeError, Code.RPC_UNREACHABLE, "127.0.0.1:1", sdk.get_peers())
            await self.fails(NodeError, Code.RPC_UNREACHABLE, "127.0.0.1:1", sdk.register())
        async with silent_server() as (url, _), make("lines", rpc_url=url, rpc_timeout_ms=500) as sdk:
            await self.fails(NodeError, Code.RPC_TIMEOUT, url[7:], sdk.get_peers())
        async with make("lines", chain_id=1) as sdk:
            await self.fails(NodeError, Code.WRONG_CHAIN, "31337", sdk.get_peers())
            await self.fails(NodeError, Code.WRONG_CHAIN, "31337", sdk.register())

    async def test_contract_errors(self):
        """no contract, another contract, no admission, no money"""
        async with make("lines", contract=NOBODY) as sdk:
            await self.fails(ContractError, Code.NO_CONTRACT, "no contract", sdk.get_peers())
        async with make("stranger") as sdk:
            await self.fails(ContractError, Code.NO_NFT, "holds no NFT", sdk.register())
        async with make("poor") as sdk:
            await self.fails(PaymentError, Code.NO_FUNDS, "fund it", sdk.register())

    async def test_guest_errors(self):
        """a guest agent that is away"""
        async with make("lines", guest_endpoint=RUN_DIR / "nothing.sock", guest_wait_ms=0) as sdk:
            await self.fails(GuestAgentError, Code.GUEST_UNREACHABLE, "nothing.sock", sdk.register())
            await self.fails(GuestAgentError, Code.GUEST_UNREACHABLE, "nothing.sock", sdk.identity())
            self.assertEqual(await sdk.get_peers(), [])

    async def test_guest_is_waited_for_once(self):
        """identity() waits for a guest agent that is away as long as guest_wait_ms says, and not once for each value"""
        lines = []
        options = {"guest_wait_ms": 200, "log": lambda _level, line: lines.append(line)}
        async with make("lines", guest_endpoint=RUN_DIR / "nothing.sock", **options) as sdk:
            await self.fails(GuestAgentError, Code.GUEST_UNREACHABLE, "nothing.sock", sdk.identity())
        self.assertEqual(["waiting for the guest agent" in line for line in lines], [True])

    async def test_empty_is_an_answer(self):
        """an empty list comes from the contract only"""
        async with make("lines") as sdk:
            self.assertEqual(await sdk.get_peers(), [])
            self.assertEqual(len(await sdk.get_peer_records()), 0)

    async def test_missing(self):
        """a missing contract or URL fails the calls that need it"""
        async with DStackP2PSDK(rpc_url=RPC, guest_endpoint=guest("lines")) as sdk:
            self.assertIsNone(sdk.contract_address)
            self.assertIsNone(sdk.connection_url)
            await self.fails(CallerError, Code.CONTRACT_ADDRESS, "CONTRACT_ADDRESS", sdk.get_peers())
            await self.fails(CallerError, Code.CONNECTION_URL, "CONNECTION_URL", sdk.register())
            await self.fails(CallerError, Code.CONTRACT_ADDRESS, "CONTRACT_ADDRESS", sdk.monitor_peers())

    async def test_closed(self):
        """a closed object says so"""
        sdk = make("lines")
        await sdk.close()
        await sdk.close()
        for call in (sdk.register, sdk.withdraw, sdk.get_peers, sdk.identity, sdk.monitor_peers):
            await self.fails(CallerError, Code.STATE, "closed", call())
        for call in (sdk.status, lambda: sdk.chain_id):
            self.assertRaises(CallerError, call)

    async def test_logger(self):
        """log lines go to the logger, as detailed as it wants them"""
        with self.assertLogs("dstack_cluster", logging.INFO) as logs:
            async with make("lines") as sdk:
                await sdk.register()
                await sdk.withdraw()
        self.assertTrue(all(line.startswith("INFO:dstack_cluster:") for line in logs.output), logs.output)

    async def test_log_function(self):
        """a log function gets them instead; its exceptions end nothing"""
        lines = []

        def log(level, message):
            lines.append((level, message))
            raise ValueError("a mistake")

        with self.assertLogs("dstack_cluster", logging.ERROR) as logs:
            async with make("lines", log=log, log_level=LogLevel.DEBUG) as sdk:
                await sdk.register()
                await sdk.withdraw()
        self.assertIn(LogLevel.INFO, {level for level, _ in lines})
        self.assertIn("the log function failed", logs.output[0])


class Arguments(unittest.TestCase):
    """Arguments"""

    def test_malformed(self):
        """what C refuses is raised at once, with the code"""
        cases = [
            (Code.CONTRACT_ADDRESS, "0x123", {"contract": "0x123"}),
            (Code.CONTRACT_ADDRESS, "checksum", {"contract": CONTRACT.lower().replace("a", "A", 1).replace("b", "B", 1)}),
            (Code.CONNECTION_URL, "URL", {"url": "http://a/" + 300 * "x"}),
            (Code.CONNECTION_URL, "URL", {"url": "http://\u00e9"}),
            (Code.CONFIG, "rpc", {"rpc_url": "gopher://x"}),
            (Code.CONFIG, "poll_interval_ms", {"poll_interval_ms": 5}),
            (Code.CONFIG, "kms_root", {"kms_root": "0x12"}),
            (Code.PRIVATE_KEY, "/no/such/file", {"private_key_file": "/no/such/file"}),
            (Code.PRIVATE_KEY, "private key", {"private_key": "12"}),
        ]
        for code, part, options in cases:
            with self.subTest(**options), self.assertRaises(CallerError) as caught:
                make("lines", **options)
            self.assertEqual(caught.exception.code, code)
            self.assertIn(part.lower(), caught.exception.message.lower())

    def test_types(self):
        """another type is a TypeError that names the argument"""
        for name, value in [
            ("rpc_url", 5),
            ("rpc_url", b"http://x"),
            ("chain_id", "1"),
            ("chain_id", True),
            ("chain_id", 1.0),
            ("block", "latest"),
            ("evidence", False),
            ("evidence", Keep.OFF),
            ("block", Evidence.OFF),
            ("log", "stderr"),
            ("private_key", 12),
            ("state_dir", 3),
            ("url", 8080),
            ("contract", 0x123),
        ]:
            with self.subTest(name=name, value=value), self.assertRaisesRegex(TypeError, name):
                make("lines", **{name: value})
        with self.assertRaisesRegex(TypeError, "rpc_urls"):
            make("lines", rpc_urls=RPC)

    def test_values(self):
        """a number out of range, or a text that is none, is a ValueError that names the argument"""
        for name, value in [
            ("chain_id", -1),
            ("chain_id", 0),
            ("chain_id", 2**64),
            ("max_fee_per_day", 0),
            ("rpc_timeout_ms", 2**32),
            ("guest_wait_ms", -1),
            ("evidence", 7),
            ("log_level", 0),
            ("rpc_url", "http://x\0y"),
            ("rpc_url", "http://\ud800"),
            ("url", "http://x\0y"),
            ("contract", "\ud800"),
            ("rpc_url", ""),
            ("app_ids", ""),
            ("kms_root", ""),
            ("state_dir", ""),
            ("cache_file", "a\0b"),
            ("private_key", "\u0661" * 64),
        ]:
            with self.subTest(name=name, value=value), self.assertRaises(ValueError) as caught:
                make("lines", **{name: value})
            self.assertIn(name, str(caught.exception))

    def test_accepted(self):
        """each option is taken, with what Python calls it"""
        sdk = make(
            "lines",
            private_key=bytearray(b"11" * 32),
            chain_id=31337,
            max_fee_per_gas=10**9,
            max_priority_fee_per_gas=10**9,
            max_fee_per_day=10**18,
            guest_wait_ms=NO_WAIT,
            rpc_timeout_ms=1000,
            confirm_timeout_ms=1000,
            state_dir=RUN_DIR / "state",
            cache_file=RUN_DIR / "cache",
            kms_root=NOBODY,
            app_ids="aa" * 20,
            evidence=Evidence.OFF,
        )
        self.assertEqual(sdk.chain_id, 31337)
        # The public account of that key, asked for outside of any event loop.
        self.assertEqual(sdk.payer_address, "0x19E7E376E7C213B7E7e7e46cc70A5dD086DAff2A")
        self.assertRegex(sdk.instance_id, "^[0-9a-f]{40}$")
        asyncio.run(sdk.close())

    def test_traced(self):
        """an object can be made in a debugger, which looks at local variables meanwhile"""

        def trace(frame, _event, _argument):
            dict(frame.f_locals)
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            sdk = make("lines")
        finally:
            sys.settrace(before)
        asyncio.run(sdk.close())

    def test_peer_urls(self):
        """hosts and ports of any URL that a peer may choose"""
        for url, host, port in [
            ("http://localhost:8080", "localhost", 8080),
            ("https://ab-1.example.org", "ab-1.example.org", 443),
            ("http://[::1]/x", "::1", 80),
            ("10.0.1.1:5432", "10.0.1.1", 5432),
            ("postgres://user:pass@db:5432/mydb", "db", 5432),
            ("redis://db", "db", None),
            ("http://x:99999", None, None),
            ("http://[::", None, None),
            ("http://", None, None),
            ("!", "!", None),
        ]:
            peer = Peer("", url, "", 0, 0, False)
            self.assertEqual((peer.host, peer.port), (host, port), url)

    def test_changes_between(self):
        """several changes of one reading come by instance id"""

        def peers(**urls):
            return PeerList(tuple(Peer(name, url, "", 0, 0, False) for name, url in urls.items()), 1, 1, 1, 0)

        before, after = peers(d="1", b="2", c="3"), peers(c="3", e="4", b="5", a="6")
        changes = changes_between(before, after)
        self.assertEqual([change.kind.name for change in changes], ["JOINED", "CHANGED", "LEFT", "JOINED"])
        self.assertEqual([change.peer.connection_url for change in changes], ["6", "5", "1", "4"])
        self.assertEqual([change.previous and change.previous.connection_url for change in changes], [None, "2", None, None])
        self.assertTrue(all(change.peers is after for change in changes))
        self.assertEqual(changes_between(after, after), [])

    def test_errors_travel(self):
        """an error survives pickling, as between processes, and a traceback names what can be imported"""
        error = pickle.loads(pickle.dumps(ContractError(42, "no NFT")))
        self.assertEqual((type(error), error.code, str(error)), (ContractError, Code.NO_NFT, "no NFT (NO_NFT, 42)"))
        self.assertIsInstance(error, DStackP2PError)
        for kind in (DStackP2PError, *DStackP2PError.__subclasses__()):
            self.assertEqual(kind.__module__, "dstack_cluster")
