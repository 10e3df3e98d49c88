"""Pictures as data: one settings class for each law whose samples are square pictures.

A sample is a flat row of channels × side × side numbers, channel by channel and each from the top left, from -1 (black) to 1
(white). `gandash.game.distributions.pictures` has an implementation for each. Knows no torch.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import lru_cache
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from gandash.config.setting import Misfit, Settings, setting
from gandash.packed import MAX_PICTURE_TEXT, MAX_PICTURES, PackedPictures, pack_pictures, unpack_pictures
from gandash.paths import ASSETS
from gandash.words import Said, listed, say, words_of
from gandash.words.noting import read_note

PICTURE_LATENT = 16  # dimensions of the latent where somebody turns from points to pictures

DIGITS = ASSETS / "data" / "digits.npz"

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]


class PicturesConfig(Settings):
    """Base of all laws of pictures."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, int, int]:
        """(channels, height, width) of every picture; channels are 1 (grey) or 3 (red, green, blue)."""

    @property
    def dimension(self) -> int:
        """Of a sample: channels × height × width."""
        channels, height, width = self.shape
        return channels * height * width


class DrawnPicturesConfig(PicturesConfig):
    """Base of the laws that draw a 16 × 16 picture from a few attributes, whose law is known."""

    SIDE: ClassVar[int] = 16

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, self.SIDE, self.SIDE


class BarsConfig(DrawnPicturesConfig):
    """A white bar with round ends across the centre, its angle uniform: a circle of pictures, without a gap anywhere."""

    kind: Literal["bars"] = "bars"
    thickness: float = setting(
        3.0, label="Thickness", ge=1.5, le=5, help="Of the bar, in pixels. Thinner bars share fewer pixels: a longer way round."
    )

    def summary(self) -> str:
        return say("bars at any angle")


class DiscsAndSquaresConfig(DrawnPicturesConfig):
    """A white disc or an upright square of the same area; kind, position and size are independent."""

    kind: Literal["discs_and_squares"] = "discs_and_squares"
    share: float = setting(
        0.5, label="Share of squares", ge=0.02, le=0.98, help="How many are squares; the rarer kind is the first lost."
    )

    def summary(self) -> str:
        return say("discs and squares")


class BlobsConfig(DrawnPicturesConfig):
    """A Gaussian spot of light; its position and width are independent and uniform."""

    kind: Literal["blobs"] = "blobs"
    widest: float = setting(
        2.2,
        label="Widest",
        ge=1.5,
        le=3,
        help="Standard deviations go from 1.2 pixels to this; the gap is what size there is to learn.",
    )

    def summary(self) -> str:
        return say("Gaussian blobs")


class FoundPicturesConfig(PicturesConfig):
    """Base of the laws that are a finite set of pictures, each as likely as any other."""

    @property
    def levels(self) -> int:
        """How many grey levels a pixel may have, 0 (black) to levels - 1 (white)."""
        return 256

    @abstractmethod
    def chosen(self) -> tuple[Pixels, Labels | None]:
        """The pictures that the game is played with: pixels `(n, channels, height, width)` and, where known, labels `(n,)`."""


def _count(most: int, help: str) -> int:
    found: int = setting(most, label="Pictures", scale="log", ge=2, le=most, help=help)
    return found


def _select(pixels: Pixels, labels: Labels | None, classes: tuple[int, ...], count: int) -> tuple[Pixels, Labels | None]:
    """The first `count` pictures of these classes; raises ValueError, in words, naming the field."""
    if classes:
        if labels is None:
            raise Misfit("classes", say("these pictures came without labels; leave this empty, or upload the labels too"))
        known = sorted(set(labels.tolist()))
        unknown = [c for c in classes if c not in known]
        if unknown:
            raise Misfit(
                "classes",
                say(
                    "there is no picture of class {unknown}; there are {known}, and none means all",
                    unknown=unknown[0],
                    known=_spans(known),
                ),
            )
        keep = np.flatnonzero(np.isin(labels, classes))
        pixels, labels = pixels[keep], labels[keep]
    if len(pixels) < 2:
        raise Misfit("classes", say("a single picture is left; at least 2 are needed, and a few hundred to learn from"))
    return pixels[:count], None if labels is None else labels[:count]


