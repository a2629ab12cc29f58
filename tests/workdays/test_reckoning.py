"""Reckoning: every law's way of counting, against worked examples and against a slow counter."""

from __future__ import annotations

import calendar as months
import itertools
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.paths import config_dir
from engine.workdays import (
    Calendar,
    Hold,
    Reckoning,
    Roll,
    Span,
    Unit,
    chain,
    earliest_after,
    load_calendar,
    never_shorter,
    reckon,
)
from engine.workdays import reckoning as room


@cache
def loaded() -> Calendar:
    """The installation's calendar."""
    return load_calendar(config_dir() / "calendar")


def due(start: str, span: str, *holds: Hold, roll: Roll = Roll.NEXT_WORKDAY) -> Reckoning:
    """A reckoning from texts."""
    return reckon(date.fromisoformat(start), Span.parse(span), loaded(), holds, roll=roll)


def held(first: str, last: str | None) -> Hold:
    """A hold from texts."""
    return Hold(first=date.fromisoformat(first), last=date.fromisoformat(last) if last else None)


def slow(start: date, span: Span, holds: Iterable[Hold], roll: Roll) -> date:
    """The due date, counted day by day with nothing clever (DOMAIN.md 6.3)."""
    days = loaded()
    stopped = {
        hold.first + timedelta(days=n)
        for hold in holds
        if hold.last is not None
        for n in range((hold.last - hold.first).days + 1)
    }
    if span.unit in (Unit.WORKDAYS, Unit.SCHOOL_DAYS):
        counts = days.is_workday if span.unit is Unit.WORKDAYS else days.is_school_day
        day, left = start, span.n
        while left:
            day += timedelta(days=1)
            left -= counts(day) and day not in stopped
        return day
    if span.unit is Unit.CALENDAR_DAYS:
        length = span.n
    elif span.unit is Unit.WEEKS:
        length = 7 * span.n
    else:
        total = start.month - 1 + span.n * (12 if span.unit is Unit.YEARS else 1)
        year, month = start.year + total // 12, total % 12 + 1
        end = date(year, month, min(start.day, months.monthrange(year, month)[1]))
        length = (end - start).days
    day, left = start, length
    while left:
        day += timedelta(days=1)
        left -= day not in stopped
    while roll is Roll.NEXT_WORKDAY and not days.is_workday(day):
        day += timedelta(days=1)
    return day


def slow_provisional(start: date, due_on: date, unrolled: date, span: Span, roll: Roll) -> bool:
    """True when a day that was looked at can still change, by the plain words of DOMAIN.md 6.5."""
    counted = span.unit in (Unit.WORKDAYS, Unit.SCHOOL_DAYS)
    if not counted and roll is Roll.NONE:
        return False
    first = start + timedelta(days=1) if counted else unrolled
    looked = [first + timedelta(days=n) for n in range((due_on - first).days + 1)]
    schooled = (date(2025, 8, 20), date(2027, 8, 19))
    return any(
        day.year not in range(2021, 2027)
        or day >= date(2026, 12, 22)
        or (span.unit is Unit.SCHOOL_DAYS and not schooled[0] <= day <= schooled[1])
        for day in looked
    )


DAYS = st.dates(date(2020, 12, 25), date(2028, 12, 31))
UNITS = st.sampled_from([Unit.WORKDAYS, Unit.CALENDAR_DAYS, Unit.SCHOOL_DAYS, Unit.WEEKS, Unit.MONTHS, Unit.YEARS])


@st.composite
def some_holds(draw: st.DrawFn) -> tuple[date, tuple[Hold, ...]]:
    """A start and a few closed holds near it, which may overlap."""
    start = draw(DAYS)
    spans = draw(st.lists(st.tuples(st.integers(-5, 60), st.integers(0, 20)), max_size=3))
    holds = tuple(
        Hold(first=start + timedelta(days=at), last=start + timedelta(days=at + length)) for at, length in spans
    )
    return start, holds


