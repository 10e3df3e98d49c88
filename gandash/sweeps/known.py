"""Where theory says that a game comes to rest: the boundary of stability of scalar games, in closed form.

The Dirac-GAN and the bilinear game have one number each: p_r = delta_0, G(z) = theta, a(x) = psi x (Mescheder, Geiger, Nowozin
2018, arXiv:1801.04406). At their rest point theta = psi = 0 the Jacobian of the *descent* field v is

    H = [[0, -f'], [f', gamma]],    f' = 1/2 for cross-entropies, 1 for the Wasserstein and the hinge loss,

since L_D = f(psi theta) + gamma/2 psi^2 + ... and L_G = -f(psi theta) + ... to second order, whatever else they differ in; R1
and R2 are both gamma/2 psi^2. A round of an update rule multiplies by its `round_matrix` (`gandash.config.rules`), and comes
nearer where the largest modulus of its eigenvalues is below 1. For f' = 1 without a penalty that is h < 1 for extragradient
steps, from |1 - h^2 - i h|, h < 1/sqrt(3) for optimistic ones, and nowhere for simultaneous ones.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.config import GameConfig
from gandash.config.data import PointMassConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import LookaheadConfig
from gandash.config.setting import JsonValue
from gandash.sweeps.axes import Axis
from gandash.sweeps.sweep import Sweep

SLOPE = {"minimax": 0.5, "non_saturating": 0.5, "relativistic": 0.5, "wasserstein": 1.0, "hinge": 1.0}
NEUTRAL = 1e-9  # a modulus nearer to 1 than this is that of an orbit, which comes no nearer
FINE = 3  # steps of the boundary's search from one cell to the next

Segment = tuple[float, float, float, float]


def modulus(config: GameConfig) -> float | None:
    """What a round multiplies a small distance to the rest point by, in the long run. None where no closed form is at hand."""
    c, players = config, (config.generator_optimiser, config.discriminator_optimiser)
    calm = c.regulariser
    is_plain = calm.model_copy(update={"r1": 0.0, "r2": 0.0, "smoothing": 0.0}) == RegulariserConfig(r1=0.0)
    if not (
        isinstance(c.data, PointMassConfig)
        and c.data.location == 0
        and isinstance(c.generator, PointConfig)
        and isinstance(c.discriminator, LinearConfig)
        and c.objective in SLOPE
        and is_plain
        and {player.kind for player in players} == {"gradient_descent"}
    ):
        return None
    slope = SLOPE[c.objective]
    jacobian = np.array([[0.0, -slope], [slope, calm.r1 + calm.r2]])
    matrix = c.update_rule.round_matrix(jacobian, np.array([player.learning_rate for player in players]), 1)
    if matrix is None:
        return None
    largest = float(np.abs(np.linalg.eigvals(matrix)).max())
    rounds = c.update_rule.rounds if isinstance(c.update_rule, LookaheadConfig) else 1
    return float(largest ** (1 / rounds))


def comes_to_rest(config: GameConfig) -> bool | None:
    """Whether a round brings a small distance nearer to 0; None where no closed form is at hand."""
    found = modulus(config)
    return None if found is None else found < 1 - NEUTRAL


def boundary(sweep: Sweep, others: Sequence[JsonValue] = ()) -> list[Segment]:
    """The boundary of stability on the map of a sweep's first two axes, the others at these values: pieces (x, y, x', y') in
    units of cells, (0, 0) in the middle of the first one. Empty where no closed form is at hand, or nothing crosses."""
    x, y = sweep.axes[0], sweep.axes[1] if len(sweep.axes) > 1 else None
    if sweep.design != "grid" or comes_to_rest(sweep.at(_first(sweep, others))) is None:
        return []
    across = _places(x)
    up = _places(y) if y else [0.0]
    kinds = _is_between(x), y is not None and _is_between(y)
    values = np.full((len(up), len(across)), np.nan)
    bases: dict[Any, GameConfig] = {}
    for (j, v), (i, u) in itertools.product(enumerate(up), enumerate(across)):
        # What is no number makes another game; numbers are then put in without judging all settings anew
        key = (None if kinds[0] else u, None if kinds[1] else v)
        if key not in bases:
            at = (value_at(x, 0.0 if kinds[0] else u), *((value_at(y, 0.0 if kinds[1] else v),) if y else ()), *others)
            bases[key] = sweep.at(at)
        config = bases[key]
        for axis, place, is_between in ((x, u, kinds[0]), (y, v, kinds[1])):
            if axis is not None and is_between:
                for path in axis.paths:
                    config = _put(config, path.split("."), value_at(axis, place))
        found = modulus(config)
        if found is not None:
            values[j, i] = found - 1 if abs(found - 1) > NEUTRAL else NEUTRAL
    if all(kinds):
        return list(_level(values, across, up))
    if kinds[0]:
        return list(_crossings(values, across, up))
    return [(x, y, x2, y2) for y, x, y2, x2 in _crossings(values.T, up, across)] if kinds[1] else []


def _first(sweep: Sweep, others: Sequence[JsonValue]) -> tuple[JsonValue, ...]:
    own = tuple(axis.values[0] for axis in sweep.axes)
    return own[: len(own) - len(others)] + tuple(others)


def _is_between(axis: Axis) -> bool:
    """Whether there is a game between any two of its values."""
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in axis.values) and len(axis.values) > 1


def _places(axis: Axis) -> list[float]:
    """Where along it the boundary is looked for: within all cells, to their outer edges, or in their middles."""
    n = len(axis.values)
    return np.linspace(-0.5, n - 0.5, FINE * n + 1).tolist() if _is_between(axis) else [float(i) for i in range(n)]


def value_at(axis: Axis, place: float) -> JsonValue:
    """An axis's value at a place, in units of cells; beyond its ends as it would go on, but not below 0."""
    values = axis.values
    if not _is_between(axis):
        return values[round(place)]
    numbers = [float(v) for v in values]  # type: ignore[arg-type]
    i = min(max(math.floor(place), 0), len(numbers) - 2)
    low, high, share = numbers[i], numbers[i + 1], place - i
    if axis.scale == "log":
        return float(low * (high / low) ** share)
    return float(max(low + (high - low) * share, 0.0 if min(numbers) >= 0 else -math.inf))


