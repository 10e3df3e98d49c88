"""Samples, paintings and pictures as text: what goes in comes out, and nothing else is taken for them."""

from __future__ import annotations

import base64
import struct
import zlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from gandash.config import GameConfig, parse_config
from gandash.config.data import DrawnConfig, Samples2DConfig, SamplesConfig
from gandash.config.setting import SettingError
from gandash.packed import (
    MAX_PIXELS,
    MAX_ROWS,
    MAX_TEXT,
    SIDE,
    SIDES,
    PackedPictures,
    pack_painting,
    pack_pictures,
    pack_samples,
    unpack_painting,
    unpack_pictures,
    unpack_samples,
)


def text(data: bytes) -> str:
    return base64.b64encode(zlib.compress(data)).decode()


@given(st.integers(1, 2), st.data())
def test_samples_survive_bit_for_bit(columns: int, data: st.DataObject) -> None:
    shape = st.tuples(st.integers(1, 30), st.just(columns))
    rows = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
    found = unpack_samples(pack_samples(rows), columns)
    assert found.tobytes() == rows.tobytes() and found.shape == rows.shape
    assert not found.flags.writeable


FAR = {
    "seconds since 1970": 1_700_000_000 + np.arange(1000.0),
    "and one that is not": np.r_[0, 1_700_000_000 + np.arange(1000.0)],
    "centimetres of UTM": 2.1e9 + 3 * np.arange(1000.0),
    "a hair of 1e5": 1e5 + np.linspace(-1e-3, 1e-3, 500),
    "heights": 171 + 0.1 * np.arange(30),
}


@pytest.mark.parametrize("column", FAR.values(), ids=FAR)
def test_numbers_far_from_0_are_standardised_in_double_precision(column: np.ndarray) -> None:
    config = GameConfig(data=SamplesConfig(rows=pack_samples(column[:, None])))
    points = parse_config(config.model_dump_json().encode()).data.points()[:, 0]
    assert points.dtype == np.float32 and len(np.unique(points)) == len(column)
    np.testing.assert_allclose(points, (column - column.mean()) / column.std(), rtol=1e-6, atol=1e-6)
    both = Samples2DConfig(rows=pack_samples(np.stack([column, column[::-1]], axis=1))).points()
    np.testing.assert_allclose(both, np.stack([points, points[::-1]], axis=1), atol=1e-6)


def test_as_given_numbers_that_single_precision_would_merge_are_refused_with_how_many_stay_apart() -> None:
    hair = pack_samples(FAR["a hair of 1e5"][:, None])
    with pytest.raises(SettingError, match="1 of 500 stay apart; try standardised") as caught:
        parse_config({"data": {"kind": "samples", "rows": hair, "scaling": "as_given"}})
    assert caught.value.path == "data.scaling"
    heights = SamplesConfig(rows=pack_samples(FAR["heights"][:, None]), scaling="as_given").points()[:, 0]
    np.testing.assert_allclose(heights, FAR["heights"], rtol=1e-7)


@given(hnp.arrays(np.uint8, (SIDE, SIDE), elements=st.integers(0, 255)).filter(np.any))
def test_paintings_survive_bit_for_bit(cells: np.ndarray) -> None:
    np.testing.assert_array_equal(unpack_painting(pack_painting(cells)), cells)


@pytest.mark.parametrize("columns", [1, 2])
def test_the_largest_sample_survives_a_config_and_fits(columns: int) -> None:
    rows = np.random.default_rng(0).standard_normal((MAX_ROWS, columns)).astype(np.float32)
    packed = pack_samples(rows)
    assert len(packed) <= MAX_TEXT
    config = GameConfig(data=(SamplesConfig if columns == 1 else Samples2DConfig)(rows=packed, scaling="as_given"))
    again = parse_config(config.model_dump_json().encode())
    assert again == config
    np.testing.assert_array_equal(again.data.points(), rows)
    with pytest.raises(ValueError, match="200,000 rows"):
        unpack_samples(pack_samples(np.concatenate([rows, rows[:1]])), columns)


