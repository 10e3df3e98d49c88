"""Games that can be solved on paper, played by the real thing: Dirac-GAN and the bilinear game.

p_r = delta_0, p_g = delta_theta, a(x) = psi x (Mescheder, Geiger, Nowozin 2018, arXiv:1801.04406). With s(t) = log(1 + e^t)

    minimax          v = (-sigma(a) psi,  sigma(a) theta),    a = psi theta
    non-saturating   v = (-sigma(-a) psi, sigma(a) theta)
    Wasserstein      v = (-psi, theta): the bilinear game, f' = 1

near 0 both cross-entropies are v = (-psi, theta) / 2, f' = 1/2. One round is then a linear map of z = (theta, psi), and its
eigenvalues say all. With penalties: R1 and R2 (gamma/2) psi^2, gradient penalty lambda (|psi| - 1)^2.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from game.checks import in_double
from numpy.typing import NDArray

from gandash.config import GameConfig, RunConfig
from gandash.config.data import PointMassConfig
from gandash.config.networks import LinearConfig, PointConfig
from gandash.config.optimisers import GradientDescentConfig, MomentumConfig
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
from gandash.game.step import train_step

Array = NDArray[np.float64]
TURN = np.array([[0.0, -1.0], [1.0, 0.0]])  # Jacobian of (-psi, theta)
ONE_EACH = AlternatingConfig(discriminator_steps=1, generator_steps=1)
SMALL = 1e-5  # near enough to 0 for the cross-entropies to be linear to the fifth digit: a is SMALL^2


def dirac(rule: Any = None, h: float = 0.1, objective: Any = "minimax", batch: int = 1, **calm: Any) -> GameConfig:
    return GameConfig(
        data=PointMassConfig(location=0),
        generator=PointConfig(start=1.0),
        discriminator=LinearConfig(start=1.0),
        objective=objective,
        regulariser=RegulariserConfig(**({"r1": 0} | calm)),
        update_rule=rule or SimultaneousConfig(),
        generator_optimiser=GradientDescentConfig(learning_rate=h),
        discriminator_optimiser=GradientDescentConfig(learning_rate=h),
        run=RunConfig(batch=batch),
    )


def play(given: GameConfig, starts: Array, rounds: int) -> Array:
    """The paths `(rounds + 1, starts, 2)` of (theta, psi) from every start; each is a member."""
    game, state, streams = in_double(*[given] * len(starts))
    z = torch.from_numpy(np.asarray(starts, dtype=np.float64))
    state = replace(state, theta=z[:, :1].clone(), phi=z[:, 1:].clone(), phi_effective=z[:, 1:].clone())
    path = [z]
    for _ in range(rounds):
        state, _ = train_step(game, state, streams)
        path.append(torch.cat([state.theta, state.phi], dim=1))
    return torch.stack(path).numpy()


def one_round(given: GameConfig, rounds: int = 1, size: float = SMALL) -> Array:
    """The matrix of one round (or some) near 0: columns are where the axes go, less where 0 goes under the same noise."""
    path = play(given, size * np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]), rounds)[-1]
    return (path[1:] - path[0]).T / size


def eigenvalues(matrix: Array) -> Array:
    return np.sort_complex(np.linalg.eigvals(matrix))


def ascent(given: GameConfig, h: float) -> Array:
    """Eigenvalues of the Jacobian of -v, as the paper has them, from one simultaneous step of size h."""
    return np.sort_complex((eigenvalues(one_round(given)) - 1) / h)


def pair(real: float, square: float) -> Array:
    """real +- sqrt(square)."""
    root = np.sqrt(complex(square))
    return np.sort_complex([real - root, real + root])


# ------------------------------------------------------------------------------------------------------- Dirac-GAN


def sigma(t: Any) -> Any:
    return 1 / (1 + np.exp(-t))


FIELDS = {
    "minimax": lambda t, p: (-sigma(p * t) * p, sigma(p * t) * t),
    "non_saturating": lambda t, p: (-sigma(-p * t) * p, sigma(p * t) * t),
    "wasserstein": lambda t, p: (-p, t),
    "least_squares": lambda t, p: (2 * (p * t - 1) * p, 2 * p * t * t),
    "relativistic": lambda t, p: (-sigma(-p * t) * p, sigma(p * t) * t),
    "hinge": lambda t, p: (-p, t * (p * t > -1)),
}
STARTS = np.array([[1.0, 1.0], [-0.3, 0.8], [0.5, -1.7], [1e-3, 2e-3]])


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("objective", FIELDS)
def test_the_path_step_by_step(objective: str, batch: int) -> None:
    """Simultaneous and alternating play far from 0, against the closed field."""
    h, rounds = 0.25, 40
    for rule in (SimultaneousConfig(), ONE_EACH):
        path = play(dirac(rule, h, objective, batch), STARTS, rounds)
        t, p = STARTS.T.copy()
        for i in range(rounds):
            of_g, of_d = FIELDS[objective](t, p)
            p = p - h * of_d
            of_g = FIELDS[objective](t, p)[0] if rule is ONE_EACH else of_g
            t = t - h * of_g
            np.testing.assert_allclose(path[i + 1], np.stack([t, p], axis=1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("objective", ["minimax", "non_saturating", "relativistic"])
@pytest.mark.parametrize("h", [0.01, 0.1, 1.0, 5.0])
def test_simultaneous_play_spirals_out(objective: Any, h: float) -> None:
    values = eigenvalues(one_round(dirac(h=h, objective=objective)))
    np.testing.assert_allclose(np.abs(values), math.sqrt(1 + h**2 / 4), rtol=1e-6)
    np.testing.assert_allclose(values, [1 - 0.5j * h, 1 + 0.5j * h], rtol=1e-6)


@pytest.mark.parametrize("first", ["discriminator", "generator"])
@pytest.mark.parametrize("objective", ["minimax", "non_saturating"])
def test_alternating_play_orbits_below_its_bound(objective: Any, first: Any) -> None:
    """Trace 2 - h^2/4, determinant 1: modulus 1 while h f' <= 2, that is h <= 4; beyond, one eigenvalue leaves."""
    rule = AlternatingConfig(discriminator_steps=1, generator_steps=1, first=first)
    for h in (0.1, 1.0, 3.9, 4.1, 6.0):
        m = one_round(dirac(rule, h, objective))
        assert np.linalg.det(m) == pytest.approx(1, abs=1e-6)
        assert np.trace(m) == pytest.approx(2 - h**2 / 4, abs=1e-6)
        largest = np.abs(eigenvalues(m)).max()
        if h < 4:
            assert largest == pytest.approx(1, abs=1e-6)
        else:
            b = h**2 / 8 - 1
            assert largest == pytest.approx(b + math.sqrt(b**2 - 1), rel=1e-5)


