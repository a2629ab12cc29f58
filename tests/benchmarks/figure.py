"""One figure: the least of several runs of floor and subject, taken in turns, printed as one JSON line."""

from __future__ import annotations

import gc
import json
import re
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

RUNS = 5


def best(run: Callable[[], object], n: int) -> float:
    """Microseconds per item of one run of n items."""
    gc.collect()
    start = perf_counter()
    run()
    return (perf_counter() - start) / n * 1e6


def peak_mib() -> float:
    """The most memory that this program has held so far, in MiB; what getrusage tells begins with its parent's."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


def compare(
    goal: str, what: str, n: int, *, floor: Callable[[], object], ours: Callable[[], object], ratio: float
) -> dict[str, object]:
    """Run floor and subject in turns, print and give the figure."""
    floors, subjects = [], []
    for _ in range(RUNS):
        floors.append(best(floor, n))
        subjects.append(best(ours, n))
    reached = min(subjects) / min(floors)
    told = {
        "goal": goal,
        "what": what,
        "n": n,
        "floor_us": round(min(floors), 3),
        "ours_us": round(min(subjects), 3),
        "ratio": round(reached, 2),
        "goal_ratio": ratio,
        "met": reached <= ratio,
    }
    print(json.dumps(told, ensure_ascii=False), flush=True)
    return told


def told(goal: str, what: str, n: int, **figures: object) -> dict[str, object]:
    """Print and give one figure that was measured elsewhere; `met` follows from the goal it names."""
    line: dict[str, object] = {"goal": goal, "what": what, "n": n}
    line.update({name: round(value, 3) if isinstance(value, float) else value for name, value in figures.items()})
    for reached, wanted in (("ratio", "goal_ratio"), ("exponent", "goal_exponent"), ("p99_ms", "goal_ms")):
        if reached in figures and wanted in figures:
            line["met"] = float(str(figures[reached])) <= float(str(figures[wanted]))
    print(json.dumps(line, ensure_ascii=False), flush=True)
    return line
