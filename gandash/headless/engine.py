"""Who plays a game that is played without a page, and what the first round would wait for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gandash.headless.shown import tell
from gandash.wire.facts import Engine
from gandash.words import marked, say, t

if TYPE_CHECKING:
    from gandash.worker.trajectory import Trajectory


class NotPlayedSo(ValueError):
    """The engine that was asked for cannot play this game here: says why."""


def make_ready(trajectory: Trajectory, asked: Engine | None) -> None:
    """Who is to play this run, or the next one. Raises NotPlayedSo."""
    from gandash.game.compiled import disk_cache
    from gandash.game.compiled.plans import covers
    from gandash.server import compiling

    if asked == "compiled" and not trajectory.is_compiled:
        raise NotPlayedSo(
            say("compiled rounds are for plain MLPs, points and lines on the processor and rules without second derivatives")
        )
    missing = covers(trajectory.game) and not disk_cache.is_ready()
    if missing and asked is None and disk_cache.is_wanted() and disk_cache.can_keep():
        with suppress(OSError):
            compiling.start(outlives=True)
            told = marked("Faster rounds are being compiled for this machine meanwhile, once; this run is played by torch.")
            tell(t(told))
    try:
        if trajectory.must_compile:
            say_that_rounds_are_compiled()
        trajectory.prepare()
    except ImportError as error:
        raise NotPlayedSo(say("compiled rounds need numba, and it cannot be imported: {problem}", problem=error)) from None


def say_that_rounds_are_compiled() -> None:
    """To whoever waits for it."""
    tell(t("Rounds are compiled for this machine, once: half a minute."))
