"""Forms as officers fill them, for the tests of services."""

from __future__ import annotations

VISIT: dict[str, object] = {
    "visitors": ["周强", "苏晓"],
    "met": ["pupil", "father"],
    "result": "refuses",
    "place": "家中",
    "begins_at": "9:30",
    "ends_at": "10:10",
    "reasons": "家里忙",
    "child_words": "想上学",
    "danger": {"harm": "absent", "work": "absent", "marriage": "absent", "missing": "absent"},
    "signed": "signed",
}
CONTACT: dict[str, object] = {"persons": ["father"], "way": "phone", "result": "suspected", "reason": "没说"}
PERSUASION: dict[str, object] = {
    "persuaders": ["周强"],
    "persuaded": ["father"],
    "way": "at_home",
    "result": "refuses",
    "asked_back": "2026-09-30",
    "content": "讲法",
    "answer": "再说",
}
ELSEWHERE: dict[str, object] = {
    "issuer": "QH-01",
    "evidence": "就读证明",
    "confirmed_by": "school_letter",
    "new_school": "邻县一中",
}
ORDER: dict[str, object] = {"issuer": "QH-JT", "limit_kind": "relative", "limit": "10 workdays", "evidence": "到校名册"}
SERVED: dict[str, object] = {
    "document": "correction_order",
    "method": "direct",
    "servers": ["甲", "乙"],
    "receipt": "yes",
}
