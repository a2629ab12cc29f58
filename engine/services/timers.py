"""The sweep: every timer whose moment has come acts once, through the same decision as everybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine.cases.decide import decide
from engine.cases.model import Command, Decision
from engine.definitions.facts import SYSTEM
from engine.services.keeping import Keeper
from engine.services.office import Office
from engine.storage.unit_of_work import Conflict
from notifications.messages import Channel, Message

if TYPE_CHECKING:
    from engine.storage.unit_of_work import DueTimer

UNDO_MINUTES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did."""

    timers: int
    opened: int
    delivered: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Sweeping, for one office; messages leave through the given channels."""

    office: Office
    channels: tuple[Channel, ...] = ()

    def sweep(self, limit: int = 500) -> Swept:
        """One pass over what is due now, oldest first, then the outbox."""
        acted = failed = 0
        now = self.office.now()
        with self.office.archive.read() as uow:
            due = uow.timers.claim(now, limit)
        for timer in due:
            try:
                acted += self._act(timer, now)
            except Conflict:
                failed += 1
        delivered, lost = self.deliver(limit)
        return Swept(timers=acted, opened=0, delivered=delivered, failed=failed + lost)

    def _act(self, timer: DueTimer, now: datetime) -> int:
        with self.office.archive.begin() as uow:
            case = uow.cases.load(timer.case)
            if case is None:
                return 0
            workflow = self.office.version(uow.cases.definition_of(timer.case))
            values = {
                "deadline": timer.deadline,
                "epoch": timer.epoch,
                "generation": timer.generation,
                "step": timer.step,
            }
            key = f"timer:{timer.case}:{timer.deadline}:{timer.epoch}:{timer.generation}:{timer.step}"
            command = Command(request_id=key, case=timer.case, trigger="timer.act", actor=SYSTEM, values=values)
            outcome = decide(workflow, case, command, now, self.office.calendar)
            if not isinstance(outcome, Decision):
                # The case disposes: a timer that no longer matches is put in step with its deadline.
                uow.timers.replace(case)
                uow.commit()
                return 0
            Keeper(office=self.office, uow=uow, now=now).keep(outcome, workflow, {})
            uow.commit()
            return 1

    def deliver(self, limit: int = 500) -> tuple[int, int]:
        """Hand due messages to the channels: how many went out, how many failed and will be tried again."""
        now = self.office.now()
        sent = lost = 0
        with self.office.archive.begin() as uow:
            for row in uow.outbox.due(now, limit):
                message = Message(to=row.to, kind=row.kind, subject=row.case, body=row.body, key=row.key)
                receipts = [channel.send(message) for channel in self.channels]
                good = all(receipt.ok for receipt in receipts)
                uow.outbox.mark(row.id, now, good=good, detail="；".join(r.detail for r in receipts if not r.ok))
                sent, lost = sent + good, lost + (not good)
            uow.commit()
        return sent, lost
