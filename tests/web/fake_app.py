"""A house of one township for the web tests: invented people, real shapes, everything in memory.

``uvicorn tests.web.fake_app:web --factory`` shows it in a browser.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from html import escape

from fastapi import FastAPI

from engine.cases.forms import complaints, read
from engine.cases.model import Reason, Refusal
from engine.definitions.facts import HeldRole, Person
from engine.definitions.workflow import Edge, Field, Transition, Workflow
from engine.errors import InputError, InstallationError, RightRefused, RuleRefused
from engine.services.drafts import Kept
from engine.services.model import (
    ActPage,
    ActRequest,
    ActRow,
    Advanced,
    CasePage,
    DeadlineRow,
    DocumentRow,
    FindingRow,
    HistoryRow,
    Preview,
    ProposalPage,
    ProposalRow,
    WorkList,
    WorkRow,
)
from engine.services.refusals import NOT_FOUND, RightAct, RuleAct, StaleAct
from engine.services.search import Hit
from engine.web import create_web

TODAY = date(2026, 9, 14)
CASE = "XZ-2026-0041"
HOSTILE_CASE = "XZ-2026-0666"
OTHERS_CASE = "XZ-2026-0099"
HOSTILE = "<script>alert(1)</script>\"'&{{7*191*7}}"
PASSWORD = "demo password 1"
LAW = (("控辍保学工作方案 三（4）", "经多次劝返无效的，要及时向上级人民政府和教育主管部门报告"),)


def _roles(role: str, unit: str) -> tuple[HeldRole, ...]:
    return (HeldRole(role=role, unit=unit, first=date(2026, 1, 1), last=date(2026, 12, 31)),)


OFFICER = Person(account="lijuan", name="李娟", roles=_roles("township_officer", "青禾镇"))
HEAD = Person(account="zhoumin", name="周敏", roles=_roles("bureau_head", "区教体局"))

VISIT = (
    Field(name="visitors", zh="参加人", type="people", required=True, least=2, hint="至少两人"),
    Field(
        name="met",
        zh="见到了谁",
        type="choices",
        required=True,
        options=(("pupil", "学生"), ("father", "父亲"), ("mother", "母亲"), ("nobody", "没有见到人")),
    ),
    Field(
        name="result",
        zh="结果",
        type="choice",
        required=True,
        options=(("agrees", "同意返校"), ("refuses", "不同意"), ("nobody_home", "家中无人")),
        may_be=("不清楚",),
    ),
    Field(name="returns", zh="约定返校日期", type="date", required_when={"result": frozenset({"agrees"})}),
    Field(name="arrived", zh="到达时间", type="time"),
    Field(name="persons", zh="家中人数", type="number", least=0, most=30),
    Field(name="heard", zh="是否听取陈述", type="yes_no"),
    Field(
        name="danger",
        zh="有无伤害或其他危险",
        type="grid",
        rows=(("harm", "伤害"), ("work", "务工")),
        options=(("present", "有"), ("absent", "无"), ("unknown", "不清楚")),
        required_unless={"met": frozenset({"nobody"}), "heard": frozenset({"no"})},
    ),
    Field(name="limit", zh="约定期限", type="span"),
    Field(name="receiver", zh="抄告单位", type="unit", options=(("QH", "青禾镇"), ("JTJ", "区教体局"))),
    Field(name="child_words", zh="孩子怎么说", type="text", may_be=("不愿说",)),
    Field(name="course", zh="经过", type="long_text"),
    Field(name="photo", zh="照片", type="file"),
)
SERVE = (
    Field(name="document", zh="文书", type="choice", required=True, options=(("7-1", "责令限期改正决定书"),)),
    Field(name="to", zh="受送达人", type="choice", required=True, options=(("father", "父亲"), ("mother", "母亲"))),
    Field(name="method", zh="方式", type="choice", required=True, options=(("direct", "直接送达"), ("mail", "邮寄"))),
)
DRAFT = DocumentRow(
    case=CASE,
    id="8-1",
    kind="correction_order",
    title="责令限期改正决定书",
    number="",
    status="draft",
    status_zh="文稿",
    issued_on=None,
    addressees=(),
    body_html="<h1>责令限期改正决定书</h1><p>张*明的监护人：</p><p>经查，张*明自2026年9月1日起未到校就读。</p>",
)
ORDER = replace(
    DRAFT,
    id="7-1",
    number="宣教责改〔2026〕12号",
    status="issued",
    status_zh="已签发",
    issued_on=date(2026, 9, 12),
    addressees=(("父亲", "已送达 直接送达"), ("母亲", "等待送达")),
    waiting=(2,),
    serves=True,
)


def entry(seq: int, zh: str = "登记家访", **changes: object) -> HistoryRow:
    """One line of history."""
    row = HistoryRow(
        seq=seq,
        happened_on=date(2026, 9, 4),
        recorded_at=datetime(2026, 9, 4, 7, 2, 10, tzinfo=UTC),
        who="李娟",
        role_zh="乡镇专干",
        trigger="record_visit",
        zh=zh,
        change="发现 → 已家访",
        state_zh="已家访",
        law=("方案三4",),
        fields=(("结果", "家中无人"), ("参加人", "李娟、王强")),
        documents=(),
        hash=f"{seq:02d}" + "ab" * 31,
        late=False,
    )
    return replace(row, **changes)  # type: ignore[arg-type]  # a test's shorthand


HISTORY = (
    entry(3, "到期提醒", who="系统", role_zh="系统", change="", fields=(), trigger="timer.remind"),
    entry(2, late=True, documents=("7-1",)),
    entry(1, "立案", change="", state_zh="发现", fields=(("疑点", "应到未到"),)),
)
FIRST_VISIT = DeadlineRow(
    name="first_visit",
    zh="首次家访",
    due_on=date(2026, 9, 11),
    provisional=False,
    overdue=True,
    waits_for="",
    check_on=None,
    steps=(
        {"from": "2026-09-04", "to": "2026-09-05", "counted": 0, "why": "发现之日不计入"},
        {"from": "2026-09-05", "to": "2026-09-11", "counted": 5, "why": "工作日"},
    ),
)
COMPLIANCE = DeadlineRow(
    name="compliance",
    zh="改正期限",
    due_on=date(2027, 1, 8),
    provisional=True,
    overdue=False,
    waits_for="母亲送达",
    check_on=date(2027, 2, 22),
    steps=(),
)
ACTS = (
    ActRow(trigger="record_visit", zh="登记家访", primary=True, proposes=False),
    ActRow(trigger="case.note", zh="备注", primary=False, proposes=False, group="keeping"),
    ActRow(
        trigger="order_correction", zh="责令限期改正", primary=False, proposes=True, missing=("劝返不足3次：现有1次",)
    ),
)


def blank_case(number: str = CASE, subject: str = "张*明") -> CasePage:
    """The case as everybody first sees it."""
    return CasePage(
        number=number,
        workflow="dropout-case",
        workflow_zh="疑似辍学个案",
        definition="a1" * 32,
        subject=subject,
        revealed=False,
        profile=(("姓名", subject), ("身份证", "9901**********1234"), ("学校", "青禾中学 七(2)")),
        state="detected",
        state_zh="发现",
        ladder="第1步 共5步：发现",
        version=7,
        unit="青禾镇",
        owner="李娟",
        closed_as="",
        deadlines=(FIRST_VISIT, COMPLIANCE),
        acts=ACTS,
        documents=(ORDER,),
        proposals=(PROPOSAL,),
        links=(("移送司法所", "YS-2026-0003", "已接收"),),
        will_happen=("9月16日 00:30 未登记家访的，通知镇长",),
        history=HISTORY,
        chain_ok=True,
        chain_message="链条连续，3/3 条已验证",
    )


PROPOSAL = ProposalRow(
    case=CASE,
    id="8",
    trigger="order_correction",
    zh="责令限期改正",
    subject="张*明",
    proposed_by="李娟",
    made_on=TODAY,
    waits_for="教体局领导",
    mine=True,
)
WORK = WorkRow(
    case=CASE,
    workflow_zh="疑似辍学个案",
    subject="张*明",
    where="青禾中学 七(2)",
    state_zh="发现",
    deadline_zh="首次家访",
    due_on=date(2026, 9, 11),
    provisional=False,
    overdue=True,
    act="record_visit",
    act_zh="登记家访",
)
FINDING = FindingRow(
    id=17,
    kind_zh="应到未到",
    name="陈*",
    school="青禾中学",
    class_name="七(2)",
    detail="秋季返校核查名单没有此人",
    found_on=date(2026, 9, 1),
    status="open",
)


@dataclass
class FakePeople:
    """Sessions in a dictionary."""

    sessions: dict[str, Person] = field(default_factory=dict)
    addresses: list[str] = field(default_factory=list)
    broken: bool = False

    def sign_in(self, account: str, password: str, address: str) -> str:
        """A token for the two known accounts."""
        self.addresses.append(address)
        people = {each.account: each for each in (OFFICER, HEAD)}
        if account not in people or password != PASSWORD:
            raise RightRefused("账号或密码不对")
        token = f"session-token-{len(self.sessions)}-of-{account}"
        self.sessions[token] = people[account]
        return token

    def who(self, token: str) -> Person | None:
        """The person of a token."""
        if self.broken:
            raise InstallationError("数据库打不开")
        return self.sessions.get(token)

    def former(self, token: str) -> str:
        """The officer's session is the one that runs out."""
        return OFFICER.account if token == "a-session-that-ran-out" else ""

    def sign_out(self, token: str) -> None:
        """Forget a token."""
        self.sessions.pop(token, None)


