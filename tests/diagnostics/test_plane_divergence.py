"""JSD on the plane by nearest neighbours: against closed forms, quadrature and singular laws."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np
import pytest
import torch
from scipy import integrate, stats
from torch import Generator, Tensor

from gandash.config.data import (
    AnnulusConfig,
    CheckerboardConfig,
    DrawnConfig,
    Gaussian2DConfig,
    GridConfig,
    Mixture2DConfig,
    RingConfig,
    SwissRollConfig,
    TwoMoonsConfig,
)
from gandash.config.networks import LatentConfig
from gandash.config.setting import Settings
from gandash.diagnostics.estimators import jensen_shannon
from gandash.diagnostics.plane import window
from gandash.diagnostics.plane_divergence import NEIGHBOURS, QUERIES, Estimate, PlaneDivergence, latents, xi
from gandash.game.distributions import Latent, PlaneDistribution, distribution

LOG2 = math.log(2)
STANDARD = Gaussian2DConfig(mean=(0, 0), std=1)
PUBLISHED_RING, PUBLISHED_GRID = RingConfig(radius=1, std=0.02), GridConfig(spacing=2, std=0.05)


def law_of(settings: Settings) -> PlaneDistribution:
    found = distribution(settings)
    assert isinstance(found, PlaneDistribution)
    return found


@lru_cache
def divergence_from(settings: Settings) -> PlaneDivergence:
    law = law_of(settings)
    return PlaneDivergence(law, window(law))


def estimates(p_r: Settings, samples: Callable[[Generator, int], Tensor], seeds: int = 4) -> list[Estimate]:
    found = []
    for seed in range(seeds):
        x = samples(Generator().manual_seed(seed), NEIGHBOURS + QUERIES)
        found.append(divergence_from(p_r).read(x[:NEIGHBOURS], x[NEIGHBOURS:]))
    return found


def agree(found: list[Estimate], exact: float, share: float = 0.05) -> None:
    """Their mean within this share of the truth, or 0.005 nats; each within its own error, or half as much again."""
    assert np.mean([e.jsd for e in found]) == pytest.approx(exact, rel=share, abs=0.005)
    for e in found:
        assert e.error < 0.02 and abs(e.jsd - exact) <= 1.5 * e.error


def phi(rho: float) -> float:
    return math.log1p(rho) + rho * math.log1p(1 / rho)


def of_two_widths(ratio: float) -> float:
    """JSD(N(0, I), N(0, ratio^2 I)) on the plane, by quadrature in t = |x|^2 / 2: a mode of another width, far from others."""

    def integrand(t: float) -> float:
        return math.exp(-t) * phi(ratio**2 * math.exp(t - ratio**2 * t))

    return LOG2 - integrate.quad(integrand, 0, 100)[0] / 2


@pytest.mark.parametrize("k", [1, 3, 6])
@pytest.mark.parametrize("rho", [1e-3, 0.2, 1.0, 5.0, 1e3])
def test_the_mean_of_xi_over_the_gamma_law_is_phi(k: int, rho: float) -> None:
    g = stats.gamma(k).ppf((np.arange(200_000) + 0.5) / 200_000)
    mean = xi(rho * g, k).mean()
    assert mean == pytest.approx(phi(rho), rel=3e-4)


def test_xi_of_nothing_is_nothing() -> None:
    assert xi(np.array([0.0, 1e-300]), 3).tolist() == [0, 0]


@pytest.mark.parametrize(
    "settings", [RingConfig(), PUBLISHED_RING, PUBLISHED_GRID], ids=["ring", "published ring", "published grid"]
)
def test_modes_of_half_the_width(settings: RingConfig | GridConfig) -> None:
    exact = of_two_widths(0.5)
    assert exact == pytest.approx(0.1733, abs=1e-4)
    narrow = law_of(settings.model_copy(update={"std": settings.std / 2}))
    agree(estimates(settings, narrow.sample), exact)


def test_cells_as_wide_as_a_mode_would_not_see_its_width() -> None:
    """Why there are no cells here: on cells of 1.25 standard deviations, the same laws seem a third closer."""
    settings = RingConfig()
    wide, narrow = law_of(settings), law_of(settings.model_copy(update={"std": settings.std / 2}))
    low_x, high_x, low_y, high_y = window(wide)
    cells = math.ceil((high_x - low_x) / (1.25 * settings.std)) + 1
    edges = [torch.linspace(a, b, cells, dtype=torch.float64) for a, b in ((low_x, high_x), (low_y, high_y))]
    p, q = (law.cell_masses(*edges).numpy().reshape(-1) for law in (wide, narrow))
    assert jensen_shannon(p, q) < 0.75 * of_two_widths(0.5)


@pytest.mark.parametrize("shift", [0.3, 1.0, 3.0])
def test_a_shift(shift: float) -> None:
    """The log-ratio of N(0, I) and N(s, I) is normal: a single integral."""

    def integrand(u: float) -> float:
        return math.exp(-u * u / 2) / math.sqrt(2 * math.pi) * phi(math.exp(-shift * u - shift**2 / 2))

    exact = LOG2 - integrate.quad(integrand, -10, 10)[0] / 2
    agree(estimates(STANDARD, lambda g, n: law_of(STANDARD).sample(g, n) + torch.tensor([shift, 0])), exact)


@pytest.mark.parametrize("missing", [1, 4, 7])
def test_modes_that_are_missing(missing: int) -> None:
    """On the modes that are left rho = (8 - missing) / 8, elsewhere p_g is nothing. Modes are 15 standard deviations apart."""
    settings = RingConfig(modes=8, radius=4, std=0.2)
    left = law_of(settings.model_copy(update={"weights": (1e-9,) * missing + (1.0,) * (8 - missing)}))
    agree(estimates(settings, left.sample), LOG2 - phi((8 - missing) / 8) / 2)


def test_a_fold_covers_half_the_plane_twice() -> None:
    """p_g of (|z_1|, z_2): a sharp edge, and two latents for each point. rho = 1/2 where p_g is."""

    def folded(g: Generator, n: int) -> Tensor:
        x = law_of(STANDARD).sample(g, n)
        return torch.stack([x[:, 0].abs(), x[:, 1]], dim=1)

    agree(estimates(STANDARD, folded), LOG2 - phi(0.5) / 2)


@pytest.mark.parametrize("std", [0.6, 1.0])
@pytest.mark.parametrize(
    "settings", [CheckerboardConfig(), CheckerboardConfig(side=10), AnnulusConfig(), DrawnConfig()], ids=str
)
def test_a_smooth_law_that_crosses_sharp_edges(settings: Settings, std: float) -> None:
    """N(0, std^2) against laws that end at cliffs, by the midpoint rule over p_r's support."""
    law = law_of(settings)
    low_x, high_x, low_y, high_y = law.extent()
    n = 1600
    x, y = (a + (b - a) * (np.arange(n) + 0.5) / n for a, b in ((low_x, high_x), (low_y, high_y)))
    places = torch.from_numpy(np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2))
    p_g = stats.norm(0, std).pdf(places.numpy()).prod(axis=1)
    rho = law.log_density(places).exp().numpy() / p_g
    within, cell = rho > 0, (high_x - low_x) * (high_y - low_y) / n**2
    terms = np.log1p(rho[within]) + rho[within] * np.log1p(1 / rho[within])
    exact = LOG2 - float((p_g[within] * terms).sum()) * cell / 2
    found = estimates(settings, lambda g, k: std * torch.randn(k, 2, generator=g), seeds=3)
    assert np.mean([e.jsd for e in found]) == pytest.approx(exact, rel=0.02, abs=0.003)


