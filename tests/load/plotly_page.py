"""The page that one would write first: a fragment that reruns every 0.1 s and draws three Plotly charts of the ring's game.

The same worker, the same frame and the same curves as gandash's own view; only the way to the screen differs. Each
drawing carries its number in the chart's title, so that `frames.py` can count what is painted.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from gandash.presets import PRESETS
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.server.viewers import Viewer
from gandash.wire.browser import Role
from gandash.wire.facts import PlaneFacts
from gandash.wire.frame import unpack
from gandash.wire.messages import Play

Floats = np.ndarray[Any, np.dtype[np.float32]]
# The columns that the live view shows at 1280 x 720, too
PLAYERS = ("loss_d", "loss_g", "mean_d_real", "mean_d_fake")
DISTANCES = ("value", "jsd", "modes", "high_quality")


@st.cache_resource
def playing() -> tuple[Run, Viewer, itertools.count[int]]:
    preset = PRESETS["ring"]
    run = Supervisor().create(preset.config, preset.title)
    viewer = run.attach(Role.STEER, lambda: None)
    run.order(Play())
    return run, viewer, itertools.count()


@st.fragment(run_every=0.1)
def pictures() -> None:
    run, viewer, numbers = playing()
    packets = run.next_picture(viewer)
    viewer.ready = True
    if not packets:
        return
    _, history = unpack(packets[0])
    _, frame = unpack(packets[-1])
    facts = run.facts
    assert isinstance(facts, PlaneFacts)
    columns = facts.columns
    curves = st.session_state.curves = [*st.session_state.get("curves", []), *history["recent"].tolist()][-1024:]
    left, right = st.columns(2)
    left.plotly_chart(stage(frame, facts, next(numbers)), key="stage")
    for names, key in ((PLAYERS, "players"), (DISTANCES, "distances")):
        lines = [go.Scatter(y=[row[columns.index(name)] for row in curves], mode="lines", name=name) for name in names]
        right.plotly_chart(go.Figure(lines, layout={"height": 260}), key=key)


def stage(frame: dict[str, Floats], facts: PlaneFacts, number: int) -> go.Figure:
    """What gandash's own stage shows: the field with its contour, samples, G's gradient on each, the warped grid, shares."""
    low, high, bottom, top = facts.window
    side = len(frame["d"])
    axes = {"x0": low, "dx": (high - low) / side, "y0": bottom, "dy": (top - bottom) / side}
    field = go.Heatmap(z=frame["d"], zmin=0, zmax=1, **axes)
    half = go.Contour(z=frame["d"], contours={"start": 0.5, "end": 0.5, "coloring": "lines"}, showscale=False, **axes)
    dots = [go.Scatter(x=frame[k][:, 0], y=frame[k][:, 1], mode="markers", name=k) for k in ("real", "generated")]
    gap = np.full((len(frame["sample_gradient"]), 1, 2), np.nan)
    arrows = np.concatenate(
        [frame["generated"][:, None], (frame["generated"] + frame["sample_gradient"])[:, None], gap], axis=1
    )
    mesh = frame["mesh"]
    gap = np.full((len(mesh), 1, 2), np.nan)
    threads = np.concatenate([np.concatenate([m, gap], axis=1).reshape(-1, 2) for m in (mesh, mesh.swapaxes(0, 1))])
    lines = [go.Scatter(x=a[:, 0], y=a[:, 1], mode="lines") for a in (arrows.reshape(-1, 2), threads)]
    places = np.array(facts.modes)
    shares = go.Scatter(x=places[:, 0], y=places[:, 1], mode="text", text=[f"{s:.0%}" for s in frame["shares"]])
    layout = {"title": f"number {number}", "width": 560, "height": 560}
    return go.Figure([field, half, *dots, *lines, shares], layout=layout)


pictures()
