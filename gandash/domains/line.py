"""Points on the line: densities and D over x, samples as rugs, G as a map from z to x."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Generator

from gandash.config.data import DataConfig
from gandash.diagnostics.estimators import Array
from gandash.diagnostics.line import Line
from gandash.diagnostics.measure import Measurement, Parts
from gandash.domains.domain import FrameBuilder
from gandash.domains.points import Points, point_facts
from gandash.game.distributions import LineDistribution, distribution
from gandash.game.field import sample
from gandash.game.game import Game, Streams
from gandash.game.round import GameState
from gandash.wire.facts import Facts, GameFacts, LatentLine, LineFacts
from gandash.wire.frame import Arrays

_RUG, _THREADS = 128, 96  # real samples and threads of the map on the line
_FEWER = 4  # one sample for so many of a measurement's, where lines are drawn without one


@lru_cache(maxsize=32)
def line_estimators(data: DataConfig, stratified: bool) -> Line:
    """The estimators for this law, made once: settings are frozen, so they are the key.

    `stratified` says that latents are spread evenly where p_g is measured, which lowers the noise floor.
    """
    law = distribution(data)
    assert isinstance(law, LineDistribution)
    return Line(law, stratified=stratified)


@dataclass(frozen=True)
class Outline:
    """The lines of a picture, over the estimators' points: of a measurement, or made for the picture alone."""

    estimators: Line
    p_g: Array
    p_g_average: Array | None
    d: Array
    d_star: Array

    @classmethod
    def measured(cls, found: Measurement) -> Outline:
        line, average = found.estimators, found.average
        assert isinstance(line, Line)
        return cls(line, found.live.p_g, None if average is None else average.p_g, found.d, found.d_star)

    @classmethod
    def alone(cls, line: Line, game: Game, state: GameState, streams: Streams) -> Outline:
        """Those of a state that is not measured, at a third of the cost: of a quarter of the samples, which on screen is the
        same within two pixels."""
        parts = Parts(line, game, state, streams, fewer=_FEWER)
        p_g = parts.seen.p_g if parts.noise <= line.bandwidth else line.density_of(parts.fake)
        averaged = parts.averaged_fake
        average = None if averaged is None else line.density_of(averaged)
        return cls(line, p_g, average, parts.d_alone, parts.d_star)


class LineFrames(FrameBuilder):
    """Densities and D over x, samples as rugs, G as threads from z to x."""

    def __init__(self, game: Game, generator: Generator) -> None:
        self._real = game.data.sample(generator, _RUG)[:, 0].numpy()
        if game.latent.dimension == 1:
            self._latents = game.latent.line(_THREADS)[:, None]
        else:
            drawn = game.latent.sample(generator, _THREADS)
            self._latents = drawn[drawn[:, 0].argsort()]

    def facts(self, game: Game, known: Line, shared: GameFacts) -> Facts:
        reach = float(self._latents[:, 0].abs().max())
        return LineFacts(
            **point_facts(game, known, shared),
            window=(float(known.grid[0]), float(known.grid[-1])),
            latent=LatentLine(dimension=game.latent.dimension, window=(-reach, reach)),
        )

    @torch.inference_mode()
    def arrays(self, game: Game, state: GameState, found: Measurement | Outline) -> Arrays:
        drawn = found if isinstance(found, Outline) else Outline.measured(found)
        arrays: Arrays = {
            "grid": drawn.estimators.grid,
            "p_r": drawn.estimators.p_r,
            "p_g": drawn.p_g,
            "d": drawn.d,
            "d_star": drawn.d_star,
            "real": self._real,
            "latents": self._latents[:, 0].numpy(),
            "generated": sample(game, state.theta[:1], self._latents[None])[0, :, 0].numpy().copy(),
        }
        if drawn.p_g_average is not None:
            arrays["p_g_average"] = drawn.p_g_average
        return arrays


class LineDomain(Points):
    """Laws on the line: p_g by its samples, exact masses of p_r; the picture shows D and both densities over x."""

    measure_every = 20
    measures_each_frame = True

    def includes(self, game: Game) -> bool:
        return isinstance(game.data, LineDistribution)

    def estimators(self, game: Game) -> Line:
        return line_estimators(game.config.data, game.latent.stratified)

    def drawn(self, game: Game, state: GameState, streams: Streams, found: Any) -> Any:
        return Outline.alone(self.estimators(game), game, state, streams)

    def frame_builder(self, game: Game, generator: Generator) -> FrameBuilder:
        return LineFrames(game, generator)