@dataclass
class FakeCases:
    """One case that moves by version, one with hostile words, one that is somebody else's."""

    pages: dict[str, CasePage] = field(default_factory=lambda: {CASE: blank_case(), HOSTILE_CASE: hostile_case()})
    done: dict[str, Advanced] = field(default_factory=dict)
    asked: list[ActRequest] = field(default_factory=list)
    happened: tuple[HistoryRow, ...] = ()
    work: WorkList | None = None
    mine: bool = True
    twin: HistoryRow | None = None

    def worklist(self, account: str, *, after: str = "") -> WorkList:
        """A bit of everything."""
        return self.work or WorkList(
            today=TODAY,
            overdue=(WORK,),
            due_today=(replace(WORK, case="XZ-2026-0050", subject="王*", overdue=False, due_on=TODAY),),
            later=(
                replace(
                    WORK, overdue=False, act="", act_zh="", due_on=date(2027, 1, 8), provisional=True, waits_for="审批"
                ),
            ),
            to_approve=(PROPOSAL, replace(PROPOSAL, mine=False, id="9")),
            findings=1,
            will_happen=("9月16日 00:30 未登记家访的，通知镇长",),
        )

    def show(self, number: str, account: str, *, reveal: bool = False) -> CasePage:
        """The case, or the one answer for all that is not yours."""
        if number == "XZ-2026-0500":
            raise ValueError("张小明 crashed")
        if number not in self.pages:
            raise RightRefused(NOT_FOUND)
        page = self.pages[number]
        if not reveal:
            return page
        return replace(page, revealed=True, subject="张小明", profile=(("姓名", "张小明"), *page.profile[1:]))

    def act_page(self, number: str, trigger: str, account: str, *, raw: Mapping[str, object] | None = None) -> ActPage:
        """A form with a field of every type, or a refusal."""
        page = self.show(number, account)
        if trigger == "refer":
            raise RightAct(Refusal(kind="right", reasons=(Reason("right", "bureau_officer", "应由教体局专干办理"),)))
        if trigger not in ("record_visit", "document.serve", "order_correction") or page.state == "closed":
            reason = Reason("state", "state", f"个案现为「{page.state_zh}」，不能办理")
            raise RuleAct(Refusal(kind="rule", reasons=(reason,), accepted=("record_visit", "report_upward")))
        return ActPage(
            case=number,
            subject=page.subject,
            state_zh=page.state_zh,
            version=page.version,
            trigger=trigger,
            zh={"record_visit": "登记家访", "document.serve": "登记送达"}.get(trigger, "责令限期改正"),
            form={"record_visit": VISIT, "document.serve": SERVE}.get(trigger, ()),
            asks_day=trigger != "order_correction",
            earliest=date(2026, 9, 1),
            today=TODAY,
            next_line="个案到「已家访」，首次家访期限终止；通知王主任。",
            law=LAW,
            people=("李娟", "王强"),
            looks_at={"not_a_neighbour": "met", "never_shown": "gone"},
        )

    def preview(self, request: ActRequest) -> Preview:
        """The deadlines as they would be: one kept, one moved, one new."""
        page = self.show(request.case, request.account)
        self._check(request, page)
        moved = replace(FIRST_VISIT, due_on=date(2026, 9, 18))
        after = (moved, COMPLIANCE, replace(COMPLIANCE, name="new", zh="新期限", waits_for=""))
        return Preview(
            case=request.case, state=page.state, version=8, before=page.deadlines, after=after, kept=("compliance",)
        )

    def same_day(self, request: ActRequest) -> HistoryRow | None:
        """The entry that the test put there."""
        return self.twin

    def advance(self, request: ActRequest) -> Advanced:
        """Once for each request id; refuses like the house does."""
        self.asked.append(request)
        if request.request_id in self.done:
            first = next(each for each in self.asked if each.request_id == request.request_id)
            if first.fields != request.fields:
                reason = Reason("rule", "request_id", "这张表已经登记过，这次内容不同")
                raise RuleAct(Refusal(kind="rule", reasons=(reason,)))
            return replace(self.done[request.request_id], repeated=True)
        page = self.show(request.case, request.account)
        if request.version != page.version:
            reason = Reason("stale", "version", "王强于9月14日14:20登记了家访")
            raise StaleAct(Refusal(kind="stale", reasons=(reason,)), self.happened)
        self._check(request, page)
        page = replace(page, version=page.version + 1, state="visited", ladder="第2步 共5步：已家访")
        self.pages[request.case] = page
        answer = Advanced(case=request.case, state=page.state, version=page.version, seq=3, repeated=False)
        self.done[request.request_id] = answer
        return answer

    def _check(self, request: ActRequest, page: CasePage) -> None:
        if request.trigger == "order_correction":
            reason = Reason("guard", "persuasions", "劝返不足3次：现有1次")
            offers = ("record_visit", "case.hold", "hear_guardian")
            raise RuleAct(Refusal(kind="rule", reasons=(reason,), accepted=offers))
        if request.fields.get("opinion") == "越权":
            raise RightAct(Refusal(kind="right", reasons=(Reason("right", "bureau_head", "不能审批自己报批的事项"),)))
        if request.fields.get("opinion") == "变了":
            raise RuleAct(Refusal(kind="rule", reasons=(Reason("guard", "facts", "文稿所印的事实已经变动"),)))
        if request.trigger.startswith("proposal.") or page.state == "closed":
            if page.state == "closed":
                raise RuleRefused("个案已经办结")
            return
        if request.fields.get("child_words") == "邻居的话":
            told = (Reason("guard", "not_a_neighbour", "没有见到家人"), Reason("guard", "never_shown", "别的原因"))
            raise RuleAct(Refusal(kind="rule", reasons=told))
        if request.fields.get("child_words") == "读不出":
            raise InputError("「读不出」不能读")
        form = {"record_visit": VISIT, "document.serve": SERVE}[request.trigger]
        values, wrong = read(form, request.fields)
        wrong += complaints(form, values, {})
        if wrong:
            raise RuleAct(Refusal(kind="rule", reasons=wrong))

    def proposal(self, number: str, proposal_id: str, account: str) -> ProposalPage:
        """The one proposal of the case."""
        page = self.show(number, account)
        if proposal_id != "8" or page.state == "closed":
            raise RuleAct(Refusal(kind="rule", reasons=(Reason("rule", "proposal", "这件报批已经办结或退回"),)))
        return ProposalPage(
            row=replace(PROPOSAL, mine=self.mine),
            version=page.version,
            facts=(("学生", page.subject), ("劝返", "9月4日、9月6日、9月9日")),
            law=LAW,
            drafts=(DRAFT,),
            approvals=("法制审核 吴桐 9月13日 同意",) if self.mine else (),
            on_yes="取号签发决定书，个案到「已责令」。",
            on_no="退回李娟，个案不动。",
            history=HISTORY,
            reasons=() if self.mine else (Reason("guard", "x", "监护人陈述尚未听取"),),
        )


