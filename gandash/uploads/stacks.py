"""Arrays as stacks of pictures: which axis is what, which number is black and which white, and what labels say."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.uploads.arrays import Array
from gandash.uploads.sources import Refused, some
from gandash.words import Said, say

MAX_SIDE = 8192
MAX_AREA = 25_000_000  # pixels of one picture; a good camera makes 24 million
_FLAT_SIDE = 4  # of pictures that come as rows; anything smaller is no picture

Labels = NDArray[np.int64]

# ------------------------------------------------------------------------------------------------------------ layouts


NOTHING = Said("")


@dataclass(frozen=True)
class Layout:
    """How the numbers of one row lie: its axes are `shape`, and `axes` brings them to height, width (and colours)."""

    shape: tuple[int, ...]
    axes: tuple[int, ...]
    words: Said = NOTHING

    def pictures(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Rows `(n, ...)` as pictures, `(n, height, width)` or `(n, height, width, 3)`."""
        found = rows.reshape(len(rows), *self.shape).transpose(0, *(1 + axis for axis in self.axes))
        return found[..., 0] if found.ndim == 4 and found.shape[3] == 1 else found


def layout(array: Array) -> Layout:
    """How pictures lie in this array: `(n, h, w)`, colours last or first, or flat rows of squares; raises Refused."""
    n, *rest = array.shape or (0,)
    found = _layout(n, tuple(rest))
    if array.dtype.kind not in "biuf":
        given = say("an array of {kind} instead of real numbers", kind=repr(array.dtype.kind))
        raise Refused(array.name, given, say("save numbers: {code}", code="array.astype(float)"))
    if found is None:
        shape = " × ".join(str(s) for s in array.shape[:6]) or "()"
        raise Refused(array.name, say("an array of shape {shape}", shape=shape), _advice(array.shape))
    height, width = (found.shape[axis] for axis in found.axes[:2])
    if not n or not height or not width:
        raise Refused(array.name, say("an array without a pixel"), say("was it saved?"))
    if max(height, width) > MAX_SIDE or height * width > MAX_AREA:
        given = say("pictures of {width} × {height} pixels", width=width, height=height)
        raise Refused(array.name, given, say("make them smaller than {most} on a side", most=MAX_SIDE))
    return found


