"""A game in progress: the same config, seed and event log give the same run, bit for bit, whatever is done beside it."""

from __future__ import annotations

import json
import math
import os
import stat
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playing import Played, picture
from safetensors import safe_open
from safetensors.torch import save_file

from gandash.config import GameConfig
from gandash.config.objectives import OBJECTIVES as WORDS
from gandash.config.setting import SettingError
from gandash.domains.line import LineDomain
from gandash.game.objectives import OBJECTIVES
from gandash.game.round import METRICS, Players, noise_in_force
from gandash.wire.messages import Change
from gandash.worker import checkpoint as checkpoint_module
from gandash.worker.checkpoint import BrokenCheckpoint, load, save
from gandash.worker.observer import COLUMNS
from gandash.worker.trajectory import Trajectory, replay

MEASURE_EVERY = LineDomain.measure_every

OPTIMISERS: list[dict[str, Any]] = [
    {"kind": "gradient_descent", "learning_rate": 0.05},
    {"kind": "momentum", "learning_rate": 0.02},
    {"kind": "rmsprop"},
    {"kind": "adam"},
]


def assert_same_state(a: Trajectory, b: Trajectory) -> None:
    assert a.step == b.step
    for name in ("theta", "phi", "average", "phi_effective"):
        assert torch.equal(getattr(a.state, name), getattr(b.state, name)), name
    for name in ("theta_moments", "phi_moments", "memory"):
        one, other = getattr(a.state, name), getattr(b.state, name)
        assert one.keys() == other.keys()
        assert all(torch.equal(one[k], other[k]) for k in one), name
    assert torch.equal(a.streams.state(), b.streams.state())
    assert a.config == b.config


def play(session: Trajectory, n: int, players: Players = Players.BOTH) -> Any:
    for _ in range(n):
        session.advance(players)
        if isinstance(session, Played) and session.free_rows == 0:
            session.drain()
    return session


def with_changes(config: GameConfig, *changes: tuple[str, Any]) -> GameConfig:
    for path, value in changes:
        config = config.replace(path, value)
    return config


def test_looking_does_not_disturb_the_game(tiny: GameConfig) -> None:
    alone, watched = play(Played(tiny), 45), Played(tiny)
    for _ in range(45):
        watched.advance()
        watched.measurement()
        picture(watched, 1)
        watched.renew_verdict()
        watched.drain()
        watched.snapshot()
    assert_same_state(alone, watched)
    assert not torch.equal(alone.state.theta, Played(tiny).state.theta)


def test_another_seed_is_another_game(tiny: GameConfig) -> None:
    assert not torch.equal(play(Played(tiny), 3).state.theta, play(Played(tiny.replace("run.seed", 4)), 3).state.theta)


@pytest.mark.parametrize("dimension", [1, 3])
@pytest.mark.parametrize("averaging", [0.0, 0.9])
@pytest.mark.parametrize("rule", ["simultaneous", "alternating", "optimistic", "lookahead"])
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
    whole = play(Played(config), 7)
    save(tmp_path / "c", [whole])
    loaded = load(tmp_path / "c")[0]
    assert_same_state(whole, loaded)
    assert_same_state(play(whole, 6), play(loaded, 6))
    assert loaded.changes == whole.changes == ()


# What is kept from round to round beside moments, by game
KEEPING: dict[str, tuple[dict[str, Any], set[str]]] = {
    "optimistic": ({"update_rule": {"kind": "optimistic"}}, {"d_update", "g_update"}),
    "lookahead": ({"update_rule": {"kind": "lookahead", "rounds": 5}}, {"slow_theta", "slow_phi", "rounds"}),
    "spectral": ({"regulariser.spectral": "on"}, {"spectral"}),
    "spectral lookahead": (
        {"regulariser.spectral": "on", "update_rule": {"kind": "lookahead", "rounds": 3}},
        {"spectral", "slow_theta", "slow_phi", "rounds"},
    ),
    "spectral optimistic critic": (
        {"objective": "wasserstein", "regulariser.spectral": "on", "update_rule": {"kind": "optimistic"}},
        {"spectral", "d_update", "g_update"},
    ),
}