def hostile_case() -> CasePage:
    """Every word that may come from a person, hostile."""
    page = blank_case(HOSTILE_CASE, HOSTILE)
    texts = dict.fromkeys(("workflow_zh", "state_zh", "ladder", "unit", "owner", "closed_as", "chain_message"), HOSTILE)
    return replace(
        page,
        **texts,  # type: ignore[arg-type]  # all of them are texts
        chain_ok=False,
        profile=((HOSTILE, HOSTILE),),
        deadlines=(
            replace(
                FIRST_VISIT,
                zh=HOSTILE,
                waits_for=HOSTILE,
                steps=(dict.fromkeys(("from", "to", "counted", "why"), HOSTILE),),
            ),
        ),
        acts=(ActRow(trigger=HOSTILE, zh=HOSTILE, primary=True, proposes=True, missing=(HOSTILE,)), *ACTS),
        documents=(replace(ORDER, id=HOSTILE, title=HOSTILE, addressees=((HOSTILE, HOSTILE),)),),
        proposals=(replace(PROPOSAL, case=HOSTILE_CASE, zh=HOSTILE, proposed_by=HOSTILE),),
        links=((HOSTILE, HOSTILE, HOSTILE),),
        will_happen=(HOSTILE,),
        history=tuple(
            entry(seq, HOSTILE, who=HOSTILE, change=HOSTILE, fields=((HOSTILE, HOSTILE),), law=(HOSTILE,), hash=HOSTILE)
            for seq in (3, 2, 1)
        ),
    )


