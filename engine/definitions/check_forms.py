"""Forms: fields that can be filled, asked for and kept as they are written."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.complaints import Complaint, suggest
from engine.definitions.drafts import Draft
from engine.definitions.model import FieldSource
from engine.definitions.source import Trail
from engine.definitions.vocabulary import OPEN_FIELD_TYPES

WITH_OPTIONS = frozenset({"choice", "choices", "grid"})
_WITH_DAYS = frozenset({"date"})
_WITH_RANGE = frozenset({"number", "text", "long_text", "people"})
Fields = dict[str, FieldSource]


def values_of(field: FieldSource) -> frozenset[str] | None:
    """The values that a field can have, or None where they are free."""
    if field.type in WITH_OPTIONS:
        return frozenset((*field.of, *field.may_be))
    return frozenset({"yes", "no"}) if field.type == "yes_no" else None


def _forms(draft: Draft) -> Iterator[Complaint]:
    for name, form in draft.model.forms.items():
        fields = {field.field: field for field in form}
        seen: set[str] = set()
        for at, field in enumerate(form):
            trail: Trail = ("forms", name, at)
            if field.field in seen:
                message = f"表单里有两项都叫「{field.field}」；名称应当不同"
                yield draft.complain((*trail, "field"), "duplicate_field", message)
            seen.add(field.field)
            yield from _options(draft, field, trail)
            yield from _limits(draft, field, trail)
            yield from _conditions(draft, field, fields, trail)


def _options(draft: Draft, field: FieldSource, trail: Trail) -> Iterator[Complaint]:
    if field.type in WITH_OPTIONS and not field.of:
        yield draft.complain(trail, "no_options", f"{field.type} 类的「{field.field}」少了 of(可选的值)")
    if field.type not in WITH_OPTIONS and field.of:
        yield draft.complain(
            (*trail, "of"), "no_such_key_here", f"{field.type} 类没有选项；只有 choice、choices、grid 写 of"
        )
    if field.type == "grid" and not field.rows:
        yield draft.complain(trail, "no_rows", f"grid 类的「{field.field}」少了 rows(各行)")
    if field.type != "grid" and field.rows:
        yield draft.complain((*trail, "rows"), "no_such_key_here", f"{field.type} 类没有各行；只有 grid 写 rows")


def _limits(draft: Draft, field: FieldSource, trail: Trail) -> Iterator[Complaint]:
    if field.class_ == "public" and field.type not in OPEN_FIELD_TYPES:
        allowed = "、".join(sorted(OPEN_FIELD_TYPES))
        message = f"{field.type} 类不可公开，自由文字和人员一律封存；可公开的：{allowed}"
        yield draft.complain((*trail, "class"), "public_text", message)
    if field.least is not None and field.most is not None and field.least > field.most:
        message = f"least {field.least} 大于 most {field.most}；范围应由小到大"
        yield draft.complain((*trail, "least"), "wrong_range", message)
    for key, value in (("least", field.least), ("most", field.most)):
        if value is not None and field.type not in _WITH_RANGE:
            message = f"{field.type} 类没有范围；只有数字、文字和人员写 {key}"
            yield draft.complain((*trail, key), "no_such_key_here", message)
    for key, day in (("not_before", field.not_before), ("not_after", field.not_after)):
        if day and field.type not in _WITH_DAYS:
            yield draft.complain((*trail, key), "no_such_key_here", f"{field.type} 类没有先后；只有 date 写 {key}")


def _conditions(draft: Draft, field: FieldSource, fields: Fields, trail: Trail) -> Iterator[Complaint]:
    for key, conditions in (("required_when", field.required_when), ("required_unless", field.required_unless)):
        if conditions and field.required:
            yield draft.complain((*trail, key), "contradiction", f"已写 required: true，{key} 不起作用；只留一处")
        for name, wanted in conditions.items():
            place = (*trail, key, name)
            others = [other for other in fields if other != field.field]
            if name not in others:
                message = f"这张表没有别的项叫「{name}」{suggest(name, others)}"
                yield draft.complain(place, "unknown_field", message, key=True)
                continue
            allowed = values_of(fields[name])
            if allowed is not None:
                yield from draft.unknown(wanted, sorted(allowed), place, what=f"「{name}」的值")


FORM_CHECKS = (_forms,)
"""Checks of forms."""
