"""What D plays against: D* in noise, JSD in noise and in packs, and what a perfect generator reads of them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from diagnostics.test_line import exact_jsd
from diagnostics.test_measure import at, make, measure, ramp, straight
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from gandash.config.data import GaussianConfig, MixtureConfig, RingConfig
from gandash.diagnostics.estimators import optimal_discriminator
from gandash.diagnostics.line import Line, refined
from gandash.diagnostics.packs import jensen_shannon_of_packs
from gandash.diagnostics.plane import Plane
from gandash.diagnostics.sight import seen_floors, seen_jsd
from gandash.game.distributions import distribution
from gandash.game.game import build_game
from gandash.game.objectives import OBJECTIVES

SHARE = OBJECTIVES["non_saturating"].reading.optimal


@pytest.mark.parametrize("noise", [0.1, 0.4, 1.0, 10.0])
def test_d_star_and_jsd_in_noise_are_those_of_the_convolved_laws(noise: float) -> None:
    """p_r = N(1, .5^2) and p_g = N(1.5, .4^2): in noise their variances grow by sigma^2, and V is that of noised samples."""
    game, state, streams = make()
    game = build_game(game.config.replace("regulariser.noise", noise))
    weight, bias = 0.7, -0.2
    found = measure(game, at(state, straight(1, 0.4, 1.5), ramp(weight, bias)), streams)
    p_r, p_g = stats.norm(1, math.hypot(0.5, noise)), stats.norm(1.5, math.hypot(0.4, noise))
    x = found.estimators.points[:, 0].numpy()
    exact = p_r.pdf(x) / (p_r.pdf(x) + p_g.pdf(x))
    central = found.estimators.central
    np.testing.assert_allclose(found.d_star[central], exact[central], atol=0.01)
    assert found.readings["jsd_seen"] == pytest.approx(exact_jsd(p_r, p_g), rel=0.01, abs=1e-4)
    assert found.readings["jsd"] == pytest.approx(exact_jsd(stats.norm(1, 0.5), stats.norm(1.5, 0.4)), rel=0.01)
    points = np.random.default_rng(0).standard_normal(400_000)
    on_real, on_fake = (weight * np.maximum(law.mean() + law.std() * points, 0) + bias for law in (p_r, p_g))
    value = -np.logaddexp(0, -on_real).mean() - np.logaddexp(0, on_fake).mean()
    assert found.expectations["value"] == pytest.approx(value, abs=0.02 * max(1.0, noise))


@pytest.mark.parametrize("pack", [1, 2, 4, 8])
def test_packs_of_shifted_gaussians_are_as_far_apart_as_their_means(pack: int) -> None:
    """Their mean is a sufficient statistic: JSD of packs is that of N(0, 1) and N(d sqrt(m), 1)."""
    edges = np.linspace(-9, 10, 1501)
    p, q = (np.diff(stats.norm(shift, 1).cdf(edges)) for shift in (0, 0.6))
    exact = exact_jsd(stats.norm(0, 1), stats.norm(0.6 * math.sqrt(pack), 1))
    assert jensen_shannon_of_packs(p / p.sum(), q / q.sum(), pack) == pytest.approx(exact, abs=1e-4)


def test_the_value_of_the_best_d_that_judges_packs() -> None:
    game, state, streams = make()
    game = build_game(game.config.replace("regulariser.packing", 4))
    state = at(state, straight(1, 0.5, 1.3), torch.zeros(1, game.discriminator.network.size))
    found = measure(game, state, streams)
    exact = exact_jsd(stats.norm(0, 1), stats.norm(0.6 * 2, 1))
    assert found.readings["jsd_seen"] == pytest.approx(exact, abs=0.005)
    assert found.readings["jsd"] < exact / 2


def test_packs_of_a_spike() -> None:
    """G squeezes |z| < 1 into a spike of half-width 0.005, which cells of equal width would smear; by packs drawn by chance."""
    line = Line(distribution(GaussianConfig(mean=0.0, std=1.0)), stratified=True)

    def g(z: np.ndarray) -> np.ndarray:
        return np.where(np.abs(z) < 1, 0.005 * z, np.sign(z) * (np.abs(z) - 0.995))

    def log_ratio(x: np.ndarray) -> np.ndarray:
        z = np.where(np.abs(x) < 0.005, x / 0.005, np.abs(x) + 0.995)
        return -(x**2 - z**2) / 2 + np.where(np.abs(x) < 0.005, math.log(0.005), 0.0)

    z = np.random.default_rng(0).standard_normal((2, 1_000_000, 4))
    sums = log_ratio(z[0]).sum(1), log_ratio(g(z[1])).sum(1)
    exact = math.log(2) - (np.logaddexp(0, -sums[0]).mean() + np.logaddexp(0, sums[1]).mean()) / 2
    x = g(stats.norm.ppf((np.arange(line.samples) + 0.5) / line.samples))
    seen = line.see(torch.from_numpy(x)[:, None], 0.0)
    assert seen_jsd(seen, 4) == pytest.approx(exact, rel=0.01)
    assert seen_jsd(seen, 1) == pytest.approx(line.read(torch.from_numpy(x)[:, None]).jsd, rel=1e-9)


@given(st.integers(2, 8), st.integers(0, 2**32 - 1))
def test_more_samples_tell_more(pack: int, seed: int) -> None:
    """By the data-processing inequality, and never beyond log 2; where one sample tells all, packs do too."""
    p, q = np.random.default_rng(seed).dirichlet(np.full(6, 0.5), 2)
    few, more = jensen_shannon_of_packs(p, q, pack - 1), jensen_shannon_of_packs(p, q, pack)
    assert few - 1e-4 <= more <= math.log(2)
    assert jensen_shannon_of_packs(np.array([1.0, 0.0]), np.array([0.0, 1.0]), pack) == pytest.approx(math.log(2))
    assert jensen_shannon_of_packs(p, p, pack) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("stratified", [True, False])
def test_a_perfect_generator_reads_its_floor(stratified: bool) -> None:
    """max |D - D*| with D = 1/2, by draws of numpy's own: it is not 0, and less where samples are spread evenly."""
    settings = MixtureConfig(means=(-1, 1), weights=(3, 1), std=0.2)
    line = Line(distribution(settings), stratified=stratified)
    floor = seen_floors(line, 0.0, 1, SHARE, 0.5).gap_star
    assert floor is not None and 0 < floor.mean <= floor.worst_5pct
    rng, gaps, corners = np.random.default_rng(3), [], None
    for _ in range(40):
        if stratified:
            shift = rng.random()
            below = (np.arange(line.samples) + shift) / line.samples
            x = line._data.quantiles(below)
            corners = refined(x, below, line._data.quantiles)
        else:
            x = rng.choice([-1, 1], line.samples, p=[0.75, 0.25]) + 0.2 * rng.standard_normal(line.samples)
        laws = line.see(torch.from_numpy(x)[:, None], 0.0, corners)
        d_star = optimal_discriminator(laws.p_r, laws.p_g, SHARE)[line.central]
        gaps.append(np.nanmax(np.abs(d_star - 0.5)))
    assert np.mean(gaps) == pytest.approx(floor.mean, rel=0.35)


