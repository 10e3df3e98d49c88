"""Samples, painted squares and pictures as text, so that they travel inside a config: a run stays config + seed + event log.

The text is base64 of zlib of the numbers: float32, little endian, row by row for samples (as distances from one of them,
where float32 would lose what tells them apart); one byte per cell for a painting; a header, one byte per pixel and channel, the
labels and a note for pictures. Whoever reads it trusts nothing: sizes are bounded before and while it is unpacked. Knows no
torch.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.words import Said, say

MAX_ROWS = 200_000
FROM_ORIGIN = "from:"  # no base64 has a colon
SIDE = 64  # cells per side of a painting
MAX_TEXT = 2_200_000  # characters: 200,000 rows of two numbers that cannot be compressed take 2.14 million
SIDES = (8, 16, 28, 32)  # of pictures, in pixels
MAX_PICTURES = 100_000
MAX_PIXELS = 8_000_000  # of all pictures together, times channels
MAX_PICTURE_TEXT = 3_000_000  # characters, so that a config with all else in it stays below 4 MiB
MAX_NOTE = 2_000  # bytes: what is said of how the pictures were read
_HEADER = struct.Struct("<IBBB")  # pictures, channels, side, what follows the pixels
_LABELLED, _NOTED = 1, 2


def pack_samples(rows: NDArray[np.floating[Any]]) -> str:
    """Samples `(n, columns)` as text.

    Where float32 would move numbers by more than a millionth of their spread, or make two of them one (seconds since 1970), the
    distances from one row are kept instead, and that row in double precision in front of them.

    >>> unpack_samples(pack_samples(np.array([[1, 2], [3, 4.5]], dtype=np.float32)), 2).tolist()
    [[1.0, 2.0], [3.0, 4.5]]
    """
    wide = np.asarray(rows, dtype=np.float64)
    near = wide.astype("<f4")
    moved = (np.abs(near - wide) > 1e-6 * wide.std(axis=0)).any()
    if not moved and all(len(np.unique(near[:, i])) == len(np.unique(wide[:, i])) for i in range(wide.shape[1])):
        return _pack(near.tobytes())
    nearest = np.abs(wide - wide.mean(axis=0)).argmin(axis=0)  # a row's own number: distances of whole numbers stay whole
    origin = np.take_along_axis(wide, nearest[None], axis=0)[0]
    return FROM_ORIGIN + _pack(origin.astype("<f8").tobytes() + (wide - origin).astype("<f4").tobytes())


@lru_cache(maxsize=8)  # a config is read again at every change of a setting
def unpack_samples(text: str, columns: int) -> NDArray[np.floating[Any]]:
    """The samples `(n, columns)`, read only, in single precision or double, as they were kept.

    Raises ValueError, in words, for text that holds none.
    """
    head = 8 * columns if text.startswith(FROM_ORIGIN) else 0
    allowed = say("at most {count} rows are allowed; keep a random part of them", count=f"{MAX_ROWS:,}")
    data = _unpack(text.removeprefix(FROM_ORIGIN), head + 4 * columns * MAX_ROWS, allowed)
    size = len(data) - head
    if size <= 0 or size % (4 * columns):
        raise ValueError(say("{bytes} bytes are not rows of {columns} float32 each", bytes=len(data), columns=columns))
    rows: NDArray[np.floating[Any]] = np.frombuffer(data, dtype="<f4", offset=head).reshape(-1, columns).astype(np.float32)
    if head:
        rows = np.frombuffer(data, dtype="<f8", count=columns) + rows.astype(np.float64)
    if not (np.abs(rows) <= np.finfo(np.float32).max).all():
        raise ValueError(say("every number must be finite"))
    rows.flags.writeable = False
    return rows


def pack_painting(cells: NDArray[np.uint8]) -> str:
    """How much of each cell is painted, `(SIDE, SIDE)` from 0 to 255, row 0 the lowest, as text."""
    return _pack(np.ascontiguousarray(cells, dtype=np.uint8).tobytes())


@lru_cache(maxsize=8)
def unpack_painting(text: str) -> NDArray[np.uint8]:
    """The painting `(SIDE, SIDE)`, read only; raises ValueError, in words, for text that holds none, and for a blank one."""
    data = _unpack(text, SIDE**2, say("a painting has {side} × {side} cells of one byte", side=SIDE))
    if len(data) != SIDE**2:
        raise ValueError(
            say("{bytes} bytes given; a painting has {side} × {side} cells of one byte", bytes=len(data), side=SIDE)
        )
    cells = np.frombuffer(data, dtype=np.uint8).reshape(SIDE, SIDE)
    if not cells.any():
        raise ValueError(say("nothing is painted, so there is nothing to learn; paint something"))
    return cells


@dataclass(frozen=True)
class PackedPictures:
    """Square pictures `(n, channels, side, side)`, their labels `(n,)` from 0 to 255 where there are any, and a note.

    The note says how they were read: how many of how many they are, on what scale, and what was left out. It is a text
    (`gandash.words.noting`), and travels with them, so that it is as true after a reload, or of a saved run.
    """

    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64] | None
    note: str = ""


def pack_pictures(pictures: PackedPictures) -> str:
    """Pictures as text.

    >>> one = PackedPictures(np.zeros((2, 1, 8, 8), dtype=np.uint8), np.array([7, 1]))
    >>> unpack_pictures(pack_pictures(one)).labels.tolist()
    [7, 1]
    """
    n, channels, side, _ = pictures.pixels.shape
    note = pictures.note.encode()[:MAX_NOTE]
    header = _HEADER.pack(n, channels, side, _LABELLED * (pictures.labels is not None) + _NOTED * bool(note))
    labels = b"" if pictures.labels is None else pictures.labels.astype(np.uint8).tobytes()
    # Level 6: the last two per cent would take a slow machine seconds for a large upload
    return _pack(header + np.ascontiguousarray(pictures.pixels, dtype=np.uint8).tobytes() + labels + note, level=6)


@lru_cache(maxsize=4)  # up to 8 MB each
def unpack_pictures(text: str) -> PackedPictures:
    """The pictures, read only; raises ValueError, in words, for text that holds none."""
    allowed = say(
        "at most {count} pictures of {pixels} pixels together are allowed; keep fewer pictures",
        count=f"{MAX_PICTURES:,}",
        pixels=f"{MAX_PIXELS:,}",
    )
    data = _unpack(text, _HEADER.size + MAX_PIXELS + MAX_PICTURES + MAX_NOTE, allowed)
    if len(data) < _HEADER.size:
        raise ValueError(say("{bytes} bytes hold no pictures; upload them anew", bytes=len(data)))
    n, channels, side, also = _HEADER.unpack_from(data)
    if channels not in (1, 3) or side not in SIDES or also & ~(_LABELLED | _NOTED):
        raise ValueError(
            say(
                "pictures of side {side} with {channels} channels; allowed are sides of {sides} with 1 or 3",
                side=side,
                channels=channels,
                sides=", ".join(map(str, SIDES)),
            )
        )
    area = channels * side**2
    if not n or n > MAX_PICTURES or n * area > MAX_PIXELS:
        raise ValueError(say("it promises {count} pictures: {allowed}", count=f"{n:,}", allowed=allowed))
    end = _HEADER.size + n * (area + (also & _LABELLED))
    note = data[end:] if also & _NOTED else b""
    if len(data) != end + len(note) or len(note) > MAX_NOTE:
        raise ValueError(
            say(
                "{bytes} bytes are not {count} pictures of {area} bytes each; upload them anew",
                bytes=len(data) - _HEADER.size,
                count=n,
                area=area,
            )
        )
    body = np.frombuffer(data, dtype=np.uint8, count=end - _HEADER.size, offset=_HEADER.size)
    labels = None
    if also & _LABELLED:
        labels = body[n * area :].astype(np.int64)
        labels.flags.writeable = False
    return PackedPictures(body[: n * area].reshape(n, channels, side, side), labels, note.decode(errors="replace"))


def _pack(data: bytes, level: int = 9) -> str:
    return base64.b64encode(zlib.compress(data, level)).decode("ascii")


def _unpack(text: str, limit: int, allowed: Said) -> bytes:
    inflate = zlib.decompressobj()
    try:
        data = inflate.decompress(base64.b64decode(text, validate=True), limit + 1)  # a few bytes may promise gigabytes
    except (binascii.Error, ValueError, zlib.error):
        raise ValueError(say("this is not the base64 of zlib data that is kept here; paint or upload anew")) from None
    if len(data) > limit:
        raise ValueError(say("it holds more than there may be: {allowed}", allowed=allowed))
    if not inflate.eof or inflate.unused_data:
        raise ValueError(say("the data end too early or too late; paint or upload anew"))
    return data
