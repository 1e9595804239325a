# SPDX-License-Identifier: MIT
"""The binding against include/dstack_p2p.h: what ctypes cannot check by itself."""

import ctypes
import os
import re
import subprocess
import tempfile
import unittest

import dstack_cluster
from _dstack_cluster import interface
from _dstack_cluster.errors import error_of
from _dstack_cluster.library import lib
from support import ROOT

HEADER = (ROOT / "include" / "dstack_p2p.h").read_text()
STRUCTURES = {
    "dstack_p2p_options": interface.COptions,
    "dstack_p2p_status": interface.CStatus,
    "dstack_p2p_peer": interface.CPeer,
}
ENUMS = {
    "LOG": dstack_cluster.LogLevel,
    "BLOCK": dstack_cluster.Block,
    "EVIDENCE": dstack_cluster.Evidence,
    "KEEP": dstack_cluster.Keep,
}


def run_c(lines):
    """Compiles a program that prints numbers, and returns them."""
    source = "#include <dstack_p2p.h>\n#include <stdio.h>\nint main(void)\n{\n"
    source += "".join(f'    printf("%zu\\n", (size_t)({line}));\n' for line in lines) + "    return 0;\n}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        command = [os.environ.get("CC", "cc"), "-I", str(ROOT / "include"), "-x", "c", "-", "-o", program]
        clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        subprocess.run(command, input=source, text=True, check=True, env=clean)
        output = subprocess.run([program], stdout=subprocess.PIPE, text=True, check=True, env=clean).stdout
    return [int(number) for number in output.split()]


def members(structure):
    """Names of a structure's members, as they stand in the header."""
    body = re.search(r"typedef struct %s \{(.*?)\n\} %s;" % (structure, structure), HEADER, re.DOTALL).group(1)
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.DOTALL)
    return re.findall(r"(\w+)(?:\[\w+\])?;", body)


class Layout(unittest.TestCase):
    """Structures, numbers and names"""

    def test_structures(self):
        """structures have the header's members, offsets and sizes"""
        for name, python in STRUCTURES.items():
            fields = [field[0] for field in python._fields_]
            self.assertEqual(members(name), fields)
            asked = [f"sizeof({name})"]
            asked += [f"offsetof({name}, {field})" for field in fields]
            asked += [f"sizeof((({name} *)0)->{field})" for field in fields]
            told = [ctypes.sizeof(python)]
            told += [getattr(python, field).offset for field in fields]
            told += [getattr(python, field).size for field in fields]
            self.assertEqual(dict(zip(asked, run_c(asked))), dict(zip(asked, told)))

    def test_error_map(self):
        """codes are those of the header and of the library"""
        rows = re.findall(r'X\(([A-Z_]+), (\d+), "([^"]+)"\)', HEADER)
        self.assertGreater(len(rows), 30)
        listed = {"OK": 0, **{name: int(value) for name, value, _ in rows}}
        self.assertEqual({code.name: int(code) for code in dstack_cluster.Code}, listed)
        lib.dstack_p2p_code_name.restype = ctypes.c_char_p
        for code in dstack_cluster.Code:
            self.assertEqual(lib.dstack_p2p_code_name(int(code)).decode(), code.name)

    def test_enums(self):
        """enumerations are those of the header"""
        kinds = {f"DSTACK_P2P_{kind.name}": int(kind) for kind in dstack_cluster.ChangeKind}
        for prefix, python in ENUMS.items():
            kinds.update({f"DSTACK_P2P_{prefix}_{one.name}": int(one) for one in python})
        self.assertEqual(dict(zip(kinds, run_c(kinds))), kinds)
        known = set(re.findall(r"^    (DSTACK_P2P_[A-Z_]+) = \d+,", HEADER, re.MULTILINE))
        self.assertEqual(known - set(kinds), {"DSTACK_P2P_LOG_DEFAULT", "DSTACK_P2P_OK"})
        self.assertEqual(run_c(["DSTACK_P2P_NO_WAIT"]), [dstack_cluster.NO_WAIT])

    def test_bounds(self):
        """the bounds of rpc_within are the header's"""
        bounds = re.search(r"DSTACK_P2P_RPC_BOUNDS_MS \{(.*)\}", HEADER).group(1)
        self.assertEqual(tuple(int(bound) for bound in bounds.split(",")), interface.RPC_BOUNDS_MS)

    def test_functions(self):
        """functions are called with as many arguments as the header says"""
        for name, (_, arguments) in interface.FUNCTIONS.items():
            declared = re.search(r"DSTACK_P2P_API [^;]*?\b%s\(([^;]*)\);" % name, HEADER).group(1)
            count = 0 if declared == "void" else declared.count(",") + 1
            self.assertEqual(count, len(arguments), name)

    def test_version(self):
        """the versions of header, library and binding agree"""
        header = re.search(r'#define DSTACK_P2P_VERSION "(.*)"', HEADER).group(1)
        self.assertEqual({header}, {dstack_cluster.__version__, dstack_cluster.library_version()})

    def test_options(self):
        """each option of C is a keyword with its name"""
        keywords = dstack_cluster.DStackP2PSDK.__init__.__kwdefaults__
        self.assertEqual(set(members("dstack_p2p_options")) - {"log_context", "reserved"}, set(keywords))

    def test_unknown_code(self):
        """a code of a later library is an error like others"""
        error = error_of(49 + 1000, "a sentence")
        self.assertEqual((error.code, error.name, error.message), (1049, "UNKNOWN", "a sentence"))
        self.assertIsInstance(error_of(49, ""), dstack_cluster.ContractError)
        self.assertIsInstance(error_of(29, ""), dstack_cluster.GuestAgentError)
