"""Divergences and densities on the line: p_g known by samples, p_r exactly."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Generator, Tensor

from gandash.diagnostics.coverage import cover
from gandash.diagnostics.estimators import (
    CENTRAL_MASS,
    FLOOR_REPEATS,
    FLOOR_SEED,
    Array,
    Estimators,
    NullReference,
    PointReading,
    jensen_shannon,
)
from gandash.game.distributions import Atoms, LineDistribution

STRATIFIED_SAMPLES = 4096  # of p_g behind every reading, when its latents are spread evenly (see Latent.measuring)
INDEPENDENT_SAMPLES = 16384  # and when they are not: JSD's floor is then about cells / (8 samples) = 0.002 nats
GRID = 257  # points of the stage's x axis
_UNIFORM_BINS = _QUANTILE_BINS = 128
_FINE = 4  # fine histogram bins per grid interval, under the kernel


class Line(Estimators):
    """Estimators against one exact p_r, with tables made once.

    JSD: both laws on a common partition of the line, p_r's masses from its distribution function, p_g's from counts; half
    the cells have equal width and half equal p_r-mass, two more hold the tails, so narrow modes are resolved and no sample
    is dropped. The partition itself can only make it smaller (data processing); counting finitely many samples adds, also
    where the laws differ: N(2, 1) against N(0, 1) reads .33878 on average for .33683.

    W1: integral over u of |Q_g(u) - Q_r(u)|, by the sorted samples against p_r's exact quantiles at (i - 1/2)/n.

    Where p_r has atoms (a point mass, an uploaded sample) W1 is exactly that between the two samples; atoms lie within the
    cells of the partition and not on their edges, so JSD sees p_g near an atom as well as on it; and p_r is shown under the
    kernel that p_g is shown under, so that equal laws look equal and D* is 1/2.
    """

    def __init__(self, data: LineDistribution, *, stratified: bool, samples: int | None = None) -> None:
        self.samples = samples or (STRATIFIED_SAMPLES if stratified else INDEPENDENT_SAMPLES)
        low, high = window(data)
        self.grid = np.linspace(low, high, GRID)
        self.places = torch.from_numpy(self.grid).float()[:, None]
        self._atoms = data.atoms()
        central_low, central_high = data.quantile_range(CENTRAL_MASS)
        margin = 0.0 if self._atoms is None else self.grid[1] - self.grid[0]  # a grid may miss an atom
        self.central = (self.grid >= central_low - margin) & (self.grid <= central_high + margin)

        self._edges = torch.from_numpy(_edges(data, low, high))
        below = data.cdf(self._edges).numpy()
        self._masses = np.diff(np.concatenate([[0.0], below, [1.0]]))
        # p_r by points of equal mass: an expectation over them is a midpoint rule, with no sampling noise to speak of
        self.quantiles: Array = data.quantiles((np.arange(self.samples) + 0.5) / self.samples)
        self.real_points = torch.from_numpy(self.quantiles).float()[:, None]
        self._steps = None if self._atoms is None else _Steps(self._atoms, self.samples)
        self._modes = data.modes()

        # The kernel follows p_r's own fine scale, not p_g's spread: a rule of thumb on a mixture would smear its modes.
        self.bandwidth = max(0.15 * data.detail, margin)
        step = (self.grid[1] - self.grid[0]) / _FINE
        reach = max(1, math.ceil(4 * self.bandwidth / step))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / self.bandwidth) ** 2)
        self._kernel = kernel / kernel.sum()
        self._fine_edges = np.linspace(
            low - step * (reach + 0.5), high + step * (reach + 0.5), (GRID - 1) * _FINE + 2 * reach + 2
        )
        self._fine_step = step
        self.p_r = (
            data.log_density(torch.from_numpy(self.grid)[:, None]).exp().numpy()
            if self._atoms is None
            else self._smooth(np.histogram(self._atoms.places, self._fine_edges, weights=self._atoms.weights)[0])
        )

        generator = Generator().manual_seed(FLOOR_SEED)
        readings = []
        for _ in range(FLOOR_REPEATS):
            if stratified:
                shift = float(torch.rand((), generator=generator, dtype=torch.float64))
                perfect = data.quantiles((np.arange(self.samples) + shift) / self.samples)
            else:
                perfect = _sorted(data.sample(generator, self.samples))
            readings.append(self._divergences(perfect))
        self.floors = {
            "jsd": NullReference.of([jsd for jsd, _ in readings]),
            "wasserstein": NullReference.of([w1 for _, w1 in readings]),
        }

    def read(self, x: Tensor) -> PointReading:
        self._check_count(x)
        ordered = _sorted(x)
        coverage = cover(x, self._modes) if self._modes else None
        if np.isnan(ordered[-1]):  # sorted last: a diverged G has no law to compare, and log 2 would look like a reading
            return PointReading(math.nan, math.nan, np.full(GRID, math.nan), None)
        jsd, w1 = self._divergences(ordered)
        return PointReading(jsd, w1, self.density(ordered), coverage)

    def density(self, ordered: Array) -> Array:
        """p_g on the grid from sorted samples: a fine histogram under a Gaussian kernel of `bandwidth`."""
        return self._smooth(np.diff(np.searchsorted(ordered, self._fine_edges)) / len(ordered))

    def _smooth(self, masses: Array) -> Array:
        """Masses of the fine bins as a density on the grid, under the kernel."""
        return np.convolve(masses / self._fine_step, self._kernel, mode="valid")[::_FINE]

    def _divergences(self, ordered: Array) -> tuple[float, float]:
        below = np.searchsorted(ordered, self._edges.numpy(), side="right")
        counts = np.diff(np.concatenate([[0], below, [len(ordered)]]))
        w1 = float(np.abs(ordered - self.quantiles).mean()) if self._steps is None else self._steps.distance(ordered)
        return jensen_shannon(counts / len(ordered), self._masses), w1


def window(data: LineDistribution) -> tuple[float, float]:
    """The stretch of the line that the stage shows: p_r's extent with a margin, and the origin, where G starts."""
    low, high = data.extent()
    margin = max(0.25 * (high - low), 0.5)
    return math.floor(4 * min(low - margin, -1.0)) / 4, math.ceil(4 * max(high + margin, 1.0)) / 4


