"""All that can be wrong with the meaning of a definition, each fault at its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from engine.definitions.check_acts import ACT_CHECKS
from engine.definitions.check_facts import FACT_CHECKS
from engine.definitions.check_forms import FORM_CHECKS
from engine.definitions.check_ladder import LADDER_CHECKS
from engine.definitions.check_names import NAME_CHECKS
from engine.definitions.check_notices import NOTICE_CHECKS
from engine.definitions.check_time import TIME_CHECKS
from engine.definitions.complaints import MOST, Complaint
from engine.definitions.drafts import Draft

Check = Callable[[Draft], Iterator[Complaint]]

CHECKS: tuple[Check, ...] = (
    *NAME_CHECKS,
    *FORM_CHECKS,
    *ACT_CHECKS,
    *LADDER_CHECKS,
    *TIME_CHECKS,
    *FACT_CHECKS,
    *NOTICE_CHECKS,
)
"""Every check, in the order of the file."""


def meaning(draft: Draft) -> tuple[Complaint, ...]:
    """Every complaint about what a definition means; of each check the first MOST."""
    found = list(draft.guards.complaints)
    for check in CHECKS:
        found.extend(islice(check(draft), MOST))
    return tuple(found)
