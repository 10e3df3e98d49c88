"""A run played by compiled code: saved, loaded, replayed, stepped back and among others it is the same, bit for bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from playing import Played

from gandash.config import GameConfig
from gandash.game.compiled import disk_cache
from gandash.game.round import Players
from gandash.game.step import train_step
from gandash.runs.replaying import at_the_beginning
from gandash.runs.replaying import replay as replay_run
from gandash.store.format import MANIFEST, BrokenRun
from gandash.store.reading import StoredRun
from gandash.wire.messages import Recording
from gandash.worker import checkpoint
from gandash.worker.cause import cause_of
from gandash.worker.games import Games
from gandash.worker.recording import Recorder
from gandash.worker.trajectory import Trajectory, replay, streams_of

RULES: list[dict[str, Any]] = [
    {"kind": "simultaneous"},
    {"kind": "alternating", "discriminator_steps": 2, "generator_steps": 3},
    {"kind": "extragradient"},
    {"kind": "optimistic"},
    {"kind": "lookahead", "rounds": 3},
]
OPTIMISERS = ["gradient_descent", "momentum", "rmsprop", "adam"]


def compiled(config: GameConfig) -> Played:
    return Played(config, "compiled")


def play(game: Trajectory, rounds: int, players: Players = Players.BOTH) -> Any:
    for _ in range(rounds):
        game.advance(players)
        if isinstance(game, Played) and game.free_rows == 0:
            game.drain()
    return game


def assert_same(one: Trajectory, other: Trajectory) -> None:
    ours, theirs = one.state.tensors, other.state.tensors
    assert one.step == other.step and ours.keys() == theirs.keys() and one.engine == other.engine == "compiled"
    assert all(torch.equal(tensor, theirs[name]) for name, tensor in ours.items())


def eventful(config: GameConfig) -> Played:
    """Amid changes of everything that is live, of a rule that compiled code does not know, and steps by hand."""
    game = play(compiled(config), 4)
    for path, value in (
        ("objective", "hinge"),
        ("run.batch", 12),
        ("update_rule", {"kind": "unrolled", "depth": 2}),
        ("regulariser.gradient_penalty", 0.5),
        ("generator_optimiser.learning_rate", 0.003),
        ("discriminator_optimiser.beta2", 0.9999),
        ("update_rule", {"kind": "optimistic"}),
        ("regulariser.noise", 0.2),
        ("regulariser.noise_half_life", 3.0),
        ("regulariser.clip", 0.3),
        ("run.averaging", 0.0),
        ("objective", "relativistic"),
    ):
        assert game.set(path, value) is not None
        play(game, 3)
        play(game, 1, Players.D)
        play(game, 1, Players.G)
    return game


@pytest.mark.parametrize("spectral", ["off", "on"])
@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r["kind"])
def test_saved_and_loaded_it_goes_on(tiny: GameConfig, tmp_path: Path, rule: Any, optimiser: str, spectral: str) -> None:
    config = tiny.replace_all(
        [
            ("update_rule", rule),
            ("generator_optimiser", {"kind": optimiser}),
            ("discriminator_optimiser", {"kind": optimiser}),
            ("regulariser.spectral", spectral),
            ("discriminator.depth", 2),
        ]
    )
    whole = play(compiled(config), 7)
    checkpoint.save(tmp_path / "c", [whole])
    (loaded,) = checkpoint.load(tmp_path / "c")
    assert loaded.is_compiled
    assert_same(whole, loaded)
    assert_same(play(whole, 6), play(loaded, 6))
    assert_same(whole, replay(config, (), 13, "compiled"))


def test_events_replay(tiny: GameConfig, tmp_path: Path) -> None:
    whole = eventful(tiny)
    assert_same(whole, replay(tiny, whole.changes, whole.step, "compiled"))
    checkpoint.save(tmp_path / "c", [whole])
    (loaded,) = checkpoint.load(tmp_path / "c")
    assert_same(play(whole, 4), play(loaded, 4))
    by_torch = replay(tiny, whole.changes, whole.step, "torch")
    assert by_torch.engine == "torch" and not torch.equal(by_torch.state.theta, whole.state.theta)


def test_a_snapshot_brings_all_of_it_back(tiny: GameConfig) -> None:
    game = eventful(tiny)
    kept = game.snapshot()
    before = {name: tensor.clone() for name, tensor in game.state.tensors.items()}
    play(game, 5)
    after = game.state.tensors
    game.restore(kept)
    assert all(torch.equal(tensor, before[name]) for name, tensor in game.state.tensors.items())
    play(game, 5)
    assert all(torch.equal(tensor, after[name]) for name, tensor in game.state.tensors.items())


def test_a_kept_state_is_not_written_again(tiny: GameConfig) -> None:
    game = play(compiled(tiny), 2)
    state = game.state
    before = {name: tensor.clone() for name, tensor in state.tensors.items()}
    play(game, 3)
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.tensors.items())


def test_looking_does_not_disturb_the_game(tiny: GameConfig) -> None:
    seen, unseen = compiled(tiny), Trajectory(tiny, "compiled")
    for _ in range(12):
        seen.advance()
        seen.measurement()
        unseen.advance()
    assert_same(seen, unseen)


def test_a_game_among_others_is_the_one_alone(tiny: GameConfig) -> None:
    configs = [tiny.replace("run.seed", seed) for seed in (3, 1, 2)]
    games = Games.of([*configs, tiny.replace("update_rule", {"kind": "unrolled", "depth": 1})], "compiled")
    for _ in range(9):
        games.advance()
    for config, own in zip(configs, games.trajectories, strict=False):
        assert_same(own, play(Trajectory(config, "compiled"), 9))


def test_rows_and_readings_are_the_same_however_many_rounds_a_call(tiny: GameConfig) -> None:
    def played(at_once: int) -> tuple[Played, Any]:
        game, rows = compiled(tiny), []
        while game.step < 105:
            game.advance(rounds=min(at_once, game.free_rounds, 105 - game.step))
            rows.append(game.drain().values)
        return game, np.concatenate(rows)

    (one, alone), (many, together) = played(1), played(1000)
    assert_same(one, many)
    assert np.array_equal(alone, together, equal_nan=True)
    jsd = alone[:, one.columns.index("jsd")]
    assert (np.flatnonzero(np.diff(jsd)) + 2).tolist() == [20, 40, 60, 80, 100]


def test_a_rule_that_is_not_covered_draws_by_place_too(tiny: GameConfig) -> None:
    """Torch's rounds on compiled code's draws are nearly its rounds."""
    config = tiny.replace("update_rule", {"kind": "alternating", "discriminator_steps": 1, "generator_steps": 1})
    ours = Trajectory(config, "compiled")
    by_torch = Trajectory(config.replace("update_rule", {"kind": "unrolled", "depth": 0}), "compiled")
    assert ours.is_compiled and not by_torch.is_compiled
    for _ in range(3):
        torch.testing.assert_close(ours.advance(), by_torch.advance(), rtol=1e-3, atol=1e-4)


def test_why_it_diverged_is_found_on_the_same_draws(tiny: GameConfig) -> None:
    game = compiled(tiny.replace_all([("objective", "f_kl"), ("discriminator_optimiser.learning_rate", 10.0)]))
    known, steps = game.snapshot(), 0
    while game.is_finite() and steps < 500:
        play(game, 1)
        steps += 1
    assert not game.is_finite()
    found = cause_of(known, game.changes, game.config, game.step + 5)
    assert "not known" not in found.words and abs(int(found.words.split()[2]) - game.step) <= 5


def test_a_record_says_who_played_and_replays_so(tiny: GameConfig, tmp_path: Path) -> None:
    games = Games.of([tiny], "compiled")
    recorder = Recorder(Recording(directory=str(tmp_path / "run"), id="run"), games)
    games.advance(rounds=5)
    recorder.rows(games, games.drain())
    recorder.close(None)
    run = StoredRun(tmp_path / "run")
    assert run.manifest.engines == ("compiled",)
    assert run.manifest.versions["numba"] and run.manifest.versions["blas"] in ("MKL", "OpenBLAS")
    assert_same(games.trajectories[0], replay_run(run, at_the_beginning(run)).games.trajectories[0])

    manifest = json.loads((run.directory / MANIFEST).read_text(encoding="utf-8"))
    (run.directory / MANIFEST).write_text(json.dumps(manifest | {"engines": ["abacus"]}), encoding="utf-8")
    with pytest.raises(BrokenRun, match=r"engines.*torch.*compiled"):
        StoredRun(run.directory)


def test_an_engine_that_is_none_is_refused(tiny: GameConfig) -> None:
    with pytest.raises(ValueError, match=r"abacus.*torch and compiled"):
        Trajectory(tiny, "abacus")  # type: ignore[arg-type]


# ---------------------------------------------------------------------------------------------------------- the choice

UNCOVERED = [("update_rule", {"kind": "unrolled", "depth": 1}), ("update_rule", {"kind": "consensus"})]


@pytest.fixture
def chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiled rounds are chosen where they can be."""
    monkeypatch.setenv("GANDASH_ENGINE", "compiled")


