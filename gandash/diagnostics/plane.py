"""Divergences and densities on the plane: p_g known by samples, p_r by its exact masses of cells."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Generator, Tensor

from gandash.diagnostics.coverage import cover
from gandash.diagnostics.estimators import (
    CENTRAL_MASS,
    FLOOR_REPEATS,
    FLOOR_SEED,
    Array,
    Corners,
    Estimators,
    NullReference,
    PointReading,
    SeenLaws,
    coverage_floors,
    jensen_shannon,
)
from gandash.diagnostics.plane_divergence import NEIGHBOURS, QUERIES, PlaneDivergence
from gandash.game.distributions import PlaneDistribution
from gandash.game.distributions.plane import Samples2D

SAMPLES = 4096  # of p_g behind every reading
FIELD = 56  # cells per side of the field that the stage paints
DIRECTIONS = 16
_REAL_SAMPLES = 65536  # of p_r behind the sliced distance: 16 times p_g's, so that p_g's noise is what is seen
_CELLS = (16, 128)  # fewest and most cells per side for JSD
_CELL = 1.25  # and how wide one may be, in units of the law's own detail
_DEAR_REPEATS = 12  # of a reading that takes 15 ms, for its floor
_REACH = 5  # standard deviations to which noise is followed
_SEEN_CELLS = 1.5  # the finest noise in which JSD is read off the field, in its cells
_SMOOTHING = 1.0  # standard deviation of the kernel under p_r and p_g, in cells of the field


class Plane(Estimators):
    """Estimators against one p_r on the plane, with tables made once.

    JSD: by nearest neighbours against p_r's density (`plane_divergence`), on samples that `read` is not given. An upload has no
    density, only rows; there `read` compares both laws on a common partition: square cells over the window, no wider than 1.25
    of p_r's own detail unless that would take more than 128 a side, and the unbounded cells around it, so that no sample is
    dropped. p_r's masses are its own, p_g's are counts. That is a lower bound (data processing), plus what the noise of
    counting adds: about cells/(8 samples) nats where the laws are equal, and the floor says how much.

    Sliced W1 (Rabin et al. 2011; Bonneel et al. 2015): the mean over 16 directions, evenly spread over the half circle, of W1
    between the projections. A shift by s reads (2/pi) |s|; it is a distance of its own, not an estimate of W1.

    D*: p_r / (p_r + p_g) with *both* densities read on the field's cells under the same small kernel, so that equal laws
    give 1/2 wherever there is mass; at a detail finer than a cell it is the best response to what the cell holds.
    """

    samples = SAMPLES

    def __init__(self, data: PlaneDistribution) -> None:
        self.window = window(data)
        self._data, self._modes = data, data.modes()

        self.jsd_is_bound = isinstance(data, Samples2D)
        self.divergence = None if self.jsd_is_bound else PlaneDivergence(data, self.window)
        cells = int(np.clip(math.ceil((self.window[1] - self.window[0]) / (_CELL * data.detail)), *_CELLS))
        self._partition = _Cells(self.window, cells)
        self._masses = data.cell_masses(*self._partition.edges(unbounded=True)).numpy().reshape(-1)

        self._field = _Cells(self.window, FIELD)
        offsets = np.arange(FIELD)[:, None] - np.arange(FIELD)
        kernel = np.exp(-0.5 * (offsets / _SMOOTHING) ** 2)
        self._kernel = kernel / kernel[FIELD // 2].sum()
        masses = data.cell_masses(*self._field.edges(unbounded=False)).numpy()
        self.p_r = self._density(masses)
        self.central = _heaviest(masses.reshape(-1), CENTRAL_MASS)
        x, y = ((e[1:] + e[:-1]) / 2 for e in self._field.edges(unbounded=False))
        self.points = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1).reshape(-1, 2).float()

        generator = Generator().manual_seed(FLOOR_SEED)
        angles = torch.arange(DIRECTIONS) * (math.pi / DIRECTIONS)
        self._directions = torch.stack([angles.cos(), angles.sin()])
        real = data.sample(generator, _REAL_SAMPLES)
        self.real_points = real[: self.samples]
        projected = self._projections(real)
        self._quantiles = projected.reshape(DIRECTIONS, self.samples, -1).mean(-1)

        self._perfect = [data.sample(generator, self.samples).numpy() for _ in range(_DEAR_REPEATS)]
        perfect = [self.read(data.sample(generator, self.samples)) for _ in range(FLOOR_REPEATS)]
        self.floors = {
            "jsd": NullReference.of(self._perfect_jsd(data, generator) or [r.jsd for r in perfect if r.jsd is not None]),
            "wasserstein": NullReference.of([r.wasserstein for r in perfect]),
        }
        covered = [r.coverage for r in perfect if r.coverage]
        if covered:
            self.floors |= coverage_floors(covered)

    def read(self, x: Tensor) -> PointReading:
        self._check_count(x)
        if not bool(torch.isfinite(x).all()):  # a diverged G has no law to compare, and log 2 would look like a reading
            return PointReading(None if self.divergence else math.nan, math.nan, lambda: np.full(FIELD**2, math.nan), None)
        points = x.numpy()
        return PointReading(
            jsd=None if self.divergence else self._jsd_on_cells(points),
            wasserstein=float(np.abs(self._projections(x) - self._quantiles).mean()),
            density=lambda: self._density(self._field.counts(points, unbounded=False).reshape(FIELD, FIELD) / self.samples),
            coverage=cover(x, self._modes) if self._modes else None,
        )

    def see(self, x: Tensor, noise: float, corners: Corners | None = None) -> SeenLaws:
        """In noise wider than the kernel of the field, it is the kernel; finer noise makes no difference to what D* shows."""
        self._check_count(x)
        if not bool(torch.isfinite(x).all()):
            return super().see(x, math.inf, corners)
        return self._see(x.numpy(), noise)

    def perfect(self, noise: float) -> Iterator[SeenLaws]:
        return (self._see(x, noise) for x in self._perfect)

    def _see(self, points: NDArray[np.float32], noise: float) -> SeenLaws:
        """On cells like the field's, as far around it as noise carries mass; what lies beyond, or goes there, is one more."""
        cells = noise / (self.window[1] - self.window[0]) * FIELD
        width = math.sqrt(max(cells**2 - 1 / 12, _SMOOTHING**2))  # a cell's own width is 1/12 of variance
        reach = math.ceil(_REACH * width)
        around, masses = _around(self._data, self.window, reach)

        def smooth(masses: Array) -> tuple[Array, Array]:
            square = masses.reshape(FIELD + 2 * reach, -1)
            whole = gaussian_filter(square, width, mode="constant", truncate=_REACH)
            inside = whole[reach : reach + FIELD, reach : reach + FIELD]
            return np.append(whole, max(0.0, 1 - whole.sum())), inside.reshape(-1) / self._field.area

        (r, p_r), (g, p_g) = smooth(masses), smooth(around.counts(points, unbounded=False) / self.samples)
        return SeenLaws(p_r, p_g, (lambda: (r, g)) if cells >= _SEEN_CELLS else None)

    def _jsd_on_cells(self, points: NDArray[np.float32]) -> float:
        return jensen_shannon(self._partition.counts(points, unbounded=True) / self.samples, self._masses)

    def _perfect_jsd(self, data: PlaneDistribution, generator: Generator) -> list[float]:
        """What `divergence` reads on samples of p_r itself."""
        if self.divergence is None:
            return []
        drawn = (torch.split(data.sample(generator, NEIGHBOURS + QUERIES), [NEIGHBOURS, QUERIES]) for _ in range(_DEAR_REPEATS))
        return [self.divergence.read(*parts).within_range.jsd for parts in drawn]

    def _density(self, masses: Array) -> Array:
        """Masses of the field's cells as a smoothed density at their centres, `(FIELD**2,)`, per unit of area."""
        smooth: Array = self._kernel @ masses @ self._kernel.T / self._field.area
        return smooth.reshape(-1)

    def _projections(self, x: Tensor) -> NDArray[np.float32]:
        """Sorted projections on every direction, `(DIRECTIONS, n)`."""
        projected: NDArray[np.float32] = np.sort((x @ self._directions).T.contiguous().numpy(), axis=1)
        return projected


