# SPDX-License-Identifier: MIT
"""What the library tells, as Python objects that never change."""

import time
from dataclasses import dataclass
from typing import Iterator, List, Optional, Sequence, Tuple, Union, overload

from .codes import ChangeKind
from .interface import RPC_BOUNDS_MS, CPeer, CStatus
from .library import lib

_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}
_NEVER_READ = 2**64 - 1


def _text(value: Optional[bytes]) -> str:
    return (value or b"").decode("utf-8", "replace")


@dataclass(frozen=True)
class Peer:
    """A peer, as the contract lists it."""

    instance_id: str
    """40 lowercase hex digits."""
    connection_url: str
    """1 to 256 characters of printable ASCII; chosen by the peer: not trusted input."""
    instance_address: str
    """"0x" and 40 hex digits, EIP-55: the peer's derived key."""
    registered_at: int
    """Start of its uninterrupted membership, in seconds since 1970 by the chain's clock."""
    expires_at: int
    """End of its lease, by the same clock; 0 = never."""
    is_self: bool
    """This node; False while its instance id is not known."""

    def _split(self) -> Tuple[str, Optional[str], Optional[int]]:
        from urllib.parse import urlsplit  # takes longer to import than all of this

        url = self.connection_url
        try:
            parts = urlsplit(url if "://" in url else "//" + url)
            return parts.scheme, parts.hostname, parts.port
        except ValueError:
            return "", None, None

    @property
    def host(self) -> Optional[str]:
        """The URL's host in lower case, without brackets; None when it has none, or is malformed."""
        return self._split()[1]

    @property
    def port(self) -> Optional[int]:
        """The URL's port, or its scheme's for http, https, ws and wss; None when it has neither."""
        scheme, host, port = self._split()
        return port if port is not None or host is None else _PORTS.get(scheme)


class PeerList(Sequence[Peer]):
    """The peers, ordered by (registered_at, instance_id), and how new that is. Equal when the peers are."""

    version: int
    """Membership version of the contract: equal versions, equal membership, but for leases that ended."""
    block_number: int
    """Number of the block the list is at least as new as."""
    block_time: int
    """Time of that block, in seconds since 1970."""

    def __init__(self, peers: Tuple[Peer, ...], version: int, block_number: int, block_time: int, age_ms: int) -> None:
        self._peers = peers
        self.version = version
        self.block_number = block_number
        self.block_time = block_time
        self._read_at = time.monotonic() - age_ms / 1000

    @property
    def age_ms(self) -> int:
        """Milliseconds since the node answered with this list."""
        return int((time.monotonic() - self._read_at) * 1000)

    def urls(self, *, exclude_self: bool = False) -> List[str]:
        """The connection URLs, in order."""
        return [peer.connection_url for peer in self._peers if not (exclude_self and peer.is_self)]

    @overload
    def __getitem__(self, index: int) -> Peer: ...

    @overload
    def __getitem__(self, index: slice) -> Tuple[Peer, ...]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Peer, Tuple[Peer, ...]]:
        return self._peers[index]

    def __len__(self) -> int:
        return len(self._peers)

    def __iter__(self) -> Iterator[Peer]:
        return iter(self._peers)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PeerList) and self._peers == other._peers

    def __hash__(self) -> int:
        return hash(self._peers)

    def __repr__(self) -> str:
        return f"<PeerList of {len(self)}, version {self.version}, block {self.block_number}>"


@dataclass(frozen=True)
class Change:
    """A change of the membership."""

    kind: ChangeKind
    peer: Optional[Peer]
    """Whom it is about; as last known, when it has left. None for the SNAPSHOT."""
    previous: Optional[Peer]
    """What it was before, when it has CHANGED."""
    peers: PeerList
    """The whole new list, which already holds all changes of the same reading."""


