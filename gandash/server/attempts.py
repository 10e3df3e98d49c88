"""How often somebody may guess: some wrong tries at once, then slowly more."""

from __future__ import annotations

import threading

KNOWN = 10_000  # names of whom it is kept; each new one beyond makes the oldest forgotten


class Attempts:
    """Counts wrong tries by name (an address) and of all together; each counter runs down by itself. Safe in threads."""

    def __init__(self, each: float, each_per_second: float, all: float, all_per_second: float) -> None:
        """`each`: wrong tries at once of one name, and `all` of all names; so many more are allowed a second."""
        self._each, self._each_rate, self._all, self._all_rate = each, each_per_second, all, all_per_second
        self._wrong: dict[str, tuple[float, float]] = {}  # by name: how many, and when that was so
        self._wrong_of_all = 0.0, 0.0
        self._lock = threading.Lock()

    def may(self, name: str, now: float) -> bool:
        """Whether another try is looked at."""
        with self._lock:
            each = _left(self._wrong.get(name, (0.0, now)), self._each_rate, now)
            return each <= self._each - 1 and _left(self._wrong_of_all, self._all_rate, now) <= self._all - 1

    def note(self, name: str, now: float) -> None:
        """A try was wrong."""
        with self._lock:
            self._wrong[name] = _left(self._wrong.pop(name, (0.0, now)), self._each_rate, now) + 1, now
            self._wrong_of_all = _left(self._wrong_of_all, self._all_rate, now) + 1, now
            while len(self._wrong) > KNOWN:
                self._wrong.pop(next(iter(self._wrong)))


def _left(counted: tuple[float, float], per_second: float, now: float) -> float:
    count, since = counted
    return max(0.0, count - per_second * (now - since))
