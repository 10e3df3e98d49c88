"""The loop over channels in memory and a clock that moves only when the loop waits: everything can be counted exactly."""

from __future__ import annotations

import itertools
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from playing import Played
from staging import Stage

from gandash.config import GameConfig
from gandash.domains.line import LineDomain
from gandash.game.compiled import disk_cache, making
from gandash.game.round import Players
from gandash.wire.frame import unpack
from gandash.wire.messages import (
    EVENT,
    FRAME,
    METRICS,
    Changed,
    Command,
    Compiling,
    End,
    Pace,
    Pause,
    Play,
    Refused,
    Rewind,
    Saved,
    SendFrame,
    Set,
    SetMany,
    Speed,
    Started,
    Status,
    StatusChanged,
    StepBy,
    Unsaved,
    VerdictChanged,
    event_adapter,
)
from gandash.worker import checkpoint as checkpoint_module
from gandash.worker import loop as loop_module
from gandash.worker import observer as observer_module
from gandash.worker import publisher as publisher_module
from gandash.worker import restore_points as restore_points_module
from gandash.worker.checkpoint import load
from gandash.worker.games import Games
from gandash.worker.loop import MAX_BY_HAND, Loop
from gandash.worker.publisher import CROWDED_SECONDS, CROWDED_SHARE, FRAME_SECONDS, FRAME_SHARE, JSD_SHARE, PACE_SECONDS
from gandash.worker.restore_points import CHECKPOINT_SECONDS
from gandash.worker.share import Clocks
from gandash.worker.trajectory import Trajectory, replay


@pytest.fixture
def stage(tmp_path: Path, tiny: GameConfig) -> Stage:
    return Stage(tmp_path, tiny)


def test_a_game_starts_paused_with_a_checkpoint(stage: Stage, tiny: GameConfig) -> None:
    stage.play((1.0, End()))
    kinds = [type(e) for e in stage.events()]
    assert kinds[:3] == [Started, Saved, StatusChanged]
    started = stage.events(Started)[0]
    assert (started.generation, started.step, started.games[0].config, started.games[0].changes) == (1, 0, tiny, ())
    assert stage.statuses() == [Status.PAUSED] and stage.step == 0 and not stage.metric_steps()


@pytest.mark.parametrize("command", [Play(), Pause(), StepBy(), Speed(), Set(path="run.batch", value=4), Rewind(), SendFrame()])
def test_before_a_game_everything_is_refused_in_words(stage: Stage, command: Command) -> None:
    stage.play((0.0, command), (0.1, End()), begin=False)
    assert [type(e) for e in stage.events()] == [Refused]
    assert "no game has been started" in stage.events()[0].message


def test_a_loop_without_a_game_says_that_it_waits(stage: Stage) -> None:
    stage.play((3600.0, End()), begin=False)
    told = [at for at, _, _ in stage.sent]
    assert len(told) >= 7000 and max(after - before for before, after in pairwise([100.0, *told])) <= PACE_SECONDS
    assert stage.events(Pace) == stage.events()


@pytest.mark.parametrize(
    "script", [[], [(0.5, Speed(steps_per_second=10)), (1.0, Play()), (2.0, Pause())], [(1.0, StepBy(n=3))]]
)
def test_a_game_that_stands_still_says_that_it_waits(stage: Stage, script: list[tuple[float, Command]]) -> None:
    """Paused, played by hand, or with nobody to look at it."""
    stage.play(*script, (600.0, End()))
    told = [at for at, kind, body in stage.sent if kind == EVENT and isinstance(event_adapter.validate_json(body), Pace)]
    assert max(after - before for before, after in pairwise([100.0, *told, 700.0])) <= 2 * PACE_SECONDS


