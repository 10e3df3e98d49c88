"""How long anything is waited for: a worker that says nothing, a person who has gone, a step that does not end."""

from __future__ import annotations

import logging
import math
import os
from dataclasses import dataclass

from gandash.server.process import WorkerProcess

log = logging.getLogger("gandash.supervisor")

WORD_SECONDS = 10.0  # how long a worker may keep a person waiting without a word why
STARTING = "The trainer is still starting: the server is busy. The run shows itself as soon as it is there; no need to reload."


@dataclass(frozen=True)
class Limits:
    """How many runs there may be, and how long each is kept for whom."""

    runs: int = 32
    grace_seconds: float = 600.0  # an unwatched run is kept this long
    absence_seconds: float = 5.0  # and pauses after this long: a reload must not stop it
    silence_seconds: float = 20.0  # a worker that says nothing this long is taken for lost
    start_seconds: float = 300.0  # so is one that is not ready by then: with a class at the door each waits for its turn
    busy_seconds: float = 300.0  # and one that lives, but has been at one and the same step for this long

    @classmethod
    def from_environment(cls) -> Limits:
        """GANDASH_RUNS, GANDASH_GRACE_SECONDS, ... override the defaults; what is no positive number is said and ignored."""
        values: dict[str, float] = {}
        for name, default in (
            ("runs", cls.runs),
            ("grace_seconds", cls.grace_seconds),
            ("absence_seconds", cls.absence_seconds),
        ):
            given = os.environ.get(f"GANDASH_{name.upper()}")
            if given is None:
                continue
            try:
                value = type(default)(given)
            except ValueError:
                value = math.nan
            if value > 0:
                values[name] = value
            else:
                log.warning("GANDASH_%s: given %r; a number greater than 0 is needed, using %s", name.upper(), given, default)
        return cls(**values)  # type: ignore[arg-type]


def given_up(worker: WorkerProcess, now: float, limits: Limits) -> str:
    """Why there is no more waiting for this worker, in words; "" while there is."""
    if worker.has_spoken and now - worker.heard > limits.silence_seconds:
        return f"it said nothing for {now - worker.heard:.0f} s"
    if not worker.is_ready and now - worker.given > limits.start_seconds:
        return f"it did not start within {limits.start_seconds:.0f} s"
    if worker.is_ready and now - worker.answered > limits.busy_seconds:
        return f"it was busy with one step for {now - worker.answered:.0f} s; try a smaller batch or narrower networks"
    return ""


def word_of_delay(worker: WorkerProcess, now: float) -> str:
    """What a person should know who has been waiting for this worker; "" when there was no wait."""
    if not worker.is_ready:
        return STARTING if now - worker.given > WORD_SECONDS else ""
    if now - worker.heard > WORD_SECONDS:
        return f"Nothing was heard of the trainer for {WORD_SECONDS:.0f} s. If that goes on, it is replaced by another."
    if now - worker.answered > WORD_SECONDS:
        return (
            f"One step of this game has taken more than {WORD_SECONDS:.0f} s so far. The trainer is alive and at it; "
            "a smaller batch or narrower networks make steps faster."
        )
    return ""
