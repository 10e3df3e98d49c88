"""Divergences and densities on the line: p_g known by samples, p_r exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft
from scipy.special import ndtr
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
from gandash.game.distributions import Atoms, LineDistribution

STRATIFIED_SAMPLES = 4096  # of p_g behind every reading, when its latents are spread evenly (see Latent.measuring)
INDEPENDENT_SAMPLES = 16384  # and when they are not: JSD's floor is then about cells / (8 samples) = 0.002 nats
GRID = 257  # points of the stage's x axis
_BINS = 128  # of equal width, and as many of equal p_r-mass, where p_g's masses are counts
_FINE_BINS = 1024  # and where they are known between the samples too
_FINE = 4  # cells of the lattice per grid interval, under the kernel
_REACH = 5  # standard deviations to which a kernel goes
_BEYOND, _LONGEST, _CUT = 20, 64, 8  # latents on either side beyond the samples; pieces that are cut, and into how many
_TAIL, _CELLS_OF_POINTS = 8.0, 1024  # standard deviations of noise about a point, and the cells on them
_PIECES = 256  # into which a straight piece of G is cut at most


class Line(Estimators):
    """Estimators against one exact p_r, with tables made once.

    JSD: both laws on a common partition of the line, p_r's masses from its distribution function; half the cells have equal
    width and half equal p_r-mass, two more hold the tails, so narrow modes are resolved and no sample is dropped. Exact masses
    would make it a lower bound (data processing). Where samples are spread evenly over one latent, p_g's masses are those of
    the straight pieces between them, on 2048 cells, so that a spike of p_g is seen as narrow as it is: within 1 % of the truth
    in five games (256 cells of counts read up to 8 % less). Elsewhere they are counts on 256 cells, and counting adds to them,
    about cells / (8 samples) nats where the laws are equal and some of it where they are not.

    W1: integral over u of |Q_g(u) - Q_r(u)|, by the sorted samples against p_r's exact quantiles at (i - 1/2)/n.

    Where p_r has atoms (a point mass, an uploaded sample) W1 is exactly that between the two samples; atoms lie within the
    cells of the partition and not on their edges, so JSD sees p_g near an atom as well as on it; and p_r is shown under the
    kernel that p_g is shown under, so that equal laws look equal and D* is 1/2. Where both laws are single points, as in the
    Dirac-GAN, JSD is exact: log 2 however near they are, 0 where they are the same number.
    """

    def __init__(self, data: LineDistribution, *, stratified: bool, samples: int | None = None) -> None:
        self.samples = samples or (STRATIFIED_SAMPLES if stratified else INDEPENDENT_SAMPLES)
        low, high = window(data)
        self.grid = np.linspace(low, high, GRID)
        step = self.grid[1] - self.grid[0]
        self._atoms = data.atoms()
        central_low, central_high = data.quantile_range(CENTRAL_MASS)
        margin = 0.0
        if self._atoms is not None:  # a grid may miss an atom: one of them lies on it, and others belong to the nearest point
            apart = (data.quantiles(np.array([0.5]))[0] - low) / step
            self.grid, margin = self.grid + (apart - round(apart)) * step, step / 2
        self.points = torch.from_numpy(self.grid).float()[:, None]
        self.central = (self.grid >= central_low - margin) & (self.grid <= central_high + margin)

        self._has_pieces = stratified and self._atoms is None
        self._edges = _edges(data, low, high, _FINE_BINS if self._has_pieces else _BINS)
        below = data.cdf(torch.from_numpy(self._edges)).numpy()
        self._masses = np.diff(np.concatenate([[0.0], below, [1.0]]))
        # p_r by points of equal mass: an expectation over them is a midpoint rule, with no sampling noise to speak of
        self.quantiles: Array = data.quantiles((np.arange(self.samples) + 0.5) / self.samples)
        self.real_points = torch.from_numpy(self.quantiles).float()[:, None]
        self._place = float(self._atoms.points[0]) if self._atoms is not None and len(self._atoms.points) == 1 else None
        self._steps = None if self._atoms is None else _Steps(self._atoms, self.samples)
        self._modes = data.modes()

        # The kernel follows p_r's own fine scale, not p_g's spread: a rule of thumb on a mixture would smear its modes.
        self.bandwidth = max(0.15 * data.detail, 2 * margin)
        self.stratified, self._data = stratified, data
        self._step = step / _FINE
        self._lattices: dict[int, _Lattice] = {}
        self._smoothed: tuple[float, Array] | None = None
        self.p_r = (
            data.log_density(torch.from_numpy(self.grid)[:, None]).exp().numpy()
            if self._atoms is None
            else self._seen_p_r(self.bandwidth)
        )

        generator = Generator().manual_seed(FLOOR_SEED)
        self._perfect: list[tuple[Array, Corners | None]] = []
        for _ in range(FLOOR_REPEATS):
            if stratified:
                shift = float(torch.rand((), generator=generator, dtype=torch.float64))
                below = (np.arange(self.samples) + shift) / self.samples
                perfect = data.quantiles(below)
                self._perfect.append((perfect, refined(perfect, below, data.quantiles)))
            else:
                self._perfect.append((_flat(data.sample(generator, self.samples)), None))
        readings = [self._divergences(perfect) for perfect, _ in self._perfect]
        self.floors = {
            "jsd": NullReference.of([jsd for jsd, _ in readings]),
            "wasserstein": NullReference.of([w1 for _, w1 in readings]),
        }
        if self._modes:
            covered = [cover(torch.from_numpy(perfect)[:, None], self._modes) for perfect, _ in self._perfect]
            self.floors |= coverage_floors(covered)

    def read(self, x: Tensor) -> PointReading:
        self._check_count(x)
        samples = _flat(x)
        coverage = cover(x, self._modes) if self._modes else None
        if not np.isfinite(samples).all():  # a diverged G has no law to compare, and log 2 would look like a reading
            return PointReading(math.nan, math.nan, lambda: np.full(GRID, math.nan), None)
        jsd, w1 = self._divergences(samples)
        return PointReading(jsd, w1, lambda: self.density(samples), coverage)

    def density_of(self, x: Tensor) -> Array:
        """p_g on the grid, as `read` gives it."""
        samples = _flat(x)
        return self.density(samples) if np.isfinite(samples).all() else np.full(GRID, math.nan)

    def density(self, samples: Array) -> Array:
        """p_g on the grid, under a Gaussian kernel of `bandwidth`."""
        lattice = self._lattice(self.bandwidth)
        return self._on_grid(lattice, lattice.masses(*self._made(samples)), self.bandwidth)

    def see(self, x: Tensor, noise: float, corners: Corners | None = None) -> SeenLaws:
        """Of however many samples."""
        return self._see(_flat(x), noise, corners)

    def perfect(self, noise: float) -> Iterator[SeenLaws]:
        return (self._see(samples, noise, corners) for samples, corners in self._perfect)

    def _see(self, samples: Array, noise: float, corners: Corners | None) -> SeenLaws:
        """Noise is a kernel itself, and makes that of the densities needless where it is the wider of the two."""
        if not (np.isfinite(samples).all() and (corners is None or np.isfinite(corners.points).all())):
            nothing = np.full(GRID, math.nan)
            return SeenLaws(nothing, nothing, None)
        width = max(noise, self.bandwidth)
        lattice, (points, weights) = self._lattice(width), self._made(samples, corners)
        p_r, p_g = lattice.p_r, lattice.masses(points, weights)

        def cells() -> tuple[Array, Array]:
            if points := self._of_points(samples, noise):
                return points
            if noise < 2 * self._step:  # finer than the cells of JSD: they hold the same masses with it as without
                return self._masses, self._shares(samples)
            return lattice.smooth(p_r, noise), lattice.smooth(p_g, noise)

        return SeenLaws(self._seen_p_r(width), self._on_grid(lattice, p_g, width), cells)

    def _seen_p_r(self, width: float) -> Array:
        """p_r on the grid under a kernel of this width, which stays the same but for noise that fades."""
        if self._smoothed is None or self._smoothed[0] != width:
            lattice = self._lattice(width)
            self._smoothed = width, self._on_grid(lattice, lattice.p_r, width)
        return self._smoothed[1]

    def _made(self, samples: Array, corners: Corners | None = None) -> tuple[Array, Array]:
        """Points and their weights, of sum 1, that stand for p_g.

        Samples spread evenly over one latent, in its order, are corners of G, and p_g between two of them is uniform to second
        order: where G leaps from mode to mode there are few samples, and yet it is known. What is beyond the first and the last
        lies on them.
        """
        n = len(samples)
        if not self.stratified:
            return samples, np.full(n, 1 / n)
        of = corners or Corners(samples, (np.arange(n) + 0.5) / n)
        apart, masses = np.diff(of.points), np.diff(of.below)
        pieces = np.clip(np.ceil(np.abs(apart) / self._step), 1, _PIECES).astype(np.intp)
        which = np.repeat(np.arange(len(apart)), pieces)
        along = (np.arange(len(which)) - np.repeat(np.cumsum(pieces) - pieces, pieces) + 0.5) / pieces[which]
        points = np.concatenate([of.points[:1], of.points[which] + along * apart[which], of.points[-1:]])
        return points, np.concatenate([of.below[:1], masses[which] / pieces[which], 1 - of.below[-1:]])

    def _lattice(self, width: float) -> _Lattice:
        """Cells on the window and around it, as far as a kernel of this width can carry mass into it."""
        inner = (GRID - 1) * _FINE
        margin = inner // 2
        while margin * self._step < _REACH * width:
            margin *= 2
        if margin not in self._lattices:
            self._lattices[margin] = _Lattice(self._data, float(self.grid[0]), self._step, inner, margin)
        return self._lattices[margin]

    def _on_grid(self, lattice: _Lattice, masses: Array, width: float) -> Array:
        """Masses of the lattice as a density on the grid, under a kernel of this width."""
        smooth = lattice.smooth(masses, width)
        beyond = (len(smooth) - (GRID - 1) * _FINE - 1) // 2
        return np.asarray(smooth[beyond : len(smooth) - beyond : _FINE] / self._step)

    def _shares(self, samples: Array) -> Array:
        """The masses of JSD's cells."""
        if self._has_pieces:
            below = below_pieces(samples, self._edges)
        else:
            below = np.searchsorted(np.sort(samples), self._edges, side="right") / len(samples)
        return np.diff(np.concatenate([[0.0], below, [1.0]])).clip(min=0)  # rounding may leave -1e-17

    def _divergences(self, samples: Array) -> tuple[float, float]:
        ordered = np.sort(samples, kind="stable" if self.stratified else None)  # then in order but for a few leaps
        w1 = float(np.abs(ordered - self.quantiles).mean()) if self._steps is None else self._steps.distance(ordered)
        masses = self._of_points(samples, 0.0) or (self._shares(samples), self._masses)
        return jensen_shannon(*masses), w1

    def _of_points(self, samples: Array, noise: float) -> tuple[Array, Array] | None:
        """Where p_r is one point and p_g, too: their masses in this noise, on cells that hide nothing; else None."""
        if self._place is None or (samples != samples[0]).any():
            return None
        return _masses_of_points(self._place, samples[0], noise)


