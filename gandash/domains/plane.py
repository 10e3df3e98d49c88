"""Points on the plane: the field of D, samples as dots, the latent grid as G warps it, and each mode's share."""

from __future__ import annotations

from functools import lru_cache
from typing import ClassVar

import torch
from torch import Generator, Tensor

from gandash.config.data import DataConfig
from gandash.diagnostics.measure import Measurement
from gandash.diagnostics.plane import FIELD, Plane
from gandash.domains.domain import FrameBuilder
from gandash.domains.points import Points, point_facts
from gandash.game.distributions import PlaneDistribution, distribution
from gandash.game.field import evaluate_discriminator, sample, sample_gradient
from gandash.game.game import Game
from gandash.game.round import GameState
from gandash.wire.facts import Facts, GameFacts, PlaneFacts
from gandash.wire.frame import Arrays

_DOTS = 256  # samples of each kind on the plane
_MESH = 21  # nodes per side of the warped grid


@lru_cache(maxsize=32)
def plane_estimators(data: DataConfig) -> Plane:
    """The estimators for this law, made once: settings are frozen, so they are the key."""
    law = distribution(data)
    assert isinstance(law, PlaneDistribution)
    return Plane(law)


class PlaneFrames(FrameBuilder):
    """The field of D, samples as dots with G's gradient on each, the latent grid as G warps it, and each mode's share."""

    def __init__(self, game: Game, generator: Generator) -> None:
        self._real = game.data.sample(generator, _DOTS).numpy()
        self._latents = game.latent.sample(generator, _DOTS)
        if game.latent.dimension == 2:
            axis = game.latent.line(_MESH)
            self._mesh: Tensor | None = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1).reshape(-1, 2)
        else:
            self._mesh = None

    def facts(self, game: Game, known: Plane, shared: GameFacts) -> Facts:
        every = PlaneDomain.measure_every if known.divergence is None else PlaneDomain.jsd_every
        facts = point_facts(game, known, shared, "sliced W_1") | {"jsd_every": every}
        return PlaneFacts(**facts, window=known.window)

    @torch.inference_mode()
    def arrays(self, game: Game, state: GameState, found: Measurement) -> Arrays:
        theta, phi = state.theta[:1], state.phi_effective[:1]
        latents = self._latents if self._mesh is None else torch.cat([self._latents, self._mesh])
        x = sample(game, theta, latents[None]).clone()
        d = game.objective.reading.of(evaluate_discriminator(game, phi, found.estimators.points[None]))[0]
        dots = x[:, :_DOTS]
        arrays: Arrays = {
            "d": d.reshape(FIELD, FIELD).numpy(),
            "d_star": found.d_star.reshape(FIELD, FIELD),
            "real": self._real,
            "generated": dots[0].numpy(),
            "sample_gradient": sample_gradient(game, phi, dots)[0].numpy(),
        }
        if self._mesh is not None:
            arrays["mesh"] = x[0, _DOTS:].reshape(_MESH, _MESH, 2).numpy()
        if found.live.coverage is not None:
            arrays["shares"] = found.live.coverage.shares
        return arrays


class PlaneDomain(Points):
    """Laws on the plane: JSD by nearest neighbours, W1 sliced; the picture shows the field of D."""

    measure_every = 40
    measures_each_frame = False
    jsd_every: ClassVar[int] = 400  # JSD of one generator takes as long as ten steps or so

    def includes(self, game: Game) -> bool:
        return isinstance(game.data, PlaneDistribution)

    def estimators(self, game: Game) -> Plane:
        return plane_estimators(game.config.data)

    def frame_builder(self, game: Game, generator: Generator) -> FrameBuilder:
        return PlaneFrames(game, generator)
