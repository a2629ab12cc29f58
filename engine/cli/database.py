"""yingfan db: the database as a whole."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from engine.app import open_archive
from engine.cli.configured import settings_of
from engine.cli.installation import opened
from engine.cli.options import AsJson
from engine.cli.telling import answering, tell
from engine.clock import LOCAL_ZONE, Clock
from engine.services.upkeep import restored, upgraded

app = typer.Typer(add_completion=False, no_args_is_help=True)
EVERY = 100
"""Progress is told after so many cases."""


def _stamp() -> str:
    return f"{Clock().now().astimezone(LOCAL_ZONE):%Y%m%d-%H%M%S}"


def _progress(done: int, of: int) -> None:
    if done % EVERY == 0 or done == of:
        print(f"重建个案 {done}/{of}", file=sys.stderr)


@app.command("upgrade", help="把旧版数据库升到现在的版本；先自动备份")
def upgrade(
    ctx: typer.Context,
    backup: Path = typer.Option(None, "--backup", help="备份到哪个文件；不写则放在数据文件夹的 backups 里"),  # noqa: B008  typer's way
    as_json: AsJson = False,
) -> None:
    """Bring the tables to the program's, after a backup."""
    settings = settings_of(ctx)
    with open_archive(settings) as archive:
        to = backup or settings.data / "backups" / f"before-upgrade-{_stamp()}"
        done = upgraded(archive, to, progress=_progress)
    if as_json:
        told = {"before": done.before, "after": done.after, "backup": str(done.backup or ""), "cases": done.cases}
        tell(told)
    elif done.backup is None:
        print(f"数据库已是第{done.after}版，不用升级")
    else:
        print(f"已从第{done.before}版升到第{done.after}版，重建{done.cases}件个案；升级前的备份：{done.backup}")


@app.command("check", help="检查数据库：各行与历史一致、链条完整、文号连续、触发器都在")
def check(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """Check everything that must hold in the database; exit 1 when something does not."""
    with opened(ctx) as installation:
        problems = installation.upkeep.check()
    if as_json:
        tell({"ok": not problems, "problems": problems})
    else:
        for each in problems:
            print(each)
        print("数据库完好" if not problems else f"有{len(problems)}处不符")
    if problems:
        raise typer.Exit(1)


@app.command("backup", help="备份到一个新文件；密钥不在其中，请另行备份")
def backup(
    ctx: typer.Context,
    file: Path = typer.Argument(..., help="备份文件，不能已经存在"),  # noqa: B008  typer's way
    as_json: AsJson = False,
) -> None:
    """Back the database up at one moment, to a file that is not there yet."""
    settings = settings_of(ctx)
    with open_archive(settings) as archive:
        archive.upkeep.back_up(file, now=Clock().now())
    if as_json:
        tell({"backup": str(file), "bytes": file.stat().st_size})
    else:
        print(f"已备份到 {file}；密钥文件夹 {settings.keys_folder} 不在其中，请另行备份，存放在别处")


@app.command("restore", help="由备份恢复到空的数据库；恢复后处于暂停状态，放行前什么都不发出")
def restore(
    ctx: typer.Context,
    file: Path = typer.Argument(..., help="yingfan db backup 写的文件"),  # noqa: B008  typer's way
    as_json: AsJson = False,
) -> None:
    """Fill an empty database from a backup; it is held until a person releases it."""
    found = restored(settings_of(ctx), file)
    if as_json:
        tell({"revision": found, "held": True})
    else:
        print("已恢复，处于暂停状态：什么都不发出。请运行 yingfan db check，核对后用 yingfan db release 放行")


@app.command("release", help="恢复后的数据库核对无误，放行")
def release(
    ctx: typer.Context,
    account: str = typer.Option(..., "--as", help="由谁放行（账号）"),
    as_json: AsJson = False,
) -> None:
    """Let a restored database send again, as a named person of the bureau."""
    with opened(ctx) as installation, answering(as_json=as_json):
        was_held = installation.upkeep.release(account)
    if as_json:
        tell({"released": was_held})
    else:
        print("已放行，下次扫描时发出" if was_held else "数据库没有处于暂停状态")
