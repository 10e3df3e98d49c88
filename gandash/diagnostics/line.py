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
    Floor,
    Reading,
    jensen_shannon,
)
from gandash.game.distributions import LineDistribution

STRATIFIED_SAMPLES = 4096  # of p_g behind every reading, when its latents are spread evenly (see Latent.measuring)
INDEPENDENT_SAMPLES = 16384  # and when they are not: JSD's floor is then about cells / (8 samples) = 0.002 nats
GRID = 257  # points of the stage's x axis
_UNIFORM_BINS = _QUANTILE_BINS = 128
_FINE = 4  # fine histogram bins per grid interval, under the kernel


class Line(Estimators):
    """Estimators against one exact p_r, with tables made once.

    JSD: both laws on a common partition of the line, p_r's masses from its distribution function, p_g's from counts; half
    the cells have equal width and half equal p_r-mass, two more hold the tails, so narrow modes are resolved and no sample
    is dropped. On a partition JSD can only be smaller than the true one (data processing).

    W1: integral over u of |Q_g(u) - Q_r(u)|, by the sorted samples against p_r's exact quantiles at (i - 1/2)/n.
    """

    def __init__(self, data: LineDistribution, *, stratified: bool, samples: int | None = None) -> None:
        self.samples = samples or (STRATIFIED_SAMPLES if stratified else INDEPENDENT_SAMPLES)
        low, high = window(data)
        self.grid = np.linspace(low, high, GRID)
        self.places = torch.from_numpy(self.grid).float()[:, None]
        self.p_r = data.log_density(torch.from_numpy(self.grid)[:, None]).exp().numpy()
        central_low, central_high = data.quantile_range(CENTRAL_MASS)
        self.central = (self.grid >= central_low) & (self.grid <= central_high)

        table = _table(data, low, high)
        uniform = np.linspace(low, high, _UNIFORM_BINS + 1)
        equal_mass = np.interp(np.arange(1, _QUANTILE_BINS) / _QUANTILE_BINS, *table)
        edges = np.unique(np.concatenate([uniform, equal_mass]))
        self._edges = torch.from_numpy(edges)
        below = data.cdf(self._edges).numpy()
        self._masses = np.diff(np.concatenate([[0.0], below, [1.0]]))
        # p_r by points of equal mass: an expectation over them is a midpoint rule, with no sampling noise to speak of
        self.quantiles: Array = np.interp((np.arange(self.samples) + 0.5) / self.samples, *table)
        self.real_points = torch.from_numpy(self.quantiles).float()[:, None]
        self._modes = data.modes()

        # The kernel follows p_r's own fine scale, not p_g's spread: a rule of thumb on a mixture would smear its modes.
        self.bandwidth = 0.15 * getattr(data.settings, "std", (high - low) / 10)
        step = (self.grid[1] - self.grid[0]) / _FINE
        reach = max(1, math.ceil(4 * self.bandwidth / step))
        kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step / self.bandwidth) ** 2)
        self._kernel = kernel / kernel.sum()
        self._fine_edges = np.linspace(
            low - step * (reach + 0.5), high + step * (reach + 0.5), (GRID - 1) * _FINE + 2 * reach + 2
        )
        self._fine_step = step

        generator = Generator().manual_seed(FLOOR_SEED)
        readings = []
        for _ in range(FLOOR_REPEATS):
            if stratified:
                shift = float(torch.rand((), generator=generator, dtype=torch.float64))
                perfect = np.interp((np.arange(self.samples) + shift) / self.samples, *table)
            else:
                perfect = _sorted(data.sample(generator, self.samples))
            readings.append(self._divergences(perfect))
        self.floors = {
            "jsd": Floor.of([jsd for jsd, _ in readings]),
            "wasserstein": Floor.of([w1 for _, w1 in readings]),
        }

    def read(self, x: Tensor) -> Reading:
        self._check_count(x)
        ordered = _sorted(x)
        coverage = cover(x, self._modes) if self._modes else None
        if np.isnan(ordered[-1]):  # sorted last: a diverged G has no law to compare, and log 2 would look like a reading
            return Reading(math.nan, math.nan, np.full(GRID, math.nan), None)
        jsd, w1 = self._divergences(ordered)
        return Reading(jsd, w1, self.density(ordered), coverage)

    def density(self, ordered: Array) -> Array:
        """p_g on the grid from sorted samples: a fine histogram under a Gaussian kernel of `bandwidth`."""
        counts = np.diff(np.searchsorted(ordered, self._fine_edges)) / (len(ordered) * self._fine_step)
        return np.convolve(counts, self._kernel, mode="valid")[::_FINE]

    def _divergences(self, ordered: Array) -> tuple[float, float]:
        below = np.searchsorted(ordered, self._edges.numpy(), side="right")
        counts = np.diff(np.concatenate([[0], below, [len(ordered)]]))
        w1 = float(np.abs(ordered - self.quantiles).mean())
        return jensen_shannon(counts / len(ordered), self._masses), w1


def window(data: LineDistribution) -> tuple[float, float]:
    """The stretch of the line that the stage shows: p_r's central 99.9 % with a margin, and the origin, where G starts."""
    low, high = data.quantile_range(0.999)
    margin = max(0.25 * (high - low), 0.5)
    return math.floor(4 * min(low - margin, -1.0)) / 4, math.ceil(4 * max(high + margin, 1.0)) / 4


def _table(data: LineDistribution, low: float, high: float) -> tuple[Array, Array]:
    """(distribution function, place) pairs fine enough to interpolate quantiles from."""
    tail_low, tail_high = data.quantile_range(1 - 1e-9)
    places = np.unique(
        np.concatenate([np.linspace(min(low, tail_low), max(high, tail_high), 40001), np.linspace(tail_low, tail_high, 40001)])
    )
    cdf = data.cdf(torch.from_numpy(places)).numpy()
    keep = np.concatenate([[True], np.diff(cdf) > 0])  # np.interp wants strictly rising abscissae
    return cdf[keep], places[keep]


def _sorted(x: Tensor) -> Array:
    return np.sort(x.detach().reshape(-1).double().numpy())
