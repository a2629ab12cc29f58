"""yingfan user: people, their dated and approved roles, leave, the end of service, passwords."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from engine.access import ROLES
from engine.cli.installation import opened, operator
from engine.cli.options import Account, Acting, ApprovedBy, AsJson, First, Last, RoleName, Unit
from engine.cli.telling import answering, tell
from engine.cli.time import read_day
from engine.definitions.facts import HeldRole
from engine.errors import InputError
from engine.services.staff import Appointment, Given, Leave

app = typer.Typer(add_completion=False, no_args_is_help=True)
role = typer.Typer(add_completion=False, no_args_is_help=True)
app.add_typer(role, name="role", help="职务：给予、终止")


@app.command("add", help="新增人员及其职务；空系统的第一人是系统管理员，不写 --approved-by，由本机账号担保并记录")
def add(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    account: Account,
    role_: RoleName,
    unit: Unit,
    first: First,
    last: Last,
    name: str = typer.Option("", "--name", help="姓名；不写则同账号"),
    approved_by: ApprovedBy = "",
    acting: Acting = "",
    as_json: AsJson = False,
) -> None:
    """Add somebody with a role; an account that is known is refused."""
    held = _held(role_, unit, first, last, acting=acting)
    given = Appointment(account=account, name=name, held=held, approved_by=approved_by, fresh=True)
    _appoint(ctx, given, as_json=as_json)


@role.command("add", help="给已有人员再加一个职务")
def add_role(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    account: Account,
    role_: RoleName,
    unit: Unit,
    first: First,
    last: Last,
    approved_by: ApprovedBy = "",
    acting: Acting = "",
    as_json: AsJson = False,
) -> None:
    """Give somebody who is known one more role."""
    held = _held(role_, unit, first, last, acting=acting)
    given = Appointment(account=account, held=held, approved_by=approved_by, fresh=False)
    _appoint(ctx, given, as_json=as_json)


@role.command("end", help="终止一个职务（代行的职务也用它提前终止）")
def end_role(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    account: Account,
    role_: RoleName,
    unit: Unit,
    on: Annotated[str, typer.Option("--on", help="自这一天起不再担任")],
    approved_by: ApprovedBy = "",
    as_json: AsJson = False,
) -> None:
    """End one role from a day on."""
    day = read_day(on, "--on")
    with opened(ctx) as installation, answering(as_json=as_json):
        ended = installation.staff.end(account, day, approved_by, os_user=operator(), only=(role_, unit))
    _tell_ended(account, day, ended, as_json=as_json)


@app.command("end", help="人员离任：自这一天起终止全部职务，会话立即失效，未办事项归本单位")
def end(
    ctx: typer.Context,
    account: Account,
    on: Annotated[str, typer.Option("--on", help="自这一天起不再任职")],
    approved_by: ApprovedBy = "",
    as_json: AsJson = False,
) -> None:
    """End somebody's service from a day on."""
    day = read_day(on, "--on")
    with opened(ctx) as installation, answering(as_json=as_json):
        ended = installation.staff.end(account, day, approved_by, os_user=operator())
    _tell_ended(account, day, ended, as_json=as_json)


@app.command("leave", help="休假：这些日子由同单位的另一人代行其职务，本人回岗后自动恢复")
def leave(  # noqa: PLR0913, PLR0917  the options of a command
    ctx: typer.Context,
    account: Annotated[str, typer.Argument(metavar="NAME", help="休假人的账号")],
    cover: Annotated[str, typer.Option("--cover", help="代行人的账号")],
    first: First,
    last: Last,
    role_: str = typer.Option("", "--role", help="代行哪个职务；只有一个时不必写"),
    approved_by: ApprovedBy = "",
    as_json: AsJson = False,
) -> None:
    """Let another decide in somebody's role for some days."""
    asked = Leave(
        account=account, cover=cover, first=read_day(first, "--from"), last=read_day(last, "--to"), role=role_
    )
    with opened(ctx) as installation, answering(as_json=as_json):
        lent = installation.staff.leave(asked, approved_by, os_user=operator())
    if as_json:
        tell({"account": cover, **_role_told(lent)})
    else:
        print(f"{lent.first}至{lent.last}由{cover}代行{account}的{ROLES[lent.role]}职务（{lent.unit}）")


@app.command("list", help="列出人员和职务：单位、起止日、批准人")
def list_(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List every role as it was given."""
    with opened(ctx) as installation:
        found = installation.staff.roles()
    if as_json:
        tell([_given_told(each) for each in found])
        return
    for each in found:
        held = each.held
        how = f"  代行{held.covers}" if held.covers else f"  代理（{held.basis}）" if held.basis else ""
        days = f"{held.first}至{held.last}" if held.first <= held.last else "未到任"
        print(f"{each.account}  {each.name}  {ROLES[held.role]}  {held.unit}  {days}{how}  批准：{each.approved_by}")
    print(f"共{len(found)}个职务")


@app.command("password", help="设密码：由终端输入，或由文件、标准输入读第一行；从不写在命令行上")
def password(
    ctx: typer.Context,
    account: Account,
    file: Path = typer.Option(None, "--file", help="从文件读；- 为标准输入"),  # noqa: B008  typer's way
    as_json: AsJson = False,
) -> None:
    """Set somebody's password; sessions made with the former one end."""
    given = _password(file)
    with opened(ctx) as installation, answering(as_json=as_json):
        installation.people.set_password(account, given)
    if as_json:
        tell({"account": account})
    else:
        print(f"已设置「{account}」的密码，原有会话已失效")


def _password(file: Path | None) -> str:
    if file is None:
        if not sys.stdin.isatty():
            raise InputError("没有可以输入密码的终端；用 --file 文件，或者 --file - 由标准输入读")
        return str(typer.prompt("密码", hide_input=True, confirmation_prompt="再输一遍", err=True))
    if str(file) == "-":
        return sys.stdin.readline().rstrip("\r\n")
    try:
        return file.read_text("utf-8").split("\n", 1)[0].rstrip("\r")
    except (OSError, UnicodeDecodeError):
        raise InputError(f"{file} 无法读取；应为 UTF-8 文本，第一行是密码") from None


def _held(role_: str, unit: str, first: str, last: str, *, acting: str) -> HeldRole:
    begins, ends = read_day(first, "--from"), read_day(last, "--to")
    return HeldRole(role=role_, unit=unit, first=begins, last=ends, basis=acting.strip())


def _appoint(ctx: typer.Context, given: Appointment, *, as_json: bool) -> None:
    with opened(ctx) as installation, answering(as_json=as_json):
        installation.staff.appoint([given], os_user=operator())
    if as_json:
        tell({"account": given.account, **_role_told(given.held)})
    else:
        held = given.held
        print(f"{given.account}：{ROLES[held.role]}（{held.unit}），{held.first}至{held.last}")


def _role_told(held: HeldRole) -> dict[str, object]:
    told = {"role": held.role, "unit": held.unit, "from": held.first, "to": held.last}
    return {**told, "covers": held.covers, "acting_by": held.basis}


def _given_told(each: Given) -> dict[str, object]:
    by = {"approved_by": each.approved_by, "recorded_by": each.recorded_by}
    return {"account": each.account, "name": each.name, **_role_told(each.held), **by}


def _tell_ended(account: str, on: date, ended: tuple[Given, ...], *, as_json: bool) -> None:
    if as_json:
        tell({"account": account, "on": on, "ended": [_given_told(each) for each in ended]})
        return
    for each in ended:
        print(f"{each.account} 自{on}起不再担任{ROLES[each.held.role]}（{each.held.unit}）")
