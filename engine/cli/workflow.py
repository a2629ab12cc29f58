"""yingfan workflow: check, list, show and draw the procedures; it opens no database."""

from __future__ import annotations

import gc
import json
from contextlib import suppress
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from engine.cli.options import AsJson
from engine.definitions.complaints import BadDefinition, Complaint
from engine.definitions.load import WORKFLOW_FILE, check_workflow, folders_of, load_workflow, overlay_of
from engine.definitions.workflow import Workflow
from engine.errors import InputError
from engine.paths import config_dir, workflows_dir

app = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

Named = Annotated[str, typer.Argument(metavar="NAME", help="流程名，即文件夹名")]


class Format(StrEnum):
    """What `draw` can write."""

    MERMAID = "mermaid"
    SVG = "svg"


@app.command(help="检查流程：一次列出全部错误，有一处即以1结束")
def check(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="流程文件夹；不写则查全部")] = None,
    as_json: AsJson = False,
    stories: Annotated[bool, typer.Option("--stories", help="连同故事文件一起查")] = False,
) -> None:
    """Check workflows: every complaint at once; exit 1 when there is any."""
    folders = _chosen(paths)
    complaints = [complaint for folder in folders for complaint in _checked(folder, stories=stories)]
    if as_json:
        print(json.dumps([asdict(each) for each in complaints], ensure_ascii=False))
    else:
        for each in complaints:
            print(each)
        if not complaints:
            print(f"查过{len(folders)}个流程，没有问题：{'、'.join(folder.resolve().name for folder in folders)}")
    gc.freeze()  # the process ends now, and looking through all it holds would take a tenth of its time
    if complaints:
        raise typer.Exit(1)


@app.command("list", help="列出流程及其版本")
def list_(as_json: AsJson = False) -> None:
    """List the workflows with their versions."""
    found = [_loaded(folder.name) for folder in folders_of(workflows_dir())]
    if as_json:
        rows = [{"name": each.name, "title": each.title, "subject": each.subject, "hash": each.hash} for each in found]
        print(json.dumps(rows, ensure_ascii=False))
        return
    for each in found:
        size = f"{len(each.states)}个状态、{len(each.transitions)}个动作、{len(each.deadlines)}个期限"
        print(f"{each.name}  {each.title}  {each.hash[:12]}  {size}")


@app.command(help="查看一个流程：状态、动作及其依据、期限，和版本的校验值")
def show(name: Named, as_json: AsJson = False) -> None:
    """Show one workflow: its definition, resolved, with its hash."""
    workflow = _loaded(name)
    if as_json:
        print(json.dumps({**json.loads(workflow.canonical), "hash": workflow.hash}, ensure_ascii=False))
        return
    print(f"{workflow.title}（{workflow.name}）\n版本 {workflow.hash}")
    for state in workflow.states.values():
        print(f"\n{state.zh}（{state.name}）")
        for transition in workflow.transitions.values():
            if state.name in transition.sources:
                law = "、".join(dict.fromkeys(key for keys in transition.law.values() for key in keys))
                print(f"  {transition.zh}（{transition.name}）  依据：{law}")
        for deadline in workflow.deadlines.values():
            if state.name in deadline.states:
                print(f"  ◷ {deadline.zh}（{deadline.name}）  {deadline.span.zh}")


@app.command(help="画出一个流程，连同期限和期限到了会做什么")
def draw(
    name: Named,
    format_: Annotated[Format, typer.Option("--format", help="mermaid 或 svg")] = Format.MERMAID,
) -> None:
    """Draw one workflow, with its deadlines and what they do."""
    from engine.definitions.draw import mermaid  # noqa: PLC0415  a check must not wait for pictures
    from engine.definitions.draw_svg import svg  # noqa: PLC0415

    print((mermaid if format_ is Format.MERMAID else svg)(_loaded(name)), end="")


