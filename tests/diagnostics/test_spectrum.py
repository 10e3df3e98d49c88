"""The game's Jacobian and step matrices: against finite differences, against steps really taken, and in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gandash.config import GameConfig, RunConfig
from gandash.config.networks import LatentConfig, MLPConfig
from gandash.config.regularisers import RegulariserConfig
from gandash.config.rules import AlternatingConfig, ExtragradientConfig, OptimisticConfig, SimultaneousConfig
from gandash.diagnostics.spectrum import (
    RULES,
    Jacobian,
    Spectrum,
    growth,
    heavy_ball_rule,
    joint,
    joint_field,
    spectrum,
    stability_boundary,
    step_sizes,
)
from gandash.game.field import discriminator_part, generator_part
from gandash.game.game import Game, build_game
from gandash.game.losses import generate
from gandash.game.parts import NO_STEP_NOISE, StepNoise

BATCH = 5
Name = Literal["minimax", "non_saturating"]
NAMES: tuple[Name, ...] = ("minimax", "non_saturating")
Array = np.ndarray
BILINEAR = np.array([[0.0, 1.0], [-1.0, 0.0]])  # min_x max_y xy
TURNING = np.array([[0.4, 1.3, -0.2], [-0.9, 0.2, 0.5], [0.1, -0.8, 0.7]])  # nothing special, two coordinates of G


def draw(*shape: int, seed: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def population(objective: Name, gammas: tuple[float, ...]) -> Game:
    return build_game(
        *(
            GameConfig(
                latent=LatentConfig(dimension=2),
                generator=MLPConfig(width=3, depth=2, activation="tanh"),
                discriminator=MLPConfig(width=4, depth=2, activation="silu"),
                objective=objective,
                regulariser=RegulariserConfig(r1=gamma),
                run=RunConfig(batch=BATCH),
            )
            for gamma in gammas
        )
    )


def place(game: Game) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    m = game.members
    theta, phi = draw(m, game.generator.network.size, seed=1), 1.5 * draw(m, game.discriminator.network.size, seed=2)
    return theta, phi, draw(m, BATCH, 1, seed=3) + 1, draw(m, BATCH, 2, seed=4)


def dirac(objective: Name, gamma: float = 0.0) -> Callable[[Tensor], Tensor]:
    """The Dirac-GAN's descent field on (theta, psi): p_r = delta_0, a(x) = psi x (Mescheder, Geiger, Nowozin 2018)."""

    def v(w: Tensor) -> Tensor:
        theta, psi = w
        a = psi * theta
        pull = -psi * torch.sigmoid(a if objective == "minimax" else -a)
        return torch.stack([pull, theta * torch.sigmoid(a) + gamma * psi])

    return v


# ------------------------------------------------------------------------------------------------------- field and H


@pytest.mark.parametrize("objective", NAMES)
def test_the_field_is_the_one_that_is_played(objective: Name) -> None:
    game = population(objective, (0.0, 0.5, 2.0))
    theta, phi, real, latents = place(game)
    fake = generate(game, theta, latents)
    of_g, of_d = generator_part(game, theta, phi, real, latents), discriminator_part(game, phi, real, fake)
    played = torch.cat([of_g.gradient, of_d.gradient], dim=1)
    for m in range(3):  # each alone, in float64 whatever the state's precision
        found = joint_field(game, real, latents, m)(joint(theta, phi, m))
        torch.testing.assert_close(found.detach(), played[m])
        found = joint_field(game, real.float(), latents.float(), m)(joint(theta.float(), phi.float(), m))
        assert found.dtype == torch.float64
        torch.testing.assert_close(found.detach(), played[m], rtol=1e-5, atol=1e-6)


REGULARISERS = (
    RegulariserConfig(r1=0.0),
    RegulariserConfig(r1=0.5, r2=0.3),
    RegulariserConfig(gradient_penalty=2.0),
    RegulariserConfig(noise=0.4),
)


