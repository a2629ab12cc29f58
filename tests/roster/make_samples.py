"""Makes the sample files: a district, its people, a register and a roster that do not exist, in two sizes.

The demonstration plays in the large one (config/sample); the tests have the first six classes of it (tests/data/little).
Run ``python -m tests.roster.make_samples`` to write both anew; a test holds the files to this text.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from engine.roster.idnumber import check_digit
from tests.district import LITTLE

FOLDER = Path(__file__).parents[2] / "config" / "sample"
DAY = date(2026, 9, 1)
FIRST, LAST = "2020-01-01", "2035-12-31"

UNITS = (
    ("QH", "宣和区人民政府", "district_government", ""),
    ("QH-JT", "宣和区教育体育局", "county_education_department", "QH"),
    ("QH-01", "青禾镇人民政府", "township_government", "QH"),
    ("QH-02", "白石镇人民政府", "township_government", "QH"),
    ("QH-03", "东湖街道办事处", "subdistrict_office", "QH"),
    ("QH-V1", "和平村民委员会", "village_committee", "QH-01"),
    ("QH-V2", "白石村民委员会", "village_committee", "QH-02"),
    ("QH-S1", "青禾中学", "school", "QH-JT"),
    ("QH-S2", "白石中心小学", "school", "QH-JT"),
    ("QH-S3", "东湖学校", "school", "QH-JT"),
    ("QH-J1", "青禾司法所", "judicial_office", "QH"),
    ("QH-P1", "青禾派出所", "police_station", "QH"),
    ("QH-M1", "宣和区民政局", "civil_affairs", "QH"),
    ("QH-L1", "宣和区劳动监察大队", "labour_inspection", "QH"),
)
PEOPLE = (
    ("admin", "石磊", "administrator", "QH"),
    ("bureau_head", "高宁", "bureau_head", "QH-JT"),
    ("teacher", "苏晓", "class_teacher", "QH-S1"),
    ("clerk", "罗敏", "register_clerk", "QH-S1"),
    ("school", "李娟", "school_officer", "QH-S1"),
    ("principal", "方远", "school_head", "QH-S1"),
    ("village", "邓平", "village_cadre", "QH-V1"),
    ("township", "周强", "township_officer", "QH-01"),
    ("township_head", "何志", "township_head", "QH-01"),
    ("subdistrict", "袁琳", "subdistrict_officer", "QH-03"),
    ("subdistrict_head", "贾明", "subdistrict_head", "QH-03"),
    ("bureau", "林芳", "bureau_officer", "QH-JT"),
    ("reviewer", "许清", "legal_reviewer", "QH-JT"),
    ("judicial", "沈平", "receiver", "QH-J1"),
    ("police", "韩冬", "receiver", "QH-P1"),
    ("inspector", "崔立", "inspector", "QH-JT"),
    ("auditor", "任重", "auditor", "QH"),
)
COLUMNS = (
    "学籍号", "姓名", "性别", "身份证号", "出生日期", "学校", "班级", "乡镇街道", "现居地",
    "监护人1姓名", "监护人1关系", "监护人1电话", "监护人2姓名", "监护人2关系", "监护人2电话", "重点群体",
)  # fmt: skip
ROSTER_COLUMNS = ("序号", "姓名", "学籍号", "到校情况", "事由")


@dataclass(frozen=True, slots=True, eq=False)
class Class:
    """A class: its school, its name as the school writes it, its township, its year of birth, its pupils."""

    school: str
    name: str
    township: str
    place: str
    year: int
    pupils: tuple[str, ...]
    planted: Mapping[int, str] = field(default_factory=dict)
    """By place in the class: absent, excused, blank, left_out, typo, namesake."""
    priority: Mapping[int, str] = field(default_factory=dict)
    guests: tuple[str, ...] = ()
    """Who is on the roster and in no register."""


Unit = tuple[str, str, str, str]
"""A unit's code, name, kind and parent; a person's account, name, role and unit."""


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


CLASSES = (
    Class("青禾中学", "七(1)", "青禾镇人民政府", "青禾镇新桥村", 2013,
          _names("陈思远 林可欣 吴雨桐 杨子轩 郑佳怡 冯浩然 曹梦瑶 彭文博 萧雅宁 田一诺")),
    Class("青禾中学", "七(2)", "青禾镇人民政府", "青禾镇和平村", 2013,
          _names("张小明 王雨 马䶮 刘一鸣 赵雨桐 陈果 阿依古丽·买买提江 孙浩 唐心怡 宋嘉禾 梁晨 谢雨泽")),
    Class("青禾中学", "八(1)", "青禾镇人民政府", "青禾镇石桥村", 2012,
          _names("邹凯 叶青 潘晓雯 戴宇航 夏可 钟灵 汪洋 余欢 蒋毅 沈月")),
    Class("白石中心小学", "六(1)", "白石镇人民政府", "白石镇白石村", 2014,
          _names("范小宝 石榴 姚远 谭静 廖俊 邱实 金铃 陆川 郝好 孔繁")),
    Class("东湖学校", "三(1)", "东湖街道办事处", "东湖街道湖滨社区", 2017,
          _names("白露 秦川 江月 史可 顾念 侯天 邵阳 孟真 龙溪 万里")),
    Class("东湖学校", "九(1)", "东湖街道办事处", "东湖街道学苑社区", 2011,
          _names("常乐 武进 乔木 贺年 赖声 文静 章程 苏醒 卢舟 傅雪")),
)  # fmt: skip
ABSENT = frozenset({"张小明", "王雨", "马䶮", "赵雨桐", "邹凯", "叶青", "范小宝", "常乐"})
EXCUSED = {"梁晨": "骨折住院，有医院证明"}
BLANK = frozenset({"龙溪"})
ONE_GUARDIAN = "马䶮"
PRIORITY = {"张小明": "留守", "王雨": "脱贫户", "马䶮": "留守、困境", "范小宝": "监测户"}


def id_number(birth: date, order: int, *, boy: bool) -> str:
    """A number with an area code that nobody was ever given, and the right check digit."""
    first = f"990101{birth:%Y%m%d}{order:02d}{1 if boy else 2}"
    return first + check_digit(first)


def register_rows(classes: tuple[Class, ...]) -> list[list[str]]:
    """The register's rows in the order of the classes; the first six classes are the same in both sizes."""
    rows: list[list[str]] = []
    taken: dict[date, int] = {}
    for each in classes:
        for at, name in enumerate(each.pupils):
            serial = len(rows) + 1
            if each in CLASSES:
                birth, order = date(each.year, serial % 12 + 1, serial % 27 + 1), serial
            else:
                birth = date(each.year, serial * 7 % 12 + 1, serial * 11 % 28 + 1)
                order = taken[birth] = taken.get(birth, len(CLASSES) * 12) + 1
            number = id_number(birth, order, boy=at % 2 == 0)
            rows.append(
                [
                    f"G9901{serial:012d}",
                    name,
                    "男" if at % 2 == 0 else "女",
                    number,
                    f"{number[6:10]}-{number[10:12]}-{number[12:14]}",
                    each.school,
                    each.name,
                    each.township,
                    f"{each.place}{serial % 9 + 1}组",
                    *_guardians(name, serial, at),
                    PRIORITY.get(name, "") or each.priority.get(at, ""),
                ]
            )
    return rows


