"""One matrix for every distribution on the line: density, distribution function, quantiles and samples tell one story.

The plane's have their own in test_plane.py; what holds in any dimension is tested here for all of them.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.integrate import quad
from torch import Generator

from gandash.config.data import (
    GaussianConfig,
    LaplaceConfig,
    MixtureConfig,
    PointMassConfig,
    SamplesConfig,
    StudentTConfig,
    UniformConfig,
)
from gandash.config.networks import LatentConfig
from gandash.config.setting import Settings, kind_of
from gandash.game.distributions import DISTRIBUTIONS, Distribution, Latent, LineDistribution, PointDistribution, distribution
from gandash.game.distributions.line import row_of
from gandash.packed import pack_samples

CASES: list[Settings] = [
    # A newcomer is tested with its defaults before anyone lists it here
    *(settings() for settings, law in DISTRIBUTIONS.items() if issubclass(law, LineDistribution)),
    GaussianConfig(mean=-2, std=0.1),
    GaussianConfig(mean=3, std=2),
    MixtureConfig(means=(0.5,), weights=(3,), std=0.7),
    MixtureConfig(means=(-2, 0, 3), weights=(1, 5, 2), std=0.3),
    MixtureConfig(means=(2, -1), weights=(9, 1), std=0.05),
    MixtureConfig(means=(-0.2, 0.2), weights=(1, 1), std=1),
    UniformConfig(low=0.25, high=0.75),
    UniformConfig(low=-8, high=8),
    LaplaceConfig(mean=2, scale=0.05),
    StudentTConfig(mean=1, scale=0.3, degrees=1),
    StudentTConfig(mean=-1, scale=2, degrees=30),
    PointMassConfig(location=0.1),
    SamplesConfig(rows=pack_samples(np.array([[3], [1], [1], [0.1]], dtype=np.float32)), scaling="as_given"),
]


@pytest.fixture(params=CASES, ids=str)
def law(request: pytest.FixtureRequest) -> LineDistribution:
    found = distribution(request.param)
    assert isinstance(found, LineDistribution)
    return found


@pytest.fixture(params=[c for c in CASES if distribution(c).atoms() is None], ids=str)
def smooth(request: pytest.FixtureRequest) -> LineDistribution:
    """A law with a density that is the derivative of its distribution function."""
    return distribution(request.param)


@pytest.fixture(params=[settings() for settings in DISTRIBUTIONS], ids=str)
def any_law(request: pytest.FixtureRequest) -> Distribution:
    return distribution(request.param)


def density(law: LineDistribution, x: np.ndarray | float) -> np.ndarray:
    points = torch.as_tensor(x, dtype=torch.float64)[..., None]
    return law.log_density(points).exp().numpy()


def corners(law: LineDistribution) -> list[float]:
    """Places where quadrature needs a hint: modes, edges and the flanks of both."""
    settings = law.settings
    std = getattr(settings, "std", getattr(settings, "scale", 0.0))
    modes = law.modes()
    edges = [getattr(settings, name) for name in ("low", "high", "mean") if hasattr(settings, name)]
    places = [*(modes.points[:, 0].tolist() if modes else ()), *edges]
    return sorted({p + k * std for p in places for k in (-8, -3, 0, 3, 8)})


def mass(law: LineDistribution, low: float, high: float) -> float:
    cuts = [low, *(c for c in corners(law) if low < c < high), high]
    pieces = (quad(lambda x: float(density(law, x)), a, b)[0] for a, b in pairwise(cuts))
    return math.fsum(pieces)


def test_every_choice_of_data_has_a_law_of_its_own() -> None:
    for settings, law in DISTRIBUTIONS.items():
        assert law.implements is settings
        assert type(distribution(settings())) is law, kind_of(settings)


def test_density_integrates_to_one(smooth: LineDistribution) -> None:
    assert mass(smooth, -math.inf, math.inf) == pytest.approx(1, abs=1e-8)


def test_cdf_is_the_integral_of_the_density(smooth: LineDistribution) -> None:
    low, high = smooth.quantile_range(0.999)
    for x in np.linspace(low - 0.1, high + 0.1, 7):
        assert float(smooth.cdf(torch.tensor(x))) == pytest.approx(mass(smooth, -math.inf, float(x)), abs=1e-8)


@pytest.mark.parametrize("wanted", [0.5, 0.98, 0.999, 1 - 1e-9])
def test_quantile_range_holds_its_mass_and_equal_tails(smooth: LineDistribution, wanted: float) -> None:
    below, up_to = smooth.cdf(torch.tensor(smooth.quantile_range(wanted), dtype=torch.float64)).tolist()
    assert up_to - below == pytest.approx(wanted, abs=1e-8)
    assert below == pytest.approx(1 - up_to, abs=1e-8)


def test_quantiles_invert_the_distribution_function(law: LineDistribution) -> None:
    p = np.concatenate([[1e-6], np.linspace(0.001, 0.999, 501), [1 - 1e-6]])
    places = torch.from_numpy(law.quantiles(p))
    if law.atoms() is None:
        np.testing.assert_allclose(law.cdf(places).numpy(), p, atol=1e-6)
    else:  # the first place with that much mass up to it
        assert bool((law.cdf(places).numpy() >= p).all()) and bool((law.cdf(places - 1e-9).numpy() < p).all())


def test_samples_follow_the_cdf(law: LineDistribution) -> None:
    x = law.sample(Generator().manual_seed(7), 20000)
    assert x.shape == (20000, 1) and x.dtype == torch.float32
    if atoms := law.atoms():
        places, counts = x[:, 0].double().unique(return_counts=True)
        np.testing.assert_array_equal(places.numpy(), atoms.points)
        assert len(places) == 1 or stats.chisquare(counts.numpy(), atoms.weights * len(x)).pvalue > 1e-3
        return
    result = stats.kstest(x[:, 0].double().numpy(), lambda v: law.cdf(torch.from_numpy(v)).numpy())
    assert result.pvalue > 1e-3


def test_samples_are_independent_draws(law: LineDistribution) -> None:
    if isinstance(law.settings, PointMassConfig):
        return  # all alike
    u = law.cdf(law.sample(Generator().manual_seed(3), 10000)[:, 0])
    for lag in (1, 2, 5000):  # 5000: where a draw of noise and a draw of modes from one stretch would meet
        assert abs(stats.pearsonr(u[:-lag], u[lag:]).statistic) < 4 / math.sqrt(len(u) - lag)


def test_the_same_generator_gives_the_same_samples(any_law: Distribution) -> None:
    law, generator = any_law, Generator().manual_seed(5)
    x = law.sample(generator, 100)
    assert torch.equal(x, law.sample(Generator().manual_seed(5), 100))
    if isinstance(law.settings, PointMassConfig):
        return
    assert not torch.equal(x, law.sample(generator, 100))
    assert not torch.equal(x, law.sample(Generator().manual_seed(6), 100))


def test_no_draw_touches_the_global_generator(any_law: Distribution) -> None:
    before = torch.get_rng_state()
    any_law.sample(Generator().manual_seed(0), 10)
    Latent(LatentConfig()).sample(Generator().manual_seed(0), 10)
    assert torch.equal(before, torch.get_rng_state())


def test_precision_and_shape_follow_x(any_law: Distribution) -> None:
    x = torch.linspace(-2, 2, 12 * any_law.dimension).reshape(3, 4, any_law.dimension)
    if isinstance(any_law, PointDistribution):
        assert any_law.log_density(x).shape == (3, 4) and any_law.log_density(x).dtype == torch.float32
        assert any_law.log_density(x.double()).dtype == torch.float64
    n = 50
    assert any_law.sample(Generator().manual_seed(0), n).shape == (n, any_law.dimension)
    assert any_law.sample(Generator().manual_seed(0), n).dtype == torch.float32


def test_distribution_functions_are_in_double_precision(law: LineDistribution) -> None:
    x = torch.linspace(-2, 2, 12).reshape(3, 4, 1)
    assert law.cdf(x[..., 0]).shape == (3, 4) and law.cdf(x[..., 0]).dtype == torch.float64


@given(mean=st.floats(-8, 8), std=st.floats(0.02, 4), z=st.floats(-30, 30))
def test_gaussian_against_scipy(mean: float, std: float, z: float) -> None:
    law, exact = distribution(GaussianConfig(mean=mean, std=std)), stats.norm(mean, std)
    x = mean + z * std
    assert float(law.log_density(torch.tensor([x], dtype=torch.float64))) == pytest.approx(exact.logpdf(x), rel=1e-9)
    assert float(law.cdf(torch.tensor(x, dtype=torch.float64))) == pytest.approx(exact.cdf(x), rel=1e-9, abs=1e-15)


def test_mixture_is_the_weighted_sum() -> None:
    law = distribution(MixtureConfig(means=(-2, 0, 3), weights=(1, 5, 2), std=0.3))
    x = np.linspace(-4, 5, 91)
    exact = (stats.norm(-2, 0.3).pdf(x) + 5 * stats.norm(0, 0.3).pdf(x) + 2 * stats.norm(3, 0.3).pdf(x)) / 8
    np.testing.assert_allclose(density(law, x), exact, rtol=1e-9, atol=1e-300)
    modes = law.modes()
    assert modes is not None and modes.std == 0.3
    assert modes.points.tolist() == [[-2], [0], [3]] and modes.weights.tolist() == [1 / 8, 5 / 8, 2 / 8]


def test_mixture_fills_each_mode_by_its_weight() -> None:
    x = distribution(MixtureConfig(means=(-2, 0, 3), weights=(1, 5, 2), std=0.1)).sample(Generator().manual_seed(0), 40000)
    for mean, share in ((-2, 1 / 8), (0, 5 / 8), (3, 2 / 8)):
        assert float(((x - mean).abs() < 1).float().mean()) == pytest.approx(share, abs=0.01)


def test_no_weights_means_equal_ones() -> None:
    without, equal = (
        distribution(MixtureConfig(means=(-2, 0, 3))),
        distribution(MixtureConfig(means=(-2, 0, 3), weights=(4, 4, 4))),
    )
    x = np.linspace(-4, 5, 91)
    np.testing.assert_allclose(density(without, x), density(equal, x), rtol=1e-12)
    assert torch.equal(without.sample(Generator().manual_seed(0), 99), equal.sample(Generator().manual_seed(0), 99))


def test_uniform_has_no_modes_and_nothing_outside() -> None:
    law = distribution(UniformConfig(low=-1, high=3))
    assert law.modes() is None
    np.testing.assert_array_equal(density(law, np.array([-1.01, 3.01])), 0)
    np.testing.assert_allclose(density(law, np.array([-0.99, 1, 2.99])), 1 / 4)
    assert law.quantile_range(0.5) == (0, 2)


def test_gaussian_keeps_its_own_settings() -> None:
    law = distribution(GaussianConfig(mean=2, std=0.5))
    assert law.settings == GaussianConfig(mean=2, std=0.5)
    modes = law.modes()
    assert modes is not None and modes.points.tolist() == [[2]] and modes.weights.tolist() == [1]
    low, high = law.quantile_range(0.95)
    assert (low, high) == pytest.approx((2 - 0.979982, 2 + 0.979982), abs=1e-5)


@given(
    mean=st.floats(-8, 8),
    scale=st.floats(0.02, 4),
    degrees=st.floats(1, 100),
    z=st.floats(-30, 30),
    p=st.floats(1e-9, 1 - 1e-9),
)
def test_laplace_and_student_against_scipy(mean: float, scale: float, degrees: float, z: float, p: float) -> None:
    x = torch.tensor([mean + z * scale], dtype=torch.float64)
    for settings, exact in (
        (LaplaceConfig(mean=mean, scale=scale), stats.laplace(mean, scale)),
        (StudentTConfig(mean=mean, scale=scale, degrees=degrees), stats.t(degrees, mean, scale)),
    ):
        law = distribution(settings)
        assert isinstance(law, LineDistribution)
        assert float(law.log_density(x)) == pytest.approx(exact.logpdf(float(x)), rel=1e-9, abs=1e-9)
        assert float(law.cdf(x)) == pytest.approx(exact.cdf(float(x)), rel=1e-9, abs=1e-15)
        assert float(law.quantiles(np.array([p]))[0]) == pytest.approx(exact.ppf(p), rel=1e-7, abs=1e-7)
        assert law.modes() is None


@pytest.mark.parametrize("settings", [LaplaceConfig(), StudentTConfig(degrees=1), StudentTConfig(degrees=100)], ids=str)
def test_every_sample_is_finite(settings: Settings) -> None:
    """Also where a uniform number is 0 or as near to 1 as it can be."""
    law, extremes = distribution(settings), torch.tensor([0.0, 2**-24, 0.5, 1 - 2**-24])
    u, v = torch.meshgrid(extremes, extremes, indexing="ij")
    assert bool(torch.isfinite(law.push(u[..., None], v[..., None])).all())


@pytest.mark.parametrize("degrees", [1, 1.5, 2, 3, 100])
def test_the_stage_of_heavy_tails_still_shows_the_peak(degrees: float) -> None:
    law = distribution(StudentTConfig(scale=1, degrees=degrees))
    assert isinstance(law, LineDistribution)
    low, high = law.extent()
    assert low == -high and law.quantile_range(0.98)[1] < high < 100


def test_a_point_mass_has_no_density_and_a_step() -> None:
    law = distribution(PointMassConfig(location=0.1))
    place = float(np.float32(0.1))
    x = torch.tensor([place - 1e-6, place, place + 1e-6], dtype=torch.float64)
    assert law.log_density(x[:, None]).tolist() == [-math.inf, math.inf, -math.inf]
    assert isinstance(law, LineDistribution) and law.cdf(x).tolist() == [0, 1, 1]
    assert law.modes() is None and law.quantile_range(0.98) == (place, place)
    assert law.sample(Generator().manual_seed(0), 5).tolist() == [[place]] * 5


def test_an_uploaded_sample_is_its_own_law() -> None:
    rows = np.array([[3], [1], [1], [0.5]], dtype=np.float32)
    law = distribution(SamplesConfig(rows=pack_samples(rows), scaling="as_given"))
    assert isinstance(law, LineDistribution)
    assert law.cdf(torch.tensor([0.49, 0.5, 0.99, 1, 2.9, 3])).tolist() == [0, 0.25, 0.25, 0.75, 0.75, 1]
    x = law.sample(Generator().manual_seed(0), 40000)[:, 0]
    values, counts = x.unique(return_counts=True)
    assert values.tolist() == [0.5, 1, 3]
    np.testing.assert_allclose((counts / len(x)).numpy(), [0.25, 0.5, 0.25], atol=0.01)
    places = np.linspace(-1, 4, 5001)
    assert np.trapezoid(density(law, places), places) == pytest.approx(1, abs=2e-3)  # its histogram has all of the mass


def test_every_row_of_a_large_sample_is_as_likely_as_any_other() -> None:
    """Two numbers choose a row: the 24 bits of one would prefer some of 200000 rows by a percent."""
    ends = torch.tensor([[0.0, 0.0], [1 - 2**-24, 1 - 2**-24], [0.5, 0.0]])
    assert row_of(ends, 200_000).tolist() == [0, 199_999, 100_000]


def test_standardised_rows_have_mean_0_and_std_1() -> None:
    rows = np.random.default_rng(0).gamma(2, 1e4, (500, 1)).astype(np.float32)
    points = SamplesConfig(rows=pack_samples(rows), scaling="standardised").points()
    assert abs(points.mean()) < 1e-6 and points.std() == pytest.approx(1, abs=1e-6)
    np.testing.assert_array_equal(SamplesConfig(rows=pack_samples(rows), scaling="as_given").points(), rows)


# ------------------------------------------------------------------------------------------------------------- latent

LATENTS = {"normal": stats.norm, "uniform": stats.uniform(-1, 2)}


@pytest.mark.parametrize("kind", LATENTS)
def test_latent_samples_and_line_follow_their_law(kind: str) -> None:
    latent = Latent(LatentConfig.model_validate({"kind": kind, "dimension": 3}))
    z = latent.sample(Generator().manual_seed(1), 20000)
    assert z.shape == (20000, 3) and z.dtype == torch.float32
    assert stats.kstest(z.reshape(-1).numpy(), LATENTS[kind].cdf).pvalue > 1e-3
    correlation = np.corrcoef(z.numpy().T) - np.eye(3)
    assert np.abs(correlation).max() < 4 / math.sqrt(20000)
    evenly = LATENTS[kind].ppf((np.arange(9) + 0.5) / 9)
    np.testing.assert_allclose(latent.line(9).numpy(), evenly, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("kind", LATENTS)
def test_measuring_spreads_one_coordinate_evenly(kind: str) -> None:
    """Systematic sampling: one draw in each of n cells of equal probability, all shifted by the same uniform number."""
    latent = Latent(LatentConfig.model_validate({"kind": kind, "dimension": 1}))
    assert latent.stratified
    shifts = []
    for seed in range(40):
        z = latent.measuring(Generator().manual_seed(seed), 50)
        assert z.shape == (50, 1) and z.dtype == torch.float32
        places = LATENTS[kind].cdf(z[:, 0].double().numpy()) * 50 - np.arange(50)  # where in its cell each draw lies
        np.testing.assert_allclose(places, places[0], atol=1e-4)
        assert -1e-4 < places[0] < 1 + 1e-4
        shifts.append(float(places[0]))
    assert stats.kstest(shifts, stats.uniform.cdf).pvalue > 1e-3  # so every draw has the latent's law


def test_measuring_in_more_dimensions_draws_independently() -> None:
    latent = Latent(LatentConfig(dimension=2))
    assert not latent.stratified
    a, b = latent.measuring(Generator().manual_seed(1), 9), latent.sample(Generator().manual_seed(1), 9)
    assert torch.equal(a, b)
