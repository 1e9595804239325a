# SPDX-License-Identifier: MIT
"""DStackP2PSDK, which is what users see of all this."""

import asyncio
import warnings
from inspect import isawaitable
from types import TracebackType
from typing import AsyncGenerator, Awaitable, Callable, List, Optional, Type, Union

from .codes import Block, Code, Evidence, Keep, LogLevel
from .errors import error_of
from .handle import Handle
from .library import lib
from .options import LogFunction, Options, Path, c_text, forget_private_key
from .records import Change, Identity, PeerList, Status, changes_between
from .watch import Watch

Callback = Callable[[List[str]], Union[None, Awaitable[None]]]

# After a failure of these the guest agent had answered already: node, contract, payment.
_GUEST_ANSWERED = (3, 4, 5)


class DStackP2PSDK:
    """One node's view of one cluster.

        sdk = DStackP2PSDK("0x123...", "http://localhost:8080")
        await sdk.register()
        peers = await sdk.get_peers()

    contract   address of the DstackMembershipNFT; None: CONTRACT_ADDRESS
    url        the connection URL to publish; None: CONNECTION_URL; not needed by who never registers. It will be public
               on chain: no secrets.

    The keyword arguments are the options of the C library, with its names; None means the default. README.md lists them.
    Making an object connects to nothing. A malformed argument, option or variable raises DStackP2PError (a CallerError);
    one of another type TypeError, a number out of range or an empty option ValueError.

    Calls never block the event loop. They are made one after another, in a thread of the object's own; use several objects
    for what is to run at the same time. An object is used by one event loop at a time, from that loop's thread. Close it
    with close(), or use it in `async with`.

    Cancelling the task that awaits a call ends the call at once. A transaction that may have left already is not undone: the
    CancelledError then has a PaymentError with the code UNCONFIRMED and the hash in it as its __cause__.
    """

    def __init__(
        self,
        contract: Optional[str] = None,
        url: Optional[str] = None,
        *,
        rpc_url: Optional[str] = None,
        guest_endpoint: Optional[Path] = None,
        private_key_file: Optional[Path] = None,
        private_key: Union[str, bytearray, None] = None,
        chain_id: Optional[int] = None,
        max_fee_per_gas: Optional[int] = None,
        max_priority_fee_per_gas: Optional[int] = None,
        max_fee_per_day: Optional[int] = None,
        guest_wait_ms: Optional[int] = None,
        rpc_timeout_ms: Optional[int] = None,
        confirm_timeout_ms: Optional[int] = None,
        poll_interval_ms: Optional[int] = None,
        block: Optional[Block] = None,
        log_level: Optional[LogLevel] = None,
        log: Optional[LogFunction] = None,
        state_dir: Optional[Path] = None,
        cache_file: Optional[Path] = None,
        kms_root: Optional[str] = None,
        app_ids: Optional[str] = None,
        evidence: Optional[Evidence] = None,
        keep: Optional[Keep] = None,
    ) -> None:
        given = dict(locals())  # a copy: in Python 3.12 a debugger adds to locals() while it is gone through
        for name in ("self", "contract", "url"):
            del given[name]
        options = Options(**given)
        try:
            self._handle = Handle(c_text("contract", contract), c_text("url", url), options)
        finally:
            options.wipe()
            forget_private_key()
        self._identity: Optional[Identity] = None
        self._watch: Optional[Watch] = None
        self._contract_address = self._handle.text("dstack_p2p_contract_address")
        self._connection_url = self._handle.text("dstack_p2p_connection_url")

    # ---- Membership

    async def register(self) -> None:
        """Registers this node as a peer with its connection URL, or renews its lease when less than half of it is left.
        Sends nothing when that is already so: call it every minute to stay registered, or have monitor_peers() or changes()
        run, which keep the registration up from here on."""
        await self._handle.call(lambda pointer: self._send(pointer, "dstack_p2p_register"))

    async def withdraw(self) -> None:
        """Withdraws this node from the peers; its NFT stays. Sends nothing when it is not registered."""
        await self._handle.call(lambda pointer: self._send(pointer, "dstack_p2p_withdraw"))

    def _send(self, pointer: int, function: str) -> None:
        code = getattr(lib, function)(pointer)
        error = self._handle.error() if code else None
        if error is None or code // 10 in _GUEST_ANSWERED:
            self._ask_identity(pointer)
        if error is not None:
            raise error

    async def get_peers(self, *, exclude_self: bool = False) -> List[str]:
        """The connection URLs of the live peers, in the order in which they joined, this node's own among them if it is
        registered. An empty list only when the contract said so; what could not be asked is an exception.

        exclude_self   leaves this node's own out. It is known by its instance id, which register() or identity() has asked
                       the guest agent for; get_peers() itself asks an agent that is there, and does not wait for one."""
        return (await self.get_peer_records()).urls(exclude_self=exclude_self)

    async def get_peer_records(self) -> PeerList:
        """The same with all that is known of each peer, and of how new the list is."""
        return await self._handle.call(lambda pointer: self._handle.take(lib.dstack_p2p_get_peers(pointer)))

    # ---- Monitor

    async def monitor_peers(self, callback: Optional[Callback] = None, *, exclude_self: bool = False) -> None:
        """Watches the peers, and keeps this node's registration up, until the task is cancelled or the object is closed.

        callback   called with the list of URLs as get_peers() returns it: first with what there is, then each time it has
                   changed. It may be a coroutine function, which is awaited before the next call; it then gets the latest
                   list, not each one in between. It runs in the event loop and must not block it. An exception of it ends
                   the watching and is raised here.

        While the node cannot be asked the last list stays, and nothing is raised: status() tells how old it is, and why."""
        if callback is not None and not callable(callback):
            raise TypeError(f"monitor_peers() takes a function, not {type(callback).__name__}")
        told: Optional[List[str]] = None
        watch = self._watch_here()
        listener = watch.join()
        try:
            while (peers := await listener.next()) is not None:
                urls = peers.urls(exclude_self=exclude_self)
                if callback is not None and urls != told:
                    told = urls
                    await _deliver(callback, list(urls))
        finally:
            await watch.leave(listener)

    async def changes(self) -> AsyncGenerator[Change, None]:
        """Watches as monitor_peers() does, and tells changes one by one: `async for change in sdk.changes()`. The first one
        is a SNAPSHOT of what there is. Who is slow gets the differences between what was seen last and what is: somebody
        who came and went meanwhile is not told of. Ends when the object is closed."""
        seen: Optional[PeerList] = None
        watch = self._watch_here()
        listener = watch.join()
        try:
            while (peers := await listener.next()) is not None:
                for change in changes_between(seen, peers):
                    yield change
                seen = peers
        finally:
            await watch.leave(listener)

    def _watch_here(self) -> Watch:
        if self._handle.is_closed:
            raise self._handle.closed_error()
        self._watch = self._own_watch() or Watch(self._handle)
        return self._watch

    def _own_watch(self) -> Optional[Watch]:
        """That of this event loop. Another loop's can neither be shared nor ended from here, unless that loop is no more."""
        watch = self._watch
        if watch is None or watch.loop is asyncio.get_running_loop():
            return watch
        if watch.is_watching and not watch.loop.is_closed():
            raise error_of(Code.STATE, "another event loop watches with this object: end that in its own loop first")
        return None

    def status(self) -> Status:
        """The monitor's state, at once."""
        return self._handle.status()

    # ---- Identity

    async def identity(self) -> Identity:
        """Who this node is. Asks the guest agent, and waits for it (guest_wait_ms), when that is not known yet."""
        if self._identity is None:
            await self._handle.call(self._ask_identity_or_fail)
        return self._known_identity()

    def _ask_identity(self, pointer: int) -> bool:
        if self._identity is not None:
            return True
        values = []
        for name in ("instance_id", "instance_address", "app_id", "kms_root", "payer_address"):
            value = self._handle.text("dstack_p2p_" + name)
            if value is None:
                return False  # at once: each of the others would wait for the guest agent again
            values.append(value)
        self._identity = Identity(*values)
        return True

    def _ask_identity_or_fail(self, pointer: int) -> None:
        if not self._ask_identity(pointer):
            raise self._handle.error()

    def _known_identity(self) -> Identity:
        """What is known. Outside of an event loop, where nothing can be held up, the guest agent is asked and waited for."""
        if self._identity is None and not _in_event_loop():
            self._handle.wait(self._ask_identity_or_fail)
        if self._identity is None:
            raise error_of(Code.STATE, "this node's identity is not known yet: await identity() or register() first")
        return self._identity

    @property
    def instance_id(self) -> str:
        """This node's instance id, 40 lowercase hex digits. Known after register(), withdraw() or identity(); before, a
        coroutine gets a CallerError (STATE) rather than a loop that stands still, and anybody else has it asked for."""
        return self._known_identity().instance_id

    @property
    def instance_address(self) -> str:
        """Address of the node's derived key, EIP-55. As instance_id."""
        return self._known_identity().instance_address

    @property
    def app_id(self) -> str:
        """The app id, 40 lowercase hex digits. As instance_id."""
        return self._known_identity().app_id

    @property
    def kms_root(self) -> str:
        """The KMS root that certified the app's key, EIP-55. As instance_id."""
        return self._known_identity().kms_root

    @property
    def payer_address(self) -> str:
        """Who pays for gas, EIP-55. As instance_id."""
        return self._known_identity().payer_address

    @property
    def contract_address(self) -> Optional[str]:
        """The contract's address, EIP-55; None when there is none."""
        return self._contract_address

    @property
    def connection_url(self) -> Optional[str]:
        """The connection URL to be published; None when there is none."""
        return self._connection_url

    @property
    def chain_id(self) -> Optional[int]:
        """The chain id, as configured or answered by the node; None while unknown."""
        return self._handle.chain_id() or None

    # ---- The end

    async def close(self) -> None:
        """Ends calls on their way (they fail with CANCELLED, or UNCONFIRMED; those that have not begun with STATE) and watching,
        and frees everything. The contract lists this node until its lease ends: see withdraw(). May be called again."""
        watch = None if self._handle.is_closed else self._own_watch()
        try:
            if watch is not None:
                await watch.close()
        finally:
            self._handle.shutdown()
            await self._handle.joined()

    async def __aenter__(self) -> "DStackP2PSDK":
        return self

    async def __aexit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        await self.close()

    def __del__(self) -> None:
        handle: Optional[Handle] = getattr(self, "_handle", None)
        if handle is None or handle.is_closed:
            return
        handle.shutdown()
        warnings.warn(f"unclosed {self!r}: await its close()", ResourceWarning, source=self)

    def __repr__(self) -> str:
        return f"<DStackP2PSDK of contract {self._contract_address}>"


async def _deliver(callback: Callback, urls: List[str]) -> None:
    answer = callback(urls)
    if isawaitable(answer):
        await answer


def _in_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
