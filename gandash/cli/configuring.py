"""PATH=VALUE, as it is given on the command line."""

from __future__ import annotations

import json

from gandash.cli.saying import refuse
from gandash.config.setting import JsonValue
from gandash.words import t


def assignment(option: str, text: str) -> tuple[str, JsonValue]:
    """PATH=VALUE as it was given with this option."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        example = f"{option} run.batch=64"
        refuse(t("{option} {text}: expected PATH=VALUE, as in {example}", option=option, text=text, example=example))
    return path, parse_value(value)


def parse_value(text: str) -> JsonValue:
    """A value as people type it: JSON, else a word."""
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
