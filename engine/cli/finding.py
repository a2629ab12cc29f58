"""yingfan finding: differences between the lists, and a person's confirmation that opens the cases."""

from __future__ import annotations

import typer

from engine.cli.installation import opened, operator
from engine.cli.options import LARGEST, AsJson
from engine.cli.telling import answering, tell
from engine.services.model import FindingRow
from engine.services.words import SETTLED_ZH

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("list", help="列出本单位的疑点，姓名隐去")
def list_(
    ctx: typer.Context,
    account: str = typer.Option(..., "--as", help="以谁的身份查看（账号）"),
    as_json: AsJson = False,
) -> None:
    """List the findings of this person's units, names masked."""
    with opened(ctx) as installation, answering(as_json=as_json):
        found = installation.roster.findings(account)
    if as_json:
        tell([as_told(each) for each in found])
        return
    for each in found:
        case = f"  {each.case}" if each.case else ""
        whom = f"{each.name}  {each.school}{each.class_name}"
        print(f"{each.id}  {each.found_on}  {each.kind_zh}  {whom}  {SETTLED_ZH[each.status]}{case}")
    print(f"共{len(found)}条")


@app.command("confirm", help="确认疑点并立案；再次确认得到同一个案")
def confirm(
    ctx: typer.Context,
    findings: list[int] = typer.Argument(..., min=1, max=LARGEST, metavar="F...", help="疑点编号"),  # noqa: B008  typer's way
    account: str = typer.Option(..., "--as", help="以谁的身份确认（账号）"),
    request_id: str = typer.Option("", "--request-id", help="请求编号"),
    as_json: AsJson = False,
) -> None:
    """Confirm findings: a case is opened for each; confirming again gives the same case."""
    with opened(ctx) as installation, answering(as_json=as_json):
        numbers = installation.roster.confirm(findings, account, request_id, os_user=operator())
    if as_json:
        pairs = [{"finding": id_, "case": number} for id_, number in zip(findings, numbers, strict=True)]
        tell({"cases": numbers, "confirmed": pairs})
        return
    for id_, number in zip(findings, numbers, strict=True):
        print(f"疑点{id_}：个案 {number}" if number else f"疑点{id_}：学籍册已按名单改正")


def as_told(row: FindingRow) -> dict[str, object]:
    """A finding as one JSON object."""
    return {
        "finding": row.id,
        "kind": row.kind,
        "kind_zh": row.kind_zh,
        "name": row.name,
        "school": row.school,
        "class": row.class_name,
        "detail": row.detail,
        "found_on": row.found_on,
        "status": row.status,
        "case": row.case,
    }
