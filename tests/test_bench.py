"""The benchmark measures what it says: the rivals do the same work, and every figure arrives. Never how fast."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch import Tensor, nn

from gandash.bench import NAMES, figures, live, rivals
from gandash.bench.live import NothingToMeasure, playing
from gandash.bench.rivals import Engine, PlainLoop, Products, duel, picture_duel, race
from gandash.cli import cli
from gandash.config import GameConfig
from gandash.config.data import DigitsConfig
from gandash.config.networks import ConvolutionConfig, MLPConfig
from gandash.config.optimisers import GradientDescentConfig
from gandash.game.field import discriminator_part, generator_part, sample
from gandash.presets import PRESETS
from gandash.presets.base import Preset
from gandash.worker import spacing

pytestmark = pytest.mark.usefixtures("torch_as_before")


def flat(tensors: list[Tensor]) -> Tensor:
    """One row in our order: a Linear stores W transposed, and a convolution its kernels output by output."""
    return torch.cat([(t.flatten(1).T if t.dim() > 1 else t).detach().reshape(-1) for t in tensors])


def row(player: nn.Module) -> Tensor:
    return flat(list(player.parameters()))


def gradient(player: nn.Module) -> Tensor:
    return flat([p.grad for p in player.parameters() if p.grad is not None])


@pytest.mark.parametrize("r1", [0.0, 0.7])
@pytest.mark.parametrize("activation", rivals.MODULES)
def test_the_rivals_do_the_same_work(r1: float, activation: Any) -> None:
    """From the same players on the same batch: the same gradients, the same moves."""
    net = MLPConfig(width=6, depth=2, activation=activation)
    check_same_work(duel(6, 16, r1).model_copy(update={"generator": net, "discriminator": net}))
    net = ConvolutionConfig(channels=4, activation=activation)
    check_same_work(picture_duel(DigitsConfig(), 4, 16, r1).model_copy(update={"generator": net, "discriminator": net}))


def check_same_work(config: GameConfig) -> None:
    plain, engine = PlainLoop(config), Engine(config)
    game = engine.game
    theta, phi = row(plain.g)[None], row(plain.d)[None]
    assert theta.shape == engine.state.theta.shape and phi.shape == engine.state.phi.shape
    real, latents = game.data.sample(plain.random, 16), game.latent.sample(plain.random, 16)

    d_part = discriminator_part(game, phi, real[None].clone(), sample(game, theta, latents[None]))
    fake = plain.g(latents)
    plain.move_discriminator(real, fake)
    near = {"rtol": 1e-4, "atol": 1e-6}
    torch.testing.assert_close(gradient(plain.d)[None], d_part.gradient, **near)
    player = game.discriminator
    update, _ = player.optimiser.update(d_part.gradient, player.optimiser.start(phi), player.hyper)
    moved = row(plain.d)[None]
    torch.testing.assert_close(moved, phi + update, rtol=1e-3, atol=1e-4)
    assert float((moved - phi).abs().max()) > 1e-3

    g_part = generator_part(game, theta, moved, real[None], latents[None])
    plain.move_generator(fake)
    torch.testing.assert_close(gradient(plain.g)[None], g_part.gradient, **near)
    assert not torch.equal(row(plain.g)[None], theta)


def test_a_round_of_each_moves_both_players_once() -> None:
    config = duel(4, 8)
    torch.manual_seed(0)  # nn.Linear draws from torch's own generator, and four ReLUs may all be born dead
    plain, engine = PlainLoop(config), Engine(config, config)
    before = row(plain.g), row(plain.d), engine.state.theta
    plain.round()
    engine.round()
    assert not torch.equal(row(plain.g), before[0]) and not torch.equal(row(plain.d), before[1])
    assert engine.state.theta_moments["count"].tolist() == engine.state.phi_moments["count"].tolist() == [[1], [1]]
    steps = [optimiser.state[p]["step"].item() for optimiser in (plain.g_optimiser, plain.d_optimiser) for p in optimiser.state]
    assert set(steps) == {1}


def test_the_products_are_those_of_a_round() -> None:
    """Of w x w with n columns: G forward 1; D forward 2, backward 2, gradient 2; then D 1 and 1, G backward 1, gradient 1."""
    w, n = 64, 32
    flop = sum(2 * a.shape[0] * a.shape[1] * b.shape[1] for a, b, _ in Products(duel(w, n)).pairs)
    assert flop == pytest.approx(11 * 2 * w * w * n, rel=0.2)
    Products(duel(w, n)).round()


def test_race_takes_turns_and_finds_the_slower() -> None:
    class Sleeper:
        rounds = 1

        def __init__(self, name: str, rounds_per_turn: int) -> None:
            self.name, self.left, self.rounds_per_turn = name, 0, rounds_per_turn

        def round(self) -> None:
            clock[0] += rivals.SLICE_SECONDS / self.rounds_per_turn
            order.append(self.name)

    clock, order = [0.0], list[str]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rivals.time, "perf_counter", lambda: clock[0])
        patch.setattr(rivals.time, "process_time", lambda: clock[0])
        players: Any = [Sleeper("fast", 10), Sleeper("slow", 2)]
        fast, slow = race(players, seconds=10 * rivals.SLICE_SECONDS)
    assert slow / fast == pytest.approx(5)
    turns = [name for i, name in enumerate(order) if i == 0 or order[i - 1] != name]
    assert len(turns) > 6 and turns == ["fast", "slow"] * (len(turns) // 2)


def test_every_figure_arrives_as_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "MEMBERS", 2)
    monkeypatch.setattr(figures, "CHANGES", 2)
    monkeypatch.setattr(figures, "PICTURES", 20)
    monkeypatch.setattr(spacing, "EARLY", 1)
    monkeypatch.setattr(live, "RECORDED_SECONDS", 0.01)
    result = CliRunner().invoke(cli, ["bench", "--seconds", "0.01", "--preset", "one-gaussian", "--json"])
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report["preset"] == "one-gaussian" and report["seconds"] == 0.01
    assert list(report["figures"]) == [name for name in NAMES if figures.HAS_JAX or not name.startswith("jax")]
    for name, figure in report["figures"].items():
        assert figure["name"] == name and math.isfinite(figure["value"]) and figure["value"] >= 0
        assert figure["value"] > 0 or name == "measuring"  # so short a time may have no measurement
        assert figure["text"] and figure["measured"]
    population = report["figures"]["population"]["measured"]
    ratio = population["plain_seconds"] / population["engine_seconds"]
    assert report["figures"]["population"]["value"] == pytest.approx(2 * ratio)
    assert report["figures"]["reaction"]["measured"]["changes"] == 2


def test_a_game_that_does_not_last_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    wild = GradientDescentConfig(learning_rate=10)
    config = GameConfig(
        generator=MLPConfig(width=2, depth=1),
        discriminator=MLPConfig(width=2, depth=1),
        generator_optimiser=wild,
        discriminator_optimiser=wild,
    )
    with playing(config) as (_, viewer):
        with pytest.raises(NothingToMeasure, match="it is diverged"):
            while True:
                viewer.arrival()
        viewer.forget_arrivals()
        with pytest.raises(NothingToMeasure, match="plays no more"):
            viewer.arrival()

    def no_figures(preset: Preset, seconds: float, only: Sequence[str]) -> Iterator[Any]:
        raise NothingToMeasure("the worker ended:\nexit status 1")
        yield

    monkeypatch.setattr(figures, "figures", no_figures)
    result = CliRunner().invoke(cli, ["bench"])
    assert result.exit_code == 1
    assert result.stderr == f"Error: --preset {next(iter(PRESETS))}: the worker ended: exit status 1\n"


def test_some_figures_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    given = ["bench", "--seconds", "0.01", "--only", "plain_2x14", "--only", "limit", "--json"]
    result = CliRunner().invoke(cli, given)
    assert result.exit_code == 0, result.output
    assert list(json.loads(result.stdout)["figures"]) == ["plain_2x14", "limit"]
    result = CliRunner().invoke(cli, ["bench", "--only", "luck"])
    assert result.exit_code == 2 and "luck" in result.stderr


def test_the_rival_in_jax_plays_the_same_game() -> None:
    """From one state on one batch it has the gradients that torch finds; twenty rounds a call move both players."""
    jax = pytest.importorskip("jax")
    pytest.importorskip("optax")
    from gandash.bench.jax_rival import JaxLoop, passed

    def flat_layers(layers: Any) -> Tensor:
        return torch.tensor(np.concatenate([np.asarray(t).reshape(-1) for layer in layers for t in layer]))

    config = duel(8, 64, r1=0.5)
    rival, plain = JaxLoop(config), PlainLoop(config)
    theta, phi = rival.state[:2]
    for ours, theirs in ((plain.g, theta), (plain.d, phi)):
        for layer, (w, b) in zip((m for m in ours if isinstance(m, nn.Linear)), theirs, strict=True):
            layer.weight.data, layer.bias.data = torch.tensor(np.asarray(w).T.copy()), torch.tensor(np.asarray(b).copy())
    real, latents = plain.data.sample(plain.random, 64), plain.latent.sample(plain.random, 64)
    fake = torch.tensor(np.asarray(jax.jit(passed)(theta, latents.numpy())))
    of_d = jax.jit(jax.grad(rival.loss_d))(phi, real.numpy(), fake.numpy())
    of_g = jax.jit(jax.grad(rival.loss_g))(theta, phi, latents.numpy())
    plain.move_generator(plain.g(latents))
    torch.testing.assert_close(flat_layers(of_g), gradient(plain.g), rtol=1e-3, atol=1e-5)
    before = flat_layers(theta), flat_layers(phi)
    plain.move_discriminator(real, fake)
    torch.testing.assert_close(flat_layers(of_d), gradient(plain.d), rtol=1e-3, atol=1e-5)
    rival.round()
    assert rival.losses[0].shape == rival.losses[1].shape == (20,) and bool(np.isfinite(np.asarray(rival.losses)).all())
    assert all(not torch.equal(flat_layers(now), then) for now, then in zip(rival.state[:2], before, strict=True))


@pytest.mark.parametrize("given", ["0", "-1", "nan", "ever", "4000"])
def test_a_time_that_is_none_is_refused(given: str) -> None:
    result = CliRunner().invoke(cli, ["bench", "--seconds", given])
    assert result.exit_code == 2
    assert result.stderr == f"Error: --seconds: given {given}; expected a number of seconds, more than 0 and at most 3600\n"
