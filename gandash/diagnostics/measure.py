"""One measurement of a game: the picture and the numbers of a state, for one member.

The live generator is the one that D plays against: p_g, D*, V's bound and the gaps belong to it. The averaged generator
(exponential moving average of its parameters) is the one that one would keep: its divergences are measured beside.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F

from gandash.diagnostics.estimators import Array, Corners, Estimators, PointReading, SeenLaws, optimal_discriminator
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

_SAMPLES_AT_ONCE = 4096  # through a network: what a processor keeps near
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
    later: Later | None = None

    def with_jsd(self) -> Measurement:
        """The same, with the JSD where that was left out."""
        if self.later is None:
            return self
        average = None if self.average is None else self.average.with_jsd(self.later.average)
        return replace(self, live=self.live.with_jsd(self.later.live), average=average, later=None)

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
        live, average = numbers_of(self.live), numbers_of(self.average or self.live)
        central = self.estimators.central
        found = live | {f"{name}_average": value for name, value in average.items()}
        found["gap_half"] = gap_to_centre(self.d[central], self.centre)
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


def gap_to_centre(d: Array, centre: float | None) -> float:
    """The largest distance of these readings of D from its value at equilibrium; from their median where it has none."""
    return float(np.abs(d - (np.median(d) if centre is None else centre)).max())


def numbers_of(reading: PointReading) -> dict[str, float]:
    """What is read of one generator, by the names in READINGS; without JSD where that was left out."""
    covered = reading.coverage
    return ({} if reading.jsd is None else {"jsd": reading.jsd}) | {
        "wasserstein": reading.wasserstein,
        "modes": float(covered.captured) if covered else math.nan,
        "high_quality": covered.high_quality if covered else math.nan,
        "reverse_kl": covered.reverse_kl if covered else math.nan,
    }


def measure(
    found: Estimators, game: Game, state: GameState, streams: Streams, member: int = 0, *, with_jsd: bool = True
) -> Measurement:
    """Measure one member's state with fresh samples that depend only on (seed, step); the game is not disturbed.

    `found` are the estimators of the game's own law. Unless `with_jsd`, JSD is left out where it takes samples of its own.
    """
    measured = Parts(found, game, state, streams, member).together()
    return measured.with_jsd() if with_jsd else measured


@dataclass(frozen=True)
class Parts:
    """The parts of a measurement of a state that nothing changes any more, each made once, when it is asked for: of most
    states of a sweep a number or two are wanted. What is drawn for one does not depend on which are asked for."""

    estimators: Estimators
    game: Game
    state: GameState
    streams: Streams
    member: int = 0
    with_error: bool = True
    fewer: int = 1  # one sample for so many that the estimators ask for: enough for lines that are drawn, for no number

    def together(self) -> Measurement:
        """All of them, but for the JSD where it takes samples of its own."""
        found, game, reading = self.estimators, self.game, self.game.objective.reading
        noise = self._drawn.noise
        return Measurement(
            estimators=found,
            live=self.live,
            average=self.average,
            d=self.d,
            d_star=self.d_star,
            slopes=self._slopes,
            centre=reading.centre,
            expectations=self.expectations,
            jsd_seen=None if noise == 0 and game.pack == 1 else seen_jsd(self.seen, game.pack),
            noise=noise,
            pack=game.pack,
            seen_floors=seen_floors(found, noise, game.pack, reading.optimal, reading.centre),
            later=self.later,
        )

    @cached_property
    def live(self) -> PointReading:
        return self.estimators.read(self.fake)

    @cached_property
    def average(self) -> PointReading | None:
        """None where no average is kept."""
        return None if self.averaged_fake is None else self.estimators.read(self.averaged_fake)

    @property
    def fake(self) -> torch.Tensor:
        """What the generator makes of the latents, `(n, dim)`."""
        return self._fake[0]

    @cached_property
    @torch.inference_mode()
    def averaged_fake(self) -> torch.Tensor | None:
        """And the averaged one; None where no average is kept."""
        if not self.is_averaged:
            return None
        return sample(self.game, self.state.average[self._row], self._drawn.latents)[0]

    @property
    def noise(self) -> float:
        """The standard deviation of the instance noise in force."""
        return self._drawn.noise

    @property
    def is_averaged(self) -> bool:
        return bool(self.game.averaging[self.member] > 0)

    @cached_property
    def later(self) -> Later | None:
        """None where a JSD takes no samples of its own."""
        divergence, row, state = self.estimators.divergence, self._row, self.state
        if divergence is None:
            return None
        return Later(divergence, self.game, state.theta[row], state.average[row], self._drawn.generator, self.with_error)

    @cached_property
    def d(self) -> Array:
        """D's reading at the estimators' points, `(m,)`."""
        read: Array = self.game.objective.reading.of(self._judged[0]).numpy()
        return read

    @property
    @torch.inference_mode()
    def d_alone(self) -> Array:
        """`d`, within rounding, where nothing else is asked of D."""
        on_points = evaluate_discriminator(self.game, self.state.phi_effective[self._row], self.estimators.points[None])[0]
        read: Array = self.game.objective.reading.of(on_points.double()).numpy()
        return read

    @cached_property
    def d_star(self) -> Array:
        """The best D's reading at those points, `(m,)`."""
        seen, optimal = self.seen, self.game.objective.reading.optimal
        return optimal_discriminator(seen.p_r, seen.p_g, optimal, self.game.pack, self.estimators.central)

    @cached_property
    @torch.inference_mode()
    def expectations(self) -> dict[str, float]:
        return expectations(self.game, *self._judged[1:])

    @cached_property
    def gap_half(self) -> float:
        """sup |D - 1/2|: see READINGS."""
        return gap_to_centre(self.d[self.estimators.central], self.game.objective.reading.centre)

    @property
    def _row(self) -> slice:
        return slice(self.member, self.member + 1)

    @cached_property
    def _drawn(self) -> _Drawn:
        samples = self.estimators.samples // self.fewer
        return _draw(samples, self.estimators.stratified, self.game, self.state, self.streams, self.member)

    @cached_property
    @torch.inference_mode()
    def _fake(self) -> torch.Tensor:
        return sample(self.game, self.state.theta[self._row], self._drawn.latents)

    @cached_property
    @torch.inference_mode()
    def seen(self) -> SeenLaws:
        """Both laws as D sees them."""
        fake, below = self._fake, self._drawn.below
        corners = None if below is None else _corners(self.game, self.state.theta[self._row], fake, below)
        return self.estimators.see(fake[0], self._drawn.noise, corners)

    @cached_property
    @torch.inference_mode()
    def _shown(self) -> tuple[torch.Tensor, torch.Tensor]:
        """What D judges of each law `(1, n, dim)`, in its order and noise."""
        drawn, both = self._drawn, (self.estimators.real_points[None], self._fake)
        if drawn.orders is not None:
            both = both[0][:, drawn.orders[0]], both[1][:, drawn.orders[1]]
        if drawn.noises is not None:
            both = both[0] + drawn.noise * drawn.noises[0], both[1] + drawn.noise * drawn.noises[1]
        return both

    @cached_property
    @torch.inference_mode()
    def _judged(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        phi_effective, one_pass = self.state.phi_effective[self._row], self._drawn.orders is None
        return _judged(self.game, phi_effective, self.estimators, *self._shown, one_pass)

    @cached_property
    @torch.inference_mode()
    def _slopes(self) -> tuple[float, float]:
        return _slopes(self.game, self.state.phi_effective[self._row], *self._shown)


@dataclass(frozen=True)
class _Drawn:
    """All that is drawn at random for a measurement, but for what its JSD draws of `generator` afterwards.

    `latents` `(1, n, d)`, with what of p_z lies `below` each where they are spread over it in order; `orders` of the real and
    of the generated samples where D must not see them in that order, `noises` on both, `(1, n, dim)`, in the instance `noise`.
    """

    generator: torch.Generator
    latents: torch.Tensor
    below: torch.Tensor | None
    orders: tuple[torch.Tensor, torch.Tensor] | None
    noises: tuple[torch.Tensor, torch.Tensor] | None
    noise: float


def _draw(n: int, stratified: bool, game: Game, state: GameState, streams: Streams, member: int) -> _Drawn:
    generator = streams.measuring(state.step)[member]
    below = game.latent.spread(generator, n) if stratified else None
    latents = game.latent.measuring(generator, n) if below is None else game.latent.at(below)[:, None]
    in_force = noise_in_force(game, state)
    noise = 0.0 if in_force is None else float(in_force[member])
    one_pass = game.pack == 1 and game.discriminator.network.is_plain and not game.objective.pairs
    orders = noises = None
    if not one_pass:  # spread-out points lie in order: a pack must not be made of neighbours, nor a pair of equal ranks
        orders = torch.randperm(n, generator=generator), torch.randperm(n, generator=generator)
    if noise > 0:
        shape = 1, n, game.data.dimension
        noises = torch.randn(shape, generator=generator), torch.randn(shape, generator=generator)
    return _Drawn(generator, latents[None], below, orders, noises, noise)


def _corners(game: Game, theta: torch.Tensor, fake: torch.Tensor, below: torch.Tensor) -> Corners:
    """What G makes of stratified latents, `fake` `(1, n, 1)`, and of more of them where these are few."""

    def made(p: Array) -> Array:
        x: Array = sample(game, theta, game.latent.at(torch.from_numpy(p))[None, :, None])[0, :, 0].double().numpy()
        return x

    return refined(fake[0, :, 0].double().numpy(), below.numpy(), made)


@dataclass(frozen=True)
class Later:
    """A JSD that is dear and takes samples of its own, of the generator and of its average: each is read once, if ever."""

    divergence: PlaneDivergence
    game: Game
    theta: torch.Tensor
    averaged_theta: torch.Tensor
    generator: torch.Generator  # what else is drawn for the measurement has been drawn
    with_error: bool = True

    @cached_property
    def live(self) -> Estimate:
        return self._of(self.theta)

    @cached_property
    def average(self) -> Estimate:
        return self._of(self.averaged_theta)

    @cached_property
    def _latents(self) -> tuple[torch.Tensor, ...]:
        return torch.split(torch.cat(latents_of(self.game.latent, self.generator))[None], _SAMPLES_AT_ONCE, dim=1)

    @torch.inference_mode()
    def _of(self, theta: torch.Tensor) -> Estimate:
        x = torch.cat([sample(self.game, theta, z)[0] for z in self._latents])
        return self.divergence.read(*torch.split(x, [NEIGHBOURS, QUERIES]), with_error=self.with_error).within_range


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
