"""A game in progress: config, state, event log and measured history. No clock, no channel, no files.

A run is config + seed + event log: `replay` plays the same trajectory again, bit for bit on the same machine.
"""

from __future__ import annotations

import logging
import math
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from gandash.config import GameConfig, parse_config
from gandash.config.setting import JsonValue, setting_at
from gandash.diagnostics.measure import READINGS, Measurement, measure
from gandash.diagnostics.measure_pictures import PictureMeasurement, measure_pictures
from gandash.diagnostics.path import Footprint, Trail, Turning
from gandash.diagnostics.pictures import PictureEstimators
from gandash.diagnostics.verdict import WAITING, Verdict
from gandash.game.device import CPU, device_for, name_of
from gandash.game.distributions import PictureDistribution
from gandash.game.game import Game, Streams, build_game
from gandash.game.objectives import reference_label
from gandash.game.round import METRICS, GameState, Players, start
from gandash.game.step import train_step
from gandash.wire.changes import with_live_setting
from gandash.wire.messages import Change, Look
from gandash.worker.jury import jury_for
from gandash.worker.stage import mode_facts, stage_for
from gandash.worker.wall import PictureStage, kind_facts

log = logging.getLogger("gandash.worker")

STEP_COLUMNS = (*METRICS, "learning_rate_d", "learning_rate_g")
"""What every row begins with: what the step reported, and both learning rates."""

COLUMNS = (*STEP_COLUMNS, *READINGS)
"""One row per step of a game on points; in others the readings are those of their own measurements."""

READ_ANEW = ("objective", "regulariser.smoothing")  # settings that change what D's output means

_BUFFER = 256  # steps kept in torch before somebody must drain them

PLAYERS = {"D": Players.D, "G": Players.G, "both": Players.BOTH}


@dataclass(frozen=True)
class Rows:
    """Metrics of consecutive steps: `steps` (n,), `values` (n, columns) float32."""

    steps: NDArray[np.int32]
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Snapshot:
    """All that is needed to go on from a step. States are never written in place, so keeping one costs nothing."""

    state: GameState
    randomness: torch.Tensor
    game: Game
    changes: tuple[Change, ...]


