"""Which steps of which lessons have been done, and by whom: in SQLite beside the runs, so that it outlasts the server."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from gandash.store.places import home, owner_of

FILE = "learned.sqlite3"
MOST = 100_000  # steps, of all who learn here together
KEPT_SECONDS = 400 * 24 * 3600.0  # by then the cookie is gone, too
_TABLE = "CREATE TABLE IF NOT EXISTS learned (owner, lesson, step, at, PRIMARY KEY (owner, lesson, step)) WITHOUT ROWID"


def learned(visitor: str, place: Path | None = None) -> dict[str, set[int]]:
    """The steps that this visitor has done, from 0, by lesson. Raises OSError and sqlite3.Error."""
    place = place or home()
    found: dict[str, set[int]] = {}
    if (place / FILE).is_file():
        with _opened(place) as table:
            for lesson, step in table.execute("SELECT lesson, step FROM learned WHERE owner = ?", (owner_of(visitor),)):
                found.setdefault(lesson, set()).add(step)
    return found


def learn(visitor: str, lesson: str, step: int, place: Path | None = None) -> None:
    """Keep that a step was done; what is oldest goes where there is too much. Raises OSError and sqlite3.Error."""
    place = place or home()
    place.mkdir(parents=True, exist_ok=True)
    with _opened(place) as table, table:
        now = time.time()
        table.execute("INSERT OR REPLACE INTO learned VALUES (?, ?, ?, ?)", (owner_of(visitor), lesson, step, now))
        table.execute("DELETE FROM learned WHERE at < ?", (now - KEPT_SECONDS,))
        (count,) = table.execute("SELECT count(*) FROM learned").fetchone()
        if count > MOST:
            oldest = "SELECT at FROM learned ORDER BY at LIMIT 1 OFFSET ?"
            table.execute(f"DELETE FROM learned WHERE at < ({oldest})", (count - MOST,))


@contextmanager
def _opened(place: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(place / FILE, timeout=2)) as table:
        table.execute("PRAGMA journal_mode = WAL")
        table.execute("PRAGMA synchronous = NORMAL")
        table.execute(_TABLE)
        yield table
