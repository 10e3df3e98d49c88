"""Laws of uploaded numbers: the empirical law of one column or two."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from gandash.config.data.base import PointsConfig
from gandash.config.setting import Misfit, setting
from gandash.packed import MAX_TEXT, pack_samples, unpack_samples
from gandash.words import listed, say, words_of

_FURTHEST = 1e6


def _rows(default: NDArray[np.float64]) -> Any:
    return setting(
        pack_samples(default.astype(np.float32)),
        label="Rows",
        max_length=MAX_TEXT,
        repr=False,
        help="The uploaded numbers themselves; base64 of zlib of float32, little endian, row by row; after from: as distances "
        "from one row in float64.",
    )


def _scaling() -> Any:
    return setting(
        "standardised",
        label="Scale",
        choices={"standardised": "standardised", "as_given": "as given"},
        help="Standardised: every column is moved to mean 0 and scaled to standard deviation 1, where networks learn best.",
    )


def _played(rows: str, scaling: str, columns: int) -> NDArray[np.float32]:
    """The points that the game is played with, `(n, columns)`; raises ValueError, in words, naming the field."""
    try:
        given = unpack_samples(rows, columns)
    except ValueError as error:
        raise Misfit("rows", words_of(error)) from None
    if len(given) < 2:
        raise Misfit("rows", say("one row given; at least 2 are needed, and a few hundred to learn from"))
    wide = given.astype(np.float64)
    constant = wide.min(axis=0) == wide.max(axis=0)
    if constant.any():
        if columns == 1:
            raise Misfit("rows", say("it is the same number in every row; choose a point mass instead"))
        raise Misfit(
            "rows",
            say(
                "column {column} is the same number in every row; upload the other column alone",
                column=int(constant.argmax()) + 1,
            ),
        )
    if scaling == "standardised":
        return np.asarray((wide - wide.mean(axis=0)) / wide.std(axis=0), dtype=np.float32)
    far = float(np.abs(wide).max())
    if far > _FURTHEST:
        raise Misfit(
            "scaling",
            say("as given, the largest number is {size}; at most 1e6 is allowed; try standardised", size=f"{far:.3g}"),
        )
    single = wide.astype(np.float32)
    for i in range(columns):
        apart, there = len(np.unique(single[:, i])), len(np.unique(wide[:, i]))
        if apart < 0.99 * there or np.abs(single - wide)[:, i].max() > 1e-3 * wide[:, i].std():
            raise Misfit(
                "scaling",
                say(
                    "as given, the numbers lie too far from 0 for how near they are to one another: in single precision, "
                    "which the game is played in, {apart} of {count} stay apart; try standardised",
                    apart=f"{apart:,}",
                    count=f"{there:,}",
                ),
            )
    return single


def _even(n: int) -> NDArray[np.float64]:
    """n numbers spread evenly over (0, 1), in an order that has nothing to do with their size: the golden ratio's multiples."""
    return np.asarray((np.arange(n) * ((math.sqrt(5) - 1) / 2) + 0.5 / n) % 1)


def _normal(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([NormalDist().inv_cdf(v) for v in p], dtype=np.float64)


def _humps() -> NDArray[np.float64]:
    """What stands for an uploaded column before there is one: a narrow hump with 3/8 of 256 rows beside a wide one."""
    p = (np.arange(256) + 0.5) / 256
    low = p < 0.375
    narrow = -1.2 + 0.25 * _normal(np.where(low, p / 0.375, 0.5))
    wide = 0.9 + 0.5 * _normal(np.where(low, 0.5, (p - 0.375) / 0.625))
    return np.asarray(np.where(low, narrow, wide)[:, None], dtype=np.float64)


def _arc() -> NDArray[np.float64]:
    """What stands for two uploaded columns before there are any: 256 rows along an arc."""
    angle = math.pi * (1.2 * (np.arange(256) + 0.5) / 256 - 0.1)
    radius = 1.5 + 0.15 * _normal(_even(256))
    return np.asarray(np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1), dtype=np.float64)


def played_with(rows: NDArray[np.floating[Any]], **more: str) -> dict[str, str]:
    """The setting `data` that plays with these rows, `(n, 1)` or `(n, 2)`; `more`: its other fields."""
    return {"kind": "samples" if rows.shape[1] == 1 else "samples_2d", "rows": pack_samples(rows), **more}


class SamplesConfig(PointsConfig):
    """One uploaded column: p_r is the empirical law, each row as likely as any other."""

    kind: Literal["samples"] = "samples"
    rows: str = _rows(_humps())
    scaling: Literal["standardised", "as_given"] = _scaling()

    def check(self) -> None:
        self.points()

    def points(self) -> NDArray[np.float32]:
        """The points as the game is played with them, `(n, 1)`."""
        return _played(self.rows, self.scaling, 1)

    def summary(self) -> str:
        return listed(say("uploaded"), say("{count} numbers", count=len(unpack_samples(self.rows, 1))))


class Samples2DConfig(PointsConfig):
    """Two uploaded columns: p_r is the empirical law, each row as likely as any other."""

    dimension = 2
    kind: Literal["samples_2d"] = "samples_2d"
    rows: str = _rows(_arc())
    scaling: Literal["standardised", "as_given"] = _scaling()

    def check(self) -> None:
        self.points()

    def points(self) -> NDArray[np.float32]:
        """The points as the game is played with them, `(n, 2)`."""
        return _played(self.rows, self.scaling, 2)

    def summary(self) -> str:
        return listed(say("uploaded"), say("{count} points", count=len(unpack_samples(self.rows, 2))))
