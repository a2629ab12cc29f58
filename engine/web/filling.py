"""Forms as they are shown and handed in: a definition's fields become controls, posted texts become raw values.

The law of a form stays with engine.cases.forms; here is only what HTML makes of it, and nothing typed gets lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from starlette.requests import Request

from engine.cases.forms import complaints, read, read_date
from engine.cases.model import Reason
from engine.cases.reserved_forms import form_in_words
from engine.definitions.workflow import Field
from engine.errors import InputError, YingfanError
from engine.services.model import ActPage
from engine.web.counter import App
from engine.web.pages import zh_day
from engine.web.visits import Pairs

OTHER_DAY = "other"
DAY_FIELD = "happened_on"
DAY_TEXT = "happened_on.text"
DAY_LABEL = "发生日期"
FRAME = ("version", "request_id", "step", "go", "sure", DAY_FIELD, DAY_TEXT)
"""What a form of an act carries beside the fields of its definition."""

_NUMBER = re.compile(r"[0-9]{1,9}")
_REQUEST = re.compile(r"[A-Za-z0-9-]{8,64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One field on a page: its definition, what stands in it, and what is wrong with it."""

    field: Field
    value: object
    options: tuple[tuple[str, str], ...]
    condition: str
    """When it must be filled, in Chinese, where that depends on another answer."""
    errors: tuple[str, ...]
    echo: str
    """A day that was read, written out with its weekday."""

    @property
    def id(self) -> str:
        """The element's id, which error summaries link to."""
        return f"f-{self.field.name}"

    def holds(self, key: str) -> bool:
        """True when an option is chosen."""
        return key in self.value if isinstance(self.value, (list, tuple)) else key == self.value

    def row(self, key: str) -> str:
        """The option chosen in one row of a grid."""
        return str(self.value.get(key, "")) if isinstance(self.value, Mapping) else ""

    @property
    def text(self) -> str:
        """What stands in a text box; names of several people are joined."""
        if isinstance(self.value, (list, tuple)):
            return "、".join(str(each) for each in self.value)
        return "" if self.value is None else str(self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What a person handed in for an act."""

    raw: Mapping[str, object]
    happened_on: date | None
    version: int | None
    request_id: str
    day: str = ""
    day_text: str = ""
    step: int = 0
    go: str = ""
    """What the pressed button asks for: next, back, preview, or the act itself."""
    sure: bool = False
    """The person was told of an entry of the same day and goes on."""
    wrong: tuple[Reason, ...] = ()
    """Complaints that no definition knows: the day of the act, the frame of the form."""


def shown_fields(form: Iterable[Field]) -> tuple[Field, ...]:
    """The fields a page can offer; files wait for their own upload."""
    return tuple(field for field in form if field.type != "file")


def controls(page: ActPage, values: Mapping[str, object], reasons: Iterable[Reason] = ()) -> tuple[Control, ...]:
    """A control for each field of the form, with the complaints that name it."""
    against = tuple(reasons)
    return tuple(
        Control(
            field=field,
            value=values.get(field.name),
            options=_options(field),
            condition=_condition(field, page.form),
            errors=tuple(each.message for each in against if each.name == field.name),
            echo=_echo(field, values.get(field.name)),
        )
        for field in shown_fields(page.form)
    )


def take(fields: Pairs, today: date) -> Filled:
    """The handed-in form as raw values, read by the shape of the names alone.

    ``met[]`` is one of several choices and ``danger.harm`` a row of a grid, so that a repeated request can be
    recognised when its form is not open any more.
    """
    one = dict(reversed(fields)).get
    version, day, text, step = one("version", ""), one(DAY_FIELD, ""), one(DAY_TEXT, "").strip(), one("step", "")
    happened, wrong = _happened(day, text, today)
    return Filled(
        raw=_raw(fields),
        happened_on=happened,
        version=int(version) if _NUMBER.fullmatch(version) else None,
        request_id=one("request_id", ""),
        day=day,
        day_text=text,
        step=int(step) if _NUMBER.fullmatch(step) else 0,
        go=one("go", ""),
        sure=one("sure", "") == "yes",
        wrong=wrong + _frame_faults(version, one("request_id", "")),
    )


def unread(page: ActPage, filled: Filled) -> tuple[Reason, ...]:
    """What the fields themselves lack, so that a wrong day does not hide it until the next try."""
    values, wrong = read(page.form, filled.raw)
    named = {reason.name for reason in wrong}
    return wrong + tuple(each for each in complaints(page.form, values, {}) if each.name not in named)


def offered(page: ActPage) -> tuple[str, ...]:
    """Every name that the form of this page may post."""
    return (*FRAME, *page.passed, *(name for field in shown_fields(page.form) for name in names_of(field)))


def kept_of(filled: Filled) -> dict[str, object]:
    """A form as a draft is kept: everything but what the page makes anew."""
    return {
        "raw": dict(filled.raw),
        "day": filled.day,
        "day_text": filled.day_text,
        "step": filled.step,
        "version": filled.version,
        "request_id": filled.request_id,
    }


def from_draft(page: ActPage, content: Mapping[str, Any], preset: Mapping[str, str]) -> Filled:
    """The form that a draft was kept of, over it what the link named, on the case as it is now.

    It is a filling of its own: the window in which the draft was begun may be open still.
    """
    names = {field.name for field in page.form}
    raw = {name: value for name, value in {**content["raw"], **preset}.items() if name in names}
    return Filled(
        raw=raw,
        happened_on=None,
        version=page.version,
        request_id="",
        day=str(content["day"]),
        day_text=str(content["day_text"]),
        step=int(content["step"]),
    )


def empty(page: ActPage, preset: Mapping[str, str]) -> Filled:
    """A form nobody filled yet: what the house knows, over it what the link named, today as the day."""
    names = {field.name for field in page.form}
    raw = {
        **{name: value for name, value in page.given.items() if name in names},
        **{name: text for name, text in preset.items() if name in names},
    }
    return Filled(
        raw=raw,
        happened_on=None,
        version=page.version,
        request_id="",
        day=page.today.isoformat(),
    )


def days_offered(page: ActPage) -> tuple[tuple[str, str, date], ...]:
    """The quick choices for the day of an act: (posted text, key of its word, day); none before the earliest."""
    days = (
        ("day.today", page.today),
        ("day.yesterday", page.today - timedelta(days=1)),
    )
    return tuple((day.isoformat(), word, day) for word, day in days if day >= page.earliest)


def form_named(app: App, request: Request) -> tuple[Field, ...]:
    """The fields of the act in the address as a published workflow has them: words for labels, nothing of a case."""
    trigger = request.path_params.get("trigger", "")
    form = next(filter(None, (form_in_words(trigger, workflow) for workflow in app.workflows.values())), ())
    if not any(map(_names_units, form)):
        return form
    try:
        names = tuple(app.units.names().items())
    except (YingfanError, OSError):
        return form
    return tuple(replace(each, options=(*each.options, *names)) if _names_units(each) else each for each in form)


def _names_units(field: Field) -> bool:
    """A unit of the district, or a document's addressee, who may be one."""
    return field.type == "unit" or field.name == "to"


def typed_lines(form: Iterable[Field], fields: Pairs) -> tuple[tuple[str, str], ...]:
    """What was typed as (label, text) lines for a page that cannot offer the form any more."""
    labels = {name: _labels(field, name) for field in form for name in names_of(field)}
    labels = {**_LABELS, **labels, DAY_FIELD: DAY_LABEL, DAY_TEXT: DAY_LABEL}
    words = {field.name: dict(field.options) for field in form}
    return tuple(
        (labels.get(name, name.removeprefix("column-")), words.get(_field_of(name), {}).get(text, text))
        for name, text in fields
        if text and name not in _UNSPOKEN and (name, text) != (DAY_FIELD, OTHER_DAY)
    )


_LABELS = {"q": "要找的内容", "reason": "理由", "opinion": "意见", "finding": "疑点"}
"""What the counter's own forms ask, which no definition names."""

_UNSPOKEN = frozenset(FRAME) - {DAY_FIELD, DAY_TEXT}
"""What a form carries and nobody typed."""


def names_of(field: Field) -> tuple[str, ...]:
    """The names under which a field is posted: one for each row of a grid."""
    if field.type == "grid":
        return tuple(f"{field.name}.{row}" for row, _ in field.rows)
    return (f"{field.name}[]",) if field.type == "choices" else (field.name,)


def _field_of(name: str) -> str:
    return name.partition(".")[0].removesuffix("[]")


def _labels(field: Field, name: str) -> str:
    row = dict(field.rows).get(name.partition(".")[2])
    return f"{field.zh}：{row}" if row else field.zh


def _raw(fields: Pairs) -> dict[str, object]:
    raw: dict[str, object] = {}
    for name, text in fields:
        if name in FRAME or not text:
            continue
        field, _, row = name.partition(".")
        if row:
            kept = raw.get(field)
            raw[field] = {**(kept if isinstance(kept, dict) else {}), row: text}
        elif name.endswith("[]"):
            kept = raw.get(name[:-2])
            raw[name[:-2]] = [*(kept if isinstance(kept, list) else []), text]
        else:
            raw[name] = text
    return raw


_SPOKEN = {"今天": 0, "昨天": 1, "前天": 2}
"""Days as they are said, with how long ago they were."""


def _happened(day: str, text: str, today: date) -> tuple[date | None, tuple[Reason, ...]]:
    if not day:
        return None, ()
    if day == OTHER_DAY and not text:
        return None, (Reason("day", DAY_FIELD, f"{DAY_LABEL}：没有填写"),)
    if text in _SPOKEN:
        return today - timedelta(days=_SPOKEN[text]), ()
    try:
        return read_date(text if day == OTHER_DAY else day), ()
    except InputError as error:
        return None, (Reason("day", DAY_FIELD, f"{DAY_LABEL}：{error}"),)


def whole(request_id: str) -> bool:
    """True for an id of a filling as our pages make them, and not for a text of any length."""
    return _REQUEST.fullmatch(request_id) is not None


def _frame_faults(version: str, request_id: str) -> tuple[Reason, ...]:
    if _NUMBER.fullmatch(version) and whole(request_id):
        return ()
    return (Reason("field", "request_id", "这张表不完整，没有登记；应从个案页重新打开"),)


def _options(field: Field) -> tuple[tuple[str, str], ...]:
    if field.type == "yes_no":
        return (("yes", "是"), ("no", "否"))
    known = dict(field.options)
    return field.options + tuple((word, word) for word in field.may_be if word not in known)


def _condition(field: Field, form: Iterable[Field]) -> str:
    named = {each.name: each for each in form}
    when, unless = (
        _spoken(field.required_when, named),
        _spoken(field.required_unless, named),
    )
    parts = (f"{when}时必填" if when else "", f"除{unless}外必填" if unless else "")
    return "；".join(part for part in parts if part)


def _spoken(condition: Mapping[str, frozenset[str]], named: Mapping[str, Field]) -> str:
    spoken = []
    for name, wanted in condition.items():
        field = named.get(name)
        words = dict(field.options) if field else {}
        if field and field.type == "yes_no":
            words = {"yes": "是", "no": "否"}
        order = [words.get(key, key) for key in sorted(wanted, key=[*words, *sorted(wanted)].index)]
        spoken.append(f"「{field.zh if field else name}」为{'或'.join(order)}")
    return "且".join(spoken)


def _echo(field: Field, value: object) -> str:
    if field.type != "date" or not value:
        return ""
    try:
        return zh_day(value if isinstance(value, date) else read_date(str(value)))
    except InputError:
        return ""
