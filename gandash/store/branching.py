"""What a branch takes over of the run that it leaves: a folder of its own, whole, for the parent may go."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from gandash.store.files import named, read_whole
from gandash.store.format import EVENT_BYTES, EVENTS, GROWING, SUFFIXES, BrokenRun, CannotRecord, Manifest
from gandash.store.metrics import Rows
from gandash.store.reading import StoredRun, read_manifest
from gandash.store.writing import RunWriter, write_manifest
from gandash.words import say

TRIES = 5  # the parent may be recorded meanwhile, and put one file in another's place


def branched(directory: Path, manifest: Manifest, parent: Path, step: int, kept: Sequence[int], rows: Rows) -> RunWriter:
    """A new run that goes on from a step of another one. Its folder has all that the parent's has up to there.

    `kept`: how many of each game's changes belong to it; `rows`: the newest up to there, which the parent may not have written.
    Files that are never written again are shared with the parent where the disk can do that (hard links), else copied. Raises
    BrokenRun, OSError, and CannotRecord where the parent's curves are others than the manifest's.
    """
    if read_manifest(parent).columns != manifest.columns:
        raise CannotRecord(say("the run that it branches off has other curves"))
    directory.mkdir(parents=True, exist_ok=True)
    if next(directory.iterdir(), None) is not None:
        raise CannotRecord(say("{file} is not empty", file=f"{directory}"))
    log = read_whole(parent / EVENTS, EVENT_BYTES + 2**20)
    write_manifest(directory, manifest)
    (directory / EVENTS).write_bytes(log[: log.rfind(b"\n") + 1])
    epoch = StoredRun(directory).epoch
    for folder, suffix in SUFFIXES.items():
        (directory / folder).mkdir(parents=True)
        for left in reversed(range(TRIES)):
            try:
                _take(parent / folder, directory / folder, suffix, epoch, step, grows=folder in GROWING)
                break
            except FileNotFoundError:
                if not left:
                    raise BrokenRun(say("{file} is rewritten faster than it can be read", file=f"{parent / folder}")) from None
    last = min(StoredRun(directory).last_row, step)
    writer = RunWriter.going_on(directory, step, kept)
    writer.rows(rows[rows.steps > last])
    return writer


def _take(folder: Path, into: Path, suffix: str, epoch: int, step: int, grows: bool) -> None:
    """`grows`: more may be appended to the newest of these files."""
    files = [name for name in named(folder, suffix) if name.epoch <= epoch]
    for name in files:
        if name.first <= step:
            _share(folder / f"{name.name}{suffix}", into / f"{name.name}{suffix}", is_copied=grows and name == files[-1])


def _share(file: Path, other: Path, is_copied: bool) -> None:
    if other.exists():  # from the try before
        return
    if not is_copied:
        try:
            os.link(file, other, follow_symlinks=False)
            return
        except FileNotFoundError:
            raise
        except OSError:  # another disk, or one without links
            pass
    shutil.copyfile(file, other, follow_symlinks=False)
