#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Loads a hello_p2p: slow clients, slow readers, and requests at a given rate, each on a connection of its own.

Prints one JSON object: what was served and how fast, and how the server's memory and descriptors (--pid) went from
the warmed-up state to the end.
"""

import argparse
import collections
import errno
import json
import os
import resource
import selectors
import socket
import time

PATHS = ["/hello", "/info", "/peers", "/health"]
TIMEOUT_S = 5
PIPELINED = 100  # fits into what the server reads at once


def connect(port, receive_buffer=None):
    sock = socket.socket()
    if receive_buffer:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    sock.setblocking(False)
    code = sock.connect_ex(("127.0.0.1", port))
    if code not in (0, errno.EINPROGRESS):
        sock.close()
        return None
    return sock


class Slow:
    """Clients that act once a second, one after the other, and come back when they are thrown out."""

    def __init__(self, port, count, act, receive_buffer=None):
        self.port, self.act, self.receive_buffer = port, act, receive_buffer
        self.held = [None] * count
        self.next, self.cut, self.rest = 0, 0, 0.0

    def turn(self, seconds):
        """Lets as many act as fall into this much time."""
        share = min(len(self.held), seconds * len(self.held) + self.rest) if self.held else 0
        self.rest = share % 1
        for _ in range(int(share)):
            self.one(self.next)
            self.next = (self.next + 1) % len(self.held)

    def one(self, index):
        if self.held[index] is None:
            self.held[index] = connect(self.port, self.receive_buffer)
            return
        try:
            self.act(self.held[index])
        except BlockingIOError:
            pass
        except OSError:
            self.held[index].close()
            self.held[index] = None
            self.cut += 1


def send_a_byte(sock):
    sock.send(b"G")


def read_a_byte(sock):
    """Asks for much more than it reads: soon the answers fill all buffers on the way."""
    try:
        sock.send(b"GET /peers HTTP/1.1\r\nHost: a\r\n\r\n" * PIPELINED)
    except BlockingIOError:
        pass
    if not sock.recv(1):
        raise ConnectionResetError


class Requests:
    """Requests that are begun at a steady rate, whether earlier ones are answered or not."""

    def __init__(self, port):
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.order = collections.deque()
        self.begun = self.served = 0
        self.failures = collections.Counter()
        self.latencies = []

    def begin(self):
        path = PATHS[self.begun % len(PATHS)]
        self.begun += 1
        sock = connect(self.port)
        if sock is None:
            self.failures["connect"] += 1
            return
        item = {"sock": sock, "path": path, "since": time.monotonic(), "answer": b"", "open": True}
        self.order.append(item)
        self.selector.register(sock, selectors.EVENT_WRITE, item)

    def end(self, item, failure=None):
        item["open"] = False
        self.selector.unregister(item["sock"])
        item["sock"].close()
        if failure:
            self.failures[failure] += 1
        else:
            self.served += 1
            self.latencies.append(time.monotonic() - item["since"])

    def step(self, item, events):
        sock = item["sock"]
        if events & selectors.EVENT_WRITE:
            sock.send(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % item["path"].encode())
            self.selector.modify(sock, selectors.EVENT_READ, item)
            return
        data = sock.recv(65536)
        item["answer"] += data
        if data:
            return
        whole = item["answer"].startswith(b"HTTP/1.1 200 ") and item["answer"].endswith(b"}\n")
        self.end(item, None if whole else "answer")

    def poll(self, seconds):
        for key, events in self.selector.select(seconds):
            try:
                self.step(key.data, events)
            except OSError as problem:
                self.end(key.data, errno.errorcode.get(problem.errno, "error"))
        while self.order and not self.order[0]["open"]:
            self.order.popleft()
        while self.order and time.monotonic() - self.order[0]["since"] > TIMEOUT_S:
            item = self.order.popleft()
            if item["open"]:
                self.end(item, "timeout")


def size_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as lines:
        fields = dict(line.split(":", 1) for line in lines)
    return {"resident_kib": int(fields["VmRSS"].split()[0]), "files": len(os.listdir(f"/proc/{pid}/fd"))}


def percentile(values, share):
    return round(1000 * values[min(len(values) - 1, int(share * len(values)))], 1) if values else None


def run(options):
    requests = Requests(options.port)
    slow = [Slow(options.port, options.slow, send_a_byte), Slow(options.port, options.readers, read_a_byte, 4096)]
    begin = last = time.monotonic()
    sizes = []
    while (now := time.monotonic()) < begin + options.seconds:
        for clients in slow:
            clients.turn(now - last)
        last = now
        due = int((now - begin - options.warm_up) * options.rate)
        for _ in range(min(due - requests.begun, 100)):
            requests.begin()
        requests.poll(0.002)
        if now - begin - options.warm_up >= len(sizes) * options.sample and now - begin > options.warm_up + 1:
            sizes.append(size_of(options.pid))
    deadline = time.monotonic() + TIMEOUT_S + 1
    while requests.order and time.monotonic() < deadline:
        requests.poll(0.05)
    latencies = sorted(requests.latencies)
    return {
        "begun": requests.begun,
        "served": requests.served,
        "failures": dict(requests.failures),
        "per_second": round(requests.served / (options.seconds - options.warm_up)),
        "median_ms": percentile(latencies, 0.5),
        "p99_ms": percentile(latencies, 0.99),
        "most_ms": percentile(latencies, 1),
        "slow_cut": slow[0].cut,
        "slow_held": sum(sock is not None for sock in slow[0].held),
        "readers_cut": slow[1].cut,
        "first": sizes[0],
        "last": size_of(options.pid),
        "most_resident_kib": max(size["resident_kib"] for size in sizes),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port", type=int)
    parser.add_argument("--pid", type=int, required=True, help="the server's process")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rate", type=float, default=1000, help="requests a second")
    parser.add_argument("--slow", type=int, default=500, help="clients that send a byte a second")
    parser.add_argument("--readers", type=int, default=50, help="clients that read a byte a second")
    parser.add_argument("--warm-up", type=float, default=2, help="seconds before the requests begin")
    parser.add_argument("--sample", type=float, default=1, help="seconds between looks at the server's size")
    options = parser.parse_args()
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    print(json.dumps(run(options)))


if __name__ == "__main__":
    main()
