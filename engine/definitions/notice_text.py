"""Texts of notices looked at without Jinja2: which facts they name, and whether they surely compile.

Importing Jinja2 takes a tenth of the time of a whole check; texts within this small grammar need it only when filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from notifications.filters import FILTERS

_EXPRESSION = re.compile(r"{[{%]([^{}]*)[%}]}")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_FILTER = re.compile(r"\|\s*[a-z_]+")
_NAME = re.compile(r"(?<![.\w])([a-z_][a-z0-9_]*)(?:\.([a-z_][a-z0-9_]*))?")
_WORDS = frozenset(
    {
        *("if", "else", "elif", "endif", "for", "endfor", "in", "not", "and", "or", "is", "set"),
        *("true", "false", "none", "loop", "defined"),
    }
)
_LOCAL = re.compile(r"{%-?\s*(?:for|set)\s+([a-z_]+)")

LONGEST = 200
"""Characters of one expression or statement."""
MOST_STATEMENTS = 40
"""Expressions and statements in one text."""
DEEPEST = 4
"""Conditions and loops within each other: Jinja2 and Python follow each by a call or a block of their own."""
_RICH = re.compile(r"[*/+~%\[\]{}^&]|\([^()]*\(")
_PIECE = re.compile(r"{{([^{}]*)}}|{%([^{}]*)%}")
_FACT = rf"[a-z_]+(?:\.[a-z_]+)?(?:\s*\|\s*(?:{'|'.join(FILTERS)}|(?:join|default)\('[^'{{}}]*'\)))*"
_VALUE = re.compile(rf"\s*{_FACT}\s*")
_TEST = rf"(?:not )?{_FACT}(?: == '[^'{{}}]*'| is defined)?"
_OPENING = re.compile(rf"\s*(?:(if) {_TEST}|(for) [a-z_]+ in [a-z_]+)\s*")
_ENDING = re.compile(r"\s*(?:else|end(if|for))\s*")


def named(text: str) -> Iterator[tuple[str, str]]:
    """Every fact that a template names: its root, and the name inside it or nothing."""
    local = frozenset(_LOCAL.findall(text))
    for expression in _EXPRESSION.findall(text):
        for root, inner in _NAME.findall(_FILTER.sub("", _QUOTED.sub("''", expression))):
            if root not in _WORDS and root not in local:
                yield root, inner


def too_rich(text: str) -> bool:
    """True for a text that says more than a notice may: arithmetic, nested brackets, very long or very many pieces.

    Jinja2 works out constants while compiling, so that a power of powers would never end.
    """
    pieces = _PIECE.findall(text)
    if len(pieces) > MOST_STATEMENTS or _depth(pieces) > DEEPEST:
        return True
    return any(len(piece) > LONGEST or _RICH.search(_QUOTED.sub("''", piece)) for pair in pieces for piece in pair)


def _depth(pieces: list[tuple[str, str]]) -> int:
    """How deep conditions and loops are nested."""
    depth = deepest = 0
    for _, statement in pieces:
        word = statement.split()[:1]
        depth += 1 if word in (["if"], ["for"]) else -1 if word in (["endif"], ["endfor"]) else 0
        deepest = max(deepest, depth)
    return deepest


def torn(text: str) -> bool:
    """True for a text with a brace that belongs to no expression or statement."""
    return re.search(r"[{}]", _PIECE.sub("", text)) is not None


def surely_compiles(text: str) -> bool:
    """True for a text whose every piece is known to compile; False says nothing, Jinja2 must be asked."""
    if torn(text) or too_rich(text):
        return False
    opened: list[str] = []
    for value, statement in _PIECE.findall(text):
        if value:
            if not _VALUE.fullmatch(value):
                return False
        elif not _follows(statement, opened):
            return False
    return not opened


def _follows(statement: str, opened: list[str]) -> bool:
    """Whether a statement may stand here; `opened` holds what is still to be closed."""
    opening, ending = _OPENING.fullmatch(statement), _ENDING.fullmatch(statement)
    if opening:
        opened.append(opening[1] or opening[2])
        return True
    if not ending or not opened:
        return False
    block = opened.pop()
    if ending[1]:
        return ending[1] == block.removeprefix("else of ")
    opened.append(f"else of {block}")
    return block == "if"
