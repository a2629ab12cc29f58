"""Lists in somebody's own layout: other headings, headers over two rows, text files, coverage that is declared."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook

from engine.errors import InputError
from engine.roster import attendance, register
from engine.roster.attendance import Coverage, RosterFile, declared, read_roster
from engine.roster.days import read_day
from engine.roster.findings import compare, comparison
from engine.roster.idnumber import check_digit, check_idnumber, facts_of
from engine.roster.near import is_near, told_wrong
from engine.roster.register import read_register
from engine.roster.sheets import propose
from tests.roster.test_hard_lists import TITLE, sheets_of
from tests.roster.test_lists import GOOD, HEADER, book, mark, pupil, roster_of, row

ROSTER = ["姓名", "学籍号", "到校情况"]
RARE = ("𠮷田田", "阿依古丽·买买提江", "张〇一", "O'Brien <b>&amp;", "㐱小满", "Anna-Li St. Clair")


class TestHeadings:
    """Headings as bureaus write them."""

    def test_synonyms(self, tmp_path: Path) -> None:
        """The usual other names of a column are understood; our own name goes first where both stand."""
        heads = ["全国学籍号", "学生姓名", "性别", "身份证件号", "学校名称", "所在班级", "家长姓名", "关系", "联系电话"]
        found = read_register(book(tmp_path / "r.xlsx", [[*heads, "身份证号"], [*row()[:9], GOOD]]))
        assert [(each.register_no, each.id_number, each.guardians[0].name) for each in found.rows] == [
            ("G1", GOOD, "张大山")
        ]

    def test_chosen(self, tmp_path: Path) -> None:
        """What a person chose goes before every name."""
        path = book(tmp_path / "r.xlsx", [[*HEADER, "曾用名"], [*row(), "张大明"]])
        assert read_register(path, chosen={"姓名": "曾用名", "性别": ""}).rows[0].name == "张大明"

    def test_two_rows(self, tmp_path: Path) -> None:
        """A header over two rows with merged cells is read as one; rows keep Excel's numbers."""
        made = Workbook()
        sheet = made.worksheets[0]
        sheet.append(["学籍册"])
        sheet.append([*HEADER[:6], "监护人1", None, None, "备注"])
        sheet.append([None] * 6 + ["姓名", "关系", "电话", None])
        sheet.append(row())
        sheet.merge_cells("G2:I2")
        made.save(tmp_path / "r.xlsx")
        (found,) = read_register(tmp_path / "r.xlsx").rows
        assert (found.row, found.guardians[0].relation, found.guardians[0].phone) == (4, "父亲", "00000000001")

    def test_proposed(self, tmp_path: Path) -> None:
        """Columns are proposed by name, and the ID number's by what stands in it; sheets without table are passed over."""
        head = ["编号", "学生姓名", "性别", "证号", "学校", "班级"]
        path = sheets_of(
            tmp_path / "r.xlsx",
            ("说明", [["填表说明"]]),
            ("册", [["学籍册", "2026"], [], head, row()[:6], row("G2")[:6]]),
        )
        (found,) = propose(path, register.WANTED, register.OPTIONAL)
        assert (found.sheet, found.header, found.headings) == ("册", 3, tuple(head))
        assert [found.meant[name] for name in register.WANTED] == ["", "学生姓名", "证号", "学校", "班级"]
        assert found.lacking[0] == "学籍号"
        (whole,) = propose(book(tmp_path / "w.xlsx", [HEADER, row()]), register.WANTED, ())
        assert whole.lacking == ()

    def test_unsure(self, tmp_path: Path) -> None:
        """Two columns that look alike are not chosen between; a file without table is refused."""
        path = book(tmp_path / "r.xlsx", [["姓名", "证号", "旧证号"], ["张小明", GOOD, GOOD]])
        (found,) = propose(path, register.WANTED, register.OPTIONAL)
        assert found.meant["身份证号"] == ""
        with pytest.raises(InputError, match="没有表格"):
            propose(book(tmp_path / "e.xlsx", []), register.WANTED, ())


