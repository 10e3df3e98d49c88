"""The round to come of one game, told before it is played: by torch, from the same state and random numbers, on copies.

Compiled rounds and torch's are held to each other by tests, so that what is told is what either is about to play, up to the
rounding of sums.
"""

from __future__ import annotations

import base64
from typing import Literal

import torch
from torch import Tensor

from gandash.config.setting import kind_of
from gandash.domains.image_grid import as_bytes
from gandash.game.distributions import PictureDistribution
from gandash.game.game import Streams
from gandash.game.round import Players
from gandash.game.told import Look, tell
from gandash.wire.told import Cloud, LookTold, Numbers, PenaltyTold, StepTold
from gandash.worker.trajectory import PLAYERS, Trajectory, streams_of

POINTS, PICTURES = 48, 9  # of a batch, in one cloud
MOST_POINTS = 480  # in all looks of a round together: many looks are told with fewer


class Teller:
    """Tells rounds of one trajectory, of which it changes nothing."""

    def __init__(self, trajectory: Trajectory) -> None:
        self._trajectory = trajectory
        self._streams: Streams | None = None

    def tell(self, generation: int, players: Literal["D", "G", "both"], ask: int = 0) -> StepTold:
        """The round that these players would play from the present step."""
        played = self._trajectory
        game, config = played.game, played.config
        if self._streams is None:
            self._streams = streams_of(played.engine, played.streams.seeds, played.device)
        self._streams.restore(played.streams.state())
        told = tell(game, played.state, self._streams, PLAYERS[players])
        shown = max(6, min(POINTS, MOST_POINTS // max(1, len(told.looks))))
        return StepTold(
            generation=generation,
            ask=ask,
            step=played.step,
            players=players,
            rule=kind_of(type(config.update_rule)),
            optimisers=(kind_of(type(config.discriminator_optimiser)), kind_of(type(config.generator_optimiser))),
            batch=game.batch,
            pack=game.pack,
            noise=None if told.noise is None else float(told.noise[0, 0]),
            smoothing=config.regulariser.smoothing,
            ended_elsewhere=told.ended_elsewhere,
            looks=tuple(self._look(look, shown) for look in told.looks),
        )

    def _look(self, look: Look, shown: int) -> LookTold:
        game = self._trajectory.game
        is_d = look.player is Players.D
        reading, halves = game.objective.reading, game.objective.halves
        real, fake = look.real_outputs, look.fake_outputs
        terms: tuple[Tensor, ...] = ()
        if is_d and halves is not None and real is not None:
            terms = (halves[0](real[0]).mean(), halves[1](fake[0]).mean())
        weights = {penalty.name: float(weight[0, 0]) for penalty, weight in game.penalties.at("real", "fake", "between")}
        player = game.discriminator if is_d else game.generator
        return LookTold(
            player="D" if is_d else "G",
            drew_real=look.drew_real,
            drew_latents=look.drew_latents,
            is_ahead=look.is_ahead,
            from_ahead=look.from_ahead,
            latents=_points(look.latents[0], shown),
            real=self._samples(look.real[0], shown),
            fake=self._samples(look.fake[0], shown),
            d_real=() if real is None else _numbers(reading.of(real[0, :shown])),
            d_fake=_numbers(reading.of(fake[0, :shown])),
            mean_real=None if real is None else float(reading.of(real[0]).mean()),
            mean_fake=float(reading.of(fake[0]).mean()),
            terms=tuple(map(float, terms)),
            penalties=tuple(_penalty(name, weights[name], float(value[0])) for name, value in look.penalties.items()),
            loss=float(look.loss[0]),
            total=float(look.loss[0]) + sum(float(value[0]) for value in look.penalties.values()),
            gradient=_norm(look.gradient),
            along=None if look.along is None else _norm(look.along),
            update=None if look.update is None else _norm(look.update),
            learning_rate=float(player.hyper["learning_rate"][0, 0]),
        )

    def _samples(self, x: Tensor, shown: int) -> Cloud:
        if not isinstance(self._trajectory.game.data, PictureDistribution):
            return _points(x, shown)
        return Cloud(width=0, pixels=base64.b64encode(as_bytes(x[: min(shown, PICTURES)].cpu()).tobytes()).decode())


def _penalty(name: str, weight: float, value: float) -> PenaltyTold:
    halved = 1.0 if name == "gradient_penalty" else 0.5
    return PenaltyTold(name=name, weight=weight, value=value, slope=value / (halved * weight) if weight else None)


def _points(x: Tensor, shown: int) -> Cloud:
    """The first coordinates of samples `(batch, dim)`."""
    some = x[:shown, :2]
    return Cloud(width=some.shape[1], points=_numbers(some))


def _numbers(x: Tensor) -> Numbers:
    return tuple(float(f"{value:.4g}") for value in x.detach().cpu().flatten().tolist())


def _norm(v: Tensor) -> float:
    """As the metrics of a round have it."""
    return float(torch.linalg.vector_norm(v[0]))