def _edges(data: LineDistribution, low: float, high: float) -> Array:
    """Where JSD's cells meet: at equal distances and at equal shares of p_r's mass."""
    distances = np.linspace(low, high, _UNIFORM_BINS + 1)
    shares = data.quantiles(np.arange(1, _QUANTILE_BINS) / _QUANTILE_BINS)
    atoms = data.atoms()
    if atoms is not None:  # no edge on an atom: the median goes to the middle of a cell, the others move to the next gap
        width = distances[1] - distances[0]
        distances = distances + (data.quantiles(np.array([0.5]))[0] - low) % width - width / 2
        after = np.searchsorted(atoms.places, shares, side="right")
        shares, after = shares[after < len(atoms.places)], after[after < len(atoms.places)]
        shares = (shares + atoms.places[after]) / 2
    return np.unique(np.concatenate([distances, shares]))


class _Steps:
    """The exact W1 between n sorted samples and atoms.

    The i-th sample has the quantiles from a = i/n to b = (i + 1)/n. With I(u) the integral of Q_r from 0 to u, and Q_r <= x up
    to c = F_r(x) moved into [a, b]: int_a^b |x - Q_r| = x (c - a) - (I(c) - I(a)) + (I(b) - I(c)) - x (b - c).
    """

    def __init__(self, atoms: Atoms, n: int) -> None:
        self._places = atoms.places
        self._below = np.concatenate([[0.0], np.cumsum(atoms.weights)])
        self._below[-1] = 1.0
        self._integral = np.concatenate([[0.0], np.cumsum(atoms.weights * atoms.places)])
        u = np.arange(n + 1) / n
        self._low, self._high = u[:-1], u[1:]
        ends = np.interp(u, self._below, self._integral)
        self._ends = ends[:-1] + ends[1:]

    def distance(self, x: Array) -> float:
        middle = np.clip(self._below[np.searchsorted(self._places, x, side="right")], self._low, self._high)
        until = np.interp(middle, self._below, self._integral)
        return float((x * (2 * middle - self._low - self._high) + self._ends - 2 * until).sum())


def _sorted(x: Tensor) -> Array:
    return np.sort(x.detach().reshape(-1).double().numpy())
