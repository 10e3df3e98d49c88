"""`gandash.train` and what a `Run` knows: the same game as the command line's, in the same store, read back."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from playing import Played

import gandash
from gandash.config import GameConfig
from gandash.config.setting import SettingError
from gandash.exporting.columns import is_known
from gandash.game.round import Players
from gandash.headless.timeline import Untimely
from gandash.presets import PRESETS
from gandash.store import index
from gandash.store.format import BrokenRun
from gandash.worker.games import Games
from gandash.worker.trajectory import Trajectory

Train = Callable[..., gandash.Run]


def test_import_waits_for_nothing() -> None:
    slow = "('torch', 'numpy', 'pandas', 'plotly', 'click')"
    code = f"import sys, gandash; print([m for m in {slow} if m in sys.modules], dir(gandash))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("[] ") and {"train", "open", "Run", "presets"} <= set(said.split("'"))
    assert gandash.presets.PRESETS is PRESETS
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = gandash.trian  # type: ignore[attr-defined]


def test_the_game_is_the_one_that_is_played_by_hand(train: Train, tiny: GameConfig) -> None:
    run = train(steps=9, seed=5)
    by_hand = Played(tiny.replace("run.seed", 5), "torch")
    for _ in range(9):
        by_hand.advance()
    rows = by_hand.drain().values
    np.testing.assert_array_equal(run.history.to_numpy(), rows)
    assert run.history.index.tolist() == list(range(1, 10)) and run.steps == 9
    x = np.linspace(-2, 2, 7)
    logits = by_hand.game.discriminator.network(by_hand.state.phi, torch.tensor(x, dtype=torch.float32)[None, :, None])
    np.testing.assert_allclose(run.discriminator(x), torch.sigmoid(logits)[0, :, 0], rtol=1e-6)


def test_samples_and_d_of_a_game_in_closed_form() -> None:
    """The Dirac-GAN: every sample is theta, and D(x) = sigmoid(psi x). Both are read at any step, in any order."""
    run = gandash.train("dirac-orbit", steps=8)
    played = Games.of([run.config], run.stored.manifest.engines[0])
    known = {0: (float(played.trajectories[0].state.theta), float(played.trajectories[0].state.phi))}
    for step in range(1, 9):
        played.advance()
        known[step] = float(played.trajectories[0].state.theta), float(played.trajectories[0].state.phi)
    for step in (8, 3, 5, 0):
        theta, psi = known[step]
        assert run.samples(3, step).tolist() == [[pytest.approx(theta)]] * 3
        assert run.discriminator([0.0, 2.0], step).tolist() == pytest.approx([0.5, 1 / (1 + math.exp(-2 * psi))], rel=1e-5)


def test_samples_are_what_g_makes_of_its_latents(train: Train) -> None:
    """Those that are measured: W1 between many of them and as many others is sampling noise."""
    run = train(steps=50)
    one, other = run.samples(20_000), run.samples(20_000, seed=1)
    assert one.shape == (20_000, 1) and not np.array_equal(one, other)
    assert np.abs(np.sort(one[:, 0]) - np.sort(other[:, 0])).mean() < 5 * one.std() / math.sqrt(20_000)
    np.testing.assert_array_equal(run.samples(20_000), one)
    assert not np.array_equal(run.samples(20_000, averaged=True), one)


def test_it_is_in_the_store_of_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, train: Train) -> None:
    monkeypatch.setenv("GANDASH_HOME", str(tmp_path))
    monkeypatch.setenv("GANDASH_RECORD", "1")
    run = train(title="An evening")
    (entry,) = index.runs()
    assert (entry.id, entry.title, entry.steps, entry.problem) == (run.id, "An evening", 12, "")
    assert gandash.open(run.id).state == run.state
    assert gandash.train("ring", steps=2).title == PRESETS["ring"].title


def test_unrecorded_it_lies_in_a_folder_that_goes_with_it(train: Train, tmp_path: Path) -> None:
    run = train()
    folder = run.directory
    assert folder.is_dir() and len(run.history) == 12
    opened = gandash.open(run.save(tmp_path / "copy"))
    assert opened.state == run.state and opened.history.equals(run.history) and opened.report is None
    del run
    assert not folder.exists()


def test_changes_in_mid_run_and_rounds_of_one_player(train: Train, tiny: GameConfig) -> None:
    run = train(at={4: {"run__batch": 16, "objective": "minimax"}}, alone={2: "D", 3: "D", 7: "G"})
    by_hand = Played(tiny, "torch")
    for step in range(12):
        for path, value in {4: [("run.batch", 16), ("objective", "minimax")]}.get(step, []):
            by_hand.set(path, value)
        by_hand.advance({2: Players.D, 3: Players.D, 7: Players.G}.get(step, Players.BOTH))
    np.testing.assert_array_equal(run.history.to_numpy(), by_hand.drain().values)
    assert run.config.run.batch == 16 and {c.step for c in run.changes} == {2, 3, 4, 7}
    assert math.isnan(run.history["gradient_norm_g"][3]) and math.isnan(run.history["gradient_norm_d"][8])


def test_columns_have_words(train: Train) -> None:
    attrs = train().history.attrs
    assert attrs["unit"]["jsd"] == "nats" and "averaged G" in attrs["meaning"]["wasserstein_average"]
    kinds = {p.group: p.config for p in PRESETS.values()}
    for config in kinds.values():
        (observer,) = Games.of([config], "torch").observers
        assert all(map(is_known, observer.columns))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"generator__widht": 8}, "generator.widht: given 8; there is no such setting (did you mean generator.width"),
        ({"run.batch": 0}, "run.batch: given 0"),
        ({"seed": -1}, "run.seed: given -1"),
        ({"steps": 0}, "steps: given 0; a whole number from 1"),
        ({"objective": "minmax"}, "did you mean minimax"),
        ({"data": "rign"}, "did you mean ring"),
        ({"data": np.zeros((5, 3))}, "data: given an array of shape (5, 3); one or two columns"),
        ({"data": [1.0, math.nan]}, "every number must be finite"),
        ({"data": ["a", "b"]}, "numbers are needed"),
    ],
)
def test_what_cannot_be_is_told_with_what_can(train: Train, given: dict[str, object], told: str) -> None:
    with pytest.raises(SettingError) as caught:
        train(**given)
    assert told in str(caught.value)


def test_a_game_that_there_is_not() -> None:
    with pytest.raises(SettingError, match="did you mean two-modes"):
        gandash.train("two_mode")


def test_a_change_that_cannot_be_made_then(train: Train) -> None:
    with pytest.raises(Untimely, match=r"at step 3: .*\(latent.dimension\) restarts the game .* for the whole run"):
        train(at={3: {"latent__dimension": 2}})
    with pytest.raises(Untimely, match="at step 12: the run ends at step 12"):
        train(at=[(12, "objective", "minimax")])


def test_what_a_run_cannot_tell(train: Train) -> None:
    run = train()
    with pytest.raises(ValueError, match=r"step: given 13; this run has those from 0 to 12"):
        run.samples(1, 13)
    with pytest.raises(ValueError, match=r"x: given an array of shape \(2, 2\); \(n,\) is needed"):
        run.discriminator(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="n: given 0"):
        run.samples(0)
    with pytest.raises(BrokenRun, match="neither a folder nor a run"):
        gandash.open("nothing")


def test_ctrl_c_gives_the_run_so_far(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    advance = Trajectory.advance

    def advance_and_raise(trajectory: Trajectory, players: Players, rounds: int) -> torch.Tensor:
        if trajectory.step == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return advance(trajectory, players)

    monkeypatch.setattr(Trajectory, "advance", advance_and_raise)
    handler = signal.getsignal(signal.SIGINT)
    run = train(steps=1000)
    assert run.steps == len(run.history) == 5 and run.was_interrupted and signal.getsignal(signal.SIGINT) is handler
    monkeypatch.undo()
    assert not train().was_interrupted


def test_ctrl_c_before_the_first_round_is_no_run(train: Train, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Trajectory.__init__

    def make_and_raise(trajectory: Trajectory, *given: object) -> None:
        signal.raise_signal(signal.SIGINT)
        make(trajectory, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(Trajectory, "__init__", make_and_raise)
    with pytest.raises(KeyboardInterrupt):
        train()


def test_it_plays_on_another_thread_too(train: Train) -> None:
    found: list[gandash.Run] = []
    thread = threading.Thread(target=lambda: found.append(train()))
    thread.start()
    thread.join()
    assert found[0].state == train().state


@pytest.mark.usefixtures("torch_as_before")
def test_torch_is_left_as_it_was(train: Train) -> None:
    torch.set_num_threads(2)
    tiny_number = torch.tensor([1e-40])
    train().samples(3)
    assert torch.get_num_threads() == 2 and float(tiny_number * 0.5) > 0


def test_a_diverged_run_has_the_state_before(train: Train) -> None:
    fast = {"kind": "gradient_descent", "learning_rate": 10}
    run = train(steps=500, generator_optimiser=fast, discriminator_optimiser=fast)
    assert run.verdict is not None and run.verdict.kind == "diverged" and run.steps < 500
    assert np.isfinite(run.samples(4)).all() and run.state == run.stored.states[run.steps - 1].state


def test_own_numbers_are_the_law_that_is_played(train: Train) -> None:
    rows = np.array([[1.5, 2.0], [2.5, 3.0], [-0.25, 7.0]])
    run = train(data=rows, data__scaling="as_given", latent__dimension=2)
    np.testing.assert_array_equal(run.config.data.points(), rows.astype(np.float32))  # type: ignore[union-attr]
    of_tensor = train(data=torch.tensor([1.0, 2.0, 4.0]))
    played = of_tensor.config.data.points()  # type: ignore[union-attr]
    assert of_tensor.config.data.kind == "samples" and played.std() == pytest.approx(1, rel=1e-6)


def test_a_function_is_asked_for_samples_once_and_the_same_for_every_seed(train: Train) -> None:
    asked: list[int] = []

    def draw(n: int, rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        asked.append(n)
        return rng.normal(3.0, 0.5, n)

    one, other = (train(data=draw, data__scaling="as_given", steps=2, seed=seed) for seed in (0, 1))
    assert asked == [50_000, 50_000] and one.config.data == other.config.data
    points = one.config.data.points()  # type: ignore[union-attr]
    assert points.mean() == pytest.approx(3, abs=0.01) and points.std() == pytest.approx(0.5, abs=0.01)


def test_own_pictures_with_their_classes() -> None:
    side = np.arange(8)
    pictures = np.stack([255.0 * ((side[:, None] + side + i) % 4 < 2) for i in range(12)])
    small = {"generator": {"kind": "mlp", "width": 8, "depth": 1}, "discriminator": {"kind": "mlp", "width": 8, "depth": 1}}
    run = gandash.train("digits", data=(pictures, np.arange(12) % 2), steps=2, run__batch=4, engine="torch", **small)
    pixels, labels = run.config.data.chosen()  # type: ignore[union-attr]
    assert pixels.shape == (12, 1, 8, 8) and sorted(labels.tolist()) == [0] * 6 + [1] * 6
    assert run.samples(3).shape == (3, 1, 8, 8)
    assert run.discriminator(run.samples(3)).shape == (3,)


def test_the_report_is_the_command_lines(train: Train) -> None:
    run = train()
    assert run.report is not None and run.report["steps"] == 12 and json.dumps(run.report, allow_nan=False)
    assert run.report["kept_in"] == str(run.directory) and tuple(run.report["metrics"]) == run.stored.manifest.columns
