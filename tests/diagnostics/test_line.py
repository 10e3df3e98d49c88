"""Divergences on the line: against quadrature, scipy and arithmetic."""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats
from scipy.integrate import quad
from scipy.spatial import distance
from torch import Tensor

from gandash.config.data import (
    GaussianConfig,
    LaplaceConfig,
    MixtureConfig,
    PointMassConfig,
    SamplesConfig,
    StudentTConfig,
    UniformConfig,
)
from gandash.config.setting import Settings
from gandash.diagnostics.estimators import CENTRAL_MASS, jensen_shannon, optimal_discriminator
from gandash.diagnostics.line import Line, window
from gandash.diagnostics.sight import seen_jsd
from gandash.game import objectives
from gandash.game.distributions import DISTRIBUTIONS, LineDistribution, distribution
from gandash.game.objectives import OBJECTIVES, Objective
from gandash.packed import pack_samples

N = 8192
LOG2 = math.log(2)
SHARE = OBJECTIVES["non_saturating"].reading.optimal  # p_r / (p_r + p_g)
TARGETS: list[Settings] = [
    *(settings() for settings, law in DISTRIBUTIONS.items() if issubclass(law, LineDistribution)),
    GaussianConfig(mean=-2, std=0.05),
    MixtureConfig(means=(-2, 0, 3), weights=(1, 5, 2), std=0.2),
    PointMassConfig(location=0),
]
SMOOTH = [settings for settings in TARGETS if distribution(settings).atoms() is None]


@lru_cache
def line(settings: Settings, stratified: bool = False) -> Line:
    return Line(distribution(settings), stratified=stratified, samples=N)


def evenly(law: Any, n: int = N) -> np.ndarray:
    """The quantiles of a scipy law at the middles of n cells of equal probability: its most faithful n samples."""
    return np.asarray(law.ppf((np.arange(n) + 0.5) / n))


def column(x: np.ndarray) -> Tensor:
    return torch.from_numpy(np.asarray(x, dtype=np.float64))[:, None]


def exact_jsd(p: Any, q: Any) -> float:
    """JSD of two scipy laws in nats, by quadrature over the mixture m: (KL(p, m) + KL(q, m)) / 2."""

    def integrand(x: float) -> float:
        total = 0.0
        for a, b in ((p.pdf(x), q.pdf(x)), (q.pdf(x), p.pdf(x))):
            total += a / 2 * math.log(2 * a / (a + b)) if a > 0 else 0.0
        return total

    points = sorted({law.mean() + k * law.std() for law in (p, q) for k in (-9, -4, -1, 0, 1, 4, 9)})
    return math.fsum(quad(integrand, a, b, limit=200)[0] for a, b in pairwise(points))


SHIFTS_AND_SCALES = [(0.0, 1.0), (1.0, 1.0), (0.3, 1.0), (0.5, 2.0), (3.0, 1.0), (0.1, 0.3), (20.0, 1.0), (-1.0, 0.5)]


@pytest.mark.parametrize(("shift", "scale"), SHIFTS_AND_SCALES)
@pytest.mark.parametrize("std", [0.6, 0.05])
def test_gaussian_pairs(std: float, shift: float, scale: float) -> None:
    p_r, p_g = stats.norm(1, std), stats.norm(1 + shift * std, scale * std)
    estimators = line(GaussianConfig(mean=1, std=std))
    x = evenly(p_g)
    reading = estimators.read(column(x))
    assert reading.jsd == pytest.approx(exact_jsd(p_r, p_g), rel=5e-3, abs=5e-4)
    w1 = stats.wasserstein_distance(x, evenly(p_r))
    assert reading.wasserstein == pytest.approx(w1, rel=1e-5, abs=1e-5 * std)
    if scale == 1:  # a pure shift moves every quantile by it
        assert reading.wasserstein == pytest.approx(abs(shift) * std, rel=1e-5, abs=1e-5 * std)
    else:  # W1 >= |difference of means|, with equality iff the quantile functions do not cross
        assert reading.wasserstein > abs(shift) * std
    if shift == 20:
        assert reading.jsd == pytest.approx(LOG2, abs=1e-3)


