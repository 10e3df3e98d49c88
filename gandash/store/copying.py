"""Copies of a run: beside it under another id, or as a zip to take away."""

from __future__ import annotations

import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from gandash.store.files import parts, size_of
from gandash.store.format import JOURNAL, MANIFEST, BrokenRun, Manifest
from gandash.store.places import new_id
from gandash.store.reading import read_manifest
from gandash.store.removing import ARRIVING
from gandash.store.retention import make_room
from gandash.store.writing import write_manifest
from gandash.words import say

TRIES = 5


def duplicate(run: Path, owner: str, title: str = "") -> Path:
    """A copy beside it, with an id and a title of its own, by default "Copy of ...". Raises BrokenRun, OSError."""
    about = read_manifest(run)
    make_room(run.parent.parent, size_of(run))
    title = (title or f"Copy of {about.title or run.name}")[:200]
    with arriving(run.parent.parent) as folder:
        _steadily(run, lambda names: _copy(run, folder, names))
        return settle(folder, about.model_copy(update={"title": title, "named": True, "owner": owner}), new_id())


def _copy(run: Path, folder: Path, names: Sequence[str]) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(run / name, folder / name, follow_symlinks=False)


def pack(run: Path, file: IO[bytes]) -> None:
    """Write a zip of a run, that `importing.bring_zip` takes: its folder, without a word on whose it was.

    Raises BrokenRun, OSError.
    """
    about = read_manifest(run).model_copy(update={"owner": ""})

    def write(names: Sequence[str]) -> None:
        file.seek(0)
        file.truncate()
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
            packed.writestr(f"{about.id}/{MANIFEST}", about.model_dump_json(indent=1))
            for name in names:
                if name != MANIFEST:
                    packed.write(run / name, f"{about.id}/{name}")

    _steadily(run, write)


def _steadily(run: Path, work: Callable[[Sequence[str]], None]) -> None:
    """Do something with all files of a run as they are at one moment: again where its writer has changed one meanwhile."""
    for _ in range(TRIES):
        before = _seen(run)
        try:
            work(list(before))
        except FileNotFoundError:  # thinned with age, or put together with another one
            if not run.is_dir():
                raise BrokenRun(say("{file} has just been removed", file=run.name)) from None
            continue
        if _seen(run) == before:
            return
    raise BrokenRun(say("{file} is written faster than it can be read; pause it and try again", file=run.name))


def _seen(run: Path) -> dict[str, tuple[int, int]]:
    """The journal may grow meanwhile: the copy has what was there, up to a torn end."""
    found = {name: (about.st_size, about.st_mtime_ns) for name, about in parts(run).items()}
    return {name: (0, 0) if name.startswith(JOURNAL) else seen for name, seen in found.items()}


@contextmanager
def arriving(place: Path) -> Iterator[Path]:
    """A new folder on the same disk, for a run that is not whole yet; it goes unless it has been moved away."""
    (place / ARRIVING).mkdir(parents=True, exist_ok=True)
    folder = place / ARRIVING / secrets.token_hex(8)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settle(folder: Path, about: Manifest, run: str) -> Path:
    """Give a whole folder its manifest, and its place among the runs. Raises OSError."""
    write_manifest(folder, about.model_copy(update={"id": run}))
    runs = folder.parent.parent / "runs"
    runs.mkdir(exist_ok=True)
    folder.rename(runs / run)
    return runs / run
