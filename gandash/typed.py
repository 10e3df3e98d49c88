"""Numbers, lists and points as people type them, in the page's fields and after `--set`: 1.5 or 1,5; never one for the other.

A comma between digits may be a decimal mark or part two numbers. Semicolons say that it is a decimal mark, a space behind it
that it parts; where neither is there and both make sense, it is refused with both.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any, TypeVar, get_args, get_origin

from gandash.config.setting import JsonValue, Setting, SettingError
from gandash.words import marked, say

HELP = marked("Part numbers by a comma and a space (0.5, 1.5) or by semicolons (0,5; 1,5).")
HELP_POINTS = marked(
    "Part points by a comma and a space, x and y by a space (0 1, 2 3.5), or points by semicolons (0 1; 2 3,5)."
)

Item = TypeVar("Item")


def value(setting: Setting, text: str) -> JsonValue:
    """What a text means as the value of a number, a list or points; raises SettingError in words where that is not clear."""
    if not isinstance(setting.value, tuple):
        return whole(setting, number(setting, text))
    if are_points(setting):
        return [list(point) for point in _listed(setting, text, _point, lambda points: True)]
    length = None if ... in get_args(setting.type) else len(get_args(setting.type))
    return list(numbers(setting, text, lambda found: length is None or len(found) == length))


def are_points(setting: Setting) -> bool:
    return isinstance(setting.value, tuple) and get_origin(get_args(setting.type)[0]) is tuple


def number(setting: Setting, text: str) -> float:
    """A number, with a decimal point or comma; raises SettingError for anything else, and for 1,000, which may be either."""
    text = text.strip()
    if re.fullmatch(r"[+−-]?[1-9][0-9]{0,2},[0-9]{3}", text):
        both = say("it may be {this} or {that}", this=text.replace(",", ""), that=text.replace(",", "."))
        raise SettingError(setting.path, text, both, say("write it without a comma"))
    try:
        return _number(text, ",")
    except ValueError:
        raise SettingError(setting.path, text, say("a number is needed"), say("such as 0.001 or 1e-3")) from None


def numbers(setting: Setting, text: str, fits: Callable[[list[float]], bool] = lambda found: True) -> list[float]:
    """A list of numbers; `fits` says which lists make sense here, and so how a comma may be meant."""
    return _listed(setting, text, _number, fits)


def whole(setting: Setting, given: float) -> float:
    """A count as a whole number where it is one: validation says what is wrong with 2.5 layers."""
    return int(given) if isinstance(setting.value, int) and given.is_integer() else given


def _listed(setting: Setting, text: str, item: Callable[[str, str], Item], fits: Callable[[list[Item]], bool]) -> list[Item]:
    spaced = re.split(r";|,\s+", text.rstrip(" ,"))
    ways = [(spaced, ",")] if ";" in text else [(text.split(","), "."), (spaced, ",")]
    found: list[list[Item]] = []
    wrong = ""
    for parts, mark in ways:
        try:
            read = [item(part, mark) for part in parts if part.strip()]
        except ValueError as error:
            wrong = wrong or str(error)
        else:
            found += [read] if str(read) not in map(str, found) else []  # as text: NaN is like nothing, itself included
    sensible = [read for read in found if fits(read)] or found[:1]
    if len(sensible) > 1:
        parted, single = ("; ".join(map(_shown, read)) for read in sensible)
        said = say("it may be {this} or {that}", this=parted, that=single)
        advice = say("part numbers by a comma and a space, or by semicolons: 1, 5 or 1,5; 2")
        raise SettingError(setting.path, text, said, advice)
    if not sensible:
        needed = say("each point needs two numbers") if item is _point else say("a number is needed")
        such = say("such as 0 1, 2 3 for two points") if item is _point else say("such as 0.5, 1.5 or 0,5; 1,5")
        raise SettingError(setting.path, wrong or text, needed, such)
    return sensible[0]


def _number(text: str, mark: str) -> float:
    plain = text.strip().replace("−", "-")
    if mark == "," and plain.count(",") == 1 and "." not in plain:
        plain = plain.replace(",", ".")
    if "_" in plain:  # Python reads 1_000; nobody else does
        raise ValueError(text.strip())
    try:
        found = float(plain)
    except ValueError:
        raise ValueError(text.strip()) from None
    if math.isinf(found) and "inf" not in plain.lower():  # more digits than a float can hold
        raise ValueError(text.strip())
    return found


def _point(text: str, mark: str) -> tuple[float, ...]:
    coordinates = text.split()
    if len(coordinates) != 2:
        raise ValueError(text.strip())
    return tuple(_number(c, mark) for c in coordinates)


def _shown(item: Any) -> str:
    return " ".join(f"{c:g}" for c in (item if isinstance(item, tuple) else (item,)))