def keeping(tiny: GameConfig, name: str) -> tuple[GameConfig, set[str]]:
    changes, kept = KEEPING[name]
    deep = tiny.replace("discriminator.depth", 2)  # of one hidden layer all matrices would have rank 1, and no vector to keep
    return deep.replace_all(list(changes.items())), kept


@pytest.mark.parametrize("name", KEEPING)
def test_memory_and_critic_are_saved_loaded_and_replayed_bit_for_bit(tiny: GameConfig, tmp_path: Path, name: str) -> None:
    config, kept = keeping(tiny, name)
    whole = play(Played(config), 7)  # amid the rounds of a lookahead
    assert whole.state.memory.keys() == kept
    assert torch.equal(whole.state.phi_effective, whole.state.phi) == ("spectral" not in kept)
    save(tmp_path / "c", [whole])
    loaded = load(tmp_path / "c")[0]
    assert_same_state(whole, loaded)
    assert_same_state(play(whole, 6), play(loaded, 6))
    assert_same_state(whole, replay(config, (), 13))


@pytest.mark.parametrize("name", KEEPING)
def test_with_any_part_of_its_memory_changed_a_game_goes_on_otherwise(tiny: GameConfig, name: str) -> None:
    """So that the test above can fail."""
    config, kept = keeping(tiny, name)
    whole = play(Played(config), 13)
    for one in kept:
        other = play(Played(config), 7)
        other.state = replace(other.state, memory=other.state.memory | {one: other.state.memory[one] + 1})
        play(other, 6)
        assert not (torch.equal(other.state.phi, whole.state.phi) and torch.equal(other.state.theta, whole.state.theta)), one


@pytest.mark.parametrize("name", KEEPING)
def test_events_amid_what_is_kept_replay_bit_for_bit(tiny: GameConfig, tmp_path: Path, name: str) -> None:
    config, _ = keeping(tiny, name)
    whole = play(Played(config), 4)
    for path, value in (
        ("objective", "hinge"),
        ("run.batch", 12),
        ("update_rule", {"kind": "extragradient"}),
        ("regulariser.gradient_penalty", 0.5),
        ("regulariser.clip", 0.3),
        ("update_rule", config.update_rule.model_dump()),
        ("regulariser.noise", 0.2),
        ("regulariser.noise_half_life", 3.0),
        ("objective", "f_kl"),
    ):
        assert whole.set(path, value) is not None
        play(whole, 3)
        play(whole, 1, Players.D)
        play(whole, 1, Players.G)
    assert_same_state(whole, replay(config, whole.changes, whole.step))
    save(tmp_path / "c", [whole])
    assert_same_state(play(whole, 4), play(load(tmp_path / "c")[0], 4))


def sigma(session: Trajectory) -> float:
    found = noise_in_force(session.game, session.state)
    return 0.0 if found is None else float(found)


def test_noise_set_in_mid_run_halves_from_there(tiny: GameConfig, tmp_path: Path) -> None:
    """At once it is what was set, and a half of it one half-life later; nothing but noise set anew changes that."""
    session = play(Trajectory(tiny), 7)
    session.set("regulariser.noise_half_life", 4.0)
    session.set("regulariser.noise", 1.0)
    assert sigma(session) == 1
    assert sigma(play(session, 4)) == pytest.approx(0.5)
    for path, value in (("run.batch", 12), ("update_rule", {"kind": "optimistic"}), ("regulariser.clip", 0.3)):
        session.set(path, value)
        assert sigma(session) == pytest.approx(0.5), path
    play(session, 1, Players.D)
    save(tmp_path / "c", [session])
    read = load(tmp_path / "c")[0]
    for other in (session, read, replay(tiny, session.changes, session.step)):
        assert sigma(other) == pytest.approx(0.5**1.25)
        assert sigma(play(other, 3)) == pytest.approx(0.25)
    assert_same_state(session, read)
    session.set("regulariser.noise_half_life", 2.0)
    assert sigma(session) == 1 and sigma(play(session, 2)) == pytest.approx(0.5)


