"""yingfan doctor: what is unsafe or missing in this installation."""

from __future__ import annotations

import typer

from engine.cli.installation import opened
from engine.cli.options import AsJson
from engine.cli.telling import tell


def doctor(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """List what is unsafe or missing and what helps; exit 1 when there is anything."""
    with opened(ctx) as installation:
        found = installation.upkeep.unsafe()
    if as_json:
        tell([each._asdict() for each in found])
    else:
        for each in found:
            print(f"{each.code}：{each.message}。{each.fix}")
        print("没有发现问题" if not found else f"共{len(found)}条")
    if found:
        raise typer.Exit(1)
