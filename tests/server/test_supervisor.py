"""Runs that outlive their workers, and workers that do not outlive their runs."""

from __future__ import annotations

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from telling import line_facts
from waiting import PATIENCE_SECONDS

from gandash.config import GameConfig
from gandash.server import state as state_module
from gandash.server.forkserver import Spawned
from gandash.server.health import Limits, given_up
from gandash.server.members import MARKS
from gandash.server.process import WorkerProcess
from gandash.server.recovery import CRASHES, LOSSES
from gandash.server.run import Run
from gandash.server.supervisor import Supervisor, Unavailable
from gandash.server.viewers import Viewer
from gandash.wire.facts import NullReference
from gandash.wire.frame import pack, unpack
from gandash.wire.messages import (
    FRAME,
    Change,
    Changed,
    Compiling,
    Pause,
    Play,
    Restart,
    Rewind,
    Saved,
    Set,
    Speed,
    Started,
    StartedGame,
    Status,
    StepBy,
)
from gandash.worker.checkpoint import load
from gandash.worker.trajectory import replay

Until = Callable[..., Any]
LR = "discriminator_optimiser.learning_rate"


def nothing() -> None:
    """A viewer's wake that wakes nobody."""


@pytest.fixture(scope="module")
def house() -> Iterator[Supervisor]:
    """One supervisor for the tests that need real workers; its housekeeping runs by itself."""
    keeper = Supervisor(Limits())
    yield keeper
    pids = [r._worker.pid for r in keeper.runs]
    folder = keeper._directory
    keeper.close()
    assert not any(psutil.pid_exists(pid) for pid in pids) and not folder.exists()


@pytest.fixture
def run(house: Supervisor, tiny: GameConfig, until: Until) -> Iterator[tuple[Run, Viewer]]:
    """The house's one run, as good as new: a worker of its own for every test would take long to import torch."""
    living = [r for r in house.runs if not r.has_ended]
    run = living[0] if living else house.create(tiny, "tiny", "me")
    assert not run.begin_anew(tiny, "tiny", None)
    viewer = run.attach("steer", nothing)
    until(lambda: not run._is_outdated and run.status is Status.PAUSED, what="a game")
    yield run, viewer
    run.detach(viewer)


class FakeHouse:
    """A supervisor whose workers are small scripts, and whose housekeeping happens when the test says so."""

    def __init__(self, limits: Limits, code: str) -> None:
        self.code, self.no_more = code, False
        self.workers: list[WorkerProcess] = []
        self.keeper = Supervisor(limits, self._start)

    def _start(self) -> WorkerProcess:
        if self.no_more:
            raise BlockingIOError("Resource temporarily unavailable")
        self.workers.append(WorkerProcess(Spawned([sys.executable, "-S", "-c", self.code])))
        return self.workers[-1]


READY = """
import json, struct, sys, time
def send(kind, body):
    sys.stdout.buffer.write(struct.pack('<cI', kind, len(body)) + body); sys.stdout.buffer.flush()
send(b'E', b'{"type":"ready","pid":1}')
for line in sys.stdin:
    if '"end"' in line: sys.exit()
    if '"start"' in line: break
"""
UNTIL_ITS_END = "for line in sys.stdin:\n    if '\"end\"' in line: break\n"  # what begins a game and ends is lost


def standing(config: GameConfig) -> StartedGame:
    """A game as its worker tells of it."""
    return StartedGame(config=config, changes=(), facts=line_facts("a"))


SILENT = "import sys\n" + UNTIL_ITS_END


@pytest.fixture
def fake_house(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., FakeHouse]]:
    made: list[FakeHouse] = []
    monkeypatch.setattr(Supervisor, "_keep_house", lambda self: None)

    def make(limits: Limits | None = None, code: str = SILENT) -> FakeHouse:
        made.append(FakeHouse(limits or Limits(), code))
        return made[-1]

    yield make
    for house in made:
        house.keeper.close()
        assert not any(w.is_alive for w in house.workers)


# ------------------------------------------------------------------------------------------------------- a run's life


def test_the_spare_is_used_and_replaced(house: Supervisor, tiny: GameConfig, until: Until) -> None:
    spare = until(lambda: house._spare if house._spare is not None and house._spare.is_ready else None, what="a warm worker")
    run = house.create(tiny, "tiny", "me")
    until(lambda: run.facts)
    assert run._worker is spare
    until(lambda: house._spare is not None and house._spare.pid != spare.pid, what="another spare")


