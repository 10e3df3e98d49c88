"""Pictures and films that are taken out of a recorded run: the page's own drawing, with the run's settings in the file."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageSequence
from waiting import PATIENCE_SECONDS

import gandash
from gandash.config import GameConfig
from gandash.exporting.browser import NoBrowser
from gandash.exporting.pictures import Theme
from gandash.exporting.registry import Wanted, export
from gandash.presets import PRESETS
from gandash.store.reading import StoredRun
from gandash.wire.messages import Recording
from gandash.worker.games import Games
from gandash.worker.recording import Recorder

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gandash.Run:
    return gandash.train("two-modes", steps=60, seed=3, engine="torch", out=tmp_path_factory.mktemp("taken") / "run")


def recorded(folder: Path, configs: list[GameConfig], *steps: int) -> StoredRun:
    """A run with a picture of each of these steps, the last its end."""
    games = Games.of(configs, "torch")
    now = 0.0
    recorder = Recorder(Recording(directory=str(folder), id=folder.name), games, clock=lambda: now)
    for step in steps:
        while games.step < step:
            games.advance(rounds=min(games.free_rounds, step - games.step))
            recorder.rows(games, games.drain())
        now += 60  # or no picture would be due
        recorder.look(games, lambda: games.picture(1, 0.0, False, True))
    recorder.close(PATIENCE_SECONDS)
    return StoredRun(folder)


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> StoredRun:
    configs = [PRESETS[name].config.replace("run.batch", 16) for name in ("two-modes", "ring", "dirac-orbit")]
    return recorded(tmp_path_factory.mktemp("taken") / "compared", configs, 10, 20, 30)


def words(svg: ElementTree.Element) -> set[str]:
    return {"".join(text.itertext()).strip() for text in svg.iter(f"{SVG}text")}


def test_the_stage_as_svg(run: gandash.Run) -> None:
    svg = ElementTree.fromstring(export(run.stored, "stage.svg", Wanted(size=(700, 500))))
    assert (svg.get("width"), svg.get("height")) == ("700", "500")
    assert {"generated", "D", "density", "samples"} <= words(svg)
    settings = json.loads(svg.findtext(f"{SVG}metadata") or "")
    assert settings["config"]["run"]["seed"] == 3 and settings["steps"] == 60
    assert svg.findtext(f"{SVG}title") == run.title
    canvas = svg.find(f"{SVG}image")  # samples and map
    assert canvas is not None and (canvas.get("href") or "").startswith("data:image/png")
    lines = [p for p in svg.iter(f"{SVG}path") if "js-line" in (p.get("class") or "")]
    assert len(lines) >= 4  # p_r, p_g, D, D*


@pytest.mark.parametrize("preset", ["two-modes", "ring", "dirac-orbit", "digits"])
def test_canvases_are_as_sharp_as_the_rest(preset: str, tmp_path: Path) -> None:
    """Two pixels for each px, each on a whole pixel: else what stands in them is blurred."""
    run = recorded(tmp_path / "run", [PRESETS[preset].config.replace("run.batch", 16)], 2)
    svg = ElementTree.fromstring(export(run, "stage.svg", Wanted(size=(701, 503))))
    images = list(svg.iter(f"{SVG}image"))
    assert images
    for image in images:
        pixels = Image.open(io.BytesIO(base64.b64decode((image.get("href") or "").partition(",")[2]))).size
        place = {name: float(image.get(name) or "nan") for name in ("x", "y", "width", "height")}
        assert pixels == (2 * place["width"], 2 * place["height"])
        assert (2 * place["x"]).is_integer() and (2 * place["y"]).is_integer()
    assert not any("Click" in said for said in words(svg))  # nobody can click in a picture


def test_of_compared_games_each_line_says_whose_it_is(compared: StoredRun) -> None:
    svg = ElementTree.fromstring(export(compared, "compare.loss_d.0.svg"))
    labels = {said for said in words(svg) if said.startswith("Data ")}
    assert {said.split(",")[0] for said in labels} == {"Data mixture", "Data ring", "Data point mass"}
    inks = {path.get("style") for path in svg.iter(f"{SVG}path") if "js-line" in (path.get("class") or "")}
    assert len(inks) == 2  # a scalar game has no loss of this kind


def test_names_that_are_too_long_are_cut_where_the_page_cuts_them(compared: StoredRun) -> None:
    svg = ElementTree.fromstring(export(compared, "stage.svg", Wanted(size=(800, 600))))
    names = [text for text in svg.iter(f"{SVG}text") if "".join(text.itertext()).startswith("Dat")]
    assert len(names) == 3 and all("".join(text.itertext()).endswith("…") for text in names)


def test_the_newest_picture_and_its_curves_say_the_same(compared: StoredRun) -> None:
    """The curve's last row may be older than what the picture says of the same step."""
    svg = ElementTree.fromstring(export(compared, "view.svg"))
    said = ["".join(text.itertext()) for text in svg.iter(f"{SVG}text")]
    numbers = [text.removeprefix("JSD ") for text in said if text.startswith("JSD ")]
    assert len(numbers) == 3 and all(said.count(number) >= 1 for number in numbers)


def moved(frames: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Where pixels differ from one frame to the next: shares of the left and of the right side."""
    changes = np.abs(np.diff(np.stack(frames).astype(int), axis=0)).max(axis=-1) > 40
    middle = int(0.62 * changes.shape[2])
    return np.stack([changes[:, :, :middle].mean(axis=(1, 2)), changes[:, :, middle:].mean(axis=(1, 2))], axis=-1)


@pytest.mark.parametrize("what", ["view.gif", "view.webp"])
def test_the_run_as_it_went(tmp_path: Path, what: str) -> None:
    run = recorded(tmp_path / "run", [PRESETS["ring"].config.replace("run.batch", 16)], 5, 10, 20, 40)
    told: list[float] = []
    film = Image.open(io.BytesIO(export(run, what, Wanted(size=(900, 500), between=(10, 40), theme="dark"), told.append)))
    frames = [np.asarray(image.convert("RGB")) for image in ImageSequence.Iterator(film)]
    assert film.size == (900, 500) and len(frames) == 3 and told[-1] == 1
    assert (moved(frames) > 1e-4).all()  # the stage goes on, and so does the line in the curves
    np.testing.assert_allclose(frames[0][1, 1], (14, 17, 23), atol=3)


def test_curves_say_the_numbers_of_the_record(run: gandash.Run) -> None:
    svg = ElementTree.fromstring(export(run.stored, "losses.svg"))
    last = run.history.iloc[-1]
    assert {"Losses", f"{last.loss_d:.3f}", f"{last.loss_g:.3f}"} <= words(svg)


def test_themes_and_sizes_as_png(run: gandash.Run, tmp_path: Path) -> None:
    corners = {}
    for theme in get_args(Theme):
        picture = Image.open(run.export("value.png", tmp_path / "value.png", theme=theme, size=(300, 200)))
        assert picture.size == (600, 400)
        assert json.loads(picture.info["Comment"])["config"]["run"]["seed"] == 3 and picture.info["Title"] == run.title
        rgb = picture.convert("RGB")
        corners[theme] = rgb.getpixel((1, 1))
        assert len(rgb.getcolors(100_000) or []) > 20  # something was drawn
    assert corners == {"light": (255, 255, 255), "dark": (14, 17, 23)}


def test_a_panel_that_this_game_has_not_got(run: gandash.Run, tmp_path: Path) -> None:
    with pytest.raises(NoBrowser, match="no panel frechet; there are losses, mean_d, value"):
        export(run.stored, "frechet.png")
