"""Points in space, for `test_a_new_kind`: their settings, and the law that these describe."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from gandash.config.data import PointsConfig
from gandash.config.setting import setting
from gandash.game.distributions import Modes, PointDistribution
from gandash.game.distributions.base import Noise


class CloudsConfig(PointsConfig):
    """Two round clouds on the diagonal of space."""

    dimension = 3

    kind: Literal["clouds"] = "clouds"
    distance: float = setting(2.0, label="Distance", help="Between the clouds.", ge=0.0, le=10.0)
    std: float = setting(0.25, label="Width", help="The standard deviation of each.", gt=0.0, le=2.0)

    def summary(self) -> str:
        return f"two clouds, {self.distance:g} apart"


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
