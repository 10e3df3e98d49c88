"""A trajectory: config, state, streams and event log of one game. No clock, no channel, no files, no measuring.

A run is config + seed + event log, and the engine that plays it: `replay` plays the same trajectory again, bit for bit on the
same machine.
"""

from __future__ import annotations

import ctypes
import itertools
import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import torch
from torch import Tensor

from gandash.config import GameConfig, parse_config
from gandash.config.setting import JsonValue, setting_at
from gandash.game.compiled import disk_cache, making
from gandash.game.compiled.plans import covers
from gandash.game.compiled.streams import CounterStreams
from gandash.game.device import CPU, device_for
from gandash.game.game import Game, Streams, build_game
from gandash.game.given import NOTHING, Given
from gandash.game.round import GameState, Players, start
from gandash.game.step import train_step
from gandash.wire.facts import Engine
from gandash.wire.messages import Change

if TYPE_CHECKING:
    from gandash.game.compiled.engine import Compiled
    from gandash.game.compiled.shelf import Shelf

log = logging.getLogger("gandash.worker")

BETAS = (".beta1", ".beta2")  # settings of Adam's averages
MOST_AT_ONCE = 1000  # rounds of a replay: their numbers take memory


def best_engine(game: Game) -> Engine:
    """The engine for a run that begins with this game: compiled code where that is wanted, covers the game and is ready, else
    torch.
    """
    return "compiled" if disk_cache.is_wanted() and covers(game) and disk_cache.is_ready() else "torch"


PLAYERS = {"D": Players.D, "G": Players.G, "both": Players.BOTH}


@dataclass(frozen=True)
class StateSnapshot:
    """All that is needed to go on from a step. States are never written in place, so keeping one costs nothing."""

    state: GameState
    randomness: Tensor
    game: Game
    changes: tuple[Change, ...]
    engine: Engine