@pytest.mark.parametrize(
    ("given_text", "words"),
    [
        ("", "too early"),
        ("not base64!", "base64"),
        ("AAAA", "base64 of zlib"),
        (base64.b64encode(b"plain").decode(), "zlib"),
        (text(b""), "0 bytes"),
        (text(b"12345"), "5 bytes"),
        (text(bytes(2**26)), "more than there may be"),  # 65 KB that would be 64 MB
        (text(np.array([1, np.nan], dtype="<f4").tobytes()), "finite"),
        (text(np.array([1, np.inf], dtype="<f4").tobytes()), "finite"),
        ("from:" + text(np.array([np.nan, 1], dtype="<f8").tobytes()), "finite"),
        ("from:" + text(np.array([1e300, 1], dtype="<f8").tobytes()), "finite"),
        ("from:" + text(bytes(8)), "8 bytes"),
        ("from:" + text(bytes(11)), "11 bytes"),
        ("from:from:" + text(bytes(12)), "base64"),
        (base64.b64encode(zlib.compress(bytes(4000))[:-3]).decode(), "too early"),
        (base64.b64encode(zlib.compress(bytes(4)) + b"more").decode(), "too early or too late"),
    ],
)
def test_text_that_holds_no_samples_is_refused_by_name(given_text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        unpack_samples(given_text, 1)
    with pytest.raises(SettingError, match=words) as caught:
        parse_config({"data": {"kind": "samples", "rows": given_text}})
    assert caught.value.path == "data.rows" and len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("cells", "words"), [(bytes(SIDE**2), "nothing is painted"), (b"\x01" * 5, "5 bytes"), (b"\x01" * 4097, "more than")]
)
def test_text_that_holds_no_painting_is_refused_by_name(cells: bytes, words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        parse_config({"data": {"kind": "drawn", "painting": text(cells)}})
    assert caught.value.path == "data.painting"


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ({"kind": "samples", "rows": pack_samples(np.ones((5, 1), np.float32))}, "data.rows", "same number in every row"),
        ({"kind": "samples", "rows": pack_samples(np.ones((1, 1), np.float32))}, "data.rows", "one row"),
        (
            {"kind": "samples_2d", "rows": pack_samples(np.array([[1, 2], [3, 2]], np.float32))},
            "data.rows",
            "column 2 is the same number",
        ),
        (
            {"kind": "samples", "scaling": "as_given", "rows": pack_samples(np.array([[0], [1e7]], np.float32))},
            "data.scaling",
            "try standardised",
        ),
    ],
)
def test_samples_that_cannot_be_played_are_refused_by_name(data: dict, path: str, words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        parse_config({"data": data})
    assert caught.value.path == path


def test_the_defaults_are_ready_to_play() -> None:
    assert DrawnConfig().cells().any()
    for model in (SamplesConfig(), Samples2DConfig()):
        points = model.points()
        assert len(points) == 256
        np.testing.assert_allclose(points.mean(axis=0), 0, atol=1e-6)
        np.testing.assert_allclose(points.std(axis=0), 1, rtol=1e-6)


def pictures(n: int, channels: int = 1, side: int = 8, labelled: bool = True) -> PackedPictures:
    rng = np.random.default_rng(n)
    pixels = rng.integers(0, 256, (n, channels, side, side), dtype=np.uint8)
    return PackedPictures(pixels, rng.integers(0, 256, n) if labelled else None)


@given(st.integers(1, 20), st.sampled_from([1, 3]), st.sampled_from(SIDES), st.booleans(), st.text(max_size=100))
def test_pictures_survive_packing(n: int, channels: int, side: int, labelled: bool, note: str) -> None:
    given_pictures = replace(pictures(n, channels, side, labelled), note=note)
    found = unpack_pictures(pack_pictures(given_pictures))
    assert found.note == note
    np.testing.assert_array_equal(found.pixels, given_pictures.pixels)
    assert not found.pixels.flags.writeable
    if labelled:
        np.testing.assert_array_equal(found.labels, given_pictures.labels)
    else:
        assert found.labels is None


def test_as_many_pixels_as_are_allowed() -> None:
    most = MAX_PIXELS // 32**2
    blank = PackedPictures(np.zeros((most, 1, 32, 32), dtype=np.uint8), np.zeros(most, dtype=np.int64))
    assert unpack_pictures(pack_pictures(blank)).pixels.shape == (most, 1, 32, 32)


@pytest.mark.parametrize(
    ("given_text", "words"),
    [
        ("", "upload anew"),
        ("????", "upload anew"),
        (text(b""), "hold no pictures"),
        (text(bytes(2**26)), "more than there may be"),
        (text(struct.pack("<IBBB", 2, 1, 9, 0) + bytes(162)), "side 9 with 1 channels; allowed are sides of 8, 16, 28, 32"),
        (text(struct.pack("<IBBB", 2, 4, 8, 0) + bytes(512)), "with 4 channels"),
        (text(struct.pack("<IBBB", 2, 1, 8, 7) + bytes(128)), "side 8"),
        (text(struct.pack("<IBBB", 0, 1, 8, 0)), "promises 0 pictures"),
        (text(struct.pack("<IBBB", 2**32 - 1, 1, 8, 0) + bytes(64)), "promises 4,294,967,295 pictures"),
        (text(struct.pack("<IBBB", 100_001, 1, 8, 0)), "promises 100,001 pictures"),
        (text(struct.pack("<IBBB", 2, 1, 8, 0) + bytes(127)), "127 bytes are not 2 pictures"),
        (text(struct.pack("<IBBB", 2, 1, 8, 1) + bytes(128)), "128 bytes are not 2 pictures"),
        (text(struct.pack("<IBBB", 2, 1, 8, 2) + bytes(127)), "127 bytes are not 2 pictures"),
        (text(struct.pack("<IBBB", 2, 1, 8, 2) + bytes(128 + 2001)), "2129 bytes are not 2 pictures"),
    ],
)
def test_text_that_holds_no_pictures_is_refused_by_name(given_text: str, words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        parse_config({"data": {"kind": "uploaded_pictures", "pixels": given_text}})
    assert caught.value.path == "data.pixels" and len(str(caught.value)) < 400
