"""Files that travel between a server and a worker on another machine, on the channel on which they speak.

A packet `FILE` is a part of a file: two bytes for the length of what is said of it (`Part`, as JSON), that, and its bytes. A
file that is put in place whole is so on the other side; one that grows is appended to there. What is followed is a run's folder
as `gandash.store` writes it: that may be read at any moment, and is copied in an order that a crash could have left.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gandash.store.format import EVENTS, MANIFEST, SUFFIXES
from gandash.store.writing import open_log
from gandash.wire.model import Message

FILE = b"I"
PART_BYTES = 2**20
CHECKPOINT = "checkpoint.safetensors"

_LENGTH = struct.Struct("<H")
_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*){0,2}")


class Part(Message):
    """From byte `at` on. `folder`: the id of a recorded run, "" where the file belongs to none. `grows`: it is written where it
    is, and what was there from `at` on goes; else it is put in place with its last part. `gone`: it is no more."""

    folder: str
    name: str
    at: int = 0
    grows: bool = False
    is_last: bool = True
    gone: bool = False


def given(generation: int) -> str:
    """The name of the checkpoint that a game of this number is to go on from."""
    return f"given-{generation}.safetensors"


class BrokenPart(ValueError):
    """Bytes that are no part of a file."""


def packed(part: Part, body: bytes = b"") -> bytes:
    said = part.model_dump_json(exclude_defaults=True).encode()
    return _LENGTH.pack(len(said)) + said + body


def unpacked(body: bytes) -> tuple[Part, bytes]:
    """Raises BrokenPart, also for a name that leads out of its folder."""
    try:
        (length,) = _LENGTH.unpack_from(body)
        part = Part.model_validate_json(body[2 : 2 + length])
    except (struct.error, ValueError) as error:
        raise BrokenPart(f"not a part of a file: {str(error).splitlines()[0]}") from None
    if not _NAME.fullmatch(part.name) or (part.folder and not _NAME.fullmatch(part.folder)) or part.at < 0:
        raise BrokenPart(f"not a name of ours: {part.folder[:100]!r}, {part.name[:100]!r}")
    return part, body[2 + length :]


def sent(body: bytes, folder: str, name: str, at: int = 0, grows: bool = False) -> Iterator[bytes]:
    """The parts of these bytes; one at least."""
    starts = range(0, len(body), PART_BYTES) or (0,)
    for start in starts:
        part = Part(folder=folder, name=name, at=at + start, grows=grows, is_last=start == starts[-1])
        yield packed(part, body[start : start + PART_BYTES])


def put(directory: Path, part: Part, body: bytes) -> None:
    """Take a part into this folder. Raises OSError."""
    path = directory / part.name
    if part.gone:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    to = path if part.grows else path.with_name(f".{path.name}.part")
    descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
    with open(descriptor, "wb") as file:
        file.truncate(part.at)
        file.seek(part.at)
        file.write(body)
    if part.is_last and not part.grows:
        to.replace(path)


class Followed:
    """A folder that is written on this side. `is_known`: the other side has all that is there now."""

    def __init__(self, folder: str, directory: Path, is_known: bool = False) -> None:
        self.folder, self._directory = folder, directory
        self._known = self._found() if is_known else {}

    def news(self) -> Iterator[bytes]:
        """What the other side lacks. The log is read last, since rows come after the changes that shaped them; what is gone
        goes when what replaces it has come. Raises OSError."""
        found = self._found()
        for name, (inode, size, _) in found.items():
            known = self._known.get(name)
            if known == found[name]:
                continue
            grows = name == EVENTS or (known is not None and known[0] == inode)
            at = known[1] if known is not None and known[0] == inode and known[1] <= size else 0
            try:
                with (self._directory / name).open("rb") as file:
                    file.seek(at)
                    body = file.read(size - at)
            except FileNotFoundError:  # thinned out at this moment
                continue
            self._known[name] = inode, at + len(body), found[name][2]
            yield from sent(body, self.folder, name, at, grows)
        for name in [name for name in self._known if name not in found]:
            del self._known[name]
            yield packed(Part(folder=self.folder, name=name, gone=True))

    def _found(self) -> dict[str, tuple[int, int, int]]:
        """By name: which file it is, its size, when it was written."""
        found: dict[str, tuple[int, int, int]] = {}
        for folder, suffix in ((".", MANIFEST), *SUFFIXES.items(), (".", EVENTS)):
            with suppress(FileNotFoundError):
                for entry in sorted(os.scandir(self._directory / folder), key=lambda entry: entry.name):
                    if entry.name.endswith(suffix) and _NAME.fullmatch(entry.name):
                        with suppress(FileNotFoundError):
                            of = entry.stat(follow_symlinks=False)
                            name = entry.name if folder == "." else f"{folder}/{entry.name}"
                            found[name] = of.st_ino, of.st_size, of.st_mtime_ns
        return found


class Kept:
    """A recorded run's folder on the side that keeps it: nobody else writes it as long as this is open."""

    def __init__(self, directory: Path) -> None:
        """Raises OSError, CannotRecord among them."""
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        self._log = open_log(directory)

    def take(self, part: Part, body: bytes) -> None:
        """Raises OSError."""
        put(self._directory, part, body)

    def close(self) -> None:
        os.close(self._log)
