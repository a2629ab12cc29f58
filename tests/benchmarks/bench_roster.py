"""A dry run of a district's register beside the bare reading of the same file by python-calamine: M9."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter

import xlsxwriter
from python_calamine import CalamineWorkbook

from engine.app import open_app
from engine.cli.demo_play import settle
from engine.roster.idnumber import check_digit
from engine.roster.register import OPTIONAL, WANTED
from engine.settings import Settings
from tests.benchmarks.figure import peak_mib, told
from tests.district import LITTLE

ROWS, RUNS = 100_000, 3
COLUMNS = (*WANTED, *OPTIONAL, "民族", "户籍地", "入学年月")


def register(path: Path, rows: int) -> None:
    """A register of so many rows and twenty columns, as Excel writes it: title, header on row 3, shared texts."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("学籍册")
        sheet.write_string(0, 0, "宣和区中小学学籍册")
        sheet.write_row(2, 0, COLUMNS)
        for at in range(rows):
            for column, text in enumerate(_row(at)):
                sheet.write_string(at + 3, column, text)


def _row(at: int) -> tuple[str, ...]:
    birth = date(2011, 1, 1) + timedelta(days=at % 3000)
    first = f"990101{birth:%Y%m%d}{at // 3000:02d}{at % 9}"
    number = first + check_digit(first)
    name = "王李张刘陈"[at % 5] + "子雨浩若明晓"[at // 7 % 6] + "涵欣宇曦远彤"[at // 50 % 6]
    town, school = f"第{at % 24}镇人民政府", f"第{at % 300}学校"
    family = (f"{name[0]}建国", "父亲", f"000{at:08d}", f"{'李何蔡丁'[at % 4]}秀英", "母亲", f"001{at:08d}")
    own = (
        "男" if at % 2 else "女",
        f"{birth}",
        "七",
        f"第{at % 24}镇新民村{at % 97}组",
        town,
        "留守" if at % 11 else "脱贫户",
    )
    return (f"G{number}", name, number, school, f"七({at % 12 + 1})", *own, *family, "汉族", town, "2026年9月")


def bare(path: Path) -> float:
    """Seconds of python-calamine alone."""
    start = perf_counter()
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python(skip_empty_area=False)
    seconds = perf_counter() - start
    assert len(rows) == ROWS + 3
    return seconds


def ours(path: Path, folder: Path) -> float:
    """Seconds of a dry run into an installation with an empty register; raises AssertionError when rows are wrong."""
    with open_app(Settings.read(data=folder / "data", database="")) as app:
        start = perf_counter()
        done = app.roster.import_file(path, "register", "bureau", dry_run=True)
        seconds = perf_counter() - start
    assert (done.new, done.errors) == (ROWS, ()), done.errors[:3]
    return seconds


def main() -> None:
    """Time in turns, each run in a process of its own, whose memory is measured with that of its children."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        register(folder / "register.xlsx", ROWS)
        with open_app(Settings.read(data=folder / "data", database="")) as app:
            settle(app, LITTLE, "correct-horse-battery")
        runs: dict[str, list[tuple[float, ...]]] = {"bare": [], "ours": []}
        for _ in range(RUNS):
            for which, found in runs.items():
                command = [sys.executable, "-m", "tests.benchmarks.bench_roster", which, name]
                said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                found.append(tuple(map(float, said.split())))
    floor, subject = (min(each[0] for each in runs[which]) for which in ("bare", "ours"))
    memory = {which: max(each[1] for each in found) for which, found in runs.items()}
    told(
        "M9", "dry run of an XLSX register of 20 columns beside python-calamine alone", ROWS,
        floor_us=floor / ROWS * 1e6, ours_us=subject / ROWS * 1e6, ratio=subject / floor, goal_ratio=2.0,
        floor_peak_mib=memory["bare"], ours_peak_mib=memory["ours"], apart_peak_mib=max(each[2] for each in runs["ours"]),
    )  # fmt: skip


FIGURES = ((("M9",), main),)


def alone(which: str, folder: Path) -> None:
    """One run in this process: seconds, its peak of memory and that of its largest child, in MiB."""
    path = folder / "register.xlsx"
    seconds = bare(path) if which == "bare" else ours(path, folder)
    print(seconds, peak_mib(), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)


if __name__ == "__main__":
    alone(sys.argv[1], Path(sys.argv[2]))
