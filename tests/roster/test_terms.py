"""Terms: what a child is found by, in one spelling however it was typed."""

from __future__ import annotations

import pytest

from engine.roster.idnumber import full_number
from engine.roster.terms import Term, asked, numbered, plain_phone, terms_of

OLD, NEW = "990101800101123", "99010119800101123"
"""A number of 15 digits and the first 17 of the same in 18."""

FULL = full_number(OLD)


class TestAsked:
    """`asked`."""

    def test_old_numbers(self) -> None:
        """A number of 15 digits is the one of 18 that it became; other numbers stay as they are."""
        assert (NEW, 18, FULL, "G1") == (FULL[:17], len(FULL), full_number(FULL), full_number("G1"))

    @pytest.mark.parametrize(
        "text",
        [
            "99010120130202011x",
            " 990101 20130202 011X ",
            "９９０１０１２０１３０２０２０１１Ｘ",
            "'99010120130202011X",
            "990101 20130202011x",
        ],
    )
    def test_spellings_of_an_id_number(self, text: str) -> None:
        """Full width, blanks, a leading apostrophe and a small x are the same number."""
        assert Term("id_number", "99010120130202011X") == asked(text)[0]

    def test_fifteen_digits(self) -> None:
        """A search by the old number means the number of 18 digits."""
        assert Term("id_number", FULL) == asked(OLD)[0]

    @pytest.mark.parametrize(
        "text", ["13800000001", "138-0000-0001", "+86 138 0000 0001", "008613800000001", "１３８００００ 0001"]
    )
    def test_spellings_of_a_phone(self, text: str) -> None:
        """A phone is its digits, without the country's own."""
        assert Term("phone", "13800000001") in asked(text)

    def test_landline(self) -> None:
        """A number with an area code keeps it; 86 at its head is no country there."""
        assert ("05636012345", "8612345", "") == (
            plain_phone("(0563) 6012345"),
            plain_phone("8612345"),
            plain_phone("无"),
        )

    def test_register_number(self) -> None:
        """A register number is no ID number and no phone."""
        assert (Term("register_no", "G9901000000000001"),) == asked("ｇ9901000000000001")

    def test_name(self) -> None:
        """Whatever is no number is a name, folded as names are; a letter among digits makes no phone."""
        assert ((Term("name", "欧阳小明"),), "name") == (asked(" 欧阳 小明 "), asked("甲1234567")[0].kind)

    @pytest.mark.parametrize("text", ["", "  ", "\u200b"])
    def test_nothing(self, text: str) -> None:
        """An empty search means nothing."""
        assert ((), ()) == (asked(text), numbered(text))

    def test_numbers_of_one_child(self) -> None:
        """Where one child is meant, a number is an ID or a register number and never a phone."""
        assert {"id_number", "register_no"} == {each.kind for each in numbered("13800000001")}


class TestTermsOf:
    """`terms_of`."""

    def test_profile(self) -> None:
        """A profile is found by its numbers and its guardians' phones; by its name only where that is wanted."""
        profile = {
            "name": "王 小明",
            "id_number": "99010120130202011x",
            "register_no": "G1",
            "guardians": [{"phone": "138 0000 0001"}, {"phone": ""}, {}],
        }
        terms = {
            Term("id_number", "99010120130202011X"),
            Term("register_no", "G1"),
            Term("phone", "13800000001"),
        }
        assert terms == terms_of(profile, name=False)
        assert {Term("name", "王小明")} == terms_of(profile, name=True) - terms

    def test_unknown(self) -> None:
        """What a profile does not tell finds nobody."""
        assert frozenset() == terms_of({"guardians": None, "id_number": None}, name=True)
