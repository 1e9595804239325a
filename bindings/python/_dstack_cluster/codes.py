# SPDX-License-Identifier: MIT
"""The numbers of include/dstack_p2p.h. A test compares them with the header."""

from enum import IntEnum


class Code(IntEnum):
    """Every way to fail, grouped by who failed: 1x the caller or this machine, 2x the guest agent, 3x the Ethereum
    node, 4x the contract, 5x the payment. A later library may have more of them."""

    OK = 0
    INVALID_ARGUMENT = 10
    CONTRACT_ADDRESS = 11
    CONNECTION_URL = 12
    PRIVATE_KEY = 13
    CONFIG = 14
    NO_MEMORY = 15
    CANCELLED = 16
    STATE = 17
    SYSTEM = 18
    GUEST_UNREACHABLE = 20
    GUEST_REFUSED = 21
    GUEST_ANSWER = 22
    NO_INSTANCE_ID = 23
    KEY_CHAIN = 24
    NO_KMS_SIGNATURE = 25
    RPC_UNREACHABLE = 30
    RPC_TIMEOUT = 31
    RPC_ANSWER = 32
    RPC_ERROR = 33
    RPC_LIMITED = 34
    WRONG_CHAIN = 35
    NO_CONTRACT = 40
    OTHER_CONTRACT = 41
    NO_NFT = 42
    BANNED = 43
    PAUSED = 44
    APP_NOT_ALLOWED = 45
    WRONG_KMS_ROOT = 46
    URL_REFUSED = 47
    REVERTED = 48
    NOT_AUTHORISED = 49
    FEE_CEILING = 50
    SPEND_CEILING = 51
    NO_FUNDS = 52
    UNCONFIRMED = 53


class LogLevel(IntEnum):
    """How detailed log lines are."""

    ERROR = 1
    WARNING = 2
    INFO = 3
    DEBUG = 4


class Block(IntEnum):
    """Which block get_peers() and the monitor read."""

    LATEST = 0
    SAFE = 1
    FINALIZED = 2


class Evidence(IntEnum):
    """Whether peers are checked against the evidence in the contract's events, which a node cannot invent."""

    AUTO = 0  # checked where the KMS root is known, as it is in a dstack VM
    REQUIRED = 1  # checked, and no list without a known KMS root
    OFF = 2  # the node is trusted


class Keep(IntEnum):
    """Whether a running monitor looks after this node's registration."""

    ON = 0  # from register() until withdraw()
    OFF = 1  # the application calls register() itself


class ChangeKind(IntEnum):
    """What happened to a peer."""

    SNAPSHOT = 0  # the first list: no peer is meant
    JOINED = 1
    LEFT = 2  # withdrawn, removed or expired
    CHANGED = 3  # another URL, address or start of membership
