"""Messages to people and offices, and what a channel says of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; `key` makes sending it twice harmless. No personal data: the case number is enough."""

    to: str
    kind: str
    subject: str
    body: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What became of a message."""

    ok: bool
    reference: str = ""
    detail: str = ""


class Channel(Protocol):
    """A way out: takes a message, gives a receipt, never raises for a message that cannot be delivered."""

    def send(self, message: Message) -> Receipt:
        """Deliver one message; the same key again delivers nothing new."""
        ...
