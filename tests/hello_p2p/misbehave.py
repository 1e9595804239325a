#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An HTTP server that does what hostile or broken peers and nodes do, by path. Prints its port on a line."""

import argparse
import socket
import socketserver
import sys
import threading
import time

HELLO = b'{"message": "Hello from nobody!", "timestamp": 1, "peers_known": 0}'


def answer(body, status="200 OK", extra=""):
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{extra}\r\n"
    return head.encode() + body


def endless_body(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    for _ in range(1024):
        connection.sendall(b" " * 1048576)


def endless_headers(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000000):
        connection.sendall(b"X-%d: %s\r\n" % (number, b"y" * 1000))


def drip(connection):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while True:
        connection.sendall(b" ")
        time.sleep(0.5)


def silent(_connection):
    time.sleep(3600)


ANSWERS = {
    "redirect": answer(b"", "302 Found", "Location: /good/hello\r\n"),
    "control": answer(b'{"message": "\\u001b]0;owned\\u0007\\u001b[31m\\nfake line"}'),
    "c1": answer('{"message": "\x7f2J\u009b1m\u0085 and \\u007f"}'.encode()),
    "bidi": answer(b'{"message": "\\u202egpj.exe\\u2066\\u200f"}'),
    "huge": answer(b'{"message": "x", "timestamp": ' + b"9" * 60000 + b"}"),
    "raw": answer(b"\x1b]0;owned\x07\x1b[31m"),
    "html": answer(b"<html><body>502 Bad Gateway</body></html>"),
    "number": answer(b'{"message": 42}'),
    "twice": answer(b'{"message": "a", "message": "b"}'),
    "deep": answer(b"[" * 60000),
    "long": answer(b'{"message": "' + b"x" * 60000 + b'"}'),
    "markup": answer(b'{"message": "<img src=x onerror=document.title=1><script>document.title=2</script>"}'),
    "error": answer(HELLO, "500 Internal Server Error"),
    "status": b"HTTP/1.1 200 \x1b[31mred\r\n\r\n",
    "good": answer(HELLO),
}
DEEDS = {"body": endless_body, "headers": endless_headers, "drip": drip, "silent": silent}


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        request = self.request.recv(65536).decode("latin-1")
        path = request.split(" ")[1] if " " in request else "/"
        name = path.split("/")[1].split("?")[0] or self.server.default
        print(path, flush=True)
        try:
            if name in DEEDS:
                DEEDS[name](self.request)
            else:
                self.request.sendall(ANSWERS.get(name, answer(b"{}", "404 Not Found")))
        except OSError:
            pass  # the other side had enough


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 64


def hold_connections(port, count):
    """Opens connections that send a byte of a request now and then, and never the rest."""
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    print("holding", flush=True)
    while True:
        for connection in held:
            try:
                connection.sendall(b"G")
            except OSError:
                pass
        time.sleep(2)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--default", default="html", help="what / does")
    parser.add_argument("--hold", type=int, metavar="PORT", help="be a slow client instead")
    parser.add_argument("--count", type=int, default=500)
    options = parser.parse_args()
    if options.hold:
        hold_connections(options.hold, options.count)
    with Server(("127.0.0.1", 0), Handler) as server:
        server.default = options.default
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            sys.exit(0)


if __name__ == "__main__":
    main()
