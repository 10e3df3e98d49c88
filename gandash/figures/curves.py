"""The page's panels of curves, declared once more for Python: which columns share a panel, how they look, and what theory says.

`assets/live/panels.js` has them for the page; `tests/figures` holds the two to each other, name by name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from gandash.figures.inks import Theme, axis, curve_dash, layout, maths
from gandash.wire.facts import Facts, PictureFacts, ReadingKind

Floats = NDArray[np.floating[Any]]
LOG_4 = math.log(4)


def always(facts: Facts) -> bool:
    return True


@dataclass(frozen=True)
class Series:
    """One line: `derive` makes what is drawn of what was measured."""

    column: str
    label: str | Callable[[Facts], str]
    ink: str
    dash: str = "solid"
    width: float = 1.5
    is_stepped: bool = False
    when: Callable[[Facts], bool] = always
    derive: Callable[[Floats, Facts], Floats] = lambda values, facts: values

    def name(self, facts: Facts) -> str:
        return self.label(facts) if callable(self.label) else self.label


@dataclass(frozen=True)
class Reference:
    """A level that theory, or a perfect generator, gives a panel."""

    value: float
    label: str = ""
    ink: str = "muted"
    since: int = 0


@dataclass(frozen=True)
class Panel:
    """`fixed`: the y range where it is known beforehand."""

    key: str
    title: str | Callable[[Facts], str]
    series: tuple[Series, ...]
    is_log: bool = False
    fixed: Callable[[Facts], tuple[float, float] | None] = lambda facts: None
    when: Callable[[Facts], bool] = always
    references: Callable[[Facts], Sequence[Reference]] = lambda facts: ()

    def name(self, facts: Facts) -> str:
        return self.title(facts) if callable(self.title) else self.title


# ------------------------------------------------------------------------------------------------- what depends on the game


def measures(column: str) -> Callable[[Facts], bool]:
    return lambda facts: column in facts.columns


def symbol(facts: Facts) -> str:
    return facts.reading.label.partition("(")[0]


def is_probability(facts: Facts) -> bool:
    return facts.reading.kind is ReadingKind.PROBABILITY


def is_bound(facts: Facts) -> bool:
    return not isinstance(facts, PictureFacts) and facts.jsd_is_bound


def has_modes(facts: Facts) -> bool:
    return len(facts.modes) > 1


def noun(facts: Facts) -> str:
    found = facts.counted_by if isinstance(facts, PictureFacts) else None
    return found.value if found else "modes"


def wasserstein(facts: Facts) -> str:
    return "W_1" if isinstance(facts, PictureFacts) else facts.wasserstein


def _given(facts: Facts, *columns: str) -> Iterator[Reference]:
    for column in columns:
        if (line := facts.references.get(column)) is not None:
            yield Reference(line.value, line.label, since=line.since)


def _floors(facts: Facts, **inks: str) -> Iterator[Reference]:
    for column, ink in inks.items():
        floor = facts.floors.get(column)
        if floor is not None and floor.mean is not None and math.isfinite(floor.mean):
            yield Reference(floor.mean, ink=ink)


def _centre(facts: Facts) -> list[Reference]:
    reading = facts.reading
    return [] if reading.centre is None else [Reference(reading.centre, reading.centre_label)]


def _coverage(facts: Facts) -> list[Reference]:
    count, quality = len(facts.modes), facts.perfect_quality
    perfect = [Reference(quality, ink="generated")] if quality is not None else []
    return [Reference(1, f"{count} of {count}"), *perfect]


def _divergence_floors(facts: Facts) -> list[Reference]:
    found = list(_floors(facts, jsd="text", wasserstein="real"))
    return found + (list(_floors(facts, reverse_kl="generated")) if has_modes(facts) else [])


D, G = "discriminator", "generated"

PANELS: dict[str, Panel] = {
    panel.key: panel
    for panel in (
        Panel(
            "losses",
            "Losses",
            (Series("loss_d", "D", D), Series("loss_g", "G", G, "dash")),
            references=lambda facts: list(_given(facts, "loss_d", "loss_g")),
        ),
        Panel(
            "mean_d",
            lambda facts: f"Mean {symbol(facts)}",
            (Series("mean_d_real", "real", "real"), Series("mean_d_fake", "generated", G, "dash")),
            fixed=lambda facts: (0, 1) if is_probability(facts) else None,
            references=_centre,
        ),
        Panel(
            "frechet",
            "Fréchet distance",
            (
                Series("frechet", "G", G),
                Series("frechet_average", "averaged", G, "dot", when=lambda facts: facts.averaging > 0),
            ),
            is_log=True,
            when=measures("frechet"),
            references=lambda facts: list(_floors(facts, frechet="real")),
        ),
        Panel(
            "value",
            "Value",
            (
                Series("value", "V", "value"),
                Series(
                    "jsd_seen",
                    lambda facts: f"−log 4 + 2 JSD{' ≥' * is_bound(facts)}",
                    "text",
                    "fine",
                    1.3,
                    when=measures("jsd_seen"),
                    derive=lambda values, facts: 2 * values - LOG_4,
                ),
            ),
            when=lambda facts: is_probability(facts) and facts.reading.centre == 0.5,
            references=lambda facts: [Reference(-LOG_4, "−log 4")],
        ),
        Panel(
            "coverage",
            lambda facts: "Captured" if isinstance(facts, PictureFacts) and facts.counted_by else "Coverage",
            (
                Series("modes", noun, "text", is_stepped=True, derive=lambda values, facts: values / len(facts.modes)),
                Series("high_quality", "high quality", G, "dash"),
            ),
            fixed=lambda facts: (0, 1.14),
            when=has_modes,
            references=_coverage,
        ),
        Panel(
            "precision",
            "Precision, recall",
            (
                Series("precision", "P", G, "dash"),
                Series("recall", "R", "real"),
                Series("coverage", "C", "text", "dot"),
            ),
            fixed=lambda facts: (0, 1.14),
            when=measures("precision"),
            references=lambda facts: list(_floors(facts, precision=G, recall="real", coverage="text")),
        ),
        Panel(
            "divergence",
            "Distance",
            (
                Series("jsd", lambda facts: "JSD ≥" if is_bound(facts) else "JSD", "text"),
                Series("wasserstein", wasserstein, "real", "dashdot"),
                Series("reverse_kl", lambda facts: f"KL of {noun(facts)}", G, "dot", when=has_modes),
            ),
            is_log=True,
            when=measures("jsd"),
            references=_divergence_floors,
        ),
        Panel(
            "gradients",
            "Gradients",
            (
                Series("gradient_norm_d", "D", D, width=1.2),
                Series("gradient_norm_g", "G", G, "dash", 1.2),
                Series(
                    "gradient_norm_g_other",
                    lambda facts: facts.objective.other or "",
                    G,
                    "dot",
                    1.1,
                    when=lambda facts: facts.objective.other is not None,
                ),
            ),
            is_log=True,
        ),
        Panel(
            "learning_rates",
            "Learning rates",
            (
                Series("learning_rate_d", "D", D, is_stepped=True),
                Series("learning_rate_g", "G", G, "dash", is_stepped=True),
            ),
            is_log=True,
        ),
        Panel(
            "update_cosine",
            "Update cosine",
            (Series("update_cosine", "cosine", "value", width=1.2),),
            fixed=lambda facts: (-1.1, 1.1),
            references=lambda facts: [Reference(0, "0")],
        ),
        Panel(
            "slope",
            "Slope of D",
            (Series("slope_real", "real", "real"), Series("slope_fake", "generated", G, "dash")),
            is_log=True,
        ),
    )
}


def panels_of(facts: Facts) -> list[str]:
    """The keys of the panels that have something to say about this game."""
    return [key for key, panel in PANELS.items() if panel.when(facts)]


def figure(
    key: str,
    facts: Facts,
    steps: NDArray[np.integer[Any]],
    columns: Mapping[str, Floats],
    marks: Sequence[tuple[int, str]] = (),
    step: int | None = None,
    is_dark: bool = False,
) -> go.Figure:
    """A panel: `columns` `(n,)` each at `steps`. `marks`: what was changed when; `step`: where one is."""
    panel, theme = PANELS[key], Theme(is_dark)
    found = go.Figure(layout=layout(theme))
    for series in (s for s in panel.series if s.when(facts)):
        values = series.derive(np.asarray(columns[series.column], dtype=np.float64), facts)
        known = np.isfinite(values)
        found.add_scatter(
            x=np.asarray(steps)[known],
            y=values[known],
            mode="lines",
            name=maths(series.name(facts)),
            line={
                "color": theme[series.ink],
                "width": series.width,
                "dash": curve_dash(series.dash),
                "shape": "hv" if series.is_stepped else "linear",
            },
        )
    for line in panel.references(facts):
        last = max(int(steps[-1]) if len(steps) else 1, line.since)
        ends: dict[str, Any] = {"x0": line.since, "x1": last} if line.since else {"xref": "paper", "x0": 0, "x1": 1}
        stroke = {"color": theme[line.ink], "width": 1.3, "dash": "1.5px,3px"}
        found.add_shape(type="line", layer="below", y0=line.value, y1=line.value, line=stroke, **ends)
        if line.label:
            at = math.log10(line.value) if panel.is_log else line.value
            said = {"text": line.label, "showarrow": False, "font": {"size": 11, "color": theme["muted"]}}
            found.add_annotation(x=1, xref="paper", xanchor="left", y=at, xshift=4, **said)
    for at, label in [*marks, *([(step, "")] if step is not None else [])]:
        stroke = {"color": theme["muted" if label else "text"], "width": 1}
        found.add_vline(at, line=stroke, opacity=0.6, annotation_text=label, annotation_font_size=10)
    fixed = panel.fixed(facts)
    found.update_layout(title_text=maths(panel.name(facts)))
    found.update_xaxes(**axis(theme, title_text="step"))
    found.update_yaxes(**axis(theme, type="log" if panel.is_log else "linear", **({"range": fixed} if fixed else {})))
    return found
