"""Picture files from strangers, read in a process of their own: what comes in, and what is refused in one sentence."""

from __future__ import annotations

import gzip
import io
import json
import os
import pickle
import struct
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from uploads.making import GREY, LABELS, crowded, forged, giant, idx, in_any_order, npy, npz, picture, read, zipped
from waiting import PATIENCE_SECONDS

from gandash.uploads import guard
from gandash.uploads.guard import PicturesRefused, read_pictures

REASONABLE_SECONDS = 25.0  # it takes a quarter of one; a machine may be slow, and have other work


# ------------------------------------------------------------------------------------------------------------ what is read


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_mnist_files_come_back_as_they_are(pack: Callable[[bytes], bytes]) -> None:
    found = read(("t10k-images-idx3-ubyte", pack(idx(GREY))), ("t10k-labels-idx1-ubyte", pack(idx(LABELS))))
    assert found.pixels.shape == (12, 1, 28, 28) and found.labels is not None
    where = {p.tobytes(): int(label) for p, label in zip(GREY, LABELS, strict=True)}
    assert [where[p.tobytes()] for p in found.pixels[:, 0]] == found.labels.tolist()
    assert sorted(found.labels.tolist()) == sorted(LABELS.tolist())
    assert found.labels.tolist() != LABELS.tolist()  # shuffled: any first n are a fair sample


def test_the_order_of_the_files_does_not_matter_and_labels_may_be_left_out() -> None:
    pictures, labels = ("a", idx(GREY)), ("b", idx(LABELS))
    np.testing.assert_array_equal(read(labels, pictures).pixels, read(pictures, labels).pixels)
    assert read(pictures).labels is None


def test_fewer_are_drawn_at_random_and_always_the_same() -> None:
    few = read(("a", idx(GREY)), ("b", idx(LABELS)), count=5)
    again = read(("a", idx(GREY)), ("b", idx(LABELS)), count=5)
    assert few.pixels.shape == (5, 1, 28, 28)
    np.testing.assert_array_equal(few.pixels, again.pixels)
    assert set(in_any_order(few.pixels)) < set(in_any_order(GREY))


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (GREY, GREY),
        (np.asfortranarray(GREY), GREY),
        (GREY[..., None], GREY),
        (GREY.astype(">i4"), GREY),
        (GREY / 255, GREY),
        ((GREY / 127.5 - 1).astype("<f4"), GREY),
        (GREY.astype(np.float64), GREY),
        (GREY > 127, np.where(GREY > 127, 255, 0).astype(np.uint8)),
    ],
    ids=["bytes", "Fortran order", "one channel", "big endian", "0 to 1", "-1 to 1", "0 to 255", "yes or no"],
)
def test_npy_of_grey_pictures(array: np.ndarray, expected: np.ndarray) -> None:
    assert in_any_order(read(("a.npy", npy(array))).pixels[:, 0]) == in_any_order(expected)


@pytest.mark.parametrize("channels", [1, 3])
def test_npy_in_colour(channels: int) -> None:
    colour = np.zeros((3, 8, 8, 3), dtype=np.uint8)
    colour[..., 0] = 200
    colour[0] = 50
    found = read(("a.npy", npy(colour)), side=8, channels=channels).pixels
    assert found.shape == (3, channels, 8, 8)
    means = sorted(tuple(int(v) for v in p.mean(axis=(1, 2))) for p in found)
    # Grey is that of ITU-R 601: 0.299 of red
    assert means == ([(50,), (60,), (60,)] if channels == 1 else [(50, 50, 50), (200, 0, 0), (200, 0, 0)])


def test_pictures_one_by_one_and_in_a_zip_are_the_same() -> None:
    many = {f"a/{i}.png": picture(p) for i, p in enumerate(GREY)}
    junk = {"__MACOSX/a/._0.png": b"junk", "a/.DS_Store": b"junk", "a/": b""}
    one_by_one = read(*((name.split("/")[-1], content) for name, content in many.items()))
    in_a_zip = read(("all.zip", zipped(many | junk)))
    deflated = read(("all.zip", zipped(many, compression=zipfile.ZIP_DEFLATED)))
    assert in_any_order(one_by_one.pixels) == in_any_order(GREY)
    np.testing.assert_array_equal(one_by_one.pixels, in_a_zip.pixels)
    np.testing.assert_array_equal(one_by_one.pixels, deflated.pixels)


