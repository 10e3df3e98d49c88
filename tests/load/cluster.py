"""What a sweep costs on a Ray cluster: beside the same on local processes, and what limits it when there are more cores.

    python tests/load/cluster.py [--points 8] [--seeds 4] [--steps 2000] [--only ray|driver]

First a sweep of the ring's learning rates, 2 x 32, by local processes and by a Ray cluster of this machine with as many cores,
in turn, in cells a second. Both start their processes and end them within that time.

Then what a part costs whoever asks for parts (this process: it sends, waits, and writes the table), with stand-ins for games,
which only wait, so that 2, 4, 8, 16 at a time need no cores: the CPU time of this process a part, and a cell of parts of this
size. Its inverse is the pace at which this process is busy all the time: the limit. The load that others make is printed too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parents[2]))

from gandash.cluster import arriving
from gandash.game.compiled.making import make_ready
from gandash.presets import PRESETS
from gandash.sweeps.axes import Axis
from gandash.sweeps.cluster import connected
from gandash.sweeps.local import play_missing
from gandash.sweeps.planning import PART_SECONDS, planned
from gandash.sweeps.playing import play
from gandash.sweeps.results import Results
from gandash.sweeps.sweep import Sweep

CORES = 2
STAND_IN_PARTS, STAND_IN_SECONDS = 200, 0.2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("points", 8), ("seeds", 4), ("steps", 2000), ("pairs", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--only", choices=["ray", "driver"])
    given = parser.parse_args()
    make_ready()
    sweep = ring(given.points, given.seeds, given.steps)
    if given.only != "driver":
        with LocalCluster(CORES) as address:
            for _ in range(given.pairs):
                here, there = local_pace(sweep), cluster_pace(sweep, address)
                told = f"{there:.2f} cells/s by Ray : {here:.2f} by {CORES} processes, {there / here:.2f}"
                print(f"{sweep.count} games: {told}; {load()}")
    if given.only != "ray":
        costs(sweep)


def ring(points: int, seeds: int, steps: int) -> Sweep:
    widths = [("generator.width", 32), ("discriminator.width", 32)]
    rates = [f"{player}_optimiser.learning_rate=1e-4:1e-1:{points}log" for player in ("generator", "discriminator")]
    base = PRESETS["ring"].config.replace_all(widths)
    return Sweep(base=base, axes=tuple(map(Axis.of, rates)), seeds=seeds, steps=steps, preset="ring")


class LocalCluster:
    """Of this machine, with so many cores; its address."""

    def __init__(self, cores: int) -> None:
        from ray.cluster_utils import Cluster

        os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
        self._folder = tempfile.mkdtemp(prefix="gandash-ray-")
        os.environ["RAY_TMPDIR"] = self._folder  # not `temp_dir`: see clusters.py
        given = {"num_cpus": cores, "object_store_memory": 200 * 2**20, "include_dashboard": False}
        self._cluster: Any = Cluster(True, head_node_args=given)

    def __enter__(self) -> str:
        return str(self._cluster.address)

    def __exit__(self, *_: object) -> None:
        self._cluster.shutdown()
        shutil.rmtree(self._folder, ignore_errors=True)


def local_pace(sweep: Sweep) -> float:
    """Cells a second."""
    with tempfile.TemporaryDirectory() as folder:
        results = Results.begin(Path(folder) / "sweep", sweep, planned(sweep))
        began = time.monotonic()
        (*_, last) = play_missing(results, CORES)
        assert last.cells == sweep.count and not results.missing()
        return sweep.count / (time.monotonic() - began)


def cluster_pace(sweep: Sweep, address: str) -> float:
    """Cells a second."""
    with tempfile.TemporaryDirectory() as folder:
        results = Results.begin(Path(folder) / "sweep", sweep, planned(sweep))
        began = time.monotonic()
        with connected(address) as there:
            (*_, last) = there.play_missing(results)
        assert last.cells == sweep.count and not results.missing()
        return sweep.count / (time.monotonic() - began)


def costs(sweep: Sweep) -> None:
    """With stand-ins, at 2, 4, 8 and 16 at a time."""
    part = planned(sweep)[0]
    table = play({"sweep": sweep.model_dump(mode="json"), "cells": list(part.cells)})
    print(f"a part: {len(part.cells)} cells, {table.nbytes:,} bytes; {load()}")

    def stand_in(*asked: object) -> tuple[str, Any]:
        time.sleep(STAND_IN_SECONDS)
        return "", (STAND_IN_SECONDS, table)

    for cores in (2, 4, 8, 16):
        with LocalCluster(cores) as address, tempfile.TemporaryDirectory() as folder, connected(address) as there:
            parts = [type(part)(number, part.cells, part.cell_seconds) for number in range(STAND_IN_PARTS)]
            results = Results.begin(Path(folder) / "sweep", sweep, parts)
            with patch.object(arriving, "call", stand_in):
                warm = 4 * cores
                at = there.play_missing(results)
                while next(at).cells < warm * len(part.cells):
                    pass
                began, cpu = time.monotonic(), time.process_time()
                (*_, last) = at
            played = STAND_IN_PARTS - warm
            each = (time.process_time() - cpu) / played
            assert last.cells == STAND_IN_PARTS * len(part.cells)
            wall = time.monotonic() - began
            print(
                f"{cores:3} at a time: {1000 * each:6.2f} ms of CPU a part, {1e6 * each / len(part.cells):6.0f} us a cell; "
                f"{played / wall:.1f} parts/s of {cores / STAND_IN_SECONDS:.0f}; busy all the time at {1 / each:,.0f} parts/s, "
                f"which {PART_SECONDS / each:,.0f} cores make that need {PART_SECONDS:.0f} s for a part; {load()}"
            )


def load() -> str:
    return "load " + " ".join(f"{x:.1f}" for x in os.getloadavg())


if __name__ == "__main__":
    main()
