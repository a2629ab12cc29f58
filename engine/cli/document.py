"""yingfan document: a document's text and PDF, and its service on an addressee."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from engine.cli.case import tell_act
from engine.cli.filling import fields_of
from engine.cli.installation import opened, operator
from engine.cli.naming import parts_of
from engine.cli.options import AsJson
from engine.cli.telling import answering, tell
from engine.cli.time import read_day
from engine.errors import InputError
from engine.services.model import ActRequest

app = typer.Typer(add_completion=False, no_args_is_help=True)

EXAMPLE = "15-1"


@app.command("show", help="查看一份文书的正文和送达情况；查看会记录")
def show(
    ctx: typer.Context,
    document: str = typer.Argument(..., help="文书编号：个案编号/15-1"),
    account: str = typer.Option(..., "--as", help="以谁的身份查看（账号）"),
    pdf: str = typer.Option("", "--pdf", help="另存 PDF 到这个文件"),
    as_json: AsJson = False,
) -> None:
    """Show one document with its text and how far it is served; the reading is recorded."""
    number, id_ = parts_of(document, "文书", EXAMPLE)
    with opened(ctx) as installation, answering(as_json=as_json):
        told = dict(installation.notices.record(number, id_, account))
        if pdf:
            told["pdf"] = _saved(Path(pdf), installation.notices.pdf(number, id_, account))
    if as_json:
        tell(told)
        return
    line = "  ".join(str(told[name] or "") for name in ("document", "title", "number", "status_zh", "issued_on"))
    print(line.rstrip())
    for each in _each(told["addressees"]):
        key = f"（{each['to']}）" if each["zh"] != each["to"] else ""
        print(f"  {each['zh']}{key}：{each['service_zh']}")
    print(f"\n{told['text']}", end="")


@app.command("serve", help="登记送达，连同证据")
def serve(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    document: str = typer.Argument(..., help="文书编号：个案编号/15-1"),
    to: str = typer.Option(..., "--to", help="受送达人，例如 father、QH-J1"),
    method: str = typer.Option(..., "--method", help="送达方式，例如 direct、mail、lien"),
    on: str = typer.Option(..., "--on", help="送达日期，例如 2026-09-30"),
    account: str = typer.Option(..., "--as", help="以谁的身份办理（账号）"),
    field: list[str] = typer.Option([], "--field", help="送达证据等 名称=内容，可写多次"),  # noqa: B008  typer's way
    request_id: str = typer.Option("", "--request-id", help="请求编号；同一编号再来一次，只给出第一次的结果"),
    version: int = typer.Option(None, "--version", help="所依据的个案版本；个案已有变动时不予登记"),
    as_json: AsJson = False,
) -> None:
    """Record the service of a document on one addressee, with its proof."""
    number, id_ = parts_of(document, "文书", EXAMPLE)
    request = ActRequest(
        case=number,
        trigger="document.serve",
        account=account,
        fields={**fields_of(field, ""), "document": id_, "to": to, "method": method},
        request_id=request_id,
        version=version,
        happened_on=read_day(on, "--on"),
        os_user=operator(),
    )
    with opened(ctx) as installation, answering(as_json=as_json):
        tell_act(installation, installation.cases.advance(request), account, as_json=as_json)


def _saved(path: Path, data: bytes) -> str:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"文件 {path} 无法写入：{error.strerror}；请换一个文件名或文件夹") from None
    return str(path)


def _each(told: object) -> list[Mapping[str, object]]:
    return told if isinstance(told, list) else []
