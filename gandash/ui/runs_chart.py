"""One curve of several runs over each other, as a Plotly figure in the live view's colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gandash.figures.inks import declared
from gandash.store.metrics import Envelope
from gandash.store.reading import StoredRun
from gandash.words import finished, marked, parted, say, t

MOST = 8  # lines: as many as the live view has inks for compared games
POINTS = 600
BANDS = 3  # so many lines at most have their lows and highs drawn, too: more of them cover each other

DASHES = (
    "solid",
    "7px,4px",
    "2px,3px",
    "8px,3px,2px,3px",
    "14px,4px",
    "3px,3px",
    "12px,3px,2px,3px",
    "10px,3px,2px,3px,2px,3px",
)

CURVES = {
    "jsd": marked("JSD of p_g from p_r, in nats"),
    "wasserstein": marked("Wasserstein distance, in units of x (sliced on the plane)"),
    "frechet": marked("Fréchet distance between features"),
    "loss_d": marked("Loss of D"),
    "loss_g": marked("Loss of G"),
    "value": marked("Value V"),
    "mean_d_real": marked("Mean of D on real data"),
    "mean_d_fake": marked("Mean of D on generated data"),
    "modes": marked("Captured modes or classes"),
    "high_quality": marked("Share of high quality"),
    "reverse_kl": marked("Reverse KL of the modes’ shares, in nats"),
    "precision": marked("Precision"),
    "recall": marked("Recall"),
    "coverage": marked("Coverage"),
    "gradient_norm_d": marked("Gradient norm of D"),
    "gradient_norm_g": marked("Gradient norm of G"),
    "update_norm_d": marked("Length of D’s step"),
    "update_norm_g": marked("Length of G’s step"),
    "slope_real": marked("Slope of D on real data"),
    "slope_fake": marked("Slope of D on generated data"),
    "update_cosine": marked("Cosine of consecutive displacements"),
    "learning_rate_d": marked("Learning rate of D"),
    "learning_rate_g": marked("Learning rate of G"),
}
"""What may be compared, in words and in the list's order. Other columns follow under their own names."""

LOGARITHMIC = ("jsd", "wasserstein", "frechet", "reverse_kl", "gradient_norm", "update_norm", "learning_rate", "slope")


@dataclass(frozen=True)
class Line:
    """A curve of one game: `first` and `last` steps of its points, and what was measured in between."""

    name: str
    first: NDArray[np.int32]
    last: NDArray[np.int32]
    mean: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]


def bare(column: str) -> str:
    """A column's name without the number of the compared game that it is of."""
    return column.rpartition("/")[2]


def offered(runs: Sequence[StoredRun]) -> dict[str, str]:
    """The curves that any of these runs has, each with its words, the usual ones first."""
    there = dict.fromkeys(bare(column) for run in runs for column in run.manifest.columns)
    return {name: t(words) for name, words in CURVES.items() if name in there} | {n: n for n in there if n not in CURVES}


