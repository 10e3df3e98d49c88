"""The one supervisor of this server process, shared by the page's script runs and the socket's routes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gandash.presets.base import Preset
from gandash.server.forkserver import start_early
from gandash.server.origin import BranchPoint
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor


@cache
def supervisor() -> Supervisor:
    return Supervisor(forkserver=start_early())


def branch_off(keeper: Supervisor, directory: Path, step: int, visitor: str) -> Run:
    """A new run of this visitor's, from a step of the recorded one in this folder, at the pace of that one if it lives.

    Raises BrokenRun, Unavailable, and SettingError for a game that is too large for this server.
    """
    parent = keeper.recorded_as(directory.name, visitor)
    return keeper.branch(BranchPoint.of(directory, step), visitor, parent.speed if parent else None)


def begin(keeper: Supervisor, preset: Preset, visitor: str) -> Run:
    """A new run of this visitor's, which plays a preset. Raises Unavailable."""
    return keeper.create(preset.config, preset.title, visitor, preset.speed)
