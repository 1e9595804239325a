# SPDX-License-Identifier: MIT
"""Where things are, and what an outcome depends on."""

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from tokens import normalised

HERE = Path(__file__).resolve().parent
CONTRACTS = HERE.parent.parent
ROOT = CONTRACTS.parent
WORK = ROOT / "build" / "mutation"
VECTORS = ROOT / "tests" / "vectors"
EQUIVALENT = HERE / "equivalent.txt"

_IMPORT = re.compile(r"^\s*import\b[^;]*?[\"'](\.[^\"']+)[\"']", re.M)


def sources() -> dict[str, str]:
    """Name, relative to contracts/, and text of all that is compiled into the contract."""
    return _read("src")


def mutated_sources() -> dict[str, str]:
    return {file: text for file, text in sources().items() if "/interfaces/" not in file}


def tests() -> dict[str, str]:
    """Not gas tests, which say what things cost, nor those of scripts, which build the contract in: that takes long.
    Nor what foundry.toml leaves out."""
    read = _read("test")
    left_out = tomllib.loads((CONTRACTS / "foundry.toml").read_text())["profile"]["default"].get("no_match_path", "")
    found = {}
    for file, text in read.items():
        of_script = any(name.startswith("script/") for name in closure(file, read))
        if not of_script and not Path(file).name.startswith("Gas") and not fnmatch(file, left_out):
            found[file] = text
    return found


def _read(folder: str) -> dict[str, str]:
    paths = sorted((CONTRACTS / folder).rglob("*.sol"))
    return {str(path.relative_to(CONTRACTS)): path.read_text() for path in paths}


def closure(file: str, texts: dict[str, str]) -> set[str]:
    """A file and what it imports by relative paths, and so on, as far as the texts are known."""
    found, rest = set(), [file]
    while rest:
        name = rest.pop()
        if name in found:
            continue
        found.add(name)
        for path in _IMPORT.findall(texts.get(name, "")):
            rest.append(os.path.normpath(os.path.join(os.path.dirname(name), path)))
    return found


def digest(*parts) -> str:
    state = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode()
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


class Fingerprints:
    """What has to be as it was for an outcome to stand. Comments and white space in the sources may change."""

    # Goes up when outcomes found by an older runner must not count any more.
    RUNNER = 1

    def __init__(self):
        self._sources = {file: normalised(text) for file, text in sources().items()}
        self._tests = tests()
        vectors = [path.read_bytes() for path in sorted(VECTORS.rglob("*")) if path.is_file()]
        configuration = [(CONTRACTS / name).read_bytes() for name in ("foundry.toml", "package-lock.json")]
        self._common = digest(self.RUNNER, *vectors, *configuration)

    def mutated(self, file: str, text: str) -> str:
        changed = {**self._sources, file: normalised(text)}
        return digest(self._common, *(part for pair in sorted(changed.items()) for part in pair))

    def unmutated(self) -> str:
        return digest(self._common, *(part for pair in sorted(self._sources.items()) for part in pair))

    def surroundings(self) -> str:
        """Of what the unmutated contract is measured in, this program included."""
        program = [path.read_bytes() for path in sorted(HERE.glob("*.py")) + sorted(HERE.glob("*.js"))]
        return digest(self.unmutated(), self.all_tests(), *program)

    def all_tests(self) -> str:
        return digest(self._common, *(part for pair in sorted(self._tests.items()) for part in pair))

    def test(self, file: str) -> str:
        """Of one test file and the helpers it imports; what it imports from src/ is in the other fingerprint."""
        names = sorted(closure(file, self._tests) & set(self._tests))
        return digest(self._common, *(part for name in names for part in (name, self._tests[name])))


def mirror(texts: dict[str, str], target: Path):
    """Makes a folder hold exactly these files; those that are right already stay untouched."""
    for path in target.rglob("*.sol"):
        if str(path.relative_to(target)) not in texts:
            path.unlink()
    for name, text in texts.items():
        path = target / name
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def solc_version() -> str:
    """As bin/solc prints it."""
    command = [CONTRACTS / "bin" / "solc", "--version"]
    return subprocess.run(command, check=True, text=True, capture_output=True).stdout


def lay_out(target: Path):
    """A copy of contracts/, without scripts, in which forge builds and runs the tests."""
    contracts = target / "contracts"
    for folder, texts in (("src", sources()), ("test", tests())):
        mirror({name.removeprefix(folder + "/"): text for name, text in texts.items()}, contracts / folder)
    shutil.copy2(CONTRACTS / "foundry.toml", contracts)
    shutil.copytree(CONTRACTS / "bin", contracts / "bin", dirs_exist_ok=True)
    shutil.copytree(VECTORS, target / "tests" / "vectors", dirs_exist_ok=True)
    modules = contracts / "node_modules"
    if not modules.is_symlink():
        modules.symlink_to(CONTRACTS / "node_modules")
