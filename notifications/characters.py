"""Characters that must not stand in a document: refused where they are typed, with what to write instead."""

from __future__ import annotations

import unicodedata

from notifications.errors import BadText

PRIVATE_USE_NAMES = {"\ue863": "䶮", "\ue81e": "㛃"}
"""Old systems store these rare name characters in the private use area."""

NAME_DOTS = "•・･．‧∙⋅"
"""Code points that people type for the dot in a name; the standard one is U+00B7."""

_INVISIBLE = frozenset("\u200b\u200c\u200d\u2060\ufeff\u00ad\u3164\u2800\u115f\u1160\uffa0\u180e\u034f")
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_ENDS = frozenset("\u2028\u2029\u0085\x0b\x0c")


def _suggestion(character: str) -> str:
    if character in PRIVATE_USE_NAMES:
        return PRIVATE_USE_NAMES[character]
    if 0x2E80 <= ord(character) <= 0x2FDF:
        return unicodedata.normalize("NFKC", character).replace(character, "")
    return ""


def _forbidden(character: str) -> bool:
    point = ord(character)
    if character in _INVISIBLE or character in _BIDI or character in _LINE_ENDS or character == "\ufffd":
        return True
    if unicodedata.category(character) in ("Cc", "Cs", "Co"):
        return True
    noncharacter = 0xFDD0 <= point <= 0xFDEF or point & 0xFFFE == 0xFFFE
    tags = 0xE0000 <= point <= 0xE0FFF
    radical_or_description = 0x2E80 <= point <= 0x2FDF or 0x2FF0 <= point <= 0x2FFF
    variation = 0xFE00 <= point <= 0xFE0F
    return noncharacter or tags or radical_or_description or variation


def check_text(value: str, field: str, *, name: bool = False) -> str:
    """The text in NFC, if every character may be printed; raises BadText otherwise.

    Line feeds are allowed (they mean paragraphs), except in a `name`, where only the dot U+00B7 joins parts.
    """
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n"))
    for position, character in enumerate(text):
        if character == "\n" and not name:
            continue
        if _forbidden(character):
            raise BadText(field, position, character, _suggestion(character))
        if name and character in NAME_DOTS:
            raise BadText(field, position, character, "·")
    return text
