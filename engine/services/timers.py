"""The sweep: every timer whose moment has come acts once, through the same decision as everybody else."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from engine.cases.decide import decide
from engine.cases.model import Command, Decision
from engine.cases.passing import needs_all, timer_values
from engine.cases.rehearsal import Rehearsal
from engine.clock import local_day
from engine.definitions.facts import SYSTEM, CaseView, Running
from engine.errors import InstallationError
from engine.services.keeping import Keeper
from engine.services.office import Office, as_of
from engine.services.outbox import Outbox
from engine.services.refusals import refused
from engine.services.watch import Watch
from engine.storage.stuck import StuckCase
from engine.storage.unit_of_work import Conflict
from notifications.messages import Channel

if TYPE_CHECKING:
    from engine.storage.unit_of_work import DueCase, UnitOfWork

_Done = list[tuple["DueCase", Decision]]
_Alone = list[tuple[str, Running]]

LOG = logging.getLogger(__name__)
BATCH = 500
"""Cases of one transaction: enough that its end costs little, few enough that an officer need not wait (§3.4)."""


LATELY = timedelta(minutes=10)
"""Without a sweep for longer than this, and ten pauses between sweeps, the house is not well."""


def always() -> bool:
    """Yes: a sweep without a budget goes on until nothing is due."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did."""

    timers: int
    opened: int
    delivered: int
    failed: int


