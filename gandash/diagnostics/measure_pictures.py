"""One measurement of a game on pictures, for one member: as `measure` is for points, with pictures' own numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from gandash.config.data import PicturesConfig
from gandash.diagnostics.measure import expectations
from gandash.diagnostics.path import mean_slope
from gandash.diagnostics.pictures import MORE_IS_BETTER, PictureEstimators, PictureReading, picture_estimators_for
from gandash.game.field import evaluate_discriminator_on_samples, sample
from gandash.game.game import Game, Streams
from gandash.game.round import GameState, noise_in_force

PICTURE_READINGS = (
    *(name + whose for name in MORE_IS_BETTER for whose in ("", "_average")),
    "gap_half",
    "slope_real",
    "slope_fake",
    "update_cosine",
)
"""The numbers of a measurement: those of `PictureReading`, of the live and of the averaged generator; the 98th percentile of
|D - 1/2| over real pictures, with the objective's own reading and centre (the median, where the output has a free offset);
E |grad_x a| on real and on generated pictures; and, for one who follows a game, how its path turns (see `measure.READINGS`).
"""

CENTRAL = 0.98
_SLOPES = 64  # pictures of each law on which D's slope is read


@dataclass(frozen=True)
class PictureMeasurement:
    """What a state looks like in numbers; expectations over `samples` pictures of each law.

    D's outputs, gaps, means, slopes and V are those of pictures as D sees them, in `noise` of this standard deviation and in
    packs; all else is of clean pictures.
    """

    estimators: PictureEstimators
    live: PictureReading
    average: PictureReading | None
    gap: float
    mean_gap: float  # of |D - 1/2| over real and generated pictures alike: on a few D is sure even at the end
    slopes: tuple[float, float]
    expectations: dict[str, float]
    noise: float = 0.0
    pack: int = 1

    @property
    def readings(self) -> dict[str, float]:
        """PICTURE_READINGS by name. Without averaging the averaged generator is the live one."""
        live, average = self.live.numbers, (self.average or self.live).numbers
        found = live | {f"{name}_average": value for name, value in average.items()}
        found |= {"gap_half": self.gap, "slope_real": self.slopes[0], "slope_fake": self.slopes[1], "update_cosine": math.nan}
        return {name: found[name] for name in PICTURE_READINGS}

    @property
    def beside(self) -> dict[str, float]:
        """What goes with the readings and is no curve."""
        return {"noise": self.noise, "pack": float(self.pack)}

    @property
    def jsd_error(self) -> float | None:
        """None: nobody measures the JSD of pictures."""
        return None


@torch.inference_mode()
def measure_pictures(game: Game, state: GameState, streams: Streams, member: int = 0) -> PictureMeasurement:
    """Measure one member's state with fresh pictures that depend only on (seed, step); the game is not disturbed."""
    assert isinstance(game.config.data, PicturesConfig)
    found = picture_estimators_for(game.config.data)
    generator = streams.measuring(state.step)[member]
    row = slice(member, member + 1)
    latents = game.latent.sample(generator, found.samples)[None]

    averaged = bool(game.averaging[member] > 0)
    average = found.read(_made(game, state.average[row], latents)[0]) if averaged else None
    fake = _made(game, state.theta[row], latents)
    live = found.read(fake[0])
    in_force = noise_in_force(game, state)
    noise = 0.0 if in_force is None else float(in_force[member])
    real = found.real_points[None]
    if noise > 0:
        real, fake = (x + noise * torch.randn(x.shape, generator=generator) for x in (real, fake))
    phi_effective, reading = state.phi_effective[row], game.objective.reading
    a_real, a_fake = (evaluate_discriminator_on_samples(game, phi_effective, x).double() for x in (real, fake))
    d_real, d_fake = reading.of(a_real), reading.of(a_fake)
    centre = d_real.median() if reading.centre is None else torch.tensor(reading.centre, dtype=d_real.dtype)
    some = _SLOPES - _SLOPES % game.pack
    return PictureMeasurement(
        estimators=found,
        live=live,
        average=average,
        gap=float(torch.quantile((d_real - centre).abs(), CENTRAL)),
        mean_gap=float(torch.cat([d_real, d_fake], dim=1).sub(centre).abs().mean()),
        slopes=(
            float(mean_slope(game, phi_effective, real[:, :some])),
            float(mean_slope(game, phi_effective, fake[:, :some])),
        ),
        expectations=expectations(game, a_real, a_fake),
        noise=noise,
        pack=game.pack,
    )


def _made(game: Game, theta: Tensor, latents: Tensor) -> Tensor:
    """G's pictures, in memory of their own: the next pass of this size would write over them."""
    return sample(game, theta, latents).clone()
