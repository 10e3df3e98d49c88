"""Which ready game a run was begun as, whether it still is that game, and what gave way to a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gandash.config import GameConfig
from gandash.config.changes import differences
from gandash.server.history import History
from gandash.wire.messages import Recording


@dataclass(frozen=True)
class Before:
    """A game as it was when it gave way to a comparison; `checkpoint` is its last one, under a name of its own.
    It goes on being recorded in `record`.
    """

    configs: tuple[GameConfig, ...]
    begun: tuple[GameConfig, ...]
    history: History | None
    checkpoint: str | None
    record: Recording | None = None


@dataclass
class Origin:
    """`title`, `config`: of the ready game. `begun`: the settings that the present game, or games, began with."""

    title: str
    config: GameConfig
    begun: tuple[GameConfig, ...]
    before: Before | None = None

    @property
    def is_left(self) -> bool:
        """Whether another game than the ready one is played: begun with other settings, whatever the seed, or compared."""
        return len(self.begun) > 1 or is_other(self.config, self.begun)

    @property
    def present_title(self) -> str:
        """The ready game's title; it says so where that has become another game."""
        word = "compared" if len(self.begun) > 1 else "changed"
        return f"{self.title} ({word})" if self.is_left else self.title

    @property
    def title_before(self) -> str:
        """The title of the game that gave way to a comparison; "" if none did."""
        if self.before is None:
            return ""
        return f"{self.title} (changed)" if is_other(self.config, self.before.begun) else self.title


def is_other(ready: GameConfig, begun: Sequence[GameConfig]) -> bool:
    """Whether any of these games began with other settings, whatever its seed."""
    return any(differences(ready, c).keys() - {"run.seed"} for c in begun)
