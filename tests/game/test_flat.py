"""Where D is flat, or a matrix is zero: every update rule under every regulariser goes on, by the values known there.

The Dirac-GAN with psi = 0 is all known: a(x) = psi x, real data at 0, G's one sample at theta. The slope of D is psi: 0, and so
is the derivative of |psi| there, by convention (`field.lengths`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from game.checks import draw, in_double

from gandash.config import GameConfig, RunConfig
from gandash.config.data import PointMassConfig
from gandash.config.networks import LatentConfig, LinearConfig, MLPConfig, PointConfig
from gandash.config.optimisers import AdamConfig, GradientDescentConfig, RMSPropConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import ConsensusConfig, SymplecticAdjustmentConfig, UnrolledConfig
from gandash.game.game import Streams, build_game
from gandash.game.losses import discriminator_loss
from gandash.game.networks import Network, build_network
from gandash.game.regularisers import FLAT, lengths
from gandash.game.round import GameState, Players, start
from gandash.game.spectral import normalised
from gandash.game.step import UPDATE_RULES, train_step

THETA, STEP, LAMBDA = 0.5, 0.1, 10.0
RULES = [kind.model_fields["kind"].default for kind in UPDATE_RULES]
CALM: dict[str, dict[str, Any]] = {
    "none": {},
    "R1": {"r1": 1.0},
    "R2": {"r2": 1.0},
    "gradient penalty": {"gradient_penalty": LAMBDA},
    "all three": {"r1": 1.0, "r2": 1.0, "gradient_penalty": LAMBDA},
    "clipping": {"clip": 0.5},
    "noise": {"noise": 0.2, "gradient_penalty": LAMBDA},
    "packs": {"packing": 2, "gradient_penalty": LAMBDA},
    "spectral": {"spectral": "on"},
    "spectral, gradient penalty": {"spectral": "on", "gradient_penalty": LAMBDA},
}


def dirac(rule: Any, calm: dict[str, Any], psi: float = 0.0, **changes: Any) -> GameConfig:
    given: dict[str, Any] = {
        "data": PointMassConfig(location=0.0),
        "latent": LatentConfig(dimension=1),
        "generator": PointConfig(start=THETA),
        "discriminator": LinearConfig(start=psi),
        "objective": "wasserstein",
        "regulariser": RegulariserConfig(**{"r1": 0.0, **calm}),
        "update_rule": {"kind": rule} if isinstance(rule, str) else rule,
        "generator_optimiser": GradientDescentConfig(learning_rate=STEP),
        "discriminator_optimiser": GradientDescentConfig(learning_rate=STEP),
        "run": RunConfig(batch=4, averaging=0.0),
    }
    return GameConfig(**(given | changes))


def combined(rule: str, calm: str) -> None:
    if rule in ("consensus", "symplectic_adjustment", "unrolled") and "spectral" in calm:
        pytest.skip("refused by the settings")


def after_one(config: GameConfig, players: Players = Players.BOTH) -> tuple[float, float]:
    """(theta, psi) after a round, in double precision."""
    game, state, streams = in_double(config)
    state, _ = train_step(game, state, streams, players)
    return float(state.theta[0, 0]), float(state.phi[0, 0])


# ------------------------------------------------------------------------------------------------------ known answers


def test_consensus_at_a_flat_critic() -> None:
    """v = (-psi, theta + 2 lambda (|psi| - 1) d|psi|) = (0, theta), and grad |v|^2 / 2 = (theta, 0): the kink adds nothing."""
    found = after_one(dirac(ConsensusConfig(gamma=0.3), CALM["gradient penalty"]))
    assert found == pytest.approx((THETA - STEP * 0.3 * THETA, -STEP * THETA), abs=1e-12)


def test_symplectic_adjustment_at_a_flat_critic() -> None:
    """H = [[0, -1], [1, 0]] = A, A^T v = (theta, 0)."""
    found = after_one(dirac(SymplecticAdjustmentConfig(weight=0.6), CALM["gradient penalty"]))
    assert found == pytest.approx((THETA - STEP * 0.6 * THETA, -STEP * THETA), abs=1e-12)


def test_unrolling_from_a_flat_critic() -> None:
    """G sees psi = -eta theta, so that L_G = -psi theta = eta theta^2; D stands still."""
    found = after_one(dirac(UnrolledConfig(depth=1, inner_rate=0.2), CALM["gradient penalty"]), Players.G)
    assert found == pytest.approx((THETA - STEP * 2 * 0.2 * THETA, 0), abs=1e-12)


@pytest.mark.parametrize("rule", ["simultaneous", "alternating"])
def test_a_penalised_d_leaves_a_flat_critic(rule: str) -> None:
    _, psi = after_one(dirac(rule, CALM["gradient penalty"]), Players.D)
    moves = 2 if rule == "alternating" else 1
    first = -STEP * THETA
    second = first - STEP * (THETA + 2 * LAMBDA * (1 - abs(first)))  # sign(psi) = -1 by then
    assert psi == pytest.approx(second if moves == 2 else first, abs=1e-12)


@pytest.mark.parametrize("size", [0.0, 1e-45, 1e-30, 1e-20, 0.1 * FLAT])
def test_a_length_of_nothing_has_no_derivatives(size: float) -> None:
    v = torch.tensor([[size, -size], [3.0, 4.0]], requires_grad=True)
    found = lengths(v)
    assert found.tolist() == [0, 5]
    (slope,) = torch.autograd.grad(((found - 1) ** 2).sum(), v, create_graph=True)
    assert slope[0].tolist() == [0, 0]
    torch.testing.assert_close(slope[1], torch.tensor([4.8, 6.4]))
    (curve,) = torch.autograd.grad((slope * torch.ones_like(v)).sum(), v, create_graph=True)
    assert curve[0].tolist() == [0, 0]
    # 2 (1 - 1/5) I + 2 v v^T / 125, times (1, 1)
    torch.testing.assert_close(curve[1], torch.tensor([1.6 + 2 * 21 / 125, 1.6 + 2 * 28 / 125]))
    (third,) = torch.autograd.grad(curve.sum(), v)
    assert third[0].tolist() == [0, 0] and bool(third.isfinite().all())


@pytest.mark.parametrize("n", [1, 2])
def test_a_length_that_is_short_is_still_one(n: int) -> None:
    v = torch.full((1, n), 1e-9, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(lengths(v).sum(), v)
    np.testing.assert_allclose(slope[0], np.full(n, n**-0.5))


# ------------------------------------------------------------------------------------- every rule, every regulariser


@pytest.mark.parametrize("calm", CALM)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_leaves_a_flat_critic(rule: str, calm: str) -> None:
    """In float32, as it is played. Generated data lie above the real ones: D's first move is down, G's gradient is finite."""
    combined(rule, calm)
    for psi in (0.0, 1e-40, -1e-25):
        game = build_game(dirac(rule, CALM[calm], psi))
        streams = Streams([0])
        state = start(game, streams)
        state, metrics = train_step(game, state, streams)
        stays = "spectral" in calm and rule == "extragradient"  # looks ahead to where D, a sign, has no gradient left
        assert float(state.phi.max()) == pytest.approx(psi) if stays else float(state.phi.max()) < 0
        assert bool(metrics[0, :2].isfinite().all()) and bool(state.theta.isfinite().all())
        state, metrics = train_step(game, state, streams)
        assert bool(metrics[0, :2].isfinite().all()) and bool(state.theta.isfinite().all() and state.phi.isfinite().all())


NETWORKS: dict[str, MLPConfig] = {
    "relu": MLPConfig(width=3, depth=2, activation="relu"),
    "silu": MLPConfig(width=3, depth=2, activation="silu"),
    "maxout": MLPConfig(width=3, depth=1, activation="maxout"),
    "layer norm": MLPConfig(width=3, depth=2, activation="leaky_relu", normalisation="layer"),
    "batch norm": MLPConfig(width=3, depth=2, activation="tanh", normalisation="batch"),
}


@pytest.mark.parametrize("calm", ["all three", "packs", "spectral, gradient penalty"])
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("kind", NETWORKS)
def test_every_rule_goes_on_where_a_network_is_all_zeros(rule: str, calm: str, kind: str) -> None:
    """No unit lives, no layer has a variance: D can move its last bias alone, and G not at all."""
    combined(rule, calm)
    small = {"discriminator": NETWORKS[kind], "generator": NETWORKS["relu"]}
    game = build_game(dirac(rule, CALM[calm], objective="non_saturating", data={"kind": "gaussian"}, **small))
    streams = Streams([0])
    first = start(game, streams)
    state = GameState.of(0, {n: torch.zeros_like(t) if n in ("phi", "critic") else t for n, t in first.tensors.items()})
    for _ in range(3):
        state, metrics = train_step(game, state, streams)
        assert bool(metrics[0, :2].isfinite().all()) and bool(state.theta.isfinite().all() and state.phi.isfinite().all())
    assert float((state.theta - first.theta).abs().max()) == pytest.approx(0, abs=1e-6)


def test_a_dead_half_of_a_network_counts_as_flat_and_the_other_as_ever() -> None:
    """A ReLU unit that lives on x > 0 alone, loss and its Hessian in the weight: flat places add 0, the others what they do."""
    net = MLPConfig(width=1, depth=1, activation="relu")
    game = build_game(dirac("consensus", CALM["gradient penalty"], discriminator=net))
    phi = torch.tensor([[2.0, 0.0, 1.5, 0.0]], requires_grad=True)  # W_1, b_1, W_2, b_2: slope 3 where x > 0
    real = torch.tensor([[[-1.0], [1.0], [-2.0], [2.0]]])
    step_noise = in_chance(4)
    loss = discriminator_loss(game, phi, real, real.clone(), step_noise)
    (slope,) = torch.autograd.grad(loss.sum(), phi, create_graph=True)
    (curve,) = torch.autograd.grad(slope[0, 0], phi)
    # half of the places: lambda E (W_1 W_2 - 1)^2, so 2 lambda / 2 W_2^2 in W_1, and lambda / 2 (4 W_1 W_2 - 2) across
    assert float(curve[0, 0]) == pytest.approx(LAMBDA * 1.5**2)
    assert float(curve[0, 2]) == pytest.approx(LAMBDA / 2 * (4 * 3 - 2))


def in_chance(n: int) -> Any:
    from gandash.game.parts import StepNoise

    return StepNoise(mix=torch.zeros(1, n, 1))


# ---------------------------------------------------------------------------------------------------------- spectral


SPECTRAL = {
    "mlp": MLPConfig(width=4, depth=2, activation="leaky_relu"),
    "one row, one column": MLPConfig(width=1, depth=2, activation="leaky_relu"),
    "maxout": MLPConfig(width=3, depth=1, activation="maxout"),
    "linear": LinearConfig(start=0.7),
}


@pytest.fixture(params=SPECTRAL.values(), ids=SPECTRAL)
def net(request: pytest.FixtureRequest) -> Network:
    return build_network(1, 1, request.param)


@pytest.mark.parametrize("size", [0.0, 1e-40, 1e-25, 1e-14])
def test_a_zero_matrix_is_left_alone_and_so_is_its_gradient(net: Network, size: float) -> None:
    phi, gradient = torch.full((2, net.size), size), torch.ones(2, net.size)
    found = normalised(net, phi, None)
    torch.testing.assert_close(found.phi, phi, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.pull_back(gradient), gradient, rtol=0, atol=1e-9)


def test_a_matrix_that_was_zero_is_normalised_as_soon_as_it_is_none(net: Network) -> None:
    """What is kept of a zero matrix knows no direction; one round of power iteration must find back from it."""
    phi = draw(2, net.size, seed=3)
    kept = normalised(net, torch.zeros_like(phi), normalised(net, phi, None).kept).kept
    for _ in range(300):
        kept = normalised(net, phi, kept).kept
    for w in matrices(net, normalised(net, phi, kept).phi):
        assert np.linalg.svd(w, compute_uv=False)[:, 0] == pytest.approx(1, rel=1e-3)


def test_a_vector_square_to_all_rows_finds_the_singular_value() -> None:
    """W's one row is (3, -3): the first vector, of ones, sees nothing of it."""
    net = build_network(1, 1, MLPConfig(width=2, depth=1))
    phi = torch.zeros(1, net.size)
    phi[0, :2] = torch.tensor([3.0, -3.0])
    first = normalised(net, phi, None)
    torch.testing.assert_close(first.phi[0, :2], torch.tensor([3.0, -3.0]) / 18**0.5)


