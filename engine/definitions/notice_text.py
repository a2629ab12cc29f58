"""Texts of notices looked at without Jinja2: which facts they name, and whether they surely compile.

Importing Jinja2 takes a tenth of the time of a whole check; texts within this small grammar need it only when filled.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from notifications.filters import FILTERS

_EXPRESSION = re.compile(r"{[{%](.*?)[%}]}", re.DOTALL)
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

_PIECE = re.compile(r"{{(.*?)}}|{%(.*?)%}")
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


def surely_compiles(text: str) -> bool:
    """True for a text whose every piece is known to compile; False says nothing, Jinja2 must be asked."""
    if re.search(r"[{}]", _PIECE.sub("", text)):
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
