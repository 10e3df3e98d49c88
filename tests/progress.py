"""How far the suite is: a line every half minute, also where the output is no terminal and one test takes minutes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import pytest

SECONDS = 30.0


class Progress:
    """Counts tests by what pytest tells of them; `write` gets the lines."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._write, self._clock, self._began = write, clock, clock()
        self._total = self._done = 0
        self._failed: set[str] = set()
        self._running: dict[str, float] = {}
        self._over = threading.Event()

    def line(self) -> str:
        """For instance `[3:20] 120 of 1180 tests done (10 %), 1 failed; at tests/test_cli.py::test_version (12 s)`."""
        now = self._clock()
        minutes, seconds = divmod(int(now - self._began), 60)
        share = f" ({100 * self._done // self._total} %)" if self._total else ""
        running = list(self._running.items())  # a copy: tests start and end meanwhile
        at = ", ".join(f"{name} ({now - since:.0f} s)" for name, since in running)
        told = f"{self._done} of {self._total or '?'} tests done{share}, {len(self._failed) or 'none'} failed"
        return f"[{minutes}:{seconds:02}] {told}" + (f"; at {at}" if at else "")

    def _tell(self) -> None:
        while not self._over.wait(SECONDS):
            self._write(self.line())

    def pytest_sessionstart(self) -> None:
        threading.Thread(target=self._tell, name="progress", daemon=True).start()

    def pytest_sessionfinish(self) -> None:
        self._over.set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._total = len(session.items) or self._total

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        self._total = len(ids)  # every worker collects all of them

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running[nodeid] = self._clock()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        if report.when == "teardown":
            self._running.pop(report.nodeid, None)
            self._done += 1
