"""A run as it went, as a GIF, a WebP or an MP4: a frame for each recorded picture, drawn as pictures are.

Whoever draws the frames, the browser of who looks at the page or one that nobody looks at: here they become one file.
"""

from __future__ import annotations

import io
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from gandash.exporting.pictures import STAGE, Size, Theme, frames
from gandash.exporting.snippets import settings_of
from gandash.server.recorded import OpenRun
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.words import say

Form = Literal["gif", "webp", "mp4"]

MOST_FRAMES = 300
PER_SECOND = 10
FASTEST = 50  # frames a second that a GIF can tell: it counts in hundredths of a second
LONGEST_SETTINGS = 20_000  # characters; a program's arguments are bounded


def as_movie(
    run: StoredRun,
    form: Form,
    between: tuple[int, int] | None = None,
    per_second: int = PER_SECOND,
    what: str = STAGE,
    theme: Theme = "light",
    size: Size | None = None,
    told: Callable[[float], None] = lambda done: None,
) -> bytes:
    """`what` as pictures have it, of the recorded pictures `between` two steps, both included; of more than `MOST_FRAMES` every
    second, every third and so on. `told` may raise to have no more done. Raises BrokenRun."""
    if not can_make(form):  # who lacks it is told at once
        raise BrokenRun(say("an MP4 is encoded by the package imageio-ffmpeg: pip install imageio-ffmpeg; a GIF needs none"))
    first, last = between or (0, run.steps)
    steps = [place.step for place in OpenRun(run.directory).places() if first <= place.step <= last]
    if not steps:
        raise BrokenRun(
            say(
                "{run} has no recorded pictures of the steps from {first} to {last}",
                run=run.manifest.id,
                first=f"{first:,}",
                last=f"{last:,}",
            )
        )
    steps = some(steps)

    def drawn() -> Iterator[bytes]:
        for done, png in enumerate(frames(run, what, steps, theme, size), 1):
            yield png
            told(0.95 * done / len(steps))

    return encoded(drawn(), form, per_second, run)


def some(steps: list[int]) -> list[int]:
    """At most `MOST_FRAMES` of them: each k-th, and the last."""
    apart = -(-len(steps) // MOST_FRAMES)
    return [*steps[:-1:apart][: MOST_FRAMES - 1], steps[-1]]


def encoded(pngs: Iterable[bytes], form: Form, per_second: int, run: StoredRun) -> bytes:
    """Frames of one size as one file, with the run's settings in its metadata. Raises BrokenRun."""
    about = json.dumps(settings_of(run), ensure_ascii=False)
    about = about if len(about) <= LONGEST_SETTINGS else run.manifest.title or run.manifest.id
    images: Iterator[Image.Image] = (Image.open(io.BytesIO(png), formats=["PNG"]).convert("RGB") for png in pngs)
    first = next(images, None)
    if first is None:
        raise BrokenRun(say("there are no frames"))
    images = _before(first, images)
    return _video(images, first.size, per_second, about) if form == "mp4" else _animation(images, form, per_second, about)


def _before(first: Image.Image, others: Iterator[Image.Image]) -> Iterator[Image.Image]:
    yield first
    yield from others


def _animation(images: Iterator[Image.Image], form: Form, per_second: int, about: str) -> bytes:
    if form == "gif":
        images = map(_few_colours, images)
    body, first = io.BytesIO(), next(images)
    known: dict[str, Any] = {"comment": about.encode()} if form == "gif" else {"xmp": about.encode(), "quality": 90}
    first.save(body, form, save_all=True, append_images=images, duration=1000 // per_second, loop=0, **known)
    return body.getvalue()


def _few_colours(image: Image.Image) -> Image.Image:
    """As many as a GIF has. PIL's own choice, by how many pixels have them, gives a thin line the colour of another."""
    return image.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE)


def can_make(form: Form) -> bool:
    return form != "mp4" or find_spec("imageio_ffmpeg") is not None


def _video(images: Iterator[Image.Image], size: Size, per_second: int, about: str) -> bytes:
    # Else it starts the encoder by `preexec_fn`, which is not for programs with threads: a server has them, and so has JAX
    os.environ.setdefault("IMAGEIO_FFMPEG_NO_PREVENT_SIGINT", "1")
    from imageio_ffmpeg import write_frames

    width, height = (side // 2 * 2 for side in size)  # H.264 halves its colours
    with tempfile.TemporaryDirectory(prefix="gandash-movie-") as folder:
        file = Path(folder) / "movie.mp4"
        writer = write_frames(
            str(file),
            (width, height),
            fps=per_second,
            quality=8,
            macro_block_size=2,
            ffmpeg_log_level="error",
            output_params=["-metadata", f"comment={about}", "-movflags", "+faststart"],
        )
        writer.send(None)
        try:
            for image in images:
                writer.send(image.crop((0, 0, width, height)).tobytes())
        finally:
            writer.close()
        return file.read_bytes()
