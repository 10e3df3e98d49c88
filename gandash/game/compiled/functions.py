"""exp, log and their kin for float32, written so that a loop over them is vectorised: libm's are called one number at a time.

Errors are below 4 units in the last place over the whole range (a test says so). NaN stays NaN and overflow is inf, since a
game that diverges must be seen to. A sum may be taken in another order than it is written, but in the same one every time.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np

from gandash.game.compiled import disk_cache
from gandash.game.networks import LEAK

f32, i32 = np.float32, np.int32

ZERO, HALF, ONE, TWO = f32(0), f32(0.5), f32(1), f32(2)
NAN, INF = f32(np.nan), f32(np.inf)

Function = TypeVar("Function", bound=Callable[..., Any])

_njit: Any = numba.njit  # its stubs do not know all its options
_settings: Any = numba.config
_settings.CACHE_DIR = str(disk_cache.directory())
_CAN_KEEP = disk_cache.can_keep()
_WITHIN: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}


def compiled(function: Function) -> Function:
    """For calls from compiled code alone. a * b + c may be rounded once.

    Division by zero is inf or NaN as in numpy: a check for it would keep a loop from being vectorised.
    """
    return cast(Function, _njit(fastmath={"contract"}, **_WITHIN)(function))


def compiled_sums(function: Function) -> Function:
    """The same, and sums may be taken lane by lane."""
    return cast(Function, _njit(fastmath={"contract", "reassoc", "nsz"}, **_WITHIN)(function))


def entrance(function: Function) -> Function:
    """For calls from Python: what it compiles to is kept on disk where that can be, and other threads go on meanwhile."""
    return cast(Function, _njit(error_model="numpy", nogil=True, cache=_CAN_KEEP)(function))


_LOG2_E = f32(math.log2(math.e))
_LN2 = f32(math.log(2))
_LN2_HIGH, _LN2_LOW = f32(0.693359375), f32(math.log(2) - 0.693359375)  # the first has few bits: k times it is exact
_BIAS = f32(127.5)
_TOP, _BOTTOM = f32(88.72), f32(-87.3)
_E2, _E3, _E4, _E5, _E6 = (f32(1 / math.factorial(k)) for k in range(2, 7))


@compiled
def exp(x: Any) -> Any:
    """e^x = 2^k e^r with |r| <= log(2)/2, e^r by its series."""
    y = _TOP if x > _TOP else (_BOTTOM if x < _BOTTOM else x)
    biased = i32(y * _LOG2_E + _BIAS)
    k = f32(biased - i32(127))
    r = (y - k * _LN2_HIGH) - k * _LN2_LOW
    series = ((((_E6 * r + _E5) * r + _E4) * r + _E3) * r + _E2) * r * r + r + ONE
    half = biased >> i32(1)  # 2^k in two factors, since 2^128 is none
    first, second = i32(half + i32(64)) << i32(23), i32(biased - half + i32(63)) << i32(23)
    found = series * f32_of(first) * f32_of(second)
    return INF if x > _TOP else (ZERO if x < _BOTTOM else found)


@compiled
def f32_of(bits: Any) -> Any:
    return i32(bits).view(f32)


_A1, _A2, _A3, _A4, _A5, _A6, _A7 = (f32(2 / (2 * k + 1)) for k in range(1, 8))
_SQRT_2_BITS = i32(0x3F3504F3)  # of sqrt(1/2)


@compiled
def log1p(t: Any) -> Any:
    """log(1 + t) for t in [0, 1]: 2 artanh(s), s = t / (2 + t) <= 1/3."""
    s = t / (TWO + t)
    q = s * s
    return s * (TWO + q * (_A1 + q * (_A2 + q * (_A3 + q * (_A4 + q * (_A5 + q * (_A6 + q * _A7)))))))


@compiled
def log(x: Any) -> Any:
    """log x for normal x > 0, NaN below 0: x = 2^k m with m in [sqrt(1/2), sqrt(2))."""
    shifted = f32(x).view(i32) - _SQRT_2_BITS
    k = shifted >> i32(23)
    m = f32_of((shifted & i32(0x7FFFFF)) + _SQRT_2_BITS)
    s = (m - ONE) / (m + ONE)
    q = s * s
    found = f32(k) * _LN2 + s * (TWO + q * (_A1 + q * (_A2 + q * (_A3 + q * _A4))))
    return found if (x > ZERO and x < INF) else (-INF if x == ZERO else (INF if x == INF else NAN))


@compiled
def sigmoid(x: Any) -> Any:
    """1 / (1 + e^-x)."""
    return ONE / (ONE + exp(-x))


@compiled
def softplus(x: Any) -> Any:
    """log(1 + e^x) = max(x, 0) + log(1 + e^-|x|)."""
    return (ZERO if x < ZERO else x) + log1p(exp(-abs(x)))


_FLAT = f32(7.90531110763549805)  # tanh is 1 - 2^-22 there
_P = tuple(
    f32(v)
    for v in (
        4.89352455891786e-03,
        6.37261928875436e-04,
        1.48572235717979e-05,
        5.12229709037114e-08,
        -8.60467152213735e-11,
        2.00018790482477e-13,
        -2.76076847742355e-16,
    )
)
_Q = tuple(f32(v) for v in (4.89352518554385e-03, 2.26843463243900e-03, 1.18534705686654e-04, 1.19825839466702e-06))


@compiled
def tanh(x: Any) -> Any:
    """x P(x^2) / Q(x^2): the rational function that Eigen uses, to which [-7.9, 7.9] is enough."""
    x = _FLAT if x > _FLAT else (-_FLAT if x < -_FLAT else x)
    q = x * x
    above = _P[0] + q * (_P[1] + q * (_P[2] + q * (_P[3] + q * (_P[4] + q * (_P[5] + q * _P[6])))))
    return x * above / (_Q[0] + q * (_Q[1] + q * (_Q[2] + q * _Q[3])))


# --------------------------------------------------------------------------------------------------------- activations
#
# By number, so that one compiled round serves them all; each acts on a whole layer `h`, flat, in place. `u` is what it acted
# on, which SiLU alone asks for again.

RELU, LEAKY_RELU, TANH, SILU = range(4)
ACTIVATIONS = {"relu": RELU, "leaky_relu": LEAKY_RELU, "tanh": TANH, "silu": SILU}
_LEAK = f32(LEAK)


@compiled
def activate(kind: Any, u: Any, h: Any) -> None:
    """h = sigma(h); for SiLU h = sigma(u)."""
    if kind == RELU:
        for i in range(h.size):
            h[i] = ZERO if h[i] < ZERO else h[i]
    elif kind == LEAKY_RELU:
        for i in range(h.size):
            h[i] = h[i] * _LEAK if h[i] < ZERO else h[i]
    elif kind == TANH:
        for i in range(h.size):
            h[i] = tanh(h[i])
    else:
        for i in range(h.size):
            h[i] = u[i] * sigmoid(u[i])


@compiled
def times_first_derivative(kind: Any, u: Any, h: Any, p: Any) -> None:
    """p = sigma'(u) p, with h = sigma(u)."""
    if kind == RELU:
        for i in range(h.size):
            p[i] = ZERO if h[i] <= ZERO else p[i]
    elif kind == LEAKY_RELU:
        for i in range(h.size):
            p[i] = p[i] if h[i] > ZERO else p[i] * _LEAK
    elif kind == TANH:
        for i in range(h.size):
            p[i] *= ONE - h[i] * h[i]
    else:
        for i in range(h.size):
            s = sigmoid(u[i])
            p[i] *= s * (ONE + u[i] * (ONE - s))


@compiled
def is_curved(kind: Any) -> Any:
    """Whether sigma'' is not 0."""
    return kind >= TANH


@compiled
def times_second_derivative(kind: Any, u: Any, h: Any, p: Any) -> None:
    """p = sigma''(u) p."""
    if kind == TANH:
        for i in range(h.size):
            p[i] *= -TWO * h[i] * (ONE - h[i] * h[i])
    else:
        for i in range(h.size):
            s = sigmoid(u[i])
            p[i] *= s * (ONE - s) * (TWO + u[i] * (ONE - TWO * s))


# ---------------------------------------------------------------------------------------------------------------- sums


@compiled_sums
def mean(x: Any) -> Any:
    """Of a flat array."""
    total = ZERO
    for i in range(x.size):
        total += x[i]
    return total / f32(x.size)


@compiled_sums
def norm(x: Any) -> Any:
    """|x| of a flat array. Squares of numbers above 1e19 overflow: inf, as it should be told of a game that runs away."""
    total = ZERO
    for i in range(x.size):
        total += x[i] * x[i]
    return np.sqrt(total)
