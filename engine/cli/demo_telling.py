"""Telling the demonstration: one line an act as it happens, then one line a case with the rungs it climbed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from engine.app import App
from engine.clock import LOCAL_ZONE, local_day
from engine.definitions.facts import CaseView
from engine.definitions.workflow import Workflow
from engine.errors import InstallationError
from engine.services.words import did_zh

CHANNELS = {"judicial_office": "提请司法所", "police": "移送公安"}
"""Referral channels in words."""


class Told(NamedTuple):
    """One entry as far as the play tells it."""

    seq: int
    trigger: str
    user: str
    state: str
    recorded_at: datetime
    words: str


@dataclass(slots=True, kw_only=True)
class Teller:
    """Reads what was recorded since the last look and tells it, to people in lines and to programs as a story."""

    app: App
    say: Callable[[str], None]
    story: list[dict[str, object]] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)
    """The last entry of each case that was told or passed over."""
    _people: dict[str, str] = field(default_factory=dict)

    def news(self, number: str, *, only: str = "", words: str = "") -> None:
        """Tell the entries of a case since the last look: all, or only those whose act begins with a word.

        `words` stand instead of the act's own name.
        """
        with self.app.archive.read() as uow:
            case = uow.cases.load(number)
            if case is None:
                raise InstallationError(f"个案 {number} 不见了")
            workflow = self.app.workflows[case.identity.workflow]
            entries = [
                Told(
                    e.seq,
                    e.trigger,
                    e.user,
                    e.target or e.source,
                    e.recorded_at,
                    _words(workflow, did_zh(workflow, e), e.values),
                )
                for e in uow.log.of(number)
                if e.seq > self._seen.get(number, 0)
            ]
            if not self._people:
                self._people = uow.people.names()
            papers = {each.id: each.number for each in uow.documents.of(number)} if entries else {}
        for entry in entries:
            if entry.trigger.startswith(only) and entry.trigger != "link.changed":
                self._line(case, workflow, entry, words=words or entry.words)
                self._papers(case, workflow, entry, numbers=papers)
        self._seen[number] = case.seq
        for link in case.links:
            if link.reference not in self._seen:
                self.news(link.reference)

    def system(self) -> None:
        """Tell what the timers of the night did."""
        for case, _ in self.app.cases.listed("auditor"):
            if case.seq > self._seen.get(case.identity.number, 0):
                self.news(case.identity.number, only="timer.")

    def _line(self, case: CaseView, workflow: Workflow, entry: Told, *, words: str) -> None:
        number, who = case.identity.number, self._people.get(entry.user, "系统")
        running = (each.due_on for each in case.deadlines.values() if each.status == "running")
        due = min((day for day in running if day), default=None)
        state = workflow.states[entry.state]
        channels = [case.identity.channel, *(link.channel for link in case.links)]
        closing = workflow.closings.get(case.closed_as)
        self.story.append(
            {
                "on": local_day(entry.recorded_at).isoformat(),
                "case": number,
                "who": who,
                "did": entry.trigger,
                "zh": words,
                "state": state.name,
                "state_zh": state.zh,
                "closed_as": case.closed_as or None,
                "closed_zh": closing.zh if closing else None,
                "channel": next((each for each in channels if each), None),
                "due_on": due.isoformat() if due else None,
            }
        )
        later = f"（下一期限 {due}）" if due else ""
        self.say(f"{shown(entry.recorded_at)} {number:<16} {who}：{words} → {state.zh}{later}")

    def _papers(self, case: CaseView, workflow: Workflow, entry: Told, *, numbers: dict[str, str]) -> None:
        for each in case.documents:
            if each.status == "issued" and each.id.startswith(f"{entry.seq}-") and each.id in numbers:
                title = f"《{workflow.notices[each.kind].title}》{numbers[each.id]}"
                self.say(f"{'':17}文书 {case.identity.number}/{each.id} {title}")

    def ladders(self) -> Iterator[str]:
        """One line a case: the rungs in the order in which it stood on them, its channel and its end."""
        by_case: dict[str, list[dict[str, object]]] = {}
        for told in self.story:
            by_case.setdefault(str(told["case"]), []).append(told)
        for number, acts in sorted(by_case.items()):
            states = [str(each["state_zh"]) for each in acts]
            climbed = [zh for at, zh in enumerate(states) if at == 0 or zh != states[at - 1]]
            last = acts[-1]
            end = str(last["closed_zh"] or ("未结" if last["state"] not in ("returned", "closed") else ""))
            channel = CHANNELS.get(str(last["channel"]), "")
            remark = "，".join(each for each in (channel, end) if each)
            yield f"{number:<16} {' → '.join(climbed)}（{remark}）"


def shown(at: datetime) -> str:
    """An instant as a local date and time."""
    return f"{at.astimezone(LOCAL_ZONE):%Y-%m-%d %H:%M}"


def _words(workflow: Workflow, zh: str, values: Mapping[str, object]) -> str:
    """An entry's act in words; of a timer with the deadline that acted."""
    deadline = workflow.deadlines.get(str(values.get("deadline", "")))
    return f"{zh}：{deadline.zh}" if deadline else zh
