"""What people write around and into a table: totals, notes, placeholders, marks of their own, days in titles."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.errors import InputError
from engine.roster.attendance import Coverage, declared, read_roster
from engine.roster.names import fold_class, fold_name
from engine.roster.register import WANTED, read_register
from engine.roster.sheets import propose
from tests.roster.test_hard_lists import TITLE
from tests.roster.test_lists import GOOD, HEADER, book, row

YEARS = ("2026年秋季青禾中学七(2)班", "2026.9.1青禾中学702", "学校：青禾中学 七(2)班")
"""Titles in which the school's name does not stand first."""

ROSTER = ["序号", "姓名", "学籍号", "到校情况"]


class TestFeet:
    """Lines below a table that are no pupils."""

    FEET = (
        ["合计", "2人", None, None, "青禾中学", "七(2)"],
        [None, "合 计", None, 45],
        ["共 2 人", "x"],
        ["注：√为到校"],
        ["填表人：李四", None, None, "审核人：王五"],
        [None, "班主任:", "王五"],
        ["填表日期", "2026年9月1日"],
    )

    def test_register(self, tmp_path: Path) -> None:
        """Totals, notes and signatures under a register are passed over, as is its header printed again."""
        lines = [HEADER, row(), [*HEADER], *map(list, self.FEET), row("G2", "李四", None)]
        found = read_register(book(tmp_path / "r.xlsx", lines))
        assert ([each.row for each in found.rows], found.errors) == ([4, 13], ())

    def test_margin(self, tmp_path: Path) -> None:
        """What stands beside a register where no pupil is, is no pupil."""
        lines = [[*HEADER, "现居地"], [*row(), "青禾镇"], [*(None for _ in HEADER), "转下页"]]
        found = read_register(book(tmp_path / "r.xlsx", lines))
        assert ([each.row for each in found.rows], found.errors) == ([4], ())
        assert read_register(book(tmp_path / "m.xlsx", [lines[0], lines[2]])).rows == ()

    def test_roster(self, tmp_path: Path) -> None:
        """So they are under a roster: nobody is asked for a child called Total."""
        lines = [[*ROSTER, "事由"], ["1", "张小明", "G1", "√"], [*ROSTER, "事由"], *map(list, self.FEET)]
        lines += [[2, "李四", "G2", "×"], [None, None, None, None, "转下页"]]
        found = read_roster(book(tmp_path / "r.xlsx", lines, title=TITLE))
        assert ([(each.name, each.row) for each in found.marks], found.errors) == ([("张小明", 4), ("李四", 13)], ())

    def test_beside(self, tmp_path: Path) -> None:
        """What is written behind a child's name, however like a note, takes no child off the list."""
        lines = [["姓 名", "到校情况", "备注"], ["张三", "√", "说明：已复学"], ["李四", "×", "备注：外出"]]
        lines += [
            ["王五", "△", "共计3天"],
            ["七(1)", "小计", "3"],
            ["姓 名", "到校情况", "备注"],
            ["", "", "注：第2页"],
        ]
        found = read_roster(book(tmp_path / "r.xlsx", lines, title=TITLE))
        assert ([each.name for each in found.marks], found.errors) == (["张三", "李四", "王五"], ())

    def test_before(self, tmp_path: Path) -> None:
        """Nor does what is written before it, where name and mark follow; signatures that fill three cells are none."""
        lines = [
            ["备注", "姓名", "到校情况"],
            ["说明：住院", "张三", "×"],
            ["班主任：王五", "李四", "√"],
            ["合计", 2, 1],
        ]
        lines += [["填表人：", "王五", "2026年9月1日"], ["填表人：王五", "审核：赵六", "校长："], ["注：第2页", "", ""]]
        found = read_roster(book(tmp_path / "r.xlsx", lines, title=TITLE))
        assert ([each.name for each in found.marks], found.errors) == (["张三", "李四"], ())

    def test_text(self, tmp_path: Path) -> None:
        """So they are in a text file."""
        path = tmp_path / "r.csv"
        path.write_text(
            f"{TITLE}\n{','.join(ROSTER)}\n1,张小明,G1,√\n合计：,1\n{','.join(ROSTER)}\n", encoding="gb18030"
        )
        assert len(read_roster(path).marks) == 1

    def test_names(self, tmp_path: Path) -> None:
        """A name that begins like a note is a name; a row that repeats one heading alone is a row."""
        names = ("合计明", "共青", "注", "计:时", "姓名")
        lines = [HEADER, *(row(f"G{at}", name, None) for at, name in enumerate(names))]
        assert [each.name for each in read_register(book(tmp_path / "r.xlsx", lines)).rows] == [*names]
        odd = [HEADER, ["学籍号", "张三", None, None, "青禾中学", "七(2)"]]
        assert [each.code for each in read_register(book(tmp_path / "o.xlsx", odd)).errors] == ["register_no"]


