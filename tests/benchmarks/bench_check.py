"""G15: a cold `workflow check` beside a bare interpreter, in one run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

ROOT = Path(__file__).parents[2]
ROUNDS = 7
GOAL_MS = 250
CHECK = "import sys; from engine.cli import run; sys.exit(run(['workflow', 'check', *{paths}]))"
SUBJECTS = {
    "cold workflow check of the ladder": CHECK.format(paths=["workflows/dropout-case"]),
    "cold workflow check of all workflows": CHECK.format(paths=[]),
}


def spent(code: str) -> float:
    """Milliseconds of one fresh process."""
    start = perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    return (perf_counter() - start) * 1000


def main() -> None:
    """Print one JSON line a subject: floor and subject, the median of several rounds taken in turns."""
    floor: list[float] = []
    ours: dict[str, list[float]] = {what: [] for what in SUBJECTS}
    for code in SUBJECTS.values():
        spent(code)
    for _ in range(ROUNDS):
        floor.append(spent("pass"))
        for what, code in SUBJECTS.items():
            ours[what].append(spent(code))
    for what, found in ours.items():
        line = {
            "goal": "G15",
            "what": what,
            "n": ROUNDS,
            "floor_ms": round(median(floor), 1),
            "ours_ms": round(median(found), 1),
            "least_ms": round(min(found), 1),
            "goal_ms": GOAL_MS,
            "met": median(found) <= GOAL_MS,
        }
        print(json.dumps(line))


FIGURES = ((("G15",), main),)

if __name__ == "__main__":
    main()
