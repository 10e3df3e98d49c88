"""The map of a sweep, as a Plotly figure: a cell for each point, its colour a verdict or a number."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from gandash.config.setting import show
from gandash.figures.inks import Theme, axis, layout
from gandash.sweeps.axes import Axis
from gandash.sweeps.known import boundary, value_at
from gandash.sweeps.results import column_of
from gandash.sweeps.sweep import Sweep
from gandash.wire.browser import VerdictKind
from gandash.words import marked, t

# Colours that the colour-blind tell apart (Okabe, Ito 2008), and a letter for each
VERDICTS = {
    VerdictKind.CONVERGED: ("#009e73", "C"),
    VerdictKind.MODES_FOUND: ("#56b4e9", "M"),
    VerdictKind.CONVERGING: ("#b7e4c7", "c"),
    VerdictKind.TRAINING: ("#e5e5e5", "t"),
    VerdictKind.WAITING: ("#f7f7f7", "·"),
    VerdictKind.BLIND: ("#f0e442", "B"),
    VerdictKind.OSCILLATING: ("#cc79a7", "O"),
    VerdictKind.DISCRIMINATOR_WON: ("#2b86c8", "D"),
    VerdictKind.COLLAPSED: ("#e69f00", "K"),
    VerdictKind.DIVERGED: ("#d55e00", "X"),
}

LETTERS = "#000000"

NAMES = {
    "jsd": marked("JSD, nats"),
    "wasserstein": "W1",
    "frechet": marked("Fréchet distance"),
    "modes": marked("modes captured"),
    "high_quality": marked("high quality"),
    "converged_since": marked("convergence step"),
    "steps": marked("steps played"),
}
"""What a column of numbers is called where it is read."""


@dataclass(frozen=True)
class Point:
    """Of the games at one point: what most of them came to, with how many, or their median."""

    value: float
    games: int
    agree: float
    words: str


def draw(
    cells: pd.DataFrame,
    sweep: Sweep,
    colour: str = "verdict",
    dark: bool = False,
    called: Callable[[Axis], str] = lambda axis: axis.name,
) -> go.Figure:
    """See `Cells.figure`. `called`: what an axis is called."""
    is_verdict = colour == "verdict"
    if not is_verdict and (colour not in cells or not pd.api.types.is_numeric_dtype(cells[colour])):
        known = [name for name in cells if pd.api.types.is_numeric_dtype(cells[name])]
        raise ValueError(f"{colour}: there is no such column of numbers; there are verdict, {', '.join(map(str, known))}")
    theme, x = Theme(dark), sweep.axes[0]
    y, small = (sweep.axes[i] if len(sweep.axes) > i else None for i in (1, 2))
    panes = list(cells.groupby(small.name, sort=True)) if small else [("", cells)]
    titles = [f"{t(called(small))} = {show(value)}" for value, _ in panes] if small else None
    figure = make_subplots(1, len(panes), shared_yaxes=True, subplot_titles=titles, horizontal_spacing=0.02)
    finite = pd.Series([0.0]) if is_verdict else cells[colour].replace([np.inf, -np.inf], np.nan)
    limits = float(finite.min()), float(finite.max())
    for column, (value, pane) in enumerate(panes, 1):
        figure.add_trace(_map(pane, x, y, colour, limits, column == len(panes), called), 1, column)
        figure.update_xaxes(axis(theme, title=t(called(x)), type=_scale(x)), row=1, col=column)
        figure.update_yaxes(axis(theme, type=_scale(y) if y else "category"), row=1, col=column)
        if len(sweep.axes) <= 3:
            edge = boundary(sweep, [v for v in small.values if column_of(v) == value][:1] if small else [])
            if edge:
                path = "".join(f"M{_at(x, a)},{_at(y, b)}L{_at(x, c)},{_at(y, d)}" for a, b, c, d in edge)
                line = {"color": theme["text"], "width": 2}
                figure.add_shape(type="path", path=path, line=line, row=1, col=column)
    figure.update_yaxes(title=t(called(y)) if y else "", row=1, col=1)
    figure.update_layout(layout(theme, hovermode="closest", height=460))
    return figure


def _map(
    pane: pd.DataFrame, x: Axis, y: Axis | None, colour: str, limits: Any, has_scale: bool, called: Callable[[Axis], str]
) -> go.Heatmap:
    across, up = _listed(pane, x), _listed(pane, y) if y else [""]
    z = np.full((len(up), len(across)), np.nan)
    text, hover = np.full(z.shape, "", dtype=object), np.full(z.shape, "", dtype=object)
    keys = [x.name] + ([y.name] if y else [])
    for key, games in pane.groupby(keys, sort=False):
        values = key if isinstance(key, tuple) else (key,)
        place = up.index(values[1]) if y else 0, across.index(values[0])
        found = summary(games, colour)
        z[place] = found.value
        axes = [x] + ([y] if y else [])
        where = "<br>".join(f"{t(called(axis))} = {show(value)}" for axis, value in zip(axes, values, strict=True))
        hover[place] = f"{where}<br>{found.words}"
        if colour == "verdict":
            text[place] = list(VERDICTS.values())[int(found.value)][1]
    told: dict[str, Any] = {"x": across, "y": up, "z": z, "hovertext": hover, "hoverinfo": "text", "showscale": has_scale}
    if colour == "verdict":
        steps = len(VERDICTS)
        colours = [(edge / steps, ink) for i, (ink, _) in enumerate(VERDICTS.values()) for edge in (i, i + 1)]
        names = [f"{letter} {t(kind.value.replace('_', ' '))}" for kind, (_, letter) in VERDICTS.items()]
        bar = {"tickvals": list(range(steps)), "ticktext": names}
        told |= {
            "colorscale": colours,
            "zmin": -0.5,
            "zmax": steps - 0.5,
            "text": text,
            "texttemplate": "%{text}",
            "textfont": {"color": LETTERS},
            "colorbar": bar,
        }
    else:
        told |= {"colorscale": "Viridis", "zmin": limits[0], "zmax": limits[1], "colorbar": {"title": name_of(colour)}}
    return go.Heatmap(**told)


def _at(along: Axis | None, place: float) -> float:
    """Where a shape has what is `place` cells along: by the axis's numbers, or by the place among names."""
    value = place if along is None or _scale(along) == "category" else value_at(along, place)
    assert isinstance(value, int | float)
    return float(value)


