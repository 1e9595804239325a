#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Serves the page's real files, and a stream of events as a node in a cluster of any size would send it: a real one of
a hundred nodes is too much for a test. Prints its port on a line. After /down was asked for, /events answers 503; after
/hang it does not answer, and that request never again; after /up all is well. /hung says how many requests hang.
"""

import argparse
import http.server
import json
import pathlib
import threading
import time

PAGE = pathlib.Path(__file__).resolve().parents[2] / "apps" / "hello_p2p" / "page"
TYPES = {".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
NOW = int(time.time())


def instance(number):
    """Forty hex digits that look like a hash."""
    return f"{(number + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC8341082276B & (1 << 160) - 1:040x}"


def peer(number):
    """Every ninth does not answer."""
    url = f"https://{instance(number)}-8080s.app.example.com"
    one = {"connection_url": url, "instance_id": instance(number), "last_contact": NOW - number,
           "greeted_us_at": NOW - 3 * number}
    if number % 9 == 4:
        return {**one, "last_contact": None, "error": "Failed to connect to 192.0.2.1 port 8080: Connection refused"}
    answer = {"message": f"Hello from {instance(number)}!", "timestamp": NOW - number, "peers_known": number}
    return {**one, "response": answer}


def state(count):
    peers = sorted((peer(number) for number in range(1, count)), key=lambda one: one["instance_id"])
    told = []
    for index, one in enumerate(peers):
        if "error" in one:
            continue
        greeted = [-1, NOW - 7]
        for other, another in enumerate(peers):
            if other != index:
                greeted += [other, 0 if "error" in another else NOW - other]
        told.append({"instance_id": one["instance_id"], "at": NOW, "greeted": greeted})
    myself = {"instance_id": instance(0), "instance_address": "0x3EFa45845852b7bF2E8C881Dd46548A9BeD73442",
              "connection_url": "https://node.example.com", "contract": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
              "chain_id": 8453, "uptime": 4000, "version": "0.1.0"}
    reading = {"age_ms": 800, "block_number": 31415926, "version": 271, "peers": count, "transport": "poll",
               "checked": True, "left_out": 2, "failures": 0, "error": "", "message": ""}
    status = {"healthy": True, "reason": "", "registered": True, "listed": True, "lease_left": 43210, "keeping": True,
              "keeper_error": "", "keeper_message": "", "reading": reading}
    changes = [{"at": NOW - 60 * number, "instance_id": one["instance_id"], "connection_url": one["connection_url"],
                "self": False, "count": count, "change": "joined", "number": 11 - number}
               for number, one in enumerate(peers[:12])][::-1]
    # The last one joined, left and joined again at once.
    changes += [{**changes[-1], "change": change, "number": 12 + number} for number, change in enumerate(["left", "joined"])]
    return {"time": NOW, "self": myself, "status": status, "peers": peers, "count": len(peers), "asks_up_to": 150, "told": told,
            "changes": changes}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def head(self, status, kind, length=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Security-Policy", self.server.policy)
        self.send_header("Cache-Control", "no-store")
        if length is None:
            self.close_connection = True
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def event(self, name, data):
        self.wfile.write(f"event: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def events(self):
        if self.server.mode == "down":
            self.head(503, "application/json", 0)
            return
        if self.server.mode == "hang":
            self.server.hung += 1
            threading.Event().wait()
        self.head(200, "text/event-stream")
        self.wfile.write(b"retry: 200\n")
        self.event("state", self.server.state)
        while self.server.mode == "up":
            time.sleep(0.5)
            self.event("status", self.server.state["status"])

    def do_GET(self):
        path = self.path.split("?")[0]
        if path in ("/down", "/hang", "/up"):
            self.server.mode = path[1:]
            self.head(200, "text/plain", 0)
            return
        if path == "/hung":
            body = str(self.server.hung).encode()
            self.head(200, "text/plain", len(body))
            self.wfile.write(body)
            return
        if path == "/events":
            try:
                self.events()
            except OSError:
                pass  # the page was left
            return
        file = PAGE / ("index.html" if path == "/" else path[1:])
        if file.parent != PAGE or file.suffix not in TYPES or not file.is_file():
            self.head(404, "text/plain", 0)
            return
        body = file.read_bytes()
        self.head(200, TYPES[file.suffix], len(body))
        self.wfile.write(body)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--policy", required=True, help="Content-Security-Policy, as the node sends it")
    options = parser.parse_args()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.policy, server.state, server.mode, server.hung = options.policy, state(options.nodes), "up", 0
        print(server.server_address[1], flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        threading.Event().wait()


if __name__ == "__main__":
    main()
