"""From plain values to models: pydantic's errors, placed in the file and worded in Chinese."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from engine.definitions.complaints import MOST, Complaint, suggest
from engine.definitions.source import Source, Trail

Model = TypeVar("Model", bound=BaseModel)
Problem = Mapping[str, Any]

_NAMES = "名称应以小写字母开头，只含小写字母、数字和下划线"
_FOLDERS = "名称应以小写字母开头，只含小写字母、数字和连字符"


def shaped(model: type[Model], source: Source) -> tuple[Model | None, tuple[Complaint, ...]]:
    """The model of one file and no complaints, or None and every complaint about its shape."""
    try:
        return model.model_validate(source.data), ()
    except ValidationError as error:
        return None, tuple(_complaints(model, source, error.errors(include_url=False)[:MOST]))


def _complaints(model: type[BaseModel], source: Source, problems: Iterable[Any]) -> Iterable[Complaint]:
    for problem in problems:
        trail: Trail = tuple(problem["loc"])
        if trail and trail[-1] == "[key]":
            yield source.complain(trail[:-1], "wrong_name", _key(problem), key=True)
        elif problem["type"] == "extra_forbidden":
            message = f"这里没有「{trail[-1]}」这个键{suggest(str(trail[-1]), known_keys(model, trail[:-1]))}"
            yield source.complain(trail, "unknown_key", message, key=True)
        elif problem["type"] == "missing":
            yield source.complain(trail[:-1], "missing_key", f"少了「{trail[-1]}」；这里必须写它", key=True)
        else:
            yield source.complain(trail, "wrong_value", _wording(problem))


def _key(problem: Problem) -> str:
    return f"「{_shown(problem['input'])}」不能作名称；{_rule(problem)}"


def _rule(problem: Problem) -> str:
    pattern = str(problem.get("ctx", {}).get("pattern", ""))
    if "(-" in pattern:
        return _FOLDERS
    return _NAMES if pattern.startswith("^") else "应当写上文字"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return "一个映射" if isinstance(value, dict) else "一个列表"
    text = str(value)
    return text if len(text) <= 40 else text[:40] + "…"


def _expected(problem: Problem) -> str:
    words = str(problem["ctx"]["expected"]).replace("' or '", "', '").replace("'", "")
    return "、".join(word for word in words.split(", ") if word)


_WORDINGS: Mapping[str, Callable[[Problem], str]] = {
    "yingfan": lambda p: str(p["ctx"]["text"]),
    "string_type": lambda p: f"「{_shown(p['input'])}」不是文字；应为文字(数字和真假值要作文字请加引号)",
    "int_type": lambda p: f"「{_shown(p['input'])}」不是整数",
    "bool_type": lambda p: f"「{_shown(p['input'])}」不是真假值；应为 true 或 false",
    "list_type": lambda p: f"「{_shown(p['input'])}」不是列表；应为 [甲, 乙] 或逐行「- 」",
    "dict_type": lambda p: f"「{_shown(p['input'])}」不是映射；应为逐行「键: 值」",
    "model_type": lambda p: f"「{_shown(p['input'])}」不是映射；应为逐行「键: 值」",
    "literal_error": lambda p: f"「{_shown(p['input'])}」不可用；可用：{_expected(p)}",
    "string_pattern_mismatch": lambda p: f"「{_shown(p['input'])}」不可用；{_rule(p)}",
    "string_too_short": lambda _: "是空文字；应当写上文字",
    "string_too_long": lambda p: f"文字太长；最多{p['ctx']['max_length']}字",
    "too_short": lambda p: f"至少应有{p['ctx']['min_length']}项",
    "too_long": lambda p: f"最多可有{p['ctx']['max_length']}项",
    "greater_than_equal": lambda p: f"{p['input']}太小；不小于{p['ctx']['ge']}",
    "less_than_equal": lambda p: f"{p['input']}太大；不大于{p['ctx']['le']}",
}


def _wording(problem: Problem) -> str:
    return _WORDINGS[problem["type"]](problem)


def known_keys(model: type[BaseModel], trail: Trail) -> tuple[str, ...]:
    """The keys that the language knows at a place of a file; empty where names are free."""
    at: Any = model
    for step in trail:
        at = _inside(_bare(at), step)
    at = _bare(at)
    return tuple(each.alias or name for name, each in at.model_fields.items()) if _is_model(at) else ()


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _bare(kind: Any) -> Any:
    """A type without its annotations and without None."""
    while get_origin(kind) in (Annotated, Union, types.UnionType):
        kind = get_args(kind)[0]
    return kind


def _inside(kind: Any, step: str | int) -> Any:
    if _is_model(kind):
        fields = kind.model_fields.items()
        return next(each.annotation for name, each in fields if (each.alias or name) == step)
    return get_args(kind)[-1]