def test_a_killed_worker_comes_back_by_itself(run: tuple[Run, Viewer], until: Until) -> None:
    game, viewer = run
    assert not game.order(Speed(steps_per_second=200))
    assert not game.order(Play())
    until(lambda: game.step > 20)
    assert not game.order(Set(path=LR, value=0.25))
    assert game.config.discriminator_optimiser.learning_rate == 0.25  # the page sees it at once
    until(lambda: game.changes)
    assert not game.order(Set(path="run.batch", value=4))
    until(lambda: game._recovery.checkpoint)
    pid, lost_at = game._worker.pid, game.step
    os.kill(pid, signal.SIGKILL)
    until(lambda: game.notice, what="a notice")
    assert "was lost at step" in game.notice and "killed by signal 9" in game.notice and "checkpoint" in game.notice
    until(lambda: not game._is_outdated, what="its return")
    assert game._worker.pid != pid and game.status is Status.RUNNING
    until(lambda: game.step > lost_at, what="progress")
    until(lambda: [c.path for c in game.changes] == [LR, "run.batch"], what="the settings' return")
    assert game.config.discriminator_optimiser.learning_rate == 0.25 and game.config.run.batch == 4
    assert game.notice  # setting them again is no reason to hide what happened
    assert game.speed == 200
    viewer.ready = True
    packets = until(lambda: game.next_picture(viewer))
    label, arrays = unpack(packets[0])
    assert label["generation"] == game.describe("steer").generation and (np.diff(arrays["recent_step"]) == 1).all()
    game.order(Pause())
    assert game.notice
    game.order(Play())
    assert not game.notice  # a person acts again


def test_recovery_goes_on_from_the_checkpoint_and_marks_no_change_twice(run: tuple[Run, Viewer], until: Until) -> None:
    game, _ = run
    for value in (0.1, 0.2):
        game.order(Set(path=LR, value=value))
    game.order(StepBy(n=40))
    until(lambda: game.step == 40)
    path = game.directory / "checkpoint.safetensors"
    until(lambda: load(path)[0].step == 40, what="a checkpoint")
    os.kill(game._worker.pid, signal.SIGKILL)
    until(lambda: game.notice and not game._is_outdated)
    assert (game.step, game.status) == (40, Status.PAUSED)
    assert [c.new for c in game.changes] == [0.1, 0.2]


def test_restart_from_the_socket_and_from_the_page_share_one_count(
    run: tuple[Run, Viewer], tiny: GameConfig, until: Until
) -> None:
    """Whoever asks last is obeyed, and no viewer ever holds rows of two games as one."""
    game, viewer = run
    seen: dict[int, list[int]] = {}
    game.order(Play())
    wanted, first = tiny, game.describe("steer").generation
    for i in range(8):
        if i % 2:
            wanted = wanted.replace("generator.width", 2 + i)
            assert not game.reconfigure(wanted)
        else:
            assert not game.order(Restart(new_seed=True))
            wanted = wanted.replace("run.seed", wanted.run.seed + 1)
        assert not game.order(Set(path="run.batch", value=9 + i))
        wanted = wanted.replace("run.batch", 9 + i)
        if i % 3 == 0:
            until(lambda: not game._is_outdated and game.step > 5)
        deadline = time.monotonic() + 0.1
        while time.monotonic() < deadline:
            for packet in game.next_picture(viewer):
                label, arrays = unpack(packet)
                if label["kind"] == "history":
                    rows = seen.setdefault(label["generation"], [])
                    if label["recent_reset"]:
                        rows.clear()
                    rows += arrays["recent_step"].tolist()
                viewer.ready = True
            time.sleep(0.002)
    until(lambda: not game._is_outdated and game.step > 30)
    assert game.config == wanted and game.status is Status.RUNNING
    until(lambda: [c.path for c in game.changes] == ["run.batch"])
    generation = game.describe("steer").generation
    assert generation == first + 8
    packets = until(lambda: game.next_picture(viewer))
    label, arrays = unpack(packets[0])
    assert label["generation"] == generation
    assert any(seen.values())
    for rows in seen.values():
        assert rows == list(range(1, len(rows) + 1))


def test_settings_ordered_right_after_a_rewind_hold(run: tuple[Run, Viewer], until: Until) -> None:
    game, _ = run
    game.order(StepBy(n=10))
    until(lambda: game.step == 10)
    game.order(Set(path="run.batch", value=5))  # undone by the rewind
    game.order(Rewind())
    game.order(Set(path=LR, value=0.125))
    until(lambda: not game._is_outdated and [c.path for c in game.changes] == [LR])
    assert game.step == 0 and game.config.run.batch == 8 and game.config.discriminator_optimiser.learning_rate == 0.125
    assert "back at step 0" in game.reason


def test_what_cannot_be_is_said_and_changes_nothing(run: tuple[Run, Viewer], tiny: GameConfig) -> None:
    game, _ = run
    for path, value, words in (("generator.width", 8, "restarts"), ("run.batch", -1, "greater"), ("x", 1, "no such")):
        assert words in game.order(Set(path=path, value=value))
    assert game.config == tiny and game.status is Status.PAUSED


