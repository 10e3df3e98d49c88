"""The page's stages as Plotly figures: what a frame of a game shows, by kind of data."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from gandash.figures.curves import is_probability, symbol
from gandash.figures.inks import Theme, axis, layout, maths, stage_dash
from gandash.wire.facts import Facts, LineFacts, PhaseFacts, PictureFacts, PlaneFacts

Arrays = Mapping[str, NDArray[Any]]


def figure(facts: Facts, arrays: Arrays, is_dark: bool = False) -> go.Figure:
    """The stage of a frame with these `arrays`, shaped as `gandash.headless.frame.Frame` has them."""
    theme = Theme(is_dark)
    found = go.Figure(layout=layout(theme, hovermode="closest"))
    found.update_xaxes(**axis(theme))
    found.update_yaxes(**axis(theme))
    _STAGES[type(facts)](found, facts, arrays, theme)
    return found


def _line(found: go.Figure, facts: LineFacts, arrays: Arrays, theme: Theme) -> None:
    """Both densities, D and its best response, over x."""
    reading = facts.reading
    layers: list[tuple[str, str, str, str, float, str]] = [
        ("p_r", "p_r real", "real", "solid", 2, "y"),
        ("p_g_average", "averaged", "generated", "dot", 1.4, "y"),
        *([("d_star", reading.optimal_label, "discriminator", "dot", 1.8, "y2")] if reading.optimal else []),
        ("p_g", "p_g generated", "generated", "dash", 2.4, "y"),
        ("d", symbol(facts), "discriminator", "solid", 2.4, "y2"),
    ]
    for name, label, ink, dash, width, side in layers:
        if name in arrays:
            fill = (
                {"fill": "tozeroy", "fillcolor": theme.translucent(ink, 0.18 if theme.is_dark else 0.13)}
                if name == "p_r"
                else {}
            )
            line = {"color": theme[ink], "width": width, "dash": stage_dash(dash)}
            found.add_scatter(x=arrays["grid"], y=arrays[name], mode="lines", name=maths(label), line=line, yaxis=side, **fill)
    top = 1.06 * min(float(np.nanmax([*arrays["p_r"], *arrays["p_g"]])), 2 * float(np.nanmax(arrays["p_r"])))
    found.update_layout(
        hovermode="x unified",
        yaxis={"title": "density", "range": [-0.025 * top, top]},
        yaxis2=axis(
            theme,
            title={
                "text": symbol(facts) if is_probability(facts) else reading.label,
                "font": {"color": theme["discriminator"]},
            },
            overlaying="y",
            side="right",
            showgrid=False,
            **({"range": [-0.025, 1.06]} if is_probability(facts) else {}),
        ),
    )
    found.update_xaxes(range=facts.window, title_text="x")
    if reading.centre is not None:
        stroke = {"color": theme["muted"], "width": 1.5, "dash": "2px,4px"}
        found.add_shape(type="line", xref="paper", x0=0, x1=1, yref="y2", y0=reading.centre, y1=reading.centre, line=stroke)


def _plane(found: go.Figure, facts: PlaneFacts, arrays: Arrays, theme: Theme) -> None:
    """The field of D from generated to real, and samples of both on it."""
    left, right, low, high = facts.window
    field, reading = arrays["d"], facts.reading
    middle = float(np.nanmedian(field)) if reading.centre is None else reading.centre
    reach = 0.5 if is_probability(facts) else max(1e-6, float(np.nanmax(np.abs(field - middle))))
    pale = theme["background"]
    found.add_heatmap(
        z=field,
        x=_centres(left, right, field.shape[1]),
        y=_centres(low, high, field.shape[0]),
        zmin=middle - reach,
        zmax=middle + reach,
        colorscale=[[0, theme.translucent("generated", 0.45)], [0.5, pale], [1, theme.translucent("real", 0.45)]],
        colorbar={"title": maths(reading.label), "outlinewidth": 0},
        name=maths(reading.label),
    )
    for name, ink, shape in (("real", "real", "square"), ("generated", "generated", "circle")):
        marker = {"color": theme[ink], "size": 5, "symbol": shape, "line": {"width": 0.5, "color": pale}}
        found.add_scatter(x=arrays[name][:, 0], y=arrays[name][:, 1], mode="markers", name=name, marker=marker)
    found.update_xaxes(range=[left, right], showgrid=False)
    found.update_yaxes(range=[low, high], showgrid=False, scaleanchor="x")


def _centres(low: float, high: float, n: int) -> NDArray[np.float64]:
    """Of n cells between two ends, where D is read."""
    return low + (high - low) * (np.arange(n) + 0.5) / n


def _phase(found: go.Figure, facts: PhaseFacts, arrays: Arrays, theme: Theme) -> None:
    """Where both parameters have been, the directions that they are driven in, and where they come to rest."""
    left, right, low, high = facts.window
    grid, flow = facts.phase.grid, arrays["flow"]
    every = max(1, grid // 16)
    x, y = np.meshgrid(np.linspace(left, right, grid)[::every], np.linspace(low, high, grid)[::every])
    along = flow[::every, ::every]
    speed = np.hypot(along[..., 0], along[..., 1])
    length = 0.7 * (right - left) * every / grid / np.where(speed > 0, speed, 1)
    ends = np.stack([x, y], axis=-1) + along * length[..., None]
    strokes = np.full((x.size, 3, 2), np.nan)
    strokes[:, 0], strokes[:, 1] = np.stack([x, y], axis=-1).reshape(-1, 2), ends.reshape(-1, 2)
    flat = strokes.reshape(-1, 2)
    faint = {"color": theme.translucent("muted", 0.55), "width": 1}
    found.add_scatter(x=flat[:, 0], y=flat[:, 1], mode="lines", name="−v", line=faint, hoverinfo="skip")
    path = arrays["path"]
    found.add_scatter(x=path[:, 0], y=path[:, 1], mode="lines", name="path", line={"color": theme["value"], "width": 2})
    marker = {"color": theme["value"], "size": 10, "line": {"color": theme["background"], "width": 1.5}}
    found.add_scatter(x=path[-1:, 0], y=path[-1:, 1], mode="markers", name="now", marker=marker)
    if facts.equilibrium is not None:
        theta, psi = facts.equilibrium
        cross = {"color": theme["text"], "size": 12, "symbol": "circle-cross-open"}
        found.add_scatter(x=[theta], y=[psi], mode="markers", name="equilibrium", marker=cross)
    found.update_xaxes(range=[left, right], title={"text": "θ (generator)", "font": {"color": theme["words"]}})
    found.update_yaxes(
        range=[low, high], scaleanchor="x", title={"text": "ψ (discriminator)", "font": {"color": theme["discriminator"]}}
    )


def _pictures(found: go.Figure, facts: PictureFacts, arrays: Arrays, theme: Theme) -> None:
    """Generated pictures in a grid."""
    made, columns = arrays["generated"], facts.grid_columns
    rows = math.ceil(len(made) / columns)
    channels, side = made.shape[1], made.shape[2]
    sheet = np.zeros((rows * columns, 3, side, side), dtype=np.uint8)
    sheet[: len(made)] = made if channels == 3 else np.repeat(made, 3, axis=1)
    framed = np.pad(sheet, ((0, 0), (0, 0), (0, 1), (0, 1)), constant_values=128)
    tiled = framed.reshape(rows, columns, 3, side + 1, side + 1).transpose(0, 3, 1, 4, 2)
    found.add_image(z=tiled.reshape(rows * (side + 1), columns * (side + 1), 3)[:-1, :-1], hoverinfo="skip")
    found.update_xaxes(visible=False)
    found.update_yaxes(visible=False)


_STAGES: dict[type[Any], Callable[[go.Figure, Any, Arrays, Theme], None]] = {
    LineFacts: _line,
    PlaneFacts: _plane,
    PhaseFacts: _phase,
    PictureFacts: _pictures,
}
