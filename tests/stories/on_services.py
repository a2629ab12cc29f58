"""A stage that is an installation: the acts of a story go through its services, its nights through the sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from engine.app import App
from engine.cases.model import Command, Refusal
from engine.cases.opening import open_case
from engine.cases.stage import Recorded, Said
from engine.cases.stories import all_units
from engine.clock import SteppedClock
from engine.definitions.facts import CaseView, HeldRole, Identity, Person
from engine.definitions.stories import Story
from engine.definitions.workflow import Workflow
from engine.services.keeping import Keeper
from engine.services.model import ActRequest
from engine.services.refusals import ActRefused
from engine.storage.unit_of_work import StoredEntry
from engine.workdays import Calendar
from tests.faults.ground import Ground, rows

FIRST, LAST = date(2000, 1, 1), date(2099, 12, 31)
PARENTS = {"school": "bureau", "class": "school", "village": "township", "district": ""}
NAMES = {"father": "高远山", "mother": "白水清", "guardian": "何大海", "grandfather": "高老根", "grandmother": "苗桂枝"}


def settle(app: App, story: Story) -> None:
    """The units of the synthetic district, the cast of the story, and the child it is about."""
    with app.archive.begin() as uow:
        uow.units.add((u.code, u.name, u.kind, PARENTS.get(u.code, "district"), FIRST, LAST) for u in all_units())
        for cast in story.cast.values():
            held = HeldRole(role=cast.role, unit=cast.unit, first=FIRST, last=LAST)
            uow.people.add(Person(account=cast.name, name=f"干部{cast.name}", roles=(held,)), "")
        uow.subjects.put("G1", "pupil", profile_of(story))
        uow.commit()


def profile_of(story: Story) -> dict[str, object]:
    """An invented child of the story's age and family; the citizen number has an area code that nobody has."""
    return {
        "reference": "G1",
        "register_no": "G990101201305040017",
        "name": "欧阳小满",
        "sex": "女",
        "birth": story.pupil.birth,
        "id_number": "990101201305040021",
        "school": "青禾中学",
        "grade": "七",
        "class_name": "七(2)",
        "residence": "青禾镇和平村",
        "township": "青禾镇人民政府",
        "guardians": [
            {"key": key, "name": NAMES.get(key, "祝长林"), "relation": "", "phone": ""} for key in story.pupil.guardians
        ],
    }


class ServiceStage:
    """An open installation as a stage; its clock stands where the story is."""

    def __init__(self, app: App, ground: Ground, clock: SteppedClock) -> None:
        self.app = app
        self._ground = ground
        self._clock = clock
        self._recorded: list[Recorded] = []
        self._seen: dict[str, int] = {}

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """Every workflow, by name."""
        return self.app.workflows

    @property
    def calendar(self) -> Calendar:
        """The calendar that counts here."""
        return self.app.calendar

    def open(self, identity: Identity, command: Command, now: datetime, *, unit: str) -> None:
        """Open a case as the services do, in one transaction."""
        self._clock.set(now)
        office = self.app.cases.office
        workflow = self.app.workflows[identity.workflow]
        decision = open_case(workflow, identity, command, now=now, calendar=office.calendar, unit=unit)
        with self.app.archive.begin() as uow:
            Keeper(office=office, uow=uow, now=now).keep(decision, workflow, command.values)
            uow.commit()
        self._look(identity.number)

    def act(self, said: Said) -> Refusal | None:
        """Advance the case; None when it was accepted."""
        self._clock.set(said.at)
        try:
            self.app.cases.advance(request_of(said))
        except ActRefused as refused:
            return refused.refusal
        self._look(said.number)
        return None

    def sweep(self, now: datetime) -> None:
        """Let every timer act whose moment has come; none may fail."""
        self._clock.set(now)
        swept = self.app.timers.sweep()
        assert swept.failed == 0
        self._look()

    def next_at(self) -> datetime | None:
        """The moment of the next timer, or None."""
        moments = (each.next_at for case in self.all().values() for each in case.deadlines.values())
        return min((moment for moment in moments if moment is not None), default=None)

    def all(self) -> Mapping[str, CaseView]:
        """Every case as it stands, by number."""
        with self.app.archive.read() as uow:
            found = {number: uow.cases.load(number) for number in uow.cases.numbers()}
        return {number: case for number, case in found.items() if case is not None}

    def recorded(self) -> Sequence[Recorded]:
        """Everything that was recorded so far: what one act caused in other cases behind its own entry."""
        return self._recorded

    def _look(self, first: str = "") -> None:
        """Learn of the entries that are new since the last look, those of one case first."""
        with self.app.archive.read() as uow:
            numbers = sorted(uow.cases.numbers(), key=lambda number: (number != first, number))
            for number in numbers:
                workflow = self._workflow(uow.cases.definition_of(number))
                for entry in uow.log.of(number)[self._seen.get(number, 0) :]:
                    self._recorded.append(Recorded(number, entry.trigger, self._tells(entry), _tasks(entry, workflow)))
                    self._seen[number] = entry.seq

    def _workflow(self, definition: str) -> Workflow:
        return self.app.cases.office.version(definition)

    def _tells(self, entry: StoredEntry) -> tuple[str, ...]:
        told = rows(self._ground, f"SELECT role FROM outbox WHERE number = '{entry.case}' AND seq = {entry.seq}")
        return tuple(str(row["role"]) for row in told)


def request_of(said: Said) -> ActRequest:
    """The request that a person sends for this."""
    return ActRequest(
        case=said.number,
        trigger=said.trigger,
        account=said.actor.user,
        fields=said.typed,
        request_id=said.request_id,
        happened_on=said.happened_on,
    )


def _tasks(entry: StoredEntry, workflow: Workflow) -> tuple[str, ...]:
    """The work that an escalation left to somebody, as its level says."""
    remarks = entry.public.get("remarks")
    level = remarks.get("level") if isinstance(remarks, Mapping) else None
    if not isinstance(level, int):
        return ()
    task = workflow.deadlines[str(entry.values["deadline"])].levels[level].task
    return (task,) if task else ()
