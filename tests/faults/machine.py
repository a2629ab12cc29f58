"""A state machine that does to an installation what officers, clocks and crashes do, beside a model that is a dict."""

from __future__ import annotations

import gc
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, NamedTuple

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from engine.app import App
from engine.cli.demo_play import moment, settle
from engine.cli.demo_script import GOES_ON, SCENES
from engine.clock import SteppedClock, local_day
from engine.definitions.facts import CaseView
from engine.errors import InstallationError, Refused, RightRefused, YingfanError
from engine.services.model import ActRequest, Advanced
from engine.services.refusals import RuleAct, StaleAct
from engine.services.timers import Swept
from engine.storage import dialects
from engine.storage.types import instant_text
from tests.district import LITTLE
from tests.faults.acts_at_random import last_actor, tries
from tests.faults.ground import Ground, Land, opened
from tests.faults.statements import tapped
from tests.faults.town import open_one

BEGINS = "2026-09-25 09:00"
STAGES = ("", "contact_family", "offer_help", "educate", "judge_reason", "document.serve")
"""The last act of the demonstration's script that each case of the town has behind it."""
MOST_CASES = 12
EVERY = 40
"""After so many looks at the rows everything is checked; at the end of a run as well."""
CHOICES = st.integers(0, 59)


class Died(BaseException):
    """The process ends here; nobody handles this."""


SILENT = (Died, YingfanError, OSError, OperationalError)
"""How an interrupted act ends for whoever sent it: without an answer."""


class Known(NamedTuple):
    """What the model knows of a case."""

    seq: int
    version: int
    state: str


class _Entered(NamedTuple):
    """One entry as the history keeps it."""

    id: int
    number: str
    seq: int
    request: str
    recorded_at: str

    @classmethod
    def of(cls, row: Any) -> _Entered:
        """The entry of a row."""
        public = json.loads(bytes(row.public))
        return cls(row.id, row.number, row.seq, public["request"], public["recorded_at"])


@dataclass(slots=True)
class Model:
    """All that the model is: cases, requests with their answers, what was entered, acts of timers among it."""

    cases: dict[str, Known] = field(default_factory=dict)
    answers: dict[str, tuple[ActRequest, Advanced]] = field(default_factory=dict)
    entered: set[str] = field(default_factory=set)
    due: dict[str, str | None] = field(default_factory=dict)
    """When the next timer of each case acts."""
    last: int = 0
    """The newest entry that the model knows of."""


@dataclass(slots=True)
class Counts:
    """How much was tried, over all runs of a machine."""

    steps: int = 0
    """Commands sent, sent again ones among them, and sweeps."""
    accepted: int = 0
    refused: int = 0
    kinds: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        return (
            f"{self.steps} steps of {len(self.kinds) - 1} kinds, {self.accepted} acts accepted, "
            f"{self.refused} refused, {self.kinds['timer']} acts of timers"
        )


def small_town(land: Land, folder: Path) -> Ground:
    """An installation with one case at each stage of the ladder, at rest."""
    ground = land.fresh(folder)
    clock = SteppedClock(moment("2026-09-01 14:00"))
    with opened(ground, clock) as app:
        settle(app, LITTLE, "correct-horse-battery")
        script = [scene for scene in SCENES if scene.case == GOES_ON]
        stop = {
            open_one(app, at): max((n + 1 for n, each in enumerate(script) if each.did == last), default=0)
            for at, last in enumerate(STAGES)
        }
        for at, scene in enumerate(script[: max(stop.values())]):
            clock.set(moment(scene.at))
            for number, end in stop.items():
                if at < end:
                    app.cases.advance(ActRequest(case=number, trigger=scene.did, account=scene.who, fields=scene.form))
        clock.set(moment(BEGINS))
        app.timers.sweep()
    return ground


class _Ending:
    """Ends a statement: an error of the driver, or the death of the process, before or after it."""

    def __init__(self, at: int, when: str, *, dies: bool) -> None:
        self.left, self.when, self.dies = at, when, dies

    def __call__(self, when: str, statement: str, connection: Any) -> None:
        self.left -= when == "before"
        if self.left == 0 and when == self.when:
            self.left = -1
            if self.dies:
                raise Died
            fault = Exception("disk I/O error")
            raise OperationalError(statement, {}, fault) if isinstance(connection, Connection) else OSError(str(fault))


