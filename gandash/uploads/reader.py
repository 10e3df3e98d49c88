"""The process that reads strangers' picture files: `python -m gandash.uploads.reader`, asked on stdin, answering on stdout.

The request is one line of JSON, {side, channels, count, files: [[name, size], ...]}, and the files' bytes one after another.
The answer is {"packed": text} or {"refused": [name, given, hint]}. Before it looks at any of that, the process gives up most of
its memory and time, and the right to write files. It follows no path that an archive names. Nothing here may import torch,
pydantic or Streamlit: it has to start at once.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import stat
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from gandash.packed import MAX_PICTURE_TEXT, MAX_PIXELS, PackedPictures, pack_pictures
from gandash.uploads import npy

MEMORY_BYTES = 768 * 2**20
CPU_SECONDS = 15
MAX_BYTES = 100_000_000  # unpacked, whatever an archive promises
MAX_MEMBERS = 20_000  # of a zip
MAX_DIRECTORY = 150 * MAX_MEMBERS  # bytes of its table of contents
MAX_SIDE = 8192
MAX_AREA = 25_000_000  # pixels of one picture; a good camera makes 24 million
MAX_AREA_TOGETHER = 200_000_000

_ZIP = (b"PK\3\4", b"PK\5\6")  # the second where nothing is in it
_GZIP, _PNG, _JPEG = b"\x1f\x8b", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_KINDS = "PNG and JPEG pictures"


class Refused(ValueError):
    """A file that holds no pictures that can be played with: what was given, and what to try."""

    def __init__(self, name: str, given: str, hint: str) -> None:
        super().__init__(name, given, hint)
        self.name, self.given, self.hint = name, given, hint


Opener = Callable[[], IO[bytes]]


@dataclass(frozen=True)
class File:
    name: str
    content: bytes


@dataclass
class Found:
    """What the files hold, nothing of it decoded yet: either one array, with labels or without, or pictures one by one."""

    pictures: list[tuple[str, Opener]] = field(default_factory=list)
    arrays: list[tuple[str, NDArray[Any]]] = field(default_factory=list)  # (n, h, w) or (n, h, w, 3)
    labels: list[tuple[str, NDArray[np.int64]]] = field(default_factory=list)


def read(files: Sequence[File], side: int, channels: int, count: int) -> PackedPictures:
    """At most `count` pictures, drawn at random but always the same, in a shuffled order; raises Refused."""
    found = Found()
    for file in files:
        _sort(file, found)
    if found.arrays:
        return _from_array(found, side, channels, count)
    if found.labels:
        raise Refused(found.labels[0][0], "labels without pictures", "give the file with the pictures too (…images-idx3-ubyte)")
    return _from_pictures(found.pictures, side, channels, count)


def _sort(file: File, found: Found) -> None:
    """Look at a file's first bytes, never at its name's ending, and put what it holds where it belongs."""
    start = file.content[:16]
    if not start:
        raise Refused(file.name, "an empty file", "was it saved?")
    if start.startswith((_PNG, _JPEG)):
        found.pictures.append((file.name, lambda: io.BytesIO(file.content)))
    elif start.startswith(_ZIP):
        found.pictures += _members(file)
    elif start.startswith(npy.MAGIC):
        found.arrays.append((file.name, _array(file)))
    elif start.startswith(_GZIP):
        _sort_idx(File(file.name, _inflated(file)), found)
    elif _is_idx(start):
        _sort_idx(file, found)
    else:
        raise Refused(file.name, _looks_like(file.content), "save it as PNG")


def _looks_like(content: bytes) -> str:
    head = content[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<svg", b"<?xml", b"<!doctype svg", b"<!--")):
        return "an SVG drawing, or other XML"
    return "a file that is none of these, whatever its name ends in"


# ------------------------------------------------------------------------------------------------------------------ IDX


def _is_idx(start: bytes) -> bool:
    return len(start) >= 4 and start[:2] == b"\0\0" and start[2] in (8, 9, 11, 12, 13, 14) and 1 <= start[3] <= 4


def _idx_size(name: str, start: bytes) -> tuple[tuple[int, ...], int]:
    """The shape that an IDX header promises, and where its numbers begin; believed in nothing yet."""
    if not _is_idx(start):
        raise Refused(
            name, "a compressed file that is no IDX file inside", "only IDX files may be compressed singly; make a zip"
        )
    if start[2] != 8:
        raise Refused(name, "an IDX file whose numbers are no bytes", "save it with type 0x08 (unsigned byte)")
    dimensions = start[3]
    begin = 4 + 4 * dimensions
    if dimensions not in (1, 3) or len(start) < begin:
        raise Refused(name, f"an IDX file of {dimensions} dimensions, or cut short", "pictures have 3 of them, labels 1")
    return struct.unpack(f">{dimensions}I", start[4:begin]), begin


def _inflated(file: File) -> bytes:
    """What a gzip file holds, unpacked no further than its IDX header promises."""
    inflate = zlib.decompressobj(31)
    try:
        start = inflate.decompress(file.content, 16)
        shape, begin = _idx_size(file.name, start)
        promised = begin + _product(file.name, shape)
        body = inflate.decompress(inflate.unconsumed_tail, max(1, promised - len(start) + 1)) if promised > len(start) else b""
        if not inflate.eof:  # the last bytes may have left its end unread
            body += inflate.decompress(inflate.unconsumed_tail, 1)
    except zlib.error:
        raise Refused(file.name, "damaged gzip data", "fetch the file again") from None
    if not inflate.eof:
        raise Refused(file.name, "gzip data cut short, or longer than its header promises", "fetch the file again")
    return start + body


def _product(name: str, shape: tuple[int, ...]) -> int:
    size = 1
    for n in shape:
        size *= n
    if size > MAX_BYTES:
        raise Refused(
            name,
            f"a header that promises {' × '.join(map(str, shape))} pixels",
            f"at most {MAX_BYTES:,} are read; split the file",
        )
    return size


def _sort_idx(file: File, found: Found) -> None:
    shape, begin = _idx_size(file.name, file.content[:16])
    size = _product(file.name, shape)
    if len(file.content) - begin != size:
        raise Refused(
            file.name,
            f"a header that promises {' × '.join(map(str, shape))} bytes and {len(file.content) - begin} of them",
            "fetch the file again",
        )
    numbers = np.frombuffer(file.content, dtype=np.uint8, offset=begin)
    if len(shape) == 1:
        found.labels.append((file.name, numbers.astype(np.int64)))
    else:
        found.arrays.append((file.name, _checked(file.name, numbers.reshape(shape))))


# ------------------------------------------------------------------------------------------------------------- arrays


def _array(file: File) -> NDArray[Any]:
    try:
        found = npy.array(file.content)
    except npy.NoArray as error:
        raise Refused(file.name, error.given, error.hint) from None
    if found.ndim == 4 and found.shape[3] == 1:
        found = found[..., 0]
    if found.ndim not in (3, 4) or (found.ndim == 4 and found.shape[3] != 3):
        raise Refused(
            file.name,
            f"an array of shape {' × '.join(str(n) for n in found.shape[:6]) or '()'}",
            "pictures first, then height, width and, in colour, 3",
        )
    return _checked(file.name, found)


def _checked(name: str, array: NDArray[Any]) -> NDArray[Any]:
    n, height, width = array.shape[:3]
    if not n or not height or not width:
        raise Refused(name, "an array without a pixel", "was it saved?")
    if max(height, width) > MAX_SIDE or height * width > MAX_AREA:
        raise Refused(name, f"pictures of {width} × {height} pixels", f"make them smaller than {MAX_SIDE} on a side")
    return array


def _light(name: str, array: NDArray[Any]) -> Callable[[NDArray[Any]], NDArray[np.uint8]]:
    """How numbers of this array become bytes: which black and white they have is read from the whole of it."""
    low, high = float(array.min()), float(array.max())
    if not np.isfinite([low, high]).all():
        raise Refused(name, "NaN or infinity", "leave such pictures out")
    if low < -1 or high > 255 or (low < 0 and high > 1):
        raise Refused(name, f"numbers from {low:.4g} to {high:.4g}", "scale them to 0 to 1, −1 to 1 or 0 to 255")
    if low == high:
        raise _of_one_colour(name)
    black, white = (-1.0, 1.0) if low < 0 else (0.0, 1.0 if high <= 1 else 255.0)

    def converted(picture: NDArray[Any]) -> NDArray[np.uint8]:
        if picture.dtype == np.uint8 and white == 255:
            return np.ascontiguousarray(picture)
        return np.asarray(np.round((picture.astype(np.float64) - black) * (255 / (white - black))), dtype=np.uint8)

    return converted


def _from_array(found: Found, side: int, channels: int, count: int) -> PackedPictures:
    name, array = found.arrays[0]
    if len(found.arrays) > 1 or found.pictures:
        other = (found.arrays[1:] or found.pictures)[0][0]
        raise Refused(other, f"a second file of pictures beside {name}", "give one IDX or npy file at a time, with its labels")
    if len(found.labels) > 1:
        raise Refused(found.labels[1][0], "a second file of labels", "give one")
    labels = found.labels[0][1] if found.labels else None
    if labels is not None and len(labels) != len(array):
        raise Refused(
            found.labels[0][0], f"{len(labels)} labels for {len(array)} pictures", "give the two files that belong together"
        )
    order = _order(name, len(array), side, channels, count)
    light = _light(name, array)
    pixels = np.stack([_reduced(Image.fromarray(light(array[i])), side, channels) for i in order])
    return PackedPictures(pixels, None if labels is None else labels[order])


# ----------------------------------------------------------------------------------------------------------- pictures


def _members(file: File) -> list[tuple[str, Opener]]:
    """The pictures in a zip. Its names are shown and never followed; its sizes are added up before anything is unpacked."""
    too_many = Refused(file.name, "a zip with too many files in it", f"at most {MAX_MEMBERS:,} are read from one")
    if _directory_size(file.content) > MAX_DIRECTORY:
        raise too_many
    try:
        archive = zipfile.ZipFile(io.BytesIO(file.content))
    except Exception:  # whatever a forged table of contents provokes
        raise Refused(file.name, "a zip that is cut short or damaged", "pack it again") from None
    found: list[tuple[str, Opener]] = []
    total = 0
    if len(archive.infolist()) > MAX_MEMBERS:
        raise too_many
    for info in archive.infolist():
        name = info.orig_filename
        parts = name.replace("\\", "/").split("/")
        if "\0" in name or ".." in parts or parts[0] == "" or parts[0].endswith(":"):
            raise Refused(file.name, f"a zip with “{_shown(name)}” in it, a name that leads out of it", "pack it again")
        if info.is_dir() or parts[0] == "__MACOSX" or parts[-1].startswith("."):
            continue  # what file managers add
        if info.flag_bits & 1:
            raise Refused(file.name, "a zip with a password", "pack it without one")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or stat.S_ISLNK(info.external_attr >> 16):
            raise Refused(file.name, "a zip packed in a way that is not read here", "pack plain files with the usual method")
        total += info.file_size
        if total > MAX_BYTES:
            raise Refused(
                file.name, f"a zip that unpacks to more than {MAX_BYTES // 10**6} MB", "pack fewer or smaller pictures"
            )
        found.append((f"{_shown(parts[-1])} in {file.name}", partial(archive.open, info)))
    if not found:
        raise Refused(file.name, "a zip without a picture", f"put {_KINDS} in it")
    return found


def _directory_size(content: bytes) -> int:
    """Bytes of a zip's table of contents as its last record states them, which zipfile goes by; 0 where there is none."""
    if content[-22:-18] == b"PK\5\6" and content[-2:] == b"\0\0":
        end = len(content) - 22
    else:
        end = content.rfind(b"PK\5\6", max(0, len(content) - 22 - 2**16))
    if end < 0 or len(content) - end < 22:
        return 0
    if content[max(0, end - 20) : end].startswith(b"PK\6\7"):
        return MAX_DIRECTORY + 1  # zip64: for more than 65,535 files, or gigabytes
    return int(struct.unpack("<I", content[end + 12 : end + 16])[0])