def test_other_targets_by_quadrature() -> None:
    wide, narrow = stats.uniform(-1.5, 3), stats.uniform(-0.5, 1)
    # p = 1/3 on [-1.5, 1.5], q = 1 on [-0.5, 0.5]: KL(p, m) = 2/3 log 2 + 1/3 log(1/2), KL(q, m) = log(3/2)
    exact = (2 / 3 * LOG2 + 1 / 3 * math.log(1 / 2) + math.log(3 / 2)) / 2
    reading = line(UniformConfig(low=-1.5, high=1.5)).read(column(evenly(narrow)))
    assert reading.jsd == pytest.approx(exact, abs=6e-3)  # an edge of p_g inside a cell blurs by that cell's width
    assert reading.wasserstein == pytest.approx(stats.wasserstein_distance(evenly(wide), evenly(narrow)), rel=1e-5)
    assert reading.wasserstein == pytest.approx(1 / 2, rel=1e-4)  # u -> |3(u - 1/2) - (u - 1/2)|

    # all of p_g on one of two far modes: D* = 1/3 there, KL(p_g, m) = log(4/3), KL(p_r, m) = (log 2 + log(2/3)) / 2
    two = line(MixtureConfig(means=(-3, 3), std=0.2))
    collapsed = two.read(column(evenly(stats.norm(3, 0.2))))
    exact = (math.log(4 / 3) + 1 / 2 * LOG2 + 1 / 2 * math.log(2 / 3)) / 2
    assert collapsed.jsd == pytest.approx(exact, abs=1e-3)
    assert collapsed.wasserstein == pytest.approx(3, abs=0.01)  # half of the mass travels 6
    d_star = optimal_discriminator(two.p_r, collapsed.p_g, SHARE)
    at_mode = np.argmin(np.abs(two.grid - 3))
    assert d_star[at_mode] == pytest.approx(1 / 3, abs=0.01)


@pytest.mark.parametrize("settings", TARGETS, ids=str)
def test_the_target_itself_reads_nothing(settings: Settings) -> None:
    estimators = line(settings)
    reading = estimators.read(column(estimators.quantiles))
    assert reading.jsd < 1e-3 and reading.wasserstein < 1e-12
    law, p = distribution(settings), (np.arange(N) + 0.5) / N
    if law.atoms() is None:
        np.testing.assert_allclose(law.cdf(torch.from_numpy(estimators.quantiles)).numpy(), p, atol=1e-5)


@given(st.sampled_from(TARGETS), st.randoms(use_true_random=False), st.floats(-5, 5), st.floats(0, 3))
def test_properties_of_a_reading(settings: Settings, random: Any, shift: float, scale: float) -> None:
    """Bounds, whatever p_g; and the order of the samples means nothing."""
    estimators = line(settings)
    rng = np.random.default_rng(random.getrandbits(32))
    x = shift + scale * rng.standard_normal(N)
    reading, shuffled = estimators.read(column(x)), estimators.read(column(rng.permutation(x)))
    assert -1e-12 <= reading.jsd <= LOG2 + 1e-12
    assert reading.wasserstein >= abs(x.mean() - estimators.quantiles.mean()) - 1e-9
    assert bool((reading.p_g >= 0).all())
    assert (reading.jsd, reading.wasserstein) == (shuffled.jsd, shuffled.wasserstein)
    np.testing.assert_array_equal(reading.p_g, shuffled.p_g)


@given(hnp.arrays(float, (2, 6), elements=st.floats(0, 1, allow_subnormal=False)))  # scipy's fails below
def test_jensen_shannon_of_probability_vectors(weights: np.ndarray) -> None:
    weights = weights + (weights.sum(axis=1, keepdims=True) < 1e-9)  # no mass at all: equal shares
    p, q = weights / weights.sum(axis=1, keepdims=True)
    jsd = jensen_shannon(p, q)
    assert 0 <= jsd <= LOG2 + 1e-15
    assert jsd == pytest.approx(jensen_shannon(q, p), abs=1e-15)
    with np.errstate(invalid="ignore"):  # scipy's root of a rounding error below zero
        root = np.nan_to_num(distance.jensenshannon(p, q))
    assert jsd == pytest.approx(float(root) ** 2, abs=1e-12)  # scipy's is the root, in nats
    assert jensen_shannon(p, p) == 0


def test_jensen_shannon_known_values() -> None:
    one, two = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    assert jensen_shannon(one, two) == pytest.approx(LOG2)
    assert jensen_shannon(np.array([1, 5e-324]), np.array([1.0, 0.0])) == 0  # half of the smallest number is none
    half = np.array([0.5, 0.5])
    assert jensen_shannon(one, half) == pytest.approx((math.log(4 / 3) + LOG2 / 2 + math.log(2 / 3) / 2) / 2)


@pytest.mark.parametrize("count", [0, 1, N - 1, N + 1])
def test_another_sample_count_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"{count} samples given; .* {N}"):
        line(GaussianConfig()).read(torch.zeros(count, 1))


