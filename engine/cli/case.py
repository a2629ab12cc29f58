"""yingfan case: open, act, show, list; the same acts as the pages, recorded with the account of the machine."""

from __future__ import annotations

from datetime import date

import typer

from engine.app import App
from engine.cli.filling import fields_of, subject_of
from engine.cli.installation import opened, operator
from engine.cli.listing import tell_each
from engine.cli.options import AsJson
from engine.cli.telling import answering, day_zh, tell
from engine.cli.time import read_day
from engine.services.model import ActRequest, Advanced, CasePage, DeadlineRow, OpenRequest, Preview
from engine.services.records import CaseRecord, Wanted
from engine.services.refusals import refused

app = typer.Typer(add_completion=False, no_args_is_help=True)

NO_FILES = "这张表没有文件栏"


@app.command("open", help="立案：就一名学生开立个案")
def open_(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    workflow: str = typer.Argument(..., help="流程名，例如 dropout-case"),
    subject: str = typer.Option(..., "--subject", help="pupil:内部编号；证件号、学籍号只能写在文件里：@文件名"),
    account: str = typer.Option(..., "--as", help="以谁的身份办理（账号）"),
    fields: str = typer.Option("", "--fields", help="立案时要写的内容，JSON 文件：@文件名"),
    request_id: str = typer.Option("", "--request-id", help="请求编号；同一编号再来一次，只给出第一次的结果"),
    as_json: AsJson = False,
) -> None:
    """Open a case about one subject."""
    kind, reference, number = subject_of(subject)
    request = OpenRequest(
        workflow=workflow,
        subject=kind,
        reference=reference,
        number=number,
        account=account,
        fields=fields_of((), fields),
        request_id=request_id,
        os_user=operator(),
    )
    with opened(ctx) as installation, answering(as_json=as_json):
        done = installation.cases.open(request)
        _show(installation, done.case, account, as_json=as_json)


@app.command("act", help="办理：在个案上办一件事，与网页上的表相同")
def act(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    case: str = typer.Argument(..., help="个案编号"),
    trigger: str = typer.Argument(..., help="动作，例如 record_visit、case.correct、document.serve"),
    account: str = typer.Option(..., "--as", help="以谁的身份办理（账号）"),
    field: list[str] = typer.Option([], "--field", help="一项内容 名称=内容，可写多次；一行写 danger.harm=absent"),  # noqa: B008  typer's way
    fields: str = typer.Option("", "--fields", help="全部内容，JSON 文件：@文件名"),
    file: list[str] = typer.Option([], "--file", help="文件栏 名称=路径"),  # noqa: B008  typer's way
    on: str = typer.Option("", "--on", help="发生日期，例如 2026-09-30；不写为今天"),
    request_id: str = typer.Option("", "--request-id", help="请求编号；同一编号再来一次，只给出第一次的结果"),
    version: int = typer.Option(None, "--version", help="所依据的个案版本；个案已有变动时不予登记"),
    dry_run: bool = typer.Option(False, "--dry-run", help="只看登记后期限怎么变，不登记"),
    as_json: AsJson = False,
) -> None:
    """Do one act on a case, as its form in the pages does."""
    request = ActRequest(
        case=case,
        trigger=trigger,
        account=account,
        fields=fields_of(field, fields),
        request_id=request_id,
        version=version,
        happened_on=read_day(on, "--on") if on else None,
        os_user=operator(),
    )
    with opened(ctx) as installation, answering(as_json=as_json):
        if file:
            raise refused("field", file[0].partition("=")[0], NO_FILES)
        if dry_run:
            _tell_preview(installation, installation.cases.preview(request), account, as_json=as_json)
            return
        tell_act(installation, installation.cases.advance(request), account, as_json=as_json)


@app.command("show", help="查看一件个案：期限、系统将做、可以办理、历史；查看会记录")
def show(
    ctx: typer.Context,
    case: str = typer.Argument(..., help="个案编号"),
    account: str = typer.Option(..., "--as", help="以谁的身份查看（账号）"),
    reveal: bool = typer.Option(False, "--reveal", help="显示完整姓名；这次查看会单独记录"),
    as_json: AsJson = False,
) -> None:
    """Show one case with its deadlines, what comes, what is possible and its history; the reading is recorded."""
    with opened(ctx) as installation, answering(as_json=as_json):
        _show(installation, case, account, as_json=as_json, reveal=reveal)


@app.command("list", help="列出看得到的个案，按到期先后；不含封存的内容")
def list_(
    ctx: typer.Context,
    account: str = typer.Option(..., "--as", help="以谁的身份查看（账号）"),
    state: str = typer.Option("", "--state", help="只列这个状态，例如 visited"),
    unit: str = typer.Option("", "--unit", help="只列与这个单位有关的个案（单位代码）"),
    overdue: bool = typer.Option(False, "--overdue", help="只列有逾期期限的个案"),
    as_json: AsJson = False,
) -> None:
    """List the cases that this person may see, by due date; nothing that is sealed is told."""
    wanted = Wanted(state=state, unit=unit, overdue=overdue, briefly=not as_json)
    with opened(ctx) as installation, answering(as_json=as_json):
        found = installation.cases.records(account, wanted)
        if as_json:
            tell_each(each.as_json() for each in found)
            return
        count = 0
        for each in found:
            print(_line(each))
            count += 1
    print(f"共{count}件")


