"""Divergences on the plane: against closed forms, quadrature and slow direct computations."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Generator, Tensor

from gandash.config.data import (
    CheckerboardConfig,
    Gaussian2DConfig,
    GridConfig,
    Mixture2DConfig,
    RingConfig,
    Samples2DConfig,
    TwoMoonsConfig,
)
from gandash.config.setting import Settings
from gandash.diagnostics.estimators import CENTRAL_MASS, optimal_discriminator
from gandash.diagnostics.plane import DIRECTIONS, FIELD, SAMPLES, Plane, window
from gandash.diagnostics.plane_divergence import NEIGHBOURS, QUERIES
from gandash.diagnostics.verdict import SETTLED, Observation, points_verdict_rule
from gandash.game.distributions import DISTRIBUTIONS, PlaneDistribution, distribution
from gandash.game.objectives import OBJECTIVES
from gandash.packed import pack_samples
from gandash.wire.browser import VerdictKind

LOG2 = math.log(2)
SHARE = OBJECTIVES["non_saturating"].reading.optimal  # p_r / (p_r + p_g)
TARGETS: list[Settings] = [
    *(settings() for settings, law in DISTRIBUTIONS.items() if issubclass(law, PlaneDistribution)),
    RingConfig(radius=2, std=0.02),
    GridConfig(spacing=1, std=0.025, weights=tuple(range(1, 26))),
]


def law_of(settings: Settings) -> PlaneDistribution:
    found = distribution(settings)
    assert isinstance(found, PlaneDistribution)
    return found


@lru_cache
def plane(settings: Settings) -> Plane:
    return Plane(law_of(settings))


def draw(settings: Settings, seed: int = 1) -> Tensor:
    return law_of(settings).sample(Generator().manual_seed(seed), SAMPLES)


def exact_jsd(p: Gaussian2DConfig, q: Gaussian2DConfig) -> float:
    """By a midpoint rule on a fine grid over both."""
    axis = torch.linspace(-6, 8, 701, dtype=torch.float64)
    places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
    a, b = (law_of(s).log_density(places) for s in (p, q))
    m = torch.logaddexp(a, b) - LOG2
    return float(((a.exp() * (a - m) + b.exp() * (b - m)) / 2).sum() * (axis[1] - axis[0]) ** 2)


def upload_of(rows: Tensor) -> Samples2DConfig:
    return Samples2DConfig(rows=pack_samples(rows.numpy()), scaling="as_given")


def read_jsd(settings: Settings, samples: Callable[[Generator, int], Tensor], seed: int = 1) -> float:
    """As a measurement reads it: from samples of its own, or where p_r is rows, from those of `read`."""
    estimators, generator = plane(settings), Generator().manual_seed(seed)
    if estimators.divergence is None:
        found = estimators.read(samples(generator, SAMPLES)).jsd
        assert found is not None
        return found
    x = samples(generator, NEIGHBOURS + QUERIES)
    return estimators.divergence.read(x[:NEIGHBOURS], x[NEIGHBOURS:]).within_range.jsd


@pytest.mark.parametrize(("shift", "scale"), [(1.0, 1.0), (0.0, 1.6), (0.5, 0.5), (3.0, 1.0)])
def test_jsd_of_gaussian_pairs_and_of_rows_of_one_of_them(shift: float, scale: float) -> None:
    """Rows have no density: cells hide a little, counts of finitely many rows and samples add about the floor each."""
    p, q = (Gaussian2DConfig(mean=(1 + s, 1), std=0.5 * w) for s, w in ((0, 1), (shift, scale)))
    exact = exact_jsd(p, q)
    assert read_jsd(p, law_of(q).sample) == pytest.approx(exact, rel=0.05, abs=0.012)
    rows = law_of(p).sample(Generator().manual_seed(5), 20000)
    upload = upload_of(rows)
    assert plane(upload).jsd_is_bound and not plane(p).jsd_is_bound
    floor = plane(upload).floors["jsd"].worst_5pct
    assert exact * 0.85 - 0.002 <= read_jsd(upload, law_of(q).sample) <= exact + 2 * floor


@pytest.mark.parametrize("shift", [(0.0, 0.0), (0.7, 0.0), (-0.3, 0.4), (0.0, 2.0)])
def test_sliced_distance_of_a_shift(shift: tuple[float, float]) -> None:
    """W1 between projections of a law and of the same law shifted by s is |s . direction|: its mean is known."""
    settings = Gaussian2DConfig(mean=(0, 0), std=0.5)
    estimators = plane(settings)
    angles = math.pi * np.arange(DIRECTIONS) / DIRECTIONS
    exact = np.abs(shift[0] * np.cos(angles) + shift[1] * np.sin(angles)).mean()
    assert exact == pytest.approx(2 / math.pi * math.hypot(*shift), rel=0.02)
    readings = [estimators.read(draw(settings, seed) + torch.tensor(shift)).wasserstein for seed in range(8)]
    assert np.mean(readings) == pytest.approx(exact, abs=2 * estimators.floors["wasserstein"].worst_5pct)


def test_sliced_distance_against_scipy() -> None:
    p, q = RingConfig(), GridConfig()
    x, many = draw(q), law_of(p).sample(Generator().manual_seed(9), 200_000)
    slow = []
    for angle in math.pi * np.arange(DIRECTIONS) / DIRECTIONS:
        direction = torch.tensor([math.cos(angle), math.sin(angle)])
        slow.append(stats.wasserstein_distance((x @ direction).numpy(), (many @ direction).numpy()))
    assert plane(p).read(x).wasserstein == pytest.approx(float(np.mean(slow)), abs=0.01)


@pytest.mark.parametrize("settings", TARGETS, ids=str)
def test_a_perfect_generator_reads_its_floor(settings: Settings) -> None:
    estimators = plane(settings)
    for seed in range(3):
        reading = estimators.read(draw(settings, seed + 100))
        for name, value in (("jsd", read_jsd(settings, law_of(settings).sample, seed)), ("wasserstein", reading.wasserstein)):
            floor = estimators.floors[name]
            assert 0 < floor.mean <= floor.worst_5pct
            assert value <= max(2 * floor.worst_5pct, 0.01 if name == "jsd" else 0)
        # where p_r and p_g are equal, D* is 1/2 but for noise, however fine the law
        d_star = optimal_discriminator(estimators.p_r, reading.p_g, SHARE)
        assert np.nanmean(np.abs(d_star - 0.5)[estimators.central]) < 0.12
        weighted = np.nansum(estimators.p_r * np.abs(d_star - 0.5)) / estimators.p_r.sum()
        assert weighted < 0.08


def test_the_floor_of_an_upload_is_about_the_cells_that_are_used() -> None:
    """E JSD of counts against their own law is near (cells - 1) / (8 n); cells that hold less than a sample count in part."""
    estimators = plane(upload_of(law_of(RingConfig()).sample(Generator().manual_seed(5), 20000)))
    expected = estimators._masses * SAMPLES
    surely, at_most = ((expected > least).sum() for least in (1, 0.03))
    assert (surely - 1) / (8 * SAMPLES) < estimators.floors["jsd"].mean < 1.1 * at_most / (8 * SAMPLES)


@pytest.mark.parametrize("settings", [RingConfig(), TwoMoonsConfig(), CheckerboardConfig()], ids=str)
def test_the_floor_of_a_law_with_a_density_is_hardly_one(settings: Settings) -> None:
    assert plane(settings).floors["jsd"].worst_5pct < 0.01


@pytest.mark.parametrize(("width", "kind"), [(1.0, VerdictKind.CONVERGED), (0.8, VerdictKind.TRAINING)])
def test_narrow_modes_of_the_published_ring_have_not_converged(width: float, kind: VerdictKind) -> None:
    """At 0.8 of their width the JSD is .0237 nats: less on cells, whose reading let this pass."""
    ring = RingConfig(radius=2, std=0.02)
    of_that_width, floor = law_of(ring.model_copy(update={"std": width * ring.std})), plane(ring).floors["jsd"].worst_5pct
    for seed in range(4):
        jsd = read_jsd(ring, of_that_width.sample, seed)
        at_rest = Observation(jsd=jsd, wasserstein=0.01, gap_half=0.02, mean_d_real=0.5, mean_d_fake=0.5)
        assert points_verdict_rule([at_rest] * SETTLED, floor).kind is kind


def test_all_on_one_of_two_far_modes() -> None:
    """p_g is one of the two halves of p_r: D* = 1/3 there, 1 at the other; JSD = (log(4/3) + log 2 / 2 + log(2/3) / 2) / 2."""
    settings = Mixture2DConfig(means=((-3, 0), (3, 0)), std=0.3)
    estimators = plane(settings)
    reading = estimators.read(draw(Gaussian2DConfig(mean=(3, 0), std=0.3)))
    exact = (math.log(4 / 3) + LOG2 / 2 + math.log(2 / 3) / 2) / 2
    assert read_jsd(settings, law_of(Gaussian2DConfig(mean=(3, 0), std=0.3)).sample) == pytest.approx(exact, abs=0.01)
    assert reading.coverage is not None and reading.coverage.captured == 1
    d_star = optimal_discriminator(estimators.p_r, reading.p_g, SHARE)
    places = estimators.points.numpy()
    at = [int(np.argmin(((places - place) ** 2).sum(1))) for place in ((3, 0), (-3, 0))]
    assert d_star[at[0]] == pytest.approx(1 / 3, abs=0.05) and d_star[at[1]] == pytest.approx(1)


@pytest.mark.parametrize("settings", TARGETS, ids=str)
def test_the_field_covers_the_window_and_its_centre_the_bulk(settings: Settings) -> None:
    law, estimators = law_of(settings), plane(settings)
    low_x, high_x, low_y, high_y = window(law)
    assert high_x - low_x == pytest.approx(high_y - low_y)  # square axes
    assert low_x <= -0.5 and high_x >= 0.5 and low_y <= -0.5 and high_y >= 0.5  # G starts near the origin
    extent = law.extent()
    assert low_x < extent[0] and high_x > extent[1] and low_y < extent[2] and high_y > extent[3]
    assert estimators.points.shape == (FIELD**2, 2)
    cell = (high_x - low_x) / FIELD
    first, second, above = (estimators.points[i].tolist() for i in (0, 1, FIELD))
    assert first == pytest.approx([low_x + cell / 2, low_y + cell / 2], abs=1e-5)  # row 0 is the lowest
    assert second[0] - first[0] == pytest.approx(cell, rel=1e-3) and above[1] - first[1] == pytest.approx(cell, rel=1e-3)
    assert estimators.p_r.sum() * cell**2 == pytest.approx(1, abs=5e-3)
    x = draw(settings)
    column, row = ((x - torch.tensor([low_x, low_y])) / cell).long().T
    inside = (column >= 0) & (column < FIELD) & (row >= 0) & (row < FIELD)
    bulk = torch.from_numpy(estimators.central)[(row * FIELD + column)[inside]].sum() / SAMPLES
    assert float(bulk) == pytest.approx(CENTRAL_MASS, abs=0.015)


def test_samples_far_away_are_counted_and_not_wrapped() -> None:
    estimators = plane(RingConfig())
    far = estimators.read(torch.full((SAMPLES, 2), 1e30))
    assert far.p_g.max() == 0
    assert far.coverage is not None and far.coverage.captured == 0
    upload = upload_of(draw(RingConfig()))
    assert plane(upload).read(torch.full((SAMPLES, 2), 1e30)).jsd == pytest.approx(LOG2, abs=1e-6)


def test_a_diverged_generator_has_no_reading() -> None:
    x = draw(RingConfig())
    for value in (math.nan, math.inf):
        x[7, 1] = value
        reading = plane(RingConfig()).read(x)
        assert reading.jsd is None and math.isnan(reading.wasserstein) and reading.coverage is None
        assert np.isnan(reading.p_g).all()


def test_another_sample_count_is_refused() -> None:
    with pytest.raises(ValueError, match=f"7 samples given; .* {SAMPLES}"):
        plane(RingConfig()).read(torch.zeros(7, 2))


def test_the_order_of_samples_means_nothing() -> None:
    x = draw(GridConfig())
    one, other = plane(RingConfig()).read(x), plane(RingConfig()).read(x.flip(0))
    assert one.wasserstein == pytest.approx(other.wasserstein, rel=1e-6)
    np.testing.assert_array_equal(one.p_g, other.p_g)
