"""A game that branches off a recorded run: as it was at a step, with all that was shown of it, and recorded from there on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gandash.store.format import BrokenRun
from gandash.store.reading import StoredRun
from gandash.wire.messages import Branch, Recording
from gandash.words import say
from gandash.worker.games import Games
from gandash.worker.keyframe import before, copies, play_on
from gandash.worker.observer import Rows
from gandash.worker.recording import Recorder


@dataclass(frozen=True)
class Branched:
    """The games, and their rows since the nearest keyframe: the newest of these may stand in no folder yet."""

    games: Games
    rows: Sequence[Sequence[Rows]] = ()
    recorder: Recorder | None = None


def branched(branch: Branch, count: int, record: Recording | None, clock: Callable[[], float]) -> Branched:
    """The games of a run at a step; its one game `count` times where so many are wanted. Raises BrokenRun."""
    parent = Path(branch.directory)
    run = StoredRun(parent)
    games, rows = before(run, branch.step), list[list[Rows]]()
    if (own := len(games.trajectories)) not in (1, count):
        raise BrokenRun(say("the run has {own} games, and {count} are to go on from it", own=own, count=count))
    play_on(games, run, branch.step, keep=rows.append)
    if games.step != branch.step:
        raise BrokenRun(say("the run has not come to step {step}", step=f"{branch.step:,}"))
    for observer in games.observers:
        observer.renew_verdict()
    if own != count:  # they have their own curves: the folder begins here
        games = copies(games, count)
        return Branched(games, [part * count for part in rows], Recorder(record, games, clock) if record else None)
    return Branched(games, rows, Recorder(record, games, clock, parent, rows) if record else None)
