"""yingfan outbox: messages that have not left, and those that a person must let go."""

from __future__ import annotations

import json
import sys

import typer

from engine.access import ROLES
from engine.cli.installation import opened
from engine.cli.options import LARGEST, AsJson
from engine.cli.telling import answering
from engine.errors import InputError
from engine.services.words import instant_zh

app = typer.Typer(add_completion=False, no_args_is_help=True)
WHY = {"late": "迟于规定时间，待人放行", "many": "一次过多，待人放行", "": ""}


@app.command("list", help="列出还没有发出的消息：何时发出、试过几次、为何暂缓")
def list_(
    ctx: typer.Context,
    held: bool = typer.Option(False, "--held", help="只列出暂缓、待人放行的"),
    as_json: AsJson = False,
) -> None:
    """List the messages that have not left: when they should, how often they failed, why they wait."""
    with opened(ctx) as installation:
        rows = installation.outbox.waiting(held=held)
        stopped = installation.archive.held
    if as_json:
        told = [
            {
                "id": each.id,
                "case": each.case,
                "kind": each.kind,
                "to": each.to,
                "due_at": each.due_at.isoformat(),
                "try_at": each.try_at.isoformat(),
                "tries": each.tries,
                "fault": each.fault,
                "held": each.held,
                "released_by": each.released_by,
            }
            for each in rows
        ]
        json.dump({"database_held": stopped, "messages": told}, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    if stopped:
        print("数据库处于暂停状态（恢复后待人确认），任何消息都不发出")
    for each in rows:
        state = WHY[each.held] or (f"已试{each.tries}次：{each.fault}" if each.tries else "")
        print(f"{each.id}  {each.case}  {ROLES.get(each.to, each.to)}  {instant_zh(each.due_at)}  {state}".rstrip())
    print(f"共{len(rows)}条")


@app.command("release", help="以教体局人员名义放行暂缓的消息，下一次扫描时发出")
def release(
    ctx: typer.Context,
    ids: list[int] = typer.Argument(None, min=1, max=LARGEST, help="消息编号；不写则要加 --all"),  # noqa: B008  typer's way
    everything: bool = typer.Option(False, "--all", help="放行全部暂缓的消息"),
    account: str = typer.Option(..., "--as", help="由谁放行（账号）"),
    as_json: AsJson = False,
) -> None:
    """Let held messages go, as a named person of the bureau; they leave with the next sweep."""
    if bool(ids) == everything:
        raise InputError("应写明消息编号，或用 --all 放行全部，二者取一")
    with opened(ctx) as installation, answering(as_json=as_json):
        count = installation.outbox.release(account, None if everything else ids)
    print(json.dumps({"released": count}) if as_json else f"已放行{count}条消息，下次扫描时发出")
