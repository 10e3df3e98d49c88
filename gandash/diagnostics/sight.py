"""Both laws as D sees them: convolved with the instance noise, and in packs of m samples their m-th powers.

D*, the value of the best D and the gap between D and D* are those of the laws as seen. The JSD of the clean laws stands beside:
it says how good the generator is.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from gandash.diagnostics.estimators import Array, Estimators, NullReference, SeenLaws, optimal_discriminator
from gandash.diagnostics.packs import jensen_shannon_of_packs

LEVELS = 4  # of noise to each factor of 2, for which floors are found: noise is rounded down, and the floor up

Optimal = Callable[[Array, Array], Array]


def seen_jsd(laws: SeenLaws, pack: int) -> float:
    """JSD in nats of the laws as D sees them, NaN where nobody knows: the best D has V = 2 JSD - log 4."""
    return math.nan if laws.masses is None else jensen_shannon_of_packs(*laws.masses, pack)


def largest_gap(d: Array, d_star: Array, central: NDArray[np.bool_]) -> float:
    """max |D - D*| over the central 98 % of p_r; D* is undetermined where neither law has mass to speak of: over the rest."""
    gap = np.abs(d - d_star)[central]
    return math.nan if np.isnan(gap).all() else float(np.nanmax(gap))


@dataclass(frozen=True)
class SeenFloors:
    """What a perfect generator reads: max |D - D*| where D is the value of equilibrium everywhere, and JSD as seen."""

    gap_star: NullReference | None
    jsd_seen: NullReference | None


NO_FLOORS = SeenFloors(None, None)


def seen_floors(found: Estimators, noise: float, pack: int, optimal: Optimal | None, centre: float | None) -> SeenFloors:
    """As many samples of p_r itself, drawn the same way, seen the same way."""
    level = 2 ** (math.floor(LEVELS * math.log2(noise)) / LEVELS) if noise > 0 else 0.0
    return _floors(found, level, pack, optimal, centre)


@lru_cache(maxsize=128)
def _floors(found: Estimators, noise: float, pack: int, optimal: Optimal | None, centre: float | None) -> SeenFloors:
    seen = list(found.perfect(noise))
    gaps = [
        largest_gap(
            np.full_like(laws.p_r, centre or 0.0), optimal_discriminator(laws.p_r, laws.p_g, optimal, pack), found.central
        )
        for laws in seen
    ]
    jsds = [seen_jsd(laws, pack) for laws in seen]
    if noise == 0 and pack == 1:
        jsds = []  # that is JSD itself, which has its floor

    def of(readings: list[float]) -> NullReference | None:
        return NullReference.of(readings) if readings and not any(map(math.isnan, readings)) else None

    return SeenFloors(None if centre is None else of(gaps), of(jsds))
