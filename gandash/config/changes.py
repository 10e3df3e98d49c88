"""How configs differ, and what follows from a change: between two in mid-run, or among several that are compared."""

from __future__ import annotations

from collections.abc import Sequence

from gandash.config.data import PicturesConfig
from gandash.config.data.pictures import PICTURE_LATENT
from gandash.config.game import GameConfig
from gandash.config.networks import ConvolutionConfig, MLPConfig
from gandash.config.setting import JsonValue, Setting, SettingError, Settings, kind_of, settings, variants, word
from gandash.words import say

LiveChange = tuple[int | None, str, JsonValue]
"""A live setting to be changed: of which game (None: of all), its path, its value."""


def differences(*configs: Settings) -> dict[str, tuple[Setting | None, ...]]:
    """The settings that are not the same in all of these configs, by path: the setting in each config, None where a config has
    none by this path.

    Of a variant only the kind is compared under its own path; its settings are compared under theirs.

    >>> list(differences(GameConfig(), GameConfig(objective="minimax")))
    ['objective']
    """
    found = [{s.path: s for s in settings(config)} for config in configs]
    paths = dict.fromkeys(path for own in found for path in own)
    return {path: each for path in paths if _differ(each := tuple(own.get(path) for own in found))}


def _differ(each: tuple[Setting | None, ...]) -> bool:
    first, *others = each
    if first is None or None in others:
        return True
    if first.is_variant:
        return any(type(other.value) is not type(first.value) for other in others if other)
    return any(other.value != first.value for other in others if other)


def restarts(old: Settings, new: Settings) -> bool:
    """Whether going from `old` to `new` changes anything that cannot act on a running game."""
    return any(s is not None and not s.live for each in differences(old, new).values() for s in each)


def following(config: GameConfig, data: JsonValue) -> list[tuple[str, JsonValue]]:
    """The changes that other data make necessary; `data` are the fields of these data.

    The latent's dimension follows that of the data where both were equal, so that G's map can still be drawn whole, and where
    pictures turn into points; where points turn into pictures it is PICTURE_LATENT. Players that need pictures become MLPs
    where the new data are points.
    """
    kind = data.get("kind") if isinstance(data, dict) else None
    new = next((m for m in variants(GameConfig.model_fields["data"].annotation) if kind_of(m) == kind), type(config.data))
    were, are = isinstance(config.data, PicturesConfig), issubclass(new, PicturesConfig)
    if are:
        return [] if were else [("latent.dimension", PICTURE_LATENT)]
    follows = were or config.latent.dimension == config.data.dimension
    plain = MLPConfig().model_dump(mode="json")
    needy = [name for name in ("generator", "discriminator") if isinstance(getattr(config, name), ConvolutionConfig)]
    dimension = [("latent.dimension", getattr(new, "dimension", 1))] if follows else []
    return [*dimension, *((name, plain) for name in needy)]


def with_followers(config: GameConfig, changes: Sequence[tuple[str, JsonValue]]) -> list[tuple[str, JsonValue]]:
    """These changes, each change of the data followed by what it makes necessary, unless that is among the changes itself."""
    stated = {path for path, _ in changes}
    found: list[tuple[str, JsonValue]] = []
    for path, value in changes:
        found.append((path, value))
        if path == "data":
            found += [(p, v) for p, v in following(config, value) if p not in stated]
    return found


# ------------------------------------------------------------------------------------------------------------ in mid-run


def with_live_settings(configs: Sequence[GameConfig], changes: Sequence[LiveChange]) -> tuple[GameConfig, ...]:
    """The games' settings after these changes, in order. Raises SettingError."""
    found = list(configs)
    for member, path, value in changes:
        if member is not None and member >= len(found):
            raise SettingError(
                path, member, say("there is no such game; {count} are compared, counted from 0", count=len(found))
            )
        for i in range(len(found)) if member is None else [member]:
            found[i] = found[i].with_live(path, value)
    return tuple(found)


def live_differences(old: GameConfig, new: GameConfig) -> list[tuple[str, JsonValue]]:
    """(path, value) of the live settings that differ, in an order in which every config on the way is valid.

    A changed variant comes as a whole. Raises SettingError when there is no such order.
    """
    left, found = _changed(old, new), []
    while left:
        refusal: SettingError | None = None
        for path, value in left:
            try:
                old = old.with_live(path, value)
            except SettingError as error:
                refusal = refusal or error
                continue
            found.append((path, value))
            left = [(p, v) for p, v in left if p != path]
            break
        else:
            assert refusal is not None
            raise refusal
    return found


def live_differences_of_all(old: Sequence[GameConfig], new: Sequence[GameConfig]) -> list[LiveChange]:
    """The live settings in which each game's new config differs from its old one. Raises SettingError."""
    found = [live_differences(before, after) for before, after in zip(old, new, strict=True)]
    if len(found) == 1 or any(own != found[0] for own in found):
        return [(i if len(found) > 1 else None, *change) for i, own in enumerate(found) for change in own]
    return [(None, *change) for change in found[0]]


def _changed(old: GameConfig, new: GameConfig) -> list[tuple[str, JsonValue]]:
    found: list[tuple[str, JsonValue]] = []
    for path, (_, s) in differences(old, new).items():
        if s is None or any(path.startswith(f"{whole}.") for whole, _ in found):
            continue
        found.append((path, s.value.model_dump(mode="json") if s.is_variant else s.value))
    return found


# --------------------------------------------------------------------------------------------------------- side by side


def distinctions(configs: Sequence[GameConfig]) -> tuple[str, ...]:
    """What tells each of these games from the others, in the settings' symbols: `lr_D 1e-3`, `rule extragradient, seed 1`.

    >>> distinctions([GameConfig(), GameConfig(objective="minimax")])
    ('objective non-saturating', 'objective minimax')
    """
    telling = differences(*configs)
    # What only a chosen variant has is told with it, unless the variant is everybody's
    heads = tuple(f"{path}." for path, each in telling.items() if any(s is not None and s.is_variant for s in each))
    told = [each for path, each in telling.items() if not path.startswith(heads)]
    return tuple(
        ", ".join(f"{s.symbol} {word(s.value, s.choices)}" for each in told if (s := each[i])) for i in range(len(configs))
    )
