"""The settings of a command; apart from its options, because a check of a workflow reads none."""

from __future__ import annotations

from pathlib import Path

import typer

from engine.paths import config_dir
from engine.settings import Settings


def settings_of(ctx: typer.Context, **options: object) -> Settings:
    """The settings of a command: default file, the file given, environment, options."""
    files = [config_dir() / "default.yaml"]
    named = (ctx.find_root().obj or {}).get("config", "")
    if named:
        files.append(Path(named))
    return Settings.read(*(file for file in files if file.exists() or named), **options)
