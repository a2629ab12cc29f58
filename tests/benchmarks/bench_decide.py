"""One decision beside one bare step of the shared machine; and a story of many cases beside the machine alone."""

from __future__ import annotations

import heapq
import json
import tracemalloc
from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import count

from engine.cases.decide import decide
from engine.cases.machine import Steps
from engine.cases.model import Command, Decision
from engine.cases.rehearsal import Rehearsal
from engine.clock import at_local
from engine.definitions.facts import SYSTEM, Actor, CaseView, Identity
from tests.benchmarks.figure import compare
from tests.cases.little import FIRST, OFFICER, SCHOOL, Play, calendar, identity, little

CASES = 100_000
DAYS = 120


def acts() -> None:
    """Four kinds of decision, each beside the step that it fires."""
    workflow, steps, days = little(), Steps(little()), calendar()
    case = Play().case
    now = at_local(date(2026, 9, 3), 10)
    reminder = case.deadlines["first_visit"].next_at
    assert reminder is not None
    plans: list[tuple[str, CaseView, Command, datetime]] = [
        ("an act that moves the case and starts a deadline", case, _command(SCHOOL, "back", {}), now),
        ("an act with a form that moves nothing", case, _command(OFFICER, "visit", {"result": "nobody_home"}), now),
        (
            "a reminder",
            case,
            _command(SYSTEM, "timer.act", {"deadline": "first_visit", "epoch": 1, "generation": 1, "step": 0}),
            reminder,
        ),
    ]
    n = 20_000
    for what, view, command, at in plans:
        outcome = decide(workflow, view, command, at, days)
        assert isinstance(outcome, Decision), outcome

        def ours(view: CaseView = view, command: Command = command, at: datetime = at) -> None:
            for _ in range(n):
                decide(workflow, view, command, at, days)

        def floor() -> None:
            for _ in range(n):
                steps.fire("visit/0>visited", "detected")

        compare("M3", f"decide: {what}", n, floor=floor, ours=ours, ratio=3.0)


def _command(actor: Actor, trigger: str, values: dict[str, object]) -> Command:
    return Command(request_id="r", case="x", trigger=trigger, actor=actor, values=values)


def _days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range(DAYS)]


def _floor() -> int:
    """The machine alone: the same steps at the same moments from a heap, nothing decided."""
    steps = Steps(little())
    fire = steps.fire
    order = count()
    heap: list[tuple[date, int, str, int]] = []
    for at in range(CASES):
        heapq.heappush(heap, (FIRST + timedelta(days=at % 5), next(order), "detected", 0))
    path: list[tuple[str, str, int]] = [
        ("visit/0>visited", "visited", 0),
        ("back/0>watched", "watched", 10),
        ("relapse/0>visited", "visited", 20),
        ("back/0>watched", "watched", 10),
    ]
    done = 0
    while heap:
        day, _, state, at = heapq.heappop(heap)
        event, _, _ = path[at]
        state = fire(event, state)
        done += 1
        if at + 1 < len(path):
            heapq.heappush(heap, (day + timedelta(days=path[at + 1][2]), next(order), state, at + 1))
    return done


def _ours() -> int:
    """The same cases through the whole decision, with forms, guards, deadlines, entries and timers."""
    stage = Rehearsal({"little": little()}, calendar(), keep=False)
    base = identity()
    names = {
        field: getattr(base, field) for field in ("workflow", "district", "subject", "units", "opened_on", "scope")
    }
    plan: dict[date, list[tuple[int, int]]] = {day: [] for day in _days()}
    numbers = [f"QH-2026-{at:06d}" for at in range(CASES)]
    opening = at_local(FIRST, 8)
    for at, number in enumerate(numbers):
        command = Command(request_id="", case=number, trigger="case.open", actor=SCHOOL)
        stage.open(Identity(number=number, **names), command, opening, unit="school")
        plan[FIRST + timedelta(days=at % 5)].append((at, 0))
    path: list[tuple[Actor, str, dict[str, object], int]] = [
        (OFFICER, "visit", {"result": "nobody_home"}, 0),
        (SCHOOL, "back", {}, 10),
        (SCHOOL, "relapse", {}, 20),
        (SCHOOL, "back", {}, 10),
    ]
    for day in _days():
        now = at_local(day, 0, 30)
        stage.sweep(now)
        later = at_local(day, 10)
        for at, step in plan[day]:
            actor, trigger, values, _ = path[step]
            command = Command(request_id="", case=numbers[at], trigger=trigger, actor=actor, values=values)
            outcome = stage.act(command, later)
            assert isinstance(outcome, Decision), outcome
            if step + 1 < len(path):
                plan[day + timedelta(days=path[step + 1][3])].append((at, step + 1))
    return stage.steps


def story() -> None:
    """The story of many cases: microseconds a step, ours beside the machine's; and memory a case."""
    with Rehearsal.undisturbed():
        _timed("G13", _floor, _ours)


def _timed(goal: str, floor: Callable[[], int], ours: Callable[[], int]) -> None:
    from time import perf_counter

    floors, subjects = [], []
    for _ in range(2):
        start = perf_counter()
        done = floor()
        floors.append((perf_counter() - start) / done * 1e6)
        start = perf_counter()
        steps = ours()
        subjects.append((perf_counter() - start) / steps * 1e6)
    ratio = min(subjects) / min(floors)
    told = {
        "goal": goal,
        "what": f"{CASES} cases over {DAYS} days in memory, a step (openings, acts and timers are steps)",
        "n": steps,
        "floor_us": round(min(floors), 2),
        "ours_us": round(min(subjects), 2),
        "ratio": round(ratio, 2),
        "goal_ratio": 2.0,
        "met": ratio <= 2.0,
    }
    print(json.dumps(told, ensure_ascii=False), flush=True)


def memory() -> None:
    """KiB a case in the store."""
    stage = Rehearsal({"little": little()}, calendar(), keep=False)
    base = identity()
    names = {
        field: getattr(base, field) for field in ("workflow", "district", "subject", "units", "opened_on", "scope")
    }
    n = 5_000
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for at in range(n):
        number = f"QH-2026-{at:06d}"
        command = Command(request_id="", case=number, trigger="case.open", actor=SCHOOL)
        stage.open(Identity(number=number, **names), command, at_local(FIRST, 8), unit="school")
    kib = (tracemalloc.get_traced_memory()[0] - before) / n / 1024
    tracemalloc.stop()
    told = {
        "goal": "G13",
        "what": "memory a case in the store",
        "n": n,
        "kib": round(kib, 2),
        "goal_kib": 1.0,
        "met": kib <= 1.0,
    }
    print(json.dumps(told, ensure_ascii=False), flush=True)


def main() -> None:
    """All figures of deciding."""
    acts()
    story()
    memory()


FIGURES = ((("M3",), acts), (("G13",), story), (("G13",), memory))

if __name__ == "__main__":
    main()