@pytest.mark.parametrize("regulariser", REGULARISERS, ids=str)
@pytest.mark.parametrize("objective", ["minimax", "non_saturating", "wasserstein", "relativistic"])
def test_dense_jacobian_of_any_game_by_finite_differences(objective: Any, regulariser: RegulariserConfig) -> None:
    """Penalties on generated points move with theta, and that is part of H."""
    one = population("minimax", (0.0,)).config.model_copy(update={"objective": objective, "regulariser": regulariser})
    game = build_game(one, one)
    theta, phi, real, latents = place(game)
    step_noise = StepNoise(
        mix=draw(2, BATCH, 1, seed=5).sigmoid() if regulariser.gradient_penalty else None,
        noise=0.4 * draw(2, 2, BATCH, 1, seed=6) if regulariser.noise else None,
    )
    fake = generate(game, theta, latents)
    of_g = generator_part(game, theta, phi, real, latents, step_noise).gradient
    of_d = discriminator_part(game, phi, real, fake, step_noise).gradient
    v, w = joint_field(game, real, latents, 1, step_noise), joint(theta, phi, 1)
    torch.testing.assert_close(v(w).detach(), torch.cat([of_g, of_d], dim=1)[1])
    found = game_jacobian(game, theta, phi, real, latents, member=1, step_noise=step_noise)
    np.testing.assert_allclose(found, differences(v, w), rtol=1e-5, atol=1e-7)


def differences(v: Callable[[Tensor], Tensor], w: Tensor) -> Array:
    """The Jacobian by central differences, column by column."""
    columns = []
    for i in range(len(w)):
        e = torch.zeros_like(w)
        e[i] = 1e-5
        columns.append(((v(w + e) - v(w - e)) / 2e-5).detach().numpy())
    return np.stack(columns, axis=1)


def test_dropout_of_the_batch_is_part_of_the_field() -> None:
    one = population("minimax", (0.0,)).config.replace("discriminator.dropout", 0.5)
    game = build_game(one, one)
    theta, phi, real, latents = place(game)
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    masks = tuple(game.discriminator.network.draw_masks(generators, BATCH) for _ in range(2))
    step_noise = StepNoise(masks=masks)  # type: ignore[arg-type]
    of_d = discriminator_part(game, phi, real, generate(game, theta, latents), step_noise).gradient[1]
    found = joint_field(game, real, latents, 1, step_noise)(joint(theta, phi, 1)).detach()
    torch.testing.assert_close(found[-len(of_d) :], of_d)


def test_no_field_of_w_alone_under_spectral_normalisation() -> None:
    game = build_game(population("minimax", (0.0,)).config.replace("regulariser.spectral", "on"))
    with pytest.raises(ValueError, match="spectral normalisation"):
        joint_field(game, draw(1, BATCH, 1, seed=3), draw(1, BATCH, 2, seed=4))


def game_jacobian(
    game: Game,
    theta: Tensor,
    phi: Tensor,
    real: Tensor,
    latents: Tensor,
    *,
    member: int = 0,
    step_noise: StepNoise = NO_STEP_NOISE,
) -> Array:
    """H whole, `(n, n)` with G's coordinates first."""
    return Jacobian(joint_field(game, real, latents, member, step_noise), joint(theta, phi, member)).dense()


def game_spectrum(game: Game, theta: Tensor, phi: Tensor, real: Tensor, latents: Tensor, **asked: Any) -> Spectrum:
    return spectrum(joint_field(game, real, latents), joint(theta, phi), **asked)