# ------------------------------------------------------------------------------------------------------------ density


@pytest.mark.parametrize("settings", SMOOTH, ids=str)
def test_density_of_p_r_is_exact_and_that_of_its_samples_close(settings: Settings) -> None:
    estimators = line(settings)
    exact = distribution(settings).log_density(column(estimators.grid)).exp().numpy()
    np.testing.assert_allclose(estimators.p_r, exact)
    p_g = estimators.read(column(estimators.quantiles)).p_g
    low, high = (
        distribution(settings).cdf(torch.tensor([estimators.grid[0], estimators.grid[-1]], dtype=torch.float64)).tolist()
    )
    assert np.trapezoid(p_g, estimators.grid) == pytest.approx(high - low, abs=2e-3)
    # a kernel of width h takes h^2/2 |p''| off a peak: 1.1 % for h = 0.15 std; and smears a uniform law's edges over h
    inside = np.ones_like(estimators.grid, dtype=bool)
    if isinstance(settings, UniformConfig):
        for edge in (settings.low, settings.high):
            inside &= np.abs(estimators.grid - edge) > 4.1 * estimators.bandwidth
    if isinstance(settings, LaplaceConfig):
        inside &= np.abs(estimators.grid - settings.mean) > 4.1 * estimators.bandwidth
    assert np.abs(p_g - exact)[inside].max() < 0.02 * exact.max()


@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1.0, 0.5), (-1.0, 1.5)])
def test_density_is_that_of_the_samples_under_the_kernel(shift: float, scale: float) -> None:
    std = 0.6
    estimators = line(GaussianConfig(mean=0, std=std))
    law = stats.norm(shift * std, scale * std)
    p_g = estimators.read(column(evenly(law))).p_g
    smoothed = stats.norm(shift * std, math.hypot(scale * std, estimators.bandwidth))
    exact = smoothed.pdf(estimators.grid)
    np.testing.assert_allclose(p_g, exact, rtol=0, atol=2e-3 * exact.max())
    seen = smoothed.cdf(estimators.grid[-1]) - smoothed.cdf(estimators.grid[0])  # the rest is outside the window
    assert np.trapezoid(p_g, estimators.grid) == pytest.approx(seen, abs=1e-3)


def test_optimal_discriminator() -> None:
    p_r, p_g = np.array([0.4, 0.2, 0.0, 0.3, 1e-5, 0.0]), np.array([0.4, 0.6, 0.5, 0.0, 1e-5, 0.0])
    np.testing.assert_allclose(optimal_discriminator(p_r, p_g, SHARE), [0.5, 0.25, 0.0, 1.0, np.nan, np.nan])
    # beyond p_r's bulk it must be ten times as dense
    tails = np.array([0.4, 0.004]), np.array([0.4, 0.0])
    np.testing.assert_allclose(optimal_discriminator(*tails, SHARE, central=np.array([True, True])), [0.5, 1.0])
    np.testing.assert_allclose(optimal_discriminator(*tails, SHARE, central=np.array([True, False])), [0.5, np.nan])
    # a pack of two alike is as likely as the square
    np.testing.assert_allclose(optimal_discriminator(p_r, p_g, SHARE, 2), [0.5, 0.1, 0.0, 1.0, np.nan, np.nan])


@pytest.mark.parametrize(
    ("objective", "expected"),
    [
        (objectives.objective("non_saturating", 0.2), [0.4, 0.2, 0.0, 0.8]),
        (OBJECTIVES["least_squares"], [0.5, 0.25, 0.0, 1.0]),
        (OBJECTIVES["hinge"], [0.0, -1.0, -1.0, 1.0]),
        *((OBJECTIVES[name], [0.5, 0.25, 0.0, 1.0]) for name in OBJECTIVES if name.startswith("f_")),
        (OBJECTIVES["wasserstein"], [math.nan] * 4),
        (OBJECTIVES["relativistic"], [math.nan] * 4),
    ],
    ids=lambda o: o.name if isinstance(o, Objective) else "",
)
def test_the_best_response_by_the_formula_of_the_objective(objective: Objective, expected: list[float]) -> None:
    """And NaN where there is no formula, or too little of either law."""
    p_r, p_g = np.array([0.4, 0.2, 0.0, 0.3, 1e-5]), np.array([0.4, 0.6, 0.5, 0.0, 1e-5])
    found = optimal_discriminator(p_r, p_g, objective.reading.optimal)
    np.testing.assert_allclose(found, [*expected, math.nan])


