"""Pictures that were shown: frames as they were sent, one behind the other, thinned with age.

A record is its length, the CRC-32 of all that follows, its step, the length of what was said beside the picture, that itself
(JSON, packed by zlib: `gandash.wire.browser.Beside`), and the frame. What has no end, or another checksum, does not count, nor
does what comes after it in its file.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from gandash.store.files import append, named, read_part, write_whole
from gandash.store.format import LARGEST_STEP, PICTURE_BYTES, PICTURE_FILE_BYTES, PICTURES, SUFFIXES, BrokenRun, Named
from gandash.store.metrics import in_pairs
from gandash.words import of_system, say

SUFFIX = SUFFIXES[PICTURES]
LARGEST = PICTURE_FILE_BYTES  # of one picture
LARGEST_BESIDE = 2**20  # of what is said beside it, unpacked
_HEAD = struct.Struct("<II")
_BEGIN = struct.Struct("<qI")


@dataclass(frozen=True)
class Place:
    """Where a picture lies: a step, a file, and the bytes in it, of which the first `beside` are what was said beside it."""

    step: int
    file: Named
    offset: int
    length: int
    beside: int
    checksum: int


@dataclass(frozen=True)
class Picture:
    """A frame as it was sent, and as JSON what was said beside it; "" where nothing was."""

    frame: bytes
    beside: bytes = b""


def record(step: int, picture: Picture) -> bytes:
    beside = zlib.compress(picture.beside, 6) if picture.beside else b""
    body = _BEGIN.pack(step, len(beside)) + beside + picture.frame
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

    def append(self, step: int, picture: Picture) -> None:
        """A picture larger than a file may be is left out."""
        body = record(step, picture)
        if len(body) > LARGEST or len(picture.beside) > LARGEST_BESIDE:
            return
        name = self._newest
        if name is None or self._sizes[name] >= PICTURE_FILE_BYTES:
            name = self._newest = Named(self._epoch, step, step)
            self._sizes.setdefault(name, 0)
        append(self._folder / (name.name + SUFFIX), body)
        self._sizes[name] += len(body)
        if sum(self._sizes.values()) > PICTURE_BYTES:
            self._thin()

    def _thin(self) -> None:
        """Of the older half of the files each two become one, with every other picture."""
        for parts in in_pairs(list(self._sizes)):
            kept = [(p.step, read_picture(self._folder, p)) for part in parts for p in places(self._folder, part)][::2]
            body = b"".join(record(step, picture) for step, picture in kept)
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
        raise BrokenRun(say("{file}: {problem}", file=f"{path}", problem=of_system(error))) from None
    try:
        size, at, step = os.fstat(descriptor).st_size, 0, -1
        if size > 4 * PICTURE_FILE_BYTES:
            raise BrokenRun(
                say(
                    "{file} has {size} bytes; at most {most} may be there",
                    file=f"{path}",
                    size=f"{size:,}",
                    most=f"{4 * PICTURE_FILE_BYTES:,}",
                )
            )
        whole = _HEAD.size + _BEGIN.size
        while len(head := os.pread(descriptor, whole, at)) == whole:
            length, checksum = _HEAD.unpack_from(head)
            now, beside = _BEGIN.unpack_from(head, _HEAD.size)
            end = at + _HEAD.size + length
            if not (_BEGIN.size + beside < length <= LARGEST and end <= size and step <= now <= LARGEST_STEP):
                return
            yield Place(now, file, at + whole, length - _BEGIN.size, beside, checksum)
            at, step = end, now
    except OSError as error:
        raise BrokenRun(say("{file}: {problem}", file=f"{path}", problem=of_system(error))) from None
    finally:
        os.close(descriptor)


def read_picture(folder: Path, place: Place) -> Picture:
    """The picture at a place. Raises BrokenRun where its checksum is another."""
    path = folder / (place.file.name + SUFFIX)
    body = read_part(path, place.offset, place.length)
    packed, frame = body[: place.beside], body[place.beside :]
    unpacking = zlib.decompressobj()
    try:
        if zlib.crc32(_BEGIN.pack(place.step, place.beside) + body) != place.checksum:
            raise ValueError
        beside = unpacking.decompress(packed, LARGEST_BESIDE) if packed else b""
        if packed and not unpacking.eof:
            raise ValueError
    except (ValueError, zlib.error):
        raise BrokenRun(say("{file}: the picture of step {step} is damaged", file=f"{path}", step=f"{place.step:,}")) from None
    return Picture(frame, beside)


class PictureIndex:
    """Where the pictures of a run lie, for who asks again while it is recorded: files that have not changed are read once."""

    def __init__(self, run: Path) -> None:
        self._folder = run / PICTURES
        self._known: dict[Named, tuple[tuple[int, int], list[Place]]] = {}

    def read(self, until: list[int]) -> list[Place]:
        """By step; of each step the newest. `until` as in `metrics.read`. Raises BrokenRun."""
        known, self._known = self._known, {}
        found: dict[int, Place] = {}
        for file in named(self._folder, SUFFIX):
            if file.epoch >= len(until):
                continue
            try:
                about = os.lstat(self._folder / (file.name + SUFFIX))
            except FileNotFoundError:  # two have just become one, or all went
                continue
            seen = about.st_size, about.st_mtime_ns
            before, in_it = known.get(file, (None, []))
            self._known[file] = seen, in_it if before == seen else list(places(self._folder, file))
            found |= {place.step: place for place in self._known[file][1] if place.step <= until[file.epoch]}
        return [found[step] for step in sorted(found)]
