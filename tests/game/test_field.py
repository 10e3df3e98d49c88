"""The joint gradient: against torch.nn and its autograd, against finite differences alone, and in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pytest
import torch
from game.checks import TEXTBOOK, check_field, draw, in_double
from game.checks import place as setting
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.game import losses
from gandash.game.distributions import DISTRIBUTIONS
from gandash.game.field import (
    discriminator_part,
    evaluate_discriminator,
    evaluate_discriminator_on_samples,
    generator_part,
    sample,
    sample_gradient,
)
from gandash.game.game import Game, build_game
from gandash.game.losses import discriminator_loss, field_vector, generate, logits
from gandash.game.networks import ACTIVATIONS
from gandash.game.objectives import OBJECTIVES
from gandash.game.regularisers import squared_slope

GAMMAS = (0.0, 0.5, 2.0)  # one member each; the population as a whole has a penalty
BATCH = 5
Name = Literal["minimax", "non_saturating"]
NAMES: tuple[Name, ...] = ("minimax", "non_saturating")


def population(objective: Name = "non_saturating", activation: Any = "tanh", gammas: tuple[float, ...] = GAMMAS) -> Game:
    return build_game(
        *(
            GameConfig(
                latent=LatentConfig(dimension=2),
                generator=MLPConfig(width=3, depth=2, activation=activation),
                discriminator=MLPConfig(width=4, depth=2, activation=activation),
                objective=objective,
                regulariser=RegulariserConfig(r1=gamma),
                run=RunConfig(batch=BATCH),
            )
            for gamma in gammas
        )
    )


def place(game: Game) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """theta, phi, real, latents in double precision, another for every member; D steep enough to matter."""
    m = game.members
    theta, phi = draw(m, game.generator.network.size, seed=1), 1.5 * draw(m, game.discriminator.network.size, seed=2)
    return theta, phi, draw(m, BATCH, 1, seed=3) + 1, draw(m, BATCH, 2, seed=4)


def differences(f: Callable[[Tensor], Tensor], p: Tensor, h: float) -> Tensor:
    """Central differences of f `(members, n) -> (members,)` in every column of p."""
    columns = []
    for i in range(p.shape[1]):
        e = torch.zeros_like(p)
        e[:, i] = h
        columns.append((f(p + e) - f(p - e)) / (2 * h))
    return torch.stack(columns, dim=1)


@pytest.mark.parametrize("activation", ["tanh", "leaky_relu", "silu"])
def test_discriminator_part_against_torch_nn(reference: Any, activation: str) -> None:
    game = population(activation=activation)
    theta, phi, real, latents = place(game)
    fake = generate(game, theta, latents)
    part = discriminator_part(game, phi, real, fake)
    for m, gamma in enumerate(GAMMAS):
        d, g = reference.module(game.discriminator.network, phi[m]), reference.module(game.generator.network, theta[m])
        torch.testing.assert_close(fake[m], g(latents[m]))
        torch.testing.assert_close(part.real_logits[m], d(real[m])[:, 0])
        torch.testing.assert_close(part.fake_logits[m], d(fake[m])[:, 0])
        torch.testing.assert_close(part.loss[m], reference.discriminator_loss(d, real[m], fake[m]).detach())
        loss = reference.discriminator_loss(d, real[m], fake[m], gamma)
        expected = torch.autograd.grad(loss, list(d.parameters()), allow_unused=True)  # the last bias has no part in R1
        torch.testing.assert_close(part.gradient[m], reference.flat(expected))


@pytest.mark.parametrize("objective", NAMES)
@pytest.mark.parametrize("activation", ["tanh", "leaky_relu", "silu"])
def test_generator_part_against_torch_nn(reference: Any, objective: Name, activation: str) -> None:
    game = population(objective, activation)
    theta, phi, real, latents = place(game)
    part = generator_part(game, theta, phi, real, latents)
    other = {"minimax": "non_saturating", "non_saturating": "minimax"}[objective]
    for m in range(game.members):
        d, g = reference.module(game.discriminator.network, phi[m]), reference.module(game.generator.network, theta[m])
        for name, gradient in ((objective, part.gradient), (other, part.other_gradient)):
            loss = reference.generator_loss(d, g(latents[m]), name)
            torch.testing.assert_close(gradient[m], reference.flat(torch.autograd.grad(loss, list(g.parameters()))))
        torch.testing.assert_close(part.loss[m], reference.generator_loss(d, g(latents[m]), objective).detach())
        torch.testing.assert_close(part.fake_logits[m], d(g(latents[m]))[:, 0].detach())


def test_the_losses_can_be_differentiated_again() -> None:
    """Rules and diagnostics that need the field's Jacobian: grad_theta of |grad_phi L_D|^2, R1 and all."""
    game = population(gammas=(0.5,))
    theta, phi, real, latents = place(game)

    def squared(theta: Tensor) -> Tensor:
        p = phi.clone().requires_grad_()
        loss = discriminator_loss(game, p, real, generate(game, theta, latents))
        (v,) = torch.autograd.grad(loss.sum(), p, create_graph=True)
        return v.square().sum(1)

    (found,) = torch.autograd.grad(squared(theta.requires_grad_()).sum(), theta)
    torch.testing.assert_close(found, differences(squared, theta.detach(), 1e-5).detach(), rtol=1e-5, atol=1e-7)


