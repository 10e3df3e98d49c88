"""Mode coverage against cases that can be counted by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from torch import Generator

from gandash.config.data import GridConfig, MixtureConfig, RingConfig, Target
from gandash.diagnostics.coverage import RADIUS, cover, perfect_quality, perfect_shares
from gandash.diagnostics.estimators import NullReference
from gandash.domains.plane import plane_estimators
from gandash.game.distributions import Modes, distribution

FOUR = Modes(
    points=torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]]).double(),
    weights=torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.float64),
    std=1.0,
)


def test_counted_by_hand() -> None:
    x = torch.tensor([[0.0, 2.9], [0.0, 3.1], [10.0, 0.0], [11.0, 1.0], [5.0, 5.0], [0.0, 10.0], [90.0, 0.0], [10.0, 2.99]])
    found = cover(x, FOUR)
    assert found.captured == 3  # none at (10, 10)
    assert found.high_quality == 5 / 8  # 3.1 is beyond 3 std, the middle and the far one are nowhere
    np.testing.assert_allclose(found.shares, [1 / 8, 3 / 8, 1 / 8, 0])
    exact = 0.2 * math.log(0.2 / 0.1) + 0.6 * math.log(0.6 / 0.2) + 0.2 * math.log(0.2 / 0.3)
    assert found.reverse_kl == pytest.approx(exact, rel=1e-12)


@pytest.mark.parametrize("k", [1, 2, 5, 8])
def test_a_generator_uniform_on_k_of_K_equal_modes_reads_log_of_their_ratio(k: int) -> None:
    modes = distribution(RingConfig(modes=8, radius=2, std=0.1)).modes()
    assert modes is not None
    found = cover(modes.points[:k].repeat(50, 1).float(), modes)
    assert found.captured == k and found.high_quality == 1
    assert found.reverse_kl == pytest.approx(math.log(8 / k), abs=1e-12)


@pytest.mark.parametrize(
    "settings", [RingConfig(std=0.02), GridConfig(std=0.025), MixtureConfig(means=(-2, 2), std=0.1)], ids=str
)
def test_a_perfect_sampler(settings: Target) -> None:
    """At the published scales: every mode, and the share that a chi distribution says, within four standard errors."""
    law, n = distribution(settings), 40000
    modes = law.modes()
    assert modes is not None
    found = cover(law.sample(Generator().manual_seed(0), n), modes)
    perfect = perfect_quality(law.dimension)
    assert found.captured == len(modes.weights)
    assert found.high_quality == pytest.approx(perfect, abs=4 * math.sqrt(perfect * (1 - perfect) / n))
    assert found.reverse_kl < 3 * len(modes.weights) / (2 * n) + 1e-4


def test_the_perfect_share() -> None:
    assert perfect_quality(2) == pytest.approx(1 - math.exp(-9 / 2), abs=1e-12)
    assert perfect_quality(1) == pytest.approx(stats.norm.cdf(3) - stats.norm.cdf(-3), abs=1e-12)
    assert perfect_quality(3) == pytest.approx(stats.chi(3).cdf(RADIUS), abs=1e-12)


@pytest.mark.parametrize(
    ("settings", "exact"),
    [
        (GridConfig(spacing=0.5, std=0.2), 0.998383),
        (GridConfig(spacing=1.0, std=0.2), 0.995855),
        (RingConfig(modes=16, radius=1.0, std=0.2), 0.996807),
        (RingConfig(modes=16, radius=1.0, std=0.08), 0.993436),
        (MixtureConfig(means=(-0.5, 0.0, 0.5), std=0.2), 0.999100),
        (RingConfig(), 0.988891),
    ],
    ids=str,
)
def test_where_modes_lie_near_each_other_a_perfect_generator_scores_more(settings: Target, exact: float) -> None:
    """`exact` is an integral on 4000 x 4000 cells. Of 10 million samples of the first three laws .99839, .99587 and .99684 are
    of high quality (standard errors 1.3e-5, 2.0e-5 and 1.8e-5); it is counted again here on fewer."""
    law, n = distribution(settings), 400_000
    modes = law.modes()
    assert modes is not None
    perfect = perfect_shares(modes)
    assert perfect.sum() == pytest.approx(exact, abs=4e-5)
    found = cover(law.sample(Generator().manual_seed(1), n), modes)
    np.testing.assert_allclose(perfect, found.shares, atol=5 * math.sqrt(0.25 / n))
    assert found.high_quality == pytest.approx(perfect.sum(), abs=5 * math.sqrt(exact * (1 - exact) / n))


@pytest.mark.parametrize(
    "settings", [RingConfig(), GridConfig(spacing=0.5, std=0.2), RingConfig(weights=(1,) * 7 + (9,))], ids=str
)
def test_a_perfect_generator_reads_its_floors_on_the_plane(settings: Target) -> None:
    """By the binomial law and the chi-square limit of 2 n KL, of which both floors are drawn 24 times."""
    plane = plane_estimators(settings)
    modes, n = distribution(settings).modes(), plane.samples
    assert modes is not None
    k, quality = len(modes.weights), perfect_shares(modes).sum()
    spread = math.sqrt(quality * (1 - quality) / n)
    assert plane.floors["high_quality"].mean == pytest.approx(quality, abs=4 * spread / math.sqrt(24))
    assert plane.floors["high_quality"].worst_5pct == pytest.approx(quality - 1.645 * spread, abs=1.5 * spread)
    assert plane.floors["modes"] == NullReference(k, k)
    kl = stats.chi2(k - 1, scale=1 / (2 * n * quality))  # shares of overlapping modes are not quite their weights
    of_shares = float((perfect_shares(modes) / quality * np.log(perfect_shares(modes) / quality / modes.weights.numpy())).sum())
    assert plane.floors["reverse_kl"].mean == pytest.approx(of_shares + kl.mean(), abs=4 * kl.std() / math.sqrt(24))
    assert of_shares + kl.ppf(0.8) < plane.floors["reverse_kl"].worst_5pct < of_shares + kl.ppf(0.999)


def test_a_single_mode_of_three_dimensions_scores_what_chi_says() -> None:
    one = Modes(points=torch.zeros(1, 3).double(), weights=torch.ones(1).double(), std=0.5)
    assert perfect_shares(one).tolist() == pytest.approx([perfect_quality(3)], abs=1e-12)


def test_nothing_anywhere_near() -> None:
    found = cover(torch.full((5, 2), 100.0), FOUR)
    assert (found.captured, found.high_quality) == (0, 0)
    assert math.isnan(found.reverse_kl)


@given(st.integers(0, 2**32 - 1), st.floats(0, 12))
def test_order_means_nothing_and_the_reverse_kl_is_never_negative(seed: int, spread: float) -> None:
    x = spread * torch.randn(200, 2, generator=Generator().manual_seed(seed)) + 5
    found, shuffled = cover(x, FOUR), cover(x.flip(0), FOUR)
    assert (found.captured, found.high_quality) == (shuffled.captured, shuffled.high_quality)
    assert math.isnan(found.reverse_kl) or found.reverse_kl >= -1e-12
    assert float(found.shares.sum()) == pytest.approx(found.high_quality)
