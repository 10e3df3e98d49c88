"""Arrays of numbers in files: IDX, npy, gzipped or in a zip (npz). What their headers promise, and their numbers, in pieces.

Nothing is allocated for a promise: numbers pass by in pieces, and only what is kept of them stays.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from gandash.uploads import npy
from gandash.uploads.sources import Refused, Source
from gandash.words import say

MAX_ARRAY = 2**28  # bytes of one array; MNIST as float32 takes 188 million
_PIECE = 2**22  # bytes that are looked at together
GZIP = b"\x1f\x8b"
# IDX's codes: unsigned and signed byte, 16, 32 and 64 bits; big endian all (yann.lecun.com/exdb/mnist)
_IDX = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}
AGAIN = say("fetch the file again")


@dataclass(frozen=True)
class Array:
    """An array that a header promises; `skip` bytes into its source begin its numbers."""

    source: Source
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    skip: int
    fortran: bool = False

    @property
    def name(self) -> str:
        """As a refusal calls it."""
        return self.source.name

    @property
    def title(self) -> str:
        """As numpy.savez and its readers call it."""
        return self.source.base.removesuffix(".npy")

    def rows(self, wanted: Sequence[int]) -> tuple[NDArray[Any], float, float]:
        """These rows in this order, `(len(wanted), *shape[1:])`, and the least and the largest number of all rows.

        Their sum is not finite where any number is not. Raises Refused where the file does not keep its header's promise.
        """
        if self.fortran:
            whole = self.whole()
            return whole[list(wanted)], *_range(whole)
        position = np.full(self.shape[0], -1)
        position[list(wanted)] = np.arange(len(wanted))
        kept = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        low, high = math.inf, -math.inf
        begin = 0
        for piece in self._pieces():
            where = position[begin : begin + len(piece)]
            kept[where[where >= 0]] = piece[where >= 0]
            least, largest = _range(piece)
            low, high = min(low, least), max(high, largest)  # NaN is seen below: it would be lost by min
            if not math.isfinite(least + largest):
                return kept, math.nan, math.nan
            begin += len(piece)
        return kept, low, high

    def whole(self) -> NDArray[Any]:
        """All of it, of `shape`; raises Refused."""
        with self._numbers() as stream:
            content = stream.read(self._bytes)
            self._held_to(len(content), stream)
        return np.frombuffer(content, dtype=self.dtype).reshape(self.shape, order="F" if self.fortran else "C")

    @property
    def _bytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    def _pieces(self) -> Iterator[NDArray[Any]]:
        size = math.prod(self.shape[1:]) * self.dtype.itemsize
        together = max(1, _PIECE // size)
        with self._numbers() as stream:
            for begin in range(0, self.shape[0], together):
                many = min(together, self.shape[0] - begin)
                content = stream.read(many * size)
                if len(content) != many * size:
                    self._held_to(begin * size + len(content), stream)
                yield np.frombuffer(content, dtype=self.dtype).reshape(many, *self.shape[1:])
            self._held_to(self._bytes, stream)

    @contextmanager
    def _numbers(self) -> Iterator[IO[bytes]]:
        with in_words(self.source), self.source.open() as stream:
            if len(stream.read(self.skip)) != self.skip:
                raise EOFError
            yield stream

    def _held_to(self, length: int, stream: IO[bytes]) -> None:
        if length != self._bytes:
            raise EOFError
        if stream.read(1):
            raise Refused(self.name, say("data longer than its header promises"), AGAIN)


@contextmanager
def in_words(source: Source) -> Iterator[None]:
    """Whatever damaged data provoke in a decoder, as a sentence."""
    try:
        yield
    except (MemoryError, Refused):
        raise
    except npy.NoArray as error:
        raise Refused(source.name, error.given, error.hint) from None
    except EOFError:
        raise Refused(source.name, say("data cut short, or fewer than its header promises"), AGAIN) from None
    except (zlib.error, gzip.BadGzipFile):
        raise Refused(source.name, say("damaged gzip data"), AGAIN) from None
    except Exception:
        raise Refused(source.name, say("a file that is cut short or damaged"), AGAIN) from None


def _range(numbers: NDArray[Any]) -> tuple[float, float]:
    return float(numbers.min()), float(numbers.max())


# ------------------------------------------------------------------------------------------------------------- headers


def inflated(source: Source) -> Source:
    """What is in a gzip file, of one member or several (RFC 1952), with zeros behind it or not."""
    return Source(source.path, None, lambda: gzip.GzipFile(fileobj=source.open()), source.archive)  # type: ignore[return-value,arg-type]


def is_array(start: bytes) -> bool:
    """Whether a file that begins like this is npy or IDX."""
    return start.startswith(npy.MAGIC) or _is_idx(start)


def _is_idx(start: bytes) -> bool:
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in _IDX and 1 <= start[3] <= 4


def array(source: Source) -> Array:
    """The array in this file, its header believed as far as the file's length confirms it; raises Refused."""
    with in_words(source), source.open() as stream:
        start = stream.read(4)
        if start != npy.MAGIC[:4]:
            return _idx(source, start, stream)
    with in_words(source), source.open() as stream:
        shape, fortran, dtype = npy.header(stream)
        found = Array(source, shape, dtype, stream.tell(), fortran)
    if source.size is not None and not npy.fits(shape, dtype, source.size - found.skip):
        error = npy.promise(shape, source.size - found.skip)
        raise Refused(source.name, error.given, error.hint)
    _bounded(found)
    return found


def _idx(source: Source, start: bytes, stream: IO[bytes]) -> Array:
    dtype, dimensions = np.dtype(_IDX[start[2]]), start[3]
    sizes = stream.read(4 * dimensions)
    if len(sizes) != 4 * dimensions:
        raise Refused(source.name, say("an IDX file whose header is cut short"), AGAIN)
    found = Array(source, struct.unpack(f">{dimensions}I", sizes), dtype, 4 + 4 * dimensions)
    _bounded(found)
    if source.size is not None and not npy.fits(found.shape, dtype, source.size - found.skip):
        promised, there = " × ".join(map(str, found.shape)), source.size - found.skip
        given = say("a header that promises {promised} numbers and {length} bytes of them", promised=promised, length=there)
        if dtype.itemsize == 1:
            given = say("a header that promises {promised} bytes and {length} of them", promised=promised, length=there)
        raise Refused(source.name, given, AGAIN)
    return found


def _bounded(array: Array) -> None:
    if any(n < 0 for n in array.shape) or math.prod(array.shape) * array.dtype.itemsize > MAX_ARRAY:
        raise Refused(
            array.name,
            say("a header that promises {promised} pixels", promised=" × ".join(str(n)[:20] for n in array.shape[:6])),
            say("at most {most} MB are read of one array; save bytes (uint8), or split the file", most=MAX_ARRAY // 2**20),
        )