class Trajectory:
    """One game as it is played: `advance` plays rounds, `set` changes a live setting at the current step."""

    engine: Engine
    _state: GameState | None  # None: where compiled code has brought it
    _compiled: Compiled | None = None  # what plays on from the present state; None: nothing has yet

    def __init__(
        self, config: GameConfig, engine: Engine | None = None, given: Given = NOTHING, shelf: Shelf | None = None
    ) -> None:
        """Without an `engine`, `best_engine` chooses it. Raises ValueError for one that is none. `given`: see `build_game`.

        What compiled code does not cover is played by torch all the same. One that is not ready compiles first. Its draws come
        from the `shelf` where that has them.
        """
        if engine is not None and engine not in get_args(Engine):
            raise ValueError(f"there is no engine {engine!r}; there are {' and '.join(get_args(Engine))}")
        self.initial_config, self._asked, self.given = config, engine, given
        self._shelf = shelf if given == NOTHING else None  # a law of somebody's own is not told apart by its config
        self.device = device_for(config)
        try:
            self._set_up(config)
        except RuntimeError as error:
            if self.device == CPU:
                raise
            log.warning("this game cannot be played on %s, and goes to the processor: %s", self.device, error)
            self.device = CPU
            self._set_up(config)
        self.initial_state = self.state
        self.changes: tuple[Change, ...] = ()

    def _set_up(self, config: GameConfig) -> None:
        """Game, randomness and state at step 0; on a device other than the processor after one round for trial."""
        self.game = build_game(config, given=self.given).to(self.device)
        self.engine = self._asked or best_engine(self.game)
        for trial in (True, False) if self.device != CPU else (False,):
            self.streams = streams_of(self.engine, [config.run.seed], self.device)
            self.state = start(self.game, self.streams)
            if trial:
                train_step(self.game, self.state, self.streams)[1].cpu()

    @property
    def config(self) -> GameConfig:
        """The settings as they are now."""
        return self.game.config

    @property
    def is_compiled(self) -> bool:
        """Whether compiled code plays the next round: where that is the engine, and covers the game as it is now."""
        return self.engine == "compiled" and covers(self.game)

    @property
    def state(self) -> GameState:
        """Where the game is."""
        if self._state is None:
            assert self._compiled is not None
            self._state = self._compiled.state
        return self._state

    @state.setter
    def state(self, state: GameState) -> None:
        self._state = state
        self._compiled = None

    @property
    def step(self) -> int:
        return self.state.step if self._compiled is None else self._compiled.step

    def advance(self, players: Players = Players.BOTH, rounds: int = 1, *, brief: bool = False) -> Tensor:
        """Play rounds, compiled code all of them in one call; their numbers `(rounds, len(METRICS))`.

        Where `brief`, it may leave out of all rounds but the last what is neither a loss nor moves anybody (NaN).
        """
        if self.is_compiled:
            return self._advance_compiled(players, rounds, brief)
        rows = []
        for _ in range(rounds):
            state, metrics = train_step(self.game, self.state, self.streams, players)
            self.take(players, state)
            rows.append(metrics)
        return torch.cat(rows)

    def _advance_compiled(self, players: Players, rounds: int, brief: bool) -> Tensor:
        if self._compiled is None:
            from gandash.game.compiled.engine import Compiled  # numba takes its time, and not every process needs it

            self._compiled = Compiled(self.game, self.streams.seeds, self.state, shelf=self._shelf)
        self._note(players, rounds)
        metrics = self._compiled.play(rounds, players, brief=brief)
        self._state = None  # fetched when somebody asks
        return metrics[:, 0]

    @property
    def must_compile(self) -> bool:
        """Whether the next round waits for half a minute: compiled code began this game, and is not there."""
        return self.is_compiled and not disk_cache.is_ready()

    def prepare(self) -> None:
        """Do now what the first round would wait for, once in a process. Raises ImportError without numba."""
        if self.is_compiled:
            from gandash.game.compiled.engine import load

            with suppress(OSError):  # what cannot be kept is compiled for this process alone
                making.make_ready()
            load()

    def take(self, players: Players, state: GameState) -> None:
        """A round was played from the present state to `state`, by whomever."""
        self._note(players, 1)
        self.state = state

    def _note(self, players: Players, rounds: int) -> None:
        """Each round in which one player alone moves is an entry of the event log."""
        if players is not Players.BOTH:
            name = next(n for n, p in PLAYERS.items() if p is players)
            entry: dict[str, Any] = {"kind": "step", "players": name}
            self.changes += tuple(Change.model_validate(entry | {"step": self.step + i}) for i in range(rounds))

    def set(
        self, path: str, value: JsonValue, *, restarts_half_life: bool = True, keeps_averages: bool = True
    ) -> Change | None:
        """Change a live setting from the next round on; None when it already has that value. Raises SettingError.

        Instance noise set so fades from here on, and another beta of Adam's leaves its corrected averages as they are, unless a
        replayed log says that it was not so.
        """
        config = self.config.with_live(path, value)
        before = setting_at(self.config, path)
        new = setting_at(config, path).value
        if new == before.value:
            return None
        if path == "update_rule":
            self.state = self.state.under_another_rule()
        restarts_half_life = restarts_half_life and path in ("regulariser.noise", "regulariser.noise_half_life")
        keeps_averages = keeps_averages and path.endswith(BETAS)
        game, state = self.game.with_live_configs(config), self.state
        if restarts_half_life:
            state = state.with_noise_since_now()
        if keeps_averages:
            state = state.under_other_optimisers(self.game, game)
        self.game, self.state = game, state  # what plays compiled rounds is made anew from both
        change = Change(
            kind="set",
            step=self.step,
            path=path,
            label=before.symbol,
            old=_plain(before.value),
            new=_plain(new),
            restarts_half_life=restarts_half_life,
            keeps_averages=keeps_averages,
        )
        self.changes += (change,)
        return change

    def is_finite(self) -> bool:
        """Whether both players' parameters are finite numbers."""
        return bool(torch.isfinite(self.state.theta).all() and torch.isfinite(self.state.phi).all())

    def snapshot(self) -> StateSnapshot:
        return StateSnapshot(self.state, self.streams.state(), self.game, self.changes, self.engine)

    def restore(self, snapshot: StateSnapshot) -> None:
        """Go on from `snapshot`, as if what came after had not been."""
        self.state, self.game, self.changes = snapshot.state, snapshot.game, snapshot.changes
        self.streams.restore(snapshot.randomness)

    def written(self) -> tuple[dict[str, Any], dict[str, Tensor]]:
        """What a checkpoint keeps: a label of JSON, and tensors of their own memory."""
        label = {
            "step": self.step,
            "engine": self.engine,
            "initial_config": self.initial_config.model_dump(mode="json"),
            "config": self.config.model_dump(mode="json"),
            "changes": [c.model_dump(mode="json") for c in self.changes],
        }
        tensors = self.state.tensors | {"randomness": self.streams.state()}
        # averaging may be off, and then `average` *is* theta: safetensors refuses shared memory
        return label, {name: tensor.cpu().clone() for name, tensor in tensors.items()}

    @classmethod
    def read(cls, label: dict[str, Any], tensors: dict[str, Tensor]) -> Trajectory:
        """The trajectory `written` described; raises KeyError, TypeError, ValueError or RuntimeError where it does not fit."""
        changes = tuple(Change.model_validate(c) for c in label["changes"])
        initial, config = (parse_config(label[name]) for name in ("initial_config", "config"))
        return cls.resumed(initial, config, changes, label.get("engine", "torch"), int(label["step"]), tensors)

    @classmethod
    def resumed(
        cls,
        initial: GameConfig,
        config: GameConfig,
        changes: tuple[Change, ...],
        engine: Engine,
        step: int,
        tensors: dict[str, Tensor],
        given: Given = NOTHING,
    ) -> Trajectory:
        """A game that began as `initial`, at a later step; raises KeyError, ValueError or RuntimeError where that cannot be."""
        read = cls(initial, engine, given)
        read.game = read.game.with_live_configs(config)
        read.changes = changes
        # Apart from phi only where it is normalised; files from before that have none
        tensors = tensors if read.game.penalties.spectral else tensors | {"critic": tensors["phi"]}
        fresh = {name: t for name, t in read.state.tensors.items() if not name.startswith("memory.")}
        kept = {name: t for name, t in tensors.items() if name.startswith("memory.")}
        state = GameState.of(step, {n: _like(t, tensors[n]) for n, t in fresh.items()} | kept)
        read.state = state.to(read.device)
        read.streams.restore(tensors["randomness"])
        return read


