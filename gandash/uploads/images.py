"""PNG and JPEG pictures, decoded and made small one by one; which number is white is decided for all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from gandash.uploads.sources import Refused, Source
from gandash.uploads.stacks import MAX_AREA, MAX_SIDE, Scale
from gandash.words import Said, say

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"
_FORMATS = ("PNG", "JPEG")
# Cameras put 10 to 14 bits into 16, masks a few levels into 8: where less than a quarter is used, that much is the scale
_USED = 4
_LIGHT_INK = 192.0  # of 255: what is lighter would vanish on white paper


@dataclass(frozen=True)
class Decoded:
    """One picture `(channels, side, side)`, in numbers up to `most`, and the largest of them before it was scaled.

    Where it is transparent, `on_black` is the same laid on black instead of white; `ink` is how light what covers the ground
    is on average, and `cover` how much of it there is.
    """

    pixels: NDArray[np.float32]
    most: int
    largest: int
    on_black: NDArray[np.float32] | None = None
    ink: float = 0.0
    cover: float = 0.0


def area(source: Source, side: int) -> int:
    """Pixels that there are to decode, by the picture's header; raises Refused for what is no picture or too large a one."""
    try:
        with source.open() as stream, Image.open(stream, formats=_FORMATS) as image:
            width, height = image.size
            image.draft("RGB", (2 * side, 2 * side))  # a JPEG is decoded no larger than needed
            drafted = image.size
    except MemoryError:
        raise
    except Image.DecompressionBombError:
        given = say("a picture of more than {most} pixels", most=f"{2 * MAX_AREA:,}")
        raise Refused(source.name, given, say("make it smaller")) from None
    except Exception:  # whatever a forged header provokes
        given = say("a file that is no PNG or JPEG picture, or a damaged one")
        raise Refused(source.name, given, say("leave it out")) from None
    if max(width, height) > MAX_SIDE or width * height > MAX_AREA:
        raise Refused(
            source.name,
            say("a picture of {width} × {height} pixels", width=f"{width:,}", height=f"{height:,}"),
            say("make it smaller than {most} million pixels", most=MAX_AREA // 10**6),
        )
    return drafted[0] * drafted[1]


def decode(source: Source, side: int, channels: int) -> Decoded:
    """The middle square of a picture, scaled; raises Refused."""
    try:
        with source.open() as stream, Image.open(stream, formats=_FORMATS) as image:
            image.draft("RGB", (2 * side, 2 * side))
            return _decoded(ImageOps.exif_transpose(image), side, channels)
    except MemoryError:
        raise
    except Exception:  # whatever damaged data provoke in a decoder
        raise Refused(source.name, say("a picture that is cut short or damaged"), say("save it again, as PNG")) from None


def _decoded(image: Image.Image, side: int, channels: int) -> Decoded:
    if image.mode.startswith(("I", "F")):  # 16 bits, grey
        deep = np.asarray(image).astype(np.float32).clip(0, 65535)
        pixels = reduced(Image.fromarray(deep), side, 1)
        return Decoded(np.repeat(pixels, channels, axis=0), 65535, int(deep.max()))
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        alpha = np.asarray(layer.getchannel("A"), dtype=np.float32)
        grounds = [Image.alpha_composite(Image.new("RGBA", layer.size, name), layer) for name in ("white", "black")]
        white, black = (reduced(ground.convert("RGB"), side, channels) for ground in grounds)
        ink = np.asarray(layer.convert("RGB").convert("L"), dtype=np.float32)
        cover = float(alpha.sum())
        if alpha.min() == 255:
            return Decoded(white, 255, _largest(layer.convert("RGB")))
        return Decoded(white, 255, 255, black, float((ink * alpha).sum() / max(cover, 1.0)), cover)
    plain = image if image.mode in ("L", "RGB") else image.convert("RGB")
    return Decoded(reduced(plain, side, channels), 255, _largest(plain))


def _largest(image: Image.Image) -> int:
    extrema = image.getextrema()
    return int(max(high for _, high in extrema)) if isinstance(extrema[0], tuple) else int(extrema[1])


def reduced(image: Image.Image, side: int, channels: int) -> NDArray[np.float32]:
    """The middle square of an L, F or RGB picture, scaled by averaging: `(channels, side, side)`."""
    width, height = image.size
    edge = min(width, height)
    left, top = (width - edge) // 2, (height - edge) // 2
    # Cropped first: resize with a box would average over pixels outside of it, too
    small = image.crop((left, top, left + edge, top + edge)).resize((side, side), Image.Resampling.BILINEAR)
    if small.mode != "F":
        small = small.convert("L" if channels == 1 else "RGB")
    pixels = np.asarray(small, dtype=np.float32)
    return pixels[None] if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)


def together(pictures: Sequence[Decoded]) -> tuple[NDArray[np.uint8], list[Said]]:
    """All of them on one scale and one ground, `(n, channels, side, side)`, and what there is to say of that."""
    words: list[Said] = []
    transparent = [p for p in pictures if p.on_black is not None and p.cover]
    cover = sum(p.cover for p in transparent)
    on_black = bool(cover) and sum(p.ink * p.cover for p in transparent) / cover > _LIGHT_INK
    if on_black:
        words.append(say("light ink on transparent ground laid on black"))
    scales: dict[int, Scale] = {}
    for most in sorted({p.most for p in pictures}):
        largest = max(p.largest for p in pictures if p.most == most)
        scales[most] = Scale(0.0, float(most if largest * _USED > most else max(largest, 1)))
        if scales[most].white != most:
            words.append(say("{scale} (of 16 bits)", scale=scales[most].words) if most > 255 else scales[most].words)
    pixels = [scales[p.most].bytes(p.on_black if on_black and p.on_black is not None else p.pixels) for p in pictures]
    return np.stack(pixels), words
