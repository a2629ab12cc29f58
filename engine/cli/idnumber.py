"""yingfan idnumber: citizen ID numbers on the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import typer

from engine.cli.listing import tell_each
from engine.cli.options import AsJson
from engine.clock import Clock, local_day
from engine.errors import InputError
from engine.roster.idnumber import IdNumber, check_idnumber, mask

COLUMN = "number"

app = typer.Typer(add_completion=False, no_args_is_help=True)


@app.callback()
def _room() -> None:
    """公民身份号码。"""


@app.command("check", help="检查一个号码，或 CSV 文件的 number 列；有一个不可能正确即以1结束")
def check(
    number: str = typer.Argument("", help="要检查的号码"),
    file: str = typer.Option("", "--file", help=f"CSV 文件，检查其中 {COLUMN} 列"),
    as_json: AsJson = False,
) -> None:
    """Check one number, or the column `number` of a CSV file; exit 1 if any cannot be right."""
    if bool(number) == bool(file):
        raise InputError("请给出一个号码，或者用 --file 给出 CSV 文件，二者选一")
    today = local_day(Clock().now())
    wrong = False

    def checked() -> Iterator[IdNumber]:
        nonlocal wrong
        for each in [number] if number else _numbers(Path(file)):
            found = check_idnumber(each, today=today)
            wrong = wrong or not found.valid
            yield found

    if as_json:
        tell_each(_as_json(each) for each in checked())
    else:
        for each in checked():
            told = "；".join(problem.message for problem in each.problems) or "符合"
            print(f"{mask(each.normalised):<20}{'有效' if each.valid else '无效'}  {told}")
    if wrong:
        raise typer.Exit(1)


def _as_json(found: IdNumber) -> dict[str, object]:
    return {
        "input": found.input,
        "normalised": found.normalised,
        "valid": found.valid,
        "problems": [{"code": problem.code, "message": problem.message} for problem in found.problems],
    }


def _numbers(path: Path) -> list[str]:
    """The column's values; InputError names the columns that were found instead."""
    try:
        content = path.read_bytes()
    except OSError:
        raise InputError(f"文件 {path} 无法读取：没有这个文件，或者它不是文件、无权读取") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("gb18030", errors="replace")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = [(name or "").strip() for name in reader.fieldnames or ()]
        if COLUMN not in columns:
            raise InputError(f"文件 {path} 没有 {COLUMN} 列；现有：{'、'.join(columns) or '无'}")
        reader.fieldnames = columns
        return [row[COLUMN] or "" for row in reader]
    except csv.Error as error:
        raise InputError(f"文件 {path} 不是 CSV 文件（{error}）；请另存为 CSV（UTF-8）") from None
