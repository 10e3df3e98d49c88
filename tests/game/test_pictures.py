"""Laws of pictures: samples stay near their pictures, attributes have the law they are said to have and can be read back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats
from torch import Generator, Tensor

from gandash.config.data import (
    BarsConfig,
    BlobsConfig,
    DigitsConfig,
    DiscsAndSquaresConfig,
    PicturesConfig,
    UploadedPicturesConfig,
)
from gandash.config.setting import kind_of
from gandash.game.distributions import DISTRIBUTIONS, Distribution, PictureDistribution, distribution
from gandash.game.distributions.pictures import DrawnPictures
from gandash.packed import PackedPictures, pack_pictures

COLOUR = pack_pictures(
    PackedPictures(np.random.default_rng(0).integers(0, 256, (5, 3, 8, 8), dtype=np.uint8), np.array([0, 1, 2, 3, 4]))
)
FOUND = [
    DigitsConfig(),
    DigitsConfig(classes=(0, 1), count=40),
    UploadedPicturesConfig(),
    UploadedPicturesConfig(pixels=COLOUR),
]
DRAWN = [
    BarsConfig(),
    BarsConfig(thickness=1.5),
    BarsConfig(thickness=5),
    DiscsAndSquaresConfig(),
    DiscsAndSquaresConfig(share=0.1),
]
DRAWN += [BlobsConfig(), BlobsConfig(widest=1.5), BlobsConfig(widest=3)]


def law_of(settings: PicturesConfig) -> PictureDistribution:
    found = distribution(settings)
    assert isinstance(found, PictureDistribution)
    return found


@pytest.fixture(params=FOUND, ids=str)
def found(request: pytest.FixtureRequest) -> PictureDistribution:
    return law_of(request.param)


@pytest.fixture(params=DRAWN, ids=str)
def drawn(request: pytest.FixtureRequest) -> DrawnPictures:
    law = distribution(request.param)
    assert isinstance(law, DrawnPictures)
    return law


def drawn_with_truth(law: DrawnPictures, n: int, seed: int = 0) -> tuple[Tensor, np.ndarray]:
    """Samples, and the attributes that they were made from."""
    generator = Generator().manual_seed(seed)
    noise = [torch.rand(n, part.size, generator=generator) for part in law.noise]
    return law.push(*noise), law._attributes_of(*noise).double().numpy()


def errors(law: DrawnPictures, pictures: Tensor, truth: np.ndarray) -> dict[str, np.ndarray]:
    """How far what is read lies from the truth, the short way round where an attribute is periodic."""
    read = law.read(pictures)
    wrong = {}
    for i, a in enumerate(law.attributes):
        error = read[a.name] - truth[:, i]
        span = a.high - a.low
        wrong[a.name] = np.abs((error + span / 2) % span - span / 2 if a.periodic else error)
    return wrong


@pytest.mark.parametrize("settings", [s for s in DISTRIBUTIONS if issubclass(s, PicturesConfig)], ids=kind_of)
def test_samples_are_rows_of_light_from_black_to_white(settings: type[PicturesConfig]) -> None:
    law: Distribution = law_of(settings())
    x = law.sample(Generator().manual_seed(0), 300)
    assert x.shape == (300, law.dimension) and x.dtype == torch.float32
    assert -1 <= float(x.min()) < -0.99 and 0.9 < float(x.max()) <= 1
    assert law.modes() is None


@pytest.mark.parametrize("settings", [*FOUND, *DRAWN], ids=str)
def test_each_member_draws_its_own_noise(settings: PicturesConfig) -> None:
    law = law_of(settings)
    both = law.sample_each([Generator().manual_seed(1), Generator().manual_seed(2)], 7)
    assert torch.equal(both[0], law.sample(Generator().manual_seed(1), 7))
    assert torch.equal(both[1], law.sample(Generator().manual_seed(2), 7))
    assert not torch.equal(both[0], both[1])


# ---------------------------------------------------------------------------------------------------- found pictures


def test_a_sample_lies_within_half_a_level_of_one_of_the_pictures(found: PictureDistribution) -> None:
    pictures = found.pictures()
    assert pictures is not None
    x = found.sample(Generator().manual_seed(0), 200)
    nearest = torch.cdist(x, pictures, p=torch.inf).amin(1)
    half = 1 / (found.settings.levels - 1)
    assert 0.8 * half < float(nearest.max()) <= half * (1 + 1e-3)


def test_every_picture_is_as_likely_as_any_other() -> None:
    law = law_of(DigitsConfig(classes=(0, 1), count=40))
    pictures = law.pictures()
    assert pictures is not None
    which = torch.cdist(law.sample(Generator().manual_seed(3), 8000), pictures).argmin(1)
    assert stats.chisquare(torch.bincount(which, minlength=40).numpy()).pvalue > 1e-3


def test_the_levels_give_nothing_away() -> None:
    """Undoing the noise is not possible from one pixel: within a level its law is uniform, up to the clipping at both ends."""
    law = law_of(DigitsConfig())
    x = law.sample(Generator().manual_seed(0), 500).double().numpy()
    inside = x[(x > -1 + 1 / 16) & (x < 1 - 1 / 16)]
    assert stats.kstest((inside * 8 + 0.5) % 1, "uniform").pvalue > 1e-3
    assert len(np.unique(inside)) > 0.9 * len(inside)


def test_black_is_minus_one_white_is_one_and_labels_belong_to_pictures() -> None:
    law = law_of(DigitsConfig())
    pictures, labels = law.pictures(), law.labels()
    assert pictures is not None and labels is not None and pictures.shape == (1797, 64) and labels.shape == (1797,)
    assert (float(pictures.min()), float(pictures.max())) == (-1, 1)
    assert law_of(UploadedPicturesConfig()).labels() is None
    pixels = pictures[torch.from_numpy(labels == 0)].mean(0).reshape(8, 8)
    assert float(pixels[3:5, 3:5].mean()) < -0.8 < 0.1 < float(pixels[4, [2, 5]].mean())  # the hole in a zero


def test_colours_come_channel_by_channel() -> None:
    pixels = np.zeros((2, 3, 8, 8), dtype=np.uint8)
    pixels[:, 1] = 255
    pictures = law_of(UploadedPicturesConfig(pixels=pack_pictures(PackedPictures(pixels, None)))).pictures()
    assert pictures is not None
    assert pictures.reshape(2, 3, 8, 8).mean(dim=(0, 2, 3)).tolist() == [-1, 1, -1]


# ---------------------------------------------------------------------------------------------------- drawn pictures


def test_the_attributes_of_samples_follow_the_stated_law(drawn: DrawnPictures) -> None:
    """Read from samples, not from what made them: law and reader are tested together."""
    x = drawn.sample(Generator().manual_seed(11), 2000)
    read = drawn.read(x)
    for a in drawn.attributes:
        if a.shares:
            counts = np.bincount(read[a.name].astype(int), minlength=a.cells)
            assert stats.chisquare(counts, np.array(a.shares) * len(x)).pvalue > 1e-3, a.name
        else:
            assert stats.kstest((read[a.name] - a.low) / (a.high - a.low), "uniform").pvalue > 1e-3, a.name


def test_cells_have_their_stated_masses(drawn: DrawnPictures) -> None:
    masses = drawn.cell_masses()
    cells = drawn.cells(drawn.sample(Generator().manual_seed(5), 2500))
    assert masses.sum() == pytest.approx(1) and bool((cells >= 0).all())
    assert stats.chisquare(np.bincount(cells, minlength=len(masses)), masses * len(cells)).pvalue > 1e-3


def test_how_many_cells_there_are() -> None:
    assert len(law_of(BarsConfig()).cell_masses()) == 10
    assert len(law_of(DiscsAndSquaresConfig()).cell_masses()) == 2 * 9 * 2
    assert len(law_of(BlobsConfig()).cell_masses()) == 9 * 2
    assert law_of(DiscsAndSquaresConfig(share=0.1)).cell_masses()[:18].sum() == pytest.approx(0.9)
    for settings in (BarsConfig(), DiscsAndSquaresConfig(), BlobsConfig()):
        assert np.ptp(law_of(settings).cell_masses()) < 1e-12


def test_attributes_of_clean_pictures_are_read_exactly(drawn: DrawnPictures) -> None:
    pictures, truth = drawn_with_truth(drawn, 500)
    for name, wrong in errors(drawn, pictures, truth).items():
        assert float(wrong.max()) < (0.05 if name == "angle" else 0.01), name  # degrees, pixels


@pytest.mark.parametrize(
    ("settings", "within"),
    [
        (BarsConfig(), {"angle": 2.5}),
        (DiscsAndSquaresConfig(), {"kind": 0.01, "x": 0.25, "y": 0.25, "radius": 0.3}),
        (BlobsConfig(), {"x": 0.4, "y": 0.4, "width": 0.3}),
    ],
    ids=str,
)
def test_attributes_are_read_through_noise(settings: PicturesConfig, within: dict[str, float]) -> None:
    """Noise of standard deviation 0.2 on a scale from -1 to 1."""
    law = law_of(settings)
    assert isinstance(law, DrawnPictures)
    pictures, truth = drawn_with_truth(law, 1000)
    noisy = (pictures + 0.2 * torch.randn(pictures.shape, generator=Generator().manual_seed(1))).clamp(-1, 1)
    for name, wrong in errors(law, noisy, truth).items():
        assert np.isnan(wrong).mean() < 0.05, name
        typical = np.nanmean(wrong) if name == "kind" else np.nanquantile(wrong, 0.999)
        assert float(typical) <= within[name], name


def test_what_is_no_such_picture_is_in_no_cell(drawn: DrawnPictures) -> None:
    generator = Generator().manual_seed(0)
    size = (20, drawn.dimension)
    static = torch.rand(size, generator=generator) * 2 - 1
    bars = drawn_with_truth(law_of(BarsConfig()), 40)[0]  # type: ignore[arg-type]
    for strange in (torch.full(size, -1.0), torch.ones(size), torch.zeros(size), static, -drawn.sample(generator, 20)):
        assert drawn.cells(strange).tolist() == [-1] * 20
    if not isinstance(drawn.settings, BarsConfig):
        assert bool((drawn.cells(bars) == -1).all())


def test_two_things_in_one_picture_are_no_such_picture() -> None:
    for settings in (BarsConfig(), DiscsAndSquaresConfig(), BlobsConfig()):
        law = law_of(settings)
        assert isinstance(law, DrawnPictures)
        x, truth = drawn_with_truth(law, 600)
        a, b = x[:300], x[300:]
        apart = np.abs((truth[:300] - truth[300:]) / [at.high - at.low for at in law.attributes])
        far = (
            (apart.max(axis=1) > 0.45) & (apart.max(axis=1) < 0.55) if isinstance(settings, BarsConfig) else apart[:, -2] > 0.9
        )
        assert far.sum() >= 3
        both = law.cells(torch.maximum(a, b))[far]
        assert (both == -1).mean() > 0.9, settings


def test_a_bar_at_either_end_of_the_range_is_the_same_bar() -> None:
    law = law_of(BarsConfig())
    assert isinstance(law, DrawnPictures)
    ends = 2 * law.rendered(torch.tensor([[0.0], [180.0], [179.9], [0.1], [90.0]])) - 1
    torch.testing.assert_close(ends[0], ends[1], atol=1e-4, rtol=0)
    assert law.cells(ends)[2:].tolist() == [9, 0, 5]
    # 90 degrees is upright, and 45 rises to the right (row 0 is on top)
    upright, rising = law.rendered(torch.tensor([[90.0], [45.0]])).reshape(2, 16, 16)
    assert float(upright[3, 8]) > 0.9 and float(upright[8, 3]) == 0
    assert float(rising[4, 11]) > 0.9 and float(rising[11, 11]) == 0


def test_discs_and_squares_are_equally_large() -> None:
    """The light of a picture tells the radius and not the kind."""
    law = law_of(DiscsAndSquaresConfig())
    assert isinstance(law, DrawnPictures)
    radii = torch.linspace(2.5, 4.5, 9, dtype=torch.float64)
    for kind in (0.0, 1.0):
        attributes = torch.stack([torch.full_like(radii, kind), *(torch.full_like(radii, 8.0) for _ in "xy"), radii], dim=1)
        np.testing.assert_allclose(law.rendered(attributes).sum(1), np.pi * radii**2, rtol=0.03)


def test_a_blob_is_centred_where_it_is_said_to_be() -> None:
    law = law_of(BlobsConfig())
    assert isinstance(law, DrawnPictures)
    light = law.rendered(torch.tensor([[5.5, 9.5, 1.5]])).reshape(16, 16)  # column 5, row 9
    assert float(light[9, 5]) == 1 and float(light[9, 7]) == pytest.approx(np.exp(-(2**2) / (2 * 1.5**2)), rel=1e-5)
