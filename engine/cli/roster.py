"""yingfan roster: register and roster into the installation, with what differs and what is wrong in them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import typer

from engine.cli.finding import as_told
from engine.cli.installation import opened
from engine.cli.options import AsJson
from engine.cli.telling import answering, tell
from engine.cli.time import read_day
from engine.errors import InputError
from engine.services.importing import Imported, Manner, declared_all

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _room() -> None:
    """名单。"""


@app.command("import", help="导入名单：新增、变动、疑点和每一处错误")
def import_(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    file: Path = typer.Argument(..., help="名单文件，xlsx 或 csv"),  # noqa: B008  typer's way
    kind: str = typer.Option(..., "--kind", help="register 学籍册，roster 到校名册"),
    unit: str = typer.Option(..., "--unit", help="哪个单位的名单（单位代码）"),
    account: str = typer.Option(..., "--as", help="以谁的身份导入（账号）"),
    covers: list[str] = typer.Option([], "--covers", help="名册所含范围：学校，或 学校/班级；可写几次"),  # noqa: B008  typer's way
    columns: list[str] = typer.Option([], "--column", help="文件的列名不同时：姓名=学生名；可写几次"),  # noqa: B008  typer's way
    accept_missing: bool = typer.Option(False, "--accept-missing", help="名册上确实有这么多学生没有列入"),
    day: str = typer.Option("", "--day", help="名册日期；标题写有日期的不必写"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只核对，不导入"),
    as_json: AsJson = False,
) -> None:
    """Import a list: what is new or changed, what a person must settle, and every error with its row."""
    if not file.is_file():
        raise InputError(f"没有文件 {file}；请核对路径和文件名")
    manner = Manner(
        day=read_day(day, "--day") if day else None,
        covers=declared_all(covers),
        chosen=_chosen(columns),
        accept_missing=accept_missing,
        watch=_watching(),
    )
    with opened(ctx) as installation, answering(as_json=as_json):
        done = installation.roster.import_file(file, kind, account, unit=unit, manner=manner, dry_run=dry_run)
    if manner.watch:
        print("\r\x1b[K", end="", file=sys.stderr)
    if as_json:
        tell({**_told(done), "dry_run": dry_run})
        return
    said = "只核对，没有导入" if dry_run else "已导入"
    if kind == "roster":
        print(f"{said} {file.name}：{done.rows}行；新的疑点{done.new}条，已知道的或者其后已有个案的{done.unchanged}条")
    else:
        print(f"{said} {file.name}：{done.rows}行，新增{done.new}，变动{done.changed}，相同{done.unchanged}")
    print(f"有错{done.wrong}行，空白{done.blank}行；待核实的疑点{done.findings}条，其中拿不准是谁的{done.doubtful}条")
    if done.stopped:
        print(f"  {done.stopped}")
    for each in done.errors:
        print(f"  {each.sheet} 第{each.row}行 {each.column}：{each.message}；{each.fix}")


def _chosen(columns: list[str]) -> dict[str, str]:
    chosen = dict(text.partition("=")[::2] for text in columns)
    if not all(chosen) or not all(chosen.values()):
        raise InputError("--column 写成「我们的列名=文件的列名」，如 姓名=学生名")
    return chosen


def _watching() -> Callable[[int], object] | None:
    """A line that tells how far the reading is, where somebody looks on."""
    if not sys.stderr.isatty():
        return None
    return lambda rows: print(f"\r已读 {rows} 行", end="", file=sys.stderr, flush=True)


def _told(done: Imported) -> dict[str, object]:
    return {
        "rows": done.rows,
        "new": done.new,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "doubtful": done.doubtful,
        "wrong": done.wrong,
        "blank": done.blank,
        "stopped": done.stopped,
        "findings": [as_told(each) for each in done.found],
        "errors": [
            {
                "sheet": each.sheet,
                "row": each.row,
                "column": each.column,
                "code": each.code,
                "message": each.message,
                "fix": each.fix,
            }
            for each in done.errors
        ],
    }
