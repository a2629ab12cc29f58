"""Options that several commands have; light, for commands that open no database."""

from __future__ import annotations

from typing import Annotated

import typer

LARGEST = 2**31 - 1
"""The largest number of a finding, a message or a report; no database gives a larger one."""

AsJson = Annotated[bool, typer.Option("--json", help="只输出一个 JSON 文档")]
Account = Annotated[str, typer.Argument(metavar="NAME", help="账号")]
RoleName = Annotated[str, typer.Option("--role", help="职务，例如 township_officer")]
Unit = Annotated[str, typer.Option("--unit", help="单位代码")]
First = Annotated[str, typer.Option("--from", help="自哪一天起（含）")]
Last = Annotated[str, typer.Option("--to", help="到哪一天止（含）")]
Acting = Annotated[str, typer.Option("--acting", metavar="文号", help="代理负责人：写任命文件的文号")]
ApprovedBy = Annotated[
    str, typer.Option("--approved-by", help="由谁批准（账号）：在任的教体局领导或系统管理员，不能是本人")
]