def _masses_of_points(real: float, generated: float, noise: float) -> tuple[Array, Array]:
    """Masses on common cells of two points, each convolved with N(0, noise^2)."""
    apart = generated - real
    if apart == 0:
        return np.ones(1), np.ones(1)
    if abs(apart) > 2 * _TAIL * noise:
        return np.array([1.0, 0.0]), np.array([0.0, 1.0])
    edges = np.linspace(min(apart, 0) - _TAIL * noise, max(apart, 0) + _TAIL * noise, _CELLS_OF_POINTS + 1)
    p_r, p_g = (np.diff(ndtr((edges - place) / noise)) for place in (0.0, apart))
    return p_r, p_g


class _Lattice:
    """Cells of equal width around points `step` apart, from `margin` points below `low` to as many above; the outermost two are
    unbounded. `p_r` are the law's own masses."""

    def __init__(self, data: LineDistribution, low: float, step: float, inner: int, margin: int) -> None:
        self._step = step
        self._edges = low + step * (np.arange(-margin, inner + margin) + 0.5)
        below = data.cdf(torch.from_numpy(self._edges)).numpy()
        self.p_r: Array = np.diff(np.concatenate([[0.0], below, [1.0]]))

    def masses(self, points: Array, weights: Array) -> Array:
        """Those of weighted points."""
        return np.bincount(np.searchsorted(self._edges, points, side="left"), weights, len(self.p_r)).astype(np.float64)

    def smooth(self, masses: Array, width: float) -> Array:
        """Masses convolved with N(0, width^2), on as many more points on either side as it reaches."""
        kernel, cells, padded = _kernel(width, self._step, len(masses))
        return np.maximum(irfft(rfft(masses, padded) * kernel, padded)[:cells], 0.0)  # rounding leaves -1e-18


