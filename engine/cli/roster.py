"""yingfan roster: register and roster into the installation, with what differs and what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import typer

from engine.cli.finding import as_told
from engine.cli.installation import opened
from engine.cli.telling import answering, tell
from engine.cli.time import read_day
from engine.errors import InputError
from engine.services.roster import Imported

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _room() -> None:
    """名单。"""


@app.command("import", help="导入名单：新增、变动、疑点和每一处错误")
def import_(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    file: Path = typer.Argument(..., help="名单文件，xlsx"),  # noqa: B008  typer's way
    kind: str = typer.Option(..., "--kind", help="register 学籍册，roster 到校名册"),
    unit: str = typer.Option(..., "--unit", help="哪个单位的名单（单位代码）"),
    account: str = typer.Option(..., "--as", help="以谁的身份导入（账号）"),
    covers: list[str] = typer.Option([], "--covers", help="名册所含范围；现在以表头的学校和班级为准"),  # noqa: B008  typer's way
    day: str = typer.Option("", "--day", help="名册日期；标题写有日期的不必写"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只核对，不导入"),
    as_json: bool = typer.Option(False, "--json", help="只输出一个 JSON 文档"),
) -> None:
    """Import a list: what is new or changed, what a person must settle, and every error with its row."""
    if covers:
        raise InputError("--covers 现在还不能用：名册的范围以每张表标题里的学校和班级为准")
    when = read_day(day, "--day") if day else None
    with opened(ctx) as installation, answering(as_json=as_json):
        done = installation.roster.import_file(file, kind, account, unit=unit, day=when, dry_run=dry_run)
    if as_json:
        tell({**_told(done), "dry_run": dry_run})
        return
    said = "只核对，没有导入" if dry_run else "已导入"
    print(f"{said} {file.name}：{done.rows}行，新增{done.new}，变动{done.changed}，相同{done.unchanged}")
    print(f"对不上号{done.doubtful}，有错{done.wrong}行，空白{done.blank}，疑点{done.findings}条")
    for each in done.errors:
        print(f"  {each.sheet} 第{each.row}行 {each.column}：{each.message}；{each.fix}")


def _told(done: Imported) -> dict[str, object]:
    return {
        "rows": done.rows,
        "new": done.new,
        "changed": done.changed,
        "unchanged": done.unchanged,
        "doubtful": done.doubtful,
        "wrong": done.wrong,
        "blank": done.blank,
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
