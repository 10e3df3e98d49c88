"""Distributions on the line. Densities and distribution functions are exact."""

from __future__ import annotations

import math
from typing import ClassVar

import torch
from scipy.optimize import brentq
from torch import Tensor

from gandash import targets
from gandash.game.distributions.base import LineDistribution, Modes, Noise

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


class Mixture(LineDistribution):
    """sum_k w_k N(mean_k, std^2), weights normalised to 1."""

    implements: ClassVar[type[targets.Target]] = targets.Mixture

    def __init__(self, settings: targets.Mixture) -> None:
        super().__init__(settings)
        self.means = torch.tensor(settings.means, dtype=torch.float64)
        weights = torch.tensor(settings.weights or [1.0] * len(settings.means), dtype=torch.float64)
        self.weights = weights / weights.sum()
        self.std = settings.std
        self._means32 = self.means.float()
        self._edges32 = self.weights.cumsum(0)[:-1].float()

    @property
    def noise(self) -> tuple[Noise, ...]:
        normal, choice = Noise("normal", 1), Noise("uniform", 1)
        return (normal, choice) if len(self.means) > 1 else (normal,)

    def push(self, *noise: Tensor) -> Tensor:
        normal, *choice = noise
        means = self._means32[torch.bucketize(choice[0], self._edges32, right=True)] if choice else self._means32
        return torch.add(means, normal, alpha=self.std)

    def log_density(self, x: Tensor) -> Tensor:
        z = (x - self.means.to(x.dtype)) / self.std  # (..., modes)
        each = -0.5 * z * z - math.log(self.std) - _LOG_SQRT_2PI + self.weights.to(x.dtype).log()
        return torch.logsumexp(each, dim=-1)

    def cdf(self, x: Tensor) -> Tensor:
        below: Tensor = torch.special.ndtr((x.double()[..., None] - self.means) / self.std)
        return (self.weights * below).sum(-1)

    def _quantile(self, p: float) -> float:
        low, high = float(self.means.min()) - 10 * self.std, float(self.means.max()) + 10 * self.std
        return float(brentq(lambda x: float(self.cdf(torch.tensor(x, dtype=torch.float64))) - p, low, high, xtol=1e-9))

    def quantile_range(self, mass: float) -> tuple[float, float]:
        return self._quantile((1 - mass) / 2), self._quantile((1 + mass) / 2)

    def modes(self) -> Modes:
        return Modes(self.means[:, None], self.weights, self.std)


class Gaussian(Mixture):
    """N(mean, std^2): the mixture of one."""

    implements = targets.Gaussian

    def __init__(self, settings: targets.Gaussian) -> None:
        super().__init__(targets.Mixture(means=(settings.mean,), std=settings.std))
        self.settings = settings


class Uniform(LineDistribution):
    """Uniform on [low, high]."""

    implements = targets.Uniform

    def __init__(self, settings: targets.Uniform) -> None:
        super().__init__(settings)
        self.low, self.high = settings.low, settings.high

    @property
    def noise(self) -> tuple[Noise, ...]:
        return (Noise("uniform", 1),)

    def push(self, *noise: Tensor) -> Tensor:
        (share,) = noise
        return self.low + (self.high - self.low) * share

    def log_density(self, x: Tensor) -> Tensor:
        inside = (x[..., 0] >= self.low) & (x[..., 0] <= self.high)
        height = -math.log(self.high - self.low)
        return torch.where(inside, torch.full_like(x[..., 0], height), torch.full_like(x[..., 0], -math.inf))

    def cdf(self, x: Tensor) -> Tensor:
        return ((x.double() - self.low) / (self.high - self.low)).clamp(0, 1)

    def quantile_range(self, mass: float) -> tuple[float, float]:
        tail = (1 - mass) / 2 * (self.high - self.low)
        return self.low + tail, self.high - tail
