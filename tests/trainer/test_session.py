"""A game in progress: the same config, seed and event log give the same run, bit for bit, whatever is done beside it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from gandash.config import GameConfig
from gandash.game.step import METRICS, Players
from gandash.settings import SettingError
from gandash.trainer import session as session_module
from gandash.trainer.session import COLUMNS, BrokenCheckpoint, Session, picture, replay
from gandash.trainer.stage import LineStage

MEASURE_EVERY = LineStage.measure_every

OPTIMISERS: list[dict[str, Any]] = [
    {"kind": "gradient_descent", "learning_rate": 0.05},
    {"kind": "momentum", "learning_rate": 0.02},
    {"kind": "rmsprop"},
    {"kind": "adam"},
]


def assert_same_state(a: Session, b: Session) -> None:
    assert a.step == b.step
    for name in ("theta", "phi", "average"):
        assert torch.equal(getattr(a.state, name), getattr(b.state, name)), name
    for name in ("theta_moments", "phi_moments"):
        one, other = getattr(a.state, name), getattr(b.state, name)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[k], other[k]) for k in one), name
    assert torch.equal(a.streams.state(), b.streams.state())
    assert a.config == b.config


def play(session: Session, n: int, players: Players = Players.BOTH) -> Session:
    for _ in range(n):
        session.advance(players)
        if session.room == 0:
            session.drain()
    return session


def with_changes(config: GameConfig, *changes: tuple[str, Any]) -> GameConfig:
    for path, value in changes:
        config = config.replace(path, value)
    return config


def test_looking_does_not_disturb_the_game(tiny: GameConfig) -> None:
    alone, watched = play(Session(tiny), 45), Session(tiny)
    for _ in range(45):
        watched.advance()
        watched.measurement()
        picture(watched, 1, 0.0)
        watched.judge()
        watched.drain()
        watched.snapshot()
    assert_same_state(alone, watched)
    assert not torch.equal(alone.state.theta, Session(tiny).state.theta)


def test_another_seed_is_another_game(tiny: GameConfig) -> None:
    assert not torch.equal(play(Session(tiny), 3).state.theta, play(Session(tiny.replace("run.seed", 4)), 3).state.theta)


@pytest.mark.parametrize("dimension", [1, 3])
@pytest.mark.parametrize("averaging", [0.0, 0.9])
@pytest.mark.parametrize("rule", ["simultaneous", "alternating"])
@pytest.mark.parametrize("optimiser", OPTIMISERS, ids=lambda o: o["kind"])
def test_saved_and_loaded_it_goes_on_bit_for_bit(
    tiny: GameConfig, tmp_path: Path, optimiser: dict[str, Any], rule: str, averaging: float, dimension: int
) -> None:
    config = with_changes(
        tiny,
        ("generator_optimiser", optimiser),
        ("discriminator_optimiser", optimiser),
        ("update_rule", {"kind": rule}),
        ("run.averaging", averaging),
        ("latent.dimension", dimension),
    )
    whole = play(Session(config), 7)
    whole.save(tmp_path / "c")
    loaded = Session.load(tmp_path / "c")
    assert_same_state(whole, loaded)
    assert_same_state(play(whole, 6), play(loaded, 6))
    assert loaded.changes == whole.changes == ()


LIVE_CHANGES: list[tuple[str, Any]] = [
    ("run.batch", 16),
    ("objective", "minimax"),
    ("update_rule", {"kind": "simultaneous"}),
    ("regulariser.r1", 0.0),
    ("run.averaging", 0.0),
    ("discriminator_optimiser.learning_rate", 0.01),
    ("generator_optimiser.beta1", 0.25),
    ("update_rule", {"kind": "alternating", "discriminator_steps": 2, "generator_steps": 0}),
]


def eventful(config: GameConfig) -> Session:
    session = play(Session(config), 2)
    for i, (path, value) in enumerate(LIVE_CHANGES):
        assert session.set(path, value) is not None
        play(session, 2)
        if i % 2:
            play(session, 1, Players.D)
            play(session, 2, Players.G)
    session.set("run.batch", 12)
    session.set("run.batch", 24)  # two at one step
    return play(session, 1)


def test_after_live_changes_a_checkpoint_goes_on_bit_for_bit(tiny: GameConfig, tmp_path: Path) -> None:
    whole = eventful(tiny)
    whole.save(tmp_path / "c")
    loaded = Session.load(tmp_path / "c")
    assert loaded.changes == whole.changes and loaded.initial_config == tiny
    assert_same_state(play(whole, 5), play(loaded, 5))


def test_the_event_log_replays_bit_for_bit(tiny: GameConfig, tmp_path: Path) -> None:
    whole = eventful(tiny)
    assert {c.kind for c in whole.changes} == {"set", "step"} and {c.players for c in whole.changes} == {"D", "G", "both"}
    assert_same_state(whole, replay(tiny, whole.changes, whole.step))
    whole.save(tmp_path / "c")
    assert_same_state(whole, replay(tiny, Session.load(tmp_path / "c").changes, whole.step))


def test_a_replay_without_the_log_is_another_run(tiny: GameConfig) -> None:
    whole = eventful(tiny)
    assert not torch.equal(replay(tiny, (), whole.step).state.phi, whole.state.phi)


def test_a_long_replay_needs_no_draining_by_hand(tiny: GameConfig) -> None:
    assert replay(tiny, (), 300).step == 300


def test_a_snapshot_brings_all_of_it_back(tiny: GameConfig) -> None:
    session = play(Session(tiny), 5)
    snapshot = session.snapshot()
    first = play(session, 9).state
    session.set("run.batch", 32)
    play(session, 3)
    revision = session.revision
    session.restore(snapshot)
    assert session.step == 5 and session.changes == () and session.config == tiny and session.revision > revision
    assert torch.equal(play(session, 9).state.theta, first.theta)
    assert session.drain().steps.tolist() == list(range(6, 15))


# -------------------------------------------------------------------------------------------------- settings, rows


def test_a_change_is_an_entry_with_its_step(tiny: GameConfig) -> None:
    session = play(Session(tiny), 4)
    change = session.set("discriminator_optimiser.learning_rate", 0.02)
    assert change is not None
    assert (change.step, change.label, change.new) == (4, "lr_D", 0.02)
    assert change.old == tiny.discriminator_optimiser.learning_rate
    assert session.set("discriminator_optimiser.learning_rate", 0.02) is None
    assert session.changes == (change,)


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("generator.width", 8, "restarts the game"),
        ("data", {"kind": "uniform"}, "restarts the game"),
        ("latent.dimension", 2, "restarts the game"),
        ("run.seed", 5, "restarts the game"),
        ("discriminator_optimiser", {"kind": "momentum"}, "restarts the game"),
        ("run.batch", 0, "greater than or equal to 1"),
        ("run.batch", None, "valid integer"),
        ("run.batch", 10**400, "run.batch"),
        ("run.bach", 3, "run.batch"),
        ("objective", "wasserstein", "objective"),
    ],
)
def test_what_cannot_change_in_mid_run_is_refused_and_changes_nothing(
    tiny: GameConfig, path: str, value: Any, words: str
) -> None:
    session = Session(tiny)
    revision = session.revision
    with pytest.raises(SettingError, match=words):
        session.set(path, value)
    assert session.config == tiny and session.changes == () and session.revision == revision


def test_rows_hold_every_step_with_what_was_last_measured(tiny: GameConfig) -> None:
    session = play(Session(tiny), MEASURE_EVERY + 5)
    session.set("generator_optimiser.learning_rate", 0.5)
    rows = play(session, 1, Players.D).drain()
    table = dict(zip(COLUMNS, rows.values.T, strict=True))
    assert rows.steps.tolist() == list(range(1, MEASURE_EVERY + 7))
    assert np.isfinite(table["loss_d"]).all() and np.isfinite(table["jsd"]).all()
    assert len(set(table["jsd"][: MEASURE_EVERY - 1])) == 1
    assert table["jsd"][MEASURE_EVERY - 1] != table["jsd"][0]
    assert table["learning_rate_g"].tolist() == pytest.approx([tiny.generator_optimiser.learning_rate] * 25 + [0.5])
    assert np.isnan(table["gradient_norm_g"][-1]) and not np.isnan(table["gradient_norm_d"][-1])
    assert not len(session.drain().steps)
    assert COLUMNS[: len(METRICS)] == METRICS


@pytest.mark.parametrize("dimension", [1, 3])
def test_a_picture_holds_what_the_stage_draws(tiny: GameConfig, dimension: int) -> None:
    session = play(Session(with_changes(tiny, ("latent.dimension", dimension), ("run.averaging", 0.9))), 2)
    label, arrays = session.frame_arrays()
    n = len(arrays["grid"])
    assert all(arrays[name].shape == (n,) for name in ("p_r", "p_g", "d", "d_star", "p_g_average"))
    assert (np.diff(arrays["latents"]) >= 0).all() and arrays["latents"].shape == arrays["generated"].shape
    assert label["step"] == 2 and {"loss_d", "value", "jsd", "gap_half"} <= label["numbers"].keys()
    session.set("run.averaging", 0.0)
    assert "p_g_average" not in session.frame_arrays()[1]


def test_facts_follow_the_objective(tiny: GameConfig) -> None:
    session = Session(tiny)
    before = session.facts()
    session.set("objective", "minimax")
    after = session.facts()
    assert (before["objective"], after["objective"]) == ("non_saturating", "minimax")
    assert before["references"]["loss_g"] != after["references"]["loss_g"]
    json.dumps(after, allow_nan=False)


# --------------------------------------------------------------------------------------------------------- checkpoints


def test_a_checkpoint_cut_short_is_refused(tiny: GameConfig, tmp_path: Path) -> None:
    path = tmp_path / "c"
    play(Session(tiny), 2).save(path)
    whole = path.read_bytes()
    header = int.from_bytes(whole[:8], "little")
    for length in (0, 4, 8, 8 + header // 2, 8 + header, 8 + header + 10, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(BrokenCheckpoint, match="not a whole checkpoint"):
            Session.load(path)
    path.write_bytes(whole)
    assert Session.load(path).step == 2


def test_what_is_no_checkpoint_of_ours_is_refused(tiny: GameConfig, tmp_path: Path) -> None:
    label = {"step": 1, "initial_config": tiny.model_dump(mode="json"), "config": tiny.model_dump(mode="json"), "changes": []}
    good = {"theta": torch.zeros(1, 1)}
    for number, (tensors, metadata) in enumerate(
        [
            (good, None),
            (good, {"gandash": "{"}),
            (good, {"gandash": "[]"}),
            (good, {"gandash": json.dumps(label)}),  # theta of another network
            (good, {"gandash": json.dumps(label | {"changes": 3})}),
            (good, {"gandash": json.dumps(label | {"config": {"objective": "fly"}})}),
        ]
    ):
        path = tmp_path / str(number)
        save_file(tensors, path, metadata=metadata)
        with pytest.raises(BrokenCheckpoint):
            Session.load(path)
    (tmp_path / "text").write_text("hello")
    for path in (tmp_path / "text", tmp_path / "missing", tmp_path):
        with pytest.raises(BrokenCheckpoint):
            Session.load(path)


def test_a_checkpoint_of_another_network_is_refused(tiny: GameConfig, tmp_path: Path) -> None:
    session = Session(tiny)
    session.initial_config = tiny.replace("generator.width", 5)
    session.save(tmp_path / "c")
    with pytest.raises(BrokenCheckpoint, match="shape"):
        Session.load(tmp_path / "c")


def test_a_checkpoint_can_be_read_while_the_next_is_written(tiny: GameConfig, tmp_path: Path) -> None:
    path = tmp_path / "c"
    session = Session(tiny)
    session.save(path)
    stop = threading.Event()

    def write() -> None:
        for i in range(10**6):
            session.set("run.batch", 4 + i % 2)  # a longer event log each time: headers and offsets differ
            session.save(path)
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(40):
            assert torch.equal(Session.load(path).state.theta, session.state.theta)
    finally:
        stop.set()
        writer.join()


def _failing(*_: Any) -> None:
    raise OSError("no space left on device")


@pytest.mark.parametrize(
    "break_it",
    [
        lambda patch: patch.setattr(session_module.os, "fsync", _failing),
        lambda patch: patch.setattr(
            session_module, "save_file", lambda _t, path, metadata: (path.write_bytes(b"half"), _failing())
        ),
        lambda patch: patch.setattr(Path, "replace", _failing),
    ],
    ids=["fsync", "write", "rename"],
)
def test_a_save_that_fails_leaves_the_old_checkpoint_and_nothing_else(
    tiny: GameConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    session = play(Session(tiny), 1)
    session.save(path)
    before = path.read_bytes()
    play(session, 1)
    with monkeypatch.context() as patch:
        break_it(patch)
        with pytest.raises(OSError, match="space"):
            session.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_saving_where_there_is_no_folder_is_an_oserror(tiny: GameConfig, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Session(tiny).save(tmp_path / "nowhere" / "c")
