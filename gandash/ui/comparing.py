"""What a comparison may vary, and with which values: plain functions behind the page's widgets."""

from __future__ import annotations

from typing import Any

from gandash import typed
from gandash.config import GameConfig
from gandash.config.changes import differences
from gandash.config.setting import Setting, SettingError, kind_of, settings, show, variants
from gandash.ui import controls
from gandash.wire.messages import MAX_MEMBERS
from gandash.words import say, t

FIRST = (
    "discriminator_optimiser.learning_rate",
    "generator_optimiser.learning_rate",
    "run.seed",
    "objective",
    "update_rule",
    "regulariser.r1",
)
"""What people compare most often stands on top; every other setting follows in the page's order."""

USUAL = 4  # games in a comparison, unless one asks for others


def varied(config: GameConfig) -> list[Setting]:
    """The settings in which games may differ; not those whose values are packed numbers."""
    found = {s.path: s for s in settings(config) if s.choices or s.is_variant or isinstance(s.value, int | float)}
    return [found[path] for path in FIRST if path in found] + [s for s in found.values() if s.path not in FIRST]


def choices(setting: Setting) -> dict[Any, str]:
    """The values to choose from, with their words; {} where values are numbers to be typed."""
    if setting.is_variant:
        return {kind: controls.words(kind) for kind in map(kind_of, variants(setting.type))}
    return {value: t(word) for value, word in setting.choices.items()}


def suggested_choices(setting: Setting) -> list[Any]:
    """The present value and those after it in the list."""
    names = list(choices(setting))
    at = names.index(setting.value.kind if setting.is_variant else setting.value)
    return (names[at:] + names[:at])[:USUAL]


def suggested_numbers(setting: Setting) -> str:
    """Numbers around the present one, as one would type them: factors of four for step sizes and widths, else even steps."""
    value, low, high = setting.value, setting.low, setting.high
    if setting.scale == "log":
        tried = [value * 4.0**k for k in (-1, 0, 1, 2)]
    elif isinstance(value, int):
        tried = [value + k for k in range(USUAL)]
    else:
        tried = [value * k for k in range(USUAL)] if value else [0, 0.1, 0.3, 1]
    tried = [type(value)(v) for v in tried if (low is None or v >= low) and (high is None or v <= high)]
    return ", ".join(dict.fromkeys(show(v) for v in tried))


def games(config: GameConfig, setting: Setting, given: Any) -> list[GameConfig]:
    """One game for each of the values, typed or chosen. Raises SettingError, in words, for fewer than two or too many."""
    values = _typed(setting, given) if isinstance(given, str) else [controls.read(setting, value) for value in given]
    if not 2 <= len(values) <= MAX_MEMBERS:
        shown = given if isinstance(given, str) else ", ".join(map(str, values))
        raise SettingError(
            setting.path, shown, say("a comparison needs 2 to {most} values", most=MAX_MEMBERS), say("such as 1e-4, 1e-3")
        )
    found = [config.replace(setting.path, value) for value in values]
    if len(set(map(repr, found))) < len(found):
        raise SettingError(setting.path, given, say("each value may be there only once: two equal games tell nothing"))
    return found


def _typed(setting: Setting, text: str) -> list[float]:
    return [typed.whole(setting, v) for v in typed.numbers(setting, text, lambda found: len(found) > 1)]


def differing(configs: tuple[GameConfig, ...]) -> dict[str, str]:
    """The settings whose values are not the same in all games, with those values as the screen writes them."""
    return {
        path: ", ".join(t(s.choices[s.value]) if s.choices else show(s.value) for s in each if s is not None)
        for path, each in differences(*configs).items()
    }
