"""A crash at any statement leaves all or nothing, and sending again completes it (RELIABILITY.md R4)."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pytest

from engine.services.refusals import RuleAct
from tests.cases.said_no import stories
from tests.faults.crashing import DYING, RAISING, Deed, Trial, Tried, Ways, interrupted
from tests.faults.deeds import SMALL, of_story, without_case
from tests.faults.ground import Land
from tests.faults.planted import forgotten_request, split_transaction
from tests.faults.scale import only_at_length

ORDER = "dropout-case/28-refer-judicial.yaml"
KINDS: dict[str, Collection[str]] = {
    ORDER: {
        "record_visit",
        "order_correction",
        "proposal.approve",
        "proposal.approve: order_correction",
        "document.serve",
        "sweep: timer.overdue",
        "proposal.approve: refer+link.changed+case.open",
        "acknowledge: acknowledge+link.changed",
    },
    "dropout-case/19-stale-proposal.yaml": {"case.undo"},
    "dropout-case/27-hold.yaml": {"case.hold", "case.release"},
    "dropout-case/36-reopen.yaml": {"case.reopen"},
    "dropout-case/39-withdraw-order.yaml": {"document.withdraw"},
}
"""The kinds of command that every run tries, by the story that does them."""

BRIEF: Ways = ("dies before", "raises after")
"""Of four ways the two that leave different states: before a statement nothing is known of it, after it no answer came."""

FEWEST = {ORDER: 150, "sample": 180}
"""Points below which a harness has quietly stopped trying."""


PARTS = 4
"""Everything in so many parts: each ends within its time on a busy machine, and several may be tried at once."""


def found_in(key: str, land: Land, folder: Path, kinds: Collection[str]) -> list[Deed]:
    """The deeds of these kinds in a story; all must be there."""
    found: dict[str, Deed] = {}
    of_story(key, land, folder, found)
    return [found[kind] for kind in sorted(kinds)]


def tried_all(trial: Trial, deeds: Sequence[Deed], progress: Callable[[str], None] = lambda _: None) -> Tried:
    """Every deed interrupted at every statement; each deed's installation is thrown away when it is done."""
    total = Tried()
    for at, deed in enumerate(deeds, 1):
        tried = interrupted(trial, deed)
        trial.land.removed(deed.ground)
        progress(f"{at} of {len(deeds)}, {deed.kind}: {tried.points} points, {len(tried.faults)} faults")
        total.points += tried.points
        total.faults += tried.faults
        total.kinds |= tried.kinds
    return total


class TestCrashPoints:
    """Every statement of every kind of command, interrupted."""

    @pytest.mark.timeout(600)
    @pytest.mark.parametrize("key", [*sorted(KINDS), "sample"])
    def test_statements(self, key: str, land: Land, tmp_path: Path, say: Callable[[str], None]) -> None:
        """After a crash at any statement the invariants hold, and sending again ends as without a crash."""
        started = time.monotonic()
        sample = key == "sample"
        deeds = [*without_case(land, tmp_path / "s")] if sample else found_in(key, land, tmp_path / "s", KINDS[key])
        tried = tried_all(Trial(land=land, folder=tmp_path, ways=BRIEF, brief=True), deeds)
        say(
            f"crash points, {land.name}, {key}: {tried.points} of {len(tried.kinds)} kinds, "
            f"{len(tried.faults)} faults, {time.monotonic() - started:.1f} s"
        )
        assert tried.faults == []
        assert tried.points >= FEWEST.get(key, 10)
        assert not sample or SMALL.keys() <= tried.kinds.keys()

    @only_at_length
    @pytest.mark.timeout(7200)
    @pytest.mark.parametrize("part", range(PARTS))
    def test_everything(self, land: Land, part: int, tmp_path: Path, say: Callable[[str], None]) -> None:
        """The same in all four ways, for every kind of command that any story does."""
        started = time.monotonic()
        found: dict[str, Deed] = {}
        for key in sorted(stories()):
            of_story(key, land, tmp_path / key.replace("/", "-"), found)
        trial = Trial(land=land, folder=tmp_path, ways=(*DYING, *RAISING))
        deeds = [*found.values(), *without_case(land, tmp_path / "s")]
        tried = tried_all(trial, deeds[part::PARTS], say)
        say(
            f"crash points, {land.name}, part {part + 1} of {PARTS}: {tried.points} of {len(tried.kinds)} kinds, "
            f"{len(tried.faults)} faults, {time.monotonic() - started:.1f} s"
        )
        assert tried.faults == []
        assert tried.points >= 5000 / PARTS


class TestPlanted:
    """Faults that the same harness must find."""

    @pytest.fixture
    def visit(self, land: Land, tmp_path: Path) -> Deed:
        """One act with a document."""
        return found_in(ORDER, land, tmp_path / "s", {"record_visit"})[0]

    def test_split(self, visit: Deed, land: Land, tmp_path: Path, say: Callable[[str], None]) -> None:
        """A transaction split in two is found."""
        with split_transaction():
            tried = interrupted(Trial(land=land, folder=tmp_path, ways=("dies before",), brief=True), visit)
        say(f"planted, split transaction: {len(tried.faults)} faults found at {tried.points} points")
        assert len(tried.faults) >= 2

    def test_forgotten(self, visit: Deed, land: Land, tmp_path: Path, say: Callable[[str], None]) -> None:
        """An accepted request that is not kept is found."""
        with forgotten_request(), pytest.raises(RuleAct):
            interrupted(Trial(land=land, folder=tmp_path, ways=("dies after",)), visit)
        say("planted, forgotten request: found before any crash, by sending again")
