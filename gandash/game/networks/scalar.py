"""The players of games in closed form: a generator that is a point, a discriminator that is a straight line through 0."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from gandash.config.networks import LinearConfig, PointConfig
from gandash.game.networks.base import Masks, Network


class PointNetwork(Network):
    """G(z) = theta, whatever z: `outputs` parameters."""

    def __init__(self, outputs: int, settings: PointConfig) -> None:
        super().__init__(outputs)
        self.settings = settings
        self.lengths, self.shapes, self.matrices = [outputs], [], []

    def initialise(self, generator: Generator) -> Tensor:
        return torch.full((self.size,), self.settings.start)

    def __call__(self, rows: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
        return rows.unsqueeze(1).expand(-1, x.shape[1], -1)


class LinearNetwork(Network):
    """a(x) = psi . x, without a bias: `inputs` parameters."""

    def __init__(self, inputs: int, settings: LinearConfig) -> None:
        super().__init__(inputs)
        self.settings = settings
        self.lengths, self.shapes, self.matrices = [inputs], [(inputs, 1)], [0]

    def initialise(self, generator: Generator) -> Tensor:
        return torch.full((self.size,), self.settings.start)

    def __call__(self, rows: Tensor, x: Tensor, masks: Masks | None = None) -> Tensor:
        return torch.bmm(x, rows.unsqueeze(-1))