def _shown(name: str) -> str:
    return "".join(c if c.isprintable() else "_" for c in name)[-40:]


def _from_pictures(pictures: Sequence[tuple[str, Opener]], side: int, channels: int, count: int) -> PackedPictures:
    name = pictures[0][0]
    chosen = [pictures[i] for i in _order(name, len(pictures), side, channels, count)]
    area = 0
    for name, open_ in chosen:  # all headers before the first pixel: together they may promise days of work
        area += _area(name, open_)
        if area > MAX_AREA_TOGETHER:
            raise Refused(
                name, f"more than {MAX_AREA_TOGETHER // 10**6} million pixels up to here", "give fewer or smaller pictures"
            )
    return PackedPictures(np.stack([_decoded(name, open_, side, channels) for name, open_ in chosen]), None)


def _area(name: str, open_: Opener) -> int:
    """Pixels that a picture's header promises."""
    try:
        with open_() as stream, Image.open(stream, formats=("PNG", "JPEG")) as image:
            width, height = image.size
    except MemoryError:
        raise
    except Image.DecompressionBombError:
        raise Refused(name, f"a picture of more than {2 * MAX_AREA:,} pixels", "make it smaller") from None
    except Exception:  # whatever a forged header provokes
        raise Refused(name, "a file that is no PNG or JPEG picture, or a damaged one", "leave it out") from None
    if max(width, height) > MAX_SIDE or width * height > MAX_AREA:
        raise Refused(
            name, f"a picture of {width:,} × {height:,} pixels", f"make it smaller than {MAX_AREA // 10**6} million pixels"
        )
    return width * height


