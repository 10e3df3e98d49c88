"""The latent law p_z."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Generator, Tensor

from gandash.config.networks import LatentConfig
from gandash.game.distributions.base import Noise, Sampler


class Latent(Sampler):
    """Independent coordinates, normal N(0, 1) or uniform on [-1, 1]."""

    def __init__(self, settings: LatentConfig) -> None:
        self.kind: Literal["normal", "uniform"] = settings.kind
        self.dimension = settings.dimension

    def __str__(self) -> str:
        return f"{self.dimension} coordinates, {'N(0, 1)' if self.kind == 'normal' else 'uniform on [-1, 1]'}"

    @classmethod
    def wide(cls, dimension: int) -> Latent:
        """N(0, 1) in more dimensions than the games that are played here may have."""
        found = cls(LatentConfig())
        found.dimension = dimension
        return found

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


class DrawnLatent(Latent):
    """Latents that somebody else has drawn, `(n, dimension)`, each as likely as any other: what law they have is not known."""

    def __init__(self, drawn: Tensor) -> None:
        self.kind, self.dimension, self._drawn = "normal", drawn.shape[1], drawn

    @property
    def noise(self) -> tuple[Noise, ...]:
        return (Noise("uniform", 1),)

    def __str__(self) -> str:
        return f"{self.dimension} coordinates, drawn by a function"

    def push(self, *noise: Tensor) -> Tensor:
        (u,) = noise
        return self._drawn[(u[..., 0] * len(self._drawn)).long().clamp(max=len(self._drawn) - 1)]

    @property
    def stratified(self) -> bool:
        return False

    def line(self, n: int) -> Tensor:
        """n values of a coordinate at equal steps of probability, of all coordinates alike."""
        values = self._drawn.flatten().sort().values
        return values[((torch.arange(n) + 0.5) / n * len(values)).long()]
