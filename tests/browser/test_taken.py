"""Pictures that are taken out of a recorded run: the page's own drawing, with the run's settings in the file."""

from __future__ import annotations

import io
import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

import gandash
from gandash.exporting.browser import NoBrowser
from gandash.exporting.registry import Wanted, export

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gandash.Run:
    return gandash.train("two-modes", steps=60, seed=3, engine="torch", out=tmp_path_factory.mktemp("taken") / "run")


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


def test_curves_say_the_numbers_of_the_record(run: gandash.Run) -> None:
    svg = ElementTree.fromstring(export(run.stored, "losses.svg"))
    last = run.history.iloc[-1]
    assert {"Losses", f"{last.loss_d:.3f}", f"{last.loss_g:.3f}"} <= words(svg)


def test_themes_and_sizes_as_png(run: gandash.Run) -> None:
    corners = {}
    for theme in ("light", "dark"):
        picture = Image.open(io.BytesIO(export(run.stored, "value.png", Wanted(theme=theme, size=(300, 200)))))
        assert picture.size == (600, 400)
        assert json.loads(picture.info["Comment"])["config"]["run"]["seed"] == 3 and picture.info["Title"] == run.title
        rgb = picture.convert("RGB")
        corners[theme] = rgb.getpixel((1, 1))
        assert len(rgb.getcolors(100_000) or []) > 20  # something was drawn
    assert corners == {"light": (255, 255, 255), "dark": (14, 17, 23)}


def test_a_panel_that_this_game_has_not_got(run: gandash.Run, tmp_path: Path) -> None:
    with pytest.raises(NoBrowser, match="no panel frechet; there are losses, mean_d, value"):
        export(run.stored, "frechet.png")
