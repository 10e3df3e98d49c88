"""A game that is played and watched in one object, as tests want it: the worker keeps the two apart."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from gandash.config import GameConfig
from gandash.config.setting import JsonValue
from gandash.game.given import NOTHING, Given
from gandash.game.round import Players
from gandash.wire.facts import Engine
from gandash.wire.messages import Change
from gandash.worker.games import Games
from gandash.worker.observer import Observer
from gandash.worker.trajectory import StateSnapshot, Trajectory


class Played(Trajectory):
    """A trajectory that tells its own observer, and answers for it: `played.drain()` is its observer's."""

    def __init__(self, config: GameConfig, engine: Engine | None = None, given: Given = NOTHING) -> None:
        super().__init__(config, engine, given)
        self.observer = Observer(self)

    def advance(self, players: Players = Players.BOTH, rounds: int = 1) -> Tensor:
        metrics = super().advance(players, rounds)
        self.observer.follow(metrics)
        return metrics

    def set(self, path: str, value: JsonValue) -> Change | None:
        change = super().set(path, value)
        if change is not None:
            self.observer.changed(change)
        return change

    def restore(self, snapshot: StateSnapshot) -> None:
        super().restore(snapshot)
        self.observer.went_back()

    def __getattr__(self, name: str) -> Any:
        if name == "observer":  # not made yet
            raise AttributeError(name)
        return getattr(self.observer, name)


def picture(played: Played, generation: int = 0) -> bytes:
    """The bytes of a frame as a run of this one game sends them."""
    games = Games([played])
    games.observers = (played.observer,)
    return games.picture(generation, 0.0)