class TestProgress:
    """Who waits for a long list is told how far it is."""

    def test_many_small_sheets(self, tmp_path: Path) -> None:
        """After each sheet, however small, the rows of the whole file so far are told."""
        classes = [(f"七({at})班", [HEADER, *(row(f"G{at}{nth}") for nth in range(at))]) for at in range(1, 4)]
        told: list[int] = []
        read_register(sheets_of(tmp_path / "r.xlsx", *classes), watch=told.append)
        assert told == [1, 3, 6]


class TestTextFiles:
    """Tables in text files."""

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
    @pytest.mark.parametrize("between", [",", "\t", ";"])
    def test_read(self, tmp_path: Path, encoding: str, between: str) -> None:
        """UTF-8 with and without mark, GB18030 and UTF-16 are read, whatever separates the cells; short lines too."""
        lines = [["学籍册"], [], HEADER[:6], [*map(str, ["G1", "𠮷田田", "男", GOOD, "青禾中学", "七(2)"])]]
        path = tmp_path / "r.csv"
        path.write_bytes("\r\n".join(between.join(line) for line in lines).encode(encoding))
        assert [(each.name, each.row, each.id_number) for each in read_register(path).rows] == [("𠮷田田", 4, GOOD)]

    def test_guarded(self, tmp_path: Path) -> None:
        """What programs put around a text to keep it one is taken off; what Excel has changed is told."""
        path = tmp_path / "r.csv"
        lines = (
            ",".join(HEADER[:6]),
            f'G1,\'=张,男,"=""{GOOD}""",校,七(1)',
            "G2,'李,男,3.41802E+17,校,七(1)",
            f"9E17,王,男,{GOOD[:14] + '005' + check_digit(GOOD[:14] + '005')},校,七(1)",
        )
        path.write_text("\n".join(lines), encoding="utf-8")
        found = read_register(path)
        assert [(each.name, each.id_number) for each in found.rows] == [("=张", GOOD)]
        assert [(each.row, each.column, each.code) for each in found.errors] == [
            (3, "身份证号", "number_cell"),
            (4, "学籍号", "number_cell"),
        ]

    @pytest.mark.parametrize(
        ("content", "told"),
        [(b"\xff\xff\xff", "编码"), (b"a,b\x00", "编码"), ('姓名,"班级\n张'.encode(), "引号"), (b"", "空的")],
    )
    def test_refused(self, tmp_path: Path, content: bytes, told: str) -> None:
        """Another encoding, signs that no text has, and a table that breaks off are refused in one sentence."""
        (tmp_path / "r.csv").write_bytes(content)
        with pytest.raises(InputError, match=told):
            read_register(tmp_path / "r.csv")


class TestWhatPeopleType:
    """Names and days."""

    def test_names(self, tmp_path: Path) -> None:
        """Rare characters, dots and markup in names come through as they are."""
        rows = [row(f"G{at}", name, None) for at, name in enumerate(RARE)]
        assert tuple(each.name for each in read_register(book(tmp_path / "r.xlsx", [HEADER, *rows])).rows) == RARE

    @pytest.mark.parametrize(
        "given",
        ["2013-5-4", "2013.05.04", "２０１３年５月４号", "2013-05-04 00:00:00", "二〇一三年五月四日", " 2013 / 5 / 4 "],
    )
    def test_days(self, given: str) -> None:
        """A day is read in every form that leaves no doubt."""
        assert read_day(given) == date(2013, 5, 4)

    @pytest.mark.parametrize("given", ["13-5-4", "2013-5", "2013-05.04", "5/4/2013", "2013年2月30日", "41398", ""])
    def test_no_days(self, given: str) -> None:
        """What may be another day, or is none, is none."""
        assert read_day(given) is None

    def test_han_days(self) -> None:
        """Tens in Han numerals are tens."""
        assert [read_day(f"二〇一二年{text}") for text in ("十二月二十日", "十月三十一日", "一月十一日")] == [
            date(2012, 12, 20),
            date(2012, 10, 31),
            date(2012, 1, 11),
        ]

    @pytest.mark.parametrize("given", [GOOD[:6] + "20130230" + GOOD[14:], GOOD[:6] + "17000101" + GOOD[14:], "1"])
    def test_no_facts(self, given: str) -> None:
        """A number that cannot be right tells nothing at once."""
        assert facts_of([given]) == [None]

    def test_check_digits(self) -> None:
        """Of many numbers at once each is judged as it would be alone, whichever character stands at its end."""
        numbers = [f"{GOOD[:14]}{at:03d}{end}" for at in range(0, 1000, 37) for end in "0123456789Xx\x00"]
        assert [each is not None for each in facts_of(numbers)] == [
            check_idnumber(each).valid and each[-1] != "x" for each in numbers
        ]


