"""Finding a case by what is known of the child: exactly by number or phone, by name among the cases of one's units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.access import BLIND
from engine.definitions.facts import Actor, CaseView
from engine.roster.names import fold_name
from engine.roster.terms import NAME, Term, asked
from engine.services.office import Office, actor_of, sees
from engine.services.refusals import refused
from engine.services.words import masked

if TYPE_CHECKING:
    from engine.storage.unit_of_work import UnitOfWork

OPENED = 5000
"""With more cases than this in one's units names are not opened one by one: then only the exact name finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A case that was found, its child masked."""

    case: str
    workflow_zh: str
    subject: str
    where: str
    state_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Searching, for one office."""

    office: Office

    def exact(self, text: str, account: str) -> tuple[Hit, ...]:
        """The cases of one's own that this case, document, ID, phone or register number or name belongs to.

        Oldest first. Numbers are found whole, however they are spelt; a name also by a part of it. What is not one's
        own is not there, and nothing tells that it is. The search is in the access log before anything is looked up:
        by its kind, never by its value. RuleRefused for an empty text.
        """
        terms = asked(text)
        if not terms:
            raise refused("field", "text", "请填写姓名、公民身份号码、电话、学籍号、个案编号或者文号")
        with self.office.archive.read() as uow:
            actor = actor_of(uow, account)
            numbered = _numbered(uow, text)
            if numbered:
                self.office.archive.access(account, "search:number", "", at=self.office.now())
                return tuple(self._hit(uow, case) for case in self._seen(uow, actor, numbered))
            self.office.archive.access(account, f"search:{terms[0].kind}", "", at=self.office.now())
            if terms[0].kind == NAME:
                numbers = self._named(uow, actor, terms[0])
            else:
                numbers = uow.index.cases(uow.index.subjects(terms))
            return tuple(self._hit(uow, case) for case in self._seen(uow, actor, numbers))

    def _named(self, uow: UnitOfWork, actor: Actor, name: Term) -> list[str]:
        today = self.office.today()
        units = {held.unit for held in actor.roles if held.first <= today <= held.last and held.role not in BLIND}
        mine = uow.cases.listed(units, limit=OPENED + 1)
        if len(mine) > OPENED:
            return uow.index.cases(uow.index.subjects([name]))
        about = uow.index.subjects_of(mine)
        names = uow.subjects.names(set(about.values()))
        same = {reference for reference, full in names.items() if name.value in fold_name(full)}
        return uow.index.cases(same)

    def _seen(self, uow: UnitOfWork, actor: Actor, numbers: list[str]) -> list[CaseView]:
        today = self.office.today()
        found = (uow.cases.load(number) for number in numbers)
        return [case for case in found if case is not None and sees(actor, case, today)]

    def _hit(self, uow: UnitOfWork, case: CaseView) -> Hit:
        workflow = self.office.version(uow.cases.definition_of(case.identity.number))
        school = case.unit_of("school")
        return Hit(
            case=case.identity.number,
            workflow_zh=workflow.title,
            subject=masked(str(uow.subjects.get(case.identity.subject.reference).get("name", ""))),
            where=school.name if school else "",
            state_zh=workflow.states[case.state].zh,
        )


def _numbered(uow: UnitOfWork, text: str) -> list[str]:
    """The case of this number, or those of the document that carries it, however its brackets are typed."""
    number = text.strip().upper()
    if uow.cases.load(number) is not None:
        return [number]
    return uow.documents.numbered(text.strip().translate(_BRACKETS))


_BRACKETS = str.maketrans("[]()（）【】", "〔〕〔〕〔〕〔〕")
"""As people type the year of a document number, which is printed in 〔〕."""
