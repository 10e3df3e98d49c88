"""What changes in the middle of a game that is played without a page: live settings, and rounds of one player alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from gandash.config import GameConfig
from gandash.config.changes import differences, live_differences, restarts
from gandash.config.setting import JsonValue, SettingError
from gandash.headless.settings import configure, named
from gandash.words import finished, say, words_of

Alone = Literal["D", "G"]


class Timed(NamedTuple):
    """A live setting that changes once `step` rounds are played."""

    step: int
    path: str
    value: JsonValue


@dataclass(frozen=True)
class Timeline:
    """`changes` of live settings in the order of their steps. In the rounds that begin at a step in `alone` that player alone
    moves."""

    changes: tuple[Timed, ...] = ()
    alone: Mapping[int, Alone] = field(default_factory=dict)


NO_CHANGES = Timeline()


class Untimely(ValueError):
    """A change that cannot be made then: says which, and why."""


def timeline(
    config: GameConfig,
    steps: int,
    given: Sequence[tuple[int, str, Sequence[tuple[str, JsonValue]]]],
    whole: str = say("give it with --set, for the whole run"),
) -> tuple[Timed, ...]:
    """Live changes by step, each `(step, how it was given, settings)`; those of one step act in the order given.

    `whole` says how a setting is given that cannot change in mid-run. Raises Untimely.
    """
    found: list[Timed] = []
    for step, said, changes in sorted(given, key=lambda one: one[0]):
        if step >= steps:
            late = say("the run ends at step {steps}; give a step before that, or more steps", steps=steps)
            raise Untimely(say("{option}: {problem}", option=said, problem=late))
        try:
            after = configure(config, changes)
            if restarts(config, after):
                path, label = _restarting(config, after)
                fixed = say("{setting} ({path}) restarts the game and cannot change in mid-run", setting=say(label), path=path)
                raise Untimely(say("{option}: {problem}; {advice}", option=said, problem=fixed, advice=finished(whole)))
            found += [Timed(step, path, value) for path, value in live_differences(config, after)]
        except SettingError as error:
            raise Untimely(say("{option}: {problem}", option=said, problem=words_of(error))) from None
        config = after
    return tuple(found)


Changes = Mapping[int, Mapping[str, Any]] | Sequence[tuple[int, str, Any]]
"""Live settings that change in mid-run: by step and path, or one by one as (step, path, value)."""


def planned(config: GameConfig, steps: int, at: Changes) -> tuple[Timed, ...]:
    """These changes of a game that is played to step `steps`. Raises Untimely."""
    if isinstance(at, Mapping):
        given = [(step, f"at step {step}", named(changes)) for step, changes in at.items()]
    else:
        given = [(step, f"at step {step}", named({path: value})) for step, path, value in at]
    return timeline(config, steps, given, "give it for the whole run")


def check_steps(steps: int) -> int:
    """A number of rounds. Raises SettingError."""
    if not isinstance(steps, int) or isinstance(steps, bool) or not 1 <= steps < 2**31:
        raise SettingError("steps", steps, "a whole number from 1 to 2,147,483,647 is needed")
    return steps


def _restarting(before: GameConfig, after: GameConfig) -> tuple[str, str]:
    """The first setting that differs and does not act live."""
    both = ((old, new) for old, new in differences(before, after).values() if old is not None and new is not None)
    return next((old.path, old.label) for old, _ in both if not old.live)