def test_noise_that_was_there_from_the_start_halves_from_the_start(tiny: GameConfig) -> None:
    session = play(Trajectory(tiny.replace_all([("regulariser.noise", 1.0), ("regulariser.noise_half_life", 4.0)])), 4)
    assert sigma(session) == pytest.approx(0.5) and not session.state.memory


def test_a_log_from_before_noise_was_counted_from_its_change_plays_as_it_did(tiny: GameConfig, tmp_path: Path) -> None:
    """Such an entry does not say `restarts_half_life`, and neither does such a checkpoint know a step."""
    entry = {"kind": "set", "step": 7, "path": "regulariser.noise", "label": "σ", "old": 0.0, "new": 1.0, "players": "both"}
    config = tiny.replace("regulariser.noise_half_life", 7.0)
    played = replay(config, (Change.model_validate(entry),), 14)
    assert sigma(played) == pytest.approx(0.25)
    save(tmp_path / "c", [played])
    read = load(tmp_path / "c")[0]
    assert not read.changes[0].restarts_half_life
    assert_same_state(play(replay(config, read.changes, 14), 3), play(read, 3))


def test_another_beta_leaves_adams_averages(tiny: GameConfig, tmp_path: Path) -> None:
    adam = {"kind": "adam", "learning_rate": 0.01, "beta1": 0.5, "beta2": 0.9}
    config = tiny.replace_all([("generator_optimiser", adam), ("discriminator_optimiser", adam)])
    session = play(Trajectory(config), 40)
    before = session.state
    for player in ("generator", "discriminator"):
        assert session.set(f"{player}_optimiser.beta2", 0.9999).keeps_averages  # type: ignore[union-attr]
    for was, now in ((before.theta_moments, session.state.theta_moments), (before.phi_moments, session.state.phi_moments)):
        t = float(was["count"])
        assert torch.equal(was["mean"], now["mean"])
        old, new = (1 - float(torch.tensor(beta)) ** t for beta in (0.9, 0.9999))
        torch.testing.assert_close(now["square"] / new, was["square"] / old, rtol=1e-6, atol=0)
    session.set("generator_optimiser.beta1", 0.9)
    play(session, 5)
    save(tmp_path / "c", [session])
    read = load(tmp_path / "c")[0]
    assert_same_state(session, read)
    assert_same_state(session, replay(config, read.changes, session.step))
    assert_same_state(play(session, 3), play(read, 3))


def test_a_log_from_before_betas_kept_averages_plays_as_it_did(tiny: GameConfig) -> None:
    path = "discriminator_optimiser.beta2"
    entry = {"kind": "set", "step": 5, "path": path, "label": "β₂", "old": 0.9, "new": 0.999, "players": "both"}
    was = play(Trajectory(tiny), 5)
    kept = was.state.phi_moments
    then = replay(tiny, (Change.model_validate(entry),), 5)
    assert torch.equal(then.state.phi_moments["square"], kept["square"])
    assert then.config.discriminator_optimiser.beta2 == 0.999  # type: ignore[union-attr]
    was.set(path, 0.999)
    assert not torch.equal(was.state.phi_moments["square"], kept["square"])


@pytest.mark.parametrize("name", KEEPING)
def test_another_update_rule_begins_without_what_the_last_one_kept(tiny: GameConfig, name: str) -> None:
    config, kept = keeping(tiny, name)
    session = play(Played(config), 4)
    before = session.state
    rule = {"kind": "simultaneous" if "update_rule" in KEEPING[name][0] else "extragradient"}
    session.set("run.batch", 16)  # any other change leaves it
    assert session.state.memory.keys() == kept
    session.set("update_rule", rule)
    assert session.state.memory.keys() == kept & {"spectral"}
    for one in session.state.memory:
        assert torch.equal(session.state.memory[one], before.memory[one])
    assert torch.equal(session.state.phi_effective, before.phi_effective) and torch.equal(session.state.phi, before.phi)
    play(session, 2)
    assert session.state.memory.keys() == kept & {"spectral"}


