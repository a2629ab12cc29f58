"""Findings: where register and roster differ, each a question for a person, never an answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from engine.roster.attendance import Mark, RosterFile
from engine.roster.register import Pupil


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One difference: absent_at_return_check | not_on_roster | not_in_register | unknown_mark | ambiguous."""

    kind: str
    register_no: str
    name: str
    school: str
    class_name: str
    detail: str
    sheet: str
    row: int


def compare(register: Iterable[Pupil], roster: RosterFile) -> tuple[Finding, ...]:
    """What a person must settle, in the order of the roster, then of the register.

    Only pupils of a class that the roster covers can be missing from it. A line is matched by register number, else by
    name inside its class; a name that two pupils share is doubtful, never guessed.
    """
    covered = {(cover.school, cover.class_name) for cover in roster.covers}
    pupils = [pupil for pupil in register if (pupil.school, pupil.class_name) in covered]
    by_number = {pupil.register_no: pupil for pupil in pupils}
    by_name: dict[tuple[str, str, str], list[Pupil]] = defaultdict(list)
    for pupil in pupils:
        by_name[(pupil.school, pupil.class_name, pupil.name)].append(pupil)
    met: set[str] = set()
    found: list[Finding] = []
    for mark in roster.marks:
        candidates = _candidates(mark, by_number, by_name)
        if len(candidates) == 1:
            met.add(candidates[0].register_no)
        else:
            met.update(pupil.register_no for pupil in candidates)
        finding = _finding(mark, candidates)
        if finding is not None:
            found.append(finding)
    found.extend(_missing(pupil) for pupil in pupils if pupil.register_no not in met)
    return tuple(found)


def _candidates(
    mark: Mark, by_number: dict[str, Pupil], by_name: dict[tuple[str, str, str], list[Pupil]]
) -> list[Pupil]:
    if mark.register_no in by_number:
        return [by_number[mark.register_no]]
    return by_name.get((mark.school, mark.class_name, mark.name), [])


def _finding(mark: Mark, candidates: list[Pupil]) -> Finding | None:
    if not candidates:
        return _of(mark, "not_in_register", "", f"名册第{mark.row}行，学籍册同班没有此人")
    if len(candidates) > 1:
        return _of(mark, "ambiguous", "", f"同班有{len(candidates)}名同名学生，名册没有学籍号，无法对应")
    number = candidates[0].register_no
    if candidates[0].name != mark.name:
        return _of(mark, "ambiguous", number, "学籍号相同而姓名不同，请核对")
    if mark.mark == "absent":
        return _of(mark, "absent_at_return_check", number, f"开学到校名册标记未到（{mark.sheet}第{mark.row}行）")
    if mark.mark == "unknown":
        return _of(mark, "unknown_mark", number, f"到校情况空白或不明（{mark.sheet}第{mark.row}行）")
    return None


def _of(mark: Mark, kind: str, register_no: str, detail: str) -> Finding:
    return Finding(
        kind=kind,
        register_no=register_no,
        name=mark.name,
        school=mark.school,
        class_name=mark.class_name,
        detail=detail,
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
