"""One measurement of a game: the picture and the numbers of a state, for one member.

The live generator is the one that D plays against: p_g, D*, V's bound and the gaps belong to it. The averaged generator
(exponential moving average of its parameters) is the one that one would keep: its divergences are measured beside.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F

from gandash.config import Data
from gandash.diagnostics.line import Array, Line, LineReading, optimal_discriminator
from gandash.game.distributions import distribution
from gandash.game.field import generate, logits
from gandash.game.game import Game, Streams
from gandash.game.step import GameState

READINGS = ("jsd", "jsd_average", "wasserstein", "wasserstein_average", "gap_half", "gap_star")
"""The numbers of a measurement: JSD in nats, W1 in units of x, sup |D - 1/2| and sup |D - D*| over the central 98 % of p_r."""


@dataclass(frozen=True)
class Measurement:
    """What a state looks like; arrays on `line.grid`, expectations over `line.samples` points of each law."""

    line: Line
    live: LineReading
    average: LineReading | None
    d: Array
    d_star: Array
    expectations: dict[str, float]

    @property
    def readings(self) -> dict[str, float]:
        """READINGS by name. Without averaging the averaged generator is the live one."""
        average = self.average or self.live
        central = self.line.central
        gap_star = np.abs(self.d - self.d_star)[central]
        return {
            "jsd": self.live.jsd,
            "jsd_average": average.jsd,
            "wasserstein": self.live.wasserstein,
            "wasserstein_average": average.wasserstein,
            "gap_half": float(np.abs(self.d - 0.5)[central].max()),
            # D* is undetermined where neither law has mass to speak of; the gap is taken over the rest
            "gap_star": float(np.nanmax(gap_star)) if not np.isnan(gap_star).all() else float("nan"),
        }


@lru_cache(maxsize=32)
def line_for(data: Data, stratified: bool) -> Line:
    """The estimators for this target, made once: settings are frozen, so they are the key."""
    return Line(distribution(data), stratified=stratified)


@torch.no_grad()
def measure(game: Game, state: GameState, streams: Streams, member: int = 0) -> Measurement:
    """Measure one member's state with fresh samples that depend only on (seed, step); the game is not disturbed."""
    line = line_for(game.config.data, game.latent.stratified)
    generator = streams.measuring(state.step)[member]
    row = slice(member, member + 1)
    latents = game.latent.measuring(generator, line.samples)[None]

    averaged = bool(game.averaging[member] > 0)
    fake = generate(game, state.theta[row], latents)
    live = line.read(fake[0])
    grid = torch.from_numpy(line.grid).float()[None, :, None]
    real = torch.from_numpy(line.quantiles).float()[None, :, None]
    a = logits(game, state.phi[row], torch.cat([grid, real, fake], dim=1)).double()
    d = torch.sigmoid(a[0, : len(line.grid)]).numpy()
    real_logits, fake_logits = torch.split(a[:, len(line.grid) :], line.samples, dim=1)
    log_d_real, log_d_fake = F.logsigmoid(real_logits).mean(), F.logsigmoid(-fake_logits).mean()
    return Measurement(
        line=line,
        live=live,
        average=line.read(generate(game, state.average[row], latents)[0]) if averaged else None,
        d=d,
        d_star=optimal_discriminator(line.p_r, live.p_g),
        expectations={
            "loss_d": float(game.objective.discriminator(real_logits, fake_logits)),
            "loss_g": float(game.objective.generator(fake_logits)),
            "log_d_real": float(log_d_real),
            "log_d_fake": float(log_d_fake),
            "value": float(log_d_real + log_d_fake),
            "mean_d_real": float(torch.sigmoid(real_logits).mean()),
            "mean_d_fake": float(torch.sigmoid(fake_logits).mean()),
        },
    )