LIVE_CHANGES: list[tuple[str, Any]] = [
    ("run.batch", 16),
    ("objective", "minimax"),
    ("regulariser.smoothing", 0.1),
    ("update_rule", {"kind": "simultaneous"}),
    ("regulariser.r1", 0.0),
    ("regulariser.r2", 0.1),
    ("regulariser.noise", 0.1),
    ("update_rule", {"kind": "consensus"}),
    ("update_rule.gamma", 0.2),
    ("update_rule", {"kind": "symplectic_adjustment"}),
    ("update_rule", {"kind": "unrolled", "depth": 2}),
    ("update_rule", {"kind": "optimistic"}),
    ("update_rule", {"kind": "lookahead", "rounds": 3}),
    ("update_rule", {"kind": "extragradient"}),
    ("run.averaging", 0.0),
    ("discriminator_optimiser.learning_rate", 0.01),
    ("generator_optimiser.beta1", 0.25),
    ("update_rule", {"kind": "alternating", "discriminator_steps": 2, "generator_steps": 0}),
]


def eventful(config: GameConfig) -> Played:
    session = play(Played(config), 2)
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
    save(tmp_path / "c", [whole])
    loaded = load(tmp_path / "c")[0]
    assert loaded.changes == whole.changes and loaded.initial_config == tiny
    assert_same_state(play(whole, 5), play(loaded, 5))


def test_the_event_log_replays_bit_for_bit(tiny: GameConfig, tmp_path: Path) -> None:
    whole = eventful(tiny)
    assert {c.kind for c in whole.changes} == {"set", "step"} and {c.players for c in whole.changes} == {"D", "G", "both"}
    assert_same_state(whole, replay(tiny, whole.changes, whole.step))
    save(tmp_path / "c", [whole])
    assert_same_state(whole, replay(tiny, load(tmp_path / "c")[0].changes, whole.step))


def test_a_replay_without_the_log_is_another_run(tiny: GameConfig) -> None:
    whole = eventful(tiny)
    assert not torch.equal(replay(tiny, (), whole.step).state.phi, whole.state.phi)


def test_a_long_replay_needs_no_draining_by_hand(tiny: GameConfig) -> None:
    assert replay(tiny, (), 300).step == 300


def test_a_snapshot_brings_all_of_it_back(tiny: GameConfig) -> None:
    session = play(Played(tiny), 5)
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
    session = play(Played(tiny), 4)
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
        ("objective", "wgan", "objective"),
        ("generator", {"kind": "point"}, "restarts the game"),
        ("discriminator.dropout", 0.1, "restarts the game"),
        ("regulariser.spectral", "on", "restarts the game"),
        ("regulariser.packing", 2, "restarts the game"),
        ("update_rule", {"kind": "leapfrog"}, "update_rule"),
    ],
)
def test_what_cannot_change_in_mid_run_is_refused_and_changes_nothing(
    tiny: GameConfig, path: str, value: Any, words: str
) -> None:
    session = Played(tiny)
    revision = session.revision
    with pytest.raises(SettingError, match=words):
        session.set(path, value)
    assert session.config == tiny and session.changes == () and session.revision == revision


def test_rows_hold_every_step_with_what_was_last_measured(tiny: GameConfig) -> None:
    session = play(Played(tiny), MEASURE_EVERY + 5)
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
    session = play(Played(with_changes(tiny, ("latent.dimension", dimension), ("run.averaging", 0.9))), 2)
    label, arrays = session.frame_arrays()
    n = len(arrays["grid"])
    assert all(arrays[name].shape == (n,) for name in ("p_r", "p_g", "d", "d_star", "p_g_average"))
    assert (np.diff(arrays["latents"]) >= 0).all() and arrays["latents"].shape == arrays["generated"].shape
    assert label.step == 2 and {"loss_d", "value", "jsd", "gap_half"} <= label.numbers.keys()
    session.set("run.averaging", 0.0)
    assert "p_g_average" not in session.frame_arrays()[1]