@pytest.mark.parametrize("settings", SMOOTH, ids=str)
def test_the_window_shows_p_r_and_central_its_bulk(settings: Settings) -> None:
    law, estimators = distribution(settings), line(settings)
    low, high = window(law)
    assert (estimators.grid[0], estimators.grid[-1]) == (low, high)
    below, up_to = law.cdf(torch.tensor([low, high], dtype=torch.float64)).tolist()
    assert up_to - below > 0.999
    bulk = estimators.grid[estimators.central]
    below, up_to = law.cdf(torch.tensor([bulk[0], bulk[-1]], dtype=torch.float64)).tolist()
    lost = float(estimators.p_r.max() * (estimators.grid[1] - estimators.grid[0]))  # less than one grid interval a side
    assert CENTRAL_MASS - 2 * lost <= up_to - below <= CENTRAL_MASS + 1e-9


# ------------------------------------------------------------------------------------------------------------- floors


@pytest.mark.parametrize(
    "settings", [MixtureConfig(means=(1,), std=0.6), MixtureConfig(means=(-1, 1), weights=(3, 1), std=0.2)], ids=str
)
def test_floors_by_an_independent_simulation(settings: MixtureConfig) -> None:
    """What the estimators read on numpy's own draws of p_r: the mean within noise, `high` near the 95th percentile."""
    estimators, rng, repeats = line(settings), np.random.default_rng(1), 60
    shares = np.array(settings.weights or [1.0]) / sum(settings.weights or [1.0])

    def draw() -> np.ndarray:
        return rng.choice(settings.means, N, p=shares) + settings.std * rng.standard_normal(N)

    readings = [estimators.read(column(draw())) for _ in range(repeats)]
    for floor, values in (
        (estimators.floors["jsd"], np.array([r.jsd for r in readings])),
        (estimators.floors["wasserstein"], np.array([r.wasserstein for r in readings])),
    ):
        noise = values.std() * math.sqrt(1 / repeats + 1 / 24)
        assert abs(floor.mean - values.mean()) < 4 * noise
        assert floor.mean < floor.worst_5pct < values.max() * 1.1
        assert 0.75 < float((values <= floor.worst_5pct).mean()) <= 1


def test_w1_floor_in_closed_form() -> None:
    """sqrt(n) (F_n - F) is nearly a Brownian bridge: E W1 = sqrt(2 / (pi n)) integral of sqrt(F (1 - F))."""
    law = stats.norm(1, 0.6)
    integral = quad(lambda x: math.sqrt(law.cdf(x) * law.sf(x)), -5, 7)[0]
    floor = line(GaussianConfig(mean=1, std=0.6)).floors["wasserstein"]
    assert floor.mean == pytest.approx(math.sqrt(2 / (math.pi * N)) * integral, rel=0.3)  # 24 repeats: 10 % of noise


def test_a_perfect_generator_reads_its_floor_also_when_drawn_evenly() -> None:
    law, settings = stats.norm(1, 0.6), GaussianConfig(mean=1, std=0.6)
    stratified, independent = line(settings, True), line(settings, False)
    assert stratified.floors["jsd"].worst_5pct < independent.floors["jsd"].mean / 3
    assert stratified.floors["wasserstein"].worst_5pct < independent.floors["wasserstein"].mean / 3
    rng = np.random.default_rng(2)
    readings = [stratified.read(column(law.ppf((np.arange(N) + rng.random()) / N))) for _ in range(40)]
    assert np.mean([r.jsd for r in readings]) == pytest.approx(stratified.floors["jsd"].mean, rel=0.2)
    assert np.mean([r.wasserstein for r in readings]) == pytest.approx(stratified.floors["wasserstein"].mean, rel=0.5)


def test_the_usual_sample_count_and_fixed_floors() -> None:
    a, b = (Line(distribution(GaussianConfig()), stratified=True) for _ in range(2))
    assert a.samples >= 1000
    assert (a.floors["jsd"], a.floors["wasserstein"]) == (b.floors["jsd"], b.floors["wasserstein"])  # facts, not draws


# -------------------------------------------------------------------------------------------------------------- atoms


def samples(*rows: float) -> SamplesConfig:
    return SamplesConfig(rows=pack_samples(np.array(rows, dtype=np.float32)[:, None]), scaling="as_given")