class TestCells:
    """Cells of a register that are no value, or none that holds."""

    def test_number(self, tmp_path: Path) -> None:
        """What has no digit is no register number; a placeholder for an ID number is told to be left blank."""
        found = read_register(book(tmp_path / "r.xlsx", [HEADER, row("无", id_number=None), row("G2", id_number="无")]))
        assert [(each.row, each.code) for each in found.errors] == [(4, "register_no"), (5, "id_number")]
        assert "没有身份证号的，这一格留空" in found.errors[1].fix

    @pytest.mark.parametrize(
        ("text", "why"), [("2030-01-01", "在今天以后"), ("1008-08-08", "不可能"), ("30-8-8", "看不懂")]
    )
    def test_birth(self, tmp_path: Path, text: str, why: str) -> None:
        """Without ID number the day of birth is none of the future, nor of another age."""
        lines = [[*HEADER, "出生日期"], [*row(id_number=None), text], [*row("G2", id_number=None), "2013.5.4"]]
        found = read_register(book(tmp_path / "r.xlsx", lines), today=date(2026, 9, 1))
        assert ([why in each.message for each in found.errors], len(found.rows)) == ([True], 1)

    def test_characters(self, tmp_path: Path) -> None:
        """A name with a sign that no document prints is told by its place; what is merely rare, or seen as nothing, is not."""
        rare = ("𠮷田", "\U000323b0", "é", "张\u200d三\ufe00", "张\n三")
        names = ("张\ue863", "\x07李", *rare)
        lines = [HEADER, *(row(f"G{at}", name, None) for at, name in enumerate(names))]
        lines[3][6] = "\ue000某"
        path = tmp_path / "r.csv"
        path.write_text("\n".join(",".join(f'"{cell or ""}"' for cell in line) for line in lines), encoding="utf-8")
        found = read_register(path)
        assert [(each.row, each.column, each.message.split("，")[0]) for each in found.errors] == [
            (2, "姓名", "姓名第2个字是 U+E863"),
            (3, "姓名", "姓名第1个字是 U+0007"),
            (4, "监护人1姓名", "监护人1姓名第1个字是 U+E000"),
        ]
        assert [each.name for each in found.rows] == [fold_name(name) for name in rare[1:]]
        assert fold_name("张\u200d三\ufe00") == "张三"


