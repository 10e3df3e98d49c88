"""The whole run's curves in bounded memory, and what a viewer still lacks of them.

Lossless for the newest RECENT steps. Over the whole run each row covers `stride` steps with their mean, minimum and maximum
(a mean alone would average an oscillation into a calm line); when CAPACITY rows are full, neighbours merge and the stride
doubles.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gandash.store.metrics import Envelope, Metrics
from gandash.wire.frame import Arrays

CAPACITY = 1024
RECENT = 1024

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]


@dataclass(frozen=True)
class Cursor:
    """How far one viewer has been served."""

    epoch: int = -1  # of the rows it holds: merging or cutting starts a new one
    rows: int = 0  # whole-run rows it holds that can no longer change
    step: int = -1  # newest raw step it holds


@dataclass(frozen=True)
class Patch:
    """What a viewer lacks: whole-run rows from `first` on replace its own, each of `stride` steps; `fresh` says that the newest
    steps are sent anew."""

    stride: int
    first: int
    fresh: bool
    arrays: Arrays
    cursor: Cursor


class History:
    """Append rows of consecutive steps; read patches. Safe to use from several threads.

    A value that was not measured (NaN) counts for nothing: means, minima and maxima are taken over the others.
    """

    def __init__(self, columns: int) -> None:
        self._lock = threading.Lock()
        self._sum = np.zeros((CAPACITY, columns), dtype=np.float64)
        self._measured = np.zeros((CAPACITY, columns), dtype=np.int64)  # values behind each sum
        self._low = np.full((CAPACITY, columns), np.nan, dtype=np.float32)
        self._high = np.full((CAPACITY, columns), np.nan, dtype=np.float32)
        self._last_step = np.zeros(CAPACITY, dtype=np.int32)  # of each row
        self._room = 0  # steps that the newest row can still take in
        self._raw = np.full((RECENT, columns), np.nan, dtype=np.float32)
        self._raw_steps = np.full(RECENT, -1, dtype=np.int32)
        self.stride = 1
        self._rows = 0
        self._epoch = 0

    @classmethod
    def of(cls, metrics: Metrics, games: int = 1) -> History:
        """The curves of a recorded run, to be gone on with: once for each of so many `games` that have them in common."""
        self = cls(len(metrics.columns) * games)
        older, recent = metrics.envelope, metrics.recent
        last = int(max([*older.last[-1:], *recent.steps[-1:]], default=0))
        while last > self.stride * (
            CAPACITY - 2
        ):  # where the older rows end and the recent ones begin, two may share a stretch
            self.stride *= 2
        rows = [part.grouped(_stretches(part.last, self.stride)) for part in (older, Envelope.of(recent)) if len(part.last)]
        whole = Envelope.together(rows, len(metrics.columns))
        n = self._rows = len(whole.last)
        self._last_step[:n] = whole.last
        with np.errstate(invalid="ignore"):
            self._sum[:n] = np.tile(np.where(whole.count > 0, whole.mean.astype(np.float64) * whole.count, 0), games)
        self._measured[:n] = np.tile(whole.count, games)
        self._low[:n], self._high[:n] = np.tile(whole.low, games), np.tile(whole.high, games)
        self._room = -last % self.stride
        newest = recent[-RECENT:]
        slots = newest.steps % RECENT
        self._raw[slots], self._raw_steps[slots] = np.tile(newest.values, games), newest.steps
        return self

    @property
    def step(self) -> int:
        """The newest step, 0 before the first."""
        with self._lock:
            return int(self._last_step[self._rows - 1]) if self._rows else 0

    def append(self, steps: Ints, values: Floats) -> None:
        """Take in rows `(n, columns)` of the steps `(n,)`, which follow on those already here."""
        with self._lock:
            newest_steps, newest = steps[-RECENT:], values[-RECENT:]
            slots = newest_steps % RECENT
            self._raw[slots], self._raw_steps[slots] = newest, newest_steps
            done = 0
            while done < len(steps):
                if self._room == 0:
                    self._open_row()
                n = min(self._room, len(steps) - done)
                self._take_in(int(steps[done + n - 1]), values[done : done + n])
                self._room -= n
                done += n

    def _open_row(self) -> None:
        if self._rows == CAPACITY:
            self._merge()
        row = self._rows
        self._sum[row], self._measured[row] = 0, 0
        self._low[row] = self._high[row] = np.nan
        self._rows, self._room = row + 1, self.stride

    def _take_in(self, step: int, values: Floats) -> None:
        row, known = self._rows - 1, ~np.isnan(values)
        with np.errstate(invalid="ignore"):  # the infinities of a diverging game: inf - inf is no number, and no surprise
            self._sum[row] += np.where(known, values, 0).sum(axis=0, dtype=np.float64)
        self._measured[row] += known.sum(axis=0)
        self._low[row] = np.fmin(self._low[row], np.fmin.reduce(values))
        self._high[row] = np.fmax(self._high[row], np.fmax.reduce(values))
        self._last_step[row] = step

    def _merge(self) -> None:
        half = CAPACITY // 2
        with np.errstate(invalid="ignore"):
            self._sum[:half] = self._sum[0::2] + self._sum[1::2]
        self._measured[:half] = self._measured[0::2] + self._measured[1::2]
        self._low[:half] = np.fmin(self._low[0::2], self._low[1::2])
        self._high[:half] = np.fmax(self._high[0::2], self._high[1::2])
        self._last_step[:half] = self._last_step[1::2]
        self._rows, self.stride, self._epoch = half, self.stride * 2, self._epoch + 1

    def cut(self, step: int) -> None:
        """Forget everything after `step`: the run went back there. A whole-run row that reaches beyond it goes altogether."""
        with self._lock:
            self._rows = int(np.searchsorted(self._last_step[: self._rows], step, side="right"))
            self._raw_steps[self._raw_steps > step] = -1
            self._room = 0  # the newest row is closed, whatever it holds
            if self._rows == 0:
                self.stride = 1
            self._epoch += 1

    def patch(self, cursor: Cursor) -> Patch:
        """What a viewer at `cursor` lacks, and its new cursor."""
        with self._lock:
            fresh = cursor.epoch != self._epoch
            begin = 0 if fresh else cursor.rows
            known = -1 if fresh else cursor.step
            order = np.argsort(self._raw_steps, kind="stable")
            order = order[self._raw_steps[order] > known]
            closed = self._rows - (self._room > 0)  # the newest row may still grow
            whole = slice(begin, self._rows)
            measured = self._measured[whole]
            with np.errstate(invalid="ignore"):
                mean = np.where(measured > 0, self._sum[whole] / np.maximum(measured, 1), np.nan)
            arrays: Arrays = {
                "step": self._last_step[whole].copy(),
                "mean": mean.astype(np.float32),
                "low": self._low[whole].copy(),
                "high": self._high[whole].copy(),
                "recent_step": self._raw_steps[order],
                "recent": self._raw[order],
            }
            newest = int(self._raw_steps[order[-1]]) if len(order) else known
            return Patch(self.stride, begin, fresh, arrays, Cursor(self._epoch, closed, newest))


def _stretches(last: Ints, stride: int) -> NDArray[np.intp]:
    """Where rows that end at these steps begin another stretch of `stride` steps."""
    return np.flatnonzero(np.diff((last - 1) // stride, prepend=-1))