@app.command(help="演一遍流程的故事：每个有日期的例子与所写的是否相符，有不符的即以1结束")
def play(
    paths: Annotated[list[Path] | None, typer.Argument(metavar="[PATH]...", help="流程文件夹；不写则演全部")] = None,
    as_json: AsJson = False,
) -> None:
    """Play the stories of workflows: does each dated example come out as it was written; exit 1 when one does not."""
    from engine.cli.plays import tell_plays  # noqa: PLC0415  a check must not wait for deciding

    folders = _chosen(paths)
    loaded = {folder.name: _loaded(folder.name) for folder in folders_of(workflows_dir())}
    for folder in folders:
        loaded[folder.resolve().name] = load_workflow(folder, overlay=_overlay(folder), known=_known(folder))
    if not tell_plays(folders, loaded, as_json=as_json):
        raise typer.Exit(1)


@app.command(help="给编辑器用的 JSON 模式：流程、文书、参数或故事文件的写法")
def schema(
    kind: Annotated[str, typer.Argument(help="workflow 流程、notice 文书、overlay 参数、story 故事")] = "workflow",
) -> None:
    """Print the JSON schema of one kind of file, for editors."""
    from engine.definitions.schema import MODELS, schema_of  # noqa: PLC0415

    if kind not in MODELS:
        raise InputError(f"没有「{kind}」这种文件；可用：{'、'.join(MODELS)}")
    print(json.dumps(schema_of(kind), ensure_ascii=False, indent=2))


def _chosen(paths: list[Path] | None) -> list[Path]:
    """The folders that several paths mean, each once; all of this installation without any."""
    found = [folder for path in paths for folder in _folders(path)] if paths else folders_of(workflows_dir())
    return list({folder.resolve(): folder for folder in found}.values())


def _folders(path: Path) -> tuple[Path, ...]:
    """The workflow folders that a path means: itself, the folder of a file, or all folders below it."""
    if not path.exists():
        raise InputError(f"没有 {path}；请写流程文件夹的路径")
    if path.is_file():
        return (path.parent.parent if path.parent.name in ("notices", "stories") else path.parent,)
    if (path / WORKFLOW_FILE).exists():
        return (path,)
    inner = tuple(each for each in folders_of(path) if (each / WORKFLOW_FILE).exists())
    return inner or (path,)


def _known(folder: Path) -> frozenset[str]:
    beside = folders_of(folder.resolve().parent)
    return frozenset(each.name for each in (*beside, *folders_of(workflows_dir())))


def _overlay(folder: Path) -> Path | None:
    """This installation's values, for its own workflows only."""
    own = folder.resolve().parent == workflows_dir().resolve()
    return overlay_of(config_dir(), folder.resolve().name) if own else None


def _checked(folder: Path, *, stories: bool) -> tuple[Complaint, ...]:
    complaints = check_workflow(folder, overlay=_overlay(folder), known=_known(folder))
    if not stories:
        return complaints
    from engine.definitions.check_stories import check_stories  # noqa: PLC0415  a check without them must be quick

    return (*complaints, *check_stories(folder, {} if complaints else _with_linked(folder)))


def _with_linked(folder: Path) -> dict[str, Workflow]:
    """The workflow of a folder that is right, and those that its links open, beside it or of this installation."""
    around = {each.name: each for each in (*folders_of(workflows_dir()), *folders_of(folder.resolve().parent))}
    own = load_workflow(folder, overlay=_overlay(folder), known=_known(folder))
    found = {own.name: own}
    for name in {link.workflow for link in own.links.values()} - {own.name}:
        with suppress(BadDefinition):  # its own check tells what is wrong with it
            found[name] = load_workflow(around[name], overlay=_overlay(around[name]), known=frozenset(around))
    return found


def _loaded(name: str) -> Workflow:
    folders = {folder.name: folder for folder in folders_of(workflows_dir())}
    if name not in folders:
        raise InputError(f"没有流程「{name}」；可用：{'、'.join(folders)}")
    return load_workflow(folders[name], overlay=overlay_of(config_dir(), name), known=frozenset(folders))
