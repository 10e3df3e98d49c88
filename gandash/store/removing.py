"""Runs that were removed: moved aside, so that it can be undone for a day; then they are gone."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gandash.store.format import EVENTS, ID, BrokenRun, Busy
from gandash.store.places import home
from gandash.words import say

KEPT_SECONDS = 24 * 3600.0  # so long it can be undone
UNFINISHED_SECONDS = 3600.0  # what is being copied or brought is whole by then, or its process was killed
REMOVED, ARRIVING = "removed", "arriving"


@dataclass(frozen=True)
class Removed:
    """A run that was moved aside at `when`, in seconds since 1970."""

    id: str
    when: float
    folder: Path

    @property
    def seconds_left(self) -> float:
        """Until it is gone."""
        return self.when + KEPT_SECONDS - time.time()


def remove(run: Path) -> Removed:
    """Move a run aside. Raises Busy where it is being recorded, OSError where that cannot be done."""
    aside, now = run.parent.parent / REMOVED, int(time.time() * 1e3)
    aside.mkdir(exist_ok=True)
    folder = aside / f"{now}~{run.name}"
    with _held(run):
        run.rename(folder)
    return Removed(run.name, now / 1e3, folder)


@contextmanager
def _held(run: Path) -> Iterator[None]:
    """As its writer holds it: nobody begins to write a run that is just moved."""
    try:
        log = os.open(run / EVENTS, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:  # a folder without a log has no writer
        yield
        return
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise Busy(say("{file} is being recorded", file=run.name)) from None
    finally:
        os.close(log)


def undo(removed: Removed) -> Path:
    """Put a run back where it was. Raises BrokenRun where it is gone, or another one of its name is there by now."""
    run = removed.folder.parent.parent / "runs" / removed.id
    if run.exists():
        raise BrokenRun(say("there is a run {file} again", file=removed.id))
    try:
        run.parent.mkdir(parents=True, exist_ok=True)
        removed.folder.rename(run)
    except FileNotFoundError:
        raise BrokenRun(say("{file} is gone for good", file=removed.id)) from None
    return run


def removed(place: Path | None = None) -> list[Removed]:
    """What can be had again, the last one first."""
    found = []
    with suppress(OSError):  # nothing was ever removed
        for entry in os.scandir((place or home()) / REMOVED):
            when, _, run = entry.name.partition("~")
            if when.isdecimal() and len(when) < 20 and ID.fullmatch(run) and entry.is_dir(follow_symlinks=False):
                found.append(Removed(run, int(when) / 1e3, Path(entry.path)))
    return sorted(found, key=lambda each: each.when, reverse=True)


def forget(removed: Removed) -> None:
    """For good."""
    shutil.rmtree(removed.folder, ignore_errors=True)


def tidy(place: Path | None = None) -> None:
    """Forget what was removed a day ago, and what a process that was killed had not finished bringing."""
    place = place or home()
    for each in removed(place):
        if each.seconds_left <= 0:
            forget(each)
    with suppress(OSError):
        for entry in os.scandir(place / ARRIVING):
            if time.time() - entry.stat(follow_symlinks=False).st_mtime > UNFINISHED_SECONDS:
                shutil.rmtree(entry.path) if entry.is_dir(follow_symlinks=False) else os.unlink(entry.path)
