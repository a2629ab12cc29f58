"""Long lists asked about in parts."""

from __future__ import annotations

from engine.storage.parts import AT_ONCE, parts


class TestParts:
    """What one statement names."""

    def test_cut(self) -> None:
        """A list comes whole and in its order, at most so many values at a time; of nothing there is no part."""
        values = range(2 * AT_ONCE + 1)
        found = list(parts(values))
        assert [len(each) for each in found] == [AT_ONCE, AT_ONCE, 1]
        assert [value for each in found for value in each] == list(values)
        assert list(parts([])) == []
