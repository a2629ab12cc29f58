"""yingfan audit: every chain of the installation verified."""

from __future__ import annotations

import typer

from engine.cli.installation import opened
from engine.cli.options import AsJson
from engine.cli.telling import tell

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _room() -> None:
    """历史。"""


@app.command("verify", help="验证每件个案的链条；有一处不能验证即以1结束")
def verify(
    ctx: typer.Context,
    as_json: AsJson = False,
) -> None:
    """Verify the chain of every case; exit 1 when one does not hold."""
    with opened(ctx) as installation:
        problems = installation.audit.verify()
        entries, cases = installation.audit.counted()
    if as_json:
        told = [each._asdict() for each in problems]
        tell({"entries": entries, "cases": cases, "ok": not problems, "problems": told})
    else:
        for each in problems:
            print(f"{each.case} 第{each.seq}条：{each.message}")
        print(f"{cases}件个案，{entries}条记录：{'全部验证通过' if not problems else f'有{len(problems)}处不能验证'}")
    if problems:
        raise typer.Exit(1)
