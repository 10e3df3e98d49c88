"""Rows that stand in no file of rows yet, appended as they come: whatever is killed loses none of them.

A record is its length, the CRC-32 of all that follows, the steps of its rows (int32) and their values (float32, row by row),
little-endian. What has no end, or another checksum, does not count, nor does what comes after it in its file.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gandash.store.files import append, named, read_whole
from gandash.store.format import JOURNAL, STEP_FILE_BYTES, SUFFIXES, BrokenRun, Named

SUFFIX = SUFFIXES[JOURNAL]
_HEAD = struct.Struct("<II")

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Entry = tuple[Named, Ints, Floats]


class Journal:
    """Of one run. Raises OSError when the disk refuses."""

    def __init__(self, run: Path) -> None:
        self._folder = run / JOURNAL
        self._folder.mkdir(parents=True, exist_ok=True)
        self._files = named(self._folder, SUFFIX)
        self._newest: Named | None = None

    def append(self, epoch: int, steps: Ints, values: Floats) -> None:
        """Rows `(n,)`, `(n, columns)`, one at least."""
        if self._newest is None:
            self._newest = Named(epoch, int(steps[0]), int(steps[0]))
            self._files.append(self._newest)
        body = steps.astype("<i4").tobytes() + values.astype("<f4").tobytes()
        append(self._folder / (self._newest.name + SUFFIX), _HEAD.pack(len(body), zlib.crc32(body)) + body)

    def clear(self) -> None:
        """All that was appended stands elsewhere now."""
        for name in self._files:
            (self._folder / (name.name + SUFFIX)).unlink(missing_ok=True)
        self._files, self._newest = [], None


def read_journal(run: Path, columns: int) -> list[Entry]:
    """The steps `(n,)` and values `(n, columns)` of its file, of which there is one at most, up to a torn end.

    To be read before the files of rows: what has just left it stands there. Raises BrokenRun.
    """
    found = []
    for name in named(run / JOURNAL, SUFFIX)[-1:]:
        path = run / JOURNAL / (name.name + SUFFIX)
        try:
            found.append((name, *_records(read_whole(path, 4 * STEP_FILE_BYTES), columns)))
        except BrokenRun:
            if path.exists():
                raise
    return found


def _records(body: bytes, columns: int) -> tuple[Ints, Floats]:
    steps, values = [np.empty(0, dtype=np.int32)], [np.empty((0, columns), dtype=np.float32)]
    at, row = 0, 4 * (1 + columns)
    while at + _HEAD.size < len(body):
        length, checksum = _HEAD.unpack_from(body, at)
        at += _HEAD.size
        own = body[at : at + length]
        if not length or length % row or len(own) < length or zlib.crc32(own) != checksum:
            break
        n = length // row
        steps.append(np.frombuffer(own, "<i4", n).astype(np.int32))
        values.append(np.frombuffer(own, "<f4", offset=4 * n).reshape(n, columns).astype(np.float32))
        at += length
    return np.concatenate(steps), np.concatenate(values)
