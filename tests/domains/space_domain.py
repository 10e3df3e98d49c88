"""Points in space, for `test_a_new_kind`: their law, and how they are measured and drawn."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from domains.space import CloudsConfig, SpaceFacts
from torch import Generator, Tensor

from gandash.diagnostics.coverage import cover
from gandash.diagnostics.estimators import (
    CENTRAL_MASS,
    FLOOR_REPEATS,
    FLOOR_SEED,
    Estimators,
    NullReference,
    PointReading,
    jensen_shannon,
)
from gandash.diagnostics.measure import Measurement
from gandash.domains.domain import FrameBuilder
from gandash.domains.points import Points, point_facts
from gandash.game.distributions import Modes, PointDistribution, distribution
from gandash.game.distributions.base import Noise
from gandash.game.field import sample
from gandash.game.game import Game
from gandash.game.round import GameState
from gandash.wire.facts import GameFacts
from gandash.wire.frame import Arrays

CELLS, DOTS, REACH = 10, 64, 2.5  # cells a side, the outer ones unbounded; dots drawn; half of the cube that is shown


class Clouds(PointDistribution):
    implements = CloudsConfig

    def __init__(self, settings: CloudsConfig) -> None:
        super().__init__(settings)
        self.std = settings.std
        self.points = torch.tensor([[-1.0] * 3, [1.0] * 3]) * settings.distance / (2 * math.sqrt(3))

    @property
    def noise(self) -> tuple[Noise, ...]:
        return Noise("normal", 3), Noise("uniform", 1)

    def push(self, *noise: Tensor) -> Tensor:
        spread, which = noise
        return self.points[(which[..., 0] < 0.5).long()] + self.std * spread

    def log_density(self, x: Tensor) -> Tensor:
        squares = (x[..., None, :] - self.points.to(x.dtype)).square().sum(-1)
        height = math.log(2) + 1.5 * math.log(2 * math.pi * self.std**2)
        return torch.logsumexp(-squares / (2 * self.std**2), dim=-1) - height

    def modes(self) -> Modes:
        return Modes(self.points.double(), torch.full((2,), 0.5, dtype=torch.float64), self.std)


class Space(Estimators):
    """p_r's masses by a large sample, p_g's by counts, on one partition; W1 as the mean over the three axes."""

    samples = 2048

    def __init__(self, law: Clouds) -> None:
        axis = (torch.arange(CELLS) + 0.5) / CELLS * 2 * REACH - REACH
        self.points = torch.stack(torch.meshgrid(axis, axis, axis, indexing="ij"), dim=-1).reshape(-1, 3)
        self.p_r = law.log_density(self.points.double()).exp().numpy()
        order = np.argsort(-self.p_r)
        mass = np.cumsum(self.p_r[order]) / self.p_r.sum()
        self.central = np.zeros(len(order), dtype=bool)
        self.central[order[: int(np.searchsorted(mass, CENTRAL_MASS)) + 1]] = True
        self._modes, generator = law.modes(), Generator().manual_seed(FLOOR_SEED)
        self.real_points = law.sample(generator, self.samples)
        self._masses = self._shares(law.sample(generator, 2**17))
        self._sorted = self.real_points.sort(dim=0).values
        perfect = [self.read(law.sample(generator, self.samples)) for _ in range(FLOOR_REPEATS)]
        self.floors = {name: NullReference.of([getattr(r, name) for r in perfect]) for name in ("jsd", "wasserstein")}

    def read(self, x: Tensor) -> PointReading:
        self._check_count(x)
        if not bool(torch.isfinite(x).all()):
            return PointReading(math.nan, math.nan, lambda: np.full(CELLS**3, math.nan), None)
        shares = self._shares(x)
        far = float((x.sort(dim=0).values - self._sorted).abs().mean())
        density = shares / (2 * REACH / CELLS) ** 3
        return PointReading(jensen_shannon(shares, self._masses), far, lambda: density, cover(x, self._modes))

    def _shares(self, x: Tensor) -> np.ndarray[Any, np.dtype[np.float64]]:
        cell = ((x + REACH) / (2 * REACH) * CELLS).long().clamp(0, CELLS - 1)
        flat = (cell[:, 0] * CELLS + cell[:, 1]) * CELLS + cell[:, 2]
        return np.bincount(flat.numpy(), minlength=CELLS**3) / len(x)


@lru_cache(maxsize=4)
def space_estimators(data: CloudsConfig) -> Space:
    law = distribution(data)
    assert isinstance(law, Clouds)
    return Space(law)


class SpaceFrames(FrameBuilder):
    """Dots in a cube."""

    def __init__(self, game: Game, generator: Generator) -> None:
        self._real = game.data.sample(generator, DOTS).numpy()
        self._latents = game.latent.sample(generator, DOTS)

    def facts(self, game: Game, known: Space, shared: GameFacts) -> SpaceFacts:
        return SpaceFacts(**point_facts(game, known, shared, "W_1 by axis"), window=(-REACH, REACH))

    @torch.inference_mode()
    def arrays(self, game: Game, state: GameState, found: Measurement) -> Arrays:
        generated = sample(game, state.theta[:1], self._latents[None])[0].numpy().copy()
        return {"real": self._real, "generated": generated, "d": found.d.astype(np.float32)}


class SpaceDomain(Points):
    measure_every = 50
    measures_each_frame = False

    def includes(self, game: Game) -> bool:
        return isinstance(game.data, Clouds)

    def estimators(self, game: Game) -> Space:
        return space_estimators(game.config.data)

    def frame_builder(self, game: Game, generator: Generator) -> FrameBuilder:
        return SpaceFrames(game, generator)
