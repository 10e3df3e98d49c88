"""Data of one's own, as arrays or as a function that draws them, as the settings that a game is played with."""

from __future__ import annotations

import inspect
import io
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.config.data.uploaded import played_with
from gandash.config.setting import JsonValue, SettingError, Settings
from gandash.headless.settings import plain
from gandash.packed import MAX_PICTURES, MAX_ROWS, SIDES
from gandash.uploads import guard

DRAWN = 50_000  # samples that a function is asked for
SEED = 0  # of its generator: the data are the same, whatever the run's seed

ALLOWED = (
    "allowed are an array (n,), (n, 1) or (n, 2) of numbers, of pictures (n, height, width[, 3]), or a function that draws them"
)


def data_setting(given: Any) -> JsonValue:
    """The setting `data`: one by its kind or its fields as it is, else the law of these samples.

    `given` is an array, whatever NumPy makes one of (a tensor, a data frame's column, a list), or a function `draw(n, rng)`
    that returns n samples, `rng` a `numpy.random.Generator`. It is asked once, for 50,000 of them: p_r is then the empirical
    law of these, each as likely as any other, so that all distances are measured against the very law that is played with.
    Pictures may come with their labels, as a pair. Raises SettingError.
    """
    if isinstance(given, str | Mapping | Settings):
        return plain(given)
    if callable(given):
        return _of_array(_drawn(given))
    if isinstance(given, tuple) and len(given) == 2 and np.ndim(given[0]) > 2:
        return _pictures(np.asarray(given[0]), np.asarray(given[1]))
    return _of_array(given)


def _drawn(draw: Callable[..., Any]) -> Any:
    try:
        takes_rng = len(inspect.signature(draw).parameters) > 1
    except (TypeError, ValueError):  # one of C's
        takes_rng = False
    return draw(DRAWN, np.random.default_rng(SEED)) if takes_rng else draw(DRAWN)


def _of_array(given: Any) -> JsonValue:
    if hasattr(given, "detach"):  # a tensor
        given = given.detach().cpu()
    array = np.asarray(given)
    if array.dtype.kind not in "biuf":
        raise SettingError("data", f"an array of {array.dtype}", "numbers are needed", ALLOWED)
    if array.ndim > 2:
        return _pictures(array, None)
    rows = array.reshape(-1, 1) if array.ndim < 2 else array
    shape = f"an array of shape {array.shape}"
    if rows.shape[1] not in (1, 2):
        raise SettingError("data", shape, "one or two columns can be played with", ALLOWED)
    if len(rows) > MAX_ROWS:
        raise SettingError("data", shape, f"at most {MAX_ROWS:,} rows can be kept", "draw so many of them at random")
    if not np.isfinite(rows).all():
        raise SettingError("data", shape, "every number must be finite", "leave out the rows with NaN or infinity")
    found: JsonValue = played_with(rows.astype(np.float64))
    return found


def _pictures(array: NDArray[Any], labels: NDArray[Any] | None) -> JsonValue:
    side = max(array.shape[1:3]) if array.shape[-1] in (1, 3) or array.ndim == 3 else array.shape[-1]
    channels = 3 if array.ndim == 4 and 3 in (array.shape[1], array.shape[3]) else 1
    files = [("data.npy", _npy(array))] + ([] if labels is None else [("labels.npy", _npy(labels))])
    nearest = min(SIDES, key=lambda s: (abs(s - side), s))
    try:
        pixels = guard.read_pictures(files, nearest, channels, MAX_PICTURES, seconds=guard.PATIENT_SECONDS)
    except guard.PicturesRefused as error:
        raise SettingError("data", f"an array of shape {array.shape}", str(error), ALLOWED) from None
    return {"kind": "uploaded_pictures", "pixels": pixels}


def _npy(array: NDArray[Any]) -> bytes:
    body = io.BytesIO()
    np.save(body, array.astype(np.float32) if array.dtype.kind == "f" else array, allow_pickle=False)
    return body.getvalue()