def _guardians(name: str, serial: int, at: int) -> list[str]:
    if name == ONE_GUARDIAN:
        return ["胡桂香", "祖母", "00000000999", "", "", ""]
    phones = (serial, serial + 100) if serial < 100 else (10_000_000 + serial, 20_000_000 + serial)
    father = [f"{name[0]}建国" if at % 2 else f"{name[0]}志强", "父亲", f"000{phones[0]:08d}"]
    return [*father, f"{'李何蔡丁'[at % 4]}秀{'英兰'[at % 2]}", "母亲", f"000{phones[1]:08d}"]


def _head(sheet: Worksheet, title: str, columns: tuple[str, ...]) -> None:
    """A merged title on row 1, an empty row 2, the header on row 3: as offices keep their sheets."""
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(columns))
    sheet["A1"] = title
    sheet["A1"].font = Font(size=16, bold=True)
    sheet["A1"].alignment = Alignment(horizontal="center")
    for column, name in enumerate(columns, start=1):
        sheet.cell(row=3, column=column, value=name).font = Font(bold=True)


def _write(sheet: Worksheet, rows: list[list[object]]) -> None:
    for number, row in enumerate(rows, start=4):
        for column, value in enumerate(row, start=1):
            cell = sheet.cell(row=number, column=column, value=value or None)
            cell.number_format = "@"


