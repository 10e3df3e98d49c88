"""What the worker does beside playing may take a share of the time, and no more."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Clocks:
    """Seconds that pass, and the seconds of CPU time that this thread gets. On a machine with nothing else to do, a thread that
    never waits gets as much as passes; where thirty games share two cores, it gets a fifteenth."""

    passed: Callable[[], float]
    cpu: Callable[[], float]


class Share:
    """Says when a duty is due again, so that it takes at most a `share` of the time: after `least` seconds at the earliest, and
    after `longest` at the latest, whatever it takes.

    The share is of the time that passes or of the thread's CPU time, whichever allows it sooner. By the time that passes alone,
    a busy machine would count against the duty what others took while it waited for the processor, and put it off for seconds.
    """

    def __init__(self, share: float, least: float, clocks: Clocks, longest: float = math.inf) -> None:
        self._share, self._least, self._longest, self._clocks = share, least, longest, clocks
        self._earliest = self._due = self._due_by_cpu = -math.inf

    def seconds_left(self, now: float) -> float:
        """Until it is due, if nothing else takes CPU time before; 0 when it is."""
        if self._clocks.cpu() >= self._due_by_cpu:
            return max(0.0, self._earliest - now)
        return max(0.0, self._due - now)

    @contextmanager
    def doing(self) -> Iterator[None]:
        """The duty is done in this block."""
        began, began_by_cpu = self._clocks.passed(), self._clocks.cpu()
        yield
        self._earliest = began + self._least
        spaced = min((self._clocks.passed() - began) / self._share, self._longest)
        self._due = max(self._earliest, began + spaced)
        self._due_by_cpu = began_by_cpu + (self._clocks.cpu() - began_by_cpu) / self._share
