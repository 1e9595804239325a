# SPDX-License-Identifier: MIT
"""Tests of what makes the mutants: which ones a sample has, and how they read."""

import unittest
from collections import Counter

from operators import OPERATORS, Mutant, mutants_of
from syntax import parts_of
from tokens import SyntaxProblem, normalised

SAMPLE = """
pragma solidity 0.8.37;
import {Ownable} from "./Ownable.sol"; // if (comment) revert No();
interface ISample { function unseen(uint256 x) external returns (bool); }
error Refused(uint256 value);
contract Sample is Ownable {
    using {f, g} for uint256;
    enum Kind { None, Some }
    struct Pair { uint64 a; bytes32[8] words; }
    event Moved(uint256 indexed version);
    uint256 private constant MASK = 0x0f;
    mapping(bytes20 id => bool) internal flags;
    constructor(address a) Ownable(a) { flags[0] = true; }
    function guard(uint256 x, address to) external override(ISample) onlyOwner returns (bool) {
        if (
            x < 3 && !flags[bytes20(0)] // why
                || to == address(0)
        ) revert Refused(x);
        _require(to);
        for (uint256 i = 0; i < x; ++i) {
            if (i != 7) continue;
            delete flags[bytes20(uint160(i))];
        }
        (bool sent,) = to.call{value: x}("");
        if (!sent) return false;
        emit Moved(++version);
        unchecked { total += x > 1 ? x : 24 hours; }
        return sent;
    }
    function low(uint256 x) internal pure returns (uint256 y) {
        assembly ("memory-safe") {
            let z := and(x, MASK)
            if iszero(z) { revert(0, 0) }
            switch lt(x, 0x20) case 1 { mstore(0x40, shl(4, z)) } default { y := x.offset }
        }
        if (x == 0) revert Refused(x);
        else revert("no");
    }
    function nothing() external { if (paused) return; revert Refused(0); }
}
"""

EXPECTED = {
    "cond-invert": 3,
    "cond-false": 8,
    "cond-true": 2,
    "operand-drop": 6,
    "not-drop": 3,
    "compare": 7,
    "call-drop": 3,
    "modifier-drop": 1,
    "update-drop": 5,
    "emit-drop": 1,
    "revert-drop": 1,
    "bool-flip": 2,
    "bool-invert": 1,
    "arithmetic": 2,
    "literal": 16,
}


def mutants() -> list[Mutant]:
    return mutants_of("src/Sample.sol", SAMPLE)


def changes(operator: str) -> list[str]:
    return [f"{SAMPLE[m.start:m.end]} => {m.replacement}" for m in mutants() if m.operator == operator]


class MutantsTest(unittest.TestCase):
    def test_how_many_of_each(self):
        self.assertEqual(Counter(mutant.operator for mutant in mutants()), Counter(EXPECTED))

    def test_every_operator_is_described(self):
        self.assertLessEqual(set(EXPECTED), set(OPERATORS))

    def test_every_mutant_is_a_change_that_can_be_read(self):
        for mutant in mutants():
            parts_of(mutant.apply(SAMPLE))
            self.assertNotEqual(normalised(mutant.apply(SAMPLE)), normalised(SAMPLE), mutant.key)

    def test_conditions(self):
        whole = 'x < 3 && !flags[bytes20(0)] // why\n                || to == address(0)'
        self.assertEqual(changes("cond-invert"), [f"{whole} => !({whole})", "x > 1 => !(x > 1)", "paused => !(paused)"])
        self.assertEqual(changes("cond-true"), ["x > 1 => true", "x == 0 => true"])
        self.assertIn("iszero(z) => 0", changes("cond-false"))

    def test_comparisons(self):
        self.assertEqual(changes("compare"), ["< => <=", "== => !=", "< => <=", "!= => ==", "> => >=",
                                              "lt(x, 0x20) => iszero(gt(x, 0x20))", "== => !="])

    def test_state(self):
        self.assertEqual(changes("update-drop"), ["flags[0] = true; => {}", "delete flags[bytes20(uint160(i))]; => {}",
                                                  "++version => (version + 1)", "total += x > 1 ? x : 24 hours; => {}",
                                                  "y := x.offset => {}"])
        self.assertEqual(changes("call-drop"), ["_require(to); => {}", "revert(0, 0) => {}",
                                                "mstore(0x40, shl(4, z)) => {}"])

    def test_constants_go_both_ways(self):
        self.assertEqual(changes("literal")[:2], ["0x0f => 0x10", "0x0f => 0x0e"])

    def test_keys_survive_moving_and_formatting(self):
        moved = SAMPLE.replace("contract Sample", "\n\n// Moved.\ncontract Sample").replace("x < 3 &&", "x\n < 3\n&&")
        self.assertEqual([m.id for m in mutants()], [m.id for m in mutants_of("src/Sample.sol", moved)])
        self.assertEqual(len({m.id for m in mutants()}), len(mutants()))

    def test_key_is_what_it_is_listed_as(self):
        self.assertIn("src/Sample.sol :: guard :: not-drop :: if (!sent) => if (sent)", [m.key for m in mutants()])

    def test_what_is_unknown_is_told(self):
        for text in ("contract C { function f() external { if x; } }", "contract C {", "§"):
            self.assertRaises(SyntaxProblem, parts_of, text)


def main() -> int:
    result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(MutantsTest))
    bad = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - bad} passed, {bad} failed")
    return 1 if bad else 0
