"""How far the suite says it is."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from progress import Progress


def told(progress: Progress, nodeid: str, *outcomes: tuple[str, bool]) -> None:
    for when, failed in outcomes:
        report: Any = SimpleNamespace(nodeid=nodeid, when=when, failed=failed)
        progress.pytest_runtest_logreport(report)


def test_a_line_tells_what_is_done_what_failed_and_what_is_played_now() -> None:
    now = [100.0]
    progress = Progress(lambda line: None, lambda: now[0])
    assert progress.line() == "[0:00] 0 of ? tests done, none failed"
    progress.pytest_xdist_node_collection_finished(["a", "b", "c", "d"])
    for name in ("a", "b", "c"):
        progress.pytest_runtest_logstart(name)
    told(progress, "a", ("setup", False), ("call", False), ("teardown", False))
    told(progress, "b", ("setup", False), ("call", True), ("teardown", True))  # one test that failed, not two
    now[0] += 200
    assert progress.line() == "[3:20] 2 of 4 tests done (50 %), 1 failed; at c (200 s)"
