"""The latent law p_z."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from gandash.config.networks import LatentConfig
from gandash.game.distributions.base import Noise, Sampler


class Latent(Sampler):
    """Independent coordinates, normal N(0, 1) or uniform on [-1, 1]."""

    def __init__(self, settings: LatentConfig) -> None:
        self.kind, self.dimension = settings.kind, settings.dimension

    @property
    def noise(self) -> tuple[Noise, ...]:
        return (Noise(self.kind, self.dimension),)

    def push(self, *noise: Tensor) -> Tensor:
        (z,) = noise
        return z if self.kind == "normal" else 2 * z - 1

    @property
    def stratified(self) -> bool:
        """True where `measuring` spreads its draws evenly: in one dimension."""
        return self.dimension == 1

    def measuring(self, generator: Generator, n: int) -> Tensor:
        """n fresh draws to measure p_g with, shape `(n, dimension)`.

        In one dimension there is one draw in each of n cells of equal probability, shifted together by one uniform number
        (systematic sampling): every draw still has law p_z, and densities of G(z) are far less noisy than from independent
        draws. In more dimensions the draws are independent.
        """
        if not self.stratified:
            return self.sample(generator, n)
        return self.at(self.spread(generator, n))[:, None]

    def spread(self, generator: Generator, n: int) -> Tensor:
        """How much of p_z lies below each of n stratified draws, ascending, `(n,)`, float64."""
        p = (torch.arange(n, dtype=torch.float64) + torch.rand((), generator=generator, dtype=torch.float64)) / n
        return p.clamp(1e-12, 1 - 1e-12)

    def at(self, p: Tensor) -> Tensor:
        """The values of one coordinate below which p of it lies, `(n,)` -> `(n,)`."""
        return (torch.special.ndtri(p) if self.kind == "normal" else 2 * p - 1).float()

    def line(self, n: int) -> Tensor:
        """n values of one latent coordinate at equal steps of probability, ascending, shape `(n,)`: where G's map is drawn."""
        return self.at((torch.arange(n, dtype=torch.float64) + 0.5) / n)
