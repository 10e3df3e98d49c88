"""What the verdict on a game is given: what is kept of each measurement, and what D says, in units of what D is asked for."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import astuple, is_dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from gandash.diagnostics.verdict import CONVERGED_GAP, WINDOW, DiscriminatorTargets, Verdict
from gandash.game.game import Game
from gandash.game.round import GameState


class VerdictEvidence(ABC):
    """What the verdict on one game rests on: its last measurements.

    Measurements in other units do not compare: after a change of what D's output means a new one is begun. `observed` is the
    type of what is kept of each, a dataclass of numbers or a number.
    """

    observed: ClassVar[type[Any]]

    def __init__(self) -> None:
        self._recent: list[Any] = []

    def observe(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> None:
        """A measurement `found` of this state, and its readings by name, those that were left out as they were read last."""
        self._recent = [*self._recent[-WINDOW + 1 :], self.observation(game, state, found, readings)]

    def rest_on(self, observations: Sequence[Any]) -> None:
        """On the last of these, and on nothing that was observed before."""
        self._recent = list(observations[-WINDOW:])

    @abstractmethod
    def observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> Any:
        """What of it the verdict rests on."""

    @abstractmethod
    def verdict(self, game: Game) -> Verdict:
        """The verdict now."""

    def kept(self) -> dict[str, NDArray[Any]]:
        """All of it as numbers, a row for each measurement, and where there is none (None is not NaN)."""
        rows = [astuple(o) if is_dataclass(o) and not isinstance(o, type) else (o,) for o in self._recent]
        return {
            "numbers": np.array([[math.nan if v is None else v for v in row] for row in rows], dtype=np.float64),
            "missing": np.array([[v is None for v in row] for row in rows], dtype=np.uint8),
        }

    def restore(self, kept: dict[str, NDArray[Any]]) -> None:
        """Go on from what `kept` gave. Raises KeyError, TypeError or ValueError where it does not fit."""
        numbers, missing = (kept[name].tolist() for name in ("numbers", "missing"))
        rows = [[None if m else v for v, m in zip(*row, strict=True)] for row in zip(numbers, missing, strict=True)]
        self._recent = [self.observed(*row) for row in rows[-WINDOW:]]


def outputs_of_d(game: Game, found: Any, gap: float) -> dict[str, float]:
    """What D says, `gap` from 1/2 and on average; NaN where its output has no scale of its own.

    Means are over what D sees: in instance noise it may be sure of clean samples and of none that it meets.
    """
    reading = game.objective.reading
    said = {"gap_half": gap, **{n: found.expectations[n] for n in ("mean_d_real", "mean_d_fake")}}
    if reading.asked is None:
        return dict.fromkeys(said, math.nan)
    return said | ({"gap_half": math.nan} if reading.rests_anywhere else {})


def share_off(game: Game, found: Any) -> float:
    """Of all samples, real and generated, the share that lies where D is further from D* than *converged* allows of 1/2."""
    asked = targets_of_d(game)
    p_r, p_g = found.estimators.p_r, found.live.p_g  # clean: where the samples themselves lie
    if asked is None or np.isnan(found.d_star).all():
        return math.nan
    off = np.abs(found.d - found.d_star) > CONVERGED_GAP * asked.span  # False where D* is undetermined
    return float(((p_r + p_g) * off).sum() / (p_r + p_g).sum())


def targets_of_d(game: Game) -> DiscriminatorTargets | None:
    """What D is asked for, where its output has a scale."""
    asked = game.objective.reading.asked
    return asked and DiscriminatorTargets(*asked, pack=game.pack, noisy=game.penalties.noise is not None)


def centre_named(game: Game) -> str:
    """D's value at equilibrium, in words."""
    centre = game.objective.reading.centre
    return "1/2" if centre in (0.5, None) else f"{centre:.3g}"
