"""Loading: a folder becomes a frozen workflow, or a list of everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from engine.definitions import general, ladder, papers
from engine.definitions.check import meaning
from engine.definitions.check_time import out_of_bounds, quantity
from engine.definitions.complaints import BadDefinition, Complaint, suggest
from engine.definitions.drafts import Draft, NoticeDraft, read_acts
from engine.definitions.guards import GuardReader
from engine.definitions.model import NoticeSource, OverlaySource, WorkflowSource
from engine.definitions.predicates import registry
from engine.definitions.resolve import resolve
from engine.definitions.shape import Model, shaped
from engine.definitions.source import LARGEST, Source, read_source
from engine.definitions.workflow import Predicate, Workflow
from engine.errors import DefinitionError
from engine.workdays import Span

WORKFLOW_FILE = "workflow.yaml"
LARGEST_NOTICES = 2 * LARGEST
"""The most that all templates of one folder may hold together, in bytes."""


def predicates() -> Mapping[str, Predicate]:
    """Every predicate that a workflow may name."""
    return registry([general, ladder, papers])


def load_workflow(folder: Path, *, overlay: Path | None = None, known: frozenset[str] | None = None) -> Workflow:
    """The workflow of a folder, resolved and hashed.

    `overlay` is this installation's file of parameter values (it need not exist), `known` the workflows that a link
    may open (unchecked when None). Raises BadDefinition, whose `complaints` are everything that is wrong.
    """
    draft, complaints = _draft(folder, overlay, known)
    if draft is None or complaints:
        raise BadDefinition(complaints)
    return resolve(draft)


def check_workflow(
    folder: Path, *, overlay: Path | None = None, known: frozenset[str] | None = None
) -> tuple[Complaint, ...]:
    """Everything that is wrong with a folder, sorted by place; empty when it may be loaded. Never raises."""
    return tuple(sorted(set(_draft(folder, overlay, known)[1])))


def folders_of(workflows: Path) -> tuple[Path, ...]:
    """The workflow folders below a folder, by name; those that begin with a dot or an underscore are left out.

    Raises DefinitionError when the folder cannot be read.
    """
    try:
        found = [each for each in workflows.iterdir() if each.is_dir() and each.name[0] not in "._"]
    except OSError:
        raise DefinitionError(f"{workflows}: 没有这个流程文件夹，或者打不开") from None
    return tuple(sorted(found))


def load_all(workflows: Path, config: Path) -> Mapping[str, Workflow]:
    """Every workflow below a folder, by name, with this installation's values; all or none.

    Raises BadDefinition with the complaints of all folders, DefinitionError when there is no folder at all.
    """
    folders = folders_of(workflows)
    known = frozenset(each.name for each in folders)
    loaded: dict[str, Workflow] = {}
    complaints: list[Complaint] = []
    for folder in folders:
        draft, wrong = _draft(folder, overlay_of(config, folder.name), known)
        complaints.extend(wrong)
        if draft is not None and not wrong:
            loaded[folder.name] = resolve(draft)
    if complaints:
        raise BadDefinition(complaints)
    return loaded


def overlay_of(config: Path, name: str) -> Path:
    """Where this installation's values for a workflow stand, if it has any."""
    return config / "workflows" / f"{name}.yaml"


def _draft(
    folder: Path, overlay: Path | None, known: frozenset[str] | None
) -> tuple[Draft | None, tuple[Complaint, ...]]:
    """A folder read, shaped and checked; without a draft when its shape does not allow to speak of its meaning."""
    source = read_source(folder / WORKFLOW_FILE)
    complaints: list[Complaint] = []
    model = _shape(WorkflowSource, source, complaints)
    notices = _notices(folder, complaints)
    own = None
    if overlay is not None and overlay.exists():
        overlaid = read_source(overlay)
        own = _shape(OverlaySource, overlaid, complaints)
        if own is not None and model is not None:
            complaints.extend(_overlay(model, own, overlaid))
    if complaints or model is None:
        return None, tuple(complaints)
    values = _values(model, own)
    reader = GuardReader(source=source, predicates=predicates(), values=values)
    draft = Draft(
        folder=folder.resolve().name,
        source=source,
        model=model,
        notices=notices,
        values=values,
        acts=read_acts(model, reader),
        predicates=reader.predicates,
        known=known,
        guards=reader,
    )
    return draft, meaning(draft)


def _shape(model: type[Model], source: Source, complaints: list[Complaint]) -> Model | None:
    """The model of a file; complaints about its shape are left out on lines that already have one."""
    complaints.extend(source.complaints)
    if not source.whole:
        return None
    shape, wrong = shaped(model, source)
    lines = {each.line for each in source.complaints}
    complaints.extend(each for each in wrong if each.line not in lines)
    return shape


def _notices(folder: Path, complaints: list[Complaint]) -> dict[str, NoticeDraft]:
    found: dict[str, NoticeDraft] = {}
    room = LARGEST_NOTICES
    for path in sorted((folder / "notices").glob("[!.]*")):
        if path.suffix != ".yaml":
            place = Source(file=str(path))
            complaints.append(place.complain((), "not_a_notice", "notices 里只放 .yaml 模板；请改名或移走"))
            continue
        source = read_source(path)
        room -= source.size
        if room < 0:
            message = f"全部模板合计最大{LARGEST_NOTICES}字节；请缩小或分开"
            complaints.append(source.complain((), "too_large", message))
            break
        model = _shape(NoticeSource, source, complaints)
        if model is not None:
            found[path.stem] = NoticeDraft(source=source, model=model)
    return found


def _overlay(model: WorkflowSource, own: OverlaySource, source: Source) -> Iterable[Complaint]:
    for name, raw in own.parameters.items():
        trail = ("parameters", name)
        if name in model.locked:
            yield source.complain(trail, "locked", f"「{name}」由法律锁定，不能改", key=True)
        elif name not in model.parameters:
            message = f"流程没有参数「{name}」{suggest(name, model.parameters)}"
            yield source.complain(trail, "unknown_parameter", message, key=True)
        else:
            why = out_of_bounds(quantity(raw), model.parameters[name])
            if why:
                yield source.complain(trail, "out_of_bounds", why)


def _values(model: WorkflowSource, own: OverlaySource | None) -> dict[str, Span | int]:
    values = {name: quantity(each.value) for name, each in model.parameters.items()}
    values |= {name: quantity(each.value) for name, each in model.locked.items()}
    if own is not None:
        values |= {name: quantity(raw) for name, raw in own.parameters.items()}
    return values
