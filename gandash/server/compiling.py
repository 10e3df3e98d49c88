"""Starts the process that compiles rounds, once for a machine (`gandash.worker.compiling`). Nobody waits for it."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from gandash.server.forkserver import environment

log = logging.getLogger("gandash.supervisor")

AFTER_SECONDS = 5.0  # a server that has just been started has more urgent things to do


def start(*arguments: str, outlives: bool = False) -> subprocess.Popen[bytes]:
    """Start the process. It ends at once where there is nothing to compile. Raises OSError where none can be started."""
    return subprocess.Popen(
        [sys.executable, "-m", "gandash.worker.compiling", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if outlives else None,
        env=environment(),
        start_new_session=True,  # Ctrl-C in a terminal is not for it
    )


@contextmanager
def compiling() -> Iterator[None]:
    """A context in which that process works; it is ended when the context is left."""
    try:
        process = start(str(AFTER_SECONDS))
    except OSError as error:
        log.warning("rounds are not compiled, so games are played by torch: %s", error)
        yield
        return
    with process:
        try:
            yield
        finally:
            process.kill()
