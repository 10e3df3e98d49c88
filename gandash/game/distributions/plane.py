"""Distributions on the plane.

Most are *blurred points*: sum_k w_k N(point_k, std^2 I). For the mixtures the points are the modes and every formula is
exact. For a curve under noise the points are Gauss-Legendre nodes along it, closer together than the noise is wide: its
density and masses are numerical, with an error below 1e-6 of the highest density (a test says so). Samples of a curve lie
anywhere on it, not on the nodes. Tiles (a checkerboard, a painting) and the annulus are exact.

An uploaded sample is the empirical law: masses of cells and samples are its own, and so all that is measured is measured
against the rows themselves. Only its log_density is an estimate.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from gandash.config.data import (
    AnnulusConfig,
    CheckerboardConfig,
    DrawnConfig,
    Gaussian2DConfig,
    GridConfig,
    Mixture2DConfig,
    RingConfig,
    Samples2DConfig,
    SegmentConfig,
    SpiralsConfig,
    SwissRollConfig,
    Target,
    TwoClustersConfig,
    TwoMoonsConfig,
)
from gandash.game.distributions.base import Modes, Noise, PlaneDistribution
from gandash.game.distributions.line import row_of

_LOG_2PI = math.log(2 * math.pi)
_REACH = 3.5  # standard deviations around a point that the stage must show


class BlurredPoints(PlaneDistribution):
    """sum_k w_k N(point_k, std^2 I), weights normalised to 1."""

    def __init__(self, settings: Target, points: Tensor, std: float, weights: tuple[float, ...] = ()) -> None:
        super().__init__(settings)
        self.points = points.double()
        given = torch.tensor(weights or [1.0] * len(points), dtype=torch.float64)
        self.weights = given / given.sum()
        self.std = std
        self._points32 = self.points.float()
        self._edges32 = self.weights.cumsum(0)[:-1].float()

    @property
    def noise(self) -> tuple[Noise, ...]:
        return Noise("normal", 2), Noise("uniform", 1)

    def push(self, *noise: Tensor) -> Tensor:
        normal, choice = noise
        return torch.add(self._centres(choice[..., 0]), normal, alpha=self.std)

    def _centres(self, choice: Tensor) -> Tensor:
        """Where samples sit before they are blurred: `(...)`, uniform on [0, 1), -> `(..., 2)`."""
        return self._points32[torch.bucketize(choice, self._edges32, right=True)]

    def log_density(self, x: Tensor) -> Tensor:
        points, weights = self.points.to(x.dtype), self.weights.to(x.dtype)
        # Differences, not expanded squares: far from the origin those would cancel
        squares = ((x[..., None, :] - points) / self.std).square().sum(-1)  # (..., points)
        blurred: Tensor = torch.logsumexp(weights.log() - 0.5 * squares, dim=-1)
        return blurred - 2 * math.log(self.std) - _LOG_2PI

    def cell_masses(self, x_edges: Tensor, y_edges: Tensor) -> Tensor:
        def masses(edges: Tensor, centres: Tensor) -> Tensor:
            below: Tensor = torch.special.ndtr((edges.double() - centres[:, None]) / self.std)
            return below.diff(dim=-1)  # (points, cells)

        x, y = masses(x_edges, self.points[:, 0]), masses(y_edges, self.points[:, 1])
        return y.T @ (self.weights[:, None] * x)

    def extent(self) -> tuple[float, float, float, float]:
        low, high = self.points.amin(0) - _REACH * self.std, self.points.amax(0) + _REACH * self.std
        return float(low[0]), float(high[0]), float(low[1]), float(high[1])

    @property
    def detail(self) -> float:
        return self.std


class Mixture2D(BlurredPoints):
    """Round Gaussians at any points."""

    implements: ClassVar[type[Target]] = Mixture2DConfig

    def __init__(self, settings: Mixture2DConfig) -> None:
        super().__init__(settings, torch.tensor(settings.means, dtype=torch.float64), settings.std, settings.weights)

    def modes(self) -> Modes:
        return Modes(self.points, self.weights, self.std)


class Gaussian2D(Mixture2D):
    """N(mean, std^2 I): the mixture of one."""

    implements = Gaussian2DConfig

    def __init__(self, settings: Gaussian2DConfig) -> None:
        BlurredPoints.__init__(self, settings, torch.tensor([settings.mean], dtype=torch.float64), settings.std)


class Ring(Mixture2D):
    """k modes at angles 2 pi i/k on a circle around 0."""

    implements = RingConfig

    def __init__(self, settings: RingConfig) -> None:
        angles = torch.arange(settings.modes, dtype=torch.float64) * (2 * math.pi / settings.modes)
        points = settings.radius * torch.stack([angles.cos(), angles.sin()], dim=1)
        BlurredPoints.__init__(self, settings, points, settings.std, settings.weights)


class Grid(Mixture2D):
    """side x side modes around 0, row by row from the lower left."""

    implements = GridConfig

    def __init__(self, settings: GridConfig) -> None:
        axis = settings.spacing * (torch.arange(settings.side, dtype=torch.float64) - (settings.side - 1) / 2)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        BlurredPoints.__init__(self, settings, torch.stack([x, y], dim=-1).reshape(-1, 2), settings.std, settings.weights)


class TwoClusters(Mixture2D):
    """share N((-distance/2, 0), std^2 I) + (1 - share) N((distance/2, 0), std^2 I)."""

    implements = TwoClustersConfig

    def __init__(self, settings: TwoClustersConfig) -> None:
        half = settings.distance / 2
        points = torch.tensor([[-half, 0.0], [half, 0.0]], dtype=torch.float64)
        BlurredPoints.__init__(self, settings, points, settings.std, (settings.share, 1 - settings.share))


class Curve(BlurredPoints):
    """x = c(t) + noise, t uniform on [0, 1): a curve of one or more pieces of equal length in t, under Gaussian noise."""

    pieces: int = 1

    def __init__(self, settings: TwoMoonsConfig | SwissRollConfig | SegmentConfig | SpiralsConfig) -> None:
        dense = self.curve((torch.arange(4096, dtype=torch.float64) + 0.5) / 4096)
        fastest = float((dense[1:] - dense[:-1]).norm(dim=1).quantile(0.999)) * 4096  # not the jump between pieces
        # Gauss-Legendre nodes are pi/2 further apart in the middle of a piece than on average
        per_piece = math.ceil(fastest / self.pieces * (math.pi / 2) / (0.8 * settings.noise)) + 8
        nodes, weights = np.polynomial.legendre.leggauss(per_piece)
        t = torch.from_numpy((np.arange(self.pieces)[:, None] + (nodes + 1) / 2).reshape(-1) / self.pieces)
        super().__init__(settings, self.curve(t), settings.noise, tuple(np.tile(weights, self.pieces).tolist()))

    @abstractmethod
    def curve(self, t: Tensor) -> Tensor:
        """The point at t, `(...)` -> `(..., 2)`."""

    def _centres(self, choice: Tensor) -> Tensor:
        return self.curve(choice)


class TwoMoons(Curve):
    """Half circles (cos a, sin a) and (1 - cos a, 1/2 - sin a), centred, times 1.5."""

    implements = TwoMoonsConfig
    pieces = 2

    def curve(self, t: Tensor) -> Tensor:
        upper = t < 0.5
        angle = 2 * math.pi * torch.where(upper, t, t - 0.5)
        x = torch.where(upper, angle.cos(), 1 - angle.cos()) - 0.5
        y = torch.where(upper, angle.sin(), 0.5 - angle.sin()) - 0.25
        return 1.5 * torch.stack([x, y], dim=-1)


class SwissRoll(Curve):
    """(r cos r, r sin r) for r from 1.5 pi to 4.5 pi, scaled to radius 2."""

    implements = SwissRollConfig

    def curve(self, t: Tensor) -> Tensor:
        r = math.pi * (1.5 + 3 * t)
        return (2 / (4.5 * math.pi) * r)[..., None] * torch.stack([r.cos(), r.sin()], dim=-1)


class Segment(Curve):
    """(cos a, sin a) length (t - 1/2)."""

    implements = SegmentConfig

    def __init__(self, settings: SegmentConfig) -> None:
        angle = math.radians(settings.angle)
        self._whole = settings.length * torch.tensor([math.cos(angle), math.sin(angle)], dtype=torch.float64)
        super().__init__(settings)

    def curve(self, t: Tensor) -> Tensor:
        return (t - 0.5)[..., None] * self._whole.to(t.dtype)


class Spirals(Curve):
    """r (cos a, sin a), a = 2 pi (turns r/2 + arm/arms), r from 0.3 to 2 with r^2 uniform: nearly as dense everywhere."""

    implements = SpiralsConfig
    INNER, OUTER = 0.3, 2.0

    def __init__(self, settings: SpiralsConfig) -> None:
        self.pieces, self._turns = settings.arms, settings.turns
        super().__init__(settings)

    def curve(self, t: Tensor) -> Tensor:
        arm = (t * self.pieces).floor().clamp(max=self.pieces - 1)
        along = t * self.pieces - arm
        r = (self.INNER**2 + (self.OUTER**2 - self.INNER**2) * along).sqrt()
        angle = 2 * math.pi * (self._turns * r / self.OUTER + arm / self.pieces)
        return r[..., None] * torch.stack([angle.cos(), angle.sin()], dim=-1)


class Tiles(PlaneDistribution):
    """Constant on each of side x side squares over [-half, half]^2, by `weights` `(row, column)`; row 0 is the lowest."""

    has_edges = True

    def __init__(self, settings: Target, weights: Tensor, half: float) -> None:
        super().__init__(settings)
        self.side, self.half = len(weights), half
        self.width = 2 * half / self.side
        self.weights = weights.double() / weights.double().sum()
        filled = self.weights.nonzero()
        self._squares = filled.flip(-1).float()  # (column, row) is (x, y)
        self._edges32 = self.weights[filled[:, 0], filled[:, 1]].cumsum(0)[:-1].float()

    @property
    def noise(self) -> tuple[Noise, ...]:
        return Noise("uniform", 1), Noise("uniform", 2)

    def push(self, *noise: Tensor) -> Tensor:
        choice, within = noise
        corner = self._squares[torch.bucketize(choice[..., 0], self._edges32, right=True)]
        return self.width * (corner + within) - self.half

    def log_density(self, x: Tensor) -> Tensor:
        cell = ((x + self.half) / self.width).floor()
        inside = ((cell >= 0) & (cell < self.side)).all(-1)
        column, row = torch.where(inside[..., None], cell, 0).long().unbind(-1)
        heights = (self.weights / self.width**2).log()[row, column].to(x.dtype)
        return torch.where(inside, heights, torch.full_like(heights, -math.inf))

    def cell_masses(self, x_edges: Tensor, y_edges: Tensor) -> Tensor:
        starts = torch.arange(self.side, dtype=torch.float64) * self.width - self.half

        def shares(edges: Tensor) -> Tensor:
            """How much of each square's side lies in each cell, `(side, cells)`."""
            return ((edges.double() - starts[:, None]) / self.width).clamp(0, 1).diff(dim=-1)

        return shares(y_edges).T @ self.weights @ shares(x_edges)

    def extent(self) -> tuple[float, float, float, float]:
        low, high = (self._squares.amin(0) * self.width - self.half), ((self._squares.amax(0) + 1) * self.width - self.half)
        return float(low[0]), float(high[0]), float(low[1]), float(high[1])


