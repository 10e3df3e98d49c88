"""Modules and losses of one's own: those that are ours in other clothes play the same game, and all is measured of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import gandash
from gandash.config import GameConfig
from gandash.config.setting import SettingError
from gandash.exporting.registry import export
from gandash.game.compiled.plans import covers
from gandash.game.game import Game, Streams, build_game
from gandash.game.given import Given, Loss
from gandash.game.networks import ModuleNetwork
from gandash.game.round import METRICS, start
from gandash.game.spectral import normalised
from gandash.presets import PRESETS
from gandash.store.format import BrokenRun
from gandash.wire.facts import ReadingKind
from gandash.worker.keyframe import games_at


class Ours(nn.Module):
    """One of our MLPs of one hidden layer as a module, by the very operations that ours is made of."""

    def __init__(self, game: Game, row: Tensor, who: str) -> None:
        super().__init__()
        net = getattr(game, who).network
        parts = torch.split(row, net.lengths)
        weights = iter(net.shapes)
        shapes = [next(weights) if i in net.matrices else (len(part),) for i, part in enumerate(parts)]
        self.parts = nn.ParameterList([part.clone().view(shape) for part, shape in zip(parts, shapes, strict=True)])
        self.activation = net.activation.value

    def forward(self, x: Tensor) -> Tensor:
        w1, b1, w2, b2 = self.parts
        return torch.addmm(b2, self.activation(torch.addmm(b1, x, w1)), w2)


def ours(config: GameConfig) -> dict[str, nn.Module]:
    """Our own players of this game at its beginning, as modules."""
    game = build_game(config)
    state = start(game, Streams([config.run.seed]))
    return {
        "generator": Ours(game, state.theta[0], "generator"),
        "discriminator": Ours(game, state.phi[0], "discriminator"),
    }


CHANGED: list[dict[str, Any]] = [
    {},
    {"regulariser.r1": 0.3, "regulariser.gradient_penalty": 0.2},
    {"update_rule": "extragradient", "objective": "relativistic"},
    {"update_rule": {"kind": "consensus", "gamma": 0.1}},
]


@pytest.mark.parametrize("settings", CHANGED, ids=str)
def test_modules_that_are_ours_play_the_same_game_bit_for_bit(tiny: GameConfig, settings: dict[str, Any]) -> None:
    built = gandash.train(tiny, steps=15, engine="torch", **settings)
    given = gandash.train(tiny, steps=15, engine="torch", **settings, **ours(built.stored.configs[0]))
    assert given.state == built.state and given.history[list(METRICS)].equals(built.history[list(METRICS)])
    on_g, on_d = ["jsd", "wasserstein"], ["gap_half", "slope_real", "slope_fake"]  # D is judged on other samples: in no order
    assert given.history[on_g].equals(built.history[on_g])
    np.testing.assert_allclose(given.history[on_d], built.history[on_d], rtol=0.02)
    assert list(given.stored.manifest.given) == ["generator", "discriminator"]
    np.testing.assert_array_equal(given.samples(20), built.samples(20))
    for name in ("d", "p_g", "d_star"):
        np.testing.assert_allclose(given.frame()[name], built.frame()[name], rtol=1e-6)


def sequential(seed: int = 0, dimension: int = 1) -> dict[str, nn.Module]:
    torch.manual_seed(seed)
    return {
        "generator": nn.Sequential(nn.Linear(dimension, 8), nn.Tanh(), nn.Linear(8, dimension)),
        "discriminator": nn.Sequential(nn.Linear(dimension, 8), nn.LeakyReLU(0.2), nn.Linear(8, 1), nn.Flatten(0)),
    }


def test_samples_and_outputs_are_the_modules_own(tiny: GameConfig) -> None:
    players = sequential()
    run = gandash.train(tiny, steps=1, **players)
    x = torch.linspace(-2, 2, 9)[:, None]
    with torch.no_grad():
        z = torch.randn(20, 1, generator=torch.Generator().manual_seed(0))
        np.testing.assert_allclose(run.samples(20, 0), players["generator"](z), rtol=1e-6)
        np.testing.assert_allclose(run.discriminator(x, 0), torch.sigmoid(players["discriminator"](x)), rtol=1e-6)
    assert run.stored.manifest.engines == ("torch",) and "Tanh" in run.stored.manifest.given["generator"]
    assert all(
        torch.equal(p, q)
        for p, q in zip(players["generator"].parameters(), sequential()["generator"].parameters(), strict=True)
    )


@pytest.mark.parametrize("preset", ["ring", "digits"])
def test_all_is_measured_of_them_on_the_plane_and_on_pictures(preset: str) -> None:
    if preset == "ring":
        players = sequential(dimension=2)
    else:
        torch.manual_seed(0)
        latent = PRESETS[preset].config.latent.dimension
        players = {
            "generator": nn.Sequential(nn.Linear(latent, 64), nn.Tanh(), nn.Unflatten(1, (1, 8, 8))),
            "discriminator": nn.Sequential(nn.Conv2d(1, 4, 3, stride=2), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(36, 1)),
        }
    run = gandash.train(preset, steps=3, run__batch=8, **players)
    built = PRESETS[preset].config
    measured = run.history.iloc[-1]
    known = {"ring": ["jsd", "wasserstein", "modes", "gap_star"], "digits": ["frechet", "precision", "modes", "gap_half"]}[
        preset
    ]
    assert np.isfinite(measured[["loss_d", "loss_g", "gradient_norm_g", *known]]).all()
    assert run.frame()["generated"].shape[0] > 8 and run.verdict is not None and run.figure() is not None
    assert run.config.data == built.data


def test_spectral_normalisation_takes_a_modules_matrices(tiny: GameConfig) -> None:
    """Convolutions too: every matrix has largest singular value 1 after some iterations, biases stay."""
    torch.manual_seed(1)
    net = ModuleNetwork(nn.Sequential(nn.Conv2d(1, 3, 3), nn.Flatten(), nn.Linear(108, 1)), 64, 1, (1, 8, 8))
    row = net.initialise(torch.Generator())[None]
    parts = torch.split(normalised(net, row, None, rounds=50).phi[0], net.lengths)
    for i, shape in zip(net.matrices, net.shapes, strict=True):
        assert float(torch.linalg.matrix_norm(parts[i].view(shape), 2)) == pytest.approx(1, rel=1e-3)
    torch.testing.assert_close(parts[1], torch.split(row[0], net.lengths)[1])
    assert gandash.train(tiny, steps=3, regulariser__spectral="on", **sequential()).steps == 3


def test_batch_norm_in_a_module_couples_its_batch(tiny: GameConfig) -> None:
    torch.manual_seed(0)
    coupled = nn.Sequential(nn.Linear(1, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1))
    plain = ModuleNetwork(sequential()["discriminator"], 1, 1)
    assert ModuleNetwork(coupled, 1, 1).couples_batch and not plain.couples_batch
    assert not ModuleNetwork(coupled.eval(), 1, 1).couples_batch
    counted = {name: b.clone() for name, b in coupled.train().named_buffers()}
    run = gandash.train(tiny, steps=4, discriminator=coupled)
    assert np.isfinite(run.history["loss_d"]).all()
    assert all(torch.equal(b, counted[name]) for name, b in coupled.named_buffers())


def non_saturating() -> Loss:
    return Loss(
        lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
        lambda fake: F.softplus(-fake).mean(),
        name="mine",
    )


def test_a_loss_that_is_ours_plays_the_same_game(tiny: GameConfig) -> None:
    """Its slope is found by autograd where ours is a formula: the same but for rounding."""
    built = gandash.train(tiny, steps=40, engine="torch")
    given = gandash.train(tiny, steps=40, loss=non_saturating())
    same = ["loss_d", "loss_g", "value", "mean_d_fake", "gradient_norm_d", "gradient_norm_g", "jsd", "wasserstein"]
    np.testing.assert_allclose(given.history[same], built.history[same], rtol=2e-3, atol=1e-5)
    np.testing.assert_array_equal(given.history["loss_d"].iloc[0], built.history["loss_d"].iloc[0])
    assert given.history["gradient_norm_g_other"].isna().all() and given.history["gap_star"].isna().all()
    assert given._observer(None).facts().objective.label == "mine"


def test_a_pair_of_functions_and_a_loss_that_pairs(tiny: GameConfig) -> None:
    built = gandash.train(tiny, steps=10, engine="torch", objective="relativistic")
    pairing = Loss(
        lambda real, fake: F.softplus(fake - real).mean(),
        lambda real, fake: F.softplus(real - fake).mean(),
        is_probability=False,
    )
    given = gandash.train(tiny, steps=10, loss=pairing)
    np.testing.assert_allclose(given.history["loss_g"], built.history["loss_g"], rtol=1e-4)
    facts = given._observer(None).facts()
    assert facts.reading.kind is ReadingKind.CRITIC and facts.reading.centre is None
    pair = gandash.train(tiny, steps=2, loss=(lambda r, f: f.mean() - r.mean(), lambda f: -f.mean()))
    wasserstein = gandash.train(tiny, steps=2, objective="wasserstein", engine="torch")
    np.testing.assert_allclose(pair.history[["loss_d", "loss_g"]], wasserstein.history[["loss_d", "loss_g"]], rtol=1e-5)


def test_compiled_rounds_leave_such_a_game_to_torch(tiny: GameConfig) -> None:
    assert covers(build_game(tiny)) and not covers(build_game(tiny, given=Given(objective=non_saturating().objective())))


def test_such_a_run_needs_its_parts_again(tiny: GameConfig, tmp_path: Path) -> None:
    run = gandash.train(tiny, steps=6, out=tmp_path / "run", **sequential())
    alone = gandash.open(tmp_path / "run")
    assert alone.history.equals(run.history) and alone.verdict == run.verdict
    with pytest.raises(BrokenRun, match=r"generator and discriminator of its own, .* give the same to `gandash.open`"):
        alone.samples(3)
    with pytest.raises(BrokenRun, match="of its own"):
        games_at(run.stored)
    again = gandash.open(tmp_path / "run", **sequential())  # type: ignore[arg-type]
    assert again.state == run.state
    np.testing.assert_array_equal(again.samples(5, 3), run.samples(5, 3))
    with pytest.raises(BrokenRun, match="a script cannot bring that along"):
        export(run.stored, "snippet.py")
    with pytest.raises(BrokenRun, match="no player and no objective"):
        gandash.open(
            gandash.train(tiny, steps=2, engine="torch", out=tmp_path / "own").directory, loss=non_saturating()
        ).samples(2)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"generator": nn.Linear(1, 3)}, r"generator: given a module that does not make what is needed \(\(16, 1\) is needed"),
        ({"discriminator": nn.Linear(2, 1)}, "discriminator: given a module that does not make"),
        ({"generator": nn.Identity()}, "without parameters"),
        ({"discriminator": nn.Sequential(nn.Linear(1, 9), nn.Dropout(0.5), nn.Linear(9, 1))}, "draws random numbers"),
    ],
)
def test_what_cannot_play_is_refused(tiny: GameConfig, given: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingError, match=told):
        gandash.train(tiny, steps=2, **given)


def test_a_scalar_game_keeps_its_formula() -> None:
    with pytest.raises(SettingError, match="choose another game"):
        gandash.train("dirac-orbit", steps=2, loss=non_saturating())
