"""What the page's picture of a step carries, as typed arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from gandash.wire.facts import Facts, LineFacts, PhaseFacts, PictureFacts
from gandash.wire.frame import unpack

Shape = Callable[[Any], tuple[int, ...]]

_SHAPES: dict[type[Any], dict[str, Shape]] = {
    PhaseFacts: {"flow": lambda facts: (facts.phase.grid, facts.phase.grid, 2), "path": lambda facts: (-1, 2)},
    PictureFacts: {
        name: lambda facts: (-1, *facts.shape) for name in ("generated", "real", "nearest", "walk", "between", "map")
    },
}


@dataclass(frozen=True)
class Frame:
    """Of `step`; its `numbers` were measured at step `measured`, the JSD of the plane at `jsd_step` among them.

    `frame["d"]` is one of its `arrays`, float32 unless told otherwise. On the line: `grid` `(n,)` in units of x, and over it
    densities `p_r`, `p_g`, `p_g_average`, D's reading `d` and its best response `d_star`; `real`, `latents` and what G makes of
    these, `generated`. On the plane: `d` and `d_star` over the window `(rows, columns)`, row 0 the lowest; `real`, `generated`
    and `sample_gradient`, -grad_x L_G at each of these, `(n, 2)`; `mesh` of latents `(k, k, 2)`; `shares` of the modes. Of a
    scalar game: `path` `(n, 2)` of (theta, psi), and the `flow` -v `(rows, columns, 2)`. Of pictures: `generated` and `real`
    uint8 `(n, channels, height, width)`, `d_generated`, `d_real`, both `histogram_...` of D, and `shares` of the classes.
    """

    step: int
    measured: int
    numbers: dict[str, float]
    arrays: Mapping[str, NDArray[Any]]

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self.arrays:
            raise KeyError(f"{name}: this frame has {', '.join(self.arrays)}")
        return self.arrays[name]

    def __repr__(self) -> str:
        return f"<Frame of step {self.step}: {', '.join(f'{n} {a.shape}' for n, a in self.arrays.items())}>"


def read(body: bytes, facts: Facts) -> Frame:
    """A frame of one game as it is sent to a browser. Raises BrokenFrame."""
    label, arrays = unpack(body)
    (own,) = label["members"]
    shapes = _SHAPES.get(type(facts), {})
    shaped = {name: a.reshape(shapes[name](facts)) if name in shapes else a for name, a in arrays.items()}
    if isinstance(facts, LineFacts):
        shaped = {name: a.reshape(-1) for name, a in shaped.items()}
    numbers = {name: math.nan if value is None else float(value) for name, value in own["numbers"].items()}
    return Frame(own["step"], own["measured"], numbers, shaped)