def tell_act(installation: App, done: Advanced, account: str, *, as_json: bool) -> None:
    """Print the answer to an accepted act, with the deadlines as they stand after it."""
    if as_json:
        tell(
            {
                "case": done.case,
                "state": done.state,
                "version": done.version,
                "seq": done.seq,
                "repeated": done.repeated,
                "documents": done.documents,
                "deadlines": installation.cases.deadlines(done.case, account),
            }
        )
        return
    said = "此前已登记" if done.repeated else "已登记"
    zh = installation.cases.state_zh(done.case, account, state=done.state)
    print(f"{said}：{done.case} 第{done.seq}条，个案为第{done.version}版 {zh}（{done.state}）")
    for document in done.documents:
        print(f"  文书 {document}")
    for each in installation.cases.deadlines(done.case, account):
        if each["status"] == "running":
            print(f"  期限 {each['zh']} {day_zh(_day(each['due_on']), provisional=bool(each['provisional']))}")


def _show(installation: App, case: str, account: str, *, as_json: bool, reveal: bool = False) -> None:
    if as_json:
        tell(installation.cases.record(case, account, reveal=reveal).as_json())
    else:
        _print(installation.cases.show(case, account, reveal=reveal))


def _print(page: CasePage) -> None:
    print(f"{page.number}  {page.workflow_zh}  {page.subject}")
    print(f"{page.ladder}  第{page.version}版  {page.unit}  {page.owner}")
    if page.closed_as:
        print(f"结案方式：{page.closed_as}")
    for heading, lines in (
        ("期限", [_deadline(each) for each in page.deadlines]),
        ("系统将做", page.will_happen),
        ("报批", [f"{page.number}/{each.id}  {each.zh}  等待{each.waits_for}" for each in page.proposals]),
        ("文书", [f"{each.case}/{each.id}  {each.title}  {each.number}  {each.status_zh}" for each in page.documents]),
        ("关联个案", ["  ".join(each) for each in page.links]),
        ("可以办理", [_act(each.trigger, each.zh, each.missing) for each in page.acts]),
        ("历史", [f"{row.seq:>3} {row.happened_on} {row.who} {row.zh} {row.change}".rstrip() for row in page.history]),
    ):
        if lines:
            print(f"\n{heading}")
            for line in lines:
                print(f"  {line}")
    print(f"\n{page.chain_message}")


def _act(trigger: str, zh: str, missing: tuple[str, ...]) -> str:
    return f"{zh}（{trigger}）" + (f"  还差：{'；'.join(missing)}" if missing else "")


def _deadline(row: DeadlineRow) -> str:
    mark = "  已逾期" if row.overdue else ""
    return f"{row.zh}  {row.waits_for or day_zh(row.due_on, provisional=row.provisional)}{mark}"


def _line(each: CaseRecord) -> str:
    days = [told for told in each.deadlines if told["status"] == "running" and told["due_on"]]
    first = min(days, key=lambda told: str(told["due_on"]), default=None)
    due = day_zh(_day(first["due_on"]), provisional=bool(first["provisional"])) if first else "—"
    mark = "  已逾期" if each.overdue else ""
    return f"{each.number}  {each.state_zh}（{each.state}）  {each.subject_name}  {each.unit}  {due}{mark}"


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def _tell_preview(installation: App, preview: Preview, account: str, *, as_json: bool) -> None:
    before = {row.name: row for row in preview.before}
    after = {row.name: row for row in preview.after}
    changes = [
        {
            "name": name,
            "zh": (after.get(name) or before[name]).zh,
            "before": before[name].due_on if name in before else None,
            "after": after[name].due_on if name in after else None,
            "provisional": name in after and after[name].provisional,
            "told_stays": name in preview.kept,
        }
        for name in dict.fromkeys([*before, *after])
    ]
    if as_json:
        told = {"case": preview.case, "state": preview.state, "version": preview.version, "dry_run": True}
        tell({**told, "deadlines": changes})
        return
    zh = installation.cases.state_zh(preview.case, account, state=preview.state)
    print(f"没有登记。登记后 {preview.case} 为 {zh}（{preview.state}），第{preview.version}版")
    for each in changes:
        stays = "  已告知当事人的日期不提前" if each["told_stays"] else ""
        same = each["before"] == each["after"]
        days = f"{each['after'] or '—'}" if same else f"{each['before'] or '—'} → {each['after'] or '—'}"
        print(f"  {each['zh']}  {days}{stays}")
