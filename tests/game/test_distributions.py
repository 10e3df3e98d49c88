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

from gandash import config, targets
from gandash.game.distributions import DISTRIBUTIONS, Distribution, Latent, LineDistribution, distribution
from gandash.settings import Settings, kind_of, variants
from gandash.targets import Gaussian, Mixture, Uniform

CASES: list[Settings] = [
    # A newcomer is tested with its defaults before anyone lists it here
    *(settings() for settings, law in DISTRIBUTIONS.items() if issubclass(law, LineDistribution)),
    Gaussian(mean=-2, std=0.1),
    Gaussian(mean=3, std=2),
    Mixture(means=(0.5,), weights=(3,), std=0.7),
    Mixture(means=(-2, 0, 3), weights=(1, 5, 2), std=0.3),
    Mixture(means=(2, -1), weights=(9, 1), std=0.05),
    Mixture(means=(-0.2, 0.2), weights=(1, 1), std=1),
    Uniform(low=0.25, high=0.75),
    Uniform(low=-8, high=8),
]


@pytest.fixture(params=CASES, ids=str)
def law(request: pytest.FixtureRequest) -> LineDistribution:
    found = distribution(request.param)
    assert isinstance(found, LineDistribution)
    return found


@pytest.fixture(params=[settings() for settings in DISTRIBUTIONS], ids=str)
def any_law(request: pytest.FixtureRequest) -> Distribution:
    return distribution(request.param)


def density(law: LineDistribution, x: np.ndarray | float) -> np.ndarray:
    points = torch.as_tensor(x, dtype=torch.float64)[..., None]
    return law.log_density(points).exp().numpy()


def corners(law: LineDistribution) -> list[float]:
    """Places where quadrature needs a hint: modes, edges and the flanks of both."""
    settings = law.settings
    std = getattr(settings, "std", 0.0)
    modes = law.modes()
    edges = [getattr(settings, name) for name in ("low", "high") if hasattr(settings, name)]
    places = [*(modes.places[:, 0].tolist() if modes else ()), *edges]
    return sorted({p + k * std for p in places for k in (-8, -3, 0, 3, 8)})


def mass(law: LineDistribution, low: float, high: float) -> float:
    cuts = [low, *(c for c in corners(law) if low < c < high), high]
    pieces = (quad(lambda x: float(density(law, x)), a, b)[0] for a, b in pairwise(cuts))
    return math.fsum(pieces)


def test_every_registered_settings_class_is_a_choice_of_data() -> None:
    assert set(DISTRIBUTIONS) == set(variants(targets.Data))
    for settings, law in DISTRIBUTIONS.items():
        assert law.implements is settings
        assert type(distribution(settings())) is law, kind_of(settings)


def test_density_integrates_to_one(law: LineDistribution) -> None:
    places = corners(law)
    assert mass(law, places[0] - 0.5, places[-1] + 0.5) == pytest.approx(1, abs=1e-9)


def test_cdf_is_the_integral_of_the_density(law: LineDistribution) -> None:
    low, high = law.quantile_range(0.999)
    start = corners(law)[0] - 0.5
    for x in np.linspace(low - 0.1, high + 0.1, 7):
        assert float(law.cdf(torch.tensor(x))) == pytest.approx(mass(law, start, float(x)), abs=1e-9)


@pytest.mark.parametrize("wanted", [0.5, 0.98, 0.999, 1 - 1e-9])
def test_quantile_range_holds_its_mass_and_equal_tails(law: LineDistribution, wanted: float) -> None:
    below, up_to = law.cdf(torch.tensor(law.quantile_range(wanted), dtype=torch.float64)).tolist()
    assert up_to - below == pytest.approx(wanted, abs=1e-8)
    assert below == pytest.approx(1 - up_to, abs=1e-8)


def test_samples_follow_the_cdf(law: LineDistribution) -> None:
    x = law.sample(Generator().manual_seed(7), 20000)
    assert x.shape == (20000, 1) and x.dtype == torch.float32
    result = stats.kstest(x[:, 0].double().numpy(), lambda v: law.cdf(torch.from_numpy(v)).numpy())
    assert result.pvalue > 1e-3


def test_samples_are_independent_draws(law: LineDistribution) -> None:
    u = law.cdf(law.sample(Generator().manual_seed(3), 10000)[:, 0])
    for lag in (1, 2, 5000):  # 5000: where a draw of noise and a draw of modes from one stretch would meet
        assert abs(stats.pearsonr(u[:-lag], u[lag:]).statistic) < 4 / math.sqrt(len(u) - lag)


