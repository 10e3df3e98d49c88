"""Progress bars, in a terminal and in a notebook."""

from __future__ import annotations

import sys
import time
from typing import Any, TextIO

import click

from gandash.exporting.registry import Wanted, export
from gandash.headless.shown import in_jupyter
from gandash.store.reading import StoredRun

PATIENCE_SECONDS = 1.0  # a bar that is not asked for comes after that


class _InPlace:
    """What shows a bar in place as a terminal does, and says that it is none: a notebook."""

    def __init__(self, stream: TextIO) -> None:
        self.write, self.flush = stream.write, stream.flush

    def isatty(self) -> bool:
        return True


def place(is_shown: bool | None) -> tuple[bool, Any]:
    """Whether a bar is seen, by default where there is somebody to see it; and the file it is written to."""
    in_notebook = in_jupyter()
    seen = sys.stderr.isatty() or in_notebook if is_shown is None else is_shown
    if sys.stderr.isatty() or not seen:
        return seen, sys.stderr
    return seen, _InPlace(sys.stdout if in_notebook else sys.stderr)


def exported(run: StoredRun, what: str, wanted: Wanted, is_shown: bool | None = None) -> bytes:
    """A run as a file of this kind, with a bar where that takes longer than a second. Raises as `registry.export` does."""
    began = time.monotonic()
    seen, file = place(is_shown)
    with click.progressbar(length=1000, label=what, file=file, hidden=True) as bar:

        def told(done: float) -> None:
            bar.hidden = not seen or time.monotonic() - began < PATIENCE_SECONDS
            bar.update(int(1000 * done) - bar.pos)

        return export(run, what, wanted, told)
