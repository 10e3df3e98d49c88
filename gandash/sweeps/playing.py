"""A part of a sweep, played: a function of its description alone, whatever is played beside it, before it, or elsewhere.

**Bit for bit.** Each game is played by itself, on the random numbers of its own seed, from its settings and seed to its last
step, as `gandash.train` plays it with this engine. Compiled code plays each member of a population by itself anyhow, so nothing
is lost. torch's populations do not do: its kernels take 32 numbers or more at once by other code than the last few or one alone
(exp and log by SLEEF there and libm here; whole products of matrices), so the last bits of a game depend on how many are beside
it, and on its place among them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pyarrow as pa
import torch
from safetensors.numpy import save
from torch import Tensor

from gandash.diagnostics.verdict import Verdict
from gandash.game.compiled import disk_cache
from gandash.game.compiled.shelf import Shelf
from gandash.game.round import METRICS
from gandash.store.keyframes import state_hash
from gandash.sweeps.cost import covered
from gandash.sweeps.results import column_of, table_of
from gandash.sweeps.sweep import Cell, Sweep
from gandash.sweeps.watch import Watch
from gandash.wire.browser import VerdictKind
from gandash.words import say
from gandash.worker.cause import cause_of
from gandash.worker.keyframe import states_of
from gandash.worker.trajectory import StateSnapshot, Trajectory, reproducibly

SHELF = Shelf(128 * 2**20)  # games of one seed draw alike, whatever else is changed: about 7 % of their time

Told = Callable[[int, int], None]  # a game's number, and the steps that it was played


def play(part: Mapping[str, Any], told: Told = lambda number, steps: None) -> pa.Table:
    """The games `part["cells"]`, by their numbers, of `part["sweep"]`, as JSON has it: a row each. Calling it twice, anywhere,
    gives the same table. Raises SettingError where a game cannot be."""
    sweep = Sweep.model_validate(part["sweep"])
    rows = []
    with reproducibly():
        for number in part["cells"]:
            row = played(sweep, sweep.cell(number))
            rows.append(row)
            told(number, row["steps"])
    return table_of(rows)


def must_compile(part: Mapping[str, Any]) -> bool:
    """Whether somebody waits for rounds to be compiled before the first game is played: half a minute, once for a machine."""
    sweep = Sweep.model_validate(part["sweep"])
    engine = sweep.engine or covered(sweep.cell(part["cells"][0]).config)
    return engine == "compiled" and not disk_cache.is_ready()


def played(sweep: Sweep, cell: Cell) -> dict[str, Any]:
    """A game to its end: its row."""
    trajectory = Trajectory(cell.config, sweep.engine or covered(cell.config), shelf=SHELF)
    trajectory.prepare()
    watch = Watch(trajectory, sweep.steps)
    row: dict[str, Any] = {"cell": cell.number, "point": cell.point, "seed": cell.seed, "engine": trajectory.engine}
    row |= {axis.name: column_of(value) for axis, value in zip(sweep.axes, cell.values, strict=True)}
    ended, stops = "steps", sorted({*sweep.keep.at, sweep.steps})
    while trajectory.step < sweep.steps:
        until = next(step for step in stops if step > trajectory.step)
        before = trajectory.snapshot()
        last = trajectory.advance(rounds=min(watch.free_rounds, until - trajectory.step), brief=True)
        if _is_broken(trajectory, last):
            ended = "diverged"
            before, last = _one_by_one(trajectory, before)
            break
        watch.follow()
        if trajectory.step in sweep.keep.at:
            row |= {f"{name}@{trajectory.step}": value for name, value in _numbers(watch, last).items()}
        if sweep.stopping.converged and watch.has_converged(sweep.stopping.converged):
            ended = "converged"
            break
    row |= {"steps": trajectory.step, "ended": ended, "converged_since": watch.converged_since}
    row |= _numbers(watch, last) | {f"{name}_floor": floor for name, floor in watch.floors.items()}
    verdict = watch.verdict if ended != "diverged" else _diverged(trajectory, before)
    row |= {"verdict": verdict.kind.value, "title": verdict.title, "reason": verdict.reason}
    if ended == "diverged":  # the last whole state is kept, as of any run
        trajectory.restore(before)
    arrays = states_of([trajectory])
    return row | {"state_hash": state_hash(arrays), "state": save(arrays) if sweep.keep.states else None}


def _is_broken(trajectory: Trajectory, rounds: Tensor) -> bool:
    """Whether these rounds brought a loss or a parameter that is no finite number."""
    return not (bool(torch.isfinite(rounds[:, :2]).all()) and trajectory.is_finite())


def _one_by_one(trajectory: Trajectory, before: StateSnapshot) -> tuple[StateSnapshot, Tensor]:
    """From there on again, up to the round that breaks the game: the state before it, and its numbers."""
    trajectory.restore(before)
    while True:
        before = trajectory.snapshot()
        found = trajectory.advance()
        if _is_broken(trajectory, found):
            return before, found


def _diverged(trajectory: Trajectory, before: StateSnapshot) -> Verdict:
    cause = cause_of(before, trajectory.changes, trajectory.config, trajectory.step)
    return Verdict(VerdictKind.DIVERGED, say("Diverged"), cause.reason)


def _numbers(watch: Watch, rounds: Tensor) -> dict[str, float]:
    """What the last round reported, and what the state after it reads."""
    return dict(zip(METRICS, rounds[-1].tolist(), strict=True)) | watch.readings()
