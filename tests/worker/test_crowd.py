"""A game that shares a processor with many: its pictures are not measured, and say so; all else is whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playing import Played
from staging import Stage

from gandash.config import GameConfig
from gandash.config.data import MixtureConfig, PointMassConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.domains.line import LineDomain
from gandash.store.reading import StoredRun
from gandash.wire.frame import unpack
from gandash.wire.messages import FRAME, End, Pause, Play, Recording, SendFrame, StepBy
from gandash.worker.keyframe import games_at
from gandash.worker.loop import Loop
from gandash.worker.share import Clocks

THIRTY_ON_TWO = 1 / 15


@pytest.mark.parametrize("noise", [0.0, 1.0])
@pytest.mark.parametrize("dimension", [1, 2])
def test_lines_without_a_measurement_are_those_of_one(tiny: GameConfig, noise: float, dimension: int) -> None:
    """Of the very step, within two pixels of some 300; the numbers are of the step that is named."""
    edits = [("data", MixtureConfig()), ("regulariser.noise", noise), ("latent.dimension", dimension)]
    played = Played(tiny.replace_all(edits))
    played.advance(rounds=1)
    _, before = played.frame_arrays()
    for _ in range(LineDomain.measure_every + 5):
        played.advance(rounds=1)
    label, drawn = played.frame_arrays(hurried=True, crowded=True)
    assert (label.step, label.measured) == (LineDomain.measure_every + 6, LineDomain.measure_every)
    held = played.drain().values[-1][list(played.columns).index("wasserstein")]
    assert label.numbers["wasserstein"] == pytest.approx(held)
    exact_label, exact = played.frame_arrays(hurried=True)
    assert exact_label.measured == label.step and exact_label.numbers != label.numbers
    assert drawn.keys() == exact.keys()
    top = exact["p_r"].max()
    for name, most in {"p_g": 0.02 * top, "p_g_average": 0.02 * top, "d_star": 0.02, "d": 1e-6}.items():
        within = np.nanmax(np.abs(drawn[name] - exact[name]))
        assert within <= (most if dimension == 1 else max(most, 0.05)), name
        assert within < np.nanmax(np.abs(before[name] - exact[name])) or dimension > 1, name
    for name in ("grid", "p_r", "real", "latents", "generated"):
        np.testing.assert_array_equal(drawn[name], exact[name])


def test_numbers_in_other_units_are_not_shown(tiny: GameConfig) -> None:
    """They are read anew under the objective that is played now."""
    played = Played(tiny)
    for _ in range(3):
        played.advance(rounds=1)
    assert played.frame_arrays(hurried=True, crowded=True)[0].measured == 0
    played.set("objective", "wasserstein")
    assert played.frame_arrays(hurried=True, crowded=True)[0].measured == 3


def test_a_scalar_game_is_drawn_without_any_measurement(tiny: GameConfig) -> None:
    scalar = [("data", PointMassConfig()), ("generator", PointConfig()), ("discriminator", LinearConfig())]
    played = Played(tiny.replace_all(scalar))
    for _ in range(3):
        played.advance(rounds=1)
    label, drawn = played.frame_arrays(hurried=True, crowded=True)
    _, exact = played.frame_arrays()
    assert (label.step, label.measured) == (3, 0)
    for name, array in exact.items():
        np.testing.assert_array_equal(drawn[name], array)


def test_what_stays_is_whole(tmp_path: Path, tiny: GameConfig) -> None:
    """While a game plays among many its pictures are hurried; where it stands, and in its record, they are not."""
    stage = Stage(tmp_path, tiny, step_seconds=0.05)
    stage.loop = Loop(stage, stage._send, Clocks(stage._clock, lambda: THIRTY_ON_TWO * stage.now))  # type: ignore[arg-type]
    stage.on_packet = lambda kind: SendFrame() if kind == FRAME else None
    record = Recording(directory=str(tmp_path / "run"), id="run")
    stage.script = [(100.0, stage.start(record=record)), (100.0, SendFrame()), (100.0, Play()), (108.0, Pause())]
    stage.script += [(109.0, StepBy(n=1)), (112.0, End())]
    stage.loop.run()

    shown = [label["members"][0] for _, label in stage.frames()]
    assert any(picture["measured"] != picture["step"] for picture in shown)
    assert shown[-1]["step"] == shown[-1]["measured"] == stage.step
    paused = max(picture["step"] for picture in shown if picture["step"] < stage.step)
    assert paused == stage.step - 1  # the picture of the pause
    assert [p for p in shown if p["step"] == paused][-1]["measured"] == paused

    run = StoredRun(tmp_path / "run")
    assert len(run.pictures()) > 3
    for place in run.pictures()[:3]:
        label, arrays = unpack(run.picture(place))
        assert label["members"][0]["measured"] == place.step
        exact = unpack(games_at(run, place.step).picture(1, 0.0, hurried=True))[1]
        for name, array in exact.items():
            np.testing.assert_array_equal(arrays[name], array)
