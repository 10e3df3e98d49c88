"""Points on the line: densities and D over x, samples as rugs, G as a map from z to x."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Generator

from gandash.config.data import DataConfig
from gandash.diagnostics.line import Line
from gandash.diagnostics.measure import Measurement
from gandash.domains.domain import FrameBuilder
from gandash.domains.points import Points, point_facts
from gandash.game.distributions import LineDistribution, distribution
from gandash.game.field import sample
from gandash.game.game import Game
from gandash.game.round import GameState
from gandash.wire.facts import Facts, GameFacts, LatentLine, LineFacts
from gandash.wire.frame import Arrays

_RUG, _THREADS = 128, 96  # real samples and threads of the map on the line


@lru_cache(maxsize=32)
def line_estimators(data: DataConfig, stratified: bool) -> Line:
    """The estimators for this law, made once: settings are frozen, so they are the key.

    `stratified` says that latents are spread evenly where p_g is measured, which lowers the noise floor.
    """
    law = distribution(data)
    assert isinstance(law, LineDistribution)
    return Line(law, stratified=stratified)


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
    def arrays(self, game: Game, state: GameState, found: Measurement) -> Arrays:
        line = found.estimators
        assert isinstance(line, Line)
        arrays: Arrays = {
            "grid": line.grid,
            "p_r": line.p_r,
            "p_g": found.live.p_g,
            "d": found.d,
            "d_star": found.d_star,
            "real": self._real,
            "latents": self._latents[:, 0].numpy(),
            "generated": sample(game, state.theta[:1], self._latents[None])[0, :, 0].numpy().copy(),
        }
        if found.average is not None:
            arrays["p_g_average"] = found.average.p_g
        return arrays


class LineDomain(Points):
    """Laws on the line: p_g by its samples, exact masses of p_r; the picture shows D and both densities over x."""

    measure_every = 20
    measures_each_frame = True

    def includes(self, game: Game) -> bool:
        return isinstance(game.data, LineDistribution)

    def estimators(self, game: Game) -> Line:
        return line_estimators(game.config.data, game.latent.stratified)

    def frame_builder(self, game: Game, generator: Generator) -> FrameBuilder:
        return LineFrames(game, generator)
