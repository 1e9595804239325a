# SPDX-License-Identifier: MIT
"""Keyword arguments to the library's options: checked here for what C would not notice, in C for the rest."""

import ctypes
import logging
import os
from enum import IntEnum
from typing import Any, Callable, Dict, Iterator, Optional, Tuple, Type, Union

from .codes import Block, Evidence, Keep, LogLevel
from .interface import LOG_FUNCTION, COptions

NO_WAIT = 2**32 - 1
"""For guest_wait_ms, where 0 means the same: ask the guest agent once and do not wait for it."""

Path = Union[str, "os.PathLike[str]"]
LogFunction = Callable[[LogLevel, str], None]

logger = logging.getLogger("dstack_cluster")

_getenv = ctypes.CDLL(None).getenv
_getenv.restype = ctypes.c_char_p

_TEXTS = ("rpc_url", "kms_root", "app_ids")
_PATHS = ("guest_endpoint", "private_key_file", "state_dir", "cache_file")
_NUMBERS = {
    "chain_id": 2**64 - 1,
    "max_fee_per_gas": 2**64 - 1,
    "max_priority_fee_per_gas": 2**64 - 1,
    "max_fee_per_day": 2**64 - 1,
    "guest_wait_ms": NO_WAIT,
    "rpc_timeout_ms": 2**32 - 1,
    "confirm_timeout_ms": 2**32 - 1,
    "poll_interval_ms": 2**32 - 1,
}
_CHOICES: Dict[str, Type[IntEnum]] = {"block": Block, "log_level": LogLevel, "evidence": Evidence, "keep": Keep}
_LEVELS = {
    LogLevel.ERROR: logging.ERROR,
    LogLevel.WARNING: logging.WARNING,
    LogLevel.INFO: logging.INFO,
    LogLevel.DEBUG: logging.DEBUG,
}


def c_text(name: str, value: object) -> Optional[bytes]:
    """A string for C. None stays None."""
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"{name} takes a str, not {type(value).__name__}")
    try:
        text = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise ValueError(f"{name} holds half a surrogate pair") from None
    if b"\0" in text:
        raise ValueError(f"{name} holds a null character")
    return text


def _text(name: str, value: object) -> Optional[bytes]:
    """An empty one means the default in C; here that is None, so that no app is never taken for any app."""
    if value == "":
        raise ValueError(f"{name} is empty; None is the default")
    return c_text(name, value)


def _path(name: str, value: object) -> Optional[bytes]:
    return _text(name, os.fspath(value) if isinstance(value, os.PathLike) else value)


def _number(name: str, value: object) -> int:
    """0 means the default in C; here that is None, so that a ceiling of 0 is never taken for the default."""
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} takes an int, not {type(value).__name__}")
    if name == "guest_wait_ms" and value == 0:
        return NO_WAIT
    if not 1 <= value <= _NUMBERS[name]:
        raise ValueError(f"{name} takes a number from 1 to {_NUMBERS[name]}, not {value}; None is the default")
    return value


def _choice(name: str, value: object) -> int:
    kind = _CHOICES[name]
    if value is None:
        return 0
    # Another choice's number would mean something else here: Keep.OFF is Evidence.REQUIRED.
    is_other = isinstance(value, (bool, IntEnum)) and not isinstance(value, kind)
    if is_other or not isinstance(value, int):
        raise TypeError(f"{name} takes a member of {kind.__name__}, not {type(value).__name__}")
    if value not in kind.__members__.values():
        names = ", ".join(f"{kind.__name__}.{member}" for member in kind.__members__)
        raise ValueError(f"{name} takes one of {names}, not {value}")
    return int(value)


def _key(value: object) -> Optional["ctypes.Array[ctypes.c_char]"]:
    """A copy that is wiped by the caller; digit by digit, because a bytes object could not be."""
    if value is None:
        return None
    if not isinstance(value, (str, bytearray)):
        raise TypeError(f"private_key takes a str or bytearray, not {type(value).__name__}")
    codes = [ord(one) for one in value] if isinstance(value, str) else value
    if any(not 0 < code < 128 for code in codes):
        raise ValueError("private_key holds other characters than hex digits")
    buffer = ctypes.create_string_buffer(len(codes) + 1)
    for index, code in enumerate(codes):
        buffer[index] = code  # type: ignore[call-overload]
    codes = []
    return buffer


def forget_private_key() -> None:
    """When the library has taken PRIVATE_KEY out of the environment, Python's copy goes, too."""
    if "PRIVATE_KEY" in os.environ and not _getenv(b"PRIVATE_KEY"):
        del os.environ["PRIVATE_KEY"]


def _to_logger(level: LogLevel, message: str) -> None:
    logger.log(_LEVELS[level], "%s", message)


def _logger_level() -> LogLevel:
    """The most detailed level that the logger wants right now."""
    levels = (level for level in reversed(LogLevel) if logger.isEnabledFor(_LEVELS[level]))
    return next(levels, LogLevel.ERROR)


def _guarded(log: LogFunction) -> LogFunction:
    """An exception has nowhere to go in C's threads, and must not end a call."""

    def tell(level: LogLevel, message: str) -> None:
        try:
            log(level, message)
        except Exception:
            logger.exception("the log function failed")

    return tell


def _receiver(tell: LogFunction) -> Any:
    """Called in C's threads."""
    return LOG_FUNCTION(lambda _context, level, message: tell(LogLevel(level), message.decode("utf-8", "replace")))


def _values(given: Dict[str, Any]) -> Iterator[Tuple[str, Union[bytes, int, None]]]:
    for name in _TEXTS:
        yield name, _text(name, given[name])
    for name in _PATHS:
        yield name, _path(name, given[name])
    for name in _NUMBERS:
        yield name, _number(name, given[name])
    for name in _CHOICES:
        yield name, _choice(name, given[name])


class Options:
    """dstack_p2p_options, and what has to live as long as a handle made with them."""

    def __init__(self, **given: Any) -> None:
        log = given["log"]
        if log is not None and not callable(log):
            raise TypeError(f"log takes a function, not {type(log).__name__}")
        self.c = COptions()
        for name, value in _values(given):
            setattr(self.c, name, value)
        if log is None and not self.c.log_level:
            self.c.log_level = _logger_level()
        self._tell = _guarded(_to_logger if log is None else log)
        self.c.log = self.receiver = _receiver(self._tell)
        self._private_key = _key(given["private_key"])
        if self._private_key is not None:
            self.c.private_key = ctypes.cast(self._private_key, ctypes.c_char_p)

    def tell(self, level: LogLevel, message: str) -> None:
        """A line that is Python's own, where C's lines go."""
        if level <= (self.c.log_level or LogLevel.WARNING):
            self._tell(level, message)

    def wipe(self) -> None:
        """Overwrites the copy of the private key. Everything was copied by the library."""
        if self._private_key is not None:
            ctypes.memset(self._private_key, 0, len(self._private_key))
        self.c.private_key = None
