#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""An Ethereum node that lies: it passes requests on to a real one, and replaces parts of the answers.

    cli_lying_node.py NODE-URL WORD=OTHER...     prints "ready: URL"

Each WORD is replaced by OTHER in all answers, as text; "logs=" answers eth_getLogs with none, and "range=N" refuses
it for more than N blocks.
"""
import json
import sys
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NODE = sys.argv[1]
LIES = [lie.split("=", 1) for lie in sys.argv[2:]]
HIDES_LOGS = ["logs", ""] in LIES
RANGE = next((int(other) for word, other in LIES if word == "range"), None)


def ask(body):
    request = urllib.request.Request(NODE, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def is_wide(one):
    if RANGE is None or one.get("method") != "eth_getLogs":
        return False
    wanted = one["params"][0]
    return int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) >= RANGE


def refuse_wide(asked, answers):
    """An error for each question about more blocks than allowed."""
    wide = {one["id"] for one in (asked if isinstance(asked, list) else [asked]) if is_wide(one)}
    for answer in answers if isinstance(answers, list) else [answers]:
        if answer.get("id") in wide:
            answer.pop("result", None)
            answer["error"] = {"code": -32005, "message": f"query exceeds max block range {RANGE}"}
    return answers


def hide_logs(asked, answers):
    """The answers without the log entries, in a batch or alone."""
    many = asked if isinstance(asked, list) else [asked]
    for answer in answers if isinstance(answers, list) else [answers]:
        if any(one.get("id") == answer.get("id") and one.get("method") == "eth_getLogs" for one in many):
            answer["result"] = []
    return answers


class Liar(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answers = refuse_wide(json.loads(body), ask(body))
        if HIDES_LOGS:
            answers = hide_logs(json.loads(body), answers)
        text = json.dumps(answers)
        for word, other in LIES:
            if other and word != "range":
                text = text.replace(word, other)
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
print(f"ready: http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
