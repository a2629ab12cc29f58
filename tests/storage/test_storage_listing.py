"""Lists of open cases: the same pages for whoever sees few cases and whoever sees many."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from engine.storage import listing
from engine.storage.unit_of_work import Archive
from tests.storage.keeping import Story, by_hand

DAYS = ("2026-09-09", "2026-09-04", None, "2026-09-04", "2026-09-30", None)


@pytest.fixture(params=[listing.FEW, 0], ids=["looked up", "walked"])
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """As somebody who sees few cases, and as somebody who sees many."""
    monkeypatch.setattr(listing, "FEW", request.param)


@pytest.fixture
def numbers(archive: Archive, _way: None) -> list[str]:
    """Cases due on `DAYS`, in the order of opening."""
    made = [Story(archive, f"QH-2026-000{at}").case.identity.number for at in range(1, len(DAYS) + 1)]
    with by_hand(archive) as database:
        for number, day in zip(made, DAYS, strict=True):
            due = f"'{day}'" if day else "NULL"
            database.execute(f"UPDATE case_file SET due_on = {due} WHERE number = '{number}'")
    return made


def pages(archive: Archive, units: list[str], limit: int) -> Iterator[list[str]]:
    """The numbers of each page."""
    place = None
    while True:
        with archive.read() as uow:
            page = uow.lists.page(units, after=place, limit=limit)
        yield list(page.numbers)
        place = page.next
        if place is None:
            return


def archive_lists(archive: Archive) -> list[str]:
    """What does not hold of the units of cases and their lists."""
    return [each for each in archive.invariants() if "涉案单位" in each]


class TestPages:
    """Pages of open cases."""

    def test_order(self, archive: Archive, numbers: list[str]) -> None:
        """Cases come by due day, then by number, those without a day behind; however they are cut, once for all units."""
        one, two, three, four, five, six = numbers
        for limit in (1, 2, 4, 6, 50):
            found = list(pages(archive, ["school", "bureau"], limit))
            assert [two, four, one, five, three, six] == [number for page in found for number in page]
            assert all(len(page) == limit for page in found[:-1])

    def test_open(self, archive: Archive, numbers: list[str]) -> None:
        """Only open cases are listed: one that ends goes at once, one that is opened again comes back to its place."""
        before = next(pages(archive, ["school"], 50))
        with by_hand(archive) as database:
            database.execute(f"UPDATE case_file SET kind = 'final' WHERE number = '{numbers[0]}'")
        assert [each for each in before if each != numbers[0]] == next(pages(archive, ["school"], 50))
        with by_hand(archive) as database:
            database.execute(f"UPDATE case_file SET kind = 'open' WHERE number = '{numbers[0]}'")
        assert (before, []) == (next(pages(archive, ["school"], 50)), archive_lists(archive))

    def test_only_theirs(self, archive: Archive, numbers: list[str]) -> None:
        """A unit lists the cases in which it has standing today, and no other."""
        with by_hand(archive) as database:
            database.execute(f"UPDATE case_unit SET last = '2026-09-02' WHERE number = '{numbers[1]}'")
            database.execute(
                f"UPDATE case_unit SET unit = 'elsewhere' WHERE number = '{numbers[3]}' AND unit = 'school'"
            )
        assert sorted(numbers[at] for at in (0, 2, 4, 5)) == sorted(next(pages(archive, ["school"], 50)))
        assert [numbers[3]] == next(pages(archive, ["elsewhere"], 50))


class TestComing:
    """What the system does next, and what waits for a decision."""

    def test_soonest(self, archive: Archive, numbers: list[str]) -> None:
        """The cases of which a timer acts next come soonest first."""
        with by_hand(archive) as database:
            database.execute("UPDATE case_file SET next_at = NULL")
            for number, day in ((numbers[2], "2026-09-08"), (numbers[0], "2026-09-07"), (numbers[4], "2026-09-09")):
                database.execute(f"UPDATE case_file SET next_at = '{day}T00:00:00.000000Z' WHERE number = '{number}'")
        with archive.read() as uow:
            found = uow.lists.coming(["school"], limit=2)
        assert [numbers[0], numbers[2]] == found

    def test_awaiting(self, archive: Archive, numbers: list[str]) -> None:
        """The cases with a proposal on which a role decides next are found by role; the end of a name is no role."""
        with by_hand(archive) as database:
            database.execute(f"UPDATE case_file SET awaits = ',bureau_head,' WHERE number = '{numbers[1]}'")
            database.execute(f"UPDATE case_file SET awaits = ',legal_reviewer,' WHERE number = '{numbers[0]}'")
        with archive.read() as uow:
            found = {
                roles: uow.lists.awaiting(["school"], roles.split(), limit=9)
                for roles in ("bureau_head", "head", "", "legal_reviewer bureau_head")
            }
        assert found == {
            "bureau_head": [numbers[1]],
            "head": [],
            "": [],
            "legal_reviewer bureau_head": numbers[:2],
        }

    def test_among(self, archive: Archive, numbers: list[str]) -> None:
        """Of some cases a unit is told those in which it has standing."""
        with by_hand(archive) as database:
            database.execute(
                f"UPDATE case_unit SET unit = 'elsewhere' WHERE number = '{numbers[3]}' AND unit = 'school'"
            )
        with archive.read() as uow:
            assert {numbers[0]} == uow.lists.among(["school"], [numbers[0], numbers[3], "QH-2026-9999"])
            assert set() == uow.lists.among(["school"], [])


class TestMany:
    """Several cases read at once."""

    def test_in_their_order(self, archive: Archive, numbers: list[str]) -> None:
        """Cases read at once are those read one by one, in the order asked for; unknown numbers are left out."""
        wanted = [numbers[3], "QH-2026-9999", numbers[0]]
        with archive.read() as uow:
            assert [uow.cases.load(numbers[3]), uow.cases.load(numbers[0])] == uow.cases.load_all(wanted)
            assert uow.cases.load_all([]) == []

    def test_place(self) -> None:
        """A place is the due day and the number of a page's last case."""
        assert (date(2026, 9, 4), "QH-2026-0007") == listing.Place(date(2026, 9, 4), "QH-2026-0007")
