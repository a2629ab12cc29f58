"""How much is tried: a selection with every `make test`, everything with `make faults`."""

from __future__ import annotations

import os

import pytest

ALL = os.environ.get("FAULTS") == "all"
"""True for `make faults`."""

only_at_length = pytest.mark.skipif(not ALL, reason="runs with make faults")
"""For what takes minutes."""
