"""Where a game that is played without a page is recorded."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from gandash.config import GameConfig
from gandash.presets.base import Preset
from gandash.server.origin import Origin
from gandash.store.format import MANIFEST, BrokenRun
from gandash.store.places import is_wanted, new_id, runs_home
from gandash.store.retention import make_room
from gandash.store.writing import claim
from gandash.wire.messages import Recording


@dataclass(frozen=True)
class Keeping:
    """A run's `place`. `is_asked_for`: without its record it is not worth playing on."""

    place: Recording
    is_asked_for: bool

    @property
    def directory(self) -> Path:
        return Path(self.place.directory)

    @property
    def has_begun(self) -> bool:
        """Whether the run has a folder that can be read: from its first round on."""
        return (self.directory / MANIFEST).exists()


def keep(out: str | Path | None, title: str = "", preset: str = "", parent: tuple[str, int] | None = None) -> Keeping | None:
    """In `out`, a new or empty folder, else below home; None where it is not recorded, which is said unless it is wanted so.

    Raises what `claim` raises.
    """
    run = new_id()
    if out is not None:
        directory = Path(out)
        claim(directory)
    elif not is_wanted():
        return None
    else:
        try:
            make_room()
            directory = runs_home() / run
        except (OSError, BrokenRun) as error:
            click.echo("".join(c if c.isprintable() else " " for c in f"This run is not recorded: {error}."), err=True)
            return None
    place = Recording(directory=str(directory), id=run, title=title, preset=preset, parent=parent)
    return Keeping(place, is_asked_for=out is not None)


SCRATCH: dict[str, Callable[[], object]] = {}  # what removes folders of runs that are recorded nowhere else


def kept(out: str | Path | None, title: str, preset: str, parent: tuple[str, int] | None = None) -> Keeping:
    """The same; a run that is recorded nowhere else in a folder that goes with its `Run`, or with the process."""
    keeping = keep(out, title, preset, parent)
    if keeping is not None:
        return keeping
    folder = tempfile.mkdtemp(prefix="gandash-run-")
    SCRATCH[folder] = partial(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(SCRATCH[folder])
    return Keeping(Recording(directory=folder, id=new_id(), title=title, preset=preset, parent=parent), is_asked_for=False)


def title_of(ready: Preset | None, config: GameConfig) -> str:
    """The ready game's title; it says so where that has become another game."""
    return Origin(ready.title, ready.config, (config,)).present_title if ready else ""
