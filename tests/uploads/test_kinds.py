"""Picture files as they really are: every kind of array, litter, folders for classes, scales; and what is said of each."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from uploads.making import GREY, IDX_CODES, LABELS, RNG, idx, in_any_order, npy, npz, picture, read, told, zipped

from gandash.packed import MAX_PICTURE_TEXT, PackedPictures, unpack_pictures
from gandash.uploads import guard
from gandash.uploads.guard import PicturesRefused, read_pictures
from gandash.uploads.stacks import classes

COLOUR = RNG.integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
MANY = {f"{i}.png": picture(p) for i, p in enumerate(GREY)}


def labels_of(found: PackedPictures) -> dict[bytes, int]:
    """The label that each picture came with."""
    assert found.labels is not None
    return {p.tobytes(): int(label) for p, label in zip(found.pixels[:, 0], found.labels, strict=True)}


WANTED = {p.tobytes(): int(label) for p, label in zip(GREY, LABELS, strict=True)}


# ------------------------------------------------------------------------------------------------------- IDX, gzip, npz


@pytest.mark.parametrize("form", IDX_CODES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_idx_of_every_type(form: str, pack: Callable[[bytes], bytes]) -> None:
    numbers = (GREY.astype(int) - 128 if form == "i1" else GREY).astype(f">{form}")
    found = read(("a", pack(idx(numbers, IDX_CODES[form]))), ("b", idx(LABELS.astype(f">{form}"), IDX_CODES[form])))
    assert labels_of(found) == WANTED


@pytest.mark.parametrize(
    "array",
    [GREY.reshape(12, 784), GREY[..., None], GREY[:, None], np.repeat(GREY[..., None], 3, 3), np.repeat(GREY[:, None], 3, 1)],
    ids=["flat rows", "one channel last", "one channel first", "colour last", "colour first"],
)
@pytest.mark.parametrize("save", [npy, idx, lambda array: npz(x=array)], ids=["npy", "idx", "npz"])
def test_arrays_of_every_layout(array: np.ndarray, save: Callable[[np.ndarray], bytes]) -> None:
    assert in_any_order(read(("a", save(array))).pixels[:, 0]) == in_any_order(GREY)


def test_colour_by_colour_in_flat_rows_as_in_cifar() -> None:
    found = read(("a.npy", npy(COLOUR.transpose(0, 3, 1, 2).reshape(12, 192))), side=8, channels=3)
    assert in_any_order(found.pixels) == in_any_order(COLOUR.transpose(0, 3, 1, 2))
    assert "rows of 192 numbers are 8 × 8 pixels, colour by colour" in found.note


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(idx(GREY)[:4000]) + gzip.compress(idx(GREY)[4000:]),
        gzip.compress(idx(GREY)[:3]) + gzip.compress(b"") + gzip.compress(idx(GREY)[3:]),
        gzip.compress(idx(GREY)) + bytes(512),
        gzip.compress(npy(GREY)),
    ],
    ids=["two members", "a header in two", "zeros behind it", "npy"],
)
def test_gzip_as_rfc_1952_has_it(packed: bytes) -> None:
    assert in_any_order(read(("a.gz", packed)).pixels[:, 0]) == in_any_order(GREY)


@pytest.mark.parametrize(
    "arrays",
    [
        {"x_train": GREY, "y_train": LABELS, "x_test": GREY[:3], "y_test": LABELS[:3]},  # Keras' mnist.npz
        {  # MedMNIST
            **{"train_images": GREY, "val_images": GREY[:4], "test_images": GREY[:3]},
            **{"train_labels": LABELS[:, None], "val_labels": LABELS[:4, None], "test_labels": LABELS[:3, None]},
        },
        {"images": GREY / 255, "labels": LABELS.astype("i8")},
        {"arr_0": GREY, "arr_1": LABELS.astype("f4")},
        {"data": GREY.reshape(12, 784), "target": np.eye(10)[LABELS], "mean": np.zeros(3), "names": np.array(["a", "b"])},
    ],
    ids=["Keras", "MedMNIST", "images and labels", "without names", "one-hot"],
)
def test_npz_of_pictures_and_labels(arrays: dict[str, np.ndarray]) -> None:
    found = read(("set.npz", npz(**arrays)))
    assert labels_of(found) == WANTED
    held = [name for name in arrays if "test" in name or "val" in name]
    assert all(name in found.note for name in held) and ("left out" in found.note) == bool(held or "mean" in arrays)


def test_labels_in_words_and_labels_below_zero_become_numbers_and_are_said() -> None:
    found = read(("set.npz", npz(x=GREY, y=np.where(LABELS % 2, "odd", "even"))))
    assert labels_of(found) == {p: label % 2 for p, label in WANTED.items()}
    assert "classes: 0 = even, 1 = odd" in found.note
    assert "classes: 0 = -1, 1 = 300" in read(("x", npy(GREY)), ("y", npy(np.where(LABELS % 2, 300, -1)))).note


def test_many_words_are_many_numbers_and_too_many_are_none() -> None:
    numbers, said = classes([str(i) for i in range(300, 100, -1)])
    assert numbers is not None and numbers.tolist() == list(range(199, -1, -1)) and said.startswith("classes: 0 = 101, 1 = 102")
    assert classes([str(i) for i in range(257)]) == (None, "no classes: 257 are more than 256")


def test_what_mnist_is_downloaded_as_is_read_as_its_training_files() -> None:
    few = {"images-idx3": idx(GREY[:3]), "labels-idx1": idx(LABELS[:3])}
    files = {
        **{f"t10k-{name}-ubyte": content for name, content in few.items()},
        **{"train-images-idx3-ubyte": idx(GREY), "train-labels-idx1-ubyte": idx(LABELS)},
        "train-images-idx3-ubyte.gz": gzip.compress(idx(GREY)),
    }
    assert labels_of(read(*files.items())) == WANTED == labels_of(read(("archive.zip", zipped(files))))
    assert "t10k-images-idx3-ubyte" in read(*files.items()).note


# ------------------------------------------------------------------------------------------------------ how many, which


def test_as_many_as_fit_are_kept_and_said() -> None:
    blank = np.zeros((9000, 8, 8), dtype=np.uint8)
    blank[::2, 0, 0] = 255
    found = read(("a.npy", npy(blank)), side=32, count=100_000)
    assert len(found.pixels) == 7812
    assert "7,812 of 9,000 pictures kept, drawn at random (seed 0), as many as fit at 32 × 32 pixels" in found.note
    assert 3600 < (found.pixels.max(axis=(1, 2, 3)) > 0).sum() < 4200  # evenly: half of them


def test_what_cannot_be_compressed_is_kept_as_far_as_it_fits_in_one_go() -> None:
    noise = npy(RNG.integers(0, 256, (2000, 16, 16, 3), dtype=np.uint8))
    text = read_pictures([("a.npy", noise)], 32, 3, 2000)
    kept = len(unpack_pictures(text).pixels)
    assert 0.97 * MAX_PICTURE_TEXT < len(text) <= MAX_PICTURE_TEXT
    assert f"{kept:,} of 2,000 pictures kept, drawn at random (seed 0), as many as fit at 32 × 32 pixels in colour" in (
        told(text).note
    )
    np.testing.assert_array_equal(
        unpack_pictures(read_pictures([("a.npy", noise)], 32, 3, kept)).pixels, unpack_pictures(text).pixels
    )


def test_fewer_are_the_first_of_more() -> None:
    few, more = (read(("a", idx(GREY)), ("b", idx(LABELS)), count=n) for n in (5, 9))
    np.testing.assert_array_equal(few.pixels, more.pixels[:5])
    assert few.note.startswith("5 of 12 pictures kept, drawn at random (seed 0)") and "fit" not in few.note


def test_a_stand_in_of_mnists_size_is_read_with_its_labels() -> None:
    """60,000 of 28 × 28, as large as the page promises; the real ones are read by tests/load/mnist.py."""
    which = np.random.default_rng(1).integers(0, 12, 60_000)
    found = read(
        ("train-images-idx3-ubyte", idx(GREY[which])), ("train-labels-idx1-ubyte", idx(LABELS[which])), side=8, count=2000
    )
    assert len(found.pixels) == 2000 and found.note.startswith("2,000 of 60,000 pictures kept, drawn at random (seed 0)")
    kinds = {p.tobytes(): int(label) for p, label in zip(read(("a", idx(GREY)), side=8).pixels, range(12), strict=True)}
    assert found.labels is not None and len({p.tobytes() for p in found.pixels}) == 12 == len(kinds)
    shares = np.bincount(found.labels, minlength=10) / 2000
    np.testing.assert_allclose(shares, np.bincount(LABELS, minlength=10) / 12, atol=0.03)


# ---------------------------------------------------------------------------------------------------------------- litter

LITTER = {
    ".DS_Store": b"\0\0\0\1Bud1",
    "Thumbs.db": bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600),
    "desktop.ini": b"[.ShellClassInfo]\r\n",
    "README.txt": b"12 pictures\n",
    "labels.csv": b"file,label\n",
    "dataset.json": b"{}",
    "._0.png": b"\0\5\x16\7\0\2\0\0Mac OS X",
    "__MACOSX/0.png": b"\0\5\x16\7\0\2\0\0Mac OS X",
}


@pytest.mark.parametrize("name", LITTER)
def test_one_stray_file_is_left_out_and_said(name: str) -> None:
    base = name.split("/")[-1]
    for found in (
        read(*MANY.items(), (name, LITTER[name])),
        read(("set.zip", zipped({f"set/{file}": content for file, content in MANY.items()} | {name: LITTER[name]}))),
    ):
        assert in_any_order(found.pixels[:, 0]) == in_any_order(GREY)
        assert f"1 file that is no PNG or JPEG picture left out: {base}" in found.note


def test_the_first_of_many_stray_files_are_named() -> None:
    assert "8 files that are no PNG or JPEG picture left out: .DS_Store, Thumbs.db, desktop.ini, …" in (
        read(*MANY.items(), *LITTER.items()).note
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("broken.png", picture(GREY[0])[:300], "cut short or damaged"),
        ("broken.jpg", b"\xff\xd8\xff" + bytes(50), "no PNG or JPEG picture, or a damaged one"),
        ("empty.png", b"", "an empty file"),
        ("moving.gif", picture(GREY[0], "GIF"), "none of these"),
        ("drawn.svg", b"<svg/>", "an SVG drawing"),
        ("photo", picture(GREY[0], "BMP"), "none of these"),
    ],
)
def test_a_picture_that_cannot_be_read_is_named_with_the_reason(name: str, content: bytes, words: str) -> None:
    for found in (read(*MANY.items(), (name, content)), read(("a.zip", zipped(MANY | {name: content})))):
        assert in_any_order(found.pixels[:, 0]) == in_any_order(GREY)
        assert f"1 picture that cannot be read left out: {name}" in found.note and words in found.note
        assert found.note.startswith("all 12 pictures kept")


def test_what_cannot_be_read_makes_room_for_the_next() -> None:
    damaged = {f"x{i}.png": picture(GREY[0])[:300] for i in range(12)}
    assert len(read(*(MANY | damaged).items(), count=8).pixels) == 8


# --------------------------------------------------------------------------------------------------------------- folders


@pytest.mark.parametrize(
    "where", ["{}/", "set/{}/", "train/{}/", "set/train/{}/"], ids=["folders", "wrapped", "nested", "wrapped and nested"]
)
def test_folders_are_classes(where: str) -> None:
    files = {f"{where.format(LABELS[i])}{i}.png": picture(p) for i, p in enumerate(GREY)}
    assert labels_of(read(("a.zip", zipped(files)))) == WANTED == labels_of(read(*files.items()))
    assert "classes by folder" in read(*files.items()).note


def test_folders_with_names_are_numbered_in_order_and_said() -> None:
    files = {f"train/{'cat' if i % 3 else 'ant'}/{i}.png": picture(p) for i, p in enumerate(GREY[:8])}
    files |= {f"test/{'cat' if i % 3 else 'ant'}/{i}.png": picture(GREY[i]) for i in range(8, 12)}
    found = read(("animals.zip", zipped(files | {"labels.csv": b"a"})))
    assert labels_of(found) == {p.tobytes(): int(i % 3 > 0) for i, p in enumerate(GREY)}
    assert "classes: 0 = ant, 1 = cat" in found.note


@pytest.mark.parametrize("folders", [("only",), ("train", "test"), ("",)])
def test_one_folder_and_folders_for_training_and_testing_are_no_classes(folders: tuple[str, ...]) -> None:
    files = {f"{folders[i % len(folders)]}/{i}.png".lstrip("/"): picture(p) for i, p in enumerate(GREY)}
    found = read(("a.zip", zipped(files)))
    assert found.labels is None and len(found.pixels) == 12


def test_a_picture_beside_the_folders_belongs_to_no_class() -> None:
    files = {f"set/{LABELS[i]}/{i}.png": picture(p) for i, p in enumerate(GREY)} | {"set/preview.png": picture(GREY[0].T)}
    found = read(("a.zip", zipped(files)))
    assert labels_of(found) == WANTED and "1 beside the folders of classes left out: preview.png" in found.note


def test_files_are_read_where_they_lie(tmp_path: Path) -> None:
    """As the command line does: nothing is sent, so nothing is bounded but what is kept."""
    for name, content in (MANY | {"set.npz": npz(x=GREY)}).items():
        (tmp_path / name).write_bytes(content)
    pngs = [(f"d/{name}", tmp_path / name) for name in MANY]
    assert in_any_order(unpack_pictures(read_pictures(pngs, 28, 1, 100)).pixels[:, 0]) == in_any_order(GREY)
    alone = unpack_pictures(read_pictures([("set.npz", tmp_path / "set.npz")], 28, 1, 100))
    assert in_any_order(alone.pixels[:, 0]) == in_any_order(GREY)
    with pytest.raises(PicturesRefused, match="cannot be opened"):
        read_pictures([("a.npz", tmp_path)], 28, 1, 100)


# ---------------------------------------------------------------------------------------------------------------- scales

LIGHT = GREY / 255


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (LIGHT, "0 to 1"),
        ((LIGHT * 1.0000001).astype("f4"), "0 to 1"),
        (LIGHT * 15, "0 to 15"),
        ((LIGHT * 16).astype("f4"), "0 to 16"),
        (LIGHT * 100, "0 to 100"),
        (LIGHT * 127.5, "0 to 127.5"),
        (LIGHT * 2 - 1, "−1 to 1"),
        (LIGHT - 0.5, "−0.5 to 0.5"),
        (GREY.astype("i2") - 128, "−128 to 127"),
        (GREY.astype("u2") * 257, "0 to 65535"),
        (GREY.astype("i4") * 1000, "0 to 255000"),
        (LIGHT * 3.2458 - 0.4242, "−0.4242 to 2.822"),
        (LIGHT * 1e-6, "0 to 1e−06"),
        (GREY.astype("f4") + 1000, "1000 to 1255"),
    ],
)
def test_the_scale_is_the_arrays_own_and_is_said(array: np.ndarray, words: str) -> None:
    found = read(("a.npy", npy(array)))
    np.testing.assert_allclose(
        np.sort(found.pixels[:, 0].astype(int).reshape(12, -1).sum(1)), np.sort(GREY.reshape(12, -1).sum(1)), atol=784
    )
    assert (found.pixels.min(), found.pixels.max()) == (0, 255)
    assert f"{words} read as black to white" in found.note


def test_bytes_of_few_levels_are_not_black() -> None:
    for most in (1, 15, 16, 100):
        found = read(("a.npy", npy((GREY // 2 % (most + 1)).astype(np.uint8))))
        assert found.pixels.max() == 255 and f"0 to {most} read as black to white" in found.note


def test_a_hair_beyond_a_usual_scale_is_cut() -> None:
    overshoot = LIGHT.copy()
    overshoot[0, 0, :2] = (1.02, -0.02)
    found = read(("a.npy", npy(overshoot)))
    assert "0 to 1 read as black to white" in found.note
    assert len(set(in_any_order(found.pixels[:, 0])) & set(in_any_order(GREY))) == 11


@pytest.mark.parametrize("content", [np.inf, -np.inf, np.nan])
def test_one_number_that_is_none_is_refused(content: float) -> None:
    spoilt = LIGHT.copy()
    spoilt[7, 3, 3] = content
    with pytest.raises(PicturesRefused, match="NaN or infinity"):
        read(("a.npy", npy(spoilt)))
    with pytest.raises(PicturesRefused, match="NaN or infinity"):
        read(("a.npy", npy(np.array([[[-1e308] * 8] * 8, [[1e308] * 8] * 8]))))


def test_pictures_of_one_colour_among_others_are_counted() -> None:
    some = GREY.copy()
    some[:3] = 7
    assert "3 of them are of one colour throughout" in read(("a.npy", npy(some))).note


@pytest.mark.parametrize(("factor", "said"), [(257, ""), (16, "0 to 4080"), (1, "0 to 255")])
def test_16_bit_pngs_go_by_what_they_use_all_together(factor: int, said: str) -> None:
    ramp = np.tile(np.linspace(0, 255, 64).astype("u2"), (64, 1)) * factor
    dark = ramp // 2
    found = read(("a.png", picture(ramp)), ("b.png", picture(dark)), side=32)
    light, half = sorted(found.pixels[:, 0], key=lambda p: -int(p.max()))
    assert light.max() > 250 and abs(int(half.max()) - int(light.max()) / 2) < 2  # one scale for both
    assert (f"{said} read as black to white (of 16 bits)" in found.note) == bool(said)


def test_pngs_of_few_levels_are_not_black() -> None:
    masks = {f"{i}.png": picture(p // 26) for i, p in enumerate(GREY)}
    found = read(("masks.zip", zipped(masks)))
    assert found.pixels.max() == 255 and "0 to 9 read as black to white" in found.note


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize(("ink", "ground"), [(255, 0), (0, 255), (60, 255)])
def test_ink_on_transparent_ground_is_laid_on_what_it_shows_on(mode: str, ink: int, ground: int) -> None:
    disc = (np.hypot(*np.mgrid[-32:32, -32:32]) < 20).astype(np.uint8) * 255
    colour = Image.merge("LA", (Image.new("L", (64, 64), ink), Image.fromarray(disc))).convert(mode)
    stream = io.BytesIO()
    colour.save(stream, "PNG")
    found = read(("a.png", stream.getvalue()), ("b.png", stream.getvalue()), side=16).pixels[0, 0]
    assert (found[0, 0], found[8, 8]) == (ground, ink)


# ----------------------------------------------------------------------------------------------------------- the process


@pytest.mark.parametrize("kind", ["f4", "u1"])
def test_large_arrays_pass_in_pieces(kind: str, tmp_path: Path) -> None:
    """MNIST as float32 takes 188 MB, and half of what the process may have is taken by Python and numpy."""
    which = np.random.default_rng(1).integers(0, 12, 60_000)
    path = tmp_path / "a.npy"
    np.save(path, GREY[which].astype(kind))
    found = told(read_pictures([("a.npy", path)], 28, 1, 500, seconds=guard.PATIENT_SECONDS))
    assert set(in_any_order(found.pixels[:, 0])) == set(in_any_order(GREY)) and found.note.startswith("500 of 60,000")
