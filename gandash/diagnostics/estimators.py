"""What a diagnostic of p_g against p_r offers, whatever the data's dimension.

Everything here compares *samples* of p_g with a *known* p_r, so the only noise is that of p_g's samples. That noise is
shown: a `NullReference` is what the same estimator reads for as many samples of p_r itself, drawn the same way, and therefore
what a perfect generator would read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from gandash.diagnostics.coverage import Coverage
from gandash.diagnostics.plane_divergence import Estimate, PlaneDivergence

Array = NDArray[np.float64]

CENTRAL_MASS = 0.98
THIN = 2e-3
FLOOR_REPEATS = 24
FLOOR_SEED = 20140610  # any fixed number: floors are facts about p_r and the sample size


@dataclass(frozen=True)
class NullReference:
    """What an estimator reads on samples of p_r itself: on average, and what one reading in twenty is worse than."""

    mean: float
    worst_5pct: float

    @classmethod
    def of(cls, readings: Sequence[float], more_is_better: bool = False) -> NullReference:
        """Of repeated readings on samples of p_r; worse is less where `more_is_better`."""
        return cls(float(np.mean(readings)), float(np.quantile(readings, 0.05 if more_is_better else 0.95)))


def coverage_floors(perfect: Sequence[Coverage]) -> dict[str, NullReference]:
    """By the numbers of a coverage, from samples of p_r itself."""
    return {
        "modes": NullReference.of([c.captured for c in perfect], more_is_better=True),
        "high_quality": NullReference.of([c.high_quality for c in perfect], more_is_better=True),
        "reverse_kl": NullReference.of([c.reverse_kl for c in perfect]),
    }


@dataclass(frozen=True)
class PointReading:
    """One generator against p_r: JSD in nats (<= log 2), W1 in units of x, p_g at the `points`, coverage of a mixture.

    `jsd` is None where it was not read, `jsd_error` where it is not known. `density` gives p_g when somebody asks: of an
    averaged generator a curve does not.
    """

    jsd: float | None
    wasserstein: float
    density: Callable[[], Array]
    coverage: Coverage | None
    jsd_error: float | None = None

    @cached_property
    def p_g(self) -> Array:
        """The density of the generator's samples at the `points`, `(m,)`."""
        return self.density()

    def with_jsd(self, found: Estimate) -> PointReading:
        """The same with this JSD, and how far that may be off."""
        return replace(self, jsd=found.jsd, jsd_error=found.error)


@dataclass(frozen=True)
class Corners:
    """A generator of one latent: what it makes of latents in their order, `(n,)`, and how much of p_z lies below each."""

    points: Array
    below: Array


@dataclass(frozen=True)
class SeenLaws:
    """Both laws as D sees them, in instance noise: densities at the `points`, under one kernel, and masses of common cells.

    `cells` gives masses of p_r and of p_g on common cells; None where there are none fine enough to tell the JSD.
    """

    p_r: Array
    p_g: Array
    cells: Callable[[], tuple[Array, Array]] | None

    @property
    def masses(self) -> tuple[Array, Array] | None:
        """Those of the cells, `(c,)` each: only the JSD as D sees it needs them."""
        return self.cells() if self.cells else None


class Estimators(ABC):
    """What compares samples of a generator with one p_r; its tables are made once.

    `points` `(m, dimension)` are where D and both densities are read, `p_r` `(m,)` the density there,
    `central` `(m,)` marks those that hold the central 98 % of p_r; `real_points` `(samples, dimension)` stand for p_r in
    expectations. `divergence` reads JSD on samples of its own, many and dear; None where `read` does. `jsd_is_bound` says that
    JSD is that of cells, which hide what is finer: the true one is larger. `stratified` says that samples are spread evenly
    over one latent, in its order: p_g is known between them too.
    """

    jsd_is_bound: bool = False
    stratified: bool = False
    divergence: PlaneDivergence | None = None
    samples: int
    points: Tensor
    p_r: Array
    central: NDArray[np.bool_]
    real_points: Tensor
    floors: Mapping[str, NullReference]

    @abstractmethod
    def read(self, x: Tensor) -> PointReading:
        """Compare samples x of p_g, `(samples, dimension)`, with p_r; all NaN where one of them is not finite.

        Raises ValueError for another sample count.
        """

    def see(self, x: Tensor, noise: float, corners: Corners | None = None) -> SeenLaws:
        """p_r and the law of samples x `(samples, dimension)` of p_g, both convolved with N(0, noise^2); NaN as in `read`.

        `corners` tell p_g better where `stratified`. Here for a kind of points that does not know how: unseen in noise, and
        without it as they are.
        """
        del corners
        p_g = self.read(x).p_g
        return SeenLaws(self.p_r, p_g if noise == 0 else np.full_like(p_g, np.nan), None)

    def perfect(self, noise: float) -> Iterable[SeenLaws]:
        """What `see` makes of samples of p_r itself, several times; nothing where nobody has asked."""
        del noise
        return ()

    def _check_count(self, x: Tensor) -> None:
        if x.shape[0] != self.samples:
            raise ValueError(f"{x.shape[0]} samples given; the noise floors hold for {self.samples}")


def optimal_discriminator(
    p_r: Array,
    p_g: Array,
    optimal: Callable[[Array, Array], Array] | None,
    pack: int = 1,
    central: NDArray[np.bool_] | None = None,
) -> Array:
    """The best response to densities by the objective's formula, NaN where none is known or both are too thin to say.

    Too thin is THIN of p_r's largest density; ten times as much outside of `central`, where given: few samples are there, and
    D* is a quotient of their noise. Packs of samples that are all alike, which is what is drawn, have the densities' powers.
    """
    total = p_r + p_g
    if optimal is None:
        return np.full_like(total, np.nan)
    top = p_r.max()
    with np.errstate(divide="ignore", invalid="ignore"):
        enough = THIN * top if central is None else np.where(central, THIN, 10 * THIN) * top
        return np.where(total > enough, optimal((p_r / top) ** pack, (p_g / top) ** pack), np.nan)


def jensen_shannon(p: Array, q: Array) -> float:
    """JSD(p, q) = H((p + q)/2) - (H(p) + H(q))/2 in nats, for probability vectors; between 0 and log 2."""
    m = np.maximum((p + q) / 2, np.finfo(float).tiny)  # half of the smallest number is 0, and p/m infinite
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(p > 0, p * np.log(p / m), 0.0) + np.where(q > 0, q * np.log(q / m), 0.0)
    return max(0.0, float(0.5 * terms.sum()))  # rounding may leave -1e-17 where p = q
