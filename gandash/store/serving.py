"""Which pages are served from this user's runs at the moment: an address each, in a file that goes with its process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gandash.store.places import home

SERVED = "served"
LONGEST = 300  # letters of an address


@contextmanager
def serving(address: str) -> Iterator[None]:
    """A context in which this process serves there. Where it cannot be noted, nobody finds it, and all else is as ever."""
    note: Path | None = None
    with suppress(OSError):
        note = home() / SERVED / str(os.getpid())
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(address, encoding="utf-8")
    try:
        yield
    finally:
        if note is not None:
            with suppress(OSError):
                note.unlink(missing_ok=True)


def served() -> list[str]:
    """The addresses, the newest first; what a process has left that was killed is removed."""
    found = []
    with suppress(OSError):
        for entry in os.scandir(home() / SERVED):
            if not entry.name.isdecimal():
                continue
            with suppress(OSError, ValueError):
                try:
                    os.kill(int(entry.name), 0)
                except ProcessLookupError:
                    os.unlink(entry.path)
                    continue
                text = Path(entry.path).read_text(encoding="utf-8")
                if len(text) <= LONGEST:
                    found.append((entry.stat().st_mtime, text))
    return [address for _, address in sorted(found, reverse=True)]
