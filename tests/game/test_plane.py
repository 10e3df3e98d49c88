"""One matrix for every distribution on the plane: density, masses of cells and samples must tell one story."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import Generator, Tensor

from gandash.config.data import (
    AnnulusConfig,
    CheckerboardConfig,
    DrawnConfig,
    Gaussian2DConfig,
    GridConfig,
    Mixture2DConfig,
    RingConfig,
    Samples2DConfig,
    SegmentConfig,
    SpiralsConfig,
    SwissRollConfig,
    TwoClustersConfig,
    TwoMoonsConfig,
)
from gandash.config.setting import Settings
from gandash.game.distributions import DISTRIBUTIONS, Modes, PlaneDistribution, distribution
from gandash.game.distributions.plane import Curve
from gandash.packed import SIDE, pack_painting, pack_samples

CASES: list[Settings] = [
    *(settings() for settings, law in DISTRIBUTIONS.items() if issubclass(law, PlaneDistribution)),
    Gaussian2DConfig(mean=(-3, 2), std=0.2),
    Mixture2DConfig(means=((-2, 0), (1, 1), (1, -1.5)), weights=(1, 5, 2), std=0.3),
    RingConfig(modes=3, radius=1, std=0.15, weights=(1, 2, 3)),
    GridConfig(side=2, spacing=2, std=0.3, weights=(1, 2, 3, 4)),
    TwoMoonsConfig(noise=0.4),
    SwissRollConfig(noise=0.3),
    CheckerboardConfig(side=3),
    TwoClustersConfig(distance=3, std=0.2, share=0.2),
    SegmentConfig(length=2, angle=-80, noise=0.2),
    SpiralsConfig(arms=3, turns=1.5, noise=0.1),
    AnnulusConfig(inner=0, outer=1),
    DrawnConfig(half_width=5),
    Samples2DConfig(scaling="as_given"),
]
SHARP = (CheckerboardConfig, AnnulusConfig, DrawnConfig)  # with cliffs, which a midpoint rule meets anywhere


def plane(settings: Settings) -> PlaneDistribution:
    found = distribution(settings)
    assert isinstance(found, PlaneDistribution)
    return found


@pytest.fixture(params=CASES, ids=str)
def law(request: pytest.FixtureRequest) -> PlaneDistribution:
    return plane(request.param)


def edges(low: float, high: float, n: int) -> Tensor:
    return torch.linspace(low, high, n + 1, dtype=torch.float64)


def centres(e: Tensor) -> Tensor:
    x, y = torch.meshgrid((e[1:] + e[:-1]) / 2, (e[1:] + e[:-1]) / 2, indexing="xy")
    return torch.stack([x, y], dim=-1)


def test_masses_are_the_integral_of_the_density(law: PlaneDistribution) -> None:
    """In every cell, by a midpoint rule on 20 x 20 points of it: rows are y, columns x."""
    if isinstance(law.settings, Samples2DConfig):
        return  # its masses are the rows' own; its density is an estimate
    cells, split = 10, 20
    coarse, fine = edges(-6, 6, cells), edges(-6, 6, cells * split)
    density = law.log_density(centres(fine)).exp() * (12 / (cells * split)) ** 2
    summed = density.reshape(cells, split, cells, split).sum((1, 3))
    masses = law.cell_masses(coarse, coarse)
    assert masses.dtype == torch.float64
    # where an edge runs through a cell, the rule is off by up to half a row of points
    slack = 1 / split if isinstance(law.settings, SHARP) else 0.02
    torch.testing.assert_close(summed, masses, rtol=0, atol=slack * float(masses.max()))
    assert float(density.sum()) == pytest.approx(1, abs=slack)


def test_unbounded_cells_lose_nothing(law: PlaneDistribution) -> None:
    infinite = torch.tensor([math.inf], dtype=torch.float64)
    e = torch.cat([-infinite, edges(-1, 2, 7), infinite])
    assert float(law.cell_masses(e, e).sum()) == pytest.approx(1, abs=1e-12)


def test_samples_fill_the_cells_by_their_masses(law: PlaneDistribution) -> None:
    n, e = 40000, edges(-6, 6, 60)
    x = law.sample(Generator().manual_seed(7), n)
    assert x.shape == (n, 2) and x.dtype == torch.float32
    counts, *_ = np.histogram2d(x[:, 1].numpy(), x[:, 0].numpy(), bins=[e.numpy(), e.numpy()])
    expected = n * law.cell_masses(e, e).numpy()
    enough = expected > 10
    chi2 = float(((counts - expected)[enough] ** 2 / expected[enough]).sum())
    rest = n - float(expected[enough].sum())
    assert stats.chi2.sf(chi2, enough.sum() - 1) > 1e-4
    assert n - counts[enough].sum() == pytest.approx(rest, abs=5 * math.sqrt(rest + 1))


def test_samples_are_independent_draws(law: PlaneDistribution) -> None:
    x = law.sample(Generator().manual_seed(3), 10000).double().numpy()
    for lag in (1, 2, 5000):
        for i in (0, 1):
            assert abs(stats.pearsonr(x[:-lag, i], x[lag:, i]).statistic) < 4 / math.sqrt(len(x) - lag)


def test_the_extent_holds_nearly_everything(law: PlaneDistribution) -> None:
    low_x, high_x, low_y, high_y = law.extent()
    box = torch.tensor([low_x, high_x]), torch.tensor([low_y, high_y])
    assert float(law.cell_masses(*box)) > 0.999 - 1e-9
    assert 0 < law.detail <= max(high_x - low_x, high_y - low_y)


@given(x=st.floats(-3, 3), y=st.floats(-3, 3), std=st.floats(0.05, 2))
def test_gaussian_against_scipy(x: float, y: float, std: float) -> None:
    law = plane(Gaussian2DConfig(mean=(x, y), std=std))
    places = torch.tensor([[0.0, 0.0], [1.0, -2.0], [x, y]], dtype=torch.float64)
    exact = stats.multivariate_normal([x, y], std**2).logpdf(places.numpy())
    np.testing.assert_allclose(law.log_density(places).numpy(), exact, rtol=1e-9)


@pytest.mark.parametrize(
    "settings",
    [TwoMoonsConfig(noise=n) for n in (0.02, 0.15, 1)]
    + [SwissRollConfig(noise=n) for n in (0.02, 0.08, 1)]
    + [SpiralsConfig(noise=n) for n in (0.02, 0.08, 1)]
    + [SpiralsConfig(arms=4, turns=2, noise=0.05), SegmentConfig(noise=0.02), SegmentConfig(length=0.1, noise=1)],
    ids=str,
)
def test_nodes_stand_for_the_whole_curve(settings: Settings) -> None:
    """The density from Gauss-Legendre nodes against the mean over 400000 points of the curve, at random places."""
    law = plane(settings)
    assert isinstance(law, Curve)
    t = (torch.arange(400000, dtype=torch.float64) + 0.5) / 400000
    places = law.sample(Generator().manual_seed(0), 25).double()
    squares = torch.cdist(places, law.curve(t), compute_mode="donot_use_mm_for_euclid_dist").square()
    exact = (-0.5 * squares / law.std**2).exp().mean(1) / (2 * math.pi * law.std**2)
    assert float((law.log_density(places).exp() - exact).abs().max()) < 1e-6 * float(exact.max())


def test_modes_stand_where_the_settings_say() -> None:
    def modes(settings: Settings) -> Modes:
        found = plane(settings).modes()
        assert found is not None
        return found

    ring = modes(RingConfig(modes=4, radius=2, std=0.1, weights=(1, 1, 1, 5)))
    torch.testing.assert_close(ring.points, torch.tensor([[2.0, 0], [0, 2], [-2, 0], [0, -2]]).double())
    assert ring.weights.tolist() == [1 / 8, 1 / 8, 1 / 8, 5 / 8] and ring.std == 0.1
    grid = modes(GridConfig(side=3, spacing=2))
    assert grid.points.tolist() == [[x, y] for y in (-2, 0, 2) for x in (-2, 0, 2)]  # row by row from the lower left
    assert modes(Gaussian2DConfig(mean=(1, 2))).points.tolist() == [[1, 2]]
    assert modes(Mixture2DConfig(means=((1, 2), (3, 4)))).points.tolist() == [[1, 2], [3, 4]]
    clusters = modes(TwoClustersConfig(distance=8, std=0.4, share=0.25))
    assert clusters.points.tolist() == [[-4, 0], [4, 0]] and clusters.weights.tolist() == [0.25, 0.75] and clusters.std == 0.4
    shapes = (TwoMoonsConfig, SwissRollConfig, CheckerboardConfig, SegmentConfig, SpiralsConfig, AnnulusConfig)
    for settings in (*(shape() for shape in shapes), DrawnConfig(), Samples2DConfig()):
        assert plane(settings).modes() is None


def test_each_mode_gets_its_weight() -> None:
    weights = (1.0, 2.0, 3.0, 4.0)
    x = plane(GridConfig(side=2, spacing=2, std=0.05, weights=weights)).sample(Generator().manual_seed(1), 40000)
    quadrant = (x[:, 0] > 0).long() + 2 * (x[:, 1] > 0).long()
    shares = torch.bincount(quadrant, minlength=4) / len(x)
    np.testing.assert_allclose(shares.numpy(), np.array(weights) / 10, atol=0.01)


def test_published_shapes() -> None:
    """Moons as scikit-learn draws them, up to centre and scale; the roll turns one and a half times and ends at radius 2."""
    moons, roll = plane(TwoMoonsConfig()), plane(SwissRollConfig())
    assert isinstance(moons, Curve) and isinstance(roll, Curve)
    ends = moons.curve(torch.tensor([0.0, 0.25, 0.5, 0.75], dtype=torch.float64)) / 1.5 + torch.tensor([0.5, 0.25])
    np.testing.assert_allclose(ends.numpy(), [[1, 0], [0, 1], [0, 0.5], [1, -0.5]], atol=1e-12)
    radius = roll.curve(torch.tensor([0.0, 1.0], dtype=torch.float64)).norm(dim=1)
    np.testing.assert_allclose(radius.numpy(), [2 / 3, 2], rtol=1e-12)


def test_the_checkerboard_has_nothing_on_its_other_squares() -> None:
    law = plane(CheckerboardConfig(side=4))
    places = torch.tensor([[-1.5, -1.5], [-0.5, -1.5], [-0.5, -0.5], [1.5, -1.5], [2.5, 2.5]])
    np.testing.assert_allclose(law.log_density(places).exp().numpy(), [1 / 8, 0, 1 / 8, 0, 0])
    x = law.sample(Generator().manual_seed(0), 5000)
    assert bool(torch.isfinite(law.log_density(x)).all())


def test_an_annulus_is_even_between_its_radii() -> None:
    law = plane(AnnulusConfig(inner=1, outer=2))
    places = torch.tensor([[0.0, 0.5], [0.0, 1.5], [-1.2, 1.2], [1.5, 1.5]])
    np.testing.assert_allclose(law.log_density(places).exp().numpy(), [0, 1 / (3 * math.pi), 1 / (3 * math.pi), 0], rtol=1e-6)
    r2 = law.sample(Generator().manual_seed(0), 20000).double().square().sum(1).numpy()
    assert stats.kstest(r2, stats.uniform(1, 3).cdf).pvalue > 1e-3  # r^2 is uniform on [1, 4]
    quarter = torch.tensor([0.0, math.inf], dtype=torch.float64)
    assert float(law.cell_masses(quarter, quarter)) == pytest.approx(1 / 4, abs=1e-14)
    strip = torch.tensor([-math.inf, -1.0, 1.0, math.inf], dtype=torch.float64)
    segment = (4 * math.pi / 3 - math.sqrt(3)) / (3 * math.pi)  # of the disc beyond a line at half its radius
    np.testing.assert_allclose(law.cell_masses(strip, strip).sum(0).numpy(), [segment, 1 - 2 * segment, segment], atol=1e-14)


@given(
    lows=st.tuples(st.floats(-3, 3), st.floats(-3, 3)),
    sizes=st.tuples(st.floats(0, 3), st.floats(0, 3)),
    radii=st.tuples(st.floats(0, 1.9), st.floats(2, 3)),
)
def test_masses_of_an_annulus_by_quadrature(
    lows: tuple[float, float], sizes: tuple[float, float], radii: tuple[float, float]
) -> None:
    """Any box, by a midpoint rule over x of the chords of both discs."""
    inner, outer = radii
    box = [torch.tensor([low, low + size], dtype=torch.float64) for low, size in zip(lows, sizes, strict=True)]
    x = lows[0] + sizes[0] * (np.arange(20000) + 0.5) / 20000

    def chords(radius: float) -> float:
        half = np.sqrt(np.maximum(radius**2 - x**2, 0))
        return float((np.clip(lows[1] + sizes[1], -half, half) - np.clip(lows[1], -half, half)).mean() * sizes[0])

    exact = (chords(outer) - chords(inner)) / (math.pi * (outer**2 - inner**2))
    assert float(plane(AnnulusConfig(inner=inner, outer=outer)).cell_masses(*box)) == pytest.approx(exact, abs=1e-5)


def test_a_line_is_a_line() -> None:
    """Along it a uniform law under noise, across it the noise alone."""
    law = plane(SegmentConfig(length=3, angle=90, noise=0.2))
    y = torch.linspace(-2, 2, 9, dtype=torch.float64)
    along = (torch.special.ndtr((y + 1.5) / 0.2) - torch.special.ndtr((y - 1.5) / 0.2)) / 3
    across = stats.norm(0, 0.2).pdf(0.1)
    found = law.log_density(torch.stack([torch.full_like(y, 0.1), y], dim=1)).exp()
    np.testing.assert_allclose(found.numpy(), along.numpy() * across, atol=1e-6)


def test_arms_of_spirals_are_turned_copies_of_one_another() -> None:
    law = plane(SpiralsConfig(arms=3, turns=1, noise=0.05))
    assert isinstance(law, Curve)
    first, second = law.curve(torch.tensor([0.1, 0.1 + 1 / 3], dtype=torch.float64))
    turn = 2 * math.pi / 3
    turned = [
        float(first[0] * math.cos(turn) - first[1] * math.sin(turn)),
        float(first[0] * math.sin(turn) + first[1] * math.cos(turn)),
    ]
    np.testing.assert_allclose(second.numpy(), turned, atol=1e-12)
    assert float(law.curve(torch.tensor(1.0, dtype=torch.float64)).norm()) == pytest.approx(2)


def test_a_painting_is_as_dense_as_it_is_painted() -> None:
    cells = np.zeros((SIDE, SIDE), dtype=np.uint8)
    cells[0, 63], cells[32, 0] = 50, 150  # low right, and in the middle of the left edge
    law = plane(DrawnConfig(painting=pack_painting(cells), half_width=3.2))  # cells 0.1 wide
    places = torch.tensor([[3.15, -3.15], [-3.15, 0.05], [0.0, 0.0], [9.0, 9.0]])
    np.testing.assert_allclose(law.log_density(places).exp().numpy(), [25, 75, 0, 0], rtol=1e-5)
    x = law.sample(Generator().manual_seed(0), 40000)
    assert float((x[:, 0] > 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert bool(torch.isfinite(law.log_density(x[(x[:, 0] > 3.101) | (x[:, 0] < -3.101)])).all())
    assert law.extent() == pytest.approx((-3.2, 3.2, -3.2, 0.1))


def test_uploaded_points_are_their_own_law() -> None:
    rows = np.array([[0, 0], [2, 1], [2, 1], [-1, 3]], dtype=np.float32)
    law = plane(Samples2DConfig(rows=pack_samples(rows), scaling="as_given"))
    infinite = torch.tensor([-math.inf, 0, 2, math.inf], dtype=torch.float64)
    masses = law.cell_masses(infinite, torch.tensor([-math.inf, 0.5, math.inf], dtype=torch.float64))
    assert masses.tolist() == [[0, 0.25, 0], [0.25, 0, 0.5]]
    x = law.sample(Generator().manual_seed(0), 40000)
    assert {tuple(row) for row in x.unique(dim=0).tolist()} == {(0, 0), (2, 1), (-1, 3)}
    assert float((x[:, 0] == 2).float().mean()) == pytest.approx(0.5, abs=0.01)
    axis = torch.linspace(-4, 6, 1001, dtype=torch.float64)
    places = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
    assert float(law.log_density(places).exp().sum()) * 0.01**2 == pytest.approx(1, abs=0.02)
