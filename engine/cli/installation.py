"""Which installation a command works on: its settings, and the installation opened."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from engine.app import App, open_app
from engine.paths import config_dir
from engine.settings import Settings


def settings_of(ctx: typer.Context, **options: object) -> Settings:
    """The settings of a command: default file, the file given, environment, options."""
    files = [config_dir() / "default.yaml"]
    named = (ctx.find_root().obj or {}).get("config", "")
    if named:
        files.append(Path(named))
    return Settings.read(*(file for file in files if file.exists() or named), **options)


@contextmanager
def opened(ctx: typer.Context, **options: object) -> Iterator[App]:
    """The installation that a command names, open until the command is done."""
    with open_app(settings_of(ctx, **options)) as app:
        yield app


def operator() -> str:
    """The operating-system account that runs the command: recorded beside the officer named by --as."""
    return getpass.getuser()