def test_outside_of_p_rs_support_p_g_has_no_neighbours() -> None:
    """All of it there is as far as can be, and so are a few samples that strayed inside."""

    def beside(g: Generator, n: int) -> Tensor:
        x = 3 + torch.rand(n, 2, generator=g)
        x[:4] = 0.5
        return x

    for e in estimates(CheckerboardConfig(), beside, seeds=1):
        assert e.jsd == pytest.approx(LOG2)


@pytest.mark.parametrize(
    "settings",
    [
        RingConfig(),
        PUBLISHED_RING,
        PUBLISHED_GRID,
        GridConfig(),
        TwoMoonsConfig(),
        SwissRollConfig(),
        CheckerboardConfig(),
        AnnulusConfig(),
        Mixture2DConfig(means=((-3, 0), (3, 0)), std=0.3, weights=(1, 3)),
        DrawnConfig(),
    ],
    ids=str,
)
def test_equal_laws_read_nothing_on_average(settings: Settings) -> None:
    agree(estimates(settings, law_of(settings).sample, seeds=6), 0.0)


@pytest.mark.parametrize(
    "settings", [RingConfig(), PUBLISHED_RING, PUBLISHED_GRID], ids=["ring", "published ring", "published grid"]
)
def test_a_collapse_to_a_point_on_each_mode_is_as_far_as_can_be(settings: Settings) -> None:
    modes = law_of(settings).modes()
    assert modes is not None
    points = modes.points.float()
    for e in estimates(settings, lambda g, n: points[torch.randint(len(points), (n,), generator=g)], seeds=1):
        assert e.jsd == pytest.approx(LOG2, abs=1e-3)