@pytest.mark.parametrize("objective", ["minimax", "non_saturating"])
@pytest.mark.parametrize("penalty", ["r1", "r2"])
@pytest.mark.parametrize("gamma", [0.1, 0.5, 0.9, 1.1, 2.0, 4.0])
def test_r1_and_r2_spiral_in(objective: Any, penalty: str, gamma: float) -> None:
    """-gamma/2 +- sqrt(gamma^2/4 - f'^2): turning below the critical gamma = 2 f' = 1, not above."""
    h = 0.1
    found = ascent(dirac(h=h, objective=objective, **{penalty: gamma}), h)
    np.testing.assert_allclose(found, pair(-gamma / 2, gamma**2 / 4 - 1 / 4), atol=1e-6)
    assert (np.abs(found.imag).max() > 1e-3) == (gamma < 1)
    assert found.real.max() < 0


def test_the_critical_gamma() -> None:
    """At gamma = 1 both eigenvalues are -1/2, and no other gamma comes to rest faster."""
    slowest = {g: ascent(dirac(h=0.1, r1=g), 0.1).real.max() for g in (0.6, 0.8, 1.0, 1.2, 1.5)}
    assert min(slowest, key=slowest.__getitem__) == 1.0
    assert slowest[1.0] == pytest.approx(-0.5, abs=5e-3)  # a double root: it feels rounding by its square root


