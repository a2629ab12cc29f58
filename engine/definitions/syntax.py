"""YAML's own syntax errors, in words that a law officer understands."""

from __future__ import annotations

from collections.abc import Mapping

_GENERAL = "写法不合 YAML 语法；请检查缩进、冒号后的空格、引号和括号是否成对"

_KNOWN: Mapping[str, str] = {
    "mapping values are not allowed": "这里不能再出现「键: 值」；请检查上一行的缩进，或给含冒号的文字加引号",
    "could not find expected ':'": "这里少了冒号；键的后面应写「: 」(半角冒号加空格)",
    "did not find expected key": "这里应当是一个键；请检查缩进和括号",
    "expected <block end>": "缩进与上文不齐，或引号、括号没有成对",
    "did not find expected '-' indicator": "列表的缩进与上文不齐；每一项应以「- 」开头并对齐",
    "did not find expected ',' or": "括号里的各项应以半角逗号隔开，并以对应的括号结束",
    "expected ',' or": "括号里的各项应以半角逗号隔开，并以对应的括号结束",
    "found unexpected end of stream": "引号没有成对；文件到末尾也没有等到结束的引号",
    "found character that cannot start": "这个字符不能开头；以 @、` 或 % 等开头的文字请加引号",
    "found unknown escape": "双引号里的反斜线写法不认识；请改用单引号",
    "found undefined": "有未定义的别名或标签；请删去",
    "block sequence entries are not allowed": "列表项「- 」不能写在这里；请换行并缩进",
    "did not find expected node content": "这里应当有内容；请检查逗号和括号",
    "did not find expected <document start>": "上文已经结束，这里又有内容；请检查缩进",
    "expected '<document start>'": "上文已经结束，这里又有内容；请检查缩进",
}


def in_chinese(problem: str) -> str:
    """The Chinese wording of PyYAML's problem text; a general one for what is not known."""
    return next((wording for start, wording in _KNOWN.items() if start in problem), _GENERAL)
