#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A headless Chromium, driven by chromedriver's WebDriver protocol; one command per call, the session in a file.

    browser.py FILE start DRIVER-PORT PROFILE-DIR    browser.py FILE open URL
    browser.py FILE js EXPRESSION                    prints its value as JSON
    browser.py FILE wait SECONDS EXPRESSION          until it is true
    browser.py FILE keys TEXT                        to the element that has the focus; {Tab} and the like are keys
    browser.py FILE screen WIDTH HEIGHT              of a phone below 500
    browser.py FILE media NAME=VALUE...              prefers-color-scheme=dark
    browser.py FILE log                              what the console got since the last call: a line each
    browser.py FILE shot PNG                         what the screen shows, as a picture
    browser.py FILE stop
"""

import base64
import http.client
import json
import re
import sys
import time

KEYS = {"Tab": "\ue004", "Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Right": "\ue014", "Home": "\ue011",
        "End": "\ue010", "Space": " "}
ARGUMENTS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-extensions", "--disable-background-networking", "--disable-component-update",
             "--no-proxy-server", "--window-size=1280,900"]


class Browser:
    def __init__(self, path):
        self.path = path

    def load(self):
        with open(self.path, encoding="ascii") as file:
            self.driver, self.session = json.load(file)
        return self

    def ask(self, method, path, body=None):
        data = json.dumps(body if body is not None else {}).encode() if method == "POST" else None
        connection = http.client.HTTPConnection("127.0.0.1", self.driver, timeout=60)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise SystemExit(f"browser: {path}: {text.decode()[:600]}")
        return json.loads(text)["value"]

    def do(self, method, path, body=None):
        return self.ask(method, f"/session/{self.session}{path}", body)

    def devtools(self, command, **parameters):
        return self.do("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def start(self, port, profile):
        self.driver = int(port)
        options = {"args": [*ARGUMENTS, f"--user-data-dir={profile}"]}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}}
        self.session = self.ask("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})["sessionId"]
        with open(self.path, "w", encoding="ascii") as file:
            json.dump([self.driver, self.session], file)

    def stop(self):
        self.do("DELETE", "")

    def open(self, url):
        self.do("POST", "/url", {"url": url})

    def value(self, expression):
        return self.do("POST", "/execute/sync", {"script": f"return ({expression});", "args": []})

    def js(self, expression):
        print(json.dumps(self.value(expression)))

    def wait(self, seconds, expression):
        deadline = time.monotonic() + float(seconds)
        while not self.value(expression):
            if time.monotonic() > deadline:
                raise SystemExit(f"browser: not within {seconds} s: {expression}")
            time.sleep(0.05)

    def keys(self, text):
        actions = []
        for part in re.findall(r"\{\w+\}|.", text):
            key = KEYS[part[1:-1]] if len(part) > 1 else part
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.do("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def screen(self, width, height):
        phone = int(width) < 500
        self.devtools("Emulation.setDeviceMetricsOverride", width=int(width), height=int(height),
                      deviceScaleFactor=2 if phone else 1, mobile=phone)

    def media(self, *settings):
        features = [dict(zip(("name", "value"), setting.split("=", 1))) for setting in settings]
        self.devtools("Emulation.setEmulatedMedia", features=features)

    def log(self):
        for entry in self.do("POST", "/se/log", {"type": "browser"}):
            print(entry["level"], entry["source"], entry["message"])

    def shot(self, path):
        picture = self.devtools("Page.captureScreenshot", format="png")
        with open(path, "wb") as file:
            file.write(base64.b64decode(picture["data"]))


def main():
    browser, (command, *arguments) = Browser(sys.argv[1]), sys.argv[2:]
    if command != "start":
        browser.load()
    getattr(browser, command)(*arguments)


if __name__ == "__main__":
    main()
