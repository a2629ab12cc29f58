"""Makes the sample files of the demonstration: a district, its people, a register and a roster that do not exist.

Run ``python -m tests.roster.make_samples`` to write them anew; a test holds the files to this text.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from engine.roster.idnumber import check_digit

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
    ("bureau_head", "高宁", "bureau_head", "QH-JT"),
    ("judicial", "沈平", "receiver", "QH-J1"),
    ("police", "韩冬", "receiver", "QH-P1"),
    ("inspector", "崔立", "inspector", "QH-JT"),
    ("auditor", "任重", "auditor", "QH"),
    ("admin", "石磊", "administrator", "QH"),
)
COLUMNS = (
    "学籍号", "姓名", "性别", "身份证号", "出生日期", "学校", "班级", "乡镇街道", "现居地",
    "监护人1姓名", "监护人1关系", "监护人1电话", "监护人2姓名", "监护人2关系", "监护人2电话", "重点群体",
)  # fmt: skip
ROSTER_COLUMNS = ("序号", "姓名", "学籍号", "到校情况", "事由")


@dataclass(frozen=True, slots=True)
class Class:
    """A class: its school, its name as the school writes it, its township, its year of birth, its pupils."""

    school: str
    name: str
    township: str
    place: str
    year: int
    pupils: tuple[str, ...]


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


def id_number(year: int, serial: int, *, boy: bool) -> str:
    """A number with an area code that nobody was ever given, and the right check digit."""
    first = f"990101{year}{serial % 12 + 1:02d}{serial % 27 + 1:02d}{serial:02d}{1 if boy else 2}"
    return first + check_digit(first)


def register_rows() -> list[list[str]]:
    """The register's rows in the order of the classes."""
    rows = []
    serial = 0
    for each in CLASSES:
        for at, name in enumerate(each.pupils):
            serial += 1
            number = id_number(each.year, serial, boy=at % 2 == 0)
            family = name[0]
            father = [f"{family}建国" if at % 2 else f"{family}志强", "父亲", f"000{serial:08d}"]
            mother = [f"{'李何蔡丁'[at % 4]}秀{'英兰'[at % 2]}", "母亲", f"000{serial + 100:08d}"]
            if name == ONE_GUARDIAN:
                father, mother = ["胡桂香", "祖母", "00000000999"], ["", "", ""]
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
                    *father,
                    *mother,
                    PRIORITY.get(name, ""),
                ]
            )
    return rows


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


def register() -> Workbook:
    """The register: one sheet for the district."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = "学籍册"
    _head(sheet, "宣和区中小学学籍册（2026年秋季）", COLUMNS)
    _write(sheet, [list(row) for row in register_rows()])
    return book


def roster() -> Workbook:
    """The roster of the first school day: one sheet a class."""
    book = Workbook()
    book.remove(book.worksheets[0])
    numbers = {row[1]: row[0] for row in register_rows()}
    for each in CLASSES:
        sheet = book.create_sheet(f"{each.school}{each.name}")
        _head(
            sheet, f"{each.school} {each.name}班 {DAY.year}年{DAY.month}月{DAY.day}日秋季开学到校名册", ROSTER_COLUMNS
        )
        rows = [[at, name, numbers[name], _mark(name), EXCUSED.get(name, "")] for at, name in enumerate(each.pupils, 1)]
        _write(sheet, rows)
    return book


def _mark(name: str) -> str:
    if name in ABSENT:
        return "×"
    if name in EXCUSED:
        return "△"
    return "" if name in BLANK else "√"


def units() -> list[tuple[str, ...]]:
    """Units with the classes below their schools."""
    schools = {name: code for code, name, kind, _ in UNITS if kind == "school"}
    classes = [
        (f"{schools[each.school]}-{at}", f"{each.school}{each.name}", "class", schools[each.school])
        for at, each in enumerate(CLASSES, start=1)
    ]
    return [(*unit, FIRST, LAST) for unit in (*UNITS, *classes)]


def people() -> list[tuple[str, ...]]:
    """People with their one role each; the class teacher has class 七(2)."""
    teacher_class = next(code for code, name, *_ in units() if name == "青禾中学七(2)")
    rows = []
    for account, name, role, unit in PEOPLE:
        approver = "admin" if role.endswith("_head") else "bureau_head"
        rows.append(
            (
                account,
                name,
                role,
                teacher_class if role == "class_teacher" else unit,
                "2026-01-01",
                "2027-12-31",
                approver,
            )
        )
    return rows


def main(folder: Path = FOLDER) -> None:
    """Write all four files."""
    folder.mkdir(parents=True, exist_ok=True)
    register().save(folder / "register.xlsx")
    roster().save(folder / "roster.xlsx")
    for name, head, rows in (
        ("units.csv", "code,name,kind,parent,first,last", units()),
        ("people.csv", "account,name,role,unit,first,last,approved_by", people()),
    ):
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(head.split(","))
            writer.writerows(rows)


if __name__ == "__main__":
    main()