def test_a_run_that_ended_says_so(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    game = fake_house().keeper.create(tiny, "tiny")
    viewer = game.attach("steer", nothing)
    game.end("Enough.")
    for refusal in (
        game.order(Play()),
        game.order(Set(path="run.batch", value=4)),
        game.order(Restart()),
        game.reconfigure(tiny.replace("run.seed", 8)),
        game.begin_anew(tiny, "x", None),
    ):
        assert "has ended" in refusal
    assert (game.describe("steer").status, game.reason) == ("ended", "Enough.")
    assert game.next_picture(viewer) == []


def test_changes_that_are_valid_only_together_are_made_together(
    run: tuple[Run, Viewer], tiny: GameConfig, until: Until
) -> None:
    game, _ = run
    only_d = tiny.replace("update_rule", {"kind": "alternating", "discriminator_steps": 1, "generator_steps": 0})
    assert not game.begin_anew(only_d, "only D", None)
    game.order(StepBy(n=5))
    until(lambda: not game._is_outdated and game.step == 5)
    rule = {"kind": "alternating", "discriminator_steps": 0, "generator_steps": 1}
    only_g = only_d.replace("update_rule", rule).replace("run.batch", 16)
    assert game.reconfigure(only_g) == "" and game.config == only_g
    until(lambda: len(game.changes) == 3)
    assert {c.step for c in game.changes} == {5}  # at one step boundary
    game.order(StepBy(n=5))
    path = game.directory / "checkpoint.safetensors"
    until(lambda: game.step == 10 and load(path)[0].step == 10, what="a checkpoint")
    again, kept = replay(only_d, game.changes, 10), load(path)[0]
    assert again.config == kept.config == only_g
    assert np.array_equal(again.state.theta, kept.state.theta) and np.array_equal(again.state.phi, kept.state.phi)


def test_a_checkpoint_cut_short_begins_again_and_says_so(run: tuple[Run, Viewer], until: Until) -> None:
    game, viewer = run
    game.order(StepBy(n=30))
    path = game.directory / "checkpoint.safetensors"
    until(lambda: game.step == 30 and load(path)[0].step == 30, what="a checkpoint")
    path.write_bytes(path.read_bytes()[:-7])
    os.kill(game._worker.pid, signal.SIGKILL)
    until(lambda: game.notice and not game._is_outdated)
    assert (game.step, game.status) == (0, Status.PAUSED)
    assert "checkpoint.safetensors is not a whole checkpoint" in viewer.refusals[-1]
    assert "begins again from step 0" in viewer.refusals[-1]


def test_a_full_disk_is_told_and_the_game_goes_on(run: tuple[Run, Viewer], until: Until) -> None:
    game, _ = run
    resource.prlimit(game._worker.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))  # no file beyond 100 bytes
    try:
        game.order(Play())
        until(lambda: game.notice, what="a word about the disk")
        assert "No checkpoint can be written: File too large. The run goes on" in game.notice
        assert "Free some room" in game.notice
        at = game.step
        until(lambda: game.step > at + 20 and game.status is Status.RUNNING)
    finally:
        resource.prlimit(game._worker.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    path = game.directory / "checkpoint.safetensors"
    until(lambda: load(path)[0].step > at, what="a checkpoint, once there is room again")


def test_a_long_event_log_costs_its_viewers_nothing(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slider dragged for an hour: each look at the run once wrote thousands of labels anew, for every viewer."""
    run = fake_house().keeper.create(tiny, "tiny")
    made: list[str] = []
    label, describe = state_module.mark, Run.describe
    monkeypatch.setattr(state_module, "mark", lambda *given: made.append("mark") or label(*given))
    monkeypatch.setattr(Run, "describe", lambda *given: made.append("describe") or describe(*given))
    run.on_event(run._worker, Started(generation=1, step=0, games=(standing(tiny),)))
    changes = 2000
    for i in range(changes):
        change = Change(kind="set", step=i, path="run.batch", label="batch", old=i, new=i + 1)
        run.on_event(run._worker, Changed(generation=1, change=change, facts=line_facts("a")))
    for _ in range(100):
        version, text = run.state("watch")
    (game,) = json.loads(text)["games"]
    marks = game["marks"]
    assert version == run.version and len(run.changes) == changes
    assert [m["step"] for m in marks] == list(range(changes - MARKS, changes))
    assert (made.count("mark"), made.count("describe")) == (changes, 1)


def test_who_acknowledges_nothing_is_not_even_woken_by_frames(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    run = fake_house().keeper.create(tiny, "tiny")
    woken: list[str] = []
    quick, slow = (run.attach("watch", lambda who=who: woken.append(who)) for who in ("quick", "slow"))
    run.on_event(run._worker, Started(generation=1, step=0, games=(standing(tiny),)))
    woken.clear()
    for _ in range(1000):
        run.on_bytes(run._worker, FRAME, pack({"kind": "frame"}, {}))
        run.next_picture(slow)
        assert run.next_picture(quick)
        quick.ready = True
    assert woken.count("quick") == 1000 and woken.count("slow") == 1
    assert not hasattr(slow, "queue") and len(slow.refusals) == 0  # nothing is kept for it but where it stands


# ------------------------------------------------------------------------------------------------- workers that fail


def test_a_worker_that_dies_at_once_again_and_again_fails_the_run_in_words(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until
) -> None:
    house = fake_house(code="raise SystemExit(7)")
    run = house.keeper.create(tiny, "tiny")
    until(lambda: run.status is Status.FAILED)
    assert f"lost {CRASHES + 1} times in a row" in run.reason and "exit status 7" in run.reason
    assert "has ended" in run.order(Play())
    assert len(house.workers) <= CRASHES + 2
    before = len(house.workers)
    for _ in range(5):
        house.keeper.supervise(time.monotonic())
    assert len(house.workers) <= before + 1  # nor is one spare after another tried


def test_a_worker_that_prints_garbage_fails_the_run_in_words(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until
) -> None:
    house = fake_house(code="import time; print('Segmentation fault', flush=True); time.sleep(60)")
    run = house.keeper.create(tiny, "tiny")
    until(lambda: run.status is Status.FAILED)
    assert "unreadable" in run.reason


def test_when_no_process_can_be_started_the_run_fails_in_words(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until
) -> None:
    house = fake_house()
    run = house.keeper.create(tiny, "tiny")
    house.no_more = True
    os.kill(run._worker.pid, signal.SIGKILL)
    until(lambda: run.status is Status.FAILED)
    assert "unavailable" in run.reason
    with pytest.raises(Unavailable, match="unavailable"):
        house.keeper.create(tiny, "another")


@pytest.mark.parametrize(
    ("past", "seconds", "words"),
    [
        ("heard", 21, "said nothing for 21 s"),
        ("given", 301, "did not start within 300 s"),
        ("answered", 301, "busy with one step"),
    ],
    ids=["silent", "hung at its start", "hung in the game"],
)
def test_a_worker_that_never_answers_is_replaced_and_the_reason_told(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until, past: str, seconds: float, words: str
) -> None:
    house = fake_house(code=SILENT if past == "given" else READY + UNTIL_ITS_END)
    house.workers[0].heard -= 1000  # a spare that has waited long
    until(lambda: past == "given" or house.workers[0].is_ready)
    run = house.keeper.create(tiny, "tiny")
    viewer = run.attach("steer", nothing)
    worker = house.workers[0]
    assert run._worker.pid == worker.pid
    since = getattr(worker, past)
    setattr(worker, past, since - seconds / 2)  # far from the limit: the supervisor's own clock goes on
    house.keeper.supervise(since)
    assert worker.is_alive and run._worker.pid == worker.pid
    setattr(worker, past, since - seconds)
    house.keeper.supervise(since)
    until(lambda: run._worker.pid != worker.pid)
    assert words in run.notice and "begins again" in run.notice
    run.detach(viewer)


def test_the_end_of_a_comparison_gives_back_the_game_before_it(run: tuple[Run, Viewer], tiny: GameConfig, until: Until) -> None:
    run, _ = run
    assert not run.order(StepBy(n=30))
    until(lambda: run.step == 30 and run._history and run._history.step == 30, what="30 steps")
    assert not run.order(Set(path=LR, value=3e-3))
    until(lambda: run.changes, what="the change")
    until(lambda: load(run.directory / "checkpoint.safetensors")[0].step == 30, what="a checkpoint of them")
    before = run.config
    assert not run.compare([tiny.replace("run.seed", seed) for seed in (1, 2, 3)])
    assert run.title == "tiny (compared)"
    until(lambda: len(run.members) == 3, what="three games")
    run.order(StepBy(n=5))
    until(lambda: run.step == 5, what="their steps")
    assert not run.end_comparison()
    until(lambda: not run._is_outdated and len(run.members) == 1, what="the game before")
    assert (run.config, run.step, run.status, run.title) == (before, 30, Status.PAUSED, "tiny")
    assert run._history is not None and run._history.step == 30
    assert not run.reconfigure(before.replace("generator.width", 5))
    assert run.title == "tiny (changed)" and run.is_changed
    assert not run.begin_anew(tiny, "tiny", None) and run.title == "tiny"


def test_an_idle_spare_lives_on_and_a_stopped_one_is_noticed(house: Supervisor, until: Until) -> None:
    """A limit on one step of 1.2 s in place of 300: a worker that waits says so twice a second."""
    spare = until(lambda: (s := house._spare) and s.is_ready and s, 60, "a spare is ready")
    limits = replace(house.limits, busy_seconds=1.2)
    for _ in range(4):  # longer than the limit, and never given up on the way
        before = spare.answered
        until(lambda before=before: spare.answered > before, what="a word of the idle spare")
        assert not given_up(spare, spare.answered + 1.1, limits)
    os.kill(spare.pid, signal.SIGSTOP)
    try:
        until(lambda: "T" in psutil.Process(spare.pid).status().upper(), what="it stands still")
        assert "said nothing for" in given_up(spare, spare.heard + limits.silence_seconds + 1, limits)
    finally:
        os.kill(spare.pid, signal.SIGCONT)


def test_a_long_wait_is_explained(fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until) -> None:
    house = fake_house()
    run = house.keeper.create(tiny, "tiny")
    worker, now = house.workers[0], time.monotonic()
    worker.given = worker.heard = worker.answered = now
    house.keeper.supervise(now + 9)
    assert run.notice == ""
    version = run.version
    house.keeper.supervise(now + 11)
    assert "still starting" in run.notice and run.version > version
    worker.is_ready, run.notice = True, ""
    house.keeper.supervise(now + 11)
    assert "Nothing was heard" in run.notice
    worker.heard, run.notice = now + 10, ""
    house.keeper.supervise(now + 11)
    assert "One step of this game" in run.notice
    run.notice = "The trainer was lost."
    house.keeper.supervise(now + 11)
    assert run.notice == "The trainer was lost."  # what matters more stays


def test_a_spare_that_hangs_is_replaced(fake_house: Callable[..., FakeHouse], until: Until) -> None:
    house = fake_house(code=READY)
    spare = house.workers[0]
    until(lambda: spare.is_ready)
    now = time.monotonic()
    house.keeper.supervise(now + 19)
    assert spare.is_alive
    house.keeper.supervise(now + 60)
    until(lambda: not spare.is_alive)
    house.keeper._no_spare_before = 0.0
    house.keeper.supervise(time.monotonic())
    house.keeper._no_spare_before = 0.0  # the pause before the next try is for workers that cannot start
    house.keeper.supervise(time.monotonic())
    assert len(house.workers) == 2


def test_a_worker_lost_again_and_again_fails_the_run_though_it_makes_progress(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until
) -> None:
    house = fake_house()
    run = house.keeper.create(tiny, "tiny")
    for lost in range(1, LOSSES + 1):
        worker = run._worker
        run._generation = run._asked  # as if it had begun, and saved one step more than ever before
        run.on_event(worker, Saved(generation=run._asked, step=lost, path="x"))
        run.step = lost
        os.kill(worker.pid, signal.SIGKILL)
        until(lambda worker=worker: run._worker is not worker or run.status is Status.FAILED)
    assert run.status is Status.FAILED
    assert f"lost {LOSSES} times within 10 minutes" in run.reason and "Choose a preset" in run.reason


def test_what_befell_another_game_is_not_held_against_this_one(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until
) -> None:
    run = fake_house().keeper.create(tiny, "tiny")
    run.step = 10_000
    begin_again: list[Callable[[], str]] = [
        lambda: run.order(Restart()),
        lambda: run.begin_anew(tiny, "x", None),
        lambda: run.reconfigure(tiny.replace("run.seed", 77)),
    ]
    for again in begin_again * 2:
        for _ in range(CRASHES):
            worker = run._worker
            os.kill(worker.pid, signal.SIGKILL)
            until(lambda worker=worker: run._worker is not worker)
        assert not again()
    assert run.status is Status.PAUSED


def test_a_frame_cut_short_reaches_no_browser(fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until) -> None:
    code = READY + (
        f"game = {{'config': {{}}, 'changes': [], 'facts': json.loads({line_facts('a').model_dump_json()!r})}}\n"
        "started = {'type': 'started', 'generation': 1, 'step': 0, 'games': [game]}\n"
        "send(b'E', json.dumps(started).encode()); send(b'F', (1000).to_bytes(8, 'little') + b'{\"grid\"')\n" + UNTIL_ITS_END
    )
    run = fake_house(code=code).keeper.create(tiny, "tiny")
    viewer = run.attach("steer", nothing)
    until(lambda: run.notice)
    assert "unreadable" in run.notice and "not a whole frame" in run.notice
    assert run.next_picture(viewer) == []


def test_numbers_that_are_none_in_what_a_worker_says_do_not_silence_the_socket(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig
) -> None:
    run = fake_house().keeper.create(tiny, "tiny")
    run.on_event(run._worker, Started(generation=1, step=0, games=(standing(tiny),)))
    facts = line_facts("a", floors={"jsd": NullReference(mean=float("nan"), worst_5pct=1.0)})
    change = Change(kind="set", step=1, path="run.batch", old=1, new=2)
    run.on_event(run._worker, Changed(generation=1, change=change, facts=facts))
    assert '"floors":{"jsd":{"mean":null,"worst_5pct":1.0}}' in run.state("steer")[1]


def test_a_person_is_told_that_rounds_are_compiled_and_no_longer_than_that(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig
) -> None:
    run = fake_house().keeper.create(tiny, "tiny")
    run.on_event(run._worker, Started(generation=1, step=0, games=(standing(tiny),)))
    run.on_event(run._worker, Compiling(generation=1))
    assert "half a minute" in run.notice
    run.on_event(run._worker, Compiling(generation=1, over=True))
    assert run.notice == ""
    run.notice = "something else"
    run.on_event(run._worker, Compiling(generation=1, over=True))
    assert run.notice == "something else"


# -------------------------------------------------------------------------------------------------- room and presence


def test_an_unwatched_run_pauses_then_ends_and_its_worker_and_files_go(
    house: Supervisor, run: tuple[Run, Viewer], until: Until, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        house, "limits", replace(house.limits, silence_seconds=1e9, busy_seconds=1e9)
    )  # time flies in this test
    game, viewer = run
    game.order(Play())
    until(lambda: game.status is Status.RUNNING)
    house.supervise(time.monotonic() + 3600)
    assert game.status is Status.RUNNING  # it is being watched
    game.detach(viewer)
    now = time.monotonic()
    house.supervise(now + 4)
    assert game.status is Status.RUNNING  # a reload takes as long
    house.supervise(now + 6)
    until(lambda: game.status is Status.PAUSED)
    assert house.find(game.id, "me") is game and house.kept_for("me") is game
    house.supervise(now + 601)
    assert game.status is Status.ENDED and "Nobody looked" in game.reason
    assert house.find(game.id, "me") is None and house.kept_for("me") is None
    until(lambda: not psutil.pid_exists(game._worker.pid), what="the worker's end")
    house.supervise(now + 602)
    until(lambda: game not in house.runs and not game.directory.exists(), what="its files' end")  # housekeeping may be at it
    assert house.admit(game.tokens["steer"]) is None


def test_a_page_that_is_loading_renews_the_grace_time(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = fake_house().keeper
    run = keeper.create(tiny, "tiny", "me")
    later = time.monotonic() + keeper.limits.grace_seconds - 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    run.expect_viewer()
    assert run.unwatched_seconds(later + 2) == 2
    viewer = run.attach("steer", lambda: None)
    run.expect_viewer()
    assert run.unwatched_seconds(later + 2) == 0  # somebody looks: nothing to renew
    run.detach(viewer)


def test_too_many_runs_are_refused_in_words_and_unwatched_ones_make_room(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig
) -> None:
    keeper = fake_house(Limits(runs=2)).keeper
    first, second = keeper.create(tiny, "a"), keeper.create(tiny, "b")
    with pytest.raises(Unavailable, match=r"2 runs are alive.*GANDASH_RUNS"):
        keeper.create(tiny, "c")  # both are so new that their pages are still loading
    second.attach("steer", nothing)
    assert first._viewers.absent_since is not None
    first._viewers.absent_since -= 60
    with pytest.raises(Unavailable):
        keeper.create(tiny, "c")  # a slow machine: its page may still come
    first._viewers.expected_until = 0.0
    third = keeper.create(tiny, "c")
    assert first.status is Status.ENDED and "made room" in first.reason
    assert second.status is Status.PAUSED and third.status is Status.PAUSED
    third.attach("watch", nothing)
    with pytest.raises(Unavailable):
        keeper.create(tiny, "d")


def test_the_default_limit_holds(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    keeper = fake_house().keeper
    runs = [keeper.create(tiny, "a") for _ in range(32)]
    with pytest.raises(Unavailable, match=r"32 runs are alive.*allows \(32\).*Try again when"):
        keeper.create(tiny, "one more")
    assert not any(r.has_ended for r in runs)


def test_two_tabs_at_once_do_not_share_what_was_left_behind(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    keeper = fake_house().keeper
    run = keeper.create(tiny, "a", "me")
    assert keeper.kept_for("me") is None  # its own page is still loading
    run.detach(run.attach("steer", nothing))  # it loaded, and was left
    assert keeper.kept_for("me") is run
    assert keeper.kept_for("me") is None  # promised to the first who asked
    assert keeper.find(run.id, "me") is run  # a reload names it
    run._viewers.expected_until = time.monotonic()  # that page never came
    assert keeper.kept_for("me") is run


def test_a_page_that_asks_twice_for_its_run_gets_one(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    """By its script and by its live view, in either order, under the name in its address; other tabs and people get others."""
    keeper = fake_house().keeper

    def arrive(name: str, visitor: str) -> Run:
        return keeper.arrive(name, visitor, lambda: keeper.create(tiny, "a", visitor))

    first = arrive("new-1", "me")
    assert arrive("new-1", "you") is not first and arrive("new-2", "me") is not first
    assert arrive("new-1", "me") is first  # the second half of the page
    assert arrive("new-1", "me") is not first  # another page: a name is good for one
    assert arrive(first.id, "me") is first  # a reload
    lost = arrive("new-3", "me")
    lost.end("over")
    assert arrive("new-3", "me") is not lost
    assert arrive("new-4", "") is not arrive("new-4", "")  # without a cookie there is nobody to promise it to
    left = arrive("new-5", "me")
    left.detach(left.attach("steer", nothing))
    assert arrive("new-6", "me") is left is arrive("new-6", "me")  # the one left behind, to both halves


def test_a_strange_cookie_harms_its_owner_alone(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    keeper = fake_house().keeper
    strange = keeper.create(tiny, "a", "\udcff\x00é")
    strange.detach(strange.attach("steer", nothing))
    assert keeper.kept_for("me") is None and keeper.find(strange.id, "me") is None
    assert keeper.find(strange.id, "\udcff\x00é") is strange and keeper.find(strange.id, "\udcfe\x00é") is None
    assert keeper.admit("\udcff") is None


def test_without_room_for_files_a_run_is_refused_in_words_and_the_next_is_not(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = fake_house().keeper
    with monkeypatch.context() as patch:
        patch.setattr(tempfile, "mkdtemp", lambda **_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(Unavailable, match="No space left on device"):
            keeper.create(tiny, "a")
    shutil.rmtree(keeper._directory)  # a cleaner of temporary files did its work
    run = keeper.create(tiny, "b")
    assert run.directory.is_dir()


def test_a_run_belongs_to_its_visitor_and_tokens_open_one_door_each(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig
) -> None:
    keeper = fake_house().keeper
    run, other = keeper.create(tiny, "a", "me"), keeper.create(tiny, "b", "you")
    nobodys = keeper.create(tiny, "c")
    assert keeper.find(run.id, "me") is run and keeper.find(other.id, "you") is other
    for stranger in ("you", "", "m€", "\udcff", "me "):
        assert keeper.find(run.id, stranger) is None
        assert keeper.kept_for(stranger) is not run
    assert keeper.find(nobodys.id, "") is None
    assert keeper.admit(run.tokens["steer"]) == (run, "steer")
    assert keeper.admit(run.tokens["watch"]) == (run, "watch")
    assert keeper.admit("") is None and keeper.admit("ü") is None
    tokens = [t for r in keeper.runs for t in r.tokens.values()]
    assert len(set(tokens)) == 6 and min(map(len, tokens)) >= 32


def test_attaching_and_detaching_leaves_nothing(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    run = fake_house().keeper.create(tiny, "a")
    viewers = [run.attach("watch", nothing) for _ in range(50)]
    assert len(run._viewers) == 50 and run._viewers.absent_since is None
    for viewer in viewers:
        run.detach(viewer)
        run.detach(viewer)
    assert len(run._viewers) == 0 and run._viewers.absent_since is not None


@pytest.mark.parametrize("nonsense", ["soon", "", "0", "-1", "nan"])
def test_limits_come_from_the_environment_and_nonsense_is_ignored(monkeypatch: pytest.MonkeyPatch, nonsense: str) -> None:
    monkeypatch.setenv("GANDASH_RUNS", "3")
    monkeypatch.setenv("GANDASH_GRACE_SECONDS", nonsense)
    monkeypatch.setenv("GANDASH_ABSENCE_SECONDS", "1.5")
    assert Limits.from_environment() == Limits(runs=3, absence_seconds=1.5)
    monkeypatch.setenv("GANDASH_RUNS", nonsense)
    assert Limits.from_environment().runs == 32


# --------------------------------------------------------------------------------------------------------- the end


def test_closing_leaves_no_process_no_file_and_no_way_back(fake_house: Callable[..., FakeHouse], tiny: GameConfig) -> None:
    house = fake_house()
    run = house.keeper.create(tiny, "a")
    house.keeper.warm_up()
    house.keeper.close()
    assert len(house.workers) == 2 and not any(w.is_alive for w in house.workers)
    assert run.status is Status.ENDED and not house.keeper._directory.exists()
    house.keeper.close()
    house.keeper.warm_up()
    assert len(house.workers) == 2
    with pytest.raises(Unavailable, match="shutting down"):
        house.keeper.create(tiny, "b")


def test_closing_kills_a_worker_that_does_not_listen(
    fake_house: Callable[..., FakeHouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = WorkerProcess.end
    monkeypatch.setattr(WorkerProcess, "end", lambda self, patience_seconds=0.1: plain(self, patience_seconds))
    house = fake_house(code="import time; time.sleep(60)")
    house.keeper.close()
    assert house.workers[0].wait(0) == -signal.SIGKILL


def test_many_threads_at_once_do_not_lock_each_other_out(
    fake_house: Callable[..., FakeHouse], tiny: GameConfig, until: Until
) -> None:
    keeper = fake_house(Limits(runs=1000, absence_seconds=0, grace_seconds=1000)).keeper
    runs = [keeper.create(tiny, "a", "me") for _ in range(3)]
    stop, failures = threading.Event(), []

    def insist(action: Callable[[int], Any]) -> None:
        i = 0
        try:
            while not stop.is_set():
                action(i := i + 1)
        except Exception as error:
            failures.append(error)

    def look(i: int) -> None:
        viewer = runs[i % 3].attach("steer", lambda: len(runs[(i + 1) % 3]._viewers))
        runs[i % 3].next_picture(viewer)
        runs[i % 3].describe("steer")
        runs[i % 3].detach(viewer)

    actions: list[Callable[[int], Any]] = [
        look,
        lambda i: keeper.supervise(time.monotonic()),
        lambda i: runs[i % 3].order(Set(path="run.batch", value=1 + i % 9)),
        lambda i: keeper.admit(runs[i % 3].tokens["watch"]) and keeper.kept_for("me"),
        lambda i: runs[i % 3].order(Restart()),
    ]
    threads = [threading.Thread(target=insist, args=(action,), daemon=True) for action in actions]
    for thread in threads:
        thread.start()
    victim = runs[0]._worker.pid
    os.kill(victim, signal.SIGKILL)
    until(lambda: runs[0]._worker.pid != victim)
    stop.set()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive(), "a deadlock"
    assert not failures


def test_when_the_server_is_killed_its_workers_end_by_themselves(tmp_path: Path, until: Until) -> None:
    script = (
        "import os, sys, tempfile, time\n"
        f"tempfile.tempdir = {str(tmp_path)!r}\n"
        "from gandash.config import GameConfig, RunConfig\n"
        "from gandash.config.networks import MLPConfig\n"
        "from gandash.wire.messages import Play\n"
        "from gandash.server.supervisor import Supervisor\n"
        "keeper = Supervisor()\n"
        "net = MLPConfig(width=2, depth=1)\n"
        "run = keeper.create(GameConfig(generator=net, discriminator=net, run=RunConfig(batch=4)), 'x')\n"
        "run.attach('steer', lambda: None)\n"
        "run.order(Play())\n"
        "while run.step < 10: time.sleep(0.01)\n"
        "print(run._worker.pid, run.directory, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment, text=True) as server:
        assert server.stdout is not None
        pid, directory = server.stdout.readline().split()
        children = psutil.Process(server.pid).children(recursive=True)
        assert int(pid) in {c.pid for c in children}
        server.kill()
        server.wait()
    until(lambda: not any(c.is_running() and c.status() != psutil.STATUS_ZOMBIE for c in children), what="the workers' end")
    assert load(Path(directory) / "checkpoint.safetensors")[0].step >= 10


# ---------------------------------------------------------------------------------------------------- several games


def lowered(config: GameConfig, *rates: float) -> list[GameConfig]:
    return [config.replace(LR, rate) for rate in rates]


def large(config: GameConfig) -> GameConfig:
    return config.replace_all([("run.batch", 8192), ("generator.width", 1024), ("generator.depth", 3)])


def test_games_are_compared_in_lockstep(house: Supervisor, tiny: GameConfig, until: Until) -> None:
    game = house.create(tiny, "tiny", speed=200.0)
    viewer = game.attach("steer", lambda: None)
    game.order(Play())
    until(lambda: game.step > 5)
    assert game.compare(lowered(tiny, 1e-3, 2e-3, 4e-3)) == ""
    until(lambda: len(game.members) == 3 and game.step > 20, what="three games that play on")
    told = game.describe("steer")
    assert told.status is Status.RUNNING and [one.facts.stage for one in told.games] == ["line"] * 3
    assert [one.label for one in told.games] == ["lr_D 1e-3", "lr_D 2e-3", "lr_D 4e-3"]
    history, frame = until(lambda: game.next_picture(viewer))
    label, arrays = unpack(history)
    assert label["columns"][0] == "0/loss_d"
    assert arrays["recent"].shape[1] == len(label["columns"]) == 3 * len(told.games[0].facts.columns)
    assert len(unpack(frame)[0]["members"]) == 3

    assert game.order(Set(path="regulariser.r1", value=0.9)) == ""
    assert game.order(Set(path=LR, value=7e-3, member=1)) == ""
    until(lambda: [len(member.changes) for member in game.members] == [1, 2, 1], what="the changes")
    assert [c.discriminator_optimiser.learning_rate for c in game.configs] == [1e-3, 7e-3, 4e-3]
    assert game.labels == ("lr_D 1e-3", "lr_D 7e-3", "lr_D 4e-3")
    marks = [[mark.label for mark in one.marks] for one in game.describe("steer").games]
    assert [len(own) for own in marks] == [1, 2, 1] and all(own[0].startswith("γ ") for own in marks)
    assert marks[1][1].startswith("lr_D 2e-3 → 7e-3")
    assert "no such game" in game.order(Set(path=LR, value=7e-3, member=3))

    assert game.reconfigure(tiny) == ""
    until(lambda: len(game.members) == 1 and game.step > 5, what="one game again")
    assert len(game.describe("steer").games) == 1 and game.facts.stage == "line"


def test_compared_games_come_back_from_their_checkpoint(house: Supervisor, tiny: GameConfig, until: Until) -> None:
    game = house.create(tiny, "tiny", speed=200.0)
    game.attach("steer", lambda: None)
    assert game.compare(lowered(tiny, 1e-3, 2e-3)) == ""
    game.order(Play())
    until(lambda: game._recovery.checkpoint is not None and game.step > 30)
    assert game.order(Set(path=LR, value=5e-3, member=1)) == ""
    before = game._worker
    os.kill(before.pid, signal.SIGKILL)
    until(lambda: game._worker is not before and not game._is_outdated and game.step > 60, what="the return")
    assert len(game.members) == 2 and [c.discriminator_optimiser.learning_rate for c in game.configs] == [1e-3, 5e-3]
    until(lambda: [c.new for c in game.members[1].changes] == [5e-3], what="the setting's return")


def test_one_of_several_diverges_and_the_others_go_on(house: Supervisor, tiny: GameConfig, until: Until) -> None:
    plain = tiny.replace("discriminator_optimiser", {"kind": "gradient_descent"})
    wild = plain.replace(LR, 10.0).replace("regulariser.r1", 1000.0)
    game = house.create(plain, "tiny", speed=500.0)
    game.attach("steer", lambda: None)
    assert game.compare([plain, wild]) == ""
    game.order(Play())
    until(lambda: len(game.members) == 2 and game.members[1].verdict.kind == "diverged", what="the verdict on the wild one")
    at = game.step
    until(lambda: game.step > at + 50)
    assert game.status is Status.RUNNING and game.members[0].verdict.kind != "diverged"
    assert "the others go on" in game.members[1].verdict.reason


@pytest.mark.parametrize(
    ("configs", "words"),
    [
        (lambda tiny: [tiny] * 9, "9 games were asked for"),
        (
            lambda tiny: [tiny.replace_all([("run.batch", 8192), ("generator.width", 1024), ("generator.depth", 3)])] * 4,
            "Together these 4 games",
        ),
    ],
)
def test_too_much_to_compare_is_refused_and_the_game_goes_on(
    house: Supervisor, tiny: GameConfig, configs: Callable[[GameConfig], list[GameConfig]], words: str
) -> None:
    game = house.create(tiny, "tiny")
    assert words in game.compare(configs(tiny))
    assert game.configs == (tiny,) and not game.has_ended
