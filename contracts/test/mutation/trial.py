# SPDX-License-Identifier: MIT
"""What happens to a mutant: the cheapest tests first, until one of them fails."""

import json
from dataclasses import dataclass
from pathlib import Path

import project
from operators import Mutant
from toolchain import OutOfTime, Stopwatch, TestResult, ToolProblem
from workshop import Artifact, Code, NoCode, Workshop

# A test that takes longer, in seconds, waits until the others have passed.
_SLOW = 0.05
_COMPILE_LIMIT = 120
_BASELINE_LIMIT = 600


@dataclass(frozen=True)
class Outcome:
    """killed: by the test named; timeout: a test ran without end; same: its code is the unmutated code; invalid: it has
    no code; survived: all tests pass."""

    word: str
    test_file: str = ""
    test: str = ""
    seconds: float = 0


@dataclass(frozen=True)
class Baseline:
    """What the unmutated contract does in the same surroundings."""

    seconds: dict[str, float]  # by test, with its contract
    excluded: list[str]  # tests that measure what the code costs, not what it does
    hasty: str  # digests of the contract's code
    exact: str

    @property
    def slow(self) -> set[str]:
        """Names without the contract, since that is how forge leaves tests out."""
        return {_bare(name) for name, seconds in self.seconds.items() if seconds > _SLOW}

    def limit(self, contracts: list[str]) -> float:
        usual = sum(seconds for name, seconds in self.seconds.items() if name.split(".")[0] in contracts)
        return 20 + 10 * usual


class Suites:
    """Which tests there are, and which of them a change can reach."""

    def __init__(self, workshop: Workshop):
        tests = project.tests()
        self.all = [artifact for artifact in workshop.artifacts if artifact.is_test]
        self.deployed = [artifact for artifact in workshop.artifacts if artifact.is_deployed]
        deploying = {
            file for file in tests if any("deployCode" in tests.get(name, "") for name in project.closure(file, tests))
        }
        self._deploying = [suite for suite in self.all if suite.file in deploying]

    def own(self, file: str) -> list[Artifact]:
        """The tests of a library, by its name."""
        return [suite for suite in self.importing(file) if Path(suite.file).name.startswith(Path(file).stem + ".")]

    def importing(self, file: str) -> list[Artifact]:
        return [suite for suite in self.all if file in suite.sources]

    def recompiled(self) -> list[str]:
        """The files of those that have code of src/ built in."""
        mutated = set(project.mutated_sources())
        return sorted({suite.file for suite in self.all if suite.sources & mutated})

    def deploying(self, invariants: bool) -> list[Artifact]:
        return [suite for suite in self._deploying if _is_invariant(suite) == invariants]

    def deployed_with(self, file: str) -> list[Artifact]:
        return [artifact for artifact in self.deployed if file in artifact.sources]


def _is_invariant(suite: Artifact) -> bool:
    return ".invariant." in suite.file or "Invariant" in suite.contract


