"""Stories: dated examples of a workflow, loaded strictly into frozen values; they run as tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from engine.clock import at_local
from engine.definitions.complaints import BadDefinition, Complaint, suggest
from engine.definitions.shape import shaped
from engine.definitions.source import Source, read_source
from engine.definitions.story_model import STEP_KEYS, ExpectationSource, OpenedSource, StepSource, StorySource
from engine.definitions.vocabulary import ALONE, ROLES

HOUR = 10
"""Acts of a step that names only its day happen at ten in the morning."""

WAITS = "waits"
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """One person of a story: name in the story, role, unit of the synthetic district."""

    name: str
    role: str
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pupil:
    """The child of a story."""

    birth: date
    guardians: tuple[str, ...] = ("father", "mother")
    residence: str = "township"
    never_enrolled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """How the case was opened: when, by whom of the cast, after which finding."""

    day: date
    by: str
    kind: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What must hold after a step; None (or nothing) where the story does not say."""

    state: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    due: Mapping[str, date | str] = field(default_factory=dict)
    """By deadline: the day, ``none`` (it does not run) or ``waits`` (for a service)."""
    provisional: tuple[str, ...] = ()
    check_on: Mapping[str, date] = field(default_factory=dict)
    overdue: tuple[str, ...] | None = None
    told: tuple[str, ...] | None = None
    tasks: tuple[str, ...] | None = None
    proposed: str | None = None
    documents: Mapping[str, str] = field(default_factory=dict)
    closed_as: str | None = None
    counts_as_returned: bool | None = None
    linked: Mapping[str, str] = field(default_factory=dict)
    """The state of each linked case, by the name of its link."""
    possible: tuple[str, ...] | None = None
    refused: tuple[str, ...] | None = None
    """Why the act is refused, exactly; None for an act that is accepted."""
    offered: tuple[str, ...] | None = None
    history: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: at an instant somebody acts, or (without an actor) only the clock moves."""

    line: int
    at: datetime
    actor: str = ""
    trigger: str = ""
    values: Mapping[str, object] = field(default_factory=dict)
    happened: date | None = None
    link: str = ""
    """The link in whose case the act is done; empty for the case itself."""
    expect: Expectation = field(default_factory=Expectation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One dated example."""

    file: str
    title: str
    law: tuple[str, ...]
    calendar: int | None
    opened: Opened | None
    cast: Mapping[str, Cast]
    pupil: Pupil
    steps: tuple[Step, ...]


def load_story(path: Path) -> Story:
    """The story of one file; raises BadDefinition, whose `complaints` are everything that is wrong with it."""
    return story_of(read_source(path))


def story_of(source: Source) -> Story:
    """The story of a file that was read; raises BadDefinition, whose `complaints` are everything that is wrong."""
    complaints = list(source.complaints)
    story: Story | None = None
    if source.whole and not complaints:
        model, wrong_shape = shaped(StorySource, source)
        complaints.extend(wrong_shape)
        if model is not None:
            story = _story(model, source, complaints)
    if story is None or complaints:
        raise BadDefinition(complaints)
    return story


def files_of(folder: Path) -> tuple[Path, ...]:
    """The files of the stories of a workflow's folder, by name."""
    return tuple(sorted((folder / "stories").glob("*.yaml")))


def load_stories(folder: Path) -> tuple[Story, ...]:
    """Every story of a workflow's folder, by file name; raises BadDefinition with the complaints of all of them."""
    stories: list[Story] = []
    complaints: list[Complaint] = []
    for path in files_of(folder):
        try:
            stories.append(load_story(path))
        except BadDefinition as error:
            complaints.extend(error.complaints)
    if complaints:
        raise BadDefinition(complaints)
    return tuple(stories)


def _story(model: StorySource, source: Source, complaints: list[Complaint]) -> Story:
    complaints.extend(_cast(model, source))
    steps: list[Step] = []
    for at, raw in enumerate(model.steps):
        steps.extend(_step(model, source, at, raw, complaints))
    for at, (before, after) in enumerate(pairwise(steps), start=1):
        if after.at < before.at:
            message = "这一步早于上一步；请按时间先后排列"
            complaints.append(source.complain(("steps", at), "wrong_order", message))
    return Story(
        file=source.file,
        title=model.story,
        law=tuple(model.law),
        calendar=model.calendar,
        opened=_opened(model.opened) if model.opened else None,
        cast={name: Cast(name=name, role=each.role, unit=each.unit) for name, each in model.cast.items()},
        pupil=Pupil(
            birth=date.fromisoformat(model.pupil.birth),
            guardians=tuple(model.pupil.guardians),
            residence=model.pupil.residence,
            never_enrolled=model.pupil.never_enrolled,
        ),
        steps=tuple(steps),
    )


