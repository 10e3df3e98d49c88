"""Which of the pictures found are kept: as many as fit, drawn at random and always the same; and what is said of it."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gandash.packed import MAX_NOTE, MAX_PICTURE_TEXT, MAX_PIXELS, PackedPictures, pack_pictures
from gandash.uploads import images, stacks
from gandash.uploads.arrays import Array
from gandash.uploads.found import Found
from gandash.uploads.sources import Refused, Source, some
from gandash.uploads.stacks import Labels
from gandash.words import Said, say
from gandash.words.noting import noted

SEED = 0  # of the draw
MAX_AREA_TOGETHER = 200_000_000  # pixels that are decoded
_SPLITS = {"train", "training", "test", "testing", "val", "valid", "validation", "dev"}  # folders that are no classes


def packed(found: Found, side: int, channels: int, count: int, patience: float = 1.0) -> str:
    """At most `count` of these pictures as packed text, as many as fit, in a shuffled order.

    Each is `channels` (1 or 3) × `side` × `side` bytes, 0 for black. Raises Refused where there are not two to play with.
    `patience` times the usual number of pixels may be decoded.
    """
    most = min(count, MAX_PIXELS // (channels * side**2))
    if found.stacks:
        pixels, labels, there, words = _from_stack(found, side, channels, most)
    else:
        pixels, labels, there, words = _from_pictures(found, side, channels, most, int(patience * MAX_AREA_TOGETHER))
    if pixels.min() == pixels.max():
        raise _of_one_colour(found.names[0], int(pixels.min()), int(pixels.max()))
    kept = len(pixels)
    while True:
        blank = int((pixels[:kept].min(axis=(1, 2, 3)) == pixels[:kept].max(axis=(1, 2, 3))).sum())
        note = [_how_many(kept, there, kept < min(count, there), side, channels), *words]
        if blank:
            note.append(say("{count} of them are of one colour throughout", count=f"{blank:,}"))
        text = pack_pictures(
            PackedPictures(
                pixels[:kept], None if labels is None else labels[:kept], noted([*note, *found.leavings()], MAX_NOTE)
            )
        )
        if len(text) <= MAX_PICTURE_TEXT:
            return text
        kept = min(kept - 1, int(0.999 * kept * MAX_PICTURE_TEXT / len(text)))


def _how_many(kept: int, there: int, fits: bool, side: int, channels: int) -> Said:
    if kept == there:
        return say("all {count} pictures kept", count=f"{there:,}")
    drawn = say(
        "{kept} of {count} pictures kept, drawn at random (seed {seed})", kept=f"{kept:,}", count=f"{there:,}", seed=SEED
    )
    if not fits:
        return drawn
    if channels == 3:
        return say("{drawn}, as many as fit at {side} × {side} pixels in colour", drawn=drawn, side=side)
    return say("{drawn}, as many as fit at {side} × {side} pixels", drawn=drawn, side=side)


def _order(n: int) -> list[int]:
    """All of n in a shuffled order that is always the same: the first few are a fair sample, and more only adds to them."""
    return random.Random(SEED).sample(range(n), n)


def _of_one_colour(name: str, low: float, high: float) -> Refused:
    given = say("pictures of one colour throughout (numbers from {low} to {high})", low=f"{low:.4g}", high=f"{high:.4g}")
    return Refused(name, given, say("there is nothing to learn in them"))


# -------------------------------------------------------------------------------------------------------------- arrays


def _from_stack(found: Found, side: int, channels: int, most: int) -> tuple[NDArray[np.uint8], Labels | None, int, list[Said]]:
    array, others = _chosen_stack(found)
    labels, words = _labels(found, array, others)
    if others:
        words.append(say("{names} left out", names=some([a.title for a in others], 4)))
    order = _order(array.shape[0])[:most]
    if len(order) < 2:
        raise Refused(array.name, say("a single picture"), say("give at least 2, and a few hundred to learn from"))
    layout = stacks.layout(array)
    rows, low, high = array.rows(order)
    if not np.isfinite([low, high, high - low]).all():
        raise Refused(array.name, say("NaN or infinity"), say("leave such pictures out"))
    if low == high:
        raise _of_one_colour(array.name, low, high)
    scale = stacks.scale(low, high, array.dtype)
    pixels = np.stack(
        [
            images.reduced(Image.fromarray(scale.bytes(picture)), side, channels).astype(np.uint8)
            for picture in layout.pictures(rows)
        ]
    )
    return (
        pixels,
        None if labels is None else labels[order],
        array.shape[0],
        [scale.words, *filter(None, [layout.words]), *words],
    )


def _chosen_stack(found: Found) -> tuple[Array, list[Array]]:
    """The one array of pictures that is meant, and those that were put aside to test with; raises Refused."""
    first, *more = found.stacks
    if found.pictures:
        raise _second(found.pictures[0].name, first)
    once = _once(found.stacks)
    if len(once) == 1:
        return once[0], []
    meant = [array for array in once if not stacks.is_held_out(array)]
    if len(meant) == 1:
        return meant[0], [array for array in found.stacks if array is not meant[0]]
    if first.source.archive:
        listed = some([f"{a.title} ({' × '.join(map(str, a.shape))})" for a in found.stacks])
        raise Refused(
            first.source.archive,
            say("an npz of several arrays of pictures: {names}", names=listed),
            say("save the one that is meant alone, with numpy.save"),
        )
    raise _second(more[0].name, first)


def _second(name: str, first: Array) -> Refused:
    given = say("a second file of pictures beside {name}", name=first.name)
    return Refused(name, given, say("give one IDX or npy file at a time, with its labels"))


def _once(arrays: Sequence[Array]) -> list[Array]:
    """Each once, where a file lies beside its own gzip."""
    return list({a.source.path.removesuffix(".gz"): a for a in reversed(arrays)}.values())[::-1]


def _labels(found: Found, array: Array, others: list[Array]) -> tuple[Labels | None, list[Said]]:
    """The labels that belong to this array, and what there is to say of them; raises Refused where files do not fit."""
    given = _once(found.labels)
    if others:
        others += [a for a in given if stacks.is_held_out(a)]
        given = [a for a in given if not stacks.is_held_out(a)]
    if array.source.archive:  # whatever else was put into an npz
        fitting = [a for a in given if a.shape[0] == array.shape[0]]
        called = [a for a in fitting if stacks.called_labels(a)]
        meant = called if len(fitting) > 1 else fitting
        meant = meant[:1] if len(meant) == 1 else []
        others += [a for a in given if a not in meant]
        given = meant
    if len(given) > 1:
        raise Refused(given[1].name, say("a second file of labels"), say("give one"))
    if not given:
        return None, []
    if given[0].shape[0] != array.shape[0]:
        raise Refused(
            given[0].name,
            say("{labels} labels for {count} pictures", labels=given[0].shape[0], count=array.shape[0]),
            say("give the two files that belong together"),
        )
    labels, words = stacks.read_labels(given[0])
    return labels, [words] if words else []


# ------------------------------------------------------------------------------------------------------ pictures one by one


def _from_pictures(
    found: Found, side: int, channels: int, most: int, most_area: int
) -> tuple[NDArray[np.uint8], Labels | None, int, list[Said]]:
    """Decoded in the order of the draw until there are enough; what cannot be read makes room for the next."""
    pictures, names, words = _with_classes(found)
    decoded: list[images.Decoded] = []
    indices: list[int] = []
    unread = 0
    area = 0
    for i in _order(len(pictures)):
        if len(decoded) == most:
            break
        try:
            area += images.area(pictures[i], side)
            if area > most_area:
                if len(decoded) < 2:
                    told = say("more than {most} million pixels up to here", most=most_area // 10**6)
                    raise _TooMuch(pictures[i].name, told, say("give fewer or smaller pictures"))
                words.append(say("no more than {most} million pixels are looked at", most=most_area // 10**6))
                break
            decoded.append(images.decode(pictures[i], side, channels))
            indices.append(i)
        except _TooMuch:
            raise
        except Refused as error:
            unread += 1
            found.unread.append(error)
    found.pictures = [pictures[i] for i in indices]
    if len(decoded) < 2:
        raise found.nothing()
    labels = None
    if names is not None:
        numbers, said = stacks.classes(names)
        labels = None if numbers is None else numbers[indices]
        words.append(said or say("classes by folder"))
    pixels, of_scale = images.together(decoded)
    return pixels, labels, len(pictures) - unread, [*of_scale, *words]


class _TooMuch(Refused):
    """More pixels than are decoded, and nothing read yet."""


def _with_classes(found: Found) -> tuple[list[Source], list[str] | None, list[Said]]:
    """The pictures, the class of each where they lie in folders of their own, one a class, and what there is to say.

    The innermost folder names the class, so that train/3/ and test/3/ are one. A few pictures beside such folders belong to
    none, and are left out; where they are many, the folders are no classes.
    """
    pictures = found.pictures
    outer = {folder[:k] for folder in {(p.archive, *p.folder) for p in pictures} for k in range(1, len(folder))}
    loose = [p for p in pictures if (p.archive, *p.folder) in outer]
    inside = [p for p in pictures if (p.archive, *p.folder) not in outer]
    names = {p.folder[-1] if p.folder else "" for p in inside}
    if len(names) < 2 or "" in names or {name.lower() for name in names} <= _SPLITS or 2 * len(loose) > len(pictures):
        return pictures, None, []
    words = list[Said]()
    if loose:
        words.append(
            say(
                "{count} beside the folders of classes left out: {names}",
                count=f"{len(loose):,}",
                names=some([p.base for p in loose]),
            )
        )
    return inside, [p.folder[-1] for p in inside], words