def test_the_middle_square_is_scaled() -> None:
    wide = np.zeros((32, 64), dtype=np.uint8)
    wide[:, 16:48] = 255  # the middle square is white throughout
    tall = np.zeros((64, 32), dtype=np.uint8)
    tall[16:32] = 200  # its upper half
    bright, half = sorted(
        read(("a.png", picture(wide)), ("b.png", picture(tall)), side=8).pixels[:, 0], key=lambda p: -p.mean()
    )
    assert bright.min() == 255
    assert half[:3].min() > 190 and half[5:].max() < 10


def test_jpeg_and_odd_kinds_of_png() -> None:
    grey = np.full((40, 40), 120, dtype=np.uint8)
    grey[:, :20] = 30
    rgba = np.zeros((20, 20, 4), dtype=np.uint8)
    rgba[:10] = (10, 10, 10, 255)  # below it nothing: paper
    palette = io.BytesIO()
    Image.fromarray(grey).convert("P").save(palette, "PNG")
    deep = io.BytesIO()
    Image.fromarray((grey.astype(np.uint16) << 8) + 7).save(deep, "PNG")
    rotated = Image.Exif()
    rotated[0x0112] = 3  # upside down
    halves = np.zeros((64, 64), dtype=np.uint8)
    halves[:32] = 255
    for content in (picture(grey, "JPEG", quality=95), palette.getvalue(), deep.getvalue()):
        found = read(("a", content), ("b", content), side=8).pixels[0, 0]
        np.testing.assert_allclose([found[:, :3].mean(), found[:, 5:].mean()], [30, 120], atol=3)
    paper = read(("a", picture(rgba)), ("b", picture(rgba)), side=8).pixels[0, 0]
    assert paper[:3].max() < 15 and paper[5:].min() > 250
    turned = read(*[("a", picture(halves, "JPEG", exif=rotated.tobytes()))] * 2, side=8).pixels[0, 0]
    assert turned[:3].max() < 10 and turned[5:].min() > 245


# --------------------------------------------------------------------------------------------------------- what is refused

PNG = picture(GREY[0])
JPEG = picture(GREY[0], "JPEG")
FEW = zipped({"a.png": PNG, "b.png": PNG})
FAR_TOO_MANY = FEW[:-10] + struct.pack("<I", 2**31) + FEW[-6:]  # or so it says
BOMB = zipped({f"{i}.png": bytes(30_000_000) for i in range(4)}, compression=zipfile.ZIP_DEFLATED)
LOCKED = bytearray(zipped({"a.png": PNG}))
LOCKED[LOCKED.rindex(b"PK\1\2") + 8] |= 1  # as if there were a password
LINK = zipfile.ZipInfo("a.png")
LINK.external_attr = 0o120777 << 16
LIAR = bytearray(zipped({"a.png": PNG, "b.png": PNG}))
LIAR[LIAR.rindex(b"PK\1\2") + 20 : LIAR.rindex(b"PK\1\2") + 28] = struct.pack("<II", 5, 99_000_000)  # sizes


def link() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(LINK, "/etc/passwd")
    return stream.getvalue()


def with_nul() -> bytes:
    """A name that ends for some programs where it goes on for others."""
    return zipped({"a.pngX.txt": PNG}).replace(b"a.pngX.txt", b"a.png\0.txt")


LYING = "{'descr': '|u1', 'fortran_order': False, 'shape': (N, 28, 28)}"


def npz_of(**members: bytes) -> bytes:
    return zipped({f"{name}.npy": content for name, content in members.items()}, compression=zipfile.ZIP_DEFLATED)


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.png"))
    return stream.getvalue()


