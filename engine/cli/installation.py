"""Which installation a command works on: opened for its time."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from engine.app import App, open_app
from engine.cli.options import settings_of


@contextmanager
def opened(ctx: typer.Context, **options: object) -> Iterator[App]:
    """The installation that a command names, open until the command is done."""
    with open_app(settings_of(ctx, **options)) as app:
        yield app


def operator() -> str:
    """The operating-system account that runs the command: recorded beside the officer named by --as."""
    return getpass.getuser()
