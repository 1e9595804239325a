# SPDX-License-Identifier: MIT
"""What is changed: from the tree of a file to its mutants, one small change each."""

import hashlib
from dataclasses import dataclass

from reader import Node
from syntax import parts_of
from tokens import normalised

# Every operator, with what it does; the order is that of the tables.
OPERATORS = {
    "cond-invert": "a condition is turned round",
    "cond-false": "a condition never holds: the revert, the branch or the loop is gone",
    "cond-true": "a condition always holds: the other branch is gone",
    "operand-drop": "one side of && or ||, or of Yul's and() and or(), is gone",
    "not-drop": "!, ~, iszero() or not() is gone",
    "compare": "a comparison takes in its boundary, or no longer does; == and != change places",
    "call-drop": "a call whose result nobody uses is gone",
    "modifier-drop": "a modifier is gone",
    "update-drop": "an assignment, ++, -- or delete is gone",
    "emit-drop": "an event is not emitted",
    "revert-drop": "a revert that no condition guards is gone",
    "jump-drop": "a return, break or continue without a value is gone",
    "bool-flip": "true and false change places",
    "bool-invert": "a bool that is returned or stored is turned round",
    "arithmetic": "+ and -, << and >>, & and |, * and / change places",
    "literal": "a number is one more; of a named constant also one less",
}

_NEIGHBOURS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
_ARITHMETIC = {"+": "-", "-": "+", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "*": "/", "/": "*", "^": "|", "%": "*"}
_YUL_COMPARE = {"lt": "gt", "gt": "lt", "slt": "sgt", "sgt": "slt"}
_YUL_ARITHMETIC = {"add": "sub", "sub": "add", "shl": "shr", "shr": "shl", "mul": "div", "div": "mul", "xor": "or"}
_GONE = "{}"


@dataclass(frozen=True)
class Mutant:
    file: str
    function: str
    operator: str
    line: int
    start: int
    end: int
    replacement: str
    original: str  # of the statement it is in, without comments and line breaks
    mutated: str
    again: int  # how many mutants before it read the same

    @property
    def key(self) -> str:
        """Stays when lines move."""
        again = f" #{self.again + 1}" if self.again else ""
        return f"{self.file} :: {self.function} :: {self.operator} :: {self.original} => {self.mutated}{again}"

    @property
    def id(self) -> str:
        return hashlib.sha256(self.key.encode()).hexdigest()[:8]

    def apply(self, text: str) -> str:
        return text[: self.start] + self.replacement + text[self.end :]


