"""The array in an npy file. What its header says is believed only where the file's own length confirms it."""

from __future__ import annotations

import io
import math
import tokenize
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gandash.words import Said, finished, say

MAGIC = b"\x93NUMPY"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}

NUMBERS = say("save numbers: {code}", code="array.astype(float)")
_OTHERS = {
    "c": (
        say("complex numbers"),
        say("save the real and the imaginary part as columns: {code}", code="np.stack([z.real, z.imag], axis=1)"),
    ),
    "V": (
        say("records with named fields"),
        say("save the fields that matter as columns: {code}", code="np.stack([a['x'], a['y']], axis=1)"),
    ),
    "M": (say("dates"), say("save them as numbers: {code}", code="(array - array[0]) / np.timedelta64(1, 's')")),
    "m": (say("lengths of time"), say("save them as numbers: {code}", code="array / np.timedelta64(1, 's')")),
    "U": (say("texts"), NUMBERS),
    "S": (say("bytes"), NUMBERS),
}


class NoArray(ValueError):
    """What was found instead of an array of numbers, and what to try."""

    def __init__(self, given: Said, hint: Said) -> None:
        super().__init__(given, hint)
        self.given, self.hint = given, hint


def header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether it is in Fortran's order, and kind of number, which come next in the stream; raises NoArray."""
    try:
        shape, fortran, dtype = _HEADERS[np.lib.format.read_magic(stream)](stream)
    except (ValueError, KeyError, TypeError, SyntaxError, MemoryError, RecursionError, tokenize.TokenError, OverflowError):
        raise NoArray(say("a file whose npy header cannot be read"), say("save it with numpy.save")) from None
    if dtype.hasobject:
        raise NoArray(say("pickled Python objects, which are never opened here"), NUMBERS)
    return shape, fortran, dtype


def fits(shape: tuple[int, ...], dtype: np.dtype[Any], length: int) -> bool:
    """Whether so many bytes are what the header promises."""
    return all(n >= 0 for n in shape) and length == math.prod(shape) * dtype.itemsize


def promise(shape: tuple[int, ...], length: int | str) -> NoArray:
    """What to say where they are not."""
    promised = " × ".join(str(n)[:20] for n in shape[:6])
    given = say("a header that promises {promised} numbers and {length} bytes of them", promised=promised, length=length)
    return NoArray(given, say("save it again"))


def array(content: bytes) -> NDArray[Any]:
    """The real numbers of an npy file, as a view of `content`; raises NoArray before it allocates anything."""
    stream = io.BytesIO(content)
    shape, fortran, dtype = header(stream)
    if dtype.kind not in "biuf":
        kind, hint = _OTHERS.get(dtype.kind, (finished(repr(dtype.kind)), NUMBERS))
        raise NoArray(say("an array of {kind} instead of real numbers", kind=kind), hint)
    body = content[stream.tell() :]
    if not fits(shape, dtype, len(body)):
        raise promise(shape, len(body))
    return np.frombuffer(body, dtype=dtype).reshape(shape, order="F" if fortran else "C")
