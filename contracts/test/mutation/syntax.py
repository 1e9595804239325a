# SPDX-License-Identifier: MIT
"""Reads Solidity into a tree that knows where in the text each of its nodes stands. Types are not looked up: what is
read is what can be said from the text alone."""

from reader import Node
from tokens import SyntaxProblem
from yul import Yul

_PLACES = {"memory", "storage", "calldata"}
_ATTRIBUTES = {"external", "public", "internal", "private", "view", "pure", "payable", "virtual", "constant",
               "immutable", "transient"}
_WITHOUT_CODE = {"event", "error", "using", "type", "import", "pragma"}


class Statements(Yul):
    def block(self) -> Node:
        start = self.next.start
        self.takes("unchecked")
        self.expect("{")
        statements = []
        while not self.takes("}"):
            statements.append(self.statement())
        return Node("block", start, self.past, statements=statements)

    def statement(self) -> Node:
        start = self.next.start
        if self.sees("{") or (self.sees("unchecked") and self.ahead(1) == "{"):
            return self.block()
        rule = {"if": self._if, "for": self._for, "while": self._while, "do": self._do, "return": self._return,
                "emit": self._emit, "try": self._try, "assembly": self._assembly}.get(self.next.text)
        if rule:
            self.take()
            return rule(start)
        if self.sees("revert") and self.ahead(1) != "(" and self.ahead(1) != ".":
            self.take()
            return self._call("revert", start)
        if self.sees("break", "continue", "_") and self.ahead(1) == ";":
            kind = self.take().text
            self.expect(";")
            return Node("placeholder" if kind == "_" else "jump", start, self.past)
        return self._simple()

    def _simple(self) -> Node:
        """A declaration or an expression, with its semicolon."""
        start = self.next.start
        declared = self.attempt(self._declaration)
        if declared is not None:
            kind, value = declared
            self.expect(";")
            return Node("declaration", start, self.past, type=kind, value=value)
        expression = self.expression()
        self.expect(";")
        return Node("expression", start, self.past, expression=expression)

    def _declaration(self):
        """The type of what is declared, "" of several, and its value or None."""
        if self.sees("("):
            self._declared_tuple()
            kind = ""
        else:
            kind = self._declared()
            if self.sees(";"):
                return kind, None
        self.expect("=")
        return kind, self.expression()

    def _declared_tuple(self):
        self.expect("(")
        while not self.takes(")"):
            if not self.takes(","):
                self._declared()

    def _declared(self) -> str:
        if self.sees("delete"):
            raise SyntaxProblem("no type", self.next.start)
        kind = self._written_type()
        self.takes(*_PLACES)
        self.name()
        return kind

    def _written_type(self) -> str:
        start = self.at
        self.type_name()
        return "".join(token.text for token in self.tokens[start : self.at])

    def _condition(self) -> Node:
        self.expect("(")
        condition = self.expression()
        self.expect(")")
        return condition

    def _if(self, start: int) -> Node:
        condition, head = self._condition(), self.past
        then = self.statement()
        otherwise = self.statement() if self.takes("else") else None
        return Node("if", start, self.past, head=head, condition=condition, then=then, otherwise=otherwise)

    def _for(self, start: int) -> Node:
        self.expect("(")
        before = None if self.takes(";") else self._simple()
        condition = None if self.sees(";") else self.expression()
        self.expect(";")
        after = None if self.sees(")") else self.expression()
        self.expect(")")
        head = self.past
        body = self.statement()
        return Node("for", start, self.past, head=head, before=before, condition=condition, after=after, body=body)

    def _while(self, start: int) -> Node:
        condition, head = self._condition(), self.past
        body = self.statement()
        return Node("while", start, self.past, head=head, condition=condition, body=body)

    def _do(self, start: int) -> Node:
        body = self.statement()
        self.expect("while")
        condition = self._condition()
        self.expect(";")
        return Node("while", start, self.past, head=self.past, condition=condition, body=body)

    def _return(self, start: int) -> Node:
        value = None if self.sees(";") else self.expression()
        self.expect(";")
        return Node("return", start, self.past, value=value)

    def _emit(self, start: int) -> Node:
        return self._call("emit", start)

    def _call(self, kind: str, start: int) -> Node:
        call = self.expression()
        self.expect(";")
        return Node(kind, start, self.past, call=call)

    def _try(self, start: int) -> Node:
        call = self.expression()
        if self.takes("returns"):
            self.skip_group()
        head, bodies = self.past, [self.block()]
        while self.takes("catch"):
            self.skip_to("{")
            bodies.append(self.block())
        return Node("try", start, self.past, head=head, call=call, bodies=bodies)

    def _assembly(self, start: int) -> Node:
        if self.next.kind == "string":
            self.take()
        if self.sees("("):
            self.skip_group()
        body = self.yul_block()
        return Node("assembly", start, self.past, body=body)


class Source(Statements):
    """Whole files: what can be changed in them is in functions and constants."""

    def parts(self) -> list[Node]:
        found = []
        while self.next.kind != "end":
            found += self._top()
        return found

    def _top(self) -> list[Node]:
        start = self.at
        while self.sees("abstract"):
            self.take()
        if not self.sees("contract", "library", "interface"):
            self.at = start
            return self._member()
        interface = self.take().text == "interface"
        self.skip_to("{")
        if interface:
            self.skip_group()
            return []
        self.expect("{")
        members = []
        while not self.takes("}"):
            members += self._member()
        return members

    def _member(self) -> list[Node]:
        start = self.next.start
        if self.sees("function", "modifier", "constructor", "receive", "fallback"):
            return [self._function(start)]
        if self.takes("struct", "enum"):
            self.skip_to("{")
            self.skip_group()
            return []
        if self.takes(*_WITHOUT_CODE):
            self.skip_to(";")
            self.expect(";")
            return []
        return self._variable(start)

    def _function(self, start: int) -> Node:
        kind = self.take().text
        name = self.name() if kind in ("function", "modifier") else kind
        if self.sees("("):
            self.skip_group()
        modifiers, returns = [], []
        while not self.sees("{", ";"):
            if self.takes("returns"):
                returns = self._returns()
            elif self.takes("override"):
                if self.sees("("):
                    self.skip_group()
            elif not self.takes(*_ATTRIBUTES):
                modifiers.append(self._modifier())
        head = self.past
        body = None if self.takes(";") else self.block()
        return Node("function", start, self.past, what=kind, name=name, head=head, modifiers=modifiers,
                    returns=returns, body=body)

    def _modifier(self) -> Node:
        start, name = self.next.start, self.name()
        while self.takes("."):
            self.name()
        if self.sees("("):
            self.skip_group()
        return Node("modifier", start, self.past, name=name)

    def _returns(self) -> list[tuple[str, str]]:
        """Type and name, which may be empty, of each."""
        self.expect("(")
        found = []
        while not self.takes(")"):
            kind = self._written_type()
            self.takes(*_PLACES)
            found.append((kind, self.name() if self.next.kind == "name" else ""))
            self.takes(",")
        return found

    def _variable(self, start: int) -> list[Node]:
        """A state variable or a constant."""
        self.type_name()
        constant = False
        while self.sees("override", *_ATTRIBUTES):
            constant = constant or self.sees("constant")
            if self.take().text == "override" and self.sees("("):
                self.skip_group()
        name = self.name()
        value = self.expression() if self.takes("=") else None
        self.expect(";")
        return [Node("variable", start, self.past, name=name, constant=constant, value=value)]


def parts_of(text: str) -> list[Node]:
    """The functions, state variables and constants of a file."""
    return Source(text).parts()
