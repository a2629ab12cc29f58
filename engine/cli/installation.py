"""Which installation a command works on: opened for its time."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from engine.app import App, open_app
from engine.cli.configured import settings_of

try:
    import pwd
except ImportError:  # pragma: no cover  # a system without numbered accounts
    pwd = None  # type: ignore[assignment]


@contextmanager
def opened(ctx: typer.Context, **options: object) -> Iterator[App]:
    """The installation that a command names, open until the command is done."""
    with open_app(settings_of(ctx, **options)) as app:
        yield app


def operator() -> str:
    """The operating-system account that runs the command: recorded beside the officer named by --as.

    It is asked of the system, never of the environment, where anybody may write another name.
    """
    if pwd is None:  # pragma: no cover  # only where there are no numbered accounts
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