def test_facts_follow_the_objective(tiny: GameConfig) -> None:
    session = Played(tiny)
    before = session.facts()
    session.set("objective", "minimax")
    after = session.facts()
    assert (before.objective.name, after.objective.name) == ("non_saturating", "minimax")
    assert before.references["loss_g"] != after.references["loss_g"]
    json.loads(after.model_dump_json(), parse_constant=pytest.fail)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_facts_say_how_the_output_of_d_is_read(tiny: GameConfig, objective: str) -> None:
    played = OBJECTIVES[objective]
    facts = Played(tiny.replace("objective", objective)).facts()
    reading = facts.reading
    probability = played.reading.logit is not None
    assert (reading.kind, reading.label) == (("probability", "D(x)") if probability else ("critic", "a(x)"))
    assert reading.centre == played.reading.centre and reading.optimal == (played.reading.optimal is not None)
    assert reading.centre_label == {0.5: "½", 0.0: "0", None: ""}[reading.centre]
    assert reading.optimal_label == ("D*" if probability else "a*")
    assert facts.references.keys() == played.equilibrium.keys()
    assert facts.objective.other == (played.other and WORDS[played.other])
    json.loads(facts.model_dump_json(), parse_constant=pytest.fail)


def test_smoothed_labels_move_the_lines(tiny: GameConfig) -> None:
    session = Played(tiny)
    before = session.facts()
    session.set("regulariser.smoothing", 0.2)
    after = session.facts()
    assert (before.reading.centre, after.reading.centre) == (0.5, pytest.approx(0.4))
    assert (before.reading.centre_label, after.reading.centre_label) == ("½", "0.4")
    assert after.references["loss_g"].value == pytest.approx(-math.log(0.4))
    session.set("regulariser.smoothing", 0)
    assert session.facts().reading == before.reading.model_copy(update={"since": session.step})


def test_a_critic_and_back_in_mid_run(tiny: GameConfig) -> None:
    session = play(Played(tiny.replace("run.batch", 6)), 3)
    session.drain()
    before = session.facts()
    _, as_probability = session.frame_arrays()
    a = np.log(as_probability["d"] / (1 - as_probability["d"]))
    assert np.isfinite(as_probability["d_star"]).any()

    session.set("objective", "wasserstein")  # the same D, read otherwise
    facts = session.facts()
    label, as_critic = session.frame_arrays()
    assert (facts.objective.name, facts.reading.kind, facts.reading.centre) == ("wasserstein", "critic", None)
    assert facts.reading.optimal is False and facts.objective.other is None
    assert facts.references.keys() == {"loss_d"} and facts.references["loss_d"].since == 3
    np.testing.assert_allclose(as_critic["d"], a, atol=1e-5)
    assert np.isnan(as_critic["d_star"]).all()
    numbers = label.numbers
    for name in ("value", "log_d_real", "log_d_fake", "gap_star"):
        assert numbers[name] is None, name
    assert numbers["loss_d"] == pytest.approx(numbers["mean_d_fake"] - numbers["mean_d_real"])
    assert numbers["loss_g"] == pytest.approx(-numbers["mean_d_fake"])
    assert picture(session)

    table = dict(zip(COLUMNS, play(session, MEASURE_EVERY).drain().values.T, strict=True))
    for name in ("value", "log_d_real", "log_d_fake", "gradient_norm_g_other"):
        assert np.isnan(table[name]).all(), name
    for name in ("loss_d", "loss_g", "mean_d_real", "mean_d_fake", "gradient_norm_d", "gradient_norm_g", "gap_half"):
        assert np.isfinite(table[name]).all(), name
    assert np.isnan(table["gap_star"][-1])
    session.renew_verdict()

    session.set("objective", "non_saturating")
    assert session.facts().reading == before.reading.model_copy(update={"since": session.step})
    assert {name: line.value for name, line in session.facts().references.items()} == {
        name: line.value for name, line in before.references.items()
    }
    label, again = session.frame_arrays()
    assert ((again["d"] > 0) & (again["d"] < 1)).all() and np.isfinite(again["d_star"]).any()
    assert np.isfinite(label.numbers["value"]) and np.isfinite(play(session, 1).drain().values[0][COLUMNS.index("value")])
    assert_same_state(session, replay(tiny.replace("run.batch", 6), session.changes, session.step))


# --------------------------------------------------------------------------------------------------------- checkpoints


