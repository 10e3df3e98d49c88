"""Who gives the verdict on a game: what is observed at each measurement, and the rule that it is judged by."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

from gandash.diagnostics.phase import equilibrium, is_scalar
from gandash.diagnostics.pictures import PictureEstimators
from gandash.diagnostics.verdict import (
    WINDOW,
    Observation,
    PictureObservation,
    Verdict,
    judge,
    judge_path,
    judge_pictures,
)
from gandash.game.distributions import PictureDistribution
from gandash.game.game import Game
from gandash.game.round import GameState


class Jury(ABC):
    """Remembers the last measurements of one game. What was seen in other units must be forgotten: take a new one."""

    def __init__(self) -> None:
        self._seen: list[Any] = []

    def observe(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> None:
        """A measurement `found` of this state, and its readings by name."""
        self._seen = [*self._seen[-WINDOW + 1 :], self._observation(game, state, found, readings)]

    @abstractmethod
    def _observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> Any:
        """What of it the verdict rests on."""

    @abstractmethod
    def verdict(self, game: Game, found: Any) -> Verdict:
        """The verdict now; `found` is any measurement of this game."""


class PathJury(Jury):
    """On a scalar game: by its distance from the equilibrium."""

    def _observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> float:
        theta, psi = equilibrium(game)
        return math.hypot(float(state.theta) - theta, float(state.critic) - psi)

    def verdict(self, game: Game, found: Any) -> Verdict:
        return judge_path(self._seen)


class PointJury(Jury):
    """On a game on points: by divergences, D's distance from 1/2 and modes."""

    def _observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> Observation:
        return Observation(
            jsd=readings["jsd_average"],
            wasserstein=readings["wasserstein"],
            jsd_live=readings["jsd"] if found.average is not None else None,
            modes=readings["modes"],
            modes_kept=readings["modes_average"],
            quality_kept=readings["high_quality_average"],
            **word_of_d(game, found, readings["gap_half"]),
        )

    def verdict(self, game: Game, found: Any) -> Verdict:
        modes = game.data.modes()
        return judge(self._seen, found.estimators.floors["jsd"].high, len(modes.weights) if modes else 0, centre_named(game))


class PictureJury(Jury):
    """On a game on pictures: by what their features and kinds say."""

    def _observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> PictureObservation:
        return PictureObservation(
            frechet=readings["frechet_average"],
            precision=readings["precision"],
            coverage=readings["coverage"],
            frechet_live=readings["frechet"] if found.average is not None else None,
            modes=readings["modes"],
            **word_of_d(game, found, found.mean_gap),
        )

    def verdict(self, game: Game, found: Any) -> Verdict:
        known: PictureEstimators = found.estimators
        kinds = known.kinds
        counted = (len(kinds.weights), kinds.noun) if kinds else (0, "")
        return judge_pictures(self._seen, known.floors, *counted, centre_named(game))


def word_of_d(game: Game, found: Any, gap: float) -> dict[str, float]:
    """What D says, `gap` from 1/2 and on average; NaN where its output has no scale of its own."""
    has_scale = game.objective.reading.is_probability
    said = {"gap_half": gap, **{n: found.expectations[n] for n in ("mean_d_real", "mean_d_fake")}}
    return said if has_scale else dict.fromkeys(said, math.nan)


def centre_named(game: Game) -> str:
    """D's value at equilibrium, in words."""
    centre = game.objective.reading.centre
    return "1/2" if centre in (0.5, None) else f"{centre:.3g}"


def jury_for(game: Game) -> Jury:
    """Who judges games of this kind."""
    if isinstance(game.data, PictureDistribution):
        return PictureJury()
    return PathJury() if is_scalar(game) else PointJury()
