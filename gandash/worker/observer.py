"""What is seen of a trajectory while it is played: rows for the curves, measurements, the verdict, frames and facts.

An observer changes nothing of the game. Whoever plays tells it: of every round, of a changed setting, of a step back.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gandash.config.objectives import OBJECTIVES
from gandash.diagnostics import estimators
from gandash.diagnostics.measure import READINGS
from gandash.diagnostics.norms import largest_singular_values
from gandash.diagnostics.path import PathHistory, PathPoint, UpdateCosine
from gandash.diagnostics.verdict import WAITING, Verdict
from gandash.domains.domain import Measured
from gandash.domains.registry import domain_of
from gandash.game import objectives
from gandash.game.device import CPU, name_of
from gandash.game.game import Game
from gandash.game.objectives import reference_label
from gandash.game.round import METRICS, GameState
from gandash.wire.browser import PictureLabel
from gandash.wire.facts import (
    DiscriminatorReading,
    Facts,
    GameFacts,
    NullReference,
    Objective,
    Parameters,
    ReadingKind,
    ReferenceLine,
)
from gandash.wire.frame import Arrays
from gandash.wire.messages import Change, ShowCloseUp
from gandash.words import finished
from gandash.worker.in_force import LARGEST_NORM, PRODUCT_OF_NORMS, in_force, norms_in_words
from gandash.worker.spacing import OnlyWhenAsked, Spacing, spacing
from gandash.worker.trajectory import Trajectory

STEP_COLUMNS = (*METRICS, "learning_rate_d", "learning_rate_g")
"""What every row begins with: what the step reported, and both learning rates."""

COLUMNS = (*STEP_COLUMNS, *READINGS)
"""One row per step of a game on points; in others the readings are those of their own measurements."""

OF_ITS_ROUNDS = tuple(name for name in STEP_COLUMNS if name.startswith(("gradient_norm_", "update_norm_", "learning_rate_")))
"""What only who plays a round knows: no panel is for them where somebody else's loop is watched."""

READ_ANEW = ("objective", "regulariser.smoothing")  # settings that change what D's output means

_BUFFER = 1024  # steps kept in torch before somebody must drain them


@dataclass(frozen=True)
class Rows:
    """Metrics of consecutive steps: `steps` (n,), `values` (n, columns) float32."""

    steps: NDArray[np.int32]
    values: NDArray[np.float32]


@dataclass(frozen=True)
class _CachedMeasurement:
    """A measurement, with all that it depends on but the state itself."""

    step: int
    terms: tuple[object, ...]
    with_jsd: bool
    found: Measured
    norms: dict[str, float]  # of D's matrices under spectral normalisation


