"""Numbers that differ by one slip of the hand: one digit, or two neighbours that changed places."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.roster.idnumber import check_idnumber

_CITIZEN = re.compile(r"[A-Z]?(\d{17}[\dX])")


def slips(number: str) -> Iterator[str]:
    """Keys that a number shares with every number one slip away from it, and with few others."""
    for at in range(len(number)):
        yield f"{number[:at]}?{number[at + 1 :]}"
    for at in range(len(number) - 1):
        pair = "".join(sorted(number[at : at + 2]))
        yield f"{number[:at]}<{pair}>{number[at + 2 :]}"


def is_near(one: str, other: str) -> bool:
    """Whether one slip makes the one number of the other."""
    return one != other and len(one) == len(other) and not set(slips(one)).isdisjoint(slips(other))


def told_wrong(listed: str, registered: str) -> str:
    """Which of two near numbers the check digit shows to be wrong, in a sentence; empty when it does not show it.

    A register number is judged by the citizen number inside it.
    """
    good = [_is_good(number) for number in (listed, registered)]
    if good == [False, True]:
        return "校验码表明名单上的号码有误"
    if good == [True, False]:
        return "校验码表明学籍册上的号码有误"
    return ""


def _is_good(number: str) -> bool:
    found = _CITIZEN.fullmatch(number)
    return found is not None and check_idnumber(found[1]).valid