class TestWorkedExamples:
    """The examples of DOMAIN.md 6.6 and of the contract."""

    @pytest.mark.parametrize(
        ("start", "span", "expected"),
        [
            ("2026-06-11", "10 workdays", "2026-06-26"),
            ("2025-05-23", "10 calendar days", "2025-06-03"),
            ("2025-04-17", "10 calendar days", "2025-04-27"),
            ("2025-10-31", "1 month", "2025-12-01"),
            ("2026-12-30", "3 workdays", "2027-01-05"),
            ("2026-09-30", "5 workdays", "2026-10-13"),
            ("2024-01-31", "1 month", "2024-02-29"),
            ("2024-02-29", "1 year", "2025-02-28"),
            ("2026-01-23", "1 school day", "2026-01-26"),
            ("2026-01-30", "1 school day", "2026-03-02"),
            ("2026-09-01", "2 weeks", "2026-09-15"),
        ],
    )
    def test_due(self, start: str, span: str, expected: str) -> None:
        """The due date is the worked one."""
        assert date.fromisoformat(expected) == due(start, span).due_on

    def test_hold(self) -> None:
        """Held days are not counted."""
        assert date(2026, 5, 28) == due("2026-05-11", "10 workdays", held("2026-05-18", "2026-05-20")).due_on

    def test_chained(self) -> None:
        """The second period starts from the rolled end of the first."""
        found = chain(date(2026, 1, 4), [Span.parse("6 months"), Span.parse("3 months")], loaded())
        assert [date(2026, 7, 6), date(2026, 10, 8)] == [each.due_on for each in found]

    def test_earliest_after(self) -> None:
        """What may be done after ten days may be done on the day after them."""
        assert date(2026, 6, 27) == earliest_after(due("2026-06-11", "10 workdays"))

    def test_never_shorter(self) -> None:
        """What was told stands when a new reckoning is earlier."""
        told = date(2026, 10, 9)
        assert [told, told, date(2026, 10, 10)] == [
            never_shorter(told, date(2026, 10, 8)),
            never_shorter(None, told),
            never_shorter(told, date(2026, 10, 10)),
        ]

    def test_status_dates_do_not_roll(self) -> None:
        """A status date keeps its day, also on a Sunday; the reckoning says where it stood."""
        found = due("2025-10-31", "1 month", roll=Roll.NONE)
        assert (found.due_on, found.unrolled_on, found.provisional) == (date(2025, 11, 30), date(2025, 11, 30), False)


class TestSteps:
    """A reckoning explains itself."""

    def test_every_day_once(self) -> None:
        """The steps cover every day from the day after the start, once, and count the span."""
        steps = due("2026-09-30", "5 workdays").steps
        assert steps[0].as_json() == {"from": "2026-10-01", "to": "2026-10-07", "counted": 0, "why": "国庆节放假"}
        assert sum(step.counted for step in steps) == 5
        assert all(b.first == a.last + timedelta(days=1) for a, b in itertools.pairwise(steps))

    def test_one_stretch(self) -> None:
        """A span inside one stretch has one step."""
        assert [(3, "工作日")] == [(step.counted, step.why) for step in due("2026-09-07", "3 workdays").steps]

    def test_holds_and_rolls_are_told(self) -> None:
        """Held days and every day of a roll are told with their reason."""
        counted = due("2026-05-11", "10 workdays", held("2026-05-18", "2026-05-20")).steps
        assert "中止期间，不计" in [step.why for step in counted]
        running = due("2026-09-20", "10 calendar days", held("2026-09-22", "2026-09-23"))
        assert [(1, "自次日起10日"), (0, "中止期间，不计"), (9, "中止期满，继续计算")] == [
            (step.counted, step.why) for step in running.steps
        ][:3]
        assert running.steps[-1].why == "末日为国庆节放假，顺延"
        assert [(0, "中止期间，不计"), (10, "中止期满，继续计算")] == [
            (step.counted, step.why)
            for step in due("2026-06-01", "10 calendar days", held("2026-05-20", "2026-06-03")).steps
        ][:2]
        vacation = due("2026-07-03", "1 school day")
        assert "假期，不上课" in [step.why for step in vacation.steps]