@pytest.fixture
def not_ready(chosen: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk_cache, "is_ready", lambda: False)


@pytest.mark.usefixtures("chosen")
def test_compiled_rounds_play_what_they_cover(tiny: GameConfig) -> None:
    games = Games.of([tiny, *(tiny.replace(*one) for one in UNCOVERED), tiny.replace("run.seed", 9)])
    assert [t.engine for t in games.trajectories] == ["compiled", "torch", "torch", "compiled"]
    assert [o.facts().engine for o in games.observers] == ["compiled", "torch", "torch", "compiled"]


@pytest.mark.usefixtures("not_ready")
def test_torch_plays_while_they_are_not_ready(tiny: GameConfig) -> None:
    assert Trajectory(tiny).engine == "torch"


@pytest.mark.usefixtures("chosen")
def test_who_began_a_run_ends_it(tiny: GameConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its rule becomes, and whatever is ready meanwhile."""
    began_covered, began_uncovered = Played(tiny), Played(tiny.replace(*UNCOVERED[0]))
    monkeypatch.setattr(disk_cache, "is_ready", lambda: False)
    for game, (path, value) in ((began_covered, UNCOVERED[0]), (began_uncovered, ("update_rule", RULES[0]))):
        play(game, 2)
        game.set(path, value)
        play(game, 2)
        checkpoint.save(tmp_path / "c", [game])
        (loaded,) = checkpoint.load(tmp_path / "c")
        assert loaded.engine == game.engine
        again = replay(game.initial_config, game.changes, 6, game.engine)
        for one in (play(game, 2), play(loaded, 2)):
            assert all(torch.equal(tensor, again.state.tensors[name]) for name, tensor in one.state.tensors.items())
    assert (began_covered.engine, began_uncovered.engine) == ("compiled", "torch")


@pytest.mark.usefixtures("chosen")
def test_games_that_are_compared_are_the_ones_alone_whoever_plays_them(tiny: GameConfig) -> None:
    """Forwards, by hand, after going back, and when one of them has other settings from some step on."""
    configs = [tiny, tiny.replace(*UNCOVERED[0]), tiny.replace("run.seed", 9), tiny.replace("generator.depth", 2)]
    games = Games.of(configs)
    alone = [Trajectory(config) for config in configs]

    def advance(rounds: int, players: Players = Players.BOTH) -> None:
        for _ in range(rounds):
            games.advance(players)
            for one in alone:
                one.advance(players)

    def same() -> bool:
        both = zip(games.trajectories, alone, strict=True)
        return all(torch.equal(t, two.state.tensors[n]) for one, two in both for n, t in one.state.tensors.items())

    advance(5)
    kept_here, kept_alone = games.snapshot(), [one.snapshot() for one in alone]
    advance(2, Players.D)
    advance(3)
    games.set("generator_optimiser.learning_rate", 0.02, 2)
    alone[2].set("generator_optimiser.learning_rate", 0.02)
    advance(3)
    assert same()
    games.restore(kept_here)
    for one, snapshot in zip(alone, kept_alone, strict=True):
        one.restore(snapshot)
    advance(4)
    assert same() and games.step == 9


def live_settings() -> list[tuple[str, Any, dict[str, Any]]]:
    """Every live setting of a game that compiled code plays, another value for it, and what must be set for it to matter."""
    own: dict[str, dict[str, Any]] = {
        "gradient_descent": {"learning_rate": 0.01},
        "momentum": {"learning_rate": 0.01, "momentum": 0.5},
        "rmsprop": {"learning_rate": 0.01, "decay": 0.9, "epsilon": 1e-4},
        "adam": {"learning_rate": 0.01, "beta1": 0.5, "beta2": 0.9, "epsilon": 1e-4},
    }
    optimisers = [
        (f"{side}.{name}", value / 2, {side: {"kind": kind} | settings})
        for side in ("generator_optimiser", "discriminator_optimiser")
        for kind, settings in own.items()
        for name, value in settings.items()
    ]
    return [
        *optimisers,
        ("objective", "hinge", {}),
        ("run.batch", 12, {}),
        ("run.averaging", 0.3, {}),
        ("update_rule", {"kind": "optimistic"}, {}),
        ("update_rule.discriminator_steps", 3, {"update_rule": RULES[1]}),
        ("update_rule.generator_steps", 1, {"update_rule": RULES[1]}),
        ("update_rule.rounds", 2, {"update_rule": RULES[4]}),
        ("update_rule.share", 0.3, {"update_rule": RULES[4] | {"rounds": 4}}),
        ("regulariser.r1", 2.0, {}),
        ("regulariser.r2", 2.0, {}),
        ("regulariser.gradient_penalty", 2.0, {}),
        ("regulariser.clip", 0.05, {}),
        ("regulariser.noise", 0.3, {}),
        ("regulariser.noise_half_life", 1.0, {"regulariser.noise": 0.3}),
    ]


@pytest.mark.parametrize(("path", "value", "first"), live_settings(), ids=lambda one: one if isinstance(one, str) else "")
def test_a_live_change_changes_what_is_played(tiny: GameConfig, path: str, value: Any, first: dict[str, Any]) -> None:
    """And as torch's rounds on the same draws do it."""
    config = tiny.replace_all(list(first.items()))
    changed, unchanged = (play(compiled(config), 3) for _ in range(2))
    assert changed.is_compiled and changed.set(path, value) is not None
    by_torch = streams_of("compiled", [config.run.seed], changed.device)
    state, _ = train_step(changed.game, changed.state, by_torch)
    state, _ = train_step(changed.game, state, by_torch)
    ours = play(changed, 2).state.tensors
    assert any(
        not torch.equal(tensor, unchanged.state.tensors[name])
        for name, tensor in ours.items()
        if name in unchanged.state.tensors
    )
    for name in ("theta", "phi", "average"):
        torch.testing.assert_close(ours[name], state.tensors[name], rtol=2e-3, atol=2e-4)
