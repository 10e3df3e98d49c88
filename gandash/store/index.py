"""All runs of one home at a glance, in SQLite: a memory of what their folders say, made anew whenever it is lost or torn."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from gandash.store.files import listed
from gandash.store.format import EVENTS, ID, JOURNAL, MANIFEST, STEPS, BrokenRun
from gandash.store.places import home
from gandash.store.reading import StoredRun
from gandash.store.writing import is_being_recorded
from gandash.words import Said, of_system, retold, say, words_of

FILE = "index.sqlite3"
EDITION = 3  # of the table; one of another edition is made anew

NOTHING = Said("")


@dataclass(frozen=True)
class Entry:
    """A run in the list. `created` is in UTC, `size` in bytes; `jsd`, `wasserstein` and `frechet` are the newest readings of a
    single game that has them. `problem` says why it cannot be read: then the rest is empty."""

    id: str
    title: str = ""
    named: bool = False
    preset: str = ""
    owner: str = ""
    created: str = ""
    games: int = 0
    steps: int = 0
    verdict: Said = NOTHING
    jsd: float | None = None
    wasserstein: float | None = None
    frechet: float | None = None
    size: int = 0
    parent: str | None = None
    parent_step: int | None = None
    problem: Said = NOTHING


_COLUMNS = tuple(field.name for field in fields(Entry))
_SAID = ("verdict", "problem")  # messages, as JSON
_TABLE = f"CREATE TABLE runs ({', '.join(_COLUMNS)}, seen TEXT, PRIMARY KEY (id)) WITHOUT ROWID"


def runs(place: Path | None = None) -> list[Entry]:
    """The runs below `place` (by default `home()`), the newest first; folders that cannot be read with their problem.

    Only folders that have changed are read. Raises BrokenRun where there is a place that cannot be looked into.
    """
    place = place or home()
    try:
        with closing(_opened(place / FILE)) as index:
            return _refreshed(index, place)
    except (sqlite3.DatabaseError, ValueError):  # torn, locked, or on a disk that takes nothing: it is but a memory
        with suppress(OSError):
            for name in (FILE, f"{FILE}-wal", f"{FILE}-shm"):
                (place / name).unlink(missing_ok=True)
        try:
            with closing(_opened(place / FILE)) as index:
                return _refreshed(index, place)
        except sqlite3.DatabaseError:
            with closing(_opened(None)) as index:
                return _refreshed(index, place)


def find(run: str, place: Path | None = None) -> Path:
    """The folder of a run, by its path or its id. Raises BrokenRun."""
    if run and Path(run).is_dir():
        return Path(run)
    if ID.fullmatch(run) and (found := (place or home()) / "runs" / run).is_dir():
        return found
    raise BrokenRun(
        say("{run}: there is neither a folder nor a run of this name; `python -m gandash runs` lists them", run=run)
    )


def _opened(file: Path | None) -> sqlite3.Connection:
    if file is not None and not file.parent.is_dir():
        file = None
    index = sqlite3.connect(file or ":memory:", timeout=5, isolation_level=None)
    try:
        index.execute("PRAGMA journal_mode = WAL")
        index.execute("PRAGMA synchronous = NORMAL")
        (edition,) = index.execute("PRAGMA user_version").fetchone()
        if edition != EDITION:
            index.execute("BEGIN IMMEDIATE")
            index.execute("DROP TABLE IF EXISTS runs")
            index.execute(_TABLE)
            index.execute(f"PRAGMA user_version = {EDITION}")
            index.execute("COMMIT")
    except sqlite3.DatabaseError:
        index.close()
        raise
    return index


def _refreshed(index: sqlite3.Connection, place: Path) -> list[Entry]:
    known = dict(index.execute("SELECT id, seen FROM runs"))
    there = dict(_folders(place / "runs"))
    changed = {run: seen for run, seen in there.items() if known.get(run) != seen}
    gone = known.keys() - there.keys()
    if changed or gone:
        index.execute("BEGIN IMMEDIATE")
        index.executemany("DELETE FROM runs WHERE id = ?", [(run,) for run in gone])
        marks = ", ".join("?" * (len(_COLUMNS) + 1))
        for run, seen in changed.items():
            entry = entry_of(place / "runs" / run)
            index.execute(f"INSERT OR REPLACE INTO runs VALUES ({marks})", (*_row(entry), seen))
        index.execute("COMMIT")
    rows = index.execute(f"SELECT {', '.join(_COLUMNS)} FROM runs ORDER BY created DESC, id DESC").fetchall()
    return list(map(_entry, rows))


def _row(entry: Entry) -> list[Any]:
    values = {name: getattr(entry, name) for name in _COLUMNS}
    return [json.dumps(value.on_wire()) if name in _SAID else value for name, value in values.items()]


def _entry(row: Sequence[Any]) -> Entry:
    """Raises ValueError for a row that is none of ours."""
    values = dict(zip(_COLUMNS, row, strict=True))
    try:
        said = {name: Said.read(json.loads(values[name])) for name in _SAID}
    except TypeError as error:
        raise ValueError(f"no message: {error}") from None
    return Entry(**values | said | {"named": bool(values["named"])})


def _folders(runs: Path) -> Iterator[tuple[str, str]]:
    """Each run's folder, and what changes when something is written in it."""
    try:
        entries = sorted(os.scandir(runs), key=lambda entry: entry.name)
    except FileNotFoundError:
        return
    except OSError as error:
        raise BrokenRun(say("{file}: {problem}", file=f"{runs}", problem=of_system(error))) from None
    for entry in entries:
        if ID.fullmatch(entry.name) and entry.is_dir(follow_symlinks=False):
            seen = []
            for name in (MANIFEST, EVENTS, STEPS):
                with suppress(OSError):
                    found = os.lstat(os.path.join(entry.path, name))
                    seen.append(f"{found.st_mtime_ns}/{found.st_size}")
            with suppress(OSError, BrokenRun):
                left = [f"{file.name}/{file.stat().st_size}" for file in listed(Path(entry.path, JOURNAL))]
                if left and not is_being_recorded(Path(entry.path)):  # while it is, it grows several times a second
                    seen += left
            if seen:  # an empty folder is a run that is about to begin, or somebody else's
                yield entry.name, " ".join(seen)


def entry_of(directory: Path) -> Entry:
    """What there is to say of a run; its problem, where it cannot be read."""
    try:
        run = StoredRun(directory)
        verdict = run.verdicts[0]
        about = run.manifest
        readings = run.latest("jsd", "wasserstein", "frechet")
        return Entry(
            id=directory.name,
            title=about.title,
            named=about.named,
            preset=about.preset,
            owner=about.owner,
            created=about.created,
            games=len(about.configs),
            steps=run.steps,
            verdict=verdict.title if verdict else NOTHING,
            jsd=readings.get("jsd"),
            wasserstein=readings.get("wasserstein"),
            frechet=readings.get("frechet"),
            size=run.size,
            parent=about.parent.run if about.parent else None,
            parent_step=about.parent.step if about.parent else None,
        )
    except BrokenRun as error:
        return Entry(id=directory.name, problem=retold(words_of(error), lambda text: text.replace(f"{directory}{os.sep}", "")))