@pytest.mark.parametrize("step_seconds", [0.0, 0.002])
def test_ten_steps_a_second_are_ten_steps_a_second(tmp_path: Path, tiny: GameConfig, step_seconds: float) -> None:
    stage = Stage(tmp_path, tiny, step_seconds)
    stage.play((0.0, Speed(steps_per_second=10)), (1.0, Play()), (6.05, Pause()), (9.0, End()))
    assert stage.step == 51  # one at once, and fifty in the five seconds after
    assert stage.metric_steps() == list(range(1, 52))
    assert stage.statuses() == [Status.PAUSED, Status.RUNNING, Status.PAUSED]
    paces = [b.steps_per_second for b in stage.events(Pace) if b.step and b.step < 51]
    assert paces[1:] == pytest.approx([10.0] * len(paces[1:]), rel=0.21)  # a beat covers five steps, give or take one


def test_pressing_play_again_does_not_hurry(stage: Stage) -> None:
    presses = [(1.0 + i / 50, Play()) for i in range(100)]
    stage.play((0.0, Speed(steps_per_second=10)), *presses, (3.05, End()))
    assert stage.step == 21


def test_a_slow_machine_owes_no_rounds(tmp_path: Path, tiny: GameConfig) -> None:
    stage = Stage(tmp_path, tiny, step_seconds=0.1)  # each look at the clock costs more than a round may
    stage.play((0.0, Speed(steps_per_second=100)), (0.1, Play()), (20.0, Speed(steps_per_second=1)), (40.0, End()))
    late = stage.metric_steps()
    assert late == list(range(1, stage.step + 1))
    at_twenty = next(
        b.step
        for at, k, body in stage.sent
        if at > 120 and k == EVENT and isinstance(b := event_adapter.validate_json(body), Pace)
    )
    assert stage.step - at_twenty <= 21  # no burst to make up for what 100 a second would have been


def test_as_fast_as_possible_loses_no_row(tmp_path: Path, tiny: GameConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observer_module, "_BUFFER", 100)
    stage = Stage(tmp_path, tiny, step_seconds=4e-5)  # hardly any time between drains: the buffer fills up
    stage.play((0.0, Play()), (0.06, End()))
    assert stage.step > 200
    sizes = [len(unpack(body)[1]["step"]) for _, kind, body in stage.sent if kind == METRICS]
    assert max(sizes) == observer_module._BUFFER
    steps = stage.metric_steps()
    assert steps == list(range(1, len(steps) + 1)) and stage.step - len(steps) < observer_module._BUFFER


@pytest.mark.parametrize("players", ["D", "G", "both"])
@pytest.mark.parametrize("n", [1, 300])
def test_steps_by_hand_move_who_they_should_and_stop(stage: Stage, players: str, n: int, tiny: GameConfig) -> None:
    stage.play((0.1, StepBy(players=players, n=n)), (1.0, End()))  # type: ignore[arg-type]
    assert stage.step == n and stage.metric_steps() == list(range(1, n + 1))
    assert stage.loop._games is not None
    fresh, state = Played(tiny).state, stage.loop._games.trajectories[0].state
    assert torch.equal(fresh.phi, state.phi) == (players == "G")
    assert torch.equal(fresh.theta, state.theta) == (players == "D")
    assert Status.RUNNING not in stage.statuses()


def test_quick_presses_add_up_and_pause_forgets_the_rest(stage: Stage) -> None:
    stage.play((0.1, StepBy(n=2)), (0.1, StepBy(n=3)), (0.5, StepBy(n=100)), (0.5, Pause()), (1.0, End()))
    assert stage.step == 5


def test_steps_by_hand_do_not_pile_up_without_end(stage: Stage) -> None:
    stage.play(*((0.1, StepBy(n=MAX_BY_HAND)) for _ in range(3)), (0.1, Pause()), (0.2, End()))
    assert [e.message for e in stage.events(Refused)] == [
        "100,000 steps by hand are waiting, and 100,000 may; press play instead"
    ] * 2


