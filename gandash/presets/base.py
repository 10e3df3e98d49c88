"""What a ready game is."""

from __future__ import annotations

from dataclasses import dataclass

from gandash.config import GameConfig
from gandash.config.data import PicturesConfig
from gandash.config.networks import PointConfig
from gandash.config.setting import JsonValue

GROUPS = {"line": "On the line", "plane": "On the plane", "pictures": "Pictures", "scalar": "One number each"}
"""What a sample is, and so what the stage shows; in the order of the list."""

STORIES = {"works": "it works", "cured": "it breaks, and is cured", "compared": "two ways compared"}
"""What happens in a ready game."""


@dataclass(frozen=True)
class Move:
    """A change of live settings that a preset invites to, offered as one button.

    The promise is about one that is made at step `at`, and is kept at step `until`. `cures` is False of one that breaks
    something, or does not help.
    """

    label: str
    changes: tuple[tuple[str, JsonValue], ...]
    at: int
    until: int
    cures: bool = True


WATCHED = 300.0  # steps a second: what happens in a thousand steps can be followed


@dataclass(frozen=True)
class Preset:
    """`teaches` says in a line what it is for, `promise` what will be seen, `watch` where to look.

    `measured` says over which seeds the promise was tried and what was read: for `PRESETS.md`, not for the page. The promise
    is kept at step `steps` where no move is made. `speed` is the pace it starts at, in steps a second (None: full speed);
    compiled rounds go by faster than anybody can follow.
    """

    name: str
    title: str
    story: str
    teaches: str
    promise: str
    watch: str
    measured: str
    config: GameConfig
    steps: int
    moves: tuple[Move, ...] = ()
    speed: float | None = WATCHED

    @property
    def group(self) -> str:
        """One of GROUPS: it follows from the game."""
        if isinstance(self.config.generator, PointConfig):
            return "scalar"
        if isinstance(self.config.data, PicturesConfig):
            return "pictures"
        return "line" if self.config.data.dimension == 1 else "plane"

    @property
    def cure(self) -> Move | None:
        """The move that mends what breaks; of several the first."""
        return next((move for move in self.moves if move.cures), None)
