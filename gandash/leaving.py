"""Ctrl-C: while modules are being imported the process ends at once, in one line; later what is in play ends well.

An import that is broken off leaves a traceback from wherever it was, and torch's takes badly to it. Nothing has been played by
then, so nothing is lost. Imports nothing that takes time: this has to be ready before anything else is.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def leaving_at_once() -> Iterator[None]:
    """Inside, Ctrl-C or a request to terminate ends the process with status 128 + the signal's number, and no unwinding."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(number: int, _: FrameType | None) -> None:
    os.write(2, b"Interrupted before anything was played.\n")
    os._exit(128 + number)


@contextmanager
def first_signal() -> Iterator[list[int]]:
    """A list that the first Ctrl-C or request to terminate puts its number in; a second one acts at once, as ever.

    Signals come to a process's main thread alone; played on another one, nothing is caught.
    """
    caught: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield caught
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def catch(number: int, _: FrameType | None) -> None:
        caught.append(number)
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    for number in before:
        signal.signal(number, catch)
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
