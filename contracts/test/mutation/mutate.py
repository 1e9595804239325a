#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Changes the contract in one small place after the other and finds out whether a test notices. Run it with run.sh."""

import argparse
import fcntl
import os
import queue
import re
import signal
import sys
import threading
from collections import Counter
from dataclasses import replace

sys.dont_write_bytecode = True

import project  # noqa: E402
import selftest  # noqa: E402
from operators import OPERATORS, Mutant, mutants_of  # noqa: E402
from outcomes import Outcomes, listed_equivalents  # noqa: E402
from project import Fingerprints  # noqa: E402
from tokens import SyntaxProblem  # noqa: E402
from toolchain import ToolProblem  # noqa: E402
from trial import Outcome, Trial, baseline_of  # noqa: E402
from workshop import Workshop, build_base  # noqa: E402


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="run.sh", description=__doc__)
    parser.add_argument("--list", action="store_true", help="print the mutants and end")
    parser.add_argument("--operators", action="store_true", help="print what is changed and end")
    parser.add_argument("--only", metavar="REGEX", help="mutants whose id, file, function, operator or text matches")
    parser.add_argument("--file", metavar="F", help="mutants in files whose path holds this")
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many, of every operator in turn")
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="so many at a time (2)")
    parser.add_argument("--self-test", action="store_true", help="test what makes the mutants and end")
    return parser.parse_args()


# Which mutants


def all_mutants(texts: dict[str, str]) -> list[Mutant]:
    found = []
    for file, text in texts.items():
        try:
            found += mutants_of(file, text)
        except SyntaxProblem as problem:
            line = text.count("\n", 0, problem.offset) + 1
            raise SystemExit(f"{file}:{line}: {problem}") from None
    return found


def chosen(mutants: list[Mutant], options: argparse.Namespace) -> list[Mutant]:
    if options.file:
        mutants = [mutant for mutant in mutants if options.file in mutant.file]
    if options.only:
        mutants = [mutant for mutant in mutants if re.search(options.only, f"{mutant.id} {mutant.key}")]
    return spread(mutants, options.limit) if options.limit else mutants


