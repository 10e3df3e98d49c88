"""How long the server waits: for a worker that says nothing, for a person who has left, for a step that does not end."""

from __future__ import annotations

import logging
import math
import os
from dataclasses import dataclass

from gandash.server.process import WorkerProcess
from gandash.wire.messages import Unrecorded, Unsaved
from gandash.words import Said, finished, say

log = logging.getLogger("gandash.supervisor")

ON_CLUSTER = 1000
WORD_SECONDS = 10.0  # after this long a person is told why nothing happens
COMPILING = say(
    "This run was begun by compiled rounds, which this machine has not compiled yet. It does so now, once, and the run goes on "
    "in about half a minute."
)
STARTING = say(
    "The trainer is still starting: the server is busy. The run shows itself as soon as it is there; no need to reload."
)


@dataclass(frozen=True)
class Limits:
    """How many runs may live at once, and after how long one is paused, ended or given another worker."""

    runs: int = 32  # on a Ray cluster as many as it has room for, and ON_CLUSTER at most
    grace_seconds: float = 600.0  # a run that nobody watches is ended after this long
    absence_seconds: float = 5.0  # and paused after this long: a reload of the page must not stop it
    silence_seconds: float = 20.0  # a worker that says nothing for this long is taken for lost
    start_seconds: float = 300.0  # so is one that is not ready by then: when a whole class arrives, each waits for its turn
    busy_seconds: float = 300.0  # so is one that is alive, but has spent this long on one step

    @classmethod
    def from_environment(cls) -> Limits:
        """GANDASH_RUNS, GANDASH_GRACE_SECONDS, ... override the defaults; what is no positive number is logged, and ignored."""
        values: dict[str, float] = {}
        runs = ON_CLUSTER if os.environ.get("GANDASH_RAY", "").strip() else cls.runs
        for name, default in (
            ("runs", runs),
            ("grace_seconds", cls.grace_seconds),
            ("absence_seconds", cls.absence_seconds),
        ):
            given = os.environ.get(f"GANDASH_{name.upper()}")
            values[name] = default
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


def word_of_trouble(event: Unsaved | Unrecorded) -> Said:
    """What to tell a person of a disk that refuses."""
    match event:
        case Unsaved(reason=reason):
            return say(
                "No checkpoint can be written: {reason}. The run goes on, but if its trainer were lost it would go back a "
                "long way. Free some room on the server's disk.",
                reason=reason,
            )
        case Unrecorded(reason=reason, is_kept=False):
            return say("This run is not recorded: {reason}. It goes on all the same.", reason=reason)
        case Unrecorded(step=step, reason=reason):
            return say(
                "Recording stopped at step {step}: {reason}. The run goes on, and what was recorded before can be read.",
                step=f"{step:,}",
                reason=reason,
            )


def given_up(worker: WorkerProcess, now: float, limits: Limits) -> Said:
    """Why this worker is given up, in words; "" as long as the server goes on waiting."""
    if worker.has_spoken and now - worker.heard > limits.silence_seconds:
        return say("it said nothing for {seconds} s", seconds=f"{now - worker.heard:.0f}")
    if not worker.is_ready and now - worker.given > limits.start_seconds:
        return say("it did not start within {seconds} s", seconds=f"{limits.start_seconds:.0f}")
    if worker.is_ready and now - worker.answered > limits.busy_seconds:
        return say(
            "it was busy with one step for {seconds} s; try a smaller batch or narrower networks",
            seconds=f"{now - worker.answered:.0f}",
        )
    return say("")


def word_of_delay(worker: WorkerProcess, now: float) -> Said:
    """What to tell a person who has to wait for this worker; "" where the wait is short."""
    if not worker.is_ready:
        return finished(worker.delay or STARTING) if now - worker.given > WORD_SECONDS else say("")
    if now - worker.heard > WORD_SECONDS:
        return say(
            "Nothing was heard of the trainer for {seconds} s. If that goes on, it is replaced by another.",
            seconds=f"{WORD_SECONDS:.0f}",
        )
    if now - worker.answered > WORD_SECONDS:
        return say(
            "One step of this game has taken more than {seconds} s so far. The trainer is alive and at it; "
            "a smaller batch or narrower networks make steps faster.",
            seconds=f"{WORD_SECONDS:.0f}",
        )
    return say("")
