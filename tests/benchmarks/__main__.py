"""`make bench`: every figure, one JSON line each; with names of goals, theirs alone."""

from __future__ import annotations

import sys
from collections.abc import Collection
from importlib import import_module
from pathlib import Path


def main(goals: Collection[str] = ()) -> None:
    """Measure what every bench_*.py beside this file has in FIGURES, or those of these goals; refuse unknown ones."""
    paths = sorted(Path(__file__).parent.glob("bench_*.py"))
    figures = [each for path in paths for each in import_module(f"tests.benchmarks.{path.stem}").FIGURES]
    known = sorted({name for names, _ in figures for name in names})
    unknown = sorted(set(goals) - set(known))
    if unknown:
        sys.exit(f"no goal {', '.join(unknown)}; there are {', '.join(known)}")
    for names, measure in figures:
        if not goals or set(names) & set(goals):
            measure()


if __name__ == "__main__":
    main(sys.argv[1:])
