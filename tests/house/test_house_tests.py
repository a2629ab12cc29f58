"""The tests are the specification: classes name things, docstrings are its sentences."""

from __future__ import annotations

import ast
from collections import Counter

from tests.house.source import Function, below, name_of, tree


def modules_of_tests() -> list[tuple[str, ast.Module]]:
    """Every module of tests with its name."""
    return [(name_of(path), tree(path)) for path in below("tests", suffix=".py") if path.name.startswith("test_")]


class TestTests:
    """Test modules, classes and functions."""

    def test_named_things(self) -> None:
        """Each test stands in a class that is named after the thing it is about."""
        loose = [
            f"{name}:{node.lineno} {node.name}"
            for name, module in modules_of_tests()
            for node in module.body
            if isinstance(node, Function) and node.name.startswith("test_")
        ]
        assert loose == []

    def test_sentences(self) -> None:
        """Each test has a docstring that is one sentence."""
        assert [
            f"{name}:{node.lineno} {node.name}"
            for name, module in modules_of_tests()
            for node in ast.walk(module)
            if isinstance(node, Function) and node.name.startswith("test_")
            if not is_sentence(ast.get_docstring(node))
        ] == []

    def test_unique_names(self) -> None:
        """No two test modules share a name."""
        names = Counter(name.rpartition("/")[2] for name, _ in modules_of_tests())
        assert {name: count for name, count in names.items() if count > 1} == {}


def is_sentence(text: str | None) -> bool:
    """Whether a docstring is one paragraph that ends as a sentence does."""
    return bool(text) and "\n\n" not in str(text) and str(text).rstrip()[-1] in ".?!。”」"
