"""What the limits are measured on: the files of the checkout and the functions in them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("engine", "notifications")
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One function: where it stands (``path:line name``), its syntax and whether it is a method."""

    where: str
    node: Function
    method: bool


@cache
def files() -> tuple[Path, ...]:
    """Every file that is in git or could be added to it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


def below(*folders: str, suffix: str) -> list[Path]:
    """The files with this suffix below the given folders of the checkout."""
    return [path for path in files() if path.suffix == suffix and path.relative_to(ROOT).parts[0] in folders]


def name_of(path: Path) -> str:
    """A path as the reports name it."""
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text("utf-8"))


@cache
def functions() -> tuple[Measured, ...]:
    """Every function and method of the two packages, nested ones too."""
    return tuple(each for path in below(*PACKAGES, suffix=".py") for each in _functions(path))


def _functions(path: Path) -> Iterator[Measured]:
    methods = {
        item
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        for item in node.body
        if isinstance(item, Function) and not _decorated(item, "staticmethod")
    }
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            where = f"{name_of(path)}:{node.lineno} {node.name}"
            yield Measured(where=where, node=node, method=node in methods)


def _decorated(node: Function, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in node.decorator_list)


def code_lines(function: Function, text: list[str]) -> int:
    """How many lines of a function are code: not its docstring, not blank, not only a comment."""
    told = _docstring_lines(function)
    lines = range(function.lineno, (function.end_lineno or function.lineno) + 1)
    return sum(1 for line in lines if line not in told and text[line - 1].strip()[:1] not in {"", "#"})


def _docstring_lines(function: Function) -> range:
    if ast.get_docstring(function, clean=False) is None:
        return range(0)
    first = function.body[0]
    return range(first.lineno, (first.end_lineno or first.lineno) + 1)