def test_a_step_by_hand_pauses_a_playing_run(stage: Stage) -> None:
    stage.play((0, Speed(steps_per_second=10)), (0.1, Play()), (1.05, StepBy(players="D", n=2)), (3.0, End()))
    assert stage.step == 12 and stage.statuses()[-1] is Status.PAUSED
    assert stage.metric_steps() == list(range(1, 13))


def test_a_change_takes_effect_at_the_next_step_and_says_which(stage: Stage) -> None:
    path = "discriminator_optimiser.learning_rate"
    stage.play((0, Speed(steps_per_second=10)), (0.1, Play()), (1.05, Set(path=path, value=0.5)), (2.05, End()))
    (changed,) = stage.events(Changed)
    assert (changed.generation, changed.change.step, changed.change.new) == (1, 10, 0.5)
    rows = np.concatenate([unpack(body)[1]["rows"] for _, kind, body in stage.sent if kind == METRICS])
    rate = rows[:, observer_module.COLUMNS.index("learning_rate_d")]
    assert (rate[:10] != 0.5).all() and (rate[10:] == 0.5).all() and len(rate) == 20


def test_several_changes_come_at_one_step_boundary_in_their_order(stage: Stage) -> None:
    stage.config = stage.config.replace("update_rule.discriminator_steps", 1).replace("update_rule.generator_steps", 0)
    swap = (Set(path="update_rule.generator_steps", value=1), Set(path="update_rule.discriminator_steps", value=0))
    stage.play((0, Speed(steps_per_second=10)), (0.1, Play()), (1.05, SetMany(changes=swap)), (2.05, End()))
    assert [(e.change.step, e.change.path, e.change.new) for e in stage.events(Changed)] == [
        (10, "update_rule.generator_steps", 1),
        (10, "update_rule.discriminator_steps", 0),
    ]
    assert not stage.events(Refused) and stage.step == 20


def test_a_changed_objective_brings_new_facts(stage: Stage) -> None:
    stage.play((0.1, Set(path="objective", value="minimax")), (0.2, End()))
    assert stage.events(Started)[0].games[0].facts.objective.name == "non_saturating"
    assert stage.events(Changed)[0].facts.objective.name == "minimax"


def test_refused_commands_leave_things_running(stage: Stage) -> None:
    stage.play(
        (0, Speed(steps_per_second=10)),
        (0.1, Play()),
        (0.5, Set(path="generator.width", value=8)),
        (0.6, Set(path="run.batch", value=-1)),
        (0.7, Set(path="nonsense", value=[[]])),
        (2.05, End()),
    )
    assert len(stage.events(Refused)) == 3 and stage.step == 20
    assert stage.statuses() == [Status.PAUSED, Status.RUNNING] and not stage.events(Changed)


# -------------------------------------------------------------------------------------------------------------- frames


def test_no_frame_unless_asked(stage: Stage) -> None:
    stage.play((0, Speed(steps_per_second=100)), (0, Play()), (1.0, End()))
    assert not stage.frames()


def test_one_frame_for_one_request_and_only_when_something_changed(stage: Stage) -> None:
    stage.play((0.1, SendFrame()), (0.5, SendFrame()), (1.0, SendFrame()), (2.0, StepBy()), (3.0, Pause()), (4.0, End()))
    assert [label["step"] for _, label in stage.frames()] == [0, 1]
    assert stage.frames()[1][0] == pytest.approx(102.0)  # the waiting request is met at once


def test_a_live_change_of_a_paused_game_is_worth_a_frame(stage: Stage) -> None:
    stage.play((0.1, SendFrame()), (0.5, SendFrame()), (1.0, Set(path="run.averaging", value=0.0)), (2.0, End()))
    assert [label["step"] for _, label in stage.frames()] == [0, 0]


def test_frames_come_no_faster_than_a_screen_can_use(stage: Stage) -> None:
    stage.on_packet = lambda kind: SendFrame() if kind == FRAME else None  # a viewer that paints in no time
    stage.play((0, SendFrame()), (0, Speed(steps_per_second=200)), (0, Play()), (2.0, End()))
    times = np.array([at for at, _ in stage.frames()])
    assert 95 <= len(times) <= 121
    assert np.diff(times).min() >= FRAME_SECONDS - 1e-9
    assert stage.step == pytest.approx(400, abs=1)  # and they cost the game nothing