@pytest.mark.parametrize("place", [-3.0, 0.0, 0.1, 1.0])
def test_a_point_mass_is_known_exactly(place: float) -> None:
    """W1 to a point mass is E |x - place|, and JSD log 2 unless p_g is there, to the width of a cell."""
    estimators = line(PointMassConfig(location=place))
    there = float(np.float32(place))
    for law in (stats.norm(0, 1), stats.uniform(2, 1)):
        x = evenly(law)
        reading = estimators.read(column(x))
        assert reading.wasserstein == pytest.approx(np.abs(x - there).mean(), rel=1e-12)
        cell = (estimators.grid[-1] - estimators.grid[0]) / 128
        near = law.cdf(place + cell / 2) - law.cdf(place - cell / 2)  # p_g's mass in the point's own cell
        exact = (
            ((1 / 2) * math.log(2 / (1 + near)) * 2 + near * math.log(2 * near / (1 + near)) + (1 - near) * LOG2) / 2
            if near > 0
            else LOG2
        )
        assert reading.jsd == pytest.approx(exact, abs=1e-3)
    for apart in (0, 1e-4, -1e-4, 0.004, 1.0):  # of a point from a point there is nothing to resolve
        x = np.float32(there + apart)
        reading = estimators.read(column(np.full(N, x)))
        assert reading.jsd == pytest.approx(LOG2 if apart else 0)
        assert reading.wasserstein == pytest.approx(abs(x - there), abs=1e-12)
    near = np.random.default_rng(0).uniform(-1e-4, 1e-4, N)  # what has a width is seen to the width of a cell
    assert estimators.read(column(there + near)).jsd == 0


@pytest.mark.parametrize("noise", [1e-3, 0.01, 0.3])
@pytest.mark.parametrize("apart", [0.0, 0.2, 1.0, 3.0, 40.0])
def test_points_in_noise_are_known_exactly(noise: float, apart: float) -> None:
    """Two Gaussians of one width, `apart` standard deviations from each other, however small the noise; quadrature by scipy."""
    estimators = line(PointMassConfig(location=0.0))
    laws = estimators.see(column(np.full(N, apart * noise)), noise)

    def integrand(x: float) -> float:
        p, q = stats.norm.pdf(x), stats.norm.pdf(x, apart)
        return sum(float(f * np.log(2 * f / (p + q))) / 2 for f in (p, q) if f > 0)

    exact = quad(integrand, -10, apart + 10, limit=500, points=[0, apart / 2, apart])[0]
    assert seen_jsd(laws, 1) == pytest.approx(exact, abs=1e-5)


@pytest.mark.parametrize(
    "settings",
    [PointMassConfig(), PointMassConfig(location=-8), SamplesConfig(), samples(0, 0, 1), samples(1e6, 1e6 - 1)],
    ids=str,
)
def test_laws_of_atoms_leave_nothing_undefined(settings: Settings) -> None:
    estimators = line(settings)
    assert np.isfinite(estimators.p_r).all() and estimators.p_r.max() > 0 and estimators.central.any()
    assert 0.49 < np.trapezoid(estimators.p_r, estimators.grid) <= 1 + 2e-3  # the kernel may reach out of the window
    perfect = estimators.read(column(estimators.quantiles))
    both = estimators.p_r + perfect.p_g
    seen = estimators.central & (both > 0.01 * both.max())
    assert np.abs(estimators.p_r[seen] / both[seen] - 0.5).max() < 0.02  # under one kernel equal laws look equal
    for floor in estimators.floors.values():
        assert 0 <= floor.mean <= floor.worst_5pct < 0.1 * np.ptp(estimators.grid)


@given(
    st.lists(st.floats(-50, 50, width=16), min_size=2, max_size=40).filter(lambda x: len(set(x)) > 1), st.integers(0, 2**32 - 1)
)
def test_w1_to_uploaded_rows_is_exact(rows: list[float], seed: int) -> None:
    """However many rows there are: against scipy's distance of two samples."""
    estimators = Line(distribution(samples(*rows)), stratified=True, samples=100)
    x = np.random.default_rng(seed).normal(0, 20, 100)
    assert estimators.read(column(x)).wasserstein == pytest.approx(stats.wasserstein_distance(x, rows), rel=1e-6, abs=1e-6)


def test_heavy_tails_have_finite_readings() -> None:
    estimators = line(StudentTConfig(degrees=1))
    x = distribution(StudentTConfig(degrees=1)).sample(torch.Generator().manual_seed(0), N)
    reading = estimators.read(x)
    assert reading.jsd <= 2 * estimators.floors["jsd"].worst_5pct
    assert np.isfinite(reading.wasserstein) and np.isfinite(reading.p_g).all()
    assert np.ptp(estimators.grid) < 200