class Session:
    """One live game.

    `advance` plays rounds, `set` changes a live setting at the current step, `drain` hands out what was measured,
    `frame_arrays` what one picture needs.
    """

    def __init__(self, config: GameConfig) -> None:
        self.initial_config = config
        self.device = device_for(config)
        try:
            self._set_up(config)
        except RuntimeError as error:
            if self.device == CPU:
                raise
            log.warning("this game cannot be played on %s, and goes to the processor: %s", self.device, error)
            self.device = CPU
            self._set_up(config)
        self.changes: tuple[Change, ...] = ()
        self.revision = 0  # grows with everything that would change a picture
        self.verdict: Verdict = WAITING
        self._jury = jury_for(self.game)
        self._metrics = torch.full((_BUFFER, len(METRICS)), math.nan, device=self.device)
        self._filled = 0
        self._readings: dict[str, float] = {}
        self._measured: tuple[int, Game, Measurement | PictureMeasurement] | None = None
        self._turning, self._trail = Turning(), Trail()
        of_pictures = isinstance(self.game.data, PictureDistribution)
        self._measure = measure_pictures if of_pictures else measure
        self._stage = (PictureStage if of_pictures else stage_for)(self.game, self.streams.fixed()[0])
        self._still: tuple[Game, Game] = (self.game, self.game.to(CPU))
        self._measure_for_curves()
        self._held = np.full((_BUFFER, 2 + len(self._readings)), np.nan, dtype=np.float32)

    def _set_up(self, config: GameConfig) -> None:
        """Game, randomness and state at step 0; on a device other than the processor after one round for trial."""
        self.game = build_game(config).to(self.device)
        for trial in (True, False) if self.device != CPU else (False,):
            self.streams = Streams([config.run.seed], self.device)
            self.state = start(self.game, self.streams)
            if trial:
                train_step(self.game, self.state, self.streams)[1].cpu()

    @property
    def still_game(self) -> Game:
        """The game on the processor, where it is measured and drawn."""
        if self._still[0] is not self.game:
            self._still = self.game, self.game.to(CPU)
        return self._still[1]

    @property
    def still_state(self) -> GameState:
        """The present state on the processor."""
        return self.state.to(CPU)

    @property
    def config(self) -> GameConfig:
        """The settings as they are now."""
        return self.game.config

    @property
    def step(self) -> int:
        return self.state.step

    @property
    def columns(self) -> tuple[str, ...]:
        """What a row holds, in this order."""
        return (*STEP_COLUMNS, *self._readings)

    @property
    def trail(self) -> tuple[Footprint, ...]:
        """Where the players have been, from old to new; a few dozen points."""
        return self._trail.points

    @property
    def room(self) -> int:
        """Steps that may still be played before `drain` must be called."""
        return _BUFFER - self._filled

    # ------------------------------------------------------------------------------------------------------- playing

    def advance(self, players: Players = Players.BOTH) -> None:
        """One round."""
        state, metrics = train_step(self.game, self.state, self.streams, players)
        self.take(players, state, metrics[0])

    def take(self, players: Players, state: GameState, metrics: torch.Tensor) -> None:
        """A round was played from the present state to `state`, by whomever; `metrics` `(len(METRICS),)` are its numbers.

        A round in which one player alone moved is an entry of the event log.
        """
        if players is not Players.BOTH:
            name = next(n for n, p in PLAYERS.items() if p is players)
            self.changes += (Change.model_validate({"kind": "step", "step": self.step, "players": name}),)
        assert self.room > 0, "drain before the buffer is full"
        self.state = state
        self._stage.follow(self.state)
        self._metrics[self._filled] = metrics
        if self.step % self._stage.measure_every == 0:
            self._measure_for_curves()
        config = self.config
        self._held[self._filled] = (
            config.discriminator_optimiser.learning_rate,
            config.generator_optimiser.learning_rate,
            *self._readings.values(),
        )
        self._filled += 1
        self.revision += 1

    def set(self, path: str, value: JsonValue) -> Change | None:
        """Change a live setting from the next round on; None when it already has that value. Raises SettingError."""
        config = with_live_setting(self.config, path, value)
        before = setting_at(self.config, path)
        new = setting_at(config, path).value
        if new == before.value:
            return None
        if path == "update_rule":  # what another rule kept is of no use to this one
            kept = {name: tensor for name, tensor in self.state.memory.items() if name == "spectral"}
            self.state = replace(self.state, memory=kept)
        self.game = replace_config(self.game, config)
        if path in READ_ANEW:  # what was observed before was in other units
            self._jury = jury_for(self.game)
        change = Change(
            kind="set",
            step=self.step,
            path=path,
            label=before.symbol,
            old=_plain(before.value),
            new=_plain(new),
        )
        self.changes += (change,)
        self.revision += 1
        return change

    # ----------------------------------------------------------------------------------------------------- measuring

    def measurement(self) -> Measurement | PictureMeasurement:
        """The current state, measured; the same state is measured once."""
        key = (self.step, self.game)
        if self._measured is None or self._measured[0] != key[0] or self._measured[1] is not key[1]:
            self._measured = (*key, self._measure(self.still_game, self.still_state, self.streams))
        return self._measured[2]

    def _measure_for_curves(self) -> None:
        found, state = self.measurement(), self.still_state
        self._readings = found.readings | {"update_cosine": self._turning.take(state.theta, state.phi)}
        self._trail.take(self.step, state.theta, state.phi)
        self._jury.observe(self.still_game, state, found, self._readings)
        self._observed = True

    def judge(self) -> bool:
        """Renew the verdict, if anything was observed since the last one; True when it changed."""
        if not self._observed:
            return False
        before, self._observed = self.verdict, False
        self.verdict = self._jury.verdict(self.game, self._measured[2] if self._measured else self.measurement())
        return before != self.verdict

    def drain(self) -> Rows:
        """The rows since the last drain; the one place where the step's numbers leave torch."""
        n, self._filled = self._filled, 0
        values = np.concatenate([self._metrics[:n].cpu().numpy(), self._held[:n]], axis=1).astype(np.float32)
        return Rows(np.arange(self.step - n + 1, self.step + 1, dtype=np.int32), values)

    def is_finite(self) -> bool:
        """Whether both players' parameters are finite numbers."""
        return bool(torch.isfinite(self.state.theta).all() and torch.isfinite(self.state.phi).all())

    # ------------------------------------------------------------------------------------------------------ pictures

    def frame_arrays(self, hurried: bool = False, alone: bool = True) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Label and arrays of one picture; `measured` is the step that its numbers belong to.

        That is the present step, unless the picture is wanted `hurried` and its stage allows numbers of a few steps ago, or it
        is not `alone` in its frame: a measurement for each would cost all of them their pace.
        """
        if hurried and self._measured is not None and not (alone and self._stage.measures_pictures):
            measured, _, found = self._measured
        else:
            measured, found = self.step, self.measurement()
        arrays = self._stage.arrays(self.still_game, self.still_state, found)
        numbers = found.expectations | found.readings
        label = {"revision": self.revision, "step": self.step, "measured": measured, "numbers": numbers}
        return label | self._stage.label, arrays

    def look(self, look: Look) -> None:
        """Show something more closely, if this stage can."""
        self._stage.look(look)
        self.revision += 1

    def facts(self) -> dict[str, Any]:
        """What stays true of this game while its settings do: what the axes, the reference lines and the floors are."""
        game, known = self.still_game, self.measurement().estimators
        # A line of theory holds from the step at which its objective came into play
        since = max((c.step for c in self.changes if c.path in READ_ANEW), default=0)
        return {
            **self._stage.facts(game),
            **(kind_facts(known) if isinstance(known, PictureEstimators) else mode_facts(game)),
            "columns": list(self.columns),
            "references": {
                name: {"value": value, "label": reference_label(value), "since": since}
                for name, value in game.objective.equilibrium.items()
            },
            "floors": {name: asdict(floor) for name, floor in known.floors.items()},
            "samples": known.samples,
            "measure_every": self._stage.measure_every,
            "objective": game.objective.name,
            "other_objective": game.other_objective.name if game.other_objective else None,
            "reading": self._reading() | {"since": since},
            "averaging": self.config.run.averaging,
            "device": name_of(self.device),
            "parameters": {"generator": game.generator.network.size, "discriminator": game.discriminator.network.size},
        }

    def _reading(self) -> dict[str, Any]:
        """What D's output means in this game, for those who draw it."""
        reading = self.game.objective.reading
        centre = reading.centre
        return {
            "kind": "probability" if reading.is_probability else "critic",
            "label": "D(x)" if reading.is_probability else "a(x)",
            "centre": centre,
            "centre_label": "" if centre is None else {0.5: "½"}.get(centre, f"{centre:.3g}"),
            "low": reading.low,
            "high": reading.high,
            "optimal": reading.optimal is not None,
            "optimal_label": "D*" if reading.is_probability else "a*",
        }

    # --------------------------------------------------------------------------------------------- keeping, restoring

    def snapshot(self) -> Snapshot:
        return Snapshot(self.state, self.streams.state(), self.game, self.changes)

    def restore(self, snapshot: Snapshot) -> None:
        """Go on from `snapshot`, as if what came after had not been. Rows not yet drained are dropped."""
        self.state, self.game, self.changes = snapshot.state, snapshot.game, snapshot.changes
        self.streams.restore(snapshot.randomness)
        self._filled = 0
        self._jury, self._turning = jury_for(self.game), Turning()
        self._stage.follow(self.state)
        self._measured = None
        self._measure_for_curves()
        self.verdict = WAITING
        self.revision += 1

    def written(self) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
        """What a checkpoint keeps: a label of JSON, and tensors of their own memory."""
        label = {
            "step": self.state.step,
            "initial_config": self.initial_config.model_dump(mode="json"),
            "config": self.config.model_dump(mode="json"),
            "changes": [c.model_dump(mode="json") for c in self.changes],
        }
        tensors = self.state.tensors | {"randomness": self.streams.state()}
        # averaging may be off, and then `average` *is* theta: safetensors refuses shared memory
        return label, {name: tensor.cpu().clone() for name, tensor in tensors.items()}

    @classmethod
    def read(cls, label: dict[str, Any], tensors: dict[str, torch.Tensor]) -> Session:
        """The session `written` described; raises KeyError, TypeError, ValueError or RuntimeError where it does not fit."""
        session = cls(parse_config(label["initial_config"]))
        session.game = replace_config(session.game, parse_config(label["config"]))
        session.changes = tuple(Change.model_validate(c) for c in label["changes"])
        # Apart from phi only where it is normalised; files from before that have none
        tensors = tensors if session.game.penalties.spectral else tensors | {"critic": tensors["phi"]}
        fresh = {name: t for name, t in session.state.tensors.items() if not name.startswith("memory.")}
        kept = {name: t for name, t in tensors.items() if name.startswith("memory.")}
        state = GameState.of(int(label["step"]), {n: _like(t, tensors[n]) for n, t in fresh.items()} | kept)
        session.state = state.to(session.device)
        session.streams.restore(tensors["randomness"])
        session.restore(session.snapshot())
        return session


