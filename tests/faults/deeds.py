"""The commands that are interrupted: those of the stories, taken where the stories do them, and those without a case."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from engine.app import App
from engine.cases.model import Refusal
from engine.cases.stage import Said
from engine.cases.stories import play_on
from engine.cli.demo_play import moment, settle
from engine.clock import SteppedClock, at_local
from engine.services.model import ActRequest
from tests.cases.said_no import stories
from tests.district import LITTLE
from tests.faults.crashing import Deed
from tests.faults.ground import Ground, Land, opened
from tests.services.acts import CONTACT
from tests.stories import on_services


class DeedStage(on_services.ServiceStage):
    """A stage that keeps the installation as it was before the first act of each kind."""

    def __init__(self, app: App, at: tuple[Land, Ground, Path], clock: SteppedClock, found: dict[str, Deed]) -> None:
        super().__init__(app, at[1], clock)
        self._land, self._place, self._folder = at
        self._found = found
        self._count = 0

    def act(self, said: Said) -> Refusal | None:
        """Advance the case, and keep the deed when it is the first of its kind."""
        kept = self._kept()
        before = len(self.recorded())
        refusal = super().act(said)
        if refusal is None:
            self._note(
                said.trigger, before, Deed(kind="", ground=kept, at=said.at, do=acting(on_services.request_of(said)))
            )
        else:
            self._land.removed(kept)
        return refusal

    def sweep(self, now: datetime) -> None:
        """Sweep, and keep it when timers do something new."""
        kept = self._kept()
        before = len(self.recorded())
        super().sweep(now)
        self._note("sweep", before, Deed(kind="", ground=kept, at=now, do=sweeping, later=True))

    def _kept(self) -> Ground:
        self.app.archive.close()
        self._count += 1
        return self._land.copied(self._place, self._folder / f"before-{self._count}")

    def _note(self, name: str, before: int, deed: Deed) -> None:
        did = "+".join(each.trigger + ("!" if each.tasks else "") for each in self.recorded()[before:])
        kind = name if did == name else f"{name}: {did}"
        if not did or kind in self._found:
            self._land.removed(deed.ground)
            return
        self._found[kind] = Deed(kind=kind, ground=deed.ground, at=deed.at, do=deed.do, later=deed.later)


def acting(request: ActRequest) -> Callable[[App], object]:
    """Doing one act; the answer without whether it was the first time."""

    def do(app: App) -> object:
        told = app.cases.advance(request)
        return told.case, told.state, told.version, told.seq, told.documents

    return do


def sweeping(app: App) -> None:
    """One sweep; what it did the first time it need not do again."""
    app.timers.sweep()


def of_story(key: str, land: Land, folder: Path, found: dict[str, Deed]) -> None:
    """Play a story, and keep the deeds of kinds that were not found yet."""
    ground = land.fresh(folder / "data")
    clock = SteppedClock(at_local(date(2020, 1, 1)))
    with opened(ground, clock) as app:
        on_services.settle(app, stories()[key])
        stage = DeedStage(app, (land, ground, folder), clock, found)
        play_on(stage, stories()[key], app.workflows[key.partition("/")[0]])
    land.removed(ground)


def without_case(land: Land, folder: Path) -> Iterator[Deed]:
    """Lists imported, findings settled, pages shown, messages delivered."""
    at = moment("2026-09-01 14:00")
    ground = land.fresh(folder / "data")

    def step(kind: str, do: Callable[[App], object], when: datetime = at, **how: Any) -> Deed:
        kept = land.copied(ground, folder / kind.replace(" ", "-"))
        with opened(ground, when) as app:
            do(app)
        return Deed(kind=kind, ground=kept, at=when, do=do, **how)

    with opened(ground, at) as app:
        settle(app, LITTLE, "correct-horse-battery")
        with app.archive.begin() as uow:
            # The keys are made before, so that all runs know pupils by the same references and digests.
            uow.roster.reference("G1")
            uow.roster.put_pupils([])
            uow.commit()
    yield step("import register", importing("register", "bureau"), grows=frozenset({"access_log"}))
    yield step("import roster", importing("roster", "bureau"), grows=frozenset({"access_log"}))
    yield step("confirm findings", confirming)
    yield step("dismiss a finding", dismissing)
    yield step("show a case", showing, grows=frozenset({"access_log"}))
    for trigger, fields in SMALL.items():
        request = ActRequest(case=FIRST, trigger=trigger, account="school", fields=fields, request_id=trigger)
        yield step(trigger, acting(request))
    yield step("sweep many", sweeping, moment("2026-09-03 00:30"), later=True)
    yield step("deliver", delivering, moment("2026-09-04 08:00"), later=True)
    land.removed(ground)


FIRST = "QH-2026-0001"
SMALL: Mapping[str, Mapping[str, object]] = {
    "contact_family": CONTACT,
    "case.correct": {"entry": "contact_family", "field": "reason", "value": "病了", "reason": "听错了"},
    "case.note": {"text": "记一笔"},
    "case.hand_over": {"owner": "teacher", "reason": "分工调整"},
}
"""Acts that no story does, or that every case has, on the first case of the sample."""


def importing(kind: str, account: str) -> Callable[[App], object]:
    """Importing a list of the sample."""

    def do(app: App) -> None:
        app.roster.import_file(LITTLE / f"{kind}.xlsx", kind, account)

    return do


def confirming(app: App) -> object:
    """Confirming two findings opens two cases."""
    found = [each for each in app.roster.findings("school") if each.kind_zh == "应到未到"]
    return app.roster.confirm([each.id for each in found[:2]], "school", "confirm")


def dismissing(app: App) -> None:
    """Settling a finding without a case; again it is settled already."""
    last = max(app.roster.findings("school"), key=lambda each: each.id)
    if last.status == "open":
        app.roster.dismiss(last.id, "已在他校就读", "school")


def delivering(app: App) -> None:
    """Handing out what is due; what went out the first time need not go again."""
    app.outbox.deliver()


def showing(app: App) -> object:
    """Reading a child's page, which is logged before it is shown."""
    number = app.cases.listed("school")[0][0].identity.number
    return app.cases.show(number, "school").state
