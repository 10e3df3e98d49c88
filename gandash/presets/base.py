"""What a ready game is."""

from __future__ import annotations

from dataclasses import dataclass

from gandash.config import GameConfig
from gandash.settings import JsonValue


@dataclass(frozen=True)
class Move:
    """A change of live settings that a preset invites to, offered as one button."""

    label: str
    changes: tuple[tuple[str, JsonValue], ...]


@dataclass(frozen=True)
class Preset:
    """`promise` says what will be seen, `watch` where to look; `speed` is the pace it starts at (None: full speed)."""

    name: str
    title: str
    promise: str
    watch: str
    config: GameConfig
    moves: tuple[Move, ...] = ()
    speed: float | None = None