def spread(mutants: list[Mutant], limit: int) -> list[Mutant]:
    """Of every operator in turn, and of each from the whole of the code."""
    groups = [[mutant for mutant in mutants if mutant.operator == name] for name in OPERATORS]
    shares = Counter()
    while sum(shares.values()) < min(limit, len(mutants)):
        for number, group in enumerate(groups):
            if shares[number] < len(group) and sum(shares.values()) < limit:
                shares[number] += 1
    picked = set()
    for number, share in shares.items():
        picked |= {groups[number][i * len(groups[number]) // share] for i in range(share)}
    return [mutant for mutant in mutants if mutant in picked]


# Running them


class Run:
    def __init__(self, mutants: list[Mutant], texts: dict[str, str], jobs: int):
        self.texts, self.jobs, self.mutants = texts, jobs, mutants
        self.fingerprints = Fingerprints()
        self.known = Outcomes(project.WORK / "outcomes.jsonl", self.fingerprints)
        self.outcomes: dict[Mutant, Outcome] = {}
        self._todo: queue.SimpleQueue = queue.SimpleQueue()
        self._workshops: list[Workshop] = []
        self._lock = threading.Lock()
        self._problem: BaseException | None = None
        self._stopped = False

    def go(self):
        for mutant in self.mutants:
            outcome = self.known.get(self._mutated(mutant))
            if outcome is None:
                self._todo.put(mutant)
            else:
                self.outcomes[mutant] = outcome
        if self.outcomes:
            print(f"{len(self.outcomes)} of {len(self.mutants)} are known from before", flush=True)
        if self._todo.empty():
            return
        try:
            self._work()
        finally:
            self.stop()

    def _mutated(self, mutant: Mutant) -> str:
        return self.fingerprints.mutated(mutant.file, mutant.apply(self.texts[mutant.file]))

    def _work(self):
        build_base()
        jobs = min(self.jobs, self._todo.qsize())
        self._workshops = [Workshop(number + 1) for number in range(jobs)]
        baseline = baseline_of(self._workshops[0], self.fingerprints.surroundings())
        if baseline.excluded:
            print("not used, because they measure the code: " + ", ".join(baseline.excluded), flush=True)
        threads = [
            threading.Thread(target=self._take_turns, args=(Trial(workshop, baseline),), daemon=True)
            for workshop in self._workshops
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self._problem:
            raise self._problem

    def _take_turns(self, trial: Trial):
        try:
            while not self._stopped:
                mutant = self._todo.get_nowait()
                outcome = trial.run(mutant, self.texts[mutant.file])
                if not self._stopped:
                    self._done(mutant, outcome)
        except queue.Empty:
            pass
        except BaseException as problem:
            self._problem = self._problem or problem
            self.stop()

    def _done(self, mutant: Mutant, outcome: Outcome):
        self.known.add(mutant, self._mutated(mutant), outcome)
        with self._lock:
            self.outcomes[mutant] = outcome
            place = f"{mutant.file}:{mutant.line}"
            print(f"[{len(self.outcomes):4}/{len(self.mutants)}] {mutant.id} {place:40} {mutant.operator:13} "
                  f"{outcome.word:8} {outcome.seconds:5.1f} s  {outcome.test}", flush=True)

    def stop(self):
        self._stopped = True
        for workshop in self._workshops:
            workshop.close()


# Reporting


def passed(word: str) -> bool:
    return word in ("killed", "timeout", "same", "equivalent")


def judged(outcomes: dict[Mutant, Outcome], listed: dict[str, str]) -> dict[Mutant, Outcome]:
    """A survivor that is listed is equivalent."""
    return {
        mutant: replace(outcome, word="equivalent") if outcome.word == "survived" and mutant.key in listed else outcome
        for mutant, outcome in outcomes.items()
    }


COLUMNS = {"killed": "killed", "timeout": "no end", "same": "same code", "equivalent": "equivalent",
           "survived": "survived", "invalid": "invalid"}


def print_table(title: str, outcomes: dict[Mutant, Outcome], row_of, rows: list[str]):
    counts = Counter((row_of(mutant), outcome.word) for mutant, outcome in outcomes.items())
    print(f"\n{title:40}" + "".join(f"{head:>12}" for head in ("mutants", *COLUMNS.values())))
    for row in [name for name in rows if any(counts[name, word] for word in COLUMNS)]:
        numbers = [counts[row, word] for word in COLUMNS]
        print(f"{row:40}" + "".join(f"{number:12}" for number in (sum(numbers), *numbers)))
    totals = [sum(counts[row, word] for row in rows) for word in COLUMNS]
    print(f"{'all':40}" + "".join(f"{number:12}" for number in (sum(totals), *totals)))


def print_survivors(outcomes: dict[Mutant, Outcome]):
    survivors = [mutant for mutant in outcomes if outcomes[mutant].word == "survived"]
    if survivors:
        print("\nSurvivors: each needs a test, or a line in equivalent.txt, which is this one and the reason:")
    for mutant in sorted(survivors, key=lambda mutant: (mutant.file, mutant.start)):
        print(f"  {mutant.id} {mutant.file}:{mutant.line}\n    {mutant.key} :: ")


def print_stale(outcomes: dict[Mutant, Outcome], existing: set[str], listed: dict[str, str]):
    by_key = {mutant.key: outcome for mutant, outcome in outcomes.items()}
    for key in listed:
        if key not in existing:
            print(f"\nequivalent.txt lists what is no mutant any more:\n    {key}")
        elif key in by_key and by_key[key].word != "equivalent":
            outcome = by_key[key]
            print(f"\nequivalent.txt lists what is no survivor ({outcome.word} {outcome.test}):\n    {key}")


def report(outcomes: dict[Mutant, Outcome], existing: list[Mutant], listed: dict[str, str]) -> int:
    outcomes = judged(outcomes, listed)
    print_table("file", outcomes, lambda mutant: mutant.file, sorted({mutant.file for mutant in outcomes}))
    print_table("operator", outcomes, lambda mutant: mutant.operator, list(OPERATORS))
    print_survivors(outcomes)
    print_stale(outcomes, {mutant.key for mutant in existing}, listed)
    words = Counter(outcome.word for outcome in outcomes.values())
    good = sum(count for word, count in words.items() if passed(word))
    print(f"\n{good} passed, {words['survived']} failed")
    return 1 if words["survived"] else 0


def only_one():
    """Two runs in one folder would write over each other's files."""
    project.WORK.mkdir(parents=True, exist_ok=True)
    lock = (project.WORK / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise SystemExit("another run is at work here") from None
    return lock


def main() -> int:
    options = arguments()
    if options.self_test:
        return selftest.main()
    if options.operators:
        print("\n".join(f"{name:14} {what}" for name, what in OPERATORS.items()))
        return 0
    texts = project.mutated_sources()
    mutants = all_mutants(texts)
    picked = chosen(mutants, options)
    if options.list:
        print("\n".join(f"{mutant.id} {mutant.line:4} {mutant.key}" for mutant in picked))
        return 0
    listed = listed_equivalents()
    lock = only_one()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.nice(10)
    run = Run(picked, texts, options.jobs)
    try:
        run.go()
    except KeyboardInterrupt:
        print(f"\nended: {len(run.outcomes)} of {len(picked)} done; the next run goes on from here", file=sys.stderr)
        return 130
    except ToolProblem as problem:
        print(f"run.sh: {problem}", file=sys.stderr)
        return 2
    finally:
        lock.close()
    return report(run.outcomes, mutants, listed)


if __name__ == "__main__":
    sys.exit(main())
