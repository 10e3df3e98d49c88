"""What games do by themselves, as another run's event log says: see `messages.Plan`."""

from __future__ import annotations

from collections import deque

from gandash.game.round import Players
from gandash.wire.messages import Change, Plan
from gandash.worker.games import Games
from gandash.worker.trajectory import PLAYERS


class Planned:
    """What is left of a plan for these games, of which they may have made a part already."""

    def __init__(self, plan: Plan, games: Games) -> None:
        changes = plan.changes or [()] * len(games.trajectories)
        self._coming = [deque(of[len(t.changes) :]) for of, t in zip(changes, games.trajectories, strict=True)]
        self.until = plan.until  # 0: they are in no haste any more

    def is_hasty(self, step: int) -> bool:
        """Whether they play as fast as they can."""
        return step < self.until

    def due(self, games: Games) -> list[tuple[int, Change]]:
        """The settings to be changed before the next round, with the game's number; they are taken off the plan."""
        found = []
        for i in games.playing:
            while (of := self._coming[i]) and of[0].step <= games.step and of[0].kind == "set":
                found.append((i, of.popleft()))
        return found

    def next(self, games: Games, most: int | None) -> tuple[Players, int | None]:
        """Who moves in the next rounds, and at most how many there are of these."""
        step, players, own = games.step, Players.BOTH, [self._coming[i] for i in games.playing]
        for of in own:
            while of and of[0].step <= step and of[0].kind == "step":
                change = of.popleft()
                players = PLAYERS[change.players] if change.step == step else players
        if players is not Players.BOTH:
            return players, 1
        ends = [of[0].step for of in own if of] + ([self.until] if self.is_hasty(step) else [])
        rounds = [end - step for end in ends] + ([most] if most else [])
        return players, min(rounds, default=None)