class Observer:
    """Watches one trajectory.

    `follow`, `changed` and `went_back` are told it; `drain` hands out the rows, `frame_arrays` what one picture needs.
    """

    def __init__(self, trajectory: Trajectory) -> None:
        self._trajectory = trajectory
        self.revision = 0  # grows with everything that would change a picture
        self.verdict: Verdict = WAITING
        self._copy: tuple[Game, Game] = (trajectory.game, trajectory.game.to(CPU))
        self._domain = domain_of(trajectory.game)
        self._evidence = self._domain.verdict_evidence(self.game)
        self._metrics = torch.full((_BUFFER, len(METRICS)), math.nan, device=trajectory.device)
        self._filled = 0
        self._spaced: tuple[Game, Spacing] | None = None
        self._cached: _CachedMeasurement | None = None
        self._last_jsd: dict[str, float] = {}  # with its step, and how far it may be off where that is known
        self._readings: dict[str, float] = {}
        self._update_cosine, self._path_history = UpdateCosine(), PathHistory()
        initial = trajectory.initial_state.to(CPU)
        self._path_history.take(initial.step, initial.theta, initial.phi)
        self._frames = self._domain.frame_builder(self.game, trajectory.streams.fixed()[0])
        self._frames.follow(trajectory.state)
        self._measure_for_curves(with_jsd=True)
        self._held = np.full((_BUFFER, 2 + len(self._readings)), np.nan, dtype=np.float32)

    @property
    def game(self) -> Game:
        """The game on the processor, where it is measured and drawn."""
        if self._copy[0] is not self._trajectory.game:
            self._copy = self._trajectory.game, self._trajectory.game.to(CPU)
        return self._copy[1]

    @property
    def state(self) -> GameState:
        """The present state on the processor."""
        return self._trajectory.state.to(CPU)

    @property
    def columns(self) -> tuple[str, ...]:
        """What a row holds, in this order."""
        return (*STEP_COLUMNS, *self._readings)

    @property
    def path_history(self) -> tuple[PathPoint, ...]:
        """Where the players have been, from old to new; a few dozen points."""
        return self._path_history.points

    @property
    def free_rows(self) -> int:
        """Steps that may still be played before `drain` must be called."""
        return _BUFFER - self._filled

    @property
    def free_rounds(self) -> int:
        """Of those, how many may be played before `follow` must be told: it measures the last of them, or draws every one."""
        if self._frames.follows_rounds or not self._trajectory.is_compiled:
            return min(1, self.free_rows)
        every = self._spacing.every(self._domain, self._trajectory.step + 1)
        return min(every - self._trajectory.step % every, self.free_rows)

    @property
    def _spacing(self) -> Spacing:
        """How far apart measurements are under the present settings."""
        game = self._trajectory.game
        if self._spaced is None or self._spaced[0] is not game:
            others = OnlyWhenAsked() if game.given.loop else Spacing()
            self._spaced = game, spacing(self._domain, game) if self._trajectory.is_compiled else others
        return self._spaced[1]

    # ------------------------------------------------------------------------------------------------ what it is told

    def follow(self, metrics: Tensor) -> None:
        """Rounds were played, as many as `free_rounds` or fewer; `metrics` `(rounds, len(METRICS))` are their numbers."""
        rows = slice(self._filled, self._filled + len(metrics))
        assert rows.stop <= _BUFFER, "drain before the buffer is full"
        step = self._trajectory.step
        if self._frames.follows_rounds:
            self._frames.follow(self._trajectory.state)
        self._metrics[rows] = metrics
        self._held[rows] = self._held_now()
        if self._spacing.measures(self._domain, step):
            self._measure_for_curves(with_jsd=self._spacing.reads_jsd(self._domain, step))
            self._held[rows.stop - 1] = self._held_now()
        self._filled = rows.stop
        self.revision += len(metrics)

    def _held_now(self) -> tuple[float, ...]:
        """What a row has beside its step's own numbers."""
        config = self._trajectory.config
        if self.game.given.loop:  # its optimisers are nobody's here
            return (math.nan, math.nan, *self._readings.values())
        rates = config.discriminator_optimiser.learning_rate, config.generator_optimiser.learning_rate
        return (*rates, *self._readings.values())

    def changed(self, change: Change) -> None:
        """A live setting has changed."""
        if change.path in READ_ANEW:  # what was observed before was in other units
            self._evidence = self._domain.verdict_evidence(self.game)
        self._frames.follow(self._trajectory.state)
        self.revision += 1

    def went_back(self) -> None:
        """The trajectory goes on from an earlier state. Rows not yet drained are dropped."""
        self._filled = 0
        self._evidence, self._update_cosine = self._domain.verdict_evidence(self.game), UpdateCosine()
        self._frames.follow(self._trajectory.state)
        self._cached = None
        self._measure_for_curves(with_jsd=True)
        self.verdict = WAITING
        self.revision += 1

    # ----------------------------------------------------------------------------------------------------- measuring

    def measurement(self, with_jsd: bool = True) -> Measured:
        """The current state, measured; the same state is measured once, whatever of its learning rates has changed.

        Unless `with_jsd`, its JSD may be left out: see `Domain.jsd_every`.
        """
        trajectory, step, terms, cached = self._trajectory, self._trajectory.step, self._terms, self._cached
        if cached is None or (cached.step, cached.terms) != (step, terms) or (with_jsd and not cached.with_jsd):
            found = self._domain.measure(self.game, self.state, trajectory.streams, with_jsd=with_jsd)
            cached = self._cached = _CachedMeasurement(step, terms, with_jsd, found, self._norms_of_d())
            if "jsd" in found.readings:
                self._last_jsd = {name: found.readings[name] for name in ("jsd", "jsd_average")} | {"jsd_step": step}
                if found.jsd_error is not None:
                    self._last_jsd["jsd_error"] = found.jsd_error
        return cached.found

    @property
    def _terms(self) -> tuple[object, ...]:
        """All that a measurement depends on but the state itself."""
        config = self._trajectory.config
        seen_in = config.regulariser.noise, config.regulariser.noise_half_life
        return (config.objective, config.regulariser.smoothing, config.run.averaging > 0, seen_in)

    @property
    def is_measured(self) -> bool:
        """Whether the present step has been measured."""
        return self._cached is not None and self._cached.step == self._trajectory.step

    def _norms_of_d(self) -> dict[str, float]:
        """The largest norm of D's matrices as D is judged with them, and the product of all, under spectral normalisation."""
        if not self.game.penalties.spectral:
            return {}
        norms = largest_singular_values(self.game.discriminator.network, self.state.phi_effective[0])
        return {LARGEST_NORM: max(norms), PRODUCT_OF_NORMS: math.prod(norms)}

    def read_jsd(self) -> None:
        """Read the JSD of the present step, for the pictures to come, where they show one of an earlier step."""
        if self._domain.jsd_every is not None:
            self.measurement()

    def _measure_for_curves(self, with_jsd: bool) -> None:
        """What is left out stays in the curves as it was read last."""
        found, state = self.measurement(with_jsd), self.state
        self._readings |= found.readings | {"update_cosine": self._update_cosine.take(state.theta, state.phi)}
        self._path_history.take(state.step, state.theta, state.phi)
        self._evidence.observe(self.game, state, found, self._readings)
        self._observed = True

    def measure_last(self, with_jsd: bool) -> None:
        """Measure the present step, whatever lies between: it is that of the row that was told last."""
        self._measure_for_curves(with_jsd)
        if self._filled:
            self._held[self._filled - 1] = self._held_now()

    def memory(self) -> dict[str, NDArray[Any]]:
        """What is shown from here on and does not follow from the trajectory, as arrays. For `restore` of a new observer, which
        has measured this very state: so that both show the same, it is measured here."""
        self.measurement()
        parts = {"update_cosine": self._update_cosine.kept(), "evidence": self._evidence.kept(), "frames": self._frames.kept()}
        kept = {f"{part}.{name}": array for part, arrays in parts.items() for name, array in arrays.items()}
        return kept | {"readings": np.array(list(self._readings.values()), dtype=np.float64)}

    def restore(self, memory: dict[str, NDArray[Any]]) -> None:
        """Go on from what `memory` of another one gave at this step; to be called at once.

        Raises KeyError, TypeError, ValueError or IndexError where it does not fit.
        """
        for part, owner in (("update_cosine.", self._update_cosine), ("evidence.", self._evidence), ("frames.", self._frames)):
            owner.restore({n.removeprefix(part): array for n, array in memory.items() if n.startswith(part)})
        self._readings = dict(zip(self._readings, memory["readings"].tolist(), strict=True))
        self._observed = True
        self.renew_verdict()

    def renew_verdict(self) -> bool:
        """Renew the verdict, if anything was observed since the last one; True when it changed."""
        if not self._observed:
            return False
        before, self._observed = self.verdict, False
        self.verdict = self._evidence.verdict(self.game)
        return before != self.verdict

    def drain(self) -> Rows:
        """The rows since the last drain; the one place where the step's numbers leave torch."""
        n, self._filled = self._filled, 0
        values = np.concatenate([self._metrics[:n].cpu().numpy(), self._held[:n]], axis=1).astype(np.float32)
        step = self._trajectory.step
        return Rows(np.arange(step - n + 1, step + 1, dtype=np.int32), values)

    # ------------------------------------------------------------------------------------------------------ pictures

    def frame_arrays(
        self, hurried: bool = False, alone: bool = True, with_jsd: bool = True, crowded: bool = False
    ) -> tuple[PictureLabel, Arrays]:
        """Label and arrays of one picture; `measured` is the step that its numbers belong to.

        That is the present step, unless the picture is wanted `hurried` and its kind of data allows numbers of a few steps ago,
        or it is not `alone` in its frame: a measurement for each would cost all of them their pace. So it would where it is
        `crowded`; but what is drawn is of the present step then. The JSD is the last that was read, of step `jsd_step`;
        `with_jsd` it is read anew, unless `hurried`.
        """
        step = self._trajectory.step
        each = alone and self._domain.measures_each_frame and not self.game.given.loop  # of a loop who watches measures
        cached = self._cached
        if hurried and cached is not None and (not each or (crowded and cached.terms == self._terms)):
            measured, found = cached.step, cached.found
        else:
            measured, found = step, self.measurement(with_jsd)
        assert self._cached is not None
        norms = self._cached.norms
        drawn = found
        if each and measured != step:
            drawn = self._domain.drawn(self.game, self.state, self._trajectory.streams, found)
        arrays = self._frames.arrays(self.game, self.state, drawn)
        numbers = found.expectations | found.readings | found.beside | norms | self._last_jsd
        label = PictureLabel(
            step=step,
            measured=measured,
            numbers=numbers,
            in_force=in_force(self._trajectory) | norms_in_words(norms, measured),
            image_grid=self._frames.image_grid,
        )
        return label, arrays

    def show_close_up(self, wanted: ShowCloseUp) -> None:
        """Show something more closely, if these frames can."""
        self._frames.show_close_up(wanted)
        self.revision += 1

    @property
    def floors(self) -> Mapping[str, estimators.NullReference]:
        """What the estimators read on samples of p_r itself, by column."""
        floors: Mapping[str, estimators.NullReference] = self._domain.estimators(self.game).floors
        return floors

    @property
    def samples(self) -> int:
        """How many of each law are behind a measurement's expectations."""
        return int(self._domain.estimators(self.game).samples)

    def facts(self) -> Facts:
        """What stays true of this game while its settings do: what the axes, the reference lines and the floors are."""
        game, trajectory = self.game, self._trajectory
        objective, other = game.objective, game.other_objective
        # A line of theory holds from the step at which its objective came into play
        since = max((c.step for c in trajectory.changes if c.path in READ_ANEW), default=0)
        shared = GameFacts(
            columns=self.columns,
            references={
                name: ReferenceLine(value=value, label=reference_label(value), since=since)
                for name, value in objective.equilibrium.items()
            },
            floors={name: NullReference(mean=floor.mean, worst_5pct=floor.worst_5pct) for name, floor in self.floors.items()},
            objective=Objective(
                name=objective.name,
                label=finished(OBJECTIVES.get(objective.name, objective.name)),
                other=other and finished(OBJECTIVES[other.name]),
            ),
            reading=reading_facts(objective.reading, since),
            averaging=trajectory.config.run.averaging,
            samples=self.samples,
            jsd_every=self._domain.jsd_every,
            device=name_of(trajectory.device),
            engine=trajectory.engine,
            parameters=Parameters(generator=game.generator.network.size, discriminator=game.discriminator.network.size),
        )
        facts = self._frames.facts(game, self._domain.estimators(game), shared)
        if game.given.loop:  # its JSD is read about once a second, and each picture says of which step it is
            known = tuple(name for name in self.columns if name not in OF_ITS_ROUNDS)
            return facts.model_copy(update={"jsd_every": None, "columns": known})
        if facts.jsd_every is None or self._spacing.periods == 1:
            return facts
        return facts.model_copy(update={"jsd_every": facts.jsd_every * self._spacing.jsd})


def reading_facts(reading: objectives.DiscriminatorReading, since: int) -> DiscriminatorReading:
    """What D's output means, from step `since` on, for those who draw it."""
    centre = reading.centre
    return DiscriminatorReading(
        kind=ReadingKind.PROBABILITY if reading.is_probability else ReadingKind.CRITIC,
        label="D(x)" if reading.is_probability else "a(x)",
        centre=centre,
        centre_label="" if centre is None else {0.5: "½"}.get(centre, f"{centre:.3g}"),
        low=reading.low,
        high=reading.high,
        optimal=reading.optimal is not None,
        optimal_label="D*" if reading.is_probability else "a*",
        since=since,
    )
