"""Files of pictures, sound and forged, as tests make them."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from dataclasses import replace

import numpy as np
from PIL import Image

from gandash.packed import PackedPictures, unpack_pictures
from gandash.uploads.guard import read_pictures
from gandash.words.noting import read_note

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 256, (12, 28, 28), dtype=np.uint8)
LABELS = (np.arange(12) % 10).astype(np.uint8)
IDX_CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array: np.ndarray, kind: int = 8) -> bytes:
    return struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def forged(header: str, body: bytes = b"") -> bytes:
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + body


def picture(array: np.ndarray, kind: str = "PNG", **how: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(array).save(stream, kind, **how)
    return stream.getvalue()


def zipped(members: dict[str, bytes], **how: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", **how) as archive:  # type: ignore[arg-type]
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, compress_type=how.get("compression"))
    return stream.getvalue()


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def giant(width: int, height: int) -> bytes:
    """A PNG of a hundred bytes that promises so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def crowded(members: int) -> bytes:
    """A zip of so many empty PNG files, or so its table of contents says; what it points to is not there."""
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, 0, 0, 0, 0, 33, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0) + b"a.png"
    records = entry * members
    end64 = struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, members, members, len(records), 30)
    locator = struct.pack("<4sLQL", b"PK\6\7", 0, 30 + len(records), 1)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return b"PK\3\4" + bytes(26) + records + end64 + locator + end


def read(*files: tuple[str, bytes], side: int = 28, channels: int = 1, count: int = 1000) -> PackedPictures:
    return told(read_pictures(files, side, channels, count))


def told(text: str) -> PackedPictures:
    """With the note as one reads it."""
    found = unpack_pictures(text)
    return replace(found, note=read_note(found.note))


def in_any_order(found: np.ndarray) -> list[bytes]:
    return sorted(p.tobytes() for p in found)
