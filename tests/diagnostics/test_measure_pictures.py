"""What D says of pictures is said of pictures as D sees them, in noise; what pictures are is said of the clean ones."""

from __future__ import annotations

import math

import pytest
import torch
from playing import Played

from gandash.game.field import sample
from gandash.game.losses import logits
from gandash.presets import PRESETS

NOISE = 1.5


@pytest.fixture(scope="module")
def games() -> tuple[Played, Played]:
    """The same players, some steps on, on clean pictures and in noise."""
    clean = Played(
        PRESETS["digits"].config.replace_all([("generator.width", 16), ("discriminator.width", 16), ("regulariser.r1", 0.0)])
    )
    for _ in range(100):
        clean.advance()
    clean.drain()
    noisy = Played(clean.config.replace("regulariser.noise", NOISE))
    noisy.state = clean.state
    return clean, noisy


def test_v_and_means_are_those_of_pictures_in_noise(games: tuple[Played, Played]) -> None:
    """Against the sigmoids of D's logits on pictures drawn and noised here."""
    clean, noisy = games
    found, before = noisy.measurement(), clean.measurement()
    game, state = noisy.game, noisy.state
    draws = torch.Generator().manual_seed(5)
    with torch.no_grad():
        real = game.data.sample(draws, 8192)[None]
        fake = sample(game, state.theta, game.latent.sample(draws, 8192)[None]).clone()
        seen = [x + NOISE * torch.randn(x.shape, generator=draws) for x in (real, fake)]
        a_real, a_fake = (logits(game, state.phi_effective, x).double() for x in seen)
    d_real, d_fake = a_real.sigmoid(), a_fake.sigmoid()
    spread = math.sqrt(float(d_real.log().var() + (1 - d_fake).log().var()) / found.estimators.samples)
    value = float(d_real.log().mean() + (1 - d_fake).log().mean())
    assert found.expectations["value"] == pytest.approx(value, abs=5 * spread)
    assert abs(before.expectations["value"] - value) > 6 * spread, "clean pictures would be found out"
    for name, d in (("mean_d_real", d_real), ("mean_d_fake", d_fake)):
        assert found.expectations[name] == pytest.approx(
            float(d.mean()), abs=5 * float(d.std()) / found.estimators.samples**0.5
        )
    gap = float(torch.quantile((d_real - 0.5).abs(), 0.98))
    assert found.readings["gap_half"] == pytest.approx(gap, abs=0.03)
    assert found.beside == {"noise": NOISE, "pack": 1.0}


def test_what_pictures_are_is_that_of_clean_ones(games: tuple[Played, Played]) -> None:
    clean, noisy = (game.measurement().readings for game in games)
    for name in ("frechet", "precision", "recall", "coverage", "modes"):
        assert noisy[name] == clean[name]