def _interrupted(do: Callable[[], Advanced | Swept], at: int, when: str, *, dies: bool) -> Advanced | Swept | None:
    """What was answered, or None where it ended at this statement without an answer."""
    answer = None
    with suppress(*SILENT), tapped(_Ending(at, when, dies=dies)):
        answer = do()
    if answer is None and dies:
        # A process that died lets go of everything; here its cursors still hang in what it was doing.
        gc.collect()
    return answer


class Town(RuleBasedStateMachine):
    """The town, driven; a subclass names its land and the installation that every run begins with."""

    land: ClassVar[Land]
    ground: ClassVar[Ground]
    counts: ClassVar[Counts]

    def __init__(self) -> None:
        super().__init__()
        self._ends = ExitStack()
        self.model = Model()
        self._count = self._looked = 0

    @initialize()
    def begin(self) -> None:
        """A copy of the town, opened."""
        folder = Path(self._ends.enter_context(TemporaryDirectory(prefix="yf-town-"))) / "data"
        gc.freeze()
        here = self.land.copied(self.ground, folder)
        self._ends.callback(self.land.removed, here)
        self.clock = SteppedClock(moment(BEGINS))
        self.app: App = self._ends.enter_context(opened(here, self.clock))
        self._learn(timers=True)

    def teardown(self) -> None:
        """Look at everything once more, and throw the copy away."""
        try:
            if hasattr(self, "app"):
                assert [] == self.app.archive.invariants()
        finally:
            self._ends.close()

    # What officers do

    @rule(pick=st.integers(0, 3599))
    def act(self, pick: int) -> None:
        """Somebody does something on the newest version."""
        self._send(self._request(*divmod(pick, 60)))

    @rule(pick=st.integers(0, 3599))
    def act_too(self, pick: int) -> None:
        """The same again, so that acts are more frequent than mishaps."""
        self._send(self._request(*divmod(pick, 60)))

    @rule(case=CHOICES, what=CHOICES, also=CHOICES)
    def two_at_once(self, case: int, what: int, also: int) -> None:
        """Two officers act on the page that both have open: once the first changed the case, the second is stale."""
        first, second = self._request(case, what), self._request(case, also)
        before = self.model.cases[first.case]
        self._send(first)
        if self.model.cases[first.case].version == before.version:
            self._send(second)
        else:
            self._stale(second)

    @rule(case=CHOICES, what=CHOICES)
    def yesterdays_page(self, case: int, what: int) -> None:
        """A page of an older version changes nothing, and is told what happened meanwhile."""
        request = self._request(case, what)
        assert request.version is not None
        if request.version > 1:
            self._stale(replace(request, version=request.version - 1))

    @rule(which=CHOICES)
    def repeat(self, which: int) -> None:
        """A request that was accepted gives its first answer, whatever happened since."""
        if self.model.answers:
            request, answer = self._earlier(which)
            self._step("repeat")
            try:
                again = self.app.cases.advance(request)
            except Refused as refusal:
                raise AssertionError(f"{request.request_id} was accepted once and refused again") from refusal
            assert replace(answer, repeated=True) == again
            self._unchanged()

    @rule(which=CHOICES)
    def repeat_otherwise(self, which: int) -> None:
        """The same id with other content is refused."""
        if self.model.answers:
            request, _ = self._earlier(which)
            self._step("other content")
            self._refused(replace(request, fields={**request.fields, "more": "x"}), RuleAct)

    @rule(at=CHOICES)
    def open_case(self, at: int) -> None:
        """A case is opened about a child, and a second one is not."""
        if len(self.model.cases) < MOST_CASES:
            self._step("open")
            child = len(STAGES) + at % (MOST_CASES - len(STAGES))
            with suppress(RuleAct):
                open_one(self.app, child, f"open-{child}")
            self._learn()

    # What machines do

    @rule(
        case=CHOICES, what=CHOICES, at=st.integers(1, 30), when=st.sampled_from(("before", "after")), dies=st.booleans()
    )
    def crash(self, case: int, what: int, at: int, when: str, dies: bool) -> None:
        """An act that fails or dies at a statement is kept whole or not at all, and sending it again completes it."""
        request = self._request(case, what)
        answer = _interrupted(lambda: self.app.cases.advance(request), at, when, dies=dies)
        if isinstance(answer, Advanced):
            self._accept(request, answer)
        else:
            self._after_silence(request)

    @rule(case=CHOICES, what=CHOICES)
    def lose_answer(self, case: int, what: int) -> None:
        """An act whose answer is lost is asked for by its id first, then sent again: it is done once."""
        request = self._request(case, what)
        with suppress(YingfanError):
            self.app.cases.advance(request)
        self._after_silence(request)

    @rule(hours=st.sampled_from((1, 6, 15, 24, 24, 48, 72, 240)))
    def time_passes(self, hours: int) -> None:
        """Time passes and somebody sweeps: every timer acts once, none before its time, and none is left."""
        self._step("sweep")
        self.clock.set(self.clock.now() + timedelta(hours=hours))
        swept = self.app.timers.sweep()
        assert (0, swept.timers) == (swept.failed, self._learn(timers=True))
        assert [] == [due for due in self.model.due.values() if due and due <= instant_text(self.clock.now())]
        assert 0 == self.app.timers.sweep().timers

    @rule(at=st.integers(1, 30), when=st.sampled_from(("before", "after")), dies=st.booleans())
    def crash_in_sweep(self, at: int, when: str, dies: bool) -> None:
        """A sweep that dies at a statement has done some timers whole; the next one does the others."""
        self._step("sweep dies")
        self.clock.set(self.clock.now() + timedelta(hours=24))
        _interrupted(self.app.timers.sweep, at, when, dies=dies)
        # A case that failed is tried again some minutes later.
        self._step("sweep again")
        self.clock.set(self.clock.now() + timedelta(minutes=20))
        self.app.timers.sweep()
        self._learn(timers=True)

    @rule(hours=st.sampled_from((1, 24, 9600)))
    def clock_goes_back(self, hours: int) -> None:
        """A node that lives before the last sweep does not sweep, until a person says that its clock is right."""
        self._step("clock back")
        self.app.timers.sweep()
        self._learn(timers=True)
        self.app.archive.note_sweep(self.clock.now() + timedelta(hours=hours))
        try:
            self.app.timers.sweep()
        except InstallationError:
            self._unchanged()
            self.app.timers.clock_corrected()
        else:
            raise AssertionError("swept by a clock that went back")

    # The model beside it

    def _step(self, kind: str) -> None:
        self.counts.steps += 1
        self.counts.kinds[kind] += 1

    def _request(self, case: int, what: int) -> ActRequest:
        """Some act on some case, as its page offers it now; what the page shows is what the model knows."""
        number = sorted(self.model.cases)[case % len(self.model.cases)]
        with self.app.archive.read() as uow:
            view = uow.cases.load(number)
            workflow = self.app.cases.office.version(uow.cases.definition_of(number))
        assert view is not None
        assert self.model.cases[number] == _known(view)
        offered = tries(view, workflow)
        chosen = offered[what % len(offered)]
        self._count += 1
        self._step(chosen.trigger)
        return ActRequest(
            case=number,
            trigger=chosen.trigger,
            account=chosen.who or last_actor(view),
            fields=chosen.form(view, local_day(self.clock.now())),
            request_id=f"r{self._count}",
            version=view.version,
        )

    def _earlier(self, which: int) -> tuple[ActRequest, Advanced]:
        return self.model.answers[list(self.model.answers)[which % len(self.model.answers)]]

    def _send(self, request: ActRequest) -> None:
        try:
            answer = self.app.cases.advance(request)
        except Refused:
            self.counts.refused += 1
            assert not self._asked(request)
            self._unchanged()
        else:
            self._accept(request, answer)

    def _accept(self, request: ActRequest, answer: Advanced) -> None:
        before = self.model.cases[request.case]
        assert not answer.repeated
        assert before.seq + 1 == answer.seq
        assert before.version <= answer.version
        self.counts.accepted += 1
        self.model.answers[request.request_id] = (request, answer)
        self._learn()
        known = self.model.cases[request.case]
        assert (answer.version, answer.state) == (known.version, known.state)
        assert known.seq == answer.seq + self._caused(request.case, answer.seq)

    def _caused(self, number: str, seq: int) -> int:
        """How many entries an act caused in its own case: what a case that it opened told back, and nothing else."""
        with self.app.archive.read() as uow:
            later = [entry.trigger for entry in uow.log.of(number)[seq:]]
        assert set(later) <= {"link.changed"}
        return len(later)

    def _after_silence(self, request: ActRequest) -> None:
        """What a client does that got no answer: it asks for the id, and sends the same again."""
        self._step("sent again")
        done = self._asked(request)
        try:
            again = self.app.cases.advance(request)
        except Refused:
            assert not done
            self.counts.refused += 1
            self._unchanged()
            return
        assert done == again.repeated
        self._whole(request.case)
        self._accept(request, replace(again, repeated=False))

    def _asked(self, request: ActRequest) -> bool:
        with self.app.archive.read() as uow:
            return uow.requests.find(request.request_id) is not None

    def _stale(self, request: ActRequest) -> None:
        refusal = self._refused(request, Refused)
        if isinstance(refusal, RightRefused):
            # Who may not do it at all is told so on today's page too, and nothing of what happened meanwhile.
            self._refused(replace(request, version=self.model.cases[request.case].version), RightRefused)
            return
        assert isinstance(refusal, StaleAct), (request, refusal)
        assert refusal.happened

    def _refused(self, request: ActRequest, kind: type[Refused]) -> Refused:
        try:
            self.app.cases.advance(request)
        except Refused as refusal:
            if not isinstance(refusal, kind):
                raise AssertionError(f"{request.request_id} was refused otherwise") from refusal
            self.counts.refused += 1
            self._unchanged()
            return refusal
        raise AssertionError(f"{request.trigger} of {request.request_id} was accepted")

    def _unchanged(self) -> None:
        """Nothing was entered, and every case stands where the model has it."""
        assert [] == self._entered()
        assert self.model.cases == self._standing()
        self._look()

    def _learn(self, *, timers: bool = False) -> int:
        """Take over what was entered since; acts of timers are those that are allowed, each for the first time."""
        entered = self._entered()
        acted = 0
        after = {number: known.seq for number, known in self.model.cases.items()}
        first: dict[str, str] = {}
        for each in entered:
            assert each.seq == after.get(each.number, 0) + 1
            after[each.number] = each.seq
            assert each.request not in self.model.entered, f"{each.request} entered twice"
            self.model.entered.add(each.request)
            self.model.last = each.id
            if each.request.startswith("timer:"):
                acted += 1
                self.counts.kinds["timer"] += 1
                first.setdefault(each.number, each.recorded_at)
        assert timers or acted == 0
        for number, recorded_at in first.items():
            due = self.model.due.get(number) or recorded_at
            assert datetime.fromisoformat(due) <= datetime.fromisoformat(recorded_at), (
                f"{number}: a timer acted at {recorded_at}, before its time {due}"
            )
        standing = self._standing()
        assert after == {number: known.seq for number, known in standing.items()}
        for number, known in self.model.cases.items():
            assert known.version <= standing[number].version
        self.model.cases = standing
        self._look()
        return acted

    def _entered(self) -> list[Any]:
        """Entries since the model learned last, in order."""
        found = self._asked_past("SELECT id, number, seq, public FROM entry WHERE id > :last ORDER BY id")
        return [_Entered.of(each) for each in found]

    def _standing(self) -> dict[str, Known]:
        """Every case's row; its head must be the last of its entries."""
        found = self._asked_past(
            "SELECT number, seq, version, state, next_at, head, (SELECT hash FROM entry WHERE entry.number = c.number"
            " AND entry.seq = c.seq) AS hash FROM case_file c WHERE :last >= 0"
        )
        assert all(each.head == each.hash for each in found)
        self.model.due = {each.number: each.next_at for each in found}
        return {each.number: Known(each.seq, each.version, each.state) for each in found}

    def _asked_past(self, statement: str) -> Sequence[Any]:
        """Rows past the program."""
        with dialects.begin(self.app.archive._reader, write=False) as connection:
            return connection.execute(text(statement), {"last": self.model.last}).all()

    def _look(self) -> None:
        """Now and then, everything that must hold."""
        self._looked += 1
        if self._looked % EVERY == 0:
            assert [] == self.app.archive.invariants()

    def _whole(self, number: str) -> None:
        """One case, row against history."""
        with self.app.archive.read() as uow:
            assert uow.cases.load(number) == uow.log.replayed(number)


def _known(view: CaseView) -> Known:
    return Known(view.seq, view.version, view.state)