def test_d_star_in_the_tails_of_a_generator_on_one_mode_of_two() -> None:
    """p_r = N(-2, .5^2) and N(2, .5^2) by halves, p_g = N(-2, .45^2) by a latent of one dimension: D* is known where p_g has
    less than one sample in 4096, and reads the same whatever the samples."""
    game, state, streams = make()
    game = build_game(game.config.replace("data", {"kind": "mixture", "means": (-2, 2), "std": 0.5}))
    for step in range(6):
        found = measure(game, replace(at(state, straight(1, 0.45, -2.0), ramp(0.0)), step=step), streams)
        line = found.estimators
        x, width = line.grid, line.bandwidth
        p_r = (stats.norm(-2, math.hypot(0.5, width)).pdf(x) + stats.norm(2, math.hypot(0.5, width)).pdf(x)) / 2
        exact = p_r / (p_r + stats.norm(-2, math.hypot(0.45, width)).pdf(x))
        known = line.central & ~np.isnan(found.d_star)
        assert known.sum() > 60
        np.testing.assert_allclose(found.d_star[known], exact[known], atol=0.03)


def test_the_plane_in_noise_by_the_closed_form() -> None:
    """A ring against itself reads about 0; shifted, in noise that drowns its modes, the JSD of the noised mixtures."""
    plane, noise = Plane(distribution(RingConfig())), 0.6
    law = distribution(RingConfig())
    x = law.sample(torch.Generator().manual_seed(1), plane.samples)
    shift = torch.tensor([0.8, 0.0])
    same, moved = plane.see(x, noise), plane.see(x + shift, noise)
    assert seen_jsd(same, 1) < 2e-3
    rng = np.random.default_rng(0)
    points, width = law.points.numpy(), math.hypot(law.std, noise)  # type: ignore[attr-defined]

    def log_p(at: np.ndarray) -> np.ndarray:
        squares = ((at[:, None] - points) ** 2).sum(-1) / width**2
        return np.log(np.exp(-squares / 2).mean(1))

    def drawn(by: float) -> np.ndarray:
        return points[rng.integers(len(points), size=100_000)] + width * rng.standard_normal((100_000, 2)) + [by, 0]

    real, fake = drawn(0), drawn(0.8)
    terms = [np.logaddexp(0, sign * (log_p(a - [0.8, 0]) - log_p(a))).mean() for sign, a in ((1, real), (-1, fake))]
    assert seen_jsd(moved, 1) == pytest.approx(math.log(2) - sum(terms) / 2, rel=0.03, abs=1e-3)
    assert plane.see(x, 0.0).masses is None  # too fine for its cells: not told


