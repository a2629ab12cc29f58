"""What the counter asks of the house behind it: the composition root, or the sample house of the tests."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from datetime import date
from typing import Any, Protocol

from engine.definitions.facts import Person
from engine.definitions.workflow import Workflow
from engine.services.drafts import Kept
from engine.services.importing import Imported, Manner
from engine.services.model import (
    ActPage,
    ActRequest,
    Advanced,
    CasePage,
    DocumentRow,
    FindingRow,
    HistoryRow,
    OpenRequest,
    Preview,
    ProposalPage,
    WorkList,
)
from engine.services.records import CaseRecord, Wanted
from engine.services.search import Hit
from engine.services.uploads import Waiting


class People(Protocol):
    """Who signs in; a session is known to the browser by its token alone."""

    def sign_in(self, account: str, password: str, address: str, /) -> str:
        """A new session's token; raises RightRefused with one message for every cause."""

    def who(self, token: str, /) -> Person | None:
        """The person of a living session, or None."""

    def former(self, token: str, /) -> str:
        """Whose session it was that ran out by itself, or empty."""

    def sign_out(self, token: str, /) -> object:
        """End the session; an unknown token does nothing."""


class Cases(Protocol):
    """Cases as a signed-in person may read and move them; what is not theirs raises RightRefused."""

    def worklist(self, account: str, /, *, after: str = "") -> WorkList:
        """The person's work today; the page after a place that an earlier page named."""

    def show(self, number: str, account: str, /, *, reveal: bool = False) -> CasePage:
        """One case; the reading is recorded before this returns."""

    def act_page(self, number: str, trigger: str, account: str, /, *, raw: Mapping[str, object]) -> ActPage:
        """The form of one act, given what was chosen in it so far."""

    def preview(self, request: ActRequest, /) -> Preview:
        """What an act would do to the deadlines; nothing is kept."""

    def same_day(self, request: ActRequest, /) -> HistoryRow | None:
        """An entry of the same act on the same day, unless the request is that entry's own."""

    def advance(self, request: ActRequest, /) -> Advanced:
        """Do the act, once for each request id."""

    def proposal(self, number: str, proposal_id: str, account: str, /) -> ProposalPage:
        """What an approver reads."""

    def record(self, number: str, account: str, /) -> CaseRecord:
        """One case as programs read it."""

    def records(self, account: str, wanted: Wanted, /) -> Generator[CaseRecord]:
        """The cases that the person may see, as programs read them."""

    def open(self, request: OpenRequest, /) -> Advanced:
        """Open a case, once for each request id."""

    def deadlines(self, number: str, account: str, /) -> Sequence[Mapping[str, object]]:
        """The deadlines of one case as programs read them."""


class Notices(Protocol):
    """Documents of a case."""

    def document(self, number: str, document_id: str, account: str, /) -> DocumentRow:
        """The document with its filled text."""

    def pdf(self, number: str, document_id: str, account: str, /) -> bytes:
        """The document as PDF."""

    def html(self, number: str, document_id: str, account: str, /) -> str:
        """The document as a page of its own."""


class Outbox(Protocol):
    """Messages on their way out."""

    def counts(self) -> tuple[int, int, int]:
        """How many have not left; how many of them are held, and how many were tried."""


class Roster(Protocol):
    """Differences between register and roster."""

    def findings(self, account: str, /) -> Sequence[FindingRow]:
        """Those that this person may settle."""

    def confirm(self, finding_ids: tuple[int, ...], account: str, request_id: str, /) -> Sequence[str]:
        """Open a case for each; gives the case numbers."""

    def dismiss(self, finding_id: int, reason: str, account: str, /) -> object:
        """Settle one without a case, with its reason."""


class Units(Protocol):
    """The offices of the district."""

    def names(self) -> Mapping[str, str]:
        """The name of every unit by code."""


class Drafts(Protocol):
    """What was typed and not handed in, by (account, case, act)."""

    def keep(self, place: tuple[str, str, str], content: Mapping[str, Any], /) -> bool:
        """Keep a draft; False where that form was handed in meanwhile."""

    def kept(self, place: tuple[str, str, str], /) -> Kept | None:
        """The draft, or None."""

    def drop(self, place: tuple[str, str, str], /) -> object:
        """Forget a draft."""


class Search(Protocol):
    """Finding cases by what is known of the child."""

    def exact(self, text: str, account: str, /) -> Sequence[Hit]:
        """The cases of one's own that a number or a name belongs to."""


class Uploads(Protocol):
    """Uploaded lists that wait for their person; those of others raise RightRefused."""

    def units(self, account: str, /) -> Sequence[tuple[str, str]]:
        """Code and name of the units whose lists this person may bring in."""

    def put(self, file: tuple[str, bytes], kind: str, account: str, /, *, unit: str, told: Manner, covers: str) -> str:
        """Keep a file; its id."""

    def kept(self, id_: str, account: str, /) -> Waiting:
        """One file as it was handed in, without looking into it."""

    def waiting(self, id_: str, account: str, /) -> Waiting:
        """One file with the columns it offers, or what became of it."""

    def weigh(self, id_: str, account: str, manner: Manner, /) -> Imported:
        """What importing it would do."""

    def errors(self, id_: str, account: str, manner: Manner, /) -> bytes:
        """What is wrong with it, as a workbook in which it can be mended."""

    def keep(self, id_: str, account: str, manner: Manner, /) -> Waiting:
        """Import it, once."""

    def discard(self, id_: str, account: str, /) -> None:
        """Let go of it."""


class Audit(Protocol):
    """The history as an auditor reads it."""

    def history(self, number: str, account: str, /) -> CasePage:
        """The whole history of one case, its chain verified."""

    def counted(self) -> tuple[int, int]:
        """How many entries and cases there are."""


class Timers(Protocol):
    """The worker, wherever it runs."""

    def swept_lately(self) -> bool:
        """Whether some worker of this installation swept of late."""


class App(Protocol):
    """The house: its services as attributes."""

    @property
    def demo(self) -> bool:
        """True when the database is a demonstration: every page says so."""

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """The published workflows by name."""

    @property
    def units(self) -> Units:
        """The offices of the district."""

    @property
    def people(self) -> People:
        """Sessions."""

    @property
    def timers(self) -> Timers:
        """The worker."""

    @property
    def cases(self) -> Cases:
        """Cases."""

    @property
    def notices(self) -> Notices:
        """Documents."""

    @property
    def outbox(self) -> Outbox:
        """Messages."""

    @property
    def roster(self) -> Roster:
        """Findings."""

    @property
    def uploads(self) -> Uploads:
        """Uploaded lists."""

    @property
    def drafts(self) -> Drafts:
        """Drafts."""

    @property
    def search(self) -> Search:
        """Searching."""

    @property
    def audit(self) -> Audit:
        """Histories."""

    def today(self) -> date:
        """The legal day in the installation's zone."""
