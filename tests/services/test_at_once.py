"""Two at the same moment, on each database: officers, an officer and a timer, approvers; one outcome, told to the other (R2, R3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from threading import Barrier

from engine.definitions.facts import HeldRole, Person
from engine.errors import Refused
from engine.services.model import ActRequest, Advanced
from engine.services.refusals import StaleAct
from engine.services.timers import Swept
from tests.services.acts import CONTACT, VISIT
from tests.services.conftest import House
from tests.services.test_advancing import play_until
from tests.services.test_time_sweep import triggers

Answer = Advanced | Swept | Refused


def at_once(*doings: Callable[[], Advanced | Swept]) -> list[Answer]:
    """What each of several doings answers, or how it is refused, when all begin together."""
    start = Barrier(len(doings))

    def run(do: Callable[[], Advanced | Swept]) -> Answer:
        start.wait(10)
        try:
            return do()
        except Refused as refusal:
            return refusal

    with ThreadPoolExecutor(len(doings)) as people:
        return list(people.map(run, doings))


def doing(house: House, case: str, who: str, trigger: str, fields: Mapping[str, object]) -> Callable[[], Advanced]:
    """One act on the version that the page shows now."""
    house.count += 1
    request = ActRequest(
        case=case,
        trigger=trigger,
        account=who,
        fields=fields,
        version=house.app.cases.show(case, who).version,
        request_id=f"at-once-{house.count}",
    )
    return lambda: house.app.cases.advance(request)


class TestOfficers:
    """Two officers on one page."""

    def test_stale(self, house: House) -> None:
        """One act is accepted; the other officer is told what happened meanwhile, and nothing else changes."""
        number = house.case()
        house.at("2026-09-02 10:00")
        answers = at_once(
            doing(house, number, "school", "contact_family", CONTACT),
            doing(house, number, "township", "record_visit", VISIT),
        )
        (accepted,) = [each for each in answers if isinstance(each, Advanced)]
        (stale,) = [each for each in answers if isinstance(each, StaleAct)]
        assert [2] == [row.seq for row in stale.happened]
        assert (2, 2) == (accepted.seq, house.app.cases.show(number, "auditor").history[0].seq)


class TestOfficerAndTimer:
    """A visit recorded at the moment at which its deadline acts."""

    def test_one_outcome(self, house: House) -> None:
        """Either the visit came first and nothing escalates, or it follows the escalation, which it marks as moot."""
        numbers = house.cases(5)
        house.at("2026-09-05 00:30")
        requests = [
            ActRequest(
                case=number,
                trigger="record_visit",
                account="township",
                fields=VISIT,
                happened_on=date(2026, 9, 4),
                request_id=f"visit-{number}",
            )
            for number in numbers
        ]
        sweep = partial(house.app.timers.sweep, batch=1)
        swept, *visited = at_once(sweep, *(partial(house.app.cases.advance, each) for each in requests))
        assert isinstance(swept, Swept)
        assert all(isinstance(each, Advanced) for each in visited)
        house.clock.set(house.clock.now() + timedelta(hours=1))
        assert 0 == house.app.timers.sweep().failed
        late = "timer.overdue first_visit"
        for number in numbers:
            told = triggers(house, number)
            with house.app.archive.read() as uow:
                (entry,) = [each for each in uow.log.of(number) if each.trigger == "record_visit"]
            moots = entry.public["remarks"].get("moots", ())  # type: ignore[attr-defined]  # a mapping
            assert told.count(late) == ("first_visit" in moots)
            assert late not in told or told.index(late) < told.index("record_visit")


class TestApprovers:
    """Two who decide on one proposal."""

    def proposed(self, house: House) -> str:
        """A case whose order waits for the legal reviewer."""
        number = house.case()
        play_until(house, number, "referred", "proposal.approve")
        second = HeldRole(role="legal_reviewer", unit="QH-JT", first=date(2026, 1, 1), last=date(2027, 12, 31))
        with house.app.archive.begin() as uow:
            uow.people.add(Person(account="reviewer2", name="冯一", roles=(second,)), "bureau_head")
            uow.commit()
        return number

    def orders(self, house: House, number: str) -> list[tuple[str, str]]:
        """The orders of the case, with their numbers."""
        documents = house.app.cases.show(number, "auditor").documents
        return [(each.status, each.number) for each in documents if each.kind == "correction_order"]

    def test_yes_and_no(self, house: House) -> None:
        """Approved by one reviewer and returned by another at once: one of both holds, and the other is told so."""
        number = self.proposed(house)
        decided = {"proposal": "order_correction"}
        answers = at_once(
            doing(house, number, "reviewer", "proposal.approve", decided),
            doing(house, number, "reviewer2", "proposal.return", {**decided, "reason": "再核"}),
        )
        assert [Advanced, StaleAct] == sorted((type(each) for each in answers), key=lambda each: each.__name__)
        approved = isinstance(answers[0], Advanced)
        assert approved == bool(house.app.cases.proposals("auditor"))
        assert "counseled" == house.app.cases.show(number, "auditor").state

    def test_issued_once(self, house: House) -> None:
        """Two windows put one order into force at once: it is issued once, under the first number of its series."""
        number = self.proposed(house)
        decided = {"proposal": "order_correction"}
        house.at("2026-09-21 09:00").act("reviewer", number, "proposal.approve", **decided)
        answers = at_once(*(doing(house, number, "bureau_head", "proposal.approve", decided) for _ in range(3)))
        assert 1 == sum(isinstance(each, Advanced) for each in answers)
        assert 2 == sum(isinstance(each, StaleAct) for each in answers)
        assert [("issued", "宣和教体责改〔2026〕1号")] == self.orders(house, number)
        assert "ordered" == house.app.cases.show(number, "auditor").state