@dataclass
class FakeNotices:
    """Two documents of the one case."""

    cases: FakeCases

    def document(self, number: str, document_id: str, account: str) -> DocumentRow:
        """A draft, an order, or a document about a hostile name."""
        self.cases.show(number, account)
        rows = {"7-1": ORDER, "8-1": DRAFT}
        if document_id not in rows:
            raise RightRefused(NOT_FOUND)
        row = replace(rows[document_id], case=number)
        if number == HOSTILE_CASE:
            row = replace(row, title=HOSTILE, addressees=((HOSTILE, HOSTILE),), body_html=f"<p>{escape(HOSTILE)}</p>")
        return row

    def pdf(self, number: str, document_id: str, account: str) -> bytes:
        """Enough of a PDF."""
        self.document(number, document_id, account)
        return b"%PDF-1.7 sample"

    def html(self, number: str, document_id: str, account: str) -> str:
        """A page of its own."""
        return f"<!doctype html><title>x</title>{self.document(number, document_id, account).body_html}"


@dataclass
class FakeRoster:
    """One open finding and two settled ones."""

    rows: tuple[FindingRow, ...] = (
        FINDING,
        replace(FINDING, id=18, name=HOSTILE, detail=HOSTILE),
        replace(FINDING, id=19, status="confirmed", case=CASE),
        replace(FINDING, id=20, status="dismissed"),
    )
    confirmed: list[tuple[tuple[int, ...], str]] = field(default_factory=list)
    dismissed: list[tuple[int, str]] = field(default_factory=list)

    def findings(self, account: str) -> tuple[FindingRow, ...]:
        """All rows."""
        return self.rows

    def confirm(self, finding_ids: Sequence[int], account: str, request_id: str) -> tuple[str, ...]:
        """Case numbers from the finding numbers; number 99 is somebody else's, 98 was settled meanwhile."""
        reason = Reason("right", "finding", "没有疑点99，或者它不在你的职责范围内")
        if 99 in finding_ids:
            raise RightAct(Refusal(kind="right", reasons=(reason,)))
        if 98 in finding_ids:
            raise RuleRefused("疑点98已经排除")
        self.confirmed.append((tuple(finding_ids), request_id))
        return tuple(f"XZ-2026-{100 + each:04d}" for each in finding_ids)

    def dismiss(self, finding_id: int, reason: str, account: str) -> None:
        """Remember the reason."""
        if finding_id == 98:
            raise RuleRefused("疑点98已经立案")
        self.dismissed.append((finding_id, reason))