def test_one_member_may_be_zero_beside_others(net: Network) -> None:
    phi = draw(3, net.size, seed=3)
    phi[1] = 0
    together = normalised(net, phi, None)
    for i in (0, 1, 2):
        torch.testing.assert_close(together.phi[i], normalised(net, phi[i : i + 1], None).phi[0])


@pytest.mark.parametrize(
    "optimiser", [GradientDescentConfig(learning_rate=0.1), AdamConfig(learning_rate=0.1), RMSPropConfig(learning_rate=0.1)]
)
def test_the_dirac_game_under_spectral_normalisation_starts_from_zero(optimiser: Any) -> None:
    """psi leaves 0 by the bare gradient, is -1 as judged from then on, and G is driven at that slope."""
    given = dirac("simultaneous", {"spectral": "on"}, generator_optimiser=GradientDescentConfig(learning_rate=STEP))
    game = build_game(given.replace("discriminator_optimiser", optimiser.model_dump()))
    streams = Streams([0])
    state = start(game, streams)
    assert float(state.phi_effective) == 0
    for n in range(1, 6):
        state, _ = train_step(game, state, streams)
        assert float(state.phi_effective) == -1 and float(state.phi) < 0
        assert float(state.theta) == pytest.approx(THETA - STEP * (n - 1))


