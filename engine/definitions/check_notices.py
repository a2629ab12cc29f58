"""Notices: every legal part is there, unconditionally; every fact exists; no money; no name in public."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice

from engine.definitions import general, ladder, papers
from engine.definitions.complaints import MOST, Complaint, nearest, suggest
from engine.definitions.drafts import Draft, NoticeDraft
from engine.definitions.legal_parts import LEGAL_PARTS, KindRule
from engine.definitions.model import BlockModel
from engine.definitions.notice_text import named, surely_compiles, too_rich, torn
from engine.definitions.predicates import registry
from engine.definitions.source import Trail
from engine.definitions.vocabulary import BLOCKS, NOTICE_FACTS, UNIT_KINDS
from engine.definitions.workflow import Predicate

_MONEY = re.compile(
    r"罚款|罚金|滞纳金|人民币|[￥¥]|[0-9０-９}]\s*万?元(?!旦)|[一二三四五六七八九十百千万两]\s*元(?!旦|月)|RMB|CNY"
)
_UNDER_CONDITION = re.compile(r"{%\s*if\b.*?{%\s*endif\s*%}", re.DOTALL)
_REMEDIES = (re.compile("六十日|60日"), re.compile("六个月|6个月"))
_LISTS = frozenset(
    {"guardians", "persuasions", "visits", "evidence", "legal_basis", "officers", "concerned", "recipients"}
)
_PRIVATE = frozenset({"child", "school"})
MOST_TO_COMPILE = 20_000
"""Characters of all texts of a folder that Jinja2 is asked about: more would take seconds."""
PARTS = frozenset(part for rule in LEGAL_PARTS.values() for part in rule.parts)


def _files(draft: Draft) -> Iterator[Complaint]:
    for at, kind in enumerate(draft.model.documents):
        if kind not in draft.notices:
            yield draft.complain(("documents", at), "missing_notice", f"没有模板文件 notices/{kind}.yaml")
    for kind, notice in draft.notices.items():
        source = notice.source
        if kind not in draft.model.documents:
            message = f"文书「{kind}」没有列在 workflow.yaml 的 documents 里{suggest(kind, draft.model.documents)}"
            yield source.complain(("document",), "unlisted_notice", message)
        if notice.model.document != kind:
            message = f"文书名「{notice.model.document}」与文件名「{kind}」不同；应当相同"
            yield source.complain(("document",), "wrong_file_name", message)


def _each(draft: Draft) -> Iterator[tuple[str, NoticeDraft, KindRule | None]]:
    for kind, notice in draft.notices.items():
        yield kind, notice, LEGAL_PARTS.get(kind)


def _heads(draft: Draft) -> Iterator[Complaint]:
    for _, notice, rule in _each(draft):
        source, model = notice.source, notice.model
        for at, unit in enumerate(model.issuer):
            if unit not in UNIT_KINDS:
                message = f"没有单位类别「{unit}」{suggest(unit, sorted(UNIT_KINDS))}"
                yield source.complain(("issuer", at), "unknown_name", message)
            elif rule and rule.issuers and unit not in rule.issuers:
                message = f"「{unit}」无权签发{rule.zh}；有权的：{'、'.join(sorted(rule.issuers))}(义教法 58)"
                yield source.complain(("issuer", at), "no_authority", message)
        if rule and rule.numbered and model.number is None:
            yield source.complain((), "no_number", f"{rule.zh}必须编号；请写 number: {{series: …, by: [issuer, year]}}")
        if model.number and set(model.number.by) != {"issuer", "year"}:
            yield source.complain(("number", "by"), "wrong_value", "编号应按机关和年份连续；写作 [issuer, year]")


def _blocks(draft: Draft) -> Iterator[Complaint]:
    for _, notice, _ in _each(draft):
        for at, block in enumerate(notice.model.blocks):
            yield from _block(notice, block, ("blocks", at))


@cache
def _predicates() -> Mapping[str, Predicate]:
    return registry([general, ladder, papers])


def _plain_predicate(name: str) -> bool:
    """True for a predicate that a block can be asked by: one without arguments."""
    found = _predicates().get(name)
    return found is not None and not found.parameters


def _block(notice: NoticeDraft, block: BlockModel, trail: Trail) -> Iterator[Complaint]:
    complain = notice.source.complain
    if len(block.kinds) != 1:
        found = "、".join(block.kinds) or "没有"
        yield complain(trail, "wrong_block", f"一块应恰好是一种：{'、'.join(BLOCKS)}；这里有：{found}")
    if block.part and block.when:
        message = f"「{'、'.join(block.part)}」是法定内容，不能附条件；请删去 when"
        yield complain((*trail, "when"), "conditional_part", message, key=True)
    if block.when and not _plain_predicate(block.when):
        names = sorted(name for name in _predicates() if _plain_predicate(name))
        message = f"when 应为不带参数的条件名称；没有「{block.when}」{suggest(block.when, names)}"
        yield complain((*trail, "when"), "unknown_predicate", message)
    if block.each and block.min is None:
        yield complain((*trail, "each"), "no_minimum", "写了 each 就要写 min(至少几项)", key=True)
    if block.each and block.each not in _LISTS:
        message = f"没有列表「{block.each}」{suggest(block.each, sorted(_LISTS))}"
        yield complain((*trail, "each"), "unknown_fact", message)
    if block.min is not None and not block.each:
        yield complain((*trail, "min"), "no_such_key_here", "没有 each 就不写 min", key=True)
    if block.each and block.part and block.min == 0:
        message = f"「{'、'.join(block.part)}」是法定内容，min 不能为 0"
        yield complain((*trail, "min"), "conditional_part", message)


def _texts(notice: NoticeDraft) -> Iterator[tuple[Trail, BlockModel, str]]:
    for at, block in enumerate(notice.model.blocks):
        for kind in block.kinds:
            for number, text in enumerate(block.text_of(kind) or ()):
                yield ("blocks", at, kind, number), block, text


def _parts(draft: Draft) -> Iterator[Complaint]:
    for _, notice, rule in _each(draft):
        given: dict[Trail, str] = {
            ("blocks", at, "part", nth): part
            for at, block in enumerate(notice.model.blocks)
            for nth, part in enumerate(block.part)
        }
        yield from _present(notice, rule.parts if rule else {}, given, zh=rule.zh if rule else "")
        if rule and rule.remedies and "remedies" in given.values():
            yield from _remedies(notice)
        if rule:
            yield from _vanishing(notice)


def _present(
    notice: NoticeDraft, demanded: Mapping[str, str], given: Mapping[Trail, str], *, zh: str
) -> Iterator[Complaint]:
    """Parts that are misspelt, each at its line and not once more as missing; then those that are missing."""
    missing = [part for part in demanded if part not in given.values()]
    strange = islice(((trail, part) for trail, part in given.items() if part not in demanded), MOST)
    meant = {trail: nearest(part, missing) for trail, part in strange}
    for trail, near in meant.items():
        part = given[trail]
        if near or part not in PARTS:
            message = f"没有法定内容「{part}」{suggest(part, [near] if near else sorted(PARTS))}"
            yield notice.source.complain(trail, "unknown_part", message)
    for part in missing:
        if part not in meant.values():
            message = f"{zh}少了法定内容 {part}：{demanded[part]}；请写上这一块并注明 part: {part}"
            yield notice.source.complain(("blocks",), "missing_part", message, key=True)


def _vanishing(notice: NoticeDraft) -> Iterator[Complaint]:
    """A legal part whose whole text stands under a condition without an alternative may be missing on paper."""
    for trail, block, text in _texts(notice):
        if block.part and "else" not in text and "{%" in text and not _UNDER_CONDITION.sub("", text).strip():
            message = f"「{'、'.join(block.part)}」是法定内容，整段不能只在条件成立时才有；请写 {{% else %}} 或删去条件"
            yield notice.source.complain(trail, "conditional_part", message)


def _remedies(notice: NoticeDraft) -> Iterator[Complaint]:
    """An order without the remedies text is a trap (DOMAIN.md 0.5)."""
    placed = [(trail, text) for trail, block, text in _texts(notice) if "remedies" in block.part]
    whole = "".join(text for _, text in placed)
    if placed and not all(pattern.search(whole) for pattern in _REMEDIES):
        message = "救济途径应写明六十日内申请行政复议和六个月内提起行政诉讼(复议法 20；行诉法 46)"
        yield notice.source.complain(placed[0][0], "wrong_remedies", message)


def _wording(draft: Draft) -> Iterator[Complaint]:
    for _, notice, rule in _each(draft):
        titles = [(("title",), notice.model.title)]
        for trail, text in [*titles, *((trail, text) for trail, _, text in _texts(notice))]:
            money = _MONEY.search(text)
            if money:
                message = f"「{money[0].strip('}')}」：文书里不得出现金额(义教法 58 没有罚款)"
                yield notice.source.complain(trail, "money", message)
            if rule and rule.anonymous and _PRIVATE & {root for root, _ in named(text)}:
                message = f"{rule.zh}不得出现学生姓名、学校和住址"
                yield notice.source.complain(trail, "name_in_public", message)


def _facts(draft: Draft) -> Iterator[Complaint]:
    for kind, notice, rule in _each(draft):
        acts = draft.issuing(kind)
        built_in = rule.asks if rule and rule.engine_issued else ()
        typed = sorted({*built_in, *(f.field for act in acts for f in draft.model.forms.get(act.source.form, []))})
        for trail, block, text in _texts(notice):
            for root, inner in named(text):
                why = _fact(root, inner, typed, inside=bool(block.each))
                if why:
                    yield notice.source.complain(trail, "unknown_fact", why)


def _fact(root: str, inner: str, typed: list[str], *, inside: bool) -> str:
    if root == "item" and not inside:
        return "「item」只能用在写了 each 的块里"
    if root not in NOTICE_FACTS:
        return f"没有事实「{root}」{suggest(root, sorted(NOTICE_FACTS))}"
    names = typed if root in ("values", "values_zh") else sorted(NOTICE_FACTS[root])
    if inner and names and inner not in names:
        return f"「{root}」里没有「{inner}」{suggest(inner, names)}"
    if inner and root in ("values", "values_zh") and not names:
        return f"出具这份文书的动作没有表单，「{root}.{inner}」永远是空的"
    return ""


def _templates(draft: Draft) -> Iterator[Complaint]:
    room = MOST_TO_COMPILE
    wrong = "模板写法不对；请检查 {{ }}、{% %} 是否成对，过滤器和引号是否正确"
    for kind, notice, _ in _each(draft):
        hard = [(trail, block.kinds[0], text) for trail, block, text in _texts(notice) if not surely_compiles(text)]
        refused = {trail: wrong for trail, _, text in hard if torn(text)}
        refused |= {
            trail: "模板写得太复杂；不用算式、嵌套括号和很长的条件" for trail, _, text in hard if too_rich(text)
        }
        for trail, message in refused.items():
            yield notice.source.complain(trail, "wrong_template", message)
        room -= sum(len(text) for _, _, text in hard)
        if room < 0:
            message = "模板里的条件和循环太多；请分开或简化"
            yield notice.source.complain(("blocks",), "rich_templates", message, key=True)
            return
        at = _wrong_template(kind, [each for each in hard if each[0] not in refused])
        if at is not None:
            yield notice.source.complain(at, "wrong_template", wrong)


def _wrong_template(kind: str, texts: list[tuple[Trail, str, str]]) -> Trail | None:
    """The place of the first text that the document room cannot compile, or None."""
    if not texts:
        return None
    from notifications.documents import BlockTemplate, Template, compile_template  # noqa: PLC0415  see notice_text

    for trail, name, text in texts:
        try:
            compile_template(Template(document=kind, title=kind, blocks=(BlockTemplate(kind=name, text=text),)))
        except Exception:  # noqa: BLE001  whatever a text makes the compiler do, it is the text's fault
            return trail
    return None


NOTICE_CHECKS = (_files, _heads, _blocks, _parts, _wording, _facts, _templates)
"""Checks of notices."""
