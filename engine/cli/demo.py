"""yingfan demo: a fresh database, the play on its days, every document on disk, then pages with printed sign-ins."""

from __future__ import annotations

import csv
import json
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import typer

from engine.access import ROLES
from engine.app import App, open_app
from engine.cli.configured import settings_of
from engine.cli.demo_play import Play, moment, settle
from engine.cli.demo_script import ENDING, OPENING
from engine.cli.options import AsJson
from engine.cli.serve import listens, serve
from engine.clock import Clock, SteppedClock
from engine.errors import InputError, InstallationError
from engine.paths import config_dir
from engine.settings import Settings


def demo(
    ctx: typer.Context,
    out: str = typer.Option("", "--out", help="演示数据放在哪个文件夹；不写就用新的临时文件夹"),
    no_serve: bool = typer.Option(False, "--no-serve", help="演完就结束，不开放网页"),
    port: int = typer.Option(None, "--port", help="网页端口"),
    as_json: AsJson = False,
) -> None:
    """Play the sample cases in a fresh database, write every document, tell what happened, then serve it."""
    folder = _folder(out)
    settings = _settings(ctx, folder, port)
    if not no_serve:
        listens(settings.host, settings.port)
    password = secrets.token_urlsafe(9)
    clock = SteppedClock(moment(OPENING))
    say = _silent if as_json else print
    with _empty(settings, clock) as app:
        sample = config_dir() / "sample"
        settle(app, sample, password)
        play = Play(app, clock, sample, say)
        told = play.run()
        documents = play.write_documents(folder / "documents")
        problems = [*(p.message for p in app.audit.verify()), *app.archive.invariants()]
        cases = len(app.cases.listed("auditor"))
        app.archive.set_offset(moment(ENDING) - Clock().now())
    written = _write(settings, folder / "settings.yaml")
    result = {
        "database": settings.database_url,
        "cases": cases,
        "transitions": len(told.story),
        "documents": [str(path) for path in documents],
        "story": told.story,
        "verified": not problems,
    }
    if as_json:
        json.dump(result, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
    else:
        print("\n各个案走过的梯级：")
        for line in told.ladders():
            print(f"  {line}")
        _summary(folder, result, problems)
        print(f"以后再打开：{sys.argv[0]} --config {written} run\n登录密码（各账号相同，仅限演示）：{password}")
    if problems:
        raise typer.Exit(1)
    if not no_serve:
        _serve(settings)


@contextmanager
def _empty(settings: Settings, clock: Clock) -> Iterator[App]:
    """The installation of a demonstration; refused where its database is somebody's, whose keys lie elsewhere."""
    with ExitStack() as ends:
        try:
            app = ends.enter_context(open_app(settings, clock=clock))
        except InstallationError as error:
            if not settings.database:
                raise
            raise InstallationError(f"演示要用空的数据库，设置 database 所指的这个不能用：{error}") from None
        if app.units.listed() or app.staff.roles():
            raise InputError("设置 database 所指的数据库里已有数据；演示要用空的数据库")
        yield app


def _settings(ctx: typer.Context, folder: Path, port: int | None) -> Settings:
    """The settings of a demonstration: database and keys lie below its folder, whatever the environment names.

    Only an empty database of a server is taken instead: no file of an installation ever becomes a demonstration.
    """
    named = settings_of(ctx).database
    return settings_of(
        ctx,
        data=folder,
        database=named if named.startswith("postgres") else "",
        keys=folder / "keys",
        host="127.0.0.1",
        port=port,
        review_authority="宣和区人民政府",
        contact="宣和区教育体育局基础教育股，电话000-00000000",
    )


def _write(settings: Settings, to: Path) -> Path:
    """The settings of the demonstration as a file, so that it can be opened again."""
    names = ("data", "database", "keys", "host", "port", "district", "review_authority", "contact")
    kept = {name: str(value) if isinstance(value := getattr(settings, name), Path) else value for name in names}
    to.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", "utf-8")  # JSON is YAML
    return to


def _silent(_: str) -> None:
    """Say nothing: the JSON document is all that is printed."""


def _folder(out: str) -> Path:
    if not out:
        return Path(tempfile.mkdtemp(prefix="yingfan-demo-"))
    folder = Path(out).resolve()
    if (folder / "yingfan.db").exists():
        raise InputError(f"{folder} 里已有演示数据库；请另选文件夹，或先删除它")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _summary(folder: Path, result: dict[str, object], problems: list[str]) -> None:
    documents = result["documents"]
    count = len(documents) if isinstance(documents, list) else 0
    print(f"\n共{result['cases']}件个案，{result['transitions']}次办理；文件{count}个在 {folder / 'documents'}")
    print("历史链条：全部验证通过" if not problems else "；".join(problems))


def _serve(settings: Settings) -> None:
    with (config_dir() / "sample" / "people.csv").open(encoding="utf-8-sig", newline="") as file:
        people = list(csv.DictReader(file))
    # The accounts of the other townships and schools end in a number: they would hide those of the play.
    shown = [row for row in people if not any(sign.isdecimal() for sign in row["account"])]
    for row in shown:
        print(f"  {row['account']:<18}{row['name']}  {ROLES.get(row['role'], row['role'])}")
    print(f"  另有{len(people) - len(shown)}个账号（其他乡镇街道和学校，如 township04、school05）\n", flush=True)
    with open_app(settings) as app:
        serve(app, settings.host, settings.port)
