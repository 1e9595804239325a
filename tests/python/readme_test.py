# SPDX-License-Identifier: MIT
"""The README's code, in the order in which it stands, as in `python -m asyncio`."""

import ast
import asyncio
import contextlib
import inspect
import io
import os
import re
import subprocess
import sys
import unittest

from support import CONTRACT, ROOT, RPC, guest, make, stop, until

README = (ROOT / "bindings" / "python" / "README.md").read_text()
ENVIRONMENT = {"RPC_URL": RPC, "DSTACK_SIMULATOR_ENDPOINT": guest("lines")}


def blocks():
    """The Python in it. The address that nobody has becomes the contract's."""
    return [block.replace("0x123...", CONTRACT) for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL)]


class Readme(unittest.IsolatedAsyncioTestCase):
    """Readme"""

    async def run_block(self, block, names, output):
        """Runs it; one that watches until it has seen what happens."""
        code = compile(block, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if "monitor_peers" in block:
            await until(lambda: "1 peers: ['http://localhost:8080']\n" in output.getvalue())
        elif "async for" in block:
            await self.somebody_joins(asyncio.ensure_future(result), output)
        elif inspect.iscoroutine(result):
            await asyncio.wait_for(result, 20)

    async def somebody_joins(self, watching, output):
        """The loop without an end tells of it. The list from before is there already."""
        async with make("joins") as other:
            await other.register()
            await until(lambda: "JOINED http://localhost/joins of 2\n" in output.getvalue())
            await other.withdraw()
        await stop(watching)

    async def test_fragments(self):
        """every fragment runs"""
        os.environ.update(ENVIRONMENT)
        names, output = {"asyncio": asyncio}, io.StringIO()
        try:
            with contextlib.redirect_stdout(output):
                for block in blocks():
                    if "asyncio.run" not in block:
                        await self.run_block(block, names, output)
        finally:
            for name in ENVIRONMENT:
                del os.environ[name]
        self.assertEqual(names["peers"], ["http://localhost:8080"])
        self.assertIn("localhost 8080 True", output.getvalue())
        await names["watching"]

    def test_programs(self):
        """every program runs, and says what is wrong"""
        programs = [block for block in blocks() if "asyncio.run" in block]
        self.assertEqual(len(programs), 1)
        for program in programs:
            done = self.run_program(program, ENVIRONMENT)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertRegex(done.stdout, "^this node: [0-9a-f]{40}\n")
            done = self.run_program(program, {**ENVIRONMENT, "RPC_URL": "http://127.0.0.1:1"})
            self.assertEqual(done.returncode, 1)
            self.assertIn("RPC_UNREACHABLE: ", done.stderr)
        asyncio.run(self.withdraw())

    async def withdraw(self):
        """What the program leaves to the lease."""
        async with make("lines") as sdk:
            await sdk.withdraw()

    def run_program(self, program, environment):
        """In a Python of its own."""
        return subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )

    def test_options(self):
        """the table of options names all of them"""
        from dstack_cluster import DStackP2PSDK

        table = README[README.index("| option |") : README.index("## Threads")]
        rows = [row.split("|")[1] for row in table.splitlines() if row.startswith("| `")]
        self.assertEqual({name for row in rows for name in re.findall(r"`(\w+)`", row)}, set(DStackP2PSDK.__init__.__kwdefaults__))

    def test_names(self):
        """every public name is in it, but for what others return"""
        import dstack_cluster

        of_others = {"Identity", "Status", "Change", "ChangeKind", "NO_WAIT"}
        of_others |= {"__version__", "library_path", "library_version"}
        for name in set(dstack_cluster.__all__) - of_others:
            self.assertIn(name, README)
