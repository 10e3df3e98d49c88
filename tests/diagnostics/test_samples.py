"""Two-sample statistics against brute force, naive loops and closed forms."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import Generator, Tensor

from gandash.config.data import MixtureConfig, RingConfig
from gandash.diagnostics.coverage import perfect_quality
from gandash.diagnostics.samples import (
    DIRECTIONS,
    EXACT,
    Manifold,
    floor,
    floors,
    manifold,
    mmd_squared,
    mode_table,
    wasserstein,
)
from gandash.game.distributions import Modes, distribution


def draw(n: int, dimension: int, seed: int, shift: float = 0.0) -> Tensor:
    return torch.randn(n, dimension, generator=Generator().manual_seed(seed), dtype=torch.float64) + shift


def normal(dimension: int) -> Any:
    return lambda generator, n: torch.randn(n, dimension, generator=generator, dtype=torch.float64)


# -------------------------------------------------------------------------------------------------------- Wasserstein


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("dimension", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_wasserstein_against_every_permutation(n: int, dimension: int, order: int) -> None:
    x, y = draw(n, dimension, 1), draw(n, dimension, 2, shift=0.5)
    least = min(
        sum(math.dist(x[i].tolist(), y[j].tolist()) ** order for i, j in enumerate(chosen))
        for chosen in itertools.permutations(range(n))
    )
    found = wasserstein(x, y, order)
    assert found.name == f"W_{order}"
    assert found.value == pytest.approx((least / n) ** (1 / order), rel=1e-12)


@pytest.mark.parametrize(("n", "dimension"), [(5000, 1), (300, 2), (EXACT + 1, 2), (EXACT + 1, 5)])
@pytest.mark.parametrize("order", [1, 2])
def test_wasserstein_of_a_shifted_sample(n: int, dimension: int, order: int) -> None:
    """Every point moves by s: W_p = |s|; sliced, the p-mean of |s . direction|, which evenly spread directions make known."""
    x = draw(n, dimension, 3)
    shift = torch.zeros(dimension, dtype=torch.float64)
    shift[0] = 0.7
    found = wasserstein(x, x + shift, order)
    if dimension == 1 or n <= EXACT:
        assert (found.name, found.value) == (f"W_{order}", pytest.approx(0.7, rel=1e-9))
    else:
        # E |s . direction| for a direction uniform on the sphere, and its square's root mean |s| / sqrt(d)
        mean = math.gamma(dimension / 2) / (math.sqrt(math.pi) * math.gamma((dimension + 1) / 2))
        exact = 0.7 * (mean if order == 1 else 1 / math.sqrt(dimension))
        assert found.name == f"sliced W_{order}"
        assert found.value == pytest.approx(exact, rel=1e-3 if dimension == 2 else 3 / math.sqrt(DIRECTIONS))
        assert found.value < 0.7


def test_wasserstein_on_the_line_against_scipy() -> None:
    x, y = draw(400, 1, 4), 2 * draw(400, 1, 5)
    assert wasserstein(x, y).value == pytest.approx(stats.wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy()), rel=1e-12)


@given(st.integers(0, 2**20), st.sampled_from([1, 2, 3]), st.sampled_from([1, 2]))
def test_wasserstein_is_a_distance_whatever_the_order(seed: int, dimension: int, order: int) -> None:
    x, y, z = (draw(20, dimension, seed + i, shift=i / 2) for i in range(3))
    xy, yz, xz = (wasserstein(a, b, order).value for a, b in ((x, y), (y, z), (x, z)))
    assert xz <= xy + yz + 1e-9
    assert wasserstein(y.flip(0), x, order).value == pytest.approx(xy, rel=1e-9)
    assert wasserstein(x, x.flip(0), order).value == 0
    assert wasserstein(x, y, 1).value <= wasserstein(x, y, 2).value + 1e-12


def test_what_cannot_be_paired_is_refused() -> None:
    for x, y in ((draw(3, 2, 0), draw(4, 2, 0)), (draw(3, 2, 0), draw(3, 1, 0)), (draw(3, 2, 0)[:0], draw(3, 2, 0)[:0])):
        with pytest.raises(ValueError, match="samples of shapes"):
            wasserstein(x, y)


# ---------------------------------------------------------------------------------------------------------------- MMD


@pytest.mark.parametrize("dimension", [1, 2, 5])
@pytest.mark.parametrize(("m", "n"), [(2, 2), (7, 7), (9, 5), (600, 530)])
def test_mmd_against_loops(m: int, n: int, dimension: int) -> None:
    x, y = draw(m, dimension, 1), draw(n, dimension, 2, shift=0.3)

    def k(a: Tensor, b: Tensor) -> float:
        return (float(a @ b) / dimension + 1) ** 3

    def mean(a: Tensor, b: Tensor, pairs: Any) -> float:
        return float(np.mean([k(a[i], b[j]) for i, j in pairs]))

    if m < 100:
        expected = (
            mean(x, x, itertools.permutations(range(m), 2))
            + mean(y, y, itertools.permutations(range(n), 2))
            - 2 * mean(x, y, itertools.product(range(m), range(n)))
        )
    else:  # more rows than one block holds
        grams = [(a @ b.T / dimension + 1) ** 3 for a, b in ((x, x), (y, y), (x, y))]
        expected = float(
            (grams[0].sum() - grams[0].trace()) / (m * (m - 1))
            + (grams[1].sum() - grams[1].trace()) / (n * (n - 1))
            - 2 * grams[2].mean()
        )
    assert mmd_squared(x, y) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_mmd_is_unbiased() -> None:
    """On the line (xy + 1)^3 = 1 + 3xy + 3(xy)^2 + (xy)^3: MMD^2 = 3 dm_1^2 + 3 dm_2^2 + dm_3^2 in raw moments."""
    shift = 0.4
    exact = 3 * shift**2 + 3 * (shift**2) ** 2 + (shift**3 + 3 * shift) ** 2
    readings = np.array([mmd_squared(draw(20, 1, 2 * s), draw(20, 1, 2 * s + 1, shift)) for s in range(2000)])
    assert abs(readings.mean() - exact) < 4 * readings.std() / math.sqrt(len(readings))
    equal = np.array([mmd_squared(draw(20, 1, 2 * s), draw(20, 1, 2 * s + 1)) for s in range(2000)])
    assert abs(equal.mean()) < 4 * equal.std() / math.sqrt(len(equal)) and equal.min() < 0


def test_mmd_wants_two_of_each() -> None:
    with pytest.raises(ValueError, match="1 and 5 samples given"):
        mmd_squared(draw(1, 2, 0), draw(5, 2, 0))


# ----------------------------------------------------------------------------------------------------------- manifold


def naive(real: Tensor, fake: Tensor, k: int) -> Manifold:
    def radius(sample: Tensor, i: int) -> float:
        others = sorted(math.dist(sample[i].tolist(), sample[j].tolist()) for j in range(len(sample)) if j != i)
        return others[k - 1]

    def inside(point: Tensor, sample: Tensor, i: int) -> bool:
        return math.dist(point.tolist(), sample[i].tolist()) <= radius(sample, i)

    m, n = range(len(real)), range(len(fake))
    return Manifold(
        precision=sum(any(inside(fake[j], real, i) for i in m) for j in n) / len(fake),
        recall=sum(any(inside(real[i], fake, j) for j in n) for i in m) / len(real),
        density=sum(inside(fake[j], real, i) for i in m for j in n) / (k * len(fake)),
        coverage=sum(any(inside(fake[j], real, i) for j in n) for i in m) / len(real),
    )


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize(("m", "n", "dimension"), [(6, 6, 1), (12, 9, 2), (8, 15, 3)])
@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_manifold_against_loops(m: int, n: int, dimension: int, k: int, shift: float) -> None:
    real, fake = draw(m, dimension, 1), draw(n, dimension, 2, shift)
    found, expected = manifold(real, fake, k), naive(real, fake, k)
    for name, value in vars(expected).items():
        assert getattr(found, name) == pytest.approx(value, abs=1e-12), name


def test_manifold_in_blocks_is_that_of_the_whole_matrix() -> None:
    real, fake, k = draw(1100, 2, 1), draw(700, 2, 2, 2.0), 5
    apart = torch.linalg.vector_norm(real[:, None] - fake, dim=-1)
    real_radii, fake_radii = (torch.linalg.vector_norm(s[:, None] - s, dim=-1).sort(dim=1).values[:, k] for s in (real, fake))
    found = manifold(real, fake, k)
    inside = apart <= real_radii[:, None]
    assert found.precision == pytest.approx(float(inside.any(0).double().mean()))
    assert found.recall == pytest.approx(float((apart <= fake_radii).any(1).double().mean()))
    assert found.density == pytest.approx(float(inside.double().sum(0).mean()) / k)
    assert found.coverage == pytest.approx(float(inside.any(1).double().mean()))


def test_a_collapsed_generator_is_precise_and_recalls_nothing() -> None:
    real = draw(200, 2, 1)
    found = manifold(real, real[:1].repeat(200, 1))
    assert found.precision == 1 and found.recall == 1 / 200 and found.coverage < 0.1
    far = manifold(real, draw(200, 2, 2, shift=50))
    assert vars(far) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}
    same = manifold(real, real)
    assert same.precision == same.recall == same.coverage == 1
    assert same.density == pytest.approx(6 / 5)  # each ball holds its centre and k others


def perfect_coverage(n: int, m: int, k: int) -> float:
    """The mean coverage when n real and m generated samples have one continuous law; about 1 - 2^-k for n = m.

    A real sample is not covered when its k nearest among all n - 1 + m others are real. (Naeem et al. 2020, lemma 2.)
    """
    return 1 - math.prod((n - i) / (n + m - i) for i in range(1, k + 1))


def test_one_law_reads_density_one_and_the_coverage_of_the_lemma() -> None:
    n, k = 60, 5
    readings = [manifold(draw(n, 2, 2 * s), draw(n, 2, 2 * s + 1), k) for s in range(150)]
    for name, exact in (("density", 1.0), ("coverage", perfect_coverage(n, n, k))):
        values = np.array([getattr(r, name) for r in readings])
        assert abs(values.mean() - exact) < 4 * values.std() / math.sqrt(len(values)), name
    assert perfect_coverage(10**6, 10**6, k) == pytest.approx(1 - 2**-k, abs=1e-5)
    assert perfect_coverage(2, 1, 1) == pytest.approx(1 / 2)  # the nearest of one real and one generated neighbour


@pytest.mark.parametrize(("m", "n", "k"), [(5, 9, 5), (9, 5, 5), (9, 9, 0)])
def test_too_few_for_so_many_neighbours(m: int, n: int, k: int) -> None:
    with pytest.raises(ValueError, match="neighbours need"):
        manifold(draw(m, 2, 0), draw(n, 2, 0), k)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
@pytest.mark.parametrize("dimension", [1, 2])
def test_a_diverged_generator_reads_nan(bad: float, dimension: int) -> None:
    x, y = draw(20, dimension, 0), draw(20, dimension, 1)
    y[3, 0] = bad
    assert math.isnan(wasserstein(x, y).value) and math.isnan(mmd_squared(x, y))
    assert all(math.isnan(v) for v in vars(manifold(x, y)).values())


# ------------------------------------------------------------------------------------------------------------- floors


@pytest.mark.parametrize(
    "statistic",
    [
        lambda x, y: wasserstein(x, y, 1).value,
        lambda x, y: wasserstein(x, y, 2).value,
        mmd_squared,
        lambda x, y: manifold(x, y).precision,
    ],
    ids=["W_1", "W_2", "MMD^2", "precision"],
)
@pytest.mark.parametrize("dimension", [1, 2])
def test_floors_by_an_independent_simulation(statistic: Any, dimension: int) -> None:
    n, repeats = 40, 60
    found = floor(statistic, normal(dimension), n, repeats)
    rng = np.random.default_rng(7)
    values = np.array(
        [statistic(*(torch.from_numpy(rng.standard_normal((n, dimension))) for _ in range(2))) for _ in range(300)]
    )
    assert abs(found.mean - values.mean()) < 4 * values.std() * math.sqrt(1 / repeats + 1 / 300)
    assert found.mean < found.worst_5pct
    assert 0.85 <= float((values <= found.worst_5pct).mean()) <= 1


def test_w1_floor_of_two_samples_in_closed_form() -> None:
    """sqrt(n/2) (F_n - G_n) is nearly a Brownian bridge: E W1 = sqrt(4 / (pi n)) times the integral of sqrt(F (1 - F))."""
    grid = np.linspace(-6, 6, 4001)
    integral = np.trapezoid(np.sqrt(stats.norm.cdf(grid) * stats.norm.sf(grid)), grid)
    found = floor(lambda x, y: wasserstein(x, y).value, normal(1), 2000, 100)
    assert found.mean == pytest.approx(math.sqrt(4 / (math.pi * 2000)) * integral, rel=0.15)


def test_floors_read_together_are_those_read_alone() -> None:
    law = distribution(RingConfig())
    both = floors(lambda x, y: vars(manifold(x, y)), law.sample, 50, 6)
    assert set(both) == {"precision", "recall", "density", "coverage"}
    for name, found in both.items():
        alone = floor(lambda x, y, name=name: -getattr(manifold(x, y), name), law.sample, 50, 6)  # as a cost: less is better
        assert (found.mean, found.worst_5pct) == pytest.approx((-alone.mean, -alone.worst_5pct))


# -------------------------------------------------------------------------------------------------------------- modes


def test_mode_table_counted_by_hand() -> None:
    modes = Modes(points=torch.tensor([[0.0, 0.0], [10.0, 0.0]]).double(), weights=torch.tensor([0.25, 0.75]).double(), std=1.0)
    table = mode_table(torch.tensor([[0.0, 2.9], [0.0, 3.1], [10.0, 0.0], [11.0, 1.0], [5.0, 5.0]]), modes)
    assert [r.point for r in table.rows] == [(0.0, 0.0), (10.0, 0.0)]
    np.testing.assert_allclose([r.share for r in table.rows], [1 / 5, 2 / 5], rtol=1e-6)
    assert table.elsewhere == pytest.approx(2 / 5)
    assert table.rows[1].expected == pytest.approx(0.75 * (1 - math.exp(-9 / 2)))
    assert table.expected_elsewhere == pytest.approx(math.exp(-9 / 2))
    assert table.noise_elsewhere == pytest.approx(math.sqrt(math.exp(-9 / 2) * (1 - math.exp(-9 / 2)) / 5))


def test_mode_table_of_a_perfect_sampler() -> None:
    law = distribution(MixtureConfig(means=(-3, 0, 3), weights=(1, 2, 3), std=0.2))
    modes = law.modes()
    assert modes is not None
    table = mode_table(law.sample(Generator().manual_seed(0), 20000), modes)
    for row in table.rows:
        assert abs(row.share - row.expected) < 4 * row.noise
        assert 0 < row.noise < 0.004
    assert table.expected_elsewhere == pytest.approx(1 - perfect_quality(1), abs=1e-6)
    assert abs(table.elsewhere - table.expected_elsewhere) < 4 * table.noise_elsewhere


def test_the_unlucky_end_of_a_score_is_its_low_one() -> None:
    def statistics(x: Tensor, y: Tensor) -> dict[str, float]:
        apart = abs(float((x - y).mean()))
        return {"w1": apart, "precision": 1 - apart}

    found = floors(statistics, lambda generator, n: torch.randn(n, 2, generator=generator), 20)
    assert found["w1"].worst_5pct > found["w1"].mean and found["precision"].worst_5pct < found["precision"].mean
    assert found["precision"].worst_5pct == pytest.approx(1 - found["w1"].worst_5pct)
