"""A stranger's files as sources of bytes: each a file or a member of a zip. Their names are never used as paths."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import IO

from gandash.words import Said, say

MAX_BYTES = 100_000_000  # of a zip unpacked, arrays apart, whatever it promises
MAX_MEMBERS = 100_000  # of a zip; MNIST as PNG has 70,000
MAX_DIRECTORY = 150 * MAX_MEMBERS  # bytes of its table of contents

PICTURE_ENDINGS = (".png", ".jpg", ".jpeg")
# Pictures to whoever has them, though not here: they are named one by one where they are left out
OTHER_PICTURES = (".gif", ".webp", ".bmp", ".tif", ".tiff", ".svg", ".heic", ".avif", ".pgm", ".ppm", ".ico")


class Refused(ValueError):
    """A file that holds no pictures that can be played with: what was given, and what to try."""

    def __init__(self, name: str, given: Said, hint: Said) -> None:
        super().__init__(name, given, hint)
        self.name, self.given, self.hint = name, given, hint


@dataclass(frozen=True)
class Source:
    """Bytes under a name: `path` as given, or within `archive`; `size` is what they promise to be, None where nobody knows."""

    path: str
    size: int | None
    open: Callable[[], IO[bytes]]
    archive: str = ""

    @property
    def base(self) -> str:
        """The file's own name, without its folders."""
        return shown(self.path.replace("\\", "/").split("/")[-1])

    @property
    def name(self) -> str:
        """As a refusal calls it."""
        return f"{self.base} in {self.archive}" if self.archive else self.path

    @property
    def folder(self) -> tuple[str, ...]:
        """The folders it lies in."""
        return tuple(self.path.replace("\\", "/").split("/")[:-1])

    @property
    def is_hidden(self) -> bool:
        """Left by a file manager: __MACOSX, .DS_Store, ._picture.png, or anything in a folder of that kind."""
        return any(part == "__MACOSX" or part.startswith(".") for part in (*self.folder, self.base))

    def start(self, length: int = 512) -> bytes:
        """The first bytes."""
        with self.open() as stream:
            return stream.read(length)


def of_bytes(name: str, content: bytes) -> Source:
    """A file that is in memory already."""
    return Source(name, len(content), lambda: io.BytesIO(content))


def members(zipped: Source) -> list[Source]:
    """The files in a zip. Their sizes are added up before anything is unpacked; raises Refused where one leads out of it."""
    too_many = Refused(
        zipped.name, say("a zip with too many files in it"), say("at most {most} are read from one", most=f"{MAX_MEMBERS:,}")
    )
    stream = zipped.open()
    if directory_size(stream) > MAX_DIRECTORY:
        raise too_many
    try:
        archive = zipfile.ZipFile(stream)
    except MemoryError:
        raise
    except Exception:  # whatever a forged table of contents provokes
        raise Refused(zipped.name, say("a zip that is cut short or damaged"), say("pack it again")) from None
    found: list[Source] = []
    total = 0
    if len(archive.infolist()) > MAX_MEMBERS:
        raise too_many
    for info in archive.infolist():
        name = info.orig_filename
        parts = name.replace("\\", "/").split("/")
        if "\0" in name or ".." in parts or parts[0] == "" or parts[0].endswith(":"):
            given = say("a zip with “{name}” in it, a name that leads out of it", name=shown(name))
            raise Refused(zipped.name, given, say("pack it again"))
        if info.is_dir():
            continue
        member = Source(name, info.file_size, partial(archive.open, info), zipped.name)
        if not member.is_hidden:
            if info.flag_bits & 1:
                raise Refused(zipped.name, say("a zip with a password"), say("pack it without one"))
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or stat.S_ISLNK(info.external_attr >> 16):
                raise Refused(
                    zipped.name,
                    say("a zip packed in a way that is not read here"),
                    say("pack plain files with the usual method"),
                )
            if not name.endswith(".npy"):  # arrays have a bound of their own, each
                total += info.file_size
            if total > MAX_BYTES:
                raise Refused(
                    zipped.name,
                    say("a zip that unpacks to more than {most} MB", most=MAX_BYTES // 10**6),
                    say("pack fewer or smaller pictures"),
                )
        found.append(member)
    return found


def directory_size(stream: IO[bytes]) -> int:
    """Bytes of a zip's table of contents as its last record states them, which zipfile goes by; 0 where there is none."""
    length = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, length - 22 - 2**16 - 76))
    tail = stream.read()
    stream.seek(0)
    if tail[-22:-18] == b"PK\5\6" and tail[-2:] == b"\0\0":
        end = len(tail) - 22
    else:
        end = tail.rfind(b"PK\5\6", max(0, len(tail) - 22 - 2**16))
    if end < 0 or len(tail) - end < 22:
        return 0
    if end >= 76 and tail[end - 76 : end - 72] == b"PK\6\6" and tail[end - 20 : end - 16] == b"PK\6\7":
        return int(struct.unpack("<Q", tail[end - 36 : end - 28])[0])  # zip64: of more than 65,535 files
    return int(struct.unpack("<I", tail[end + 12 : end + 16])[0])


def shown(name: str) -> str:
    """A stranger's name as it may be shown: printable characters, the last 40 of them."""
    return "".join(c if c.isprintable() else "_" for c in name)[-40:]


def some(names: list[str], most: int = 3) -> str:
    """The first few of these names, and that there are more: `a, b, c, …`."""
    return ", ".join([*map(shown, names[:most]), *(["…"] if len(names) > most else [])])
