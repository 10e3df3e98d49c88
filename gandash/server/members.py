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
class Member:
    """One game as its worker last told of it."""

    changes: tuple[Change, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    verdict: dict[str, Any] = field(default_factory=dict)
    marks: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MARKS))


def begun(game: Standing, step: int) -> Member:
    """A game that has just begun, or gone on, at this step."""
    marked = [mark(c, game.config) for c in game.changes if c.kind == "set"]
    verdict = {"kind": "waiting", "title": "Ready", "reason": "Press play.", "step": step}
    return Member(game.changes, finite(game.facts), verdict, deque(marked, maxlen=MARKS))


def columns(members: Sequence[Member]) -> list[str]:
    """Of the curves' table; those of compared games carry their number in front."""
    if len(members) == 1:
        return list(members[0].facts["columns"])
    return [f"{i}/{name}" for i, member in enumerate(members) for name in member.facts["columns"]]


def describe(members: Sequence[Member], labels: Sequence[str], title: str) -> dict[str, Any]:
    """Facts, marks and verdict of the one game; of compared ones, `members`, one object each.

    `labels` tell compared games apart; those of another number are of games that are only about to begin.
    """
    if len(members) == 1:
        (member,) = members
        return {"members": [], "verdict": member.verdict, "marks": list(member.marks), "facts": member.facts | {"title": title}}
    named = list(zip(labels if len(labels) == len(members) else [""] * len(members), members, strict=True))
    return {
        "members": [
            {"label": label, "facts": member.facts, "verdict": member.verdict, "marks": list(member.marks)}
            for label, member in named
        ],
        "verdict": None,
        "marks": _union(named),
        "facts": {"stage": "comparison", "title": title, "columns": columns(members)},
    }


def _union(named: Sequence[tuple[str, Member]]) -> list[dict[str, Any]]:
    """All marks in order, each once: a change of one game alone says of which."""
    found: dict[tuple[int, str], dict[str, Any]] = {}
    for label, member in named:
        for own in member.marks:
            shared = all(own in other.marks for _, other in named)
            told = own if shared else own | {"label": f"{label}: {own['label']}"}
            found[told["step"], told["label"]] = told
    return sorted(found.values(), key=lambda told: int(told["step"]))[-MARKS:]
