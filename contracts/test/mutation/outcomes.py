# SPDX-License-Identifier: MIT
"""Outcomes that are known already, so that an interrupted run goes on, and the listed equivalents."""

import json
import threading
from pathlib import Path

import project
from operators import Mutant
from project import Fingerprints
from trial import Outcome


class Outcomes:
    """A file to which every outcome is added as soon as it is known."""

    def __init__(self, path: Path, fingerprints: Fingerprints):
        self._path, self._fingerprints = path, fingerprints
        self._lock = threading.Lock()
        self._records: dict[str, dict] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                self._load(line)

    def _load(self, line: str):
        try:
            record = json.loads(line)
        except json.JSONDecodeError:
            return  # What was being written when the run was ended.
        self._records[record["mutated"]] = record

    def get(self, mutated: str) -> Outcome | None:
        """What has come out for these sources, if the tests that decided it are the same."""
        record = self._records.get(mutated)
        if record is None or record["decided_by"] != self._decided_by(record["outcome"], record["test_file"]):
            return None
        return Outcome(record["outcome"], record["test_file"], record["test"], record["seconds"])

    def add(self, mutant: Mutant, mutated: str, outcome: Outcome):
        record = {"mutated": mutated, "outcome": outcome.word, "test_file": outcome.test_file, "test": outcome.test,
                  "seconds": round(outcome.seconds, 2), "decided_by": self._decided_by(outcome.word, outcome.test_file),
                  "mutant": mutant.key}
        with self._lock:
            self._records[mutated] = record
            with self._path.open("a") as file:
                file.write(json.dumps(record) + "\n")

    def _decided_by(self, word: str, test_file: str) -> str:
        """A kill stands as long as the test that did it, survival only as long as there is no other test."""
        if word == "killed":
            return self._fingerprints.test(test_file)
        return "" if word in ("invalid", "same") else self._fingerprints.all_tests()


def listed_equivalents() -> dict[str, str]:
    """Mutants' keys and the reasons why no test can kill them."""
    found = {}
    lines = project.EQUIVALENT.read_text().splitlines() if project.EQUIVALENT.exists() else []
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        key, separator, reason = line.rpartition(" :: ")
        if key.count(" :: ") != 3 or not reason.strip():
            form = "FILE :: FUNCTION :: OPERATOR :: TEXT :: REASON"
            raise SystemExit(f"{project.EQUIVALENT.name}:{number}: {form} expected")
        found[key] = reason.strip()
    return found
