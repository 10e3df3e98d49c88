"""What one picture of a game needs, for each kind of data: the arrays of a frame, and the facts that frame its axes.

A stage draws its samples and latents once, from a generator of their own: dots glide because their latents stay.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from gandash.diagnostics.coverage import perfect_quality
from gandash.diagnostics.estimators import Estimators
from gandash.diagnostics.line import Line
from gandash.diagnostics.measure import Measurement, estimators_for
from gandash.diagnostics.phase import GRID as PHASE_GRID
from gandash.diagnostics.phase import flow, is_scalar, noise_at, phase, rest_point, window
from gandash.diagnostics.plane import FIELD, Plane
from gandash.diagnostics.spectrum import pairs
from gandash.game.field import judge, pull, sample
from gandash.game.game import Game
from gandash.game.round import GameState
from gandash.wire.messages import Look

Arrays = dict[str, NDArray[Any]]

_RUG, _THREADS = 128, 96  # real samples and threads of the map on the line
_DOTS = 256  # samples of each kind on the plane
_MESH = 21  # nodes per side of the warped grid


class Stage(ABC):
    """One kind of picture. Arrays it hands out are copies or never written again.

    `measure_every` is how many steps lie between measurements for the curves, at the cost of one to three steps each. Where
    `measures_pictures` is False, a picture of a game at full speed may show the divergences and D* of the latest such
    measurement: one of its own would cost several steps.
    """

    measure_every: ClassVar[int]
    measures_pictures: ClassVar[bool]

    @abstractmethod
    def __init__(self, game: Game, generator: Generator) -> None: ...

    @abstractmethod
    def facts(self, game: Game) -> dict[str, Any]:
        """What stays true while the settings do."""

    def follow(self, state: GameState) -> None:
        """Called after every round: for a stage that shows where the game has been."""
        return

    def look(self, look: Look) -> None:
        """A person wants to see something more closely: for a stage that can show it."""
        return

    @abstractmethod
    def arrays(self, game: Game, state: GameState, found: Any) -> Arrays:
        """What a frame of this state shows; `found`, the measurement of this kind of data, may be of an earlier state if
        `measures_pictures` is False."""

    @property
    def label(self) -> dict[str, Any]:
        """What goes with the arrays handed out last, as JSON."""
        return {}


def stage_for(game: Game, generator: Generator) -> Stage:
    """The stage on which games on points of this dimension are shown."""
    return (PhaseStage if is_scalar(game) else STAGES[game.data.dimension])(game, generator)


def estimators_of(game: Game) -> Estimators:
    return estimators_for(game.config.data, game.latent.stratified)


class LineStage(Stage):
    """Densities and D over x, samples as rugs, G as threads from z to x."""

    measure_every = 20
    measures_pictures = True

    def __init__(self, game: Game, generator: Generator) -> None:
        self._real = game.data.sample(generator, _RUG)[:, 0].numpy()
        if game.latent.dimension == 1:
            self._latents = game.latent.line(_THREADS)[:, None]
        else:
            drawn = game.latent.sample(generator, _THREADS)
            self._latents = drawn[drawn[:, 0].argsort()]

    def facts(self, game: Game) -> dict[str, Any]:
        line = estimators_of(game)
        assert isinstance(line, Line)
        reach = float(self._latents[:, 0].abs().max())
        return {
            "stage": "line",
            "window": [float(line.grid[0]), float(line.grid[-1])],
            "wasserstein": "W_1",
            "latent": {"kind": game.latent.kind, "dimension": game.latent.dimension, "window": [-reach, reach]},
        }

    @torch.inference_mode()
    def arrays(self, game: Game, state: GameState, found: Measurement) -> Arrays:
        line = found.estimators
        assert isinstance(line, Line)
        arrays: Arrays = {
            "grid": line.grid,
            "p_r": line.p_r,
            "p_g": found.live.p_g,
            "d": found.d,
            "d_star": found.d_star,
            "real": self._real,
            "latents": self._latents[:, 0].numpy(),
            "generated": sample(game, state.theta[:1], self._latents[None])[0, :, 0].numpy().copy(),
        }
        if found.average is not None:
            arrays["p_g_average"] = found.average.p_g
        return arrays


class PlaneStage(Stage):
    """The field of D, samples as dots with the pull on each, the latent grid as G warps it, and each mode's share."""

    measure_every = 40
    measures_pictures = False

    def __init__(self, game: Game, generator: Generator) -> None:
        self._real = game.data.sample(generator, _DOTS).numpy()
        self._latents = game.latent.sample(generator, _DOTS)
        if game.latent.dimension == 2:
            axis = game.latent.line(_MESH)
            self._mesh: Tensor | None = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)
        else:
            self._mesh = None

    def facts(self, game: Game) -> dict[str, Any]:
        plane = estimators_of(game)
        assert isinstance(plane, Plane)
        return {
            "stage": "plane",
            "window": list(plane.window),
            "wasserstein": "sliced W_1",
            "field_size": FIELD,
            "mesh_size": _MESH if self._mesh is not None else 0,
            "latent": {"kind": game.latent.kind, "dimension": game.latent.dimension},
        }

    @torch.inference_mode()
    def arrays(self, game: Game, state: GameState, found: Measurement) -> Arrays:
        theta, phi = state.theta[:1], state.critic[:1]
        latents = self._latents if self._mesh is None else torch.cat([self._latents, self._mesh])
        x = sample(game, theta, latents[None]).clone()
        d = game.objective.reading.of(judge(game, phi, found.estimators.places[None]))[0]
        dots = x[:, :_DOTS]
        arrays: Arrays = {
            "d": d.reshape(FIELD, FIELD).numpy(),
            "d_star": found.d_star.reshape(FIELD, FIELD),
            "real": self._real,
            "generated": dots[0].numpy(),
            "pull": pull(game, phi, dots)[0].numpy(),
        }
        if self._mesh is not None:
            arrays["mesh"] = x[0, _DOTS:].reshape(_MESH, _MESH, 2).numpy()
        if found.live.coverage is not None:
            arrays["shares"] = found.live.coverage.shares
        return arrays


