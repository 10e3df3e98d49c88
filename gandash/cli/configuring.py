"""Settings at dotted paths, as they are given on the command line, put into a config."""

from __future__ import annotations

import json
from collections.abc import Sequence

from gandash import typed
from gandash.cli.saying import refuse
from gandash.config import GameConfig
from gandash.config.changes import with_followers
from gandash.config.networks import mlp_unless_said
from gandash.config.setting import JsonValue, SettingError, kind_of, nearest, reshaped, settings, variants


def configure(config: GameConfig, changes: Sequence[tuple[str, JsonValue]]) -> GameConfig:
    """`config` with settings at dotted paths changed in order and judged together: bounds may cross on the way.

    A variant is replaced as a whole, by its kind (`data=uniform`, `data.kind=uniform`) or by its fields with the kind
    among them; a network without a kind is an MLP. With other data comes what the page would change with them, where it is not
    among the changes. Raises SettingError.
    """
    found: list[tuple[str, JsonValue]] = []
    shape = config  # has the variants that were chosen on the way, and so the paths, but not the values
    for path, value in changes:
        kinds = {s.path: [kind_of(m) for m in variants(s.type)] for s in settings(shape) if s.is_variant}
        by_kind = path.removesuffix(".kind")
        if by_kind in kinds:
            if by_kind != path or isinstance(value, str):
                value = {"kind": value}
            path = by_kind
            if path in ("generator", "discriminator"):
                value = mlp_unless_said(value)
            allowed = kinds[path]
            if not isinstance(value, dict) or value.get("kind") not in allowed:
                kind = value.get("kind", value) if isinstance(value, dict) else value
                example = f'{path}={allowed[-1]} or {path}={{"kind": "{allowed[-1]}", ...}}'
                near = nearest(kind, allowed) if isinstance(kind, str) else ""
                advice = f"did you mean {near}?" if near else f"as in {example}"
                raise SettingError(path, kind, f"its kind must be one of {', '.join(allowed)}", advice)
            shape = reshaped(shape, path, value)
        found.append((path, _typed(shape, path, value)))
    return config.replace_all(with_followers(config, found))


def _typed(shape: GameConfig, path: str, value: JsonValue) -> JsonValue:
    """What is not JSON as it would be read in the page's fields: 0,5 as a half, 1,5; -1,5 as a list of two."""
    found = next((s for s in settings(shape) if s.path == path), None)
    if found is None:
        return value
    if isinstance(found.value, tuple) and isinstance(value, int | float):
        return [value]
    is_numeric = isinstance(found.value, tuple | int | float)
    if is_numeric and isinstance(value, str) and any(c.isdigit() for c in value) and value[0] not in "[{":
        return typed.value(found, value)
    return value


def assignment(option: str, text: str) -> tuple[str, JsonValue]:
    """PATH=VALUE as it was given with this option."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        refuse(f"{option} {text}: expected PATH=VALUE, as in {option} run.batch=64")
    return path, parse_value(value)


def parse_value(text: str) -> JsonValue:
    """A value as people type it: JSON, else a word."""
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value
