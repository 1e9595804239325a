# SPDX-License-Identifier: MIT
"""Expressions and types of Solidity."""

from reader import Node, Reader
from tokens import Token

_BINARY = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "|": 5, "^": 6, "&": 7, "<<": 8,
           ">>": 8, ">>>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10, "**": 11}
_ASSIGN = {"=", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "<<=", ">>=", ">>>="}
_UNITS = {"wei", "gwei", "ether", "seconds", "minutes", "hours", "days", "weeks"}


class Expressions(Reader):
    def expression(self) -> Node:
        start = self.next.start
        left = self._ternary()
        if self.next.kind != "string" and self.next.text in _ASSIGN:
            sign = self.take()
            right = self.expression()
            return Node("assign", start, self.past, left=left, sign=sign, right=right)
        return left

    def _ternary(self) -> Node:
        start = self.next.start
        condition = self._binary(1)
        if not self.takes("?"):
            return condition
        then = self.expression()
        self.expect(":")
        otherwise = self.expression()
        return Node("ternary", start, self.past, condition=condition, then=then, otherwise=otherwise)

    def _binary(self, least: int) -> Node:
        start = self.next.start
        left = self._unary()
        while self.next.kind == "sign" and _BINARY.get(self.next.text, 0) >= least:
            sign = self.take()
            strength = _BINARY[sign.text]
            right = self._binary(strength if sign.text == "**" else strength + 1)
            left = Node("binary", start, self.past, left=left, sign=sign, right=right)
        return left

    def _unary(self) -> Node:
        start = self.next.start
        if self.sees("!", "~", "-", "+", "++", "--", "delete"):
            sign = self.take()
            operand = self._unary()
            return Node("unary", start, self.past, sign=sign, operand=operand)
        if self.takes("new"):
            self.type_name()
            return self._postfix(Node("type", start, self.past))
        return self._postfix(self._primary())

    def _primary(self) -> Node:
        token = self.next
        if token.kind == "number":
            self.take()
            number = Node("number", token.start, token.end, text=token.text)
            if self.next.kind == "name" and self.next.text in _UNITS:
                self.take()
            return number
        if token.kind == "string":
            while self.next.kind == "string":
                self.take()
            return Node("string", token.start, self.past)
        if self.sees("(", "["):
            return self._list(self.take())
        if self.sees("mapping", "function"):
            self.type_name()
            return Node("type", token.start, self.past)
        return Node("name", token.start, token.end, text=self.name())

    def _list(self, opening: Token) -> Node:
        """A tuple, whose items may be missing, an array, or something in parentheses."""
        closing = {"(": ")", "[": "]"}[opening.text]
        items = []
        while not self.takes(closing):
            if not self.takes(","):
                items.append(self.expression())
        return Node("list", opening.start, self.past, items=items)

    def _postfix(self, node: Node) -> Node:
        start = node.start
        while True:
            if self.takes("."):
                member = self.name()
                node = Node("member", start, self.past, of=node, member=member)
            elif self.sees("["):
                node = self._index(node)
            elif self.sees("("):
                arguments = self._arguments()
                node = Node("call", start, self.past, callee=node, arguments=arguments)
            elif self.sees("{") and self.tokens[self.at + 1].kind == "name" and self.ahead(2) == ":":
                options = self._named()
                node = Node("options", start, self.past, of=node, arguments=options)
            elif self.sees("++", "--"):
                sign = self.take()
                node = Node("postfix", start, self.past, sign=sign, operand=node)
            else:
                return node

    def _index(self, node: Node) -> Node:
        self.expect("[")
        parts = []
        while not self.takes("]"):
            if not self.takes(":"):
                parts.append(self.expression())
        return Node("index", node.start, self.past, of=node, parts=parts)

    def _arguments(self) -> list[Node]:
        self.expect("(")
        if self.sees("{"):
            arguments = self._named()
            self.expect(")")
            return arguments
        arguments = []
        while not self.takes(")"):
            arguments.append(self.expression())
            if not self.sees(")"):
                self.expect(",")
        return arguments

    def _named(self) -> list[Node]:
        self.expect("{")
        values = []
        while not self.takes("}"):
            self.name()
            self.expect(":")
            values.append(self.expression())
            self.takes(",")
        return values

    def type_name(self):
        if self.sees("mapping"):
            self.take()
            self.skip_group()
        elif self.takes("function"):
            self.skip_to(")", ",", ";", "=")
        else:
            self.name()
            while self.takes("."):
                self.name()
            self.takes("payable")
        while self.sees("["):
            self.skip_group()
