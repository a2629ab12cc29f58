"""Findings: where register and roster differ, each a question for a person, never an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from engine.roster.attendance import Mark, RosterFile
from engine.roster.names import fold_school
from engine.roster.near import is_near, slips, told_wrong
from engine.roster.register import Pupil

MARK_ZH = {"present": "到校", "absent": "未到", "excused": "请假", "unknown": "不明"}

ABSENCES = frozenset({"absent_at_return_check", "not_on_roster", "unknown_mark"})
"""The kinds that ask where a pupil of the register was that day: of a kind there is one for a pupil."""


NAMED = 10
"""How many lines a finding names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference: absent_at_return_check | not_on_roster | not_in_register | unknown_mark | ambiguous.

    `register_no` is empty when no single pupil of the register is meant.
    """

    kind: str
    register_no: str
    name: str
    school: str
    class_name: str
    detail: str
    sheet: str
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a person must settle, and how many pupils the roster covers."""

    found: tuple[Finding, ...]
    covered: int

    @property
    def missing(self) -> int:
        """How many covered pupils are not on the roster."""
        return sum(each.kind == "not_on_roster" for each in self.found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Register:
    """The register by what a line may name: a number, or a name inside a covered class."""

    covered: list[Pupil] = field(default_factory=list)
    by_number: dict[str, Pupil] = field(default_factory=dict)
    by_id: dict[str, Pupil] = field(default_factory=dict)
    by_name: dict[tuple[str, str, str], list[Pupil]] = field(default_factory=lambda: defaultdict(list))
    schools: dict[str, str] = field(default_factory=dict)
    classes: set[tuple[str, str]] = field(default_factory=set)

    def candidates(self, mark: Mark) -> list[Pupil]:
        """Who may be meant: the pupil of this number, else those of this name in this class."""
        numbered = self.by_number.get(mark.register_no) or self.by_id.get(mark.id_number)
        if numbered is not None:
            return [numbered]
        return self.by_name.get((*_class_of(mark), mark.name), [])


def compare(register: Iterable[Pupil], roster: RosterFile) -> tuple[Finding, ...]:
    """What a person must settle, in the order of the roster, then of the register."""
    return comparison(register, roster).found


def comparison(register: Iterable[Pupil], roster: RosterFile) -> Comparison:
    """Register and roster side by side: what a person must settle, in the order of the roster, then of the register.

    Only pupils of a class that the roster covers can be missing from it. A line is matched by register number, else by
    ID number, else by name inside its class; whatever leaves a doubt (namesakes, a number that is another's or one slip
    away, a pupil of another class, two lines that disagree) is ambiguous, never guessed. Lines that ask the same are
    one finding. Time and memory grow with the two lists, not with their product.
    """
    known = _index(register, roster)
    lines = [(mark, known.candidates(mark)) for mark in roster.marks]
    met = _met(lines)
    slipped = _slipped([mark for mark, candidates in lines if not candidates], known, met)
    found = [
        _near(mark, slipped[id(mark)], known) if id(mark) in slipped else _finding(mark, candidates, known, met)
        for mark, candidates in lines
    ]
    left = {pupil.register_no for pupil in slipped.values()} | met.keys()
    missing = [_missing(pupil) for pupil in known.covered if pupil.register_no not in left]
    asked = _asked_once(each for each in found if each is not None)
    return Comparison(found=(*asked, *missing), covered=len(known.covered))


def _met(lines: Iterable[tuple[Mark, list[Pupil]]]) -> dict[str, list[Mark]]:
    """By pupil the lines that may mean it, in their order; of lines that any of several namesakes may be, one a mark.

    A name filled down a long list would otherwise give every line to every pupil.
    """
    met: dict[str, list[Mark]] = defaultdict(list)
    told: set[tuple[int, str]] = set()
    for mark, candidates in lines:
        if len(candidates) > 1:
            same = (id(candidates), mark.mark)
            if same in told:
                continue
            told.add(same)
        for pupil in candidates:
            met[pupil.register_no].append(mark)
    return met


def _asked_once(found: Iterable[Finding]) -> Iterator[Finding]:
    """One finding of those that ask the same of a person: it says why and names the lines, of many the first few."""
    asked: dict[tuple[str, ...], dict[str, list[Finding]]] = {}
    for each in found:
        same = (each.kind, each.register_no, each.school, each.class_name, each.name)
        asked.setdefault(same, {}).setdefault(each.detail, []).append(each)
    for told in asked.values():
        whys = (f"{why}（{_places(lines)}）" for why, lines in told.items())
        yield replace(next(iter(told.values()))[0], detail="；".join(whys))


def _places(lines: list[Finding]) -> str:
    more = f"等{len(lines)}行" if len(lines) > NAMED else ""
    return "、".join(f"{each.sheet}第{each.row}行" for each in lines[:NAMED]) + more


def _slipped(unknown: list[Mark], known: _Register, met: Mapping[str, list[Mark]]) -> dict[int, Pupil]:
    """Lines that nobody of the register fits, by the one missing pupil of their class whose number is a slip away."""
    numbered = [mark for mark in unknown if mark.register_no]
    if not numbered:
        return {}
    keys: dict[tuple[object, ...], set[str]] = defaultdict(set)
    for pupil in known.covered:
        if pupil.register_no not in met:
            for key in slips(pupil.register_no):
                keys[*_class_of(pupil), key].add(pupil.register_no)
    found = {}
    for mark in numbered:
        near = set().union(*(keys.get((*_class_of(mark), key), set()) for key in slips(mark.register_no)))
        if len(near) == 1:
            found[id(mark)] = known.by_number[near.pop()]
    return found


def _near(mark: Mark, pupil: Pupil, known: _Register) -> Finding:
    told = f"学籍册没有这个学籍号，与同班{pupil.name}的只差一位或两位互换"
    wrong = told_wrong(mark.register_no, pupil.register_no)
    told = "；".join(each for each in (told, wrong, f"标记：{MARK_ZH[mark.mark]}，请核对") if each)
    return _of(mark, known, "ambiguous", pupil.register_no, told=told)


def _class_of(of: Mark | Pupil) -> tuple[str, str]:
    return fold_school(of.school), of.class_name


def _index(register: Iterable[Pupil], roster: RosterFile) -> _Register:
    covers = {(fold_school(cover.school), cover.class_name) for cover in roster.covers}
    known = _Register()
    folded: dict[str, str] = {}
    for pupil in register:
        if pupil.register_no:
            known.by_number[pupil.register_no] = pupil
        if pupil.id_number:
            known.by_id[pupil.id_number] = pupil
        if pupil.school not in folded:
            folded[pupil.school] = fold_school(pupil.school)
        place = (folded[pupil.school], pupil.class_name)
        if place in covers or (place[0], "") in covers:
            known.covered.append(pupil)
            known.classes.add(place)
            known.by_name[(*place, pupil.name)].append(pupil)
    known.schools.update({short: spelt for spelt, short in folded.items()})
    return known


def _finding(mark: Mark, candidates: list[Pupil], known: _Register, met: dict[str, list[Mark]]) -> Finding | None:
    if not candidates:
        lacks = "同班没有此人" if _class_of(mark) in known.classes else f"没有{mark.school}{mark.class_name}这个班"
        return _of(mark, known, "not_in_register", told=f"学籍册{lacks}")
    if len(candidates) > 1:
        why = "名册没有学籍号" if not mark.register_no else "名册上的学籍号不在学籍册里"
        return _of(mark, known, "ambiguous", told=f"同班有{len(candidates)}名同名学生，{why}，无法对应")
    pupil = candidates[0]
    lines = met[pupil.register_no]
    if len(lines) > 1 and mark is not lines[0]:
        return None
    doubt = _doubt(mark, pupil, lines)
    if doubt:
        return _of(mark, known, "ambiguous", pupil.register_no, told=f"{doubt}；标记：{MARK_ZH[mark.mark]}，请核对")
    if mark.mark == "absent":
        return _of(mark, known, "absent_at_return_check", pupil.register_no, told="开学到校名册标记未到")
    if mark.mark == "unknown":
        return _of(mark, known, "unknown_mark", pupil.register_no, told="到校情况空白或不明")
    return None


def _doubt(mark: Mark, pupil: Pupil, lines: list[Mark]) -> str:
    """Why the line may not mean this pupil after all; empty for no doubt."""
    if mark.name != pupil.name:
        return "学籍号相同而姓名不同"
    if mark.register_no and mark.register_no != pupil.register_no:
        wrong = told_wrong(mark.register_no, pupil.register_no) if is_near(mark.register_no, pupil.register_no) else ""
        return f"同班同名，但名册上的学籍号与学籍册不同{'；' if wrong else ''}{wrong}"
    if _class_of(mark) != _class_of(pupil):
        return f"学籍在{pupil.school}{pupil.class_name}，却列在{mark.school}{mark.class_name}的名册上"
    if len({line.mark for line in lines}) > 1:
        return "名册上此人有几行，标记不同：" + "、".join(f"{line.sheet}第{line.row}行" for line in lines)
    return ""


def _of(mark: Mark, known: _Register, kind: str, register_no: str = "", *, told: str) -> Finding:
    return Finding(
        kind=kind,
        register_no=register_no,
        name=mark.name,
        # As the register spells it: a unit is found by its exact name.
        school=known.schools.get(fold_school(mark.school), mark.school),
        class_name=mark.class_name,
        detail=told,
        sheet=mark.sheet,
        row=mark.row,
    )


def _missing(pupil: Pupil) -> Finding:
    return Finding(
        kind="not_on_roster",
        register_no=pupil.register_no,
        name=pupil.name,
        school=pupil.school,
        class_name=pupil.class_name,
        detail="学籍在本班，到校名册没有列入",
        sheet=pupil.sheet,
        row=pupil.row,
    )
