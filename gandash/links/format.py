"""The signs, names and limits of a link."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any, get_args

from gandash.config import GameConfig
from gandash.config.setting import JsonValue, Setting, SettingError, Settings, kind_of, variants
from gandash.wire.facts import Engine
from gandash.words import say

VERSION = 1
PARAMETER = "game"  # of the address's query
ITEM, FIELD, VALUE, ENTRY, ROW = "~", "..", "-", "_", "__"  # between items, fields, a name and its value, numbers, points

LONGEST = 7_500  # characters of a link that is written: proxies take lines of 8,000
LONGEST_READ = 20_000
LONGEST_VALUE = 1_500  # of packed data; a painting that is not too intricate fits
LONGEST_SCALAR = 40
DIGEST = 17  # characters that stand for what is too large
MAX_ITEMS, MAX_DROPPED = 2_000, 50
MAX_BY_HAND = 20_000  # rounds of one player alone, all together

SHORT = {
    "generator": "g",
    "discriminator": "d",
    "generator_optimiser": "og",
    "discriminator_optimiser": "od",
    "regulariser": "reg",
    "update_rule": "rule",
}
LONG = {short: long for long, short in SHORT.items()}

ENGINES: dict[Engine, str] = {"torch": "t", "compiled": "c"}

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?", re.ASCII)
_INTEGER = re.compile(r"-?[1-9][0-9]*|0", re.ASCII)
_PACKED = str.maketrans({"+": "-", "/": "_", "=": None, ":": "."})
_UNPACKED = str.maketrans({"-": "+", "_": "/", ".": ":"})


def short_path(path: str) -> str:
    head, dot, rest = path.partition(".")
    return SHORT.get(head, head) + dot + rest


def long_path(path: str) -> str:
    head, dot, rest = path.partition(".")
    return LONG.get(head, head) + dot + rest


def value_text(value: Any) -> str:
    """A setting's value: a number, a word, or a list of numbers or points.

    >>> value_text(3e-4), value_text(((-1.5, 0.0), (1.5, 2.0))), value_text("minimax")
    ('3e-4', '-1.5_0__1.5_2', 'minimax')
    """
    if isinstance(value, tuple | list):
        between = ROW if any(isinstance(entry, tuple | list) for entry in value) else ENTRY
        return between.join(map(value_text, value))
    return _number_text(value) if isinstance(value, float) else str(value)


def _number_text(value: float) -> str:
    """The shorter of two ways to write just this number."""
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    plain = repr(value).removesuffix(".0").replace("e+", "e")
    sign = "-" if plain.startswith("-") else ""
    raised = f"{sign}{''.join(map(str, digits))}e{exponent}"
    return min(plain, raised, key=len)


def packed_text(text: str) -> str:
    """Base64 in the alphabet for addresses."""
    return text.translate(_PACKED)


def text_of(setting: Setting) -> str:
    """A setting's value as it stands in a link."""
    return packed_text(setting.value) if setting.type is str else value_text(setting.value)


def read_value(text: str, setting: Setting) -> JsonValue:
    """What `value_text` or `packed_text` wrote for this setting; whether it fits is for the setting to say. Raises SettingError
    where it can have been neither."""
    if setting.type is str:
        plain = text.translate(_UNPACKED)
        head, colon, body = plain.rpartition(":")
        return head + colon + body + "=" * (-len(body) % 4)
    if not isinstance(setting.value, tuple):
        return _scalar(text, setting.path)
    if _is_of_points(setting):
        return [_entries(row, setting.path) for row in text.split(ROW)] if text else []
    return _entries(text, setting.path)


def _is_of_points(setting: Setting) -> bool:
    return any(get_args(entry) for entry in get_args(setting.type))


def _entries(text: str, path: str) -> list[JsonValue]:
    return [_scalar(entry, path) for entry in text.split(ENTRY)] if text else []


def _scalar(text: str, path: str) -> JsonValue:
    if len(text) > LONGEST_SCALAR:
        raise SettingError(path, text, say("this is no number and no word"))
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def variant(path: str, kind: str) -> type[Settings]:
    """The model of this kind of a setting such as `update_rule`. Raises SettingError."""
    field = GameConfig.model_fields.get(path)
    members = {kind_of(m): m for m in variants(field.annotation)} if field else {}
    with suppress(KeyError):
        return members[kind]
    raise SettingError(path, kind, say("there is no such kind"), say("there are: {names}", names=", ".join(members)))


def differences(base: Settings, new: Settings, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of the settings in which `new` is another than `base`; of another variant its kind, and then what differs
    from that variant's defaults.
    """
    for name in type(new).model_fields:
        value, was = getattr(new, name), getattr(base, name)
        if not isinstance(value, Settings):
            if value != was:
                yield prefix + name, value
            continue
        if type(value) is not type(was):
            yield prefix + name, kind_of(type(value))
            was = type(value)()
        yield from differences(was, value, f"{prefix}{name}.")


def digest(text: str) -> str:
    """Tells a value from others, by its text; who knows it has seen the value, or a link of somebody who had."""
    return hashlib.sha256(text.encode()).hexdigest()[: DIGEST - 1]
