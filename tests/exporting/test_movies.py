"""Frames become a film: as many as were given, as fast and as large as was asked, with the run's settings in it."""

from __future__ import annotations

import io
import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence
from store.writing_runs import written

from gandash.exporting import movies
from gandash.exporting.movies import MOST_FRAMES, as_movie, encoded, some
from gandash.exporting.registry import Wanted
from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun

GREYS = (0, 50, 100, 150, 200)


@pytest.fixture
def run(tmp_path: Path) -> StoredRun:
    written(tmp_path / "run").close()
    return StoredRun(tmp_path / "run")


def png(grey: int, size: tuple[int, int] = (101, 60)) -> bytes:
    """Grey, with a white square that stands still."""
    image = Image.new("RGB", size, (grey, grey, grey))
    image.paste((255, 255, 255), (10, 10, 40, 40))
    body = io.BytesIO()
    image.save(body, "PNG")
    return body.getvalue()


@pytest.mark.parametrize("form", ["gif", "webp"])
def test_every_frame_is_there_at_its_pace(run: StoredRun, form: movies.Form) -> None:
    film = Image.open(io.BytesIO(encoded(map(png, GREYS), form, 20, run)))
    frames = [(image.convert("RGB"), image.info["duration"]) for image in ImageSequence.Iterator(film)]
    assert film.size == (101, 60) and film.info["loop"] == 0
    for (image, duration), grey in zip(frames, GREYS, strict=True):
        assert duration == 50
        np.testing.assert_allclose(np.asarray(image)[50, 80], grey, atol=3)
        np.testing.assert_allclose(np.asarray(image)[20, 20], 255, atol=3)
    said = film.info["comment"] if form == "gif" else film.info["xmp"]
    assert json.loads(said)["changes"][0]["step"] == 100


def test_in_a_gif_thin_lines_keep_their_colours(run: StoredRun) -> None:
    """On a field of many more colours than a GIF has; orange is generated and green is D, and they have to stay apart."""
    x, y = np.meshgrid(np.arange(300), np.arange(200))
    field = np.stack([14 + x // 2, 17 + y // 2, 23 + (x + y) // 4], axis=-1).astype(np.uint8)
    inks = {20: (237, 84, 237), 90: (216, 229, 80), 160: (35, 208, 150)}
    for row, ink in inks.items():
        field[row, 40:200] = ink
    body = io.BytesIO()
    Image.fromarray(field).save(body, "PNG")
    film = Image.open(io.BytesIO(encoded([body.getvalue(), png(0, (300, 200))], "gif", 10, run)))
    shown = np.asarray(film.convert("RGB")).astype(int)
    assert np.abs(shown - field).max() <= 24
    for row, ink in inks.items():
        np.testing.assert_allclose(shown[row, 100], ink, atol=16)


@pytest.mark.skipif(find_spec("imageio_ffmpeg") is None, reason="imageio-ffmpeg, which encodes MP4, is not installed")
def test_a_video_is_what_players_play(run: StoredRun, tmp_path: Path) -> None:
    from imageio_ffmpeg import get_ffmpeg_exe

    file = tmp_path / "film.mp4"
    file.write_bytes(encoded(map(png, GREYS), "mp4", 5, run))
    command = [get_ffmpeg_exe(), "-i", str(file), "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    read = subprocess.run(command, capture_output=True, check=True, timeout=60)
    said = read.stderr.decode()
    assert "Video: h264" in said and "yuv420p" in said and "5 fps" in said  # what every player reads
    frames = np.frombuffer(read.stdout, np.uint8).reshape(-1, 60, 100, 3)  # H.264 has even sides
    np.testing.assert_allclose(frames[:, 50, 80].mean(axis=-1), GREYS, atol=4)
    assert b'"step": 100' in file.read_bytes()  # the run's settings


def test_without_an_encoder_a_sentence_before_anything_is_drawn(run: StoredRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(movies, "find_spec", lambda name: None)
    monkeypatch.setattr(movies, "frames", lambda *given: pytest.fail("frames are drawn"))
    with pytest.raises(BrokenRun, match="pip install imageio-ffmpeg; a GIF needs none"):
        as_movie(run, "mp4")


def test_the_pictures_between_two_steps_and_no_others(run: StoredRun, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def frames(run: StoredRun, what: str, steps: list[int], *others: object) -> list[bytes]:
        asked.append((what, steps, *others))
        return [png(step // 2) for step in steps]

    monkeypatch.setattr(movies, "frames", frames)
    told: list[float] = []
    film = Image.open(io.BytesIO(as_movie(run, "gif", (150, 300), what="view", size=(101, 60), told=told.append)))
    assert asked == [("view", [200, 300], "light", (101, 60))] and film.n_frames == 2  # type: ignore[attr-defined]
    assert told == sorted(told) and len(told) == 2 and 0 < told[0] < told[1] < 1
    with pytest.raises(BrokenRun, match="no recorded pictures of the steps from 101 to 199"):
        as_movie(run, "gif", (101, 199))

    def stop(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        as_movie(run, "webp", told=stop)


@pytest.mark.parametrize("count", [1, 2, MOST_FRAMES, MOST_FRAMES + 1, 2 * MOST_FRAMES, 2 * MOST_FRAMES + 1, 12345])
def test_of_many_pictures_every_second_or_third(count: int) -> None:
    kept = some(list(range(count)))
    assert kept[0] == 0 and kept[-1] == count - 1 and len(kept) == len(set(kept)) <= MOST_FRAMES
    assert len(set(np.diff(kept)[:-1])) <= 1 and (len(kept) == count) == (count <= MOST_FRAMES)


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"theme": "blue"}, "theme: given 'blue'"),
        ({"size": (99, 100)}, r"size: given \(99, 100\)"),
        ({"per_second": 51}, "per_second: given 51"),
    ],
)
def test_what_cannot_be_is_named(wanted: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Wanted(**wanted)  # type: ignore[arg-type]
