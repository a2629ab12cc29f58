"""`make bench`: every figure, one JSON line each."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path


def main() -> None:
    """Run every bench_*.py beside this file."""
    for path in sorted(Path(__file__).parent.glob("bench_*.py")):
        import_module(f"tests.benchmarks.{path.stem}").main()


if __name__ == "__main__":
    main()