def register(classes: tuple[Class, ...]) -> Workbook:
    """The register: one sheet for the district."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "学籍册"
    _head(sheet, "宣和区中小学学籍册（2026年秋季）", COLUMNS)
    _write(sheet, [list(row) for row in register_rows(classes)])
    return book


def roster(classes: tuple[Class, ...]) -> Workbook:
    """The roster of the first school day: one sheet a class."""
    book = Workbook()
    book.remove(book.worksheets[0])
    numbers = iter([row[0] for row in register_rows(classes)])
    for each in classes:
        sheet = book.create_sheet(f"{each.school}{each.name}")
        title = f"{each.school} {each.name}班 {DAY.year}年{DAY.month}月{DAY.day}日秋季开学到校名册"
        _head(sheet, title, ROSTER_COLUMNS)
        _write(sheet, _roster_rows(each, [next(numbers) for _ in each.pupils]))
    return book


def _roster_rows(of: Class, numbers: list[str]) -> list[list[object]]:
    """A class's lines: each pupil's mark, with what was planted in it."""
    rows: list[list[object]] = []
    for at, (name, number) in enumerate(zip(of.pupils, numbers, strict=True)):
        planted = of.planted.get(at, "")
        if planted == "left_out":
            continue
        written = {"typo": f"{number[:3]}{number[4]}{number[3]}{number[5:]}", "namesake": ""}.get(planted, number)
        reason = EXCUSED.get(name, "") or ("发热，家长请假" if planted == "excused" else "")
        rows.append([len(rows) + 1, name, written, _mark(name, planted), reason])
    rows.extend([len(rows) + at, name, "", "√", "转入"] for at, name in enumerate(of.guests, 1))
    return rows


def _mark(name: str, planted: str) -> str:
    if name in ABSENT or planted == "absent":
        return "×"
    if name in EXCUSED or planted == "excused":
        return "△"
    return "" if name in BLANK or planted == "blank" else "√"


def units(classes: tuple[Class, ...], more: tuple[Unit, ...] = ()) -> list[tuple[str, ...]]:
    """Units with the classes below their schools."""
    schools = {name: code for code, name, kind, _ in (*UNITS, *more) if kind == "school"}
    rooms = [
        (f"{schools[each.school]}-{at}", f"{each.school}{each.name}", "class", schools[each.school])
        for at, each in enumerate(classes, start=1)
    ]
    return [(*unit, FIRST, LAST) for unit in (*UNITS, *rooms[: len(CLASSES)], *more, *rooms[len(CLASSES) :])]


def people(more: tuple[Unit, ...] = ()) -> list[tuple[str, ...]]:
    """People with their one role each; the class teacher has class 七(2)."""
    teacher_class = next(code for code, name, *_ in units(CLASSES) if name == "青禾中学七(2)")
    rows = []
    for account, name, role, unit in (*PEOPLE, *more):
        approver = "admin" if role.endswith("_head") else "bureau_head" if role != "administrator" else ""
        place = teacher_class if role == "class_teacher" else unit
        rows.append((account, name, role, place, "2026-01-01", "2027-12-31", approver))
    return rows


def write(folder: Path, classes: tuple[Class, ...], more: tuple[Unit, ...], officers: tuple[Unit, ...]) -> None:
    """Write the four files of one size."""
    folder.mkdir(parents=True, exist_ok=True)
    register(classes).save(folder / "register.xlsx")
    roster(classes).save(folder / "roster.xlsx")
    for name, head, rows in (
        ("units.csv", "code,name,kind,parent,first,last", units(classes, more)),
        ("people.csv", "account,name,role,unit,first,last,approved_by", people(officers)),
    ):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(head.split(","))
            writer.writerows(rows)


def main(large: Path = FOLDER, little: Path = LITTLE) -> None:
    """Write both sizes."""
    from tests.roster.large_district import MORE_CLASSES, MORE_PEOPLE, MORE_UNITS

    write(little, CLASSES, (), ())
    write(large, (*CLASSES, *MORE_CLASSES), MORE_UNITS, MORE_PEOPLE)


if __name__ == "__main__":
    main()
