"""Why a game has diverged, in words: the rounds since the last state that is known are played again under watch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gandash.config import GameConfig
from gandash.diagnostics.divergence import Finding, first_broken
from gandash.game.round import Players
from gandash.wire.changes import mark
from gandash.wire.messages import Change
from gandash.words import Said, joined, say
from gandash.worker.trajectory import PLAYERS, StateSnapshot, streams_of

RECENT = 500  # steps within which a change is worth naming
LONGEST_SECONDS = 3.0  # nobody waits longer to hear why


@dataclass(frozen=True)
class Cause:
    """What is known, in sentences, and what to do about it (a verb and its object, without a full stop)."""

    words: Said
    advice: Said

    @property
    def reason(self) -> Said:
        """Both, for a verdict on a game that nobody can set back."""
        return joined(self.words, say("What may help: {advice}.", advice=self.advice))


def cause_of(
    snapshot: StateSnapshot,
    changes: tuple[Change, ...],
    config: GameConfig,
    step: int,
    give_up: Callable[[], bool] = lambda: False,
) -> Cause:
    """The cause of a game's breaking by row `step`, from a finite `snapshot` before it since which no setting was changed."""
    found, at = _broken_since(snapshot, changes, step, give_up)
    if found is None:
        words = say(
            "At step {step} a loss or a parameter was no longer a finite number; which number broke first is not known.",
            step=step,
        )
        advice = say("lower a learning rate")
    else:
        words, advice = found.words_at(at), found.advice
    last = next((c for c in reversed(changes) if c.kind == "set" and 0 <= at - c.step <= RECENT), None)
    if last is not None:
        told = say("The last change before it: {change} at step {step}.", change=mark(last, config).label, step=last.step)
        words = joined(words, told)
    return Cause(words, advice)


def _broken_since(
    snapshot: StateSnapshot, changes: tuple[Change, ...], step: int, give_up: Callable[[], bool]
) -> tuple[Finding | None, int]:
    game, state = snapshot.game, snapshot.state
    streams = streams_of(snapshot.engine, [game.config.run.seed], game.averaging.device)  # compiled code's draws, by torch
    streams.restore(snapshot.randomness)
    alone = {c.step: PLAYERS[c.players] for c in changes if c.kind == "step"}
    while state.step <= step and not give_up():
        found = first_broken(game, state, streams, alone.get(state.step, Players.BOTH))
        if isinstance(found, Finding):
            return found, state.step + 1
        state = found
    return None, step
