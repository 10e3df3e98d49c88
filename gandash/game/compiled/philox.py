"""Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror and Shaw 2011, doi:10.1145/2063384.2063405).

A block of four 32-bit words is a function of a key of two words and a counter of four. Ours are

    key      (seed, stream)
    counter  (block, draw, step mod 2^32, step div 2^32)

`stream` says what the numbers are for, `draw` is the how-many-eth batch of its round, `block` counts inside one batch: its i-th
block gives the i-th number of each quarter of the batch. So every number of a run follows from config and step alone; there is
no state to keep, and a branch or a replay from any step meets the same chance.

Uniform numbers are 24 bits, on [0, 1). Normal ones are made two of two words by Box and Muller (1958), up to 6.6 in size.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from gandash.game.compiled.functions import TWO, compiled, f32, i32, log

u32, u64 = np.uint32, np.uint64

DATA, LATENT, NOISE, MIX = 0, 16, 32, 48
"""Streams; a law that is made of several kinds of numbers takes the following ones too."""

_M0, _M1 = u64(0xD2511F53), u64(0xCD9E8D57)
_W0, _W1 = u64(0x9E3779B9), u64(0xBB67AE85)
_LOW, _32 = u64(0xFFFFFFFF), u64(32)


@compiled
def philox(c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> Any:
    """Four words of counter and two of key, each below 2^32 in a uint64; four words."""
    for _ in range(10):
        p0, p1 = _M0 * c0, _M1 * c2
        c0, c1, c2, c3 = (p1 >> _32) ^ c1 ^ k0, p1 & _LOW, (p0 >> _32) ^ c3 ^ k1, p0 & _LOW
        k0, k1 = (k0 + _W0) & _LOW, (k1 + _W1) & _LOW
    return c0, c1, c2, c3


_UNIT = f32(2**-24)
_TO_24 = u64(8)


@compiled
def _uniform(word: Any) -> Any:
    return f32(i32(word >> _TO_24)) * _UNIT


_EIGHTH = f32(2**-32)
_HALF_TURN, _QUARTER = f32(math.pi), f32(math.pi / 2)
_S3, _S5, _S7, _S9 = (f32((-1) ** k / math.factorial(2 * k + 1)) for k in range(1, 5))
_C2, _C4, _C6, _C8 = (f32((-1) ** k / math.factorial(2 * k)) for k in range(1, 5))
_ONE = f32(1)


@compiled
def _normals(radius: Any, angle: Any) -> Any:
    """r cos(t), r sin(t), r = sqrt(-2 log u), u in (0, 1]; t = q quarters and a rest within an eighth of a turn."""
    u = (f32(radius) + f32(0.5)) * _EIGHTH
    r = np.sqrt(-TWO * log(u))
    quarters = i32(angle >> u64(30))
    t = (f32(i32(angle & u64(0x3FFFFFFF))) * f32(2**-30) - f32(0.5)) * _QUARTER
    q = t * t
    sine = t * (_ONE + q * (_S3 + q * (_S5 + q * (_S7 + q * _S9))))
    cosine = _ONE + q * (_C2 + q * (_C4 + q * (_C6 + q * _C8)))
    swapped = (quarters & i32(1)) == i32(1)
    x, y = (sine if swapped else cosine), (cosine if swapped else sine)
    x = -x if ((quarters + i32(1)) & i32(2)) == i32(2) else x
    y = -y if quarters >= i32(2) else y
    return r * x, r * y


@compiled
def fill_uniform(out: Any, seed: Any, stream: Any, step: Any, draw: Any) -> None:
    """Uniform on [0, 1) into all of a flat array."""
    k0, k1 = u64(seed), u64(stream)
    c1, c2, c3 = u64(draw) & _LOW, u64(step) & _LOW, u64(step) >> _32
    n = out.size // 4
    first, second, third, fourth = out[:n], out[n : 2 * n], out[2 * n : 3 * n], out[3 * n : 4 * n]
    for i in range(n):  # each word into an array of its own: so the loop is vectorised
        a, b, c, d = philox(u64(i) & _LOW, c1, c2, c3, k0, k1)
        first[i], second[i], third[i], fourth[i] = _uniform(a), _uniform(b), _uniform(c), _uniform(d)
    words = philox(u64(n), c1, c2, c3, k0, k1)
    for j in range(4 * n, out.size):
        out[j] = _uniform(words[j - 4 * n])


@compiled
def fill_normal(out: Any, seed: Any, stream: Any, step: Any, draw: Any) -> None:
    """N(0, 1) into all of a flat array."""
    k0, k1 = u64(seed), u64(stream)
    c1, c2, c3 = u64(draw) & _LOW, u64(step) & _LOW, u64(step) >> _32
    n = out.size // 4
    first, second, third, fourth = out[:n], out[n : 2 * n], out[2 * n : 3 * n], out[3 * n : 4 * n]
    for i in range(n):
        a, b, c, d = philox(u64(i) & _LOW, c1, c2, c3, k0, k1)
        first[i], second[i] = _normals(a, b)
        third[i], fourth[i] = _normals(c, d)
    a, b, c, d = philox(u64(n), c1, c2, c3, k0, k1)
    rest = (*_normals(a, b), *_normals(c, d))
    for j in range(4 * n, out.size):
        out[j] = rest[j - 4 * n]
