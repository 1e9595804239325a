# SPDX-License-Identifier: MIT
"""The language of assembly blocks."""

from expressions import Expressions
from reader import Node


class Yul(Expressions):
    def yul_block(self) -> Node:
        start = self.expect("{").start
        statements = []
        while not self.takes("}"):
            statements.append(self._yul_statement())
        return Node("block", start, self.past, statements=statements)

    def _yul_statement(self) -> Node:
        start = self.next.start
        if self.sees("{"):
            return self.yul_block()
        if self.takes("let"):
            self._yul_names()
            value = self._yul_expression() if self.takes(":=") else None
            return Node("yul-let", start, self.past, value=value)
        if self.takes("if"):
            condition, head = self._yul_expression(), self.past
            body = self.yul_block()
            return Node("yul-if", start, self.past, head=head, condition=condition, body=body)
        if self.takes("for"):
            before = self.yul_block()
            condition = self._yul_expression()
            after, head = self.yul_block(), self.past
            body = self.yul_block()
            return Node("yul-for", start, self.past, head=head, before=before, condition=condition, after=after,
                        body=body)
        if self.takes("switch"):
            return self._yul_switch(start)
        if self.takes("function"):
            self.skip_to("{")
            body = self.yul_block()
            return Node("yul-function", start, self.past, body=body)
        if self.takes("leave", "break", "continue"):
            return Node("yul-jump", start, self.past)
        return self._yul_call_or_assignment(start)

    def _yul_switch(self, start: int) -> Node:
        subject, head, bodies = self._yul_expression(), self.past, []
        while self.sees("case", "default"):
            if self.take().text == "case":
                self._yul_expression()
            bodies.append(self.yul_block())
        return Node("yul-switch", start, self.past, head=head, subject=subject, bodies=bodies)

    def _yul_call_or_assignment(self, start: int) -> Node:
        before = self.at
        self._yul_names()
        if self.takes(":="):
            value = self._yul_expression()
            return Node("yul-assign", start, self.past, value=value)
        self.at = before
        call = self._yul_expression()
        return Node("yul-call", start, self.past, call=call)

    def _yul_names(self):
        self._yul_name()
        while self.takes(","):
            self._yul_name()

    def _yul_name(self) -> str:
        name = self.name()
        while self.takes("."):
            name += "." + self.name()
        return name

    def _yul_expression(self) -> Node:
        token = self.next
        if token.kind in ("number", "string"):
            self.take()
            return Node("yul-number" if token.kind == "number" else "string", token.start, token.end, text=token.text)
        name = self._yul_name()
        if not self.takes("("):
            return Node("yul-name", token.start, self.past, text=name)
        arguments = []
        while not self.takes(")"):
            arguments.append(self._yul_expression())
            if not self.sees(")"):
                self.expect(",")
        return Node("yul-expression", token.start, self.past, callee=name, arguments=arguments)