def test_parts_are_kept_when_the_next_are_computed() -> None:
    game = population()
    theta, phi, real, latents = place(game)
    parts = [discriminator_part(game, phi, real, real), generator_part(game, theta, phi, real, latents)]
    kept = [{name: t.clone() for name, t in vars(p).items()} for p in parts]
    discriminator_part(game, 2 * phi, real, real + 1)
    generator_part(game, 2 * theta, 2 * phi, real, latents)
    for part, copies in zip(parts, kept, strict=True):
        for name, copy in copies.items():
            assert torch.equal(getattr(part, name), copy)


def test_discriminator_gradient_by_finite_differences() -> None:
    game = population()
    theta, phi, real, latents = place(game)
    fake = generate(game, theta, latents)
    gamma = torch.tensor(GAMMAS, dtype=torch.float64)

    def loss(phi: Tensor) -> Tensor:
        d_real, d_fake = torch.sigmoid(logits(game, phi, real)), torch.sigmoid(logits(game, phi, fake))
        slope = (logits(game, phi, real + 1e-4) - logits(game, phi, real - 1e-4)) / 2e-4
        return -d_real.log().mean(1) - (1 - d_fake).log().mean(1) + gamma / 2 * slope.square().mean(1)

    part = discriminator_part(game, phi, real, fake)
    torch.testing.assert_close(part.gradient, differences(loss, phi, 1e-5), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("objective", NAMES)
def test_generator_gradient_by_finite_differences(objective: Name) -> None:
    game = population(objective)
    theta, phi, real, latents = place(game)

    def minimax(theta: Tensor) -> Tensor:
        return (1 - torch.sigmoid(logits(game, phi, generate(game, theta, latents)))).log().mean(1)

    def non_saturating(theta: Tensor) -> Tensor:
        return -torch.sigmoid(logits(game, phi, generate(game, theta, latents))).log().mean(1)

    part = generator_part(game, theta, phi, real, latents)
    played, other = (minimax, non_saturating) if objective == "minimax" else (non_saturating, minimax)
    torch.testing.assert_close(part.gradient, differences(played, theta, 1e-5), rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(part.other_gradient, differences(other, theta, 1e-5), rtol=1e-6, atol=1e-8)


def test_squared_slope_by_finite_differences() -> None:
    game = population(gammas=(1.0,))
    _, phi, real, _ = place(game)
    x = real.clone().requires_grad_()
    slope = (logits(game, phi, real + 1e-5) - logits(game, phi, real - 1e-5)) / 2e-5
    torch.testing.assert_close(
        squared_slope(losses.slope(logits(game, phi, x), x)), slope.square().mean(1), rtol=1e-6, atol=1e-9
    )


@given(w1=st.floats(0.5, 3), w2=st.floats(-3, 3), gamma=st.sampled_from([0.25, 1.0, 8.0]))
def test_r1_of_a_linear_discriminator(w1: float, w2: float, gamma: float) -> None:
    """a(x) = w2 (w1 x + 10) + 1 where the one ReLU is open: the penalty is (gamma/2) (w1 w2)^2 wherever the data."""
    game, without = (
        build_game(
            GameConfig(discriminator=MLPConfig(width=1, depth=1, activation="relu"), regulariser=RegulariserConfig(r1=r1))
        )
        for r1 in (gamma, 0.0)
    )
    phi = torch.tensor([[w1, 10.0, w2, 1.0]], dtype=torch.float64)
    real, fake = draw(1, BATCH, 1, seed=0), draw(1, BATCH, 1, seed=1)
    penalised, plain = (discriminator_part(g, phi, real, fake) for g in (game, without))
    expected = gamma * torch.tensor([[w1 * w2**2, 0, w1**2 * w2, 0]], dtype=torch.float64)
    torch.testing.assert_close(penalised.gradient - plain.gradient, expected, rtol=1e-9, atol=1e-9)
    assert torch.equal(penalised.loss, plain.loss)  # the loss shown is the objective's alone
    x = real.clone().requires_grad_()
    assert float(squared_slope(losses.slope(logits(game, phi, x), x)).detach()) == pytest.approx((w1 * w2) ** 2, rel=1e-9)


def test_r1_acts_on_real_data_alone() -> None:
    """A ReLU shut on every real point and open on every fake one: no slope on real data, so no penalty."""
    config = GameConfig(discriminator=MLPConfig(width=1, depth=1, activation="relu"), regulariser=RegulariserConfig(r1=100))
    game, without = build_game(config), build_game(config.replace("regulariser.r1", 0))
    phi = torch.tensor([[1.0, 0.0, 2.0, 0.0]], dtype=torch.float64)
    left, right = -torch.ones(1, BATCH, 1).double(), torch.ones(1, BATCH, 1).double()
    a, b = (discriminator_part(g, phi, left, right).gradient for g in (game, without))
    torch.testing.assert_close(a, b)
    a, b = (discriminator_part(g, phi, right, left).gradient for g in (game, without))
    assert float((a - b).norm()) == pytest.approx(100 * math.hypot(1 * 2**2, 1**2 * 2))


# ------------------------------------------------------------------------------- every objective, every penalty, packs

PENALTIES: dict[str, dict[str, Any]] = {  # the first member's; the next has half of each, the last none
    "none": {},
    "R1": {"r1": 0.8},
    "R2": {"r2": 1.4},
    "GP": {"gradient_penalty": 3.0},
    "R1, R2": {"r1": 0.8, "r2": 1.4},
    "R1, GP": {"r1": 0.8, "gradient_penalty": 3.0},
    "R2, GP": {"r2": 1.4, "gradient_penalty": 3.0},
    "R1, R2, GP": {"r1": 0.8, "r2": 1.4, "gradient_penalty": 3.0},
}


def calmed(members: int, objective: str = "non_saturating", dimension: int = 1, **changes: Any) -> Game:
    """A population whose penalties differ from member to member; `changes` to the regulariser, networks or batch."""
    network = {"width": 4, "depth": 2, "activation": changes.pop("activation", "silu")} | changes.pop("network", {})
    common = {name: changes.pop(name) for name in ("packing", "smoothing") if name in changes}
    batch = changes.pop("batch", 4)
    return in_double(
        *(
            GameConfig(
                data=next(d for d in DISTRIBUTIONS if d.dimension == dimension)(),
                latent=LatentConfig(dimension=2),
                generator=MLPConfig(**network),
                discriminator=MLPConfig(**network),
                objective=objective,
                regulariser=RegulariserConfig(
                    **({"r1": 0} | common | {name: value * share for name, value in changes.items()})
                ),
                run=RunConfig(batch=batch, seed=seed),
            )
            for seed, share in enumerate((1.0, 0.5, 0.0)[:members])
        )
    )[0]


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_under_every_penalty(objective: str, penalties: dict[str, Any]) -> None:
    """Alone and with members of other weights beside it."""
    check_field(calmed(1, objective, **penalties))
    check_field(calmed(3, objective, dimension=2, **penalties))


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("packing", [2, 4])
@pytest.mark.parametrize("objective", ["non_saturating", "relativistic", "f_kl"])
def test_packs(objective: str, packing: int, penalties: dict[str, Any]) -> None:
    check_field(calmed(3, objective, packing=packing, batch=8, dimension=2, **penalties))
    check_field(calmed(1, objective, packing=packing, batch=8, **penalties))


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("objective", ["minimax", "relativistic", "wasserstein"])
def test_noise_is_on_what_both_players_see(objective: str, penalties: dict[str, Any]) -> None:
    check_field(calmed(3, objective, noise=0.7, packing=2, **penalties))
    assert calmed(3, noise=0.7).penalties.noise is not None


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_under_every_penalty(activation: str, penalties: dict[str, Any]) -> None:
    check_field(calmed(3, "least_squares", activation=activation, dimension=2, **penalties))


@pytest.mark.parametrize("objective", ["minimax", "non_saturating"])
def test_label_smoothing_in_the_field(objective: str) -> None:
    check_field(calmed(3, objective, smoothing=0.2, r1=0.5))


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
@pytest.mark.parametrize(
    "network",
    [{"dropout": 0.4}, {"normalisation": "batch"}, {"normalisation": "layer"}, {"activation": "maxout", "pieces": 3}],
    ids=["dropout", "batch norm", "layer norm", "maxout"],
)
def test_networks_that_are_not_plain(network: dict[str, Any], penalties: dict[str, Any]) -> None:
    game = calmed(2, "relativistic", network=network, packing=2, batch=6, **penalties)
    assert not game.discriminator.network.is_plain and not game.generator.network.is_plain
    check_field(game)
    theta, phi, real, latents, step_noise = setting(game)
    assert (step_noise.masks[0] is None) == ("dropout" not in network)
    fake = sample(game, theta, latents, step_noise.generator_masks)  # what training hands over: an inference tensor
    torch.testing.assert_close(fake, generate(game, theta, latents, step_noise.generator_masks))
    assert bool(discriminator_part(game, phi, real, fake, step_noise).gradient.isfinite().all())


def test_dropout_in_one_network_alone() -> None:
    for changed in ("generator.dropout", "discriminator.dropout"):
        game = in_double(calmed(1, r1=0.5, r2=0.5, gradient_penalty=1.0).config.replace(changed, 0.3))[0]
        assert game.generator.network.is_plain != game.discriminator.network.is_plain
        check_field(game)


@pytest.mark.parametrize("penalties", PENALTIES.values(), ids=PENALTIES)
def test_penalties_and_their_gradients_by_differences(penalties: dict[str, Any]) -> None:
    """Slopes in x by differences of outputs, gradients in phi by differences of that."""
    game, without = calmed(3, dimension=2, **penalties), calmed(3, dimension=2)
    theta, phi, real, latents, step_noise = setting(game)
    fake = generate(game, theta, latents)
    weight = {name: torch.tensor([value, value / 2, 0.0]).double() for name, value in penalties.items()}

    def slope(phi: Tensor, x: Tensor) -> Tensor:
        steps = 1e-5 * torch.eye(2, dtype=torch.float64)
        parts = [(logits(game, phi, x + h) - logits(game, phi, x - h)) / 2e-5 for h in steps]
        return torch.stack(parts, dim=-1)

    def penalty(phi: Tensor) -> Tensor:
        total = torch.zeros(3, dtype=torch.float64)
        if "r1" in penalties:
            total = total + weight["r1"] / 2 * slope(phi, real).square().sum(-1).mean(1)
        if "r2" in penalties:
            total = total + weight["r2"] / 2 * slope(phi, fake).square().sum(-1).mean(1)
        if "gradient_penalty" in penalties:
            between = real + step_noise.mix * (fake - real)
            total = total + weight["gradient_penalty"] * (slope(phi, between).norm(dim=-1) - 1).square().mean(1)
        return total

    value = discriminator_loss(game, phi, real, fake, step_noise) - discriminator_loss(without, phi, real, fake, step_noise)
    torch.testing.assert_close(value.detach(), penalty(phi), rtol=1e-6, atol=1e-8)
    assert bool((value >= 0).all()) and bool((value[:2] > 0).all()) == bool(penalties)
    gradient = discriminator_part(game, phi, real, fake, step_noise).gradient
    gradient = gradient - discriminator_part(without, phi, real, fake, step_noise).gradient
    torch.testing.assert_close(gradient, differences(penalty, phi, 1e-4), rtol=1e-4, atol=1e-5)


def test_gradient_penalty_of_a_flat_discriminator_is_finite() -> None:
    """|grad a| = 0 everywhere: the penalty is lambda, and its gradient 0 rather than NaN."""
    game = calmed(1, gradient_penalty=2.0)
    _, phi, real, _, step_noise = setting(game)
    phi = torch.zeros_like(phi)
    assert float(discriminator_part(game, phi, real, real + 1, step_noise).gradient.norm()) == 0
    at_rest = discriminator_loss(game, phi, real, real + 1, step_noise)
    assert float(at_rest.detach()) == pytest.approx(2 * math.log(2) + 2)


def test_between_goes_from_real_to_generated() -> None:
    """With mix 0 the gradient penalty looks at real data alone, with mix 1 at generated data."""
    game = calmed(1, "wasserstein", gradient_penalty=2.0)
    _, phi, real, _, step_noise = setting(game)
    for mix, x in ((0.0, real), (1.0, real + 1)):
        at = replace(step_noise, mix=torch.full_like(step_noise.mix, mix))
        leaf = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(logits(game, phi, leaf).sum(), leaf)
        penalty = 2 * (slope.norm(dim=-1) - 1).square().mean()
        fake = real + 1
        plain = logits(game, phi, fake).mean() - logits(game, phi, real).mean()
        assert float(discriminator_loss(game, phi, real, fake, at).detach()) == pytest.approx(float(penalty + plain))


@given(
    r1=st.floats(0.01, 5),
    r2=st.floats(0.01, 5),
    penalty=st.floats(0.01, 5),
    seed=st.integers(0, 1000),
    order=st.permutations(range(4)),
)
def test_the_order_of_samples_changes_nothing(r1: float, r2: float, penalty: float, seed: int, order: list[int]) -> None:
    game = calmed(1, r1=r1, r2=r2, gradient_penalty=penalty)
    _, phi, real, _, step_noise = setting(game)
    fake = draw(1, 4, 1, seed=seed)
    mixed = replace(step_noise, mix=step_noise.mix[:, order])
    a = discriminator_part(game, phi, real, fake, step_noise)
    b = discriminator_part(game, phi, real[:, order], fake[:, order], mixed)
    torch.testing.assert_close(a.gradient, b.gradient)
    torch.testing.assert_close(a.loss, b.loss)
    torch.testing.assert_close(a.logits[:, :, order], b.logits)


@pytest.mark.parametrize("objective", ["non_saturating", "f_pearson", "relativistic"])
def test_pull_is_minus_the_generators_slope_in_the_sample(objective: str) -> None:
    for network, packing in (({}, 1), ({}, 3), ({"normalisation": "layer"}, 2)):
        game = calmed(2, objective, network=network, packing=packing, batch=6, dimension=2)
        _, phi, x, _, _ = setting(game)
        found = sample_gradient(game, phi, x)
        leaf = x.clone().requires_grad_()
        packs = torch.cat([leaf] + [x.roll(-i, dims=1) for i in range(1, packing)], dim=-1)
        a = logits(game, phi, packs)
        against = a.detach().median(dim=1, keepdim=True).values.expand_as(a)
        loss = TEXTBOOK[objective].generator(against, a).sum()  # each sample's own, not divided by their number
        (expected,) = torch.autograd.grad(-loss, leaf)
        torch.testing.assert_close(found, expected)
        judged = evaluate_discriminator(game, phi, x)
        torch.testing.assert_close(judged, logits(game, phi, x.repeat(1, 1, packing)))
        whole = evaluate_discriminator_on_samples(game, phi, x)
        torch.testing.assert_close(whole, logits(game, phi, x.reshape(2, -1, 2 * packing)))


def test_field_vector_is_both_parts_and_differentiable() -> None:
    """v's numbers are those of the parts, and its Jacobian that of differences, penalties and all."""
    game = calmed(1, "relativistic", r1=0.5, r2=0.7, gradient_penalty=1.0, noise=0.3, batch=3)
    theta, phi, real, latents, step_noise = setting(game)
    fake = generate(game, theta, latents)
    theta, phi = theta.requires_grad_(), phi.requires_grad_()
    of_g, of_d = field_vector(game, theta, phi, real, latents, step_noise)
    torch.testing.assert_close(of_d.detach(), discriminator_part(game, phi.detach(), real, fake.detach(), step_noise).gradient)
    torch.testing.assert_close(
        of_g.detach(), generator_part(game, theta.detach(), phi.detach(), real, latents, step_noise).gradient
    )
    along_g, along_d = draw(*theta.shape, seed=31), draw(*phi.shape, seed=32)
    found = torch.autograd.grad((of_g * along_g).sum() + (of_d * along_d).sum(), (theta, phi))

    def projected(theta: Tensor, phi: Tensor) -> Tensor:
        g, d = field_vector(game, theta.detach().requires_grad_(), phi.detach().requires_grad_(), real, latents, step_noise)
        return (g * along_g).sum(1).detach() + (d * along_d).sum(1).detach()

    near = {"rtol": 1e-5, "atol": 1e-6}
    torch.testing.assert_close(found[0], differences(lambda t: projected(t, phi), theta.detach(), 1e-5), **near)
    torch.testing.assert_close(found[1], differences(lambda p: projected(theta, p), phi.detach(), 1e-5), **near)


# ----------------------------------------------------------------------------------------------------------- at rest


@pytest.mark.parametrize("objective", NAMES)
def test_equilibrium_is_a_rest_point(objective: Name) -> None:
    """p_g = p_r and D constant: L_D = 2 log 2, and neither player is pulled anywhere."""
    game = population(objective)
    theta, phi, real, latents = place(game)
    last = game.discriminator.network.layers[-1]
    phi[:, -(last[0] * last[1] + last[1]) :] = 0  # the output layer: a(x) = 0 everywhere
    part = discriminator_part(game, phi, real, real)
    assert float(part.gradient.norm(dim=1).max()) < 1e-15
    torch.testing.assert_close(part.loss, torch.full_like(part.loss, 2 * math.log(2)))
    g_part = generator_part(game, theta, phi, real, latents)
    assert float(g_part.gradient.norm(dim=1).max()) == 0
    assert float(g_part.other_gradient.norm(dim=1).max()) == 0
    # away from it both are pulled
    assert float(discriminator_part(game, phi, real, real + 1).gradient.norm(dim=1).min()) > 1e-3


def test_members_do_not_mix() -> None:
    game = population()
    theta, phi, real, latents = place(game)
    fake = generate(game, theta, latents)
    d_part, g_part = discriminator_part(game, phi, real, fake), generator_part(game, theta, phi, real, latents)
    for m, gamma in enumerate(GAMMAS):
        alone = population(gammas=(gamma,))
        own = slice(m, m + 1)
        d_alone = discriminator_part(alone, phi[own], real[own], fake[own])
        g_alone = generator_part(alone, theta[own], phi[own], real[own], latents[own])
        torch.testing.assert_close(d_part.gradient[own], d_alone.gradient)
        torch.testing.assert_close(g_part.gradient[own], g_alone.gradient)
        torch.testing.assert_close(g_part.other_gradient[own], g_alone.other_gradient)


def test_results_hold_no_graph_and_work_under_no_grad() -> None:
    game = population()
    theta, phi, real, latents = place(game)
    with torch.no_grad():
        d_part = discriminator_part(game, phi, real, generate(game, theta, latents))
        g_part = generator_part(game, theta, phi, real, latents)
    for part in (d_part, g_part):
        for tensor in vars(part).values():
            assert not tensor.requires_grad
    assert not real.requires_grad and not phi.requires_grad and not theta.requires_grad


# ---------------------------------------------------------------------------------------------------------- Dirac-GAN


def dirac(objective: Name, gamma: float) -> Callable[[float, float], np.ndarray]:
    """The Dirac-GAN's field (Mescheder, Geiger, Nowozin 2018): p_r = delta_0, p_g = delta_theta, a(x) = psi x.

    G is a constant (its output bias); D's one ReLU is open on [-10, inf), so a = psi (x + 10) - 10 psi = psi x.
    """
    game = build_game(
        GameConfig(
            generator=MLPConfig(width=1, depth=1, activation="relu"),
            discriminator=MLPConfig(width=1, depth=1, activation="relu"),
            objective=objective,
            regulariser=RegulariserConfig(r1=gamma),
        )
    )

    def field(theta: float, psi: float) -> np.ndarray:
        theta_row = torch.tensor([[0.0, 0.0, 0.0, theta]], dtype=torch.float64)
        phi_row = torch.tensor([[1.0, 10.0, psi, -10 * psi]], dtype=torch.float64)
        real = latents = torch.zeros(1, 3, 1, dtype=torch.float64)
        d = discriminator_part(game, phi_row, real, generate(game, theta_row, latents)).gradient[0]
        g = generator_part(game, theta_row, phi_row, real, latents).gradient[0]
        return np.array([float(g[3]), float(d[2] - 10 * d[3])])  # chain rule through d(w2, b2)/d psi = (1, -10)

    return field


@pytest.mark.parametrize("gamma", [0.0, 0.25, 1.0, 3.0])
@pytest.mark.parametrize("objective", NAMES)
def test_dirac_field_and_its_eigenvalues(objective: Name, gamma: float) -> None:
    field = dirac(objective, gamma)
    for theta, psi in ((1.0, 0.5), (-0.3, 2.0), (2.0, -1.0)):
        a = psi * theta
        sample_gradient = -psi / (1 + math.exp(-a)) if objective == "minimax" else -psi / (1 + math.exp(a))
        np.testing.assert_allclose(field(theta, psi), [sample_gradient, theta / (1 + math.exp(-a)) + gamma * psi], rtol=1e-12)
    h = 1e-5
    jacobian = np.stack([(field(h, 0) - field(-h, 0)) / (2 * h), (field(0, h) - field(0, -h)) / (2 * h)], axis=1)
    # descent field: real parts >= 0; unregularised +-i/2, critical at gamma = 1
    root = np.sqrt(complex(gamma**2 / 4 - 1 / 4))
    expected = np.sort_complex([gamma / 2 - root, gamma / 2 + root])
    np.testing.assert_allclose(np.sort_complex(np.linalg.eigvals(jacobian)), expected, atol=1e-4)


def test_the_minimax_gradient_dies_where_the_discriminator_wins() -> None:
    """At logit -20 on fakes: minimax pulls with D(G(z)) = 2e-9 of the slope, non-saturating with all of it."""
    minimax, non_saturating = (dirac(name, 0.0)(10, -2)[0] for name in NAMES)
    assert minimax == pytest.approx(2 * math.exp(-20), rel=1e-6)
    assert non_saturating == pytest.approx(2, rel=1e-6)
