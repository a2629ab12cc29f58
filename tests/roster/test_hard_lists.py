"""Lists as they really come: damaged workbooks, odd spellings, lines that leave a doubt."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from engine.errors import InputError
from engine.roster import workbook
from engine.roster.attendance import Coverage, RosterFile, read_roster
from engine.roster.findings import compare
from engine.roster.idnumber import check_digit, check_idnumber
from engine.roster.names import fold_class, fold_name, fold_school, grade_of
from engine.roster.register import read_register
from engine.roster.sheets import read_sheets
from tests.roster.test_lists import GOOD, HEADER, book, mark, pupil, roster_of, row

SHEET = "xl/worksheets/sheet1.xml"
TITLE = "青禾中学 七(2)班 2026年9月1日秋季开学到校名册"
OTHER = "99010120130504003" + check_digit("99010120130504003")


def altered(path: Path, change: Callable[[bytes], bytes], part: str = SHEET) -> Path:
    """The workbook with one part of its archive changed."""
    out = path.with_name(f"altered-{path.name}")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            content = old.read(info)
            new.writestr(info.filename, change(content) if info.filename == part else content)
    return out


def sheets_of(path: Path, *tables: tuple[str, list[list[object]]]) -> Path:
    """A workbook of several sheets, each with its title on row 1 and its header on row 3."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in tables:
        sheet = made.create_sheet(name)
        for number, line in enumerate(rows, start=1):
            for column, value in enumerate(line, start=1):
                sheet.cell(row=number, column=column, value=value)
    made.save(path)
    return path


