"""yingfan calendar: holiday orders listed, checked and taken in; the reports of what a new one moves."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import typer

from engine.app import App, calendar_in_force
from engine.cli.configured import settings_of
from engine.cli.installation import opened, operator
from engine.cli.options import LARGEST, AsJson
from engine.cli.telling import answering
from engine.errors import InputError, InstallationError
from engine.paths import config_dir
from engine.services.recalculation import ReportRow
from engine.workdays import Calendar, load_calendar
from engine.workdays.orders import CalendarFile, check_order, read_file

app = typer.Typer(add_completion=False, no_args_is_help=True)
report_app = typer.Typer(add_completion=False, no_args_is_help=True, help="重算报告：列出、查看、确认")
app.add_typer(report_app, name="report")

APPLIES = {"itself": "自行变动", "person": "待人确认", "stays": "维持原日期", "fault": "未能推算，见日志"}
STATUS = {"done": "已变动", "open": "待确认", "moot": "其后已变，不再适用", "told": "", "fault": ""}
PROTECTS = {"citizen": "当事人期限", "authority": "机关期限", "internal": "内部期限"}


def _print(told: object) -> None:
    json.dump(told, sys.stdout, ensure_ascii=False)
    sys.stdout.write("\n")


def _read(file: Path) -> CalendarFile:
    """A file that is handed in: where it cannot be read, the caller is told, for the installation is not at fault."""
    try:
        return read_file(file)
    except InstallationError as error:
        raise InputError(str(error)) from None


def _in_force(ctx: typer.Context) -> Calendar:
    """The calendar of the installation, or the shipped one where there is none yet."""
    settings = settings_of(ctx)
    if settings.has_database:
        return calendar_in_force(settings)
    return load_calendar(config_dir() / "calendar")


@app.command("list", help="列出在用的各年放假安排：文号、日期、是否公布、第几版")
def list_(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the holiday orders in force by year, with number, date, status and revision."""
    orders = _in_force(ctx).orders
    if as_json:
        _print(
            [
                {
                    "year": y,
                    "order": o.order,
                    "dated": o.dated,
                    "status": o.status,
                    "revision": o.revision,
                    "days": len(o.rows),
                }
                for y, o in sorted(orders.items())
            ]
        )
        return
    for year, order in sorted(orders.items()):
        status = "已公布" if order.published else "暂定"
        print(f"{year}  {status}  第{order.revision}版  {order.order}  {order.dated}  {len(order.rows)}天")