def _spans(numbers: list[int]) -> str:
    """Ascending numbers in few words: `0 to 9, 12`."""
    spans: list[list[int]] = []
    for n in numbers:
        if spans and n == spans[-1][-1] + 1:
            spans[-1][1:] = [n]
        else:
            spans.append([n])
    return ", ".join(" to ".join(str(n) for n in span) for span in spans)


_classes_help = "Which to play with, such as 0, 1. None means all."


class DigitsConfig(FoundPicturesConfig):
    """Handwritten digits, 8 × 8 with 17 grey levels (E. Alpaydin and C. Kaynak, 1998, UCI Machine Learning Repository)."""

    kind: Literal["digits"] = "digits"
    classes: tuple[int, ...] = setting((), label="Digits", max_length=10, help=_classes_help)
    count: int = _count(1797, "At most so many pictures, always the same ones. Fewer: D knows them by heart sooner.")

    def check(self) -> None:
        self.chosen()

    @property
    def shape(self) -> tuple[int, int, int]:
        return 1, 8, 8

    @property
    def levels(self) -> int:
        return 17

    def chosen(self) -> tuple[Pixels, Labels | None]:
        return _select(*_digits(), self.classes, self.count)

    def summary(self) -> str:
        which = say("digits") if not self.classes else say("digits {one}", one=self.classes[0])
        if len(self.classes) == 2:
            which = say("digits {one} and {other}", one=self.classes[0], other=self.classes[1])
        elif len(self.classes) > 2:
            which = say("digits of {count} classes", count=len(self.classes))
        return listed(which, say("{count} pictures", count=len(self.chosen()[0])))


@lru_cache(maxsize=1)
def _digits() -> tuple[Pixels, Labels]:
    with np.load(DIGITS, allow_pickle=False) as kept:
        pixels, labels = kept["pixels"][:, None], kept["labels"].astype(np.int64)
    pixels.flags.writeable = labels.flags.writeable = False
    return pixels, labels


RINGS = 32


@lru_cache(maxsize=8)
def made_up(side: int, channels: int, count: int = RINGS) -> str:
    """What stands for uploaded pictures before there are any, packed: rings of 32 radii, in no order."""
    axis = (np.arange(side) - (side - 1) / 2) * 8 / side
    distance = np.hypot(axis, axis[:, None])
    radii = 1 + 2.5 * (np.arange(RINGS) * 13 % RINGS) / (RINGS - 1)
    light = np.clip(1.25 - np.abs(distance - radii[:count, None, None]), 0, 1)
    pixels = np.asarray(np.round(light * 5) * 51, dtype=np.uint8)[:, None]
    return pack_pictures(PackedPictures(np.repeat(pixels, channels, axis=1), None))


class UploadedPicturesConfig(FoundPicturesConfig):
    """Pictures from a visitor's files, scaled and cropped when they were read, in a shuffled order."""

    kind: Literal["uploaded_pictures"] = "uploaded_pictures"
    pixels: str = setting(
        made_up(16, 1),
        label="Pixels",
        max_length=MAX_PICTURE_TEXT,
        repr=False,
        help="The uploaded pictures themselves; base64 of zlib of a header, a byte each pixel and channel, labels, a note.",
    )
    classes: tuple[int, ...] = setting((), label="Classes", max_length=256, help=_classes_help + " Needs uploaded labels.")
    count: int = _count(MAX_PICTURES, "At most so many pictures, always the same ones. Fewer: D knows them by heart sooner.")

    def check(self) -> None:
        self.chosen()

    @property
    def shape(self) -> tuple[int, int, int]:
        _, channels, height, width = unpack_pictures(self.pixels).pixels.shape
        return channels, height, width

    def chosen(self) -> tuple[Pixels, Labels | None]:
        try:
            found = unpack_pictures(self.pixels)
        except ValueError as error:
            raise Misfit("pixels", words_of(error)) from None
        return _select(found.pixels, found.labels, self.classes, self.count)

    @property
    def note(self) -> Said:
        """How the files were read, in words: how many of how many, on what scale, what was left out; "" where nothing was."""
        return read_note(unpack_pictures(self.pixels).note)

    def summary(self) -> str:
        channels, side, _ = self.shape
        of_colour = say("{count} pictures {side} × {side} in colour", count=len(self.chosen()[0]), side=side)
        of_grey = say("{count} pictures {side} × {side}", count=len(self.chosen()[0]), side=side)
        return listed(say("uploaded"), of_colour if channels == 3 else of_grey)
