"""yingfan due: a due date with every step of it."""

from __future__ import annotations

import json
from datetime import date
from importlib import import_module

import typer

from engine.cli.configured import settings_of
from engine.cli.options import AsJson
from engine.errors import InputError
from engine.paths import config_dir
from engine.workdays import Calendar, Hold, Reckoning, Roll, Span, load_calendar, reckon

WEEKDAYS = "一二三四五六日"


def _calendar(ctx: typer.Context) -> Calendar:
    """The calendar in force where there is an installation, else the shipped one, which needs no database."""
    settings = settings_of(ctx)
    if settings.has_database:
        in_force: Calendar = import_module("engine.app").calendar_in_force(settings)
        return in_force
    return load_calendar(config_dir() / "calendar")


def read_day(text: str, what: str) -> date:
    """A day in ISO form; InputError says what was wrong and what would be accepted."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{what}「{text}」不是日期；应写作 2026-09-30") from None
    if day.isoformat() != text:
        raise InputError(f"{what}「{text}」不是日期；应写作 2026-09-30")
    return day


def read_hold(text: str) -> Hold:
    """A hold as D1..D2, both days included; an empty D2 leaves it open."""
    first, dots, last = text.partition("..")
    if not dots:
        raise InputError(f"中止期间「{text}」应写作 2026-05-18..2026-05-20")
    return Hold(first=read_day(first, "中止起日"), last=read_day(last, "中止止日") if last else None)


def due(
    ctx: typer.Context,
    start: str = typer.Option(..., "--from", help="起算的事件日（当日不计），例如 2026-09-30"),
    add: str = typer.Option(..., "--add", help='期限，例如 "5 workdays"、"6 months"'),
    roll: str = typer.Option("next-workday", "--roll", help="末日为休息日时：next-workday 顺延，none 不顺延"),
    hold: list[str] = typer.Option([], "--hold", help="中止期间 D1..D2，可写多次"),  # noqa: B008  typer's way
    as_json: AsJson = False,
) -> None:
    """Work out a due date and tell every step of it."""
    if roll not in set(Roll):
        raise InputError(f"--roll「{roll}」应为 next-workday 或 none")
    span = Span.parse(add)
    if span.unit.value == "hours":
        raise InputError("--add 按小时的期限需要起始时刻；这里可用工作日、日、上课日、周、月、年")
    holds = tuple(read_hold(each) for each in hold)
    found = reckon(read_day(start, "--from"), span, _calendar(ctx), holds, roll=Roll(roll))
    if as_json:
        told = {
            "due_on": found.due_on.isoformat(),
            "provisional": found.provisional,
            "steps": [step.as_json() for step in found.steps],
        }
        print(json.dumps(told, ensure_ascii=False))
        return
    _tell(found)


def _tell(found: Reckoning) -> None:
    mark = "（暂定：所涉年份的放假安排未公布，或者仍在中止）" if found.provisional else ""
    print(f"{found.due_on} 星期{WEEKDAYS[found.due_on.weekday()]}{mark}")
    for step in found.steps:
        counted = f"计{step.counted}" if step.counted else "不计"
        days = f"{step.first}" if step.first == step.last else f"{step.first}..{step.last}"
        print(f"  {days:<24}{counted:<6}{step.why}")