@pytest.mark.parametrize("away", [4.5, 6.0, 1e30])
def test_what_lies_outside_the_window_is_no_nearer_in_noise(away: float) -> None:
    """One sample in five far to the right. Where that is too far for the noise to carry it back, JSD is that of a share that
    p_g has where p_r has nothing: log 2 - 0.8 phi(1 / 0.8) / 2."""
    noise, law = 0.6, distribution(RingConfig())
    plane = Plane(law)
    x = law.sample(torch.Generator().manual_seed(1), plane.samples)
    x[::5] = torch.tensor([away, 0.0])
    rho, width = 1 / 0.8, math.hypot(law.std, noise)  # type: ignore[attr-defined]
    exact = math.log(2) - 0.8 * (math.log1p(rho) + rho * math.log1p(1 / rho)) / 2
    if away < 10:
        points, rng = law.points.numpy(), np.random.default_rng(0)  # type: ignore[attr-defined]

        def densities(at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            p_r = np.exp(-((at[:, None] - points) ** 2).sum(-1) / width**2 / 2).mean(1) / width**2
            far = np.exp(-((at - [away, 0]) ** 2).sum(-1) / noise**2 / 2) / noise**2
            return p_r, 0.8 * p_r + 0.2 * far

        real = points[rng.integers(len(points), size=200_000)] + width * rng.standard_normal((200_000, 2))
        far = [away, 0] + noise * rng.standard_normal((200_000, 2))
        fake = np.where(rng.random((200_000, 1)) < 0.2, far, real)
        (r, g), (r_, g_) = densities(real), densities(fake)
        exact = (np.log(2 * r / (r + g)).mean() + np.log(2 * g_ / (r_ + g_)).mean()) / 2
    assert seen_jsd(plane.see(x, noise), 1) == pytest.approx(exact, rel=0.03)
