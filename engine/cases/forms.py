"""Forms: raw text into typed values, and the complaints of a filled form; the same for page, command line, import."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date

from engine.cases.model import Reason
from engine.definitions.facts import Values
from engine.definitions.workflow import Field
from engine.errors import InputError
from engine.workdays import Span, Unit

TEXT_LIMIT = 200
LONG_TEXT_LIMIT = 4000
PEOPLE_LIMIT = 50
_DATE = re.compile(r"(\d{4})(?:年|[-./])(\d{1,2})(?:月|[-./])(\d{1,2})日?|(\d{4})(\d{2})(\d{2})")
_TIME = re.compile(r"([01]?\d|2[0-3])[:：]([0-5]\d)")
_SPAN = re.compile(r"(\d{1,4})(个?工作日|个?自然日|日|天|周|个月|年|小时)")
_UNITS = {
    "工作日": Unit.WORKDAYS,
    "自然日": Unit.CALENDAR_DAYS,
    "日": Unit.CALENDAR_DAYS,
    "天": Unit.CALENDAR_DAYS,
    "周": Unit.WEEKS,
    "月": Unit.MONTHS,
    "年": Unit.YEARS,
    "小时": Unit.HOURS,
}
_SPLIT = re.compile(r"[、，,;；\n]+")
_UNMEANT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls and halves of characters: nobody types them, and no page, paper or database can show them."""


def read_date(text: str) -> date:
    """A day as people type it: 2026-9-1, 2026.9.1, 2026年9月1日, 20260901. Raises InputError otherwise."""
    found = _DATE.fullmatch(text.strip())
    if found:
        parts = [part for part in found.groups() if part is not None]
        try:
            return date(*(int(part) for part in parts))
        except ValueError:
            pass
    raise InputError(f"「{text}」不是日期；可以写 2026-9-13、2026.9.13、2026年9月13日 或 20260913")


def read(form: tuple[Field, ...], raw: Mapping[str, object]) -> tuple[dict[str, object], tuple[Reason, ...]]:
    """Typed values and the complaints about text that cannot be read; blank text is no value.

    `raw` maps a field to text, to a list of texts, or (grid) a row to text; unknown fields are complaints too.
    """
    values: dict[str, object] = {}
    wrong: list[Reason] = []
    known = {field.name: field for field in form}
    for name, given in raw.items():
        field = known.get(name)
        if field is None:
            wrong.append(Reason("field", name, f"这张表没有「{name}」这一项；可填：{'、'.join(known) or '无'}"))
            continue
        if given is None or given in ("", [], {}, ()):
            continue
        try:
            values[name] = _READERS[field.type](field, given)
        except InputError as error:
            wrong.append(Reason("field", name, f"{field.zh}：{error}"))
    return values, tuple(wrong)


def _text(field: Field, given: object) -> str:
    if not isinstance(given, str):
        raise InputError("应为文字")
    _meant(given)
    limit = field.most or (LONG_TEXT_LIMIT if field.type == "long_text" else TEXT_LIMIT)
    if len(given) > limit:
        raise InputError(f"共{len(given)}字，最多{limit}字")
    return given.replace("\r\n", "\n").strip()


def _meant(text: str) -> None:
    found = _UNMEANT.search(text)
    if found:
        raise InputError(f"第{found.start() + 1}个字符不能显示（U+{ord(found[0]):04X}）；应删去后重新填写")


def _date(_: Field, given: object) -> date:
    if isinstance(given, date):
        return given
    return read_date(str(given))


def _time(_: Field, given: object) -> str:
    found = _TIME.fullmatch(str(given).strip())
    if not found:
        raise InputError(f"「{given}」不是时间；可以写 15:30")
    return f"{int(found[1]):02d}:{found[2]}"


def _number(field: Field, given: object) -> int:
    text = str(given).strip()
    if not re.fullmatch(r"\d{1,9}", text):
        raise InputError(f"「{given}」不是整数")
    value = int(text)
    if (field.least is not None and value < field.least) or (field.most is not None and value > field.most):
        raise InputError(f"{value}超出范围；可填{field.least}至{field.most}")
    return value


def _yes_no(_: Field, given: object) -> str:
    text = {True: "yes", False: "no"}.get(given, given) if isinstance(given, bool) else given
    if text not in ("yes", "no"):
        raise InputError(f"「{given}」应为 yes(是) 或 no(否)")
    return str(text)


