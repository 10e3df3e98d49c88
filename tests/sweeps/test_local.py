"""On the cores of one machine: two processes come to what one comes to; whatever is killed costs time alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from gandash.sweeps.local import DEATHS, SweepFailed, play_missing
from gandash.sweeps.planning import planned
from gandash.sweeps.playing import play
from gandash.sweeps.results import BrokenSweep, Results, write_part
from gandash.sweeps.sweep import Sweep

Made = Callable[..., Sweep]
Until = Callable[..., Any]
GAMES = ("generator_optimiser.learning_rate=1e-3:1e-1:4log", "discriminator_optimiser.learning_rate=1e-3:1e-1:4log")


def placed(folder: Path, sweep: Sweep) -> Results:
    return Results.begin(folder, sweep, planned(sweep))


def alone(sweep: Sweep) -> pa.Table:
    """All its games in one part, played here."""
    return play({"sweep": sweep.model_dump(mode="json"), "cells": list(range(sweep.count))})


def same(a: pa.Table, b: pa.Table) -> bool:
    """Bit for bit, whatever the order of columns; NaN is NaN."""
    names = sorted(a.column_names)
    return names == sorted(b.column_names) and bool(a.select(names).to_pandas().equals(b.select(names).to_pandas()))


def test_two_processes_come_to_what_one_part_comes_to_here(small: Made, tmp_path: Path) -> None:
    sweep = small(*GAMES, seeds=2)
    results = placed(tmp_path / "two", sweep)
    assert len(results.parts) > 4
    (*_, last) = play_missing(results, 2)
    assert (last.cells, last.steps) == (32, 32 * 40) and results.missing() == []
    found = results.table()
    assert found["cell"].to_pylist() == list(range(32)) and same(found, alone(sweep))


def test_a_process_that_is_killed_is_replaced_and_nothing_is_lost(small: Made, tmp_path: Path) -> None:
    sweep = small(*GAMES, steps=300)
    results, killed, known = placed(tmp_path / "killed", sweep), [], []

    def started(pids: Sequence[int]) -> None:
        known[:] = pids

    for at in play_missing(results, 2, started=started):
        if at.cells and not killed:
            killed.append(known[0])
            os.kill(known[0], signal.SIGKILL)
    assert killed[0] not in known and len(known) == 2
    assert results.missing() == [] and same(results.table(), alone(sweep))


def test_a_part_that_costs_processes_their_lives_is_given_up(small: Made, tmp_path: Path) -> None:
    results, died = placed(tmp_path / "deadly", small()), []

    def started(pids: Sequence[int]) -> None:
        died.extend(pids)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)

    with pytest.raises(SweepFailed, match=rf"part 0 of the sweep died, {DEATHS} times \(status -9"):
        for _ in play_missing(results, 1, started=started):
            pass
    assert len(died) == DEATHS and len(results.missing()) == len(results.parts)


_DRIVER = """
import sys
from pathlib import Path
from gandash.sweeps.local import play_missing
from gandash.sweeps.results import Results
for at in play_missing(Results.open(Path(sys.argv[1])), 2, started=lambda pids: print(*pids, flush=True)):
    pass
"""


def test_a_sweep_that_is_killed_goes_on_where_it_stopped(small: Made, tmp_path: Path, until: Until) -> None:
    sweep = small(*GAMES, steps=300)
    results = placed(tmp_path / "sweep", sweep)
    driver = subprocess.Popen([sys.executable, "-c", _DRIVER, str(results.folder)], stdout=subprocess.PIPE, text=True)
    assert driver.stdout is not None
    players = [int(pid) for pid in driver.stdout.readline().split()]
    until(lambda: len(results.missing()) < len(results.parts), what="a part that is played")
    driver.kill()
    driver.wait()
    driver.stdout.close()
    until(lambda: not any(_lives(pid) for pid in players), what="the players to notice that nobody listens")
    left = Results.open(results.folder).missing()
    assert 0 < len(left) < len(results.parts)
    body = results.path(results.parts[-1].number)
    body.write_bytes(b"PAR1 and no more")  # what no rename leaves behind, but a disk may
    for _ in play_missing(results, 2):
        pass
    assert same(results.table(), alone(sweep))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_nothing_is_begun_once_the_budget_is_spent_or_somebody_stops_it(small: Made, tmp_path: Path) -> None:
    results = placed(tmp_path / "sweep", small(*GAMES))
    assert [at.cells for at in play_missing(results, 2, budget_seconds=0)] == []
    stopping: list[int] = []
    for at in play_missing(results, 1, is_stopping=lambda: bool(stopping)):
        if at.cells:
            stopping.append(1)
    left = len(results.missing())
    assert 0 < left < len(results.parts), "the part in play was finished, and no other begun"


def test_what_cannot_be_played_is_said_and_what_was_played_is_kept(small: Made, tmp_path: Path) -> None:
    results = placed(tmp_path / "sweep", small())
    manifest = json.loads((results.folder / "sweep.json").read_text())
    first = results.parts[0]
    write_part(results.path(first.number), play(results.description(first)))
    manifest["sweep"]["base"]["run"]["batch"] = 7
    manifest["sweep"]["base"]["regulariser"]["packing"] = 7
    manifest["sweep"]["axes"][0] = {"paths": ["regulariser.packing"], "scale": "list", "given": [7, 3, 7]}
    (results.folder / "sweep.json").write_text(json.dumps(manifest))
    with pytest.raises(SweepFailed, match=r"at regulariser.packing = 3: .*a batch of 7 cannot be cut into packs of 3"):
        for _ in play_missing(Results.open(results.folder), 1):
            pass
    assert first not in results.missing()


def test_a_folder_that_is_taken_or_damaged_is_told_in_words(small: Made, tmp_path: Path) -> None:
    placed(tmp_path / "sweep", small())
    with pytest.raises(BrokenSweep, match="has a sweep already; go on with it by --resume"):
        placed(tmp_path / "sweep", small())
    with pytest.raises(BrokenSweep, match="there is no sweep to be read"):
        Results.open(tmp_path / "none")
    manifest = tmp_path / "sweep" / "sweep.json"
    whole = manifest.read_text()
    manifest.write_text(whole[: len(whole) // 2])
    with pytest.raises(BrokenSweep, match="damaged"):
        Results.open(tmp_path / "sweep")
    manifest.write_text(whole.replace('"version": 1', '"version": 99'))
    with pytest.raises(BrokenSweep, match="version 99"):
        Results.open(tmp_path / "sweep")
    manifest.write_text(whole.replace('"steps": 40', '"steps": 0'))
    with pytest.raises(BrokenSweep, match="steps"):
        Results.open(tmp_path / "sweep")
