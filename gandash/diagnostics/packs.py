"""JSD(p^m, q^m): how far apart two laws are for a discriminator that judges packs of m independent samples.

With S = sum_i log p(x_i)/q(x_i) over a pack, JSD = log 2 - (E_{p^m} log(1 + e^-S) + E_{q^m} log(1 + e^S)) / 2, and the law of S
is the m-fold convolution of that of one log-ratio, under p as under q. So it takes two histograms, and no sampling.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from gandash.diagnostics.estimators import jensen_shannon

Array = NDArray[np.float64]

_BINS = 8192  # of the log-ratio of one sample
_SURE = 40.0  # log-ratios beyond are as good as this one


def jensen_shannon_of_packs(p: Array, q: Array, pack: int) -> float:
    """In nats, of packs of `pack` independent draws from the probability vectors p and q; between 0 and log 2."""
    if pack == 1:
        return jensen_shannon(p, q)
    if not (np.isfinite(p).all() and np.isfinite(q).all()):
        return math.nan
    both = (p > 0) & (q > 0)  # elsewhere a single sample tells all, and the expectations below get nothing
    if not both.any():
        return math.log(2)
    ratios = np.clip(np.log(p[both] / q[both]), -_SURE, _SURE)
    reach = max(float(np.abs(ratios).max()), 1e-9)
    step = 2 * reach / (_BINS - 1)
    sums = -pack * reach + step * np.arange(pack * (_BINS - 1) + 1)

    def mean(masses: Array, sign: float) -> float:
        return float(np.logaddexp(0, sign * sums) @ _power(_histogram(ratios, masses, reach, step), pack))

    return min(max(math.log(2) - (mean(p[both], -1) + mean(q[both], 1)) / 2, 0.0), math.log(2))


def _histogram(values: Array, masses: Array, reach: float, step: float) -> Array:
    """Masses at `_BINS` points from -reach to reach, each shared by its two neighbours so that the mean is kept."""
    position = (values + reach) / step
    left = np.clip(np.floor(position), 0, _BINS - 2).astype(np.intp)
    right = position - left
    whole = np.bincount(left, masses * (1 - right), _BINS) + np.bincount(left + 1, masses * right, _BINS)
    return whole.astype(np.float64)


def _power(masses: Array, m: int) -> Array:
    """The m-fold convolution with itself."""
    size = m * (len(masses) - 1) + 1
    padded = 1 << (size - 1).bit_length()
    found: Array = np.fft.irfft(np.fft.rfft(masses, padded) ** m, padded)[:size]
    return found
