"""A class on one machine: how much memory many live runs take, how soon one more draws, and how fast and fairly they all play.

python tests/load/classroom.py [--runs 30] [--seconds 20] [--from-step 0]

The default preset, each run watched by a viewer that takes every frame offered, as a browser does, at most 30 a second; no
browsers, which would be on other machines. Memory is proportional (PSS): what several processes share is counted once.
With --blind nobody asks for pictures but the first: so much they cost. On a machine that has other work count by CPU time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[2]))

from gandash.presets import DEFAULT
from gandash.server.health import Limits
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor
from gandash.wire.browser import Role
from gandash.wire.messages import Pause, Play

FRAME_SECONDS = 1 / 30


class Pupil:
    """One run and its viewer."""

    def __init__(self, keeper: Supervisor, name: str, is_blind: bool = False) -> None:
        asked, self.is_blind = time.monotonic(), is_blind
        self.run: Run = keeper.create(DEFAULT.config, DEFAULT.title, name)
        self._news = threading.Event()
        self._viewer = self.run.attach(Role.STEER, self._news.set)
        self.frames = 0
        while not self._look():
            pass
        self.first_frame_seconds = time.monotonic() - asked
        threading.Thread(target=self._look_on, daemon=True).start()

    def _look(self) -> bool:
        """Wait for news; whether it was a picture."""
        self._news.wait()
        self._news.clear()
        is_new = bool(self.run.next_picture(self._viewer))
        self.frames += is_new
        return is_new

    def _look_on(self) -> None:
        while True:
            time.sleep(FRAME_SECONDS)
            self._viewer.ready = not self.is_blind
            self._news.set()
            while not self._look():
                pass


def proportional_mb() -> dict[str, float]:
    """Of this process and all below it, by name: the sum of their shares of the memory."""
    found: dict[str, float] = {}
    for process in (here := psutil.Process(), *here.children(recursive=True)):
        name = "server" if process is here else process.name()
        found[name] = found.get(name, 0.0) + process.memory_full_info().pss / 1e6
    return found


def cpu_seconds() -> float:
    """That all workers together have had."""
    return sum(sum(process.cpu_times()[:2]) for process in psutil.Process().children(recursive=True))


def paces(pupils: Sequence[Pupil], seconds: float) -> tuple[list[float], list[float], float]:
    """Steps and frames per second of each, all playing together, and steps of all per second of CPU time."""
    for pupil in pupils:
        pupil.run.order(Play())
    while any(p.run.step == 0 for p in pupils):
        time.sleep(0.05)
    time.sleep(2.0)
    began, before, cpu = time.monotonic(), [(p.run.step, p.frames) for p in pupils], cpu_seconds()
    time.sleep(seconds)
    passed, after, cpu = time.monotonic() - began, [(p.run.step, p.frames) for p in pupils], cpu_seconds() - cpu
    for pupil in pupils:
        pupil.run.order(Pause())
    steps, frames = ([(b[i] - a[i]) / passed for a, b in zip(before, after, strict=True)] for i in (0, 1))
    return steps, frames, sum(steps) * passed / cpu


def play_to(pupils: Sequence[Pupil], step: int) -> None:
    for pupil in pupils:
        if step:
            pupil.run.order(Play())
    while any(p.run.step < step for p in pupils):
        time.sleep(0.05)
    for pupil in pupils:
        pupil.run.order(Pause())


def main() -> None:
    os.environ.setdefault("GANDASH_RECORD", "0")  # nothing into the user's home
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--from-step", type=int, default=0, help="play to there first: a young game is measured more often")
    parser.add_argument("--blind", action="store_true")
    given = parser.parse_args()
    keeper = Supervisor(Limits(runs=given.runs + 2, absence_seconds=1e9, grace_seconds=1e9))
    try:
        pupils = [Pupil(keeper, str(i), given.blind) for i in range(given.runs)]
        late = Pupil(keeper, "late")
        for i in range(0, given.runs, 2):
            play_to(pupils[i : i + 2], given.from_step)
        two, _, two_by_cpu = paces(pupils[:2], given.seconds)
        steps, frames, by_cpu = paces(pupils, given.seconds)
        memory = proportional_mb()
        again, _, again_by_cpu = paces(pupils[:2], given.seconds)
        for pupil in pupils:
            pupil.run.order(Play())
        time.sleep(2.0)
        latest = Pupil(keeper, "latest")
    finally:
        keeper.close()
    waits = [p.first_frame_seconds for p in pupils[1:]]
    print(f"from asking to the first frame: {pupils[0].first_frame_seconds:.2f} s for the first, with all imports; then")
    print(f"  {statistics.median(waits):.3f} s (at most {max(waits):.3f}); for one more than {given.runs} ", end="")
    print(f"{late.first_frame_seconds:.3f} s while they stand still, {latest.first_frame_seconds:.3f} s while all play")
    print(f"steps/s: two alone {sum(two):.0f}, and again {sum(again):.0f}; {given.runs} together {sum(steps):.0f},", end=" ")
    print(f"{sum(steps) / statistics.mean([sum(two), sum(again)]):.2f} of it")
    print(f"  per second of the workers' CPU time: {two_by_cpu:.0f}, {again_by_cpu:.0f}; {by_cpu:.0f},", end=" ")
    print(f"{by_cpu / statistics.mean([two_by_cpu, again_by_cpu]):.2f} of it")
    print(f"  each {statistics.median(steps):.1f}; the slowest {min(steps) / statistics.median(steps):.2f} of that")
    print(
        f"frames/s of each viewer: {min(frames):.1f} to {max(frames):.1f}, half of them {statistics.median(frames):.1f} or more"
    )
    parts = ", ".join(f"{name} {mb:.0f}" for name, mb in memory.items())
    print(f"proportional memory of {given.runs + 1} live runs and a spare: {sum(memory.values()) / 1000:.2f} GB (MB: {parts})")


if __name__ == "__main__":
    main()
