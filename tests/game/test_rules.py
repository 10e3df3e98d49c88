"""Every update rule against the same rounds by hand: double precision, dense Jacobians, torch.optim, finite differences."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from game.checks import DoubleStreams, Hand, check_rule, draw, in_double

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.optimisers import AdamConfig, GradientDescentConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import (
    AlternatingConfig,
    ConsensusConfig,
    ExtragradientConfig,
    LookaheadConfig,
    OptimisticConfig,
    SimultaneousConfig,
    SymplecticAdjustmentConfig,
    UnrolledConfig,
)
from gandash.game.losses import discriminator_loss, generate, generator_loss
from gandash.game.round import Players
from gandash.game.step import UPDATE_RULES, train_step

RULES = [
    SimultaneousConfig(),
    AlternatingConfig(discriminator_steps=1, generator_steps=1),
    AlternatingConfig(discriminator_steps=3, generator_steps=2),
    AlternatingConfig(discriminator_steps=1, generator_steps=1, first="generator"),
    AlternatingConfig(discriminator_steps=2, generator_steps=3, first="generator"),
    ExtragradientConfig(),
    OptimisticConfig(),
    ConsensusConfig(gamma=0.7),
    SymplecticAdjustmentConfig(weight=0.6),
    LookaheadConfig(rounds=3, share=0.4),
    UnrolledConfig(depth=3, inner_rate=0.4),
    UnrolledConfig(depth=0),
]
OPTIMISERS: dict[str, tuple[Any, Any]] = {
    "gradient descent": (GradientDescentConfig(learning_rate=0.1), GradientDescentConfig(learning_rate=0.2)),
    "Adam": (
        AdamConfig(learning_rate=0.01, beta1=0.5, beta2=0.9, epsilon=1e-4),
        AdamConfig(learning_rate=0.02, beta1=0.3, beta2=0.99, epsilon=1e-4),
    ),
}
CALM: dict[str, dict[str, Any]] = {
    "free": {"r1": 0},
    "R1": {"r1": 0.6},
    "R2": {"r1": 0, "r2": 0.8},
    "GP": {"r1": 0, "gradient_penalty": 0.5},
    "R1, R2, GP, noise, packs": {
        "r1": 0.3,
        "r2": 0.2,
        "gradient_penalty": 0.5,
        "noise": 0.4,
        "noise_half_life": 3,
        "packing": 2,
    },
}


def game_config(rule: Any, optimisers: str = "gradient descent", calm: str = "R1", **changes: Any) -> GameConfig:
    g, d = OPTIMISERS[optimisers]
    given: dict[str, Any] = {
        "latent": LatentConfig(dimension=1),
        "generator": MLPConfig(width=3, depth=1, activation="tanh"),
        "discriminator": MLPConfig(width=4, depth=1, activation="silu"),
        "objective": "non_saturating",
        "regulariser": RegulariserConfig(**CALM[calm]),
        "update_rule": rule,
        "generator_optimiser": g,
        "discriminator_optimiser": d,
        "run": RunConfig(batch=4, seed=5, averaging=0.5),
    }
    return GameConfig(**(given | changes))


def test_every_update_rule_offered_is_there_and_tested() -> None:
    assert {type(r) for r in RULES} == set(UPDATE_RULES)
    assert all(hasattr(Hand, rule.kind) for rule in RULES)


@pytest.mark.parametrize("calm", CALM)
@pytest.mark.parametrize("optimisers", OPTIMISERS)
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_rounds_by_hand(rule: Any, optimisers: str, calm: str) -> None:
    check_rule(game_config(rule, optimisers, calm))


@pytest.mark.parametrize("objective", ["minimax", "relativistic", "least_squares", "f_kl"])
@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.summary())
def test_rounds_by_hand_under_other_objectives(rule: Any, objective: Any) -> None:
    check_rule(game_config(rule, objective=objective), rounds=4)


@pytest.mark.parametrize("rule", [r for r in RULES if r.kind not in ("lookahead", "alternating")], ids=lambda r: r.summary())
def test_the_average_follows_the_generator_once_a_round(rule: Any) -> None:
    game, state, streams = in_double(game_config(rule))
    for _ in range(3):
        after, _ = train_step(game, state, streams)
        torch.testing.assert_close(after.average, (state.average + after.theta) / 2)
        state = after


# ----------------------------------------------------------------------------------------------------- rule by rule


def test_extragradient_with_adam_counts_both_half_steps() -> None:
    game, state, streams = in_double(game_config(ExtragradientConfig(), "Adam"))
    for rounds in (1, 2):
        state, _ = train_step(game, state, streams)
        assert float(state.theta_moments["count"]) == float(state.phi_moments["count"]) == 2 * rounds


def test_the_first_optimistic_step_is_a_plain_one() -> None:
    (game, state, streams), (plain, _, others) = (in_double(game_config(r)) for r in (OptimisticConfig(), SimultaneousConfig()))
    first, _ = train_step(game, state, streams)
    expected, _ = train_step(plain, state, others)
    assert torch.equal(first.theta, expected.theta) and torch.equal(first.phi, expected.phi)
    second, _ = train_step(game, first, streams)
    expected, _ = train_step(plain, first, others)
    assert not torch.equal(second.theta, expected.theta)


@pytest.mark.parametrize("off", [ConsensusConfig(gamma=0), SymplecticAdjustmentConfig(weight=0), LookaheadConfig(share=1)])
def test_rules_turned_off_are_simultaneous_play(off: Any) -> None:
    (game, state, streams), (plain, same, others) = (in_double(game_config(r)) for r in (off, SimultaneousConfig()))
    for _ in range(6):
        state, _ = train_step(game, state, streams)
        same, _ = train_step(plain, same, others)
    torch.testing.assert_close(state.theta, same.theta)
    torch.testing.assert_close(state.phi, same.phi)


def test_unrolled_by_nothing_is_alternating() -> None:
    one_each = AlternatingConfig(discriminator_steps=1, generator_steps=1)
    (game, state, streams), (plain, same, others) = (in_double(game_config(r)) for r in (UnrolledConfig(depth=0), one_each))
    for _ in range(4):
        state, _ = train_step(game, state, streams)
        same, _ = train_step(plain, same, others)
    torch.testing.assert_close(state.theta, same.theta)
    torch.testing.assert_close(state.phi, same.phi)


def test_the_foreseen_steps_are_forgotten() -> None:
    """D after a round is D after its own one move."""
    game, state, streams = in_double(game_config(UnrolledConfig(depth=4, inner_rate=1.0)))
    both, _ = train_step(game, state, streams)
    game, state, streams = in_double(game_config(UnrolledConfig(depth=0)))
    d_alone, _ = train_step(game, state, streams, Players.D)
    assert torch.equal(both.phi, d_alone.phi) and not torch.equal(both.theta, state.theta)


def test_lookahead_goes_back_in_the_kth_round_alone() -> None:
    game, state, streams = in_double(game_config(LookaheadConfig(rounds=3, share=0.25)))
    plain, same, others = in_double(game_config(SimultaneousConfig()))
    start = state
    for i in range(3):
        state, _ = train_step(game, state, streams)
        same, _ = train_step(plain, same, others)
        torch.testing.assert_close(state.theta, same.theta if i < 2 else torch.lerp(start.theta, same.theta, 0.25))
        torch.testing.assert_close(state.phi, same.phi if i < 2 else torch.lerp(start.phi, same.phi, 0.25))


def test_consensus_descends_the_fields_length_in_the_end() -> None:
    """With a large gamma both players go down |v|^2: its gradient by differences."""
    gamma = 100.0
    given = game_config(
        ConsensusConfig(gamma=gamma), calm="free", generator_optimiser=GradientDescentConfig(learning_rate=1e-6)
    )
    given = given.replace("discriminator_optimiser.learning_rate", 1e-6)
    game, state, streams = in_double(given)
    hand = Hand(game, state, DoubleStreams([given.run.seed]))
    hand.streams.initial(game.generator.network)
    hand.draw()
    v = hand.v(hand.theta, hand.phi)

    def half_square(theta: torch.Tensor) -> float:
        g, d = hand.v(theta.requires_grad_(), hand.phi)
        return float(g.square().sum() + d.square().sum()) / 2

    e = draw(*state.theta.shape, seed=1)
    e = e / e.norm()
    slope = (half_square(state.theta + 1e-5 * e) - half_square(state.theta - 1e-5 * e)) / 2e-5
    after, _ = train_step(game, state, streams)
    found = float(((state.theta - after.theta) / 1e-6 * e).sum())
    assert found == pytest.approx(float((v[0] * e).sum()) + gamma * slope, rel=1e-4)


@pytest.mark.parametrize("depth", [1, 4])
def test_unrolled_gradient_by_differences(depth: int) -> None:
    """d/d theta of L_G(theta, phi_k(theta)), and more than the gradient at phi_k held still."""
    rule = UnrolledConfig(depth=depth, inner_rate=0.5)
    game, state, streams = in_double(game_config(rule, calm="R1, R2, GP, noise, packs"))
    hand = Hand(game, state, DoubleStreams([5]))
    hand.streams.initial(game.generator.network)
    hand.unrolled(rule)
    after, _ = train_step(game, state, streams)
    torch.testing.assert_close(after.theta, hand.theta.detach(), rtol=1e-6, atol=1e-9)
    # and against the same with phi_k detached, which is another gradient
    phi, theta = after.phi.clone().requires_grad_(), state.theta.clone().requires_grad_()
    real, latents, step_noise = hand.real[None], hand.latents[None], hand.step_noise
    for _ in range(depth):
        fake = generate(game, state.theta, latents)
        (of_d,) = torch.autograd.grad(discriminator_loss(game, phi, real, fake, step_noise).sum(), phi)
        phi = (phi - 0.5 * of_d).detach().requires_grad_()
    (still,) = torch.autograd.grad(generator_loss(game, theta, phi, real, latents, step_noise).sum(), theta)
    assert float((after.theta - (state.theta - 0.1 * still)).norm()) > 1e-5


@pytest.mark.parametrize("rule", [ExtragradientConfig(), OptimisticConfig(), LookaheadConfig(rounds=2)], ids=lambda r: r.kind)
def test_clipping_holds_under_every_rule(rule: Any) -> None:
    game, state, streams = in_double(game_config(rule, regulariser=RegulariserConfig(r1=0, clip=0.2)))
    state = replace(state, phi=state.phi.clamp(-0.2, 0.2))
    bound = False
    for _ in range(4):
        state, _ = train_step(game, state, streams)
        assert float(state.phi.abs().max()) <= 0.2
        bound |= bool((state.phi.abs() == 0.2).any())
    assert bound and state.phi_effective is state.phi


def test_noise_halves_in_its_half_life() -> None:
    game, _, _ = in_double(game_config(SimultaneousConfig(), calm="R1, R2, GP, noise, packs"))
    for step, share in ((0, 1.0), (3, 0.5), (6, 0.25)):
        assert float(game.penalties.noise_after(step)) == pytest.approx(0.4 * share)
    lasting, _, _ = in_double(game_config(SimultaneousConfig(), regulariser=RegulariserConfig(noise=0.4)))
    assert float(lasting.penalties.noise_after(1000)) == pytest.approx(0.4)
