"""How a generator covers the modes of a mixture: the measures of the mode-collapse literature.

A sample is *high quality* when it lies within 3 standard deviations of the nearest mode; a mode is *captured* when it holds
at least one high-quality sample; the reverse KL compares the high-quality samples' shares of the modes with the true
weights (Srivastava et al. 2017, VEEGAN, arXiv:1705.07761; Lin et al. 2018, PacGAN, arXiv:1712.04086).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from scipy import stats
from torch import Tensor

from gandash.game.distributions import Modes

RADIUS = 3.0  # in standard deviations
_PER_MODE = 2048  # points on either side of RADIUS by which a mode's law is represented


@dataclass(frozen=True)
class Coverage:
    """`shares` `(K,)` is the part of *all* samples that is of high quality at each mode; their sum is `high_quality`."""

    captured: int
    high_quality: float
    reverse_kl: float
    shares: NDArray[np.float32]


def cover(x: Tensor, modes: Modes) -> Coverage:
    """The coverage of samples x `(n, dimension)`.

    reverse KL = sum_k q_k log(q_k / w_k) in nats, q the shares among high-quality samples: 0 when modes are filled by their
    weights, log K for one of K equal modes; NaN when no sample is of high quality.
    """
    points = modes.points.to(x.dtype)
    squares = (x[:, None, :] - points).square().sum(-1)  # (n, K)
    nearest, which = squares.min(dim=1)
    good = nearest <= (RADIUS * modes.std) ** 2
    counts = torch.bincount(which[good], minlength=len(points)).double().numpy()
    total = counts.sum()
    share, weights = counts / max(total, 1), modes.weights.numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(counts > 0, share * np.log(share / weights), 0.0)
    return Coverage(
        captured=int((counts > 0).sum()),
        high_quality=float(total / len(x)),
        reverse_kl=float(terms.sum()) if total else math.nan,
        shares=(counts / len(x)).astype(np.float32),
    )


def perfect_quality(dimension: int) -> float:
    """The high-quality share of a perfect generator where modes lie far apart: P(chi_dimension <= 3), 98.9 % on the plane."""
    half = torch.tensor(RADIUS**2 / 2, dtype=torch.float64)
    return float(torch.special.gammainc(torch.tensor(dimension / 2, dtype=torch.float64), half))


def perfect_shares(modes: Modes) -> NDArray[np.float64]:
    """The `shares` `(K,)` of a perfect generator, from the law itself; their sum is its high quality.

    Where modes lie near each other, a sample that is far from its own mode may be near another, so more than `perfect_quality`
    are of high quality. Each mode's law is represented by as many points within RADIUS as beyond, on shells of equal mass;
    against quadrature errors are below 1e-3 of a share on the line and the plane, and below 3e-5 of the sum.
    """
    dimension = modes.points.shape[1]
    inside = perfect_quality(dimension)
    middles = (np.arange(_PER_MODE) + 0.5) / _PER_MODE
    levels = np.concatenate([inside * middles, inside + (1 - inside) * middles])
    radii = torch.from_numpy(stats.chi(dimension).ppf(levels))
    mass = torch.tensor([inside, 1 - inside], dtype=torch.float64).repeat_interleave(_PER_MODE) / _PER_MODE
    shells = radii[:, None] * _directions(dimension, _PER_MODE).repeat(2, 1) * modes.std
    reach = (float(radii[-1]) + RADIUS) * modes.std
    shares = torch.zeros(len(modes.weights), dtype=torch.float64)
    for point, weight in zip(modes.points, modes.weights, strict=True):
        (near,) = torch.where((modes.points - point).norm(dim=1) <= reach)
        nearest, which = torch.cdist(shells + point, modes.points[near]).min(dim=1)
        good = nearest <= RADIUS * modes.std
        shares += torch.bincount(near[which[good]], weights=(weight * mass)[good], minlength=len(shares))
    return shares.numpy()


def _directions(dimension: int, n: int) -> Tensor:
    """Unit vectors `(n, dimension)`: to and fro on the line, by the golden angle on the plane, at random beyond.

    The golden angle spreads any number of successive shells evenly (Vogel 1979), and lies in no line with the modes.
    """
    i = torch.arange(n).double()
    if dimension == 1:
        return (1 - 2 * (i % 2))[:, None]
    if dimension == 2:
        angles = i * (math.pi * (3 - math.sqrt(5)))
        return torch.stack([angles.cos(), angles.sin()], dim=1)
    normal = torch.randn(n, dimension, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return F.normalize(normal, dim=1)