def _option(field: Field, given: object) -> str:
    keys = dict(field.options)
    if not isinstance(given, str) or (given not in keys and given not in field.may_be):
        several = isinstance(given, (list, tuple, dict))
        said = "应为一个选项" if several else f"「{given}」不在选项内"
        offered = "、".join(f"{key}({zh})" for key, zh in field.options) or "没有"
        raise InputError(f"{said}；可选：{offered}")
    return given


def _choices(field: Field, given: object) -> tuple[str, ...]:
    several = given if isinstance(given, (list, tuple)) else _SPLIT.split(str(given))
    return tuple(dict.fromkeys(_option(field, each) for each in several))


def _grid(field: Field, given: object) -> dict[str, str]:
    if not isinstance(given, Mapping):
        raise InputError("应逐行填写：" + "、".join(zh for _, zh in field.rows))
    rows = dict(field.rows)
    unknown = [str(row) for row in given if row not in rows]
    if unknown:
        raise InputError(f"没有「{'、'.join(unknown)}」这一行")
    return {str(row): _option(field, answer) for row, answer in given.items()}


def _people(_: Field, given: object) -> tuple[str, ...]:
    several = _SPLIT.split(given) if isinstance(given, str) else given
    if not isinstance(several, (list, tuple)) or not all(isinstance(each, str) for each in several):
        raise InputError("应为姓名，几个人用顿号隔开")
    names = tuple(each.strip() for each in several if each.strip())
    for name in names:
        _meant(name)
    if len(set(names)) != len(names):
        raise InputError("同一人写了两次")
    longest = max(map(len, names), default=0)
    if len(names) > PEOPLE_LIMIT or longest > TEXT_LIMIT:
        raise InputError(f"最多{PEOPLE_LIMIT}人，每人最多{TEXT_LIMIT}字；现有{len(names)}人，最长{longest}字")
    return names


def read_span(text: str) -> Span:
    """A span as people type it, with its unit: 10个工作日, 14日, 10 workdays. Raises InputError otherwise."""
    found = _SPAN.fullmatch(re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)))
    if found:
        return Span(int(found[1]), _UNITS[found[2].removeprefix("个")])
    try:
        return Span.parse(text)
    except InputError:
        message = f"「{text}」不是期限；应写明数目和单位，例如 10个工作日、14日、1个月（或者 10 workdays）"
        raise InputError(message) from None


def _span(_: Field, given: object) -> str:
    return str(given if isinstance(given, Span) else read_span(str(given)))


_READERS: Mapping[str, Callable[[Field, object], object]] = {
    "text": _text,
    "long_text": _text,
    "date": _date,
    "time": _time,
    "number": _number,
    "yes_no": _yes_no,
    "choice": _option,
    "choices": _choices,
    "grid": _grid,
    "people": _people,
    "span": _span,
    "unit": _text,
    "file": _text,
}


def complaints(form: tuple[Field, ...], values: Values, bounds: Mapping[str, date]) -> tuple[Reason, ...]:
    """What a form lacks or must not say, field by field; `bounds` gives the days named in not_before and not_after."""
    wrong: list[Reason] = []
    for field in form:
        value = values.get(field.name)
        if value is None or value == "":
            if _is_required(field, values):
                wrong.append(Reason("field", field.name, f"{field.zh}：没有填写"))
        else:
            message = _bounds(field, value, bounds)
            if message:
                wrong.append(Reason("field", field.name, f"{field.zh}：{message}"))
    return tuple(wrong)


def _is_required(field: Field, values: Values) -> bool:
    if field.required:
        return True
    if field.required_when and _matches(field.required_when, values):
        return True
    return bool(field.required_unless) and not _matches(field.required_unless, values)


def _matches(condition: Mapping[str, frozenset[str]], values: Values) -> bool:
    for name, wanted in condition.items():
        value = values.get(name)
        given = value if isinstance(value, tuple) else (value,)
        if wanted.isdisjoint(str(each) for each in given):
            return False
    return True


def _bounds(field: Field, value: object, bounds: Mapping[str, date]) -> str:
    if isinstance(value, date):
        earliest, latest = bounds.get(field.not_before), bounds.get(field.not_after)
        if earliest and value < earliest:
            return f"{value}早于{earliest}；应在{earliest}当天或之后"
        if latest and value > latest:
            return f"{value}晚于{latest}；应在{latest}当天或之前"
    if field.type == "people" and isinstance(value, tuple) and field.least and len(value) < field.least:
        return f"至少{field.least}人，现有{len(value)}人"
    if field.type == "grid" and isinstance(value, Mapping):
        missing = [zh for row, zh in field.rows if row not in value]
        return f"还差：{'、'.join(missing)}" if missing else ""
    return ""
