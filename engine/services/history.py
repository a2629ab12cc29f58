"""The history of a case in words: who did what when, what it changed, and which entries the reader may still change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from engine.access import RESERVED, ROLES
from engine.cases.notices import label
from engine.cases.reserved import UNDO_WITHIN
from engine.cases.reserved_forms import form_of, services
from engine.clock import local_day
from engine.definitions.facts import Actor, CaseView
from engine.definitions.workflow import Field, Workflow
from engine.services.model import HistoryRow
from engine.services.office import Office
from engine.services.words import FINDING_ZH, act_zh, did_zh, masked, shown

if TYPE_CHECKING:
    from engine.storage.unit_of_work import StoredEntry, UnitOfWork

_LINK_KINDS = {"open": "办理中", "observing": "观察中", "final": "已结束"}
"""Kinds of state that a linked case tells."""

_LABELS = {"kind": "类别", "detail": "情况", "channel": "渠道", "link": "关联个案", "state": "状态"}
"""Labels of values that no form has: what opened a case, what a linked case tells."""

RULE_SIGNS = 12
"""So many signs of a version's hash name it on a page."""


def subject_of(profile: Mapping[str, object], case: CaseView, *, reveal: bool) -> str:
    """The subject's name by its profile, masked unless revealed; the reference where there is no name."""
    name = str(profile.get("name", "")) or case.identity.subject.reference
    return name if reveal else masked(name)


def may_undo(case: CaseView, actor: Actor, now: datetime) -> bool:
    """True when this person did the last act, no more than thirty minutes ago, and it can be taken back."""
    last = max(case.acts.values(), key=lambda each: each.seq, default=None)
    if last is None or not case.undoable:
        return False
    return last.user == actor.user and now - last.recorded_at <= UNDO_WITHIN


