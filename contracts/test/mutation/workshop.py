# SPDX-License-Identifier: MIT
"""A copy of the project in which one mutant after the other is compiled and tested.

forge builds everything once, without a mutation. For a mutant only the code that it changes is compiled, by a compiler
that stays loaded and with little optimization, and put into forge's own artifacts. forge finds its sources as they were
and runs the tests with what the artifacts hold. Unmutated code, compiled in this way, has to pass all of them first.
"""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import project
from toolchain import Compiler, CompilerEnded, Forge

_BASE = project.WORK / "base"


@dataclass(frozen=True)
class Artifact:
    """What forge has built of one contract."""

    path: Path  # below out/
    file: str
    contract: str
    settings: str  # of the compiler, as JSON
    sources: frozenset[str]
    is_test: bool
    is_deployed: bool

    @classmethod
    def read(cls, path: Path, out: Path):
        """None for those that have no code or whose code is of no interest."""
        data = json.loads(path.read_text())
        metadata = data.get("metadata")
        if not metadata or len(data["bytecode"]["object"]) <= 2:
            return None
        (file, contract), = metadata["settings"]["compilationTarget"].items()
        functions = [entry["name"] for entry in data["abi"] if entry["type"] == "function"]
        is_test = file.endswith(".t.sol") and any(name.startswith(("test", "invariant")) for name in functions)
        is_deployed = file.startswith("src/") and bool(functions)
        settings = {key: value for key, value in metadata["settings"].items() if key != "compilationTarget"}
        return cls(path.relative_to(out), file, contract, json.dumps(settings), frozenset(metadata["sources"]), is_test,
                   is_deployed)


class Code(NamedTuple):
    creation: str  # hexadecimal, both
    deployed: str


class NoCode(Exception):
    """What was to be compiled does not compile."""


def build_base() -> Path:
    project.lay_out(_BASE)
    Forge(_BASE / "contracts").build()
    return _BASE


class Workshop:
    def __init__(self, number: int):
        self.folder = project.WORK / f"worker{number}"
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(_BASE, self.folder, symlinks=True)
        self.contracts = self.folder / "contracts"
        self.out = self.contracts / "out"
        self.forge = Forge(self.contracts)
        self.compiler = Compiler()
        self.artifacts = self._artifacts()
        self._texts: dict[str, str] = {}
        self._put: set[Artifact] = set()
        self._seal()

    def _artifacts(self) -> list[Artifact]:
        paths = sorted(path for path in self.out.rglob("*.json") if "build-info" not in path.parts)
        read = [Artifact.read(path, self.out) for path in paths]
        return [artifact for artifact in read if artifact and artifact.file.startswith(("src/", "test/"))]

    def _seal(self):
        """forge must find nothing to compile here."""
        solc = self.contracts / "bin" / "solc"
        version = solc.with_name("version")
        version.write_text(project.solc_version())
        solc.write_text('#!/bin/sh\n[ "$1" = --version ] && exec cat bin/version\necho "sealed" >&2\nexit 1\n')

    # Compiling

    def compile(self, files: list[str], changed: dict[str, str], exact: bool, limit: float) -> dict[Artifact, Code]:
        """The code of what these files define, as they or what they import is changed."""
        artifacts = self._of(files)
        code = {}
        for settings in sorted({artifact.settings for artifact in artifacts}):
            alike = [artifact for artifact in artifacts if artifact.settings == settings]
            answer = self._answer(alike, changed, exact, limit)
            for artifact in alike:
                evm = answer["contracts"][artifact.file][artifact.contract]["evm"]
                code[artifact] = Code(evm["bytecode"]["object"], evm["deployedBytecode"]["object"])
        return code

    def _of(self, files: list[str]) -> list[Artifact]:
        """Those of the files, and of the helpers that tests import: forge knows by its code what a test deploys."""
        imported = set().union(*(artifact.sources for artifact in self.artifacts if artifact.file in files))
        helpers = {name for name in imported if name.startswith("test/")}
        return [artifact for artifact in self.artifacts if artifact.file in helpers.union(files)]

    def _answer(self, artifacts: list[Artifact], changed: dict[str, str], exact: bool, limit: float) -> dict:
        try:
            answer = self.compiler.compile(self._request(artifacts, changed, exact), limit)
        except CompilerEnded:
            raise NoCode("the compiler found no end, or a bad one") from None
        errors = [error for error in answer.get("errors", []) if error["severity"] == "error"]
        if not errors:
            return answer
        if not exact and any(error["type"] in ("CompilerError", "YulException") for error in errors):
            # Such as a stack too deep, which the whole optimizer knows how to avoid.
            return self._answer(artifacts, changed, True, limit)
        raise NoCode(errors[0]["formattedMessage"])

    def _request(self, artifacts: list[Artifact], changed: dict[str, str], exact: bool) -> dict:
        settings = json.loads(artifacts[0].settings)
        settings["metadata"] = {"appendCBOR": False, "bytecodeHash": "none"}
        output = {"*": ["evm.bytecode.object", "evm.deployedBytecode.object"]}
        settings["outputSelection"] = {artifact.file: output for artifact in artifacts}
        if not exact:
            settings["optimizer"] = _hasty(settings.get("viaIR", False))
        names = set().union(*(artifact.sources for artifact in artifacts))
        sources = {name: {"content": changed.get(name) or self._text(name)} for name in names}
        return {"language": "Solidity", "sources": sources, "settings": settings}

    def _text(self, name: str) -> str:
        if name not in self._texts:
            self._texts[name] = (self.contracts / name).read_text()
        return self._texts[name]

    # Putting code in place

    def put(self, code: dict[Artifact, Code]):
        for artifact, new in code.items():
            data = json.loads((_BASE / "contracts" / "out" / artifact.path).read_text())
            data["bytecode"]["object"] = "0x" + new.creation
            data["deployedBytecode"]["object"] = "0x" + new.deployed
            (self.out / artifact.path).write_text(json.dumps(data))
            self._put.add(artifact)

    def restore(self):
        for artifact in self._put:
            shutil.copyfile(_BASE / "contracts" / "out" / artifact.path, self.out / artifact.path)
        self._put.clear()

    def close(self):
        self.compiler.close()
        self.forge.close()


def _hasty(via_ir: bool) -> dict:
    """Of the optimizer only what keeps the stack within reach and makes the code small early on: half the time."""
    if not via_ir:
        return {"enabled": False}
    yul = {"stackAllocation": True, "optimizerSteps": "vulejmulT"}
    return {"enabled": False, "details": {"yul": True, "yulDetails": yul}}
