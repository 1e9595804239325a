# SPDX-License-Identifier: MIT
"""What a node of hello_p2p.py knows: its peers and what came of greeting them, and how that is shown."""

import asyncio
import logging
import re
import time
from typing import Any, Dict, Optional

from dstack_cluster import Change, ChangeKind, DStackP2PSDK, Peer
from hello_http import Answer, get_json

BACKOFF_FIRST, BACKOFF_MAX = 0.5, 60.0
AT_ONCE = 32
STRANGERS_MAX = 256

log = logging.getLogger("hello_p2p")


def printable(value: object) -> str:
    """What others say, for logs and pages: bounded, without control characters."""
    return "".join(one if " " <= one <= "~" else "?" for one in str(value)[:256])


def number(value: object) -> Optional[int]:
    """A count or a time that somebody else claims."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


class Greeted:
    """A peer, and what came of greeting it."""

    def __init__(self, peer: Peer, greeted_us_at: Optional[int]) -> None:
        self.peer = peer
        self.greeted_us_at = greeted_us_at
        self.last_contact: Optional[int] = None
        self.response: Optional[Dict[str, Any]] = None
        self.error: Optional[str] = None
        self.task: Optional["asyncio.Task[None]"] = None

    def view(self) -> Dict[str, Any]:
        """As /peers shows it."""
        view: Dict[str, Any] = {
            "connection_url": self.peer.connection_url,
            "instance_id": self.peer.instance_id,
            "last_contact": self.last_contact,
            "greeted_us_at": self.greeted_us_at,
        }
        if self.response is not None:
            view["response"] = self.response
        if self.error is not None:
            view["error"] = self.error
        return view


class Node:
    """What the node knows: filled in by the membership, shown by the views."""

    def __init__(self, poll_seconds: float) -> None:
        self.sdk: Optional[DStackP2PSDK] = None
        self.instance_id: Optional[str] = None
        self.reason: Optional[str] = "waiting for the guest agent"
        self.listed = False
        self.private_peers = False
        self.others: Dict[str, Greeted] = {}
        self._strangers: Dict[str, int] = {}
        self._started = time.monotonic()
        self._stale_ms = 3000 * poll_seconds + 15000
        self._places = asyncio.Semaphore(AT_ONCE)

    # ---- Peers

    def on_change(self, change: Change) -> None:
        """Takes in a change of the membership."""
        if change.kind == ChangeKind.SNAPSHOT:
            log.info("watching: %d in the cluster", len(change.peers))
            for peer in change.peers:
                self._put(peer)
        elif change.peer is not None:
            who = "this node" if change.peer.is_self else "peer"
            url, count = change.peer.connection_url, len(change.peers)
            log.info("%s %s: %s (%d in the cluster)", who, change.kind.name.lower(), url, count)
            self._remove(change.peer) if change.kind == ChangeKind.LEFT else self._put(change.peer)

    def _put(self, peer: Peer) -> None:
        if peer.is_self:
            self.listed = self.sdk is not None and peer.connection_url == self.sdk.connection_url
            return
        before = self._remove(peer)
        at = before.greeted_us_at if before else self._strangers.pop(peer.instance_id, None)
        item = self.others[peer.instance_id] = Greeted(peer, at)
        item.task = asyncio.get_running_loop().create_task(self._greet(item))

    def _remove(self, peer: Peer) -> Optional[Greeted]:
        if peer.is_self:
            self.listed = False
        item = self.others.pop(peer.instance_id, None)
        if item and item.task:
            item.task.cancel()
        return item

    async def _greet(self, item: Greeted) -> None:
        """Until it answers, with growing pauses."""
        pause = BACKOFF_FIRST
        while not await self._greet_once(item):
            await asyncio.sleep(pause)
            pause = min(2 * pause, BACKOFF_MAX)

    async def _greet_once(self, item: Greeted) -> bool:
        url = item.peer.connection_url
        try:
            async with self._places:
                answer = await get_json(url, f"/hello?from={self.instance_id}", self.private_peers)
            if not isinstance(answer, dict) or not isinstance(answer.get("message"), str):
                raise ValueError("the answer has no message")
        except (OSError, ValueError) as error:
            item.error = printable(str(error) or type(error).__name__)
            log.warning("%s: %s", printable(url), item.error)
            return False
        item.error, item.last_contact = None, int(time.time())
        item.response = {"message": printable(answer["message"])}
        item.response.update((name, number(answer.get(name))) for name in ("timestamp", "peers_known"))
        log.info("%s says: %s", printable(url), item.response["message"])
        return True

    def end(self) -> None:
        """Greets nobody any more, and says so; the object is about to be closed."""
        self.sdk, self.reason = None, "ending"
        for item in self.others.values():
            if item.task:
                item.task.cancel()

    # ---- Views

    def hello(self, fields: Dict[str, str]) -> Answer:
        """GET /hello?from=ID"""
        if self.instance_id is None:
            return 503, {"error": "the instance id is not known yet"}
        self._heard(fields.get("from", ""))
        message = f"Hello from {self.instance_id}!"
        return 200, {"message": message, "timestamp": int(time.time()), "peers_known": len(self.others)}

    def _heard(self, sender: str) -> None:
        if not re.fullmatch("[0-9a-f]{40}", sender):
            return
        if sender in self.others:
            self.others[sender].greeted_us_at = int(time.time())
        elif len(self._strangers) < STRANGERS_MAX or sender in self._strangers:
            self._strangers[sender] = int(time.time())  # before we know of it

    def info(self, _fields: Dict[str, str]) -> Answer:
        """GET /info"""
        sdk = self.sdk
        return 200, {
            "instance_id": self.instance_id,
            "connection_url": sdk.connection_url if sdk else None,
            "peers_count": len(self.others),
            "uptime": int(time.monotonic() - self._started),
            "contract": sdk.contract_address if sdk else None,
            "chain_id": (sdk.chain_id or 0) if sdk else 0,
            "registered": self.reason is None and self.listed,
        }

    def peers(self, _fields: Dict[str, str]) -> Answer:
        """GET /peers"""
        items = [self.others[instance_id] for instance_id in sorted(self.others)]
        return 200, {"peers": [item.peer.connection_url for item in items], "peer_info": [item.view() for item in items]}

    def health(self, _fields: Dict[str, str]) -> Answer:
        """GET /health"""
        if self.reason is not None or self.sdk is None:
            return self._unwell(f"not registered: {self.reason}")
        status = self.sdk.status()
        if status.age_ms is None:
            return self._unwell(f"the contract has not been read yet: {status.message}")
        if status.age_ms > self._stale_ms:
            return self._unwell(f"the last reading of the contract is {status.age_ms // 1000} s old: {status.message}")
        if not self.listed:
            return self._unwell(f"the contract does not list this node: {status.keep_message}")
        if status.keep_code:
            return 200, {"status": "ok", "warning": f"the registration cannot be kept up: {status.keep_message}"}
        return 200, {"status": "ok"}

    @staticmethod
    def _unwell(reason: str) -> Answer:
        return 503, {"status": "unavailable", "reason": reason}
