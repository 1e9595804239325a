# SPDX-License-Identifier: MIT
"""Reads Solidity into a tree that knows where in the text each of its nodes stands. Types are not looked up: what is
read is what can be said from the text alone."""

from tokens import SyntaxProblem, Token, tokens_of


class Node:
    """A piece of the text. What else it has depends on its kind; a field holds a node, a list of nodes or a word."""

    def __init__(self, kind: str, start: int, end: int, **fields):
        self.kind, self.start, self.end, self.fields = kind, start, end, fields

    def __getattr__(self, name):
        try:
            return self.__dict__["fields"][name]
        except KeyError:
            raise AttributeError(name) from None

    def children(self):
        for field in self.fields.values():
            for child in field if isinstance(field, list) else [field]:
                if isinstance(child, Node):
                    yield child


_BINARY = {"||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4, "|": 5, "^": 6, "&": 7, "<<": 8,
           ">>": 8, ">>>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10, "**": 11}
_ASSIGN = {"=", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^=", "<<=", ">>=", ">>>="}
_UNITS = {"wei", "gwei", "ether", "seconds", "minutes", "hours", "days", "weeks"}
_PLACES = {"memory", "storage", "calldata"}
_ATTRIBUTES = {"external", "public", "internal", "private", "view", "pure", "payable", "virtual", "constant",
               "immutable", "transient"}
_WITHOUT_CODE = {"event", "error", "using", "type", "import", "pragma"}


class Reader:
    """The rules for tokens, which those for expressions, statements and Yul go on from."""

    def __init__(self, text: str):
        self.tokens = tokens_of(text)
        self.at = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.at]

    @property
    def past(self) -> int:
        """Where the last token taken ends."""
        return self.tokens[self.at - 1].end

    def ahead(self, distance: int) -> str:
        return self.tokens[min(self.at + distance, len(self.tokens) - 1)].text

    def sees(self, *texts: str) -> bool:
        return self.next.kind != "string" and self.next.text in texts

    def take(self) -> Token:
        token = self.next
        if token.kind == "end":
            raise SyntaxProblem("the text ends too early", token.start)
        self.at += 1
        return token

    def takes(self, *texts: str) -> bool:
        """Takes the next token if it is one of these."""
        if not self.sees(*texts):
            return False
        self.at += 1
        return True

    def expect(self, text: str) -> Token:
        if not self.sees(text):
            raise SyntaxProblem(f"{text!r} expected, not {self.next.text!r}", self.next.start)
        return self.take()

    def name(self) -> str:
        if self.next.kind != "name":
            raise SyntaxProblem(f"a name expected, not {self.next.text!r}", self.next.start)
        return self.take().text

    def skip_group(self):
        """Takes what stands in brackets, and these."""
        depth = 0
        while True:
            token = self.take()
            if token.kind == "sign":
                depth += (token.text in "([{") - (token.text in ")]}")
            if depth == 0:
                return

    def skip_to(self, *texts: str):
        """Stops in front of one of these, or of the end."""
        while not self.sees(*texts) and self.next.kind != "end":
            if self.sees("(", "[", "{"):
                self.skip_group()
            else:
                self.take()

    def attempt(self, rule):
        """What the rule reads, or None, and then nothing is taken."""
        start = self.at
        try:
            return rule()
        except SyntaxProblem:
            self.at = start
            return None


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
