"""Spectral normalisation: singular values by numpy, the gradient by autograd, and D judged by what is normalised."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from game.checks import DoubleStreams, check_spectral, draw, in_double
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import LatentConfig, LinearConfig, MLPConfig
from gandash.config.optimisers import GradientDescentConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import SimultaneousConfig
from gandash.game.field import generator_part
from gandash.game.losses import discriminator_loss, generate, logits
from gandash.game.networks import Network, build_network
from gandash.game.round import Players, start
from gandash.game.spectral import normalised
from gandash.game.step import train_step

NETS = {
    "mlp": MLPConfig(width=5, depth=2, activation="leaky_relu"),
    "layer norm": MLPConfig(width=4, depth=2, normalisation="layer"),
    "maxout": MLPConfig(width=3, depth=2, activation="maxout", pieces=3),
    "linear": LinearConfig(start=0.7),
}


@pytest.fixture(params=NETS.values(), ids=NETS)
def net(request: pytest.FixtureRequest) -> Network:
    return build_network(2, 1, request.param)


def matrices(net: Network, phi: Tensor) -> list[np.ndarray]:
    parts = torch.split(phi, net.lengths, dim=1)
    return [parts[i].view(len(phi), *shape).numpy() for i, shape in zip(net.matrices, net.shapes, strict=True)]


def settled(net: Network, phi: Tensor, rounds: int = 500) -> Any:
    kept = None
    for _ in range(rounds):
        kept = normalised(net, phi, kept).kept
    return normalised(net, phi, kept)


def test_every_matrix_over_its_singular_value(net: Network) -> None:
    phi = draw(3, net.size, seed=1)
    found = settled(net, phi)
    for before, after in zip(matrices(net, phi), matrices(net, found.phi), strict=True):
        sigma = np.linalg.svd(before, compute_uv=False)[:, 0]
        np.testing.assert_allclose(after, before / sigma[:, None, None], rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(np.linalg.svd(after, compute_uv=False)[:, 0], 1, rtol=1e-7)


def test_all_else_is_left_alone(net: Network) -> None:
    phi = draw(2, net.size, seed=1)
    before, after = (torch.split(p, net.lengths, dim=1) for p in (phi, normalised(net, phi, None).phi))
    for i, (a, b) in enumerate(zip(before, after, strict=True)):
        assert torch.equal(a, b) == (i not in net.matrices)


def test_pull_back_is_the_gradient_with_the_vectors_held_still(net: Network) -> None:
    check_spectral(net)


def test_one_round_more_each_step_and_none_where_asked() -> None:
    net = build_network(2, 1, NETS["mlp"])
    phi = draw(1, net.size, seed=1)
    first = normalised(net, phi, None)
    again = normalised(net, phi, first.kept, rounds=0)
    torch.testing.assert_close(first.phi, again.phi)
    torch.testing.assert_close(first.kept, again.kept)
    sigma = np.linalg.svd(matrices(net, phi)[1], compute_uv=False)[0, 0]
    wrong = []
    kept = first.kept
    for _ in range(5):
        step = normalised(net, phi, kept)
        wrong.append(abs(matrices(net, phi)[1][0, 0, 0] / matrices(net, step.phi)[1][0, 0, 0] - sigma))
        kept = step.kept
    assert wrong == sorted(wrong, reverse=True)


def test_dead_weights_stay_finite(net: Network) -> None:
    phi = torch.zeros(1, net.size)
    found = normalised(net, phi, None)
    assert bool(found.phi.isfinite().all()) and bool(found.pull_back(torch.ones(1, net.size)).isfinite().all())


def test_a_normalised_discriminator_is_lipschitz() -> None:
    net = build_network(2, 1, NETS["mlp"])
    phi = settled(net, 5 * draw(1, net.size, seed=3)).phi
    x = draw(1, 400, 2, seed=4) * 5
    a, b = net(phi, x)[0, :, 0], net(phi, x.flip(1))[0, :, 0]
    assert bool(((a - b).abs() <= (1 + 1e-6) * (x - x.flip(1))[0].norm(dim=1)).all())


# --------------------------------------------------------------------------------------------------------- in the game


def config(**changes: Any) -> GameConfig:
    given: dict[str, Any] = {
        "latent": LatentConfig(dimension=2),
        "generator": MLPConfig(width=3, depth=1, activation="tanh"),
        "discriminator": MLPConfig(width=4, depth=2, activation="silu"),
        "objective": "hinge",
        "regulariser": RegulariserConfig(r1=0.4, spectral="on"),
        "update_rule": SimultaneousConfig(),
        "generator_optimiser": GradientDescentConfig(learning_rate=0.1),
        "discriminator_optimiser": GradientDescentConfig(learning_rate=0.1),
        "run": RunConfig(batch=6, seed=3),
    }
    return GameConfig(**(given | changes))


def check_descent(given: GameConfig) -> None:
    """D moves down the slope of its loss as it is judged, W / (v^T W u), with v and u held still."""
    game, state, streams = in_double(given)
    again = DoubleStreams([given.run.seed])
    again.initial(game.generator.network)
    real, latents = again.real(game), again.latents(game)
    fake, net = generate(game, state.theta, latents), game.discriminator.network
    kept = normalised(net, state.phi, state.memory["spectral"]).kept
    leaf = state.phi.clone().requires_grad_()
    parts, at = list(torch.split(leaf, net.lengths, dim=1)), 0
    for i, (fan_in, fan_out) in zip(net.matrices, net.shapes, strict=True):
        w, u = parts[i].view(1, fan_in, fan_out), kept[:, at : at + fan_out, None]
        v = (w @ u).detach()
        parts[i] = parts[i] / ((v / v.norm()).mT @ w @ u)[:, :, 0]
        at += fan_out
    (gradient,) = torch.autograd.grad(discriminator_loss(game, torch.cat(parts, dim=1), real, fake).sum(), leaf)
    after, _ = train_step(game, state, streams, Players.D)
    torch.testing.assert_close(after.phi, state.phi - 0.1 * gradient, rtol=1e-9, atol=1e-11)
    assert float(gradient.norm()) > 1e-3


@pytest.mark.parametrize("normalisation", ["none", "layer"])
def test_the_discriminator_descends_what_it_is_judged_by(normalisation: Any) -> None:
    check_descent(config(discriminator=MLPConfig(width=4, depth=2, activation="silu", normalisation=normalisation)))


def test_the_state_holds_what_the_discriminator_is_judged_with() -> None:
    game, state, streams = in_double(config())
    net = game.discriminator.network
    for _ in range(30):
        state, _ = train_step(game, state, streams)
        for w in matrices(net, state.phi_effective):
            assert np.linalg.svd(w, compute_uv=False)[0, 0] == pytest.approx(1, rel=0.1)
        assert torch.equal(state.phi_effective, normalised(net, state.phi, state.memory["spectral"], rounds=0).phi)
        assert not torch.equal(state.phi_effective, state.phi)
        for tensor in (state.phi_effective, state.phi, *state.memory.values()):
            assert not tensor.is_inference() and not tensor.requires_grad  # a diagnostic may put a graph on it


def test_the_generator_plays_against_the_normalised_one() -> None:
    game, state, streams = in_double(config())
    again = DoubleStreams([3])
    again.initial(game.generator.network)
    real, latents = again.real(game), again.latents(game)
    part = generator_part(game, state.theta, state.phi_effective, real, latents)
    after, _ = train_step(game, state, streams, Players.G)
    torch.testing.assert_close(after.theta, state.theta - 0.1 * part.gradient)
    a = logits(game, state.phi_effective, real)
    assert not torch.equal(a, logits(game, state.phi, real))


def test_without_it_the_critic_is_phi() -> None:
    game, state, streams = in_double(config(regulariser=RegulariserConfig(r1=0.4)))
    assert state.phi_effective is state.phi and state.memory == {}
    state, _ = train_step(game, state, streams)
    assert state.phi_effective is state.phi


def test_turned_on_in_mid_game() -> None:
    """A state that knows no vectors yet starts them."""
    game, state, streams = in_double(config())
    fresh = replace(state, phi_effective=state.phi, memory={})
    after, metrics = train_step(game, fresh, streams)
    assert "spectral" in after.memory and bool(metrics[0, :2].isfinite().all())
    assert torch.equal(start(game, DoubleStreams([3])).memory["spectral"], state.memory["spectral"])
