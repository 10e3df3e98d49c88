"""Statistics of pictures against closed forms, slow references, and generators whose faults are known."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torch import Generator, Tensor

from gandash.config.data import (
    BarsConfig,
    BlobsConfig,
    DigitsConfig,
    DiscsAndSquaresConfig,
    FoundPicturesConfig,
    PicturesConfig,
    UploadedPicturesConfig,
)
from gandash.diagnostics.pictures import (
    CAPTURED,
    MORE_IS_BETTER,
    LabelClasses,
    Moments,
    PictureEstimators,
    frechet,
    picture_estimators_for,
)
from gandash.diagnostics.samples import manifold
from gandash.game.distributions import PictureDistribution, distribution
from gandash.packed import PackedPictures, pack_pictures

DIGITS = DigitsConfig()
LAWS = (DIGITS, BarsConfig(), DiscsAndSquaresConfig(), BlobsConfig())
N = PictureEstimators.samples


def law(settings: PicturesConfig) -> PictureDistribution:
    found = distribution(settings)
    assert isinstance(found, PictureDistribution)
    return found


def draw(settings: PicturesConfig, seed: int = 0, n: int = N) -> Tensor:
    return law(settings).sample(Generator().manual_seed(seed), n)


def read(settings: PicturesConfig, x: Tensor) -> dict[str, float]:
    return picture_estimators_for(settings).read(x).numbers


# ------------------------------------------------------------------------------------------------------------- Frechet


def gaussian(seed: int, dimension: int, rank: int | None = None) -> Moments:
    drawn = np.random.default_rng(seed)
    factor = drawn.standard_normal((dimension, rank or 2 * dimension))
    return Moments(drawn.standard_normal(dimension), factor @ factor.T / dimension)


def test_frechet_of_gaussians_in_closed_form() -> None:
    """In one direction (m1 - m2)^2 + (s1 - s2)^2; in several that share their axes, the sum of it."""
    a = Moments(np.array([1.0]), np.array([[4.0]]))
    b = Moments(np.array([-2.0]), np.array([[9.0]]))
    assert frechet(a, b) == pytest.approx(3**2 + 1**2, rel=1e-12)
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((5, 5)))[0]
    s, t = np.array([1.0, 2, 3, 0.5, 0]), np.array([2.0, 2, 1, 0, 0])
    one = Moments(np.zeros(5), rotation @ np.diag(s**2) @ rotation.T)
    other = Moments(np.full(5, 0.3), rotation @ np.diag(t**2) @ rotation.T)
    # A root of what rounding leaves of a zero, 1e-16, is 1e-8
    assert frechet(one, other) == pytest.approx(5 * 0.09 + ((s - t) ** 2).sum(), abs=1e-6)


@pytest.mark.parametrize("dimension", [1, 2, 7, 32])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_frechet_against_the_published_formula(dimension: int, seed: int) -> None:
    """|m1 - m2|^2 + tr(A + B - 2 (A B)^(1/2)), with SciPy's square root of a matrix that is not symmetric."""
    a, b = gaussian(2 * seed, dimension), gaussian(2 * seed + 1, dimension)
    root = np.trace(np.real(sqrtm(a.covariance @ b.covariance)))
    slow = ((a.mean - b.mean) ** 2).sum() + np.trace(a.covariance) + np.trace(b.covariance) - 2 * root
    assert frechet(a, b) == pytest.approx(float(slow), rel=1e-7)


@given(st.integers(0, 2**20), st.integers(1, 6), st.integers(1, 6))
def test_frechet_is_a_squared_distance(seed: int, rank_a: int, rank_b: int) -> None:
    a, b = gaussian(seed, 6, rank_a), gaussian(seed + 1, 6, rank_b)  # singular ones, too
    assert frechet(a, b) == pytest.approx(frechet(b, a), rel=1e-5, abs=1e-6)
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b) >= ((a.mean - b.mean) ** 2).sum() - 1e-6


def test_moments_are_numpys() -> None:
    features = np.random.default_rng(0).standard_normal((50, 4)) @ np.random.default_rng(1).standard_normal((4, 4))
    found = Moments.of(features)
    np.testing.assert_allclose(found.mean, features.mean(axis=0))
    np.testing.assert_allclose(found.covariance, np.cov(features.T), rtol=1e-12)
    assert found.variance == pytest.approx(features.var(axis=0, ddof=1).sum())


