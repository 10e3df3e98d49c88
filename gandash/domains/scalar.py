"""Scalar games, of one parameter for each player on a point mass: drawn on the plane of both parameters."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator

from gandash.diagnostics.line import Line
from gandash.diagnostics.measure import Measurement
from gandash.diagnostics.phase import GRID as PHASE_GRID
from gandash.diagnostics.phase import equilibrium, flow, is_scalar, noise_after, phase, rest_point, window
from gandash.diagnostics.verdict import Verdict, path_verdict_rule
from gandash.domains.domain import FrameBuilder
from gandash.domains.line import LineDomain
from gandash.domains.points import point_facts
from gandash.domains.verdict_evidence import VerdictEvidence
from gandash.game.game import Game, Streams
from gandash.game.round import GameState
from gandash.wire.facts import Complex, Facts, GameFacts, Phase, PhaseFacts
from gandash.wire.frame import Arrays


class PathEvidence(VerdictEvidence):
    """On a scalar game: by its distance from the equilibrium."""

    observed = float

    def observation(self, game: Game, state: GameState, found: Any, readings: dict[str, float]) -> float:
        theta, psi = equilibrium(game)
        return math.hypot(float(state.theta) - theta, float(state.phi_effective) - psi)

    def verdict(self, game: Game) -> Verdict:
        return path_verdict_rule(self._recent)


class PhaseFrames(FrameBuilder):
    """The plane of both parameters of a scalar game: where every point is driven, the path so far, the equilibrium."""

    PATH = 2000  # points kept; a longer path loses every other one of its older half
    FADED = 0.05  # instance noise is taken to so much of itself: what is shown of a step does not depend on what was before
    follows_rounds = True

    def __init__(self, game: Game, generator: Generator) -> None:
        del game, generator  # nothing is drawn at random
        self._path: list[tuple[int, float, float]] = []
        self._noise_age = 0
        self._shown: tuple[Game, float, NDArray[np.float32]] | None = None

    def facts(self, game: Game, known: Line, shared: GameFacts) -> Facts:
        found = phase(game, self._path[-1][0] if self._path else 0, self._noise_age)
        return PhaseFacts(
            **point_facts(game, known, shared),
            window=window(game),
            equilibrium=rest_point(game),
            phase=Phase(
                grid=PHASE_GRID,
                eigenvalues=finite_points(found.eigenvalues),
                multipliers=None if found.multipliers is None else finite_points(found.multipliers),
                modulus=found.modulus,
                boundary=None if found.boundary is None else finite_points(found.boundary),
                words=found.words,
            ),
        )

    def follow(self, state: GameState) -> None:
        while self._path and self._path[-1][0] >= state.step:  # the same again, or after going back to an earlier state
            self._path.pop()
        self._noise_age = int(state.noise_age)
        self._path.append((state.step, float(state.theta[0, 0]), float(state.phi_effective[0, 0])))
        if len(self._path) > self.PATH:
            half = self.PATH // 2
            self._path = self._path[:half:2] + self._path[half:]

    def kept(self) -> dict[str, NDArray[Any]]:
        return {"path": np.array(self._path, dtype=np.float64).reshape(-1, 3)}

    def restore(self, kept: dict[str, NDArray[Any]]) -> None:
        self._path = [(int(step), theta, psi) for step, theta, psi in kept["path"].tolist()]

    def arrays(self, game: Game, state: GameState, found: Measurement) -> Arrays:
        self.follow(state)
        return {
            "flow": self._flow(game, noise_after(game, int(state.noise_age))).reshape(-1),
            "path": np.array([point[1:] for point in self._path], dtype=np.float32).reshape(-1),
        }

    def _flow(self, game: Game, sigma: float) -> NDArray[np.float32]:
        """The flow under these settings and about this noise."""
        if sigma > 0:
            sigma = math.exp(round(math.log(sigma) / self.FADED) * self.FADED)
        if self._shown is None or self._shown[0] is not game or sigma != self._shown[1]:
            low_x, high_x, low_y, high_y = window(game)
            x, y = torch.linspace(low_x, high_x, PHASE_GRID), torch.linspace(low_y, high_y, PHASE_GRID)
            points = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).reshape(-1, 2)
            self._shown = (game, sigma, flow(game, points, sigma))
        return self._shown[2]


def finite_points(values: NDArray[np.complex128]) -> tuple[Complex, ...]:
    """Complex numbers as pairs of their real and imaginary part, those that are finite."""
    return tuple((float(z.real), float(z.imag)) for z in values if np.isfinite(z))


class ScalarDomain(LineDomain):
    """Measured as what it is, a game on the line; judged by its path."""

    def includes(self, game: Game) -> bool:
        return is_scalar(game)

    def drawn(self, game: Game, state: GameState, streams: Streams, found: Any) -> Any:
        return found  # nothing of it is in the picture

    def frame_builder(self, game: Game, generator: Generator) -> FrameBuilder:
        return PhaseFrames(game, generator)

    def verdict_evidence(self, game: Game) -> VerdictEvidence:
        return PathEvidence()
