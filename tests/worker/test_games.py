"""Games in lockstep: each plays as it would alone, whoever it moves with, and one that breaks leaves the others alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playing import Played

from gandash.config import GameConfig
from gandash.config.changes import distinctions
from gandash.config.setting import SettingError
from gandash.domains.line import LineDomain
from gandash.game.round import GameState, Players, noise_in_force
from gandash.wire.frame import unpack
from gandash.worker.checkpoint import load, save
from gandash.worker.games import Games

LR_D = "discriminator_optimiser.learning_rate"


def varied(config: GameConfig, path: str, *values: Any) -> list[GameConfig]:
    return [config.replace(path, value) for value in values]


def play(games: Games, rounds: int) -> Games:
    for _ in range(rounds):
        games.advance()
    return games


def assert_alike(one: GameState, other: GameState) -> None:
    """Within rounding: a batch of matrix products adds in another order than a single one."""
    assert one.step == other.step and one.tensors.keys() == other.tensors.keys()
    for name, tensor in one.tensors.items():
        torch.testing.assert_close(tensor, other.tensors[name], rtol=2e-3, atol=2e-4, msg=name)


MIXED: list[tuple[tuple[str, Any], ...]] = [
    (),
    ((LR_D, 5e-3),),
    (("regulariser.r1", 0.0),),
    (("run.seed", 7),),
    (("objective", "wasserstein"), ("regulariser.gradient_penalty", 1.0)),
    (("update_rule", {"kind": "lookahead", "rounds": 3}),),
    (("update_rule", {"kind": "lookahead", "rounds": 3}), (LR_D, 4e-3)),
    (("generator.width", 5),),
]


def test_each_game_plays_as_it_would_alone(tiny: GameConfig) -> None:
    """Four of these make one population, two another, and two stay alone."""
    configs = [tiny.replace_all(changes) for changes in MIXED]
    games = play(Games.of(configs, "torch"), 12)
    assert sorted(len(play.__self__._watched) for play in games._rounds or [] if hasattr(play, "__self__")) == [2, 4]
    rows = games.drain()
    for config, trajectory, own in zip(configs, games.trajectories, rows, strict=True):
        alone = play(Games.of([config], "torch"), 12)
        assert_alike(trajectory.state, alone.trajectories[0].state)
        (expected,) = alone.drain()
        np.testing.assert_array_equal(own.steps, expected.steps)
        np.testing.assert_allclose(own.values, expected.values, rtol=2e-2, atol=2e-2)


def test_the_same_games_twice_are_the_same_bit_for_bit(tiny: GameConfig) -> None:
    configs = varied(tiny, LR_D, 1e-3, 2e-3, 4e-3)
    one, other = (play(Games.of(configs), 9) for _ in range(2))
    for a, b in zip(one.trajectories, other.trajectories, strict=True):
        for name, tensor in a.state.tensors.items():
            assert torch.equal(tensor, b.state.tensors[name]), name


@pytest.mark.parametrize("members", [1, 3])
def test_a_checkpoint_of_several_goes_on_bit_for_bit(tiny: GameConfig, tmp_path: Path, members: int) -> None:
    games = play(Games.of(varied(tiny, LR_D, 1e-3, 2e-3, 4e-3)[:members]), 5)
    games.set("regulariser.r1", 0.7, None)
    save(tmp_path / "c", games.trajectories)
    again = Games(load(tmp_path / "c"))
    assert again.step == 5 and not again.stopped
    for a, b in zip(play(games, 4).trajectories, play(again, 4).trajectories, strict=True):
        assert a.changes == b.changes and a.config == b.config
        for name, tensor in a.state.tensors.items():
            assert torch.equal(tensor, b.state.tensors[name]), name


def test_a_setting_of_one_game_leaves_the_others_alone(tiny: GameConfig) -> None:
    games = play(Games.of([tiny, tiny]), 3)
    assert torch.equal(games.trajectories[0].state.phi, games.trajectories[1].state.phi)
    changed = games.set(LR_D, 9e-3, 1)
    assert [(i, c.step, c.new) for i, c in changed] == [(1, 3, 9e-3)]
    assert games.trajectories[0].changes == () and games.trajectories[0].config == tiny
    play(games, 3)
    assert not torch.equal(games.trajectories[0].state.phi, games.trajectories[1].state.phi)
    assert [i for i, _ in games.set(LR_D, 9e-3, None)] == [0]  # the other has it already
    with pytest.raises(SettingError):
        games.set("generator.width", 9, None)


def test_noise_set_anew_in_one_game_fades_from_there_in_that_one_alone(tiny: GameConfig) -> None:
    configs = varied(tiny.replace("regulariser.noise_half_life", 2.0), "run.seed", 1, 2)
    games, apart = Games.of(configs, "torch"), [Games.of([config], "torch") for config in configs]
    for group in (games, *apart):
        play(group, 3).set("regulariser.noise", 1.0, None)
        play(group, 2)
    games.set("regulariser.noise", 2.0, 1)
    apart[1].set("regulariser.noise", 2.0, None)
    found = [float(noise_in_force(t.game, t.state)) for t in play(games, 2).trajectories]
    assert found == pytest.approx([0.25, 1.0])
    assert len(games._rounds or []) == 1  # of both together
    for trajectory, alone in zip(games.trajectories, apart, strict=True):
        assert_alike(trajectory.state, play(alone, 2).trajectories[0].state)


def test_a_rule_changed_for_one_game_parts_it_from_the_others(tiny: GameConfig) -> None:
    games = play(Games.of(varied(tiny, LR_D, 1e-3, 2e-3), "torch"), 2)
    games.set("update_rule", {"kind": "optimistic"}, 0)
    play(games, 2)
    assert len(games._rounds or []) == 2 and games.step == 4
    games.set("update_rule", {"kind": "optimistic"}, 1)
    play(games, 1)
    assert len(games._rounds or []) == 2  # one remembers its last update, the other has none yet
    games._rounds = None
    play(games, 1)
    assert len(games._rounds or []) == 1


def test_a_broken_game_is_set_aside(tiny: GameConfig) -> None:
    games = play(Games.of(varied(tiny, LR_D, 1e-3, 2e-3, 3e-3)), 4)
    games.drain()
    kept = games.snapshot()
    broken = games.trajectories[1]
    play(games, 2)
    broken.state = replace(broken.state, phi=broken.state.phi * torch.inf)
    assert not games.is_finite
    games.drain()
    games.stop(1, kept)
    assert games.is_finite and sorted(games.playing) == [0, 2] and broken.step == 4
    play(games, 3)
    rows = games.drain()
    assert [s.step for s in games.trajectories] == [9, 4, 9] and games.step == 9
    assert [own.steps.tolist() for own in rows] == [[7, 8, 9]] * 3
    assert np.isnan(rows[1].values).all() and np.isfinite(rows[0].values[:, 0]).all()
    games.restore(kept)
    assert sorted(games.playing) == [0, 1, 2] and games.step == 4


def test_a_picture_of_several_holds_each_ones(tiny: GameConfig) -> None:
    games = play(
        Games.of([tiny, tiny.replace(LR_D, 5e-3), tiny.replace("data", {"kind": "ring"}).replace("latent.dimension", 2)]), 2
    )
    label, arrays = unpack(games.picture(3, 0.0))
    assert label["generation"] == 3 and label["step"] == 2 and len(label["members"]) == 3
    for i, trajectory in enumerate(games.trajectories):
        alone = Games([trajectory])
        alone.observers = (games.observers[i],)
        own_label, own = unpack(alone.picture(3, 0.0))
        assert label["members"][i]["numbers"] == own_label["members"][0]["numbers"]
        assert {name for name in arrays if name.startswith(f"{i}/")} == {f"{i}/{name}" for name in own} - {"kind"}
        for name, array in own.items():
            np.testing.assert_array_equal(arrays[f"{i}/{name}"], array)


def test_one_player_alone_moves_in_every_game(tiny: GameConfig) -> None:
    games = Games.of(varied(tiny, LR_D, 1e-3, 2e-3))
    before = [s.state for s in games.trajectories]
    games.advance(Players.D)
    for state, trajectory in zip(before, games.trajectories, strict=True):
        assert torch.equal(state.theta, trajectory.state.theta) and not torch.equal(state.phi, trajectory.state.phi)
        assert [c.players for c in trajectory.changes] == ["D"]


def test_states_apart_and_together_are_the_same(tiny: GameConfig) -> None:
    session = Played(tiny.replace("update_rule", {"kind": "optimistic"}))
    session.advance()
    other = Played(tiny.replace("update_rule", {"kind": "optimistic"}).replace("run.seed", 3))
    other.advance()
    both = GameState.together([session.state, other.state])
    for i, one in enumerate((session, other)):
        for name, tensor in one.state.tensors.items():
            assert torch.equal(both.member(i).tensors[name], tensor), name
    with pytest.raises(KeyError):
        GameState.of(0, {"theta": torch.zeros(1, 1)})


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([[(LR_D, 1e-3)], [(LR_D, 4e-4)]], ("lr_D 1e-3", "lr_D 4e-4")),
        ([[("run.seed", 0)], [("run.seed", 5)]], ("Seed 0", "Seed 5")),
        ([[], [("objective", "minimax")]], ("objective non-saturating", "objective minimax")),
        ([[], [("update_rule", {"kind": "extragradient"})]], ("rule alternating", "rule extragradient")),
        ([[("regulariser.r1", 0)], [("regulariser.r1", 1), (LR_D, 0.5)]], None),
        ([[], []], ("", "")),
    ],
)
def test_games_are_told_apart_by_what_differs(tiny: GameConfig, changes: Any, told: tuple[str, ...] | None) -> None:
    found = distinctions([tiny.replace_all(own) for own in changes])
    assert found == told if told else all("γ" in one and "lr_D" in one for one in found)


def test_a_learning_rate_changes_without_a_measurement_and_an_objective_with_one(
    tiny: GameConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    games, measured = play(Games.of([tiny]), 3), []
    games.picture(1, 0.0)
    measure = LineDomain.measure
    monkeypatch.setattr(LineDomain, "measure", lambda *given, **how: measured.append(1) or measure(*given, **how))
    games.set(LR_D, 9e-3, None)
    assert games.observers[0].facts() and games.picture(1, 0.0) and not measured
    games.set("objective", "wasserstein", None)
    assert games.observers[0].facts() and not measured
    assert games.picture(1, 0.0) and len(measured) == 1