def lines(run: StoredRun, name: str, curve: str) -> list[Line]:
    """This curve of a run; of compared games one for each. Raises BrokenRun."""
    columns = [column for column in run.manifest.columns if bare(column) == curve]
    found = run.metrics(columns)
    whole = Envelope.together([found.envelope, Envelope.of(found.recent)], len(columns))
    whole = whole[np.argsort(whole.first, kind="stable")]
    if span := -(-len(whole.first) // POINTS) if len(whole.first) > POINTS else 0:
        whole = whole.coarser(span)
    labels = run.manifest.labels
    drawn = []
    for i, column in enumerate(columns):
        known = whole.count[:, i] > 0
        at = int(column.partition("/")[0]) if "/" in column else None
        label = name if at is None else f"{name}: {_member(labels, at)}"
        values = (getattr(whole, part)[known, i] for part in ("mean", "low", "high"))
        drawn.append(Line(label, whole.first[known], whole.last[known], *values))
    return drawn


def _member(labels: Sequence[str], at: int) -> str:
    return t(finished(labels[at])) if at < len(labels) else t("game {number}", number=at + 1)


def told(drawn: Sequence[Line]) -> str:
    """Where each line ends, for those who do not see it.

    >>> one = np.array([8], dtype=np.int32)
    >>> told([Line("ring", one, one, *[np.array([0.25], dtype=np.float32)] * 3)])
    'Where they end: ring 0.25 at step 8.'
    """
    ends = [
        say("{name} {value} at step {step}", name=line.name, value=f"{line.mean[-1]:.4g}", step=f"{line.last[-1]:,}")
        for line in drawn
        if len(line.mean)
    ]
    return t("Where they end: {ends}.", ends=parted(*ends) if ends else "")


def figure(drawn: Sequence[Line], curve: str, is_dark: bool) -> dict[str, Any]:
    """As Plotly's JSON. The middle of each point's steps is where it stands."""
    inks = declared()["members"]["dark" if is_dark else "light"]
    text = "#E6EAF0" if is_dark else "#1C2430"
    grid = "rgba(230,234,240,.14)" if is_dark else "rgba(28,36,48,.11)"
    is_log = curve.startswith(LOGARITHMIC)
    traces: list[dict[str, Any]] = []
    for i, line in enumerate(drawn):
        middle = (line.first + line.last) / 2
        if len(drawn) <= BANDS and (line.last > line.first).any():
            both = np.concatenate([line.low, line.high[::-1]])
            traces.append(
                {
                    "x": _plain(np.concatenate([middle, middle[::-1]])),
                    "y": _plain(both, is_log),
                    **{"fill": "toself", "fillcolor": f"{inks[i]}2e", "line": {"width": 0}, "mode": "lines"},
                    **{"hoverinfo": "skip", "showlegend": False},
                }
            )
        traces.append(
            {
                "x": _plain(middle),
                "y": _plain(line.mean, is_log),
                "name": escape(line.name, quote=False),  # Plotly reads a little HTML
                **{"mode": "lines", "line": {"color": inks[i], "dash": DASHES[i], "width": 2}},
                "hovertemplate": "%{y:.4g}",
            }
        )
    axis = {"gridcolor": grid, "zeroline": False, "linecolor": grid, "automargin": True}
    layout = {
        **{"paper_bgcolor": "rgba(0,0,0,0)", "plot_bgcolor": "rgba(0,0,0,0)", "hovermode": "x unified", "height": 380},
        "font": {"color": text, "size": 14, "family": "Source Sans, sans-serif"},
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "hoverlabel": {"bgcolor": "#171D26" if is_dark else "#FFFFFF", "font": {"color": text}, "namelength": 40},
        "legend": {"orientation": "h", "y": -0.22, "x": 0, "itemsizing": "constant"},
        "xaxis": axis | {"title": {"text": t("step"), "font": {"size": 14}}, "tickformat": ",d", "hoverformat": ",.0f"},
        "yaxis": axis | ({"type": "log", "dtick": _decades(drawn)} if is_log else {}) | {"tickformat": "~g"},
        "showlegend": True,
    }
    return {"data": traces, "layout": layout}


def _decades(drawn: Sequence[Line]) -> str | int:
    """How far apart the ticks of a logarithmic axis are, as Plotly says it: at 1, 2 and 5, or so many powers of ten."""
    with np.errstate(invalid="ignore"):
        shown = [of[np.isfinite(of) & (of > 0)] for line in drawn for of in (line.low, line.high)]
    ends = [float(end) for of in shown if len(of) for end in (of.min(), of.max())]
    decades = np.log10(max(ends)) - np.log10(min(ends)) if ends else 0.0
    return "D2" if decades < 3 else int(np.ceil(decades / 8))


def _plain(values: NDArray[Any], is_log: bool = False) -> list[float | None]:
    """Numbers that JSON has a word for; on a logarithmic axis there is no place for 0 and less."""
    return [float(v) if np.isfinite(v) and (v > 0 or not is_log) else None for v in values]
