"""A branch is, at its step, the run that it left, bit for bit; and it needs that one no longer."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from waiting import PATIENCE_SECONDS
from worker.test_loop import Stage
from worker.test_recording import KINDS, LR_D, picture, play, recording

from gandash.config import GameConfig
from gandash.store.format import Parent
from gandash.store.keyframes import state_hash
from gandash.store.reading import StoredRun
from gandash.wire.facts import Engine
from gandash.wire.messages import Branch, End, Pause, Play, Refused, Started, VerdictChanged
from gandash.worker.branching import branched
from gandash.worker.games import Games
from gandash.worker.keyframe import play_on, state_of
from gandash.worker.recording import Recorder


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    close = Recorder.close
    monkeypatch.setattr(Recorder, "close", lambda self, seconds=PATIENCE_SECONDS: close(self, seconds))


def state(games: Games) -> str:
    return state_hash(state_of(games))


class Recorded:
    """A run that is being recorded: 300 steps, settings changed at 60 and 190, keyframes at 100 and 200, pictures."""

    def __init__(self, folder: Path, configs: list[GameConfig], engine: Engine = "torch") -> None:
        self.folder, self.games, self.clock = folder, Games.of(configs, engine), [0.0]
        self.recorder = Recorder(recording(folder), self.games, lambda: self.clock[0])
        self.states: dict[int, str] = {}
        self.frames: dict[int, bytes] = {}
        rows = []
        for step in range(20, 301, 20):
            rows.append(play(self.games, step, self.recorder))
            if step in (100, 200):
                self.recorder.keyframe(self.games)
            self.clock[0] += 1
            self.recorder.look(self.games, lambda: picture(self.games, True))
            self.states[step], self.frames[step] = state(self.games), picture(self.games, False)
            if step in (60, 180):
                self.games.set(LR_D, step * 1e-4, None)
        self.rows = np.concatenate(rows)
        self.settle()

    def settle(self) -> None:
        """Until the disk has what was handed over."""
        done: list[bool] = []
        self.recorder._do(lambda writer: done.append(True))
        while not done:
            assert not self.recorder.problem, self.recorder.problem


@pytest.fixture
def parent(tmp_path: Path, tiny: GameConfig) -> Iterator[Recorded]:
    made = Recorded(tmp_path / "parent", [tiny])
    yield made
    made.recorder.close()


def off(parent: Path, step: int, into: Path | None = None, count: int = 1) -> tuple[Games, Recorder | None, Any]:
    record = recording(into, parent=(parent.name, step)) if into else None
    made = branched(Branch(directory=str(parent), step=step), count, record, lambda: 0.0)
    return made.games, made.recorder, made.rows


@pytest.mark.parametrize("step", [40, 100, 140, 220, 300])
def test_a_branch_is_the_run_that_it_left(parent: Recorded, tmp_path: Path, step: int) -> None:
    """Before the first keyframe, at one, behind a change, and where the newest rows are not on disk yet."""
    games, recorder, _ = off(parent.folder, step, tmp_path / "branch")
    assert games.step == step and recorder is not None
    assert state(games) == parent.states[step] and picture(games, False) == parent.frames[step]
    play(games, step + 50, recorder)
    recorder.keyframe(games)
    recorder.close()
    assert not recorder.problem
    branch = StoredRun(tmp_path / "branch")
    assert branch.manifest.parent == Parent(run="parent", step=step) and branch.steps == step + 50
    found = branch.metrics().recent
    np.testing.assert_array_equal(found.steps, np.arange(1, step + 51))
    np.testing.assert_array_equal(found.values[:step], parent.rows[:step])
    assert [p.step for p in branch.pictures()] == [s for s in parent.frames if s <= step]
    assert len(branch.changes[0]) == (step >= 60) + (step >= 180)
    again = Games.at_the_beginning(branch.configs, branch.manifest.engines)
    agreed: dict[int, bool] = {}
    play_on(again, branch, branch.steps, agreed.__setitem__)
    assert state(again) == state(games) and agreed[step + 50] and all(agreed.values())


@pytest.mark.parametrize(("kind", "engine"), [("plane", "compiled"), ("scalar", "torch"), ("pictures", "torch")])
def test_whatever_the_data_and_whoever_plays(tmp_path: Path, tiny: GameConfig, kind: str, engine: Engine) -> None:
    parent = Recorded(tmp_path / "parent", [tiny.replace_all(KINDS[kind])], engine)
    games, _, _ = off(parent.folder, 160)
    assert state(games) == parent.states[160] and picture(games, False) == parent.frames[160]
    parent.recorder.close()


def test_two_branches_of_one_step_with_other_settings(parent: Recorded, tmp_path: Path) -> None:
    """What each changes is its own, and the parent goes on as if nothing had been."""
    (one, a, _), (other, b, _) = (off(parent.folder, 140, tmp_path / name) for name in ("one", "other"))
    assert a is not None and b is not None
    other.set(LR_D, 0.05, None)
    for games, recorder in ((one, a), (other, b)):
        play(games, 200, recorder)
        recorder.close()
    assert state(one) != state(other)
    assert StoredRun(tmp_path / "other").changes[0][-1].new == 0.05 and len(StoredRun(tmp_path / "one").changes[0]) == 1
    play(parent.games, 400, parent.recorder)
    parent.recorder.keyframe(parent.games)
    parent.recorder.close()
    run = StoredRun(parent.folder)
    assert run.steps == 400 and state(off(parent.folder, 400)[0]) == state(parent.games)
    np.testing.assert_array_equal(run.metrics().recent.steps, np.arange(1, 401))


def test_a_branch_needs_its_parent_no_longer(parent: Recorded, tmp_path: Path) -> None:
    games, recorder, _ = off(parent.folder, 260, tmp_path / "branch")
    assert recorder is not None
    play(games, 280, recorder)
    recorder.close()
    parent.recorder.close()
    shutil.rmtree(parent.folder)
    branch = StoredRun(tmp_path / "branch")
    assert branch.keyframes and all(branch.picture(place) for place in branch.pictures())
    assert state(off(tmp_path / "branch", 240)[0]) == parent.states[240]


def test_a_branch_of_several_games_and_several_of_one(parent: Recorded, tmp_path: Path, tiny: GameConfig) -> None:
    two = Recorded(tmp_path / "two", [tiny, tiny.replace("run.seed", 5)])
    games, _, _ = off(two.folder, 160, count=2)
    assert state(games) == two.states[160]
    two.recorder.close()
    games, recorder, rows = off(parent.folder, 160, tmp_path / "twice", count=2)
    assert recorder is not None and picture(games, False) != parent.frames[160]
    assert all(len(part) == 2 for part in rows)
    games.set(LR_D, 0.05, 1)
    play(games, 200, recorder)
    recorder.close()
    alone, _, _ = off(parent.folder, 160)
    play(alone, 200)
    as_it_was, changed = (own.state.theta for own in games.trajectories)
    assert (as_it_was == alone.trajectories[0].state.theta).all() and (as_it_was != changed).any()
    assert [len(of) for of in StoredRun(tmp_path / "twice").changes] == [1, 2]
    with pytest.raises(ValueError, match="2 games, and 3"):
        off(two.folder, 160, count=3)


def test_the_loop_branches_off_and_tells_the_newest_rows(parent: Recorded, tmp_path: Path, tiny: GameConfig) -> None:
    stage = Stage(tmp_path / "worker", tiny, step_seconds=0.001)
    branch = Branch(directory=str(parent.folder), step=240)
    start = stage.start(branch=branch, record=recording(tmp_path / "branch", parent=("parent", 240)))
    stage.play((0, start), (0.1, Play()), (0.2, Pause()), (0.3, End()), begin=False)
    (begun,) = stage.events(Started)
    assert begun.step == 240 and len(begun.games[0].changes) == 2 and not stage.events(Refused)
    steps = stage.metric_steps()
    assert steps == list(range(201, stage.step + 1)) and stage.step > 240, "from the keyframe on"
    there = off(parent.folder, 240)[0].observers[0].verdict
    told = stage.events(VerdictChanged)[0].verdict
    assert (told.title, told.reason) == (there.title, there.reason) and there.kind != "waiting"
    run = StoredRun(tmp_path / "branch")
    assert run.steps == stage.step and 240 in run.states and run.states[240].state == parent.states[240]


def test_where_there_is_nothing_to_branch_off_the_game_begins_again_and_says_so(tmp_path: Path, tiny: GameConfig) -> None:
    stage = Stage(tmp_path / "worker", tiny)
    start = stage.start(branch=Branch(directory=str(tmp_path / "runs" / "gone"), step=240))
    stage.play((0, start), (0.1, End()), begin=False)
    (refused,) = stage.events(Refused)
    assert "gone is no folder" in refused.message and str(tmp_path) not in refused.message
    assert [event.step for event in stage.events(Started)] == [0]