@dataclass
class FakeOutbox:
    """Three messages, or a database that is away."""

    broken: bool = False

    def counts(self) -> tuple[int, int, int]:
        """Waiting, held, tried."""
        if self.broken:
            raise InstallationError("数据库打不开")
        return 3, 1, 2


@dataclass
class FakeDrafts:
    """Drafts in a dictionary."""

    kept_ones: dict[tuple[str, str, str], Kept] = field(default_factory=dict)

    def keep(self, place: tuple[str, str, str], content: Mapping[str, object]) -> bool:
        """Keep it; not for a case of others, nor a form that was handed in."""
        if place[1] == OTHERS_CASE:
            raise RightRefused(NOT_FOUND)
        self.kept_ones[place] = Kept(content=content, saved_at=datetime(2026, 9, 14, 6, 32, tzinfo=UTC))
        return True

    def kept(self, place: tuple[str, str, str]) -> Kept | None:
        """What was kept."""
        return self.kept_ones.get(place)

    def drop(self, place: tuple[str, str, str]) -> None:
        """Forget it."""
        self.kept_ones.pop(place, None)


@dataclass
class FakeUnits:
    """One office, as long as the database answers."""

    broken: bool = False

    def names(self) -> Mapping[str, str]:
        """Its name by its code."""
        if self.broken:
            raise InstallationError("disk")
        return {"QH-P1": "青禾派出所"}