class TestProvisional:
    """Dates that can still change say so."""

    @pytest.mark.parametrize(
        ("start", "span", "expected"),
        [
            ("2026-12-01", "15 workdays", True),
            ("2026-12-01", "14 workdays", False),
            ("2026-12-30", "3 workdays", True),
            ("2026-10-01", "6 months", True),
            ("2026-12-20", "5 calendar days", True),
            ("2026-09-01", "3 school days", False),
            ("2028-09-01", "3 school days", True),
        ],
    )
    def test_provisional(self, start: str, span: str, *, expected: bool) -> None:
        """A year without an order and the last ten days of the last published year are provisional."""
        assert expected == due(start, span).provisional

    def test_gap_between_years(self) -> None:
        """A year without an order makes every reckoning through it provisional, and none that does not look at it."""
        orders = {year: loaded().orders[year] for year in (2021, 2022, 2024)}
        found = Calendar(orders)
        through = reckon(date(2022, 6, 1), Span.parse("500 workdays"), found, [held("2022-06-02", "2022-06-03")])
        assert (True, 2024) == (through.provisional, through.due_on.year)
        assert reckon(date(2022, 6, 1), Span.parse("500 workdays"), found).provisional
        assert not reckon(date(2022, 6, 1), Span.parse("5 workdays"), found).provisional

    def test_start_is_not_looked_at(self) -> None:
        """The day of the event is not counted, so it may lie in a year without an order."""
        assert not due("2020-12-31", "5 workdays").provisional

    def test_open_hold(self) -> None:
        """While a hold is open the date is provisional."""
        assert due("2026-05-11", "10 workdays", held("2026-05-18", None)).provisional

    def test_school_year_with_a_gap(self) -> None:
        """School days that run over days of no loaded school year are provisional."""
        bare = Calendar(loaded().orders, loaded().school_years[:1])
        assert reckon(date(2026, 8, 10), Span.parse("20 school days"), bare).provisional

    def test_nothing_published(self) -> None:
        """Without any published order every date is provisional."""
        assert reckon(date(2026, 5, 11), Span.parse("3 workdays"), Calendar({})).provisional


class TestHours:
    """Hours run from an instant, without roll or hold."""

    def test_due_at(self) -> None:
        """Six hours are six hours."""
        start = datetime(2026, 9, 5, 20, 30, tzinfo=UTC)
        found = reckon(start, Span.parse("6 hours"), loaded())
        assert (found.due_at, found.late_after) == (start + timedelta(hours=6), start + timedelta(hours=6))

    def test_local(self) -> None:
        """Days and hours of an explanation are those of the installation's zone, whatever zone the instant came in."""
        found = reckon(datetime(2026, 9, 5, 15, 30, tzinfo=UTC), Span.parse("6 hours"), loaded())
        step = found.steps[0]
        assert (date(2026, 9, 6), date(2026, 9, 5), date(2026, 9, 6)) == (found.due_on, step.first, step.last)
        assert step.why == "自23:30起连续计算6小时"

    def test_refused(self) -> None:
        """Hours need an aware instant and cannot be held."""
        start = datetime(2026, 9, 5, 20, 30, tzinfo=UTC)
        with pytest.raises(InputError, match="时区"):
            reckon(date(2026, 9, 5), Span.parse("6 hours"), loaded())
        with pytest.raises(InputError, match="时区"):
            reckon(start.replace(tzinfo=None), Span.parse("6 hours"), loaded())
        with pytest.raises(InputError, match="不能中止"):
            reckon(start, Span.parse("6 hours"), loaded(), [held("2026-09-05", None)])

    def test_instant_for_days(self) -> None:
        """An instant is a good start for days: its legal day counts, not the day in the zone it came in."""
        span = Span.parse("10 workdays")
        assert date(2026, 6, 26) == reckon(datetime(2026, 6, 11, 9, 0, tzinfo=UTC), span, loaded()).due_on
        assert date(2026, 6, 29) == reckon(datetime(2026, 6, 11, 17, 0, tzinfo=UTC), span, loaded()).due_on
        with pytest.raises(InputError, match="时区"):
            reckon(datetime(2026, 6, 11, 9, 0), span, loaded())

    def test_late_after(self) -> None:
        """A due day lasts to its end in the installation's zone."""
        assert datetime(2026, 6, 26, 16, 0, tzinfo=UTC) == due("2026-06-11", "10 workdays").late_after


