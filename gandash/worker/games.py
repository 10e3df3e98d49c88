"""Games in lockstep, one or several: one clock for all, and for each its own settings, log, curves and verdict.

Games of one structure, which differ in per-member settings alone, move as one population of the engine; the others each by
themselves. A game that diverges is set aside at its last finite state, and the others go on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from gandash.config import GameConfig
from gandash.config.population import structure
from gandash.config.setting import JsonValue
from gandash.game.game import Game, Streams, build_game
from gandash.game.given import NOTHING, Given
from gandash.game.round import GameState, Players
from gandash.game.step import train_step
from gandash.wire.browser import FrameLabel
from gandash.wire.facts import Engine
from gandash.wire.frame import pack
from gandash.wire.messages import Change, ShowCloseUp
from gandash.worker.observer import Observer, Rows
from gandash.worker.telling import Teller
from gandash.worker.trajectory import StateSnapshot, Trajectory


@dataclass(frozen=True)
class GamesSnapshot:
    """All that is needed to go on from a step."""

    members: tuple[StateSnapshot, ...]
    stopped: frozenset[int]


class Games:
    """Trajectories with an observer each. All are at the same step, except those that have `stopped`."""

    def __init__(self, trajectories: Sequence[Trajectory]) -> None:
        self.trajectories = tuple(trajectories)
        self.observers = tuple(Observer(t) for t in trajectories)
        self.tellers = tuple(Teller(t) for t in trajectories)
        newest = max(t.step for t in trajectories)
        self.stopped = frozenset(i for i, t in enumerate(trajectories) if t.step < newest)
        self._rounds: list[Callable[[Players, int], None]] | None = None

    @classmethod
    def of(cls, configs: Sequence[GameConfig], engine: Engine | None = None) -> Games:
        """These games at step 0; without an `engine` each by the best there is for it."""
        return cls.at_the_beginning(configs, [engine] * len(configs))

    @classmethod
    def at_the_beginning(cls, configs: Sequence[GameConfig], engines: Sequence[Engine | None], given: Given = NOTHING) -> Games:
        """These games at step 0, each by its engine, with what was `given` instead of built."""
        return cls([Trajectory(config, engine, given) for config, engine in zip(configs, engines, strict=True)])

    @property
    def playing(self) -> list[int]:
        """The numbers of the games that move."""
        return [i for i in range(len(self.trajectories)) if i not in self.stopped]

    @property
    def step(self) -> int:
        return max(t.step for t in self.trajectories)

    @property
    def free_rows(self) -> int:
        """Rounds that may still be played before `drain` must be called."""
        return min((self.observers[i].free_rows for i in self.playing), default=1)

    @property
    def free_rounds(self) -> int:
        """Of those, rounds that may be played at once: no observer has to look before they are over."""
        return min((self.observers[i].free_rounds for i in self.playing), default=1)

    @property
    def revision(self) -> int:
        """Grows with everything that would change a picture."""
        return sum(o.revision for o in self.observers)

    @property
    def is_measured(self) -> bool:
        """Whether this very step of all has been measured: a frame need not do it."""
        return all(o.is_measured for o in self.observers)

    @property
    def is_finite(self) -> bool:
        return all(t.is_finite() for t in self.trajectories)

    # ------------------------------------------------------------------------------------------------------- playing

    def advance(self, players: Players = Players.BOTH, rounds: int = 1) -> None:
        """Play this many rounds of every game, at most `free_rounds`."""
        if self._rounds is None:
            self._rounds = _rounds([(self.trajectories[i], self.observers[i]) for i in self.playing])
        for play in self._rounds:
            play(players, rounds)

    @property
    def must_compile(self) -> bool:
        """Whether `prepare` takes half a minute."""
        return any(t.must_compile for t in self.trajectories)

    def prepare(self) -> None:
        """Do now what the first round would wait for."""
        for trajectory in self.trajectories:
            trajectory.prepare()

    def set(self, path: str, value: JsonValue, member: int | None) -> list[tuple[int, Change]]:
        """Change a live setting of one game, or of all; what changed, by number. Raises SettingError."""
        concerned = range(len(self.trajectories)) if member is None else [member]
        changed = [(i, change) for i in concerned if (change := self.trajectories[i].set(path, value)) is not None]
        for i, change in changed:
            self.observers[i].changed(change)
        self._rounds = None
        return changed

    def repeat(self, i: int, change: Change) -> None:
        """A change of setting in game i as a log has it. Raises SettingError."""
        kept = {"restarts_half_life": change.restarts_half_life, "keeps_averages": change.keeps_averages}
        if self.trajectories[i].set(change.path, change.new, **kept) is not None:
            self.observers[i].changed(change)
        self._rounds = None

    def show_close_up(self, wanted: ShowCloseUp) -> None:
        """Show something more closely, in every game whose frames can."""
        for observer in self.observers:
            observer.show_close_up(wanted)

    def stop(self, i: int, kept: GamesSnapshot) -> None:
        """Set game i aside, as it was in an earlier snapshot."""
        self._go_back(i, kept.members[i])
        self.stopped |= {i}

    def snapshot(self) -> GamesSnapshot:
        return GamesSnapshot(tuple(t.snapshot() for t in self.trajectories), self.stopped)

    def restore(self, kept: GamesSnapshot) -> None:
        """Go on from `kept`, as if what came after had not been. Rows not yet drained are dropped."""
        for i, snapshot in enumerate(kept.members):
            self._go_back(i, snapshot)
        self.stopped = kept.stopped

    def _go_back(self, i: int, snapshot: StateSnapshot) -> None:
        self.trajectories[i].restore(snapshot)
        self.observers[i].went_back()
        self._rounds = None

    # ----------------------------------------------------------------------------------------------------- publishing

    def drain(self) -> list[Rows]:
        """Each game's rows since the last drain, all of the same steps; a game that has stopped has NaN in them."""
        drained = {i: self.observers[i].drain() for i in self.playing}
        steps = next(iter(drained.values())).steps if drained else np.empty(0, dtype=np.int32)
        return [
            drained[i] if i in drained else Rows(steps, np.full((len(steps), len(o.columns)), np.nan, dtype=np.float32))
            for i, o in enumerate(self.observers)
        ]

    def broken(self, rows: Sequence[Rows]) -> dict[int, int]:
        """The games that are no longer finite, by number, and the first step at which that shows in these `rows`."""
        found = {}
        for i in self.playing:
            bad = rows[i].steps[~np.isfinite(rows[i].values[:, :2]).all(axis=1)]  # both losses
            if len(bad) or not self.trajectories[i].is_finite():
                found[i] = int(bad[0]) if len(bad) else self.trajectories[i].step
        return found

    def read_jsd(self) -> None:
        """Read the JSD of the present step, for the pictures to come, where it is dear and not read for each of them."""
        for observer in self.observers:
            observer.read_jsd()

    def picture(
        self, generation: int, steps_per_second: float, hurried: bool = False, with_jsd: bool = True, crowded: bool = False
    ) -> bytes:
        """The bytes of a frame: a single game's, or those of all with their number before each array's name. For the rest see
        `Observer.frame_arrays`."""
        alone = len(self.observers) == 1
        pictures = [observer.frame_arrays(hurried, alone, with_jsd, crowded) for observer in self.observers]
        label = FrameLabel(
            generation=generation,
            steps_per_second=steps_per_second,
            step=self.step,
            members=tuple(own for own, _ in pictures),
        )
        if alone:
            return pack(label, pictures[0][1])
        return pack(label, {f"{i}/{name}": a for i, (_, arrays) in enumerate(pictures) for name, a in arrays.items()})