@dataclass(slots=True, kw_only=True)
class _Tally:
    """What a sweep did so far, and the cases that it leaves alone until the next one."""

    timers: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timers:
    """Sweeping, for one office; messages leave through the given channels."""

    office: Office
    channels: tuple[Channel, ...] = ()

    def sweep(
        self,
        limit: int | None = None,
        *,
        batch: int = BATCH,
        deliver: bool = True,
        go_on: Callable[[], bool] = always,
    ) -> Swept:
        """One pass over what is due now, oldest first, then the outbox; at most `limit` acts of timers.

        Between two batches `go_on` is asked: where it says no, the next sweep goes on with what is left. Raises
        InstallationError when this node's clock may not be trusted.
        """
        watch = Watch(office=self.office)
        now = watch.now()
        known = self.stuck()
        tally = _Tally(skipped={each.case for each in known if each.quarantined or each.retry_at > now})
        while limit is None or tally.timers + len(tally.faults) < limit:
            most = batch if limit is None else min(batch, limit - tally.timers - len(tally.faults))
            if not self._batch(now, most, tally) or not go_on():
                break
        self._note(tally, now, known=bool(known))
        watch.swept(now)
        delivered, lost = self.deliver() if deliver else (0, 0)
        quarantined = sum(each.quarantined for each in known)
        failed = len(tally.faults) + quarantined + lost
        return Swept(timers=tally.timers, opened=0, delivered=delivered, failed=failed)

    def _note(self, tally: _Tally, now: datetime, *, known: bool) -> None:
        """Keep which cases failed, for the next try, and forget those that no longer do."""
        if not tally.faults and not known:
            return
        # Another worker that noted the same case meanwhile was quicker: the next sweep counts on.
        with suppress(Conflict), self.office.archive.begin() as uow:
            uow.stuck.failed(tally.faults, at=now)
            uow.stuck.cure(now)
            uow.commit()

    def stuck(self) -> tuple[StuckCase, ...]:
        """The cases of which a timer failed, the oldest first, quarantined ones among them."""
        with self.office.archive.read() as uow:
            return tuple(uow.stuck.all())

    def swept_lately(self) -> bool:
        """Whether some worker swept within ten minutes and ten pauses; a new installation has that long to begin."""
        archive = self.office.archive
        last = archive.swept_at or archive.begun_at
        patience = LATELY + 10 * timedelta(seconds=self.office.settings.sweep_seconds)
        return last is None or self.office.now() - last <= patience

    def clock_corrected(self) -> None:
        """Go on from the present clock: a person says that the clock of the last sweep was the wrong one."""
        Watch(office=self.office).corrected()

    def retry(self, number: str) -> None:
        """Let a stuck case be tried with the next sweep; RuleRefused when it is not stuck."""
        with self.office.archive.begin() as uow:
            if not uow.stuck.retry(number, at=self.office.now()):
                raise refused("rule", "case", f"{number} 没有受阻的定时；yingfan sweep --stuck 列出受阻的个案")
            uow.commit()

    def _batch(self, now: datetime, most: int, tally: _Tally, *, ahead: bool | None = None) -> bool:
        """Let a batch of due cases act once each; False when nothing is due that was not left alone.

        Where only one may write at a time, a batch is decided `ahead` of its transaction, so that nobody waits
        meanwhile; what somebody changed in that time is decided once more, inside it.
        """
        ahead = self.office.archive.one_writer if ahead is None else ahead
        try:
            with Rehearsal.undisturbed():
                alone = self._ahead(now, most, tally) if ahead else self._together(now, most, tally)
        except Conflict:
            if ahead:
                return self._batch(now, most, tally, ahead=False)
            # One case spoils its batch: smaller batches find it, and the others go on (PERFORMANCE.md §3.3).
            less = max(1, most // 2)
            return self._batch(now, less, tally, ahead=False) if most > 1 else self._leave_first(now, tally)
        for number, running in alone or ():
            self._alone(number, running, now, tally=tally)
        return alone is not None

    def _ahead(self, now: datetime, most: int, tally: _Tally) -> _Alone | None:
        """Decide on what was read, then write all that remind and tell; raises Conflict when one has changed since."""
        with self.office.archive.read() as uow:
            claimed = self._claim(uow, now, most, tally)
        return self._settled(claimed, now, tally, self.office.archive.begin)

    def _together(self, now: datetime, most: int, tally: _Tally) -> _Alone | None:
        """One transaction for the claim and for all that remind and tell."""
        with self.office.archive.begin() as uow:
            claimed = self._claim(uow, now, most, tally)
            return self._settled(claimed, now, tally, lambda: nullcontext(uow))

    def _settled(
        self,
        claimed: list[DueCase] | None,
        now: datetime,
        tally: _Tally,
        writing: Callable[[], AbstractContextManager[UnitOfWork]],
    ) -> _Alone | None:
        """Decide and write what was claimed; the acts that need their whole case are given back, None for no claim."""
        if claimed is None:
            return None
        done, alone = self._sorted(claimed, now, tally)
        if done:
            with writing() as uow:
                uow.timers.write(done)
                uow.outbox.put([(d.case, d.entry.trigger, role) for _, d in done for role in d.tells], at=now)
                uow.commit()
        tally.timers += len(done)
        return alone

    def _claim(self, uow: UnitOfWork, now: datetime, most: int, tally: _Tally) -> list[DueCase] | None:
        """What is due and was not left alone; None when nothing is, not even a case that does not read."""
        found = uow.timers.claim(now, most + len(tally.skipped))
        claimed = [due for due in found if due.case.identity.number not in tally.skipped][:most]
        unread = {n: e for n, e in uow.timers.unreadable.items() if n not in tally.skipped}
        for number, error in unread.items():
            self._failed(number, error, tally)
        return claimed if claimed or unread else None

    def _sorted(self, claimed: list[DueCase], now: datetime, tally: _Tally) -> tuple[_Done, _Alone]:
        """What the first due timer of each case does, and apart the cases of which all must be known for that."""
        done: _Done = []
        alone: _Alone = []
        for due in claimed:
            number = due.case.identity.number
            try:
                running = _first(due.case)
                workflow = self.office.version(due.definition)
                if needs_all(workflow.deadlines[running.name], running):
                    alone.append((number, running))
                    continue
                outcome = decide(workflow, due.case, _command(number, running), now, self.office.calendar)
            except Exception as error:  # noqa: BLE001  one case's fault, whatever it is, must not stop the others
                self._failed(number, error, tally)
                continue
            if isinstance(outcome, Decision):
                done.append((due, outcome))
            else:
                self._failed(number, Conflict(number), tally)
        return done, alone

    def _alone(self, number: str, running: Running, now: datetime, *, tally: _Tally) -> None:
        """One act of a timer that proposes or fires, in a transaction of its own on the whole case."""
        try:
            with self.office.archive.begin() as uow:
                case = as_of(uow, _there(uow.cases.load(number, lock=True), number), local_day(now))
                workflow = self.office.version(uow.cases.definition_of(number))
                outcome = decide(workflow, case, _command(number, running), now, self.office.calendar)
                if isinstance(outcome, Decision):
                    Keeper(office=self.office, uow=uow, now=now).keep(outcome, workflow, {})
                    uow.commit()
                    tally.timers += 1
                elif case.deadlines.get(running.name) == running:  # else somebody acted meanwhile
                    self._failed(number, Conflict(number), tally)
        except Exception as error:  # noqa: BLE001  one case's fault, whatever it is, must not stop the others
            self._failed(number, error, tally)

    def _leave_first(self, now: datetime, tally: _Tally) -> bool:
        """Leave the case alone that cannot be written even by itself."""
        with self.office.archive.begin() as uow:
            claimed = self._claim(uow, now, 1, tally) or []
        for due in claimed:
            self._failed(due.case.identity.number, Conflict(due.case.identity.number), tally)
        return bool(claimed)

    def _failed(self, number: str, error: Exception, tally: _Tally) -> None:
        LOG.warning("timer of %s failed: %s", number, type(error).__name__)
        # Only the installation's own faults are told in words: other texts may hold what an officer typed.
        tally.faults[number] = str(error) if isinstance(error, InstallationError) else type(error).__name__
        tally.skipped.add(number)

    def deliver(self, limit: int | None = None) -> tuple[int, int]:
        """Hand due messages to the channels; see Outbox.deliver."""
        return Outbox(office=self.office, channels=self.channels).deliver(limit)


def _first(case: CaseView) -> Running:
    """The deadline of a case that acts first; raises ValueError for a row that claims one and has none."""
    acting = ((each.next_at, each) for each in case.deadlines.values() if each.next_at is not None)
    return min(acting, key=_moment)[1]


def _moment(acting: tuple[datetime, Running]) -> datetime:
    return acting[0]


def _there(case: CaseView | None, number: str) -> CaseView:
    if case is None:
        raise Conflict(number)
    return case


def _command(number: str, running: Running) -> Command:
    key = f"timer:{number}:{running.name}:{running.epoch}:{running.generation}:{running.step}"
    return Command(key, number, "timer.act", SYSTEM, timer_values(running))
