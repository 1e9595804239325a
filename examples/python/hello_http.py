# SPDX-License-Identifier: MIT
"""Just enough HTTP for hello_p2p.py: a server of JSON and a client for it, both with bounds on everything."""

import asyncio
import ipaddress
import json
import socket
import ssl
from typing import Any, Callable, Dict, Optional, Set, Tuple
from urllib.parse import SplitResult, parse_qs, urlsplit

HEAD_MAX = 16 * 1024
BODY_MAX = 64 * 1024
CLIENTS_MAX = 500
IDLE_SECONDS = 10.0
GREETING_SECONDS = 5.0

Answer = Tuple[int, Dict[str, Any]]
View = Callable[[Dict[str, str]], Answer]

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 503: "Service Unavailable"}


# ---- The server


def _answer(views: Dict[str, View], head: bytes) -> Tuple[Answer, bool]:
    """What is answered to a request, and whether with its body."""
    words = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        return (400, {"error": "this is no HTTP request"}), True
    if words[0] not in ("GET", "HEAD"):
        return (405, {"error": "only GET and HEAD are served"}), True
    path, _, query = words[1].partition("?")
    view = views.get(path)
    if view is None:
        return (404, {"error": "there are " + ", ".join(views)}), words[0] == "GET"
    fields = {name: values[0] for name, values in parse_qs(query).items()}
    return view(fields), words[0] == "GET"


def _response(answer: Answer, with_body: bool) -> bytes:
    status, value = answer
    body = (json.dumps(value, indent=2) + "\n").encode()
    allow = "Allow: GET, HEAD\r\n" if status == 405 else ""
    head = (
        f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
        f"Content-Length: {len(body)}\r\n{allow}Connection: close\r\n\r\n"
    )
    return head.encode() + (body if with_body else b"")


async def serve(host: str, port: int, views: Dict[str, View]) -> asyncio.AbstractServer:
    """Serves the views, by path. One request a connection, which lasts ten seconds at most."""
    clients: Set[asyncio.StreamWriter] = set()

    async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(_response(*_answer(views, await reader.readuntil(b"\r\n\r\n"))))
        await writer.drain()

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(clients) >= CLIENTS_MAX:
            writer.close()
            return
        clients.add(writer)
        try:
            await asyncio.wait_for(exchange(reader, writer), IDLE_SECONDS)
        except (OSError, asyncio.TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            writer.transport.abort()
        except asyncio.CancelledError:
            # The program ends. Nobody waits for this task, and asyncio's streams in 3.11 and 3.12 stumble over a cancelled one.
            writer.transport.abort()
        finally:
            clients.discard(writer)
            writer.close()

    return await asyncio.start_server(client, host, port, limit=HEAD_MAX)


# ---- The client


def _parse_url(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("not an http or https URL that can be greeted")
    return parts


def is_private(url: str) -> bool:
    """Whether a URL's host is an address that is not public, or localhost."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return False


async def _connect(parts: SplitResult, may_be_private: bool) -> Tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects to an address that was looked at: a name that changes its answer gains nothing."""
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    failure: Optional[OSError] = None
    found = await asyncio.get_running_loop().getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    for *_, address in found:
        host = str(address[0])
        if not may_be_private and not ipaddress.ip_address(host.partition("%")[0]).is_global:
            failure = OSError("its address is not a public one: not connected to")
            continue
        try:
            context = ssl.create_default_context() if secure else None
            name = parts.hostname if secure else None
            return await asyncio.open_connection(host, port, ssl=context, server_hostname=name, limit=HEAD_MAX)
        except OSError as error:
            failure = error
    raise failure or OSError("its name has no address")


async def _read(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    words = head.split(b"\r\n", 1)[0].split(b" ")
    if len(words) < 2 or words[1] != b"200":
        raise ValueError("HTTP status " + words[1].decode("latin-1") if len(words) > 1 else "no HTTP answer")
    body = b""
    while len(body) <= BODY_MAX:
        part = await reader.read(BODY_MAX)
        if not part:
            return body
        body += part
    raise ValueError("the answer is too long")


async def _ask(url: str, path: str, may_be_private: bool) -> Any:
    parts = _parse_url(url)
    reader, writer = await _connect(parts, may_be_private)
    try:
        # HTTP/1.0, so that the answer ends with the connection and comes in one piece.
        target = parts.path.rstrip("/") + path
        writer.write(f"GET {target} HTTP/1.0\r\nHost: {parts.netloc}\r\n\r\n".encode("ascii"))
        return json.loads(await _read(reader))
    finally:
        writer.transport.abort()


async def get_json(url: str, path: str, may_be_private: bool) -> Any:
    """What a peer answers below its connection URL. OSError or ValueError, with a sentence, when it does not."""
    try:
        return await asyncio.wait_for(_ask(url, path, may_be_private), GREETING_SECONDS)
    except asyncio.TimeoutError:
        raise OSError("no answer in time") from None
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        raise OSError("the answer is cut off or too long") from None
    except RecursionError:
        raise ValueError("the answer is nested too deeply") from None
