"""yingfan unit: the tree of units with dated kinds."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import typer

from engine.access import UNIT_KINDS
from engine.cli.installation import opened, operator
from engine.cli.options import AsJson
from engine.cli.telling import answering, tell
from engine.services.units import UnitTime

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("import", help="导入单位表（CSV 或 XLSX）：代码、名称、类别、上级、起止日；有错即一行也不导入")
def import_(
    ctx: typer.Context,
    file: Path = typer.Argument(..., help="单位表，第一行写列名 code name kind parent from to"),  # noqa: B008  typer's way
    dry_run: bool = typer.Option(False, "--dry-run", help="只核对，不导入"),
    as_json: AsJson = False,
) -> None:
    """Take in a tree of units, whole or not at all; exit 1 with every error by its row."""
    with opened(ctx) as installation, answering(as_json=as_json):
        done = installation.units.import_file(file, os_user=operator(), dry_run=dry_run)
    if as_json:
        told = {"rows": done.rows, "new": done.new, "changed": done.changed, "unchanged": done.unchanged}
        tell({**told, "dry_run": dry_run, "errors": [each._asdict() for each in done.errors]})
    else:
        for each in done.errors:
            print(f"第{each.row}行 {each.column}：{each.message}")
        said = "有错，没有导入" if done.errors else "只核对，没有导入" if dry_run else "已导入"
        print(f"{said} {file.name}：{done.rows}行，新增{done.new}，变动{done.changed}，相同{done.unchanged}")
    if done.errors:
        raise typer.Exit(1)


@app.command("list", help="列出单位及其各段时间的名称、类别、上级")
def list_(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List every unit in each of its times."""
    with opened(ctx) as installation:
        found = installation.units.listed()
    if as_json:
        tell([_told(each) for each in found])
        return
    for each in found:
        kind = UNIT_KINDS.get(each.kind, each.kind)
        print(f"{each.code}  {each.name}  {kind}  上级{each.parent or '—'}  {each.first}至{_end(each.last) or '今后'}")
    print(f"共{len(found)}行")


def _end(last: date) -> date | None:
    return None if last == date.max else last


def _told(unit: UnitTime) -> dict[str, object]:
    named = {"code": unit.code, "name": unit.name, "kind": unit.kind, "parent": unit.parent}
    return {**named, "from": unit.first, "to": _end(unit.last)}
