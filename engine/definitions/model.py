"""The files as their authors write them: pydantic models of workflow.yaml, notices/*.yaml and the overlay.

They settle the shape of a file and nothing of its meaning: names are checked in check.py. Where the language
allows a word or a list of words, the model holds the list.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

from engine.definitions.vocabulary import BLOCKS, FIELD_TYPES
from engine.errors import InputError
from engine.workdays import Span

NAME = r"^[a-z][a-z0-9_]*$"
FOLDER = r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$"
_PARAMETER = re.compile(r"\$([a-z][a-z0-9_]*)")


class Strict(BaseModel):
    """A mapping of the language: no other keys, no conversion, no change afterwards."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, defer_build=True)


def wrong(message: str) -> PydanticCustomError:
    """The error by which a validator complains in words of its own."""
    return PydanticCustomError("yingfan", "{text}", {"text": message})


def listed(value: object) -> object:
    """A word as a list of one word; everything else as it is."""
    return [value] if isinstance(value, str) else value


def _span(value: object) -> object:
    if not isinstance(value, str):
        raise wrong("应为期限，例如 3 workdays")
    try:
        Span.parse(value)
    except InputError as error:
        raise wrong(str(error)) from None
    return value


def _span_or_parameter(value: object) -> object:
    return value if isinstance(value, str) and _PARAMETER.fullmatch(value) else _span(value)


def _quantity(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return _span(value)


def _reminder(value: object) -> object:
    if not isinstance(value, str) or not value.endswith(" before"):
        raise wrong("应为「期限 before」，例如 1 workday before")
    return _span(value.removesuffix(" before"))


def _bounds(value: object) -> object:
    pairs = value if isinstance(value, dict) else {"": value}
    for pair in pairs.values():
        if not isinstance(pair, list) or len(pair) != 2 or not all(type(each) is int for each in pair):
            raise wrong("应为两个整数 [最小, 最大]，或按单位分写，例如 {workdays: [3, 20]}")
        if pair[0] > pair[1] or pair[0] < 1:
            raise wrong(f"范围 {pair} 不对；应为 [最小, 最大]，最小不小于1")
    return pairs


def _law(value: object) -> object:
    if isinstance(value, dict):
        return {key: listed(each) for key, each in value.items()}
    return {"": listed(value)}


def _starts(value: object) -> object:
    if value == "entered":
        return {"entered": ""}
    kinds = ("after", "served", "issued", "passed")
    if isinstance(value, dict) and len(value) == 1 and next(iter(value)) in kinds:
        return value
    raise wrong("应为 entered，或 {after: 动作}、{served: 文书}、{issued: 文书}、{passed: 期限} 之一")


def _lasts(value: object) -> object:
    return {"default": value} if isinstance(value, str) else value


MANY = Field(max_length=200)
"""More entries than this in one section are a mistake: what a check compares pair by pair must stay small."""
Name = Annotated[str, StringConstraints(pattern=NAME)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"\S")]
Folder = Annotated[str, StringConstraints(pattern=FOLDER)]
_ONE_OR_MORE: dict[str, Any] = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
Names = Annotated[
    list[Words], BeforeValidator(listed), Field(min_length=1, max_length=60), WithJsonSchema(_ONE_OR_MORE)
]
SpanText = Annotated[str, BeforeValidator(_span), WithJsonSchema({"type": "string", "examples": ["3 workdays"]})]
SpanOrParameter = Annotated[
    str, BeforeValidator(_span_or_parameter), WithJsonSchema({"type": "string", "examples": ["$first_visit"]})
]
Quantity = Annotated[
    Any, BeforeValidator(_quantity), WithJsonSchema({"anyOf": [{"type": "integer"}, {"type": "string"}]})
]
Reminder = Annotated[
    str, BeforeValidator(_reminder), WithJsonSchema({"type": "string", "examples": ["1 workday before"]})
]
_PAIR: dict[str, Any] = {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2}
Bounds = Annotated[
    dict[str, list[int]],
    BeforeValidator(_bounds),
    WithJsonSchema({"anyOf": [_PAIR, {"type": "object", "additionalProperties": _PAIR}]}),
]
_STRINGS: dict[str, Any] = {"type": "array", "items": {"type": "string"}}
LawKeys = Annotated[
    dict[str, list[Words]],
    BeforeValidator(_law),
    WithJsonSchema({"anyOf": [{"type": "string"}, _STRINGS, {"type": "object"}]}),
]
GuardSource = Annotated[
    Any, WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "object", "minProperties": 1, "maxProperties": 1}]})
]
"""A guard as written; guards.py reads it, because its meaning hangs on the predicates."""


