"""How fast a sweep is, end to end: beside a plain PyTorch loop that plays the games one by one, and as a map of the ring.

    python tests/load/sweep.py [--points 16] [--seeds 4] [--steps 2000] [--batch 128] [--processes 2]

First 256 games of 2 x 32 at batch 128 without R1, one update of each player a round, against the loop of a tutorial, in
member-steps a second by the clock and by CPU time; what both do beside rounds (processes that start, verdicts) is counted in
ours. Then both learning rates of the ring, 2 x 32, from 1e-4 to 1e-1. The load that others make is printed too.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from gandash.bench.rivals import PlainLoop, duel
from gandash.game.compiled.making import make_ready
from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
from gandash.sweeps.local import play_missing
from gandash.sweeps.planning import planned
from gandash.sweeps.results import Results
from gandash.sweeps.sweep import Sweep
from gandash.worker.trajectory import reproducibly

GAMES, ROUNDS = 256, 1000
LOOP_SECONDS = 10.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("points", 16), ("seeds", 4), ("steps", 2000), ("batch", 128), ("processes", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", choices=["loop", "ring"])
    given = parser.parse_args()
    make_ready()
    if given.only != "ring":
        of_loop, cpu_of_loop = loop_paces()
        base = duel(32, 128)
        axis = Axis.of(f"run.seed={','.join(map(str, range(GAMES)))}")
        seconds, cpu, steps = played(Sweep(base=base, axes=(axis,), steps=ROUNDS), given.processes)
        print(f"{GAMES} games of 2 x 32 at batch 128, {ROUNDS} rounds, on {given.processes} processes, with all beside rounds:")
        print(f"  member-steps/s  {steps / seconds:10,.0f} : {of_loop:,.0f} of the loop, {steps / seconds / of_loop:.1f} times")
        print(
            f"  a second of CPU {steps / cpu:10,.0f} : {cpu_of_loop:,.0f}, {steps / cpu / cpu_of_loop:.1f} times; load {load()}"
        )
    if given.only != "loop":
        widths = [("generator.width", 32), ("discriminator.width", 32), ("run.batch", given.batch)]
        rates = [f"{player}_optimiser.learning_rate=1e-4:1e-1:{given.points}log" for player in ("generator", "discriminator")]
        ring = Sweep(
            base=PRESETS["ring"].config.replace_all(widths),
            axes=tuple(map(Axis.of, rates)),
            seeds=given.seeds,
            steps=given.steps,
            preset="ring",
        )
        seconds, cpu, steps = played(ring, given.processes)
        print(f"ring, 2 x 32, batch {given.batch}, {given.points} x {given.points} x {given.seeds} games, {given.steps} steps:")
        print(f"  {seconds:.0f} s on {given.processes} processes, {cpu:.0f} s of CPU ({1000 * cpu / ring.count:.0f} ms a game)")
        print(f"  {steps / seconds:,.0f} member-steps/s; {cpu / given.processes:.0f} s if the cores were free; load {load()}")


def played(sweep: Sweep, processes: int) -> tuple[float, float, int]:
    """Seconds, seconds of CPU of all processes, and rounds of all games."""
    with tempfile.TemporaryDirectory() as folder:
        began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
        results = Results.begin(Path(folder) / "sweep", sweep, planned(sweep))
        (*_, last) = play_missing(results, processes)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert last.cells == sweep.count and not results.missing()
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return time.monotonic() - began, cpu, last.steps


def loop_paces() -> tuple[float, float]:
    """Rounds of the plain loop a second, and a second of CPU."""
    with reproducibly():
        loop = PlainLoop(duel(32, 128))
        for _ in range(20):
            loop.round()
        began, cpu, rounds = time.monotonic(), time.process_time(), 0
        while time.monotonic() - began < LOOP_SECONDS:
            loop.round()
            rounds += 1
        return rounds / (time.monotonic() - began), rounds / (time.process_time() - cpu)


def load() -> str:
    return " ".join(f"{x:.1f}" for x in os.getloadavg())


if __name__ == "__main__":
    main()
