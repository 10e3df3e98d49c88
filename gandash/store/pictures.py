"""Pictures that were shown: frames as they were sent, one behind the other, thinned with age.

A record is its length, the CRC-32 of all that follows, its step, and the frame. What has no end, or another checksum, does not
count, nor does what comes after it in its file.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gandash.store.files import read_whole, write_whole
from gandash.store.format import LARGEST_STEP, PICTURE_BYTES, PICTURE_FILE_BYTES, PICTURES, SUFFIXES, BrokenRun, Named
from gandash.store.metrics import in_pairs, named

SUFFIX = SUFFIXES[PICTURES]
LARGEST = PICTURE_FILE_BYTES  # of one picture
_HEAD = struct.Struct("<II")
_STEP = struct.Struct("<q")


@dataclass(frozen=True)
class Place:
    """Where a picture lies: a step, a file, and the bytes of its frame in it."""

    step: int
    file: Named
    offset: int
    length: int
    checksum: int


def record(step: int, frame: bytes) -> bytes:
    body = _STEP.pack(step) + frame
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


class PictureWriter:
    """Appends pictures. Raises OSError when the disk refuses."""

    def __init__(self, run: Path, epoch: int = 0) -> None:
        self._folder, self._epoch = run / PICTURES, epoch
        self._folder.mkdir(parents=True, exist_ok=True)
        self._sizes = {name: (self._folder / (name.name + SUFFIX)).stat().st_size for name in named(self._folder, SUFFIX)}
        self._newest: Named | None = None

    def begin_epoch(self, epoch: int) -> None:
        self._epoch, self._newest = epoch, None

    def append(self, step: int, frame: bytes) -> None:
        """A picture larger than a file may be is left out."""
        if len(frame) > LARGEST:
            return
        name = self._newest
        if name is None or self._sizes[name] >= PICTURE_FILE_BYTES:
            name = self._newest = Named(self._epoch, step, step)
            self._sizes.setdefault(name, 0)
        body = record(step, frame)
        descriptor = os.open(self._folder / (name.name + SUFFIX), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            if os.write(descriptor, body) < len(body):  # a disk that is just full takes a part without a word
                os.write(descriptor, body)  # and now says so
        finally:
            os.close(descriptor)
        self._sizes[name] += len(body)
        if sum(self._sizes.values()) > PICTURE_BYTES:
            self._thin()

    def _thin(self) -> None:
        """Of the older half of the files each two become one, with every other picture."""
        for parts in in_pairs(list(self._sizes)):
            kept = [(p.step, read_frame(self._folder, p)) for part in parts for p in places(self._folder, part)][::2]
            body = b"".join(record(step, frame) for step, frame in kept)
            write_whole(self._folder / (parts[0].name + SUFFIX), body)
            self._sizes[parts[0]] = len(body)
            for part in parts[1:]:
                with suppress(FileNotFoundError):
                    (self._folder / (part.name + SUFFIX)).unlink()
                del self._sizes[part]


def places(folder: Path, file: Named) -> Iterator[Place]:
    """The pictures of a file, in their order, up to its torn end; no frame is read. Raises BrokenRun."""
    path = folder / (file.name + SUFFIX)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise BrokenRun(f"{path}: {error.strerror or error}") from None
    try:
        size, at, step = os.fstat(descriptor).st_size, 0, -1
        whole = _HEAD.size + _STEP.size
        while len(head := os.pread(descriptor, whole, at)) == whole:
            length, checksum = _HEAD.unpack_from(head)
            (now,) = _STEP.unpack_from(head, _HEAD.size)
            end = at + _HEAD.size + length
            if not (_STEP.size < length <= LARGEST + _STEP.size and end <= size and step <= now <= LARGEST_STEP):
                return
            yield Place(now, file, at + whole, length - _STEP.size, checksum)
            at, step = end, now
    except OSError as error:
        raise BrokenRun(f"{path}: {error.strerror or error}") from None
    finally:
        os.close(descriptor)


def read_frame(folder: Path, place: Place) -> bytes:
    """The frame at a place. Raises BrokenRun where its checksum is another."""
    path = folder / (place.file.name + SUFFIX)
    body = read_whole(path, 4 * PICTURE_FILE_BYTES)[place.offset : place.offset + place.length]
    if zlib.crc32(_STEP.pack(place.step) + body) != place.checksum:
        raise BrokenRun(f"{path}: the picture of step {place.step} is damaged")
    return body


def read(run: Path, until: list[int]) -> list[Place]:
    """Where the pictures of a run lie, by step; of each step the newest. `until` as in `metrics.read`. Raises BrokenRun."""
    found: dict[int, Place] = {}
    for file in named(run / PICTURES, SUFFIX):
        for place in places(run / PICTURES, file) if file.epoch < len(until) else ():
            if place.step <= until[file.epoch]:
                found[place.step] = place
    return [found[step] for step in sorted(found)]
