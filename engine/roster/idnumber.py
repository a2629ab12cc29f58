"""Citizen ID numbers (GB 11643): normalised, checked, masked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from engine.roster.names import INVISIBLE

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK = "10X98765432"
PROVINCES = frozenset(
    str(code)
    for first, last in ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    for code in range(first, last + 1)
)
"""First two digits in use; historic area codes lie inside them and are never refused (DOMAIN.md 14)."""

LENGTH = 18
_UNMEANT = re.compile(rf"\s|{INVISIBLE}")

EARLIEST = date(1800, 1, 1)
"""No number tells an earlier birth; the standard's own second example is of 1880."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something about a number: a code for programs, a sentence for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdNumber:
    """A number as it was given and as it reads; `valid` is False when a problem makes it unusable."""

    input: str
    normalised: str
    valid: bool
    problems: tuple[Problem, ...]
    birth: date | None
    sex: str | None  # 男 | 女


class IdFacts(NamedTuple):
    """What a number tells: itself as it reads, birth and sex; both unknown where it is wrong."""

    number: str
    birth: date | None
    sex: str


_DIGITS = b"0123456789"
_WEIGHED = [bytes.maketrans(_DIGITS, bytes(digit * weight % 11 for digit in range(10))) for weight in WEIGHTS]
_CHECKED = bytes(ord(CHECK[total % 11]) for total in range(256))
_BLANK = "0" * (LENGTH - 1) + CHECK[0]


def facts_of(values: Sequence[str]) -> list[IdFacts | None]:
    """What each number tells that is right as it stands; None for any other (check_idnumber says why)."""
    numbers = [
        value if len(value) == LENGTH and value.isascii() and value[:17].isdigit() else _BLANK for value in values
    ]
    births = map(_born, [number[6:14] for number in numbers])
    return [
        IdFacts(number, birth, "男" if number[16] in "13579" else "女") if birth is not None and right else None
        for number, birth, right in zip(numbers, births, _right(numbers), strict=True)
    ]


def _right(numbers: Sequence[str]) -> list[bool]:
    """Whether the last character belongs to the seventeen digits before it.

    The numbers stand in columns of digits, each column read as one integer with a byte for each number: seventeen
    additions weigh them all, and no byte runs over, since seventeen remainders below eleven stay below 256.
    """
    joined = "".join(numbers).encode()
    total = sum(int.from_bytes(joined[at::LENGTH].translate(table), "big") for at, table in enumerate(_WEIGHED))
    return [
        one == other
        for one, other in zip(total.to_bytes(len(numbers), "big").translate(_CHECKED), joined[17::LENGTH], strict=True)
    ]


@lru_cache(10_000)
def _born(figures: str) -> date | None:
    try:
        birth = date(int(figures[:4]), int(figures[4:6]), int(figures[6:]))
    except ValueError:
        return None
    return birth if birth >= EARLIEST else None


def check_digit(first_seventeen: str) -> str:
    """The last character that belongs to seventeen digits."""
    return CHECK[sum(int(digit) * weight for digit, weight in zip(first_seventeen, WEIGHTS, strict=True)) % 11]


def mask(number: str) -> str:
    """The number with its first and last four characters only."""
    kept = 4
    return (
        number[:kept] + "*" * (len(number) - 2 * kept) + number[-kept:] if len(number) > 2 * kept else "*" * len(number)
    )


def normalise(value: str) -> str:
    """The number as people mean it: half-width, X in capital, no blanks, invisible signs or leading apostrophe."""
    if value.isascii() and value.isalnum():
        return value.upper()
    return _UNMEANT.sub("", unicodedata.normalize("NFKC", value)).lstrip("'’‘`").upper()


def full_number(number: str) -> str:
    """The 18 digits of a normalised number of 15, which were all given before 1999; any other as it is."""
    if not re.fullmatch(r"[0-9]{15}", number):
        return number
    first = f"{number[:6]}19{number[6:]}"
    return first + check_digit(first)


def check_idnumber(value: str, *, today: date | None = None) -> IdNumber:
    """What is known of a number: whether it can be right, everything that is wrong, birth date and sex.

    An area code outside the provinces in use is only a warning. With `today`, a birth in the future is wrong. Birth and
    sex are None unless the number has its form. Source: GB 11643-1999; 居民身份证法 3.
    """
    number = normalise(value)
    problems = _form(number)
    if problems:
        return IdNumber(input=value, normalised=number, valid=False, problems=tuple(problems), birth=None, sex=None)
    birth = _birth(number)
    if birth is None or birth < EARLIEST:
        problems.append(Problem(code="birth", message=f"第7至14位「{number[6:14]}」不是可能的出生日期"))
    elif today is not None and birth > today:
        problems.append(Problem(code="birth", message=f"第7至14位「{number[6:14]}」：出生日期在今天以后"))
    if check_digit(number[:17]) != number[17]:
        problems.append(Problem(code="check_digit", message="校验码不符，号码有误或两位互换；请核对原件"))
    valid = not problems
    if number[:2] not in PROVINCES:
        problems.append(Problem(code="area_unknown", message=f"地区代码「{number[:6]}」未见使用，请核对（不影响录入）"))
    sex = "男" if int(number[16]) % 2 else "女"
    return IdNumber(input=value, normalised=number, valid=valid, problems=tuple(problems), birth=birth, sex=sex)


def _form(number: str) -> list[Problem]:
    """What is wrong with length and characters, both at once."""
    if re.fullmatch(r"[0-9]{15}", number):
        return [Problem(code="old_length", message="这是15位旧号码；请填18位公民身份号码")]
    problems = []
    if len(number) != LENGTH:
        problems.append(Problem(code="length", message=f"应为18位，现有{len(number)}位"))
    if not re.fullmatch(r"[0-9]*[0-9X]?", number):
        problems.append(Problem(code="characters", message="前17位应为数字，末位应为数字或X"))
    return problems


def _birth(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