@dataclass(frozen=True)
class Identity:
    """Who this node is, as its guest agent says."""

    instance_id: str
    """40 lowercase hex digits."""
    instance_address: str
    """Address of the node's derived key, EIP-55."""
    app_id: str
    """40 lowercase hex digits."""
    kms_root: str
    """Address of the KMS root that certified the app's key, EIP-55: what the contract should trust."""
    payer_address: str
    """Who pays for gas, EIP-55: the private key's address, else the instance address."""


@dataclass(frozen=True)
class Status:
    """State of the monitor. Codes are of Code, 0 when it went well; times are seconds since 1970."""

    running: bool
    code: int
    """Of the last reading."""
    failures: int
    """Readings failed in a row."""
    peers: int
    """Number of peers in the last list."""
    version: int
    block_number: int
    """Of the last reading that went well."""
    block_time: int
    age_ms: Optional[int]
    """Since the last reading that went well; None before it."""
    transport: str
    """How changes are noticed: "poll" or "subscription"."""
    message: str
    """Sentence to code; "" when 0."""
    registered: bool
    """The last list holds this node, with whatever URL."""
    checked: bool
    """All peers of the last list were checked against their evidence."""
    keeping: bool
    """The monitor looks after this node's registration."""
    left_out: int
    """Peers that the contract lists, and whose evidence does not hold."""
    lease_expires_at: int
    """End of this node's lease; 0 = never, or not registered."""
    keep_code: int
    """Of the last try to keep the registration up."""
    keep_message: str
    rpc_requests: int
    """HTTP requests to the nodes since the object was made, repetitions included."""
    rpc_failures: int
    rpc_time_us: int
    rpc_within: Tuple[int, ...]
    """How many took at most 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000 ms."""
    changes: int
    """Joined, left and changed, since the monitor was started first."""


def _peer(item: CPeer) -> Peer:
    return Peer(
        _text(item.instance_id),
        _text(item.connection_url),
        _text(item.instance_address),
        item.registered_at,
        item.expires_at,
        item.is_self,
    )


def take_list(pointer: int) -> PeerList:
    """Copies a list of the library and frees it. Any thread."""
    try:
        at = lib.dstack_p2p_peers_at
        return PeerList(
            tuple(_peer(at(pointer, i).contents) for i in range(lib.dstack_p2p_peers_count(pointer))),
            lib.dstack_p2p_peers_version(pointer),
            lib.dstack_p2p_peers_block_number(pointer),
            lib.dstack_p2p_peers_block_time(pointer),
            lib.dstack_p2p_peers_age_ms(pointer),
        )
    finally:
        lib.dstack_p2p_peers_free(pointer)


def status_of(raw: CStatus) -> Status:
    """The same, for Python."""
    values = {name: getattr(raw, name) for name, *_ in CStatus._fields_ if name != "reserved"}
    for name in ("transport", "message", "keep_message"):
        values[name] = _text(values[name])
    values["age_ms"] = None if raw.age_ms == _NEVER_READ else raw.age_ms
    values["rpc_within"] = tuple(raw.rpc_within)
    assert len(values["rpc_within"]) == len(RPC_BOUNDS_MS)
    return Status(**values)


def _differs(a: Peer, b: Peer) -> bool:
    return (a.connection_url, a.instance_address, a.registered_at) != (
        b.connection_url,
        b.instance_address,
        b.registered_at,
    )


def changes_between(before: Optional[PeerList], after: PeerList) -> List[Change]:
    """What happened between two lists, by instance id, as the C monitor tells it. Goes through each once, without sorting them:
    this is done in the event loop."""
    if before is None:
        return [Change(ChangeKind.SNAPSHOT, None, None, after)]
    gone = {peer.instance_id: peer for peer in before}
    found = {}
    for now in after:
        was = gone.pop(now.instance_id, None)
        if was is None:
            found[now.instance_id] = Change(ChangeKind.JOINED, now, None, after)
        elif _differs(was, now):
            found[now.instance_id] = Change(ChangeKind.CHANGED, now, was, after)
    for was in gone.values():
        found[was.instance_id] = Change(ChangeKind.LEFT, was, None, after)
    return [found[instance_id] for instance_id in sorted(found)]