@pytest.mark.parametrize("objective", NAMES)
@pytest.mark.parametrize("member", [0, 1])
def test_dense_jacobian_by_finite_differences(objective: Name, member: int) -> None:
    game = population(objective, (0.0, 0.5))
    theta, phi, real, latents = place(game)
    found = game_jacobian(game, theta, phi, real, latents, member=member)
    v, w = joint_field(game, real, latents, member), joint(theta, phi, member)
    np.testing.assert_allclose(found, differences(v, w), rtol=1e-5, atol=1e-7)
    split = game.generator.network.size
    assert np.abs(found[:split, split:]).max() > 1e-3 and np.abs(found[split:, :split]).max() > 1e-3
    for block in (found[:split, :split], found[split:, split:]):
        np.testing.assert_allclose(block, block.T, atol=1e-12)  # each player's own part is a Hessian
    mixed = found[:split, split:] + found[split:, :split].T
    assert (np.abs(mixed).max() < 1e-12) == (objective == "minimax")  # zero-sum: the mixed blocks are opposite


def test_products_are_those_of_the_matrix() -> None:
    game = population("non_saturating", (0.5,))
    theta, phi, real, latents = place(game)
    h = Jacobian(joint_field(game, real, latents), joint(theta, phi))
    u = draw(h.size, seed=9).numpy()
    np.testing.assert_allclose(h.times(u), h.dense() @ u, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(h.left(u), u @ h.dense(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(h.times(2 * u), 2 * h.times(u), rtol=1e-12)


@pytest.mark.parametrize("matrix", [BILINEAR, TURNING, np.zeros((2, 2)), np.array([[1.0, 0.0], [3.0, 0.0]])], ids=str)
def test_jacobian_of_a_linear_field_is_its_matrix(matrix: Array) -> None:
    m = torch.from_numpy(matrix)
    h = Jacobian(lambda w: m @ w, draw(len(matrix), seed=0))
    np.testing.assert_allclose(h.dense(), matrix, atol=1e-15)
    np.testing.assert_allclose(h.times(np.arange(1.0, len(matrix) + 1)), matrix @ np.arange(1.0, len(matrix) + 1), atol=1e-14)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.5])
@pytest.mark.parametrize("objective", NAMES)
def test_dirac_eigenvalues(objective: Name, gamma: float) -> None:
    """Descent convention: gamma/2 +- sqrt(gamma^2/4 - f'(0)^2), f'(0) = 1/2; real parts never negative."""
    found = spectrum(dirac(objective, gamma), torch.zeros(2))
    root = np.sqrt(complex(gamma**2 / 4 - 1 / 4))
    np.testing.assert_allclose(
        np.sort_complex(found.eigenvalues), np.sort_complex([gamma / 2 - root, gamma / 2 + root]), atol=1e-7
    )
    assert (found.complete, found.converged, found.size, found.speed) == (True, True, 2, 0)


# -------------------------------------------------------------------------------------------------------------- ARPACK


@pytest.mark.parametrize("which", ["LM", "LR", "SR"])
def test_arpack_against_dense(which: Any) -> None:
    game = population("non_saturating", (0.5,))
    theta, phi, real, latents = place(game)
    whole = game_spectrum(game, theta, phi, real, latents)
    some = game_spectrum(game, theta, phi, real, latents, dense_up_to=0, count=6, which=(which,))
    assert whole.complete and not some.complete and some.converged
    assert whole.size == some.size == len(whole.eigenvalues)
    assert whole.speed == some.speed > 0
    key = {"LM": -np.abs(whole.eigenvalues), "LR": -whole.eigenvalues.real, "SR": whole.eigenvalues.real}[which]
    asked = whole.eigenvalues[np.argsort(key, kind="stable")]
    scale = np.abs(whole.eigenvalues).max()
    for z in some.eigenvalues:  # each found is one of the matrix
        assert np.abs(whole.eigenvalues - z).min() < 1e-7 * scale
    for z in asked[:4]:  # and the outermost are among them (the last may be half a conjugate pair)
        assert np.abs(some.eigenvalues - z).min() < 1e-7 * scale


def test_several_searches_in_one_spectrum_and_the_same_twice() -> None:
    game = population("non_saturating", (0.5,))
    theta, phi, real, latents = place(game)
    once, twice = (
        game_spectrum(game, theta, phi, real, latents, dense_up_to=0, count=4, which=("LM", "LR", "SR")) for _ in range(2)
    )
    np.testing.assert_array_equal(once.eigenvalues, twice.eigenvalues)
    z = once.eigenvalues
    assert all(np.abs(np.delete(z, i) - z[i]).min() > 1e-9 for i in range(len(z)))
    assert np.all(np.diff(np.abs(z)) <= 1e-8)
    whole = game_spectrum(game, theta, phi, real, latents).eigenvalues
    assert np.abs(z - whole[whole.real.argmin()]).min() < 1e-7 and np.abs(z - whole[0]).min() < 1e-7


def test_arpack_on_a_field_too_large_to_form() -> None:
    """v = A w with known eigenvalues: 3 +- 4i outermost, the rest within the unit disc."""
    n = 600
    inner = torch.linspace(-0.9, 0.9, n - 2, dtype=torch.float64)

    def v(w: Tensor) -> Tensor:
        return torch.cat([torch.stack([3 * w[0] - 4 * w[1], 4 * w[0] + 3 * w[1]]), inner * w[2:]])

    found = spectrum(v, torch.zeros(n), count=2)
    np.testing.assert_allclose(found.eigenvalues, [3 + 4j, 3 - 4j], atol=1e-9)


def test_a_diverged_game_has_no_spectrum() -> None:
    with pytest.raises(ValueError, match="not finite"):
        spectrum(lambda w: w * math.nan, torch.zeros(2))
    with pytest.raises(ValueError, match="not finite"):
        spectrum(lambda w: w.abs().sqrt(), torch.zeros(2))  # finite itself, infinitely steep


# ------------------------------------------------------------------------------------------------------- step matrices


def walk(kind: str, matrix: Array, h: Array, split: int, w: Array, previous: Array) -> Array:
    """One step of each rule as its paper writes it, on v(w) = matrix w."""

    def v(w: Array) -> Array:
        return matrix @ w

    g = np.arange(len(w)) < split
    match kind:
        case "simultaneous":
            return w - h * v(w)
        case "D first":
            w = np.where(g, w, w - h * v(w))
            return np.where(g, w - h * v(w), w)
        case "G first":
            w = np.where(g, w - h * v(w), w)
            return np.where(g, w, w - h * v(w))
        case "3 D, 2 G":
            for _ in range(3):
                w = np.where(g, w, w - h * v(w))
            for _ in range(2):
                w = np.where(g, w - h * v(w), w)
            return w
        case "extragradient":
            return w - h * v(w - h * v(w))
        case "optimistic":
            return w - 2 * h * v(w) + h * v(previous)
        case "heavy ball":
            return w - h * v(w) + 0.6 * (w - previous)
    raise AssertionError(kind)


def round_matrix(rule: Any, matrix: Array, h: float | Array, split: int = 1) -> Array:
    return rule.round_matrix(matrix, np.broadcast_to(h, len(matrix)), split)


SIMULTANEOUS, EXTRAGRADIENT, OPTIMISTIC = SimultaneousConfig(), ExtragradientConfig(), OptimisticConfig()
D_FIRST = AlternatingConfig(discriminator_steps=1)
G_FIRST = AlternatingConfig(discriminator_steps=1, first="generator")


def heavy_ball(matrix: Array, h: float | Array, momentum: float) -> Array:
    """w_{t+1} = w_t - h v_t + m (w_t - w_{t-1}) on (w_t, w_{t-1}), `(2n, 2n)` (Polyak 1964), both players at once."""
    one = np.eye(len(matrix))
    return np.block([[round_matrix(SIMULTANEOUS, matrix, h) + momentum * one, -momentum * one], [one, np.zeros_like(one)]])


def spectral_radius(matrix: Array) -> float:
    """The largest modulus of an eigenvalue: what a step multiplies a deviation by in the long run."""
    return float(np.abs(np.linalg.eigvals(matrix)).max())


MATRICES: dict[str, Callable[[Array, Array, int], Array]] = {
    "simultaneous": partial(round_matrix, SIMULTANEOUS),
    "D first": partial(round_matrix, D_FIRST),
    "G first": partial(round_matrix, G_FIRST),
    "3 D, 2 G": partial(round_matrix, AlternatingConfig(discriminator_steps=3, generator_steps=2)),
    "extragradient": partial(round_matrix, EXTRAGRADIENT),
    "optimistic": partial(round_matrix, OPTIMISTIC),
    "heavy ball": lambda m, h, split: heavy_ball(m, h, 0.6),
}


@pytest.mark.parametrize("kind", MATRICES)
@pytest.mark.parametrize(("h_g", "h_d"), [(0.3, 0.3), (0.05, 0.4)])
def test_a_step_matrix_does_what_the_rule_does(kind: str, h_g: float, h_d: float) -> None:
    h = step_sizes(2, 3, h_g, h_d)
    np.testing.assert_array_equal(h, [h_g, h_g, h_d])
    step = MATRICES[kind](TURNING, h, 2)
    w, previous = draw(3, seed=1).numpy(), draw(3, seed=2).numpy()
    state = w if len(step) == 3 else np.concatenate([w, previous])
    for _ in range(4):
        w, previous = walk(kind, TURNING, h, 2, w, previous), w
        state = step @ state
        np.testing.assert_allclose(state[:3], w, rtol=1e-12)


def test_heavy_ball_is_torch_momentum() -> None:
    w = torch.nn.Parameter(draw(2, seed=1))
    descent = torch.optim.SGD([w], lr=0.1, momentum=0.6)
    step, state = heavy_ball(BILINEAR, 0.1, 0.6), np.tile(w.detach().numpy(), 2)
    for _ in range(5):
        w.grad = torch.from_numpy(BILINEAR) @ w.detach()
        descent.step()
        state = step @ state
    np.testing.assert_allclose(state[:2], w.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("h", [0.05, 0.5, 1.0, 3.0, 3.99])
@pytest.mark.parametrize("objective", NAMES)
def test_dirac_under_simultaneous_and_alternating_steps(objective: Name, h: float) -> None:
    """f'(0) = 1/2: simultaneous steps multiply by sqrt(1 + h^2/4); alternating ones keep modulus 1 while h f'(0) < 2."""
    matrix = Jacobian(dirac(objective), torch.zeros(2)).dense()
    assert spectral_radius(round_matrix(SIMULTANEOUS, matrix, h)) == pytest.approx(math.sqrt(1 + h**2 / 4), rel=1e-12)
    for rule in (D_FIRST, G_FIRST):
        assert spectral_radius(round_matrix(rule, matrix, h)) == pytest.approx(1, abs=1e-9)
        assert spectral_radius(round_matrix(rule, matrix, h + 4)) > 1.1
    # with a step size for each player the bound is on sqrt(h_G h_D)
    assert spectral_radius(round_matrix(D_FIRST, matrix, step_sizes(1, 2, h / 10, h * 10))) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(("rule", "bound"), [(EXTRAGRADIENT, 1.0), (OPTIMISTIC, 1 / math.sqrt(3))])
def test_bilinear_bounds(rule: Any, bound: float) -> None:
    for part in (0.01, 0.5, 0.99):
        assert spectral_radius(round_matrix(rule, BILINEAR, part * bound)) < 1
    assert spectral_radius(round_matrix(rule, BILINEAR, bound)) == pytest.approx(1, abs=1e-12)
    assert spectral_radius(round_matrix(rule, BILINEAR, 1.01 * bound)) > 1


def test_bilinear_under_momentum() -> None:
    """Positive momentum and simultaneous steps never contract a pure rotation; nor does negative (Gidel et al. 2019)."""
    for momentum in (-0.5, 0.0, 0.5, 0.9):
        assert spectral_radius(heavy_ball(BILINEAR, 0.1, momentum)) > 1


# ---------------------------------------------------------------------------------------------------------- boundaries

ALL_RULES = {**RULES, "heavy ball 0.5": heavy_ball_rule(0.5), "heavy ball -0.3": heavy_ball_rule(-0.3)}


def matrix_of(name: str, matrix: Array, h: float) -> Array:
    if name.startswith("heavy ball"):
        return heavy_ball(matrix, h, float(name.split()[-1]))
    named = {"simultaneous": SIMULTANEOUS, "extragradient": EXTRAGRADIENT, "optimistic": OPTIMISTIC}
    return round_matrix(named[name], matrix, h)


@pytest.mark.parametrize("name", ALL_RULES)
@given(x=st.floats(-2, 4), y=st.floats(-4, 4), h=st.sampled_from([0.1, 1.0, 2.0]))
def test_growth_is_the_spectral_radius_of_the_step(name: str, x: float, y: float, h: float) -> None:
    """On H = [[x, y], [-y, x]], whose eigenvalues are x +- iy."""
    found = growth(ALL_RULES[name], np.array([x + 1j * y, x - 1j * y]), h)
    exact = spectral_radius(matrix_of(name, np.array([[x, y], [-y, x]]), h))
    # a double root is known to the square root of the precision only
    np.testing.assert_allclose(found, exact, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", ALL_RULES)
@pytest.mark.parametrize("h", [0.2, 1.0, 3.0])
def test_the_boundary_separates_what_contracts(name: str, h: float) -> None:
    rule = ALL_RULES[name]
    edge = stability_boundary(rule, h, 401)
    assert edge.shape == (401,)
    np.testing.assert_allclose(growth(rule, edge, h), 1, atol=1e-7)
    assert abs(edge[0] - edge[-1]) < 1e-9 / h
    assert np.abs(np.diff(edge)).max() < 0.1 / h  # one stroke of the pen
    # a point is enclosed when the curve winds around it: exactly then every multiplier is below 1
    x, y = np.meshgrid(np.linspace(-1, 4.2, 27) / h, np.linspace(-2.1, 2.1, 23) / h)
    points = (x + 1j * y).ravel()
    points = points[np.abs(points[:, None] - edge).min(1) > 0.05 / h]
    turns = np.diff(np.unwrap(np.angle(edge - points[:, None]), axis=1)[:, [0, -1]], axis=1)[:, 0] / (2 * np.pi)
    enclosed = np.round(turns) != 0
    np.testing.assert_array_equal(enclosed, growth(rule, points, h) < 1)
    assert enclosed.any() and not enclosed.all()


def test_where_the_boundaries_cross_the_axes() -> None:
    """Real eigenvalues: h lambda < 2, 1, 2/3 for simultaneous, extragradient, optimistic; imaginary: 0, 1, 1/sqrt(3)."""
    for name, real, imaginary in (("simultaneous", 2, 0), ("extragradient", 1, 1), ("optimistic", 2 / 3, 1 / math.sqrt(3))):
        edge = stability_boundary(name, 0.5, 20001) * 0.5
        on_axis = edge[np.abs(edge.imag) < 1e-3]
        assert on_axis.real.max() == pytest.approx(real, abs=1e-3)
        upright = edge[np.abs(edge.real) < 1e-3]
        assert upright.imag.max() == pytest.approx(imaginary, abs=0.05)


def test_unknown_rules_are_refused() -> None:
    with pytest.raises(ValueError, match="no stability boundary for 'alternating'"):
        stability_boundary("alternating", 0.1)
    with pytest.raises(ValueError, match="between -1 and 1"):
        heavy_ball_rule(1.0)