class _Cells:
    """n x n square cells over a window, and with `unbounded` the ones around it; row 0 is the lowest, columns go right."""

    def __init__(self, window: tuple[float, float, float, float], n: int) -> None:
        self._corner = np.array([window[0], window[2]], dtype=np.float32)
        self._n = n
        self._width = (window[1] - window[0]) / n
        self.area = self._width**2

    def edges(self, *, unbounded: bool) -> tuple[Tensor, Tensor]:
        """(x edges, y edges), float64."""
        inner = self._width * torch.arange(self._n + 1, dtype=torch.float64)
        infinite = torch.tensor([math.inf], dtype=torch.float64)

        def along(start: float) -> Tensor:
            return torch.cat([-infinite, start + inner, infinite]) if unbounded else start + inner

        return along(float(self._corner[0])), along(float(self._corner[1]))

    def counts(self, points: NDArray[np.float32], *, unbounded: bool) -> Array:
        """How many points lie in each cell, flat, row by row."""
        n = self._n
        cell = np.clip((points - self._corner) / self._width, -1, n)  # before it is an integer: a far point must not wrap
        column, row = np.floor(cell).astype(np.intp).T
        if unbounded:
            return np.bincount((row + 1) * (n + 2) + column + 1, minlength=(n + 2) ** 2).astype(np.float64)
        inside = (column >= 0) & (column < n) & (row >= 0) & (row < n)
        return np.bincount(row[inside] * n + column[inside], minlength=n * n).astype(np.float64)


@lru_cache(maxsize=16)
def _around(data: PlaneDistribution, window: tuple[float, float, float, float], more: int) -> tuple[_Cells, Array]:
    """The field's cells and `more` of them on each side, and p_r's masses in them."""
    apart = more * (window[1] - window[0]) / FIELD
    low_x, high_x, low_y, high_y = window
    cells = _Cells((low_x - apart, high_x + apart, low_y - apart, high_y + apart), FIELD + 2 * more)
    return cells, data.cell_masses(*cells.edges(unbounded=False)).numpy().reshape(-1)


def window(data: PlaneDistribution) -> tuple[float, float, float, float]:
    """The square that the stage shows: p_r's extent with a margin, and the origin, where G starts."""
    low_x, high_x, low_y, high_y = data.extent()
    low_x, high_x, low_y, high_y = min(low_x, -0.5), max(high_x, 0.5), min(low_y, -0.5), max(high_y, 0.5)
    half = math.ceil(10 * 0.5 * 1.15 * max(high_x - low_x, high_y - low_y)) / 10
    x, y = (low_x + high_x) / 2, (low_y + high_y) / 2
    return x - half, x + half, y - half, y + half


def _heaviest(masses: Array, mass: float) -> NDArray[np.bool_]:
    """The fewest cells that hold `mass`: p_r's highest-density region on the field."""
    order = np.argsort(-masses)
    enough = int(np.searchsorted(np.cumsum(masses[order]), mass * masses.sum())) + 1
    chosen = np.zeros(len(masses), dtype=bool)
    chosen[order[:enough]] = True
    return chosen
