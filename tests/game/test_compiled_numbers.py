"""What compiled rounds are made of: exp and its kin against double precision, Philox against its authors' answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import special, stats

from gandash.game.compiled import functions, philox
from gandash.game.compiled.draws import fill

Numbers = NDArray[np.float64]
EVERYWHERE = np.concatenate([np.linspace(-87, 88, 20001), np.linspace(-1, 1, 10001), -np.logspace(-30, 1.9, 2001)])

KNOWN: dict[str, tuple[Callable[[Numbers], Numbers], Numbers]] = {
    "exp": (np.exp, EVERYWHERE),
    "log": (np.log, np.logspace(-37, 38, 20001)),
    "log1p": (np.log1p, np.concatenate([np.linspace(0, 1, 10001), np.logspace(-30, 0, 2001)])),
    "sigmoid": (special.expit, EVERYWHERE),
    "softplus": (lambda x: np.logaddexp(0, x), EVERYWHERE),
    "tanh": (np.tanh, EVERYWHERE),
}
AT_THE_ENDS: dict[str, tuple[float, float, float]] = {  # of -inf, inf and NaN
    "exp": (0, np.inf, np.nan),
    "log": (np.nan, np.inf, np.nan),
    "sigmoid": (0, 1, np.nan),
    "softplus": (0, np.inf, np.nan),
    "tanh": (-1, 1, np.nan),
}


def each(name: str) -> Any:
    function = getattr(functions, name)

    @numba.njit  # type: ignore[untyped-decorator,unused-ignore]
    def apply(x: Any, out: Any) -> None:
        for i in range(x.size):
            out[i] = function(x[i])

    def of(x: NDArray[np.float32]) -> NDArray[np.float32]:
        out = np.empty_like(x)
        apply(x, out)
        return out

    return of


@pytest.mark.parametrize("name", KNOWN)
def test_within_four_units_in_the_last_place(name: str) -> None:
    exact, at = KNOWN[name]
    x = at.astype(np.float32)
    wanted = exact(x.astype(np.float64))
    normal = np.abs(wanted) > 1.2e-38
    error = np.abs(each(name)(x) - wanted)[normal] / np.spacing(np.abs(wanted[normal]).astype(np.float32))
    assert normal.sum() > 5000 and error.max() < 4


@pytest.mark.parametrize("name", AT_THE_ENDS)
def test_ends_and_no_number(name: str) -> None:
    found = each(name)(np.array([-np.inf, np.inf, np.nan], dtype=np.float32))
    np.testing.assert_allclose(found, AT_THE_ENDS[name], rtol=1e-6)


@pytest.mark.parametrize("name", functions.ACTIVATIONS)
def test_an_activation_makes_no_number_of_none(name: str) -> None:
    kind = functions.ACTIVATIONS[name]

    @numba.njit  # type: ignore[untyped-decorator,unused-ignore]
    def apply(u: Any, h: Any, p: Any) -> None:
        functions.activate(kind, u, h)
        functions.times_first_derivative(kind, u, h, p)

    u = np.full(8, np.nan, dtype=np.float32)
    h, p = u.copy(), u.copy()
    apply(u, h, p)
    assert np.isnan(h).all() and np.isnan(p).all()


@pytest.mark.parametrize(
    "counter, key, words",
    [  # Random123's known-answer tests, kat_vectors, philox4x32 10
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_its_authors_answers(counter: Any, key: Any, words: Any) -> None:
    @numba.njit  # type: ignore[untyped-decorator,unused-ignore]
    def block(c: Any, k: Any) -> Any:
        return philox.philox(c[0], c[1], c[2], c[3], k[0], k[1])

    found = block(np.array(counter, dtype=np.uint64), np.array(key, dtype=np.uint64))
    assert tuple(int(word) for word in found) == words


def drawn(normal: bool, shape: tuple[int, int, int] = (4, 2, 40001), seed: int = 7, stream: int = 0, step: int = 0) -> Any:
    out = np.full(shape, np.nan, dtype=np.float32)
    fill(out, normal, seed, stream, step)
    return out


@pytest.mark.parametrize("normal", [False, True])
def test_numbers_have_their_law(normal: bool) -> None:
    x = drawn(normal)
    assert stats.kstest(x.ravel(), stats.norm.cdf if normal else stats.uniform.cdf).pvalue > 1e-3
    assert np.isfinite(x).all() and (normal or (x.min() >= 0 and x.max() < 1))
    n = x.shape[-1] // 4  # of one block's four words none tells of another, nor a number of the next
    for one, other in ((x[..., :n], x[..., n : 2 * n]), (x[..., n : 2 * n], x[..., 2 * n : 3 * n]), (x[..., :-1], x[..., 1:])):
        for a, b in ((one, other), (one**2, other**2)):
            assert abs(np.corrcoef(a.ravel(), b.ravel())[0, 1]) < 4 / np.sqrt(a.size)


@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize("size", [1, 2, 3, 4, 5, 127])
def test_every_number_has_its_place(normal: bool, size: int) -> None:
    """Seed, stream, step and draw say it all; no two of them share a number."""
    together = drawn(normal, (6, 3, size))
    later = drawn(normal, (2, 3, size), step=4)
    assert np.isfinite(together).all() and np.array_equal(together[4:], later)
    others = [
        drawn(normal, (6, 3, size), seed=8),
        drawn(normal, (6, 3, size), stream=1),
        drawn(normal, (6, 3, size), step=2**32),
    ]
    everything = np.concatenate([together.ravel(), *(one.ravel() for one in others)])
    assert len(np.unique(everything)) > 0.99 * everything.size
