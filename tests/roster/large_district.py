"""The rest of the sample district: 21 townships more, 27 schools, 2,938 pupils; nobody and nothing in it exists.

Everything follows from the lists and the arithmetic below, so that the files come out the same each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from tests.roster.make_samples import Class, Unit

TOWNS = (
    "云溪镇", "柳湾镇", "石鼓岭镇", "麦香镇", "稻花镇", "望泉乡", "双槐镇", "竹影乡", "栗园镇", "松盖镇",
    "荷塘月镇", "雁来乡", "桃坞里镇", "蓝田畈乡", "长亭外镇",
)  # fmt: skip
STREETS = ("晴川路街道", "文笔塔街道", "桂子街道", "春和街道", "听雨街道", "曙光里街道")
PUPILS = 2_938
SCHOOLS = (
    ("云溪中学", 0, "七八九"), ("云溪中心小学", 0, "一三五"), ("柳湾学校", 1, "二四六八"), ("石鼓岭中学", 2, "七八九"),
    ("石鼓岭小学", 2, "一二四六"), ("麦香中心小学", 3, "一三四六"), ("麦香初级中学", 3, "七八九"),
    ("稻花学校", 4, "一五七九"), ("望泉中心小学", 5, "二三五六"), ("双槐中学", 6, "七七八九"),
    ("双槐小学", 6, "一四五"), ("竹影教学点", 7, "一二三"), ("栗园学校", 8, "三六七八"), ("松盖中心小学", 9, "一二五六"),
    ("松盖中学", 9, "七八八九"), ("荷塘月小学", 10, "二四五六"), ("雁来中心小学", 11, "一三六"),
    ("桃坞里学校", 12, "一四七九"), ("蓝田畈小学", 13, "二三五"), ("长亭外中学", 14, "七八九九"),
    ("晴川路小学", 15, "一二三四"), ("晴川路中学", 15, "七八八九"), ("文笔塔学校", 16, "二六七九"),
    ("桂子实验小学", 17, "一三五六"), ("春和中学", 18, "七七八九"), ("听雨小学", 19, "二三四五六"),
    ("曙光里学校", 20, "一五八九"),
)  # fmt: skip
"""Name, place in the lists of towns and streets, and a grade for each class."""

FAMILIES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章苏潘葛范彭鲁韦马苗方俞任袁柳"
GIVEN = (
    "子涵", "雨欣", "浩宇", "若曦", "明远", "晓彤", "嘉树", "语桐", "知行", "安琪", "景行", "书瑶", "立诚", "可馨",
    "一凡", "思齐", "星河", "静怡", "乐天", "梓萱", "云帆", "清扬", "志恒", "芷若", "天佑", "婉清", "博文", "雅琴",
    "承泽", "欣然", "鹏程", "冰洁", "致远", "诗涵", "海涛", "玉洁", "泽楷",
)  # fmt: skip
ODD = {
    (3, 4): "𠮷田田", (8, 2): "张〇一", (11, 6): "古丽米拉·阿不都", (15, 9): "欧阳上善", (21, 3): "Anna Li",
    (26, 7): "㐱小满", (33, 5): "买买提·吐尔逊",
}  # fmt: skip
"""Names that programs are fond of losing, by class and place."""

_ABSENT = (
    (0, 3), (1, 8), (4, 11), (7, 5), (9, 14), (11, 6), (13, 2), (16, 9), (20, 12), (24, 7), (28, 10), (31, 4), (34, 16),
    (38, 1), (41, 13), (45, 8), (49, 6), (52, 3), (56, 17), (60, 11), (63, 5), (66, 2), (71, 9), (75, 14), (76, 4),
    (79, 10), (82, 7), (85, 15), (88, 3), (90, 12), (92, 6), (95, 8), (98, 5), (99, 1),
)  # fmt: skip
_PLANTED = {
    **dict.fromkeys(_ABSENT, "absent"),
    **dict.fromkeys(((2, 5), (30, 3), (70, 8), (94, 2)), "excused"),
    **dict.fromkeys(((5, 4), (36, 9), (77, 6)), "blank"),
    **dict.fromkeys(((6, 7), (43, 2), (81, 11)), "left_out"),
    **dict.fromkeys(((10, 3), (58, 12)), "typo"),
    **dict.fromkeys(((15, 1), (15, 2)), "namesake"),
}
_GUESTS = {12: ("苗青青",), 47: ("柏小北",), 84: ("喻晓", "鲁小满")}
_PRIORITY = ("留守", "脱贫户", "", "残疾", "", "监测户", "困境", "", "随迁")

_BORN = {grade: 2019 - at for at, grade in enumerate("一二三四五六七八九")}


def _places() -> tuple[tuple[str, str, str], ...]:
    """Name, kind and code of each town and street after the first three."""
    towns = [(f"{name}人民政府", "township_government") for name in TOWNS]
    streets = [(f"{name}办事处", "subdistrict_office") for name in STREETS]
    return tuple((name, kind, f"QH-{at:02d}") for at, (name, kind) in enumerate((*towns, *streets), start=4))


def _units() -> Iterator[Unit]:
    for name, kind, code in _places():
        yield code, name, kind, "QH"
    for at, (name, _, code) in enumerate(_places()[: len(TOWNS)], start=3):
        yield f"QH-V{at}", f"{name.removesuffix('人民政府')[:-1]}村民委员会", "village_committee", code
    for at, (name, _, _) in enumerate(SCHOOLS, start=4):
        yield f"QH-S{at}", name, "school", "QH-JT"


def _people() -> Iterator[Unit]:
    names = (f"{FAMILIES[at * 7 % len(FAMILIES)]}{'建国正平文亮秀珍海波'[at * 3 % 10]}" for at in count())
    for _, kind, code in _places():
        role = "subdistrict" if kind == "subdistrict_office" else "township"
        yield f"{role}{code[3:]}", next(names), f"{role}_officer", code
        yield f"{role}{code[3:]}_head", next(names), f"{role}_head", code
    for at in range(4, 4 + len(SCHOOLS)):
        yield f"school{at:02d}", next(names), "school_officer", f"QH-S{at}"
        yield f"principal{at:02d}", next(names), "school_head", f"QH-S{at}"


def _classes() -> Iterator[Class]:
    places, ordinal, serial = _places(), count(), count()
    rooms = sum(len(grades) for *_, grades in SCHOOLS)
    for school, place, grades in SCHOOLS:
        for at, grade in enumerate(grades):
            room = next(ordinal)
            size = PUPILS // rooms + (room < PUPILS % rooms)
            pupils = [_name(next(serial)) for _ in range(size)]
            for (of, seat), name in ODD.items():
                if of == room:
                    pupils[seat] = name
            if room == 15:
                pupils[2] = pupils[1]
            name = places[place][0]
            yield Class(
                school=school,
                name=f"{grade}({grades[:at].count(grade) + 1})",
                township=name,
                place=f"{name.removesuffix('人民政府').removesuffix('办事处')}{'新民' if at % 2 else '向阳'}村",
                year=_BORN[grade],
                pupils=tuple(pupils),
                planted={seat: what for (of, seat), what in _PLANTED.items() if of == room},
                priority={seat: _PRIORITY[(room + seat) % len(_PRIORITY)] for of, seat in _ABSENT if of == room},
                guests=_GUESTS.get(room, ()),
            )


def _name(serial: int) -> str:
    """A name; no two within a thousand pupils are equal."""
    return FAMILIES[serial % len(FAMILIES)] + GIVEN[serial // len(FAMILIES) * 5 % len(GIVEN) - serial % 3]


MORE_UNITS = tuple(_units())
MORE_PEOPLE = tuple(_people())
MORE_CLASSES = tuple(_classes())
