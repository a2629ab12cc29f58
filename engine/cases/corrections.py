"""Correcting the day of a service: approved, the old day kept in the history, what hangs on it worked out again.

Legal time runs from service, so a slip of the pen moves every window (DOMAIN.md 5). What a citizen was told never gets
shorter (DESIGN.md §6).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import cast

from engine.cases.attempt import Attempt
from engine.cases.methods import service_day
from engine.definitions.facts import Document, Values


def corrected(attempt: Attempt, kind: str, values: Values) -> tuple[tuple[Document, ...], Document, Values]:
    """The case's documents with the corrected service, the document concerned, and what the entry tells of it.

    The guard `service_day_fits` has said that there is such a document, addressee and day.
    """
    documents, day = attempt.case.documents, cast("date", values["served_on"])
    document = next(each for each in reversed(documents) if each.kind == kind and each.status == "issued")
    old = next(each for each in document.addressees if each.key == values["to"])
    now = service_day(old.method, {"posted_on": day}, day=day, calendar=attempt.calendar)
    changed = replace(old, served_on=now, status="posted" if now > attempt.today else "served")
    addressees = tuple(changed if each is old else each for each in document.addressees)
    served = replace(document, addressees=addressees)
    told = {"corrects": document.id, "was": old.served_on, "served_on": now}
    return tuple(served if each is document else each for each in documents), served, told
