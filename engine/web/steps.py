"""Long forms over several pages: at most eight typed fields a page, what was typed before is carried along.

Nothing is kept between two pages but in the form itself, so that it works without script and in any number of windows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine.cases.model import Reason
from engine.cases.page_forms import CHOSEN_FIRST
from engine.definitions.workflow import Field
from engine.services.model import ActPage
from engine.web.filling import DAY_FIELD, DAY_TEXT, Filled, names_of, shown_fields
from engine.web.visits import Pairs

TYPED = frozenset({"text", "long_text", "date", "time", "number", "span", "people"})
"""Types of fields that are typed; choices are pressed."""

MOST_TYPED = 8
"""Typed fields of one page (SCREENS.md 3.1)."""


def steps_of(page: ActPage) -> tuple[tuple[str, ...], ...]:
    """The names of the fields of each page, in the order of the form; one page at least."""
    fields = shown_fields(page.form)
    first = CHOSEN_FIRST.get(page.trigger)
    if first is not None:
        chosen = tuple(field.name for field in fields if field.name in first)
        return chosen, tuple(field.name for field in fields if field.name not in first)
    pages: list[list[str]] = [[]]
    typed = 0
    for field in fields:
        typed += field.type in TYPED
        if typed > MOST_TYPED:
            pages.append([])
            typed = 1
        pages[-1].append(field.name)
    return tuple(tuple(each) for each in pages)


def day_step(page: ActPage) -> int:
    """The page that asks for the day: the first, but for service, whose day belongs to its proof."""
    return 1 if page.trigger in CHOSEN_FIRST else 0


def step_with(page: ActPage, reasons: Iterable[Reason], step: int) -> int:
    """The first page that one of these reasons is about; the given one where they are about none."""
    named = {reason.name for reason in reasons}
    about = [at for at, names in enumerate(steps_of(page)) if named.intersection(names)]
    if DAY_FIELD in named:
        about.append(day_step(page))
    return min(about, default=step)


def at_fields(page: ActPage, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """The reasons with those of a guard as reasons about the field of this form that it looks at."""
    shown = {field.name for field in page.form}
    return tuple(
        Reason("field", field, reason.message) if (field := page.looks_at.get(reason.name, "")) in shown else reason
        for reason in reasons
    )


def about(reasons: Iterable[Reason], page: ActPage, step: int) -> tuple[Reason, ...]:
    """The reasons that can be answered on this page, those about no field among them."""
    elsewhere = {name for at, names in enumerate(steps_of(page)) if at != step for name in names}
    if page.asks_day and day_step(page) != step:
        elsewhere.add(DAY_FIELD)
    return tuple(reason for reason in reasons if reason.name not in elsewhere)


def carried(page: ActPage, filled: Filled, step: int) -> Pairs:
    """What was typed on the other pages, as hidden fields of this one."""
    here = set(steps_of(page)[step])
    kept: list[tuple[str, str]] = []
    for field in shown_fields(page.form):
        if field.name not in here and field.name in filled.raw:
            kept += _pairs(field, filled.raw[field.name])
    if page.asks_day and day_step(page) != step and filled.day:
        kept += [(DAY_FIELD, filled.day), (DAY_TEXT, filled.day_text)]
    return tuple(kept)


def _pairs(field: Field, value: object) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [(f"{field.name}.{row}", str(answer)) for row, answer in value.items()]
    name = names_of(field)[0]
    if isinstance(value, (list, tuple)):
        return [(name, str(each)) for each in value] if name.endswith("[]") else [(name, "、".join(map(str, value)))]
    return [(name, str(value))]