HOSTILE: dict[str, tuple[list[tuple[str, bytes]], str]] = {
    "nothing in it": ([("a.png", b"")], "an empty file"),
    "pickled npy": ([("a.npy", npy(np.array([1, "a", None], dtype=object)))], "pickled Python objects"),
    "pickle": ([("a.npy", pickle.dumps([1, 2, 3]))], "none of these"),
    "npy header that lies": (
        [("a.npy", forged("{'descr': '<f4', 'fortran_order': False, 'shape': (2000000, 28, 28)}", bytes(8)))],
        "promises 2000000 × 28 × 28 numbers and 8 bytes",
    ),
    "npy header of petabytes": (
        [("a.npy", forged("{'descr': '|u1', 'fortran_order': False, 'shape': (4000000000000, 28, 28)}"))],
        "promises 4000000000000",
    ),
    "npy header that is a program": ([("a.npy", forged("__import__('os').abort()"))], "header cannot be read"),
    "npy header nested": ([("a.npy", forged("(" * 100))], "header cannot be read"),
    "npy cut short": ([("a.npy", npy(GREY)[:-1])], "bytes of them"),
    "npy of words": ([("a.npy", npy(np.array(["a", "b"])))], "instead of real numbers"),
    "npy of points": ([("a.npy", npy(np.zeros((5, 2))))], "shape 5 × 2"),
    "npy with four channels": ([("a.npy", npy(np.zeros((5, 8, 8, 4))))], "shape 5 × 8 × 8 × 4"),
    "npy without a pixel": ([("a.npy", npy(np.zeros((5, 0, 8))))], "without a pixel"),
    "npy with NaN": ([("a.npy", npy(np.full((5, 8, 8), np.nan)))], "NaN or infinity"),
    "npy in odd units": ([("a.npy", npy(np.full((5, 8, 8), 700)))], "numbers from 700 to 700"),
    "npy of one colour": ([("a.npy", npy(np.full((5, 8, 8), 7)))], "one colour throughout"),
    "npy of one picture": ([("a.npy", npy(GREY[:1]))], "a single picture"),
    "IDX header of petabytes": (
        [("a", struct.pack(">HBBIII", 0, 8, 3, 2**32 - 1, 2**32 - 1, 2**32 - 1))],
        "promises 4294967295 × 4294967295 × 4294967295 pixels",
    ),
    "IDX cut short": ([("a", idx(GREY)[:-1])], "promises 12 × 28 × 28 bytes and 9407 of them"),
    "IDX header cut short": ([("a", idx(GREY)[:9])], "cut short"),
    "IDX with more behind it": ([("a", idx(GREY) + b"!")], "9409 of them"),
    "IDX of an unknown type": ([("a", idx(GREY, 10))], "none of these"),
    "IDX of five colours": ([("a", idx(np.zeros((5, 8, 8, 5), dtype=np.uint8)))], "shape 5 × 8 × 8 × 5"),
    "IDX of floats cut short": ([("a", idx(GREY.astype(">f4"), 13)[:-4])], "12 × 28 × 28 numbers and 37628 bytes of them"),
    "IDX of points": ([("a", idx(np.zeros((5, 3), dtype=np.uint8)))], "shape 5 × 3"),
    "labels alone": ([("a", idx(LABELS))], "labels without pictures"),
    "labels of others": ([("a", idx(GREY)), ("b", idx(LABELS[:5]))], "5 labels for 12 pictures"),
    "labels twice": ([("a", idx(GREY)), ("b", idx(LABELS)), ("c", idx(LABELS))], "second file of labels"),
    "two arrays": ([("a", idx(GREY)), ("b", npy(GREY))], "second file of pictures"),
    "an array and a picture": ([("a", idx(GREY)), ("b", PNG)], "second file of pictures"),
    "gzip bomb": ([("a.gz", gzip.compress(bytes(50_000_000)))], "no IDX file inside"),
    "gzip bomb behind an IDX header": ([("a.gz", gzip.compress(idx(GREY) + bytes(50_000_000)))], "longer than its header"),
    "gzip bomb with an honest header": (
        [("a.gz", gzip.compress(struct.pack(">HBBIII", 0, 8, 3, 9000, 200, 200)))],
        "promises 9000",
    ),
    "gzip cut short": ([("a.gz", gzip.compress(idx(GREY))[:-9])], "cut short"),
    "gzip damaged": ([("a.gz", gzip.compress(idx(GREY))[:40] + bytes(100))], "gzip"),
    "gzip of members without end": ([("a.gz", gzip.compress(idx(GREY)) + gzip.compress(b"!") * 9)], "longer than its header"),
    "gzip with garbage behind it": ([("a.gz", gzip.compress(idx(GREY)) + b"garbage")], "gzip"),
    "gzip bomb of numpy's": ([("a.gz", gzip.compress(forged(LYING.replace("N", "400000")) + bytes(10**7)))], "promises 400000"),
    "tar": ([("a.tar.gz", gzip.compress(tarred()))], "a tar archive"),
    "npz with pickles": ([("a.npz", npz_of(x=npy(np.array([1, None], dtype=object))))], "pickled Python objects"),
    "npz whose headers lie": (
        [("a.npz", npz_of(x=forged(LYING.replace("N", "2000000"), bytes(8))))],
        "2000000 × 28 × 28 numbers and 8",
    ),
    "npz bomb": ([("a.npz", npz_of(x=forged(LYING.replace("N", "400000"), bytes(313_600_000))))], "promises 400000 × 28 × 28"),
    "npz of two arrays of pictures": (
        [("a.npz", npz(a=GREY, b=GREY))],
        "several arrays of pictures: a .12 × 28 × 28., b .* alone",
    ),
    "npz of points": ([("a.npz", npz(a=np.zeros((5, 2))))], "shape 5 × 2"),
    "npz of labels": ([("a.npz", npz(y=LABELS))], "labels without pictures"),
    "zip of two arrays of pictures": ([("a.zip", zipped({"a": idx(GREY), "b": idx(GREY)}))], "several arrays"),
    "a picture in colour, not a stack": (
        [("a.npy", npy(np.zeros((48, 64, 3), dtype=np.uint8)))],
        "48 × 64 × 3.* one picture in colour",
    ),
    "pictures that come last": ([("a.npy", npy(np.zeros((28, 28, 900), dtype=np.uint8)))], "28 × 28 × 900; .*moveaxis"),
    "a folder of no pictures": (
        [("d/a.txt", b"1"), ("d/b.csv", b"2"), ("d/.c", b"3")],
        r"no picture \(3 files .*: a.txt, b.csv, .c",
    ),
    "pictures of other kinds": ([("a.gif", picture(GREY[0], "GIF")), ("b.bmp", picture(GREY[0], "BMP"))], "a.gif, b.bmp"),
    "zip bomb": ([("a.zip", BOMB)], "unpacks to more than 100 MB"),
    "zip of too many": ([("a.zip", crowded(100_001))], "too many files"),
    "zip of far too many": ([("a.zip", FAR_TOO_MANY)], "too many files"),
    "zip whose sizes lie": ([("a.zip", bytes(LIAR))], "damaged"),
    "zip cut short": ([("a.zip", zipped({"a.png": PNG})[:-30])], "cut short or damaged"),
    "zip of nothing": ([("a.zip", zipped({}))], "without a picture"),
    "zip in a zip": ([("a.zip", zipped({"b.zip": zipped({"a.png": PNG}), "c.png": PNG}))], "no PNG or JPEG"),
    "zip that leads upwards": ([("a.zip", zipped({"../../etc/cron.d/x.png": PNG, "b.png": PNG}))], "leads out of it"),
    "zip that leads to the root": ([("a.zip", zipped({"/etc/x.png": PNG, "b.png": PNG}))], "leads out of it"),
    "zip that leads to a drive": ([("a.zip", zipped({"C:\\x.png": PNG, "b.png": PNG}))], "leads out of it"),
    "zip that leads upwards backwards": ([("a.zip", zipped({"a\\..\\..\\x.png": PNG, "b.png": PNG}))], "leads out of it"),
    "zip with NUL in a name": ([("a.zip", with_nul())], "leads out of it"),
    "zip with a password": ([("a.zip", bytes(LOCKED))], "a zip with a password"),
    "zip with a link": ([("a.zip", link())], "packed in a way"),
    "zip of an odd method": ([("a.zip", zipped({"a.png": PNG}, compression=zipfile.ZIP_LZMA))], "packed in a way"),
    "name with ..": ([("../../a.png", PNG), ("b.png", PNG)], "name leads elsewhere"),
    "name with NUL": ([("a.png\0.exe", PNG), ("b.png", PNG)], "name leads elsewhere"),
    "PNG of giant dimensions": ([("a.png", giant(2**31 - 1, 2**31 - 1)), ("b.png", PNG)], "no PNG or JPEG|50,000,000 pixels"),
    "PNG a line long": ([("a.png", giant(1_000_000, 10)), ("b.png", PNG)], "1,000,000 × 10 pixels"),
    "decompression bomb": ([("a.png", giant(8000, 8000)), ("b.png", PNG)], "more than 50,000,000 pixels"),
    "smaller decompression bomb": ([("a.png", giant(6000, 6000)), ("b.png", PNG)], "6,000 × 6,000 pixels"),
    "many small bombs": ([(f"{i}.png", giant(5000, 5000)) for i in range(20)], "more than 200 million pixels"),
    "PNG without its pixels": ([("a.png", giant(100, 100)), ("b.png", PNG)], "cut short or damaged"),
    "PNG cut short": ([("a.png", PNG[: len(PNG) // 2]), ("b.png", PNG)], "cut short or damaged"),
    "JPEG cut short": ([("a.jpg", JPEG[: len(JPEG) // 2]), ("b.png", PNG)], "cut short or damaged"),
    "JPEG of nothing": ([("a.jpg", b"\xff\xd8\xff" + bytes(50)), ("b.png", PNG)], "no PNG or JPEG"),
    "SVG": ([("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")], "an SVG drawing"),
    "SVG called PNG": ([("a.png", b"\xef\xbb\xbf<?xml version='1.0'?><svg/>")], "an SVG drawing"),
    "a program": ([("a.png", b"\x7fELF" + bytes(100))], "none of these"),
    "a table": ([("a.csv", b"1,2\n3,4\n")], "none of these"),
    "a GIF": ([("a.png", picture(GREY[0], "GIF"))], "none of these"),
    "a single picture": ([("a.png", PNG)], "a single picture"),
    "files too large": ([("a.npy", bytes(51 * 2**20))], "51 MB"),
}


@pytest.mark.parametrize(("files", "words"), HOSTILE.values(), ids=HOSTILE.keys())
def test_what_holds_no_pictures_is_refused_in_one_sentence_at_once(files: list[tuple[str, bytes]], words: str) -> None:
    began = time.monotonic()
    with pytest.raises(PicturesRefused, match=words) as caught:
        read_pictures(files, 8, 1, 100_000)
    assert time.monotonic() - began < REASONABLE_SECONDS
    said = str(caught.value)
    assert ": given " in said and "; allowed is PNG or JPEG" in said
    assert "\n" not in said and "Traceback" not in said and len(said) < 450


def test_no_file_is_refused() -> None:
    with pytest.raises(PicturesRefused, match="no file"):
        read_pictures([], 8, 1, 100)


@pytest.mark.parametrize(("side", "channels", "count"), [(9, 1, 10), (8, 2, 10), (8, 1, 1), (8, 1, 10**9)])
def test_a_forged_choice_reaches_no_process(side: int, channels: int, count: int) -> None:
    with pytest.raises(ValueError, match="side"):
        read_pictures([("a.png", PNG)], side, channels, count)


# ---------------------------------------------------------------------------------------------------------- the process


def test_a_reader_that_takes_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    slow = tmp_path / "slow"
    slow.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(600)\n")
    slow.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(slow))
    with pytest.raises(PicturesRefused, match="in the time and memory there is"):
        read_pictures([("a.png", PNG), ("b.png", PNG)], 8, 1, 10, seconds=0.3)


@pytest.mark.parametrize("says", ["", "no json", "[]", "{" * 10_000])
def test_a_reader_that_babbles_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str) -> None:
    babbler = tmp_path / "babbler"
    babbler.write_text(f"#!{sys.executable}\nprint({says!r})\n")
    babbler.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(babbler))
    with pytest.raises(PicturesRefused, match="could not be read"):
        read_pictures([("a.png", PNG)], 8, 1, 10)


def test_without_a_process_it_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(PicturesRefused, match="could not be read"):
        read_pictures([("a.png", PNG)], 8, 1, 10)


def test_when_all_readers_are_busy_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        assert guard._AT_ONCE.acquire(timeout=1)
    try:
        with pytest.raises(PicturesRefused, match="others are being read"):
            read_pictures([("a.png", PNG)], 8, 1, 10, seconds=0.05)
    finally:
        for _ in range(2):
            guard._AT_ONCE.release()


def in_the_jail(program: str) -> subprocess.CompletedProcess[str]:
    """What becomes of a program that runs under the reader's limits."""
    lines = f"from gandash.uploads import reader\nreader._give_up_rights()\n{program}"
    env = os.environ | {"PYTHONPATH": str(Path(guard.__file__).parents[2]), "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", lines], env=env, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
    )


def test_the_reader_may_not_take_much_memory() -> None:
    assert "MemoryError" in in_the_jail("bytes(900 * 2**20)").stderr
    assert in_the_jail("bytes(200 * 2**20)").returncode == 0


def test_the_reader_may_not_write_files(tmp_path: Path) -> None:
    target = tmp_path / "written"
    result = in_the_jail(f"with open({str(target)!r}, 'w') as f: f.write('x')")
    assert result.returncode != 0 and (not target.exists() or target.stat().st_size == 0)


def test_the_reader_may_not_take_much_time() -> None:
    limits = in_the_jail("import resource; print(resource.getrlimit(resource.RLIMIT_CPU)[0])")
    assert 0 < int(limits.stdout) <= 15


def test_the_reader_starts_without_torch_pydantic_or_streamlit() -> None:
    loaded = in_the_jail("import sys, json; print(json.dumps(list(sys.modules)))").stdout
    assert not {"torch", "pydantic", "streamlit"} & set(json.loads(loaded))
