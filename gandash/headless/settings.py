"""Settings at dotted paths, as they are given on the command line and in Python, put into a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from gandash import typed
from gandash.config import GameConfig, parse_config
from gandash.config.changes import with_followers
from gandash.config.networks import mlp_unless_said
from gandash.config.setting import JsonValue, SettingError, Settings, kind_of, nearest, reshaped, settings, variants
from gandash.presets import PRESETS
from gandash.presets.base import Preset
from gandash.words import say


def begun(game: str | Preset | GameConfig | Mapping[str, JsonValue]) -> tuple[Preset | None, GameConfig]:
    """A ready game by its name or as it is, with its settings; or settings alone. Raises SettingError."""
    if isinstance(game, Preset):
        return game, game.config
    if isinstance(game, GameConfig):
        return None, game
    if isinstance(game, Mapping):
        return None, parse_config(dict(game))
    if game not in PRESETS:
        near = nearest(str(game), PRESETS)
        raise SettingError(
            "game",
            game,
            say("there is no ready game of this name"),
            say("did you mean {near}?", near=near) if near else ", ".join(PRESETS),
        )
    return PRESETS[game], PRESETS[game].config


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
                advice = say("did you mean {near}?", near=near) if near else say("as in {example}", example=example)
                needed = say("its kind must be one of {expected_tags}", expected_tags=", ".join(allowed))
                raise SettingError(path, kind, needed, advice)
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


def named(given: Mapping[str, Any]) -> list[tuple[str, JsonValue]]:
    """Settings by their dotted paths, or with two underscores for each dot: `run__batch=64`. Values may be Python's own.

    >>> named({"generator_optimiser__learning_rate": 1e-3, "run.batch": np.int64(64)})
    [('generator_optimiser.learning_rate', 0.001), ('run.batch', 64)]
    """
    return [(name.replace("__", "."), plain(value)) for name, value in given.items()]


def plain(value: Any) -> JsonValue:
    """A value of Python's or NumPy's as JSON has it; a variant's object as its fields."""
    if isinstance(value, Settings):
        dumped: JsonValue = value.model_dump(mode="json")
        return dumped
    if isinstance(value, np.generic | np.ndarray):
        listed: JsonValue = value.tolist()
        return listed
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    found: JsonValue = value
    return found
