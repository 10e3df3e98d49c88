"""Numbers as tables hold them: with a decimal point or comma, with marks between thousands, and with gaps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from gandash.words import Said, say

MONEY = "%‰€£¥$"
ERROR = re.compile(r"#[A-ZÄÖÜ]+(/[0A-Z]+)?[!?]?")  # of a spreadsheet: #N/A, #DIV/0!, #NAME?, #NV
_GAPS = {"", "na", "n/a", "<na>", "null", "none", "missing", "-", "--", "---", "?", ".", ".."}
_PLAIN, _PLAIN_COMMA = re.compile(r"[0-9.eE+\n-]*"), re.compile(r"[0-9,eE+\n-]*")
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.IGNORECASE)
_LIKE = re.compile(r"[0-9 .,:;'’/eE+%‰€£¥$\xa0\u202f-]*")


def _pattern(mark: str) -> re.Pattern[str]:
    """A number with this decimal mark; thousands may be parted by the other one, a space or an apostrophe, always the same."""
    part, point = ("." if mark == "," else ","), re.escape(mark)
    grouped = rf"[1-9][0-9]{{0,2}}(?P<part>[{part} '’\xa0\u2009\u202f])[0-9]{{3}}(?:(?P=part)[0-9]{{3}})*"
    return re.compile(rf"[+-]?(?={point}?[0-9])(?:{grouped}|[0-9]*)(?:{point}[0-9]*)?(?:[eE][+-]?[0-9]+)?")


_PATTERNS = {mark: _pattern(mark) for mark in ".,"}


class NoNumber(ValueError):
    """A field that is no number: how it is written, what is wrong with it, and what to try."""

    def __init__(self, given: Said, wrong: Said | None, hint: Said) -> None:
        super().__init__(given, wrong, hint)
        self.given, self.wrong, self.hint = given, wrong, hint


def is_number(field: str) -> bool:
    """True for a number with either decimal mark, and for NaN and infinity, which are refused as such later."""
    return bool(_NOT_FINITE.fullmatch(field)) or any(pattern.fullmatch(field) for pattern in _PATTERNS.values())


def is_gap(field: str) -> bool:
    """True for what stands where a number is missing: nothing, NA, null, -, or a spreadsheet's error."""
    return field.lower() in _GAPS or bool(ERROR.fullmatch(field))


def is_like_a_number(field: str) -> bool:
    """True for what nobody calls a column: 12 €, 1.2.3, 2024-01-31."""
    return any(c.isdigit() for c in field) and bool(_LIKE.fullmatch(field))


def begins_like_a_number(field: str) -> bool:
    """True for what may be a column's name or a number with something behind it: 100 m, 12 kg, 5-HT."""
    return bool(re.match(r"[+-]?[€£¥$]? ?[.,]?[0-9]", field))


def numbers(fields: Sequence[str], mark: str) -> tuple[list[float], bool]:
    """The numbers in these fields, and whether any has marks between thousands; raises NoNumber for the first that is none."""
    joined = "\n".join(fields)  # most files hold nothing but plain numbers: 200,000 of them in a moment
    if (_PLAIN if mark == "." else _PLAIN_COMMA).fullmatch(joined) and max(map(len, fields), default=0) <= 15:
        with suppress(ValueError):
            return list(map(float, joined.replace(",", ".").split("\n"))), False
    pattern, grouped = _PATTERNS[mark], False
    found = []
    for field in fields:
        match = pattern.fullmatch(field)
        if match is None:
            if not _NOT_FINITE.fullmatch(field):
                raise _no_number(field)
            found.append(float(field))
            continue
        part = match["part"]
        if part:
            grouped = True
            field = field.replace(part, "")
        value = float(field.replace(",", "."))
        if len(field) > 15 and abs(value) < 1e300 and field.lstrip("+-").isdigit() and int(field) != int(value):
            raise NoNumber(
                say("“{field}”", field=field[:30]),
                say("a whole number of more digits than double precision keeps"),
                say("take a constant off"),
            )
        found.append(value)
    return found, grouped


def _no_number(field: str) -> NoNumber:
    if is_gap(field):
        given = say("a gap, “{field}”", field=field) if field else say("an empty field")
        return NoNumber(given, None, say("leave such rows out"))
    shown = re.sub(r"[^\w .,;:%‰€£¥$'/+-]", "", field)[:30].strip()
    shown = shown.replace("$", "", shown.count("$") - 1)  # it is shown as Markdown, where two of them are mathematics
    hint = say("leave text out")
    if any(sign in field for sign in MONEY):
        hint = say("leave signs of money and per cent out")
    elif re.fullmatch(r"[0-9]+[-/.:][0-9]+[-/.:][0-9.:T -]+", field):
        hint = say("turn dates and times into numbers, such as days or seconds since the first")
    return NoNumber(say("“{field}”", field=shown), say("which is no number"), hint)