def test_a_checkpoint_cut_short_is_refused(tiny: GameConfig, tmp_path: Path) -> None:
    path = tmp_path / "c"
    save(path, [play(Played(tiny), 2)])
    whole = path.read_bytes()
    header = int.from_bytes(whole[:8], "little")
    for length in (0, 4, 8, 8 + header // 2, 8 + header, 8 + header + 10, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(BrokenCheckpoint, match="not a whole checkpoint"):
            load(path)[0]
    path.write_bytes(whole)
    assert load(path)[0].step == 2


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
            load(path)[0]
    (tmp_path / "text").write_text("hello")
    for path in (tmp_path / "text", tmp_path / "missing", tmp_path):
        with pytest.raises(BrokenCheckpoint):
            load(path)[0]


def without_critic(path: Path) -> None:
    """As files were before D could be normalised."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys() if name != "critic"}  # noqa: SIM118
    save_file(tensors, path, metadata=metadata)


def test_a_checkpoint_from_before_there_was_a_critic_goes_on(tiny: GameConfig, tmp_path: Path) -> None:
    whole = play(Played(tiny), 3)
    save(tmp_path / "c", [whole])
    without_critic(tmp_path / "c")
    loaded = load(tmp_path / "c")[0]
    assert_same_state(whole, loaded)
    assert_same_state(play(whole, 3), play(loaded, 3))


def test_a_normalised_game_without_its_critic_is_refused(tiny: GameConfig, tmp_path: Path) -> None:
    save(tmp_path / "c", [play(Played(tiny.replace("regulariser.spectral", "on")), 3)])
    without_critic(tmp_path / "c")
    with pytest.raises(BrokenCheckpoint, match="critic"):
        load(tmp_path / "c")[0]


def test_a_checkpoint_of_another_network_is_refused(tiny: GameConfig, tmp_path: Path) -> None:
    session = Played(tiny)
    session.initial_config = tiny.replace("generator.width", 5)
    save(tmp_path / "c", [session])
    with pytest.raises(BrokenCheckpoint, match="shape"):
        load(tmp_path / "c")[0]


def test_a_checkpoint_can_be_read_while_the_next_is_written(tiny: GameConfig, tmp_path: Path) -> None:
    path = tmp_path / "c"
    session = Played(tiny)
    save(path, [session])
    stop = threading.Event()

    def write() -> None:
        for i in range(10**6):
            session.set("run.batch", 4 + i % 2)  # a longer event log each time: headers and offsets differ
            save(path, [session])
            if stop.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(40):
            assert torch.equal(load(path)[0].state.theta, session.state.theta)
    finally:
        stop.set()
        writer.join()


def _failing(*_: Any) -> None:
    raise OSError("no space left on device")


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o002, 0o664), (0o077, 0o600)])
def test_a_checkpoint_is_as_readable_as_any_other_file(tiny: GameConfig, tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        for _ in range(2):  # the first, and one that takes another's place
            save(tmp_path / "kept.safetensors", [Played(tiny)])
            assert stat.S_IMODE((tmp_path / "kept.safetensors").stat().st_mode) == mode
        (tmp_path / "beside").touch()
        assert stat.S_IMODE((tmp_path / "beside").stat().st_mode) == mode
    finally:
        os.umask(before)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda patch: patch.setattr(checkpoint_module.os, "fsync", _failing),
        lambda patch: patch.setattr(checkpoint_module, "_write", lambda path, _: (path.write_bytes(b"half"), _failing())),
        lambda patch: patch.setattr(Path, "replace", _failing),
    ],
    ids=["fsync", "write", "rename"],
)
def test_a_save_that_fails_leaves_the_old_checkpoint_and_nothing_else(
    tiny: GameConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[pytest.MonkeyPatch], None]
) -> None:
    path = tmp_path / "checkpoint.safetensors"
    session = play(Played(tiny), 1)
    save(path, [session])
    before = path.read_bytes()
    play(session, 1)
    with monkeypatch.context() as patch:
        break_it(patch)
        with pytest.raises(OSError, match="space"):
            save(path, [session])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_saving_where_there_is_no_folder_is_an_oserror(tiny: GameConfig, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        save(tmp_path / "nowhere" / "c", [Played(tiny)])