def replace_config(game: Game, config: GameConfig) -> Game:
    """The game under other live settings. Networks and laws come out the same: structure may not differ."""
    return replace(
        build_game(config).to(game.averaging.device),
        data=game.data,
        latent=game.latent,
    )


def replay(config: GameConfig, changes: tuple[Change, ...], steps: int) -> Session:
    """Play `steps` rounds again as the event log says: the same trajectory, bit for bit on the same machine."""
    session = Session(config)
    by_step: dict[int, list[Change]] = {}
    for change in changes:
        by_step.setdefault(change.step, []).append(change)
    while True:
        players = Players.BOTH
        for change in by_step.get(session.step, ()):
            if change.kind == "set":
                session.set(change.path, change.new)
            else:
                players = PLAYERS[change.players]
        if session.step >= steps:  # after the last round only its settings are left to take over
            return session
        session.advance(players)
        if session.room == 0:
            session.drain()


def be_reproducible() -> None:
    """Set torch up as every process that plays a game must, so that the same config gives the same run in all of them.

    One thread: small nets lose by a second one, and sums come in one order. Denormals are flushed: they are slow.
    """
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    torch.backends.cudnn.deterministic = True


def _like(fresh: torch.Tensor, stored: torch.Tensor) -> torch.Tensor:
    if stored.shape != fresh.shape or stored.dtype != fresh.dtype:
        raise ValueError(f"a tensor of shape {tuple(stored.shape)} where {tuple(fresh.shape)} belongs")
    return stored


def _plain(value: Any) -> JsonValue:
    """A setting's value as JSON: a variant as its fields."""
    dumped: JsonValue = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    return dumped
