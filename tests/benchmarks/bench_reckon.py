"""`reckon` with its explanation beside the bare workday table with bisect."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, timedelta

from engine.workdays import Span, load_calendar, reckon
from tests.benchmarks.figure import compare
from tests.cases.little import CALENDAR_FILES

STARTS = [date(2022, 1, 1) + timedelta(days=n) for n in range(1500)]
TIMES = 20


def main() -> None:
    """Every start of four years twenty times: a sweep meets the same days again and again."""
    calendar = load_calendar(CALENDAR_FILES)
    span = Span.parse("10 workdays")
    table = calendar.workdays.ordinals

    def floor() -> None:
        for _ in range(TIMES):
            for start in STARTS:
                date.fromordinal(table[bisect_right(table, start.toordinal()) + 9])

    def ours() -> None:
        for _ in range(TIMES):
            for start in STARTS:
                _ = reckon(start, span, calendar).steps

    def first_time() -> None:
        for _ in range(TIMES):
            calendar.memo.clear()
            for start in STARTS:
                _ = reckon(start, span, calendar).steps

    n = TIMES * len(STARTS)
    compare("M1", "reckon 10 workdays with its steps, days met before", n, floor=floor, ours=ours, ratio=3.0)
    compare("M1", "the same, each day met for the first time", n, floor=floor, ours=first_time, ratio=3.0)


FIGURES = ((("M1",), main),)

if __name__ == "__main__":
    main()
