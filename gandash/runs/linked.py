"""The run of a link, played from its beginning, and held against what the link says of its state."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gandash.links import Link, fingerprint
from gandash.store.format import StoppedEvent
from gandash.store.keyframes import state_hash
from gandash.store.reading import Known
from gandash.wire.messages import Change
from gandash.words import Said, say
from gandash.worker.games import Games
from gandash.worker.keyframe import play_on, state_of
from gandash.worker.recording import versions


@dataclass(frozen=True)
class Linked:
    """What came of a link: the games at `step`."""

    link: Link
    games: Games
    step: int
    seconds: float

    @property
    def state(self) -> str:
        return state_hash(state_of(self.games))

    @property
    def agrees(self) -> bool | None:
        """Whether the state is the one that the link was made at; None where the link does not know that of this step."""
        if not self.link.state or self.step != self.link.step:
            return None
        return self.state.removeprefix("sha256:").startswith(self.link.state)

    @property
    def other(self) -> Said:
        """What was another than here where the link was made, in words."""
        engines = [t.engine for t in self.games.trajectories]
        asked = [engine for engine in self.link.engines if engine]
        if asked and asked != engines:
            return say(
                "played by {theirs} there, and by {ours} here, which draws other random numbers",
                theirs=", ".join(asked),
                ours=", ".join(engines),
            )
        if self.link.versions and self.link.versions != fingerprint(versions("compiled" in engines)):
            return say("other versions of gandash, Python, torch or numba played it there, or another kind of machine")
        return Said("")

    def report(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "state": self.state,
            "agrees": self.agrees,
            "other": self.other,
            "dropped": list(self.link.dropped),
        }


@dataclass(frozen=True)
class _Log:
    changes: Sequence[Sequence[Change]]
    directory: Path = Path("the link")
    states: Mapping[int, Known] = field(default_factory=dict)
    stopped: Sequence[StoppedEvent] = ()


def at_the_beginning(link: Link) -> Games:
    """Its games at step 0, by the engines that it names."""
    return Games.at_the_beginning(link.configs, link.engines)


def play(link: Link, games: Games, step: int) -> Linked:
    """Play its games from step 0 to this one. Raises BrokenRun."""
    began = time.perf_counter()
    play_on(games, _Log(link.changes), step)
    return Linked(link, games, games.step, time.perf_counter() - began)
