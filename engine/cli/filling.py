"""Forms as they are filled on a command line: fields one by one, or a file of them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.errors import InputError
from engine.services.written import object_in

REFERENCE = re.compile(r"S[0-9a-f]{24}")
"""How a pupil is named where others may read: nothing of a number can be guessed from it."""

PERSONAL = re.compile(r"\d{15,}|\d{17}[Xx]")
"""What looks like a citizen's ID number or a register number."""


def fields_of(given: Iterable[str], file: str) -> dict[str, object]:
    """The raw fields of a form: those of the file, over them the ones given as ``k=v``.

    A name given several times is a list; ``grid.row=answer`` is a row of a grid. Raises InputError for what is not
    written so.
    """
    fields: dict[str, object] = dict(_file(file)) if file else {}
    named: dict[str, object] = {}
    for each in given:
        name, sign, text = each.partition("=")
        if not sign or not name:
            raise InputError(f"--field「{each}」应写作 名称=内容，例如 result=refuses；表格的一行写 danger.harm=absent")
        field, dot, row = name.partition(".")
        _put(named, field, text) if not dot else _put_row(named, field, row=row, text=text)
    return {**fields, **named}


def _put(named: dict[str, object], name: str, text: str) -> None:
    before = named.get(name)
    if before is None:
        named[name] = text
    else:
        named[name] = [*before, text] if isinstance(before, list) else [before, text]


def _put_row(named: dict[str, object], name: str, *, row: str, text: str) -> None:
    before = named.get(name)
    if not isinstance(before, dict | None):
        raise InputError(f"--field {name} 既写了整项又写了行；请只用一种写法")
    named[name] = {**(before or {}), row: text}


def _file(named: str) -> Mapping[str, object]:
    return _object(read_text(named, "--fields"), f"--fields {named}")


def _object(text: str, place: str) -> Mapping[str, object]:
    try:
        return object_in(text)
    except InputError as error:
        raise InputError(f"{place} {error}") from None


def read_text(named: str, option: str) -> str:
    """The text of a file named as ``@FILE``; ``@-`` is what is piped in. Raises InputError where there is none."""
    if not named.startswith("@"):
        raise InputError(f"{option} 应写作 @文件名，例如 {option} @fields.json")
    try:
        text = sys.stdin.read() if named == "@-" else Path(named[1:]).read_text("utf-8-sig")
        text.encode()  # a terminal of another encoding pipes in halves of characters
    except (OSError, ValueError):
        raise InputError(f"文件 {named[1:]} 无法读取：没有这个文件、无权读取，或者不是 UTF-8 文本") from None
    return text


def subject_of(given: str) -> tuple[str, str, str]:
    """Whom a case is about: (kind, reference, number), one of the last two empty.

    On the command line stands ``pupil:REFERENCE`` or ``unit:CODE``; a number that a person carries stands in a file
    only, as ``pupil:NUMBER`` or ``{"kind": "pupil", "number": …}``. Raises InputError otherwise.
    """
    if given.startswith("@"):
        return _subject_in(given)
    kind, colon, reference = given.partition(":")
    if not REFERENCE.fullmatch(reference) and PERSONAL.search(given):
        raise InputError("证件号、学籍号不能写在命令行上，会留在命令历史里；请写进文件，用 --subject @文件名")
    if not colon or not kind or not reference:
        raise InputError("--subject 应写作 pupil:内部编号（S 开头）、unit:单位代码，或者 @文件名")
    return kind, reference, ""


def _subject_in(named: str) -> tuple[str, str, str]:
    text = read_text(named, "--subject").strip()
    if text.startswith("{"):
        told = _object(text, f"文件 {named[1:]}")
        number = next((told[name] for name in ("number", "id_number", "register_no") if told.get(name)), "")
        kind, reference = str(told.get("kind", "pupil")), str(told.get("reference", ""))
        found = (kind, reference, "" if reference else str(number))
    else:
        kind, _, rest = text.rpartition(":")
        found = (kind or "pupil", *((rest, "") if REFERENCE.fullmatch(rest) else ("", rest)))
    if not (found[1] or found[2]) or "\n" in found[2]:
        raise InputError(f"文件 {named[1:]} 应只有一行 pupil:号码，或者一个 JSON 对象")
    return found
