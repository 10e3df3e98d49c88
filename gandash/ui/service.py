"""The one supervisor of this server process, shared by the page's script runs and the socket's routes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gandash.config.setting import SettingError
from gandash.links import Link, filled, read
from gandash.presets import DEFAULT
from gandash.presets.base import Preset
from gandash.server.admission import Refusal
from gandash.server.cluster import Cluster
from gandash.server.forkserver import start_early
from gandash.server.opening import Opened
from gandash.server.origin import BranchPoint
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.store.places import runs_home
from gandash.words import say, words_of


@cache
def supervisor() -> Supervisor:
    cluster = Cluster.of_environment()
    return Supervisor(cluster=cluster) if cluster else Supervisor(forkserver=start_early())


def branch_off(keeper: Supervisor, directory: Path, step: int, visitor: str) -> Run:
    """A new run of this visitor's, from a step of the recorded one in this folder, at the pace of that one if it lives.

    Raises BrokenRun, Unavailable, and SettingError for a game that is too large for this server.
    """
    parent = keeper.recorded_as(directory.name, visitor)
    return keeper.branch(BranchPoint.of(directory, step), visitor, parent.speed if parent else None)


def begin(keeper: Supervisor, preset: Preset, visitor: str) -> Run:
    """A new run of this visitor's, which plays a preset. Raises Unavailable."""
    return keeper.create(preset.config, preset.title, visitor, preset.speed)


def arrive(keeper: Supervisor, name: str, link: str, visitor: str, preset: Preset = DEFAULT) -> Run:
    """The run for a page that was opened at an address with this `name` of a run and this `link` in it, "" where there is none;
    a `preset` where there is neither. Raises Unavailable."""
    if not link or keeper.find(name, visitor):
        return keeper.arrive(name, visitor, lambda: begin(keeper, preset, visitor))
    told = filled(read(link), runs_home())  # it takes a while: not under the supervisor's lock
    return keeper.arrive(name, visitor, lambda: open_link(keeper, told, visitor), by_link=True)


def open_link(keeper: Supervisor, link: Link, visitor: str) -> Run:
    """What a link tells of; the ready game that it is told by, where this server does not play so much."""
    first = link.presets[0]
    try:
        opened = Opened(link)
    except (SettingError, Refusal) as refusal:
        left = say("the game itself: {problem}", problem=words_of(refusal))
        opened = Opened(Link(presets=(first,), configs=(first.config,), dropped=(*link.dropped, left)))
    return keeper.create(first.config, first.title, visitor, first.speed, opened=opened)
