"""A case runs to its end on the version it began with, whatever the workflow folders say meanwhile (DESIGN.md §1; R11, R13)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from engine import app as root
from engine.app import App, open_app
from engine.cli.demo_play import moment
from engine.clock import SteppedClock
from engine.definitions import general
from engine.definitions.workflow import Workflow
from engine.errors import InstallationError
from engine.paths import workflows_dir
from engine.services.model import ActRequest
from engine.services.refusals import RuleAct
from engine.settings import Settings
from tests.services.acts import CONTACT, PERSUASION, VISIT
from tests.services.conftest import House
from tests.services.test_time_sweep import triggers
from tests.storage.keeping import spoil
from tests.storage.test_storage_upgrading import unpacked

LADDER = Path("dropout-case") / "workflow.yaml"
NEWER = (("first_visit:       {value: 3 workdays", "first_visit:       {value: 5 workdays"), (" message: 信息,", ""))
"""A longer limit for the first visit, and one way fewer to contact a family."""

Changing = Callable[[Path], object]


def newer(folder: Path) -> None:
    """Change the ladder's file."""
    path = folder / LADDER
    text = path.read_text("utf-8")
    for old, new in NEWER:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, "utf-8")


@contextmanager
def beside(house: House, folder: Path, change: Changing) -> Iterator[House]:
    """Another node of the same installation, whose workflow files were changed."""
    shutil.copytree(workflows_dir(), folder)
    change(folder)
    with (
        patch.object(root, "workflows_dir", lambda: folder),
        open_app(house.app.settings, clock=house.clock) as app,
    ):
        other = House(app, house.clock)
        other.count = 1000
        yield other


def version(app: App, number: str) -> Workflow:
    """The version that a case runs on."""
    with app.archive.read() as uow:
        return app.cases.office.version(uow.cases.definition_of(number))


def due(house: House, number: str) -> str:
    """The day until which the first visit is due."""
    return next(str(d.due_on) for d in house.app.cases.show(number, "auditor").deadlines if d.name == "first_visit")


class TestChangedFiles:
    """A file that is changed while cases run."""

    def test_goes_on(self, house: House, tmp_path: Path) -> None:
        """The old case keeps its form, limit and timers; a new one begins under the new rule; either node does both."""
        house.lists()
        first, second = (each.id for each in house.app.roster.findings("school")[:2])
        (old,) = house.app.roster.confirm([first], "school")
        with beside(house, tmp_path / "newer", newer) as other:
            (new,) = other.app.roster.confirm([second], "school")
            assert ("2026-09-04", "2026-09-08") == (due(other, old), due(other, new))
            hashes = [version(node.app, old).hash for node in (house, other)]
            assert hashes == 2 * [house.app.workflows["dropout-case"].hash] != 2 * [version(other.app, new).hash]
            by_message = {**CONTACT, "way": "message"}
            assert other.act("school", old, "contact_family", **by_message).seq == 2
            for node in (other, house):
                with pytest.raises(RuleAct, match="message"):
                    node.act("school", new, "contact_family", **by_message)
            other.at("2026-09-05 00:30").app.timers.sweep()
            late = "timer.overdue first_visit"
            assert (True, False) == (late in triggers(other, old), late in triggers(other, new))
            # The node whose files are older has never read the new version from a file.
            assert 0 == house.at("2026-09-09 00:30").app.timers.sweep().failed
            assert late in triggers(house, new)
            house.act("township", new, "record_visit", **VISIT)
            assert "visited" == other.act("township", old, "record_visit", **VISIT).state
            assert {old, new} <= {view.identity.number for view, _ in other.app.cases.listed("township")}

    def test_removed(self, house: House, tmp_path: Path) -> None:
        """A case goes on when its whole folder is gone; no new one begins."""
        number = house.case()
        with beside(house, tmp_path / "without", lambda folder: shutil.rmtree(folder / LADDER.parent)) as other:
            assert 2 == other.act("school", number, "contact_family", **CONTACT).seq
            with pytest.raises(InstallationError, match="没有流程「dropout-case」，不能开立新个案"):
                other.app.cases.office.current("dropout-case")

    def test_not_kept(self, house: House, tmp_path: Path) -> None:
        """A version that is neither in the files nor in the database is told in one line."""
        number = house.case()
        with beside(house, tmp_path / "newer", newer) as other:
            hash_ = house.app.workflows["dropout-case"].hash
            spoil(house.app.archive, f"UPDATE definition SET hash = 'x' WHERE hash = '{hash_}'")
            with pytest.raises(InstallationError, match=f"{hash_[:12]} 既不在流程文件夹里，也不在数据库里"):
                other.app.cases.show(number, "auditor")
        spoil(house.app.archive, f"UPDATE definition SET hash = '{hash_}' WHERE hash = 'x'")

    def test_lost_predicate(self, house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A case whose rule asks what this program no longer has stops with the name of the predicate; others go on."""
        number = house.case()
        with beside(house, tmp_path / "newer", newer) as other:
            (new,) = other.app.roster.confirm([house.app.roster.findings("school")[-1].id], "school")
            monkeypatch.delattr(general, "at_least")
            with pytest.raises(InstallationError, match=r"疑似辍学个案.*没有条件 at_least@1"):
                other.act("school", number, "contact_family", **CONTACT)
            assert 2 == other.act("school", new, "contact_family", **CONTACT).seq
            assert 1 == other.at("2026-09-09 00:30").app.timers.sweep().failed
            (stuck,) = other.app.timers.stuck()
            assert (number, True) == (stuck.case, "at_least@1" in stuck.fault)


class TestFirstRelease:
    """The first release's demonstration, upgraded."""

    def test_goes_on(self, tmp_path: Path) -> None:
        """Its cases go on by acts and by timers under the rules they began with, to their end."""
        archive = unpacked(tmp_path)
        archive.upkeep.upgrade(tmp_path / "before.db")
        archive.close()
        clock = SteppedClock(moment("2026-11-10 10:00"))
        with open_app(Settings.read(data=tmp_path, contact="电话000"), clock=clock) as app:
            ordered, visited = "QH-2026-0002", "QH-2026-0003"
            was = version(app, visited).hash
            assert was not in {each.hash for each in app.workflows.values()}
            swept = app.timers.sweep()
            assert (0, True) == (swept.failed, swept.timers > 0)
            for who, trigger, form in (
                ("school", "contact_family", CONTACT),
                ("township", "persuade", {**PERSUASION, "asked_back": "2026-11-12"}),
            ):
                app.cases.advance(ActRequest(case=visited, trigger=trigger, account=who, fields=form))
            assert ("counseled", was) == (app.cases.show(visited, "auditor").state, version(app, visited).hash)
            before = app.cases.show(visited, "auditor").version
            clock.set(moment("2027-03-01 00:30"))
            assert app.timers.sweep().failed == 0
            for _ in range(8):
                clock.set(moment("2027-05-01 00:30"))
                app.timers.sweep()
            page = app.cases.show(visited, "auditor")
            assert page.version > before
            with app.archive.read() as uow:
                watchers = [uow.cases.load(each).watchers for each in (ordered, visited)]
            # Escalation up to the district government came later: cases of the first release never reach it.
            assert not any("district_leader" in each for each in watchers)
            assert [] == app.archive.invariants()
