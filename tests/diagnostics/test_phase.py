"""The phase plane: closed forms of its eigenvalues and rest points, and steps really taken with real noise."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from gandash.config import GameConfig
from gandash.config.data import GaussianConfig, PointMassConfig
from gandash.config.networks import LinearConfig, MLPConfig, PointConfig
from gandash.config.optimisers import AdamConfig, GradientDescentConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig, LookaheadConfig, SimultaneousConfig
from gandash.diagnostics.phase import equilibrium, flow, is_scalar, jacobian, phase, rest_point, window
from gandash.domains.registry import domain_of
from gandash.game.game import Game, Streams, build_game
from gandash.game.losses import field_vector
from gandash.game.objectives import OBJECTIVES
from gandash.game.parts import StepNoise
from gandash.game.round import start
from gandash.game.step import train_step

H = 0.1
SQRT2 = math.sqrt(2)


def dirac(place: float = 0.0, objective: str = "minimax", theta: float = 1.0, psi: float = 1.0, **changes: Any) -> GameConfig:
    given = {
        "data": PointMassConfig(location=place),
        "generator": PointConfig(start=theta),
        "discriminator": LinearConfig(start=psi),
        "objective": objective,
        "regulariser": RegulariserConfig(r1=0.0),
        "update_rule": SimultaneousConfig(),
        "generator_optimiser": GradientDescentConfig(learning_rate=H),
        "discriminator_optimiser": GradientDescentConfig(learning_rate=H),
    }
    return GameConfig.model_validate(given | changes)


def noisy(sigma: float, place: float = 0.0, objective: str = "minimax", half_life: float = 0.0, **changes: Any) -> GameConfig:
    regulariser = RegulariserConfig(r1=0.0, noise=sigma, noise_half_life=half_life)
    return dirac(place, objective, **({"regulariser": regulariser} | changes))


def sorted_eigenvalues(game: Game) -> np.ndarray:
    return np.sort_complex(phase(game).eigenvalues)


# ------------------------------------------------------------------------------------------------------ which games


def test_only_one_parameter_each_on_a_point_mass_has_a_plane() -> None:
    assert is_scalar(build_game(dirac(0.7)))
    others: list[dict[str, Any]] = [
        {"data": GaussianConfig()},
        {"generator": MLPConfig(width=4)},
        {"discriminator": MLPConfig(width=4)},
        {"regulariser": RegulariserConfig(r1=0.0, packing=2)},
        {"regulariser": RegulariserConfig(r1=0.0, spectral="on")},
    ]
    for other in others:
        assert not is_scalar(build_game(dirac().model_copy(update=other))), other


@pytest.mark.parametrize("place", [0.0, 0.1, 0.7, 1.0, -8.0])
def test_d_is_read_on_the_data_and_not_beside(place: float) -> None:
    """a(x) = 3 x: max |D - 1/2| over a point is |D(c) - 1/2|."""
    game, streams = build_game(dirac(place, psi=3.0)), Streams([0])
    found = domain_of(game).measure(game, start(game, streams), streams)
    assert found.readings["gap_half"] == pytest.approx(abs(1 / (1 + math.exp(-3 * place)) - 0.5), abs=1e-7)


# ---------------------------------------------------------------------------------------------------- eigenvalues


@pytest.mark.parametrize("objective", ["minimax", "non_saturating", "relativistic"])
@pytest.mark.parametrize("sigma", [0.5, 1.0, SQRT2, 2.0])
def test_instance_noise_has_the_eigenvalues_of_mescheder_et_al(objective: str, sigma: float) -> None:
    """Ascent convention f''(0) sigma^2 +- sqrt(f''(0)^2 sigma^4 - f'(0)^2), f'(0) = 1/2, f''(0) = -1/4; H has the other sign.

    At sigma = sqrt 2 both are 1/2: from there on nothing turns.
    """
    first, second = 0.5, -0.25
    root = np.sqrt(complex(second**2 * sigma**4 - first**2))
    expected = np.sort_complex(-np.array([second * sigma**2 + root, second * sigma**2 - root]))
    found = sorted_eigenvalues(build_game(noisy(sigma, objective=objective)))
    np.testing.assert_allclose(found, expected, atol=3e-4 if sigma == SQRT2 else 2e-6)  # a double one feels sqrt(rounding)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_h_is_the_derivative_of_the_field_by_finite_differences(objective: str) -> None:
    game, sigma, e = build_game(noisy(0.6, place=0.8, objective=objective)), 0.6, 1e-3
    at = (0.7, -0.3)
    v, h = jacobian(game, at, sigma)
    for k in range(2):
        ends = [[at[i] + sign * e * (i == k) for i in range(2)] for sign in (1, -1)]
        plus, minus = -flow(game, torch.tensor(ends, dtype=torch.float64), sigma)
        np.testing.assert_allclose(h[:, k], (plus - minus) / (2 * e), atol=3e-3)
    np.testing.assert_allclose(-flow(game, torch.tensor([at]), sigma)[0], v, atol=1e-6)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_the_flow_is_that_of_a_great_many_noisy_samples(objective: str) -> None:
    """Pairs are drawn at random here: a quadrature that pairs equal nodes would get relativistic pairing wrong."""
    sigma, place, n = 0.7, 0.9, 400_000
    game = build_game(noisy(sigma, place, objective))
    generator = torch.Generator().manual_seed(0)
    noise = sigma * torch.randn(1, 2, n, 1, generator=generator, dtype=torch.float64)
    points = [(0.4, 0.5), (-1.0, 1.2), (1.5, -0.8)]
    found = flow(game, torch.tensor(points), sigma)
    for (theta, psi), drawn in zip(points, found, strict=True):
        players = [torch.tensor([[p]], dtype=torch.float64, requires_grad=True) for p in (theta, psi)]
        real, latents = torch.full((1, n, 1), place).double(), torch.zeros(1, n, 1).double()
        v = torch.cat(field_vector(game, *players, real, latents, StepNoise(noise=noise)), dim=1)[0].detach()
        scale = max(1.0, float(v.abs().max()))
        np.testing.assert_allclose(drawn, -v.numpy(), atol=0.02 * scale, err_msg=f"{theta} {psi}")


def test_noise_draws_in_as_the_eigenvalues_tell() -> None:
    """60 simultaneous rounds on large batches end where (I - hH)^60 leads, with H in closed form."""
    config = noisy(1.0, theta=0.2, psi=0.0).replace("run.batch", 16384)
    game = build_game(config)
    streams = Streams([0])
    state = start(game, streams)
    for _ in range(60):
        state, _metrics = train_step(game, state, streams)
    h = np.array([[0.0, -0.5], [0.5, 0.5]])
    expected = np.linalg.matrix_power(np.eye(2) - H * h, 60) @ [0.2, 0.0]
    assert np.linalg.norm(expected) < 0.1  # without noise it would go out, beyond 0.2
    assert [float(state.theta), float(state.phi)] == pytest.approx(expected.tolist(), abs=0.008)
    found = phase(game)
    assert found.modulus == pytest.approx(abs(1 - H * complex(0.25, math.sqrt(3) / 4)), rel=1e-6)
    assert f"{found.modulus:.5g}" in found.words and "Spirals in" in found.words


def test_fading_noise_holds_for_the_step_that_is_named() -> None:
    game = build_game(noisy(1.0, half_life=100.0))
    early, late = phase(game), phase(game, 200)
    assert "σ = 1 as at step 0" in early.words and "σ = 0.25 as at step 200" in late.words
    np.testing.assert_allclose(late.eigenvalues.real, 0.25 * 0.25**2, atol=1e-6)
    np.testing.assert_allclose(early.eigenvalues.real, 0.25, atol=1e-6)


# ------------------------------------------------------------------------------------------------------ rest points


@pytest.mark.parametrize("sigma", [0.0, 0.8])
@pytest.mark.parametrize("place", [0.0, 1.5, -0.4])
@pytest.mark.parametrize("objective", OBJECTIVES)
def test_at_a_rest_point_nobody_moves(objective: str, place: float, sigma: float) -> None:
    game = build_game(noisy(sigma, place, objective, regulariser=RegulariserConfig(r1=0.3, r2=0.1, noise=sigma)))
    at = rest_point(game)
    if objective == "least_squares" and place:
        assert at is None and "No rest point anywhere" in phase(game).words and not len(phase(game).eigenvalues)
        assert equilibrium(game) == (place, 0.0)
        places = torch.cartesian_prod(torch.linspace(-6, 6, 41), torch.linspace(-6, 6, 41))
        assert np.linalg.norm(flow(game, places, sigma), axis=1).min() > 0.01
        return
    assert at is not None
    np.testing.assert_allclose(flow(game, torch.tensor([at]), sigma), 0, atol=1e-6)
    beside = flow(game, torch.tensor([(at[0] + 0.2, 0.1)]), sigma)
    assert np.abs(beside).max() > 0.01
    expected = math.e * place if objective == "f_kl" else place
    assert at == pytest.approx((expected, 0.0), abs=1e-6)


def test_label_smoothing_moves_the_rest_point_off_the_data_and_says_so() -> None:
    smooth = build_game(dirac(1.0, "non_saturating", regulariser=RegulariserConfig(r1=0.0, smoothing=0.2)))
    assert rest_point(smooth) == pytest.approx((0.6, 0.0), abs=1e-6)
    np.testing.assert_allclose(flow(smooth, torch.tensor([[0.6, 0.0]])), 0, atol=1e-7)
    assert np.abs(flow(smooth, torch.tensor([[1.0, 0.0]]))).max() > 0.1
    assert "No rest point on the data at 1: it lies at θ = 0.6" in phase(smooth).words
    low, high, *_ = window(smooth)
    assert low < 0.6 < 1.0 < high
    assert "No rest point" not in phase(build_game(dirac(1.0))).words
    at_zero = build_game(dirac(0.0, "non_saturating", regulariser=RegulariserConfig(r1=0.0, smoothing=0.2)))
    assert rest_point(at_zero) == (0.0, 0.0)


def test_where_eigenvalues_do_not_tell_the_words_do_not_either() -> None:
    assert "do not tell" in phase(build_game(dirac(0.0, "least_squares"))).words
    penalty = build_game(dirac(regulariser=RegulariserConfig(r1=0.0, gradient_penalty=1.0)))
    assert "kink" in phase(penalty).words and not len(phase(penalty).eigenvalues)
    adam = build_game(dirac(generator_optimiser=AdamConfig(learning_rate=H)))
    assert "No closed form" in phase(adam).words and phase(adam).modulus is None


# ---------------------------------------------------------------------------------------------------------- a round


@pytest.mark.parametrize("share", [0.5, 1.0])
@pytest.mark.parametrize("rounds", [1, 5, 8])
def test_lookahead_has_a_modulus_per_round_and_no_multipliers(rounds: int, share: float) -> None:
    game = build_game(dirac(theta=1e-3, psi=0.0, update_rule=LookaheadConfig(rounds=rounds, share=share)))
    found = phase(game)
    assert found.multipliers is None and found.modulus is not None and len(found.eigenvalues) == 2
    streams = Streams([0])
    state = start(game, streams)
    for _ in range(10 * rounds):
        state, _metrics = train_step(game, state, streams)
    distance = math.hypot(float(state.theta), float(state.phi))
    assert distance / 1e-3 == pytest.approx(found.modulus ** (10 * rounds), rel=1e-4)
    if share == 1:
        assert found.modulus == pytest.approx(math.hypot(1, H / 2))


@pytest.mark.parametrize(
    "rule", [SimultaneousConfig(), AlternatingConfig(discriminator_steps=1), AlternatingConfig(discriminator_steps=3)]
)
def test_the_modulus_is_the_largest_multiplier(rule: Any) -> None:
    found = phase(build_game(dirac(update_rule=rule)))
    assert found.multipliers is not None
    assert found.modulus == pytest.approx(np.abs(found.multipliers).max())
