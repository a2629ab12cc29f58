"""Where the small district is: six classes of the sample, for tests that need no more."""

from __future__ import annotations

from pathlib import Path

LITTLE = Path(__file__).parent / "data" / "little"