class TestNear:
    """Numbers one slip of the hand apart."""

    OFF = GOOD[:10] + str((int(GOOD[10]) + 1) % 10) + GOOD[11:]

    def test_slips(self) -> None:
        """One digit or two neighbours that changed places is near; two digits are not, nor is the same number."""
        swapped = GOOD[:3] + GOOD[4] + GOOD[3] + GOOD[5:]
        assert [is_near(GOOD, other) for other in (self.OFF, swapped, GOOD, "1" + self.OFF[1:], GOOD[1:])] == [
            True,
            True,
            False,
            False,
            False,
        ]

    def test_side(self) -> None:
        """The check digit says which side is wrong, inside a register number too; where it cannot, nothing is said."""
        assert told_wrong(f"G{self.OFF}", f"G{GOOD}") == "校验码表明名单上的号码有误"
        assert told_wrong(GOOD, self.OFF) == "校验码表明学籍册上的号码有误"
        assert [told_wrong("G1", "G2"), told_wrong(GOOD, GOOD)] == ["", ""]

    def test_found(self) -> None:
        """A line that nobody fits is held to the one missing pupil whose number is a slip away, who is not missing then."""
        other = "99010120130504003" + check_digit("99010120130504003")
        known = [pupil(f"G{GOOD}", "张小明"), pupil(f"G{other}", "李四"), pupil("", "王五"), pupil("G0", "赵六")]
        marks = (mark("张晓明", "absent", f"G{self.OFF}"), mark("生人", "present", "G7"), mark("赵六"))
        found = compare(known, roster_of(*marks))
        assert [(each.kind, each.register_no) for each in found] == [
            ("ambiguous", f"G{GOOD}"),
            ("not_in_register", ""),
            ("not_on_roster", f"G{other}"),
            ("not_on_roster", ""),
        ]
        assert "校验码表明名单上的号码有误" in found[0].detail
        (same,) = compare(known[:1], roster_of(mark("张小明", "absent", f"G{self.OFF}")))
        assert "同班同名" in same.detail
        assert "校验码" in same.detail

    def test_two_near(self) -> None:
        """Two pupils whose numbers are a slip away are not chosen between."""
        found = compare([pupil("G11", "甲"), pupil("G13", "乙")], roster_of(mark("丙", "absent", "G12")))
        assert [each.kind for each in found] == ["not_in_register", "not_on_roster", "not_on_roster"]

    def test_by_id(self) -> None:
        """A line without register number is matched by ID number."""
        from dataclasses import replace

        known = pupil("G1", "张小明")._replace(id_number=GOOD)
        (found,) = compare([known], roster_of(replace(mark("张小明", "absent"), id_number=GOOD)))
        assert (found.kind, found.register_no) == ("absent_at_return_check", "G1")


