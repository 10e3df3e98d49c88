"""One measurement of a game: the picture and the numbers of a state, for one member.

The live generator is the one that D plays against: p_g, D*, V's bound and the gaps belong to it. The averaged generator
(exponential moving average of its parameters) is the one that one would keep: its divergences are measured beside.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F

from gandash.diagnostics.estimators import Array, Corners, Estimators, PointReading, optimal_discriminator
from gandash.diagnostics.line import refined
from gandash.diagnostics.path import mean_slope
from gandash.diagnostics.plane_divergence import NEIGHBOURS, QUERIES, Estimate, PlaneDivergence
from gandash.diagnostics.plane_divergence import latents as latents_of
from gandash.diagnostics.sight import NO_FLOORS, SeenFloors, largest_gap, seen_floors, seen_jsd
from gandash.game.field import evaluate_discriminator, evaluate_discriminator_on_samples, sample
from gandash.game.game import Game, Streams
from gandash.game.round import GameState, noise_in_force

_OF_A_GENERATOR = ("jsd", "wasserstein", "modes", "high_quality", "reverse_kl")

READINGS = (
    *(name + whose for name in _OF_A_GENERATOR for whose in ("", "_average")),
    "gap_half",
    "gap_star",
    "jsd_seen",
    "slope_real",
    "slope_fake",
    "update_cosine",
)
"""The numbers of a measurement, of the live generator and of the averaged one.

JSD in nats; W1 (sliced on the plane) in units of x; captured modes, high-quality share and reverse KL in nats where p_r is a
mixture, else NaN; sup |D - 1/2| and sup |D - D*| over the central 98 % of p_r, with the objective's own reading of D in place
of D and its own centre in place of 1/2 (the median, where the output has a free offset); JSD of the laws as D sees them, in
noise and in packs, NaN where it is not known (`diagnostics.sight`): the best D has V = 2 of it - log 4; E |grad_x a| of D's
output on real and on generated samples, per unit of x, along all of a pack where D judges packs; and, for one who follows a
game, the cosine between the players' joint displacement since the last measurement and the one before
(`diagnostics.path.UpdateCosine`): a state alone has none, NaN.
"""

_SLOPES = 128  # samples of each law on which D's slope is read, of those that are there


@dataclass(frozen=True)
class Measurement:
    """What a state looks like; D and D* at the estimators' points, expectations over `samples` points of each law; slopes
    of D on some of the real and of the generated ones.

    D*, the gap to it, V, the means of D and its slopes are those of the laws as D sees them, in `noise` of this standard
    deviation and in packs; all else is of the clean laws. `seen_floors` are what a perfect generator reads of the former.
    """

    estimators: Estimators
    live: PointReading
    average: PointReading | None
    d: Array
    d_star: Array
    expectations: dict[str, float]
    slopes: tuple[float, float]
    centre: float | None = 0.5
    jsd_seen: float | None = None  # None where it is the JSD itself
    noise: float = 0.0
    pack: int = 1
    seen_floors: SeenFloors = NO_FLOORS

    @property
    def beside(self) -> dict[str, float]:
        """What goes with the readings and is no curve."""
        floors = {"gap_star_floor": self.seen_floors.gap_star, "jsd_seen_floor": self.seen_floors.jsd_seen}
        return {"noise": self.noise, "pack": float(self.pack)} | {
            name: floor.worst_5pct for name, floor in floors.items() if floor is not None
        }

    @property
    def readings(self) -> dict[str, float]:
        """READINGS by name, without JSD where it was left out. Without averaging the averaged generator is the live one."""
        live, average = _numbers(self.live), _numbers(self.average or self.live)
        central = self.estimators.central
        found = live | {f"{name}_average": value for name, value in average.items()}
        d = self.d[central]
        found["gap_half"] = float(np.abs(d - (np.median(d) if self.centre is None else self.centre)).max())
        found["gap_star"] = largest_gap(self.d, self.d_star, central)
        if self.jsd_seen is not None:
            found["jsd_seen"] = self.jsd_seen
        elif "jsd" in live:
            found["jsd_seen"] = live["jsd"]
        found["slope_real"], found["slope_fake"] = self.slopes
        found["update_cosine"] = math.nan
        return {name: found[name] for name in READINGS if name in found}

    @property
    def jsd_error(self) -> float | None:
        """How far the live generator's JSD may be off, in nats, where that is known."""
        return self.live.jsd_error


def _numbers(reading: PointReading) -> dict[str, float]:
    covered = reading.coverage
    return ({} if reading.jsd is None else {"jsd": reading.jsd}) | {
        "wasserstein": reading.wasserstein,
        "modes": float(covered.captured) if covered else math.nan,
        "high_quality": covered.high_quality if covered else math.nan,
        "reverse_kl": covered.reverse_kl if covered else math.nan,
    }


