# SPDX-License-Identifier: MIT
"""The tokens of Solidity and of the Yul inside it."""

import re
from typing import NamedTuple


class Token(NamedTuple):
    kind: str  # name, number, string, sign; end at the end of the text
    text: str
    start: int
    end: int


class SyntaxProblem(Exception):
    """The text is not what this reader knows; better said aloud than half of a file left without mutants."""

    def __init__(self, what: str, offset: int):
        super().__init__(what)
        self.offset = offset


_SIGNS = [">>>=", "<<=", ">>=", ">>>", "=>", "->", ":=", "**", "++", "--", "&&", "||", "==", "!=", "<=", ">=", "<<",
          ">>", "+=", "-=", "*=", "/=", "%=", "|=", "&=", "^="]
_TOKEN = re.compile(
    r"(?P<blank>\s+|//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>(?:hex|unicode)?(?:\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'))"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<number>0x[0-9a-fA-F_]+|(?:\d[\d_]*)?\.?\d[\d_]*(?:[eE]-?\d+)?)"
    r"|(?P<sign>" + "|".join(re.escape(sign) for sign in _SIGNS) + r"|[-+*/%!~<>=&|^?:;,.(){}\[\]])",
    re.S,
)


def tokens_of(text: str) -> list[Token]:
    found, place = [], 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            raise SyntaxProblem(f"no token starts with {text[place]!r}", place)
        if match.lastgroup != "blank":
            found.append(Token(match.lastgroup, match.group(), place, match.end()))
        place = match.end()
    found.append(Token("end", "", place, place))
    return found


def normalised(text: str) -> str:
    """The text without comments, and without white space that does not matter."""
    written, before = [], None
    for token in tokens_of(text):
        if before and token.start > before.end and not _close(before.text, token.text):
            written.append(" ")
        written.append(token.text)
        before = token
    return "".join(written).strip()


def _close(left: str, right: str) -> bool:
    """Whether a line break that `forge fmt` puts between the two leaves no space in one line."""
    return left in ("(", "[", "!", "~") or right in (")", "]", ",", ";", ".")
