"""The command line over services: one module a command, imported when it is called, errors in one line.

Exit: 0 done, 1 refused (a rule said no, or a check found something), 2 wrong usage, 3 the installation is at fault.
"""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from engine.errors import DefinitionError, InputError, InstallationError, Refused, YingfanError

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS: Mapping[str, tuple[str, str]] = {
    "demo": ("engine.cli.demo:demo", "演示：建演示库，演一遍办案过程，打印经过，然后开放网页"),
    "run": ("engine.cli.serve:run", "运行：网页和定时在同一进程"),
    "web": ("engine.cli.serve:web", "只开网页（定时在别处运行）"),
    "worker": ("engine.cli.serve:worker", "只运行定时：扫描期限、发送消息"),
    "sweep": ("engine.cli.sweep:sweep", "扫描一遍：期限、日历、待发消息"),
    "unit": ("engine.cli.unit:app", "单位：导入单位表（类别有起止日）、列出"),
    "user": ("engine.cli.user:app", "人员：职务及其起止日和批准人、休假代行、离任、密码"),
    "delegation": ("engine.cli.delegation:app", "赋权文件：登记、列出"),
    "case": ("engine.cli.case:app", "个案：立案、办理、查看、列出"),
    "proposal": ("engine.cli.proposal:app", "报批：列出、查看"),
    "document": ("engine.cli.document:app", "文书：查看、登记送达"),
    "finding": ("engine.cli.finding:app", "疑点：列出、确认（立案）"),
    "roster": ("engine.cli.roster:app", "名单：导入学籍册、到校名册"),
    "audit": ("engine.cli.audit:app", "历史：验证链条"),
    "db": ("engine.cli.database:app", "数据库：升级、检查、备份、恢复、放行"),
    "doctor": ("engine.cli.doctor:doctor", "体检：列出不安全和缺少的，有一条即以1结束"),
    "due": ("engine.cli.time:due", "推算期限"),
    "calendar": ("engine.cli.calendars:app", "节假日历：列出、检查、载入新的安排、重算报告"),
    "outbox": ("engine.cli.outbox:app", "待发消息：列出、放行"),
    "idnumber": ("engine.cli.idnumber:app", "公民身份号码：检查"),
    "workflow": ("engine.cli.workflow:app", "流程：检查、列出、查看、画图"),
}
"""Every command: where it lives (module:name) and what it does."""

EXIT_CODES: tuple[tuple[type[YingfanError], int], ...] = (
    (InputError, 2),
    (Refused, 1),
    (DefinitionError, 1),
    (InstallationError, 3),
)

OFFERED = 6
"""How many of the acts that would be accepted one line names."""

LONGEST = 2000
"""How many characters of a complaint are printed: what was typed can be of any length."""

_UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_MOVES = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are named: a check must not wait for the database."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        place, help_ = COMMANDS[cmd_name]
        module, _, name = place.partition(":")
        gc.disable()  # importing leaves nothing to collect, and looking for it takes a twentieth of a short command
        try:
            found = getattr(import_module(module), name)
        finally:
            gc.enable()
        if not isinstance(found, typer.Typer):
            single = typer.Typer(add_completion=False)
            single.command(name=cmd_name, help=help_)(found)
            found = single
        command = get_command(found)
        command.name, command.help = cmd_name, help_
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])


app = typer.Typer(cls=LazyGroup, add_completion=False, rich_markup_mode=None, help="应返尽返 yingfan")


@app.callback()
def _root(ctx: typer.Context, config: str = typer.Option("", "--config", help="设置文件 (YAML)")) -> None:
    ctx.obj = {"config": config}


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code; errors are one line on stderr."""
    try:
        _readable(arguments)
        code = app(list(arguments), standalone_mode=False)
    except YingfanError as error:
        _complain(_told(error))
        return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 3)
    except OSError as error:
        _complain(_machine(error))
        return 3
    except typer.Abort:  # a question was broken off, or there is no terminal to answer it on
        print("没有输入，没有完成", file=sys.stderr)
        return 1
    except Exception as error:
        if not hasattr(error, "format_message"):
            raise
        _complain(f"用法有误：{error.format_message() or '缺少子命令'}（yingfan --help 有说明）")
        return 2
    return code if isinstance(code, int) else 0


def _readable(arguments: Sequence[str]) -> None:
    """Raise InputError for a word that a terminal of another encoding spoiled, or that holds control characters."""
    for at, word in enumerate(arguments, start=1):
        found = _UNREADABLE.search(word)
        if found:
            why = f"含有不能读取的字符（U+{ord(found[0]):04X}）；终端的编码应为 UTF-8"
            raise InputError(f"第{at}个词{why}")


def _complain(line: str) -> None:
    """One line on stderr, whatever was typed or found: no character that moves a terminal's cursor, and an end."""
    plain = _MOVES.sub(" ", line)
    more = f"……（共{len(plain)}字）" if len(plain) > LONGEST else ""
    print(f"{plain[:LONGEST]}{more}", file=sys.stderr)


def _told(error: YingfanError) -> str:
    """What is wrong; after a refusal also what would be accepted, as commands name it."""
    accepted = tuple(getattr(getattr(error, "refusal", None), "accepted", ()))
    more = f"等{len(accepted)}项" if len(accepted) > OFFERED else ""
    offers = f"；可以：{'、'.join(accepted[:OFFERED])}{more}" if accepted else ""
    return f"{error}{offers}"


def _machine(error: OSError) -> str:
    """The machine's own complaint: which file, and what it says of it."""
    place = f" {error.filename}" if error.filename else ""
    return f"文件{place} 不能读写：{error.strerror or error}；没有完成，请核对后再试"


def main() -> None:
    """The program's entrance."""
    sys.exit(run(sys.argv[1:]))
