"""Searching: exactly, in one's own cases, masked, and recorded before anything is looked up."""

from __future__ import annotations

from datetime import date

import pytest

from engine.errors import RightRefused, RuleRefused
from engine.services import search as search_module
from engine.services.model import OpenRequest
from tests.services.conftest import House, house

__all__ = ["house"]


def known(house: House, number: str) -> dict[str, object]:
    """The profile of the child of a case, opened past the services."""
    with house.app.archive.read() as uow:
        case = uow.cases.load(number)
        assert case is not None
        return uow.subjects.get(case.identity.subject.reference)


def found(house: House, text: str, account: str = "bureau") -> list[str]:
    """The numbers of the cases that a search finds."""
    return [hit.case for hit in house.app.search.exact(text, account)]


def logged(house: House) -> list[tuple[str, str, str]]:
    """The searches in the access log."""
    with house.app.archive.read() as uow:
        rows = uow._connection.exec_driver_sql("SELECT account, what, number FROM access_log ORDER BY id").all()
    return [(row[0], row[1], row[2]) for row in rows if row[1].startswith("search")]


def phone_of(profile: dict[str, object]) -> str:
    """The first guardian's phone."""
    return str(profile["guardians"][0]["phone"])  # type: ignore[index]  # a list of mappings


class TestExact:
    """`Search.exact`."""

    def test_by_each_number(self, house: House) -> None:
        """A case is found by ID number, phone and register number in any spelling, its child masked."""
        first, second = house.cases(2)
        profile = known(house, first)
        wide = str(profile["id_number"]).translate({ord(str(n)): chr(ord("０") + n) for n in range(10)})
        texts = (str(profile["id_number"]), f" {wide} ", phone_of(profile), str(profile["register_no"]).lower())
        assert [[first]] * 4 == [found(house, text) for text in texts]
        (hit,) = house.app.search.exact(texts[0], "bureau")
        assert str(profile["name"]) != hit.subject
        assert "*" in hit.subject
        assert [second] == found(house, str(known(house, second)["id_number"]))

    def test_nobody(self, house: House) -> None:
        """A number that nobody has finds nothing; a part of one neither."""
        number = house.case()
        part = str(known(house, number)["id_number"])[:15]
        assert ([], []) == (found(house, part), found(house, "13900000000"))

    def test_by_name(self, house: House) -> None:
        """A name is found whole or by a part of it, among the cases of one's own units."""
        number = house.case()
        name = str(known(house, number)["name"])
        assert ([number], [number], []) == (found(house, name), found(house, name[1:]), found(house, name + "明"))

    def test_by_name_where_there_are_many(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """With too many cases to open only the exact name finds."""
        number = house.cases(2)[0]
        name = str(known(house, number)["name"])
        monkeypatch.setattr(search_module, "OPENED", 1)
        assert ([number], []) == (found(house, name), found(house, name[1:]))

    def test_others(self, house: House) -> None:
        """What is not one's own is not found, and the answer is the same as for nobody."""
        number = house.case()
        profile = known(house, number)
        texts = (str(profile["id_number"]), phone_of(profile), str(profile["name"]))
        assert [[]] * 6 == [found(house, text, who) for text in texts for who in ("admin", "subdistrict")]

    def test_recorded_without_its_value(self, house: House) -> None:
        """The access log tells who searched by what kind, and never for what."""
        number = house.case()
        profile = known(house, number)
        for text in (str(profile["id_number"]), phone_of(profile), str(profile["register_no"]), str(profile["name"])):
            found(house, text)
        kinds = ("id_number", "phone", "register_no", "name")
        assert [("bureau", f"search:{kind}", "") for kind in kinds] == logged(house)

    def test_empty(self, house: House) -> None:
        """An empty search is refused with what would be accepted; an unknown account is refused."""
        with pytest.raises(RuleRefused, match="请填写姓名、公民身份号码、电话、学籍号、个案编号或者文号"):
            house.app.search.exact(" ", "bureau")
        with pytest.raises(RightRefused):
            house.app.search.exact("王", "nobody")

    def test_changed_profile(self, house: House) -> None:
        """Who got another phone is found by the new one and no longer by the old."""
        number = house.case()
        profile = known(house, number)
        old = phone_of(profile)
        with house.app.archive.begin() as uow:
            reference = str(profile["reference"])
            told = {**profile, "guardians": [{"key": "father", "name": "甲", "phone": "13900000000"}]}
            uow.subjects.put(reference, "pupil", told)
            uow.roster.put_pupils([(reference, told)])
            uow.commit()
        assert ([number], []) == (found(house, "13900000000"), found(house, old))


class TestOpening:
    """Opening a case by a number."""

    def test_by_id_number(self, house: House) -> None:
        """A pupil is known by ID or register number, and by no phone, for that may be several children's."""
        house.lists()
        with house.app.archive.read() as uow:
            pupil = next(each for each in uow.roster.pupils() if each["school"] == "青禾中学")
        fields = {"found_on": date(2026, 9, 1).isoformat(), "kind": "reported"}
        request = OpenRequest(
            workflow="dropout-case", subject="pupil", account="school", number=phone_of(pupil), fields=fields
        )
        with pytest.raises(RightRefused):
            house.app.cases.open(request)
        by_id = OpenRequest(
            workflow="dropout-case", subject="pupil", account="school", number=str(pupil["id_number"]), fields=fields
        )
        number = house.app.cases.open(by_id).case
        assert pupil["name"] == known(house, number)["name"]
