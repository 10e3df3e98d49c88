"""Distributions on the plane.

All but the checkerboard are *blurred points*: sum_k w_k N(point_k, std^2 I). For the mixtures the points are the modes and
every formula is exact. For a curve under noise the points are Gauss-Legendre nodes along it, closer together than the noise
is wide: its density and masses are numerical, with an error below 1e-6 of the highest density (a test says so). Samples of
a curve lie anywhere on it, not on the nodes.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from gandash import targets
from gandash.game.distributions.base import Modes, Noise, PlaneDistribution

_LOG_2PI = math.log(2 * math.pi)
_REACH = 3.5  # standard deviations around a point that the stage must show


class BlurredPoints(PlaneDistribution):
    """sum_k w_k N(point_k, std^2 I), weights normalised to 1."""

    def __init__(self, settings: targets.Target, points: Tensor, std: float, weights: tuple[float, ...] = ()) -> None:
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
        return torch.add(self._places(choice[..., 0]), normal, alpha=self.std)

    def _places(self, choice: Tensor) -> Tensor:
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
    """Round Gaussians at any places."""

    implements: ClassVar[type[targets.Target]] = targets.Mixture2D

    def __init__(self, settings: targets.Mixture2D) -> None:
        super().__init__(settings, torch.tensor(settings.means, dtype=torch.float64), settings.std, settings.weights)

    def modes(self) -> Modes:
        return Modes(self.points, self.weights, self.std)


class Gaussian2D(Mixture2D):
    """N(mean, std^2 I): the mixture of one."""

    implements = targets.Gaussian2D

    def __init__(self, settings: targets.Gaussian2D) -> None:
        BlurredPoints.__init__(self, settings, torch.tensor([settings.mean], dtype=torch.float64), settings.std)


class Ring(Mixture2D):
    """k modes at angles 2 pi i/k on a circle around 0."""

    implements = targets.Ring

    def __init__(self, settings: targets.Ring) -> None:
        angles = torch.arange(settings.modes, dtype=torch.float64) * (2 * math.pi / settings.modes)
        points = settings.radius * torch.stack([angles.cos(), angles.sin()], dim=1)
        BlurredPoints.__init__(self, settings, points, settings.std, settings.weights)


class Grid(Mixture2D):
    """side x side modes around 0, row by row from the lower left."""

    implements = targets.Grid

    def __init__(self, settings: targets.Grid) -> None:
        axis = settings.spacing * (torch.arange(settings.side, dtype=torch.float64) - (settings.side - 1) / 2)
        y, x = torch.meshgrid(axis, axis, indexing="ij")
        BlurredPoints.__init__(self, settings, torch.stack([x, y], dim=-1).reshape(-1, 2), settings.std, settings.weights)


class Curve(BlurredPoints):
    """x = c(t) + noise, t uniform on [0, 1): a curve of one or more pieces of equal length in t, under Gaussian noise."""

    pieces: ClassVar[int] = 1

    def __init__(self, settings: targets.TwoMoons | targets.SwissRoll) -> None:
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

    def _places(self, choice: Tensor) -> Tensor:
        return self.curve(choice)


class TwoMoons(Curve):
    """Half circles (cos a, sin a) and (1 - cos a, 1/2 - sin a), centred, times 1.5."""

    implements = targets.TwoMoons
    pieces = 2

    def curve(self, t: Tensor) -> Tensor:
        upper = t < 0.5
        angle = 2 * math.pi * torch.where(upper, t, t - 0.5)
        x = torch.where(upper, angle.cos(), 1 - angle.cos()) - 0.5
        y = torch.where(upper, angle.sin(), 0.5 - angle.sin()) - 0.25
        return 1.5 * torch.stack([x, y], dim=-1)


class SwissRoll(Curve):
    """(r cos r, r sin r) for r from 1.5 pi to 4.5 pi, scaled to radius 2."""

    implements = targets.SwissRoll

    def curve(self, t: Tensor) -> Tensor:
        r = math.pi * (1.5 + 3 * t)
        return (2 / (4.5 * math.pi) * r)[..., None] * torch.stack([r.cos(), r.sin()], dim=-1)


class Checkerboard(PlaneDistribution):
    """Uniform on the squares (i, j) with i + j even of a side x side board over [-2, 2]^2."""

    implements: ClassVar[type[targets.Target]] = targets.Checkerboard
    HALF = 2.0

    def __init__(self, settings: targets.Checkerboard) -> None:
        super().__init__(settings)
        self.side = settings.side
        self.width = 2 * self.HALF / self.side
        board = torch.arange(self.side)
        self._filled = ((board[:, None] + board) % 2 == 0).double()  # (row, column)
        self._squares = self._filled.nonzero().float()

    @property
    def noise(self) -> tuple[Noise, ...]:
        return Noise("uniform", 1), Noise("uniform", 2)

    def push(self, *noise: Tensor) -> Tensor:
        choice, place = noise
        which = (choice[..., 0] * len(self._squares)).long()
        corner = self._squares[which].flip(-1)  # (column, row) is (x, y)
        return self.width * (corner + place) - self.HALF

    def log_density(self, x: Tensor) -> Tensor:
        cell = ((x + self.HALF) / self.width).floor()
        inside = ((cell >= 0) & (cell < self.side)).all(-1)
        filled = inside & (cell.sum(-1) % 2 == 0)
        height = -math.log(len(self._squares) * self.width**2)
        return torch.where(filled, torch.full_like(x[..., 0], height), torch.full_like(x[..., 0], -math.inf))

    def cell_masses(self, x_edges: Tensor, y_edges: Tensor) -> Tensor:
        starts = torch.arange(self.side, dtype=torch.float64) * self.width - self.HALF

        def shares(edges: Tensor) -> Tensor:
            """How much of each square's side lies in each cell, `(side, cells)`."""
            return ((edges.double() - starts[:, None]) / self.width).clamp(0, 1).diff(dim=-1)

        return shares(y_edges).T @ self._filled @ shares(x_edges) / len(self._squares)

    def extent(self) -> tuple[float, float, float, float]:
        return -self.HALF, self.HALF, -self.HALF, self.HALF

    @property
    def detail(self) -> float:
        return self.width / 8