class TestCoverage:
    """A roster declares what it covers."""

    HEAD = ["学校", "班级", "姓名", "到校情况"]

    def test_typed(self) -> None:
        """A school, or a school and a class; anything else is refused."""
        assert declared("青禾中学/七年级2班") == Coverage(school="青禾中学", class_name="七(2)")
        assert declared("青禾中学").class_name == ""
        for wrong in ("/七(2)", "青禾中学/", " "):
            with pytest.raises(InputError, match="范围"):
                declared(wrong)

    def test_whole_school(self) -> None:
        """When a whole school is covered, pupils of all its classes can be missing, and of no other school."""
        known = [pupil("G1", "甲"), pupil("G2", "乙", "八(1)"), pupil("G3", "丙", school="东湖学校")]
        roster = RosterFile(covers=(declared("青禾中学"),), day=None, marks=(), errors=(), source_hash="")
        compared = comparison(known, roster)
        assert ([each.register_no for each in compared.found], compared.covered, compared.missing) == (
            ["G1", "G2"],
            2,
            2,
        )

    def test_columns(self, tmp_path: Path) -> None:
        """Lines may name their own class; one outside the coverage is an error and is not read."""
        rows = [
            self.HEAD,
            ["青禾中学", "七(2)", "张小明", "√"],
            [None, "八(1)", "李四", "×"],
            ["东湖学校", "三(1)", "王五", "√"],
        ]
        found = read_roster(book(tmp_path / "r.xlsx", rows, title="名册"), covers=[declared("青禾中学")])
        assert [(each.class_name, each.name) for each in found.marks] == [("七(2)", "张小明"), ("八(1)", "李四")]
        assert [(each.row, each.code) for each in found.errors] == [(6, "outside")]
        assert found.covers == (declared("青禾中学"),)

    def test_class_alone(self, tmp_path: Path) -> None:
        """Under one declared class a sheet needs no title; under one school, a column for the class is enough."""
        foot = [None, None, None, "制表人：罗敏"]
        one = book(tmp_path / "a.xlsx", [[*ROSTER, "事由"], ["张小明", "G1", "√"], foot], title="名册")
        assert [each.class_name for each in read_roster(one, covers=[declared("青禾中学/七(2)")]).marks] == ["七(2)"]
        two = book(tmp_path / "b.xlsx", [self.HEAD[1:], ["七(2)", "张小明", "√"], ["七(2)", None, "√"]], title="名册")
        found = read_roster(two, covers=[declared("青禾中学")])
        assert ([each.school for each in found.marks], [each.code for each in found.errors]) == (
            ["青禾中学"],
            ["missing"],
        )
        assert [each.code for each in read_roster(one, covers=[declared("青禾中学")]).errors] == ["title"]

    def test_other_sheet(self, tmp_path: Path) -> None:
        """A sheet of a class outside the coverage is an error; one inside is read and covers no more than was said."""
        path = book(tmp_path / "r.xlsx", [ROSTER, ["张小明", "G1", "√"]], title=TITLE)
        assert [each.code for each in read_roster(path, covers=[declared("东湖学校")]).errors] == ["outside"]
        inside = read_roster(path, covers=[declared("青禾中学")])
        assert (len(inside.marks), inside.covers) == (1, (declared("青禾中学"),))

    def test_hidden(self, tmp_path: Path) -> None:
        """A hidden class is told, and covers nothing."""
        from openpyxl import load_workbook

        path = sheets_of(
            tmp_path / "r.xlsx", *((name, [[TITLE], [], ROSTER, ["甲", "G1", "√"]]) for name in ("一", "二"))
        )
        made = load_workbook(path)
        made["二"].sheet_state = "hidden"
        made.save(path)
        found = read_roster(path)
        assert [each.code for each in found.errors] == ["hidden"]
        assert (len(found.covers), len(found.marks)) == (1, 1)

    def test_wanted(self) -> None:
        """Both kinds of list say which columns they want."""
        assert set(attendance.WANTED) == {"姓名", "到校情况"}
