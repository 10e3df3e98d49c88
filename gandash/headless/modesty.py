"""How a process gives way to the one that it helps."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

NICE = 10  # where all cores are busy, who goes first gets ten times as much of each


def give_way() -> None:
    """Run at a lower priority from here on.

    Linux shares its cores between sessions first and among the processes of each then (autogroups), so that being nice says
    nothing to another session: the session itself has to be.
    """
    with suppress(OSError, AttributeError):
        os.nice(NICE)
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(NICE))
