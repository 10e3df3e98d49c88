"""Samples and painted squares as text, so that they travel inside a config: a run stays config + seed + event log.

The text is base64 of zlib of the numbers: float32, little endian, row by row for samples; one byte per cell for a painting.
Whoever reads it trusts nothing: sizes are bounded before and while it is unpacked. Knows no torch.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

MAX_ROWS = 200_000
SIDE = 64  # cells per side of a painting
MAX_TEXT = 2_200_000  # characters: 200,000 rows of two numbers that cannot be compressed take 2.14 million


def pack_samples(rows: NDArray[np.float32]) -> str:
    """Samples `(n, columns)` as text.

    >>> unpack_samples(pack_samples(np.array([[1, 2], [3, 4.5]], dtype=np.float32)), 2).tolist()
    [[1.0, 2.0], [3.0, 4.5]]
    """
    return _pack(np.ascontiguousarray(rows, dtype="<f4").tobytes())


@lru_cache(maxsize=8)  # a config is read again at every change of a setting
def unpack_samples(text: str, columns: int) -> NDArray[np.float32]:
    """The samples `(n, columns)`, read only; raises ValueError, in words, for text that holds none."""
    data = _unpack(text, 4 * columns * MAX_ROWS, f"at most {MAX_ROWS:,} rows are allowed; keep a random part of them")
    if not data or len(data) % (4 * columns):
        raise ValueError(f"{len(data)} bytes are not rows of {columns} float32 number{'s' if columns > 1 else ''} each")
    rows = np.frombuffer(data, dtype="<f4").reshape(-1, columns).astype(np.float32)
    if not np.isfinite(rows).all():
        raise ValueError("every number must be finite")
    rows.flags.writeable = False
    return rows


def pack_painting(cells: NDArray[np.uint8]) -> str:
    """How much of each cell is painted, `(SIDE, SIDE)` from 0 to 255, row 0 the lowest, as text."""
    return _pack(np.ascontiguousarray(cells, dtype=np.uint8).tobytes())


@lru_cache(maxsize=8)
def unpack_painting(text: str) -> NDArray[np.uint8]:
    """The painting `(SIDE, SIDE)`, read only; raises ValueError, in words, for text that holds none, and for a blank one."""
    data = _unpack(text, SIDE**2, f"a painting has {SIDE} × {SIDE} cells of one byte")
    if len(data) != SIDE**2:
        raise ValueError(f"{len(data)} bytes given; a painting has {SIDE} × {SIDE} cells of one byte")
    cells = np.frombuffer(data, dtype=np.uint8).reshape(SIDE, SIDE)
    if not cells.any():
        raise ValueError("nothing is painted, so there is nothing to learn; paint something")
    return cells


def _pack(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data, 9)).decode("ascii")


def _unpack(text: str, limit: int, allowed: str) -> bytes:
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(base64.b64decode(text, validate=True), limit + 1)  # a few bytes may promise gigabytes
    except (binascii.Error, ValueError, zlib.error):
        raise ValueError("this is not the base64 of zlib data that is kept here; paint or upload anew") from None
    if len(data) > limit:
        raise ValueError(f"it holds more than there may be: {allowed}")
    if not inflate.eof or inflate.unused_data:
        raise ValueError("the data end too early or too late; paint or upload anew")
    return data
