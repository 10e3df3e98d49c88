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
from numpy.typing import NDArray
from torch import Tensor

from gandash.game.distributions import Modes

RADIUS = 3.0  # in standard deviations


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
    places = modes.places.to(x.dtype)
    squares = (x[:, None, :] - places).square().sum(-1)  # (n, K)
    nearest, which = squares.min(dim=1)
    good = nearest <= (RADIUS * modes.std) ** 2
    counts = torch.bincount(which[good], minlength=len(places)).double().numpy()
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
