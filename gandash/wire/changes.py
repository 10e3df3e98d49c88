"""Changes of a game in mid-run: one live setting, all that differ between two configs, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gandash.config import GameConfig
from gandash.config.setting import JsonValue, Setting, SettingError, setting_at, settings, show
from gandash.wire.messages import Change


def with_live_setting(config: GameConfig, path: str, value: JsonValue) -> GameConfig:
    """The config after a live change; raises SettingError when there is no such setting, or it acts only with a restart."""
    if not setting_at(config, path).live:
        raise SettingError(path, value, "this setting restarts the game; it cannot change in mid-run")
    return config.replace(path, value)


LiveChange = tuple[int | None, str, JsonValue]
"""A live setting to be changed: of which game (None: of all), its path, its value."""


def with_live_settings(configs: Sequence[GameConfig], changes: Sequence[LiveChange]) -> tuple[GameConfig, ...]:
    """The games' settings after these changes, in order. Raises SettingError."""
    found = list(configs)
    for member, path, value in changes:
        if member is not None and member >= len(found):
            raise SettingError(path, member, f"there is no such game; {len(found)} are compared, counted from 0")
        for i in range(len(found)) if member is None else [member]:
            found[i] = with_live_setting(found[i], path, value)
    return tuple(found)


def live_differences(old: GameConfig, new: GameConfig) -> list[tuple[str, JsonValue]]:
    """(path, value) of the live settings that differ, in an order in which every config on the way is valid.

    A changed variant comes as a whole; so does one in which no single change can be the first. Raises SettingError when
    there is no such order.
    """
    left, found = _differences(old, new), []
    while left:
        refusal: SettingError | None = None
        for path, value in left:
            try:
                old = with_live_setting(old, path, value)
            except SettingError as error:
                refusal = refusal or error
                continue
            found.append((path, value))
            left = [(p, v) for p, v in left if p != path]
            break
        else:
            assert refusal is not None
            variants = [s for s in settings(new) if s.is_variant and s.live]
            whole = next((s for s in variants if any(p.startswith(s.path + ".") for p, _ in left)), None)
            if whole is None:
                raise refusal
            left = [(p, v) for p, v in left if not p.startswith(whole.path + ".")]
            left.insert(0, (whole.path, whole.value.model_dump(mode="json")))
    return found


def live_differences_of_all(old: Sequence[GameConfig], new: Sequence[GameConfig]) -> list[LiveChange]:
    """The live settings in which each game's new config differs from its old one. Raises SettingError."""
    found = [live_differences(before, after) for before, after in zip(old, new, strict=True)]
    if len(found) == 1 or any(own != found[0] for own in found):
        return [(i if len(found) > 1 else None, *change) for i, own in enumerate(found) for change in own]
    return [(None, *change) for change in found[0]]


def _differences(old: GameConfig, new: GameConfig) -> list[tuple[str, JsonValue]]:
    before = {s.path: s.value for s in settings(old)}
    found: list[tuple[str, JsonValue]] = []
    for s in settings(new):
        if any(s.path.startswith(path + ".") for path, _ in found):
            continue
        if s.is_variant:
            if type(s.value) is not type(before.get(s.path)):
                found.append((s.path, s.value.model_dump(mode="json")))
        elif before.get(s.path) != s.value:
            found.append((s.path, s.value))
    return found


def mark(change: Change, config: GameConfig) -> dict[str, Any]:
    """A change of setting as the curves label it: `lr_D 3e-3 → 1e-3`, in the screen's words where it has them."""
    words = next((s.choices for s in settings(config) if s.path == change.path), {})
    return {"step": change.step, "label": f"{change.label} {_word(change.old, words)} → {_word(change.new, words)}"}


def distinctions(configs: Sequence[GameConfig]) -> tuple[str, ...]:
    """What tells each of these games from the others, in the settings' symbols: `lr_D 1e-3`, `rule extragradient, seed 1`.

    >>> distinctions([GameConfig(), GameConfig(objective="minimax")])
    ('objective non-saturating', 'objective minimax')
    """
    found = [{s.path: s for s in settings(config)} for config in configs]
    paths = dict.fromkeys(path for own in found for path in own)
    telling = [path for path in paths if len({_identity(own.get(path)) for own in found}) > 1]
    # What only a chosen variant has is told with it, unless the variant is everybody's
    heads = tuple(f"{path}." for path in telling if any(path in own and own[path].is_variant for own in found))
    telling = [path for path in telling if not path.startswith(heads)]
    return tuple(
        ", ".join(f"{own[path].symbol} {_word(own[path].value, own[path].choices)}" for path in telling if path in own)
        for own in found
    )


def _identity(found: Setting | None) -> str:
    """Equal where a setting has the same value; a variant's own settings speak for themselves."""
    return "" if found is None else found.value.kind if found.is_variant else repr(found.value)


def _word(value: Any, words: Mapping[str, str]) -> str:
    """A setting's value in the screen's words where it has them."""
    if isinstance(value, str) and value in words:
        return words[value]
    return show(value["kind"] if isinstance(value, dict) and "kind" in value else value)
