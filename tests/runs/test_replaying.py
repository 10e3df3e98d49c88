"""A recorded run played again: bit for bit the one that was played, whatever it is made of and whoever played it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import torch

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import MLPConfig
from gandash.config.optimisers import AdamConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig
from gandash.game.round import Players
from gandash.runs.replaying import Replayed, at_the_beginning, replay
from gandash.store.reading import StoredRun
from gandash.wire.facts import Engine
from gandash.wire.messages import Recording
from gandash.worker.games import Games
from gandash.worker.keyframe import read, state_of
from gandash.worker.recording import Recorder

TINY = GameConfig(
    generator=MLPConfig(width=3, depth=1),
    discriminator=MLPConfig(width=3, depth=1),
    regulariser=RegulariserConfig(r1=1.0),
    update_rule=AlternatingConfig(discriminator_steps=1, generator_steps=1),
    discriminator_optimiser=AdamConfig(learning_rate=3e-3),
    run=RunConfig(seed=7, batch=4),
)


def assert_same(one: Games, other: Games) -> None:
    """Bit for bit, the random state and what the optimisers remember included; NaN equals NaN."""
    a, b = state_of(one), state_of(other)
    assert one.step == other.step and a.keys() == b.keys()
    for name in a:
        x, y = torch.from_numpy(a[name]), torch.from_numpy(b[name])
        assert torch.equal(torch.nan_to_num(x.double(), nan=7e77), torch.nan_to_num(y.double(), nan=7e77)), name


def again(directory: Path) -> Replayed:
    run = StoredRun(directory)
    return replay(run, at_the_beginning(run))


class Kept:
    """A run as it is recorded; `end` keeps its last state."""

    def __init__(self, directory: Path, config: GameConfig, engine: Engine | None = None) -> None:
        self.games = Games.of([config], engine)
        self._recorder = Recorder(Recording(directory=str(directory), id=directory.name), self.games)

    def go(self, rounds: int, players: Players = Players.BOTH) -> None:
        for _ in range(rounds):
            self.games.advance(players)
        self._recorder.rows(self.games, self.games.drain())

    def end(self) -> Games:
        self._recorder.keyframe(self.games)
        self._recorder.close(None)
        assert not self._recorder.problem
        return self.games


def eventful(directory: Path, engine: Engine | None = None) -> Games:
    """A run with everything in it that an event log knows."""
    run = Kept(directory, TINY, engine)
    run.go(5)
    run.games.set("discriminator_optimiser.learning_rate", 0.02, None)
    run.go(3, Players.D)
    run.games.set("regulariser.r1", 0.1, None)
    run.games.set("update_rule", {"kind": "alternating", "discriminator_steps": 2, "generator_steps": 1}, None)
    run.go(2, Players.G)
    run.go(14)
    return run.end()


def last_kept(directory: Path) -> Games:
    run = StoredRun(directory)
    return read(run, run.keyframes[-1])


@pytest.mark.parametrize("engine", get_args(Engine))
def test_a_replay_is_the_run_bit_for_bit(tmp_path: Path, engine: Engine) -> None:
    games = eventful(tmp_path / "run", engine)
    replayed = again(tmp_path / "run")
    assert replayed.step == 24 and replayed.agrees and replayed.compared == (24,) and not replayed.other_versions
    for kept in (replayed.games, last_kept(tmp_path / "run")):
        assert_same(kept, games)
        assert kept.trajectories[0].changes == games.trajectories[0].changes
        assert kept.trajectories[0].config == games.trajectories[0].config
        assert kept.trajectories[0].engine == engine


@pytest.mark.parametrize(
    "changes",
    [
        {"update_rule": {"kind": "optimistic"}},
        {"update_rule": {"kind": "lookahead", "rounds": 5}, "regulariser.spectral": "on"},
        {"objective": "relativistic", "regulariser.packing": 2, "regulariser.noise": 0.1, "discriminator.dropout": 0.2},
        {"generator": {"kind": "point"}, "discriminator": {"kind": "linear"}, "objective": "wasserstein"},
    ],
    ids=["optimistic", "lookahead", "chance", "dirac"],
)
def test_games_of_every_make_are_kept_and_replayed_bit_for_bit(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = Kept(tmp_path / "run", TINY.replace_all(list(changes.items())))
    run.go(7)
    run.games.set("regulariser.clip", 0.5, None)
    run.go(2, Players.D)
    run.games.set("objective", "hinge", None)
    run.go(4)
    games, replayed = run.end(), again(tmp_path / "run")
    assert replayed.agrees
    assert_same(replayed.games, games)
    assert_same(last_kept(tmp_path / "run"), games)
    assert replayed.games.trajectories[0].config == games.trajectories[0].config


def test_the_comparison_can_tell_states_apart(tmp_path: Path) -> None:
    games = eventful(tmp_path / "run", engine="torch")  # whose random streams are a state: compiled rounds draw by a counter
    plain, shorter = Games.of([TINY], "torch"), Games.of([TINY], "torch")
    plain.advance(rounds=24)
    shorter.advance(rounds=23)
    other_chance = last_kept(tmp_path / "run")
    other_chance.trajectories[0].streams.restore(shorter.trajectories[0].streams.state())
    for other in (plain, shorter, other_chance):
        with pytest.raises(AssertionError):
            assert_same(games, other)


@pytest.mark.parametrize("engine", get_args(Engine))
def test_what_is_read_is_what_was_played(tmp_path: Path, engine: Engine) -> None:
    games = eventful(tmp_path / "run", engine=engine)
    run = StoredRun(tmp_path / "run")
    assert (run.configs, run.seeds, run.steps, run.manifest.engines) == ((TINY,), (7,), 24, (engine,))
    assert tuple(run.changes[0]) == games.trajectories[0].changes
    assert [c.kind for c in run.changes[0]] == ["set", "step", "step", "step", "set", "set", "step", "step"]
