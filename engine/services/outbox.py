"""Messages on their way out: braked, claimed, sent outside every transaction, marked; at least once, with a key."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta

from engine.access import RELEASERS
from engine.services.office import Office, actor_of
from engine.services.refusals import refused
from engine.storage.rows import StoredMessage, WaitingMessage
from notifications.messages import Channel, Message

LOG = logging.getLogger(__name__)
AT_ONCE = 50
"""Messages claimed together: few enough that a slow channel is done with them before the claim ends."""

CLAIMED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbox:
    """The outbox of one office; messages leave through the given channels."""

    office: Office
    channels: tuple[Channel, ...] = ()

    def deliver(self, limit: int | None = None, *, go_on: Callable[[], bool] = lambda: True) -> tuple[int, int]:
        """Hand due messages to the channels: how many went out, how many failed and will be tried again.

        Nothing leaves a held database, nor an installation without a channel. Messages to families and offices outside
        that are too late, or too many at once, are held until a person releases them. No transaction is open while a
        channel works. All that are due leave, or at most `limit`; between two handfuls `go_on` is asked.
        """
        if not self.channels or self.office.archive.held:
            return 0, 0
        self._brake()
        sent = failed = 0
        while limit is None or sent + failed < limit:
            claimed = self._claim(AT_ONCE if limit is None else min(AT_ONCE, limit - sent - failed))
            if not claimed:
                break
            told = [(each, *self._send(each)) for each in claimed]
            now = self.office.now()
            with self.office.archive.begin() as uow:
                uow.outbox.sent([each.id for each, good, _ in told if good], now)
                for each, good, detail in told:
                    if not good:
                        uow.outbox.mark(each.id, now, good=False, detail=detail)
                uow.commit()
            good_ones = sum(good for _, good, _ in told)
            sent, failed = sent + good_ones, failed + len(told) - good_ones
            if not go_on():
                break
        return sent, failed

    def _brake(self) -> None:
        now, settings = self.office.now(), self.office.settings
        with self.office.archive.read() as uow:
            if not uow.outbox.outside(now):
                return
        with self.office.archive.begin() as uow:
            held = uow.outbox.brake(now, late=timedelta(hours=settings.brake_hours), most=settings.brake_messages)
            uow.commit()
        if held:
            LOG.warning("%d messages to families or offices outside are held until a person releases them", held)

    def _claim(self, most: int) -> list[StoredMessage]:
        now = self.office.now()
        with self.office.archive.read() as uow:
            if not uow.outbox.due(now, 1):
                return []
        with self.office.archive.begin() as uow:
            claimed = uow.outbox.claim(now, most, until=now + CLAIMED_FOR)
            uow.commit()
        return claimed

    def _send(self, row: StoredMessage) -> tuple[bool, str]:
        """Send one message through every channel: whether all took it, and what those said that did not."""
        message = Message(to=row.to, kind=row.kind, subject=row.case, body=row.body, key=row.key)
        faults = []
        for channel in self.channels:
            try:
                receipt = channel.send(message)
            except Exception as error:  # noqa: BLE001  whatever a channel does, the other messages must go on
                faults.append(type(error).__name__)
                continue
            if not receipt.ok:
                faults.append(receipt.detail)
        return not faults, "；".join(faults)

    def counts(self) -> tuple[int, int, int]:
        """How many messages have not left; how many of them wait for a person, and how many did not arrive yet."""
        with self.office.archive.read() as uow:
            return uow.outbox.counts()

    def waiting(self, *, held: bool = False) -> tuple[WaitingMessage, ...]:
        """Messages that have not left, oldest first; with `held` only those that wait for a person."""
        with self.office.archive.read() as uow:
            return tuple(uow.outbox.waiting(held=held))

    def release(self, account: str, ids: Iterable[int] | None = None) -> int:
        """Let held messages go, these or all, as a named person of the bureau; how many.

        Who released is kept with each message and in the access log. Raises RightRefused for anybody else.
        """
        now, today = self.office.now(), self.office.today()
        with self.office.archive.begin() as uow:
            actor = actor_of(uow, account)
            if not any(h.role in RELEASERS and h.first <= today <= h.last for h in actor.roles):
                raise refused("right", "right", "暂缓的消息由教体局专干或教体局领导放行")
            cases = uow.outbox.release(ids, by=account, at=now)
            uow.commit()
        for number in sorted(set(cases)):
            self.office.archive.access(account, "release", number, at=now)
        return len(cases)
