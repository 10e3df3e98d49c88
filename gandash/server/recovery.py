"""What a run goes on from when its worker is lost: the last checkpoint; and how often workers were lost."""

from __future__ import annotations

import os
import time
from collections import deque
from contextlib import suppress
from pathlib import Path

from gandash.words import Said, joined, say

CRASHES = 3  # workers lost in a row without a new checkpoint: then the run has failed
LOSSES, LOSSES_SECONDS = 10, 600.0  # workers lost within this time: then too, whatever was reached in between


class Recovery:
    """`checkpoint`: the last one of the game that is played, None before there is one."""

    def __init__(self) -> None:
        self.checkpoint: str | None = None
        self._crashes, self._crash_step = 0, -1
        self._losses: deque[float] = deque(maxlen=LOSSES)  # times at which workers were lost

    def reset_crashes(self) -> None:
        """Forget lost workers when a person asks for another game: they say nothing about that one."""
        self._crashes, self._crash_step = 0, -1
        self._losses.clear()

    def note_checkpoint(self, path: str, step: int) -> None:
        if step > self._crash_step:
            self._crashes = 0
        self.checkpoint = path

    def note_loss(self, step: int, reason: str) -> Said:
        """A worker was lost at this step. Why no other is tried, in words; "" if one is."""
        self._crashes += 1
        self._crash_step = step
        self._losses.append(time.monotonic())
        if self._crashes > CRASHES:
            return say("The trainer was lost {times} times in a row ({reason}).", times=self._crashes, reason=reason)
        if len(self._losses) == LOSSES and self._losses[-1] - self._losses[0] < LOSSES_SECONDS:
            return say(
                "The trainer was lost {times} times within {minutes} minutes ({reason}).",
                times=LOSSES,
                minutes=f"{LOSSES_SECONDS / 60:g}",
                reason=reason,
            )
        return say("")

    def notice(self, step: int, reason: str) -> Said:
        """What viewers are told when another worker goes on."""
        lost = say("The trainer was lost at step {step} ({reason}).", step=f"{step:,}", reason=reason)
        if self.checkpoint:
            return joined(lost, say("The run continues from its last checkpoint."))
        return joined(lost, say("The run begins again."))

    def set_aside(self, directory: Path) -> str | None:
        """The checkpoint under a name of its own in `directory`, safe from the next game; None where there is none."""
        aside = directory / "before.safetensors"
        with suppress(OSError):
            aside.unlink(missing_ok=True)
            if self.checkpoint is not None:
                os.link(self.checkpoint, aside)  # a checkpoint is renamed into place, never written to: this one stays as it is
                return str(aside)
        return None