def matrices(net: Network, phi: torch.Tensor) -> list[np.ndarray]:
    parts = torch.split(phi, net.lengths, dim=1)
    return [parts[i].view(len(phi), *shape).numpy() for i, shape in zip(net.matrices, net.shapes, strict=True)]


# ------------------------------------------------------------------------------------------- numbers below float32's


@pytest.mark.parametrize("optimiser", [AdamConfig(epsilon=1e-45), RMSPropConfig(epsilon=1e-45), AdamConfig(epsilon=1e-320)])
def test_an_epsilon_below_what_float32_holds_divides_nothing_by_nothing(optimiser: Any) -> None:
    given = dirac(
        "simultaneous",
        {},
        data=PointMassConfig(location=THETA),
        discriminator_optimiser=optimiser,
        generator_optimiser=optimiser,
    )
    game = build_game(given)
    streams = Streams([0])
    state, _ = train_step(game, start(game, streams), streams)  # at rest: both gradients are 0
    assert (float(state.theta), float(state.phi)) == (THETA, 0)


def test_a_half_life_below_what_float32_holds() -> None:
    game = build_game(dirac("simultaneous", {"noise": 2.0, "noise_half_life": 1e-60}))
    assert [float(game.penalties.noise_after(step)) for step in (0, 1)] == [2, 0]
