"""Messages on their way out: after the half hour of undoing, once each, braked, never from a held database."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from engine.definitions.facts import CaseView
from engine.errors import RightRefused
from engine.services import outbox as services_outbox
from engine.services.outbox import CLAIMED_FOR, Outbox
from engine.storage.unit_of_work import Archive
from notifications.channels.file import FileChannel
from notifications.messages import Message, Receipt
from tests.services.acts import CONTACT
from tests.services.conftest import House

HALF = timedelta(minutes=30)


class Post:
    """A channel that keeps what it was given and does what a test asks of it."""

    def __init__(self, then: Callable[[Message], Receipt] | None = None) -> None:
        self.keys: list[str] = []
        self._then = then

    def send(self, message: Message) -> Receipt:
        """Take a message."""
        self.keys.append(message.key)
        return self._then(message) if self._then else Receipt(ok=True)


def put(house: House, number: str, role: str, times: int = 1, *, age: timedelta = timedelta()) -> None:
    """Messages to a role about a case, that should have left some time ago."""
    with house.app.archive.begin() as uow:
        case = uow.cases.load(number)
        assert isinstance(case, CaseView)
        at = house.clock.now() - age
        uow.outbox.put([(case._replace(seq=100 + i), "test", role) for i in range(times)], at=at)
        uow.commit()


def outbox(house: House, *channels: Post) -> Outbox:
    """The outbox with channels of a test."""
    return Outbox(office=house.app.cases.office, channels=channels)


class TestUndoing:
    """Messages of acts that may still be undone."""

    def hand_over(self, house: House, monkeypatch: pytest.MonkeyPatch) -> str:
        """An act that may be undone and tells somebody."""
        from engine.services import acting

        real = acting.decide

        def telling(*arguments: object) -> object:
            outcome = real(*arguments)  # type: ignore[arg-type]  # passed on as they come
            return outcome._replace(tells=("receiver",)) if hasattr(outcome, "tells") else outcome

        monkeypatch.setattr(acting, "decide", telling)
        number = house.case()
        house.act("school", number, "contact_family", **CONTACT)
        monkeypatch.setattr(acting, "decide", real)
        return number

    def test_waits(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """They leave after thirty minutes."""
        self.hand_over(house, monkeypatch)
        post = Post()
        house.clock.set(house.clock.now() + HALF)
        assert (0, 0) == outbox(house, post).deliver()
        house.clock.set(house.clock.now() + timedelta(seconds=1))
        assert (1, 0) == outbox(house, post).deliver()

    def test_undone(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """An undone act's messages never leave."""
        number = self.hand_over(house, monkeypatch)
        house.act("school", number, "case.undo")
        house.clock.set(house.clock.now() + timedelta(days=1))
        post = Post()
        assert (0, 0) == outbox(house, post).deliver()
        assert ([], ()) == (post.keys, house.app.outbox.waiting())