@torch.inference_mode()
def measure(
    found: Estimators, game: Game, state: GameState, streams: Streams, member: int = 0, *, with_jsd: bool = True
) -> Measurement:
    """Measure one member's state with fresh samples that depend only on (seed, step); the game is not disturbed.

    `found` are the estimators of the game's own law. Unless `with_jsd`, JSD is left out where it takes samples of its own.
    """
    generator = streams.measuring(state.step)[member]
    row = slice(member, member + 1)
    below = game.latent.spread(generator, found.samples) if found.stratified else None
    latents = (game.latent.measuring(generator, found.samples) if below is None else game.latent.at(below)[:, None])[None]

    averaged = bool(game.averaging[member] > 0)
    average = found.read(sample(game, state.average[row], latents)[0]) if averaged else None
    fake = sample(game, state.theta[row], latents)
    live = found.read(fake[0])
    in_force = noise_in_force(game, state)
    noise = 0.0 if in_force is None else float(in_force[member])
    seen = found.see(fake[0], noise, None if below is None else _corners(game, state.theta[row], fake, below))
    phi_effective, reading = state.phi_effective[row], game.objective.reading
    one_pass = game.pack == 1 and game.discriminator.network.is_plain and not game.objective.pairs
    real_points = found.real_points[None]
    if not one_pass:  # spread-out points lie in order: a pack must not be made of neighbours, nor a pair of equal ranks
        real_points, fake = (x[:, torch.randperm(found.samples, generator=generator)] for x in (real_points, fake))
    if noise > 0:
        real_points, fake = (x + noise * torch.randn(x.shape, generator=generator) for x in (real_points, fake))
    d, real, fake_outputs = _judged(game, phi_effective, found, real_points, fake, one_pass)
    slopes = _slopes(game, phi_effective, real_points, fake)
    if with_jsd and found.divergence is not None:
        drawn = torch.split(torch.cat(latents_of(game.latent, generator))[None], found.samples, dim=1)
        live = live.with_jsd(_jsd(found.divergence, game, state.theta[row], drawn))
        if average is not None:
            average = average.with_jsd(_jsd(found.divergence, game, state.average[row], drawn))
    return Measurement(
        estimators=found,
        live=live,
        average=average,
        d=reading.of(d).numpy(),
        d_star=optimal_discriminator(seen.p_r, seen.p_g, reading.optimal, game.pack, found.central),
        slopes=slopes,
        centre=reading.centre,
        expectations=expectations(game, real, fake_outputs),
        jsd_seen=None if noise == 0 and game.pack == 1 else seen_jsd(seen, game.pack),
        noise=noise,
        pack=game.pack,
        seen_floors=seen_floors(found, noise, game.pack, reading.optimal, reading.centre),
    )


def _corners(game: Game, theta: torch.Tensor, fake: torch.Tensor, below: torch.Tensor) -> Corners:
    """What G makes of stratified latents, `fake` `(1, n, 1)`, and of more of them where these are few."""

    def made(p: Array) -> Array:
        x: Array = sample(game, theta, game.latent.at(torch.from_numpy(p))[None, :, None])[0, :, 0].double().numpy()
        return x

    return refined(fake[0, :, 0].double().numpy(), below.numpy(), made)


def _jsd(divergence: PlaneDivergence, game: Game, theta: torch.Tensor, latents: Sequence[torch.Tensor]) -> Estimate:
    x = torch.cat([sample(game, theta, z)[0] for z in latents])
    return divergence.read(*torch.split(x, [NEIGHBOURS, QUERIES])).within_range


def expectations(game: Game, real: torch.Tensor, fake: torch.Tensor) -> dict[str, float]:
    """Losses, V and its two terms, and mean D, from D's outputs on real and on generated samples `(1, n)`."""
    reading = game.objective.reading
    log_d_real = log_d_fake = math.nan
    if reading.logit is not None:
        log_d_real = float(F.logsigmoid(reading.logit(real)).mean())
        log_d_fake = float(F.logsigmoid(-reading.logit(fake)).mean())
    return {
        "loss_d": float(game.objective.discriminator(real, fake)),
        "loss_g": float(game.objective.generator(real, fake)),
        "log_d_real": log_d_real,
        "log_d_fake": log_d_fake,
        "value": log_d_real + log_d_fake,
        "mean_d_real": float(reading.of(real).mean()),
        "mean_d_fake": float(reading.of(fake).mean()),
    }


def _judged(
    game: Game, phi_effective: torch.Tensor, found: Estimators, real: torch.Tensor, fake: torch.Tensor, one_pass: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """D's outputs at the points `(m,)`, on real and on generated samples `(1, n)`, in double precision."""
    if one_pass:
        a = evaluate_discriminator(game, phi_effective, torch.cat([found.points[None], real, fake], dim=1)).double()
        at_points, on_real, on_fake = torch.split(a, [len(found.points), real.shape[1], fake.shape[1]], dim=1)
        return at_points[0], on_real, on_fake
    outputs = (
        evaluate_discriminator(game, phi_effective, found.points[None])[0],
        evaluate_discriminator_on_samples(game, phi_effective, real),
        evaluate_discriminator_on_samples(game, phi_effective, fake),
    )
    return outputs[0].double(), outputs[1].double(), outputs[2].double()


def _slopes(game: Game, phi_effective: torch.Tensor, real: torch.Tensor, fake: torch.Tensor) -> tuple[float, float]:
    """E |grad_x a| over some of the samples of each law `(1, n, dim)`. They may lie in order: each is the middle one of as
    many, since of the first of all, an outermost sample, D may be steeper than of any other."""
    apart = max(1, real.shape[1] // _SLOPES)
    some = torch.cat([real[:, apart // 2 :: apart], fake[:, apart // 2 :: apart]])  # as of two members: one pass for both
    on_real, on_fake = mean_slope(game, phi_effective.expand(2, -1), some[:, : some.shape[1] // game.pack * game.pack]).tolist()
    return on_real, on_fake
