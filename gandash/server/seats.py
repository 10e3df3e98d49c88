"""The games of a run as its viewers know them: one, or several that are compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from gandash.wire.changes import mark
from gandash.wire.frame import finite
from gandash.wire.messages import Change, Standing

MARKS = 200  # shown on the curves; the event log itself keeps all


@dataclass
class Seat:
    """One game as its worker last told of it."""

    changes: tuple[Change, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    marks: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MARKS))


def seated(game: Standing, step: int) -> Seat:
    """A game that has just begun, or gone on, at this step."""
    marked = [mark(c, game.config) for c in game.changes if c.kind == "set"]
    verdict = {"kind": "waiting", "title": "Ready", "reason": "Press play.", "step": step}
    return Seat(game.changes, finite(game.facts), verdict, deque(marked, maxlen=MARKS))


def columns(seats: Sequence[Seat]) -> list[str]:
    """Of the curves' table; those of compared games carry their number in front."""
    if len(seats) == 1:
        return list(seats[0].facts["columns"])
    return [f"{i}/{name}" for i, seat in enumerate(seats) for name in seat.facts["columns"]]


def describe(seats: Sequence[Seat], labels: Sequence[str], title: str) -> dict[str, Any]:
    """Facts, marks and verdict of the one game; of compared ones, `members`, one object each.

    `labels` tell compared games apart; those of another number are of games that are only about to begin.
    """
    if len(seats) == 1:
        (seat,) = seats
        return {"members": [], "verdict": seat.verdict, "marks": list(seat.marks), "facts": seat.facts | {"title": title}}
    named = list(zip(labels if len(labels) == len(seats) else [""] * len(seats), seats, strict=True))
    return {
        "members": [
            {"label": label, "facts": seat.facts, "verdict": seat.verdict, "marks": list(seat.marks)} for label, seat in named
        ],
        "verdict": None,
        "marks": _union(named),
        "facts": {"stage": "comparison", "title": title, "columns": columns(seats)},
    }


def _union(named: Sequence[tuple[str, Seat]]) -> list[dict[str, Any]]:
    """All marks in order, each once: a change of one game alone says of which."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for label, seat in named:
        for own in seat.marks:
            shared = all(own in other.marks for _, other in named)
            told = own if shared else own | {"label": f"{label}: {own['label']}"}
            found[told["step"], told["label"]] = told
    return sorted(found.values(), key=lambda told: int(told["step"]))[-MARKS:]