@lru_cache(maxsize=64)
def _kernel(width: float, step: float, n: int) -> tuple[NDArray[np.complex128], int, int]:
    """For a convolution of n cells with N(0, width^2): the kernel's Fourier transform, how many cells result, and to how many
    both are padded."""
    of_cells = step**2 / 12  # the variance that a cell's own width brings
    reach = max(1, math.ceil(_REACH * width / step))
    narrowed = max(width**2 - of_cells, of_cells / 4)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * step) ** 2 / narrowed)
    cells = n + 2 * reach
    padded: int = next_fast_len(cells, real=True)
    return rfft(kernel / kernel.sum(), padded), cells, padded


def window(data: LineDistribution) -> tuple[float, float]:
    """The stretch of the line that the stage shows: p_r's extent with a margin, and the origin, where G starts."""
    low, high = data.extent()
    margin = max(0.25 * (high - low), 0.5)
    return math.floor(4 * min(low - margin, -1.0)) / 4, math.ceil(4 * max(high + margin, 1.0)) / 4


def below_pieces(samples: Array, edges: Array) -> Array:
    """The mass below each edge of a law that is uniform between each of n samples and the next in their own order, `(edges,)`.

    Each of the n - 1 pieces has the mass 1/n, and both ends half of that. A piece shorter than a ten-millionth of the window is
    a point.
    """
    n = len(samples)
    low, high = np.minimum(samples[:-1], samples[1:]), np.maximum(samples[:-1], samples[1:])
    is_long = high - low > 1e-7 * (edges[-1] - edges[0])
    points, low, high = np.sort((low + high)[~is_long] / 2), low[is_long], high[is_long]
    density = 1 / (n * (high - low))
    edges_of_pieces, steps = np.concatenate([low, high]), np.concatenate([density, -density])
    order = np.argsort(edges_of_pieces, kind="stable")  # runs that are in order already, nearly always
    edges_of_pieces, densities = edges_of_pieces[order], np.cumsum(steps[order])
    mass = np.concatenate([[0.0], np.cumsum(densities[:-1] * np.diff(edges_of_pieces))])
    of_pieces = np.interp(edges, edges_of_pieces, mass) if len(edges_of_pieces) else np.zeros(len(edges))
    ends = np.searchsorted(np.sort(samples[[0, -1]]), edges, side="right") / 2
    return np.asarray(of_pieces + (np.searchsorted(points, edges, side="right") + ends) / n)


