"""Games in lockstep, one or several: one clock for all, and for each its own settings, log, curves and verdict.

Games of one structure, which differ in per-member settings alone, move as one population of the engine; the others each by
themselves. A game that diverges is set aside at its last finite state, and the others go on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from gandash.config import GameConfig
from gandash.config.setting import JsonValue
from gandash.game.game import Game, Streams, build_game, structure
from gandash.game.round import GameState, Players
from gandash.game.step import train_step
from gandash.wire.frame import Arrays, pack
from gandash.wire.messages import Change, Look
from gandash.worker.session import Rows, Session, Snapshot


@dataclass(frozen=True)
class Moment:
    """All that is needed to go on from a step."""

    snapshots: tuple[Snapshot, ...]
    stopped: frozenset[int]


class Games:
    """`sessions` share one step count, but for those that have `stopped`."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = tuple(sessions)
        newest = max(s.step for s in sessions)
        self.stopped = frozenset(i for i, s in enumerate(sessions) if s.step < newest)
        self._parties: list[Callable[[Players], None]] | None = None

    @classmethod
    def of(cls, configs: Sequence[GameConfig]) -> Games:
        """These games at step 0."""
        return cls([Session(config) for config in configs])

    @property
    def playing(self) -> dict[int, Session]:
        """The sessions that move, by number."""
        return {i: s for i, s in enumerate(self.sessions) if i not in self.stopped}

    @property
    def step(self) -> int:
        return max(s.step for s in self.sessions)

    @property
    def room(self) -> int:
        """Rounds that may still be played before `drain` must be called."""
        return min((s.room for s in self.playing.values()), default=1)

    @property
    def revision(self) -> int:
        """Grows with everything that would change a picture."""
        return sum(s.revision for s in self.sessions)

    @property
    def is_finite(self) -> bool:
        return all(s.is_finite() for s in self.sessions)

    # ------------------------------------------------------------------------------------------------------- playing

    def advance(self, players: Players = Players.BOTH) -> None:
        """One round of every game."""
        if self._parties is None:
            self._parties = _parties(list(self.playing.values()))
        for advance in self._parties:
            advance(players)

    def set(self, path: str, value: JsonValue, member: int | None) -> list[tuple[int, Change]]:
        """Change a live setting of one game, or of all; what changed, by number. Raises SettingError."""
        concerned = range(len(self.sessions)) if member is None else [member]
        changed = [(i, change) for i in concerned if (change := self.sessions[i].set(path, value)) is not None]
        self._parties = None
        return changed

    def look(self, look: Look) -> None:
        """Show something more closely, in every game whose stage can."""
        for session in self.sessions:
            session.look(look)

    def stop(self, i: int, moment: Moment) -> None:
        """Set game i aside, as it was at an earlier moment."""
        self.sessions[i].restore(moment.snapshots[i])
        self.stopped |= {i}
        self._parties = None

    def moment(self) -> Moment:
        return Moment(tuple(s.snapshot() for s in self.sessions), self.stopped)

    def restore(self, moment: Moment) -> None:
        """Go on from `moment`, as if what came after had not been. Rows not yet drained are dropped."""
        for session, snapshot in zip(self.sessions, moment.snapshots, strict=True):
            session.restore(snapshot)
        self.stopped = moment.stopped
        self._parties = None

    # ----------------------------------------------------------------------------------------------------- publishing

    def drain(self) -> list[Rows]:
        """Every game's rows since the last drain, of the same steps; without numbers from where it stopped."""
        drained = {i: s.drain() for i, s in self.playing.items()}
        steps = next(iter(drained.values())).steps if drained else np.empty(0, dtype=np.int32)
        return [
            drained[i] if i in drained else Rows(steps, np.full((len(steps), len(s.columns)), np.nan, dtype=np.float32))
            for i, s in enumerate(self.sessions)
        ]

    def picture(self, generation: int, steps_per_second: float, hurried: bool = False) -> bytes:
        """The bytes of a frame: a single game's, or those of all with their number before each array's name."""
        label: dict[str, Any] = {"kind": "frame", "generation": generation, "steps_per_second": steps_per_second}
        alone = len(self.sessions) == 1
        pictures = [session.frame_arrays(hurried, alone) for session in self.sessions]
        if alone:
            (own, arrays), *_ = pictures
            return pack(label | own, arrays)
        together: Arrays = {f"{i}/{name}": a for i, (_, arrays) in enumerate(pictures) for name, a in arrays.items()}
        label |= {"revision": self.revision, "step": self.step, "measured": self.step, "numbers": {}}
        return pack(label | {"members": [own for own, _ in pictures]}, together)


class _Party:
    """Sessions that the engine moves as one population."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = sessions
        self._game: Game = build_game(*(s.config for s in sessions)).to(sessions[0].device)
        self._streams = Streams.together([s.streams for s in sessions])
        self._state = GameState.together([s.state for s in sessions])

    def advance(self, players: Players) -> None:
        self._state, metrics = train_step(self._game, self._state, self._streams, players)
        for i, session in enumerate(self._sessions):
            session.take(players, self._state.member(i), metrics[i])


def _parties(sessions: list[Session]) -> list[Callable[[Players], None]]:
    """A round for each group that moves together; a game without company plays on its own networks."""

    def kind(session: Session) -> str:
        memory = session.state.memory
        rounds = memory["rounds"].tolist() if "rounds" in memory else None  # of lookahead: its members go back together
        return repr((structure(session.config), sorted(memory), rounds))

    parties = [list(party) for _, party in itertools.groupby(sorted(sessions, key=kind), key=kind)]
    return [party[0].advance if len(party) == 1 else _Party(party).advance for party in parties]
