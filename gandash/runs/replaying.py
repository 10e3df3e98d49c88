"""A recorded run played again from its beginning, and held against what its record says of its states."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from gandash.store.keyframes import state_hash
from gandash.store.reading import StoredRun
from gandash.worker.games import Games
from gandash.worker.keyframe import at_the_beginning as at_the_beginning
from gandash.worker.keyframe import play_on, state_of
from gandash.worker.recording import versions


@dataclass(frozen=True)
class Replayed:
    """What came of it: the games at `step`; at which steps the record knows the state, and at which of them this is another."""

    games: Games
    step: int
    seconds: float
    compared: tuple[int, ...]
    differing: tuple[int, ...]
    other_versions: dict[str, tuple[str, str]]  # by name: recorded with, and played again with

    @property
    def agrees(self) -> bool | None:
        """Whether all states that the record knows are the same; None where it knows none."""
        return not self.differing if self.compared else None

    @property
    def state(self) -> str:
        return state_hash(state_of(self.games))

    def report(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "state": self.state,
            "agrees": self.agrees,
            "compared": list(self.compared),
            "differing": list(self.differing),
            "other_versions": {name: list(both) for name, both in self.other_versions.items()},
        }


def replay(run: StoredRun, games: Games, step: int | None = None) -> Replayed:
    """Play a recorded run again, its games from step 0 to the end or to `step`. Raises BrokenRun."""
    step = run.steps if step is None else step
    compared: dict[int, bool] = {}
    began = time.perf_counter()
    play_on(games, run, step, compared.__setitem__)
    seconds = time.perf_counter() - began
    here = versions("compiled" in run.manifest.engines)
    others = {n: (was, here.get(n, "none")) for n, was in run.manifest.versions.items() if here.get(n) != was}
    differing = tuple(at for at, agrees in compared.items() if not agrees)
    return Replayed(games, games.step, seconds, tuple(compared), differing, others)