@dataclass
class FakeSearch:
    """Finds the one case by its number or a part of the name."""

    asked: list[str] = field(default_factory=list)

    def exact(self, text: str, account: str) -> tuple[Hit, ...]:
        """The case, nothing, or a refusal."""
        self.asked.append(text)
        if text == "?":
            raise RuleRefused("请填写姓名")
        hit = Hit(case=CASE, workflow_zh="疑似辍学个案", subject="张*明", where="青禾中学", state_zh="发现")
        return (hit,) if text in (CASE, "张小明") else ()


@dataclass
class FakeAudit:
    """The same case, read by an auditor."""

    cases: FakeCases

    def counted(self) -> tuple[int, int]:
        """Entries and cases."""
        return 42, 2

    def history(self, number: str, account: str) -> CasePage:
        """The case's page."""
        return self.cases.show(number, account)


def _workflow() -> Workflow:
    visit = Transition(
        name="record_visit", zh="登记家访", sources=frozenset({"detected"}), edges=(Edge(index=0),), form=VISIT
    )
    refer = replace(visit, name="refer", zh="移送", form=(Field(name="receiver", zh="接收单位", type="unit"),))
    blank: dict[str, Mapping[str, object]] = {
        name: {} for name in ("laws", "parameters", "states", "deadlines", "closings", "links", "notices")
    }
    make = partial(
        Workflow, name="dropout-case", title="疑似辍学个案", subject="pupil", hash="a1" * 32, initial="detected"
    )
    return make(transitions={"record_visit": visit, "refer": refer}, predicates=(), **blank)  # type: ignore[arg-type]  # empty sections


@dataclass
class FakeTimers:
    """A worker somewhere."""

    awake: bool = True

    def swept_lately(self) -> bool:
        """As the test says."""
        return self.awake


class FakeUploads:
    """Nothing waits."""

    def units(self, account: str) -> tuple[tuple[str, str], ...]:
        """One unit."""
        return (("QH-01", HOSTILE),)

    def waiting(self, id_: str, account: str) -> None:
        """Nothing of this id."""
        raise RightRefused(NOT_FOUND)

    discard = kept = waiting


@dataclass
class FakeApp:
    """The house."""

    demo: bool = True
    people: FakePeople = field(default_factory=FakePeople)
    timers: FakeTimers = field(default_factory=FakeTimers)
    cases: FakeCases = field(default_factory=FakeCases)
    roster: FakeRoster = field(default_factory=FakeRoster)
    workflows: dict[str, Workflow] = field(default_factory=lambda: {"dropout-case": _workflow()})
    notices: FakeNotices = field(init=False)
    audit: FakeAudit = field(init=False)
    search: FakeSearch = field(default_factory=FakeSearch)
    drafts: FakeDrafts = field(default_factory=FakeDrafts)
    outbox: FakeOutbox = field(default_factory=FakeOutbox)
    uploads: FakeUploads = field(default_factory=FakeUploads)
    units: FakeUnits = field(default_factory=FakeUnits)

    def __post_init__(self) -> None:
        self.notices, self.audit = FakeNotices(self.cases), FakeAudit(self.cases)

    def today(self) -> date:
        """A Monday."""
        return TODAY


def web() -> FastAPI:
    """The counter over this house."""
    return create_web(FakeApp())