class Checkerboard(Tiles):
    """Uniform on the squares (i, j) with i + j even of a side x side board over [-2, 2]^2."""

    implements: ClassVar[type[Target]] = CheckerboardConfig

    def __init__(self, settings: CheckerboardConfig) -> None:
        board = torch.arange(settings.side)
        super().__init__(settings, (board[:, None] + board) % 2 == 0, 2.0)

    @property
    def detail(self) -> float:
        return self.width / 8


class Drawn(Tiles):
    """A painting: a cell's density is in proportion to how much of it is painted."""

    implements: ClassVar[type[Target]] = DrawnConfig

    def __init__(self, settings: DrawnConfig) -> None:
        super().__init__(settings, torch.from_numpy(settings.cells().astype(np.float64)), settings.half_width)

    @property
    def detail(self) -> float:
        return 2 * self.width  # a brush is a few cells wide


class Annulus(PlaneDistribution):
    """Uniform on inner <= |x| <= outer."""

    has_edges = True
    implements: ClassVar[type[Target]] = AnnulusConfig

    def __init__(self, settings: AnnulusConfig) -> None:
        super().__init__(settings)
        self.inner, self.outer = settings.inner, settings.outer
        self._area = math.pi * (self.outer**2 - self.inner**2)

    @property
    def noise(self) -> tuple[Noise, ...]:
        return (Noise("uniform", 2),)

    def push(self, *noise: Tensor) -> Tensor:
        share, turn = noise[0].unbind(-1)
        r = (self.inner**2 + (self.outer**2 - self.inner**2) * share).sqrt()
        angle = 2 * math.pi * turn
        return r[..., None] * torch.stack([angle.cos(), angle.sin()], dim=-1)

    def log_density(self, x: Tensor) -> Tensor:
        r = x.norm(dim=-1)
        inside = (r >= self.inner) & (r <= self.outer)
        return torch.where(inside, torch.full_like(r, -math.log(self._area)), torch.full_like(r, -math.inf))

    def cell_masses(self, x_edges: Tensor, y_edges: Tensor) -> Tensor:
        x, y = x_edges.double()[None, :], y_edges.double()[:, None]
        below = _disc_below(x, y, self.outer) - _disc_below(x, y, self.inner)
        return (below.diff(dim=0).diff(dim=1) / self._area).clamp(min=0)  # rounding may leave -1e-17

    def extent(self) -> tuple[float, float, float, float]:
        return -self.outer, self.outer, -self.outer, self.outer

    @property
    def detail(self) -> float:
        return (self.outer - self.inner) / 8