class TestTitles:
    """Coverage, day and marks in the words of a school."""

    @pytest.mark.parametrize(
        ("title", "day"),
        [
            ("青禾中学 七（2）班 2026.9.1 到校名册", date(2026, 9, 1)),
            ("青禾中学七年级2班2026-09-01", date(2026, 9, 1)),
            ("青禾中学 7.2 2026/9/1", date(2026, 9, 1)),
            ("青禾中学 702班 2026年9月1日", date(2026, 9, 1)),
            ("青禾中学 702班 2026.9.1 30人", date(2026, 9, 1)),
            ("青禾中学七(2)班 2026-9-1 8:30", date(2026, 9, 1)),
            ("青禾中学七(2)班 2 0 2 6 年 9 月 1 日", date(2026, 9, 1)),
            ("青禾中学七(2)班", None),
            ("青禾中学 702", None),
        ],
    )
    def test_titles(self, tmp_path: Path, title: str, day: date | None) -> None:
        """A day in figures is a day, and where a title has none the class is still known."""
        found = read_roster(book(tmp_path / "r.xlsx", [ROSTER, [1, "张小明", None, "√"]], title=title))
        assert (found.covers, found.day) == ((Coverage(school="青禾中学", class_name="七(2)"),), day)

    @pytest.mark.parametrize("title", ["学校：青禾中学 班级：七(2)班", "班级：七(2)班", "青禾中学秋季名册", *YEARS])
    def test_no_title(self, tmp_path: Path, title: str) -> None:
        """What stands between labels or after a year is not guessed at: it would be taken for the school's name."""
        found = read_roster(book(tmp_path / "r.xlsx", [ROSTER, [1, "张小明", None, "√"]], title=title))
        assert [each.code for each in found.errors] == ["title"]

    def test_class(self) -> None:
        """Three digits are grade and class; what no class is called stays as it is."""
        told = [fold_class(text) for text in ("701", "712班", "７０２", "700", "799", "012", "7012")]
        assert told == ["七(1)", "七(12)", "七(2)", "700", "799", "012", "7012"]

    def test_slash(self) -> None:
        """A coverage is read with a slash of either width."""
        assert declared("青禾中学／702") == Coverage(school="青禾中学", class_name="七(2)")

    @pytest.mark.parametrize("heading", ["是否缺席", "未到校", "是否旷课"])
    def test_turned(self, tmp_path: Path, heading: str) -> None:
        """A column that asks who did not come is refused: its yes would be taken for a child who is there."""
        path = book(tmp_path / "r.xlsx", [["姓名", heading], ["张小明", "是"]], title=TITLE)
        with pytest.raises(InputError, match=f"「{heading}」.*意思相反"):
            read_roster(path, chosen={"到校情况": heading})

    @pytest.mark.parametrize("heading", ["到校（未到打×）", "出勤/缺勤", "开学第一天"])
    def test_not_turned(self, tmp_path: Path, heading: str) -> None:
        """A column that asks who came may say how those are marked who did not."""
        path = book(tmp_path / "r.xlsx", [["姓名", heading], ["张小明", "√"]], title=TITLE)
        assert [each.mark for each in read_roster(path, chosen={"到校情况": heading}).marks] == ["present"]

    def test_marks(self, tmp_path: Path) -> None:
        """Marks are read in words and in either width."""
        marks = ("到校", "已到", "是", "未到校", "Ｘ", "否", "病假", "？")
        lines = [ROSTER, *([at, f"某{at}", None, given] for at, given in enumerate(marks))]
        found = read_roster(book(tmp_path / "r.xlsx", lines, title=TITLE))
        assert [each.mark for each in found.marks] == [*["present"] * 3, *["absent"] * 3, "excused", "unknown"]
        assert [each.code for each in found.errors] == ["mark"]
        assert "没有到校的写「×」或者「未到」" in found.errors[0].fix


class TestMessages:
    """What a message repeats of a file."""

    def test_no_header(self, tmp_path: Path) -> None:
        """A list without header is refused without telling who stands in its first line."""
        with pytest.raises(InputError, match="前3行里一列也没有认出") as told:
            read_register(book(tmp_path / "r.xlsx", [row()], title=""))
        assert not any(text in str(told.value) for text in (GOOD, "张小明", "00000000001"))

    def test_told_alone(self, tmp_path: Path) -> None:
        """A sheet that tells the errors of a list, brought in without the list, is not called empty."""
        path = tmp_path / "r.csv"
        path.write_text("表,行号,列,问题,怎么改\n册,4,姓名,没有填写姓名,补填姓名\n", encoding="utf-8")
        for read in (read_register, lambda path: propose(path, WANTED, ())):
            with pytest.raises(InputError, match="表「r」只列出名单的问题，不是名单"):
                read(path)

    def test_long(self, tmp_path: Path) -> None:
        """Of a sheet with many long headings a message repeats the first few, shortened."""
        with pytest.raises(InputError) as told:
            read_register(book(tmp_path / "r.xlsx", [["姓名", *("长" * 1000 for _ in range(200))]]))
        assert len(str(told.value)) < 1200