class TestBadWorkbooks:
    """A bad upload harms nothing (RELIABILITY.md R9)."""

    @pytest.mark.parametrize(
        "change",
        [
            lambda content: content[: len(content) // 2],
            lambda content: b'<!DOCTYPE a [<!ENTITY x "y">]>' + content,
            lambda content: content.replace(b'r="A1"', b'r="A"'),
            lambda content: content.replace(b'r="A1"', b'r="1A"'),
            lambda content: content.replace(b'<row r="1"', b'<row r="one"'),
        ],
    )
    def test_damaged(self, tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
        """A damaged sheet is refused in one sentence that says how to save it again."""
        path = altered(book(tmp_path / "r.xlsx", [HEADER, row()]), change)
        with pytest.raises(InputError, match="另存为"):
            read_register(path)

    def test_far_cell(self, tmp_path: Path) -> None:
        """A filled cell far from the data is refused before it is opened; the place is told."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        made = load_workbook(path)
        made.worksheets[0].cell(row=1_048_576, column=16_384, value="x")
        made.save(path)
        with pytest.raises(InputError, match="第1048576行、第16384列"):
            read_register(path)

    def test_formatted_far_away(self, tmp_path: Path) -> None:
        """A cell that is only formatted does not count, however far it lies."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        made = load_workbook(path)
        made.worksheets[0].cell(row=1_048_576, column=200).number_format = "@"
        made.save(path)
        assert [each.row for each in read_register(path).rows] == [4]

    def test_cells_without_place(self, tmp_path: Path) -> None:
        """Cells and rows that do not say where they are follow one another."""
        path = book(tmp_path / "r.xlsx", [HEADER, row(性别="男")], title="")
        bare = altered(path, lambda content: re.sub(rb'(<c|<row) r="[A-Z]*\d+"', rb"\1", content))
        assert [each.name for each in read_register(bare).rows] == ["张小明"]

    def test_wrong_dimension(self, tmp_path: Path) -> None:
        """Nobody is lost when the file says that it is smaller than it is."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        small = altered(path, lambda content: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:A1"', content))
        assert len(read_register(small).rows) == 1

    def test_macros(self, tmp_path: Path) -> None:
        """A workbook with macros is refused."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/vbaProject.bin", b"x")
        with pytest.raises(InputError, match="含有宏"):
            read_register(path)

    def test_unpacked_size(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What unpacks to more than the limit is refused, whatever its archive says of its size."""
        monkeypatch.setattr(workbook, "LARGEST_CONTENT", 2 << 20)
        path = altered(
            book(tmp_path / "r.xlsx", [HEADER, row()]), lambda content: content.replace(b"G1", b"A" * (3 << 20))
        )
        with pytest.raises(InputError, match="展开后超过2 MB"):
            read_register(path)

    def test_other_parts(self, tmp_path: Path) -> None:
        """A picture in a workbook is no reason to refuse it."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr("xl/media/image1.png", b"\x89PNG")
        assert len(read_register(path).rows) == 1


class TestHeaders:
    """Headers as people write them."""

    def test_spelling(self, tmp_path: Path) -> None:
        """Blanks, line ends and asterisks in a header do not matter; neither does where the table begins."""
        spelt = ["学籍号*", "姓 名", "性别", "身份证号\n", "学校", "班级", *HEADER[6:]]
        path = sheets_of(tmp_path / "r.xlsx", ("册", [[], [], [], [None, *spelt], [None, *row()]]))
        assert [(each.name, each.row) for each in read_register(path).rows] == [("张小明", 5)]

    def test_twice(self, tmp_path: Path) -> None:
        """Two columns of one name are refused: the second would silently replace the first."""
        with pytest.raises(InputError, match="第3行有两列都叫「姓名」"):
            read_register(book(tmp_path / "r.xlsx", [[*HEADER, "姓名"], row()]))

    def test_without_header(self, tmp_path: Path) -> None:
        """A sheet without header is an error, a hidden one is not; the others are read."""
        path = sheets_of(
            tmp_path / "r.xlsx", ("说明", [["填表说明"]]), ("选项", [["男"], ["女"]]), ("册", [HEADER, row()])
        )
        made = load_workbook(path)
        made["选项"].sheet_state = "hidden"
        made.save(path)
        found = read_register(path)
        assert [(error.sheet, error.code) for error in found.errors] == [("说明", "header")]
        assert len(found.rows) == 1

    def test_any_header(self, tmp_path: Path) -> None:
        """Without wanted columns the first row with two texts is the header."""
        assert next(read_sheets(book(tmp_path / "r.xlsx", [["甲", "乙"], [1, 2]]))).columns[:2] == ("甲", "乙")


class TestSpellings:
    """More spellings of names and classes."""

    @pytest.mark.parametrize(
        ("given", "folded"),
        [
            ("七年级二班", "七(2)"),
            ("初一2班", "七(2)"),
            ("初三(十一)班", "九(11)"),
            ("七年级二十班", "七(20)"),
            ("七(十)", "七(10)"),
            ("七②", "七(2)"),
            ("2013级2班", "2013级2班"),
        ],
    )
    def test_class(self, given: str, folded: str) -> None:
        """Han numerals, junior grades and circled numbers are the same class; a year of entry is no grade."""
        assert fold_class(given) == folded

    def test_grade(self) -> None:
        """A folded class tells its grade, another none."""
        assert (grade_of("七(2)"), grade_of("实验班")) == ("七", "")

    @pytest.mark.parametrize("dot", "·•・･．.‧∙⋅")
    def test_dots(self, dot: str) -> None:
        """Every dot between Han characters is one dot."""
        assert fold_name(f"阿依古丽 {dot} 买买提江") == "阿依古丽·买买提江"

    def test_latin(self) -> None:
        """A full stop in a Latin name is a full stop."""
        assert fold_name("John F.  Kennedy") == "John F. Kennedy"

    def test_school(self) -> None:
        """Schools are compared without blanks and with half-width brackets."""
        assert fold_school(" 青禾中学（东校区）") == "青禾中学(东校区)"


class TestNumbers:
    """More about numbers."""

    def test_old_example(self) -> None:
        """The standard's own second example, born in 1880, is valid; an earlier century is not."""
        assert check_idnumber("440524188001010014").valid
        first = "44052417000101001"
        assert [problem.code for problem in check_idnumber(first + check_digit(first)).problems] == ["birth"]

    def test_everything(self) -> None:
        """Length and characters are told at once; what has not its form tells neither birth nor sex."""
        found = check_idnumber("99O1")
        assert [problem.code for problem in found.problems] == ["length", "characters"]
        assert (found.birth, found.sex) == (None, None)


class TestRegisterRows:
    """Rows of a register that are nearly right."""

    def test_double_of_a_wrong_row(self, tmp_path: Path) -> None:
        """A number twice is told on both rows also when one of them is wrong in another way, and across sheets."""
        path = sheets_of(
            tmp_path / "r.xlsx",
            ("甲", [HEADER, row(), row("G2", 班级="")]),
            ("乙", [HEADER, row("G3"), row("g1", "李")]),
        )
        found = read_register(path)
        ids = [(e.sheet, e.row, e.message) for e in found.errors if (e.code, e.column) == ("double", "身份证号")]
        assert ids[0] == ("甲", 2, "身份证号与第3行、表「乙」第2行、表「乙」第3行重复")
        assert [place[:2] for place in ids] == [("甲", 2), ("甲", 3), ("乙", 2), ("乙", 3)]
        assert [(e.sheet, e.row) for e in found.errors if (e.code, e.column) == ("double", "学籍号")] == [
            ("甲", 2),
            ("乙", 3),
        ]
        assert found.rows == ()

    def test_column_filled_down(self, tmp_path: Path) -> None:
        """Of a number that stands in many rows each error names a few of the others and how many there are."""
        path = book(tmp_path / "r.xlsx", [HEADER, *(row(f"G{at}") for at in range(9))])
        told = [error.message for error in read_register(path).errors]
        assert told[0] == "身份证号与第5行、第6行、第7行、第8行、第9行等8行重复"
        assert told[-1] == "身份证号与第4行、第5行、第6行、第7行、第8行等8行重复"
        assert len(told) == 9

    def test_register_number_cell(self, tmp_path: Path) -> None:
        """Register numbers whose last digits Excel has cut are refused, and not called doubles of each other."""
        cut = [HEADER, row(9.90120130504e17, id_number=None), row(9.90120130504e17, id_number=None)]
        found = read_register(book(tmp_path / "r.xlsx", cut))
        assert [(error.row, error.code) for error in found.errors] == [(4, "number_cell"), (5, "number_cell")]

    def test_future(self, tmp_path: Path) -> None:
        """With today, a birth in the future is an error."""
        path = book(tmp_path / "r.xlsx", [HEADER, row()])
        assert [error.code for error in read_register(path, today=date(2012, 1, 1)).errors] == ["id_number"]

    @pytest.mark.parametrize(
        "given", [date(2013, 5, 4), "2013-05-04", "2013.5.4", "2013/5/4", "2013年5月4日", "20130504", 20130504]
    )
    def test_birth(self, tmp_path: Path, given: object) -> None:
        """Without ID number the day of birth is read in every usual form."""
        path = book(tmp_path / "r.xlsx", [[*HEADER, "出生日期"], [*row(id_number=None), given]])
        assert [each.birth for each in read_register(path).rows] == [date(2013, 5, 4)]

    @pytest.mark.parametrize("given", ["2013-02-30", "2013年春", 41398])
    def test_wrong_birth(self, tmp_path: Path, given: object) -> None:
        """A day that does not exist or cannot be read for certain is an error."""
        path = book(tmp_path / "r.xlsx", [[*HEADER, "出生日期"], [*row(id_number=None), given]])
        assert [(error.column, error.code) for error in read_register(path).errors] == [("出生日期", "birth")]

    def test_signature(self, tmp_path: Path) -> None:
        """A line below the table with nothing in the wanted columns is no pupil."""
        foot = [None] * 6 + ["制表人：罗敏"]
        found = read_register(book(tmp_path / "r.xlsx", [HEADER, row(), foot]))
        assert (len(found.rows), found.errors) == (1, ())
        assert read_register(book(tmp_path / "e.xlsx", [HEADER, foot])).rows == ()


class TestRosterSheets:
    """Sheets of a roster that are nearly right."""

    HEAD = ("序号", "姓名", "学籍号", "到校情况")

    @pytest.mark.parametrize(
        ("title", "cover"),
        [
            ("青禾中学七（2）班2026年秋季到校名册", ("青禾中学", "七(2)")),
            ("青禾一中 7.2 2026年9月1日名册", ("青禾一中", "七(2)")),
            ("青禾中学附属小学三年级一班2026年秋季到校名册", ("青禾中学附属小学", "三(1)")),
            ("第九中学（东校区） 初二(3) 班 2026年名册", ("第九中学（东校区）", "八(3)")),
            ("青禾中学实验班2026年秋季到校名册", ("青禾中学", "实验班")),
        ],
    )
    def test_titles(self, tmp_path: Path, title: str, cover: tuple[str, str]) -> None:
        """School and class are told from titles as they are written."""
        found = read_roster(book(tmp_path / "r.xlsx", [self.HEAD, [1, "张小明", "G1", "√"]], title=title))
        assert [(each.school, each.class_name) for each in found.covers] == [cover]

    def test_title_lower(self, tmp_path: Path) -> None:
        """A title on another line above the header is found."""
        table: list[list[object]] = [["秋季开学核查"], [TITLE], list(self.HEAD), [1, "张小明", "G1", "√"]]
        found = read_roster(sheets_of(tmp_path / "r.xlsx", ("七2", table)))
        assert (found.covers[0].school, found.day) == ("青禾中学", date(2026, 9, 1))

    def test_days(self, tmp_path: Path) -> None:
        """A day that does not exist, or another day than the first sheet's, is an error; that sheet covers nothing."""
        tables = [
            (f"表{at}", [[title], [], list(self.HEAD), [1, "张小明", "G1", "√"]])
            for at, title in enumerate(
                (TITLE, TITLE, TITLE.replace("9月1日", "9月2日").replace("(2)", "(3)"), TITLE.replace("9月1", "9月31"))
            )
        ]
        found = read_roster(sheets_of(tmp_path / "r.xlsx", *tables))
        assert [(error.sheet, error.code) for error in found.errors] == [("表2", "day"), ("表3", "day")]
        assert (len(found.covers), len(found.marks), found.day) == (1, 2, date(2026, 9, 1))

    def test_lines(self, tmp_path: Path) -> None:
        """A signature is no pupil; a cut register number is an error and the name still counts; so does a bare sheet."""
        rows = [
            [TITLE],
            [],
            list(self.HEAD),
            [1, "张小明", 9.90120130504e17, "√"],
            [2, None, "G2", None],
            ["班主任：苏晓"],
        ]
        found = read_roster(sheets_of(tmp_path / "r.xlsx", ("七2", rows), ("七3", [["姓名"], ["李四"]])))
        assert [(error.sheet, error.row, error.code) for error in found.errors] == [
            ("七2", 4, "number_cell"),
            ("七2", 5, "missing"),
            ("七3", 1, "header"),
        ]
        assert [(each.name, each.register_no) for each in found.marks] == [("张小明", "")]


class TestDoubts:
    """Lines that leave a doubt are told, not guessed."""

    def test_other_number(self) -> None:
        """The same name under a number that the register does not know is doubtful, and names the pupil meant."""
        found = compare([pupil("G1", "张小明")], roster_of(mark("张小明", "absent", "G9")))
        assert [(each.kind, each.register_no) for each in found] == [("ambiguous", "G1")]
        assert "标记：未到" in found[0].detail

    def test_other_class(self) -> None:
        """A pupil on the roster of another class or school is doubtful, and not missing from their own."""
        here, away = pupil("G1", "张小明", "八(1)"), pupil("G2", "李四", school="东湖学校")
        covers = tuple(Coverage(school="青禾中学", class_name=name) for name in ("七(2)", "八(1)"))
        marks = (mark("张小明", "present", "G1"), mark("李四", "present", "G2"))
        roster = RosterFile(covers=covers, day=None, marks=marks, errors=(), source_hash="")
        found = compare([here, away], roster)
        assert [(each.kind, each.register_no) for each in found] == [("ambiguous", "G1"), ("ambiguous", "G2")]
        assert found[1].detail.startswith("学籍在东湖学校七(2)，却列在青禾中学七(2)的名册上")

    def test_two_lines(self) -> None:
        """Two lines of one pupil with different marks are one doubt; with the same mark they are one line."""
        register = [pupil("G1", "张小明"), pupil("G2", "李四")]
        zhang = (mark("张小明", "absent", "G1"), mark("张小明", "present"))
        found = compare(register, roster_of(*zhang, mark("李四", "absent", "G2"), mark("李四", "absent")))
        assert [(each.kind, each.register_no) for each in found] == [
            ("ambiguous", "G1"),
            ("absent_at_return_check", "G2"),
        ]

    def test_namesakes(self) -> None:
        """Why namesakes cannot be told apart is said."""
        register = [pupil("G1", "张小明"), pupil("G2", "张小明")]
        details = [compare(register, roster_of(mark("张小明", "absent", no)))[0].detail for no in ("", "G9")]
        assert ["名册没有学籍号" in details[0], "不在学籍册里" in details[1]] == [True, True]

    def test_same_question(self) -> None:
        """Lines that ask the same of a person are one finding, which says why and names the lines, of many a few."""
        register = [pupil("G1", "张小明"), pupil("G2", "张小明")]
        lines = (replace(mark("张小明", "present", no), row=at) for at, no in ((4, ""), (5, "G9"), (6, "")))
        (found,) = compare(register, roster_of(*lines))
        assert found.detail == (
            "同班有2名同名学生，名册没有学籍号，无法对应（七(2)第4行、七(2)第6行）；"
            "同班有2名同名学生，名册上的学籍号不在学籍册里，无法对应（七(2)第5行）"
        )
        (found,) = compare(register, roster_of(*(replace(mark("张小明"), row=at) for at in range(4, 24))))
        assert found.detail.endswith("七(2)第12行、七(2)第13行等20行）")

    def test_unknown_class(self) -> None:
        """A class that the register does not have is said to be missing, not its pupil."""
        found = compare([pupil("", "张小明", "八(1)")], roster_of(mark("李四")))
        assert [(each.kind, each.detail) for each in found] == [
            ("not_in_register", "学籍册没有青禾中学七(2)这个班（七(2)第4行）")
        ]

    def test_spelt_school(self) -> None:
        """Brackets of either width are one school, named as the register has it."""
        cover = Coverage(school="青禾中学(东)", class_name="七(2)")
        roster = RosterFile(covers=(cover,), day=None, marks=(), errors=(), source_hash="")
        found = compare([pupil("G1", "张小明", school="青禾中学（东）")], roster)
        assert [(each.kind, each.school) for each in found] == [("not_on_roster", "青禾中学（东）")]


class TestLeanRegister:
    """What reads no more than it must."""

    def test_good_twice(self, tmp_path: Path) -> None:
        """Two good rows stay good, in their order."""
        path = book(tmp_path / "r.xlsx", [HEADER, row(), row("G2", "李四", OTHER)])
        assert [(each.register_no, each.id_number) for each in read_register(path).rows] == [
            ("G1", GOOD),
            ("G2", OTHER),
        ]