def test_the_same_generator_gives_the_same_samples(any_law: Distribution) -> None:
    law, generator = any_law, Generator().manual_seed(5)
    x = law.sample(generator, 100)
    assert torch.equal(x, law.sample(Generator().manual_seed(5), 100))
    assert not torch.equal(x, law.sample(generator, 100))
    assert not torch.equal(x, law.sample(Generator().manual_seed(6), 100))


def test_no_draw_touches_the_global_generator(any_law: Distribution) -> None:
    before = torch.get_rng_state()
    any_law.sample(Generator().manual_seed(0), 10)
    Latent(config.Latent()).sample(Generator().manual_seed(0), 10)
    assert torch.equal(before, torch.get_rng_state())


def test_precision_and_shape_follow_x(any_law: Distribution) -> None:
    x = torch.linspace(-2, 2, 12 * any_law.dimension).reshape(3, 4, any_law.dimension)
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
    law, exact = distribution(Gaussian(mean=mean, std=std)), stats.norm(mean, std)
    x = mean + z * std
    assert float(law.log_density(torch.tensor([x], dtype=torch.float64))) == pytest.approx(exact.logpdf(x), rel=1e-9)
    assert float(law.cdf(torch.tensor(x, dtype=torch.float64))) == pytest.approx(exact.cdf(x), rel=1e-9, abs=1e-15)


def test_mixture_is_the_weighted_sum() -> None:
    law = distribution(Mixture(means=(-2, 0, 3), weights=(1, 5, 2), std=0.3))
    x = np.linspace(-4, 5, 91)
    exact = (stats.norm(-2, 0.3).pdf(x) + 5 * stats.norm(0, 0.3).pdf(x) + 2 * stats.norm(3, 0.3).pdf(x)) / 8
    np.testing.assert_allclose(density(law, x), exact, rtol=1e-9, atol=1e-300)
    modes = law.modes()
    assert modes is not None and modes.std == 0.3
    assert modes.places.tolist() == [[-2], [0], [3]] and modes.weights.tolist() == [1 / 8, 5 / 8, 2 / 8]


def test_mixture_fills_each_mode_by_its_weight() -> None:
    x = distribution(Mixture(means=(-2, 0, 3), weights=(1, 5, 2), std=0.1)).sample(Generator().manual_seed(0), 40000)
    for mean, share in ((-2, 1 / 8), (0, 5 / 8), (3, 2 / 8)):
        assert float(((x - mean).abs() < 1).float().mean()) == pytest.approx(share, abs=0.01)


def test_no_weights_means_equal_ones() -> None:
    without, equal = distribution(Mixture(means=(-2, 0, 3))), distribution(Mixture(means=(-2, 0, 3), weights=(4, 4, 4)))
    x = np.linspace(-4, 5, 91)
    np.testing.assert_allclose(density(without, x), density(equal, x), rtol=1e-12)
    assert torch.equal(without.sample(Generator().manual_seed(0), 99), equal.sample(Generator().manual_seed(0), 99))


def test_uniform_has_no_modes_and_nothing_outside() -> None:
    law = distribution(Uniform(low=-1, high=3))
    assert law.modes() is None
    np.testing.assert_array_equal(density(law, np.array([-1.01, 3.01])), 0)
    np.testing.assert_allclose(density(law, np.array([-0.99, 1, 2.99])), 1 / 4)
    assert law.quantile_range(0.5) == (0, 2)


def test_gaussian_keeps_its_own_settings() -> None:
    law = distribution(Gaussian(mean=2, std=0.5))
    assert law.settings == Gaussian(mean=2, std=0.5)
    modes = law.modes()
    assert modes is not None and modes.places.tolist() == [[2]] and modes.weights.tolist() == [1]
    low, high = law.quantile_range(0.95)
    assert (low, high) == pytest.approx((2 - 0.979982, 2 + 0.979982), abs=1e-5)


# ------------------------------------------------------------------------------------------------------------- latent

LATENTS = {"normal": stats.norm, "uniform": stats.uniform(-1, 2)}


@pytest.mark.parametrize("kind", LATENTS)
def test_latent_samples_and_line_follow_their_law(kind: str) -> None:
    latent = Latent(config.Latent.model_validate({"kind": kind, "dimension": 3}))
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
    latent = Latent(config.Latent.model_validate({"kind": kind, "dimension": 1}))
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
    latent = Latent(config.Latent(dimension=2))
    assert not latent.stratified
    a, b = latent.measuring(Generator().manual_seed(1), 9), latent.sample(Generator().manual_seed(1), 9)
    assert torch.equal(a, b)