def _layout(n: int, rest: tuple[int, ...]) -> Layout | None:
    if len(rest) == 1:
        for colours in (1, 3):
            side = math.isqrt(max(0, rest[0]) // colours)
            if side >= _FLAT_SIDE and side * side * colours == rest[0]:
                words = say("rows of {count} numbers are {side} × {side} pixels", count=f"{rest[0]:,}", side=side)
                if colours == 3:
                    words = say(
                        "rows of {count} numbers are {side} × {side} pixels, colour by colour", count=f"{rest[0]:,}", side=side
                    )
                return Layout((colours, side, side), (1, 2, 0), words)
        return None
    if len(rest) == 2:
        height, width = rest
        if 1 <= width <= 4 < height or (n == height and width > 4 * height):
            return None  # one picture in colour; or pictures that come last, as in Matlab
        return Layout(rest, (0, 1))
    if len(rest) == 3 and rest[2] in (1, 3):
        return Layout(rest, (0, 1, 2))
    if len(rest) == 3 and rest[0] in (1, 3):
        return Layout(rest, (1, 2, 0), say("colours come first") if rest[0] == 3 else NOTHING)
    return None


def _advice(shape: tuple[int, ...]) -> Said:
    if len(shape) == 3 and 1 <= shape[2] <= 4:
        return say("for one picture in colour, give a stack of several: {shape}", shape="(n, h, w, 3)")
    if len(shape) in (3, 4) and shape[0] == shape[1]:
        return say("if pictures come last, put them first: {code}", code="numpy.moveaxis(array, -1, 0)")
    return say("pictures first, then height, width and, in colour, 3; or rows of a square number of pixels")


# -------------------------------------------------------------------------------------------------------------- scales


@dataclass(frozen=True)
class Scale:
    """Which number is black and which is white."""

    black: float
    white: float

    @property
    def words(self) -> Said:
        """The scale as a person is told of it."""
        return say("{black} to {white} read as black to white", black=_number(self.black), white=_number(self.white))

    def bytes(self, numbers: NDArray[Any]) -> NDArray[np.uint8]:
        """0 for black, 255 for white; what lies a hair beyond is cut."""
        if numbers.dtype == np.uint8 and (self.black, self.white) == (0, 255):
            return np.ascontiguousarray(numbers)
        light = (numbers.astype(np.float64) - self.black) * (255 / (self.white - self.black))
        return np.asarray(np.round(light.clip(0, 255)), dtype=np.uint8)


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−") if abs(value) < 1e4 or value != round(value) else f"{value:.0f}".replace("-", "−")


def scale(low: float, high: float, dtype: np.dtype[Any]) -> Scale:
    """The scale of numbers from `low` to `high`: a usual one that they fill, else their own.

    Usual are 0 to 1, −1 to 1 and 0 to 255. One counts as filled where nine tenths of it are used, with bytes a half; a tenth
    beyond, such as a resize overshoots, is cut. Everything else, 0 to 16 or −0.42 to 2.8, goes from 0, or from its least
    number where that says more, to its largest.
    """
    filled = 0.5 if dtype == np.uint8 else 0.9
    for black, white in ((0.0, 1.0), (-1.0, 1.0), (0.0, 255.0)):
        used = max(abs(low), abs(high)) if black < 0 else high
        if filled * white < used <= 1.1 * white and black - 0.1 * white <= low and (black == 0 or low < 0):
            return Scale(black, white)
    return Scale(0.0 if 0 <= low <= high / 2 else low, high)


# -------------------------------------------------------------------------------------------------------------- labels

_LABELS = re.compile(r"label|target|(^|[^a-z])(y|class(es)?)([^a-z]|$)")
_HELD_OUT = re.compile(r"(^|[^a-z])(test(ing)?|t10k|val(id(ation)?)?|dev)([^a-z]|$)")


def is_held_out(array: Array) -> bool:
    """Whether its name says that it was put aside to test with."""
    return bool(_HELD_OUT.search(array.source.path.lower()))


def is_labels(array: Array) -> bool:
    """Whether this holds a label for each of some pictures: one row of numbers or words, or what is called so."""
    rank, kind = len(array.shape), array.dtype.kind
    if rank == 1 or (rank == 2 and array.shape[1] == 1):
        return kind in "biufUS"
    return rank == 2 and kind in "biuf" and bool(_LABELS.search(array.title.lower()))


def called_labels(array: Array) -> bool:
    """Whether its name says that it holds labels."""
    return bool(_LABELS.search(array.title.lower()))


def read_labels(array: Array) -> tuple[Labels | None, Said]:
    """Classes from 0 to 255 and what to say of them; None where these are no classes."""
    values = array.whole()
    if values.ndim == 2 and values.shape[1] > 1:
        if not (np.isin(values, (0, 1)).all() and (values.sum(axis=1) == 1).all()):
            return None, say("{name} left out: it has several numbers for each picture", name=array.title)
        return values.argmax(axis=1), say("classes from {name}", name=array.title)
    values = values.ravel()
    if values.dtype.kind in "US":
        return classes([v.decode(errors="replace") if isinstance(v, bytes) else str(v) for v in values.tolist()])
    if values.dtype.kind == "f":
        if not (np.isfinite(values).all() and (values == np.round(values)).all()):
            return None, say("{name} left out: its numbers are no classes", name=array.title)
        values = values.astype(np.int64)
    if values.size and values.min() >= 0 and values.max() <= 255:
        return values.astype(np.int64), say("classes from {name}", name=array.title)
    return classes([str(v) for v in values.tolist()])


def classes(names: Sequence[str]) -> tuple[Labels | None, Said]:
    """A number for each of these names, and what to say of them; names that are numbers stay what they are.

    >>> numbers, words = classes(["dog", "cat", "dog"])
    >>> numbers.tolist(), words
    ([1, 0, 1], 'classes: 0 = cat, 1 = dog')
    """
    known = sorted(set(names), key=lambda name: (int(name) if re.fullmatch(r"-?\d{1,18}", name) else 0, name))
    if len(known) > 256:
        return None, say("no classes: {count} are more than 256", count=f"{len(known):,}")
    if all(re.fullmatch(r"0|[1-9]\d{0,2}", name) and int(name) < 256 for name in known):
        return np.array([int(name) for name in names], dtype=np.int64), NOTHING
    number = {name: i for i, name in enumerate(known)}
    told = some([f"{i} = {name}" for name, i in number.items()], 10)
    return np.array([number[name] for name in names], dtype=np.int64), say("classes: {names}", names=told)
