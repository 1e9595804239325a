# SPDX-License-Identifier: MIT
"""The binding against include/dstack_p2p.h: what ctypes cannot check by itself."""

import ctypes
import os
import re
import subprocess
import tempfile
import unittest
from dataclasses import asdict

import dstack_cluster
from _dstack_cluster import interface
from _dstack_cluster.errors import error_of
from _dstack_cluster.library import lib
from _dstack_cluster.records import status_of
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


# What stands for a C type in a declaration of a function; handles and lists are opaque.
OPAQUE = {"dstack_p2p *", "const dstack_p2p *", "dstack_p2p_peers *", "const dstack_p2p_peers *", "void *"}
TYPES = {
    "void": None,
    "int": ctypes.c_int,
    "bool": ctypes.c_bool,
    "size_t": ctypes.c_size_t,
    "uint64_t": ctypes.c_uint64,
    "const char *": ctypes.c_char_p,
    "const dstack_p2p_peer *": ctypes.POINTER(interface.CPeer),
    "const dstack_p2p_options *": ctypes.POINTER(interface.COptions),
    "dstack_p2p_status *": ctypes.POINTER(interface.CStatus),
    "dstack_p2p_monitor_fn": ctypes.c_void_p,
    **dict.fromkeys(OPAQUE, ctypes.c_void_p),
}


def run_c(statements):
    """Compiles a program, and returns what it writes."""
    source = "#include <dstack_p2p.h>\n#include <stdio.h>\n#include <string.h>\nint main(void)\n{\n"
    source += "".join(f"    {statement};\n" for statement in statements) + "    return 0;\n}\n"
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "program")
        command = [os.environ.get("CC", "cc"), "-I", str(ROOT / "include"), "-x", "c", "-", "-o", program]
        clean = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        subprocess.run(command, input=source, text=True, check=True, env=clean)
        return subprocess.run([program], stdout=subprocess.PIPE, check=True, env=clean).stdout


def numbers_of_c(expressions):
    """What C says that these are."""
    return [int(number) for number in run_c(f'printf("%zu\\n", (size_t)({one}))' for one in expressions).split()]


def negative(name, number, kind):
    """What C makes of a negative number in a member of a status: another one in any other width or signedness."""
    if kind is ctypes.c_bool:
        return True
    is_signed = numbers_of_c([f"((dstack_p2p_status){{.{name} = -1}}).{name} < 0"]) == [1]
    return -number if is_signed else 2 ** (8 * ctypes.sizeof(kind)) - number


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
            self.assertEqual(dict(zip(asked, numbers_of_c(asked))), dict(zip(asked, told)))

    def test_values(self):
        """a status that C has written says the same in Python, member by member"""
        statements, wanted = ["dstack_p2p_status s = {0}"], {}
        for number, (name, kind) in enumerate(interface.CStatus._fields_[:-1], 7):
            if not issubclass(kind, ctypes.Array):
                wanted[name] = negative(name, number, kind)
                statements.append(f"s.{name} = -{number}")
            elif kind._type_ is ctypes.c_char:
                wanted[name] = name
                statements.append(f'strcpy(s.{name}, "{name}")')
            else:
                wanted[name] = tuple(1000 * number + index for index in range(kind._length_))
                statements += [f"s.{name}[{index}] = {value}" for index, value in enumerate(wanted[name])]
        written = run_c(statements + ["fwrite(&s, sizeof s, 1, stdout)"])
        self.assertEqual(asdict(status_of(interface.CStatus.from_buffer_copy(written))), wanted)

    def test_error_map(self):
        """codes are those of the header and of the library"""
        rows = re.findall(r'X\(([A-Z_]+), (\d+), "([^"]+)"\)', HEADER)
        self.assertGreater(len(rows), 30)
        listed = {"OK": 0, **{name: int(value) for name, value, _ in rows}}
        self.assertEqual({code.name: int(code) for code in dstack_cluster.Code}, listed)
        lib.dstack_p2p_code_name.restype = ctypes.c_char_p
        for code in dstack_cluster.Code:
            self.assertEqual(lib.dstack_p2p_code_name(int(code)).decode(), code.name)

    def test_transient_codes(self):
        """errors that may heal by themselves are those of the library"""
        for code in range(100):
            self.assertIs(error_of(code, "").is_transient, lib.dstack_p2p_code_is_transient(code), code)
        self.assertTrue(error_of(dstack_cluster.Code.RPC_TIMEOUT, "").is_transient)
        self.assertFalse(error_of(dstack_cluster.Code.WRONG_CHAIN, "").is_transient)
        self.assertFalse(error_of(1098, "").is_transient)

    def test_enums(self):
        """enumerations are those of the header"""
        kinds = {f"DSTACK_P2P_{kind.name}": int(kind) for kind in dstack_cluster.ChangeKind}
        for prefix, python in ENUMS.items():
            kinds.update({f"DSTACK_P2P_{prefix}_{one.name}": int(one) for one in python})
        self.assertEqual(dict(zip(kinds, numbers_of_c(kinds))), kinds)
        known = set(re.findall(r"^    (DSTACK_P2P_[A-Z_]+) = \d+,", HEADER, re.MULTILINE))
        self.assertEqual(known - set(kinds), {"DSTACK_P2P_LOG_DEFAULT", "DSTACK_P2P_OK"})
        self.assertEqual(numbers_of_c(["DSTACK_P2P_NO_WAIT"]), [dstack_cluster.NO_WAIT])

    def test_bounds(self):
        """the bounds of rpc_within are the header's"""
        bounds = re.search(r"DSTACK_P2P_RPC_BOUNDS_MS \{(.*)\}", HEADER).group(1)
        self.assertEqual(tuple(int(bound) for bound in bounds.split(",")), interface.RPC_BOUNDS_MS)

    def test_functions(self):
        """functions have the header's arguments and results"""
        for name, (result, arguments) in interface.FUNCTIONS.items():
            returned, declared = re.search(r"DSTACK_P2P_API ([^;(]*)\b%s\(([^;]*)\);" % name, HEADER).groups()
            kinds = [] if declared == "void" else [re.sub(r"\w+$", "", one).strip() for one in declared.split(",")]
            self.assertEqual([TYPES[kind] for kind in kinds], arguments, name)
            self.assertEqual(TYPES[returned.strip()], result, name)

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
