# SPDX-License-Identifier: MIT
"""Finds and loads the C library. What was tried stands in the ImportError."""

import ctypes
import os
from pathlib import Path
from typing import Iterator, List, Tuple

from .interface import FUNCTIONS
from .version import __version__

SONAME = "libdstack-p2p.so.1"
DEBIAN_PACKAGES = "libcurl4 libjansson4 libsecp256k1-1 libnettle8 libwslay1"
_HERE = Path(__file__).resolve().parent
_INSIDE = "inside the wheel"


def _from_build_tree() -> Iterator[str]:
    checkout = _HERE.parent.parent.parent  # a copy in a shallow folder has fewer parents: they end at the root
    if not (checkout / "include" / "dstack_p2p.h").is_file():
        return
    for preset in ("release", "dev"):
        yield str(checkout / "build" / preset / "src" / SONAME)


def candidates() -> Iterator[Tuple[str, str]]:
    """Where the library may be, and why there, in order. DSTACK_P2P_LIBRARY leaves no choice."""
    named = os.environ.get("DSTACK_P2P_LIBRARY")
    if named:
        yield named, "DSTACK_P2P_LIBRARY"
        return
    if (_HERE / SONAME).exists():
        # Not optional: a wheel's own library that cannot be loaded lacks something, and another would hide that.
        yield str(_HERE / SONAME), _INSIDE
        return
    yield SONAME, "the system's"
    for path in _from_build_tree():
        yield path, "the build tree's"


def _numbers(version: str) -> Tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _check(library: ctypes.CDLL) -> None:
    """The structures here are those of one header: an older library may know less, another soname other ones."""
    found = str(library.dstack_p2p_version().decode())
    if _numbers(found) < _numbers(__version__):
        raise OSError(f"its version is {found}, at least {__version__} is needed")


def _load(path: str) -> ctypes.CDLL:
    library = ctypes.CDLL(path)
    for name, (result, arguments) in FUNCTIONS.items():
        function = getattr(library, name)
        function.restype = result
        function.argtypes = arguments
    _check(library)
    return library


def _remedy(why: str) -> str:
    if why == _INSIDE:
        return f"The wheel's library needs some of the system's; on Debian 12: apt install {DEBIAN_PACKAGES}"
    return "Install the wheel or the library, or name it in DSTACK_P2P_LIBRARY."


def _find() -> Tuple[ctypes.CDLL, str]:
    tried: List[str] = []
    why = ""
    for path, why in candidates():
        try:
            return _load(path), path
        except (OSError, AttributeError, ValueError) as error:
            tried.append(f"{path} ({why}): {error}")
    raise ImportError(
        "dstack_cluster needs the C library of dstack-p2p. Tried: "
        + "; ".join(tried)
        + f". {_remedy(why)}",
        name="dstack_cluster",
    )


lib, library_path = _find()


def library_version() -> str:
    """Version of the C library in use, "major.minor.patch"."""
    return str(lib.dstack_p2p_version().decode())