def test_r1_comes_to_rest_from_afar() -> None:
    path = play(dirac(h=0.1, objective="non_saturating", r1=1.0), STARTS, 400)
    assert np.linalg.norm(path[-1], axis=1).max() < 1e-6
    free = play(dirac(h=0.1, objective="minimax"), STARTS, 100)
    assert np.linalg.norm(free[-1], axis=1).min() > 1e-3


def test_gradient_penalty_step_by_step_and_no_rest() -> None:
    """2 lambda (|psi| - 1) sign(psi) in D's field: psi = 0 repels, so that the path does not come to (0, 0)."""
    h, weight, rounds = 0.1, 0.5, 400
    starts = STARTS[:3]
    path = play(dirac(h=h, objective="wasserstein", gradient_penalty=weight), starts, rounds)
    t, p = starts.T.copy()
    for i in range(60):
        t, p = t + h * p, p - h * (t + 2 * weight * (np.abs(p) - 1) * np.sign(p))
        np.testing.assert_allclose(path[i + 1], np.stack([t, p], axis=1), rtol=1e-8, atol=1e-10)
    late = np.linalg.norm(path[-200:], axis=2)
    assert late.max(axis=0).min() > 0.3 and late.max() < 10
    calm = play(dirac(h=h, objective="wasserstein", r1=1.0), starts, rounds)
    assert np.linalg.norm(calm[-1], axis=1).max() < 1e-6


@pytest.mark.parametrize("gamma", [0.2, 1.0, 3.0])
def test_consensus_on_the_dirac_gan(gamma: float) -> None:
    """-gamma f'^2 +- i f' in the ascent convention."""
    h = 0.1
    found = ascent(dirac(ConsensusConfig(gamma=gamma), h), h)
    np.testing.assert_allclose(found, [-gamma / 4 - 0.5j, -gamma / 4 + 0.5j], atol=1e-6)


@pytest.mark.parametrize("std", [0.5, 1.0, 1.8])
def test_instance_noise_in_expectation(std: float) -> None:
    """f'' sigma^2 +- sqrt(f''^2 sigma^4 - f'^2), f' = 1/2, f'' = -1/4; over 2 x 65536 draws, the same for all starts."""
    h = 0.1
    found = (one_round(dirac(h=h, batch=65536, noise=std), size=1e-3) - np.eye(2)) / h
    expected = np.array([[0.0, 0.5], [-0.5, -(std**2) / 2]])
    np.testing.assert_allclose(found, expected, atol=0.02 * max(1, std**2))
    np.testing.assert_allclose(
        eigenvalues(expected), pair(-(std**2) / 4, std**4 / 16 - 1 / 4), atol=1e-12
    )  # the matrix of these is what was found


def test_label_smoothing_keeps_d_from_resting_at_zero() -> None:
    """Data at 0 has a = 0 whatever psi: smoothing changes L_D by a constant, and nothing of the path."""
    plain, smooth = (play(dirac(h=0.2, objective="non_saturating", **s), STARTS, 30) for s in ({}, {"smoothing": 0.2}))
    np.testing.assert_allclose(plain, smooth, rtol=1e-12)