def test_the_unit_is_the_real_pictures_variance() -> None:
    """One real picture again and again is |f - mean|^2 + tr: over all of them, 2 tr on average."""
    x = law(DIGITS).pictures()
    assert x is not None
    shown = Generator().manual_seed(5)
    readings = [read(DIGITS, x[i : i + 1].expand(N, -1))["frechet"] for i in torch.randperm(len(x), generator=shown)[:40]]
    assert np.mean(readings) == pytest.approx(2, abs=4 * np.std(readings) / math.sqrt(len(readings)))


# ---------------------------------------------------------------------------------------------- samplers whose truth is known


@pytest.mark.parametrize("settings", LAWS, ids=lambda s: s.kind)
def test_a_perfect_sampler_reads_as_real_ones_do(settings: PicturesConfig) -> None:
    found = picture_estimators_for(settings)
    readings = [found.read(draw(settings, seed)).numbers for seed in range(1, 7)]
    for name, more_is_better in MORE_IS_BETTER.items():
        level, mean = found.floors[name], float(np.mean([r[name] for r in readings]))
        reach = 1.5 * abs(level.mean - level.worst_5pct) + 1e-9
        assert mean >= level.mean - reach if more_is_better else mean <= level.mean + reach, name
        assert level.worst_5pct <= level.mean if more_is_better else level.mean <= level.worst_5pct, name
    assert found.floors["frechet"].mean < 0.02 and found.floors["coverage"].mean > 0.9


def test_levels_are_of_pictures_that_were_held_out() -> None:
    """Compared with themselves, real pictures would read 1 and 0; what was held out reads what other new pictures do."""
    levels = picture_estimators_for(DIGITS).floors
    assert 0.9 < levels["precision"].mean < 0.985 and levels["frechet"].mean > 0.005
    halves = law(DIGITS).pictures()
    assert halves is not None
    order = torch.randperm(len(halves), generator=Generator().manual_seed(8))
    features = picture_estimators_for(DIGITS).features.of(halves[order])
    found = vars(manifold(torch.from_numpy(features[:N]), torch.from_numpy(features[N : 2 * N])))
    for name, value in found.items():
        assert value == pytest.approx(levels[name].mean, abs=0.08 if name == "density" else 0.03), name


def test_a_collapsed_sampler_captures_one_class() -> None:
    found = read(DIGITS, draw(DigitsConfig(classes=(3,))))
    assert found["modes"] == 1 and found["mass"] == pytest.approx(183 / 1797)
    assert found["high_quality"] > 0.97 and found["precision"] > 0.85
    assert found["recall"] < 0.15 and found["coverage"] < 0.15
    assert found["reverse_kl"] == pytest.approx(math.log(1797 / 183), abs=0.1)
    assert found["frechet"] > 0.5


def test_one_picture_is_precise_and_covers_nothing() -> None:
    found = read(DIGITS, draw(DIGITS)[:1].expand(N, -1))
    assert found["precision"] == 1 and found["modes"] == 1 and found["recall"] < 0.01 and found["coverage"] < 0.1


def test_a_memorising_sampler_is_precise_and_found_out() -> None:
    found = picture_estimators_for(DIGITS)
    x = found.law.pictures()
    assert x is not None
    copies = x[torch.randint(len(x), (N,), generator=Generator().manual_seed(2))]
    numbers = found.read(copies).numbers
    assert numbers["precision"] > 0.95 and numbers["frechet"] < found.floors["frechet"].worst_5pct
    nearest = found.nearest(copies)
    assert nearest is not None
    assert float(nearest.distance.max()) == 0 < found.typical
    noisy = found.nearest(draw(DIGITS))  # one level's width of noise and no more
    assert noisy is not None and float(np.median(noisy.distance)) < found.typical / 4


@pytest.mark.parametrize("settings", [DIGITS, *LAWS[1:]], ids=lambda s: s.kind)
def test_noise_is_nothing_real(settings: PicturesConfig) -> None:
    found = read(settings, 2 * torch.rand(N, settings.dimension, generator=Generator().manual_seed(0)) - 1)
    assert found["modes"] == 0 and found["mass"] == 0 and found["high_quality"] < 0.01
    assert found["precision"] == found["coverage"] == 0 and found["frechet"] > 0.5


