"""What is recorded of a run: from it the run goes on bit for bit, and shows what it showed; no game waits for the disk."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from waiting import PATIENCE_SECONDS
from worker.test_loop import Stage

from gandash.config import GameConfig
from gandash.store.format import EVENTS, BrokenRun
from gandash.store.index import entry_of
from gandash.store.keyframes import state_hash
from gandash.store.reading import StoredRun
from gandash.store.writing import RunWriter
from gandash.wire.browser import Beside
from gandash.wire.facts import Engine
from gandash.wire.messages import End, Pause, Play, Recording, Rewind, SendFrame, Set, Started, Status, StepBy, Unrecorded
from gandash.worker import recording as recording_module
from gandash.worker import restore_points
from gandash.worker.checkpoint import save
from gandash.worker.games import Games
from gandash.worker.keyframe import games_at, play_on, state_of
from gandash.worker.recording import Recorder
from gandash.worker.trajectory import Trajectory

LR_D = "discriminator_optimiser.learning_rate"
KINDS: dict[str, list[tuple[str, Any]]] = {
    "line": [],
    "plane": [("data", {"kind": "ring"}), ("latent.dimension", 2)],
    "scalar": [
        *(("data", {"kind": "point_mass"}), ("generator", {"kind": "point"}), ("discriminator", {"kind": "linear"})),
        *(("regulariser.noise", 1.0), ("regulariser.noise_half_life", 10.0)),
    ],
    "pictures": [("data", {"kind": "bars"})],
}


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a slow machine the disk may take longer than a worker waits for it at its end; these tests ask what it wrote."""
    close = Recorder.close
    monkeypatch.setattr(Recorder, "close", lambda self, seconds=PATIENCE_SECONDS: close(self, seconds))


def recording(directory: Path, **given: Any) -> Recording:
    return Recording(directory=str(directory), id=directory.name, **given)


def play(games: Games, until: int, recorder: Recorder | None = None) -> np.ndarray[Any, Any]:
    """As the loop does; the rows."""
    rows = []
    while games.step < until:
        games.advance(rounds=min(games.free_rounds, until - games.step))
        drained = games.drain()
        rows.append(np.concatenate([own.values for own in drained], axis=1))
        if recorder is not None:
            recorder.rows(games, drained)
    return np.concatenate(rows) if rows else np.empty((0, 0))


def picture(games: Games, hurried: bool) -> bytes:
    return games.picture(1, 0.0, hurried, not hurried)


