"""Distributions on the line. Distribution functions are exact, and so are densities where there are any.

A point mass and an uploaded sample are made of atoms. Their distribution functions are steps, and what is measured against
those (W1, and JSD on a partition) is measured against the law itself: for an uploaded sample the empirical one.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import special
from scipy.optimize import brentq
from torch import Tensor

from gandash.config.data import (
    GaussianConfig,
    LaplaceConfig,
    MixtureConfig,
    PointMassConfig,
    SamplesConfig,
    StudentTConfig,
    Target,
    UniformConfig,
)
from gandash.game.distributions.base import Atoms, LineDistribution, Modes, Noise

_LOG_SQRT_2PI = 0.5 * math.log(2 * math.pi)


class Mixture(LineDistribution):
    """sum_k w_k N(mean_k, std^2), weights normalised to 1."""

    implements: ClassVar[type[Target]] = MixtureConfig

    def __init__(self, settings: MixtureConfig) -> None:
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

    @property
    def detail(self) -> float:
        return self.std

    def modes(self) -> Modes:
        return Modes(self.means[:, None], self.weights, self.std)


class Gaussian(Mixture):
    """N(mean, std^2): the mixture of one."""

    implements = GaussianConfig

    def __init__(self, settings: GaussianConfig) -> None:
        super().__init__(MixtureConfig(means=(settings.mean,), std=settings.std))
        self.settings = settings


class Uniform(LineDistribution):
    """Uniform on [low, high]."""

    implements = UniformConfig

    def __init__(self, settings: UniformConfig) -> None:
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

    @property
    def detail(self) -> float:
        return 0.15 * (self.high - self.low)  # it changes at its edges alone


class Laplace(LineDistribution):
    """p(x) = exp(-|x - mean| / scale) / (2 scale)."""

    implements: ClassVar[type[Target]] = LaplaceConfig

    def __init__(self, settings: LaplaceConfig) -> None:
        super().__init__(settings)
        self.mean, self.scale = settings.mean, settings.scale

    @property
    def noise(self) -> tuple[Noise, ...]:
        return Noise("uniform", 1), Noise("uniform", 1)

    def push(self, *noise: Tensor) -> Tensor:
        distance, side = noise
        distance = -torch.log1p(-distance)  # exponential; of two numbers, since one on [0, 1) could give -inf
        return self.mean + self.scale * torch.where(side < 0.5, -distance, distance)

    def log_density(self, x: Tensor) -> Tensor:
        return -(x[..., 0] - self.mean).abs() / self.scale - math.log(2 * self.scale)

    def cdf(self, x: Tensor) -> Tensor:
        z = (x.double() - self.mean) / self.scale
        tail = 0.5 * (-z.abs()).exp()
        return torch.where(z < 0, tail, 1 - tail)

    def quantiles(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        sign = np.where(p < 0.5, -1.0, 1.0)
        return np.asarray(self.mean - self.scale * sign * np.log(2 * np.minimum(p, 1 - p)))

    def quantile_range(self, mass: float) -> tuple[float, float]:
        reach = -self.scale * math.log1p(-mass)
        return self.mean - reach, self.mean + reach

    @property
    def detail(self) -> float:
        return 0.15 * self.scale  # a kernel of width h takes 0.8 h/scale off the cusp


class StudentT(LineDistribution):
    """mean + scale T; with v degrees of freedom p(t) = Gamma((v + 1)/2) / (sqrt(v pi) Gamma(v/2)) (1 + t^2/v)^(-(v + 1)/2)."""

    implements: ClassVar[type[Target]] = StudentTConfig

    def __init__(self, settings: StudentTConfig) -> None:
        super().__init__(settings)
        self.mean, self.scale, self.degrees = settings.mean, settings.scale, settings.degrees

    @property
    def noise(self) -> tuple[Noise, ...]:
        return Noise("uniform", 1), Noise("uniform", 1)

    def push(self, *noise: Tensor) -> Tensor:
        """Bailey's polar method (1994), exact for any v: T = sqrt(v (U^(-2/v) - 1)) cos(2 pi V)."""
        u, angle = noise
        radius = (self.degrees * torch.expm1(-2 / self.degrees * torch.log1p(-u))).sqrt()
        return self.mean + self.scale * radius * (2 * math.pi * angle).cos()

    def log_density(self, x: Tensor) -> Tensor:
        v, t = self.degrees, (x[..., 0] - self.mean) / self.scale
        height = math.lgamma((v + 1) / 2) - math.lgamma(v / 2) - 0.5 * math.log(v * math.pi) - math.log(self.scale)
        return height - (v + 1) / 2 * torch.log1p(t * t / v)

    def cdf(self, x: Tensor) -> Tensor:
        return torch.from_numpy(np.asarray(special.stdtr(self.degrees, ((x.double() - self.mean) / self.scale).numpy())))

    def quantiles(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(self.mean + self.scale * special.stdtrit(self.degrees, p))

    def quantile_range(self, mass: float) -> tuple[float, float]:
        reach = -self.scale * float(special.stdtrit(self.degrees, (1 - mass) / 2))
        return self.mean - reach, self.mean + reach

    def extent(self) -> tuple[float, float]:
        """Not much more than thrice the central 98 %: with few degrees of freedom 99.9 % would leave a needle in the middle."""
        wide, bulk = self.quantile_range(0.999)[1], self.quantile_range(0.98)[1]
        reach = min(wide - self.mean, 3 * (bulk - self.mean))
        return self.mean - reach, self.mean + reach

    @property
    def detail(self) -> float:
        return self.scale * math.sqrt(self.degrees / (self.degrees + 1))  # the width of its peak


class Atomic(LineDistribution):
    """sum_k w_k delta(x - x_k); the points x_k are rounded to float32, in which samples are."""

    def __init__(self, settings: Target, points: NDArray[np.float32]) -> None:
        super().__init__(settings)
        distinct, counts = np.unique(points, return_counts=True)
        self._atoms = Atoms(distinct.astype(np.float64), counts / counts.sum())
        self._below = np.concatenate([[0.0], np.cumsum(counts) / counts.sum()])
        self._rows = torch.from_numpy(points.copy())

    @property
    def noise(self) -> tuple[Noise, ...]:
        return (Noise("uniform", 2),)

    def push(self, *noise: Tensor) -> Tensor:
        return self._rows[row_of(noise[0], len(self._rows))][..., None]

    def cdf(self, x: Tensor) -> Tensor:
        return torch.from_numpy(self._below[np.searchsorted(self._atoms.points, x.double().numpy(), side="right")])

    def quantiles(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """The first atom up to which there is a mass of p."""
        which = np.searchsorted(self._below[1:], p, side="left")
        return np.asarray(self._atoms.points[np.minimum(which, len(self._atoms.points) - 1)])

    def quantile_range(self, mass: float) -> tuple[float, float]:
        low, high = self.quantiles(np.array([(1 - mass) / 2, (1 + mass) / 2]))
        return float(low), float(high)

    @abstractmethod
    def log_density(self, x: Tensor) -> Tensor:
        """In place of a density, which there is none."""

    def atoms(self) -> Atoms:
        return self._atoms


def row_of(noise: Tensor, rows: int) -> Tensor:
    """One of `rows` rows, all equally likely, from two uniform numbers `(..., 2)`: the 24 bits of one would favour some."""
    u = noise[..., 0].double() + noise[..., 1].double() * 2**-24
    return (u * rows).long()


class PointMass(Atomic):
    """All mass at one point. log_density is inf there and -inf elsewhere."""

    implements: ClassVar[type[Target]] = PointMassConfig

    def __init__(self, settings: PointMassConfig) -> None:
        super().__init__(settings, np.array([settings.location], dtype=np.float32))

    def log_density(self, x: Tensor) -> Tensor:
        here = x[..., 0] == self._rows[0].to(x.dtype)
        return torch.where(here, torch.full_like(x[..., 0], math.inf), torch.full_like(x[..., 0], -math.inf))

    @property
    def detail(self) -> float:
        return 0.0


class Samples(Atomic):
    """The empirical law of uploaded numbers.

    log_density is that of a histogram, whose bins are 2 IQR n^(-1/3) wide (Freedman and Diaconis 1981), 512 at most:
    the one number here that is an estimate. `detail` follows Silverman's rule for a kernel's width (1986, equation 3.31).
    """

    implements: ClassVar[type[Target]] = SamplesConfig

    def __init__(self, settings: SamplesConfig) -> None:
        rows = settings.points()[:, 0]
        super().__init__(settings, rows)
        low, high = float(rows.min()), float(rows.max())
        quarter, three_quarters = np.quantile(rows, [0.25, 0.75])
        spread = float(three_quarters - quarter) or high - low
        bins = int(np.clip(math.ceil((high - low) / (2 * spread * len(rows) ** (-1 / 3))), 1, 512))
        counts, edges = np.histogram(rows.astype(np.float64), bins=bins, range=(low, high))
        self._edges = torch.from_numpy(edges)
        with np.errstate(divide="ignore"):
            inside = np.log(counts / (len(rows) * (edges[1] - edges[0])))
        self._heights = torch.from_numpy(np.concatenate([[-math.inf], inside, [-math.inf]]))
        self._kernel: float = 0.9 * min(float(rows.astype(np.float64).std()), spread / 1.34) * len(rows) ** -0.2

    def log_density(self, x: Tensor) -> Tensor:
        which = torch.bucketize(x[..., 0].double(), self._edges, right=False)
        return self._heights[which].to(x.dtype)

    @property
    def detail(self) -> float:
        return self._kernel / 0.15