class PhaseStage(Stage):
    """The plane of both parameters of a scalar game: where every point is driven, the path so far, the equilibrium."""

    measure_every = 20
    measures_pictures = True
    PATH = 2000  # points kept; a longer path loses every other one of its older half
    FADED = 0.05  # instance noise that has changed by so much of itself makes another flow

    def __init__(self, game: Game, generator: Generator) -> None:
        del game, generator  # nothing is drawn at random
        self._path: list[tuple[int, float, float]] = []
        self._shown: tuple[Game, float, NDArray[np.float32]] | None = None

    def facts(self, game: Game) -> dict[str, Any]:
        found, rest = phase(game, self._path[-1][0] if self._path else 0), rest_point(game)
        return {
            "stage": "phase",
            "wasserstein": "W_1",
            "window": list(window(game)),
            "equilibrium": None if rest is None else list(rest),
            "phase": {
                "grid": PHASE_GRID,
                "rule": game.config.update_rule.summary(),
                "step_sizes": list(found.step_sizes),
                "eigenvalues": pairs(found.eigenvalues),
                "multipliers": None if found.multipliers is None else pairs(found.multipliers),
                "modulus": found.modulus,
                "boundary": None if found.boundary is None else pairs(found.boundary),
                "words": found.words,
            },
        }

    def follow(self, state: GameState) -> None:
        while self._path and self._path[-1][0] >= state.step:  # the same again, or after going back to an earlier state
            self._path.pop()
        self._path.append((state.step, float(state.theta[0, 0]), float(state.critic[0, 0])))
        if len(self._path) > self.PATH:
            half = self.PATH // 2
            self._path = self._path[:half:2] + self._path[half:]

    def arrays(self, game: Game, state: GameState, found: Measurement) -> Arrays:
        self.follow(state)
        return {
            "flow": self._flow(game, noise_at(game, state.step)).reshape(-1),
            "path": np.array([point[1:] for point in self._path], dtype=np.float32).reshape(-1),
        }

    def _flow(self, game: Game, sigma: float) -> NDArray[np.float32]:
        """The flow under these settings and about this noise."""
        if self._shown is None or self._shown[0] is not game or abs(sigma - self._shown[1]) > self.FADED * self._shown[1]:
            low_x, high_x, low_y, high_y = window(game)
            x, y = torch.linspace(low_x, high_x, PHASE_GRID), torch.linspace(low_y, high_y, PHASE_GRID)
            places = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).reshape(-1, 2)
            self._shown = (game, sigma, flow(game, places, sigma))
        return self._shown[2]


STAGES: dict[int, type[Stage]] = {1: LineStage, 2: PlaneStage}


def mode_facts(game: Game) -> dict[str, Any]:
    """Where p_r's modes are, if it is a mixture, and what a perfect generator scores there."""
    modes, perfect = game.data.modes(), perfect_quality(game.data.dimension)
    if modes is None:
        return {"modes": [], "mode_weights": [], "mode_std": None, "perfect_quality": perfect}
    weights = modes.weights.tolist()
    return {"modes": modes.places.tolist(), "mode_weights": weights, "mode_std": modes.std, "perfect_quality": perfect}
