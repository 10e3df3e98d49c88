"""What every distribution offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Generator, Tensor

from gandash.targets import Target


@dataclass(frozen=True)
class Modes:
    """The components of a mixture, merged or not as densities: places (K, dimension), weights (K,) of sum 1, common std."""

    places: Tensor  # float64
    weights: Tensor  # float64
    std: float


@dataclass(frozen=True)
class Noise:
    """`size` independent numbers for each sample, N(0, 1) or uniform on [0, 1)."""

    kind: Literal["normal", "uniform"]
    size: int

    def fill(self, tensor: Tensor, generator: Generator) -> None:
        """Fresh draws into every place of `tensor`."""
        if self.kind == "normal":
            tensor.normal_(generator=generator)
        else:
            tensor.uniform_(generator=generator)


class Sampler(ABC):
    """A law that is the image of noise. A population draws each member's noise from its own generator and pushes it at once."""

    @property
    @abstractmethod
    def noise(self) -> tuple[Noise, ...]:
        """What one sample is made of, in the order in which it is drawn."""

    @abstractmethod
    def push(self, *noise: Tensor) -> Tensor:
        """Samples `(..., dimension)` from noise, `(..., size)` each."""

    def sample(self, generator: Generator, n: int) -> Tensor:
        """n independent draws, shape `(n, dimension)`, float32."""
        return self.sample_each([generator], n)[0]

    def sample_each(self, generators: Sequence[Generator], n: int) -> Tensor:
        """n draws from each generator, `(generators, n, dimension)`; each gives the same alone or among others."""
        drawn = [torch.empty(len(generators), n, part.size) for part in self.noise]
        for i, generator in enumerate(generators):
            for part, tensor in zip(self.noise, drawn, strict=True):
                part.fill(tensor[i], generator)
        return self.push(*drawn)


class Distribution(Sampler):
    """A law on R^dimension with its density; every draw takes its generator."""

    implements: ClassVar[type[Target]]

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @property
    def dimension(self) -> int:
        """Of one sample."""
        return self.implements.dimension

    @abstractmethod
    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats for x of shape `(..., dimension)`; shape `(...)`, -inf outside the support. In x's precision."""

    def modes(self) -> Modes | None:
        """The components of a mixture of round Gaussians; None for any other law."""
        return None


class LineDistribution(Distribution):
    """A law on the line, with its exact distribution function."""

    @abstractmethod
    def cdf(self, x: Tensor) -> Tensor:
        """P(X <= x) for x of shape `(...)`, float64."""

    @abstractmethod
    def quantile_range(self, mass: float) -> tuple[float, float]:
        """The central interval that holds `mass`: from quantile (1 - mass)/2 to (1 + mass)/2."""


class PlaneDistribution(Distribution):
    """A law on the plane that is a sum of products: its mass in an axis-parallel box is a matter of one-dimensional laws."""

    @abstractmethod
    def cell_masses(self, x_edges: Tensor, y_edges: Tensor) -> Tensor:
        """P(cell) for all cells between edges (they may be infinite), `(len(y_edges) - 1, len(x_edges) - 1)`, float64."""

    @abstractmethod
    def extent(self) -> tuple[float, float, float, float]:
        """(x_low, x_high, y_low, y_high) of a box that holds all but a thousandth of the mass: what the stage must show."""

    @property
    @abstractmethod
    def detail(self) -> float:
        """The length over which the density changes, in units of x: a partition much coarser would not see its shape."""
