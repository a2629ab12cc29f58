"""A story file as its author writes it: pydantic models of its shape."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from engine.definitions.model import Name, Names, Strict, Words, listed, wrong

UNITS = (
    "school",
    "class",
    "village",
    "township",
    "subdistrict",
    "bureau",
    "district",
    "judicial",
    "police",
    "labour",
)
"""Units of the synthetic district in which all stories play."""


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _day(text: str) -> str:
    if _is_day(text):
        return text
    raise wrong(f"「{text}」不是日期；应写作 2026-09-01")


def _moment(text: str) -> str:
    try:
        if datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M") == text:
            return text
    except ValueError:
        pass
    raise wrong(f"「{text}」不是时刻；应写作 2026-09-01 15:30")


def _due(text: str) -> str:
    if text in ("none", "waits"):
        return text
    if _is_day(text):
        return text
    raise wrong(f"「{text}」不可用；应为日期(2026-09-01)、none 或 waits")


Day = Annotated[str, AfterValidator(_day)]
Moment = Annotated[str, AfterValidator(_moment)]
Due = Annotated[str, AfterValidator(_due)]
_Unit = Literal[UNITS]  # type: ignore[valid-type]  # the words stand in UNITS once
Some = Annotated[list[Words], BeforeValidator(listed)]


class CastSource(Strict):
    """One person of a story."""

    role: Words
    unit: _Unit


class PupilSource(Strict):
    """The child of a story."""

    birth: Day
    guardians: Some = Field(default_factory=lambda: ["father", "mother"])
    residence: Literal["township", "subdistrict"] = "township"
    never_enrolled: bool = False


class OpenedSource(Strict):
    """How the case was opened."""

    day: Day
    by: Words
    kind: Words = ""
    fields: dict[str, Any] = Field(default_factory=dict)


class LinkedSource(Strict):
    """What is expected of a linked case."""

    state: Words


class ExpectationSource(Strict):
    """What must hold after a step."""

    state: Words | None = None
    counts: dict[str, int] = Field(default_factory=dict)
    due: dict[str, Due] = Field(default_factory=dict)
    provisional: Some = Field(default_factory=list)
    check_on: dict[str, Day] = Field(default_factory=dict)
    overdue: Some | None = None
    told: Some | None = None
    tasks: Some | None = None
    proposed: Words | None = None
    documents: dict[str, Literal["draft", "issued", "withdrawn", "none"]] = Field(default_factory=dict)
    closed_as: Words | None = None
    counts_as_returned: bool | None = None
    linked: dict[str, LinkedSource] = Field(default_factory=dict)
    possible: Some | None = None
    refused: Some | None = None
    offered: Some | None = None
    history: Some | None = None


class StepSource(Strict):
    """One step, without its actor, whose name is free."""

    day: Day | None = None
    time: Moment | None = None
    happened: Day | None = None
    with_: dict[str, Any] = Field(default_factory=dict, alias="with")
    in_: Words = Field(default="", alias="in")
    expect: ExpectationSource | None = None


class StorySource(Strict):
    """One story; its steps are looked at one by one."""

    story: Words
    law: Names
    calendar: int | None = None
    opened: OpenedSource | None = None
    cast: dict[Name, CastSource]
    pupil: PupilSource
    steps: Annotated[list[dict[str, Any]], Field(min_length=1)]


STEP_KEYS = frozenset(each.alias or name for name, each in StepSource.model_fields.items())
"""Every key of a step but the name of the person who acts."""