def _decoded(name: str, open_: Opener, side: int, channels: int) -> NDArray[np.uint8]:
    try:
        with open_() as stream, Image.open(stream, formats=("PNG", "JPEG")) as image:
            image.draft("RGB", (2 * side, 2 * side))  # a JPEG is decoded no larger than needed
            return _reduced(_opaque(ImageOps.exif_transpose(image)), side, channels)
    except MemoryError:
        raise
    except Exception:  # whatever damaged data provoke in a decoder
        raise Refused(name, "a picture that is cut short or damaged", "save it again, as PNG") from None


def _opaque(image: Image.Image) -> Image.Image:
    """In grey or RGB: 16 bits cut to 8, what is transparent laid on white."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _reduced(image: Image.Image, side: int, channels: int) -> NDArray[np.uint8]:
    """The middle square of an L or RGB picture, scaled by averaging: `(channels, side, side)`."""
    width, height = image.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    # Cropped first: resize with a box would average over pixels outside of it, too
    small = image.crop((left, top, left + edge, top + edge)).resize((side, side), Image.Resampling.BILINEAR)
    pixels = np.asarray(small.convert("L" if channels == 1 else "RGB"))
    return pixels[None] if channels == 1 else np.moveaxis(pixels, -1, 0)


def _order(name: str, n: int, side: int, channels: int, count: int) -> list[int]:
    """Which pictures are kept, in a shuffled order that is always the same."""
    kept = min(n, count)
    most = MAX_PIXELS // (channels * side**2)
    if kept > most:
        raise Refused(
            name,
            f"{kept:,} pictures of {side} × {side} pixels{' in colour' if channels == 3 else ''}",
            f"keep fewer pictures: at most {most:,} of this size",
        )
    if kept < 2:
        raise Refused(name, "a single picture", "give at least 2, and a few hundred to learn from")
    return random.Random(0).sample(range(n), kept)


# ---------------------------------------------------------------------------------------------------------- the process


def _of_one_colour(name: str) -> Refused:
    return Refused(name, "pictures of one colour throughout", "there is nothing to learn in them")


def _packed(pictures: PackedPictures, name: str) -> str:
    if pictures.pixels.min() == pictures.pixels.max():
        raise _of_one_colour(name)
    text = pack_pictures(pictures)
    if len(text) > MAX_PICTURE_TEXT:
        n = len(pictures.pixels)
        raise Refused(
            name,
            f"{n:,} pictures that take {len(text) / 1e6:.1f} MB",
            f"keep fewer pictures: about {int(0.95 * n * MAX_PICTURE_TEXT / len(text)):,} of these fit",
        )
    return text


def _give_up_rights() -> None:
    """No more than a little memory and time from here on, and no file may be written; games and server come first."""
    os.nice(10)
    for limit, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(limit)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (allowed, allowed))


def main() -> None:
    _give_up_rights()
    Image.MAX_IMAGE_PIXELS = MAX_AREA  # beyond twice that Pillow itself refuses
    Image.init()
    request = json.loads(sys.stdin.buffer.readline())
    files = [File(name, sys.stdin.buffer.read(size)) for name, size in request["files"]]
    answer: dict[str, Any]
    try:
        found = read(files, request["side"], request["channels"], request["count"])
        answer = {"packed": _packed(found, files[0].name)}
    except Refused as error:
        answer = {"refused": [error.name, error.given, error.hint]}
    except MemoryError:
        answer = {"refused": [files[0].name, "a file that takes too much memory to read", "give fewer or smaller pictures"]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
