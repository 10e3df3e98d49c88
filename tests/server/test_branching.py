"""The server's side of a branch: what it begins with, what it is called, and what it can be compared with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from server.test_recording import Deaf
from store.writing_runs import LR, change, manifest, rows, values, written
from telling import line_facts

from gandash.presets import PRESETS
from gandash.server.admission import Refusal
from gandash.server.branching import beside_parent
from gandash.server.history import Cursor
from gandash.server.origin import BranchPoint
from gandash.server.recording import Records
from gandash.server.run import Run
from gandash.store.format import BrokenRun
from gandash.store.metrics import Rows
from gandash.wire.frame import pack
from gandash.wire.messages import METRICS, Saved, Set, Start, Started, StartedGame

PRESET = PRESETS["two-modes"]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run of 300 steps, whose learning rate was changed at 100."""
    monkeypatch.setenv("GANDASH_RECORD", "1")
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    where = tmp_path / "runs" / manifest().id
    written(where, configs=(PRESET.config.model_dump(mode="json"),)).close()
    return where


class Hearing(Deaf):
    def __init__(self) -> None:
        super().__init__()
        self.sent: list[object] = []

    def send(self, command: object) -> None:  # type: ignore[override]
        self.sent.append(command)
        if isinstance(command, Start):
            self.starts.append(command)


def make(point: BranchPoint, tmp_path: Path) -> tuple[Run, Hearing]:
    worker, records = Hearing(), Records()
    record = lambda origin, labels: records.new("me", origin, labels)  # noqa: E731
    config = point.configs[0]
    return Run(config, point.origin.title, 30.0, tmp_path / "w", lambda: worker, record, point), worker  # type: ignore[arg-type, return-value]


def begin(run: Run, worker: Hearing, step: int) -> None:
    start = worker.starts[-1]
    games = tuple(
        StartedGame(config=c, changes=(change(100),), facts=line_facts("loss_d", "loss_g", "jsd")) for c in start.configs
    )
    run.on_event(worker, Started(generation=start.generation, step=step, games=games))  # type: ignore[arg-type]


def test_a_branch_has_the_settings_of_its_step(folder: Path, tmp_path: Path) -> None:
    before, after = BranchPoint.of(folder, 99), BranchPoint.of(folder, 250)
    assert before.configs == (PRESET.config,)
    assert after.configs == (PRESET.config.with_live(LR, 0.5),)
    run, worker = make(after, tmp_path)
    (start,) = worker.starts
    assert start.branch == after.command and start.configs == after.configs and start.speed == 30.0 and not start.playing
    assert start.record is not None and start.record.parent == (manifest().id, 250)
    assert start.record.title == f"{PRESET.title}, from step 250" and start.record.preset == PRESET.name
    assert run.branched == after and run.origin == PRESET.title and not run.is_changed
    for step in (-1, 301):
        with pytest.raises(BrokenRun, match="has not come to step"):
            BranchPoint.of(folder, step)


def test_its_curves_begin_with_those_of_its_parent(folder: Path, tmp_path: Path) -> None:
    """And rows that the folder has not yet come from the trainer, some of which it has."""
    run, worker = make(BranchPoint.of(folder, 250), tmp_path)
    begin(run, worker, 250)
    newest: Rows = rows(200, 260)
    label = {"kind": "metrics", "generation": worker.starts[-1].generation}
    run.on_bytes(worker, METRICS, pack(label, {"step": newest.steps, "rows": newest.values}))  # type: ignore[arg-type]
    assert run._history is not None
    arrays = run._history.patch(Cursor()).arrays
    assert list(arrays["recent_step"]) == list(range(1, 261))
    np.testing.assert_array_equal(arrays["recent"], values(np.arange(1, 261)))


def test_a_branch_that_begins_anew_is_none_any_more(folder: Path, tmp_path: Path) -> None:
    run, worker = make(BranchPoint.of(folder, 250), tmp_path)
    begin(run, worker, 250)
    assert run.reconfigure(run.config.replace("generator.width", 5)) == ""
    assert run.branched is None and worker.starts[-1].branch is None and worker.starts[-1].record.parent is None  # type: ignore[union-attr]


def test_a_branch_is_compared_with_what_it_left_from_there_on(folder: Path, tmp_path: Path) -> None:
    point = BranchPoint.of(folder, 250)
    run, worker = make(point, tmp_path)
    begin(run, worker, 250)
    assert "differs in nothing" in run.compare_with_parent() and len(worker.starts) == 1
    assert run.reconfigure(run.config.with_live(LR, 0.001)) == ""
    checkpoint = tmp_path / "w" / "checkpoint.safetensors"
    checkpoint.touch()
    saved = Saved(generation=worker.starts[-1].generation, step=250, path=str(checkpoint))
    run.on_event(worker, saved)  # type: ignore[arg-type]
    assert run.compare_with_parent() == ""
    start = worker.starts[-1]
    assert start.branch == point.command and start.configs == point.configs * 2
    assert worker.sent[-1] == Set(path=LR, value=0.001, member=1) or worker.sent[-2] == Set(path=LR, value=0.001, member=1)
    assert [c.discriminator_optimiser.learning_rate for c in run.configs] == [0.5, 0.001]
    assert run.labels == ("parent: lr_D 0.5", "branch: lr_D 1e-3")
    begin(run, worker, 250)
    assert run._history is not None and run._history.patch(Cursor()).arrays["recent"].shape == (250, 6)
    assert run.end_comparison() == "" and run.branched == point


def test_what_acts_from_step_0_on_is_no_difference_between_branch_and_parent() -> None:
    with pytest.raises(Refusal, match="acts from step 0 on alone"):
        beside_parent(PRESET.config, PRESET.config.replace("generator.width", 5))
