"""The grid of pictures: bytes that are what G makes, within the frame's size, and a closer look that changes no game."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from playing import Played, picture

from gandash.config import GameConfig, RunConfig
from gandash.config.data import (
    BarsConfig,
    BlobsConfig,
    DigitsConfig,
    DiscsAndSquaresConfig,
    PicturesConfig,
    UploadedPicturesConfig,
)
from gandash.config.networks import ConvolutionConfig, LatentConfig, MLPConfig
from gandash.config.setting import kind_of
from gandash.domains.image_grid import BINS, between
from gandash.game.field import evaluate_discriminator, sample
from gandash.game.losses import logits
from gandash.packed import PackedPictures, pack_pictures
from gandash.wire.browser import CloseUp, FrameLabel, PictureLabel
from gandash.wire.frame import unpack
from gandash.wire.messages import ShowCloseUp
from gandash.worker.observer import STEP_COLUMNS

KINDS: list[type[PicturesConfig]] = [DigitsConfig, BarsConfig, DiscsAndSquaresConfig, BlobsConfig, UploadedPicturesConfig]


def picture_game(data: PicturesConfig | None = None, latent: int = 3, **given: Any) -> GameConfig:
    net = MLPConfig(width=6, depth=1)
    chosen = {"generator": net, "discriminator": net, "run": RunConfig(batch=4)} | given
    return GameConfig(data=data or DigitsConfig(), latent=LatentConfig(dimension=latent), **chosen)


def frame(session: Played) -> tuple[PictureLabel, dict[str, Any]]:
    label, arrays = unpack(picture(session))
    (own,) = FrameLabel.model_validate(label).members
    return own, arrays


@pytest.mark.parametrize("kind", KINDS, ids=kind_of)
@pytest.mark.parametrize("latent", [1, 2, 5])
def test_every_law_of_pictures_has_its_grid(kind: type[PicturesConfig], latent: int) -> None:
    session = Played(picture_game(kind(), latent))
    session.advance()
    session.show_close_up(ShowCloseUp(selected=0, other=1, map=True))
    facts, (label, arrays) = session.facts(), frame(session)
    size = np.prod(facts.shape)
    assert facts.stage == "pictures" and session.columns == facts.columns
    assert arrays["generated"].shape == (facts.pictures * size,) and arrays["generated"].dtype == np.uint8
    assert arrays["real"].shape == (facts.real_pictures * size,)
    assert arrays["d_generated"].shape == (facts.pictures,)
    assert arrays["saliency"].shape == (facts.shape[1] * facts.shape[2],)
    assert ("map" in arrays) == (latent == 2) != ("walk" in arrays)
    if "walk" in arrays:
        assert arrays["walk"].shape == (facts.walk * size,) and arrays["between"].shape == (size,)
    assert (
        ("nearest" in arrays)
        == (kind in (DigitsConfig, UploadedPicturesConfig))
        == (label.image_grid.close_up.nearest is not None)
    )
    assert len(picture(session)) < 64 * 1024
    for name in ("histogram_real", "histogram_generated"):
        assert arrays[name].shape == (BINS,) and arrays[name].sum() == pytest.approx(1)
    assert ("shares" in arrays) == (kind is not UploadedPicturesConfig)
    if "shares" in arrays:
        assert arrays["shares"].shape == (len(facts.modes),) == (len(facts.mode_weights),)
        assert arrays["shares"].sum() == pytest.approx(label.numbers["high_quality"])


@pytest.mark.parametrize(("side", "channels"), [(8, 3), (16, 3), (28, 1), (28, 3), (32, 1), (32, 3)])
@pytest.mark.parametrize("asked_for_map", [True, False])
def test_the_largest_pictures_keep_a_frame_small(side: int, channels: int, asked_for_map: bool) -> None:
    light = np.random.default_rng(0).integers(0, 256, size=(20, channels, side, side), dtype=np.uint8)
    session = Played(picture_game(UploadedPicturesConfig(pixels=pack_pictures(PackedPictures(light, None))), 2))
    session.show_close_up(ShowCloseUp(selected=0, other=1, map=asked_for_map))
    facts = session.facts()
    assert facts.pictures >= 6 and facts.real_pictures >= 3
    assert len(picture(session)) < 64 * 1024


def test_the_bytes_are_what_g_makes_and_d_says() -> None:
    session = Played(picture_game(generator=ConvolutionConfig(channels=4), discriminator=ConvolutionConfig(channels=4)))
    for _ in range(3):
        session.advance()
    _, arrays = frame(session)
    stage, game, state = session._frames, session.game, session.state
    with torch.inference_mode():
        made = sample(game, state.theta, stage._latents[None]).clone()  # type: ignore[attr-defined]
        d = game.objective.reading.of(evaluate_discriminator(game, state.phi_effective, made))
    n = len(arrays["d_generated"])
    np.testing.assert_allclose(arrays["d_generated"], d[0, :n].numpy(), rtol=1e-5)
    np.testing.assert_allclose(arrays["generated"].reshape(n, -1), (made[0, :n].numpy() + 1) * 127.5, atol=0.51)


def test_pictures_morph_since_their_latents_stay() -> None:
    session = Played(picture_game())
    first = frame(session)[1]["generated"].astype(int)
    session.advance()
    second = frame(session)[1]["generated"].astype(int)
    assert 0 < np.abs(first - second).max() < 60


def test_saliency_is_the_slope_of_d() -> None:
    session = Played(picture_game(regulariser={"packing": 2}))
    session.advance()
    session.show_close_up(ShowCloseUp(selected=2))
    found = frame(session)[1]["saliency"]
    game, state = session.game, session.state
    with torch.no_grad():
        picture = sample(game, state.theta, session._frames._latents[None])[0, 2].clone()  # type: ignore[attr-defined]
        step = 1e-2 * torch.eye(64)

        def output(x: torch.Tensor) -> torch.Tensor:
            return logits(game, state.phi_effective.clone(), x.repeat(1, 2)[None])[0]

        slope = (output(picture + step) - output(picture - step)) / 2e-2
    np.testing.assert_allclose(found, slope.numpy(), atol=2e-3)


def test_looking_changes_no_game() -> None:
    one, other = (Played(picture_game()) for _ in range(2))
    for i in range(4):
        one.show_close_up(ShowCloseUp(selected=i, other=0, share=0.3))
        frame(one)
        one.advance()
        other.advance()
    for name, tensor in one.state.tensors.items():
        assert torch.equal(tensor, other.state.tensors[name]), name
    assert one.changes == () and frame(one)[0].image_grid.close_up.selected == 3


def test_a_look_at_what_is_not_there_shows_the_wall_alone() -> None:
    session = Played(picture_game())
    session.show_close_up(ShowCloseUp(selected=900, other=901, map=True))
    label, arrays = frame(session)
    assert label.image_grid.close_up == CloseUp(selected=None, other=None, share=0.5, map=True)
    assert not {"saliency", "nearest", "walk", "map"} & arrays.keys()


def test_a_real_picture_is_its_own_nearest() -> None:
    session = Played(picture_game())
    known = session.measurement().estimators
    real = known.law.pictures()[17:18]  # type: ignore[union-attr]
    found = known.nearest(real)  # type: ignore[union-attr]
    assert found.index[0, 0] == 17 and found.distance[0, 0] == 0 and known.typical > 0  # type: ignore[union-attr]


def test_the_way_between_latents_ends_at_both_and_keeps_their_length() -> None:
    generator = torch.Generator().manual_seed(0)
    one, other = torch.randn(2, 16, generator=generator)
    way = between(one, other, torch.linspace(0, 1, 9), "normal")
    torch.testing.assert_close(way[0], one)
    torch.testing.assert_close(way[-1], other)
    lengths = way.norm(dim=1)
    assert lengths.min() > 0.9 * min(lengths[0], lengths[-1])
    torch.testing.assert_close(between(one, other, torch.tensor([0.5]), "uniform")[0], (one + other) / 2)
    torch.testing.assert_close(between(one, one, torch.tensor([0.5]), "normal")[0], one)


def test_a_critic_has_a_range_of_its_own() -> None:
    session = Played(picture_game(objective="wasserstein"))
    label, arrays = frame(session)
    low, high = label.image_grid.histogram_range
    assert session.facts().reading.kind == "critic" and low < high
    assert np.concatenate([arrays["d_real"], arrays["d_generated"]]).min() >= low - (high - low)


def test_a_diverged_picture_game_still_makes_a_picture() -> None:
    session = Played(picture_game())
    session.show_close_up(ShowCloseUp(selected=1, other=2))
    session.state = session.state.__class__.of(1, {n: t * torch.nan for n, t in session.state.tensors.items()})
    assert picture(session) and not session.is_finite()


def test_rows_and_checkpoints_hold_pictures_numbers() -> None:
    session = Played(picture_game())
    session.advance()
    rows = session.drain()
    assert rows.values.shape == (1, len(session.columns)) and session.columns[: len(STEP_COLUMNS)] == STEP_COLUMNS
    table = dict(zip(session.columns, rows.values[0].tolist(), strict=True))
    assert table["frechet"] > 1 and 0 <= table["coverage"] <= 1 and table["modes"] <= 10
    label, tensors = session.written()
    assert Played.read(label, tensors).columns == session.columns