# ------------------------------------------------------------------------------------------------------- worse reads worse


def noisy(x: Tensor, amount: float, side: int) -> Tensor:
    return (x + amount * torch.randn(x.shape, generator=Generator().manual_seed(3))).clamp(-1, 1)


def blurred(x: Tensor, amount: float, side: int) -> Tensor:
    line = torch.tensor([1.0, 2, 1]) / 4
    shown = x.reshape(-1, 1, side, side)
    for _ in range(int(amount)):
        shown = F.conv2d(F.pad(shown, (1, 1, 1, 1), mode="replicate"), (line[:, None] * line)[None, None])
    return shown.flatten(1)


def repeated(x: Tensor, amount: float, side: int) -> Tensor:
    few = N // int(2**amount)
    return x[:few].repeat(int(2**amount), 1)


@pytest.mark.parametrize("settings", LAWS, ids=lambda s: s.kind)
@pytest.mark.parametrize(
    ("worse", "amounts"), [(noisy, (0, 0.2, 0.4, 0.8)), (blurred, (0, 1, 2, 4)), (repeated, (0, 3, 5, 7, 8))]
)
def test_noise_blur_and_repeats_raise_the_frechet_distance(
    settings: PicturesConfig, worse: Callable[[Tensor, float, int], Tensor], amounts: tuple[float, ...]
) -> None:
    x, side = draw(settings, 4), settings.shape[1]
    readings = [read(settings, worse(x, amount, side)) for amount in amounts]
    distances = [r["frechet"] for r in readings]
    assert all(a < b for a, b in itertools.pairwise(distances)), distances
    assert distances[-1] > 5 * picture_estimators_for(settings).floors["frechet"].mean
    assert readings[-1]["coverage"] < 0.6 * readings[0]["coverage"]


