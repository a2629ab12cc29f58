"""Lists as bureaus hold them: ID numbers, register, roster, and the findings between them."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from engine.errors import InputError
from engine.roster import sheets, workbook
from engine.roster.attendance import Coverage, Mark, RosterFile, read_roster
from engine.roster.findings import compare
from engine.roster.idnumber import check_digit, check_idnumber, mask, normalise
from engine.roster.names import fold_class, fold_name
from engine.roster.register import Pupil, read_register
from engine.roster.sheets import Row, read_sheets
from tests.district import LITTLE
from tests.roster.make_samples import ABSENT, CLASSES, FOLDER, main

GOOD = "99010120130504001" + check_digit("99010120130504001")
HEADER = ["学籍号", "姓名", "性别", "身份证号", "学校", "班级", "监护人1姓名", "监护人1关系", "监护人1电话", "重点群体"]


def book(path: Path, rows: list[list[object]], *, title: str = "某校学籍册", name: str = "册") -> Path:
    """A workbook as an office keeps it: merged title, empty row, header on row 3."""
    made = Workbook()
    sheet = made.worksheets[0]
    sheet.title = name
    sheet["A1"] = title
    sheet.merge_cells("A1:D1")
    for number, row in enumerate(rows, start=3):
        for column, value in enumerate(row, start=1):
            sheet.cell(row=number, column=column, value=value)
    made.save(path)
    return path


def row(number: str = "G1", name: str = "张小明", id_number: object = GOOD, **more: str) -> list[object]:
    """One row of a register."""
    values: dict[str, object] = {
        "学籍号": number,
        "姓名": name,
        "身份证号": id_number,
        "学校": "青禾中学",
        "班级": "七(2)",
        "监护人1姓名": "张大山",
        "监护人1关系": "父亲",
        "监护人1电话": "00000000001",
        "重点群体": "留守、困境",
    }
    return [{**values, **more}.get(column) for column in HEADER]


def pupil(number: str, name: str, class_name: str = "七(2)", school: str = "青禾中学") -> Pupil:
    """One pupil of the register."""
    return Pupil(
        register_no=number,
        name=name,
        sex="",
        birth=None,
        id_number="",
        school=school,
        grade="七",
        class_name=class_name,
        guardians=(),
        residence="",
        township="",
        priority=(),
        sheet="册",
        row=4,
    )


def mark(name: str, given: str = "present", register_no: str = "") -> Mark:
    """One line of a roster."""
    return Mark(
        school="青禾中学",
        class_name="七(2)",
        name=name,
        register_no=register_no,
        mark=given,
        reason="",
        sheet="七(2)",
        row=4,
    )


def roster_of(*marks: Mark) -> RosterFile:
    """A roster of class 七(2)."""
    covers = (Coverage(school="青禾中学", class_name="七(2)"),)
    return RosterFile(covers=covers, day=date(2026, 9, 1), marks=marks, errors=(), source_hash="")


class TestIdNumbers:
    """Citizen ID numbers."""

    def test_good(self) -> None:
        """A good number tells birth and sex; an area code that is not in use is only a warning."""
        found = check_idnumber(GOOD)
        assert (found.valid, found.birth, found.sex) == (True, date(2013, 5, 4), "男")
        assert [problem.code for problem in found.problems] == ["area_unknown"]

    @pytest.mark.parametrize("area", ["342501", "341802", "110101"])
    def test_areas(self, area: str) -> None:
        """Codes of a province in use are accepted, historic ones among them."""
        first = f"{area}19800101002"
        assert check_idnumber(first + check_digit(first)).problems == ()

    @pytest.mark.parametrize(
        ("given", "code"),
        [
            ("123", "length"),
            ("990101130504001", "old_length"),
            ("99010120130504A01X", "characters"),
            ("990101201302300014", "birth"),
            (GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), "check_digit"),
        ],
    )
    def test_wrong(self, given: str, code: str) -> None:
        """Each fault has its code and a sentence."""
        found = check_idnumber(given)
        assert not found.valid
        assert code in [problem.code for problem in found.problems]

    def test_future(self) -> None:
        """Nobody is born after today."""
        assert not check_idnumber(GOOD, today=date(2010, 1, 1)).valid

    def test_normalised(self) -> None:
        """Full-width digits, blanks, invisible signs, a leading apostrophe and a small x are repaired silently."""
        assert normalise(" '９９０１ 012\u200b013x\ufeff") == "9901012013X"

    def test_mask(self) -> None:
        """Four characters at each end stay."""
        assert (mask(GOOD), mask("12345")) == (f"9901{'*' * 10}{GOOD[-4:]}", "*****")

    @given(st.integers(0, 16), st.integers(1, 9))
    @settings(max_examples=150, deadline=None)
    def test_one_wrong_digit(self, at: int, by: int) -> None:
        """One wrong digit is always caught."""
        wrong = GOOD[:at] + str((int(GOOD[at]) + by) % 10) + GOOD[at + 1 :]
        assert not check_idnumber(wrong).valid


class TestNames:
    """Names and classes as lists spell them."""

    @pytest.mark.parametrize(
        "given", ["七(2)", "七（2）", "7.2", "七年级2班", "七2班", "7年级(2)班", " 七 (2) 班", "七.2"]
    )
    def test_class(self, given: str) -> None:
        """Every spelling of a class is one class."""
        assert fold_class(given) == "七(2)"

    def test_other_class(self) -> None:
        """A class that is spelt in another way altogether stays as it is."""
        assert (fold_class("实验班"), fold_class("12")) == ("实验班", "12")

    def test_name(self) -> None:
        """The dot of a name is one dot; blanks inside Han names go, inside Latin ones they stay."""
        assert fold_name(" 阿依古丽•买买提江 ") == "阿依古丽·买买提江"
        assert (fold_name("张 明"), fold_name("Anna Li")) == ("张明", "Anna Li")


class TestRegister:
    """The student register."""

    def test_read(self, tmp_path: Path) -> None:
        """A register is read under its title; blank rows are skipped, rows keep Excel's numbers."""
        path = book(tmp_path / "r.xlsx", [HEADER, row(), [None] * 4, row("G2", "李四", None)])
        found = read_register(path)
        assert [(each.name, each.row, each.class_name, each.grade) for each in found.rows] == [
            ("张小明", 4, "七(2)", "七"),
            ("李四", 6, "七(2)", "七"),
        ]
        assert found.rows[0].guardians[0].relation == "父亲"
        assert found.rows[0].priority == ("留守", "困境")
        assert found.errors == ()

    def test_number_cell(self, tmp_path: Path) -> None:
        """An ID number in a number cell is refused even if it looks right: Excel has changed it."""
        found = read_register(book(tmp_path / "r.xlsx", [HEADER, row(id_number=990101201305040014)]))
        assert [(error.row, error.code) for error in found.errors] == [(4, "number_cell")]
        assert found.rows == ()

    def test_all_errors(self, tmp_path: Path) -> None:
        """All errors of all rows come at once, with masked numbers."""
        path = book(
            tmp_path / "r.xlsx", [HEADER, row("", "", 学校="", 班级=""), row("G2", id_number="990101201305040010")]
        )
        found = read_register(path)
        assert [(error.row, error.code) for error in found.errors] == [(4, "missing")] * 4 + [(5, "id_number")]
        assert "990101201305040010" not in found.errors[-1].message

    def test_doubles(self, tmp_path: Path) -> None:
        """The same number twice is an error on both rows."""
        found = read_register(book(tmp_path / "r.xlsx", [HEADER, row(), row("G2"), row("G3", id_number=None)]))
        assert [(error.row, error.code) for error in found.errors] == [(4, "double"), (5, "double")]
        assert [each.register_no for each in found.rows] == ["G3"]

    def test_wrong_columns(self, tmp_path: Path) -> None:
        """A sheet without the columns is refused with those that were found."""
        with pytest.raises(InputError, match=r"第3行缺少「学籍号、身份证号、学校、班级」，现有「姓名、电话」"):
            read_register(book(tmp_path / "r.xlsx", [["姓名", "电话"]]))

    def test_empty(self, tmp_path: Path) -> None:
        """An empty workbook is refused."""
        Workbook().save(tmp_path / "e.xlsx")
        with pytest.raises(InputError, match="各表都是空的"):
            read_register(tmp_path / "e.xlsx")

    def test_unreadable(self, tmp_path: Path) -> None:
        """A file that is no workbook is refused with how to save it again."""
        (tmp_path / "x.xlsx").write_text("not a workbook")
        with pytest.raises(InputError, match="另存为"):
            read_register(tmp_path / "x.xlsx")
        with pytest.raises(InputError, match="无法读取"):
            read_register(tmp_path / "none.xlsx")

    def test_too_large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A file beyond the limit is not opened."""
        monkeypatch.setattr(workbook, "LARGEST_FILE", 10)
        with pytest.raises(InputError, match="超过"):
            read_register(book(tmp_path / "r.xlsx", [HEADER, row()]))

    def test_cells(self, tmp_path: Path) -> None:
        """Numbers, truths and days are told apart from text."""
        path = book(tmp_path / "c.xlsx", [["a", "b", "c", "d"], [3.0, True, datetime(2026, 9, 1), 2.5]])
        cells = next(next(read_sheets(path, ("a", "b"), ("c", "d"))).rows)
        assert (cells.text("a"), cells.cells["b"], cells.cells["c"], cells.text("d")) == (
            "3",
            True,
            "2026-09-01",
            "2.5",
        )
        assert Row(number=1, cells={}).text("x") == ""

    def test_other_cells(self) -> None:
        """A cell of blanks, or of no kind that a sheet has, is nothing."""
        assert (sheets.cell_of(" "), sheets.cell_of(None)) == (None, None)


class TestRoster:
    """Who actually came."""

    TITLE = "青禾中学 七(2)班 2026年9月1日秋季开学到校名册"

    def test_read(self, tmp_path: Path) -> None:
        """Title, coverage, day and marks are read; a blank mark is unknown, never absent."""
        rows = [
            ["姓名", "学籍号", "到校情况", "事由"],
            ["张小明", "G1", "×", ""],
            ["李四", "G2", None, ""],
            ["王五", "G3", "△", "住院"],
        ]
        found = read_roster(book(tmp_path / "r.xlsx", rows, title=self.TITLE))
        assert (found.covers[0].class_name, found.day) == ("七(2)", date(2026, 9, 1))
        assert [each.mark for each in found.marks] == ["absent", "unknown", "excused"]

    def test_errors(self, tmp_path: Path) -> None:
        """A mark that nobody knows, a nameless line and a title without a class are errors with a remedy."""
        rows = [["姓名", "到校情况"], ["张小明", "？"], [None, "√"]]
        found = read_roster(book(tmp_path / "r.xlsx", rows, title="青禾中学 七(2)班 2026年秋季"))
        assert [(error.row, error.code) for error in found.errors] == [(4, "mark"), (5, "missing")]
        assert found.day is None
        untitled = read_roster(book(tmp_path / "u.xlsx", rows, title="到校名册"))
        assert [error.code for error in untitled.errors] == ["title"]


class TestFindings:
    """Where the lists differ."""

    def test_kinds(self) -> None:
        """Each difference is a finding of its kind; present and excused pupils are none."""
        register = [
            pupil("G1", "张小明"),
            pupil("G2", "李四"),
            pupil("G3", "王五"),
            pupil("G4", "赵六"),
            pupil("G5", "同名"),
            pupil("G6", "同名"),
        ]
        roster = roster_of(
            mark("张小明", "absent", "G1"),
            mark("李四", "unknown"),
            mark("王五", "excused"),
            mark("生人"),
            mark("同名"),
            mark("张小明二", "present", "G4"),
        )
        found = compare(register, roster)
        assert [(each.kind, each.register_no) for each in found] == [
            ("absent_at_return_check", "G1"),
            ("unknown_mark", "G2"),
            ("not_in_register", ""),
            ("ambiguous", ""),
            ("ambiguous", "G4"),
        ]

    def test_missing(self) -> None:
        """A pupil of a covered class who is not on the roster is a finding; one of another class is not."""
        found = compare([pupil("G1", "张小明"), pupil("G2", "李四", "八(1)")], roster_of())
        assert [(each.kind, each.register_no) for each in found] == [("not_on_roster", "G1")]

    @pytest.mark.timeout(30)
    def test_name_filled_down(self) -> None:
        """A name that fills a long list costs as much as the list is long, not its square; what disagrees is told."""
        many = range(10_000)
        lines = [mark("张小明", "absent"), *(mark("张小明") for _ in many), mark("张小明", "absent", "G7")]
        found = compare([pupil(f"G{at}", "张小明") for at in many], roster_of(*lines))
        assert [(each.kind, each.register_no) for each in found] == [("ambiguous", "")]
        first = compare([pupil(f"G{at}", "张小明") for at in range(8)], roster_of(*reversed(lines)))
        assert [(each.kind, each.register_no) for each in first] == [("ambiguous", "G7"), ("ambiguous", "")]


class TestSamples:
    """The sample files."""

    def test_as_generated(self, tmp_path: Path) -> None:
        """The committed files say what their generator says, and are small enough to be kept."""
        main(tmp_path / "large", tmp_path / "little")
        for made, kept in ((tmp_path / "large", FOLDER), (tmp_path / "little", LITTLE)):
            for name in ("units.csv", "people.csv"):
                assert (made / name).read_text("utf-8") == (kept / name).read_text("utf-8")
            assert read_register(made / "register.xlsx").rows == read_register(kept / "register.xlsx").rows
            assert read_roster(made / "roster.xlsx").marks == read_roster(kept / "roster.xlsx").marks
            assert max(each.stat().st_size for each in kept.iterdir()) < 600_000

    def test_planted(self) -> None:
        """The findings between the small lists are those that were planted."""
        register, roster = read_register(LITTLE / "register.xlsx"), read_roster(LITTLE / "roster.xlsx")
        assert (register.errors, roster.errors) == ((), ())
        assert len(register.rows) == sum(len(each.pupils) for each in CLASSES)
        found = compare(register.rows, roster)
        assert {each.name for each in found if each.kind == "absent_at_return_check"} == ABSENT
        assert [each.kind for each in found if each.name not in ABSENT] == ["unknown_mark"]

    def test_district(self) -> None:
        """The large lists have thirty schools and three thousand pupils, begin like the small ones, and hold every doubt."""
        large, little = read_register(FOLDER / "register.xlsx"), read_register(LITTLE / "register.xlsx")
        roster, first = read_roster(FOLDER / "roster.xlsx"), read_roster(LITTLE / "roster.xlsx")
        assert (large.errors, roster.errors, len(large.rows)) == ((), (), 3000)
        assert (30, 24) == (len({each.school for each in large.rows}), len({each.township for each in large.rows}))
        assert 7 == sum(each.endswith("街道办事处") for each in {each.township for each in large.rows})
        assert little.rows == large.rows[: len(little.rows)]
        found, few = compare(large.rows, roster), compare(little.rows, first)
        assert few == found[: len(few)]
        kinds = {"absent_at_return_check": 42, "unknown_mark": 4, "not_in_register": 4, "not_on_roster": 3}
        assert Counter(each.kind for each in found) == {**kinds, "ambiguous": 3}
