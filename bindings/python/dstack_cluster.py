# SPDX-License-Identifier: MIT
"""Peer discovery for clusters of confidential VMs (dstack TEE instances).

    sdk = DStackP2PSDK("0x123...", "http://localhost:8080")
    await sdk.register()
    peers = await sdk.get_peers()

A node proves with keys that only attested code can hold that it may join, publishes its connection URL in a membership
contract on chain, and reads and watches its peers there. README.md beside this file is the manual; each class and method
has a docstring of its own.
"""

from _dstack_cluster.codes import Block, ChangeKind, Code, Evidence, Keep, LogLevel
from _dstack_cluster.errors import (
    CallerError,
    ContractError,
    DStackP2PError,
    GuestAgentError,
    NodeError,
    PaymentError,
)
from _dstack_cluster.library import library_path, library_version
from _dstack_cluster.options import NO_WAIT
from _dstack_cluster.records import Change, Identity, Peer, PeerList, Status
from _dstack_cluster.sdk import DStackP2PSDK
from _dstack_cluster.version import __version__

__all__ = [
    "Block",
    "CallerError",
    "Change",
    "ChangeKind",
    "Code",
    "ContractError",
    "DStackP2PError",
    "DStackP2PSDK",
    "Evidence",
    "GuestAgentError",
    "Identity",
    "Keep",
    "LogLevel",
    "NO_WAIT",
    "NodeError",
    "PaymentError",
    "Peer",
    "PeerList",
    "Status",
    "__version__",
    "library_path",
    "library_version",
]
