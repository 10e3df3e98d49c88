"""A game of every kind of data that the server can name: a newcomer in the registry is one more."""

from __future__ import annotations

import numpy as np

from gandash.config import GameConfig
from gandash.config.data import DigitsConfig, FoundPicturesConfig, PicturesConfig, PointMassConfig, UploadedPicturesConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.config.setting import Settings, kind_of, variants
from gandash.packed import PackedPictures, pack_pictures

KINDS: tuple[type[Settings], ...] = variants(GameConfig.model_fields["data"].annotation)


def _labelled(channels: int) -> UploadedPicturesConfig:
    """The digits as somebody would upload them, with their labels."""
    pixels, labels = DigitsConfig(count=300).chosen()
    grey = np.asarray(pixels * 15, dtype=np.uint8)
    return UploadedPicturesConfig(pixels=pack_pictures(PackedPictures(np.repeat(grey, channels, axis=1), labels)))


DATA = {kind_of(kind): kind() for kind in KINDS} | {
    "uploaded_pictures, labelled": _labelled(1),
    "uploaded_pictures, labelled, in colour": _labelled(3),
}
SCALAR = GameConfig(data=PointMassConfig(location=0.0), generator=PointConfig(start=1.0), discriminator=LinearConfig(start=1.0))
GAMES = {name: GameConfig(data=data).replace("run.batch", 32) for name, data in DATA.items()} | {"a scalar game": SCALAR}
COUNTED = {"digits": "digits", **{name: "classes" for name in DATA if "labelled" in name}} | {
    name: "cells"
    for name, data in DATA.items()
    if isinstance(data, PicturesConfig) and not isinstance(data, FoundPicturesConfig)
}
"""What generated pictures of each are counted by, in the words of the page."""