@pytest.mark.parametrize(
    ("kind", "engine", "hurried"),
    [
        ("line", "torch", True),
        ("line", "compiled", False),
        ("plane", "torch", True),
        ("plane", "torch", False),
        ("plane", "compiled", True),
        ("scalar", "torch", False),
        ("pictures", "torch", True),
        ("pictures", "compiled", False),
    ],
)
def test_a_step_that_is_gone_back_to_shows_what_it_showed(
    tmp_path: Path, tiny: GameConfig, kind: str, engine: Engine, hurried: bool
) -> None:
    """From a keyframe in mid-run on: frames, curves, verdict and facts are the same to the last bit."""
    config = tiny.replace_all(KINDS[kind])
    first, last = (30, 40) if kind == "pictures" else (590, 700)  # pictures are measured every 200 steps, and dear
    games = Games.of([config], engine)
    recorder = Recorder(recording(tmp_path / "run"), games)
    play(games, first // 2, recorder)
    games.set(LR_D, 0.02, None)
    play(games, first, recorder)
    games.observers[0].renew_verdict()
    recorder.keyframe(games)
    middle = (first + last) // 2
    shown, rows = {first: picture(games, hurried)}, []
    rows.append(play(games, middle, recorder))
    games.set("regulariser.r1", 0.25, None)
    shown[middle] = picture(games, hurried)
    rows.append(play(games, last, recorder))
    shown[last] = picture(games, hurried)
    games.observers[0].renew_verdict()
    recorder.close()
    assert not recorder.problem

    run = StoredRun(tmp_path / "run")
    assert run.steps == last and [name.first for name in run.keyframes] == [first]
    for step, frame in shown.items():
        assert picture(games_at(run, step), hurried) == frame, step
    again = games_at(run, first)
    assert again.observers[0].verdict.kind
    again_rows = [play(again, middle)]
    again.repeat(0, run.changes[0][1])
    again_rows.append(play(again, last))
    np.testing.assert_array_equal(np.concatenate(again_rows), np.concatenate(rows))
    again.observers[0].renew_verdict()
    assert again.observers[0].verdict == games.observers[0].verdict
    assert again.observers[0].facts() == games.observers[0].facts()
    assert state_hash(state_of(again)) == state_hash(state_of(games))
    assert again.trajectories[0].changes == games.trajectories[0].changes


def test_what_a_keyframe_knows_of_the_past_matters(tmp_path: Path, tiny: GameConfig) -> None:
    """The comparison above would see it: without the observer's memory, rows, verdict and path are others."""
    games = Games.of([tiny.replace_all(KINDS["scalar"])])
    recorder = Recorder(recording(tmp_path / "run"), games)
    play(games, 600, recorder)
    recorder.keyframe(games)
    recorder.close()
    run = StoredRun(tmp_path / "run")
    whole = games_at(run)
    bare = Games(whole.trajectories)
    assert picture(whole, True) != picture(bare, True)
    assert whole.observers[0].verdict.kind != "waiting" == bare.observers[0].verdict.kind


def test_several_games_go_on_together(tmp_path: Path, tiny: GameConfig) -> None:
    games = Games.of([tiny, tiny.replace(LR_D, 5e-3), tiny.replace("generator.width", 5)], "torch")
    recorder = Recorder(recording(tmp_path / "run", labels=("a", "b", "c")), games)
    play(games, 50, recorder)
    games.set(LR_D, 0.03, 1)
    play(games, 80, recorder)
    recorder.keyframe(games)
    kept = games.snapshot()
    play(games, 90, recorder)
    games.stop(2, kept)
    recorder.stopped(games, 2, 90, "It broke.")
    play(games, 120, recorder)
    frame = picture(games, False)
    recorder.close()
    run = StoredRun(tmp_path / "run")
    assert run.manifest.columns[0] == "0/loss_d" and run.manifest.labels == ("a", "b", "c")
    for found in (games_at(run), _from_the_start(run)):
        assert found.stopped == {2} and picture(found, False) == frame
        assert state_hash(state_of(found)) == state_hash(state_of(games))


def _from_the_start(run: StoredRun) -> Games:
    games = Games.at_the_beginning(run.configs, run.manifest.engines)
    play_on(games, run, run.steps)
    return games


# -------------------------------------------------------------------------------------------------------------- the loop


@pytest.fixture
def stage(tmp_path: Path, tiny: GameConfig) -> Stage:
    return Stage(tmp_path, tiny)


def recorded(stage: Stage, **given: Any) -> Any:
    return stage.start(record=recording(stage.directory / "run", title="A title", owner="me"), **given)


def test_the_worker_records_what_it_plays(stage: Stage, tiny: GameConfig) -> None:
    stage.play(
        (0, recorded(stage, speed=100.0)),
        (0.1, Play()),
        (4.0, Set(path=LR_D, value=0.02)),
        (9.0, SendFrame()),
        (12.0, Pause()),
        (13.0, StepBy(players="D", n=30)),
        (20.0, End()),
        begin=False,
    )
    run = StoredRun(stage.directory / "run")
    assert run.steps == stage.step > 1000 and run.configs == (tiny,) and run.manifest.title == "A title"
    assert [c.kind for c in run.changes[0]] == ["set", *["step"] * 30]
    metrics = run.metrics()
    np.testing.assert_array_equal(metrics.recent.steps, np.arange(1, stage.step + 1))
    assert metrics.columns == stage.events(Started)[0].games[0].facts.columns
    apart = np.diff([name.first for name in run.keyframes])
    assert len(run.keyframes) >= 4 and 400 < apart[0] < 700
    assert len(run.pictures()) > 15 and run.picture(run.pictures()[0])
    agreed: dict[int, bool] = {}
    games = Games.at_the_beginning(run.configs, run.manifest.engines)
    play_on(games, run, run.steps, agreed.__setitem__)
    assert agreed == dict.fromkeys(run.states, True) and len(agreed) == len(run.keyframes)
    assert not stage.events(Unrecorded)


def test_a_run_that_has_not_played_leaves_nothing(stage: Stage) -> None:
    stage.play((0, recorded(stage)), (0.5, SendFrame()), (9.0, Set(path=LR_D, value=0.02)), (20.0, End()), begin=False)
    assert not (stage.directory / "run").exists()


def test_a_run_that_goes_back_is_recorded_as_it_goes_on(stage: Stage) -> None:
    stage.play(
        (0, recorded(stage, speed=100.0)),
        (0.1, Play()),
        (7.0, Set(path=LR_D, value=0.02)),
        (7.5, Rewind(generation=2)),
        (8.0, Set(path=LR_D, value=0.03)),
        (8.1, Play()),
        (11.0, End()),
        begin=False,
    )
    run = StoredRun(stage.directory / "run")
    assert [c.new for c in run.changes[0]] == [0.03] and run.epoch == 1
    np.testing.assert_array_equal(run.metrics().recent.steps, np.arange(1, stage.step + 1))
    assert stage.loop._games is not None
    assert state_hash(state_of(games_at(run))) == state_hash(state_of(stage.loop._games)) == run.states[stage.step].state
    assert state_hash(state_of(_from_the_start(run))) == run.states[stage.step].state


def test_another_worker_goes_on_recording(stage: Stage, tiny: GameConfig) -> None:
    stage.play((0, recorded(stage, speed=100.0)), (0.1, Play()), (3.0, End()), begin=False)
    again = Stage(stage.directory, tiny)
    checkpoint = str(stage.directory / "checkpoint.safetensors")
    start = recorded(again, checkpoint=checkpoint, generation=2, playing=True, speed=100.0)
    again.play((0, start), (2.0, End()), begin=False)
    run = StoredRun(stage.directory / "run")
    assert run.steps == again.step > stage.step and run.epoch == 1 and not again.events(Unrecorded)
    np.testing.assert_array_equal(run.metrics().recent.steps, np.arange(1, again.step + 1))
    assert state_hash(state_of(_from_the_start(run))) == run.states[again.step].state


def test_a_worker_that_is_lost_leaves_no_hole_in_the_curves(
    stage: Stage, tiny: GameConfig, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is lost at the very moment at which its checkpoint is there, between two keyframes."""
    lost = tmp_path_factory.mktemp("lost")

    def save_and_leave(path: Path, trajectories: Sequence[Trajectory]) -> None:
        save(path, trajectories)
        if trajectories[0].step > 700 and not (lost / "run").exists():
            shutil.copytree(stage.directory / "run", lost / "run")
            shutil.copy(path, lost)

    monkeypatch.setattr(recording_module, "SETTLE_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(restore_points, "save", save_and_leave)
    stage.play((0, recorded(stage, speed=100.0)), (0.1, Play()), (6.0, Set(path=LR_D, value=0.02)), (9.0, End()), begin=False)
    left = StoredRun(lost / "run")
    assert left.keyframes[-1].first < 700 < left.last_row
    again = Stage(lost, tiny)
    start = recorded(again, checkpoint=str(lost / "checkpoint.safetensors"), generation=2, playing=True, speed=100.0)
    again.play((0, start), (1.0, End()), begin=False)
    whole, run = StoredRun(stage.directory / "run"), StoredRun(lost / "run")
    assert run.epoch == 1 and run.changes == whole.changes and run.steps == again.step > left.last_row
    found = run.metrics().recent
    np.testing.assert_array_equal(found.steps, np.arange(1, again.step + 1))
    np.testing.assert_array_equal(found.values[: left.last_row], whole.metrics().recent.values[: left.last_row])


def test_a_change_is_noted_though_nothing_is_played_under_it(stage: Stage) -> None:
    """Made in a pause, and killed before the next round."""
    seen: list[list[Any]] = []

    def look() -> None:
        recorder = stage.loop._recorder
        assert recorder is not None
        recorder.settle()
        seen.append([c.new for c in StoredRun(stage.directory / "run").changes[0]])

    stage.play(
        (0, recorded(stage, speed=100.0)),
        (0.1, Play()),
        (2.0, Pause()),
        (5.0, look),
        (5.1, Set(path=LR_D, value=0.02)),
        (5.3, look),
        (6.0, End()),
        begin=False,
    )
    assert seen == [[], [0.02]]


@pytest.mark.parametrize("method", ["rows", "keyframe", "picture", "changes"])
def test_a_full_disk_stops_recording_with_one_word_and_not_the_game(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    stage.play(
        (0, recorded(stage, speed=100.0)),
        (0.1, Play()),
        (6.0, lambda: monkeypatch.setattr(RunWriter, method, full)),
        (6.5, Set(path=LR_D, value=0.02)),
        (20.0, End()),
        begin=False,
    )
    assert stage.step > 1900 and stage.statuses()[-1] is Status.RUNNING
    (told,) = stage.events(Unrecorded)
    assert told.reason == "No space left on device" and told.step > 500 and told.is_kept
    run = StoredRun(stage.directory / "run")
    assert run.keyframes and state_hash(state_of(games_at(run, run.keyframes[-1].first)))


def test_a_folder_that_cannot_be_made_is_said(stage: Stage) -> None:
    (stage.directory / "run").write_text("a file", encoding="utf-8")
    stage.play((0, recorded(stage, speed=100.0)), (0.1, Play()), (3.0, End()), begin=False)
    (told,) = stage.events(Unrecorded)
    assert told.reason and not told.is_kept
    assert stage.step > 200 and (stage.directory / "run").read_text(encoding="utf-8") == "a file"


def test_a_diverged_run_says_so_and_keeps_no_state_of_it(stage: Stage, tiny: GameConfig) -> None:
    rates = {"kind": "gradient_descent", "learning_rate": 10.0}
    config = tiny.replace_all([("generator_optimiser", rates), ("discriminator_optimiser", rates)])
    config = config.replace("objective", "wasserstein")
    stage.play((0, recorded(stage, configs=(config,), playing=True)), (5.0, End()), begin=False)
    run = StoredRun(stage.directory / "run")
    assert stage.statuses()[-1] is Status.DIVERGED and run.verdicts[0] is not None and run.verdicts[0].kind == "diverged"
    for name in run.keyframes:
        assert games_at(run, name.first).is_finite


# ------------------------------------------------------------------------------------------------------------- kill -9

RECORD = """
import os, sys
import pyarrow.parquet
from pathlib import Path
sys.path.insert(0, {tests!r})
from gandash.worker import recording
from gandash.worker.games import Games
from gandash.config import parse_config
from gandash.wire.messages import Recording
from gandash.worker.trajectory import be_reproducible
be_reproducible()
recording.KEYFRAME_SECONDS = recording.ROWS_SECONDS = 0.01
recording.SETTLE_SECONDS = 600.0
recording.PICTURE_SECONDS, recording.SHARE, recording.BYTES_PER_SECOND = 0.002, 0.5, 1e12
home, config = Path({home!r}), parse_config({config!r})
Games.of([config], "torch").advance()
for line in sys.stdin:  # a run each, forked: killed by who asked for it
    if (pid := os.fork()) == 0:
        games = Games.of([config], "torch")
        name = line.strip()
        recorder = recording.Recorder(Recording(directory=str(home / "runs" / name), id=name), games)
        settled = 0
        while True:
            for _ in range(5):
                games.advance()
            if games.step % 100 == 0:
                games.set("discriminator_optimiser.learning_rate", 1e-3 + 1e-6 * games.step, None)
            recorder.rows(games, games.drain())
            if recorder.wants_keyframe(games, False):
                recorder.keyframe(games)
            recorder.look(games, lambda: games.picture(1, 0.0))
            if games.step % 40 == 0:
                recorder.settle()
                settled = games.step
            print(os.getpid(), settled, flush=True)
    os.waitpid(pid, 0)
    print("gone", flush=True)
"""
KILLS = 50


@pytest.fixture
def killed(tmp_path: Path, tiny: GameConfig) -> Iterator[dict[Path, int]]:
    """Runs whose process was killed at random moments, and up to which step their rows were safe by then."""
    script = RECORD.format(tests=str(Path(__file__).parents[1]), home=str(tmp_path), config=tiny.model_dump(mode="json"))
    moments, safe = random.Random(3), dict[Path, int]()
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for n in range(KILLS):
            folder = tmp_path / "runs" / f"run-{n:02d}"
            print(folder.name, file=process.stdin, flush=True)
            for _ in range(moments.randint(1, 30)):  # how far it is; the disk is at something of its own
                pid, safe[folder] = map(int, process.stdout.readline().split())
            os.kill(pid, signal.SIGKILL)
            while process.stdout.readline() != "gone\n":
                pass
        process.stdin.close()
    yield safe


@pytest.mark.slow
def test_a_run_killed_at_any_moment_is_listed_opens_and_goes_on_the_same(killed: dict[Path, int], tiny: GameConfig) -> None:
    flushed = torch.set_flush_denormal(True)
    try:
        _check_killed(killed, tiny)
    finally:
        torch.set_flush_denormal(False)
    assert flushed


def _check_killed(killed: dict[Path, int], tiny: GameConfig) -> None:
    found: dict[int, list[str]] = {}
    with_keyframe, curves = 0, []
    for folder, safe in killed.items():
        entry = entry_of(folder)
        if entry.problem:  # killed before its manifest was there
            assert not safe and not list(folder.glob("keyframes/*.safetensors")), entry
            continue
        run = StoredRun(folder)
        assert entry.steps == run.steps and all(run.picture(place) for place in run.pictures())
        metrics = run.metrics()
        np.testing.assert_array_equal(metrics.recent.steps, np.arange(1, len(metrics.recent.steps) + 1))
        assert len(metrics.recent.steps) >= safe
        curves.append(metrics.recent.values[:, :2])
        with_keyframe += bool(run.keyframes)
        games = games_at(run)
        assert games.step == run.steps
        found.setdefault(games.step, []).append(state_hash(state_of(games)))
    assert with_keyframe > KILLS // 2
    reference, losses = Games.of([tiny], "torch"), []
    for step in range(max(found) + 1):
        if step % 100 == 0 and step:
            reference.set(LR_D, 1e-3 + 1e-6 * step, None)
        if step in found:
            ours = state_hash(state_of(reference))
            assert all(theirs == ours for theirs in found[step]) or step % 100 == 0, step
        reference.advance()
        losses.append(reference.drain()[0].values[0, :2])
    for curve in curves:
        np.testing.assert_array_equal(curve, np.reshape(losses[: len(curve)], (-1, 2)))


def test_a_keyframe_of_another_game_is_refused_in_words(tmp_path: Path, tiny: GameConfig) -> None:
    for name, config in (("one", tiny), ("other", tiny.replace("generator.width", 6))):
        games = Games.of([config], "torch")
        recorder = Recorder(recording(tmp_path / name), games)
        play(games, 10, recorder)
        recorder.keyframe(games)
        recorder.close()
    keyframe = next((tmp_path / "one" / "keyframes").iterdir())
    next((tmp_path / "other" / "keyframes").iterdir()).replace(keyframe)
    run = StoredRun(tmp_path / "one")
    assert games_at(run).step == 10  # played again from the beginning
    log = tmp_path / "one" / EVENTS
    log.write_bytes(log.read_bytes() + json.dumps({"kind": "set", "step": 5, "path": "run.batch", "new": -1}).encode() + b"\n")
    with pytest.raises(BrokenRun, match="does not fit"):
        games_at(StoredRun(tmp_path / "one"))


def test_a_disk_that_does_not_keep_up_ends_recording(tmp_path: Path, tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording_module, "WAITING", 3)
    monkeypatch.setattr(recording_module, "ROWS_SECONDS", 0.0)
    monkeypatch.setattr(recording_module.Recorder, "_work", lambda self: None)  # never takes anything
    games = Games.of([tiny], "torch")
    recorder = Recorder(recording(tmp_path / "run"), games)
    play(games, 10, recorder)
    assert recorder.news() == "the disk does not keep up" and recorder.news() == ""


def test_a_picture_brings_along_what_was_said_beside_it(tmp_path: Path, tiny: GameConfig) -> None:
    """Facts and verdict as they were, not as they have become; a game that has diverged is said to have."""
    games, clock = Games.of([tiny, tiny.replace("run.seed", 5)], "torch"), [0.0]
    recorder = Recorder(recording(tmp_path / "run"), games, lambda: clock[0])
    beside = {}
    for step in (20, 40, 60):
        play(games, step, recorder)
        if step == 40:
            games.set("objective", "hinge", 0)
        if step == 60:
            recorder.diverged({1: "It ran away."}, step)
        clock[0] += 10
        recorder.look(games, lambda: games.picture(1, 0.0))
        beside[step] = [(o.facts(), o.verdict.title) for o in games.observers]
    recorder.close()
    run = StoredRun(tmp_path / "run")
    shown = {p.step: Beside.model_validate_json(run.picture_and_words(p).beside).games for p in run.pictures()}
    assert shown.keys() == beside.keys()
    for step, said in beside.items():
        assert [own.facts for own in shown[step]] == [facts for facts, _ in said]
        assert shown[step][0].verdict.title == said[0][1] and shown[step][0].verdict.step == step
    assert shown[20][0].facts != shown[40][0].facts
    assert [own.verdict.title for own in shown[60]][1] == "Diverged" and shown[40][1].verdict.title != "Diverged"