def streams_of(engine: Engine, seeds: Sequence[int], device: torch.device) -> Streams:
    """The random numbers of runs that are played by this engine."""
    return Streams(seeds, device) if engine == "torch" else CounterStreams(seeds, device)


def replay(config: GameConfig, changes: tuple[Change, ...], steps: int, engine: Engine | None = None) -> Trajectory:
    """Play `steps` rounds again as the event log says: the same trajectory, bit for bit on the same machine, by the engine that
    played it."""
    played = Trajectory(config, engine)
    by_step: dict[int, list[Change]] = {}
    for change in changes:
        by_step.setdefault(change.step, []).append(change)
    coming = deque(sorted(by_step))
    while True:
        players = Players.BOTH
        for change in by_step.get(played.step, ()):
            if change.kind == "set":
                kept = {"restarts_half_life": change.restarts_half_life, "keeps_averages": change.keeps_averages}
                played.set(change.path, change.new, **kept)
            else:
                players = PLAYERS[change.players]
        if played.step >= steps:  # after the last round only its settings are left to take over
            return played
        while coming and coming[0] <= played.step:
            coming.popleft()
        until = min(steps, played.step + MOST_AT_ONCE, *itertools.islice(coming, 1))
        played.advance(players, until - played.step if players is Players.BOTH else 1, brief=True)


def be_reproducible() -> None:
    """Set torch up as every process that plays a game must, so that the same config gives the same run in all of them.

    One thread: small nets lose by a second one, and sums come in one order. Denormals are flushed: they are slow.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.backends.cudnn.deterministic = True
    _keep_freed_memory()


@contextmanager
def reproducibly() -> Iterator[None]:
    """`be_reproducible` for a process that has torch for other things too: afterwards it is set up as before."""
    threads, deterministic = torch.get_num_threads(), torch.backends.cudnn.deterministic
    be_reproducible()
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.set_flush_denormal(False)  # torch's default; it cannot be asked
        torch.backends.cudnn.deterministic = deterministic


_KEPT_BYTES = 8 * 2**20
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h


def _keep_freed_memory() -> None:
    """Have glibc keep so much of what is freed, for the next layer of as many samples.

    Else it goes back to the system and comes again page by page: judging 10,000 samples took 1.4 to 2 times as long.
    """
    with suppress(AttributeError, OSError, TypeError):  # another C library
        libc = ctypes.CDLL(None)
        libc.mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)
        libc.mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES)


def _like(fresh: Tensor, stored: Tensor) -> Tensor:
    if stored.shape != fresh.shape or stored.dtype != fresh.dtype:
        raise ValueError(f"a tensor of shape {tuple(stored.shape)} where {tuple(fresh.shape)} belongs")
    return stored


def _plain(value: Any) -> JsonValue:
    """A setting's value as JSON: a variant as its fields."""
    dumped: JsonValue = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    return dumped