def _opened(source: OpenedSource) -> Opened:
    return Opened(day=date.fromisoformat(source.day), by=source.by, kind=source.kind, fields=_frozen(source.fields))


def _cast(model: StorySource, source: Source) -> Iterator[Complaint]:
    people = ROLES.keys() - ALONE
    for name, each in model.cast.items():
        if each.role not in people:
            message = f"没有角色「{each.role}」{suggest(each.role, sorted(people))}"
            yield source.complain(("cast", name, "role"), "unknown_name", message)
        if name in STEP_KEYS:
            yield source.complain(("cast", name), "wrong_name", f"「{name}」是步骤里的键，不能作人物名", key=True)
    if model.opened is not None and model.opened.by not in model.cast:
        message = f"没有人物「{model.opened.by}」{suggest(model.opened.by, model.cast)}"
        yield source.complain(("opened", "by"), "unknown_name", message)


def _step(
    model: StorySource, source: Source, at: int, raw: Mapping[str, Any], complaints: list[Complaint]
) -> Iterator[Step]:
    trail = ("steps", at)
    actors = {key: value for key, value in raw.items() if key in model.cast}
    inner = {key: value for key, value in raw.items() if key not in model.cast}
    found, wrong_shape = shaped(StepSource, _within(source, at, inner))
    complaints.extend(wrong_shape)
    before = len(complaints)
    if len(actors) > 1:
        complaints.append(source.complain(trail, "two_actors", f"一步只有一人办理；这里有：{'、'.join(actors)}"))
    for name, trigger in actors.items():
        if not isinstance(trigger, str):
            complaints.append(source.complain((*trail, name), "wrong_value", "人物后面应写一个动作的名称"))
    if found is None:
        return
    if (found.day is None) == (found.time is None):
        complaints.append(source.complain(trail, "wrong_time", "每一步写 day 或 time 之一"))
    if not actors and (found.with_ or found.happened or found.in_):
        message = f"没有人办理，却写了 with、happened 或 in；请写「人物: 动作」，人物有：{'、'.join(model.cast)}"
        complaints.append(source.complain(trail, "no_actor", message))
    if len(complaints) == before:
        actor, trigger = next(iter(actors.items()), ("", ""))
        yield _made(found, source.place(trail)[0], actor, trigger)


def _within(source: Source, at: int, inner: Mapping[str, Any]) -> Source:
    """One step as a source of its own, with its places in the file."""

    def cut(places: Mapping[Any, Any]) -> dict[Any, Any]:
        return {trail[2:]: place for trail, place in places.items() if trail[:2] == ("steps", at)}

    return Source(file=source.file, data=inner, keys=cut(source.keys), values=cut(source.values))


def _made(found: StepSource, line: int, actor: str, trigger: str) -> Step:
    if found.time is not None:
        moment = datetime.fromisoformat(found.time)
        instant = at_local(moment.date(), moment.hour, moment.minute)
    else:
        instant = at_local(date.fromisoformat(str(found.day)), HOUR)
    return Step(
        line=line,
        at=instant,
        actor=actor,
        trigger=trigger,
        values=_frozen(found.with_),
        happened=None if found.happened is None else date.fromisoformat(found.happened),
        link=found.in_,
        expect=_expectation(found.expect) if found.expect else Expectation(),
    )


def _expectation(source: ExpectationSource) -> Expectation:
    return Expectation(**{name: _expected(name, getattr(source, name)) for name in source.model_fields_set})


def _expected(name: str, value: Any) -> Any:
    return _MEANINGS.get(name, _frozen)(value)


_MEANINGS: Mapping[str, Callable[[Any], Any]] = {
    "due": lambda found: {
        key: each if each in (NONE, WAITS) else date.fromisoformat(each) for key, each in found.items()
    },
    "check_on": lambda found: {key: date.fromisoformat(each) for key, each in found.items()},
    "linked": lambda found: {key: each.state for key, each in found.items()},
}


def _frozen(value: Any) -> Any:
    """A value whose lists are tuples."""
    if isinstance(value, dict):
        return {key: _frozen(each) for key, each in value.items()}
    return tuple(_frozen(each) for each in value) if isinstance(value, list) else value
