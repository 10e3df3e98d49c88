"""The one supervisor of this server process, shared by the page's script runs and the socket's routes."""

from __future__ import annotations

from functools import cache

from gandash.presets.base import Preset
from gandash.server.forkserver import start_early
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor


@cache
def supervisor() -> Supervisor:
    return Supervisor(forkserver=start_early())


def begin(keeper: Supervisor, preset: Preset, visitor: str) -> Run:
    """A new run of this visitor's, which plays a preset. Raises Unavailable."""
    return keeper.create(preset.config, preset.title, visitor, preset.speed)