def test_a_curve_is_nearly_as_far() -> None:
    """A generator of a one-dimensional latent has no density: log 2, whatever it is like."""

    def circle(g: Generator, n: int) -> Tensor:
        angle = 2 * math.pi * torch.rand(n, generator=g)
        return 2 * torch.stack([angle.cos(), angle.sin()], dim=1)

    for e in estimates(RingConfig(), circle, seeds=1):
        assert e.jsd == pytest.approx(LOG2, rel=0.02)


@pytest.mark.parametrize("kind", ["normal", "uniform"])
@pytest.mark.parametrize("dimension", [2, 3, 8])
def test_latents_of_any_dimension(kind: str, dimension: int) -> None:
    """z_1 and z_2 through the normal quantile are N(0, I) in both: half their width is known, and neither law has drifted."""
    latent = Latent(LatentConfig(kind=kind, dimension=dimension))
    exact = of_two_widths(0.5)
    for seed in range(2):
        independent, spread = latents(latent, Generator().manual_seed(seed))
        assert independent.shape == (NEIGHBOURS, dimension) and spread.shape == (QUERIES, dimension)
        x, y = (z if kind == "normal" else torch.special.ndtri((z + 1) / 2) for z in (independent, spread))
        assert y.mean(0).abs().max() < 0.01 and (y.std(0) - 1).abs().max() < 0.01
        found = divergence_from(STANDARD).read(x[:, :2] / 2, y[:, :2] / 2)
        assert found.jsd == pytest.approx(exact, rel=0.06)


def test_far_away_is_far() -> None:
    for e in estimates(RingConfig(), lambda g, n: 1e30 + torch.rand(n, 2, generator=g), seeds=1):
        assert e.jsd == pytest.approx(LOG2)


def test_a_diverged_generator_has_no_reading() -> None:
    x = law_of(RingConfig()).sample(Generator().manual_seed(0), NEIGHBOURS + QUERIES)
    for place in (0, NEIGHBOURS):
        spoilt = x.clone()
        spoilt[place, 1] = math.nan
        found = divergence_from(RingConfig()).read(spoilt[:NEIGHBOURS], spoilt[NEIGHBOURS:])
        assert math.isnan(found.jsd) and math.isnan(found.error)


def test_other_sample_counts_are_refused() -> None:
    with pytest.raises(ValueError, match=f"{NEIGHBOURS} neighbours and {QUERIES} queries"):
        divergence_from(RingConfig()).read(torch.zeros(7, 2), torch.zeros(QUERIES, 2))