class Mutator:
    """Walks through one file. A statement is the context in which a mutant is shown and recognised again."""

    def __init__(self, file: str, text: str):
        self.file, self.text = file, text
        self.mutants: list[Mutant] = []
        self.function = self.context = None
        self.named_constant = False
        self._seen: dict[tuple, int] = {}

    def run(self) -> list[Mutant]:
        for part in parts_of(self.text):
            if part.kind == "function":
                self._function(part)
            elif part.value is not None:
                self._variable(part)
        return self.mutants

    # What mutants are made of

    def _text(self, node: Node) -> str:
        return self.text[node.start : node.end]

    def _add(self, operator: str, start: int, end: int, replacement: str):
        if self.text[start:end] == replacement:
            return
        first, last = self.context
        original = normalised(self.text[first:last])
        mutated = normalised(self.text[first:start] + replacement + self.text[end:last])
        key = (self.function, operator, original, mutated)
        again = self._seen[key] = self._seen.get(key, -1) + 1
        line = self.text.count("\n", 0, start) + 1
        self.mutants.append(
            Mutant(self.file, self.function, operator, line, start, end, replacement, original, mutated, again)
        )

    def _replace(self, operator: str, node: Node, replacement: str):
        self._add(operator, node.start, node.end, replacement)

    # Functions and constants

    def _function(self, part: Node):
        self.function, self.returns = part.name, part.returns
        self.context = (part.start, part.head)
        for modifier in part.modifiers:
            # Base constructors cannot go; by convention they are what starts with a capital.
            if part.what != "constructor" or not modifier.name[0].isupper():
                self._replace("modifier-drop", modifier, "")
        if part.body is not None:
            self._statement(part.body)

    def _variable(self, part: Node):
        self.function, self.returns = part.name, []
        self.context = (part.start, part.end)
        self.named_constant = part.constant
        self._expression(part.value)
        self.named_constant = False

    # Statements

    def _statement(self, node: Node, guarded: bool = False):
        """`guarded`: it is all that an `if` or its `else` does, so it is gone in a mutant of the condition already."""
        outer, self.context = self.context, (node.start, getattr(node, "head", node.end))
        rule = getattr(self, "_on_" + node.kind.replace("-", "_"), None)
        if rule:
            rule(node, guarded)
        self.context = outer

    def _on_block(self, node: Node, guarded: bool):
        for statement in node.statements:
            self._statement(statement, guarded and len(node.statements) == 1)

    def _on_if(self, node: Node, _):
        self._condition(node.condition, both=node.otherwise is not None)
        self._statement(node.then, guarded=True)
        if node.otherwise is not None:
            self._statement(node.otherwise, guarded=True)

    def _on_for(self, node: Node, _):
        """Without its last part a loop has no end, which says nothing about the tests."""
        if node.before is not None:
            value = node.before.value if node.before.kind == "declaration" else node.before.expression
            if value is not None:
                self._expression(value, statement=True)
        if node.condition is not None:
            self._loop_condition(node.condition)
        self._statement(node.body)

    def _on_while(self, node: Node, _):
        self._loop_condition(node.condition)
        self._statement(node.body)

    def _on_try(self, node: Node, _):
        self._expression(node.call)
        for body in node.bodies:
            self._statement(body)

    def _on_return(self, node: Node, guarded: bool):
        if node.value is None:
            if not guarded:
                self._replace("jump-drop", node, _GONE)
            return
        if not self.returns and node.value.kind == "call":
            self._replace("call-drop", node.value, "")
        if [kind for kind, _ in self.returns] == ["bool"]:
            self._invert("bool-invert", node.value)
        self._expression(node.value)

    def _on_jump(self, node: Node, guarded: bool):
        if not guarded:
            self._replace("jump-drop", node, _GONE)

    def _on_emit(self, node: Node, _):
        self._replace("emit-drop", node, _GONE)
        self._arguments(node.call)

    def _on_revert(self, node: Node, guarded: bool):
        if not guarded:
            self._replace("revert-drop", node, _GONE)

    def _on_declaration(self, node: Node, _):
        if node.value is None:
            return
        if node.type == "bool":
            self._invert("bool-invert", node.value)
        self._expression(node.value)

    def _on_expression(self, node: Node, guarded: bool):
        """A call, an assignment, or one of ++, -- and delete."""
        top = node.expression
        called = top.callee if top.kind == "call" else None
        if called is not None and self._text(called) == "revert":
            self._on_revert(node, guarded)
            return
        if called is not None and self._text(called) in ("require", "assert"):
            self._condition(top.arguments[0])
            self._replace("call-drop", node, _GONE)
            return
        if top.kind == "call":
            self._replace("call-drop", node, _GONE)
        else:
            self._replace("update-drop", node, _GONE)
        self._assigned_bool(top)
        self._expression(top, statement=True)

    def _assigned_bool(self, node: Node):
        if node.kind == "assign" and node.sign.text == "=" and node.left.kind == "name":
            if ("bool", node.left.text) in self.returns:
                self._invert("bool-invert", node.right)

    # Conditions

    def _condition(self, node: Node, both: bool = False):
        self._invert("cond-invert", node)
        self._constant_condition(node, both)
        self._expression(node)

    def _constant_condition(self, node: Node, both: bool):
        if self._text(node) != "false":
            self._replace("cond-false", node, "false")
        if both and self._text(node) != "true":
            self._replace("cond-true", node, "true")

    def _loop_condition(self, node: Node):
        self._constant_condition(node, both=False)
        if node.kind != "name":
            self._expression(node)

    def _invert(self, operator: str, node: Node):
        """Not where another operator does the same: == becomes !=, !x becomes x, true becomes false."""
        if node.kind == "binary" and node.sign.text in ("==", "!="):
            return
        if (node.kind == "unary" and node.sign.text == "!") or self._text(node) in ("true", "false"):
            return
        self._replace(operator, node, f"!({self._text(node)})")

    # Expressions

    def _arguments(self, call: Node):
        for argument in call.arguments:
            self._expression(argument)

    def _expression(self, node: Node, statement: bool = False):
        rule = getattr(self, "_in_" + node.kind, None)
        if rule:
            rule(node, statement)
        for child in node.children():
            self._expression(child)

    def _in_binary(self, node: Node, _):
        sign = node.sign
        if sign.text in ("&&", "||"):
            self._replace("operand-drop", node, self._text(node.left))
            self._replace("operand-drop", node, self._text(node.right))
        elif sign.text in _NEIGHBOURS:
            self._add("compare", sign.start, sign.end, _NEIGHBOURS[sign.text])
        elif sign.text in _ARITHMETIC:
            self._add("arithmetic", sign.start, sign.end, _ARITHMETIC[sign.text])

    def _in_assign(self, node: Node, _):
        sign = node.sign
        if sign.text[:-1] in _ARITHMETIC:
            self._add("arithmetic", sign.start, sign.end, _ARITHMETIC[sign.text[:-1]] + "=")

    def _in_ternary(self, node: Node, _):
        self._invert("cond-invert", node.condition)
        self._constant_condition(node.condition, both=True)

    def _in_unary(self, node: Node, statement: bool):
        operand = self._text(node.operand)
        if node.sign.text in ("!", "~"):
            self._replace("not-drop", node, operand)
        elif node.sign.text in ("++", "--") and not statement:
            # The value is as before, and nothing is stored.
            self._replace("update-drop", node, f"({operand} {node.sign.text[0]} 1)")

    def _in_postfix(self, node: Node, statement: bool):
        if not statement:
            self._replace("update-drop", node, self._text(node.operand))

    def _in_name(self, node: Node, _):
        if node.text in ("true", "false"):
            self._replace("bool-flip", node, "false" if node.text == "true" else "true")

    def _in_number(self, node: Node, _):
        self._number(node)

    def _number(self, node: Node):
        """The number itself is what the node starts with; a unit may follow."""
        text = node.text
        for step in (1, -1) if self.named_constant else (1,):
            changed = _moved(text, step)
            if changed is not None:
                self._add("literal", node.start, node.start + len(text), changed)

    # Yul

    def _on_assembly(self, node: Node, _):
        self._statement(node.body)

    def _on_yul_function(self, node: Node, _):
        self._statement(node.body)

    def _on_yul_let(self, node: Node, _):
        if node.value is not None:
            self._yul(node.value)

    def _on_yul_assign(self, node: Node, _):
        self._replace("update-drop", node, _GONE)
        self._yul(node.value)

    def _on_yul_call(self, node: Node, _):
        self._replace("call-drop", node, _GONE)
        self._yul(node.call)

    def _on_yul_jump(self, node: Node, guarded: bool):
        if not guarded:
            self._replace("jump-drop", node, _GONE)

    def _on_yul_if(self, node: Node, _):
        if not self._is_call(node.condition, "iszero", "eq"):
            self._replace("cond-invert", node.condition, f"iszero({self._text(node.condition)})")
        self._replace("cond-false", node.condition, "0")
        self._yul(node.condition)
        self._statement(node.body, guarded=True)

    def _on_yul_for(self, node: Node, _):
        self._statement(node.before)
        self._replace("cond-false", node.condition, "0")
        self._yul(node.condition)
        self._statement(node.body)

    def _on_yul_switch(self, node: Node, _):
        self._yul(node.subject)
        for body in node.bodies:
            self._statement(body)

    @staticmethod
    def _is_call(node: Node, *names: str) -> bool:
        return node.kind == "yul-expression" and node.callee in names

    def _yul(self, node: Node):
        if node.kind == "yul-number":
            self._number(node)
        if node.kind != "yul-expression":
            return
        name, whole = node.callee, self._text(node)
        arguments = [self._text(argument) for argument in node.arguments]
        if name in ("and", "or"):
            self._replace("operand-drop", node, arguments[0])
            self._replace("operand-drop", node, arguments[1])
        elif name in ("iszero", "not"):
            self._replace("not-drop", node, arguments[0])
        elif name == "eq":
            self._replace("compare", node, f"iszero({whole})")
        elif name in _YUL_COMPARE:
            # a < b becomes a <= b, which is not a > b.
            self._replace("compare", node, f"iszero({_YUL_COMPARE[name]}({', '.join(arguments)}))")
        elif name in _YUL_ARITHMETIC:
            self._add("arithmetic", node.start, node.start + len(name), _YUL_ARITHMETIC[name])
        for argument in node.arguments:
            self._yul(argument)


def _moved(text: str, step: int) -> str | None:
    """A number one further, as wide as before; None where there is none: at the ends, and for fractions."""
    plain = text.replace("_", "")
    if plain.startswith("0x"):
        value = int(plain, 16) + step
        changed = f"0x{value:0{len(plain) - 2}x}" if value >= 0 else None
        return changed if changed and len(changed) == len(plain) else None
    if not plain.isdigit() or int(plain) + step < 0:
        return None
    return str(int(plain) + step)


def mutants_of(file: str, text: str) -> list[Mutant]:
    return sorted(Mutator(file, text).run(), key=lambda mutant: (mutant.start, mutant.end))