class TestDelivering:
    """Claimed, sent, marked."""

    def test_once(self, house: House) -> None:
        """A message that is being sent is not given to another worker; it is once the claim has ended."""
        put(house, house.case(), "township_officer")
        other = outbox(house, Post())
        seen = []

        def ask(message: Message) -> Receipt:
            seen.append(other.deliver())
            return Receipt(ok=True)

        assert (1, 0) == outbox(house, Post(ask)).deliver()
        assert [(0, 0)] == seen

    def test_died(self, house: House) -> None:
        """A worker that died while it sent leaves its messages to the next one, with the same keys."""
        put(house, house.case(), "township_officer")

        def die(message: Message) -> Receipt:
            raise KeyboardInterrupt

        first, second = Post(die), Post()
        with pytest.raises(KeyboardInterrupt):
            outbox(house, first).deliver()
        assert (0, 0) == outbox(house, second).deliver()
        house.clock.set(house.clock.now() + CLAIMED_FOR)
        assert (1, 0) == outbox(house, second).deliver()
        assert first.keys == second.keys

    def test_failing(self, house: House) -> None:
        """A message that fails, or a channel that falls over, never stops the others; it is tried again later."""
        put(house, house.case(), "township_officer", 3)

        def fall(message: Message) -> Receipt:
            if ":101:" in message.key:
                raise RuntimeError("broken")
            return Receipt(ok=":102:" not in message.key, detail="no answer")

        post = Post(fall)
        assert (1, 2) == outbox(house, post).deliver()
        assert ["RuntimeError", "no answer"] == [each.fault for each in house.app.outbox.waiting()]
        assert (0, 0) == outbox(house, post).deliver()
        house.clock.set(house.clock.now() + timedelta(minutes=2))
        assert (2, 0) == outbox(house, Post()).deliver()

    def test_unlocked(self, house: House) -> None:
        """While a channel works, officers write."""
        number = house.case()
        put(house, number, "township_officer")

        def write(message: Message) -> Receipt:
            house.act("school", number, "case.note", text="记")
            return Receipt(ok=True)

        assert (1, 0) == outbox(house, Post(write)).deliver()

    def test_limit(self, house: House) -> None:
        """No more leave at once than asked for."""
        put(house, house.case(), "township_officer", 3)
        assert [(2, 0), (1, 0)] == [outbox(house, Post()).deliver(2), outbox(house, Post()).deliver(2)]

    def test_notices(self, house: House) -> None:
        """The documents' service delivers as well, through the channels of the installation."""
        put(house, house.case(), "township_officer")
        assert ((1, 0), ()) == (house.app.notices.deliver(), house.app.outbox.waiting())

    def test_budget(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Between two handfuls a round may be ended; the next one goes on."""
        monkeypatch.setattr(services_outbox, "AT_ONCE", 2)
        put(house, house.case(), "township_officer", 5)
        post = Post()
        assert (2, 0) == outbox(house, post).deliver(go_on=lambda: False)
        assert (3, 0) == outbox(house, post).deliver()
        assert 5 == len(set(post.keys))

    def test_two_workers(self, house: House) -> None:
        """Two workers at once give each message to a channel once."""
        put(house, house.case(), "township_officer", 200)
        posts = [Post(), Post()]
        with ThreadPoolExecutor(2) as workers:
            done = list(workers.map(lambda post: outbox(house, post).deliver(), posts))
        assert (200, 0) == (sum(sent for sent, _ in done), sum(lost for _, lost in done))
        assert 200 == len({key for post in posts for key in post.keys}) == sum(len(post.keys) for post in posts)

    def test_file(self, house: House, tmp_path: Path) -> None:
        """The file channel writes one file a key, whatever happens in between."""
        channel = FileChannel(tmp_path / "out")
        message = Message(to="receiver", kind="x", subject="QH-1", body="b", key="k")
        assert [True, True] == [channel.send(message).ok for _ in range(2)]
        (file,) = (tmp_path / "out").iterdir()
        assert "QH-1" == json.loads(file.read_text("utf-8"))["subject"]


class TestBrake:
    """Messages to families and offices outside."""

    def test_late(self, house: House) -> None:
        """What is more than a day late waits for a person; what stays in the house does not."""
        number = house.case()
        for role in ("receiver", "township_officer"):
            put(house, number, role, age=timedelta(hours=25))
        assert (1, 0) == outbox(house, Post()).deliver()
        (held,) = house.app.outbox.waiting(held=True)
        assert ("receiver", "late") == (held.to, held.held)
        assert (0, 0) == outbox(house, Post()).deliver()

    def test_many(self, house: House) -> None:
        """More at once than the setting allows wait, all of them."""
        number = house.case()
        put(house, number, "receiver", house.app.settings.brake_messages + 1)
        assert (0, 0) == outbox(house, Post()).deliver()
        assert {"many"} == {each.held for each in house.app.outbox.waiting()}

    def test_few(self, house: House) -> None:
        """As many as the setting allows leave."""
        put(house, house.case(), "receiver", house.app.settings.brake_messages)
        assert (house.app.settings.brake_messages, 0) == outbox(house, Post()).deliver()

    def test_released(self, house: House) -> None:
        """A person of the bureau lets them go, these or all; who did is kept, and the brake takes none again."""
        number = house.case()
        put(house, number, "receiver", 2, age=timedelta(hours=25))
        outbox(house, Post()).deliver()
        first = house.app.outbox.waiting()[0]
        assert (1, 1) == (house.app.outbox.release("bureau", [first.id]), house.app.outbox.release("bureau"))
        assert {"bureau"} == {each.released_by for each in house.app.outbox.waiting()}
        assert (2, 0) == outbox(house, Post()).deliver()

    def test_right(self, house: House) -> None:
        """Nobody else lets them go."""
        with pytest.raises(RightRefused, match="教体局"):
            house.app.outbox.release("township")


class TestHeld:
    """A database that was restored."""

    def test_nothing(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        """Nothing leaves a held database; once it is released, what waits does."""
        put(house, house.case(), "township_officer")
        with monkeypatch.context() as restored:
            restored.setattr(Archive, "held", property(lambda _: True))
            assert (0, 0) == outbox(house, Post()).deliver()
        assert (1, 0) == outbox(house, Post()).deliver()
