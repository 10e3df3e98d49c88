"""A game of every kind of data that the server can name: a newcomer in the registry is one more."""

from __future__ import annotations

import numpy as np

from gandash.config import GameConfig
from gandash.packed import PackedPictures, pack_pictures
from gandash.pictures import Digits, FoundPictures, Pictures, UploadedPictures
from gandash.players import Linear, Point
from gandash.settings import Settings, kind_of, variants
from gandash.targets import PointMass

KINDS: tuple[type[Settings], ...] = variants(GameConfig.model_fields["data"].annotation)


def _labelled(channels: int) -> UploadedPictures:
    """The digits as somebody would upload them, with their labels."""
    pixels, labels = Digits(count=300).chosen()
    grey = np.asarray(pixels * 15, dtype=np.uint8)
    return UploadedPictures(pixels=pack_pictures(PackedPictures(np.repeat(grey, channels, axis=1), labels)))


DATA = {kind_of(kind): kind() for kind in KINDS} | {
    "uploaded_pictures, labelled": _labelled(1),
    "uploaded_pictures, labelled, in colour": _labelled(3),
}
SCALAR = GameConfig(data=PointMass(place=0.0), generator=Point(start=1.0), discriminator=Linear(start=1.0))
GAMES = {name: GameConfig(data=data).replace("run.batch", 32) for name, data in DATA.items()} | {"a scalar game": SCALAR}
COUNTED = {"digits": "digits", **{name: "classes" for name in DATA if "labelled" in name}} | {
    name: "cells" for name, data in DATA.items() if isinstance(data, Pictures) and not isinstance(data, FoundPictures)
}
"""What generated pictures of each are counted by, in the words of the page."""