@pytest.mark.parametrize("settings", [BarsConfig(), BlobsConfig()], ids=lambda s: s.kind)
def test_dropping_cells_is_counted_exactly(settings: PicturesConfig) -> None:
    found = picture_estimators_for(settings)
    x = draw(settings, 5, 12000)
    cells, masses = found.law.cells(x), found.law.cell_masses()
    readings = []
    for kept in (len(masses), 2 * len(masses) // 3, len(masses) // 3, 1):
        readings.append(found.read(x[np.isin(cells, range(kept))][:N]).numbers)
        assert readings[-1]["modes"] == kept and readings[-1]["mass"] == pytest.approx(masses[:kept].sum())
        assert readings[-1]["high_quality"] == 1
        assert readings[-1]["reverse_kl"] == pytest.approx(-math.log(masses[:kept].sum()), abs=0.06)
    for name, sign in (("frechet", 1), ("coverage", -1), ("recall", -1)):
        values = [sign * r[name] for r in readings]
        assert values == sorted(values), name
    assert readings[-1]["coverage"] < 0.2 < 0.9 < readings[0]["coverage"]


def test_dropping_classes_is_counted_and_covers_less() -> None:
    readings = [read(DIGITS, draw(DigitsConfig(classes=tuple(range(k))), 6)) for k in (10, 8, 6, 4, 2)]
    assert [r["modes"] for r in readings] == [10, 8, 6, 4, 2]
    for name, sign in (("frechet", 1), ("reverse_kl", 1), ("coverage", -1), ("recall", -1), ("mass", -1)):
        values = [sign * r[name] for r in readings]
        assert values == sorted(values), name


# --------------------------------------------------------------------------------------------------------------- classes


def test_a_class_counts_from_a_tenth_of_its_share() -> None:
    """52 threes and 460 ones: with one three fewer than a tenth of a three's share, threes are not captured."""
    classes = picture_estimators_for(DIGITS).classes
    assert classes is not None and classes.names == tuple("0123456789")
    needed = math.ceil(CAPTURED * 183 / 1797 * N)
    for threes, captured in ((needed, 2), (needed - 1, 1)):
        found = np.array([3] * threes + [1] * (N - threes - 10) + [-1] * 10)
        covered, mass = classes.count(found)
        assert covered.captured == captured and covered.high_quality == (N - 10) / N
        assert mass == pytest.approx((182 + 183 * (captured == 2)) / 1797)
        assert covered.shares[3] == pytest.approx(threes / N)
        p, q = threes / (N - 10), 1 - threes / (N - 10)
        exact = p * math.log(p * 1797 / 183) + q * math.log(q * 1797 / 182)
        assert covered.reverse_kl == pytest.approx(exact, rel=1e-9)


def test_digits_that_are_not_played_with_are_no_kind() -> None:
    some = DigitsConfig(classes=(1, 7))
    found = picture_estimators_for(some)
    assert found.classes is not None and found.classes.names == ("1", "7")
    seven, other = found.classes_of(draw(DigitsConfig(classes=(7,)))), found.classes_of(draw(DigitsConfig(classes=(0,))))
    assert seven is not None and (seven == 1).mean() > 0.95
    assert other is not None and (other == -1).mean() > 0.95


def test_pictures_without_labels_have_no_kinds() -> None:
    found = picture_estimators_for(UploadedPicturesConfig())
    reading = found.read(draw(UploadedPicturesConfig()))
    assert found.classes is None and found.classes_of(draw(DIGITS)) is None and reading.coverage is None
    assert math.isnan(reading.numbers["modes"]) and math.isnan(found.floors["modes"].mean)
    assert reading.frechet < found.floors["frechet"].worst_5pct


@pytest.fixture(scope="module")
def labelled() -> UploadedPicturesConfig:
    """The digits as a visitor might upload them: 256 grey levels, with their labels."""
    pixels, labels = DigitsConfig().chosen()
    return UploadedPicturesConfig(
        pixels=pack_pictures(PackedPictures(np.minimum(pixels.astype(int) * 16, 255).astype(np.uint8), labels))
    )


def test_uploaded_classes_are_told_by_their_neighbours(labelled: UploadedPicturesConfig) -> None:
    """Each real picture by the others: nearly always rightly; and a G of three classes is seen to lack seven."""
    found = picture_estimators_for(labelled)
    assert found.classes is not None and found.classes.names == tuple("0123456789")
    real, labels = found.law.pictures(), found.law.labels()
    assert real is not None and labels is not None
    told = found.classes.of_real(real, np.empty(0))
    assert (told == -1).mean() < 0.1  # 5 % are farther from all others than the rest
    assert (told == labels)[told >= 0].mean() > 0.96
    assert found.floors["modes"].mean == 10 and found.floors["high_quality"].mean == pytest.approx((told >= 0).mean(), abs=0.02)
    few = found.read(draw(labelled.model_copy(update={"classes": (0, 4, 6)}))).numbers
    assert few["modes"] == 3 and few["high_quality"] > 0.9
    noise = found.read(2 * torch.rand(N, 64, generator=Generator().manual_seed(0)) - 1).numbers
    assert noise["modes"] == 0 and noise["high_quality"] < 0.01


def test_neighbours_of_uploaded_pictures_against_loops() -> None:
    """A picture is told by others than itself, and only where three of five agree and the nearest is near enough."""
    labels = np.arange(60) % 3 * 5
    x = 2 * torch.rand(60, 3 * 16 * 16, generator=Generator().manual_seed(1)) - 1
    small = x.reshape(60, 3, 8, 2, 8, 2).mean(dim=(3, 5)).reshape(60, -1).tolist()
    ranked = [sorted((math.dist(a, b), j) for j, b in enumerate(small) if j != i)[:5] for i, a in enumerate(small)]
    reach = np.quantile([nearest[0][0] for nearest in ranked], 0.95)

    def elected(nearest: list[tuple[float, int]]) -> int:
        votes = [labels[j] for _, j in nearest]
        most = max(set(votes), key=votes.count)
        return int(most // 5) if votes.count(most) >= 3 and nearest[0][0] <= reach else -1

    classes = LabelClasses(labels, (3, 16, 16), x)
    assert classes.names == ("0", "5", "10")
    assert classes.of_real(x, np.empty(0)).tolist() == [elected(nearest) for nearest in ranked]
    other = 0.5 * x[:30] + 0.5 * x[30:]
    rows = other.reshape(30, 3, 8, 2, 8, 2).mean(dim=(3, 5)).reshape(30, -1).tolist()
    among = [sorted((math.dist(a, b), j) for j, b in enumerate(small))[:5] for a in rows]
    assert classes.of(other, np.empty(0)).tolist() == [elected(nearest) for nearest in among]
    assert {-1, 0, 1, 2} == {elected(nearest) for nearest in ranked}


# --------------------------------------------------------------------------------------------------------- the nearest


def uploaded(n: int, channels: int, side: int) -> UploadedPicturesConfig:
    pixels = np.random.default_rng(0).integers(0, 256, (n, channels, side, side), dtype=np.uint8)
    return UploadedPicturesConfig(pixels=pack_pictures(PackedPictures(pixels, None)))


@pytest.mark.parametrize("k", [1, 3])
def test_the_nearest_against_loops(k: int) -> None:
    settings = uploaded(70, 3, 8)
    found = picture_estimators_for(settings)
    real = found.law.pictures()
    assert real is not None
    x = 2 * torch.rand(100, 192, generator=Generator().manual_seed(0)) - 1
    nearest = found.nearest(x, k)
    assert nearest is not None
    for i in range(100):
        apart = sorted((float((x[i] - r).square().mean().sqrt()), j) for j, r in enumerate(real))[:k]
        assert nearest.index[i].tolist() == [j for _, j in apart]
        np.testing.assert_allclose(nearest.distance[i], [d for d, _ in apart], rtol=1e-5)
    slow = [min(float((a - b).square().mean().sqrt()) for j, b in enumerate(real) if j != i) for i, a in enumerate(real)]
    assert found.typical == pytest.approx(float(np.median(slow)), rel=1e-5)


def test_a_law_that_never_repeats_has_no_nearest() -> None:
    found = picture_estimators_for(BarsConfig())
    assert found.nearest(draw(BarsConfig())) is None and math.isnan(found.typical)


def test_more_neighbours_than_pictures_are_refused() -> None:
    found = picture_estimators_for(uploaded(70, 3, 8))
    for k in (0, 71):
        with pytest.raises(ValueError, match=f"the {k} nearest are asked for; there are 70"):
            found.nearest(torch.zeros(1, 192), k)


# ------------------------------------------------------------------------------------------------------------ all sizes


@pytest.mark.parametrize(
    "settings",
    [uploaded(2, 1, 8), uploaded(11, 1, 8), uploaded(40, 3, 28), uploaded(1200, 1, 16), DigitsConfig(count=5)],
    ids=str,
)
def test_any_number_of_pictures_can_be_read(settings: FoundPicturesConfig) -> None:
    found = picture_estimators_for(settings)
    n = len(settings.chosen()[0])
    assert found.neighbourhood == min(N, n // 2)
    numbers = found.read(draw(settings)).numbers
    assert math.isfinite(numbers["frechet"]) and numbers["frechet"] <= found.floors["frechet"].worst_5pct
    assert math.isnan(numbers["coverage"]) == (n < 12)  # more than five neighbours on each side
    assert found.real_points.shape == (N, settings.dimension)


def test_making_and_reading_disturb_nothing_and_repeat() -> None:
    before = torch.random.get_rng_state()
    one, other = (PictureEstimators(law(DigitsConfig(count=200))) for _ in range(2))
    assert one.floors == other.floors and torch.equal(one.real_points, other.real_points)
    x = draw(DIGITS)
    assert one.read(x).numbers == other.read(x).numbers
    assert torch.equal(before, torch.random.get_rng_state())


def test_another_number_of_pictures_is_refused() -> None:
    with pytest.raises(ValueError, match="500 pictures given; what real ones read is known for 512"):
        picture_estimators_for(DIGITS).read(torch.zeros(500, 64))


@pytest.mark.parametrize("settings", [DIGITS, BarsConfig(), UploadedPicturesConfig()], ids=lambda s: s.kind)
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_diverged_generator_reads_nan(settings: PicturesConfig, bad: float) -> None:
    x = draw(settings)
    x[7, 3] = bad
    numbers = read(settings, x)
    assert all(math.isnan(numbers[name]) for name in ("frechet", "precision", "recall", "density", "coverage", "reverse_kl"))
    assert numbers["modes"] == 0 or math.isnan(numbers["modes"])
