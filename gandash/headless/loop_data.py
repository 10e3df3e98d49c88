"""What a training loop of one's own is played with, data and latents, as the game that it is measured as. Nobody's random
numbers are disturbed by asking for them."""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gandash.config.data.uploaded import played_with
from gandash.config.setting import JsonValue, SettingError
from gandash.headless.own_data import SEED
from gandash.packed import MAX_PICTURES, MAX_ROWS, SIDES, PackedPictures, pack_pictures

ROWS, PICTURES, LATENTS = 50_000, 5_000, 20_000  # as many of each are asked for, or kept
DATA = (
    "allowed are all data as a tensor or an array, (n,), (n, 1), (n, 2) or pictures (n, channels, height, width), or a "
    "function real(n) that draws them"
)
LATENT = "allowed are their number, their shape (without the batch), or a function latent(n) that draws them"

Range = tuple[float, float]


@dataclass(frozen=True)
class Real:
    """p_r as a setting; of pictures the numbers that stand for black and for white in the loop."""

    setting: dict[str, JsonValue]
    range: Range | None = None


@dataclass(frozen=True)
class Latents:
    """Their shape in the loop, without the batch. `drawn`: `(n, dimension)` by its own function; None: they are N(0, 1)."""

    shape: tuple[int, ...]
    drawn: Tensor | None = None

    @property
    def dimension(self) -> int:
        return int(np.prod(self.shape))


@contextmanager
def random_numbers_as_before() -> Iterator[None]:
    """Whatever is drawn meanwhile from torch, NumPy or Python: all of them go on as if it had not been."""
    torch_state, numpy_state, python_state = torch.get_rng_state(), np.random.get_state(), random.getstate()
    has_begun: Callable[[], bool] = torch.cuda.is_initialized
    cuda = torch.cuda.get_rng_state_all() if has_begun() else None
    try:
        yield
    finally:
        torch.set_rng_state(torch_state)
        np.random.set_state(numpy_state)
        random.setstate(python_state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)


def _asked(name: str, draw: Callable[..., Any], n: int) -> NDArray[Any]:
    try:
        takes_rng = len(inspect.signature(draw).parameters) > 1
    except (TypeError, ValueError):  # one of C's
        takes_rng = False
    with random_numbers_as_before(), torch.no_grad():
        found = draw(n, np.random.default_rng(SEED)) if takes_rng else draw(n)
    array = _array(found)
    if array.ndim < 1 or len(array) != n:
        raise SettingError(name, f"a function that returns {array.shape} for {n:,}", "as many are needed as it is asked for")
    return array


def _array(given: Any) -> NDArray[Any]:
    return given.detach().cpu().float().numpy() if isinstance(given, Tensor) else np.asarray(given)


def real_data(given: Any) -> Real:
    """p_r is the empirical law of these data, in the loop's own units. Raises SettingError."""
    if callable(given):
        few = _asked("real", given, 2)
        array = _asked("real", given, PICTURES if few.ndim > 2 else ROWS)
    else:
        array = _array(given)
    shape = f"an array of shape {array.shape}"
    if array.dtype.kind not in "biuf":
        raise SettingError("real", f"an array of {array.dtype}", "numbers are needed", DATA)
    if not np.isfinite(array).all():
        raise SettingError("real", shape, "every number must be finite", "leave out the rows with NaN or infinity")
    if array.ndim > 2:
        return _pictures(array, shape)
    rows = array.reshape(-1, 1) if array.ndim < 2 else array
    if rows.shape[1] not in (1, 2):
        raise SettingError("real", shape, "one or two columns, or pictures, can be measured", DATA)
    rows = _some(rows, MAX_ROWS)
    return Real(dict[str, JsonValue](played_with(rows.astype(np.float64), scaling="as_given")))


def _some(array: NDArray[Any], most: int) -> NDArray[Any]:
    """All of them, or so many of them at random, the same ones each time."""
    if len(array) <= most:
        return array
    return array[np.sort(np.random.default_rng(SEED).choice(len(array), most, replace=False))]


def _pictures(array: NDArray[Any], shape: str) -> Real:
    if array.ndim == 3:
        array = array[:, None]
    if array.ndim != 4 or array.shape[1] not in (1, 3):
        raise SettingError("real", shape, "pictures are (n, channels, height, width) with 1 or 3 channels", DATA)
    if array.shape[2] != array.shape[3] or array.shape[3] not in SIDES:
        raise SettingError(
            "real", shape, f"square pictures of {', '.join(map(str, SIDES))} pixels a side can be measured", DATA
        )
    array = _some(array, min(MAX_PICTURES, PICTURES))
    low, high = range_of(array)
    pixels = np.clip(np.round((array.astype(np.float64) - low) / (high - low) * 255), 0, 255).astype(np.uint8)
    return Real({"kind": "uploaded_pictures", "pixels": pack_pictures(PackedPictures(pixels, None))}, (low, high))


def range_of(pictures: NDArray[Any]) -> Range:
    """The numbers that stand for black and for white: -1 and 1, 0 and 1 or 0 and 255 where they lie so, else the extremes."""
    low, high = float(pictures.min()), float(pictures.max())
    if low < 0:
        return (-1.0, 1.0) if low >= -1 and high <= 1 else (low, high)
    if high <= 1:
        return 0.0, 1.0
    return (0.0, 255.0) if high <= 255 else (low, high)


def latents(given: Any) -> Latents:
    """Raises SettingError."""
    if callable(given):
        drawn = _asked("latent", given, LATENTS).astype(np.float32)
        if drawn.ndim < 2:
            raise SettingError("latent", f"a function that returns {drawn.shape}", "each needs a row of its own", LATENT)
        return Latents(drawn.shape[1:], torch.from_numpy(drawn.reshape(len(drawn), -1).copy()))
    shape: Sequence[Any] = given if isinstance(given, tuple | list | torch.Size) else (given,)
    if not shape or not all(isinstance(n, int) and not isinstance(n, bool) and n > 0 for n in shape):
        raise SettingError("latent", str(given), "whole numbers from 1 are needed", LATENT)
    return Latents(tuple(shape))