@app.command("check", help="检查日历文件，有问题即以1结束；下一年的安排没有载入的只作提示")
def check(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """Check the calendar files; exit 1 for a problem. A missing order of next year is told, but is none."""
    orders = _in_force(ctx).orders
    problems = [problem for order in orders.values() for problem in check_order(order)]
    last = max(orders)
    notes = [f"{last + 1}年放假安排没有载入：{last}年最后十日和{last + 1}年的日期均为暂定"]
    if as_json:
        _print({"problems": problems, "notes": notes})
    else:
        for line in [*problems, *notes]:
            print(line)
    if problems:
        raise typer.Exit(1)


@app.command("apply", help="载入新的放假安排或校历，重算全部期限，列出变动的和待人确认的")
def apply(
    ctx: typer.Context,
    file: Path = typer.Argument(..., help="放假安排、校历或法定节日文件，写法同 config/calendar"),  # noqa: B008  typer's way
    as_json: AsJson = False,
) -> None:
    """Take in a calendar file, work out every running deadline again, and tell what moved and what waits."""
    if not file.is_file():
        raise InputError(f"没有文件 {file}；应为 holidays-2027.csv 这样的文件")
    with opened(ctx) as installation, answering(as_json=as_json):
        done = installation.calendars.apply(_read(file), operator())
        if as_json:
            told = {"report": done.report, "calendar": done.version, "repeated": done.repeated}
            counts = {"itself": done.itself, "person": done.person, "stays": done.stays, "faults": done.faults}
            _print({**told, **counts, "lines": _lines(installation, done.report)})
            return
    print(f"{'此前已载入' if done.repeated else '已载入'} {file.name}，日历版本 {done.version}")
    counted = f"自行变动{done.itself}项，待人确认{done.person}项，维持原日期{done.stays}项"
    print(f"第{done.report}号重算报告：{counted}")
    if done.faults:
        print(f"未能推算{done.faults}件个案，详见 yingfan calendar report show {done.report}")
    if done.person:
        print(f"确认：yingfan calendar report accept {done.report} --as 账号")


@report_app.command("list", help="列出重算报告，最新的在前，各有几项待确认")
def reports(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List the recalculation reports, newest first, with what still waits for a person."""
    with opened(ctx) as installation:
        rows = installation.calendars.reports()
    if as_json:
        _print([_row(each) for each in rows])
        return
    for each in rows:
        who = f"{each.report.accepted_by}已确认" if each.report.accepted_by else f"待确认{each.open}项"
        made = each.report.made_at.date()
        print(f"第{each.report.id}号  {made}  {each.report.name}  {each.lines}项  {who}")
    print(f"共{len(rows)}份")


def _row(each: ReportRow) -> dict[str, object]:
    found = each.report
    return {
        "report": found.id,
        "file": found.name,
        "calendar_before": found.before,
        "calendar_after": found.after,
        "made_at": found.made_at.isoformat(),
        "complete": each.complete,
        "lines": each.lines,
        "open": each.open,
        "accepted_by": found.accepted_by,
        "accepted_at": found.accepted_at.isoformat() if found.accepted_at else None,
    }


@report_app.command("show", help="逐项查看重算报告：个案、期限、原日期、新日期、如何适用")
def show(
    ctx: typer.Context,
    number: int = typer.Argument(..., min=1, max=LARGEST, help="报告号"),
    as_json: AsJson = False,
) -> None:
    """Show a report line by line: case, deadline, due before, due after, and how it applies."""
    with opened(ctx) as installation, answering(as_json=as_json):
        lines = _lines(installation, number)
    if as_json:
        _print({"report": number, "lines": lines})
        return
    for each in lines:
        days = f"{each['due_before']} → {each['due_after']}"
        kind = PROTECTS[str(each["protects"])]
        how = f"{APPLIES[str(each['applies'])]} {STATUS[str(each['status'])]}".rstrip()
        print(f"{each['case']}  {each['deadline_zh']}（{kind}）  {days}  {how}")


def _lines(installation: App, number: int) -> list[dict[str, object]]:
    words = {name: rule.zh for each in installation.workflows.values() for name, rule in each.deadlines.items()}
    return [
        {
            "case": each.case,
            "deadline": each.deadline,
            "deadline_zh": words.get(each.deadline, each.deadline),
            "protects": each.protects,
            "due_before": each.due_before.isoformat(),
            "due_after": each.due_after.isoformat(),
            "applies": each.applies,
            "status": each.status,
        }
        for each in installation.calendars.lines(number)
    ]


@report_app.command("accept", help="以本人名义确认重算报告：待确认的日期随之变动，各记一条；可以再次运行")
def accept(
    ctx: typer.Context,
    number: int = typer.Argument(..., min=1, max=LARGEST, help="报告号"),
    account: str = typer.Option(..., "--as", help="由谁确认（账号）"),
    as_json: AsJson = False,
) -> None:
    """Accept a report as a named person: every date that waited moves, each with an entry; may be run again."""
    with opened(ctx) as installation, answering(as_json=as_json):
        done = installation.calendars.accept(number, account, os_user=operator())
    if as_json:
        _print({"report": number, "moved": done.moved, "moot": done.moot, "left": done.left})
    else:
        print(f"第{number}号重算报告：变动{done.moved}项，其后已变{done.moot}项，未能办理{done.left}件个案")
    if done.left:
        raise typer.Exit(1)
