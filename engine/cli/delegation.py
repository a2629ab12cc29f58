"""yingfan delegation: documents that lend a subdistrict the power to issue (赋权文件)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from engine.cli.installation import opened, operator
from engine.cli.options import AsJson, First, Last
from engine.cli.telling import answering, tell
from engine.cli.time import read_day
from engine.errors import InputError
from engine.services.staff import Lending

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("add", help="登记赋权文件：文号、日期、原文、街道、事项、起止日")
def add(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    document: Annotated[str, typer.Argument(metavar="文号", help="赋权文件的文号")],
    unit: Annotated[str, typer.Option("--unit", help="街道办事处的单位代码")],
    issued: Annotated[str, typer.Option("--issued", help="文件日期")],
    text: Annotated[Path, typer.Option("--text", help="文件原文（UTF-8 文本文件）")],
    act: Annotated[list[str], typer.Option("--act", help="赋权的事项，例如 order_correction，可写多次")],
    first: First,
    last: Last,
    approved_by: str = typer.Option("", "--approved-by", help="由谁批准登记（账号）"),
    as_json: AsJson = False,
) -> None:
    """Record a document that lends acts."""
    given = Lending(
        unit=unit,
        document=document,
        issued_on=read_day(issued, "--issued"),
        words=_words(text),
        acts=tuple(dict.fromkeys(act)),
        first=read_day(first, "--from"),
        last=read_day(last, "--to"),
    )
    with opened(ctx) as installation, answering(as_json=as_json):
        installation.staff.delegate(given, approved_by, os_user=operator())
    if as_json:
        tell(_told(given))
    else:
        print(f"已登记 {document}：{unit} {given.first}至{given.last}可办 {'、'.join(given.acts)}")


@app.command("list", help="列出赋权文件")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the documents that lend acts."""
    with opened(ctx) as installation:
        found = installation.staff.delegations()
    if as_json:
        tell([_told(each) for each in found])
        return
    for each in found:
        print(f"{each.document}（{each.issued_on}）  {each.unit}  {each.first}至{each.last}  {'、'.join(each.acts)}")
    print(f"共{len(found)}件")


def _words(path: Path) -> str:
    try:
        words = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{path} 无法读取；应为 UTF-8 文本，内容是文件原文") from None
    if not words:
        raise InputError(f"{path} 是空的；应写赋权文件的原文")
    return words


def _told(given: Lending) -> dict[str, object]:
    named = {"document": given.document, "unit": given.unit, "issued_on": given.issued_on, "text": given.words}
    return {**named, "acts": list(given.acts), "from": given.first, "to": given.last}
