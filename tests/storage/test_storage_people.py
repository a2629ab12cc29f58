"""People, their sessions and roles; units and what lies inside them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from engine.definitions.facts import HeldRole, Person
from engine.storage.unit_of_work import Archive

NOW = datetime(2026, 9, 1, 2, tzinfo=UTC)
DAY = date(2026, 9, 1)
ALWAYS = (date(2020, 1, 1), date(2030, 12, 31))


class TestPeople:
    """`PeopleStore`."""

    def test_people_and_roles(self, archive: Archive) -> None:
        """A person comes back with dated roles; the same account again adds nothing."""
        held = HeldRole(role="township_officer", unit="township", first=ALWAYS[0], last=ALWAYS[1])
        person = Person(account="officer", name="张三", roles=(held, held))
        with archive.begin() as uow:
            uow.people.add(person, "head")
            uow.people.add(Person(account="officer", name="李四", roles=()), "head")
            uow.people.add(Person(account="guest", name="王五", roles=()), "head")
            assert (person, None) == (uow.people.get("officer"), uow.people.get("nobody"))
            assert ["guest", "officer"] == [each.account for each in uow.people.all()]

    def test_passwords(self, archive: Archive) -> None:
        """A password's hash is kept; an account without one, and an unknown one, have none."""
        with archive.begin() as uow:
            uow.people.add(Person(account="officer", name="张三", roles=()), "head")
            before = uow.people.password_of("officer")
            uow.people.set_password("officer", "hash")
            assert (None, "hash", None) == (before, uow.people.password_of("officer"), uow.people.password_of("x"))

    def test_wrong_passwords(self, archive: Archive) -> None:
        """Wrong passwords count by account and address, and a right one forgets those of its own address."""
        with archive.begin() as uow:
            for at in range(3):
                uow.people.attempted("officer", "a", NOW + timedelta(minutes=at), good=False)
            uow.people.attempted("officer", "b", NOW, good=False)
            before = uow.people.failures("officer", "a")
            uow.people.attempted("officer", "a", NOW, good=True)
            assert ((3, NOW + timedelta(minutes=2)), (0, None), (1, NOW)) == (
                before, uow.people.failures("officer", "a"), uow.people.failures("officer", "b"),
            )  # fmt: skip

    @pytest.mark.parametrize(
        ("token", "idle_since", "made_since", "who"),
        [
            ("t", NOW, NOW, "officer"),
            ("t", NOW + timedelta(seconds=1), NOW, None),
            ("t", NOW, NOW + timedelta(seconds=1), None),
            ("other", NOW, NOW, None),
        ],
    )
    def test_sessions(
        self, archive: Archive, token: str, idle_since: datetime, made_since: datetime, who: str | None
    ) -> None:
        """A session lives while it was seen lately and made not too long ago."""
        with archive.begin() as uow:
            uow.people.open_session("t", "officer", NOW)
            found = uow.people.session(token, idle_since, made_since=made_since)
            assert (None if who is None else (who, NOW)) == found

    def test_a_session_is_kept_alive_and_ends(self, archive: Archive) -> None:
        """Being seen keeps a session alive; once closed it stays closed."""
        later = NOW + timedelta(minutes=20)
        with archive.begin() as uow:
            uow.people.open_session("t", "officer", NOW)
            uow.people.seen("t", later)
            alive = uow.people.session("t", later, made_since=NOW)
            uow.people.close_session("t", later)
            assert (("officer", later), None) == (alive, uow.people.session("t", NOW, made_since=NOW))


class TestUnits:
    """`UnitStore`."""

    TREE = (("d", ""), ("b", "d"), ("t", "d"), ("s", "b"), ("c", "s"))

    def _add(self, archive: Archive) -> None:
        with archive.begin() as uow:
            uow.units.add([(code, code.upper(), "kind", parent, *ALWAYS) for code, parent in self.TREE])
            uow.units.add([("d", "OTHER", "kind", "", *ALWAYS)])
            uow.commit()

    def test_tree(self, archive: Archive) -> None:
        """Units stand in a tree: what lies inside one."""
        self._add(archive)
        with archive.read() as uow:
            assert ({"b", "s", "c"}, {"x"}) == (uow.units.area("b", DAY), uow.units.area("x", DAY))

    def test_known_codes_stay(self, archive: Archive) -> None:
        """A code that is known stays as it is; an unknown one is None."""
        self._add(archive)
        with archive.read() as uow:
            found = uow.units.get("d", DAY)
            assert ("D", None, ["b", "c", "d", "s", "t"]) == (
                found and found.name, uow.units.get("x", DAY), [each.code for each in uow.units.all()],
            )  # fmt: skip

    def test_facts(self, archive: Archive) -> None:
        """A unit as a case sees it carries its relation and everything inside it."""
        self._add(archive)
        with archive.read() as uow:
            facts = uow.units.facts("b", "bureau", DAY)
            assert facts is not None
            assert (("B", "bureau", {"b", "s", "c"}), None) == (
                (facts.name, facts.relation, facts.area), uow.units.facts("x", "bureau", DAY),
            )  # fmt: skip

    def test_a_ring_ends(self, archive: Archive) -> None:
        """Units that contain each other by mistake do not keep anybody waiting."""
        with archive.begin() as uow:
            uow.units.add([("a", "A", "k", "b", *ALWAYS), ("b", "B", "k", "c", *ALWAYS), ("c", "C", "k", "b", *ALWAYS)])
            assert {"b", "c"} < uow.units.area("b", DAY)
