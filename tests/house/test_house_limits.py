"""The hard limits of modules, functions and rooms (ruff counts complexity and asks for docstrings)."""

from __future__ import annotations

import ast
import re

from tests.house.source import PACKAGES, ROOT, Measured, below, code_lines, functions, name_of

MODULE_LINES = 400
FUNCTION_LINES = 50
USUAL_LINES = 28
USUAL_SHARE = 0.95
PARAMETERS = 6
POSITIONAL = 3
DRAWERS = {"utils", "util", "common", "helpers", "core", "base", "misc"}
PUBLISHED = {
    "engine/cases/decide.py": {"decide"},
    "engine/audit/merkle.py": {"verify_inclusion", "verify_consistency"},
    "engine/workdays/reckoning.py": {"reckon"},
}
"""Functions that others call by the signature they were published with, positional beyond the third."""


def lines_of_functions() -> list[tuple[int, str]]:
    """Code lines and place of every function."""
    texts = {name_of(path): path.read_text("utf-8").splitlines() for path in below(*PACKAGES, suffix=".py")}
    return [(code_lines(each.node, texts[each.where.partition(":")[0]]), each.where) for each in functions()]


def makes_option(value: ast.expr | None) -> bool:
    """Whether an expression is typer's or FastAPI's own for an option, itself or as what is said beside a type."""
    if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and value.value.id == "Annotated":
        return isinstance(value.slice, ast.Tuple) and any(makes_option(each) for each in value.slice.elts)
    called = value.func if isinstance(value, ast.Call) else None
    name = called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
    return name in {"Option", "Argument"}


SHARED = {
    target.id
    for node in ast.parse((ROOT / "engine" / "cli" / "options.py").read_text("utf-8")).body
    if isinstance(node, ast.Assign) and makes_option(node.value)
    for target in node.targets
    if isinstance(target, ast.Name)
}
"""The options that several commands have in common, by the names of their types."""


def is_option(argument: ast.arg, default: ast.expr | None) -> bool:
    """Whether a parameter is an option of a command, told by its name, and not by its place."""
    kind = argument.annotation
    return makes_option(default) or makes_option(kind) or (isinstance(kind, ast.Name) and kind.id in SHARED)


def positional(each: Measured) -> list[str]:
    """The parameters that may be passed by position, without self, cls and a command's options."""
    arguments = each.node.args
    ordered = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(ordered) - len(arguments.defaults)) + list(arguments.defaults)
    pairs = zip(ordered, defaults, strict=True)
    names = [argument.arg for argument, default in pairs if not is_option(argument, default)]
    return names[1:] if each.method else names


def keyword_only(each: Measured) -> list[str]:
    """The parameters that must be named, without a command's options."""
    pairs = zip(each.node.args.kwonlyargs, each.node.args.kw_defaults, strict=True)
    return [argument.arg for argument, default in pairs if not is_option(argument, default)]


class TestModules:
    """Modules and rooms."""

    def test_length(self) -> None:
        """No module is longer than 400 lines."""
        lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in below(*PACKAGES, suffix=".py")}
        assert {name: lines for name, lines in lengths.items() if lines > MODULE_LINES} == {}

    def test_something_is_measured(self) -> None:
        """The limits are measured on the modules of both packages, so that they cannot hold for want of any."""
        assert set(PACKAGES) == {path.relative_to(ROOT).parts[0] for path in below(*PACKAGES, suffix=".py")}

    def test_no_drawers(self) -> None:
        """No room or module is a drawer for what has no place."""
        names = {
            part for path in below(*PACKAGES, suffix=".py") for part in path.relative_to(ROOT).with_suffix("").parts
        }
        assert set() == DRAWERS & {name.strip("_") for name in names}


class TestFunctions:
    """Functions and methods."""

    def test_length(self) -> None:
        """No function has more than 50 lines of code."""
        assert [(lines, where) for lines, where in lines_of_functions() if lines > FUNCTION_LINES] == []

    def test_usual_length(self) -> None:
        """Of all functions 95 in 100 have at most 28 lines of code."""
        measured = lines_of_functions()
        longer = sorted(((lines, where) for lines, where in measured if lines > USUAL_LINES), reverse=True)
        assert len(longer) <= len(measured) * (1 - USUAL_SHARE), longer

    def test_parameters(self) -> None:
        """No function takes more than six parameters; the options of a command are its interface and do not count."""
        counts = {each.where: len(positional(each)) + len(keyword_only(each)) for each in functions()}
        assert {where: count for where, count in counts.items() if count > PARAMETERS} == {}

    def test_keywords(self) -> None:
        """After the third parameter of a public function the rest are named, except where a signature is published."""
        public = [each for each in functions() if not each.node.name.startswith("_")]
        free = [each for each in public if each.node.name not in PUBLISHED.get(each.where.partition(":")[0], ())]
        assert [each.where for each in free if len(positional(each)) > POSITIONAL] == []


class TestExclusions:
    """Exclusions from the rules."""

    def test_coverage(self) -> None:
        """Whatever is kept out of coverage says why on the same line."""
        bare = re.compile(r"pragma: no (?:cover|branch)\W*$")
        assert [
            f"{name_of(path)}:{number}"
            for path in below(*PACKAGES, suffix=".py")
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
            if bare.search(line)
        ] == []
