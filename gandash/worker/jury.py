"""Who gives the verdict on a game: what is observed at each measurement, and the rule that it is judged by."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
import torch

from gandash.diagnostics.phase import equilibrium, is_scalar
from gandash.diagnostics.pictures import PictureEstimators
from gandash.diagnostics.verdict import (
    CONVERGED_GAP,
    WINDOW,
    Asked,
    Observation,
    PictureObservation,
    Verdict,
    judge,
    judge_path,
    judge_pictures,
)
from gandash.game.distributions import PictureDistribution
from gandash.game.field import judge_samples, sample
from gandash.game.game import Game, Streams
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
            **word_of_d(game, state, found, readings["gap_half"]),
            gap_star=readings["gap_star"],
            share_off=share_off(game, found),
        )

    def verdict(self, game: Game, found: Any) -> Verdict:
        modes = game.data.modes()
        count = len(modes.weights) if modes else 0
        return judge(self._seen, found.estimators.floors["jsd"].high, count, centre_named(game), asked_of_d(game))


class PictureJury(Jury):
    """On a game on pictures: by what their features and kinds say."""

    def _observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> PictureObservation:
        return PictureObservation(
            frechet=readings["frechet_average"],
            precision=readings["precision"],
            coverage=readings["coverage"],
            frechet_live=readings["frechet"] if found.average is not None else None,
            modes=readings["modes"],
            **word_of_d(game, state, found, found.mean_gap),
        )

    def verdict(self, game: Game, found: Any) -> Verdict:
        known: PictureEstimators = found.estimators
        kinds = known.kinds
        counted = (len(kinds.weights), kinds.noun) if kinds else (0, "")
        return judge_pictures(self._seen, known.floors, *counted, centre_named(game), asked_of_d(game))


def word_of_d(game: Game, state: GameState, found: Any, gap: float) -> dict[str, float]:
    """What D says, `gap` from 1/2 and on average; NaN where its output has no scale of its own.

    Means are over what D is shown: in instance noise it may be sure of clean samples and of none that it meets.
    """
    reading, noise = game.objective.reading, game.penalties.noise_at(state.step)
    said = {"gap_half": gap, **{n: found.expectations[n] for n in ("mean_d_real", "mean_d_fake")}}
    if reading.asked is None:
        return dict.fromkeys(said, math.nan)
    if noise is not None and float(noise) > 0:
        said |= _means_in_noise(game, state, noise)
    return said | ({"gap_half": math.nan} if reading.rests_anywhere else {})


SHOWN = 1024  # samples of each law


@torch.inference_mode()
def _means_in_noise(game: Game, state: GameState, noise: torch.Tensor) -> dict[str, float]:
    (generator,) = Streams([game.config.run.seed]).measuring(state.step)
    real = game.data.sample(generator, SHOWN)[None]
    fake = sample(game, state.theta, game.latent.sample(generator, SHOWN)[None])
    means = [
        float(
            game.objective.reading.of(
                judge_samples(game, state.critic, x + noise * torch.randn(x.shape, generator=generator))
            ).mean()
        )
        for x in (real, fake)
    ]
    return dict(zip(("mean_d_real", "mean_d_fake"), means, strict=True))


def share_off(game: Game, found: Any) -> float:
    """Of all samples, real and generated, the share that lies where D is further from D* than *converged* allows of 1/2."""
    asked = asked_of_d(game)
    p_r, p_g = found.estimators.p_r, found.live.p_g
    if asked is None or np.isnan(found.d_star).all():
        return math.nan
    off = np.abs(found.d - found.d_star) > CONVERGED_GAP * asked.span  # False where D* is undetermined
    return float(((p_r + p_g) * off).sum() / (p_r + p_g).sum())


def asked_of_d(game: Game) -> Asked | None:
    """What D is asked for, where its output has a scale."""
    asked = game.objective.reading.asked
    return asked and Asked(*asked, pack=game.pack, noisy=game.penalties.noise is not None)


def centre_named(game: Game) -> str:
    """D's value at equilibrium, in words."""
    centre = game.objective.reading.centre
    return "1/2" if centre in (0.5, None) else f"{centre:.3g}"


def jury_for(game: Game) -> Jury:
    """Who judges games of this kind."""
    if isinstance(game.data, PictureDistribution):
        return PictureJury()
    return PathJury() if is_scalar(game) else PointJury()
