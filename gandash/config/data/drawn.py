"""The law that a visitor paints."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from gandash.config.data.base import PointsConfig
from gandash.config.setting import Misfit, setting
from gandash.packed import SIDE, pack_painting, unpack_painting
from gandash.words import say, words_of


def _heart() -> NDArray[np.uint8]:
    """What is painted before anybody paints: (x^2 + y^2 - 1)^3 <= x^2 y^3, with the share of each cell that lies inside."""
    fine = 4
    axis = ((np.arange(SIDE * fine) + 0.5) / (SIDE * fine) - 0.5) * 2.8
    x, y = np.meshgrid(axis, axis + 0.1)
    inside = (x**2 + y**2 - 1) ** 3 <= x**2 * y**3
    share = inside.reshape(SIDE, fine, SIDE, fine).mean(axis=(1, 3))
    return np.asarray(np.round(255 * share), dtype=np.uint8)


class DrawnConfig(PointsConfig):
    """A painting: the density of a cell is in proportion to how much of it is painted, and constant within it."""

    dimension = 2
    kind: Literal["drawn"] = "drawn"
    painting: str = setting(
        pack_painting(_heart()),
        label="Painting",
        max_length=20_000,
        repr=False,
        help=f"How much of each of {SIDE} × {SIDE} cells is painted; base64 of zlib of one byte each, row 0 the lowest.",
    )
    half_width: float = setting(
        2.5, label="Half width", ge=0.5, le=8, help="The canvas reaches so far from 0 to each side, in units of x."
    )

    def check(self) -> None:
        try:
            unpack_painting(self.painting)
        except ValueError as error:
            raise Misfit("painting", words_of(error)) from None

    def cells(self) -> NDArray[np.uint8]:
        """How much of each cell is painted, `(SIDE, SIDE)` from 0 to 255, row 0 the lowest."""
        return unpack_painting(self.painting)

    def summary(self) -> str:
        return say("drawn by hand")
