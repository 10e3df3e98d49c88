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
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

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
FINE = 3  # steps of the boundary's search from one cell to the next, at most
MOST = 48  # such steps along an axis; as many as it has cells where these are more

HALVINGS = 7  # of such a step

Segment = tuple[float, float, float, float]
Place = tuple[float, float]
Rests = Callable[[Place], bool | None]


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
    kinds = _is_between(x), y is not None and _is_between(y)
    bases: dict[Any, GameConfig] = {}

    @cache
    def rests(place: Place) -> bool | None:
        # What is no number makes another game; numbers are then put in without judging all settings anew
        u, v = place
        key = (None if kinds[0] else u, None if kinds[1] else v)
        if key not in bases:
            at = (value_at(x, 0.0 if kinds[0] else u), *((value_at(y, 0.0 if kinds[1] else v),) if y else ()), *others)
            bases[key] = sweep.at(at)
        config = bases[key]
        for axis, where, is_between in ((x, u, kinds[0]), (y, v, kinds[1])):
            if axis is not None and is_between:
                for path in axis.paths:
                    config = _put(config, path.split("."), value_at(axis, where))
        return comes_to_rest(config)

    across, up = _places(x), _places(y) if y else [0.0]
    if all(kinds):
        return list(_level(rests, across, up))
    if kinds[0]:
        return [(u, v - 0.5, u, v + 0.5) for v in up for u, _ in _changes(rests, [(u, v) for u in across])]
    return [(u - 0.5, v, u + 0.5, v) for u in across for _, v in _changes(rests, [(u, v) for v in up])] if kinds[1] else []


def _first(sweep: Sweep, others: Sequence[JsonValue]) -> tuple[JsonValue, ...]:
    own = tuple(axis.values[0] for axis in sweep.axes)
    return own[: len(own) - len(others)] + tuple(others)


def _is_between(axis: Axis) -> bool:
    """Whether there is a game between any two of its values."""
    return all(isinstance(v, int | float) and not isinstance(v, bool) for v in axis.values) and len(axis.values) > 1


def _places(axis: Axis) -> list[float]:
    """Where along it the boundary is looked for: within all cells, to their outer edges, or in their middles."""
    n = len(axis.values)
    fine = min(max(MOST // n, 1), FINE)
    return np.linspace(-0.5, n - 0.5, fine * n + 1).tolist() if _is_between(axis) else [float(i) for i in range(n)]


def value_at(axis: Axis, place: float) -> JsonValue:
    """An axis's value at a place, in units of cells; beyond its ends as it would go on, but not below 0."""
    values = axis.values
    if not _is_between(axis):
        return values[round(place)]
    numbers = [float(v) for v in values]  # type: ignore[arg-type]
    i = min(max(math.floor(place), 0), len(numbers) - 2)
    low, high, share = numbers[i], numbers[i + 1], place - i
    if axis.scale == "log" or (axis.scale == "list" and min(low, high) > 0):  # lists mostly go by factors: no kink at each
        return float(low * (high / low) ** share)
    return float(max(low + (high - low) * share, 0.0 if min(numbers) >= 0 else -math.inf))


def _put(settings: Any, path: Sequence[str], value: JsonValue) -> Any:
    """The settings with this one changed, unjudged: its ends have been."""
    head, *rest = path
    return settings.model_copy(update={head: _put(getattr(settings, head), rest, value) if rest else value})


def _changes(rests: Rests, way: Iterable[Place]) -> Iterator[Place]:
    """Where on a way from place to place coming to rest begins or ends. It is found by halving: the modulus is next to 1 over
    long stretches of the one side and steep on the other, so that no line between two of its values tells where it is 1."""
    for one, other in itertools.pairwise(way):
        before, after = rests(one), rests(other)
        if before is None or after is None or before == after:
            continue
        for _ in range(HALVINGS):
            middle = (one[0] + other[0]) / 2, (one[1] + other[1]) / 2
            one, other = (middle, other) if rests(middle) == before else (one, middle)
        yield (one[0] + other[0]) / 2, (one[1] + other[1]) / 2


def _level(rests: Rests, across: Sequence[float], up: Sequence[float]) -> Iterator[Segment]:
    """The line between what comes to rest and what does not, by marching squares."""
    for (v, v2), (u, u2) in itertools.product(itertools.pairwise(up), itertools.pairwise(across)):
        points = list(_changes(rests, ((u, v), (u2, v), (u2, v2), (u, v2), (u, v))))
        for one, other in zip(points[::2], points[1::2], strict=True):
            yield (*one, *other)