class LawSource(Strict):
    """A legal reference: its title and the words it quotes."""

    title: Words
    quote: Words


class ParameterSource(Strict):
    """A number that an installation may change within bounds."""

    value: Quantity
    between: Bounds
    basis: Words


class LockedSource(Strict):
    """A number fixed by law; an overlay may not touch it."""

    value: Quantity
    basis: Words


class StateSource(Strict):
    """A state of the ladder."""

    zh: Words
    kind: Literal["open", "observing", "final"]
    rung: Annotated[int, Field(ge=1, le=99)] = 0


Conditions = dict[Name, Names]


class FieldSource(Strict):
    """One field of a form."""

    field: Name
    zh: Words
    type: Literal[FIELD_TYPES]  # type: ignore[valid-type]  # the words stand in the vocabulary once
    required: bool = False
    required_when: Conditions = {}
    required_unless: Conditions = {}
    of: dict[Name, Words] = {}
    rows: dict[Name, Words] = {}
    may_be: Names = []
    not_before: Literal["happened", "detected", "today", ""] = ""
    not_after: Literal["happened", "detected", "today", ""] = ""
    least: Annotated[int, Field(ge=0)] | None = None
    most: Annotated[int, Field(ge=1)] | None = None
    class_: Literal["public", "personal"] = Field(default="personal", alias="class")
    hint: Words = ""


class EffectSource(Strict):
    """What an act leaves behind."""

    to: Words = ""
    documents: Names = []
    document: Names = []
    counts: Names = []
    resets: Names = []


class OutcomeSource(EffectSource):
    """One way in which an act can end, with the guards that choose it."""

    when: Annotated[list[GuardSource], Field(max_length=40)] = []
    zh: Words = ""


class ActSource(EffectSource):
    """What transitions and closings have in common."""

    zh: Words
    from_: Names = Field(alias="from")
    by: Names = []
    draft_by: Names = []
    propose_by: Names = []
    approvals: Names = []
    form: Words = ""
    when: Annotated[list[GuardSource], Field(max_length=40)] = []
    addressees: Literal["guardians", "upward", "receiver", "family", ""] = ""
    law: LawKeys
    opens: Names = []
    withdraws: Names = []
    corrects: Words = ""
    authority: bool | None = None
    at_once: bool = False


class TransitionSource(ActSource):
    """One act, which can end in one way or in several."""

    outcomes: Annotated[list[OutcomeSource], Field(min_length=1, max_length=20)] | None = None


class ClosingSource(ActSource):
    """One way a case may end."""

    counts_as_returned: bool = False
    stays_open: bool = False
    stops_letters: bool = False


class StartSource(Strict):
    """What a deadline's clock starts from; exactly one of these."""

    entered: Literal[""] | None = None
    after: Words | None = None
    served: Words | None = None
    issued: Words | None = None
    passed: Words | None = None


class LastsSource(Strict):
    """How long a deadline lasts: a span, or what a document prints, with a span for want of it."""

    printed_in: Words = ""
    default: SpanOrParameter


class LevelSource(Strict):
    """One step of escalation."""

    then_after: SpanOrParameter | None = None
    tell: Names = []
    task: Words = ""
    propose: Words = ""
    fire: Words = ""
    takes_over: Words = ""


