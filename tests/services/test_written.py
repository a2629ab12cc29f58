"""JSON as callers write it."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.services.written import object_in


class TestObjects:
    """One object, or why it is none."""

    @pytest.mark.parametrize("text", ['{"a": [1, "\\\\u0000"], "b": {"a": null}}', b'{"a": "\xe7\x94\xb2"}', "{}"])
    def test_read(self, text: str | bytes) -> None:
        """An object is read as JSON reads it."""
        assert isinstance(object_in(text), dict)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('{"a":\n }', "第2行第2列"),
            ("[1]", "不是 JSON 对象"),
            ('{"a": 1, "a": 2}', "「a」写了两次"),
            ("[" * 100_000, "层数过多"),
            ('{"a": ' + "1" * 5000 + "}", "数字过长"),
            ('{"a": "\\ud800"}', "半个字符"),
            ('{"\\udfff": 1}', "半个字符"),
            ('{"a": "\\u0000"}', "U\\+0000"),
            (b'{"a": "\xff"}', "UTF-8"),
        ],
    )
    def test_refused(self, text: str | bytes, said: str) -> None:
        """What no machine can keep is refused like what is no object, in a few words."""
        with pytest.raises(InputError, match=said):
            object_in(text)