class TestBounds:
    """Dates beyond the tables."""

    @pytest.mark.parametrize(
        ("start", "span"),
        [
            (date(2014, 12, 31), "5 workdays"),
            (date(2014, 12, 31), "5 school days"),
            (date(2014, 12, 31), "1 month"),
            (date(2045, 1, 1), "3000 workdays"),
            (date(2046, 12, 29), "5 calendar days"),
            (date(2046, 6, 30), "2 years"),
            (date(9995, 1, 1), "9 years"),
        ],
    )
    def test_refused(self, start: date, span: str) -> None:
        """A reckoning before or beyond the tables is refused, not guessed, whether it rolls or not."""
        for roll in Roll:
            with pytest.raises(InputError, match="超出日历表"):
                reckon(start, Span.parse(span), loaded(), roll=roll)

    def test_held_beyond(self) -> None:
        """A hold that outlasts the tables is refused too."""
        for span in ("5 workdays", "5 calendar days"):
            with pytest.raises(InputError, match="超出日历表"):
                due("2046-12-01", span, held("2046-12-02", "2047-12-02"), roll=Roll.NONE)

    def test_memo_starts_anew(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A full memo starts anew and gives the same answers."""
        monkeypatch.setattr(room, "MEMO", 1)
        days = load_calendar(config_dir() / "calendar")
        first = reckon(date(2026, 6, 11), Span.parse("10 workdays"), days)
        reckon(date(2026, 6, 12), Span.parse("10 workdays"), days)
        assert first == reckon(date(2026, 6, 11), Span.parse("10 workdays"), days)
        assert len(days.memo) == 1


class TestProperties:
    """Against the slow counter."""

    @given(some_holds(), UNITS, st.integers(1, 40), st.sampled_from(list(Roll)))
    @settings(max_examples=300, deadline=None)
    def test_same_day(self, start_and_holds: tuple[date, tuple[Hold, ...]], unit: Unit, n: int, roll: Roll) -> None:
        """Every unit, roll and union of holds gives the day that counting gives."""
        start, holds = start_and_holds
        span = Span(min(n, 3) if unit is Unit.YEARS else n, unit)
        assert slow(start, span, holds, roll) == reckon(start, span, loaded(), holds, roll=roll).due_on

    @given(some_holds(), UNITS, st.integers(1, 30), st.sampled_from(list(Roll)))
    @settings(max_examples=300, deadline=None)
    def test_same_doubt(self, start_and_holds: tuple[date, tuple[Hold, ...]], unit: Unit, n: int, roll: Roll) -> None:
        """A date is provisional exactly when a day that was looked at can still change."""
        start, holds = start_and_holds
        span = Span(min(n, 3) if unit is Unit.YEARS else n, unit)
        found = reckon(start, span, loaded(), holds, roll=roll)
        assert slow_provisional(start, found.due_on, found.unrolled_on, span, roll) == found.provisional

    @given(some_holds(), UNITS, st.integers(1, 30), st.sampled_from(list(Roll)))
    @settings(max_examples=300, deadline=None)
    def test_steps_add_up(self, start_and_holds: tuple[date, tuple[Hold, ...]], unit: Unit, n: int, roll: Roll) -> None:
        """The steps are every day from the day after the start to the due day, and count just the span, holds or not."""
        start, holds = start_and_holds
        span = Span(min(n, 3) if unit is Unit.YEARS else n, unit)
        found = reckon(start, span, loaded(), holds, roll=roll)
        ends = [(start, start), *((step.first, step.last) for step in found.steps)]
        assert all(b[0] == a[1] + timedelta(days=1) <= b[1] for a, b in itertools.pairwise(ends))
        assert ends[-1][1] == found.due_on
        bare = slow(start, span, (), Roll.NONE) - start
        counted = n if unit in (Unit.WORKDAYS, Unit.SCHOOL_DAYS) else bare.days
        assert counted == sum(step.counted for step in found.steps)

    @given(DAYS, st.integers(1, 30))
    @settings(max_examples=100, deadline=None)
    def test_longer_is_later(self, start: date, n: int) -> None:
        """One more workday is always later, and never lands on a day off."""
        shorter, longer = (reckon(start, Span(each, Unit.WORKDAYS), loaded()) for each in (n, n + 1))
        assert shorter.due_on < longer.due_on
        assert loaded().is_workday(longer.due_on)
