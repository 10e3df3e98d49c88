"""What both players want, sample by sample: the losses of `gandash.game.objectives` and their slopes, for compiled code.

Each entry is five functions of an output r on real and f on generated data, and of s, what D is asked for on real data (1
but for label smoothing): L_D, dL_D/dr, dL_D/df, L_G, dL_G/df. Sources are named there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from gandash.game.compiled.functions import HALF, NAN, ONE, TWO, ZERO, compiled, compiled_sums, exp, f32, log, sigmoid, softplus
from gandash.game.objectives import PEARSON_FLOOR

Sample = Callable[..., Any]
_LOG_2, _FLOOR = f32(math.log(2)), f32(PEARSON_FLOOR)


@compiled
def _positive(x: Any) -> Any:
    return ZERO if x < ZERO else x


@compiled
def _real_cross_entropy(r: Any, s: Any) -> Any:
    """-s log D - (1 - s) log(1 - D) = softplus(-r) + (1 - s) r."""
    return softplus(-r) + (ONE - s) * r


@compiled
def _real_slope(r: Any, s: Any) -> Any:
    """D - s, written so as not to lose D - 1 in rounding."""
    return (ONE - s) - sigmoid(-r)


FORMULAS: dict[str, tuple[Sample, Sample, Sample, Sample, Sample]] = {
    "minimax": (
        lambda r, f, s: _real_cross_entropy(r, s) + softplus(f),
        lambda r, f, s: _real_slope(r, s),
        lambda r, f, s: sigmoid(f),
        lambda r, f, s: -softplus(f),
        lambda r, f, s: -sigmoid(f),
    ),
    "non_saturating": (
        lambda r, f, s: _real_cross_entropy(r, s) + softplus(f),
        lambda r, f, s: _real_slope(r, s),
        lambda r, f, s: sigmoid(f),
        lambda r, f, s: softplus(-f),
        lambda r, f, s: -sigmoid(-f),
    ),
    "least_squares": (
        lambda r, f, s: (r - ONE) * (r - ONE) + f * f,
        lambda r, f, s: TWO * (r - ONE),
        lambda r, f, s: TWO * f,
        lambda r, f, s: (f - ONE) * (f - ONE),
        lambda r, f, s: TWO * (f - ONE),
    ),
    "hinge": (
        lambda r, f, s: _positive(ONE - r) + _positive(ONE + f),
        lambda r, f, s: -ONE if ONE - r > ZERO else ZERO,
        lambda r, f, s: ONE if ONE + f > ZERO else ZERO,
        lambda r, f, s: -f,
        lambda r, f, s: -ONE,
    ),
    "wasserstein": (
        lambda r, f, s: f - r,
        lambda r, f, s: -ONE,
        lambda r, f, s: ONE,
        lambda r, f, s: -f,
        lambda r, f, s: -ONE,
    ),
    "relativistic": (
        lambda r, f, s: softplus(f - r),
        lambda r, f, s: -sigmoid(f - r),
        lambda r, f, s: sigmoid(f - r),
        lambda r, f, s: softplus(r - f),
        lambda r, f, s: -sigmoid(r - f),
    ),
    "f_kl": (
        lambda r, f, s: exp(f - ONE) - r,
        lambda r, f, s: -ONE,
        lambda r, f, s: exp(f - ONE),
        lambda r, f, s: -exp(f - ONE),
        lambda r, f, s: -exp(f - ONE),
    ),
    "f_reverse_kl": (
        lambda r, f, s: (f - ONE) + exp(-r),
        lambda r, f, s: -exp(-r),
        lambda r, f, s: ONE,
        lambda r, f, s: -(f - ONE),
        lambda r, f, s: -ONE,
    ),
    "f_pearson": (
        lambda r, f, s: f * f * HALF * HALF + f - r,
        lambda r, f, s: -ONE,
        lambda r, f, s: f * HALF + ONE,
        lambda r, f, s: -(f * f * HALF * HALF + f),
        lambda r, f, s: -(f * HALF + ONE),
    ),
    "f_squared_hellinger": (
        lambda r, f, s: (exp(f) - ONE) - (ONE - exp(-r)),
        lambda r, f, s: -exp(-r),
        lambda r, f, s: exp(f),
        lambda r, f, s: -(exp(f) - ONE),
        lambda r, f, s: -exp(f),
    ),
    "f_jensen_shannon": (
        lambda r, f, s: (softplus(f) - _LOG_2) - (_LOG_2 - softplus(-r)),
        lambda r, f, s: -sigmoid(-r),
        lambda r, f, s: sigmoid(f),
        lambda r, f, s: -(softplus(f) - _LOG_2),
        lambda r, f, s: -sigmoid(f),
    ),
}

NUMBERS = {name: i for i, name in enumerate(FORMULAS)}


def _loops(name: str) -> tuple[Any, Any]:
    """The two loops that a round needs of an objective."""
    loss_d, slope_r, slope_f, loss_g, slope_g = (compiled(one) for one in FORMULAS[name])

    @compiled_sums
    def of_d(r: Any, f: Any, s: Any, c_r: Any, c_f: Any) -> Any:
        """L_D of outputs on both batches; its slopes in them into c_r and c_f."""
        share, total = ONE / f32(r.size), ZERO
        for i in range(r.size):
            total += loss_d(r[i], f[i], s)
            c_r[i] = slope_r(r[i], f[i], s) * share
            c_f[i] = slope_f(r[i], f[i], s) * share
        return total * share

    @compiled_sums
    def of_g(r: Any, f: Any, s: Any, c: Any) -> Any:
        """L_G; its slopes into c."""
        share, total = ONE / f32(f.size), ZERO
        for i in range(f.size):
            total += loss_g(r[i], f[i], s)
            c[i] = slope_g(r[i], f[i], s) * share
        return total * share

    return of_d, of_g


_MINIMAX_D, _MINIMAX_G = _loops("minimax")
_NON_SATURATING_D, _NON_SATURATING_G = _loops("non_saturating")
_LEAST_SQUARES_D, _LEAST_SQUARES_G = _loops("least_squares")
_HINGE_D, _HINGE_G = _loops("hinge")
_WASSERSTEIN_D, _WASSERSTEIN_G = _loops("wasserstein")
_RELATIVISTIC_D, _RELATIVISTIC_G = _loops("relativistic")
_KL_D, _KL_G = _loops("f_kl")
_REVERSE_KL_D, _REVERSE_KL_G = _loops("f_reverse_kl")
_PEARSON_D, _PEARSON_G = _loops("f_pearson")
_SQUARED_HELLINGER_D, _SQUARED_HELLINGER_G = _loops("f_squared_hellinger")
_JENSEN_SHANNON_D, _JENSEN_SHANNON_G = _loops("f_jensen_shannon")

# By number, so that one compiled round serves them all


@compiled
def discriminator_loss(number: Any, r: Any, f: Any, s: Any, c_r: Any, c_f: Any) -> Any:
    """L_D of outputs on both batches, flat; dL_D/da into c_r and c_f."""
    if number == 0:
        return _MINIMAX_D(r, f, s, c_r, c_f)
    if number == 1:
        return _NON_SATURATING_D(r, f, s, c_r, c_f)
    if number == 2:
        return _LEAST_SQUARES_D(r, f, s, c_r, c_f)
    if number == 3:
        return _HINGE_D(r, f, s, c_r, c_f)
    if number == 4:
        return _WASSERSTEIN_D(r, f, s, c_r, c_f)
    if number == 5:
        return _RELATIVISTIC_D(r, f, s, c_r, c_f)
    if number == 6:
        return _KL_D(r, f, s, c_r, c_f)
    if number == 7:
        return _REVERSE_KL_D(r, f, s, c_r, c_f)
    if number == 8:
        return _PEARSON_D(r, f, s, c_r, c_f)
    if number == 9:
        return _SQUARED_HELLINGER_D(r, f, s, c_r, c_f)
    return _JENSEN_SHANNON_D(r, f, s, c_r, c_f)


@compiled
def generator_loss(number: Any, r: Any, f: Any, s: Any, c: Any) -> Any:
    """L_G of outputs on both batches, flat; dL_G/df into c."""
    if number == 0:
        return _MINIMAX_G(r, f, s, c)
    if number == 1:
        return _NON_SATURATING_G(r, f, s, c)
    if number == 2:
        return _LEAST_SQUARES_G(r, f, s, c)
    if number == 3:
        return _HINGE_G(r, f, s, c)
    if number == 4:
        return _WASSERSTEIN_G(r, f, s, c)
    if number == 5:
        return _RELATIVISTIC_G(r, f, s, c)
    if number == 6:
        return _KL_G(r, f, s, c)
    if number == 7:
        return _REVERSE_KL_G(r, f, s, c)
    if number == 8:
        return _PEARSON_G(r, f, s, c)
    if number == 9:
        return _SQUARED_HELLINGER_G(r, f, s, c)
    return _JENSEN_SHANNON_G(r, f, s, c)


# ------------------------------------------------------------------------------------------------------------- readings

CRITIC, ITSELF, LESS_ONE, LOG_RATIO, TWICE = range(5)
READINGS = {"f_kl": LESS_ONE, "f_pearson": LOG_RATIO, "f_squared_hellinger": TWICE} | dict.fromkeys(
    ("minimax", "non_saturating", "f_reverse_kl", "f_jensen_shannon"), ITSELF
)
"""How the log-odds of "real" follow from the output, by objective; a critic's do not."""


@compiled
def _odds(kind: Any, a: Any) -> Any:
    if kind == LESS_ONE:
        return a - ONE
    if kind == LOG_RATIO:
        ratio = a * HALF + ONE
        return log(_FLOOR if ratio < _FLOOR else ratio)
    return TWO * a if kind == TWICE else a


@compiled_sums
def read(kind: Any, a: Any, side: Any) -> Any:
    """(E softplus(side logit), E D) over outputs, flat; of a critic (NaN, E a)."""
    share, cost, level = ONE / f32(a.size), ZERO, ZERO
    if kind == CRITIC:
        for i in range(a.size):
            level += a[i]
        return NAN, level * share
    for i in range(a.size):
        odds = _odds(kind, a[i])
        cost += softplus(side * odds)
        level += sigmoid(odds)
    return cost * share, level * share
