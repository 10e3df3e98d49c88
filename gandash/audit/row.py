"""One number that is shown, the same number found independently, and how far apart they may be."""

from __future__ import annotations

import math
from dataclasses import dataclass

SIGMAS = 4.0  # of both numbers' own sampling errors, which are granted: one honest number in 16,000 is further off


@dataclass(frozen=True)
class Known:
    """A number found independently: its value, its standard error, and how it was found."""

    value: float
    error: float
    how: str


@dataclass(frozen=True)
class Row:
    """`granted` is what the shown number may be off beside sampling errors, and `why` says for what reason.

    `sampling` is the standard error of the shown number, from how many samples it is made.
    """

    name: str
    shown: float
    known: Known
    granted: float = 0.0
    why: str = ""
    sampling: float = 0.0

    @property
    def tolerance(self) -> float:
        """How far apart the two may be."""
        return self.granted + SIGMAS * math.hypot(self.known.error, self.sampling) + 1e-6 * (1 + abs(self.known.value))

    @property
    def passed(self) -> bool:
        """Whether they are no further apart. Where nobody knows the number, it must not be shown: NaN agrees with NaN alone."""
        if math.isnan(self.shown) or math.isnan(self.known.value):
            return math.isnan(self.shown) and math.isnan(self.known.value)
        return self.shown == self.known.value or abs(self.shown - self.known.value) <= self.tolerance


@dataclass(frozen=True)
class Unaudited:
    """A number that is shown and cannot be found again here, and why."""

    name: str
    why: str
