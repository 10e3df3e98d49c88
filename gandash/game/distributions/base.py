"""What every distribution offers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor

from gandash.config.data import Target


@dataclass(frozen=True)
class Modes:
    """The components of a mixture, merged or not as densities: points (K, dimension), weights (K,) of sum 1, common std."""

    points: Tensor  # float64
    weights: Tensor  # float64
    std: float


@dataclass(frozen=True)
class Noise:
    """`size` independent numbers for each sample, N(0, 1) or uniform on [0, 1)."""

    kind: Literal["normal", "uniform"]
    size: int

    def fill(self, tensor: Tensor, generator: Generator) -> None:
        """Fresh draws into every entry of `tensor`."""
        if self.kind == "normal":
            tensor.normal_(generator=generator)
        else:
            tensor.uniform_(generator=generator)


@dataclass(frozen=True)
class Atoms:
    """What a law without a density is made of: distinct points (K,), ascending, and weights (K,) of sum 1."""

    points: NDArray[np.float64]
    weights: NDArray[np.float64]


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
    """A law on R^dimension; every draw takes its generator."""

    implements: ClassVar[type[Target]]

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    @property
    def dimension(self) -> int:
        """Of one sample."""
        found: int = self.settings.dimension
        return found

    def modes(self) -> Modes | None:
        """The components of a mixture of round Gaussians; None for any other law."""
        return None


class PointDistribution(Distribution):
    """A law of points, with its density."""

    @abstractmethod
    def log_density(self, x: Tensor) -> Tensor:
        """log p(x) in nats for x of shape `(..., dimension)`; shape `(...)`, -inf outside the support. In x's precision."""


class LineDistribution(PointDistribution):
    """A law on the line, with its exact distribution function."""

    @abstractmethod
    def cdf(self, x: Tensor) -> Tensor:
        """P(X <= x) for x of shape `(...)`, float64."""

    @abstractmethod
    def quantile_range(self, mass: float) -> tuple[float, float]:
        """The central interval that holds `mass`: from quantile (1 - mass)/2 to (1 + mass)/2."""

    @property
    @abstractmethod
    def detail(self) -> float:
        """The length over which the density changes, in units of x: a kernel much wider would smear its shape."""

    def quantiles(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """Q(p), the inverse of `cdf`, for p in (0, 1); here between the points of a fine table."""
        return np.interp(p, *self._table)

    @cached_property
    def _table(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """(distribution function, point) pairs fine enough to interpolate quantiles from."""
        points = np.linspace(*self.quantile_range(1 - 1e-9), 80001)
        cdf = self.cdf(torch.from_numpy(points)).numpy()
        keep = np.concatenate([[True], np.diff(cdf) > 0])  # np.interp wants strictly rising abscissae
        return cdf[keep], points[keep]

    def extent(self) -> tuple[float, float]:
        """What the stage must show: all but a thousandth of the mass, unless that lies out of all proportion."""
        return self.quantile_range(0.999)

    def atoms(self) -> Atoms | None:
        """The atoms of a law that consists of them, and whose log_density is therefore no derivative of its cdf; else None."""
        return None


class PlaneDistribution(PointDistribution):
    """A law on the plane, with its mass in every axis-parallel box."""

    has_edges: ClassVar[bool] = False
    """Whether its density leaps to 0, as at the end of a tile."""

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


@dataclass(frozen=True)
class Attribute:
    """Something that a picture shows and that can be read back; its law is uniform on [low, high) unless `shares` is given."""

    name: str
    unit: str
    low: float
    high: float
    cells: int  # of equal width
    shares: tuple[float, ...] = ()  # probabilities of the cells where they are not alike
    periodic: bool = False  # high is low again


class PictureDistribution(Distribution):
    """A law of pictures: rows of channels × height × width numbers in [-1, 1]. It has no density that could be used."""

    @property
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        found: tuple[int, int, int] = self.settings.shape
        return found

    def pictures(self) -> Tensor | None:
        """All pictures of a finite set, `(n, dimension)`, float32, without the noise that samples carry; else None."""
        return None

    def labels(self) -> NDArray[np.int64] | None:
        """The class of each of `pictures`, `(n,)`, where it is known."""
        return None

    @property
    def attributes(self) -> tuple[Attribute, ...]:
        """What `read` finds in a picture of a law that is known; empty for any other."""
        return ()

    def read(self, pictures: Tensor) -> dict[str, NDArray[np.float64]]:
        """Each attribute of each picture `(n, dimension)` by name, `(n,)`; nan in all of them where it is no such picture."""
        del pictures  # a law without attributes finds none
        return {}

    def cells(self, pictures: Tensor) -> NDArray[np.intp]:
        """The cell that each picture's attributes fall in, `(n,)`, counted with the last attribute fastest.

        -1 where the picture is no such one, or an attribute lies beyond its range by more than a cell's half width: the
        reader's error may carry a good picture over the edge, but no further.
        """
        found = self.read(pictures)
        cell = np.zeros(len(pictures), dtype=np.intp)
        outside = np.zeros(len(pictures), dtype=bool)
        for a in self.attributes:
            position = (found[a.name] - a.low) / (a.high - a.low) * a.cells
            outside |= ~((position >= -0.5) & (position < a.cells + 0.5))
            index = np.floor(np.where(outside, 0, position)).astype(np.intp)
            cell = cell * a.cells + (index % a.cells if a.periodic else np.clip(index, 0, a.cells - 1))
        return np.where(outside, -1, cell)

    def cell_masses(self) -> NDArray[np.float64]:
        """P(cell) under the law, of sum 1, in the order of `cells`."""
        masses = np.ones(1)
        for a in self.attributes:
            masses = np.outer(masses, a.shares or np.full(a.cells, 1 / a.cells)).reshape(-1)
        return masses