def test_the_non_saturating_cycle() -> None:
    """Simultaneous non-saturating play settles on a cycle of radius sqrt(2 h).

    |z_(t+1)|^2 = |z|^2 - 2 h z.v + h^2 |v|^2. Here z.v = a (sigma(a) - sigma(-a)) = a tanh(a/2) = a^2/2 + O(a^4) and
    |v|^2 = |z|^2/4 + terms whose mean over the angle is of order |z|^6; a = |z|^2 sin(2 angle)/2 has mean square |z|^4/8, and
    the angle goes round evenly. So in the mean |z|^2 grows by h^2 |z|^2/4 and falls by h |z|^4/8, which balance at |z|^2 = 2 h.
    """
    for h, steps in ((0.2, 900), (0.4, 300)):
        radius = math.sqrt(2 * h)
        path = play(dirac(h=h, objective="non_saturating"), np.array([[0.7 * radius, 0.0], [0.0, 1.4 * radius]]), steps)
        square = (path[-steps // 4 :] ** 2).sum(axis=2).mean(axis=0)
        np.testing.assert_allclose(np.sqrt(square), radius, rtol=0.02)
        assert square[0] == pytest.approx(square[1], rel=0.01)  # from within and from without: the same cycle


def test_minimax_has_no_such_cycle() -> None:
    path = play(dirac(h=0.3, objective="minimax"), np.array([[0.5, 0.0]]), 300)
    radius = np.linalg.norm(path[:, 0], axis=1)
    assert radius[-1] > 3 * math.sqrt(0.6) and radius[150] < radius[-1]


# ------------------------------------------------------------------------------------------------------- bilinear


def bilinear(rule: Any, h: float, **calm: Any) -> GameConfig:
    return dirac(rule, h, "wasserstein", **calm)


def factor(rule: Any, h: float, **calm: Any) -> float:
    """By how much the slowest direction shrinks (or grows) in a round."""
    return float(np.abs(eigenvalues(one_round(bilinear(rule, h, **calm), size=1.0))).max())


STEPS = (0.05, 0.3, 0.7, 0.95, 1.05, 1.5)


@pytest.mark.parametrize("h", STEPS)
def test_simultaneous_steps_never_contract(h: float) -> None:
    assert factor(SimultaneousConfig(), h) == pytest.approx(math.sqrt(1 + h**2), rel=1e-12)


def test_alternating_steps_keep_their_orbit_below_two() -> None:
    for h in (0.1, 1.0, 1.99):
        assert factor(ONE_EACH, h) == pytest.approx(1, abs=1e-6)
    assert factor(ONE_EACH, 2.05) > 1.3
    # the orbit's invariant: theta^2 + psi^2 + h theta psi after D-first rounds
    h = 0.5
    path = play(bilinear(ONE_EACH, h), STARTS, 300)
    t, p = path[..., 0], path[..., 1]
    invariant = t**2 + p**2 - h * t * p
    np.testing.assert_allclose(invariant, np.broadcast_to(invariant[0], invariant.shape), rtol=1e-9)


@pytest.mark.parametrize("h", STEPS)
def test_extragradient_contracts_below_one(h: float) -> None:
    """1 - h^2 -+ i h, of squared modulus 1 - h^2 + h^4."""
    found = factor(ExtragradientConfig(), h)
    assert found == pytest.approx(math.sqrt(1 - h**2 + h**4), rel=1e-12)
    assert (found < 1) == (h < 1)


@pytest.mark.parametrize("h", [0.1, 0.3, 0.45, 0.57, 0.585, 0.8])
def test_optimistic_steps_contract_below_one_over_root_three(h: float) -> None:
    """r^2 = (1 - 2 i h) r + i h along each eigenvector of the turn: both roots inside the unit circle iff h < 1/sqrt 3."""
    path = play(bilinear(OptimisticConfig(), h), np.array([[1.0, 0.0], [0.3, -0.8]]), 200)
    before, now = np.array([[1.0, 0.0], [0.3, -0.8]]), None
    now = before - h * before @ TURN.T  # the first step is plain
    np.testing.assert_allclose(path[1], now, rtol=1e-12)
    for i in range(2, 30):
        before, now = now, now - 2 * h * now @ TURN.T + h * before @ TURN.T
        np.testing.assert_allclose(path[i], now, rtol=1e-9, atol=1e-12)
    largest = np.abs(np.roots([1, -(1 - 2j * h), -1j * h])).max()
    length = np.linalg.norm(path, axis=2)
    np.testing.assert_allclose((length[200] / length[100]) ** (1 / 100), largest, rtol=1e-4)
    assert (largest < 1) == (h < 1 / math.sqrt(3)) == bool((length[200] < length[100]).all())


@pytest.mark.parametrize("gamma", [0.1, 0.5, 2.0])
@pytest.mark.parametrize("rule", [ConsensusConfig, SymplecticAdjustmentConfig])
def test_consensus_and_symplectic_adjustment_contract(rule: Any, gamma: float) -> None:
    """On a game that only turns both add gamma z: 1 - h (gamma +- i)."""
    name = "gamma" if rule is ConsensusConfig else "weight"
    for h in (0.1, 0.4):
        found = factor(rule(**{name: gamma}), h)
        assert found == pytest.approx(math.hypot(1 - h * gamma, h), rel=1e-12)


@pytest.mark.parametrize("r1", [0.5, 2.0])
def test_what_symplectic_adjustment_leaves_alone(r1: float) -> None:
    """With R1 the Jacobian has a symmetric part: consensus adds H^T H, the adjustment A^T H with A = (H - H^T)/2."""
    h, w = 0.1, 0.7
    jacobian = TURN + np.diag([0.0, r1])
    a = (jacobian - jacobian.T) / 2
    found = one_round(bilinear(SymplecticAdjustmentConfig(weight=w), h, r1=r1), size=1.0)
    np.testing.assert_allclose(found, np.eye(2) - h * (jacobian + w * a.T @ jacobian), atol=1e-12)
    found = one_round(bilinear(ConsensusConfig(gamma=w), h, r1=r1), size=1.0)
    np.testing.assert_allclose(found, np.eye(2) - h * (jacobian + w * jacobian.T @ jacobian), atol=1e-12)


@pytest.mark.parametrize(("k", "share", "h"), [(5, 0.5, 0.2), (3, 0.4, 0.3), (4, 1.0, 0.2), (20, 0.5, 0.1)])
def test_lookahead_contracts(k: int, share: float, h: float) -> None:
    """Every k rounds 1 - alpha + alpha (1 -+ i h)^k."""
    found = one_round(bilinear(LookaheadConfig(rounds=k, share=share), h), rounds=k, size=1.0)
    steps = np.linalg.matrix_power(np.eye(2) - h * TURN, k)
    np.testing.assert_allclose(found, (1 - share) * np.eye(2) + share * steps, rtol=1e-12)
    assert (np.abs(eigenvalues(found)).max() < 1) == (share < 1)


@pytest.mark.parametrize("depth", [0, 1, 5])
def test_unrolling_damps_the_generator(depth: int) -> None:
    """psi' = psi - h theta; L_G = -theta (psi' - k eta theta), whose slope is -psi' + 2 k eta theta."""
    h, eta = 0.2, 0.3
    found = one_round(bilinear(UnrolledConfig(depth=depth, inner_rate=eta), h), size=1.0)
    d_moves = np.array([[1.0, 0.0], [-h, 1.0]])
    g_moves = np.array([[1 - 2 * h * depth * eta, h], [0.0, 1.0]])
    np.testing.assert_allclose(found, g_moves @ d_moves, atol=1e-12)
    assert (np.abs(eigenvalues(found)).max() < 1 - 1e-9) == (depth > 0)


@pytest.mark.parametrize("momentum", [0.5, -0.5])
def test_negative_momentum_damps_alternating_play(momentum: float) -> None:
    """Gidel et al. 2019 (arXiv:1807.04740): alternating steps with negative momentum contract, with positive they grow."""
    heavy = MomentumConfig(learning_rate=0.3, momentum=momentum)
    given = bilinear(ONE_EACH, 0.3).model_copy(update={"generator_optimiser": heavy, "discriminator_optimiser": heavy})
    path = play(given, np.array([[1.0, 0.0]]), 200)[:, 0]
    t, p, of_g, of_d = 1.0, 0.0, 0.0, 0.0
    for place in path[1:]:
        of_d = momentum * of_d + t
        p -= 0.3 * of_d
        of_g = momentum * of_g - p
        t -= 0.3 * of_g
        np.testing.assert_allclose(place, [t, p], rtol=1e-8, atol=1e-10)
    length = np.linalg.norm(path, axis=1)
    assert (length[-1] < 0.1) if momentum < 0 else (length[-1] > 1e6)
