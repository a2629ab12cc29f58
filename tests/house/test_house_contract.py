"""The names that programs outside may call: a list, so that none changes unnoticed."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from engine.app import App, open_app
from engine.cases.decide import decide
from engine.workdays import Calendar, Reckoning, reckon

SERVICES = {
    "cases": {"open": ("request",), "advance": ("request",), "show": ("number", "account")},
    "timers": {"sweep": ("limit",)},
    "roster": {"import_file": ("path", "kind", "account")},
    "notices": {"deliver": ("limit",)},
}
"""The services of an App that programs call, with the parameters they name first."""

WORKDAYS = {
    "Calendar", "Day", "Hold", "Reckoning", "Roll", "Span", "Step", "Unit",
    "calendar_of", "chain", "earliest_after", "load_calendar", "never_shorter", "reckon",
}  # fmt: skip


def parameters(call: object) -> tuple[str, ...]:
    """The names of a call's parameters in order."""
    return tuple(inspect.signature(call).parameters)  # type: ignore[arg-type]  # a function


class TestPublicNames:
    """What stays as it is, since others call it."""

    def test_app(self) -> None:
        """An App is opened with settings and carries its services by name."""
        assert parameters(open_app)[0] == "settings"
        assert set() == set(SERVICES) - set(App.__dataclass_fields__)

    @pytest.mark.parametrize("service", sorted(SERVICES))
    def test_services(self, service: str) -> None:
        """Each service has its verbs, which take what they took."""
        kind = inspect.get_annotations(App, eval_str=True)[service]
        for verb, names in SERVICES[service].items():
            assert (verb, names) == (verb, parameters(getattr(kind, verb))[1 : len(names) + 1])

    def test_decide(self) -> None:
        """Deciding takes the law, the case, the command, the moment and the calendar."""
        assert parameters(decide) == ("workflow", "case", "command", "now", "calendar")

    def test_reckon(self) -> None:
        """Reckoning takes start, span, calendar, holds and roll, and gives day, provisional and steps."""
        assert parameters(reckon) == ("start", "span", "calendar", "holds", "roll")
        assert {"due_on", "provisional", "steps"} <= {name for name in dir(Reckoning) if name[0] != "_"}
        assert Calendar.__module__.startswith("engine.workdays")

    def test_workdays(self) -> None:
        """The room of statutory time gives out exactly these names."""
        assert set(import_module("engine.workdays").__all__) == WORKDAYS
