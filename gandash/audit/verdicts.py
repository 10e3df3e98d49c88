"""The numbers in the verdict's sentence, held against the curves that it speaks of.

The curves are those that the page was given while the game was played; of their last point every number is audited by itself.
A sentence speaks of medians over a window of measurements: the last 8, or, where something has fallen or stays lost, the last
third.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from gandash.audit.row import Known, Row, Unaudited
from gandash.words import say

_SHORT, _WINDOW = 8, 60  # measurements behind most medians, and all that is recent
_NUMBER = r"([−\d.]+(?:e[−\d]+)?)"
_OF_CURVES = {  # what a sentence says of a curve, and which
    rf"max \|D − [^|]*\| = {_NUMBER}": "gap_half",
    rf"JSD(?: of the averaged G)? = {_NUMBER} nats": "jsd_average",
    rf"Fréchet distance(?: of the averaged G)? {_NUMBER} \(": "frechet_average",
    rf"precision {_NUMBER} \(": "precision",
    rf"coverage {_NUMBER} \(": "coverage",
    rf"(?:reach|makes) {_NUMBER} of": "modes",
    rf"modes, {_NUMBER}% of the samples": "high_quality_average",
}
_OF_FLOORS = {
    rf"nats \(floor {_NUMBER}\)": ("jsd", 1),
    rf"real against real {_NUMBER}\)": ("frechet", 0),
    rf"precision [\d.]+ \({_NUMBER}\)": ("precision", 0),
    rf"coverage [\d.]+ \({_NUMBER}\)": ("coverage", 0),
}
_BEFORE = rf"was {_NUMBER} in the first third"


def audit_verdict(
    reason: str, curves: Mapping[str, Sequence[float]], floors: Mapping[str, tuple[float, float]]
) -> Iterator[Row | Unaudited]:
    """Every number of the sentence that says a median of a curve, or a floor. `curves` by column, a number a measurement."""
    recent = {name: np.array(curve[-_WINDOW:], dtype=np.float64) for name, curve in curves.items()}
    third = "first third" in reason or "no more of them over the last" in reason or "and no more over the last" in reason
    spans: list[tuple[int, int]] = []
    for pattern, column in _OF_CURVES.items():
        for said in re.finditer(pattern, reason):
            if column not in recent:
                continue
            last = np.array_split(recent[column], 3)[-1] if third else recent[column][-_SHORT:]
            scale = 100 if "%" in pattern else 1
            how = (
                say("the median of its last third")
                if third
                else say("the median of its last {count} measurements", count=_SHORT)
            )
            yield _row(say("verdict: {number}", number=column), said[1], scale * float(np.median(last)), how)
            spans.append(said.span(1))
    for pattern, (column, which) in _OF_FLOORS.items():
        for said in re.finditer(pattern, reason):
            yield _row(
                say("verdict: floor of {number}", number=column),
                said[1],
                floors[column][which],
                say("the floor that the page shows"),
            )
            spans.append(said.span(1))
    if before := re.search(_BEFORE, reason):
        column = "frechet_average" if "Fréchet" in reason else "jsd_average"
        first = float(np.median(np.array_split(recent[column], 3)[0]))
        yield _row(say("verdict: {number}, before", number=column), before[1], first, say("the median of its first third"))
        spans.append(before.span(1))
    rest = [said[0] for said in re.finditer(r"\d[\d.]*\d|\d", reason) if not any(a <= said.start() < b for a, b in spans)]
    if rest:
        yield Unaudited(
            "verdict",
            say("it also says {numbers}: thresholds and counts of what is named, or of no curve", numbers=", ".join(rest)),
        )


def _row(name: str, said: str, known: float, how: str) -> Row:
    digits = len(said.partition(".")[2]) if "e" not in said else 0
    return Row(name, float(said.replace("−", "-")), Known(known, 0.0, how), 0.501 * 10.0**-digits, say("it is rounded"))


class Curves:
    """What the page's curves were at each measurement: rows between two of them repeat the last."""

    def __init__(self, columns: Sequence[str], first: Mapping[str, float]) -> None:
        self._columns = columns
        self._kept: list[dict[str, float]] = [dict(first)]
        self._last = float(np.float32(first["slope_real"]))

    def take(self, values: NDArray[np.float32]) -> None:
        """Rows that left for the curves, `(n, columns)`; D's slope on real data is another at every measurement."""
        for row in values:
            found = dict(zip(self._columns, (float(v) for v in row), strict=True))
            if found["slope_real"] != self._last:
                self._last = found["slope_real"]
                self._kept.append(found)

    @property
    def by_column(self) -> dict[str, list[float]]:
        """Each curve, a number a measurement, the newest last."""
        return {name: [found.get(name, math.nan) for found in self._kept] for name in self._columns}
