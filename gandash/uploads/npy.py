"""The array in an npy file, of whose header nothing is believed that the file's own length does not confirm."""

from __future__ import annotations

import io
import math
import tokenize
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = b"\x93NUMPY"


class NoArray(ValueError):
    """What was found instead of an array of numbers, and what to try."""

    def __init__(self, given: str, hint: str) -> None:
        super().__init__(given, hint)
        self.given, self.hint = given, hint


def array(content: bytes) -> NDArray[Any]:
    """The real numbers of an npy file, as a view of `content`; raises NoArray before it allocates anything."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        header = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = header(stream)
    except (ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError, tokenize.TokenError, OverflowError):
        raise NoArray("a file whose npy header cannot be read", "save it with numpy.save") from None
    if dtype.hasobject:
        raise NoArray("pickled Python objects, which are never opened here", "save numbers: array.astype(float)")
    if dtype.kind not in "biuf":
        raise NoArray(f"an array of {dtype.kind!r} instead of real numbers", "save numbers: array.astype(float)")
    body = content[stream.tell() :]
    if any(n < 0 for n in shape) or len(body) != math.prod(shape) * dtype.itemsize:
        promised = " × ".join(str(n)[:20] for n in shape[:6])
        raise NoArray(f"a header that promises {promised} numbers and {len(body)} bytes of them", "save it again")
    return np.frombuffer(body, dtype=dtype).reshape(shape, order="F" if fortran else "C")
