# SPDX-License-Identifier: MIT
"""Compiler and test runner as processes that end when they should."""

import json
import os
import re
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from project import CONTRACTS, HERE


class ToolProblem(Exception):
    """Something is wrong with the tools or with how they are used here, not with a mutant."""


class OutOfTime(Exception):
    pass


class CompilerEnded(Exception):
    """It crashed, or was ended because it took too long."""


def kill_group(process: subprocess.Popen):
    """The process and all that it has started."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


class Compiler:
    """solc, in a process that is started when first needed and again after it was ended."""

    # Its memory only grows.
    LIFETIME = 60

    def __init__(self):
        self._process = None
        self._compiled = 0

    def compile(self, request: dict, limit: float) -> dict:
        """Takes and gives standard JSON."""
        if self._compiled >= self.LIFETIME:
            self.close()
        if self._process is None:
            self._start()
        self._compiled += 1
        timer = threading.Timer(limit, kill_group, [self._process])
        timer.start()
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        finally:
            timer.cancel()
        if not answer.endswith(b"\n"):
            self.close()
            raise CompilerEnded()
        return json.loads(answer)

    def _start(self):
        self._process = subprocess.Popen(
            ["node", str(HERE / "solc_server.js")], cwd=CONTRACTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._compiled = 0

    def close(self):
        if self._process is not None:
            kill_group(self._process)
        self._process, self._compiled = None, 0


@dataclass(frozen=True)
class TestResult:
    file: str
    contract: str
    test: str  # with its parameters' types
    passed: bool
    seconds: float

    @property
    def name(self) -> str:
        return f"{self.contract}.{self.test.split('(')[0]}"


class Forge:
    """forge test in a copy of contracts/ where everything is compiled already."""

    _UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}

    def __init__(self, folder: Path):
        self.folder = folder
        self._process = None

    def build(self):
        result = subprocess.run(
            ["forge", "build"], cwd=self.folder, env=self._environment(), text=True, capture_output=True
        )
        if result.returncode != 0:
            raise ToolProblem("forge build: " + result.stdout + result.stderr)

    def test(self, contracts: list[str], limit: float, only=(), without=(), fail_fast=True) -> list[TestResult]:
        """Runs these test contracts, of which only, or all without, some tests, given without their parameters."""
        command = ["forge", "test", "--json", "--threads", "1", "--match-contract", _any_of(contracts) + "$"]
        # The same inputs for every mutant, and every time.
        command += ["--fuzz-seed", "1"]
        if fail_fast:
            command.append("--fail-fast")
        if only:
            command += ["--match-test", _any_of(only) + r"\("]
        if without:
            command += ["--no-match-test", _any_of(without) + r"\("]
        self._forget()
        output = self._run(command, limit)
        if output.startswith("No tests found"):
            return []
        try:
            suites = json.loads(output)
        except json.JSONDecodeError:
            raise ToolProblem(f"{' '.join(command)}: {output}") from None
        return [result for name, suite in suites.items() for result in self._results(name, suite)]

    def _run(self, command: list[str], limit: float) -> str:
        self._process = subprocess.Popen(
            command, cwd=self.folder, env=self._environment(), text=True, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, start_new_session=True,
        )
        try:
            output, errors = self._process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            raise OutOfTime() from None
        finally:
            kill_group(self._process)
        return output if output.startswith("{") else output + errors

    def _results(self, name: str, suite: dict):
        file, contract = name.split(":")
        for test, result in suite["test_results"].items():
            passed = result["status"] != "Failure"
            yield TestResult(file, contract, test, passed, self._seconds(result["duration"]))

    def _seconds(self, text: str) -> float:
        return sum(float(part[0]) * self._UNITS[part[1]] for part in re.findall(r"([\d.]+)([^\d\s.]+)", text))

    def _forget(self):
        """Counterexamples that an earlier mutant has left behind: a test run from nothing would not know them."""
        for name in ("fuzz", "invariant"):
            shutil.rmtree(self.folder / "cache" / name, ignore_errors=True)

    @staticmethod
    def _environment() -> dict[str, str]:
        # What is compiled without the optimizer is longer than a chain would take.
        return {**os.environ, "FORGE_SNAPSHOT_CHECK": "false", "FOUNDRY_CODE_SIZE_LIMIT": "1000000"}

    def close(self):
        if self._process is not None and self._process.poll() is None:
            kill_group(self._process)


def _any_of(names) -> str:
    return "^(" + "|".join(re.escape(name) for name in sorted(set(names))) + ")"


class Stopwatch:
    def __init__(self):
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._start
