"""Installations with the units and people of the small district: made once a process and kind, then copied."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from engine.cli.demo_play import moment, settle
from tests.databases import temporary
from tests.district import LITTLE
from tests.faults.ground import LANDS, Ground, Land, opened

PASSWORD = "correct-horse-battery"
FIRST = "2026-09-01 14:00"
"""The first school day, at two in the afternoon."""

BY_KIND: dict[str, Land] = dict(zip(("sqlite", "postgres"), LANDS, strict=True))


@cache
def _settled(kind: str) -> Ground:
    ground = BY_KIND[kind].fresh(temporary("yf-settled-") / "data")
    with opened(ground, moment(FIRST)) as app:
        settle(app, LITTLE, PASSWORD)
    return ground


@contextmanager
def settled(kind: str, folder: Path) -> Iterator[Ground]:
    """A copy of its own below a folder, thrown away at the end."""
    land = BY_KIND[kind]
    ground = land.copied(_settled(kind), folder / "data")
    try:
        yield ground
    finally:
        land.removed(ground)
