"""The settings of picture data: what is in them, what may be chosen, and what is refused by name."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from gandash.config import GameConfig, flop_per_step, parse_config
from gandash.config.data import (
    BarsConfig,
    BlobsConfig,
    DataConfig,
    DigitsConfig,
    DiscsAndSquaresConfig,
    PicturesConfig,
    UploadedPicturesConfig,
)
from gandash.config.data.pictures import DIGITS
from gandash.config.setting import SettingError, variants
from gandash.packed import PackedPictures, pack_pictures

# UCI, "Optical Recognition of Handwritten Digits", test part: how many there are of each digit
PER_DIGIT = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def uploaded(n: int = 6, channels: int = 1, side: int = 16, labels: list[int] | None = None) -> str:
    pixels = np.random.default_rng(0).integers(0, 256, (n, channels, side, side), dtype=np.uint8)
    return pack_pictures(PackedPictures(pixels, None if labels is None else np.array(labels)))


def test_the_digits_are_those_of_the_uci_test_part() -> None:
    pixels, labels = DigitsConfig().chosen()
    assert pixels.shape == (1797, 1, 8, 8) and labels is not None
    assert np.bincount(labels).tolist() == PER_DIGIT
    assert (int(pixels.min()), int(pixels.max())) == (0, 16)
    assert int(pixels.astype(np.int64).sum()) == 561_718  # of scikit-learn's copy
    # A zero has a hole and a one has none: labels and pictures belong together
    middle = pixels[:, 0, 3:5, 3:5].mean(axis=(1, 2))
    assert middle[labels == 0].mean() < 3 < 10 < middle[labels == 1].mean()


def test_the_digits_file_is_small_plain_and_says_where_it_is_from() -> None:
    assert DIGITS.stat().st_size < 64_000
    np.load(DIGITS, allow_pickle=False)["pixels"]
    words = (DIGITS.parent / "README.md").read_text(encoding="utf-8")
    assert all(word in words for word in ("Alpaydin", "Kaynak", "1998", "UCI", "CC BY 4.0"))


def test_any_first_digits_are_a_fair_sample_of_all() -> None:
    _, labels = DigitsConfig(count=300).chosen()
    assert labels is not None and len(labels) == 300
    counts = np.bincount(labels, minlength=10)
    assert ((counts - 30) ** 2 / 30).sum() < 21.7  # chi-square, 9 degrees, 1 %


def test_classes_and_count_choose_among_the_digits() -> None:
    pixels, labels = DigitsConfig(classes=(0, 1)).chosen()
    assert len(pixels) == 178 + 182 and labels is not None and set(labels.tolist()) == {0, 1}
    fewer, _ = DigitsConfig(classes=(0, 1), count=10).chosen()
    np.testing.assert_array_equal(fewer, pixels[:10])
    assert DigitsConfig(classes=(7,), count=1797).chosen()[0].shape == (179, 1, 8, 8)


@pytest.mark.parametrize(
    ("settings", "shape"),
    [
        (DigitsConfig(), (1, 8, 8)),
        (BarsConfig(), (1, 16, 16)),
        (DiscsAndSquaresConfig(), (1, 16, 16)),
        (BlobsConfig(), (1, 16, 16)),
        (UploadedPicturesConfig(), (1, 16, 16)),
        (UploadedPicturesConfig(pixels=uploaded(channels=3, side=32)), (3, 32, 32)),
    ],
    ids=str,
)
def test_shape_and_dimension(settings: PicturesConfig, shape: tuple[int, int, int]) -> None:
    assert settings.shape == shape
    assert settings.dimension == shape[0] * shape[1] * shape[2]
    config = GameConfig(data=settings)
    assert parse_config(config.model_dump_json().encode()) == config
    assert flop_per_step(config) > flop_per_step(GameConfig())  # the cost knows how large a sample is


def test_every_law_of_pictures_is_a_choice_of_data() -> None:
    assert {m for m in variants(DataConfig) if issubclass(m, PicturesConfig)} == {
        DigitsConfig,
        BarsConfig,
        DiscsAndSquaresConfig,
        BlobsConfig,
        UploadedPicturesConfig,
    }


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ({"kind": "digits", "classes": [1, 12]}, "data.classes", "no picture of class 12; there are 0 to 9"),
        ({"kind": "digits", "classes": [0.5]}, "data.classes.0", "integer"),
        ({"kind": "digits", "count": 1}, "data.count", "greater than or equal to 2"),
        ({"kind": "digits", "count": 1798}, "data.count", "less than or equal to 1797"),
        ({"kind": "uploaded_pictures", "classes": [1]}, "data.classes", "came without labels"),
        (
            {"kind": "uploaded_pictures", "pixels": uploaded(labels=[0, 1, 2, 5, 7, 8]), "classes": [4]},
            "data.classes",
            "no picture of class 4; there are 0 to 2, 5, 7 to 8",
        ),
        (
            {"kind": "uploaded_pictures", "pixels": uploaded(labels=[0, 1, 1, 1, 1, 1]), "classes": [0]},
            "data.classes",
            "a single picture is left",
        ),
        ({"kind": "uploaded_pictures", "pixels": "nothing"}, "data.pixels", "upload anew"),
        ({"kind": "bars", "thickness": 9}, "data.thickness", "less than or equal to 5"),
    ],
)
def test_pictures_that_cannot_be_played_are_refused_by_name(data: dict[str, Any], path: str, words: str) -> None:
    with pytest.raises(SettingError, match=words) as caught:
        parse_config({"data": data})
    assert caught.value.path == path and len(str(caught.value)) < 300


def test_labels_come_along_and_choose() -> None:
    settings = UploadedPicturesConfig(pixels=uploaded(labels=[3, 1, 3, 0, 3, 9]), classes=(3,), count=2)
    pixels, labels = settings.chosen()
    assert labels is not None and labels.tolist() == [3, 3] and len(pixels) == 2


def test_summaries_say_what_is_played() -> None:
    assert DigitsConfig().summary() == "digits, 1797 pictures"
    assert DigitsConfig(classes=(0, 1), count=100).summary() == "digits 0 and 1, 100 pictures"
    assert UploadedPicturesConfig(pixels=uploaded(channels=3)).summary() == "uploaded, 6 pictures 16 × 16 in colour"


def test_the_default_config_stays_small() -> None:
    """Pixels are in the schema and in every saved file of such a game."""
    assert len(json.dumps(UploadedPicturesConfig().model_dump())) < 2000