class DeadlineSource(Strict):
    """What time does: while what, from when, how long, whom it protects, what happens before and after."""

    zh: Words
    while_: Names = Field(alias="while")
    starts: Annotated[StartSource, BeforeValidator(_starts)]
    lasts: Annotated[LastsSource, BeforeValidator(_lasts)]
    roll: Literal["next workday", "none"] = "next workday"
    protects: Literal["citizen", "authority", "internal"]
    statutory: bool = False
    in_session: bool = False
    met_by: Names = []
    restarts: Names = []
    remind: Annotated[list[Reminder], Field(max_length=20)] = []
    overdue: Annotated[list[LevelSource], Field(max_length=20)] = []
    law: Names = []


class LinkSource(Strict):
    """A case that this one opens."""

    zh: Words
    opens: Folder
    closing_needs: Annotated[list[Literal["ended", "withdrawn", "detached"]], Field(min_length=1)]


class WorkflowSource(Strict):
    """workflow.yaml."""

    workflow: Folder
    title: Words
    subject: Literal["pupil", "unit"]
    law: Annotated[dict[Words, LawSource], Field(min_length=1, max_length=300)]
    parameters: Annotated[dict[Name, ParameterSource], MANY] = {}
    locked: Annotated[dict[Name, LockedSource], MANY] = {}
    states: Annotated[dict[Name, StateSource], Field(min_length=1, max_length=60)]
    forms: Annotated[dict[Name, Annotated[list[FieldSource], Field(min_length=1, max_length=80)]], MANY] = {}
    transitions: Annotated[dict[Name, TransitionSource], Field(min_length=1, max_length=200)]
    deadlines: Annotated[dict[Name, DeadlineSource], MANY] = {}
    closing: Annotated[dict[Name, ClosingSource], MANY] = {}
    links: Annotated[dict[Name, LinkSource], MANY] = {}
    documents: Annotated[list[Name], MANY] = []


class NumberSource(Strict):
    """The number series of a document: gap-free by issuer and year."""

    series: Words
    by: Annotated[list[Literal["issuer", "year"]], Field(min_length=2, max_length=2)]


Texts = Annotated[
    list[Words], BeforeValidator(listed), Field(min_length=1, max_length=60), WithJsonSchema(_ONE_OR_MORE)
]


_Issued = Annotated[list[Literal["issued"]], BeforeValidator(listed), Field(min_length=1, max_length=1)]
DateSources = Annotated[_Issued, WithJsonSchema({"const": "issued"})]
"""Where the date of a document comes from: the day of its issue, which no template writes."""


class BlockModel(Strict):
    """One block of a notice: exactly one kind with its text, and what is said about it."""

    title: Texts | None = None
    addressee: Texts | None = None
    paragraph: Texts | None = None
    heading: Texts | None = None
    list_: Texts | None = Field(default=None, alias="list")
    table: Texts | None = None
    signature: Texts | None = None
    date: DateSources | None = None
    number: Texts | None = None
    annex: Texts | None = None
    part: Names = []
    when: Words = ""
    each: Words = ""
    min: Annotated[int, Field(ge=0)] | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds that are written on this block; one, when it is right."""
        return tuple(kind for kind in BLOCKS if self.text_of(kind) is not None)

    def text_of(self, kind: str) -> list[str] | None:
        """The templates under one kind, or None."""
        found: list[str] | None = getattr(self, "list_" if kind == "list" else kind)
        return found


class NoticeSource(Strict):
    """notices/<kind>.yaml."""

    document: Name
    title: Words
    number: NumberSource | None = None
    issuer: Names
    addressees: Literal["guardians", "upward", "receiver", "family", "file"]
    printed: bool = False
    serves: bool = False
    blocks: Annotated[list[BlockModel], Field(min_length=1, max_length=200)]


class OverlaySource(Strict):
    """config/workflows/<name>.yaml: this installation's own values for parameters."""

    parameters: dict[Name, Quantity] = {}
