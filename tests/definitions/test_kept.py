"""Versions read back from their canonical text: equal to what they were written from, or refused in a sentence."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engine.definitions.kept import revived
from engine.definitions.load import load_all, predicates
from engine.definitions.resolve import canonical_of
from engine.definitions.workflow import Workflow
from engine.errors import DefinitionError
from engine.paths import config_dir, workflows_dir

SAMPLES = Path(__file__).parent / "samples"
FIRST = SAMPLES.parents[1] / "data" / "demo-part1.zip"


@pytest.fixture(scope="module")
def every() -> Mapping[str, Workflow]:
    """The workflows that are shipped, and the samples of the tests."""
    return {**load_all(workflows_dir(), config_dir()), **load_all(SAMPLES, SAMPLES)}


@pytest.fixture(scope="module")
def small(every: Mapping[str, Workflow]) -> Workflow:
    """One workflow."""
    return every["small-case"]


def changed(workflow: Workflow, change: Callable[[Any], object]) -> Workflow:
    """What comes of the canonical text after a change, under the hash of the changed text."""
    told = json.loads(workflow.canonical)
    change(told)
    text = json.dumps(told, ensure_ascii=False)
    return revived(hashlib.sha256(text.encode()).hexdigest(), text, predicates=predicates())


class TestRevived:
    """`revived`."""

    def test_equal(self, every: Mapping[str, Workflow]) -> None:
        """Every workflow comes back equal; beside its own file also in the order of its author."""
        for each in every.values():
            alone = revived(each.hash, each.canonical, predicates=predicates())
            assert canonical_of(alone) == each.canonical == alone.canonical
            beside = revived(each.hash, each.canonical, predicates=predicates(), current=every)
            assert beside == each
            for name in ("states", "transitions", "deadlines", "closings", "notices"):
                assert list(getattr(each, name)) == list(getattr(beside, name))

    def test_other_file(self, every: Mapping[str, Workflow], small: Workflow) -> None:
        """What today's file no longer has stands behind what it has."""
        states = dict(reversed(small.states.items()))
        gone = states.pop(small.initial)
        today = {small.name: replace(small, states=states)}
        found = revived(small.hash, small.canonical, predicates=predicates(), current=today)
        assert [*states, gone.name] == list(found.states)
        assert found.states == small.states

    def test_first_release(self, tmp_path: Path) -> None:
        """The versions that the first release published are read back whole."""
        with zipfile.ZipFile(FIRST) as archive:
            archive.extract("yingfan.db", tmp_path)
        with closing(sqlite3.connect(tmp_path / "yingfan.db")) as database:
            kept = database.execute("SELECT hash, canonical FROM definition").fetchall()
        assert 3 == len(kept)
        for hash_, text in kept:
            assert text == canonical_of(revived(hash_, text, predicates=predicates()))

    def test_default(self, small: Workflow) -> None:
        """What an older text does not say yet is as if nobody had asked for it."""

        def older(told: Any) -> None:
            for each in told["deadlines"].values():
                del each["in_session"]

        assert not any(each.in_session for each in changed(small, older).deadlines.values())

    def test_spoiled(self, small: Workflow) -> None:
        """A text that was changed is refused: the hash no longer covers it."""
        text = small.canonical.replace("3 workdays", "9 workdays")
        with pytest.raises(DefinitionError, match=f"{small.hash[:12]}：库存文本与散列值不符"):
            revived(small.hash, text, predicates=predicates())

    def test_lost_predicate(self, small: Workflow) -> None:
        """A predicate that this program no longer has in that version is named."""
        newer = {name: replace(each, version=each.version + 1) for name, each in predicates().items()}
        with pytest.raises(DefinitionError, match=r"本程序没有条件 .*recorded@1"):
            revived(small.hash, small.canonical, predicates=newer)

    def test_strange(self, small: Workflow) -> None:
        """What this program does not know is not left out in silence."""
        with pytest.raises(DefinitionError, match="不认识「Workflow」的 magic"):
            changed(small, lambda told: told.update(magic=1))

    def test_lacking(self, small: Workflow) -> None:
        """What cannot be left out is not made up."""
        with pytest.raises(DefinitionError, match="「Workflow」缺少 initial"):
            changed(small, lambda told: told.pop("initial"))