def refined(x: Array, below: Array, made: Callable[[Array], Array]) -> Corners:
    """x `(n,)`, made of stratified latents, and what is made of more where few of them lie: beyond the first and the last, each
    time with less of p_z beyond by the root of 2, and within the longest pieces. There D* is a quotient of little mass."""
    shrinking = 0.5 ** (np.arange(1, _BEYOND + 1) / 2)
    ends = np.concatenate([below[0] * shrinking, 1 - (1 - below[-1]) * shrinking])
    longest = np.argpartition(-np.abs(np.diff(x)), _LONGEST)[:_LONGEST]
    within = below[longest, None] + np.diff(below)[longest, None] * (np.arange(1, _CUT) / _CUT)
    more = np.concatenate([ends, within.reshape(-1)])
    below, x = np.concatenate([below, more]), np.concatenate([x, made(more)])
    order = np.argsort(below, kind="stable")
    return Corners(x[order], below[order])


def _edges(data: LineDistribution, low: float, high: float, bins: int) -> Array:
    """Where JSD's cells meet: at equal distances and at equal shares of p_r's mass."""
    distances = np.linspace(low, high, bins + 1)
    shares = data.quantiles(np.arange(1, bins) / bins)
    atoms = data.atoms()
    if atoms is not None:  # no edge on an atom: the median goes to the middle of a cell, the others move to the next gap
        width = distances[1] - distances[0]
        distances = distances + (data.quantiles(np.array([0.5]))[0] - low) % width - width / 2
        after = np.searchsorted(atoms.points, shares, side="right")
        shares, after = shares[after < len(atoms.points)], after[after < len(atoms.points)]
        shares = (shares + atoms.points[after]) / 2
    return np.unique(np.concatenate([distances, shares]))


class _Steps:
    """The exact W1 between n sorted samples and atoms.

    The i-th sample has the quantiles from a = i/n to b = (i + 1)/n. With I(u) the integral of Q_r from 0 to u, and Q_r <= x up
    to c = F_r(x) moved into [a, b]: int_a^b |x - Q_r| = x (c - a) - (I(c) - I(a)) + (I(b) - I(c)) - x (b - c).
    """

    def __init__(self, atoms: Atoms, n: int) -> None:
        self._points = atoms.points
        self._below = np.concatenate([[0.0], np.cumsum(atoms.weights)])
        self._below[-1] = 1.0
        self._integral = np.concatenate([[0.0], np.cumsum(atoms.weights * atoms.points)])
        u = np.arange(n + 1) / n
        self._low, self._high = u[:-1], u[1:]
        ends = np.interp(u, self._below, self._integral)
        self._ends = ends[:-1] + ends[1:]

    def distance(self, x: Array) -> float:
        middle = np.clip(self._below[np.searchsorted(self._points, x, side="right")], self._low, self._high)
        until = np.interp(middle, self._below, self._integral)
        return float((x * (2 * middle - self._low - self._high) + self._ends - 2 * until).sum())


def _flat(x: Tensor) -> Array:
    found: Array = x.detach().reshape(-1).double().numpy()
    return found
