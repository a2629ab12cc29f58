"""yingfan proposal: what waits for approval, and what an approver reads; approving itself is done in the pages."""

from __future__ import annotations

import typer

from engine.cli.installation import opened
from engine.cli.naming import parts_of
from engine.cli.options import AsJson
from engine.cli.telling import answering, tell
from engine.services.model import ProposalPage
from engine.services.refusals import reason_told

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.command("list", help="列出待审批的报批")
def list_(
    ctx: typer.Context,
    account: str = typer.Option(..., "--as", help="以谁的身份查看（账号）"),
    as_json: AsJson = False,
) -> None:
    """List the open proposals of the cases that this person may see."""
    with opened(ctx) as installation, answering(as_json=as_json):
        found = installation.cases.proposals(account)
    if as_json:
        tell(found)
        return
    for each in found:
        mine = "  可由你审批" if each["mine"] else ""
        print(f"{each['proposal']}  {each['zh']}  {each['made_on']} 报批{mine}")
    print(f"共{len(found)}件")


@app.command("show", help="查看一件报批：事实、依据、草稿；查看会记录")
def show(
    ctx: typer.Context,
    proposal: str = typer.Argument(..., help="报批编号：个案编号/P12"),
    account: str = typer.Option(..., "--as", help="以谁的身份查看（账号）"),
    as_json: AsJson = False,
) -> None:
    """Show what an approver reads: facts, law, drafts, what happens on yes and on no; the reading is recorded."""
    number, id_ = parts_of(proposal, "报批", "P12")
    with opened(ctx) as installation, answering(as_json=as_json):
        page = installation.cases.proposal(number, id_, account)
        drafts = [installation.notices.record(number, each.id, account) for each in page.drafts]
    if as_json:
        tell({**_told(page), "drafts": drafts})
        return
    row = page.row
    print(f"{row.case}/{row.id}  {row.zh}  {row.subject}  {row.proposed_by} {row.made_on} 报批，等待{row.waits_for}")
    for label, value in page.facts:
        print(f"  {label}：{value}")
    for title, quote in page.law:
        print(f"  依据 {title}：{quote}")
    for line in page.approvals:
        print(f"  {line}")
    for reason in page.reasons:
        print(f"  不能审批：{reason.message}")
    print(f"  同意：{page.on_yes}\n  退回：{page.on_no}")
    for each in drafts:
        print(f"\n{each['title']}（草稿 {each['document']}）\n{each['text']}")


def _told(page: ProposalPage) -> dict[str, object]:
    row = page.row
    return {
        "proposal": f"{row.case}/{row.id}",
        "case": row.case,
        "version": page.version,
        "trigger": row.trigger,
        "zh": row.zh,
        "subject": row.subject,
        "proposed_by": row.proposed_by,
        "made_on": row.made_on,
        "waits_for": row.waits_for,
        "mine": row.mine,
        "facts": [{"label": label, "value": value} for label, value in page.facts],
        "law": [{"title": title, "quote": quote} for title, quote in page.law],
        "approvals": page.approvals,
        "reasons": [reason_told(each) for each in page.reasons],
        "on_yes": page.on_yes,
        "on_no": page.on_no,
    }
