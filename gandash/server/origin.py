"""Which ready game a run was begun as, whether it still is that game, and what gave way to a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gandash.config import GameConfig
from gandash.server.history import History


@dataclass(frozen=True)
class Before:
    """A game as it was when it gave way to a comparison; `checkpoint`: a name of its own for its last one."""

    configs: tuple[GameConfig, ...]
    begun: tuple[GameConfig, ...]
    history: History | None
    checkpoint: str | None


def is_other(original: GameConfig, begun: Sequence[GameConfig]) -> bool:
    """Whether any of these games began with other settings, whatever its seed."""
    seed = {"seed": original.run.seed}
    return any(c.model_copy(update={"run": c.run.model_copy(update=seed)}) != original for c in begun)