def name_of(column: str) -> str:
    return t(NAMES.get(column, column))


def summary(games: pd.DataFrame, colour: str = "verdict") -> Point:
    """What the games at one point came to."""
    counts = games["verdict"].value_counts()
    most, n = str(counts.index[0]), int(counts.iloc[0])
    agree = n / len(games)
    said = t(str(games["title"].iloc[0]))
    if len(games) > 1:
        said = t("{verdict}, {count} of {all} seeds", verdict=t(most.replace("_", " ")), count=n, all=len(games))
    numbers = [
        f"{name_of(name)} {float(games[name].median()):.4g}"
        for name in ("jsd", "wasserstein", "frechet", "modes")
        if name in games
    ]
    value = float(list(VERDICTS).index(VerdictKind(most))) if colour == "verdict" else float(games[colour].median())
    if colour != "verdict" and colour not in ("jsd", "wasserstein", "frechet", "modes"):
        numbers.append(f"{name_of(colour)} {value:.4g}")
    return Point(value, len(games), agree, "<br>".join([said, *numbers]))


def _listed(pane: pd.DataFrame, along: Axis) -> list[Any]:
    """The values there are, in the axis's order."""
    there = set(pane[along.name])
    return [v for v in dict.fromkeys(map(column_of, along.values)) if v in there] if along.values else sorted(there)


def _scale(along: Axis) -> str:
    """How an axis is drawn: its values as they are apart, numbers by factors on a logarithmic one, all else by name."""
    if along.scale != "list":
        return along.scale
    numbers = [v for v in along.given if isinstance(v, int | float)]
    if len(numbers) < len(along.given):
        return "category"
    steps = np.diff(np.log(numbers)) if min(numbers) > 0 else np.array([math.nan])
    return "log" if len(numbers) > 2 and np.allclose(steps, steps[0], rtol=1e-3) else "linear"
