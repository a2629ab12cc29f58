"""The sweep over weeks and wrong clocks: once each, in order, never before its time; a failing case stops nobody (R6)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from engine.app import open_app
from engine.cases.decide import decide
from engine.cases.model import Reason, refuse
from engine.cli.demo_play import moment, settle
from engine.clock import Clock, SteppedClock, local_day
from engine.errors import InstallationError, RuleRefused
from engine.services import timers
from engine.services.model import ActRequest
from engine.services.refusals import StaleAct
from engine.settings import Settings
from engine.storage import stuck as stuck_cases
from engine.storage.unit_of_work import Archive
from tests.district import LITTLE
from tests.services.acts import CONTACT
from tests.services.conftest import House
from tests.storage.keeping import by_hand


def triggers(house: House, number: str) -> list[str]:
    """What was recorded of a case, oldest first; what a timer did with the name of its deadline."""
    with house.app.archive.read() as uow:
        return [f"{e.trigger} {e.values.get('deadline', '')}".strip() for e in uow.log.of(number)]


def timed(house: House, number: str) -> int:
    """How often timers acted on a case."""
    return sum(each.startswith("timer.") for each in triggers(house, number))


def nightly(house: House, until: str) -> None:
    """A sweep at half past midnight of every day up to one."""
    day = local_day(house.clock.now())
    while str(day) < until:
        day += timedelta(days=1)
        house.at(f"{day} 00:30").app.timers.sweep()


class TestDays:
    """When timers of days act."""

    def test_half_past_midnight(self, house: House) -> None:
        """Nothing of a day acts before half past midnight, whatever the hour of a sweep."""
        number = house.case()
        assert 0 == house.at("2026-09-03 00:00").app.timers.sweep().timers
        assert 0 == house.at("2026-09-03 00:29").app.timers.sweep().timers
        assert 0 < house.at("2026-09-03 00:30").app.timers.sweep().timers
        assert "timer.remind first_visit" in triggers(house, number)

    def test_again(self, house: House) -> None:
        """A second sweep in the same minute finds nothing to do."""
        house.case()
        house.at("2026-09-05 00:30").app.timers.sweep()
        assert 0 == house.app.timers.sweep().timers

    @pytest.mark.parametrize("day", ["2026-12-31", "2028-02-29"])
    def test_odd_days(self, house: House, day: str) -> None:
        """The last day of a year and a leap day are days like others: what is due by then has acted, once."""
        number = house.case()
        house.at(f"{day} 00:30").app.timers.sweep()
        acted = timed(house, number)
        assert acted > 0
        house.at(f"{day} 23:59").app.timers.sweep()
        assert acted == timed(house, number)


class TestDowntime:
    """A scheduler that was asleep."""

    def test_month(self, house: House) -> None:
        """After a month each step acts once, in order; the next level's clock starts when the one before acted."""
        number = house.case()
        swept = house.at("2026-10-01 09:00").app.timers.sweep()
        acted = triggers(house, number)
        assert (swept.timers, 0) == (timed(house, number), swept.failed)
        assert acted.index("timer.remind first_visit") < acted.index("timer.overdue first_visit")
        page = house.app.cases.show(number, "auditor")
        levels = [dict(each.fields)["期限"] for each in page.history if each.trigger == "timer.overdue"]
        assert len(levels) == len(set(levels)), "no deadline went up two levels at once"
        entry = next(each for each in page.history if each.trigger == "timer.overdue")
        assert (moment("2026-10-01 09:00"), "2026-10-01") == (entry.recorded_at, str(entry.happened_on))

    def test_as_if_awake(self, house: House) -> None:
        """What slept through goes on up the ladder afterwards, level by level."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        house.at("2026-10-01 09:00").app.timers.sweep()
        nightly(house, "2026-11-10")
        watchers = watching(house, number)
        assert ("township_head", "bureau_head", "district_leader") == tuple(
            each for each in watchers if each in ("township_head", "bureau_head", "district_leader")
        )

    def test_budget(self, house: House) -> None:
        """A tick that has used up its budget stops between two batches; the next one goes on, oldest first."""
        house.lists()
        ids = [each.id for each in house.app.roster.findings("school") if each.kind_zh == "应到未到"]
        house.app.roster.confirm(ids, "school")
        house.at("2026-09-05 00:30")
        first = house.app.timers.sweep(batch=1, go_on=lambda: False)
        rest = house.app.timers.sweep()
        assert (1, True) == (first.timers, rest.timers >= 1)
        assert 0 == house.app.timers.sweep().timers

    def test_brake(self, house: House) -> None:
        """Nothing that slept for more than a day leaves for offices outside without a person."""
        number = house.case()
        with house.app.archive.begin() as uow:
            case = uow.cases.load(number)
            assert case is not None
            uow.outbox.put([(case, "test", "receiver")], at=house.clock.now())
            uow.commit()
        house.at("2026-10-01 09:00").app.timers.sweep()
        assert ["receiver"] == [each.to for each in house.app.outbox.waiting(held=True)]
        assert any("暂缓发出" in line for line in house.app.cases.show(number, "auditor").will_happen)
        assert any("暂缓发出" in line for line in house.app.cases.worklist("bureau").will_happen)


def watching(house: House, number: str) -> tuple[str, ...]:
    """The roles that watch a case since it was escalated, in order."""
    with house.app.archive.read() as uow:
        case = uow.cases.load(number)
        assert case is not None
        return case.watchers


class TestOfficer:
    """An officer against a timer."""

    def test_officer_first(self, house: House) -> None:
        """An act that meets the deadline leaves the timer nothing to do."""
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        house.at("2026-09-03 00:30").app.timers.sweep()
        page = house.app.cases.show(number, "auditor")
        assert "询问原因" not in {dict(each.fields).get("期限") for each in page.history}

    def test_timer_first(self, house: House) -> None:
        """An escalation makes an open page stale; the act goes through on the page as it is now."""
        number = house.case()
        version = house.app.cases.show(number, "school").version
        house.at("2026-09-05 00:30").app.timers.sweep()
        request = {"case": number, "trigger": "contact_family", "account": "school", "fields": CONTACT}
        with pytest.raises(StaleAct):
            house.app.cases.advance(ActRequest(**request, version=version))  # type: ignore[arg-type]
        assert not house.act("school", number, "contact_family", **CONTACT).repeated

    def test_not_kept_waiting(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Whoever acts on another case while a batch is decided need not wait for it."""
        number, other = house.cases(2)
        self.while_deciding(monkeypatch, lambda: house.act("school", other, "case.note", text="电话无人接"))
        assert 0 == house.at("2026-09-03 00:30").app.timers.sweep(batch=1).failed
        assert "timer.remind first_visit" in triggers(house, number)
        found = triggers(house, other)
        assert found.index("case.note") < found.index("timer.remind first_visit")

    def test_meanwhile(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where an officer acts on the case that is being decided, the case as it is then is decided again, once."""
        if house.app.settings.database.startswith("postgresql"):
            pytest.skip("there the claim keeps the officer waiting until the batch is written")
        number = house.case()
        self.while_deciding(monkeypatch, lambda: house.act("school", number, "case.note", text="电话无人接"))
        swept = house.at("2026-09-03 00:30").app.timers.sweep()
        found = triggers(house, number)
        assert (timed(house, number), 0) == (swept.timers, swept.failed)
        assert found.index("case.note") < found.index("timer.remind first_visit")

    @staticmethod
    def while_deciding(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
        """Let something happen, once, after the sweep has decided its first case."""
        waiting = [act]

        def decided(*arguments: object) -> object:
            found = decide(*arguments)  # type: ignore[arg-type]  # as the sweep gives them
            while waiting:
                waiting.pop()()
            return found

        monkeypatch.setattr(timers, "decide", decided)


class TestWorkers:
    """Several workers on one database."""

    def test_each_once(self, house: House) -> None:
        """Two workers that sweep at once let every timer act once, and leave none."""
        house.lists()
        ids = [each.id for each in house.app.roster.findings("school") if each.kind_zh == "应到未到"]
        numbers = house.app.roster.confirm(ids, "school")
        house.at("2026-09-10 00:30")
        with (
            open_app(house.app.settings, clock=SteppedClock(house.clock.now())) as other,
            ThreadPoolExecutor(2) as workers,
        ):
            swept = list(workers.map(lambda app: app.timers.sweep(batch=2), (house.app, other)))
        house.clock.set(house.clock.now() + timedelta(minutes=2))
        acted = sum(each.timers for each in swept) + house.app.timers.sweep().timers
        steps = [each for number in numbers for each in triggers(house, number) if each.startswith("timer.")]
        assert (acted, ()) == (len(steps), house.app.timers.stuck())
        assert all(len(set(found)) == len(found) for found in (_steps(house, number) for number in numbers))


def _steps(house: House, number: str) -> list[tuple[object, ...]]:
    """The steps of deadlines that acted on a case."""
    with house.app.archive.read() as uow:
        entries = [each.values for each in uow.log.of(number) if each.trigger.startswith("timer.")]
    return [tuple(values[name] for name in ("deadline", "epoch", "generation", "step")) for values in entries]


class TestClocks:
    """Clocks that are wrong."""

    @pytest.fixture
    def wrong(self, tmp_path: Path) -> Iterator[tuple[House, Clock]]:
        """An installation on the machine's clock, which a test puts wrong."""
        clock = Clock()
        with open_app(Settings.read(data=tmp_path / "data"), clock=clock) as app:
            settle(app, LITTLE, "correct-horse-battery")
            yield House(app, clock), clock  # type: ignore[arg-type]  # only its installation is used
            assert app.archive.invariants() == []

    @pytest.mark.parametrize("back", [timedelta(hours=2), timedelta(days=1), timedelta(seconds=61)])
    def test_back(self, wrong: tuple[House, Clock], back: timedelta, caplog: pytest.LogCaptureFixture) -> None:
        """A clock that went back behind the last sweep refuses, with an alarm; a person says when it is right again."""
        house, clock = wrong
        house.app.timers.sweep()
        clock.offset = -back
        with pytest.raises(InstallationError, match="时钟倒退"):
            house.app.timers.sweep()
        assert "CRITICAL" in {each.levelname for each in caplog.records}
        house.app.timers.clock_corrected()
        assert 0 == house.app.timers.sweep().failed

    def test_little_back(self, wrong: tuple[House, Clock]) -> None:
        """A clock that is put right by some seconds does not stop the sweep; the last sweep stays where it was."""
        house, clock = wrong
        house.app.timers.sweep()
        last = house.app.archive.swept_at
        clock.offset = timedelta(seconds=-30)
        house.app.timers.sweep()
        assert last == house.app.archive.swept_at

    @pytest.mark.parametrize("days", [1, 400])
    def test_forward(self, house: House, days: int) -> None:
        """A jump forward acts on what is due by then, each step once, as after a time without a scheduler."""
        number = house.case()
        house.clock.set(house.clock.now() + timedelta(days=days))
        house.app.timers.sweep()
        acted = timed(house, number)
        assert 0 == house.app.timers.sweep().timers
        assert acted == timed(house, number)

    @pytest.mark.parametrize("seconds", [61, -61, 600])
    def test_drift(self, wrong: tuple[House, Clock], seconds: int, monkeypatch: pytest.MonkeyPatch) -> None:
        """A node more than a minute off the database's clock refuses."""
        house, _ = wrong
        there = timedelta(seconds=seconds)
        monkeypatch.setattr(Archive, "database_now", lambda _: Clock().now() + there)
        with pytest.raises(InstallationError, match="校准"):
            house.app.timers.sweep()

    def test_small_drift(self, wrong: tuple[House, Clock], monkeypatch: pytest.MonkeyPatch) -> None:
        """A node that is a little off sweeps by the database's clock."""
        house, _ = wrong
        there = timedelta(seconds=50)
        monkeypatch.setattr(Archive, "database_now", lambda _: Clock().now() + there)
        before = Clock().now()
        house.app.timers.sweep()
        noted = house.app.archive.swept_at
        assert noted is not None
        assert noted >= before + there


class TestHealth:
    """Whether some worker swept of late."""

    def test_lately(self, house: House) -> None:
        """A new installation has some minutes to begin; later on a sweep must not be longer ago than that."""
        assert house.app.timers.swept_lately()
        house.clock.set(house.clock.now() + timedelta(minutes=20))
        assert not house.app.timers.swept_lately()
        house.app.timers.sweep()
        assert house.app.timers.swept_lately()
        house.clock.set(house.clock.now() + timedelta(minutes=20))
        assert not house.app.timers.swept_lately()


class TestFailing:
    """A case of which a timer fails."""

    @pytest.fixture
    def broken(self, house: House) -> tuple[House, str, str]:
        """Two due cases, of which the first does not read."""
        house.lists()
        ids = [each.id for each in house.app.roster.findings("school") if each.kind_zh == "应到未到"]
        bad, good = house.app.roster.confirm(ids[:2], "school")
        self.clock_of(house, bad, "clock = substr(clock, 2)")
        house.at("2026-09-05 00:30")
        return house, bad, good

    @staticmethod
    def clock_of(house: House, number: str, change: str) -> None:
        """Change a case's row by hand."""
        with by_hand(house.app.archive) as database:
            database.execute(f"UPDATE case_file SET {change} WHERE number = ?", (number,))

    def mend(self, house: House, number: str) -> None:
        """Put the row right again."""
        self.clock_of(house, number, "clock = '[' || clock")

    def test_alone(self, broken: tuple[House, str, str]) -> None:
        """The others act; the failing one is set aside with its fault, and tried again after one, two, four minutes."""
        house, bad, good = broken
        first = house.app.timers.sweep()
        assert (1, True) == (first.failed, timed(house, good) > 0)
        (found,) = house.app.timers.stuck()
        assert (bad, 1, "JSONDecodeError", False) == (found.case, found.tries, found.fault, found.quarantined)
        assert 0 == house.app.timers.sweep().failed
        waits = []
        for _ in range(3):
            waits.append(house.app.timers.stuck()[0].retry_at - house.clock.now())
            house.clock.set(house.app.timers.stuck()[0].retry_at)
            assert 1 == house.app.timers.sweep().failed
        assert [timedelta(minutes=n) for n in (1, 2, 4)] == waits
        self.mend(house, bad)

    def test_refused(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """An act on a whole case that is refused as the case stands is a fault of that case, and the sweep ends."""
        house.case()
        monkeypatch.setattr(timers, "needs_all", lambda *_: True)
        monkeypatch.setattr(timers, "decide", lambda *_: refuse("rule", Reason("guard", "never", "不成立")))
        swept = house.at("2026-09-03 00:30").app.timers.sweep()
        assert (0, 1) == (swept.timers, swept.failed)

    def test_mended(self, broken: tuple[House, str, str]) -> None:
        """Once it is mended it acts with its next try, and is no longer stuck."""
        house, bad, _ = broken
        house.app.timers.sweep()
        self.mend(house, bad)
        house.clock.set(house.app.timers.stuck()[0].retry_at)
        assert 0 == house.app.timers.sweep().failed
        assert ((), True) == (house.app.timers.stuck(), timed(house, bad) > 0)

    def test_quarantine(self, broken: tuple[House, str, str], monkeypatch: pytest.MonkeyPatch) -> None:
        """After so many tries it is left alone in the administrator's sight; a person lets it be tried again."""
        house, bad, _ = broken
        monkeypatch.setattr(stuck_cases, "TRIES", 2)
        house.app.timers.sweep()
        house.clock.set(house.app.timers.stuck()[0].retry_at)
        house.app.timers.sweep()
        assert house.app.timers.stuck()[0].quarantined
        house.clock.set(house.clock.now() + timedelta(days=1))
        assert (1, 2) == (house.app.timers.sweep().failed, house.app.timers.stuck()[0].tries)
        self.mend(house, bad)
        assert any("不再自动重试" in line for line in house.app.cases.show(bad, "auditor").will_happen)
        house.app.timers.retry(bad)
        assert (0, ()) == (house.app.timers.sweep().failed, house.app.timers.stuck())
        with pytest.raises(RuleRefused, match="没有受阻"):
            house.app.timers.retry(bad)

    def test_shown(self, broken: tuple[House, str, str], caplog: pytest.LogCaptureFixture) -> None:
        """The case page and the work list say when it is tried again; the log names the case and no person."""
        house, bad, _ = broken
        with caplog.at_level(logging.WARNING):
            house.app.timers.sweep()
        assert bad in caplog.text
        self.mend(house, bad)
        assert "再试" in house.app.cases.show(bad, "auditor").will_happen[0]
        assert "再试" in house.app.cases.worklist("school").will_happen[0]