class Trial:
    def __init__(self, workshop: Workshop, baseline: Baseline):
        self.workshop, self.baseline = workshop, baseline
        self.suites = Suites(workshop)

    def run(self, mutant: Mutant, text: str) -> Outcome:
        """The text is that of the mutant's file."""
        clock = Stopwatch()
        changed = {mutant.file: mutant.apply(text)}
        try:
            outcome = self._tried(mutant.file, changed)
        except NoCode:
            outcome = Outcome("invalid")
        except OutOfTime:
            outcome = Outcome("timeout")
        finally:
            self.workshop.restore()
        return Outcome(outcome.word, outcome.test_file, outcome.test, clock.seconds)

    def _tried(self, file: str, changed: dict[str, str]) -> Outcome:
        own = self.suites.own(file)
        others = [suite for suite in self.suites.importing(file) if suite not in own]
        failed = self._recompiled(own, changed) or self._recompiled(others, changed)
        if failed is None and self.suites.deployed_with(file):
            code = self._compile_deployed(changed, exact=False)
            if digest_of(code) == self.baseline.hasty:
                return Outcome("same")
            self.workshop.put(code)
            failed = self._first_failure(self.suites.deploying(invariants=False))
            if failed is None and digest_of(self._compile_deployed(changed, exact=True)) == self.baseline.exact:
                return Outcome("same")
            failed = failed or self._first_failure(self.suites.deploying(invariants=True))
        return Outcome("killed", failed.file, failed.name) if failed else Outcome("survived")

    def _compile_deployed(self, changed: dict[str, str], exact: bool) -> dict[Artifact, Code]:
        files = sorted({artifact.file for artifact in self.suites.deployed})
        return self.workshop.compile(files, changed, exact, _COMPILE_LIMIT)

    def _recompiled(self, suites: list[Artifact], changed: dict[str, str]) -> TestResult | None:
        """The first test that fails of those that have the changed code built in."""
        if not suites:
            return None
        files = sorted({suite.file for suite in suites})
        self.workshop.put(self.workshop.compile(files, changed, False, _COMPILE_LIMIT))
        return self._first_failure([suite for suite in suites if not _is_invariant(suite)])

    def _first_failure(self, suites: list[Artifact]) -> TestResult | None:
        names, slow = [suite.contract for suite in suites], self.baseline.slow
        if not names:
            return None
        limit, forge = self.baseline.limit(names), self.workshop.forge
        quick = forge.test(names, limit, without=slow.union(self.baseline.excluded))
        failed = _failure(quick)
        if failed is None and slow - set(self.baseline.excluded):
            rest = forge.test(names, limit, only=slow.difference(self.baseline.excluded))
            failed = _failure(rest)
            if not quick and not rest:
                raise ToolProblem(f"no test has run of {', '.join(names)}")
        return failed


def _failure(results: list[TestResult]) -> TestResult | None:
    return next((result for result in results if not result.passed), None)


def digest_of(code: dict[Artifact, Code]) -> str:
    return project.digest(*(code[artifact].creation for artifact in sorted(code, key=lambda artifact: artifact.path)))


# The unmutated contract


def baseline_of(workshop: Workshop, state: str) -> Baseline:
    """As it was measured in this state of everything, or measured now."""
    path = project.WORK / "baseline.json"
    try:
        known = json.loads(path.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        known = {}
    if known.get("state") != state:
        try:
            measured = _measure(workshop)
        except (NoCode, OutOfTime) as problem:
            raise ToolProblem(f"without a mutation: {problem!r}") from None
        known = {"state": state, **vars(measured)}
        path.write_text(json.dumps(known))
    return Baseline(known["seconds"], known["excluded"], known["hasty"], known["exact"])


def _measure(workshop: Workshop) -> Baseline:
    suites = Suites(workshop)
    deployed = sorted({artifact.file for artifact in suites.deployed})
    names = [suite.contract for suite in suites.all]
    if not deployed or not names:
        raise ToolProblem("forge's artifacts tell of no contract, or of no tests")
    _expect_green(workshop, names)
    hasty = workshop.compile(deployed, {}, False, _COMPILE_LIMIT)
    workshop.put(hasty)
    for file in suites.recompiled():
        workshop.put(workshop.compile([file], {}, False, _COMPILE_LIMIT))
    results = workshop.forge.test(names, _BASELINE_LIMIT, fail_fast=False)
    _expect_to_notice(workshop, suites)
    workshop.restore()
    exact = workshop.compile(deployed, {}, True, _COMPILE_LIMIT)
    return Baseline({result.name: result.seconds for result in results},
                    [_bare(result.name) for result in results if not result.passed], digest_of(hasty), digest_of(exact))


def _bare(name: str) -> str:
    return name.split(".")[1]


def _expect_green(workshop: Workshop, names: list[str]):
    failed = _failure(workshop.forge.test(names, _BASELINE_LIMIT))
    if failed:
        raise ToolProblem(f"{failed.name} fails without a mutation")


def _expect_to_notice(workshop: Workshop, suites: Suites):
    """Code that cannot run must not pass, in the place of the contract or of a test."""
    for artifact in suites.deployed + suites.all[:1]:
        workshop.put({artifact: Code("fe", "")})
        victims = suites.deploying(invariants=False) if artifact.is_deployed else [artifact]
        if _failure(workshop.forge.test([suite.contract for suite in victims], _BASELINE_LIMIT)) is None:
            raise ToolProblem(f"forge does not run the code that is put into {artifact.path}")
