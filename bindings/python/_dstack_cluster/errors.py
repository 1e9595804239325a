# SPDX-License-Identifier: MIT
"""What is raised when a call fails."""

from typing import Dict, Type

from .codes import Code
from .library import lib


class DStackP2PError(Exception):
    """A call failed. Its subclasses say who failed."""

    code: int
    """A Code; a plain number when the library is newer than this module and has more of them."""
    name: str
    """The code's name, "NO_NFT"; "UNKNOWN" for a number without one."""
    message: str
    """A sentence: what is wrong, and what to do about it."""

    def __init__(self, code: int, message: str) -> None:
        try:
            self.code = Code(code)
            self.name = self.code.name
        except ValueError:
            self.code = code
            self.name = "UNKNOWN"
        self.message = message
        super().__init__(code, message)

    @property
    def is_transient(self) -> bool:
        """Whether the same call may succeed later though nobody does anything: who failed may only be away."""
        return bool(lib.dstack_p2p_code_is_transient(self.code))

    def __str__(self) -> str:
        return f"{self.message} ({self.name}, {int(self.code)})"


class CallerError(DStackP2PError):
    """An argument, the configuration, this machine, or the state of the object (10 to 19)."""


class GuestAgentError(DStackP2PError):
    """The guest agent (20 to 29)."""


class NodeError(DStackP2PError):
    """The Ethereum node (30 to 39)."""


class ContractError(DStackP2PError):
    """The contract refuses, or is not there (40 to 49)."""


class PaymentError(DStackP2PError):
    """Fees, funds, or a transaction that is not confirmed (50 to 59)."""


_WHO: Dict[int, Type[DStackP2PError]] = {
    1: CallerError,
    2: GuestAgentError,
    3: NodeError,
    4: ContractError,
    5: PaymentError,
}

for _kind in (DStackP2PError, *_WHO.values()):
    _kind.__module__ = "dstack_cluster"  # whence it can be imported, which is what a traceback should say


def error_of(code: int, message: str) -> DStackP2PError:
    """The exception for a code of the library."""
    return _WHO.get(code // 10, DStackP2PError)(code, message)