def test_dear_frames_come_less_often(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = Games.picture

    def slowly(*given: Any) -> bytes:
        stage.now += 0.03
        return drawn(*given)

    monkeypatch.setattr(Games, "picture", slowly)
    stage.on_packet = lambda kind: SendFrame() if kind == FRAME else None
    stage.play((0, SendFrame()), (0, Speed(steps_per_second=200)), (0, Play()), (2.0, End()))
    times = np.array([at for at, _ in stage.frames()])
    assert len(times) > 4
    assert np.diff(times).min() >= 0.03 / FRAME_SHARE - 1e-9


@pytest.mark.parametrize("given", [1.0, 1 / 15], ids=["a core of its own", "one of thirty on two cores"])
def test_a_run_that_gets_little_of_a_core_is_still_seen_to_move(
    tmp_path: Path, tiny: GameConfig, monkeypatch: pytest.MonkeyPatch, given: float
) -> None:
    """At a tenth of its time for frames it would be seen every twentieth of a second, and as one of thirty every 0.75 s."""
    stage, drawn, cost = Stage(tmp_path, tiny), Games.picture, 0.005
    stage.loop = Loop(stage, stage._send, Clocks(stage._clock, lambda: given * stage.now))  # type: ignore[arg-type]

    def drawing(*wanted: Any) -> bytes:
        stage.now += cost / given
        return drawn(*wanted)

    monkeypatch.setattr(Games, "picture", drawing)
    stage.on_packet = lambda kind: SendFrame() if kind == FRAME else None
    stage.play((0, SendFrame()), (0, Speed(steps_per_second=40)), (0, Play()), (10.0, End()))
    apart = np.diff([at for at, _ in stage.frames()])
    if given == 1.0:
        assert apart.min() >= cost / FRAME_SHARE - 1e-9
    else:
        assert apart.min() >= CROWDED_SECONDS / 2 - 1e-9 and np.median(apart) <= CROWDED_SECONDS + 0.02
        assert cost / given / np.mean(apart) <= CROWDED_SHARE + 0.01  # of what it gets


@pytest.mark.parametrize(("speed", "reads"), [(20.0, 5), (None, 0)], ids=["slowed down", "at full speed"])
def test_a_dear_jsd_is_read_now_and_then_while_a_game_is_slowed_down(
    tmp_path: Path, tiny: GameConfig, monkeypatch: pytest.MonkeyPatch, speed: float | None, reads: int
) -> None:
    stage, read = Stage(tmp_path, tiny, step_seconds=0.005), []

    def slowly(_: Games) -> None:
        read.append(stage.now)
        stage.now += 0.04

    monkeypatch.setattr(Games, "read_jsd", slowly)
    stage.on_packet = lambda kind: SendFrame() if kind == FRAME else None
    stage.play((0, SendFrame()), (0, Speed(steps_per_second=speed)), (1.0, Play()), (11.0, Pause()), (14.0, End()))
    assert stage.frames() and len(read) == pytest.approx(reads, abs=1)
    assert all(101 <= at < 111.1 for at in read) and all(b - a >= 0.04 / JSD_SHARE for a, b in itertools.pairwise(read))


def test_a_frame_belongs_to_its_generation(stage: Stage) -> None:
    stage.play((0, SendFrame()), (1.0, stage.start(generation=7)), (1.0, SendFrame()), (2.0, End()))
    assert [label["generation"] for _, label in stage.frames()] == [1, 7]


# --------------------------------------------------------------------------------------------------- saving and ending


def test_checkpoints_come_at_their_period_and_only_when_something_happened(stage: Stage) -> None:
    stage.play((0, Speed(steps_per_second=10)), (0, Play()), (10.01, Pause()), (30.0, End()))
    steps = [e.step for e in stage.events(Saved)]
    period = round(10 * CHECKPOINT_SECONDS)
    # the first, one a period, and the last state once it stands still; then again at the end
    assert steps[0] == 0 and np.diff(steps[:4]).tolist() == pytest.approx([period] * 3, abs=1)
    assert steps[-2:] == [101, 101] and steps[-3] < 101


@pytest.mark.parametrize("last", [End(), None], ids=["told to end", "the parent vanishes"])
def test_the_end_saves(stage: Stage, last: Command | None) -> None:
    stage.play((0, Speed(steps_per_second=10)), (0, Play()), (1.05, last))
    assert load(stage.directory / "checkpoint.safetensors")[0].step == stage.step == 11


def test_a_full_disk_does_not_end_the_show_and_is_told_once(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = checkpoint_module._write

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    stage.play(
        (0, Speed(steps_per_second=10)),
        (0, Play()),
        (1.55, lambda: monkeypatch.setattr(checkpoint_module, "_write", full)),
        (5.55, lambda: monkeypatch.setattr(checkpoint_module, "_write", whole)),
        (7.55, lambda: monkeypatch.setattr(checkpoint_module, "_write", full)),
        (10.05, End()),
    )
    told = stage.events(Unsaved)
    assert stage.step == 101 and [e.reason for e in told] == ["No space left on device"] * 2
    saved = [e.step for e in stage.events(Saved)]
    assert told[0].step < 30 and not [s for s in saved if 20 < s < 55] and [s for s in saved if s > 55]
    assert load(stage.directory / "checkpoint.safetensors")[0].step == saved[-1]


def test_a_run_goes_on_from_its_checkpoint(stage: Stage, tiny: GameConfig) -> None:
    stage.play((0.1, StepBy(n=25)), (1.0, End()))
    again = Stage(stage.directory, tiny)
    checkpoint = str(stage.directory / "checkpoint.safetensors")
    again.play((0, again.start(checkpoint=checkpoint, generation=2, playing=True, speed=10.0)), (1.05, End()), begin=False)
    assert again.events(Started)[0].step == 25 and again.statuses() == [Status.RUNNING]
    assert again.metric_steps(2) == list(range(26, 37))


@pytest.mark.parametrize("playing", [True, False])
def test_a_game_that_waits_for_compiled_rounds_says_so(
    stage: Stage, tiny: GameConfig, monkeypatch: pytest.MonkeyPatch, playing: bool
) -> None:
    """One that they have begun, on a machine that has none: once, before it compiles them, and when it is over."""
    checkpoint_module.save(stage.directory / "c", [Trajectory(tiny, "compiled")])
    compiled: list[int] = []  # packets sent until then
    monkeypatch.setattr(disk_cache, "is_ready", lambda: bool(compiled))
    monkeypatch.setattr(making, "make_ready", lambda: compiled.append(len(stage.sent)))
    begin = stage.start(checkpoint=str(stage.directory / "c"), playing=playing, speed=10.0)
    stage.play((0, begin), (0.2, SendFrame()), (0.5, Play()), (1.05, End()), begin=False)
    assert [said.over for said in stage.events(Compiling)] == [False, True] and stage.step > 5
    told = [body for _, kind, body in stage.sent[: compiled[0]] if kind == EVENT]
    assert event_adapter.validate_json(told[-1]) == Compiling(generation=1)


def test_a_broken_checkpoint_begins_again_and_says_so(stage: Stage) -> None:
    (stage.directory / "c").write_bytes(b"broken")
    stage.play((0, stage.start(checkpoint=str(stage.directory / "c"), playing=True, speed=10.0)), (1.05, End()), begin=False)
    assert "begins again from step 0" in stage.events(Refused)[0].message
    assert stage.events(Started)[0].step == 0 and stage.step == 11


@pytest.mark.parametrize(("before", "playing", "after"), [(True, None, True), (False, None, False), (True, False, False)])
def test_another_game_plays_as_the_one_before_did_unless_told(
    stage: Stage, tiny: GameConfig, before: bool, playing: bool | None, after: bool
) -> None:
    config = tiny.replace("run.seed", 99)
    stage.play(
        (0, Speed(steps_per_second=10)),
        (0, Play() if before else Pause()),
        (1.05, stage.start(generation=2, configs=(config,), playing=playing, speed=10.0)),
        (2.06, End()),
    )
    assert [e.generation for e in stage.events(Started)] == [1, 2] and stage.events(Started)[1].games[0].config == config
    assert stage.metric_steps(2) == list(range(1, 12 if after else 1))


def test_ten_thousand_commands_are_followed_in_order(stage: Stage) -> None:
    commands: list[Command] = [
        Set(path="run.batch", value=4),
        Set(path="run.batch", value=4),
        Play(),
        Pause(),
        SendFrame(),
        Set(path="x", value=1),
        StepBy(),
        Pause(),
        Speed(steps_per_second=50),
        Pause(),
    ]
    many = [commands[i % 10] for i in range(10_000)]
    many[5000] = Set(path="run.batch", value=8)
    stage.play(*((1.0, command) for command in many), (1.0, StepBy(n=3)), (2.0, End()))
    assert stage.step == 3 and stage.metric_steps() == [1, 2, 3]
    assert len(stage.events(Refused)) == 1000
    assert [e.change.new for e in stage.events(Changed)] == [4, 8, 4]  # what is so already is no change
    assert stage.statuses()[-1] is Status.PAUSED


# ------------------------------------------------------------------------------------------------- divergence, verdict


def diverging(stage: Stage) -> GameConfig:
    """A game whose own numbers overflow within a few steps of its own accord once the rate is set."""
    return stage.config.replace("discriminator_optimiser", {"kind": "gradient_descent", "learning_rate": 1e-3}).replace(
        "generator_optimiser", {"kind": "gradient_descent", "learning_rate": 1e-3}
    )


def explode(stage: Stage) -> list[tuple[float, Any]]:
    return [
        (5.0 + i * 1e-3, Set(path=f"{who}_optimiser.learning_rate", value=1.0))
        for i, who in enumerate(("discriminator", "generator"))
    ] + [(5.01, lambda: _poison(stage))]


@pytest.fixture
def by_compiled_code(monkeypatch: pytest.MonkeyPatch) -> None:
    of = Games.of
    monkeypatch.setattr(Games, "of", lambda configs: of(configs, "compiled"))


def _session(stage: Stage) -> Trajectory:
    assert stage.loop._games is not None
    (session,) = stage.loop._games.trajectories
    return session


@pytest.mark.usefixtures("by_compiled_code")
@pytest.mark.parametrize("players", ["D", "G", "both"])
def test_many_rounds_a_call_stop_where_they_should(stage: Stage, players: Any) -> None:
    calls, advance = [], Games.advance
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Games, "advance", lambda *given: (calls.append(given[2]), advance(*given)))
        stage.play((0.1, StepBy(players=players, n=307)), (1.0, End()))
    assert stage.step == 307 and stage.metric_steps() == list(range(1, 308))
    assert sum(calls) == 307 and max(calls) == LineDomain.measure_every
    changes = _session(stage).changes
    assert [c.step for c in changes] == ([] if players == "both" else list(range(307)))


@pytest.mark.usefixtures("by_compiled_code")
def test_changes_between_calls_of_many_rounds_are_at_the_step_they_say(stage: Stage) -> None:
    rates = [Set(path="generator_optimiser.learning_rate", value=10.0 ** -(2 + i % 3)) for i in range(20)]
    stage.step_seconds = 1e-3  # with every look at the clock, whatever was played: as many rounds at once as there may be
    stage.play((0.0, Play()), *((0.01 + 0.017 * i, rate) for i, rate in enumerate(rates)), (0.4, End()))
    session = _session(stage)
    steps = stage.metric_steps()
    assert steps == list(range(1, len(steps) + 1)) and stage.step > 200
    told = [e.change for e in stage.events(Changed)]
    assert [c.new for c in told] == [rate.value for rate in rates] and tuple(told) == session.changes
    again = replay(stage.config, session.changes, stage.step, "compiled")
    assert torch.equal(again.state.theta, session.state.theta) and torch.equal(again.state.phi, session.state.phi)


@pytest.mark.usefixtures("by_compiled_code")
@pytest.mark.parametrize("seconds", [0.0, 1.0])
def test_the_step_at_which_it_diverged_is_found_however_many_rounds_a_call(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    monkeypatch.setattr(loop_module, "ROUNDS_SECONDS", seconds)
    wild = [("objective", "f_kl"), ("discriminator_optimiser.learning_rate", 10.0)]
    stage.config = stage.config.replace_all(wild)
    alone, steps = Trajectory(stage.config, "compiled"), 0
    while alone.is_finite():
        losses, steps = alone.advance()[0, :2], steps + 1
    stage.play((0.1, StepBy(n=500)), (1.0, End()))
    first = steps + int(bool(torch.isfinite(losses).all()))  # the row whose losses are no numbers any more
    assert stage.statuses()[-1] is Status.DIVERGED
    assert abs(int(stage.events(StatusChanged)[-1].reason.split()[2]) - first) <= 1


def _poison(stage: Stage) -> None:
    """Parameters of such a size that the next step has no finite answer: what large steps lead to, without the wait."""
    assert stage.loop._games is not None
    (session,) = stage.loop._games.trajectories
    session.state = replace(session.state, phi=session.state.phi * 3e38)


def test_a_real_learning_rate_makes_a_game_diverge(tmp_path: Path, tiny: GameConfig) -> None:
    wild = {"kind": "gradient_descent", "learning_rate": 10.0}
    config = (
        tiny.replace("discriminator_optimiser", wild).replace("generator_optimiser", wild).replace("regulariser.r1", 1000.0)
    )
    stage = Stage(tmp_path, config)
    stage.play((0, Speed(steps_per_second=1000)), (0, Play()), (2.0, End()))
    assert stage.statuses()[-1] is Status.DIVERGED
    reason = stage.events(StatusChanged)[-1].reason
    assert "no longer a finite number" in reason and "learning rate" in reason


def test_divergence_names_the_player_the_number_and_the_change(tmp_path: Path, tiny: GameConfig) -> None:
    calm = [(f"{who}_optimiser", {"kind": "gradient_descent", "learning_rate": 1e-3}) for who in ("discriminator", "generator")]
    stage = Stage(tmp_path, tiny.replace_all([*calm, ("objective", "wasserstein")]))
    wild = Set(path="discriminator_optimiser.learning_rate", value=10.0)
    stage.play((0, Speed(steps_per_second=10)), (0, Play()), (3.0, wild), (9.0, End()))
    reason = stage.events(StatusChanged)[-1].reason
    assert "D's parameters had run away, G's had not" in reason
    assert "The last change before it: lr_D 1e-3 → 10 at step 3" in reason
    assert "and lower D's learning rate or the weight of D's penalty, or restart." in reason


def test_a_diverged_game_stands_still_is_not_saved_and_refuses_to_play(stage: Stage) -> None:
    stage.config = diverging(stage)
    stage.play((0, Speed(steps_per_second=10)), (0, Play()), *explode(stage), (6.0, Play()), (6.1, StepBy()), (8.0, End()))
    assert stage.statuses() == [Status.PAUSED, Status.RUNNING, Status.DIVERGED]
    assert [e.message for e in stage.events(Refused)] == [
        "the game has diverged; go back to the last finite state or restart first"
    ] * 2
    assert stage.step < 60 and stage.metric_steps() == list(range(1, stage.step + 1))
    saved = load(stage.directory / "checkpoint.safetensors")[0]
    assert saved.is_finite() and saved.step < stage.step


@pytest.mark.parametrize("command", [Pause(), StepBy()], ids=lambda c: c.type)
def test_pausing_does_not_hide_that_the_game_has_just_diverged(stage: Stage, command: Command) -> None:
    """The pause itself sends the last rows out, and they may be the first that are not finite."""
    stage.config = diverging(stage)

    def not_yet_found() -> None:
        assert stage.loop._games is not None and stage.loop._status is Status.RUNNING
        (observer,) = stage.loop._games.observers
        assert not np.isfinite(observer._metrics[: observer._filled].numpy()[:, 0]).all()

    stage.play(
        (0, Speed(steps_per_second=1000)),
        (0, Play()),
        (0.5205, lambda: _poison(stage)),
        (0.5245, not_yet_found),
        (0.5245, command),
        (1.0, Play()),
        (2.0, End()),
    )
    assert stage.statuses() == [Status.PAUSED, Status.RUNNING, Status.DIVERGED]
    assert "diverged" in stage.events(Refused)[-1].message


def test_rewind_goes_back_to_a_finite_state_that_can_play_again(stage: Stage) -> None:
    stage.config = diverging(stage)
    stage.play(
        (0, Speed(steps_per_second=10)),
        (0, Play()),
        *explode(stage),
        (6.0, Rewind(generation=2)),
        (6.5, Play()),
        (7.55, End()),
    )
    started = stage.events(Started)[1]
    assert started.generation == 2 and 25 <= started.step < 50
    (game,) = started.games
    assert game.config == stage.config and game.changes == ()  # the fatal changes are undone with their steps
    assert stage.metric_steps(2) == list(range(started.step + 1, started.step + 12))
    assert stage.statuses()[-2:] == [Status.PAUSED, Status.RUNNING]
    words = next(e.reason for e in stage.events(StatusChanged) if e.status is Status.DIVERGED)
    assert f"Go back to step {started.step}" in words
    saved = [e for e in stage.events(Saved) if e.generation == 2]
    assert saved[0].step == started.step  # a crash now must not bring the diverging past back


def test_a_verdict_is_told_when_it_changes_and_its_numbers_once_a_second(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LineDomain, "measure_every", 1)
    stage.play((0, Speed(steps_per_second=20)), (0, Play()), (10.0, End()))
    verdicts = [told.verdict for told in stage.events(VerdictChanged)]
    assert 5 <= len(verdicts) <= 40
    first, *verdicts = verdicts  # the word at the press of play
    assert (first.kind, first.step) == ("waiting", 0)
    assert verdicts[0].kind != "waiting" and verdicts[0].step == 7  # with the first state, eight are enough
    same_kind = sum(a.kind == b.kind for a, b in pairwise(verdicts))
    assert 3 <= same_kind <= 10


@pytest.mark.parametrize("module", [loop_module, publisher_module, restore_points_module])
def test_nothing_here_waits_for_a_real_clock(module: ModuleType) -> None:
    assert not hasattr(module, "time")


@pytest.mark.parametrize("given", [1.0, 1 / 6])
def test_rounds_are_played_many_at_once_on_a_shared_processor_too(
    tmp_path: Path, tiny: GameConfig, monkeypatch: pytest.MonkeyPatch, given: float
) -> None:
    """`given`: CPU seconds for each that passes."""
    stage, advance, at_once = Stage(tmp_path, tiny), Games.advance, [0]
    stage.loop = Loop(stage, stage._send, Clocks(stage._clock, lambda: given * stage.now))  # type: ignore[arg-type]

    def timed(games: Games, players: Players, rounds: int) -> None:
        at_once.append(rounds)
        stage.now += 0.001 * rounds / given
        advance(games, players, rounds)

    monkeypatch.setattr(Games, "advance", timed)
    stage.play((0.0, Play()), (1 / given, End()))
    assert 5 < max(at_once) <= 10