@dataclass(frozen=True, kw_only=True)
class HistoryMaker:
    """Puts the entries of one case into words for one reader."""

    office: Office
    uow: UnitOfWork
    actor: Actor
    case: CaseView
    workflow: Workflow
    reveal: bool
    profile: Mapping[str, object]
    """What the register says of the subject, opened once for the whole page."""

    def rows(self, after_version: int | None = None) -> tuple[HistoryRow, ...]:
        """The entries, newest first; only those after a version where one is named."""
        entries = self.uow.log.of(self.case.identity.number)
        rows = [self.row(each) for each in entries if after_version is None or each.version > after_version]
        return tuple(reversed(rows))

    def row(self, entry: StoredEntry) -> HistoryRow:
        """One entry in words."""
        workflow = self.workflow
        corrected = entry.trigger == "case.correct"
        return HistoryRow(
            seq=entry.seq,
            happened_on=entry.happened_on,
            recorded_at=entry.recorded_at,
            who=self.names.get(entry.user, "系统"),
            role_zh=ROLES.get(entry.role, entry.role) + self._standing(entry),
            trigger=entry.trigger,
            zh=did_zh(workflow, entry),
            change=self._correction(entry) if corrected else self._move(entry),
            state_zh=self._state(entry.target or entry.source),
            law=tuple(workflow.laws[key].title for key in entry.law if key in workflow.laws),
            fields=tuple((zh, self._veiled(text)) for zh, text in self.told(entry)),
            documents=tuple(
                workflow.notices[each].title if each in workflow.notices else each for each in entry.documents
            ),
            hash=entry.hash,
            late=local_day(entry.recorded_at) > entry.happened_on,
            kind=_kind(entry),
            rule=workflow.hash[:RULE_SIGNS],
            corrects=entry.seq in self._correctable,
            undoes=entry.seq == self._undoable,
        )

    def told(self, entry: StoredEntry) -> tuple[tuple[str, str], ...]:
        """The values of an entry in words, under the labels of its form."""
        if entry.trigger.startswith("timer."):
            return (("期限", self._word("deadline", entry.values.get("deadline", ""))),)
        if entry.trigger == "case.recalculate":
            return self._recalculated(entry)
        if entry.trigger == "case.correct":
            return (("理由", shown(entry.values.get("reason", ""))),)
        known = {field.name: field for field in form_of(entry.trigger, self.case, self.workflow)}
        told = []
        if entry.trigger == "link.changed":
            return self._linked(entry)
        for name, value in entry.values.items():
            field = known.get(name)
            zh = field.zh if field else _LABELS.get(name, name)
            explained = field is not None and name not in ("document", "deadline", "owner")
            told.append((zh, label(field, value, self.units) if field and explained else self._word(name, value)))
        return tuple(told)

    def _standing(self, entry: StoredEntry) -> str:
        """In whose place the role was used, or by which appointment."""
        remarks = entry.public["remarks"]
        told = remarks if isinstance(remarks, Mapping) else {}
        if "covers" in told:
            return f"（代行，{self.names.get(str(told['covers']), told['covers'])}休假）"
        return f"（代理，{told['acting_by']}）" if "acting_by" in told else ""

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of people by account."""
        return self.uow.people.names()

    @cached_property
    def units(self) -> dict[str, str]:
        """Names of all units by code."""
        return self.uow.units.names(self.office.today())

    @cached_property
    def _correctable(self) -> frozenset[int]:
        """The entries that this reader may correct: the last one of each act of the workflow."""
        if self.actor.role_in(RESERVED["case.correct"], self.case.identity.scope, self.office.today()) is None:
            return frozenset()
        return frozenset(act.seq for name, act in self.case.acts.items() if name in self.workflow.transitions)

    @cached_property
    def _undoable(self) -> int:
        return self.case.undoable if may_undo(self.case, self.actor, self.office.now()) else 0

    @cached_property
    def _veils(self) -> tuple[tuple[str, str], ...]:
        """Full names of the child and the guardians with their masks, the longest first; none once revealed."""
        if self.reveal:
            return ()
        given = self.profile.get("guardians")
        guardians = given if isinstance(given, (list, tuple)) else ()
        names = {str(self.profile.get("name", "")), *(str(each["name"]) for each in guardians)}
        return tuple((name, masked(name)) for name in sorted(names, key=len, reverse=True) if len(name) > 1)

    def _veiled(self, text: str) -> str:
        for name, mask in self._veils:
            text = text.replace(name, mask)
        return text

    def _move(self, entry: StoredEntry) -> str:
        if not entry.target or entry.target == entry.source:
            return ""
        return f"{self._state(entry.source) or '未立案'} → {self._state(entry.target)}"

    def _state(self, name: str) -> str:
        states = self.workflow.states
        return states[name].zh if name in states else ""

    def _correction(self, entry: StoredEntry) -> str:
        """What was corrected: the act, the field, the old value and the new one."""
        values, transitions = entry.values, self.workflow.transitions
        trigger, name = str(values.get("entry", "")), str(values.get("field", ""))
        fields = {field.name: field for field in transitions[trigger].form} if trigger in transitions else {}
        field: Field | None = fields.get(name)
        before, after = (
            label(field, each, self.units) if field and each not in (None, "") else shown(each)
            for each in (values.get("before") or "", values.get("value"))
        )
        zh = field.zh if field else "发生日期"
        what = dict(services(self.case, self.workflow)).get(trigger) or act_zh(self.workflow, trigger)
        return self._veiled(f"{what}·{zh}：{before or '没有填写'} → {after}")

    def _recalculated(self, entry: StoredEntry) -> tuple[tuple[str, str], ...]:
        """What a new calendar did, in words: both versions and every date that moved."""
        moved, before = entry.values.get("moved"), entry.values.get("calendars_before")
        days = [f"{self._word('deadline', name)}：{each}" for name, each in dict(moved or {}).items()]  # type: ignore[call-overload]  # a Mapping
        told = (
            ("变动", "；".join(days)),
            ("原日历版本", shown(before)),
            ("日历版本", shown(entry.values.get("calendar"))),
        )
        return tuple((zh, text) for zh, text in told if text)

    def _linked(self, entry: StoredEntry) -> tuple[tuple[str, str], ...]:
        """What a linked case told: its number and its state under its own law."""
        values = entry.values
        number, state = str(values["link"]), str(values["state"])
        states = self.office.version(self.uow.cases.definition_of(number)).states
        return (("关联个案", number), ("状态", f"{states[state].zh}（{_LINK_KINDS[str(values['kind'])]}）"))

    def _word(self, name: str, value: object) -> str:
        """A value that no form explains, or that the case explains better: kinds, documents, deadlines, states."""
        workflow, text = self.workflow, str(value)
        if name == "deadline" and text in workflow.deadlines:
            return workflow.deadlines[text].zh
        if name == "document":
            found = self.case.document(text)
            kind = found.kind if found else text
            return workflow.notices[kind].title if kind in workflow.notices else text
        if name == "owner":
            return self.names.get(text) or ROLES.get(text, text)
        if name == "channel":
            return self._channels.get(text, text)
        return FINDING_ZH.get(text, text) if name == "kind" else shown(value)

    @cached_property
    def _channels(self) -> dict[str, str]:
        """Names of the channels by which cases are referred, from the forms that offer them."""
        forms = (each.form for workflow in self.office.workflows.values() for each in workflow.transitions.values())
        return {key: zh for form in forms for field in form if field.name == "channel" for key, zh in field.options}


def _kind(entry: StoredEntry) -> str:
    """Under which heading of the history an entry is found."""
    if entry.trigger in ("case.correct", "case.undo"):
        return "correction"
    if entry.role == "system" or entry.trigger.startswith(("timer.", "link.")) or entry.trigger == "case.recalculate":
        return "system"
    return "document" if entry.trigger.startswith("document.") or entry.documents else "act"