Watched = tuple[Trajectory, Observer]


def _alone(watched: Watched) -> Callable[[Players, int], None]:
    """Rounds of a game on its own networks."""
    trajectory, observer = watched
    return lambda players, rounds: observer.follow(trajectory.advance(players, rounds))


class PopulationGroup:
    """Games that the engine moves as one population."""

    def __init__(self, watched: Sequence[Watched]) -> None:
        self._watched = watched
        trajectories = [trajectory for trajectory, _ in watched]
        self._game: Game = build_game(*(t.config for t in trajectories)).to(trajectories[0].device)
        self._streams = Streams.together([t.streams for t in trajectories])
        self._state = GameState.together([t.state for t in trajectories])

    def advance(self, players: Players, rounds: int) -> None:
        for _ in range(rounds):
            self._state, metrics = train_step(self._game, self._state, self._streams, players)
            for i, (trajectory, observer) in enumerate(self._watched):
                trajectory.take(players, self._state.member(i))
                observer.follow(metrics[i : i + 1])


def _rounds(watched: list[Watched]) -> list[Callable[[Players, int], None]]:
    """What plays rounds of each group that moves together; a game that is alone in its group plays on its own networks."""

    def kind(one: Watched) -> str:
        trajectory, _ = one
        memory = trajectory.state.memory
        rounds = memory["rounds"].tolist() if "rounds" in memory else None  # of lookahead: its members go back together
        return repr((structure(trajectory.config), sorted(memory), rounds))

    # Compiled code plays each member by itself anyhow, and draws its random numbers from no generator
    compiled = [one for one in watched if one[0].engine == "compiled"]
    together = sorted((one for one in watched if one[0].engine == "torch"), key=kind)
    groups = [[one] for one in compiled] + [list(group) for _, group in itertools.groupby(together, key=kind)]
    return [_alone(group[0]) if len(group) == 1 else PopulationGroup(group).advance for group in groups]
