"""Two-sample statistics: real samples x against generated ones y, in any dimension, neither density known.

Two samples of one law do not read 0 either. What they read follows from p_r and the sample size, and `floors` finds it out.
All take tensors `(n, dimension)`, compute in float64 and read NaN where a sample is not finite: a diverged G has no law.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist
from torch import Generator, Tensor

from gandash.diagnostics.coverage import cover, perfect_shares
from gandash.diagnostics.estimators import FLOOR_REPEATS, FLOOR_SEED, Array, NullReference
from gandash.game.distributions import Modes

EXACT = 1000  # points for which an assignment is solved: its time grows with their cube
DIRECTIONS = 64
NEIGHBOURS = 5
_DIRECTION_SEED = 20110613
_BLOCK = 512  # rows of a distance matrix held at once

Statistic = Callable[[Tensor, Tensor], float]


@dataclass(frozen=True)
class Distance:
    """A distance in units of x, with the name of what was computed: 'W_1', 'W_2', 'sliced W_1' or 'sliced W_2'."""

    name: str
    value: float


def wasserstein(x: Tensor, y: Tensor, order: int = 1) -> Distance:
    """W_p(x, y) = (min over pairings of the mean of |x_i - y_pairing(i)|^p)^(1/p), p = `order`, in units of x.

    On the line the sorted samples are the best pairing. In more dimensions it is an exact assignment for at most EXACT points;
    beyond, the sliced distance (Rabin et al. 2011; Bonneel et al. 2015): the p-mean over fixed directions of W_p between the
    projections, a distance of its own and never larger than W_p. Raises ValueError for unequal counts or dimensions.
    """
    if x.shape != y.shape or x.dim() != 2 or not len(x):
        raise ValueError(
            f"samples of shapes {tuple(x.shape)} and {tuple(y.shape)}; W pairs two samples of one shape (n, dimension)"
        )
    n, dimension = x.shape
    sliced = dimension > 1 and n > EXACT
    name = f"sliced W_{order}" if sliced else f"W_{order}"
    if not _finite(x, y):
        return Distance(name, math.nan)
    a, b = _array(x), _array(y)
    if dimension > 1 and not sliced:
        cost = cdist(a, b) ** order
        return Distance(name, float(cost[linear_sum_assignment(cost)].mean() ** (1 / order)))
    if sliced:
        directions = _directions(dimension)
        a, b = a @ directions, b @ directions
    apart = np.abs(np.sort(a, axis=0) - np.sort(b, axis=0)) ** order
    return Distance(name, float(apart.mean() ** (1 / order)))


def _directions(dimension: int) -> Array:
    """Unit vectors `(dimension, DIRECTIONS)`, always the same: even on the half circle, drawn at random beyond the plane."""
    if dimension == 2:
        angles = np.arange(DIRECTIONS) * (math.pi / DIRECTIONS)
        return np.stack([np.cos(angles), np.sin(angles)])
    drawn = np.random.default_rng(_DIRECTION_SEED).standard_normal((dimension, DIRECTIONS))
    scaled: Array = drawn / np.linalg.norm(drawn, axis=0)
    return scaled


def mmd_squared(x: Tensor, y: Tensor) -> float:
    """MMD^2 with the cubic kernel k(x, y) = (x.y / dimension + 1)^3, unbiased: it may be negative.

    mean of k(x_i, x_j) over i != j, plus the same of y, minus twice the mean of k(x_i, y_j). It compares moments up to the
    third and no more: laws that share these read zero. It depends on where the origin lies and, as x^6, on the unit of x.
    Source: Binkowski et al. 2018, arXiv:1801.01401. Raises ValueError for fewer than two points on a side.
    """
    if min(len(x), len(y)) < 2:
        raise ValueError(f"{len(x)} and {len(y)} samples given; MMD needs two of each law")
    if not _finite(x, y):
        return math.nan
    a, b = _array(x), _array(y)
    crossed = _kernel_sum(a, b) / len(a) / len(b)
    return _mean_of_pairs(a) + _mean_of_pairs(b) - 2 * crossed


def _mean_of_pairs(a: Array) -> float:
    """The mean of k(a_i, a_j) over i != j."""
    diagonal = float((((a * a).mean(1) + 1) ** 3).sum())
    return (_kernel_sum(a, a) - diagonal) / len(a) / (len(a) - 1)


def _kernel_sum(a: Array, b: Array) -> float:
    """The sum of (a_i.b_j / dimension + 1)^3 over all pairs."""
    return math.fsum(_sum_of_cubes(rows @ b.T / a.shape[1] + 1) for rows in _blocks(a))


def _sum_of_cubes(values: Array) -> float:
    return float(np.vdot(values * values, values))  # a power would cost ten times as much


@dataclass(frozen=True)
class Manifold:
    """How two samples lie in each other's k-nearest-neighbour balls; each is a mean over samples.

    precision: generated samples within some real ball. recall: real samples within some generated ball (Kynkaanniemi et
    al. 2019, arXiv:1904.06991). density: real balls around a generated sample, divided by k, may exceed 1. coverage: real
    balls with a generated sample in them (Naeem et al. 2020, arXiv:2002.09797). Larger is better in all four.
    """

    precision: float
    recall: float
    density: float
    coverage: float


def manifold(real: Tensor, fake: Tensor, k: int = NEIGHBOURS) -> Manifold:
    """Precision, recall, density and coverage. A ball reaches to its centre's k-th neighbour in its own sample, inclusive.

    (The authors' code leaves the boundary out, their equations do not; it matters for ties alone.) Raises ValueError unless
    each side has more than k samples.
    """
    if min(len(real), len(fake)) <= k or k < 1:
        raise ValueError(f"{len(real)} and {len(fake)} samples given; {k} neighbours need at least {k + 1} samples of each law")
    if not _finite(real, fake):
        return Manifold(math.nan, math.nan, math.nan, math.nan)
    a, b = _array(real), _array(fake)
    real_radii, fake_radii = _radii(a, k), _radii(b, k)
    balls = np.zeros(len(b))  # real ones around each generated sample
    covered, recalled, at = 0, 0, 0
    for rows in _blocks(a):
        apart = cdist(rows, b)
        inside = apart <= real_radii[at : at + len(rows), None]
        balls += inside.sum(0)
        covered += int(inside.any(1).sum())
        recalled += int((apart <= fake_radii).any(1).sum())
        at += len(rows)
    return Manifold(
        precision=float((balls > 0).mean()),
        recall=recalled / len(a),
        density=float(balls.mean() / k),
        coverage=covered / len(a),
    )


def _radii(a: Array, k: int) -> Array:
    """The distance of each point to its k-th neighbour; it is its own zeroth."""
    return np.concatenate([np.partition(cdist(rows, a), k, axis=1)[:, k] for rows in _blocks(a)])


MORE_IS_BETTER = frozenset({"precision", "recall", "density", "coverage", "high_quality"})


def floor(
    statistic: Statistic, draw: Callable[[Generator, int], Tensor], n: int, repeats: int = FLOOR_REPEATS, seed: int = FLOOR_SEED
) -> NullReference:
    """What `statistic` reads for two independent samples of p_r, n points each, over `repeats`; less of it is better.

    `draw(generator, n)` gives n samples of p_r, as `Distribution.sample` does.
    """
    return floors(lambda x, y: {"": statistic(x, y)}, draw, n, repeats, seed)[""]


def floors(
    statistics: Callable[[Tensor, Tensor], Mapping[str, float]],
    draw: Callable[[Generator, int], Tensor],
    n: int,
    repeats: int = FLOOR_REPEATS,
    seed: int = FLOOR_SEED,
) -> dict[str, NullReference]:
    """`floor` of several statistics that are read together, such as those of a `Manifold`; of some, MORE_IS_BETTER."""
    generator = Generator().manual_seed(seed)
    readings = [statistics(draw(generator, n), draw(generator, n)) for _ in range(repeats)]
    return {name: NullReference.of([r[name] for r in readings], name in MORE_IS_BETTER) for name in readings[0]}


@dataclass(frozen=True)
class ModeRow:
    """One component of a mixture. `share` is the part of all samples that is of high quality at this mode.

    `expected` is the share of a perfect generator, and `noise` the standard deviation of its share at this sample count.
    """

    point: tuple[float, ...]
    share: float
    expected: float
    noise: float


@dataclass(frozen=True)
class ModeTable:
    """All modes in the mixture's order; `elsewhere` is the part of the samples beyond 3 standard deviations of any, beside
    what a perfect generator has there and how noisy that is."""

    rows: tuple[ModeRow, ...]
    elsewhere: float
    expected_elsewhere: float
    noise_elsewhere: float


def mode_table(x: Tensor, modes: Modes) -> ModeTable:
    """Each mode's share of samples x `(n, dimension)` against its weight."""
    covered = cover(x, modes)
    perfect = perfect_shares(modes).tolist()
    rows = []
    for point, share, expected in zip(modes.points.tolist(), covered.shares.tolist(), perfect, strict=True):
        rows.append(ModeRow(tuple(point), share, expected, share_noise(expected, len(x))))
    beyond = 1 - sum(perfect)
    return ModeTable(tuple(rows), 1 - covered.high_quality, beyond, share_noise(beyond, len(x)))


def share_noise(share: float, n: int) -> float:
    """The standard deviation of what n samples read of a share."""
    return math.sqrt(max(share * (1 - share), 0.0) / n)


def _finite(*samples: Tensor) -> bool:
    return all(bool(torch.isfinite(s).all()) for s in samples)


def _array(x: Tensor) -> Array:
    return x.detach().double().numpy()


def _blocks(a: Array) -> list[Array]:
    return [a[i : i + _BLOCK] for i in range(0, len(a), _BLOCK)]
