"""Words for pages: states, roles, deadlines and acts as Chinese lines."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from engine.access import RESERVED_ZH, ROLES
from engine.cases.outlook import Coming
from engine.clock import LOCAL_ZONE
from engine.definitions.facts import CaseView
from engine.definitions.workflow import Workflow
from engine.storage.rows import StoredEntry, WaitingMessage
from engine.storage.stuck import StuckCase

STATUS_ZH = {"draft": "草稿，未签发", "issued": "已签发", "withdrawn": "已撤回"}
SERVICE_ZH = {"waiting": "未送达", "posted": "公告中", "served": "已送达", "dispensed": "免除送达"}
WEEKDAYS = "一二三四五六日"
FINDING_ZH = {
    "absent_at_return_check": "应到未到",
    "not_on_roster": "名册上没有",
    "not_in_register": "学籍册上没有",
    "unknown_mark": "标记不明",
    "ambiguous": "对不上号",
    "reported": "走访发现或者他人反映",
}
SETTLED_ZH = {"open": "待核实", "confirmed": "已确认", "dismissed": "已排除"}
DOUBT_ZH = "学籍存疑"
"""A row of a register that may be of another child than the register says."""


def act_zh(workflow: Workflow, trigger: str) -> str:
    """An act's Chinese name, of the workflow or reserved."""
    transition = workflow.transitions.get(trigger)
    return transition.zh if transition else RESERVED_ZH.get(trigger, trigger)


def did_zh(workflow: Workflow, entry: StoredEntry) -> str:
    """What an entry did: its act, marked where somebody only put it up for approval."""
    zh, remarks = act_zh(workflow, entry.trigger), entry.public["remarks"]
    proposed = isinstance(remarks, Mapping) and remarks.get("proposal") == f"P{entry.seq}"
    return f"{zh}（报批）" if proposed else zh


def roles_zh(roles: tuple[str, ...]) -> str:
    """Roles in words, joined."""
    return "、".join(ROLES.get(role, role) for role in roles)


def ladder_line(workflow: Workflow, case: CaseView) -> str:
    """The ladder as one line: where the case stands among its rungs."""
    rungs = [state for state in workflow.states.values() if state.rung]
    state = workflow.states[case.state]
    if state.rung:
        return f"第{state.rung}步 共{len(rungs)}步：{state.zh}"
    return state.zh


def coming_line(workflow: Workflow, coming: Coming) -> str:
    """What the system will do, with its moment and reason, in one line."""
    rule = workflow.deadlines[coming.deadline]
    when = instant_zh(coming.at)
    if coming.what == "remind":
        return f"{when} 提醒：「{rule.zh}」快到期"
    if coming.what == "propose":
        return f"{when} 「{rule.zh}」仍未办理的，生成「{act_zh(workflow, coming.detail[0])}」报批稿"
    if coming.what == "fire":
        return f"{when} 「{rule.zh}」到期，自动登记「{act_zh(workflow, coming.detail[0])}」"
    return f"{when} 「{rule.zh}」仍未办理的，告知{roles_zh(coming.detail) or '负责人'}"


READING_ZH = {
    "read": "查看个案",
    "reveal": "显示全部姓名和号码",
    "form": "打开办理的表",
    "proposal": "查看报批",
    "document": "查看文书",
    "refused": "想看或者想办，被拒绝",
    "release": "放行消息",
}
"""What the access log tells of a case."""

HELD_ZH = {"late": "迟于规定时间", "many": "一次过多"}
"""Why the brake holds a message."""


def message_line(message: WaitingMessage, names: Mapping[str, str]) -> str:
    """A message that has not left, in one line: when it leaves, or that it waits for a person; `names` are people's."""
    whom = ROLES.get(message.to) or names.get(message.to, message.to)
    if message.held:
        return f"给{whom}的消息暂缓发出（{HELD_ZH[message.held]}），等教体局放行"
    return f"{instant_zh(message.try_at)} 发出给{whom}的消息"


def failed_line(message: WaitingMessage, names: Mapping[str, str]) -> str:
    """A message that did not arrive, in one line: to whom, how often it was tried, what was said, what comes next."""
    whom = ROLES.get(message.to) or names.get(message.to, message.to)
    fault = f"（{message.fault}）" if message.fault else ""
    return f"给{whom}的消息没有送到，已试{message.tries}次{fault}；{instant_zh(message.try_at)}再试"


def stuck_line(stuck: StuckCase) -> str:
    """A case of which a timer failed, in one line."""
    if stuck.quarantined:
        return f"定时办理未成，已试{stuck.tries}次，不再自动重试，请告知管理员"
    return f"{instant_zh(stuck.retry_at)} 再试未成的定时办理（已试{stuck.tries}次）"


def instant_zh(instant: datetime) -> str:
    """An instant as local day, weekday and time."""
    local = instant.astimezone(LOCAL_ZONE)
    return f"{local:%Y-%m-%d} 星期{WEEKDAYS[local.weekday()]} {local:%H:%M}"


def shown(value: object) -> str:
    """A value without a form of its own, in words: lists joined, days written out, yes and no in Chinese."""
    if isinstance(value, (tuple, list)):
        return "、".join(str(each) for each in value)
    if isinstance(value, Mapping):
        return "；".join(f"{name}：{each}" for name, each in value.items())
    if isinstance(value, date):
        return f"{value.year}年{value.month}月{value.day}日"
    return {"yes": "是", "no": "否"}.get(str(value), str(value))


def masked_number(number: str) -> str:
    """A number of which only the first and the last four signs stay."""
    return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}" if len(number) > 8 else "*" * len(number)


def masked(name: str) -> str:
    """A name of which first and last character stay: 张*明, 王*."""
    if len(name) <= 1:
        return "*"
    if len(name) == 2:
        return name[0] + "*"
    return name[0] + "*" * (len(name) - 2) + name[-1]