def _disc_below(x: Tensor, y: Tensor, radius: float) -> Tensor:
    """Area of the part of a disc around 0 that lies left of x and below y.

    With the chord's half s(u) = sqrt(radius^2 - u^2) and c = s(y), the cap beyond the line at height |y| and left of x has
    area int_{-c}^{x} (s(u) - |y|) du, and int s = (u s(u) + radius^2 asin(u/radius)) / 2.
    """
    if radius == 0:
        return torch.zeros_like(x.isnan() | y.isnan(), dtype=torch.float64)
    x, y = x.clamp(-radius, radius), y.clamp(-radius, radius)

    def primitive(u: Tensor) -> Tensor:
        return (u * (radius**2 - u * u).clamp(min=0).sqrt() + radius**2 * (u / radius).clamp(-1, 1).asin()) / 2

    c = (radius**2 - y * y).clamp(min=0).sqrt()
    until = torch.minimum(torch.maximum(x, -c), c)
    cap = primitive(until) + primitive(c) - y.abs() * (until + c)
    left = 2 * primitive(x) + math.pi * radius**2 / 2
    return torch.where(y < 0, cap, left - cap)


class Samples2D(PlaneDistribution):
    """The empirical law of uploaded points.

    log_density is that of a histogram of square cells as wide as `detail`, which is 3.5 std n^(-1/4) (Scott 1992, for the
    plane), std that of the narrower column, the columns' range over 128 at least.
    """

    implements: ClassVar[type[Target]] = Samples2DConfig

    def __init__(self, settings: Samples2DConfig) -> None:
        super().__init__(settings)
        self._rows = torch.from_numpy(settings.points().copy())
        points = self._rows.double().numpy()
        self._low, high = points.min(axis=0), points.max(axis=0)
        self._detail: float = max(
            3.5 * float(points.std(axis=0).min()) * len(points) ** -0.25, float((high - self._low).max()) / 128
        )
        self._shape = np.floor((high - self._low) / self._detail).astype(np.intp) + 1
        cell = np.floor((points - self._low) / self._detail).astype(np.intp)
        counts = np.bincount(cell[:, 1] * self._shape[0] + cell[:, 0], minlength=int(self._shape.prod()))
        with np.errstate(divide="ignore"):
            self._heights = torch.from_numpy(np.log(counts / (len(points) * self._detail**2)))

    @property
    def noise(self) -> tuple[Noise, ...]:
        return (Noise("uniform", 2),)

    def push(self, *noise: Tensor) -> Tensor:
        return self._rows[row_of(noise[0], len(self._rows))]

    def log_density(self, x: Tensor) -> Tensor:
        cell = ((x.double() - torch.from_numpy(self._low)) / self._detail).floor()
        inside = ((cell >= 0) & (cell < torch.from_numpy(self._shape))).all(-1)
        column, row = torch.where(inside[..., None], cell, 0).long().unbind(-1)
        heights = self._heights[row * int(self._shape[0]) + column]
        return torch.where(inside, heights, torch.full_like(heights, -math.inf)).to(x.dtype)

    def cell_masses(self, x_edges: Tensor, y_edges: Tensor) -> Tensor:
        """A row on an edge belongs to the cell above or right of it."""
        points = self._rows.double()
        columns, rows = x_edges.numel() + 1, y_edges.numel() + 1
        column = torch.bucketize(points[:, 0].contiguous(), x_edges.double(), right=True)
        row = torch.bucketize(points[:, 1].contiguous(), y_edges.double(), right=True)
        counts = torch.bincount(row * columns + column, minlength=rows * columns).reshape(rows, columns)
        return counts[1:-1, 1:-1].double() / len(points)

    def extent(self) -> tuple[float, float, float, float]:
        rows = self._rows.double().numpy()
        low = np.quantile(rows, 0.0002, axis=0, method="lower") - self._detail
        high = np.quantile(rows, 0.9998, axis=0, method="higher") + self._detail
        return float(low[0]), float(high[0]), float(low[1]), float(high[1])

    @property
    def detail(self) -> float:
        return self._detail