def _put(settings: Any, path: Sequence[str], value: JsonValue) -> Any:
    """The settings with this one changed, unjudged: its ends have been."""
    head, *rest = path
    return settings.model_copy(update={head: _put(getattr(settings, head), rest, value) if rest else value})


def _crosses(a: float, b: float) -> float | None:
    """The share of the way from a to b at which there is 0 between them."""
    return a / (a - b) if (a > 0) != (b > 0) and math.isfinite(a + b) else None


def _crossings(values: NDArray[np.float64], along: Sequence[float], beside: Sequence[float]) -> Iterator[Segment]:
    """Where the rows of `values` `(len(beside), len(along))`, which have nothing between them, cross 0: a row's height each."""
    for row, place in zip(values.tolist(), beside, strict=True):
        for k, (a, b) in enumerate(itertools.pairwise(row)):
            if (share := _crosses(a, b)) is not None:
                edge = along[k] + share * (along[k + 1] - along[k])
                yield edge, place - 0.5, edge, place + 0.5


def _level(values: NDArray[np.float64], across: Sequence[float], up: Sequence[float]) -> Iterator[Segment]:
    """Where `values` `(len(up), len(across))` cross 0, by marching squares."""
    known = values.tolist()
    for j, i in itertools.product(range(len(up) - 1), range(len(across) - 1)):
        corners = ((j, i), (j, i + 1), (j + 1, i + 1), (j + 1, i))
        points: list[tuple[float, float]] = []
        for (a, b), (c, d) in zip(corners, (*corners[1:], corners[0]), strict=True):
            if (share := _crosses(known[a][b], known[c][d])) is not None:
                points.append((across[b] + share * (across[d] - across[b]), up[a] + share * (up[c] - up[a])))
        for one, other in zip(points[::2], points[1::2], strict=True):
            yield (*one, *other)
