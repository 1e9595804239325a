# SPDX-License-Identifier: MIT
"""What all rules of reading need: nodes, and the next tokens."""

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


class Reader:
    """The rules for tokens, from which those for expressions, Yul and statements go on."""

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
