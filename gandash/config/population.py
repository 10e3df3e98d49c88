"""Which games can be played together: what members of one population must share."""

from __future__ import annotations

from gandash.config.game import GameConfig
from gandash.config.setting import settings

PER_MEMBER = ("generator_optimiser.", "discriminator_optimiser.", "regulariser.", "run.seed", "run.averaging")
COMMON = ("regulariser.spectral", "regulariser.smoothing", "regulariser.packing")  # regularisers that make another game


def structure(c: GameConfig) -> dict[str, object]:
    """The settings that members of one population must share, by path."""
    return {
        s.path: type(s.value) if s.is_variant else s.value
        for s in settings(c)
        if s.is_variant or s.path in COMMON or not s.path.startswith(PER_MEMBER)
    }


def is_per_member(path: str) -> bool:
    """Whether members of one population may differ in the setting at this path."""
    return path.startswith(PER_MEMBER) and path not in COMMON
