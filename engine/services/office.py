"""What every service shares: the archive, the loaded law, the calendar, the clock, the printer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING

from engine.access import BLIND, ROLES
from engine.cases.attempt import on_leave
from engine.cases.model import Refusal
from engine.clock import Clock, local_day
from engine.definitions.facts import Actor, CaseView, UnitFacts
from engine.definitions.kept import revived
from engine.definitions.load import predicates
from engine.definitions.workflow import NoticeRule, Workflow
from engine.errors import DefinitionError, InstallationError
from engine.services.almanac import Almanac
from engine.services.refusals import NOT_FOUND, raised, refused
from engine.settings import Settings
from engine.storage.units import Standing
from engine.workdays import Calendar
from notifications.documents import BlockTemplate, CompiledTemplate, Template, compile_template

if TYPE_CHECKING:
    from engine.storage.unit_of_work import Archive, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The parts that services work with; made once by app.open_app."""

    settings: Settings
    archive: Archive
    workflows: Mapping[str, Workflow]
    almanac: Almanac
    clock: Clock
    templates: dict[tuple[str, str], CompiledTemplate] = field(default_factory=dict)
    kept: dict[str, Workflow] = field(default_factory=dict)
    """Versions that running cases need and the files no longer have, by hash; read from the archive once."""

    def now(self) -> datetime:
        """The present instant of this installation; a demonstration lives on another day."""
        return self.clock.now()

    @property
    def calendar(self) -> Calendar:
        """The calendar in force; another node's new one from the next refresh on."""
        return self.almanac.calendar

    def today(self) -> date:
        """The present legal day."""
        return local_day(self.clock.now())

    def version(self, hash_: str) -> Workflow:
        """The workflow with this hash: of the files, or as the archive keeps it since it was published.

        Raises InstallationError when there is none, or when this program can no longer decide by it.
        """
        for workflow in self.workflows.values():
            if workflow.hash == hash_:
                return workflow
        if hash_ not in self.kept:
            self.kept[hash_] = self._revived(hash_)
        return self.kept[hash_]

    def current(self, name: str) -> Workflow:
        """The version of a procedure on which a new case begins; InstallationError when the files have none."""
        if name not in self.workflows:
            raise InstallationError(f"没有流程「{name}」，不能开立新个案；请恢复它的流程文件夹")
        return self.workflows[name]

    def _revived(self, hash_: str) -> Workflow:
        text = self.archive.definition(hash_)
        if text is None:
            raise InstallationError(f"个案所用的流程版本 {hash_[:12]} 既不在流程文件夹里，也不在数据库里；请由备份恢复")
        try:
            found = revived(hash_, text, predicates=predicates(), current=self.workflows)
        except DefinitionError as error:
            raise InstallationError(str(error)) from None
        self.archive.learn([found])
        return found

    def template(self, workflow: Workflow, kind: str) -> CompiledTemplate:
        """The compiled template of a document kind, compiled once."""
        key = (workflow.hash, kind)
        if key not in self.templates:
            self.templates[key] = compile_template(template_of(workflow.notices[kind]))
        return self.templates[key]


def template_of(notice: NoticeRule) -> Template:
    """A notice's blocks in the form that the document room takes."""
    return Template(
        document=notice.kind,
        title=notice.title,
        blocks=tuple(
            BlockTemplate(
                kind=block.kind,
                text=block.text if len(block.text) > 1 else block.text[0],
                parts=block.parts,
                when=block.when or None,
                each=block.each or None,
                min=block.least,
            )
            for block in notice.blocks
        ),
    )


def actor_of(uow: UnitOfWork, account: str) -> Actor:
    """The person behind an account, with all dated roles; RightRefused for an unknown account."""
    person = uow.people.get(account)
    if person is None:
        raise refused("right", "right", f"没有账号「{account}」")
    return Actor(user=person.account, roles=person.roles, away=person.away)


def case_for(uow: UnitOfWork, number: str, actor: Actor, *, today: date) -> CaseView:
    """The case, if this actor holds a role today in one of its units; otherwise as if it did not exist."""
    case = theirs(uow.cases.load(number), actor, today=today)
    return as_of(uow, case, today)


def as_of(uow: UnitOfWork, case: CaseView, day: date) -> CaseView:
    """The case with its units as they are on a day: authority is checked at the act's date (DOMAIN.md 4).

    A unit that there no longer is has no kind, and thus no authority. What is stored of the case stays as it is.
    """
    return _standing(case, uow.units.of_case(case.identity.number, day))


def as_of_all(uow: UnitOfWork, cases: Sequence[CaseView], day: date) -> list[CaseView]:
    """Several cases, each with its units as they are on a day; see as_of."""
    codes = [frozenset(unit.code for unit in case.identity.units) for case in cases]
    found = uow.units.of_each(codes, day) if cases else {}
    return [_standing(case, found[each]) for case, each in zip(cases, codes, strict=True)]


def _standing(case: CaseView, found: Standing) -> CaseView:
    units = tuple([found.now(unit) for unit in case.identity.units])
    return case._replace(identity=replace(case.identity, units=units))


def theirs(case: CaseView | None, actor: Actor, *, today: date) -> CaseView:
    """A loaded case, if it is this actor's to see; RightRefused as for one that does not exist."""
    leave = actor.away_from(frozenset(ROLES) - BLIND, case.identity.scope, today) if case is not None else None
    if leave is not None and case is not None and not sees(actor, case, today):
        raise raised(Refusal(kind="right", reasons=(on_leave(leave),)))
    if case is None or not sees(actor, case, today):
        raise refused("right", "case", NOT_FOUND)
    return case


def sees(actor: Actor, case: CaseView, today: date) -> bool:
    """True when a role held today gives sight of the case; some roles give none (access.BLIND)."""
    scope = case.identity.scope
    return any(
        held.unit in scope and held.role not in BLIND and held.first <= today <= held.last for held in actor.roles
    )


def short_name(unit: UnitFacts) -> str:
    """The unit's mark in document numbers: 青禾政, 宣和教体, 青禾中学."""
    mark = {"township_government": "政", "county_education_department": "教体", "subdistrict_office": "街"}
    stem = unit.name
    for ending in ("人民政府", "教育体育局", "街道办事处", "镇", "乡", "区", "县"):
        stem = stem.removesuffix(ending)
    return stem + mark.get(unit.kind, "")
