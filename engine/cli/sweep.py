"""yingfan sweep: one pass of everything that is due; the cases of which a timer failed."""

from __future__ import annotations

import json
import sys

import typer

from engine.app import App
from engine.cli.installation import opened
from engine.cli.options import AsJson
from engine.cli.telling import answering
from engine.errors import InputError
from engine.services.words import instant_zh


def sweep(
    ctx: typer.Context,
    stuck: bool = typer.Option(False, "--stuck", help="不扫描，只列出定时受阻的个案"),
    retry: str = typer.Option("", "--retry", help="让一件受阻的个案重新参加扫描"),
    clock_corrected: bool = typer.Option(False, "--clock-corrected", help="确认时钟已校准：忘记记录在将来的上次扫描"),
    as_json: AsJson = False,
) -> None:
    """Do everything that is due once: timers, calendars, messages."""
    if sum((stuck, bool(retry), clock_corrected)) > 1:
        raise InputError("--stuck、--retry、--clock-corrected 一次只用一个")
    with opened(ctx) as app, answering(as_json=as_json):
        if stuck:
            _stuck(app, as_json=as_json)
            return
        if retry:
            app.timers.retry(retry)
        if clock_corrected:
            app.timers.clock_corrected()
        app.calendars.go_on()
        swept = app.timers.sweep()
    if as_json:
        told = {"timers": swept.timers, "opened": swept.opened, "delivered": swept.delivered, "failed": swept.failed}
        print(json.dumps(told))
    else:
        done = f"定时{swept.timers}项，新开{swept.opened}件，送出消息{swept.delivered}条，未成{swept.failed}项"
        print(f"{done}{'；受阻的个案见 yingfan sweep --stuck' if swept.failed else ''}")


def _stuck(app: App, *, as_json: bool) -> None:
    rows = app.timers.stuck()
    if as_json:
        told = [
            {
                "case": each.case,
                "tries": each.tries,
                "since": each.since.isoformat(),
                "retry_at": each.retry_at.isoformat(),
                "fault": each.fault,
                "quarantined": each.quarantined,
            }
            for each in rows
        ]
        json.dump(told, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    for each in rows:
        then = "已停止重试，须人处理" if each.quarantined else f"{instant_zh(each.retry_at)}再试"
        print(f"{each.case}  已试{each.tries}次  {then}  {each.fault}")
    print(f"共{len(rows)}件")
