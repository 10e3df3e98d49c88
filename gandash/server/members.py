"""The games of a run as its viewers know them: one, or several that are compared."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from gandash.config.setting import show
from gandash.wire.browser import GameState, Mark, Verdict, VerdictKind
from gandash.wire.changes import mark
from gandash.wire.facts import Facts
from gandash.wire.messages import Change, StartedGame
from gandash.words import finished, say

MARKS = 200  # shown on the curves; the event log itself keeps all


@dataclass
class Member:
    """One game, as its worker described it last."""

    changes: tuple[Change, ...]
    facts: Facts
    noise_halvings: tuple[tuple[int, float], ...]
    verdict: Verdict
    marks: deque[Mark] = field(default_factory=lambda: deque(maxlen=MARKS))


def begun(game: StartedGame, step: int) -> Member:
    """A game that has just begun, or gone on, at this step."""
    marked = [mark(c, game.config) for c in game.changes if c.kind == "set"]
    verdict = Verdict(kind=VerdictKind.WAITING, title=say("Ready"), reason=say("Press play."), step=step)
    return Member(game.changes, game.facts, game.noise_halvings, verdict, deque(marked, maxlen=MARKS))


def columns(members: Sequence[Member]) -> tuple[str, ...]:
    """Names of the curves' columns; of compared games each with the game's number in front, `0/loss_d`."""
    if len(members) == 1:
        return members[0].facts.columns
    return tuple(f"{i}/{name}" for i, member in enumerate(members) for name in member.facts.columns)


def described(members: Sequence[Member], labels: Sequence[str]) -> tuple[GameState, ...]:
    """The games as viewers are told of them.

    `labels` tell compared games apart. Where there are more or fewer than games, they belong to games that have yet to begin.
    """
    named = labels if len(labels) == len(members) else [""] * len(members)
    return tuple(
        GameState(label=label, facts=member.facts, verdict=member.verdict, marks=_marks(member))
        for label, member in zip(named, members, strict=True)
    )


def _marks(member: Member) -> tuple[Mark, ...]:
    """The changes of settings, and where instance noise has halved, in the order of their steps."""
    halved = [Mark(step=step, label=finished(f"σ → {show(sigma)}")) for step, sigma in member.noise_halvings]
    return tuple(sorted((*member.marks, *halved), key=lambda mark: mark.step))
