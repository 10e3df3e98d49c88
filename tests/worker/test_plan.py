"""A run opened by a link plays by itself what its link says: the same changes at the same steps, and the same states."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from staging import Stage

from gandash.config import GameConfig
from gandash.config.setting import JsonValue
from gandash.links import read
from gandash.store.keyframes import state_hash
from gandash.wire.browser import LinkParts
from gandash.wire.messages import (
    Change,
    Changed,
    End,
    Linked,
    Pause,
    Plan,
    Play,
    Refused,
    Set,
    Speed,
    Started,
    Status,
    StatusChanged,
    StepBy,
)
from gandash.worker.checkpoint import load
from gandash.worker.games import Games
from gandash.worker.keyframe import state_of
from gandash.worker.trajectory import replay

RATE, RULE = "generator_optimiser.learning_rate", "update_rule"


def set_to(step: int, path: str, new: JsonValue) -> Change:
    return Change(kind="set", step=step, path=path, new=new, restarts_half_life=True, keeps_averages=True)


def alone(step: int, players: str) -> Change:
    return Change.model_validate({"kind": "step", "step": step, "players": players})


CHANGES = (
    set_to(0, "objective", "minimax"),
    set_to(20, RATE, 1e-3),
    *(alone(step, "D") for step in (30, 31)),
    set_to(32, RULE, {"kind": "lookahead", "rounds": 3}),
    alone(32, "G"),
    set_to(50, "regulariser.noise", 0.25),
    set_to(60, RATE, 2e-3),
)


def hash_of(games: Games) -> str:
    return state_hash(state_of(games))


def played(*trajectory: tuple[GameConfig, Sequence[Change]], steps: int) -> Games:
    """What these games come to, played with these changes of each by who knows nothing of plans."""
    return Games([replay(config, tuple(changes), steps) for config, changes in trajectory])


def last(stage: Stage) -> Games:
    """The games as they were left."""
    return Games(load(stage.directory / "checkpoint.safetensors"))


def told(changes: Sequence[Change]) -> list[tuple[int, str, str]]:
    return [(c.step, c.path, c.players) for c in changes]


def link_of(stage: Stage) -> LinkParts:
    link: LinkParts = stage.events(Linked)[-1].link
    return link


@pytest.fixture
def stage(tmp_path: Path, tiny: GameConfig) -> Stage:
    return Stage(tmp_path, tiny)


def test_a_plan_is_played_to_its_end_at_full_speed(stage: Stage, tiny: GameConfig) -> None:
    begin = stage.start(playing=True, speed=2.0, plan=Plan(changes=(CHANGES,), until=60))
    stage.play((0, begin), (3, End()), begin=False)
    assert [(e.status, e.step) for e in stage.events(StatusChanged)] == [(Status.RUNNING, 0), (Status.PAUSED, 60)]
    assert hash_of(last(stage)) == hash_of(played((tiny, CHANGES), steps=60))
    assert told(last(stage).trajectories[0].changes) == told(CHANGES)
    assert all(e.planned for e in stage.events(Changed)) and len(stage.events(Changed)) == 5


def test_a_plan_is_followed_at_a_persons_pace(stage: Stage, tiny: GameConfig) -> None:
    """Played, paused and played on, and round by round."""
    begin = stage.start(speed=None, plan=Plan(changes=(CHANGES,)))
    script = [
        (1, Speed(steps_per_second=10)),
        (1, Play()),
        (3.05, Pause()),
        (4, StepBy(n=20)),
        (5, Play()),
        (7, Pause()),
        (8, End()),
    ]
    stage.play((0, begin), *script, begin=False)
    at = last(stage).step
    assert at > 60
    assert hash_of(last(stage)) == hash_of(played((tiny, CHANGES), steps=at))


def test_a_pause_ends_the_haste_and_not_the_plan(stage: Stage, tiny: GameConfig) -> None:
    stage.step_seconds = 0.01
    begin = stage.start(playing=True, speed=5.0, plan=Plan(changes=(CHANGES,), until=60))
    stage.play((0, begin), (0.2, Pause()), (1, Play()), (6, End()), begin=False)
    paused = [e for e in stage.events(StatusChanged) if e.status is Status.PAUSED]
    at = last(stage).step
    assert 0 < paused[0].step < 40  # on the way
    assert at - paused[0].step == pytest.approx(5 * 5, abs=3)  # at the person's pace, and past nothing
    assert hash_of(last(stage)) == hash_of(played((tiny, CHANGES), steps=at))


@pytest.mark.parametrize("own", [Set(path=RATE, value=5e-3), StepBy(players="D")])
def test_who_shapes_the_run_has_it_from_there_on(stage: Stage, own: Set | StepBy) -> None:
    begin = stage.start(speed=None, plan=Plan(changes=(CHANGES,)))
    stage.play((0, begin), (1, StepBy(n=25)), (2, own), (3, StepBy(n=75)), (4, End()), begin=False)
    found = told(last(stage).trajectories[0].changes)
    assert found[:2] == told(CHANGES[:2]) and len(found) == 3
    assert not stage.events(Refused)


def test_steps_of_both_players_leave_a_plan_alone(stage: Stage, tiny: GameConfig) -> None:
    begin = stage.start(speed=None, plan=Plan(changes=(CHANGES,)))
    stage.play((0, begin), (1, StepBy(n=10)), (2, StepBy(n=90)), (3, End()), begin=False)
    assert hash_of(last(stage)) == hash_of(played((tiny, CHANGES), steps=100))


def test_another_worker_goes_on_with_the_plan(tmp_path: Path, stage: Stage, tiny: GameConfig) -> None:
    plan = Plan(changes=(CHANGES,), until=60)
    stage.play((0, stage.start(speed=None, plan=plan)), (1, StepBy(n=31)), (2, End()), begin=False)
    assert last(stage).step == 31  # between the two rounds of D alone
    (tmp_path / "other").mkdir()
    other = Stage(tmp_path / "other", tiny)
    begin = other.start(playing=True, plan=plan, checkpoint=str(tmp_path / "checkpoint.safetensors"))
    other.play((0, begin), (3, End()), begin=False)
    assert hash_of(last(other)) == hash_of(played((tiny, CHANGES), steps=60))


def test_compared_games_have_their_own_changes(stage: Stage, tiny: GameConfig) -> None:
    other = tiny.replace("objective", "hinge")
    of_other = (set_to(10, RATE, 4e-3), *(c for c in CHANGES if c.kind == "step"))
    plan = Plan(changes=(CHANGES, of_other), until=60)
    begin = stage.start(configs=(tiny, other), playing=True, plan=plan)
    stage.play((0, begin), (3, End()), begin=False)
    assert hash_of(last(stage)) == hash_of(played((tiny, CHANGES), (other, of_other), steps=60))


@pytest.mark.parametrize("engine", ["torch", "compiled"])
def test_a_plan_is_played_by_the_engine_that_it_names(stage: Stage, engine: str) -> None:
    begin = stage.start(playing=True, engines=(engine,), plan=Plan(changes=((),), until=5))
    stage.play((0, begin), (3, End()), begin=False)
    assert last(stage).trajectories[0].engine == engine
    assert f"~by-{engine[0]}" in link_of(stage).text


def test_a_game_in_the_midst_of_a_plan_has_no_more_of_it_when_another_begins(stage: Stage) -> None:
    begin = stage.start(playing=True, speed=5.0, plan=Plan(changes=(CHANGES,), until=10_000_000))
    stage.step_seconds = 0.01
    stage.play((0, begin), (1, stage.start(generation=2)), (2, Play()), (3, Pause()), (4, End()), begin=False)
    assert last(stage).trajectories[0].changes == ()


# ------------------------------------------------------------------------------------------------------- the link told


def test_the_link_that_is_told_tells_of_the_run(stage: Stage, tiny: GameConfig) -> None:
    script = [(1, StepBy(n=7)), (2, Set(path=RATE, value=3e-3)), (3, StepBy(players="G", n=2)), (4, StepBy(n=5)), (5, End())]
    stage.play((0, stage.start(preset="two-modes")), *script, begin=False)
    parts = link_of(stage)
    found = read(parts.text + parts.here)
    assert parts.step == found.step == 14
    assert found.configs == (tiny,) and told(found.changes[0]) == [(7, RATE, "both"), (7, "", "G"), (8, "", "G")]
    assert hash_of(last(stage)).removeprefix("sha256:").startswith(found.state) and len(found.state) == 12


def test_a_link_is_told_where_something_is_new_and_only_there(stage: Stage) -> None:
    stage.step_seconds = 0.001
    stage.play(
        (0, stage.start(speed=50.0)), (1, Play()), (3, Set(path=RATE, value=3e-3)), (5, Pause()), (6, End()), begin=False
    )
    texts = [e.link.text for e in stage.events(Linked)]
    assert len(texts) == 3  # at the beginning, at the change, where it stands
    assert texts[0] != texts[1] == texts[2]


def test_a_rewind_takes_changes_out_of_the_link(tmp_path: Path, tiny: GameConfig) -> None:
    from gandash.wire.messages import Rewind

    stage = Stage(tmp_path, tiny)
    script = [(1, StepBy(n=7)), (2, Set(path=RATE, value=3e-3)), (3, Rewind(generation=2)), (4, End())]
    stage.play((0, stage.start()), *script, begin=False)
    back = stage.events(Started)[-1].step
    parts = link_of(stage)
    assert parts.step == back == 0 and read(parts.text + parts.here).changes == ((),)
