"""Memory over a long run: the worker's must stay flat, and what the server keeps of a run must be bounded.

    python tests/load/memory.py [--steps 1000000] [--watched]

Plays the default preset at full speed under a supervisor in this process, as the app does, and prints resident memory of both
processes along the way. With `--watched` a viewer takes every frame it can get.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from gandash.presets import DEFAULT
from gandash.server.health import Limits
from gandash.server.supervisor import Supervisor
from gandash.wire.browser import Role
from gandash.wire.messages import Play

MIB = 2**20
POINTS = 40


def main() -> None:
    os.environ.setdefault("GANDASH_RECORD", "0")  # nothing into the user's home
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1_000_000)
    parser.add_argument("--watched", action="store_true", help="a viewer takes frames as fast as they come")
    given = parser.parse_args()
    keeper = Supervisor(Limits(absence_seconds=1e9, grace_seconds=1e9, silence_seconds=1e9, busy_seconds=1e9))
    try:
        run = keeper.create(DEFAULT.config, DEFAULT.title)
        news = threading.Event()
        viewer = run.attach(Role.STEER, news.set)
        run.order(Play())
        while run.step == 0:
            time.sleep(0.1)
        server, worker = psutil.Process(), psutil.Process(run._worker.pid)
        table: list[tuple[int, float, float]] = []
        print(f"{'step':>9} {'worker MiB':>11} {'server MiB':>11}")
        for mark in range(given.steps // POINTS, given.steps + 1, given.steps // POINTS):
            while run.step < mark:
                if run.has_ended or run.status.value != "running":
                    raise SystemExit(f"the run is {run.status.value} at step {run.step}: {run.reason}")
                if given.watched:
                    news.wait(1.0)
                    news.clear()
                    run.next_picture(viewer)
                    viewer.ready = True
                else:
                    time.sleep(0.2)
            table.append((run.step, worker.memory_info().rss / MIB, server.memory_info().rss / MIB))
            print("{:9d} {:11.1f} {:11.1f}".format(*table[-1]), flush=True)
        half = table[len(table) // 2 :]
        for name, column in (("worker", 1), ("server", 2)):
            slope = statistics.linear_regression([r[0] for r in half], [r[column] for r in half]).slope
            print(
                f"{name}: {slope * 1e6:+.2f} MiB per million steps over the second half ({table[0][column]:.1f} at the start)"
            )
    finally:
        keeper.close()


if __name__ == "__main__":
    main()
