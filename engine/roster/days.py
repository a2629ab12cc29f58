"""Days as people write them: 2013-05-04, 2013.5.4, 2013年5月4日, 20130504, 二〇一三年五月四日."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

_DIGITS = {**{han: str(at) for at, han in enumerate("〇一二三四五六七八九")}, "零": "0", "○": "0"}
_HAN = re.compile(
    r"([〇○零一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})[日号]?"
)
_DAY = re.compile(
    r"(\d{4})(?:([-/.])(\d{1,2})\2(\d{1,2})|年(\d{1,2})月(\d{1,2})[日号]?|(\d{2})(\d{2}))(?:[T ]?00:00(?::00)?)?"
)


def read_day(text: str) -> date | None:
    """The day that a text means for certain: year, month and day in that order; None for any other text."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))
    found, han = _DAY.fullmatch(plain), _HAN.fullmatch(plain)
    if han:
        parts = ("".join(_DIGITS[sign] for sign in han[1]), _number(han[2]), _number(han[3]))
    elif found:
        parts = (found[1], found[3] or found[5] or found[7], found[4] or found[6] or found[8])
    else:
        return None
    try:
        return date(int(parts[0]), int(parts[1]), int(parts[2]))
    except ValueError:
        return None


def _number(han: str) -> str:
    """A month or a day in Han numerals: 十二 is 12, 二十 is 20."""
    tens, ten, ones = han.rpartition("十")
    if not ten:
        return "".join(_DIGITS[sign] for sign in han)
    return str(10 * int(_DIGITS.get(tens, "1")) + int(_DIGITS.get(ones, "0")))
