"""Messages of the browser's side: what stands first in calls of `t` and `tn`, wherever they stand, also in each other.

Babel's own extractor sees no call within another's arguments, nor within a template string.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

PLURAL = "tn"
_ESCAPE = re.compile(r"\\u\{([0-9a-fA-F]+)\}")
_PIECES = re.compile(
    r"(?P<comment>//[^\n]*|/\*.*?\*/)"
    r"|(?P<string>'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\")"
    r"|(?P<name>[A-Za-z_$][\w$]*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<sign>=>|\?\.|[^\s`])",
    re.DOTALL,
)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")


class Token(NamedTuple):
    """`value` of a string is what it means, of a template its source without the quotes."""

    kind: str
    value: str


def tokens(source: str) -> Iterator[Token]:
    at, before = 0, Token("sign", ";")
    while at < len(source):
        if source[at] == "`":
            end = _template_end(source, at)
            token = Token("template", source[at + 1 : end - 1])
        elif source[at] == "/" and _begins_regex(before) and (found := _REGEX.match(source, at)) and source[at + 1] not in "/*":
            end, token = found.end(), Token("regex", found[0])
        elif match := _PIECES.match(source, at):
            end, kind = match.end(), str(match.lastgroup)
            token = Token(kind, _meant(match[0]) if kind == "string" else match[0])
        else:
            at += 1
            continue
        at = end
        if token.kind != "comment":
            yield token
            before = token


def messages(source: str) -> Iterator[str | tuple[str, str]]:
    """A call whose first argument is no text of its own, but a name, says what somebody else has marked: none is given."""
    found = list(tokens(source))
    for i, token in enumerate(found):
        if token.kind == "template":
            for inserted in inserted_in(token.value):
                yield from messages(inserted)
        is_call = token.kind == "name" and token.value in ("t", PLURAL) and found[i + 1 : i + 2] == [Token("sign", "(")]
        if not is_call or (i and found[i - 1].value in (".", "?.", "function", "#")):
            continue
        one, after = _text(found, i + 2)
        if not one:
            continue
        many, _ = _text(found, after + 1) if token.value == PLURAL else ("", 0)
        yield (one, many) if many else one


def inserted_in(template: str) -> Iterator[str]:
    """The pieces of code within a template string."""
    at = 0
    while (start := template.find("${", at)) >= 0:
        at = _code_end(template, start + 2)
        yield template[start + 2 : at - 1]


def _text(found: list[Token], i: int) -> tuple[str, int]:
    """The text that begins at a token, in pieces joined by "+", and where it ends; "" where something else stands there."""
    text = ""
    while i < len(found) and found[i].kind == "string":
        text += found[i].value
        if found[i + 1].value != "+":
            return text, i + 1
        i += 2
    return "", i


def _template_end(source: str, at: int) -> int:
    at += 1
    while source[at] != "`":
        if source.startswith("${", at):
            at = _code_end(source, at + 2)
        else:
            at += 2 if source[at] == "\\" else 1
    return at + 1


def _code_end(source: str, at: int) -> int:
    """Behind the brace that closes the code which begins here."""
    depth = 1
    while depth:
        if source[at] == "`":
            at = _template_end(source, at)
            continue
        match = _PIECES.match(source, at)
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at = match.end() if match else at + 1
    return at


def _begins_regex(before: Token) -> bool:
    return (before.kind == "sign" and before.value not in (")", "]", "}")) or before.value == "return"


def _meant(literal: str) -> str:
    text = ast.literal_eval(_ESCAPE.sub(lambda code: f"\\U{int(code[1], 16):08x}", literal).replace("\\/", "/"))
    return str(text)
